"""Deadlines of a case: started, met, reminded of, breached, void. Breach never closes one."""

from datetime import datetime

from rules import tasks
from rules.deadlines import due
from rules.world import World
from schemas.changes import Change, DeadlineRecorded, DispatchRecorded, TaskRecorded
from schemas.deadlines import Deadline, DeadlineState
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    NoticeTemplate,
    Task,
    TaskKind,
)

SUPPORT_REFERRAL = "vc-r4-support-referral"
ACKNOWLEDGE = "ref-ack"


def deadline_id(duty: str, referral: int | None = None) -> str:
    """The id of a duty's deadline in a case."""
    return duty if referral is None else f"{duty}/{referral}"


def start(
    snapshot: CaseSnapshot, world: World, duty_id: str, since: datetime, referral: int | None = None
) -> tuple[Change, ...]:
    """Start a duty once; a deadline that exists is left as it is, unless it had become void."""
    earlier = snapshot.deadline(deadline_id(duty_id, referral))
    if earlier is not None and earlier.state is not DeadlineState.VOID:
        return ()
    counted = due(world.profile.duty(duty_id), since, world.calendar)
    deadline = Deadline(
        id=deadline_id(duty_id, referral),
        duty=duty_id,
        referral=referral,
        started_at=since,
        due_at=counted.due_at,
        remind_at=counted.remind_at,
        lapse_at=counted.lapse_at,
        calendar=counted.calendar,
        state=DeadlineState.RUNNING,
    )
    return (DeadlineRecorded(deadline=deadline),)


def meet(
    snapshot: CaseSnapshot, duty_id: str, at: datetime, referral: int | None = None
) -> tuple[Change, ...]:
    """Met, or met late, and whatever task its breach had raised is done."""
    deadline = _open(snapshot, deadline_id(duty_id, referral))
    if deadline is None:
        return ()
    state = DeadlineState.MET if at <= deadline.due_at else DeadlineState.MET_LATE
    return _end(snapshot, deadline, state, at)


def void(snapshot: CaseSnapshot, deadline: Deadline, at: datetime) -> tuple[Change, ...]:
    """The duty no longer applies."""
    return _end(snapshot, deadline, DeadlineState.VOID, at)


def void_of_referral(snapshot: CaseSnapshot, referral: int, at: datetime) -> tuple[Change, ...]:
    """Every open duty of a referral that is over no longer applies."""
    mine = (d for d in snapshot.running_deadlines() if d.referral == referral)
    return tuple(change for deadline in mine for change in void(snapshot, deadline, at))


def remind(snapshot: CaseSnapshot, world: World, deadline: Deadline) -> tuple[Change, ...]:
    """Remind, once, whoever the duty says."""
    duty = world.profile.duty(deadline.duty)
    reminded = deadline.model_copy(update={"reminded_at": world.at})
    organisation = _organisation(snapshot, deadline, duty.reminds.value)
    notice = _notice("reminder", deadline, organisation, NoticeTemplate.REMINDER)
    return (DeadlineRecorded(deadline=reminded), notice)


def breach(snapshot: CaseSnapshot, world: World, deadline: Deadline) -> tuple[Change, ...]:
    """Record the breach and escalate to a person. The deadline stays open."""
    duty = world.profile.duty(deadline.duty)
    breached = deadline.model_copy(update={"state": DeadlineState.BREACHED})
    task = Task(
        id=missed_task_id(deadline.id),
        kind=TaskKind.DEADLINE_MISSED,
        for_role=duty.escalates_to,
        referral=deadline.referral,
        raised_at=world.at,
    )
    organisation = _organisation(snapshot, deadline, duty.escalates_to.value)
    notice = _notice("escalation", deadline, organisation, NoticeTemplate.ESCALATION)
    return (DeadlineRecorded(deadline=breached), TaskRecorded(task=task), notice)


def missed_task_id(deadline: str) -> str:
    """The id of the task a missed deadline raises."""
    return f"missed/{deadline}"


def _open(snapshot: CaseSnapshot, wanted: str) -> Deadline | None:
    return next((d for d in snapshot.running_deadlines() if d.id == wanted), None)


def _end(
    snapshot: CaseSnapshot, deadline: Deadline, state: DeadlineState, at: datetime
) -> tuple[Change, ...]:
    ended = deadline.model_copy(update={"state": state, "ended_at": at})
    return (DeadlineRecorded(deadline=ended), *tasks.done(snapshot, missed_task_id(deadline.id)))


def _organisation(snapshot: CaseSnapshot, deadline: Deadline, role: str) -> str:
    referral = snapshot.referral(deadline.referral) if deadline.referral else None
    if referral is not None and role.startswith("ngo_"):
        return referral.organisation
    return snapshot.case.owner


def _notice(
    what: str, deadline: Deadline, organisation: str, template: NoticeTemplate
) -> DispatchRecorded:
    return DispatchRecorded(
        dispatch=Dispatch(
            key=f"{what}/{deadline.id}{_run_of(deadline)}",
            kind=DispatchKind.NOTICE,
            referral=deadline.referral,
            to_organisation=organisation,
            template=template,
        )
    )


def _run_of(deadline: Deadline) -> str:
    """A referral's duty runs once; the case's own may begin again, and reminds again then."""
    return "" if deadline.referral else f"/{deadline.started_at:%Y%m%dT%H%M%S}"
