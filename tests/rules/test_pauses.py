"""After a pause what was left is given again; an extension moves everything that follows."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.deadlines import due, extended, local_moment, resumed
from rules.duty_sets.lengths import days, hours, months, seconds, service_hours, working_days
from rules.opening import OFFICE_HOURS
from schemas.deadlines import (
    Deadline,
    DeadlineState,
    Duration,
    Duty,
    ExtensionReason,
    Pace,
    PauseReason,
    Term,
    Unit,
)
from tests.rules.test_deadlines import CALENDAR, NO_TIME, a_duty


def at(text: str) -> datetime:
    return local_moment(text, CALENDAR)


def running(duty: Duty, start: datetime, pace: Pace = Pace.STANDARD, **facts: Any) -> Deadline:
    counted = due(duty, start, CALENDAR, paces=frozenset({pace}), hours=OFFICE_HOURS)
    return Deadline(
        id=duty.id,
        duty=duty.id,
        referral=None,
        started_at=start,
        due_at=counted.due_at,
        remind_at=counted.remind_at,
        remind_again_at=counted.remind_again_at,
        lapse_at=counted.lapse_at,
        calendar=counted.calendar,
        pace=counted.pace,
        state=DeadlineState.RUNNING,
    ).model_copy(update=facts)


def paused(deadline: Deadline, when: datetime) -> Deadline:
    facts = {
        "state": DeadlineState.PAUSED,
        "paused_at": when,
        "pause_reason": PauseReason.NOT_SAFE_TO_CONTACT,
    }
    return deadline.model_copy(update=facts)


def after_pause(duty: Duty, start: str, pause: str, resume: str, **facts: Any) -> Deadline:
    deadline = running(duty, at(start), **facts)
    return resumed(paused(deadline, at(pause)), duty, at(resume), CALENDAR, OFFICE_HOURS)


@pytest.mark.parametrize(
    ("within", "start", "pause", "resume", "due_at"),
    [
        pytest.param(
            working_days(5),
            "2026-11-23T09:00",
            "2026-11-25T12:00",
            "2026-12-02T09:00",
            "2026-12-07T23:59:59+00:00",
            id="three working days left, over a weekend",
        ),
        pytest.param(
            working_days(5),
            "2026-11-23T09:00",
            "2026-11-27T18:00",
            "2026-11-29T18:00",
            "2026-11-30T23:59:59+00:00",
            id="a weekend costs no working day",
        ),
        pytest.param(
            working_days(1),
            "2026-11-23T09:00",
            "2026-11-24T10:00",
            "2026-11-26T16:00",
            "2026-11-26T23:59:59+00:00",
            id="paused on the due day: the rest of a day",
        ),
        pytest.param(
            working_days(1),
            "2026-11-26T09:00",
            "2026-11-27T10:00",
            "2026-11-28T16:00",
            "2026-11-30T23:59:59+00:00",
            id="the rest of a working day is no saturday",
        ),
        pytest.param(
            working_days(2),
            "2026-12-23T09:00",
            "2026-12-24T09:00",
            "2026-12-28T09:00",
            "2026-12-29T23:59:59+00:00",
            id="paused over christmas",
        ),
        pytest.param(
            working_days(2),
            "2026-11-23T09:00",
            "2026-11-23T10:00",
            "2026-11-23T20:00",
            "2026-11-25T23:59:59+00:00",
            id="a pause within a day",
        ),
        pytest.param(
            days(14),
            "2027-01-25T09:00",
            "2027-01-30T09:00",
            "2027-02-02T09:00",
            "2027-02-11T23:59:59+00:00",
            id="days, over the end of a month",
        ),
        pytest.param(
            months(1),
            "2027-01-31T09:00",
            "2027-02-20T09:00",
            "2027-03-31T09:00",
            "2027-04-08T23:59:59+01:00",
            id="a month: the eight calendar days left",
        ),
        pytest.param(
            hours(24),
            "2026-10-24T12:00",
            "2026-10-24T18:00",
            "2026-10-25T06:00",
            "2026-10-26T00:00:00+00:00",
            id="hours, over the end of summer time",
        ),
        pytest.param(
            seconds(30),
            "2026-11-23T09:00:00",
            "2026-11-23T09:00:20",
            "2026-11-23T09:01:00",
            "2026-11-23T09:01:10+00:00",
            id="seconds",
        ),
        pytest.param(
            service_hours(4),
            "2026-11-27T14:00",
            "2026-11-27T16:00",
            "2026-11-28T12:00",
            "2026-11-30T11:00:00+00:00",
            id="two service hours left, over a weekend",
        ),
        pytest.param(
            service_hours(4),
            "2026-11-27T14:00",
            "2026-11-28T09:00",
            "2026-11-29T18:00",
            "2026-11-30T10:00:00+00:00",
            id="a pause while the service was closed",
        ),
    ],
)
def test_what_was_left_when_it_was_paused_is_left_again(
    within: Duration, start: str, pause: str, resume: str, due_at: str
) -> None:
    """Counted in the unit of the duty, from the moment it goes on."""
    deadline = after_pause(a_duty(within), start, pause, resume)
    assert due_at == deadline.due_at.isoformat()
    assert (DeadlineState.RUNNING, None, None) == (
        deadline.state,
        deadline.paused_at,
        deadline.pause_reason,
    )


def test_the_term_that_was_counted_is_the_one_that_goes_on() -> None:
    """Counted in service hours at high risk, it is given its service hours again."""
    term = Term(within=service_hours(4), remind_before=service_hours(1))
    duty = a_duty(working_days(5), high_risk=term)
    start, stop, goes_on = at("2026-11-23T10:00"), at("2026-11-23T12:00"), at("2026-11-24T18:00")
    deadline = paused(running(duty, start, Pace.HIGH_RISK), stop)
    again = resumed(deadline, duty, goes_on, CALENDAR, OFFICE_HOURS)
    assert Pace.HIGH_RISK is again.pace
    assert at("2026-11-25T11:00") == again.due_at
    assert at("2026-11-25T10:00") == again.remind_at


def test_reminders_and_lapse_move_along() -> None:
    """Each stands to the new due time as it stood to the old one."""
    duty = a_duty(working_days(5), working_days(4), working_days(7), remind_again=(hours(24),))
    deadline = after_pause(duty, "2026-11-23T09:00", "2026-11-23T12:00", "2026-11-25T12:00")
    assert at("2026-12-02T23:59:59") == deadline.due_at
    assert at("2026-11-26T23:59:59") == deadline.remind_at
    assert (at("2026-12-01T23:59:59"),) == deadline.remind_again_at
    assert at("2026-12-04T23:59:59") == deadline.lapse_at


def test_a_lapse_never_comes_before_the_due_time() -> None:
    """Where the two are counted in units of their own, the service is still given its due time."""
    term = Term(within=service_hours(8), remind_before=service_hours(1))
    duty = a_duty(working_days(5), NO_TIME, days(3), high_risk=term)
    start, stop, goes_on = at("2026-12-23T16:00"), at("2026-12-24T15:30"), at("2026-12-24T16:59")
    deadline = paused(running(duty, start, Pace.HIGH_RISK), stop)
    assert at("2026-12-24T16:00") == deadline.due_at
    again = resumed(deadline, duty, goes_on, CALENDAR, OFFICE_HOURS)
    assert at("2026-12-29T09:29") == again.due_at
    assert again.due_at == again.lapse_at


def test_a_reminder_that_was_sent_is_not_repeated_when_its_new_time_has_passed() -> None:
    """Two working days before the end, with one left: whoever was reminded knows."""
    duty = a_duty(working_days(5), working_days(2))
    sent = {"reminded_at": at("2026-11-26T23:59:59")}
    again = after_pause(duty, "2026-11-23T09:00", "2026-11-27T12:00", "2026-12-07T12:00", **sent)
    assert at("2026-12-08T23:59:59") == again.due_at
    assert at("2026-11-26T23:59:59") == again.remind_at == again.reminded_at


def test_a_reminder_that_was_sent_goes_again_when_its_new_time_is_to_come() -> None:
    """Reminded on the afternoon of the due day, and again on that of the new one."""
    duty = a_duty(working_days(1), hours(8))
    sent = {"reminded_at": at("2026-11-24T16:00")}
    again = after_pause(duty, "2026-11-23T09:00", "2026-11-24T18:00", "2026-11-26T09:00", **sent)
    assert at("2026-11-26T15:59:59") == again.remind_at
    assert again.reminded_at is None


def test_of_several_reminders_only_those_to_come_go_again() -> None:
    """What was sent stays in the list as it was sent; the last one is still to come."""
    duty = a_duty(months(3), days(42), remind_again=(days(21), days(7)))
    sent = {"reminded_at": at("2027-02-08T00:00")}
    again = after_pause(duty, "2026-11-30T09:00", "2027-02-10T09:00", "2027-03-10T09:00", **sent)
    assert at("2027-03-28T23:59:59") == again.due_at
    assert at("2027-01-17T23:59:59") == again.remind_at
    expected = (at("2027-02-07T23:59:59"), at("2027-03-21T23:59:59"))
    assert expected == again.remind_again_at
    assert at("2027-02-08T00:00") == again.reminded_at


def test_a_reminder_whose_time_passed_unsent_is_made_up_for() -> None:
    """It goes at once, because nobody has been reminded yet."""
    duty = a_duty(working_days(1), working_days(1))
    again = after_pause(duty, "2026-11-23T09:00", "2026-11-23T10:00", "2026-11-26T12:00")
    assert at("2026-11-27T23:59:59") == again.due_at
    assert at("2026-11-26T23:59:59") == again.remind_at
    late = after_pause(duty, "2026-11-23T09:00", "2026-11-24T10:00", "2026-11-26T12:00")
    assert (at("2026-11-25T23:59:59"), None) == (late.remind_at, late.reminded_at)


def test_what_was_late_when_it_was_paused_is_as_late_as_it_was() -> None:
    """INV-37: a pause never makes a breach undone."""
    duty = a_duty(working_days(1), NO_TIME, working_days(3))
    again = after_pause(duty, "2026-11-23T09:00", "2026-11-25T10:00", "2026-12-03T09:00")
    assert DeadlineState.BREACHED is again.state
    assert (at("2026-11-24T23:59:59"), at("2026-11-26T23:59:59")) == (again.due_at, again.lapse_at)
    assert again.paused_at is None


def test_only_a_paused_deadline_goes_on() -> None:
    """Asking for it is a mistake of the caller."""
    duty = a_duty(hours(4))
    deadline = running(duty, at("2026-11-23T09:00"))
    with pytest.raises(ValueError, match="paused"):
        resumed(deadline, duty, at("2026-11-23T10:00"), CALENDAR)


@pytest.mark.parametrize(
    ("within", "by", "due_at"),
    [
        pytest.param(
            working_days(1), working_days(2), "2026-11-26T23:59:59+00:00", id="working days"
        ),
        pytest.param(
            working_days(4), working_days(1), "2026-11-30T23:59:59+00:00", id="over a weekend"
        ),
        pytest.param(working_days(4), days(1), "2026-11-28T23:59:59+00:00", id="onto a saturday"),
        pytest.param(months(1), months(2), "2027-02-23T23:59:59+00:00", id="months"),
        pytest.param(hours(4), hours(24), "2026-11-24T13:00:00+00:00", id="hours"),
        pytest.param(
            service_hours(4), service_hours(6), "2026-11-24T11:00:00+00:00", id="service hours"
        ),
        pytest.param(hours(4), working_days(1), "2026-11-24T23:59:59+00:00", id="another unit"),
    ],
)
def test_an_extension_counts_from_the_due_time(within: Duration, by: Duration, due_at: str) -> None:
    """From Monday 23 November, 09:00; the extension may be in a unit of its own."""
    duty = a_duty(within)
    longer = extended(running(duty, at("2026-11-23T09:00")), duty, by, CALENDAR, OFFICE_HOURS)
    assert due_at == longer.due_at.isoformat()


def test_an_extension_moves_reminders_and_lapse_and_leaves_the_state() -> None:
    """Whether a breached one is in time again is for whoever knows the moment to say."""
    duty = a_duty(working_days(1), hours(8), working_days(2), remind_again=(hours(2),))
    facts: dict[str, Any] = {
        "state": DeadlineState.BREACHED,
        "extension_reason": ExtensionReason.AGREED_WITH_HER,
        "reminded_at": at("2026-11-24T16:00"),
    }
    deadline = running(duty, at("2026-11-23T09:00"), **facts)
    longer = extended(deadline, duty, working_days(5), CALENDAR)
    assert at("2026-12-01T23:59:59") == longer.due_at
    assert (at("2026-12-01T15:59:59"), None) == (longer.remind_at, longer.reminded_at)
    assert (at("2026-12-01T21:59:59"),) == longer.remind_again_at
    assert at("2026-12-02T23:59:59") == longer.lapse_at
    assert (deadline.state, deadline.extension_reason) == (longer.state, longer.extension_reason)


def test_an_extended_deadline_keeps_its_extension_through_a_pause() -> None:
    """What is left is counted to the time that was agreed."""
    duty = a_duty(working_days(1))
    longer = extended(running(duty, at("2026-11-23T09:00")), duty, working_days(3), CALENDAR)
    again = resumed(paused(longer, at("2026-11-24T10:00")), duty, at("2026-11-25T09:00"), CALENDAR)
    assert at("2026-11-30T23:59:59") == again.due_at


starts = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds
    max_value=datetime(2030, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
lengths = st.builds(Duration, count=st.integers(1, 12), unit=st.sampled_from(list(Unit)))
leads = st.builds(Duration, count=st.integers(0, 12), unit=st.sampled_from(list(Unit)))
duties = st.builds(
    a_duty,
    lengths,
    leads,
    st.none() | lengths,
    remind_again=st.lists(leads, max_size=2).map(tuple),
)
shares = st.floats(0, 1)
pauses = st.integers(0, 60 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes))


def part_of(deadline: Deadline, share: float) -> datetime:
    return deadline.started_at + share * (deadline.due_at - deadline.started_at)


def reminded(deadline: Deadline, when: datetime) -> Deadline:
    """As a clockwork that is never late leaves it: reminded of all that was to be reminded of."""
    sent = [t for t in (deadline.remind_at, *deadline.remind_again_at) if t <= when]
    return deadline.model_copy(update={"reminded_at": max(sent)}) if sent else deadline


def lapses_in_order(deadline: Deadline) -> bool:
    return deadline.lapse_at is None or deadline.due_at <= deadline.lapse_at


@given(duties, starts, shares)
def test_pausing_for_no_time_changes_nothing(duty: Duty, start: datetime, share: float) -> None:
    """Whatever the units, and however much of it has passed."""
    deadline = running(duty, start)
    assume(lapses_in_order(deadline))
    when = part_of(deadline, share)
    deadline = reminded(deadline, when)
    again = resumed(paused(deadline, when), duty, when, CALENDAR, OFFICE_HOURS)
    assert deadline == again


@given(duties, starts, shares, lengths)
def test_pausing_for_no_time_keeps_an_extension_of_any_unit(
    duty: Duty, start: datetime, share: float, by: Duration
) -> None:
    """Also one that leads onto a Saturday, where no working day is left to count."""
    longer = extended(running(duty, start), duty, by, CALENDAR, OFFICE_HOURS)
    when = part_of(longer, share)
    again = resumed(paused(longer, when), duty, when, CALENDAR, OFFICE_HOURS)
    assert longer.due_at == again.due_at


@given(duties, starts, shares, pauses, pauses)
def test_a_longer_pause_never_makes_it_due_earlier(
    duty: Duty, start: datetime, share: float, one: timedelta, other: timedelta
) -> None:
    """Nor the lapse; and nothing is due before it was, or before it goes on."""
    deadline = running(duty, start)
    when = part_of(deadline, share)
    shorter, longer = (
        resumed(paused(deadline, when), duty, when + length, CALENDAR, OFFICE_HOURS)
        for length in sorted((one, other))
    )
    assert deadline.due_at <= shorter.due_at <= longer.due_at
    assert when + max(one, other) <= longer.due_at
    if deadline.lapse_at and shorter.lapse_at and longer.lapse_at:
        assert deadline.lapse_at <= shorter.lapse_at <= longer.lapse_at
        assert longer.due_at <= longer.lapse_at


@given(duties, starts, lengths)
def test_an_extension_makes_it_due_later(duty: Duty, start: datetime, by: Duration) -> None:
    """By any length of any unit; reminders stay between start and due time, and in order."""
    deadline = running(duty, start)
    longer = extended(deadline, duty, by, CALENDAR, OFFICE_HOURS)
    assert deadline.due_at < longer.due_at
    times = [start, longer.remind_at, *longer.remind_again_at, longer.due_at]
    assert times == sorted(times)
