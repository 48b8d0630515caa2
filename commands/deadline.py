"""`safepath deadline`: the duties, how they are counted, and those that run."""

from typing import TYPE_CHECKING, Annotated, Any

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
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    code,
    decide,
    desk,
    one_of,
    said,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.deadlines import Duration
    from schemas.views import DeadlineLine

app = typer.Typer(
    help="Deadlines: when a duty is due, how it was counted, and what became of it.",
    no_args_is_help=True,
)

DeadlineArgument = Annotated[
    str,
    typer.Argument(
        help="The deadline, as `case show` and `deadline list` name it: s2s-r1-link, ref-ack/1."
    ),
]

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
    """List open deadlines, soonest first: of your cases, or of the referrals your service holds.

    Restricted cases are absent. What is paused waits, and is late for nobody meanwhile.
    """
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
        table.add_row(line.case_ref, line.id, local(line.due_at), _state(line))
    out.print(table)


def _state(line: "DeadlineLine") -> str:
    from schemas.deadlines import DeadlineState

    if line.state is DeadlineState.PAUSED:
        return "[yellow]paused[/]"
    return "[bold red]late[/]" if line.is_overdue else line.state.value


@app.command()
@verb
async def met(
    case: CaseArgument,
    deadline: DeadlineArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that a duty was done, and with --occurred-at when. What was late stays late.

    Only for duties that the record cannot see by itself; `deadline duties` says which.
    """
    from schemas.deadline_commands import MeetDeadline

    command = MeetDeadline(**_about(actor, occurred_at, command_id, case, deadline))
    await decide(data_dir, actor, command, as_json=as_json, done="Met.")


@app.command()
@verb
async def pause(
    case: CaseArgument,
    deadline: DeadlineArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="not_safe_to_contact, at_her_request, waits_for_interpreter or "
            "waits_for_other_agency."
        ),
    ],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Let a deadline wait, as a supervisor. That somebody is busy is no reason.

    Nobody is reminded meanwhile. `deadline resume` gives back the time that was left.
    """
    from schemas.deadline_commands import PauseDeadline
    from schemas.deadlines import PauseReason

    command = PauseDeadline(
        **_about(actor, None, command_id, case, deadline),
        reason=one_of("--reason", reason, PauseReason),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Paused.")


@app.command()
@verb
async def resume(
    case: CaseArgument,
    deadline: DeadlineArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Let a paused deadline go on, as a supervisor, with the time that was left."""
    from schemas.deadline_commands import ResumeDeadline

    command = ResumeDeadline(**_about(actor, None, command_id, case, deadline))
    await decide(data_dir, actor, command, as_json=as_json, done="Goes on.")


@app.command()
@verb
async def extend(
    case: CaseArgument,
    deadline: DeadlineArgument,
    by: Annotated[
        str,
        typer.Option(help='How much longer: "2 working_days", "3 days", "1 month", "4 hours".'),
    ],
    reason: Annotated[str, typer.Option(help="agreed_with_her, complex or not_safe_earlier.")],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Give a deadline more time, as a supervisor, counted from its due time.

    Reminders move with it. What is late already is not extended.
    """
    from schemas.deadline_commands import ExtendDeadline
    from schemas.deadlines import ExtensionReason

    command = ExtendDeadline(
        **_about(actor, None, command_id, case, deadline),
        by=parse_duration("--by", by),
        reason=one_of("--reason", reason, ExtensionReason),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Extended.")


@app.command()
@verb
async def waive(
    case: CaseArgument,
    deadline: DeadlineArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she does not want what a duty is about. Only what is owed to her."""
    from schemas.deadline_commands import WaiveDeadline

    command = WaiveDeadline(**_about(actor, None, command_id, case, deadline))
    await decide(data_dir, actor, command, as_json=as_json, done="Waived.")


def parse_duration(field: str, text: str) -> "Duration":
    """A length of time as people write it: `2 working_days`, `1 working day`, `4 hours`.

    Raises:
        BadInputError: it is none; the sentence shows how to write one.
    """
    from schemas.deadlines import Duration, Unit

    count, _, unit = " ".join(text.split()).partition(" ")
    plural = unit.replace(" ", "_").removesuffix("s") + "s"
    if not count.isascii() or not count.isdecimal() or plural not in set(Unit):
        units = ", ".join(Unit)
        raise BadInputError(field, f'write a number and a unit, such as "2 working_days": {units}')
    return Duration(count=int(count), unit=Unit(plural))


def _about(
    actor: str, occurred_at: str | None, command_id: str | None, case: str, deadline: str
) -> dict[str, Any]:
    """What every command about a deadline carries."""
    given = said(actor, occurred_at, command_id)
    return {**given, "case_ref": case_ref(case), "deadline": code("deadline", deadline)}
