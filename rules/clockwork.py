"""What a timer may do when it fires: remind, or say to a person that a duty was missed."""

from rules import duties
from rules.world import World
from schemas.changes import Change, ReferralRecorded
from schemas.clockwork_steps import Breach, Remind
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed, Decision, refused
from schemas.referral import Clock
from schemas.snapshot import CaseSnapshot


def remind(snapshot: CaseSnapshot, step: Remind, world: World) -> Decision:
    """Remind once, while the duty is still unmet."""
    deadline = snapshot.deadline(step.deadline)
    if deadline is None or deadline.state is not DeadlineState.RUNNING or deadline.reminded_at:
        return refused("overtaken", "The deadline needs no reminder.")
    return Changed(
        changes=(
            *duties.remind(snapshot, world, deadline),
            *_clock(snapshot, deadline.referral, Clock.WARNED),
        ),
        detail={"deadline": deadline.id},
    )


def breach(snapshot: CaseSnapshot, step: Breach, world: World) -> Decision:
    """Escalate to a person. Nothing is closed, contacted or shared."""
    deadline = snapshot.deadline(step.deadline)
    if deadline is None or deadline.state is not DeadlineState.RUNNING:
        return refused("overtaken", "The deadline is no longer running.")
    return Changed(
        changes=(
            *duties.breach(snapshot, world, deadline),
            *_clock(snapshot, deadline.referral, Clock.BREACHED),
        ),
        detail={"deadline": deadline.id},
    )


def _clock(snapshot: CaseSnapshot, number: int | None, clock: Clock) -> tuple[Change, ...]:
    referral = snapshot.referral(number) if number else None
    if referral is None:
        return ()
    return (ReferralRecorded(referral=referral.model_copy(update={"clock": clock})),)
