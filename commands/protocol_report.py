"""`safepath protocol report`: how alike cases are treated, for those who oversee it."""

import sys
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from commands.audit import AnchorOption, noted_at, print_chain
from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, day, entered
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.consistency import Cell, Group, Report, Table

_HALVES = (
    ("approach", "Approach: what was said, and whether she and her support came first"),
    ("content", "Content: which data were asked for, and what she was told"),
)


@verb
async def report(
    since: Annotated[str, typer.Option("--from", help="The first day: 2026-11-01.")],
    until: Annotated[str, typer.Option("--to", help="The last day, included: 2026-11-30.")],
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as a page of Markdown.")
    ] = False,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Report how alike cases were treated, by organisation and role.

    For auditors, data protection officers and protocol owners. It counts cases, not evaluations;
    counts below five are left out, and what would give one away.
    """
    from web.entrance import open_gate_desk

    begins, ends = _days(since, until)
    async with entered(open_gate_desk, data_dir, actor, as_json=as_json) as desk:
        found = await desk.report(begins, ends)
    if as_json:
        print_json(found)
    elif markdown:
        sys.stdout.write("\n".join(_markdown(found, since, until)) + "\n")
    else:
        _print(found, since, until)


@verb
async def verify(
    anchor: AnchorOption = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Recompute the chain of who said, looked at and asked what; exits 1 if a row was touched.

    That book is kept apart from the audit of support, which shows nothing of it.
    """
    from web.entrance import open_gate_desk

    noted = noted_at(anchor)
    async with entered(open_gate_desk, data_dir, actor, as_json=as_json) as desk:
        found = await desk.verify(noted)
    print_chain(found, as_json=as_json)


def _days(since: str, until: str) -> tuple[datetime, datetime]:
    """From the beginning of one day to the end of another, as people here count days."""
    first, last = day("--from", since), day("--to", until)
    if last < first:
        raise BadInputError("--to", "lies before --from")
    here = ZoneInfo("Europe/London")
    after = last + timedelta(days=1)
    return datetime.combine(first, time.min, here), datetime.combine(after, time.min, here)


def _print(found: "Report", since: str, until: str) -> None:
    if found.is_empty:
        out.print(_nothing(since, until))
        return
    out.print(_heading(found, since, until))
    for half, title in _HALVES:
        out.print(f"\n[bold]{title}[/]")
        for one in getattr(found, half):
            out.print(f"\n{one.title}")
            table = listing("who", "what", "cases", "share", "from the median")
            for cells in _rows(one):
                table.add_row(*cells)
            out.print(table)


def _markdown(found: "Report", since: str, until: str) -> Iterator[str]:
    yield "# How alike cases were treated"
    yield ""
    if found.is_empty:
        yield _nothing(since, until)
        return
    yield _heading(found, since, until)
    for half, title in _HALVES:
        yield f"\n## {title}"
        for one in getattr(found, half):
            yield f"\n### {one.title}\n"
            yield "| who | what | cases | share | from the median |"
            yield "|---|---|---|---|---|"
            for cells in _rows(one):
                yield f"| {' | '.join(cells)} |"


def _nothing(since: str, until: str) -> str:
    return f"Nobody asked the protocol about a case from {since} to {until}."


def _heading(found: "Report", since: str, until: str) -> str:
    from rules.small_numbers import shown

    return (
        f"From {since} to {until}: {shown(found.cases)} cases. Asked of one case more often than "
        f"is usual: {shown(found.alerts)}. Each case counts by the last time a group asked."
    )


def _rows(table: "Table") -> Iterator[tuple[str, ...]]:
    for group in table.groups:
        who = f"{group.role}@{group.organisation}"
        if group.cases is None:
            yield who, "too few to be shown", "", "", ""
        for cell in group.cells:
            yield who, cell.label.replace("_", " "), *_figures(cell, group)


def _figures(cell: "Cell", group: "Group") -> tuple[str, str, str]:
    if cell.cases is None or cell.share is None:
        return "hidden", "–", "–"
    differs = "–" if cell.differs is None else f"{cell.differs:+.1f}"
    return f"{cell.cases} of {group.cases}", f"{cell.share:.1f} %", differs
