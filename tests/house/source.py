"""The source as guards read it."""

import ast
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
ROOMS = ("schemas", "rules", "activities", "workflows", "infra", "workers", "web", "commands")


def modules(*rooms: str) -> Iterator[Path]:
    """Every Python file of the rooms."""
    for room in rooms:
        yield from sorted((HOUSE / room).rglob("*.py"))


def tree(path: Path) -> ast.Module:
    """A file, parsed."""
    return ast.parse(path.read_text(encoding="utf-8"))


def text_of(*patterns: str) -> str:
    """The text of every file that matches, below the house."""
    files = (file for pattern in patterns for file in sorted(HOUSE.glob(pattern)))
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


def imports(module: ast.Module, *, top_only: bool = False) -> set[str]:
    """Names of imported modules."""
    nodes = module.body if top_only else list(ast.walk(module))
    plain = (alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names)
    from_ = (node.module or "" for node in nodes if isinstance(node, ast.ImportFrom))
    return {*plain, *from_}
