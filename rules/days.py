"""Days and moments of a calendar: which days count, where a day ends, what a moment is there.

Arithmetic on moments is done in UTC, because Python compares and subtracts two times of one zone
by their wall clocks. What comes out carries a fixed offset for the same reason.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from schemas.deadlines import Calendar
from schemas.errors import BadInputError

ONE_DAY = timedelta(days=1)
_END_OF_DAY = time(23, 59, 59)
_SATURDAY = 5


def why_not_counted(day: date, calendar: Calendar) -> str | None:
    """`weekend`, or the title of the bank holiday; None for a working day."""
    return "weekend" if day.weekday() >= _SATURDAY else bank_holiday(day, calendar)


def bank_holiday(day: date, calendar: Calendar) -> str | None:
    """The title of the bank holiday on that day, if it is one."""
    return next((holiday.title for holiday in calendar.holidays if holiday.date == day), None)


def end_of(day: date, calendar: Calendar) -> datetime:
    """The last second of a day, in the calendar's zone.

    Raises:
        BadInputError: the calendar does not know the day.
    """
    known(day, calendar)
    return at_time(day, _END_OF_DAY, calendar)


def at_time(day: date, wall: time, calendar: Calendar) -> datetime:
    """The moment when a clock of the calendar's zone shows `wall` on that day."""
    return local(datetime.combine(day, wall, ZoneInfo(calendar.zone)), calendar)


def months_from(day: date, count: int) -> date:
    """The same day of the month `count` months on, or the last day of a shorter month.

    Raises:
        OverflowError: there is no such year.
    """
    years, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    if not date.min.year <= years <= date.max.year:
        raise OverflowError(count)
    last = monthrange(years, month + 1)[1]
    return date(years, month + 1, min(day.day, last))


def local(moment: datetime, calendar: Calendar) -> datetime:
    """The same moment, with the offset that the calendar's zone has then."""
    there = utc(moment).astimezone(ZoneInfo(calendar.zone))
    return there.replace(tzinfo=timezone(there.utcoffset() or timedelta()), fold=0)


def utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: it has no offset.
    """
    if moment.utcoffset() is None:
        raise ValueError("a time without an offset: whoever made it must say which zone it is in")
    return moment.astimezone(UTC)


def known(day: date, calendar: Calendar) -> None:
    """Nothing, where the calendar knows the day.

    Raises:
        BadInputError: it does not; a guess would be a wrong date that looks right.
    """
    if not calendar.first_day <= day <= calendar.last_day:
        raise unknown(calendar)


def unknown(calendar: Calendar) -> BadInputError:
    """The error of a count that leaves the calendar."""
    return BadInputError(
        "start",
        f"the calendar {calendar.id} knows {calendar.first_day} to {calendar.last_day}, "
        f"and counting from this start leaves it; choose a start inside it",
    )
