"""`safepath audit`: read the audit, and check that nothing in it was changed."""

from typing import Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, out, print_json, verb
from commands.people import ActorOption, case_ref, desk, one_of
from schemas.errors import BadInputError

app = typer.Typer(help="Read the audit, and check its chain.", no_args_is_help=True)


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
    anchor: Annotated[
        str | None,
        typer.Option(
            help="NUMBER:HASH noted at an earlier verify: also finds a chain rewritten since.",
            show_default=False,
        ),
    ] = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Recompute the audit's hash chain from its first row; exits 1 if a row was touched."""
    noted = _anchor(anchor)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        report = await opened.verify_audit(noted)
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


def _anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    number, _, digest = text.partition(":")
    if not number.isdigit() or len(digest) != 64:
        raise BadInputError("--anchor", "write NUMBER:HASH, as `audit verify` printed it")
    return int(number), digest
