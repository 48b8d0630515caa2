"""What a service says of a referral: verbs of the group `safepath referral`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CommandIdOption,
    OccurredOption,
    ReferralArgument,
    checked_text,
    day,
    of_referral,
    one_of,
    read_input,
    several,
    state,
)

if TYPE_CHECKING:
    from schemas.commands import Fact
    from schemas.referral import Reason

NoteOption = Annotated[
    str,
    typer.Option(
        help="A note for your own organisation's eyes, sealed under its key; - reads stdin.",
        show_default=False,
    ),
]
_OF_SERVICE = (
    "no_capacity, out_of_area, criteria_not_met, language_not_available, conflict_of_interest, "
    "service_closed, information_missing"
)
_KEPT = "no_recourse_to_public_funds, not_eligible"
_OF_PERSON = (
    "no_longer_wanted, needs_met_elsewhere, tried_safely_no_contact, unsafe_to_try, moved_away, "
    "deceased"
)
_HOLD_PLACED = (
    "A hold of your organisation stops any sharing with Immigration Enforcement. Only your "
    "organisation lifts it (`hold lift`), and it never touches support."
)
_NO_HOLD = "No hold was placed. `hold place` places one at any time."


@verb
async def ask(
    referral: ReferralArgument,
    fields: Annotated[
        str,
        typer.Option(
            help="Fields you did not get, with commas between: name, year_of_birth, safe_contact, "
            "language, interpreter, accessibility, circumstances."
        ),
    ] = "",
    topics: Annotated[
        str,
        typer.Option(
            help="What no field answers, with commas between: urgency, safe_times, access_needs, "
            "interpreter_need, children_involved, other_support."
        ),
    ] = "",
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Ask the sender something back before you answer.

    A field comes only if she agrees that you get it. There is nothing here to ask about
    nationality or status: support does not depend on them.
    """
    from schemas.case import PersonalField
    from schemas.referral import InfoTopic
    from schemas.referral_commands import RequestInfo

    fact = RequestInfo(
        **of_referral(referral, actor, occurred_at, command_id),
        fields=several("--fields", fields, PersonalField),
        topics=several("--topics", topics, InfoTopic),
    )
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Asked.")


@verb
async def waitlist(
    referral: ReferralArgument,
    expected_by: Annotated[
        str, typer.Option(help="By which day you expect to have a place: 2026-12-24.")
    ],
    reason: Annotated[str, typer.Option(help=f"{_OF_SERVICE}.")] = "no_capacity",
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Put a referral on your waiting list, and say by when you expect to have a place.

    Say it again when the day moves. If she waits too long, her caseworker is asked to look; where
    you expect a later day, `past_ceiling` says when. Nobody is sent elsewhere by a timer.
    """
    from schemas.referral import Reason
    from schemas.referral_commands import WaitlistReferral

    fact = WaitlistReferral(
        **of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
        expected_by=day("--expected-by", expected_by),
    )
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="On the waiting list.")


@verb
async def accept(
    referral: ReferralArgument,
    hold: Annotated[
        bool,
        typer.Option(
            "--hold/--no-hold", help="Whether to stop sharing with Immigration Enforcement."
        ),
    ] = True,
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take a referral on.

    With it your organisation places a hold on any sharing with Immigration Enforcement, unless
    you say --no-hold. Only your organisation lifts it, and it never touches support.
    """
    from schemas.referral_commands import AcceptReferral

    about = of_referral(referral, actor, occurred_at, command_id)
    fact = AcceptReferral(**about, place_hold=hold)
    then = _HOLD_PLACED if hold else _NO_HOLD
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Accepted.", then=then)


@verb
async def decline(
    referral: ReferralArgument,
    reason: Annotated[str, typer.Option(help=f"{_OF_SERVICE}, {_KEPT}, {_OF_PERSON}.")],
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that you cannot take a referral on; the next service she chose is asked.

    A reason that would tell something of her status (no_recourse_to_public_funds, not_eligible)
    stays with you: the sender sees criteria_not_met.
    """
    from schemas.referral import Reason
    from schemas.referral_commands import DeclineReferral

    fact = DeclineReferral(
        **of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
    )
    then = _kept_here(fact.reason)
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Declined.", then=then)


@verb
async def engage(
    referral: ReferralArgument,
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that support has begun."""
    from schemas.referral_commands import EngageReferral

    fact = EngageReferral(**of_referral(referral, actor, occurred_at, command_id))
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Support began.")


@verb
async def complete(
    referral: ReferralArgument,
    outcome: Annotated[
        str, typer.Option(help="support_given, partly_given or not_needed_any_more.")
    ] = "support_given",
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that support is complete, and what came of it."""
    from schemas.referral import Outcome
    from schemas.referral_commands import CompleteReferral

    fact = CompleteReferral(
        **of_referral(referral, actor, occurred_at, command_id),
        outcome=one_of("--outcome", outcome, Outcome),
    )
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Completed.")


@verb
async def end(
    referral: ReferralArgument,
    reason: Annotated[str, typer.Option(help=f"{_OF_PERSON}, {_OF_SERVICE}, {_KEPT}.")],
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that support stops before it is complete. Who helps her now, a person sees to.

    As with `referral decline`, a reason that would tell something of her status stays with you.
    """
    from schemas.referral import Reason
    from schemas.referral_commands import EndReferral

    fact = EndReferral(
        **of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
    )
    then = _kept_here(fact.reason)
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Ended.", then=then)


@verb
async def advice(
    referral: ReferralArgument,
    granted_on: Annotated[
        str, typer.Option(help="The day her permission was granted on: 2026-12-24.")
    ],
    actor: ActorOption = "",
    note: NoteOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Start her own permission deadline, as her immigration adviser.

    It reminds you and nobody else: no agency sees the deadline, its date, or that there is one.
    """
    from schemas.referral_commands import StartAdvice

    fact = StartAdvice(
        **of_referral(referral, actor, None, command_id),
        granted_on=day("--granted-on", granted_on),
    )
    then = "Only your organisation sees it: `deadline list`."
    await _say(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Started.", then=then)


def _kept_here(reason: "Reason") -> str:
    from schemas.referral import as_told_to_sender

    told = as_told_to_sender(reason)
    if told is reason:
        return ""
    return f"Your reason stays with you (`referral reason`): the sender sees `{told}`."


async def _say(
    fact: "Fact",
    actor: str,
    note: str,
    *,
    data_dir: Path,
    as_json: bool,
    done: str,
    then: str = "",
) -> None:
    """What a service says, with a note for itself."""
    from activities.ports import Beside

    kept = Beside(note=checked_text("--note", read_input("-") if note == "-" else note))
    await state(data_dir, actor, fact, as_json=as_json, done=done, then=then, beside=kept)
