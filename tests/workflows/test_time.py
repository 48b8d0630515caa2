"""Duties at their times: working days, Christmas, Easter, and both changes of the clocks."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest

from schemas.case_commands import AddNeed
from schemas.deadlines import Deadline, DeadlineState
from schemas.lane_commands import AssessRisk
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot
from tests.workflows.conftest import ONCE, Opens
from tests.workflows.telling import IDVA, Journey

pytestmark = ONCE

LONDON = ZoneInfo("Europe/London")
BANK_HOLIDAYS = holidays.country_holidays("GB", subdiv="ENG")
A_DAY, AN_HOUR, A_MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
LATE_BY = timedelta(seconds=10)
"""A real machine's own time goes on while clocks are moved."""


def days_to_come() -> Iterator[date]:
    day = datetime.now(LONDON).date() + 2 * A_DAY
    while True:
        yield day
        day += A_DAY


def is_working_day(day: date) -> bool:
    return day.weekday() < 5 and day not in BANK_HOLIDAYS


def is_plain_monday(day: date) -> bool:
    return day.weekday() == 0 and all(is_working_day(day + n * A_DAY) for n in range(3))


def is_christmas_eve(day: date) -> bool:
    return (day.month, day.day) == (12, 24)


def is_maundy_thursday(day: date) -> bool:
    return BANK_HOLIDAYS.get(day + A_DAY, "") == "Good Friday"


def is_before_a_longer_night(day: date) -> bool:
    """A Friday of summer time, with the next Monday in winter time."""
    return day.weekday() == 4 and offset(day) > offset(day + 3 * A_DAY)


def is_before_a_shorter_night(day: date) -> bool:
    """A Friday of winter time, with the next Monday in summer time."""
    return day.weekday() == 4 and offset(day) < offset(day + 3 * A_DAY)


def offset(day: date) -> timedelta:
    return datetime.combine(day, time(12), LONDON).utcoffset() or timedelta()


def end_of_working_day(count: int, after: datetime) -> datetime:
    """Counted in the plainest way there is, to be compared with how the rules count."""
    day = after.astimezone(LONDON).date()
    while count:
        day += A_DAY
        count -= is_working_day(day)
    return datetime.combine(day, time(23, 59, 59), LONDON).astimezone(UTC)


WHEN = pytest.mark.parametrize(
    "is_wanted",
    [
        is_plain_monday,
        is_christmas_eve,
        is_maundy_thursday,
        is_before_a_longer_night,
        is_before_a_shorter_night,
    ],
)


async def opened_on(opens: Opens, is_wanted: Callable[[date], bool]) -> Journey:
    """A journey in the afternoon of the next such day."""
    journey = await opens()
    await journey.decide(AddNeed)
    day = next(day for day in days_to_come() if is_wanted(day))
    await journey.forward(datetime.combine(day, time(16), LONDON))
    return journey


def the_duty(snapshot: CaseSnapshot, duty: str) -> Deadline:
    return next(d for d in snapshot.deadlines if d.duty == duty)


def assert_at(expected: datetime, actual: datetime | None) -> None:
    """At that time, and not before."""
    assert actual is not None
    assert timedelta(0) <= actual - expected <= LATE_BY, f"{actual} instead of {expected}"


async def missed_at(journey: Journey, deadline: str) -> datetime:
    """When a person was told that a duty was missed."""
    snapshot = await journey.until(lambda s: s.task(f"missed/{deadline}") and not s.dispatches)
    task = snapshot.task(f"missed/{deadline}")
    assert task is not None
    return task.raised_at


@WHEN
async def test_the_duty_to_refer_is_reminded_of_and_missed_on_time(
    opens: Opens, is_wanted: Callable[[date], bool]
) -> None:
    """Two working days from her yes; nobody refers, and a supervisor hears of it (INV-08)."""
    duty = "vc-r4-support-referral"
    journey = await opened_on(opens, is_wanted)
    said_yes_at = await journey.now()
    await journey.consents(IDVA)
    running = the_duty(await journey.snapshot(), duty)
    assert running.due_at == end_of_working_day(2, said_yes_at)
    assert running.remind_at == end_of_working_day(1, said_yes_at)

    await journey.forward(running.remind_at - A_MINUTE)
    assert the_duty(await journey.snapshot(), duty).reminded_at is None
    await journey.forward(running.remind_at + A_MINUTE)
    reminded = await journey.until(lambda s: the_duty(s, duty).reminded_at and not s.dispatches)
    assert_at(running.remind_at, the_duty(reminded, duty).reminded_at)

    await journey.forward(running.due_at - A_MINUTE)
    assert the_duty(await journey.snapshot(), duty).state is DeadlineState.RUNNING
    await journey.forward(running.due_at + A_MINUTE)
    assert_at(running.due_at, await missed_at(journey, duty))
    assert the_duty(await journey.snapshot(), duty).state is DeadlineState.BREACHED
    told = {key.rpartition("/")[0] for key in journey.notices()}  # each has a moment of its own
    assert {f"reminder/{duty}", f"task/missed/{duty}"} == {what for what in told if duty in what}


@WHEN
async def test_a_referral_is_reminded_of_missed_and_lapses_on_time(
    opens: Opens, is_wanted: Callable[[date], bool]
) -> None:
    """One working day to acknowledge, two until it lapses; the reminder eight hours before.

    So it is while a person has found the risk not to be high.
    """
    journey = await opened_on(opens, is_wanted)
    await journey.decide(AssessRisk)
    sent_at = await journey.now()
    await journey.consents(IDVA)
    await journey.refers(IDVA)
    running = the_duty(await journey.until_referral(1, ReferralState.RECEIVED), "ref-ack")
    assert running.due_at == end_of_working_day(1, sent_at)
    assert running.remind_at == running.due_at - 8 * AN_HOUR
    assert running.lapse_at == end_of_working_day(2, sent_at)

    clock = journey.referral()
    await journey.forward(running.remind_at + A_MINUTE, clock)
    snapshot = await journey.until(lambda s: the_duty(s, "ref-ack").reminded_at)
    assert_at(running.remind_at, the_duty(snapshot, "ref-ack").reminded_at)
    await journey.forward(running.due_at + A_MINUTE, clock)
    assert_at(running.due_at, await missed_at(journey, "ref-ack/1"))
    await journey.forward(running.lapse_at - A_MINUTE, clock)
    assert (await journey.snapshot()).referrals[0].state is ReferralState.RECEIVED
    await journey.forward(running.lapse_at + A_MINUTE, clock)
    assert await journey.referral_ends() is ReferralState.EXPIRED
    assert_at(running.lapse_at, the_duty(await journey.snapshot(), "ref-ack").ended_at)
