"""What a service says to a referral. Whatever it says, it has acknowledged."""

from rules import duties, holds, outbox, tasks
from rules.apply import apply
from rules.claims import claimed_by_another, of_the_service
from rules.days import local
from rules.referral_states import TERMINAL, move
from rules.requests import NEEDED_NO_MORE, left_unmet
from rules.world import World
from schemas.changes import Change, NeedRecorded, ReferralRecorded, ServiceReasonKept
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import (
    Clock,
    NeedState,
    Reason,
    Referral,
    ReferralEvent,
    ReferralState,
    as_told_to_sender,
)
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    OpenReferral,
    RequestInfo,
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot, TaskKind

Answer = (
    OpenReferral
    | RequestInfo
    | WaitlistReferral
    | AcceptReferral
    | DeclineReferral
    | EngageReferral
    | CompleteReferral
    | EndReferral
)

_EVENTS = {
    OpenReferral: ReferralEvent.OPEN,
    RequestInfo: ReferralEvent.REQUEST_INFO,
    WaitlistReferral: ReferralEvent.WAITLIST,
    AcceptReferral: ReferralEvent.ACCEPT,
    DeclineReferral: ReferralEvent.DECLINE,
    EngageReferral: ReferralEvent.ENGAGE,
    CompleteReferral: ReferralEvent.COMPLETE,
    EndReferral: ReferralEvent.END,
}

_WAIT = "ref-wait"
_CONTACT = "ref-contact"
_MEETS = {
    AcceptReferral: (duties.ACKNOWLEDGE, _WAIT),
    DeclineReferral: (duties.ACKNOWLEDGE, _WAIT),
    EngageReferral: (duties.ACKNOWLEDGE, _CONTACT),
    CompleteReferral: (duties.ACKNOWLEDGE, _CONTACT),
}
_STARTS = {WaitlistReferral: _WAIT, AcceptReferral: _CONTACT}


def answer(snapshot: CaseSnapshot, command: Answer, world: World) -> Decision:
    """What the service says. Whatever it says, it has acknowledged.

    Its own reason stays with it: the sender reads one that says nothing of her status.
    """
    referral = of_the_service(snapshot, command.referral, command.actor)
    if isinstance(referral, Refused):
        return referral
    if isinstance(command, OpenReferral) and referral.state is not ReferralState.RECEIVED:
        return Changed(changes=(), detail={"referral": referral.number})
    objection = _left_to_another(referral, command) or _cannot_be_said(referral, command, world)
    if objection:
        return objection
    told = _told(command)
    moved = move(referral, _EVENTS[type(command)], command.actor.role, told)
    if isinstance(moved, Refused):
        return moved
    moved = moved.model_copy(update=_axes(command, referral))
    running = _duties(snapshot, command, referral, moved, world)
    return Changed(
        changes=(
            ReferralRecorded(referral=moved),
            *running,
            *tasks.done(snapshot, *_asked_meanwhile(referral.number)),
            *(outbox.cancelled_packets(snapshot, moved.number) if moved.state in TERMINAL else ()),
            *_what_comes_of_it(snapshot, command, referral, world),
        ),
        detail={
            "referral": referral.number,
            "state": moved.state,
            "reason": told,
            **_expected(apply(snapshot, running), command, world),
        },
    )


def _asked_meanwhile(number: int) -> tuple[str, ...]:
    """What a person was asked to see to, and an answer settles."""
    asked = (TaskKind.UNANSWERED, TaskKind.INFO_REQUESTED)
    return tuple(tasks.id_about(kind, number) for kind in asked)


def _left_to_another(referral: Referral, command: Answer) -> Refused | None:
    """To read it is no answer, and open to all who may."""
    is_reading = isinstance(command, OpenReferral)
    return None if is_reading else claimed_by_another(referral, command.actor)


def _cannot_be_said(referral: Referral, command: Answer, world: World) -> Refused | None:
    match command:
        case RequestInfo():
            return _cannot_be_asked(referral, command)
        case WaitlistReferral() if command.expected_by <= local(world.at, world.calendar).date():
            return refused("in_the_past", "Say a day to come, by which you expect to have a place.")
        case _:
            return None


def _cannot_be_asked(referral: Referral, command: RequestInfo) -> Refused | None:
    if not command.fields and not command.topics:
        return refused("nothing_asked", "Name at least one field or topic that you ask about.")
    known = sorted(set(command.fields) & set(referral.shared_fields))
    if known:
        return refused(
            "already_shared",
            f"You have {', '.join(known)} already, as far as the sender knows it: `referral open`.",
        )
    return None


def _told(command: Answer) -> Reason | None:
    match command:
        case RequestInfo():
            return Reason.INFORMATION_MISSING
        case WaitlistReferral() | DeclineReferral() | EndReferral():
            return as_told_to_sender(command.reason)
        case _:
            return None


def _expected(snapshot: CaseSnapshot, command: Answer, world: World) -> dict[str, str | int | None]:
    """By when a place is expected; and the day of the longest wait, where that comes before."""
    if not isinstance(command, WaitlistReferral):
        return {}
    ceiling = snapshot.deadline(duties.deadline_id(_WAIT, command.referral))
    last = local(ceiling.due_at, world.calendar).date() if ceiling else command.expected_by
    return {
        "expected_by": f"{command.expected_by}",
        "past_ceiling": f"{last}" if last < command.expected_by else None,
    }


def _axes(command: Answer, before: Referral) -> dict[str, object]:
    """What an answer moves on the axes besides the state."""
    match command:
        case WaitlistReferral() if before.state is ReferralState.WAITLISTED:
            return {"expected_by": command.expected_by}
        case WaitlistReferral():
            return {"clock": Clock.RUNNING, "expected_by": command.expected_by}
        case RequestInfo():
            return {
                "clock": Clock.STOPPED,
                "asked_fields": tuple(sorted(set(command.fields))),
                "asked_topics": tuple(sorted(set(command.topics))),
                "info_answer": None,
            }
        case CompleteReferral():
            return {"clock": Clock.STOPPED, "outcome": command.outcome}
        case _:
            return {"clock": Clock.STOPPED}


def _duties(
    snapshot: CaseSnapshot, command: Answer, before: Referral, moved: Referral, world: World
) -> tuple[Change, ...]:
    """Meet what the answer meets, start what it starts; an end leaves nothing running.

    What only says anew where it stands starts nothing: another day moves no ceiling.
    """
    number = moved.number
    wanted = _MEETS.get(type(command), (duties.ACKNOWLEDGE,))
    met = tuple(c for duty in wanted for c in duties.meet(snapshot, duty, world.at, number))
    if _was_held_up(snapshot, number):
        met += duties.silence_anew(apply(snapshot, met), world, duties.ACKNOWLEDGE, number)
    if moved.state in TERMINAL:
        return (*met, *duties.void_of_referral(apply(snapshot, met), number, world.at))
    begins = _STARTS.get(type(command)) if moved.state is not before.state else None
    started = duties.start(snapshot, world, begins, world.at, number) if begins else ()
    return (*met, *started)


def _was_held_up(snapshot: CaseSnapshot, referral: int) -> bool:
    """Whether its time to answer stood still: no more of that has passed than before the pause."""
    deadline = snapshot.deadline(duties.deadline_id(duties.ACKNOWLEDGE, referral))
    return deadline is not None and deadline.state is DeadlineState.PAUSED


def _what_comes_of_it(
    snapshot: CaseSnapshot, command: Answer, referral: Referral, world: World
) -> tuple[Change, ...]:
    number = referral.number
    match command:
        case RequestInfo():
            return tasks.ask_about(snapshot, world, TaskKind.INFO_REQUESTED, number)
        case AcceptReferral() if command.place_hold:
            return holds.placed(snapshot, command.actor, number, world)
        case CompleteReferral():
            return _need_met(snapshot, referral)
        case DeclineReferral():
            return _reason_kept(command)
        case EndReferral():
            is_needed = command.reason not in NEEDED_NO_MORE
            unmet = left_unmet(snapshot, referral, world) if is_needed else ()
            return (*_reason_kept(command), *unmet)
        case _:
            return ()


def _reason_kept(command: DeclineReferral | EndReferral) -> tuple[Change, ...]:
    """Always, so that its being kept says nothing."""
    return (
        ServiceReasonKept(
            referral=command.referral,
            organisation=command.actor.organisation,
            reason=command.reason,
        ),
    )


def _need_met(snapshot: CaseSnapshot, referral: Referral) -> tuple[Change, ...]:
    need = snapshot.need(referral.need)
    if need is None:
        return ()
    return (NeedRecorded(need=need.model_copy(update={"state": NeedState.MET})),)
