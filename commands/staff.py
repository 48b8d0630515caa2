"""`safepath staff`: who has left, and what still rests on them."""

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
from commands.people import ActorOption, desk, staff_code

if TYPE_CHECKING:
    from schemas.views import LeftBehind

app = typer.Typer(
    help="Staff of your organisation who have left, and what still rests on them.",
    no_args_is_help=True,
)


@app.command()
@verb
async def left(
    person: Annotated[
        str, typer.Argument(help="Their staff id in your organisation, such as ann.")
    ],
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Note that somebody has left. From then on nobody acts under that id; it is not taken back.

    What rests on them stays where it is until somebody takes it: see `staff leavers`.
    """
    async with desk(data_dir, actor, as_json=as_json) as opened:
        who = staff_code("person", person)
        await opened.mark_left(who)
        if as_json:
            print_json({"left": f"{opened.actor.organisation}:{who}"})
            return
        out.print(f"[bold green]Noted.[/] {who} has left {opened.actor.organisation}.")
        out.print("  What rests on them: `staff leavers`.")


@app.command()
@verb
async def leavers(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the cases, referrals and tasks that still rest on people who have left.

    Of restricted cases only those that you may see; a safeguarding supervisor also finds those that
    fewer than two people are left to see, and helps to name others.
    """
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_leavers()
    if as_json:
        print_json(list(lines))
        return
    if not lines:
        out.print("Nothing that you may see rests on anybody who has left.")
        return
    table = listing("person", "what", "case", "which", "way on")
    for line in lines:
        table.add_row(line.person, line.what, line.case_ref, _which(line), _WAY_ON[line.what])
    out.print(table)


_WAY_ON = {
    "case": "case handover",
    "claim": "referral release",
    "task": "case handover, or task done",
    "name": "case name, by two people",
}
"""What frees what rests on somebody who has gone."""


def _which(line: "LeftBehind") -> str:
    if line.task:
        return line.task
    if line.what == "name":
        return "may see it no more"
    return f"referral {line.referral}" if line.referral else ""
