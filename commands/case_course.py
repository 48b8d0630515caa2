"""What happens to a case: safety, events, entitlement, links, a death, its close, its reopening.

Verbs of `safepath case`.
"""

from typing import Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    decide,
    one_of,
    said,
    state,
)


@verb
async def safety(
    case: CaseArgument,
    safe_to_talk: Annotated[
        bool, typer.Option("--safe/--not-safe", help="Can she talk safely now?")
    ],
    actor: ActorOption = "",
    danger: Annotated[bool, typer.Option("--danger", help="She is in immediate danger.")] = False,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record the safety check. Questions about help come only after it is confirmed."""
    from schemas.case import SafetyCheck
    from schemas.case_commands import ConfirmSafety

    command = ConfirmSafety(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        safety=SafetyCheck(safe_to_talk=safe_to_talk, immediate_danger=danger),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Safety check recorded.")


@verb
async def entitlement(
    case: CaseArgument,
    to: Annotated[str, typer.Argument(metavar="ENTITLEMENT", help="standard or enhanced.")],
    reason: Annotated[
        str,
        typer.Option(
            help="The ground for enhanced: serious_crime, persistently_targeted, vulnerable or "
            "intimidated. For standard: no_ground_found."
        ),
    ],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Decide which entitlement of the Victims' Code she has.

    Every case has the enhanced one, with its shorter times, until a person decides otherwise; who
    is under 18, or may be, keeps it. It holds for duties that start from now on.
    """
    from schemas.case_commands import SetEntitlement
    from schemas.casework import Entitlement, EntitlementReason

    command = SetEntitlement(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        entitlement=one_of("entitlement", to, Entitlement),
        reason=one_of("--reason", reason, EntitlementReason),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Entitlement set.")


@verb
async def event(
    case: CaseArgument,
    what: Annotated[str, typer.Argument(metavar="EVENT", help="What happened, as listed above.")],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Put on record that something happened outside the case. Duties count from --occurred-at.

    About her: interpreter_needed, needs_assessed, statement_taken, adviser_wished,
    victim_left_prosecution, complaint_received.

    About the crime: crime_recorded, not_investigated, investigation_opened, investigation_ended.

    About a suspect: suspect_arrested, suspect_interviewed, suspect_released, suspect_bailed,
    bail_changed, no_further_action, suspect_charged, suspect_not_charged, charge_changed.

    In court: hearing_set, trial_ended, sentence_over_a_year.

    What each of them begins or ends is in docs/lanes.md. None of them moves support, and support
    goes on for who has left a prosecution.
    """
    from rules.events import ENDS, STARTS, VOIDS
    from schemas.case_commands import RecordEvent
    from schemas.casework import CaseEvent

    happened = one_of("event", what, CaseEvent)
    command = RecordEvent(
        **said(actor, occurred_at, command_id), case_ref=case_ref(case), event=happened
    )
    moved = [duty for table in (STARTS, ENDS, VOIDS) for duty in table.get(happened, ())]
    then = f"Duties it is about: {', '.join(moved)}. `case show` has their deadlines."
    await decide(
        data_dir, actor, command, as_json=as_json, done="Recorded.", then=then if moved else ""
    )


@verb
async def link(
    case: CaseArgument,
    other: Annotated[str, typer.Argument(help="The other case. You must be able to see both.")],
    kind: Annotated[str, typer.Option(help="duplicate, same_incident or bereaved_family.")],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that two cases of your organisation belong together. No data is joined.

    Each is shown with the other's reference only, and to nobody who may not see both. A duplicate
    is closed by a person: `case close` with the reason duplicate.
    """
    from schemas.case_commands import LinkCase
    from schemas.casework import LinkKind

    command = LinkCase(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        other=case_ref(other),
        link=one_of("--kind", kind, LinkKind),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Linked.")


@verb
async def died(
    case: CaseArgument,
    is_so: Annotated[
        bool | None,
        typer.Option(
            "--confirm/--not-so",
            help="Answer what somebody else reported; without either: report it.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Report that she has died; or, as somebody else, answer such a report.

    A report stops contact with her at once, so that nobody rings and finds her family, and asks a
    supervisor. Referrals, consent and duties go on.

    With --confirm, as somebody other than who reported it, her death is on record, and not taken
    back by a verb; --occurred-at says when it was. Open referrals are recalled, and nobody
    contacts her any more. Close family are victims in their own right: each gets a case of their
    own, with the subject bereaved, and is linked with this one (`case link` with the kind
    bereaved_family). A person closes this case.

    With --not-so the report is over. Contact stays suspended until a second person confirms a new
    plan.
    """
    from schemas.case_commands import RecordDeath
    from schemas.casework import DeathAnswer

    answer = None if is_so is None else DeathAnswer.CONFIRMED if is_so else DeathAnswer.NOT_SO
    command = RecordDeath(
        **said(actor, occurred_at, command_id), case_ref=case_ref(case), answer=answer
    )
    done, then = _OF_HER_DEATH[is_so]
    await decide(data_dir, actor, command, as_json=as_json, done=done, then=then)


_OF_HER_DEATH = {
    None: (
        "Nobody contacts her for now.",
        "Somebody else says whether it is so: `case died` with --confirm or --not-so.",
    ),
    True: (
        "Recorded.",
        "Open a case for each of her close family who wishes help, and link it with this one.",
    ),
    False: (
        "The report is over.",
        "Nobody contacts her until a second person confirms a new plan (`contact plan`).",
    ),
}
"""What is said of each step, and of what comes next."""


@verb
async def close(
    case: CaseArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="support_completed, at_victim_request, contact_not_safe_or_lost (two people), "
            "deceased (after `case died`), duplicate (after `case link`) or entered_in_error."
        ),
    ],
    actor: ActorOption = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Close, after the closing review.")
    ] = False,
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Close a case: once to ask for the closing review, and with --confirm to close.

    Only a person closes a case. Open referrals speak against it.
    """
    from schemas.case import ClosingReason
    from schemas.case_commands import CloseCase

    command = CloseCase(
        **said(actor, occurred_at, command_id),
        case_ref=case_ref(case),
        reason=one_of("--reason", reason, ClosingReason),
        confirmed=confirm,
    )
    done = "Closed." if confirm else "In closing review; close with --confirm."
    await decide(data_dir, actor, command, as_json=as_json, done=done)


@verb
async def reopen(
    case: CaseArgument,
    reason: Annotated[str, typer.Option(help="she_came_back, new_incident or closed_by_mistake.")],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Open a closed case again. What was owed to her and not done is owed anew, from now."""
    from schemas.case_commands import ReopenCase
    from schemas.casework import ReopenReason

    fact = ReopenCase(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        reason=one_of("--reason", reason, ReopenReason),
    )
    await state(data_dir, actor, fact, as_json=as_json, done="Open again.")
