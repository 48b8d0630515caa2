"""When a duty is due: working days, hours and seconds, counted on a calendar that comes in.

Dates are those of the calendar's zone. The day of the event is never counted; a duty in working
days is due at the end of its last working day. Hours and seconds are elapsed time, so a clock
change neither lengthens nor shortens them.

Arithmetic is done in UTC, because Python compares and subtracts two times of one zone by their
wall clocks. What comes out carries a fixed offset for the same reason.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

from schemas.deadlines import Calendar, DueDate, Duration, Duty, SkippedDay, Unit
from schemas.errors import BadInputError

_ONE_DAY = timedelta(days=1)
_END_OF_DAY = time(23, 59, 59)
_SATURDAY = 5
_EXAMPLE = "write it as 2026-12-24T16:00 or 2026-12-24"


def due(duty: Duty, started_at: datetime, calendar: Calendar) -> DueDate:
    """When `duty` is due if it starts at `started_at`, and which days were not counted.

    No working days at all (`0 working_days`) means the day itself, or the next working day
    where it is none.

    Raises:
        BadInputError: `start`, or a day that has to be counted, lies outside the calendar.
        ValueError: `started_at` has no offset.
    """
    start = _local(started_at, calendar)
    _known(start.date(), calendar)
    due_at = _after(duty.within, start, calendar)
    remind_at = _before(duty.remind_before, due_at, calendar, floor=start)
    lapse_at = _after(duty.lapse_within, start, calendar) if duty.lapse_within else None
    return DueDate(
        duty=duty.id,
        due_at=due_at,
        due_date=due_at.date(),
        remind_at=remind_at,
        lapse_at=lapse_at,
        skipped=_skipped(duty.within, start.date(), due_at.date(), calendar),
        calendar=calendar.id,
    )


def is_overdue(due_at: datetime, now: datetime) -> bool:
    """Whether `now` is later than `due_at`; at the due time itself a duty is still in time.

    Raises:
        ValueError: one of the two has no offset.
    """
    return _utc(now) > _utc(due_at)


def why_not_counted(day: date, calendar: Calendar) -> str | None:
    """`weekend`, or the title of the bank holiday; None for a working day."""
    if day.weekday() >= _SATURDAY:
        return "weekend"
    return next((holiday.title for holiday in calendar.holidays if holiday.date == day), None)


def local_moment(text: str, calendar: Calendar, *, field: str = "start") -> datetime:
    """The moment a person wrote in ISO form; without an offset it is the calendar's local time.

    A plain date is its midnight. A time that came twice when the clocks went back is the first
    of the two.

    Raises:
        BadInputError: it is no such text, or a time that the clocks skipped.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        if moment.tzinfo is not None:
            return _local(moment, calendar)
        local = _local(moment.replace(tzinfo=ZoneInfo(calendar.zone)), calendar)
    except (ValueError, OverflowError):
        raise BadInputError(field, f"not a date or time; {_EXAMPLE}") from None
    if local.replace(tzinfo=None) != moment:
        raise BadInputError(
            field,
            f"the clocks went forward in {calendar.zone} and skipped this time; "
            f"write a time before or after the change",
        )
    return local


def _after(duration: Duration, start: datetime, calendar: Calendar) -> datetime:
    if duration.unit is not Unit.WORKING_DAYS:
        return _elapsed(duration, start, calendar)
    days = _working_days(start.date(), calendar, include_first=duration.count == 0)
    last = start.date()
    for _ in range(max(duration.count, 1)):
        last = next(days)
    return _end_of(last, calendar)


def _working_days(first: date, calendar: Calendar, *, include_first: bool) -> Iterator[date]:
    day = first if include_first else first + _ONE_DAY
    while True:
        _known(day, calendar)
        if why_not_counted(day, calendar) is None:
            yield day
        day += _ONE_DAY


def _elapsed(duration: Duration, start: datetime, calendar: Calendar) -> datetime:
    try:
        end = _local(start.astimezone(UTC) + _length(duration), calendar)
    except OverflowError:
        raise _unknown(calendar) from None
    _known(end.date(), calendar)
    return end


def _length(duration: Duration) -> timedelta:
    unit = timedelta(hours=1) if duration.unit is Unit.HOURS else timedelta(seconds=1)
    try:
        return duration.count * unit
    except OverflowError:
        return timedelta.max


def _before(
    duration: Duration, due_at: datetime, calendar: Calendar, *, floor: datetime
) -> datetime:
    if duration.unit is not Unit.WORKING_DAYS:
        lead = min(_length(duration), due_at - floor)
        return _local(due_at.astimezone(UTC) - lead, calendar)
    if duration.count == 0:
        return due_at
    day, left = due_at.date(), duration.count
    while left and day > floor.date():
        day -= _ONE_DAY
        left -= why_not_counted(day, calendar) is None
    return floor if left else max(floor, _end_of(day, calendar))


def _skipped(
    within: Duration, first: date, last: date, calendar: Calendar
) -> tuple[SkippedDay, ...]:
    if within.unit is not Unit.WORKING_DAYS:
        return ()
    between = (first + timedelta(days=n) for n in range(1, (last - first).days))
    reasons = ((day, why_not_counted(day, calendar)) for day in between)
    return tuple(SkippedDay(date=day, why=why) for day, why in reasons if why)


def _end_of(day: date, calendar: Calendar) -> datetime:
    return _local(datetime.combine(day, _END_OF_DAY, ZoneInfo(calendar.zone)), calendar)


def _local(moment: datetime, calendar: Calendar) -> datetime:
    local = _utc(moment).astimezone(ZoneInfo(calendar.zone))
    return local.replace(tzinfo=timezone(local.utcoffset() or timedelta()), fold=0)


def _utc(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise ValueError("a time without an offset: whoever made it must say which zone it is in")
    return moment.astimezone(UTC)


def _known(day: date, calendar: Calendar) -> None:
    if not calendar.first_day <= day <= calendar.last_day:
        raise _unknown(calendar)


def _unknown(calendar: Calendar) -> BadInputError:
    return BadInputError(
        "start",
        f"the calendar {calendar.id} knows {calendar.first_day} to {calendar.last_day}, "
        f"and counting from this start leaves it; choose a start inside it",
    )
