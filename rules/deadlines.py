"""When a duty is due, and when it is due after a pause or an extension.

Everything comes in: the duty, the moment it starts, the calendar, the published hours of the
service. Dates are those of the calendar's zone.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from zoneinfo import ZoneInfo

from rules import opening
from rules.counting import Count
from rules.days import known, local, utc
from schemas.deadlines import Calendar, Deadline, DeadlineState, DueDate, Duration, Duty, Pace, Term
from schemas.errors import BadInputError
from schemas.hours import OpeningHours

_EXAMPLE = "write it as 2026-12-24T16:00 or 2026-12-24"


def due(
    duty: Duty,
    started_at: datetime,
    calendar: Calendar,
    *,
    paces: frozenset[Pace] = frozenset({Pace.STANDARD}),
    hours: OpeningHours | None = None,
) -> DueDate:
    """When `duty` is due if it starts at `started_at`, and which days were not counted.

    Of the standard term and those of `paces` that the duty has, the one that is due first
    counts; the standard one where two are due at once. Its lapse counts from the start, or the
    standard term's where it has none. Service hours are those of `hours`; without any,
    Monday to Friday from 09:00 to 17:00.

    Raises:
        BadInputError: `start`, or a day that has to be counted, lies outside the calendar.
        ValueError: `started_at` has no offset.
    """
    start = local(started_at, calendar)
    known(start.date(), calendar)
    count = Count(calendar, opening.published(hours))
    ends = dict(_ends(count, duty, paces, start))
    pace = min(ends, key=ends.__getitem__)
    term, due_at = _term(duty, pace), ends[pace]
    remind_at, again = _reminders(count, duty, term, start, due_at)
    return DueDate(
        duty=duty.id,
        due_at=due_at,
        due_date=due_at.date(),
        remind_at=remind_at,
        remind_again_at=again,
        lapse_at=count.after(term.lapse_within, start) if term.lapse_within else None,
        pace=pace,
        skipped=count.skipped(term.within.unit, start, due_at),
        calendar=calendar.id,
    )


def resumed(
    deadline: Deadline,
    duty: Duty,
    resumed_at: datetime,
    calendar: Calendar,
    hours: OpeningHours | None = None,
) -> Deadline:
    """A paused deadline that runs again, with what was left of it when it was paused.

    What was left is counted in the unit of its term: working days, calendar days (for months
    too), hours. The lapse moves in its own unit, and the reminders stand before the new due
    time as they stood before the old one. A reminder that was sent goes again only if its new
    time is still to come. One that was late already when it was paused is breached again, and as
    late as it was.

    Raises:
        BadInputError: the new due time lies outside the calendar.
        ValueError: the deadline is not paused.
    """
    paused_at = deadline.paused_at
    if paused_at is None:
        raise ValueError("only a paused deadline can be resumed")
    was_late = is_overdue(deadline.due_at, paused_at)
    state = DeadlineState.BREACHED if was_late else DeadlineState.RUNNING
    ends = {"state": state, "paused_at": None, "pause_reason": None}
    running = deadline.model_copy(update=ends)
    if was_late:
        return running
    count = Count(calendar, opening.published(hours))
    term, lapse_at = _term(duty, deadline.pace), deadline.lapse_at
    due_at = count.given_again(deadline.due_at, term.within.unit, paused_at, resumed_at)
    if lapse_at and term.lapse_within:
        lapse_at = count.given_again(lapse_at, term.lapse_within.unit, paused_at, resumed_at)
    return _moved(running, duty, count, due_at, lapse_at, sent_before=resumed_at)


def extended(
    deadline: Deadline,
    duty: Duty,
    by: Duration,
    calendar: Calendar,
    hours: OpeningHours | None = None,
) -> Deadline:
    """The deadline due later by `by`, counted from its due time; reminders and lapse move along.

    A reminder that was sent goes again if its new time is later than when it was sent. State
    and pause stay: whether a breached deadline is in time again depends on the moment, and is
    for the caller to say.

    Raises:
        BadInputError: the new due time lies outside the calendar.
    """
    count = Count(calendar, opening.published(hours))
    due_at = count.after(by, deadline.due_at)
    lapse_at = count.after(by, deadline.lapse_at) if deadline.lapse_at else None
    sent_before = deadline.reminded_at or deadline.started_at
    return _moved(deadline, duty, count, due_at, lapse_at, sent_before=sent_before)


def is_overdue(due_at: datetime, now: datetime) -> bool:
    """Whether `now` is later than `due_at`; at the due time itself a duty is still in time.

    Raises:
        ValueError: one of the two has no offset.
    """
    return utc(now) > utc(due_at)


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
            return local(moment, calendar)
        there = local(moment.replace(tzinfo=ZoneInfo(calendar.zone)), calendar)
    except (ValueError, OverflowError):
        raise BadInputError(field, f"not a date or time; {_EXAMPLE}") from None
    if there.replace(tzinfo=None) != moment:
        raise BadInputError(
            field,
            f"the clocks went forward in {calendar.zone} and skipped this time; "
            f"write a time before or after the change",
        )
    return there


def _ends(
    count: Count, duty: Duty, paces: frozenset[Pace], start: datetime
) -> Iterator[tuple[Pace, datetime]]:
    """Where the standard term ends, and each shorter one that applies."""
    yield Pace.STANDARD, count.after(duty.within, start)
    for pace in Pace:
        term = duty.term(pace)
        if pace is Pace.STANDARD or pace not in paces or term is None:
            continue
        # A service with next to no hours may have no end in the calendar: the other term counts.
        with suppress(BadInputError):
            yield pace, count.after(term.within, start)


def _term(duty: Duty, pace: Pace) -> Term:
    """The duty's term at a pace, or its standard one; with the standard lapse if it has none."""
    term = next(t for t in (duty.term(pace), duty.term(Pace.STANDARD)) if t)
    return term.model_copy(update={"lapse_within": term.lapse_within or duty.lapse_within})


def _reminders(
    count: Count, duty: Duty, term: Term, start: datetime, due_at: datetime
) -> tuple[datetime, tuple[datetime, ...]]:
    """The first reminder, and those between it and the due time in their order."""
    first = count.before(term.remind_before, due_at, floor=start)
    further = {count.before(lead, due_at, floor=start) for lead in duty.remind_again}
    return first, tuple(sorted(at for at in further if first < at < due_at))


def _moved(
    deadline: Deadline,
    duty: Duty,
    count: Count,
    due_at: datetime,
    lapse_at: datetime | None,
    *,
    sent_before: datetime,
) -> Deadline:
    """With another due time; reminders already sent stay sent unless they come after a moment."""
    term = _term(duty, deadline.pace)
    start = local(deadline.started_at, count.calendar)
    first, again = _reminders(count, duty, term, start, due_at)
    moved = {"due_at": due_at, "lapse_at": max(lapse_at, due_at) if lapse_at else None}
    reminded_at = deadline.reminded_at
    if reminded_at is None or first > sent_before:
        anew = {"remind_at": first, "remind_again_at": again, "reminded_at": None}
        return deadline.model_copy(update=moved | anew)
    sent = (at for at in deadline.remind_again_at if at <= reminded_at)
    to_come = (at for at in again if at > sent_before)
    return deadline.model_copy(update=moved | {"remind_again_at": (*sent, *to_come)})
