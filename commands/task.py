"""`safepath task`: what a person is asked to look at."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.case_page import spoken
from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    local_short,
    out,
    print_json,
    verb,
)
from commands.duties import role_words
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    case_ref,
    code,
    desk,
    said,
    state,
)

if TYPE_CHECKING:
    from schemas.views import TaskLine

_ASK = "ask the people named for it"

app = typer.Typer(
    help="What a person is asked to look at. Whatever is late or unclear ends here, never in "
    "silence.",
    no_args_is_help=True,
)


@app.command("list")
@verb
async def list_tasks(
    actor: ActorOption = "",
    mine: Annotated[
        bool, typer.Option("--mine", help="Only those for you, or for anyone in your role.")
    ] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List your organisation's open tasks, oldest first. Those of restricted cases are absent.

    Of an alarm in a restricted case, a safeguarding supervisor and a data protection officer are
    shown the reference and the kind: the people named for the case see it, and act on it.
    """
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_tasks(mine_only=mine)
        alarms = await opened.list_alarms()
    if as_json:
        print_json([*lines, *alarms])
        return
    if not lines and not alarms:
        out.print("No open tasks for you." if mine else "No open tasks.")
        return
    for line in lines:
        out.print(f"[bold]{line.case_ref} {line.id}[/]")
        whom, since = _whom(line), local_short(line.raised_at)
        out.print(f"  {spoken(line.kind)}: for {whom}, since {since}; {_way_on(line)}")
    for alarm in alarms:
        out.print(f"[bold]{alarm.case_ref} {alarm.id}[/]")
        out.print(f"  {spoken(alarm.kind)}: in a restricted case, of which you see no more; {_ASK}")


@app.command()
@verb
async def done(
    case: CaseArgument,
    task: Annotated[str, typer.Argument(help="The task, as `task list` names it.")],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that a task is done. Where an act of its own settles it, the answer names the verb."""
    from schemas.case_commands import FinishTask

    fact = FinishTask(
        **said(actor, None, command_id), case_ref=case_ref(case), task=code("task", task)
    )
    await state(data_dir, actor, fact, as_json=as_json, done="Done.")


def _whom(line: "TaskLine") -> str:
    whom = line.for_person or f"the {role_words(line.for_role)}"
    return f"{whom}, not {line.not_for}" if line.not_for else whom


def _way_on(line: "TaskLine") -> str:
    from rules.casework import SETTLED_BY

    return f"`{SETTLED_BY.get(line.kind, 'task done')}` settles it"
