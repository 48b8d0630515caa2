"""She has died: nothing is sent or asked about her any more, and her family are victims themselves.

Her death closes nothing. Close family get cases of their own, linked with this one.
"""

from rules import checks, duties, tasks
from rules.plans import suspended
from rules.referral_states import OVER
from rules.withdrawals import stop
from rules.world import World
from schemas.actor import Role
from schemas.case_commands import RecordDeath
from schemas.changes import CaseChanged, Change
from schemas.contact import SuspendReason
from schemas.decisions import Changed, Decision, refused
from schemas.referral import Reason, ReferralEvent
from schemas.snapshot import CaseSnapshot, TaskKind

_MEANT_HER = frozenset(
    {
        TaskKind.ASK_AGAIN,
        TaskKind.RENEW_CONSENT,
        TaskKind.CONSENT_MISSING,
        TaskKind.INFO_REQUESTED,
        TaskKind.BEST_INTERESTS,
        TaskKind.PLAN_STALE,
        TaskKind.CONFIRM_PLAN,
        TaskKind.WELFARE,
        TaskKind.UNMET_NEED,
    }
)
"""Tasks to ask her something, or to find her help: nobody is to ring her number for them."""


def record(snapshot: CaseSnapshot, command: RecordDeath, world: World) -> Decision:
    """Put her death on record, stop what was under way for her, and ask for her family."""
    if snapshot.case.died_at is not None:
        return refused("already_recorded", "Her death is on record already.")
    return Changed(
        changes=(
            CaseChanged(died_at=command.occurred_at or world.at),
            *suspended(snapshot, command.actor, SuspendReason.DECEASED, world),
            *_stopped(snapshot, command, world),
            *_questions_end(snapshot, world),
            *_ended(snapshot, world),
            *_asked(snapshot, world),
        ),
        detail={"referrals": sum(1 for r in snapshot.referrals if r.state not in OVER)},
    )


def family_seen_to(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """Ask a person to see to her close family, and again with what she would have been told."""
    family = TaskKind.BEREAVED_FAMILY
    return tasks.ask(snapshot, world, "bereaved-family", family, Role.CASEWORKER)


def _stopped(snapshot: CaseSnapshot, command: RecordDeath, world: World) -> tuple[Change, ...]:
    """Every open referral is recalled, and each service that holds her data is told to stop."""
    event, role, reason = ReferralEvent.RECALL, command.actor.role, Reason.DECEASED
    return tuple(
        change
        for referral in snapshot.referrals
        for change in stop(snapshot, referral, event, role, reason, world.at)
    )


def _questions_end(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """She can no longer be asked whether it was she who took her consent back."""
    open_checks = (d for d in snapshot.running_deadlines() if d.duty == checks.DUTY)
    return tuple(c for deadline in open_checks for c in checks.lapse(snapshot, deadline, world))


def _ended(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    over = (
        deadline
        for deadline in snapshot.running_deadlines()
        if deadline.duty not in duties.STILL_OWED and deadline.private_to is None
    )
    settled = (task for task in snapshot.tasks if task.kind in _MEANT_HER)
    return (
        *duties.void(snapshot, over, world.at),
        *tasks.done(snapshot, *(task.id for task in settled)),
    )


def _asked(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    review, supervisor = TaskKind.REVIEW_CASE, Role.SAFEGUARDING_SUPERVISOR
    return (
        *family_seen_to(snapshot, world),
        *tasks.ask(snapshot, world, "after-death", review, supervisor),
    )
