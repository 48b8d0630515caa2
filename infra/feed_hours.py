"""A service's hours, from the schedules of its feed.

Schedules of HSDS 3.0 repeat like iCal rules. Weekly hours have room for those that say the same
every week, on the day the feed is read; every other kind is left out and counted. Closing days
are schedules of some days that say they are closed, or the older `holiday_schedules`.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from itertools import chain

from infra.feed_notes import Notes
from infra.feed_records import Record, objects_in, words_of
from infra.feed_text import tidy
from schemas.hours import OpeningHours, OpenSlot

_DAYS = {day: number for number, day in enumerate(("MO", "TU", "WE", "TH", "FR", "SA", "SU"))}
_MOST_CLOSED = 62
"""Days; a longer closure is a status and not a closing day."""
_ONLY_SOME_WEEKS = ("byweekno", "bymonthday", "byyearday", "count")
_LONDON = frozenset({timedelta(0), timedelta(hours=1)})
_ZONES = frozenset({"", "0", "1", "+0", "+1", "europe/london", "utc", "gmt"})
_YES = frozenset({"true", "yes", "y", "1", "closed"})


class _Unreadable(Exception):  # noqa: N818 - a reason on its way to the notes
    """Why a schedule is left out."""


def opening_hours(record: Record, on: date, notes: Notes) -> OpeningHours | None:
    """Weekly hours and closing days as they hold on a day; None where the feed says neither."""
    slots: list[OpenSlot] = []
    closed: set[date] = set()
    schedules = objects_in(record, "schedules")
    for schedule in chain(schedules, objects_in(record, "holiday_schedules")):
        try:
            if _is_closure(schedule):
                closed.update(_closed_days(schedule))
            else:
                slots.extend(_slots(schedule, on))
        except _Unreadable as why:
            notes["schedule", str(why)] += 1
    if not slots and not closed:
        return None
    return OpeningHours(slots=_joined(slots), closed_on=tuple(sorted(closed)))


def _is_closure(schedule: Record) -> bool:
    if words_of(schedule.get("opens_at")) or words_of(schedule.get("closes_at")):
        return False
    says = words_of(str(schedule.get("closed", "")))
    texts = (words_of(schedule.get(key)) for key in ("description", "notes"))
    return says in _YES or any(text.startswith("closed") for text in texts)


def _closed_days(schedule: Record) -> Iterator[date]:
    first, last = _limits(schedule)
    if first is None or last is None:
        raise _Unreadable("closed, without the days")
    if not timedelta(0) <= last - first < timedelta(days=_MOST_CLOSED):
        raise _Unreadable(f"closed for no days, or for more than {_MOST_CLOSED}")
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _slots(schedule: Record, on: date) -> Iterator[OpenSlot]:
    first, last = _limits(schedule)
    if (first is not None and first > on) or (last is not None and last < on):
        raise _Unreadable("not valid now")
    if str(schedule.get("timezone") or "").lower() not in _ZONES:
        raise _Unreadable("hours of another time zone")
    opens, closes = _clock(schedule.get("opens_at")), _clock(schedule.get("closes_at"))
    if opens >= closes:
        raise _Unreadable("closes before it opens")
    return (OpenSlot(weekday=day, opens=opens, closes=closes) for day in _weekdays(schedule))


def _limits(schedule: Record) -> tuple[date | None, date | None]:
    """The first and the last day it holds on; `until` and older names count where given."""
    first = _day(schedule, "valid_from", "start_date", "dtstart")
    last = _day(schedule, "valid_to", "end_date", "until")
    return first, last


def _day(schedule: Record, *names: str) -> date | None:
    text = next((tidy(schedule[name]) for name in names if tidy(schedule.get(name))), "")
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        raise _Unreadable("a day that is no date") from None


def _weekdays(schedule: Record) -> tuple[int, ...]:
    every = str(schedule.get("interval") or 1)
    if every != "1" or any(schedule.get(key) for key in _ONLY_SOME_WEEKS):
        raise _Unreadable("not the same every week")
    frequency = words_of(schedule.get("freq"))
    if frequency == "daily":
        return tuple(_DAYS.values())
    if frequency not in ("", "weekly"):
        raise _Unreadable("not the same every week")
    days = [day.strip().upper() for day in tidy(schedule.get("byday")).split(",")]
    if not set(days) <= _DAYS.keys():
        raise _Unreadable("weekdays that cannot be read")
    return tuple(sorted({_DAYS[day] for day in days}))


def _clock(value: object) -> time:
    """A local time; an offset is taken off if it can be London's."""
    try:
        found = time.fromisoformat(tidy(value))
    except ValueError:
        raise _Unreadable("hours that cannot be read") from None
    if found.utcoffset() not in {None, *_LONDON}:
        raise _Unreadable("hours of another time zone")
    return found.replace(tzinfo=None)


def _joined(slots: list[OpenSlot]) -> tuple[OpenSlot, ...]:
    """In the order of the week; slots that overlap or meet are one, so no hour counts twice."""
    joined: list[OpenSlot] = []
    for slot in sorted(slots, key=lambda one: (one.weekday, one.opens, one.closes)):
        before = joined[-1] if joined else None
        if before and before.weekday == slot.weekday and slot.opens <= before.closes:
            closes = max(before.closes, slot.closes)
            joined[-1] = before.model_copy(update={"closes": closes})
        else:
            joined.append(slot)
    return tuple(joined)
