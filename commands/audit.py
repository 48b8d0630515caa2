"""`safepath audit`: read the audit, and check that nothing in it was changed."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, case_ref, day, desk, one_of
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from datetime import date, datetime

    from infra.audit import ChainReport
    from schemas.views import MisuseLine

app = typer.Typer(help="Read the audit, and check its chain.", no_args_is_help=True)


AnchorOption = Annotated[
    str | None,
    typer.Option(
        help="NUMBER:HASH noted at an earlier verify: also finds a chain rewritten since.",
        show_default=False,
    ),
]


@app.command()
@verb
async def show(
    actor: ActorOption = "",
    case: Annotated[str | None, typer.Option(help="One case only.", show_default=False)] = None,
    only: Annotated[
        str | None, typer.Option("--verb", help="One verb only.", show_default=False)
    ] = None,
    most: Annotated[int, typer.Option(help="How many rows, newest last.", min=1, max=10_000)] = 50,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show rows of the audit, refusals included. For auditors and the data protection officer."""
    from schemas.verbs import Verb

    wanted = one_of("--verb", only, Verb) if only else None
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.show_audit(case_ref(case) if case else None, wanted, most)
        if as_json:
            print_json(list(lines))
            return
        from commands.wording import timeline_text

        if not lines:
            out.print("No rows.")
        for line in lines:
            out.print(f"[dim]{line.seq:>6}[/] {line.case_ref or '':<14} {timeline_text(line)}")


@app.command()
@verb
async def verify(
    actor: ActorOption = "",
    anchor: AnchorOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Recompute the audit's hash chain from its first row; exits 1 if a row was touched."""
    noted = noted_at(anchor)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        report = await opened.verify_audit(noted)
    print_chain(report, as_json=as_json)


def print_chain(report: "ChainReport", *, as_json: bool) -> None:
    """Say what verifying a chain found; exits 1 where a row was touched."""
    if as_json:
        print_json(
            {
                "room": report.room,
                "entries": report.entries,
                "head": report.head,
                "is_intact": report.is_intact,
                "fault": report.fault,
            }
        )
    elif report.is_intact:
        out.print(f"[bold green]Intact.[/] {report.entries} rows in room {report.room}.")
        out.print(f"  note this elsewhere, as --anchor: {report.entries}:{report.head}")
    else:
        out.print(f"[bold red]Broken.[/] {report.fault}.")
    if not report.is_intact:
        raise typer.Exit(1)


@app.command()
@verb
async def misuse(
    since: Annotated[
        str | None,
        typer.Option("--from", help="First day, 2026-11-01; else 30 days ago.", show_default=False),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Last day; else today.", show_default=False)
    ] = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Count, for each person, what may be a sign of misuse, such as reads without a task.

    For auditors, and for the data protection officer of the same organisation. A read has a task
    where its reader works on the case or the referral, or has an open task in it. "Not hers" are
    withdrawals of which she said later that it was not she; "outside the plan", contacts that her
    plan did not allow; "not theirs", cases asked for that they may not see.
    """
    first, last = _days(since, until)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.show_misuse(_midnight(first), _midnight(last, after=1))
    if as_json:
        print_json({"from": first, "to": last, "people": list(lines)})
        return
    out.print(f"{first:%d %b %Y} to {last:%d %b %Y}, both included.")
    rows = [(line.who, *_counts(line)) for line in lines if any(_counted(line))]
    if not rows:
        out.print("Nobody did anything that is counted.")
        return
    table = listing(
        "who",
        "reads\n(no task)",
        "plans\nchanged",
        "withdrawn\n(not hers)",
        "outside\nthe plan",
        "not\ntheirs",
    )
    for row in rows:
        table.add_row(*row)
    out.print(table)
    out.print("A count is a reason to ask, and no proof: ask what the work was before you judge.")


def _counted(line: "MisuseLine") -> tuple[int, ...]:
    return tuple(count for count in line.model_dump().values() if isinstance(count, int))


def _counts(line: "MisuseLine") -> tuple[str, ...]:
    """The cells of a line, each count of a part in brackets behind its whole."""
    return (
        f"{line.reads} ({line.reads_without_task})",
        str(line.plan_changes),
        f"{line.withdrawals} ({line.withdrawals_not_hers})",
        str(line.contacts_outside_plan),
        str(line.cases_not_theirs),
    )


def _days(since: str | None, until: str | None) -> "tuple[date, date]":
    """First and last day; without them, the 30 days up to today.

    Raises:
        BadInputError: no day, or the last one comes first.
    """
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

    last = day("--to", until) if until else datetime.now(ZoneInfo("Europe/London")).date()
    first = day("--from", since) if since else last - timedelta(days=30)
    if first > last:
        raise BadInputError("--from", "the first day lies after the last one")
    return first, last


def _midnight(on: "date", *, after: int = 0) -> "datetime":
    """The midnight in London with which a day begins, or one some days after it."""
    from datetime import datetime, time, timedelta
    from zoneinfo import ZoneInfo

    return datetime.combine(on + timedelta(days=after), time(), ZoneInfo("Europe/London"))


def noted_at(text: str | None) -> tuple[int, str] | None:
    """The number and hash of --anchor.

    Raises:
        BadInputError: they cannot be read.
    """
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise BadInputError("--anchor", "write NUMBER:HASH, as `audit verify` printed it")
    return int(number), digest
