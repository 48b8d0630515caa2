"""What a deadline says when its time comes: reminders, and what its due time means.

Whatever it means, a person is told by a task and a notice without content. Nothing is closed,
contacted or shared.
"""

from datetime import datetime

from rules import tasks
from rules.duties import missed_task_id
from rules.world import World
from schemas.actor import NGO_ROLES, Role
from schemas.changes import Change, DeadlineRecorded, DispatchRecorded
from schemas.deadlines import AtDue, Deadline, DeadlineState
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    NoticeTemplate,
    TaskKind,
)


def next_reminder(deadline: Deadline) -> datetime | None:
    """When the next reminder goes; None where all have gone, or the deadline does not run.

    A reminder that was overtaken by a later one is not made up for.
    """
    if deadline.state is not DeadlineState.RUNNING:
        return None
    sent = deadline.reminded_at
    times = (deadline.remind_at, *deadline.remind_again_at)
    return next((at for at in times if sent is None or at > sent), None)


def lapses_at(deadline: Deadline) -> datetime | None:
    """When silence ends what it is about; None where it never does, or while it is paused."""
    return None if deadline.state is DeadlineState.PAUSED else deadline.lapse_at


def is_told_of_silence(snapshot: CaseSnapshot, referral: int, lapse_at: datetime) -> bool:
    """Whether a person was asked about it since that time, or still is."""
    task = snapshot.task(tasks.id_about(TaskKind.UNANSWERED, referral))
    return task is not None and (not task.is_done or task.raised_at >= lapse_at)


def remind(snapshot: CaseSnapshot, world: World, deadline: Deadline) -> tuple[Change, ...]:
    """Remind whoever the duty says."""
    duty = world.profile.duty(deadline.duty)
    reminded = deadline.model_copy(update={"reminded_at": world.at})
    notice = Dispatch(
        key=f"reminder/{deadline.id}/{world.at:%Y%m%dT%H%M%S}",
        kind=DispatchKind.NOTICE,
        referral=deadline.referral,
        to_organisation=_whose(snapshot, deadline, duty.reminds) or snapshot.case.owner,
        template=NoticeTemplate.REMINDER,
        private_to=deadline.private_to,
    )
    return (DeadlineRecorded(deadline=reminded), DispatchRecorded(dispatch=notice))


def come_due(
    snapshot: CaseSnapshot, world: World, deadline: Deadline, *, is_told: bool = True
) -> tuple[Change, ...]:
    """What its due time means: missed, late at somebody else's, or simply over.

    Missed and late stay open. `is_told` says whether a task tells that the time is over; another
    may stand in for it.
    """
    match world.profile.duty(deadline.duty).at_due:
        case AtDue.BREACH:
            late = deadline.model_copy(update={"state": DeadlineState.BREACHED})
            asked = _escalate(snapshot, world, deadline, TaskKind.DEADLINE_MISSED)
            return (DeadlineRecorded(deadline=late), *asked)
        case AtDue.WATCH:
            late = deadline.model_copy(update={"state": DeadlineState.BREACHED})
            asked = _escalate(snapshot, world, deadline, TaskKind.OTHER_AGENCY_LATE)
            return (DeadlineRecorded(deadline=late), *asked)
        case AtDue.OVER:
            ended = {"state": DeadlineState.MET, "ended_at": world.at}
            over = DeadlineRecorded(deadline=deadline.model_copy(update=ended))
            told = _escalate(snapshot, world, deadline, TaskKind.TIME_PASSED) if is_told else ()
            return (over, *told)


def number_of(deadline: Deadline) -> int:
    """The number of what a deadline is about, as `7` of `hold-review/7+2`; 0 where it has none."""
    about = deadline.id.partition("/")[2].partition("+")[0]
    return int(about) if about.isdecimal() else 0


def _escalate(
    snapshot: CaseSnapshot, world: World, deadline: Deadline, kind: TaskKind
) -> tuple[Change, ...]:
    role = world.profile.duty(deadline.duty).escalates_to
    is_over = kind is TaskKind.TIME_PASSED
    return tasks.ask(
        snapshot,
        world,
        f"over/{deadline.id}" if is_over else missed_task_id(deadline.id),
        kind,
        role,
        organisation=_whose(snapshot, deadline, role),
        referral=deadline.referral,
        is_private=deadline.private_to is not None,
        template=NoticeTemplate.TASK if is_over else NoticeTemplate.ESCALATION,
    )


def _whose(snapshot: CaseSnapshot, deadline: Deadline, role: Role) -> str | None:
    """Whose staff in that role are meant; None: those of whoever leads the case."""
    if deadline.private_to is not None or role not in NGO_ROLES:
        return deadline.private_to
    if deadline.referral is not None:
        referral = snapshot.referral(deadline.referral)
        return referral.organisation if referral else None
    number = number_of(deadline)
    if deadline.duty == "hold-review":
        hold = snapshot.hold(number)
        return hold.organisation if hold else None
    if deadline.duty == "withdrawal-check":
        check = snapshot.check(number)
        return check.asks if check else None
    return None
