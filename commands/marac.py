"""`safepath marac`: a case's passage through the multi-agency risk assessment conference.

One verb for each event of the table in `docs/lanes.md`, under the event's own name.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    day,
    decide,
    one_of,
    said,
    several,
)

app = typer.Typer(
    help="The multi-agency risk assessment conference: where a case stands with it. It shares "
    "nothing by itself and changes nothing of support; Immigration Enforcement is never there.",
    no_args_is_help=True,
)

MeetingOption = Annotated[str, typer.Option("--on", help="The day of the meeting: 2026-12-24.")]


@app.command()
@verb
async def indicate(
    case: CaseArgument,
    criterion: Annotated[
        str,
        typer.Option(help="visible_high_risk, professional_judgement, escalation or repeat."),
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that a criterion is met; any one is enough. An assessment that meets one does it too."""
    from schemas.lanes import MaracCriterion

    about = said(actor, occurred_at, command_id)
    said_of_it = {"criterion": one_of("--criterion", criterion, MaracCriterion)}
    await _move(data_dir, about, case, "indicate", as_json=as_json, **said_of_it)


@app.command()
@verb
async def refer(
    case: CaseArgument,
    agencies: Annotated[
        str,
        typer.Option(
            help="Who is to sit there, with commas between: police, council, health, probation, "
            "housing, childrens_services, idva_service, specialist_service."
        ),
    ],
    basis: Annotated[
        str, typer.Option(help="consent (on record, of the purpose marac) or without_consent.")
    ],
    because: Annotated[
        str | None,
        typer.Option(
            help="Without consent: not_safe_to_ask, risk_of_serious_harm or child_at_risk. It is "
            "kept on record.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Refer the case to the coordinator, and say on what ground. Again, to change the ground."""
    from schemas.lanes import MaracAgency, MaracBasis, SharedWithoutConsent

    about = said(actor, occurred_at, command_id)
    why = one_of("--because", because, SharedWithoutConsent) if because else None
    said_of_it = {
        "agencies": several("--agencies", agencies, MaracAgency),
        "basis": one_of("--basis", basis, MaracBasis),
        "without_consent_because": why,
    }
    await _move(data_dir, about, case, "refer", as_json=as_json, **said_of_it)


@app.command()
@verb
async def decline(
    case: CaseArgument,
    reason: Annotated[
        str, typer.Option(help="threshold_not_met, heard_elsewhere or consent_withdrawn.")
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Decline it, as the coordinator, with the reason. Whoever referred it may appeal."""
    from schemas.lanes import MaracDecline

    about = said(actor, occurred_at, command_id)
    said_of_it = {"declined_because": one_of("--reason", reason, MaracDecline)}
    await _move(data_dir, about, case, "decline", as_json=as_json, **said_of_it)


@app.command()
@verb
async def appeal(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Ask the coordinator to look again at a case that was declined."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "appeal", as_json=as_json)


@app.command("list")
@verb
async def list_for_meeting(
    case: CaseArgument,
    on: MeetingOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the case for a meeting on a later day, as the coordinator."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "list", as_json=as_json, meeting_on=day("--on", on))


@app.command("call-emergency")
@verb
async def call_emergency(
    case: CaseArgument,
    on: MeetingOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Call an emergency meeting, today if need be, where the next one is too far away."""
    about = said(actor, occurred_at, command_id)
    meeting_on = day("--on", on)
    await _move(data_dir, about, case, "call_emergency", as_json=as_json, meeting_on=meeting_on)


@app.command()
@verb
async def hear(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that the meeting heard the case. The watch for a repeat begins: 12 months."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "hear", as_json=as_json)


@app.command("set-actions")
@verb
async def set_actions(
    case: CaseArgument,
    due: Annotated[str, typer.Option(help="The day by which they are done: 2026-12-24.")],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that actions were agreed, and by when. What they are is not kept here."""
    about = said(actor, occurred_at, command_id)
    due_on = day("--due", due)
    await _move(data_dir, about, case, "set_actions", as_json=as_json, actions_due_on=due_on)


@app.command("finish-actions")
@verb
async def finish_actions(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that all actions are done, or that none were agreed."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "finish_actions", as_json=as_json)


@app.command("end-watch")
@verb
async def end_watch(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """End the watch for a repeat, once its 12 months are over."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "end_watch", as_json=as_json)


async def _move(
    data_dir: Path, about: dict[str, Any], case: str, event: str, *, as_json: bool, **parts: Any
) -> None:
    from schemas.lane_commands import MoveMarac
    from schemas.lanes import MaracEvent

    command = MoveMarac(**about, case_ref=case_ref(case), event=MaracEvent(event), **parts)
    await decide(data_dir, str(command.actor), command, as_json=as_json, done="Recorded.")
