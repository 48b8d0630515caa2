"""Safe windows: when she said that it is safe, on the clocks of the calendar's zone.

Her windows are her own: bank holidays change nothing. Where the clocks skip or repeat a time, a
window is read so that it is the shorter, because late is better than unsafe. Arithmetic is done
in UTC, as in `rules.deadlines`.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time

from rules.days import ONE_DAY, at_time, local, utc
from schemas.contact import ContactWindow, PlanTerms
from schemas.deadlines import Calendar

Spell = tuple[datetime, datetime]
"""From and until, with the offset of the zone; the end is no longer safe."""

_LOOK_AHEAD = 15
"""Days: a window comes every week, and a clock change may swallow one of them."""


def next_window(terms: PlanTerms, at: datetime, calendar: Calendar) -> Spell | None:
    """What is left of the window that is open, or the next one; None where none is known."""
    return next(spells(terms, at, calendar), None)


def spells(terms: PlanTerms, at: datetime, calendar: Calendar) -> Iterator[Spell]:
    """The windows of the next two weeks in their order, none beginning before `at`.

    Windows that overlap or touch are one.

    Raises:
        ValueError: `at` has no offset.
    """
    since = utc(at)
    day = local(at, calendar).date()
    for _ in range(_LOOK_AHEAD + 1):
        for opens, closes in _of_day(terms.windows, day, calendar):
            if closes > since:
                yield local(max(opens, since), calendar), local(closes, calendar)
        day += ONE_DAY


def _of_day(
    windows: tuple[ContactWindow, ...], day: date, calendar: Calendar
) -> Iterator[tuple[datetime, datetime]]:
    for opens, closes in _merged(w for w in windows if _is_on(w, day)):
        spell = max(_readings(opens, day, calendar)), min(_readings(closes, day, calendar))
        if spell[0] < spell[1]:
            yield spell


def _is_on(window: ContactWindow, day: date) -> bool:
    is_valid = window.valid_until is None or day <= window.valid_until
    return is_valid and window.weekday == day.weekday()


def _merged(windows: Iterable[ContactWindow]) -> list[tuple[time, time]]:
    """As the clock on the wall shows them, so that no clock change tears apart what is one."""
    merged: list[tuple[time, time]] = []
    for opens, closes in sorted((w.opens, w.closes) for w in windows):
        if merged and opens <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], closes))
        else:
            merged.append((opens, closes))
    return merged


def _readings(wall: time, day: date, calendar: Calendar) -> tuple[datetime, datetime]:
    """Both moments a wall clock may mean, in UTC; nearly always they are the same."""
    first, second = (utc(at_time(day, wall.replace(fold=fold), calendar)) for fold in (0, 1))
    return first, second
