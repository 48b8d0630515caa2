"""Markdown for the pages that are data: pages, tables, and codes as words."""

from collections.abc import Iterable, Sequence

from commands.duties import role_words
from schemas.actor import Role

MADE_BY = "<!-- Made by `uv run python docs/render.py`; change the rules, not this page. -->"


def page(*blocks: str) -> str:
    """A page of a title and what follows it."""
    title, *rest = blocks
    return "\n\n".join((title, MADE_BY, *rest)) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with a head."""
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def codes(values: Iterable[str]) -> str:
    """Codes as they are typed and stored."""
    return ", ".join(f"`{value}`" for value in values) or "–"


def words(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ")


def roles(these: Iterable[Role]) -> str:
    """Roles as people call them, in the order of the table."""
    these = frozenset(these)
    return ", ".join(role_words(role) for role in Role if role in these)
