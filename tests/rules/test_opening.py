"""Service hours: counted while the service is open, and not a minute otherwise."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.calendars.load import england_and_wales
from rules import opening
from rules.deadlines import due, local_moment
from rules.duty_sets.lengths import service_hours, working_days
from schemas.deadlines import DueDate, Duration, Pace, Term
from schemas.errors import BadInputError
from schemas.hours import OpeningHours, OpenSlot
from tests.rules.test_deadlines import CALENDAR, a_duty, skipped

NINE_TO_FIVE = opening.OFFICE_HOURS


def open_on(
    *slots: tuple[int, str, str], closed_on: tuple[date, ...] = (), on_holidays: bool = False
) -> OpeningHours:
    return OpeningHours(
        slots=tuple(
            OpenSlot(
                weekday=day, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
            )
            for day, opens, closes in slots
        ),
        closed_on=closed_on,
        open_on_holidays=on_holidays,
    )


def due_from(text: str, count: int, hours: OpeningHours | None = None, lead: int = 0) -> DueDate:
    duty = a_duty(service_hours(count), service_hours(lead))
    return due(duty, local_moment(text, CALENDAR), CALENDAR, hours=hours)


@pytest.mark.parametrize(
    ("start", "count", "due_at"),
    [
        pytest.param("2026-11-23T10:00", 4, "2026-11-23T14:00:00+00:00", id="within a day"),
        pytest.param("2026-11-23T13:00", 4, "2026-11-23T17:00:00+00:00", id="up to closing"),
        pytest.param("2026-11-23T15:30", 4, "2026-11-24T11:30:00+00:00", id="over a night"),
        pytest.param("2026-11-23T07:00", 4, "2026-11-23T13:00:00+00:00", id="before opening"),
        pytest.param("2026-11-23T17:00", 4, "2026-11-24T13:00:00+00:00", id="at closing"),
        pytest.param("2026-11-27T15:00", 4, "2026-11-30T11:00:00+00:00", id="over a weekend"),
        pytest.param("2026-11-28T10:00", 4, "2026-11-30T13:00:00+00:00", id="from a saturday"),
        pytest.param("2026-12-24T15:00", 4, "2026-12-29T11:00:00+00:00", id="over christmas"),
        pytest.param("2026-04-02T15:00", 4, "2026-04-07T11:00:00+01:00", id="over easter"),
        pytest.param("2026-03-27T15:00", 4, "2026-03-30T11:00:00+01:00", id="into summer time"),
        pytest.param("2026-10-23T15:00", 4, "2026-10-26T11:00:00+00:00", id="out of summer time"),
        pytest.param("2026-11-28T10:00", 0, "2026-11-28T10:00:00+00:00", id="no hours at all"),
        pytest.param("2026-11-23T09:00", 40, "2026-11-27T17:00:00+00:00", id="a whole week"),
    ],
)
def test_service_hours_run_only_while_the_service_is_open(
    start: str, count: int, due_at: str
) -> None:
    """Monday to Friday from nine to five: nights, weekends and holidays do not count."""
    assert due_at == due_from(start, count, NINE_TO_FIVE).due_at.isoformat()


@pytest.mark.parametrize(
    "hours",
    [
        pytest.param(None, id="none known"),
        pytest.param(OpeningHours(), id="none published"),
    ],
)
def test_a_service_without_published_hours_is_counted_by_office_hours(
    hours: OpeningHours | None,
) -> None:
    """A duty in service hours is never without an end."""
    assert due_from("2026-11-27T15:00", 4, NINE_TO_FIVE) == due_from("2026-11-27T15:00", 4, hours)


def test_a_closing_day_counts_without_published_hours_too() -> None:
    """A service may say only when it is closed."""
    closed = OpeningHours(closed_on=(date(2026, 11, 23),))
    assert date(2026, 11, 24) == due_from("2026-11-23T10:00", 4, closed).due_date


def test_closed_days_are_listed_with_their_reason() -> None:
    """Christmas 2026 at a service that is open on Saturdays and closed on New Year's Eve."""
    slots = ((3, "09:00", "17:00"), (5, "10:00", "12:00"))
    hours = open_on(*slots, closed_on=(date(2026, 12, 31),))
    answer = due_from("2026-12-24T15:00", 5, hours)
    assert "2027-01-02T11:00:00+00:00" == answer.due_at.isoformat()
    expected = [
        ("2026-12-25", "service closed"),
        ("2026-12-27", "service closed"),
        ("2026-12-28", "service closed"),
        ("2026-12-29", "service closed"),
        ("2026-12-30", "service closed"),
        ("2026-12-31", "service closed"),
        ("2027-01-01", "service closed"),
    ]
    assert expected == skipped(answer)


def test_a_bank_holiday_is_listed_by_its_title() -> None:
    """Friday 25 and Monday 28 December would be open days."""
    expected = [
        ("2026-12-25", "Christmas Day"),
        ("2026-12-26", "service closed"),
        ("2026-12-27", "service closed"),
        ("2026-12-28", "Boxing Day (substitute day)"),
    ]
    assert expected == skipped(due_from("2026-12-24T15:00", 4, NINE_TO_FIVE))


def test_a_closed_day_of_the_start_is_listed_too() -> None:
    """Unlike with working days, the day of the start would have counted."""
    expected = [("2026-11-28", "service closed"), ("2026-11-29", "service closed")]
    assert expected == skipped(due_from("2026-11-28T10:00", 4, NINE_TO_FIVE))


def test_a_service_that_is_open_on_holidays_counts_them() -> None:
    """A helpline answers on Christmas Day, except on a day that it says it is closed."""
    every_day = tuple((day, "08:00", "20:00") for day in range(7))
    hours = open_on(*every_day, closed_on=(date(2026, 12, 26),), on_holidays=True)
    answer = due_from("2026-12-25T18:00", 4, hours)
    assert "2026-12-27T10:00:00+00:00" == answer.due_at.isoformat()
    assert [("2026-12-26", "service closed")] == skipped(answer)


def test_overlapping_slots_count_once() -> None:
    """09:00 to 13:00 and 12:00 to 14:00 are five hours, not six."""
    hours = open_on((0, "09:00", "13:00"), (0, "12:00", "14:00"), (1, "09:00", "17:00"))
    assert "2026-11-24T10:00:00+00:00" == due_from("2026-11-23T09:00", 6, hours).due_at.isoformat()


@pytest.mark.parametrize(
    ("start", "due_at"),
    [
        pytest.param(
            "2026-03-28T23:00", "2026-03-29T04:00:00+01:00", id="a night of one hour less"
        ),
        pytest.param(
            "2026-10-24T23:00", "2026-10-25T02:00:00+00:00", id="a night of one hour more"
        ),
    ],
)
def test_a_night_service_counts_real_hours_when_the_clocks_change(start: str, due_at: str) -> None:
    """Open from midnight until six on Sunday: three hours later, whatever the clock shows."""
    hours = open_on((6, "00:00", "06:00"))
    assert due_at == due_from(start, 3, hours).due_at.isoformat()


def test_a_slot_that_the_clock_change_swallows_is_no_time() -> None:
    """On 29 March 2026 no clock showed 01:30; the service was not open for minus half an hour."""
    hours = open_on((6, "01:30", "02:00"), (0, "09:00", "17:00"))
    assert "2026-03-30T11:00:00+01:00" == due_from("2026-03-28T12:00", 2, hours).due_at.isoformat()


def test_a_service_that_never_opens_is_refused() -> None:
    """Its only day is always a bank holiday; counting ends with the calendar, not never."""
    calendar = england_and_wales().model_copy(update={"last_day": date(2026, 1, 1)})
    duty = a_duty(service_hours(1))
    start = local_moment("2026-01-01T09:00", calendar)
    with pytest.raises(BadInputError, match="2026-01-01"):
        due(duty, start, calendar, hours=open_on((3, "09:00", "17:00")))


def test_a_service_with_next_to_no_hours_keeps_the_standard_term() -> None:
    """One minute a week is no way to count four hours; the referral is still due."""
    term = Term(within=service_hours(40), remind_before=service_hours(1))
    duty = a_duty(working_days(1), high_risk=term)
    start = local_moment("2026-11-23T09:00", CALENDAR)
    hours = open_on((0, "09:00", "09:01"))
    answer = due(duty, start, CALENDAR, paces=frozenset(Pace), hours=hours)
    assert (Pace.STANDARD, date(2026, 11, 24)) == (answer.pace, answer.due_date)


@pytest.mark.parametrize(
    ("start", "count", "lead", "remind_at"),
    [
        pytest.param("2026-11-23T10:00", 4, 1, "2026-11-23T13:00:00+00:00", id="within a day"),
        pytest.param("2026-11-27T15:00", 4, 3, "2026-11-27T16:00:00+00:00", id="over a weekend"),
        pytest.param("2026-11-27T15:00", 4, 2, "2026-11-30T09:00:00+00:00", id="to the opening"),
        pytest.param("2026-11-27T15:00", 4, 9, "2026-11-27T15:00:00+00:00", id="not before start"),
    ],
)
def test_a_lead_in_service_hours_counts_back_in_them(
    start: str, count: int, lead: int, remind_at: str
) -> None:
    """A reminder comes while somebody is there to act on it."""
    assert remind_at == due_from(start, count, NINE_TO_FIVE, lead).remind_at.isoformat()


moments = st.datetimes(
    min_value=datetime(2026, 1, 1),  # noqa: DTZ001 - Hypothesis wants naive bounds
    max_value=datetime(2028, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
_minutes = st.integers(min_value=0, max_value=24 * 60 - 1)
slots = st.tuples(st.integers(0, 6), _minutes, _minutes).filter(
    lambda slot: slot[2] - slot[1] >= 30
)
published = st.lists(slots, min_size=1, max_size=8).map(
    lambda made: OpeningHours(
        slots=tuple(
            OpenSlot(
                weekday=day,
                opens=time(opens // 60, opens % 60),
                closes=time(closes // 60, closes % 60),
            )
            for day, opens, closes in made
        )
    )
)


@given(moments, st.integers(1, 20), published)
def test_between_start_and_due_time_the_service_was_open_that_long(
    start: datetime, count: int, hours: OpeningHours
) -> None:
    """Counting and measuring agree, over holidays, clock changes and odd hours."""
    length = Duration(count=count, unit=service_hours(0).unit)
    due_at = due(a_duty(length), start, CALENDAR, hours=hours).due_at
    assert timedelta(hours=count) == opening.open_between(start, due_at, CALENDAR, hours)


@given(moments, st.integers(1, 20), published)
def test_counting_back_undoes_counting_on(start: datetime, count: int, hours: OpeningHours) -> None:
    """What was counted from an opening leads back to it."""
    length = timedelta(hours=count)
    opens = opening.open_after(timedelta(seconds=1), start, CALENDAR, hours) - timedelta(seconds=1)
    due_at = opening.open_after(length, opens, CALENDAR, hours)
    back = opening.open_before(length, due_at, opens, CALENDAR, hours)
    assert opens == back
