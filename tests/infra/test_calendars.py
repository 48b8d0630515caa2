"""The packaged calendar, day by day against the two packages that know bank holidays."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import holidays
from govuk_bank_holidays.bank_holidays import BankHolidays  # type: ignore[import-untyped]

from infra.calendars.load import england_and_wales

CALENDAR = england_and_wales()
IN_FILE = {holiday.date: holiday.title for holiday in CALENDAR.holidays}
PUBLISHED = {
    holiday["date"]: holiday["title"]
    for holiday in BankHolidays(use_cached_holidays=True).get_holidays(
        division=BankHolidays.ENGLAND_AND_WALES
    )
}


def days(first_year: int, last_year: int) -> Iterator[date]:
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        yield day
        day += timedelta(days=1)


def last_confirmed_year() -> int:
    """The year that the file itself names as the last one published."""
    found = re.search(r"(\d{4}) to (\d{4}): confirmed", CALENDAR.source)
    assert found
    return int(found[2])


def test_confirmed_years_are_those_of_gov_uk() -> None:
    """Every day from 2012 to the last confirmed year is a holiday here exactly if it is there."""
    wrong = [d for d in days(2012, last_confirmed_year()) if (d in IN_FILE) != (d in PUBLISHED)]
    assert wrong == []


def test_confirmed_holidays_have_the_titles_of_gov_uk() -> None:
    """The title is what people are shown as the reason; a substitute day is marked as one."""
    wrong = [
        day
        for day, title in PUBLISHED.items()
        if IN_FILE[day].removesuffix(" (substitute day)") != title
    ]
    assert wrong == []


def test_working_days_are_those_of_the_holidays_package() -> None:
    """A second opinion on every weekday to the end of the calendar; it lists weekends too."""
    other = holidays.country_holidays("GB", subdiv="ENG", years=range(2012, 2036))
    weekdays = (day for day in days(2012, 2035) if day.weekday() < 5)
    assert [day for day in weekdays if (day in IN_FILE) != (day in other)] == []


def test_a_year_of_confirmed_holidays_lies_ahead() -> None:
    """Fails twelve months before confirmed data end: renew the file from gov.uk then."""
    today = datetime.now(UTC).date()
    assert date(last_confirmed_year(), 12, 31) - today >= timedelta(days=365)


def test_the_source_names_the_year_from_which_holidays_are_computed() -> None:
    """A reader must see which part of the file is published and which is computed."""
    assert f"From {last_confirmed_year() + 1} to 2035: not yet published" in CALENDAR.source


def test_holidays_are_weekdays_in_order_and_named_once() -> None:
    """A weekend needs no entry, and no day has two titles."""
    listed = [holiday.date for holiday in CALENDAR.holidays]
    assert sorted(set(listed)) == listed
    assert [day for day in listed if day.weekday() >= 5] == []


def test_the_calendar_spans_whole_years_of_london() -> None:
    """The span that error sentences promise."""
    assert date(2012, 1, 1) == CALENDAR.first_day
    assert date(2035, 12, 31) == CALENDAR.last_day
    assert CALENDAR.zone == "Europe/London"
