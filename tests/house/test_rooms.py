"""Which rooms there are, and what each may hold."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.source import HOUSE, ROOMS, imports, modules, text_of, tree

CONTRACTS = tomllib.loads((HOUSE / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_folders_are_the_rooms_of_the_contracts() -> None:
    """A new package is in the import contracts and in the wheel, or it is not one."""
    packages = {p.parent.name for p in HOUSE.glob("*/__init__.py")} - {"tests", "bench"}
    linter = CONTRACTS["tool"]["importlinter"]
    shipped = CONTRACTS["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    assert set(ROOMS) == packages
    assert set(ROOMS) == set(linter["root_packages"])
    assert {*ROOMS, "safepath.py"} == set(shipped)


@pytest.mark.parametrize("path", list(HOUSE.glob("*/__init__.py")), ids=lambda p: p.parent.name)
def test_a_room_says_in_eight_lines_what_belongs_in_it(path: Path) -> None:
    """No re-exports and no code: a docstring."""
    module = tree(path)
    assert len(module.body) == 1
    assert len((ast.get_docstring(module) or "").splitlines()) in range(1, 9)


def test_help_answers_without_loading_anything_heavy() -> None:
    """The command line is built without Temporal, pydantic, or PostgreSQL."""
    script = (
        "import sys, safepath; safepath.build();"
        "print(sorted({'temporalio', 'pydantic', 'asyncpg', 'cryptography'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=HOUSE
    )
    assert done.stdout.strip() == "[]"


def test_safepath_names_verbs_and_imports_inside_functions() -> None:
    """The single module that no contract sees."""
    assert imports(tree(HOUSE / "safepath.py"), top_only=True) == {"typing", "typer"}


@pytest.mark.parametrize("path", list(modules("workflows")), ids=lambda p: p.name)
def test_workflow_code_imports_what_the_sandbox_takes(path: Path) -> None:
    """The standard library, Temporal, and rooms below; nothing that does I/O."""
    ours = {"schemas", "activities", "workflows", "rules"}
    for name in imports(tree(path)):
        root = name.split(".")[0]
        assert root in ours | {"temporalio"} | sys.stdlib_module_names, name


def test_only_sql_files_hold_sql() -> None:
    """Statements are named and live in one place; `infra/stack` prepares an empty server."""
    for path in modules(*ROOMS):
        if "infra/stack" in str(path) or path.name == "migrations.py":
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                first = node.value.strip().split(" ", 1)[0]
                assert first not in {"SELECT", "INSERT", "UPDATE", "DELETE"}, path


def test_every_named_statement_is_used() -> None:
    """SQL that nobody runs is dead."""
    code = text_of("infra/**/*.py")
    for file in sorted((HOUSE / "infra" / "sql").glob("*.sql")):
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("-- name: "):
                assert f'"{line.removeprefix("-- name: ")}"' in code, line


def test_nothing_names_a_path_of_some_machine() -> None:
    """The project stands alone."""
    everything = text_of("*.md", "docs/**/*.md", "*.toml", *(f"{room}/**/*.py" for room in ROOMS))
    for foreign in ("/work/", "/root/", "/home/", "../shared"):
        assert foreign not in everything
