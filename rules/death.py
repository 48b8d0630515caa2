"""She has died: two people say so. Then nothing is sent or asked about her any more.

The first word of it stops contact at once, so that nobody rings and finds her family, and stops
nothing else: whoever harms her, or errs, ends no help with it. What a second person then confirms
is not taken back. Her death closes nothing. Close family are victims themselves, and get cases of
their own, linked with this one.
"""

from rules import checks, duties, tasks
from rules.plans import suspended
from rules.referral_states import OVER
from rules.safe_contact import is_suspended
from rules.withdrawals import stop
from rules.world import World
from schemas.actor import Role
from schemas.case_commands import RecordDeath
from schemas.casework import DeathAnswer
from schemas.changes import CaseChanged, Change
from schemas.contact import SuspendReason
from schemas.decisions import Changed, Decision, refused
from schemas.referral import Reason, ReferralEvent
from schemas.snapshot import CaseSnapshot, Task, TaskKind

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
    """The first word of her death, or what somebody other than who said it answers."""
    if snapshot.case.died_at is not None:
        return refused("already_recorded", "Her death is on record already.")
    report = snapshot.death_report
    if command.answer is None:
        return _reported(snapshot, command, world)
    if report is None:
        return refused("not_reported", "No report of her death is open: use `case died` alone.")
    if report.not_for == command.actor.who:
        return refused(
            "second_person",
            "You reported it, and a death is never one person's own word: somebody else confirms "
            "it (`case died --confirm`), or says that it is not so (`case died --not-so`).",
        )
    if command.answer is DeathAnswer.CONFIRMED:
        return _confirmed(snapshot, command, report, world)
    return _not_so(snapshot, report, world)


def family_seen_to(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """Ask a person to see to her close family, and again with what she would have been told."""
    family = TaskKind.BEREAVED_FAMILY
    return tasks.ask(snapshot, world, "bereaved-family", family, Role.CASEWORKER)


def _reported(snapshot: CaseSnapshot, command: RecordDeath, world: World) -> Changed:
    """Stop contact, and ask a second person. While one is asked, the first who said it stays so."""
    if snapshot.death_report is not None and is_suspended(snapshot):
        return Changed(changes=(), detail={"step": "reported_already"})
    kind, supervisor = TaskKind.CONFIRM_DEATH, Role.SAFEGUARDING_SUPERVISOR
    reporter = command.actor.who
    return Changed(
        changes=(
            *suspended(snapshot, command.actor, SuspendReason.DECEASED, world),
            *tasks.ask(snapshot, world, "confirm-death", kind, supervisor, not_for=reporter),
        ),
        detail={"step": "reported"},
    )


def _confirmed(snapshot: CaseSnapshot, command: RecordDeath, report: Task, world: World) -> Changed:
    """Put her death on record, stop what was under way for her, and ask for her family.

    Where nobody says when it was, she had died when it was reported.
    """
    return Changed(
        changes=(
            CaseChanged(died_at=command.occurred_at or report.raised_at),
            *tasks.done(snapshot, report.id),
            *suspended(snapshot, command.actor, SuspendReason.DECEASED, world),
            *_stopped(snapshot, command, world),
            *_questions_end(snapshot, world),
            *_ended(snapshot, world),
            *_asked(snapshot, world),
        ),
        detail={
            "step": DeathAnswer.CONFIRMED,
            "referrals": sum(1 for r in snapshot.referrals if r.state not in OVER),
        },
    )


def _not_so(snapshot: CaseSnapshot, report: Task, world: World) -> Changed:
    """She lives. What the report suspended, two people open with a new plan, and nobody alone."""
    kind, supervisor = TaskKind.WELFARE, Role.SAFEGUARDING_SUPERVISOR
    looks = tasks.ask(snapshot, world, "not-died", kind, supervisor, not_for=report.not_for)
    return Changed(
        changes=(
            *tasks.done(snapshot, report.id),
            *(looks if is_suspended(snapshot) else ()),
        ),
        detail={"step": DeathAnswer.NOT_SO},
    )


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
