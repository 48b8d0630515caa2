"""Deadlines of a case: started once, met or met late, void, and never closed by a breach."""

from datetime import timedelta

import pytest
from schemas.changes import Change, DeadlineRecorded, DispatchRecorded, TaskRecorded

from rules import duties, tasks
from rules.apply import apply
from schemas.actor import Role
from schemas.deadlines import DeadlineState
from schemas.snapshot import CaseSnapshot, NoticeTemplate, TaskKind
from tests.builders import (
    AT,
    POLICE,
    a_deadline,
    a_referral,
    a_task,
    a_world,
    an_acknowledgement,
    an_open_case,
    the,
)

VC_R4 = duties.SUPPORT_REFERRAL
MISSED = "missed/vc-r4-support-referral"
SECOND = timedelta(seconds=1)
ENDED = [DeadlineState.MET, DeadlineState.MET_LATE, DeadlineState.VOID]


def the_deadline(changes: tuple[Change, ...]) -> DeadlineRecorded:
    (recorded,) = (change for change in changes if isinstance(change, DeadlineRecorded))
    return recorded


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


def test_each_referral_has_its_own_deadline() -> None:
    """The duty to acknowledge runs for each referral by itself."""
    case = an_open_case(deadlines=[an_acknowledgement(1)])
    assert duties.start(case, a_world(), duties.ACKNOWLEDGE, AT, 1) == ()
    (started,) = duties.start(case, a_world(), duties.ACKNOWLEDGE, AT, 2)
    assert DeadlineRecorded(deadline=an_acknowledgement(2)) == started


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
    changes = duties.breach(case, a_world(), a_deadline())
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
    changes = duties.remind(an_open_case(), a_world(), a_deadline())
    reminded = the_deadline(changes).deadline
    assert (reminded.reminded_at, reminded.state) == (AT, DeadlineState.RUNNING)
    assert not [change for change in changes if isinstance(change, TaskRecorded)]


def test_each_is_told_where_they_are() -> None:
    """The service is reminded of its own duty, and its breach goes to the caseworker."""
    case = an_open_case(referrals=[a_referral()], deadlines=[an_acknowledgement()])
    told = {
        what: [c.dispatch for c in changes if isinstance(c, DispatchRecorded)]
        for what, changes in (
            ("reminder", duties.remind(case, a_world(), an_acknowledgement())),
            ("escalation", duties.breach(case, a_world(), an_acknowledgement())),
        )
    }
    assert [d.to_organisation for d in told["reminder"]] == ["harbour-house"]
    assert [d.to_organisation for d in told["escalation"]] == [POLICE]
    assert set(told) == {d.template for rows in told.values() for d in rows}


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
