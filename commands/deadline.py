"""`safepath deadline`: the duties, how they are counted, and those that run."""

from typing import Annotated

import typer

from commands import duties
from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    local,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, desk

app = typer.Typer(help="Deadlines: when a duty is due, and how it was counted.")


@app.callback()
def deadline() -> None:
    """Deadlines: when a duty is due, and how it was counted."""


app.command("due")(duties.due)
app.command("duties")(duties.list_duties)


@app.command("list")
@verb
async def list_deadlines(
    actor: ActorOption = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that are late.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the open deadlines of your cases, soonest first. Restricted cases are absent."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_deadlines(overdue_only=overdue)
    if as_json:
        print_json(list(lines))
        return
    if not lines:
        out.print("Nothing is late." if overdue else "No open deadlines.")
        return
    table = listing("case", "deadline", "due", "state")
    for line in lines:
        state = "[bold red]late[/]" if line.is_overdue else line.state.value
        table.add_row(line.case_ref, line.id, local(line.due_at), state)
    out.print(table)
