"""What a timer may do: remind and escalate, and nothing to the victim or her help."""

import pytest
from schemas.changes import DeadlineRecorded, DispatchRecorded, ReferralRecorded, TaskRecorded
from schemas.clockwork_steps import Breach, Remind
from schemas.command_base import Command

from schemas.deadlines import Deadline, DeadlineState
from schemas.referral import Clock, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind
from tests.builders import (
    AT,
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


def with_a_duty(deadline: Deadline) -> CaseSnapshot:
    referral = a_referral(state=ReferralState.RECEIVED)
    return an_open_case(referrals=[referral], deadlines=[deadline])


@pytest.mark.parametrize("state", NOT_RUNNING)
@pytest.mark.parametrize("kind", STEPS)
def test_a_timer_of_a_duty_that_no_longer_runs_was_overtaken(
    kind: type[Command], state: DeadlineState
) -> None:
    """A timer that fires late finds its deadline met, void or breached, and does nothing."""
    assert {"overtaken"} == why_not(with_a_duty(a_deadline(state=state)), a_command(kind))
    assert {"overtaken"} == why_not(an_open_case(), a_command(kind))


def test_a_reminder_goes_once() -> None:
    """INV-28: a repeated timer reminds nobody twice."""
    case = after(with_a_duty(a_deadline()), a_command(Remind))
    assert the(case.deadline(a_deadline().id)).reminded_at is not None
    assert {"overtaken"} == why_not(case, a_command(Remind))


def test_a_breach_follows_a_reminder_once() -> None:
    """A deadline that was reminded of can still be breached, once."""
    case = after(with_a_duty(a_deadline()), a_command(Remind), a_command(Breach))
    assert the(case.deadline(a_deadline().id)).state is DeadlineState.BREACHED
    assert {"overtaken"} == why_not(case, a_command(Breach))


@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize(
    "deadline",
    [pytest.param(a_deadline(), id="of the case"), pytest.param(an_acknowledgement(), id="of one")],
)
def test_a_timer_moves_no_stage_and_no_referral_and_sends_no_data(
    kind: type[Command], deadline: Deadline
) -> None:
    """INV-37: reminder and breach close nothing; what goes out is a content-free notice."""
    case = with_a_duty(deadline)
    answer = done(case, a_command(kind, deadline=deadline.id))
    allowed = (DeadlineRecorded, DispatchRecorded, ReferralRecorded, TaskRecorded)
    assert all(isinstance(change, allowed) for change in answer.changes)
    kinds = {c.dispatch.kind for c in answer.changes if isinstance(c, DispatchRecorded)}
    assert {DispatchKind.NOTICE} == kinds
    case = after(case, a_command(kind, deadline=deadline.id))
    assert the(case.referral(1)).state is ReferralState.RECEIVED
    assert the(case.deadline(deadline.id)).ended_at is None


@pytest.mark.parametrize(
    ("kind", "clock"),
    [
        pytest.param(Remind, Clock.WARNED, id="a reminder warns"),
        pytest.param(Breach, Clock.BREACHED, id="a breach says breached"),
    ],
)
def test_the_clock_of_a_referral_shows_its_own_duty_only(kind: type[Command], clock: Clock) -> None:
    """The clock is an axis of its own: the duty of the case does not show on a referral."""
    both = an_open_case(
        referrals=[a_referral(state=ReferralState.RECEIVED)],
        deadlines=[a_deadline(), an_acknowledgement()],
    )
    own = after(both, a_command(kind, deadline=an_acknowledgement().id), at=AT)
    assert clock is the(own.referral(1)).clock
    assert the(after(both, a_command(kind)).referral(1)).clock is Clock.RUNNING
