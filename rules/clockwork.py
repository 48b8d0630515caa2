"""What a timer may do when it fires: remind, or say to a person that a time has come.

For a few duties more follows, as the table says. None of it closes, contacts or shares.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from rules import alarms, checks, consents, duties, journeys, plans, tasks
from rules.apply import apply
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, ReferralRecorded
from schemas.clockwork_steps import Breach, Remind
from schemas.deadlines import Deadline, DeadlineState
from schemas.decisions import Changed, Decision, refused
from schemas.referral import Clock
from schemas.snapshot import CaseSnapshot, TaskKind

_Follows = Callable[[CaseSnapshot, Deadline, World], tuple[Change, ...]]


def review_hold(snapshot: CaseSnapshot, deadline: Deadline, world: World) -> tuple[Change, ...]:
    """Ask whoever placed a hold to look at it again. It stands, and is asked about again."""
    hold = snapshot.hold(alarms.number_of(deadline))
    if hold is None or hold.lifted_at is not None:
        return ()
    of_a_service = any(r.organisation == hold.organisation for r in snapshot.referrals)
    role = Role.NGO_SUPERVISOR if of_a_service else Role.SAFEGUARDING_SUPERVISOR
    number = str(hold.number)
    return (
        *tasks.ask(
            snapshot,
            world,
            f"hold/{number}",
            TaskKind.REVIEW_HOLD,
            role,
            organisation=hold.organisation,
        ),
        *duties.start(snapshot, world, deadline.duty, world.at, of=number),
    )


FOLLOWS: Mapping[str, _Follows] = MappingProxyType(
    {
        "consent-renewal": consents.expire,
        "plan-review": plans.stale,
        "withdrawal-check": checks.lapse,
        "hold-review": review_hold,
        "close-review": journeys.look_again,
    }
)
"""Duty → what follows when it comes due, besides what its due time means."""

_OF_THE_SERVICE = "ref-"
"""How the duties begin that are a service's own: the clock of its referral shows them only."""


def remind(snapshot: CaseSnapshot, step: Remind, world: World) -> Decision:
    """Remind, once for each reminder whose time has come."""
    deadline = snapshot.deadline(step.deadline)
    at = alarms.next_reminder(deadline) if deadline else None
    if deadline is None or at is None or at > world.at:
        return refused("overtaken", "The deadline needs no reminder.")
    return Changed(
        changes=(
            *alarms.remind(snapshot, world, deadline),
            *_clock(snapshot, deadline, Clock.WARNED),
        ),
        detail={"deadline": deadline.id},
    )


def breach(snapshot: CaseSnapshot, step: Breach, world: World) -> Decision:
    """Its time has come: do what its duty says of that, and tell a person."""
    deadline = snapshot.deadline(step.deadline)
    if deadline is None or not _is_due(deadline, world):
        return refused("overtaken", "The deadline is no longer running.")
    follows = FOLLOWS.get(deadline.duty)
    due = (
        *alarms.come_due(snapshot, world, deadline, is_told=follows is None),
        *_clock(snapshot, deadline, Clock.BREACHED),
    )
    then = follows(apply(snapshot, due), deadline, world) if follows else ()
    return Changed(changes=(*due, *then), detail={"deadline": deadline.id})


def _is_due(deadline: Deadline, world: World) -> bool:
    return deadline.state is DeadlineState.RUNNING and deadline.due_at <= world.at


def _clock(snapshot: CaseSnapshot, deadline: Deadline, clock: Clock) -> tuple[Change, ...]:
    referral = snapshot.referral(deadline.referral) if deadline.referral else None
    if referral is None or not deadline.duty.startswith(_OF_THE_SERVICE):
        return ()
    return (ReferralRecorded(referral=referral.model_copy(update={"clock": clock})),)
