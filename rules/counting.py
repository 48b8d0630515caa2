"""Counting a length of time forwards, backwards, and over again after a pause.

Working days, calendar days and months end with the day: 23:59:59 in the calendar's zone, the day
of the event not counted. Hours and seconds are elapsed time, so a clock change neither lengthens
nor shortens them; service hours run only while the service is open.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from rules import opening
from rules.days import (
    ONE_DAY,
    end_of,
    known,
    local,
    months_from,
    unknown,
    utc,
    why_not_counted,
)
from schemas.deadlines import Calendar, Duration, SkippedDay, Unit
from schemas.hours import OpeningHours

_ELAPSED = {
    Unit.HOURS: timedelta(hours=1),
    Unit.SERVICE_HOURS: timedelta(hours=1),
    Unit.SECONDS: timedelta(seconds=1),
}


@dataclass(frozen=True)
class Count:
    """How time is counted: on the days of a calendar, and in the hours of a service."""

    calendar: Calendar
    hours: OpeningHours

    def after(self, length: Duration, start: datetime) -> datetime:
        """The moment `length` after `start`.

        No working days at all means the day itself, or the next working day where it is none.

        Raises:
            BadInputError: it lies outside the calendar.
        """
        try:
            match length.unit:
                case Unit.WORKING_DAYS:
                    return self._working_days_after(length.count, local(start, self.calendar))
                case Unit.DAYS:
                    day = local(start, self.calendar).date() + timedelta(days=length.count)
                    return end_of(day, self.calendar)
                case Unit.MONTHS:
                    day = months_from(local(start, self.calendar).date(), length.count)
                    return end_of(day, self.calendar)
                case Unit.SERVICE_HOURS:
                    return opening.open_after(_length(length), start, self.calendar, self.hours)
                case Unit.HOURS | Unit.SECONDS:
                    return self._elapsed(_length(length), start)
        except OverflowError:
            raise unknown(self.calendar) from None

    def before(self, length: Duration, end: datetime, *, floor: datetime) -> datetime:
        """The moment `length` before `end`, and never before `floor`.

        A lead in days or months ends with the day it leads to; none at all is `end` itself.
        """
        if length.count == 0:
            return end
        day, first = (local(at, self.calendar).date() for at in (end, floor))
        match length.unit:
            case Unit.WORKING_DAYS:
                earlier = self._working_days_before(length.count, day, first)
            case Unit.DAYS:
                lead = min(length.count, (day - first).days + 1)
                earlier = day - timedelta(days=lead)
            case Unit.MONTHS:
                lead = min(length.count, (day.year - first.year + 1) * 12)
                earlier = months_from(day, -lead)
            case Unit.SERVICE_HOURS:
                lead_time = _length(length)
                return opening.open_before(lead_time, end, floor, self.calendar, self.hours)
            case Unit.HOURS | Unit.SECONDS:
                return self._elapsed(-min(_length(length), utc(end) - utc(floor)), end)
        return floor if earlier < first else max(floor, end_of(earlier, self.calendar))

    def given_again(
        self, moment: datetime, unit: Unit, paused_at: datetime, resumed_at: datetime
    ) -> datetime:
        """`moment`, with what was left until it at `paused_at` left again from `resumed_at`.

        Counted in `unit`; a moment that had passed, or a pause within one day of a unit of days,
        changes nothing. Never earlier than `moment`.

        Raises:
            BadInputError: it lies outside the calendar.
        """
        if moment < paused_at:
            return moment
        match unit:
            case Unit.WORKING_DAYS | Unit.DAYS | Unit.MONTHS:
                return max(moment, self._days_again(moment, unit, paused_at, resumed_at))
            case Unit.SERVICE_HOURS:
                left = opening.open_between(paused_at, moment, self.calendar, self.hours)
                again = opening.open_after(left, resumed_at, self.calendar, self.hours)
                return max(moment, again)
            case Unit.HOURS | Unit.SECONDS:
                return max(moment, self._elapsed(utc(resumed_at) - utc(paused_at), moment))

    def skipped(self, unit: Unit, start: datetime, end: datetime) -> tuple[SkippedDay, ...]:
        """The days up to `end` that were not counted, and why; none for other units."""
        first, last = (local(at, self.calendar).date() for at in (start, end))
        if unit is Unit.WORKING_DAYS:
            days = _days(first + ONE_DAY, last)
            reasons = ((day, why_not_counted(day, self.calendar)) for day in days)
        elif unit is Unit.SERVICE_HOURS:
            days = _days(first, last)
            reasons = ((day, opening.why_closed(day, self.calendar, self.hours)) for day in days)
        else:
            return ()
        return tuple(SkippedDay(date=day, why=why) for day, why in reasons if why)

    def _working_days_after(self, count: int, start: datetime) -> datetime:
        day = start.date() if count == 0 else start.date() + ONE_DAY
        left = max(count, 1)
        while True:
            known(day, self.calendar)
            left -= why_not_counted(day, self.calendar) is None
            if not left:
                return end_of(day, self.calendar)
            day += ONE_DAY

    def _working_days_before(self, count: int, day: date, first: date) -> date:
        left = count
        while left and day >= first:
            day -= ONE_DAY
            left -= why_not_counted(day, self.calendar) is None
        return day

    def _days_again(
        self, moment: datetime, unit: Unit, paused_at: datetime, resumed_at: datetime
    ) -> datetime:
        paused, resumed = (local(at, self.calendar).date() for at in (paused_at, resumed_at))
        if paused == resumed:
            return moment
        last = local(moment, self.calendar).date()
        left = list(_days(paused + ONE_DAY, last))
        if unit is not Unit.WORKING_DAYS:
            return self.after(Duration(count=len(left), unit=Unit.DAYS), resumed_at)
        working = [day for day in left if why_not_counted(day, self.calendar) is None]
        return self.after(Duration(count=len(working), unit=unit), resumed_at)

    def _elapsed(self, length: timedelta, start: datetime) -> datetime:
        end = local(start.astimezone(UTC) + length, self.calendar)
        known(end.date(), self.calendar)
        return end


def _length(duration: Duration) -> timedelta:
    try:
        return duration.count * _ELAPSED[duration.unit]
    except OverflowError:
        return timedelta.max


def _days(first: date, last: date) -> Iterator[date]:
    """Both ends included."""
    return (first + timedelta(days=n) for n in range((last - first).days + 1))
