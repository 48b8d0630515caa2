"""What a service says to a referral. Whatever it says, it has acknowledged."""

from rules import duties, tasks
from rules.referral_states import move
from rules.sending import is_with
from rules.world import World
from schemas.changes import (
    Change,
    NeedRecorded,
    ReferralRecorded,
)
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import (
    Clock,
    NeedState,
    Referral,
    ReferralEvent,
    ReferralState,
)
from schemas.referral_commands import (
    AcceptReferral,
    ClaimReferral,
    CompleteReferral,
    DeclineReferral,
    EngageReferral,
    OpenReferral,
    ReleaseReferral,
)
from schemas.snapshot import (
    CaseSnapshot,
)

Answer = OpenReferral | AcceptReferral | DeclineReferral | EngageReferral | CompleteReferral

_EVENTS = {
    OpenReferral: ReferralEvent.OPEN,
    AcceptReferral: ReferralEvent.ACCEPT,
    DeclineReferral: ReferralEvent.DECLINE,
    EngageReferral: ReferralEvent.ENGAGE,
    CompleteReferral: ReferralEvent.COMPLETE,
}


def answer(snapshot: CaseSnapshot, command: Answer, world: World) -> Decision:
    """What the service says. Whatever it says, it has acknowledged."""
    referral = snapshot.referral(command.referral)
    if referral is None or not is_with(referral, command.actor.organisation):
        return refused("not_yours", "Your organisation has no such referral.")
    if isinstance(command, OpenReferral) and referral.state is not ReferralState.RECEIVED:
        return Changed(changes=(), detail={"referral": referral.number})
    reason = command.reason if isinstance(command, DeclineReferral) else None
    moved = move(referral, _EVENTS[type(command)], command.actor.role, reason)
    if isinstance(moved, Refused):
        return moved
    moved = moved.model_copy(update={"clock": Clock.STOPPED})
    met: tuple[Change, ...] = ()
    if isinstance(command, CompleteReferral):
        moved = moved.model_copy(update={"outcome": command.outcome})
        met = _need_met(snapshot, referral)
    return Changed(
        changes=(
            ReferralRecorded(referral=moved),
            *duties.meet(snapshot, duties.ACKNOWLEDGE, world.at, referral.number),
            *tasks.done(snapshot, f"unanswered/{referral.number}"),
            *met,
        ),
        detail={"referral": referral.number, "state": moved.state, "reason": reason},
    )


def _need_met(snapshot: CaseSnapshot, referral: Referral) -> tuple[Change, ...]:
    need = snapshot.need(referral.need)
    if need is None:
        return ()
    return (NeedRecorded(need=need.model_copy(update={"state": NeedState.MET})),)


def claim(snapshot: CaseSnapshot, command: ClaimReferral, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def release(snapshot: CaseSnapshot, command: ReleaseReferral, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
