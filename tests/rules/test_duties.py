"""Deadlines of a case: at its pace, once or again, met or late, and never closed by a breach."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from rules import alarms, duties, tasks
from rules.apply import apply
from rules.profiles import VICTIMS_CODE_2021
from schemas.actor import Role
from schemas.casework import Entitlement
from schemas.changes import Change, DeadlineRecorded, DispatchRecorded, TaskRecorded
from schemas.deadlines import Deadline, DeadlineState, Pace
from schemas.hours import OpeningHours, OpenSlot
from schemas.lanes import RiskAssessment, RiskGrade, RiskTool
from schemas.snapshot import CaseSnapshot, NoticeTemplate, TaskKind
from tests.builders import (
    AT,
    POLICE,
    a_deadline,
    a_referral,
    a_service,
    a_task,
    a_world,
    an_acknowledgement,
    an_open_case,
    caseworker,
    the,
)

NEWS = "vc-r6-arrest"
VC_R4 = duties.SUPPORT_REFERRAL
MISSED = "missed/vc-r4-support-referral"
SECOND = timedelta(seconds=1)
ENDED = [DeadlineState.MET, DeadlineState.MET_LATE, DeadlineState.VOID]


def the_deadline(changes: tuple[Change, ...]) -> DeadlineRecorded:
    (recorded,) = (change for change in changes if isinstance(change, DeadlineRecorded))
    return recorded


def begun(
    case: CaseSnapshot, duty: str, referral: int | None = None, since: datetime = AT
) -> Deadline:
    return the_deadline(duties.start(case, a_world(), duty, since, referral)).deadline


def a_risk(number: int, grade: RiskGrade) -> RiskAssessment:
    return RiskAssessment(
        number=number,
        tool=RiskTool.JUDGEMENT,
        grade=grade,
        assessed_by=caseworker().who,
        assessed_at=AT,
    )


def running(state: DeadlineState = DeadlineState.RUNNING) -> CaseSnapshot:
    return an_open_case(deadlines=[a_deadline(state=state)], tasks=[a_task(MISSED)])


def test_a_duty_starts_with_its_due_time_and_its_calendar() -> None:
    """INV-37: the due time is computed once and kept with the calendar it was counted on."""
    (started,) = duties.start(an_open_case(), a_world(), VC_R4, AT)
    assert DeadlineRecorded(deadline=a_deadline()) == started
    assert a_world().calendar.id == a_deadline().calendar


@pytest.mark.parametrize("state", list(DeadlineState))
def test_a_duty_starts_once(state: DeadlineState) -> None:
    """A deadline that exists is left as it is; one that had become void may begin again."""
    begun = duties.start(running(state), a_world(), VC_R4, AT + SECOND)
    assert (state is DeadlineState.VOID) is bool(begun)


@pytest.mark.parametrize("duty", [duty.id for duty in VICTIMS_CODE_2021.duties])
def test_after_her_death_only_what_does_not_end_with_her_begins(duty: str) -> None:
    """Whatever would begin it: nobody is to tell her, ask her or refer her any more."""
    case = an_open_case(died_at=AT)
    begun = duties.start(case, a_world(), duty, AT, private_to="harbour-house")
    assert (duty in duties.STILL_OWED) is bool(begun)


def test_each_referral_has_its_own_deadline() -> None:
    """The duty to acknowledge runs for each referral by itself."""
    case = an_open_case(deadlines=[an_acknowledgement(1)])
    assert duties.start(case, a_world(), duties.ACKNOWLEDGE, AT, 1) == ()
    assert "ref-ack/2" == begun(case, duties.ACKNOWLEDGE, 2).id


# How fast it runs


@pytest.mark.parametrize(
    ("entitlement", "pace", "due_on"),
    [
        pytest.param(Entitlement.ENHANCED, Pace.ENHANCED, date(2026, 11, 24), id="enhanced"),
        pytest.param(Entitlement.STANDARD, Pace.STANDARD, date(2026, 11, 30), id="standard"),
    ],
)
def test_entitlement_sets_the_pace_of_news(
    entitlement: Entitlement, pace: Pace, due_on: date
) -> None:
    """Victims' Code Right 6: 1 working day for enhanced rights, as every case begins."""
    case = an_open_case(entitlement=entitlement)
    news = begun(case, "vc-r6-arrest")
    assert (pace, due_on) == (news.pace, news.due_at.date())
    if pace is Pace.ENHANCED:
        assert begun(an_open_case(), "vc-r6-arrest") == news


@pytest.mark.parametrize(
    ("grades", "pace"),
    [
        pytest.param((), Pace.HIGH_RISK, id="not assessed"),
        pytest.param((RiskGrade.HIGH,), Pace.HIGH_RISK, id="high"),
        pytest.param((RiskGrade.HIGH, RiskGrade.MEDIUM), Pace.STANDARD, id="medium by now"),
        pytest.param((RiskGrade.STANDARD,), Pace.STANDARD, id="standard"),
    ],
)
def test_risk_that_nobody_assessed_counts_as_high(
    grades: tuple[RiskGrade, ...], pace: Pace
) -> None:
    """What is unknown shortens a duty and never lengthens it."""
    case = an_open_case(referrals=[a_referral()])
    case = case.model_copy(update={"risks": tuple(map(a_risk, range(1, 3), grades))})
    assert pace is begun(case, "ref-contact", 1).pace


def test_hours_count_while_the_service_of_the_referral_is_open() -> None:
    """Published hours, evenings here; office hours for a service that says none."""
    evenings = tuple(OpenSlot(weekday=day, opens=time(17), closes=time(19)) for day in range(5))
    hours = OpeningHours(slots=evenings)
    service = a_service().model_copy(update={"hours": hours})
    for services, due_at in (
        ([service], datetime(2026, 11, 24, 19, tzinfo=UTC)),
        ([a_service()], datetime(2026, 11, 23, 13, tzinfo=UTC)),
    ):
        case = an_open_case(referrals=[a_referral()], services=services)
        assert due_at == begun(case, duties.ACKNOWLEDGE, 1).due_at


# Again, and beside itself


def test_each_event_starts_a_run_of_its_own_beside_the_others() -> None:
    """A second arrest is a second thing to tell her; the oldest that is open is met first."""
    case = an_open_case()
    for _ in range(3):
        case = apply(case, duties.start(case, a_world(), NEWS, AT))
    assert [NEWS, f"{NEWS}+2", f"{NEWS}+3"] == [d.id for d in case.deadlines]
    case = apply(case, duties.meet(case, NEWS, AT))
    case = apply(case, duties.meet(case, NEWS, AT + SECOND))
    assert [f"{NEWS}+3"] == [d.id for d in case.running_deadlines()]


@pytest.mark.parametrize("state", [DeadlineState.MET, DeadlineState.MET_LATE, DeadlineState.WAIVED])
def test_a_new_run_keeps_the_outcome_of_the_one_before(state: DeadlineState) -> None:
    """INV-37: what was late stays on record beside what begins now."""
    case = an_open_case(deadlines=[a_deadline(NEWS, state=state)])
    case = apply(case, duties.start(case, a_world(), NEWS, AT))
    assert {NEWS: state, f"{NEWS}+2": DeadlineState.RUNNING} == {
        d.id: d.state for d in case.deadlines
    }


@pytest.mark.parametrize("duty", sorted(duties.RUNS_AGAIN))
@pytest.mark.parametrize("state", ENDED)
def test_reviews_and_renewals_begin_again_under_their_id(state: DeadlineState, duty: str) -> None:
    """One line for each, however often it comes round."""
    case = an_open_case(deadlines=[a_deadline(duty, state=state)])
    again = begun(case, duty, since=AT + SECOND)
    assert (duty, DeadlineState.RUNNING, AT + SECOND) == (again.id, again.state, again.started_at)


def test_what_a_duty_is_about_tells_its_runs_apart() -> None:
    """A hold's review is of that hold, a renewal of that recipient."""
    case = an_open_case()
    for number in ("1", "2"):
        case = apply(case, duties.start(case, a_world(), "hold-review", AT, of=number))
    assert {"hold-review/1", "hold-review/2"} == {d.id for d in case.deadlines}
    case = apply(case, duties.meet(case, "hold-review", AT, of="2"))
    assert ["hold-review/1"] == [d.id for d in case.running_deadlines()]
    case = apply(case, duties.void_all(case, "hold-review", AT, of="1"))
    assert () == case.running_deadlines()


def test_voiding_a_duty_voids_every_run_of_it_and_no_other() -> None:
    """One that begins with the same words is another duty."""
    first, other = a_deadline("vc-r6-bail"), a_deadline("vc-r6-bail-change")
    second = first.model_copy(update={"id": "vc-r6-bail+2"})
    case = an_open_case(deadlines=[first, second, other])
    case = apply(case, duties.void_all(case, "vc-r6-bail", AT))
    assert [other.id] == [d.id for d in case.running_deadlines()]


def test_a_duty_that_the_profile_of_the_case_does_not_have_starts_nothing() -> None:
    """A case keeps the profile it was opened under, and newer duties pass it by."""
    older = VICTIMS_CODE_2021.model_copy(update={"duties": ()})
    assert duties.start(an_open_case(), a_world(profile=older), NEWS, AT) == ()


def test_a_private_duty_is_started_for_the_one_who_may_see_it() -> None:
    """Her permission is watched by her adviser's service; nobody else hears of it."""
    case = an_open_case(referrals=[a_referral()])
    with pytest.raises(ValueError, match="private"):
        duties.start(case, a_world(), "leave-1-permission", AT, 1)
    (started,) = duties.start(
        case, a_world(), "leave-1-permission", AT, 1, private_to="harbour-house"
    )
    private = the_deadline((started,)).deadline
    assert "harbour-house" == private.private_to
    for changes in (
        alarms.remind(case, a_world(), private),
        alarms.come_due(case, a_world(), private),
    ):
        told = [c.dispatch for c in changes if isinstance(c, DispatchRecorded)]
        assert {("harbour-house", "harbour-house")} == {
            (d.to_organisation, d.private_to) for d in told
        }
        asked = [c.task for c in changes if isinstance(c, TaskRecorded)]
        assert all(t.organisation == t.private_to == "harbour-house" for t in asked)


# How it ends


def test_a_pause_that_began_in_time_makes_nothing_late() -> None:
    """Met while it waits: the time of the pause is not held against anybody."""
    running_one = a_deadline()
    late = running_one.due_at + timedelta(days=3)
    for paused_at, state in (
        (running_one.due_at, DeadlineState.MET),
        (running_one.due_at + SECOND, DeadlineState.MET_LATE),
    ):
        update = {"state": DeadlineState.PAUSED, "paused_at": paused_at}
        case = an_open_case(deadlines=[running_one.model_copy(update=update)])
        case = apply(case, duties.meet(case, VC_R4, late))
        ended = the(case.deadline(VC_R4))
        assert (state, None) == (ended.state, ended.paused_at)


@pytest.mark.parametrize(
    ("late", "state"),
    [
        pytest.param(-SECOND, DeadlineState.MET, id="a second early"),
        pytest.param(0 * SECOND, DeadlineState.MET, id="on the second"),
        pytest.param(SECOND, DeadlineState.MET_LATE, id="a second late"),
    ],
)
@pytest.mark.parametrize("before", [DeadlineState.RUNNING, DeadlineState.BREACHED])
def test_late_is_said_to_be_late(
    late: timedelta, state: DeadlineState, before: DeadlineState
) -> None:
    """Met or met late is told by the clock alone, and the task of a breach is settled."""
    at = a_deadline().due_at + late
    case = apply(running(before), duties.meet(running(before), VC_R4, at))
    deadline = the(case.deadline(VC_R4))
    assert (state, at) == (deadline.state, deadline.ended_at)
    assert the(case.task(MISSED)).is_done


@pytest.mark.parametrize("state", ENDED)
def test_what_has_ended_is_not_met_again(state: DeadlineState) -> None:
    """An outcome is never rewritten, and what never ran cannot be met."""
    assert duties.meet(running(state), VC_R4, AT) == ()
    assert duties.meet(an_open_case(), VC_R4, AT) == ()


def test_a_breach_escalates_and_leaves_the_deadline_open() -> None:
    """INV-37: a person is told by task and by content-free notice; nothing is closed."""
    case = an_open_case(deadlines=[a_deadline()])
    changes = alarms.come_due(case, a_world(), a_deadline())
    assert the_deadline(changes).deadline.ended_at is None
    case = apply(case, changes)
    assert [d.id for d in case.running_deadlines()] == [VC_R4]
    task = the(case.task(MISSED))
    facts = (task.kind, task.for_role, task.is_done)
    assert facts == (TaskKind.DEADLINE_MISSED, Role.SAFEGUARDING_SUPERVISOR, False)
    assert [(d.to_organisation, d.template) for d in case.dispatches] == [
        (POLICE, NoticeTemplate.ESCALATION)
    ]


def test_a_reminder_is_remembered_and_changes_no_state() -> None:
    """Once: the moment of the reminder is kept with the deadline."""
    changes = alarms.remind(an_open_case(), a_world(), a_deadline())
    reminded = the_deadline(changes).deadline
    assert (reminded.reminded_at, reminded.state) == (AT, DeadlineState.RUNNING)
    assert not [change for change in changes if isinstance(change, TaskRecorded)]


def test_each_is_told_where_they_are() -> None:
    """The service is reminded of its own duty, and its breach goes to the caseworker."""
    case = an_open_case(referrals=[a_referral()], deadlines=[an_acknowledgement()])
    told = {
        what: [c.dispatch for c in changes if isinstance(c, DispatchRecorded)]
        for what, changes in (
            ("reminder", alarms.remind(case, a_world(), an_acknowledgement())),
            ("escalation", alarms.come_due(case, a_world(), an_acknowledgement())),
        )
    }
    assert [d.to_organisation for d in told["reminder"]] == ["harbour-house"]
    assert [d.to_organisation for d in told["escalation"]] == [POLICE]
    assert set(told) == {d.template for rows in told.values() for d in rows}


def test_each_reminder_has_a_notice_of_its_own() -> None:
    """A notice goes out once for each key: a second reminder under the first one's would not."""
    case = an_open_case()
    days = (timedelta(days=day) for day in range(3))
    told = [alarms.remind(case, a_world(AT + day), a_deadline()) for day in days]
    keys = {
        c.dispatch.key for told_one in told for c in told_one if isinstance(c, DispatchRecorded)
    }
    assert 3 == len(keys)


def test_what_is_over_takes_only_its_own_deadlines_with_it() -> None:
    """INV-37: void is an outcome of its own; other referrals and the case run on."""
    mine, other = an_acknowledgement(1), an_acknowledgement(2)
    case = an_open_case(deadlines=[a_deadline(), mine, other])
    case = apply(case, duties.void_of_referral(case, 1, AT))
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.VOID
    assert {VC_R4, "ref-ack/2"} == {d.id for d in case.running_deadlines()}


def test_a_task_is_done_once() -> None:
    """What is done, or was never there, is not touched."""
    case = an_open_case(tasks=[a_task("unmet/1")])
    case = apply(case, tasks.done(case, "unmet/1"))
    assert the(case.task("unmet/1")).is_done
    assert tasks.done(case, "unmet/1") == ()
    assert tasks.done(case, "unmet/2") == ()
