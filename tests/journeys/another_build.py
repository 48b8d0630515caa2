"""Builds of the worker on disk: this code, and a copy of it whose workflows do something else."""

import ast
import shutil
import sys
from pathlib import Path

from tests.house.source import HOUSE

_ROOMS = ("schemas", "rules", "activities", "workflows", "infra", "workers", "web", "commands")
_CHANGE = "await workflow.sleep(0.001)  # what this build does differently, first of all"


def this_build(folder: Path) -> None:
    """An installation of the code as it is."""
    _install(folder, HOUSE)


def changed_build(folder: Path) -> None:
    """An installation of other code: every workflow begins with a timer that it did not have.

    What began under this code cannot be replayed under that one.
    """
    for room in _ROOMS:
        shutil.copytree(HOUSE / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HOUSE / "safepath.py", folder)
    changed = [file for file in (folder / "workflows").glob("*.py") if _changed(file)]
    assert len(changed) > 1, "no workflow was changed"
    _install(folder, folder)


def _install(folder: Path, code: Path) -> None:
    start = f"import sys; sys.path.insert(0, {str(code)!r}); import safepath; safepath.main()"
    command = folder / "bin" / "safepath"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -P -c "{start}" "$@"\n')
    command.chmod(0o700)


def _changed(file: Path) -> bool:
    """Put the change before the first statement of what a workflow runs."""
    lines = file.read_text(encoding="utf-8").splitlines()
    runs = [
        node
        for node in ast.walk(ast.parse("\n".join(lines)))
        if isinstance(node, ast.AsyncFunctionDef)
        and "workflow.run" in map(ast.unparse, node.decorator_list)
    ]
    for run in runs:
        first = run.body[1]  # the docstring stays in front
        lines.insert(first.lineno - 1, " " * first.col_offset + _CHANGE)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return bool(runs)
