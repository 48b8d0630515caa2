"""Deadlines of a case: started, met, waived, void. Nothing but these ends one.

An id is `<duty>`, `<duty>/<referral>` or `<duty>/<what it is about>`; a duty that each event starts
anew has further runs beside the first: `<duty>+2`, `<duty>+3`. Reminders, and what a due time
means, are in `rules.alarms`.
"""

from collections.abc import Iterable
from datetime import datetime

from rules import tasks
from rules.deadlines import due
from rules.world import World
from schemas.casework import Entitlement
from schemas.changes import Change, DeadlineRecorded
from schemas.deadlines import OPEN_DEADLINE, Deadline, DeadlineState, Duty, Pace
from schemas.hours import OpeningHours
from schemas.lanes import RiskGrade
from schemas.snapshot import CaseSnapshot

SUPPORT_REFERRAL = "vc-r4-support-referral"
ACKNOWLEDGE = "ref-ack"

STILL_OWED = frozenset({"vc-r2-record-crime", "marac-4-actions", "hold-review", "close-review"})
"""Duties that do not end with her: what others at risk rest on, and the reviews of the case."""

RUNS_AGAIN = frozenset(
    {
        "consent-renewal",
        "plan-review",
        "risk-reassessment",
        "ref-wait",
        "hold-review",
        "close-review",
        "contact-silence",
    }
)
"""Duties that begin again when their last run has ended, under the same id: one line, not many."""


def deadline_id(duty: str, referral: int | None = None, of: str | None = None) -> str:
    """The id of a duty's first deadline: of the case, of a referral, or of something else."""
    about = of if referral is None else str(referral)
    return duty if about is None else f"{duty}/{about}"


def start(
    snapshot: CaseSnapshot,
    world: World,
    duty_id: str,
    since: datetime,
    referral: int | None = None,
    *,
    of: str | None = None,
    private_to: str | None = None,
) -> tuple[Change, ...]:
    """Start a duty, at the pace of the case. What runs already is left as it is.

    A duty that repeats begins beside its earlier runs, and no outcome of theirs is lost. Any
    other begins again only where it had become void, or is one of `RUNS_AGAIN` and has ended. A
    duty that the case's profile does not have starts nothing, and after her death only what is
    `STILL_OWED` begins.

    Args:
        snapshot: the case.
        world: its profile and calendar.
        duty_id: which duty.
        since: when it begins to count.
        referral: the referral it is about; the hours of its service count, where any do.
        of: what else it is about, such as a recipient or the number of a hold.
        private_to: the one organisation to see it.

    Raises:
        ValueError: a private duty is started without the organisation that may see it.
    """
    duty = next((d for d in world.profile.duties if d.id == duty_id), None)
    if duty is None or (snapshot.case.died_at is not None and duty_id not in STILL_OWED):
        return ()
    if duty.is_private and private_to is None:
        raise ValueError(f"{duty_id} is private: say whose it is")
    begun = _id_of_next(snapshot, duty, deadline_id(duty_id, referral, of))
    if begun is None:
        return ()
    counted = due(
        duty,
        since,
        world.calendar,
        paces=paces(snapshot),
        hours=service_hours(snapshot, referral),
    )
    deadline = Deadline(
        id=begun,
        duty=duty_id,
        referral=referral,
        started_at=since,
        due_at=counted.due_at,
        remind_at=counted.remind_at,
        remind_again_at=counted.remind_again_at,
        lapse_at=counted.lapse_at,
        calendar=counted.calendar,
        pace=counted.pace,
        state=DeadlineState.RUNNING,
        private_to=private_to,
    )
    return (DeadlineRecorded(deadline=deadline),)


def paces(snapshot: CaseSnapshot) -> frozenset[Pace]:
    """The paces that apply to the case now. Risk that nobody assessed counts as high."""
    risk = snapshot.risk
    applies = {
        Pace.STANDARD: True,
        Pace.ENHANCED: snapshot.case.entitlement is Entitlement.ENHANCED,
        Pace.HIGH_RISK: risk is None or risk.grade is RiskGrade.HIGH,
    }
    return frozenset(pace for pace, does in applies.items() if does)


def service_hours(snapshot: CaseSnapshot, referral: int | None) -> OpeningHours | None:
    """The published hours of a referral's service; None where there are none."""
    asked = snapshot.referral(referral) if referral is not None else None
    service = snapshot.service(asked.service) if asked else None
    return service.hours if service else None


def meet(
    snapshot: CaseSnapshot,
    duty_id: str,
    at: datetime,
    referral: int | None = None,
    *,
    of: str | None = None,
) -> tuple[Change, ...]:
    """The oldest run that is open is met, or met late; what its breach had asked for is done."""
    oldest = next(iter(_open(snapshot, deadline_id(duty_id, referral, of))), None)
    return meet_run(snapshot, oldest, at) if oldest else ()


def meet_run(snapshot: CaseSnapshot, deadline: Deadline, at: datetime) -> tuple[Change, ...]:
    """This run is met. A pause that began in time costs no time."""
    clock = min(at, deadline.paused_at) if deadline.paused_at else at
    state = DeadlineState.MET if clock <= deadline.due_at else DeadlineState.MET_LATE
    return _end(snapshot, deadline, state, at)


def silence_anew(
    snapshot: CaseSnapshot, world: World, duty_id: str, referral: int
) -> tuple[Change, ...]:
    """Silence counts from now, because only now it is the move of whoever has the duty.

    Nothing else of it changes: what it was met with stays, and a longer time is not cut.
    """
    deadline = snapshot.deadline(deadline_id(duty_id, referral))
    if deadline is None:
        return ()
    counted = due(
        world.profile.duty(duty_id),
        world.at,
        world.calendar,
        paces=paces(snapshot),
        hours=service_hours(snapshot, referral),
    )
    ends = [at for at in (deadline.lapse_at, counted.lapse_at) if at is not None]
    later = deadline.model_copy(update={"lapse_at": max(ends, default=None)})
    return (DeadlineRecorded(deadline=later),)


def waive(snapshot: CaseSnapshot, deadline: Deadline, at: datetime) -> tuple[Change, ...]:
    """She does not want what it is about."""
    return _end(snapshot, deadline, DeadlineState.WAIVED, at)


def void(snapshot: CaseSnapshot, deadlines: Iterable[Deadline], at: datetime) -> tuple[Change, ...]:
    """These duties no longer apply."""
    return tuple(c for d in deadlines for c in _end(snapshot, d, DeadlineState.VOID, at))


def void_all(
    snapshot: CaseSnapshot,
    duty_id: str,
    at: datetime,
    referral: int | None = None,
    *,
    of: str | None = None,
) -> tuple[Change, ...]:
    """Every open run of a duty no longer applies."""
    return void(snapshot, _open(snapshot, deadline_id(duty_id, referral, of)), at)


def void_of_referral(snapshot: CaseSnapshot, referral: int, at: datetime) -> tuple[Change, ...]:
    """Every open duty of a referral that is over no longer applies."""
    mine = (d for d in snapshot.running_deadlines() if d.referral == referral)
    return void(snapshot, mine, at)


def missed_task_id(deadline: str) -> str:
    """The id of the task a missed deadline raises."""
    return f"missed/{deadline}"


def _runs(snapshot: CaseSnapshot, first: str) -> list[Deadline]:
    """A deadline's runs, the oldest first."""
    mine = (d for d in snapshot.deadlines if d.id == first or d.id.startswith(f"{first}+"))
    return sorted(mine, key=lambda run: (len(run.id), run.id))


def _open(snapshot: CaseSnapshot, first: str) -> list[Deadline]:
    return [run for run in _runs(snapshot, first) if run.state in OPEN_DEADLINE]


def _id_of_next(snapshot: CaseSnapshot, duty: Duty, first: str) -> str | None:
    """The id the next run has; None where none is to begin."""
    runs = _runs(snapshot, first)
    if not runs:
        return first
    free = next((run.id for run in runs if _may_begin_again(run)), None)
    return free or (f"{first}+{len(runs) + 1}" if duty.repeats else None)


def _may_begin_again(run: Deadline) -> bool:
    if run.state is DeadlineState.VOID:
        return True
    return run.state not in OPEN_DEADLINE and run.duty in RUNS_AGAIN


def _end(
    snapshot: CaseSnapshot, deadline: Deadline, state: DeadlineState, at: datetime
) -> tuple[Change, ...]:
    ended = deadline.model_copy(
        update={"state": state, "ended_at": at, "paused_at": None, "pause_reason": None}
    )
    return (DeadlineRecorded(deadline=ended), *tasks.done(snapshot, missed_task_id(deadline.id)))
