"""What a timer may do: remind and escalate, and nothing to the victim or her help."""

from datetime import datetime, timedelta

import pytest

from schemas.changes import (
    DeadlineRecorded,
    DispatchRecorded,
    ReferralRecorded,
    TaskRecorded,
)
from schemas.clockwork_steps import Breach, Remind, Step
from schemas.deadlines import Deadline, DeadlineState
from schemas.referral import Clock, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind
from tests.builders import (
    a_command,
    a_deadline,
    a_referral,
    after,
    an_acknowledgement,
    an_open_case,
    done,
    the,
    why_not,
)

STEPS = [pytest.param(Remind, id="reminder"), pytest.param(Breach, id="breach")]
NOT_RUNNING = [state for state in DeadlineState if state is not DeadlineState.RUNNING]
SECOND = timedelta(seconds=1)


def with_a_duty(deadline: Deadline) -> CaseSnapshot:
    referral = a_referral(state=ReferralState.RECEIVED)
    return an_open_case(referrals=[referral], deadlines=[deadline])


def on_time(kind: type[Step], deadline: Deadline) -> datetime:
    return deadline.remind_at if kind is Remind else deadline.due_at


@pytest.mark.parametrize("state", NOT_RUNNING)
@pytest.mark.parametrize("kind", STEPS)
def test_a_timer_of_a_duty_that_no_longer_runs_was_overtaken(
    kind: type[Step], state: DeadlineState
) -> None:
    """A timer that fires late finds its deadline met, paused or breached, and does nothing."""
    deadline = a_deadline(state=state)
    at = on_time(kind, deadline)
    assert {"overtaken"} == why_not(with_a_duty(deadline), a_command(kind), at)
    assert {"overtaken"} == why_not(an_open_case(), a_command(kind), at)


@pytest.mark.parametrize("kind", STEPS)
def test_a_timer_that_fires_before_its_time_was_overtaken(kind: type[Step]) -> None:
    """The deadline was extended, or resumed, after the timer was set."""
    deadline = a_deadline()
    at = on_time(kind, deadline)
    assert {"overtaken"} == why_not(with_a_duty(deadline), a_command(kind), at - SECOND)
    assert set() == why_not(with_a_duty(deadline), a_command(kind), at)


def test_a_reminder_goes_once() -> None:
    """INV-28: a repeated timer reminds nobody twice."""
    at = a_deadline().remind_at
    case = after(with_a_duty(a_deadline()), a_command(Remind), at=at)
    assert at == the(case.deadline(a_deadline().id)).reminded_at
    assert {"overtaken"} == why_not(case, a_command(Remind), at)


def test_a_breach_follows_a_reminder_once() -> None:
    """A deadline that was reminded of can still be breached, once."""
    at = a_deadline().due_at
    case = after(with_a_duty(a_deadline()), a_command(Remind), a_command(Breach), at=at)
    assert the(case.deadline(a_deadline().id)).state is DeadlineState.BREACHED
    assert {"overtaken"} == why_not(case, a_command(Breach), at)


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize(
    "deadline",
    [pytest.param(a_deadline(), id="of the case"), pytest.param(an_acknowledgement(), id="of one")],
)
def test_a_timer_moves_no_stage_and_no_referral_and_sends_no_data(
    kind: type[Step], deadline: Deadline
) -> None:
    """INV-37: reminder and breach close nothing; what goes out is a content-free notice."""
    case, at = with_a_duty(deadline), on_time(kind, deadline)
    answer = done(case, a_command(kind, deadline=deadline.id), at)
    allowed = (DeadlineRecorded, DispatchRecorded, ReferralRecorded, TaskRecorded)
    assert all(isinstance(change, allowed) for change in answer.changes)
    kinds = {c.dispatch.kind for c in answer.changes if isinstance(c, DispatchRecorded)}
    assert {DispatchKind.NOTICE} == kinds
    case = after(case, a_command(kind, deadline=deadline.id), at=at)
    assert the(case.referral(1)).state is ReferralState.RECEIVED
    assert the(case.deadline(deadline.id)).ended_at is None


@pytest.mark.parametrize(
    ("kind", "clock"),
    [
        pytest.param(Remind, Clock.WARNED, id="a reminder warns"),
        pytest.param(Breach, Clock.BREACHED, id="a breach says breached"),
    ],
)
def test_the_clock_of_a_referral_shows_its_service_s_duties_only(
    kind: type[Step], clock: Clock
) -> None:
    """The clock is an axis of its own: no duty of the case shows on it, nor her adviser's."""
    private = a_deadline("leave-1-permission", 1)
    private = private.model_copy(update={"private_to": "harbour-house"})
    for deadline, shown in (
        (an_acknowledgement(), clock),
        (a_deadline(), Clock.RUNNING),
        (private, Clock.RUNNING),
    ):
        case, at = with_a_duty(deadline), on_time(kind, deadline)
        case = after(case, a_command(kind, deadline=deadline.id), at=at)
        assert shown is the(case.referral(1)).clock
