"""Time while a service is open: its published hours laid on the days of a calendar.

A service that publishes no hours is counted as open on working days from 09:00 to 17:00: a design
choice, so that a duty in service hours is never without an end.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from rules.days import ONE_DAY, at_time, bank_holiday, known, local, utc
from schemas.deadlines import Calendar
from schemas.hours import OpeningHours, OpenSlot

OFFICE_HOURS = OpeningHours(
    slots=tuple(OpenSlot(weekday=day, opens=time(9), closes=time(17)) for day in range(5))
)

Spell = tuple[datetime, datetime]
"""From opening until closing, in UTC."""


def published(hours: OpeningHours | None) -> OpeningHours:
    """The hours a service is counted by: its own, or office hours where it says none."""
    if hours is None:
        return OFFICE_HOURS
    return hours if hours.slots else hours.model_copy(update={"slots": OFFICE_HOURS.slots})


def why_closed(day: date, calendar: Calendar, hours: OpeningHours) -> str | None:
    """`service closed`, or the title of the bank holiday; None for a day with open hours."""
    if day in hours.closed_on or all(slot.weekday != day.weekday() for slot in hours.slots):
        return "service closed"
    return None if hours.open_on_holidays else bank_holiday(day, calendar)


def open_after(
    length: timedelta, start: datetime, calendar: Calendar, hours: OpeningHours
) -> datetime:
    """The first moment by which the service has been open for `length` since `start`.

    Raises:
        BadInputError: the calendar ends before that.
    """
    if not length:
        return start
    spells = _spells_from(utc(start), calendar, hours)
    opens, closes = next(spells)
    while closes - opens < length:
        length -= closes - opens
        opens, closes = next(spells)
    return local(opens + length, calendar)


def open_before(
    length: timedelta, end: datetime, floor: datetime, calendar: Calendar, hours: OpeningHours
) -> datetime:
    """The last moment at which the service still has `length` of open time until `end`.

    Never before `floor`.
    """
    spells = list(_spells_between(utc(floor), utc(end), calendar, hours))
    for opens, closes in reversed(spells):
        if closes - opens >= length:
            return local(closes - length, calendar)
        length -= closes - opens
    return floor


def open_between(
    start: datetime, end: datetime, calendar: Calendar, hours: OpeningHours
) -> timedelta:
    """How long the service is open between two moments."""
    spells = _spells_between(utc(start), utc(end), calendar, hours)
    return sum((closes - opens for opens, closes in spells), timedelta())


def _spells_between(
    start: datetime, end: datetime, calendar: Calendar, hours: OpeningHours
) -> Iterator[Spell]:
    day, last = local(start, calendar).date(), local(end, calendar).date()
    while day <= last:
        for opens, closes in _spells_of(day, calendar, hours):
            if opens < end and closes > start:
                yield max(opens, start), min(closes, end)
        day += ONE_DAY


def _spells_from(start: datetime, calendar: Calendar, hours: OpeningHours) -> Iterator[Spell]:
    day = local(start, calendar).date()
    while True:
        known(day, calendar)
        for opens, closes in _spells_of(day, calendar, hours):
            if closes > start:
                yield max(opens, start), closes
        day += ONE_DAY


def _spells_of(day: date, calendar: Calendar, hours: OpeningHours) -> Iterator[Spell]:
    if why_closed(day, calendar, hours) is not None:
        return
    walls = sorted((s.opens, s.closes) for s in hours.slots if s.weekday == day.weekday())
    reached = None
    for opening, closing in walls:
        opens, closes = (utc(at_time(day, wall, calendar)) for wall in (opening, closing))
        # Slots may overlap, and a clock change may swallow one: no minute is counted twice.
        opens = opens if reached is None else max(opens, reached)
        if opens < closes:
            yield opens, closes
            reached = closes
