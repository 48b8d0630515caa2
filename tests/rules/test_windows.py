"""Safe windows: by her clock, never before they open, and the shorter where clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.calendars.load import england_and_wales
from rules.windows import next_window, spells
from schemas.contact import ContactChannel, ContactWindow, PlanTerms
from tests.builders import AT, the

LONDON = ZoneInfo("Europe/London")
CALENDAR = england_and_wales()
TUE, SUN = 1, 6


def window(weekday: int, opens: str, closes: str, valid_until: date | None = None) -> ContactWindow:
    """One slot of a week."""
    return ContactWindow(
        weekday=weekday,
        opens=time.fromisoformat(opens),
        closes=time.fromisoformat(closes),
        valid_until=valid_until,
    )


def safe(*windows: ContactWindow) -> PlanTerms:
    """She may be rung at these times."""
    return PlanTerms(channels=(ContactChannel.VOICE,), windows=windows)


def next_of(terms: PlanTerms, at: datetime) -> tuple[str, str] | None:
    """The next window, as the clocks in London show it."""
    found = next_window(terms, at, CALENDAR)
    return found and (f"{found[0]:%a %d %b %H:%M}", f"{found[1]:%a %d %b %H:%M}")


TUESDAY = window(TUE, "10:00", "12:00")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        pytest.param("2026-11-23T09:00", "Tue 24 Nov 10:00", id="the day before"),
        pytest.param("2026-11-24T09:59", "Tue 24 Nov 10:00", id="a minute early"),
        pytest.param("2026-11-24T10:00", "Tue 24 Nov 10:00", id="as it opens"),
        pytest.param("2026-11-24T11:59", "Tue 24 Nov 11:59", id="in its last minute"),
        pytest.param("2026-11-24T12:00", "Tue 01 Dec 10:00", id="as it closes"),
        pytest.param("2026-12-22T13:00", "Tue 29 Dec 10:00", id="after Christmas"),
    ],
)
def test_the_next_window_is_what_is_left_of_this_one_or_next_weeks(at: str, expected: str) -> None:
    """Its first moment is safe, and its last is not. Bank holidays are none of her hours."""
    start = datetime.fromisoformat(at).replace(tzinfo=LONDON)
    assert expected == the(next_of(safe(TUESDAY), start))[0]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        pytest.param((), None, id="none stated"),
        pytest.param(
            (window(TUE, "10:00", "11:00"), window(TUE, "10:30", "12:00")),
            ("Tue 24 Nov 10:00", "Tue 24 Nov 12:00"),
            id="overlapping",
        ),
        pytest.param(
            (window(TUE, "11:00", "12:00"), window(TUE, "10:00", "11:00")),
            ("Tue 24 Nov 10:00", "Tue 24 Nov 12:00"),
            id="touching, in the wrong order",
        ),
        pytest.param(
            (window(TUE, "10:00", "13:00"), window(TUE, "11:00", "12:00")),
            ("Tue 24 Nov 10:00", "Tue 24 Nov 13:00"),
            id="one within the other",
        ),
        pytest.param(
            (window(TUE, "14:00", "15:00"), window(TUE, "10:00", "11:00")),
            ("Tue 24 Nov 10:00", "Tue 24 Nov 11:00"),
            id="apart",
        ),
        pytest.param(
            (window(TUE, "10:00", "11:00", date(2026, 11, 24)),),
            ("Tue 24 Nov 10:00", "Tue 24 Nov 11:00"),
            id="valid on that day still",
        ),
        pytest.param(
            (window(TUE, "10:00", "11:00", date(2026, 11, 23)),), None, id="no more valid"
        ),
        pytest.param(
            (window(TUE, "10:00", "11:00", date(2026, 11, 23)), window(SUN, "10:00", "11:00")),
            ("Sun 29 Nov 10:00", "Sun 29 Nov 11:00"),
            id="one no more valid, and another",
        ),
    ],
)
def test_windows_of_a_day_are_merged_and_end_when_she_said(
    windows: tuple[ContactWindow, ...], expected: tuple[str, str] | None
) -> None:
    """A window must be stated: without one there is never a safe moment."""
    assert expected == next_of(safe(*windows), AT)


@pytest.mark.parametrize(
    ("at", "slots", "expected"),
    [
        pytest.param("2027-03-27T12:00Z", [("10:00", "12:00")], ["10:00+01:00 12:00+01:00"],
                     id="in summer time from the first day on"),
        pytest.param("2027-03-27T12:00Z", [("01:15", "01:45")], [],
                     id="a window that the clocks skip"),
        pytest.param("2027-03-27T12:00Z", [("00:30", "01:30")], [],
                     id="one that ends in what they skip"),
        pytest.param("2027-03-27T12:00Z", [("01:30", "03:00")], ["02:30+01:00 03:00+01:00"],
                     id="one that begins in it"),
        pytest.param("2027-03-27T12:00Z", [("00:30", "01:30"), ("01:30", "03:00")],
                     ["00:30+00:00 03:00+01:00"], id="two that are one"),
        pytest.param("2026-10-24T12:00Z", [("10:00", "12:00")], ["10:00+00:00 12:00+00:00"],
                     id="in winter time from the first day on"),
        pytest.param("2026-10-24T12:00Z", [("01:15", "01:45")], [],
                     id="a window that comes twice"),
        pytest.param("2026-10-24T12:00Z", [("00:30", "01:30")], ["00:30+01:00 01:30+01:00"],
                     id="one that ends in what comes twice"),
        pytest.param("2026-10-24T12:00Z", [("01:30", "03:00")], ["01:30+00:00 03:00+00:00"],
                     id="one that begins in it"),
        pytest.param("2026-10-24T12:00Z", [("00:30", "03:00")], ["00:30+01:00 03:00+00:00"],
                     id="one around it"),
    ],
)  # fmt: skip
def test_where_clocks_change_a_window_is_read_as_the_shorter(
    at: str, slots: list[tuple[str, str]], expected: list[str]
) -> None:
    """Late is better than unsafe: no moment of it is outside it on any reading of the clock."""
    start = datetime.fromisoformat(at)
    terms = safe(*(window(SUN, *slot) for slot in slots))
    sunday = start.date() + timedelta(days=1)
    found = [s for s in spells(terms, start, CALENDAR) if s[0].date() == sunday]
    assert expected == [f"{_clock(opens)} {_clock(closes)}" for opens, closes in found]


def test_a_week_whose_one_window_the_clocks_skip_is_waited_out() -> None:
    """The look ahead is long enough for that."""
    at = datetime(2027, 3, 27, 12, tzinfo=UTC)
    found = next_of(safe(window(SUN, "01:15", "01:45")), at)
    assert found == ("Sun 04 Apr 01:15", "Sun 04 Apr 01:45")


def test_a_moment_without_an_offset_is_an_error() -> None:
    """Whoever made it must say where the clock hangs."""
    with pytest.raises(ValueError, match="without an offset"):
        next_window(safe(TUESDAY), AT.replace(tzinfo=None), CALENDAR)


def test_a_window_is_written_without_an_offset_and_opens_before_it_closes() -> None:
    """It is in London time, summer and winter."""
    with pytest.raises(ValueError, match="without an offset"):
        window(TUE, "10:00+00:00", "12:00+00:00")
    with pytest.raises(ValueError, match="opens before it closes"):
        window(TUE, "12:00", "12:00")


TIMES = st.times(min_value=time(0), max_value=time(23, 58)).map(
    lambda t: t.replace(second=0, microsecond=0)
)


@st.composite
def some_windows(draw: st.DrawFn) -> ContactWindow:
    """Any slot of a week, some of them for a while only."""
    opens = draw(TIMES)
    minutes = draw(st.integers(1, 23 * 60 + 59 - opens.hour * 60 - opens.minute))
    closes = (datetime.combine(AT, opens) + timedelta(minutes=minutes)).time()
    until = draw(st.none() | st.dates(date(2026, 1, 1), date(2028, 1, 1)))
    return ContactWindow(
        weekday=draw(st.integers(0, 6)), opens=opens, closes=closes, valid_until=until
    )


MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda m: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m)
)
CLOCKS_CHANGE = [
    date(2026, 3, 29),
    date(2026, 10, 25),
    date(2027, 3, 28),
    date(2027, 10, 31),
]
CHANGES = st.tuples(st.sampled_from(CLOCKS_CHANGE), st.integers(-180, 300)).map(
    lambda pair: datetime.combine(pair[0], time(), UTC) + timedelta(minutes=pair[1])
)


@given(st.lists(some_windows(), max_size=6), MOMENTS | CHANGES)
def test_windows_come_in_order_apart_and_never_before_now(
    windows: list[ContactWindow], at: datetime
) -> None:
    """Each begins before it ends, and none has passed."""
    reached = at
    for n, (opens, closes) in enumerate(spells(safe(*windows), at, CALENDAR)):
        assert reached < opens or (n == 0 and reached <= opens)
        assert opens < closes
        reached = closes


@given(st.lists(some_windows(), max_size=6), MOMENTS | CHANGES)
def test_whatever_is_called_safe_now_is_in_a_slot_by_the_clock_on_the_wall(
    windows: list[ContactWindow], at: datetime
) -> None:
    """Counted the other way round: from the moment to the clock, and not from clock to moment."""
    wall = at.astimezone(LONDON)
    in_a_slot = any(
        w.weekday == wall.weekday()
        and w.opens <= wall.time().replace(fold=0) < w.closes
        and (w.valid_until is None or wall.date() <= w.valid_until)
        for w in windows
    )
    found = next_window(safe(*windows), at, CALENDAR)
    is_safe = found is not None and found[0] <= at
    assert in_a_slot or not is_safe
    if wall.date() not in CLOCKS_CHANGE:
        assert in_a_slot is is_safe


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M") + moment.isoformat()[-6:]
