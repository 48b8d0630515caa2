"""Counting: working days on the calendar of England and Wales, hours and seconds on any."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.calendars.load import england_and_wales
from rules.days import why_not_counted
from rules.deadlines import due, is_overdue, local_moment
from rules.duty_sets.lengths import days, hours, months, seconds, service_hours, working_days
from schemas.actor import Role
from schemas.deadlines import Calendar, DueDate, Duration, Duty, Pace, Term, Unit
from schemas.errors import BadInputError

CALENDAR = england_and_wales()
LONDON = ZoneInfo("Europe/London")
NO_TIME = seconds(0)


def a_duty(
    within: Duration,
    remind_before: Duration = NO_TIME,
    lapse_within: Duration | None = None,
    **more: Any,
) -> Duty:
    return Duty(
        id="a-duty",
        title="A duty",
        source="test",
        starts_with="a test",
        ends_with="its end",
        within=within,
        remind_before=remind_before,
        lapse_within=lapse_within,
        reminds=Role.CASEWORKER,
        escalates_to=Role.SAFEGUARDING_SUPERVISOR,
        **more,
    )


def due_from(text: str, duty: Duty) -> DueDate:
    return due(duty, local_moment(text, CALENDAR), CALENDAR)


def skipped(answer: DueDate) -> list[tuple[str, str]]:
    return [(day.date.isoformat(), day.why) for day in answer.skipped]


@pytest.mark.parametrize(
    ("start", "count", "due_at"),
    [
        pytest.param(
            "2026-11-23T09:00", 1, "2026-11-24T23:59:59+00:00", id="monday morning to tuesday"
        ),
        pytest.param(
            "2026-11-23T23:59:59", 1, "2026-11-24T23:59:59+00:00", id="last second of monday"
        ),
        pytest.param(
            "2026-11-27T18:30", 1, "2026-11-30T23:59:59+00:00", id="friday evening to monday"
        ),
        pytest.param(
            "2026-11-28T10:00", 2, "2026-12-01T23:59:59+00:00", id="saturday start to tuesday"
        ),
        pytest.param(
            "2026-11-29T10:00", 2, "2026-12-01T23:59:59+00:00", id="sunday start to tuesday"
        ),
        pytest.param(
            "2026-12-24T16:00", 2, "2026-12-30T23:59:59+00:00", id="across christmas 2026"
        ),
        pytest.param(
            "2027-12-24T16:00", 2, "2027-12-30T23:59:59+00:00", id="christmas on a weekend"
        ),
        pytest.param("2026-04-02T12:00", 1, "2026-04-07T23:59:59+01:00", id="across easter 2026"),
        pytest.param(
            "2026-03-27T12:00", 1, "2026-03-30T23:59:59+01:00", id="into summer time in march"
        ),
        pytest.param(
            "2026-10-23T12:00", 1, "2026-10-26T23:59:59+00:00", id="out of summer time in october"
        ),
        pytest.param(
            "2023-05-05T12:00", 1, "2023-05-09T23:59:59+01:00", id="the coronation holiday"
        ),
        pytest.param(
            "2026-07-01T23:30:00+00:00", 1, "2026-07-03T23:59:59+01:00", id="utc eve, london next"
        ),
        pytest.param("2026-11-24", 0, "2026-11-24T23:59:59+00:00", id="no days: the same tuesday"),
        pytest.param("2026-11-28", 0, "2026-11-30T23:59:59+00:00", id="no days: saturday moves"),
    ],
)
def test_working_days_end_with_the_last_of_them(start: str, count: int, due_at: str) -> None:
    """The day of the event is not counted; due is 23:59:59 local with that day's offset."""
    assert due_at == due_from(start, a_duty(working_days(count))).due_at.isoformat()


def test_every_skipped_day_is_listed_once_with_its_reason() -> None:
    """Christmas 2026: two holidays and a weekend lie between the start and the due day."""
    expected = [
        ("2026-12-25", "Christmas Day"),
        ("2026-12-26", "weekend"),
        ("2026-12-27", "weekend"),
        ("2026-12-28", "Boxing Day (substitute day)"),
    ]
    assert expected == skipped(due_from("2026-12-24T16:00", a_duty(working_days(2))))


def test_the_start_day_is_never_listed_as_skipped() -> None:
    """A start on Saturday skips Sunday only: the day of the event is not counted anyway."""
    answer = due_from("2026-11-28T10:00", a_duty(working_days(1)))
    expected = [("2026-11-29", "weekend")]
    assert expected == skipped(answer)


@pytest.mark.parametrize(
    ("start", "count", "due_at"),
    [
        pytest.param("2026-03-28T12:00", 24, "2026-03-29T13:00:00+01:00", id="a day of 23 hours"),
        pytest.param("2026-10-24T12:00", 24, "2026-10-25T11:00:00+00:00", id="a day of 25 hours"),
        pytest.param(
            "2026-10-25T01:30", 1, "2026-10-25T01:30:00+00:00", id="from the first 01:30 to second"
        ),
        pytest.param("2026-12-24T16:00", 24, "2026-12-25T16:00:00+00:00", id="into a holiday"),
    ],
)
def test_hours_are_elapsed_hours(start: str, count: int, due_at: str) -> None:
    """Hours run through nights, holidays and clock changes; no day is skipped."""
    answer = due_from(start, a_duty(hours(count)))
    assert (due_at, ()) == (answer.due_at.isoformat(), answer.skipped)


@pytest.mark.parametrize(
    ("start", "within", "due_at"),
    [
        pytest.param("2026-11-23T09:00", days(14), "2026-12-07T23:59:59+00:00", id="two weeks"),
        pytest.param("2026-12-24T16:00", days(2), "2026-12-26T23:59:59+00:00", id="christmas too"),
        pytest.param("2026-11-23T09:00", days(0), "2026-11-23T23:59:59+00:00", id="the same day"),
        pytest.param("2026-03-28T12:00", days(1), "2026-03-29T23:59:59+01:00", id="a short day"),
        pytest.param("2026-10-24T12:00", days(1), "2026-10-25T23:59:59+00:00", id="a long day"),
        pytest.param("2027-01-31T09:00", months(1), "2027-02-28T23:59:59+00:00", id="31 january"),
        pytest.param("2028-01-31T09:00", months(1), "2028-02-29T23:59:59+00:00", id="a leap year"),
        pytest.param("2026-11-30T09:00", months(3), "2027-02-28T23:59:59+00:00", id="30 november"),
        pytest.param("2027-02-28T09:00", months(1), "2027-03-28T23:59:59+01:00", id="not the end"),
        pytest.param("2026-12-15T09:00", months(1), "2027-01-15T23:59:59+00:00", id="a new year"),
        pytest.param("2026-11-23T09:00", months(12), "2027-11-23T23:59:59+00:00", id="a year"),
        pytest.param("2028-02-29T09:00", months(12), "2029-02-28T23:59:59+00:00", id="leap day"),
        pytest.param("2027-02-28T09:00", months(12), "2028-02-28T23:59:59+00:00", id="into leap"),
        pytest.param("2026-11-23T09:00", months(0), "2026-11-23T23:59:59+00:00", id="no months"),
        pytest.param("2026-03-15T12:00", months(1), "2026-04-15T23:59:59+01:00", id="into summer"),
        pytest.param("2026-10-15T12:00", months(1), "2026-11-15T23:59:59+00:00", id="into winter"),
        pytest.param("2027-01-30T23:30:00-02:00", months(1), "2027-02-28T23:59:59+00:00", id="utc"),
    ],
)
def test_days_and_months_run_through_days_off_and_end_with_the_day(
    start: str, within: Duration, due_at: str
) -> None:
    """A month leads to the same day, or to the last day of a shorter month; nothing is skipped."""
    answer = due_from(start, a_duty(within))
    assert (due_at, ()) == (answer.due_at.isoformat(), answer.skipped)


def test_an_hour_across_the_autumn_change_lasts_an_hour() -> None:
    """What comes out can be compared and subtracted even where the wall clock repeats."""
    start = local_moment("2026-10-25T01:30", CALENDAR)
    assert timedelta(hours=1) == due(a_duty(hours(1)), start, CALENDAR).due_at - start


@pytest.mark.parametrize(
    ("start", "within", "before", "remind_at"),
    [
        pytest.param(
            "2026-12-24T16:00",
            working_days(2),
            working_days(1),
            "2026-12-29T23:59:59+00:00",
            id="the end of the working day before",
        ),
        pytest.param(
            "2026-11-27T18:30",
            working_days(1),
            working_days(1),
            "2026-11-27T23:59:59+00:00",
            id="the evening of the start",
        ),
        pytest.param(
            "2026-11-28T10:00",
            working_days(1),
            working_days(1),
            "2026-11-28T10:00:00+00:00",
            id="a saturday start reminds at once",
        ),
        pytest.param(
            "2026-11-23T23:59:59.500000",
            working_days(1),
            working_days(1),
            "2026-11-23T23:59:59.500000+00:00",
            id="a start in the last second of a day",
        ),
        pytest.param(
            "2026-11-23T09:00",
            working_days(1),
            working_days(9),
            "2026-11-23T09:00:00+00:00",
            id="longer than the duty reminds at once",
        ),
        pytest.param(
            "2026-11-23T09:00",
            working_days(1),
            working_days(0),
            "2026-11-24T23:59:59+00:00",
            id="no lead reminds at the due time",
        ),
        pytest.param(
            "2026-11-23T09:00",
            working_days(1),
            hours(8),
            "2026-11-24T15:59:59+00:00",
            id="eight hours before the end of the day",
        ),
        pytest.param(
            "2026-11-23T09:00",
            hours(4),
            hours(9),
            "2026-11-23T09:00:00+00:00",
            id="hours never go before the start",
        ),
        pytest.param(
            "2026-11-30T09:00",
            months(3),
            days(42),
            "2027-01-17T23:59:59+00:00",
            id="six weeks before the end of a month",
        ),
        pytest.param(
            "2026-11-30T09:00",
            months(4),
            months(1),
            "2027-02-28T23:59:59+00:00",
            id="a month before the end of march",
        ),
        pytest.param(
            "2026-11-23T09:00",
            days(3),
            days(3),
            "2026-11-23T23:59:59+00:00",
            id="days back to the day of the start",
        ),
        pytest.param(
            "2026-11-23T09:00",
            days(3),
            days(4),
            "2026-11-23T09:00:00+00:00",
            id="days never go before the start",
        ),
        pytest.param(
            "2012-01-01T09:00",
            days(3),
            days(9),
            "2012-01-01T09:00:00+00:00",
            id="nor on a day before the calendar begins",
        ),
        pytest.param(
            "2026-11-23T09:00",
            days(3),
            months(30),
            "2026-11-23T09:00:00+00:00",
            id="months never go before the start",
        ),
        pytest.param(
            "2026-11-23T09:00",
            hours(30),
            days(1),
            "2026-11-23T23:59:59+00:00",
            id="a day before an hour of the day",
        ),
    ],
)
def test_the_reminder_comes_before_the_due_time_and_never_before_the_start(
    start: str, within: Duration, before: Duration, remind_at: str
) -> None:
    """A lead in working days ends with a working day; any lead stops at the start."""
    assert remind_at == due_from(start, a_duty(within, before)).remind_at.isoformat()


def test_further_reminders_stand_in_order_between_the_first_and_the_due_time() -> None:
    """Six, three and one weeks before; one that is not between them is left out."""
    leads = (days(21), days(7), days(0), days(50), days(21))
    answer = due_from("2027-01-31T09:00", a_duty(months(3), days(42), remind_again=leads))
    assert date(2027, 4, 30) == answer.due_date
    assert date(2027, 3, 19) == answer.remind_at.date()
    expected = [date(2027, 4, 9), date(2027, 4, 23)]
    assert expected == [at.date() for at in answer.remind_again_at]


ENHANCED = Term(within=working_days(1), remind_before=hours(8))
HIGH_RISK = Term(within=hours(4), remind_before=hours(1))


@pytest.mark.parametrize(
    ("paces", "counted", "due_at"),
    [
        pytest.param({Pace.STANDARD}, Pace.STANDARD, "2026-11-30T23:59:59+00:00", id="standard"),
        pytest.param({Pace.ENHANCED}, Pace.ENHANCED, "2026-11-24T23:59:59+00:00", id="enhanced"),
        pytest.param({Pace.HIGH_RISK}, Pace.HIGH_RISK, "2026-11-23T13:00:00+00:00", id="high risk"),
        pytest.param(set(Pace), Pace.HIGH_RISK, "2026-11-23T13:00:00+00:00", id="all of them"),
        pytest.param(set(), Pace.STANDARD, "2026-11-30T23:59:59+00:00", id="none said"),
    ],
)
def test_the_term_that_is_due_first_counts(paces: set[Pace], counted: Pace, due_at: str) -> None:
    """Of the standard term and those that apply; the answer says which it was."""
    duty = a_duty(working_days(5), enhanced=ENHANCED, high_risk=HIGH_RISK)
    start = local_moment("2026-11-23T09:00", CALENDAR)
    answer = due(duty, start, CALENDAR, paces=frozenset(paces))
    assert (counted, due_at) == (answer.pace, answer.due_at.isoformat())


def test_a_shorter_looking_term_that_ends_later_does_not_count() -> None:
    """24 hours from a Friday evening end on Saturday; 8 service hours only on Monday."""
    slow = Term(within=service_hours(8), remind_before=service_hours(1))
    duty = a_duty(hours(24), high_risk=slow)
    start = local_moment("2026-11-27T18:00", CALENDAR)
    answer = due(duty, start, CALENDAR, paces=frozenset({Pace.HIGH_RISK}))
    assert (Pace.STANDARD, date(2026, 11, 28)) == (answer.pace, answer.due_date)


def test_terms_that_are_due_at_once_count_as_standard() -> None:
    """Nothing is claimed to be quicker than it is."""
    same = Term(within=working_days(1), remind_before=hours(1))
    duty = a_duty(working_days(1), hours(8), enhanced=same)
    start = local_moment("2026-11-23T09:00", CALENDAR)
    assert Pace.STANDARD is due(duty, start, CALENDAR, paces=frozenset(Pace)).pace


def test_a_term_without_a_lapse_lapses_by_the_standard_one() -> None:
    """A referral at high risk is chased sooner, and is given up no sooner than any other."""
    lapsing = ENHANCED.model_copy(update={"lapse_within": working_days(3)})
    duty = a_duty(working_days(5), NO_TIME, working_days(7), enhanced=lapsing, high_risk=HIGH_RISK)
    start = local_moment("2026-11-23T09:00", CALENDAR)
    lapses = [
        due(duty, start, CALENDAR, paces=frozenset({pace})).lapse_at
        for pace in (Pace.HIGH_RISK, Pace.ENHANCED)
    ]
    expected = [
        local_moment("2026-12-02T23:59:59", CALENDAR),
        local_moment("2026-11-26T23:59:59", CALENDAR),
    ]
    assert expected == lapses


def test_a_referral_lapses_by_the_same_count_from_the_start() -> None:
    """`lapse_within` counts from the start, not from the due time."""
    answer = due_from("2026-12-24T16:00", a_duty(working_days(1), NO_TIME, working_days(2)))
    assert datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC) == answer.lapse_at


def test_a_duty_without_a_lapse_never_lapses() -> None:
    """Most duties stay owed for ever."""
    assert due_from("2026-12-24T16:00", a_duty(working_days(1))).lapse_at is None


@pytest.mark.parametrize(
    ("start", "within"),
    [
        pytest.param("2011-12-31T12:00", working_days(1), id="start before the first day"),
        pytest.param("2036-01-01T00:00", working_days(0), id="start after the last day"),
        pytest.param("2035-12-31T12:00", working_days(1), id="last day is only the start"),
        pytest.param("2035-12-31T12:00", hours(24), id="hours that run past the last day"),
        pytest.param("2026-11-23T12:00", hours(10**12), id="hours past the end of dates"),
        pytest.param("2026-11-23T12:00", hours(10**20), id="more hours than can be written"),
        pytest.param("2026-11-23T12:00", working_days(10**9), id="more days than are known"),
        pytest.param("2035-12-31T12:00", days(1), id="a day past the last day"),
        pytest.param("2026-11-23T12:00", days(10**20), id="more days than can be written"),
        pytest.param("2035-12-31T12:00", months(1), id="a month past the last day"),
        pytest.param("2026-11-23T12:00", months(10**20), id="more months than can be written"),
        pytest.param("2035-12-31T16:00", service_hours(4), id="service hours past the last day"),
        pytest.param("2026-11-23T12:00", service_hours(10**20), id="more hours than there are"),
    ],
)
def test_what_the_calendar_does_not_know_is_refused(start: str, within: Duration) -> None:
    """A guess about unknown years would be a wrong due date that looks right."""
    with pytest.raises(BadInputError, match="2012-01-01 to 2035-12-31") as caught:
        due_from(start, a_duty(within))
    assert caught.value.field == "start"


def test_a_lapse_past_the_calendar_is_refused_too() -> None:
    """Every time in the answer has to be known, not only the due time."""
    with pytest.raises(BadInputError):
        due_from("2035-12-28T12:00", a_duty(working_days(1), NO_TIME, working_days(2)))


@pytest.mark.parametrize("second", [0, 1, 2])
def test_a_duty_is_overdue_only_after_its_due_time(second: int) -> None:
    """At the due time itself it is still in time."""
    due_at = datetime(2026, 11, 24, 12, 0, 1, tzinfo=UTC)
    assert (second == 2) is is_overdue(due_at, due_at.replace(second=second))


def test_overdue_is_right_where_the_wall_clock_repeats() -> None:
    """The second 01:10 of the autumn night is later than the first 01:50."""
    first = datetime(2026, 10, 25, 1, 50, tzinfo=LONDON)
    second = datetime(2026, 10, 25, 1, 10, tzinfo=LONDON, fold=1)
    assert is_overdue(first, second)


def test_a_time_without_an_offset_is_a_bug() -> None:
    """Guessing a zone for a naive time would be an hour wrong half of the year."""
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - the point of the test
    aware = naive.replace(tzinfo=UTC)
    with pytest.raises(ValueError, match="offset"):
        due(a_duty(hours(1)), naive, CALENDAR)
    with pytest.raises(ValueError, match="offset"):
        is_overdue(naive, aware)
    with pytest.raises(ValueError, match="offset"):
        is_overdue(aware, naive)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("2026-12-24T16:00", "2026-12-24T16:00:00+00:00", id="winter"),
        pytest.param("2026-07-01T16:00", "2026-07-01T16:00:00+01:00", id="summer"),
        pytest.param(" 2026-07-01 16:00 ", "2026-07-01T16:00:00+01:00", id="spaces"),
        pytest.param("2026-07-01", "2026-07-01T00:00:00+01:00", id="a date is its midnight"),
        pytest.param("2026-07-01T16:00Z", "2026-07-01T17:00:00+01:00", id="utc"),
        pytest.param("2026-07-01T16:00-05:00", "2026-07-01T22:00:00+01:00", id="new york"),
        pytest.param("2026-10-25T01:30", "2026-10-25T01:30:00+01:00", id="first of the two"),
        pytest.param("2026-03-29T02:00", "2026-03-29T02:00:00+01:00", id="just after the gap"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, moment: str) -> None:
    """Without an offset it is local time; with one it is the same moment in local time."""
    assert moment == local_moment(text, CALENDAR).isoformat()


@pytest.mark.parametrize("text", ["2026-03-29T01:00", "2026-03-29T01:30", "2026-03-29T01:59:59"])
def test_a_time_the_clocks_skipped_is_refused(text: str) -> None:
    """On 29 March 2026 no clock in London showed 01:30; the sentence says so."""
    with pytest.raises(BadInputError, match="clocks went forward"):
        local_moment(text, CALENDAR)


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "24/12/2026", "2026-13-01", "2026-02-30", "0001-01-01T00:00+14:00", "12:00"],
)
def test_junk_is_refused_with_an_example(text: str) -> None:
    """The sentence shows how to write it and names the field, but never repeats the junk."""
    with pytest.raises(BadInputError, match="2026-12-24T16:00") as caught:
        local_moment(text, CALENDAR, field="since")
    assert caught.value.field == "since"


starts = st.datetimes(
    min_value=datetime(2012, 1, 2),  # noqa: DTZ001 - Hypothesis wants naive bounds
    max_value=datetime(2035, 10, 1),  # noqa: DTZ001 - the same
    timezones=st.just(UTC),
)
counts = st.integers(min_value=1, max_value=40)


@given(starts, st.integers(min_value=0, max_value=40))
def test_nothing_is_ever_due_on_a_day_off(start: datetime, count: int) -> None:
    """For every start and count the due day is a working day."""
    answer = due(a_duty(working_days(count)), start, CALENDAR)
    assert why_not_counted(answer.due_date, CALENDAR) is None
    assert answer.due_at.timetz().replace(tzinfo=None) == time(23, 59, 59)


@given(starts, starts, counts)
def test_a_later_start_is_never_due_earlier(one: datetime, other: datetime, count: int) -> None:
    """The due time is monotone in the start."""
    earlier, later = sorted((one, other))
    duty = a_duty(working_days(count))
    assert due(duty, earlier, CALENDAR).due_at <= due(duty, later, CALENDAR).due_at


@given(starts, counts)
def test_skipped_and_counted_days_cover_every_day(start: datetime, count: int) -> None:
    """After the start each day up to the due day is either skipped or one of those counted."""
    answer = due(a_duty(working_days(count)), start, CALENDAR)
    first = start.astimezone(LONDON).date()
    all_days = {first + timedelta(days=n) for n in range(1, (answer.due_date - first).days + 1)}
    left = {day.date for day in answer.skipped}
    assert len(left) == len(answer.skipped)
    assert left <= all_days
    assert count == len(all_days - left)
    assert all(why_not_counted(day, CALENDAR) is None for day in all_days - left)


@given(starts, counts, st.integers(min_value=-14 * 60, max_value=14 * 60))
def test_the_zone_a_start_is_written_in_does_not_matter(
    start: datetime, count: int, minutes: int
) -> None:
    """The same moment written with another offset is due at the same moment."""
    duty = a_duty(working_days(count), working_days(1))
    elsewhere = start.astimezone(timezone(timedelta(minutes=minutes)))
    assert due(duty, start, CALENDAR) == due(duty, elsewhere, CALENDAR)


lengths = st.builds(Duration, count=counts, unit=st.sampled_from(list(Unit)))
leads = st.builds(Duration, count=st.integers(0, 50), unit=st.sampled_from(list(Unit)))


@given(starts.filter(lambda start: start.year < 2032), lengths, leads)
def test_a_reminder_lies_between_start_and_due_time(
    start: datetime, within: Duration, lead: Duration
) -> None:
    """Whatever the units, nobody is reminded before the start or after the due time."""
    answer = due(a_duty(within, lead), start, CALENDAR)
    assert start <= answer.remind_at <= answer.due_at


@given(starts.filter(lambda start: start.year < 2032), lengths)
def test_a_duty_is_due_after_its_start(start: datetime, within: Duration) -> None:
    """In every unit; and one more of it is never due earlier."""
    more = within.model_copy(update={"count": within.count + 1})
    due_at = due(a_duty(within), start, CALENDAR).due_at
    assert start < due_at <= due(a_duty(more), start, CALENDAR).due_at


@given(
    starts, st.integers(min_value=0, max_value=2000), st.sampled_from([Unit.HOURS, Unit.SECONDS])
)
def test_elapsed_time_is_exact(start: datetime, count: int, unit: Unit) -> None:
    """Hours and seconds are added in absolute time, whatever the clocks do."""
    answer = due(a_duty(Duration(count=count, unit=unit)), start, CALENDAR)
    assert timedelta(**{unit.value: count}) == answer.due_at - start


def test_a_calendar_of_another_zone_counts_its_own_days() -> None:
    """Nothing about London is built in: zone and holidays are the calendar's."""
    auckland = Calendar(
        id="nowhere",
        zone="Pacific/Auckland",
        source="test",
        first_day=date(2026, 1, 1),
        last_day=date(2026, 12, 31),
        holidays=(),
    )
    answer = due(a_duty(working_days(1)), datetime(2026, 4, 2, 12, tzinfo=UTC), auckland)
    assert answer.due_at.isoformat() == "2026-04-06T23:59:59+12:00"
    assert answer.calendar == "nowhere"
