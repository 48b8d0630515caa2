"""Reading what a service offers: needs, communities, hours, capacity; never more than is said."""

from datetime import date, time
from typing import Any

import pytest

from schemas.directory import Capacity
from schemas.hours import OpeningHours, OpenSlot
from schemas.referral import NeedCategory
from tests.infra.feeds import a_service, load, only


def a_term(name: str, taxonomy: str = "Needs", **changes: Any) -> dict[str, Any]:
    return {"taxonomy_term": {"name": name, "taxonomy": taxonomy} | changes}


@pytest.mark.parametrize(
    ("said", "needs"),
    [
        pytest.param({"attributes": [a_term("Advocacy")]}, "advocacy", id="by its name"),
        pytest.param({"attributes": [a_term("?", code="legal_advice")]}, "legal_advice", id="code"),
        pytest.param({"attributes": [a_term("Debt-Advice")]}, "money", id="another name for it"),
        pytest.param({"attributes": [a_term("Refuge")]}, "advocacy housing", id="two at once"),
        pytest.param({"attributes": [a_term("Health"), a_term("IDVA")]}, "advocacy health", id="2"),
        pytest.param({"taxonomy_terms": [{"name": "Counselling"}]}, "counselling", id="bare terms"),
    ],
)
def test_what_a_service_helps_with_comes_from_its_terms(said: dict[str, Any], needs: str) -> None:
    """Feeds call the needs by many names; the order is ours."""
    loaded = load(a_service(**said))
    assert tuple(NeedCategory(need) for need in needs.split()) == loaded.services[0].needs
    assert loaded.left_out == ()


def test_terms_that_name_no_need_are_counted() -> None:
    """A building's lift is a term as well, and nothing to refer to."""
    loaded = load(a_service(attributes=[a_term("Step-free access", "Access"), {"id": "at-1"}]))
    assert loaded.services[0].needs == ()
    assert loaded.left_out == ("2 terms were left out: no need that is known here",)


@pytest.mark.parametrize(
    "term",
    [
        pytest.param(a_term("Deaf women", "By and for"), id="the taxonomy's name"),
        pytest.param(a_term("Deaf women", "led_by-and-for"), id="written another way"),
        pytest.param(
            {"taxonomy_term": {"name": "Deaf women", "taxonomy_detail": {"name": "By and for"}}},
            id="the taxonomy in detail",
        ),
        pytest.param(
            {"value": "Deaf women", "taxonomy_term": {"taxonomy": "by and for"}}, id="its value"
        ),
    ],
)
def test_the_community_a_service_is_led_by_and_for_comes_in(term: dict[str, Any]) -> None:
    """Only from a taxonomy that says so; a group that is helped need not lead."""
    service = only(a_service(attributes=[term, a_term("Older women", "Audience")]))
    assert service.by_and_for == ("Deaf women",)


def test_a_community_that_may_hold_an_address_is_left_out() -> None:
    """A free text is a place where an address may stand."""
    loaded = load(a_service(attributes=[a_term("Women of 14 Secret Lane", "By and for")]))
    assert loaded.services[0].by_and_for == ()
    assert loaded.left_out == ("1 community was left out: empty, or possibly an address",)


def a_schedule(**changes: Any) -> dict[str, Any]:
    weekly = {"freq": "WEEKLY", "byday": "TU", "opens_at": "09:00", "closes_at": "17:00"}
    return {key: value for key, value in (weekly | changes).items() if value is not None}


def slots(*days: int, opens: time = time(9), closes: time = time(17)) -> tuple[OpenSlot, ...]:
    return tuple(OpenSlot(weekday=day, opens=opens, closes=closes) for day in days)


@pytest.mark.parametrize(
    ("schedules", "expected"),
    [
        pytest.param([a_schedule()], slots(1), id="one day"),
        pytest.param([a_schedule(byday="TH,mo")], slots(0, 3), id="some days"),
        pytest.param([a_schedule(freq="DAILY", byday=None)], slots(*range(7)), id="every day"),
        pytest.param([a_schedule(freq=None, interval=1)], slots(1), id="no frequency said"),
        pytest.param([a_schedule(opens_at="09:00:00+01:00")], slots(1), id="summer time"),
        pytest.param([a_schedule(closes_at="17:00Z", timezone=0)], slots(1), id="winter time"),
        pytest.param(
            [a_schedule(), a_schedule(opens_at="12:00", closes_at="18:30")],
            slots(1, closes=time(18, 30)),
            id="overlapping",
        ),
        pytest.param(
            [a_schedule(opens_at="18:00", closes_at="20:00"), a_schedule()],
            (*slots(1), *slots(1, opens=time(18), closes=time(20))),
            id="twice a day",
        ),
        pytest.param(
            [a_schedule(valid_from="2026-11-24", valid_to="2026-11-24")], slots(1), id="today only"
        ),
    ],
)
def test_weekly_hours_come_from_the_schedules(
    schedules: list[dict[str, Any]], expected: tuple[OpenSlot, ...]
) -> None:
    """In the order of the week; no hour stands there twice."""
    loaded = load(a_service(schedules=schedules))
    assert OpeningHours(slots=expected) == loaded.services[0].hours
    assert loaded.left_out == ()


@pytest.mark.parametrize(
    ("schedule", "reason"),
    [
        pytest.param(a_schedule(valid_from="2026-11-25"), "not valid now", id="from tomorrow"),
        pytest.param(a_schedule(valid_to="2026-11-23"), "not valid now", id="until yesterday"),
        pytest.param(a_schedule(until="2020-01-01"), "not valid now", id="over long ago"),
        pytest.param(a_schedule(freq="MONTHLY"), "not the same every week", id="monthly"),
        pytest.param(a_schedule(interval=2), "not the same every week", id="every second week"),
        pytest.param(a_schedule(byweekno="41,42"), "not the same every week", id="some weeks"),
        pytest.param(a_schedule(byday="1TU"), "weekdays that cannot be read", id="first Tuesdays"),
        pytest.param(a_schedule(byday=None), "weekdays that cannot be read", id="no weekday"),
        pytest.param(a_schedule(opens_at="nine"), "hours that cannot be read", id="words"),
        pytest.param(a_schedule(closes_at=None), "hours that cannot be read", id="never closes"),
        pytest.param(a_schedule(closes_at="03:00"), "closes before it opens", id="over night"),
        pytest.param(a_schedule(timezone=3), "hours of another time zone", id="another zone"),
        pytest.param(
            a_schedule(opens_at="09:00-08:00"), "hours of another time zone", id="another offset"
        ),
        pytest.param(a_schedule(valid_to="soon"), "a day that is no date", id="no date"),
        pytest.param({"description": "Closed"}, "closed, without the days", id="closed, no days"),
        pytest.param(
            {"closed": True, "valid_from": "2026-01-01", "valid_to": "2026-12-31"},
            "closed for no days, or for more than 62",
            id="closed for a year",
        ),
        pytest.param(
            {"closed": True, "valid_from": "2026-12-02", "valid_to": "2026-12-01"},
            "closed for no days, or for more than 62",
            id="closed backwards",
        ),
    ],
)
def test_hours_that_weekly_hours_have_no_room_for_are_counted(
    schedule: dict[str, Any], reason: str
) -> None:
    """A service that is taken for open by mistake costs her a day."""
    loaded = load(a_service(schedules=[schedule]))
    assert loaded.services[0].hours is None
    assert loaded.left_out == (f"1 schedule was left out: {reason}",)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param(
            {
                "schedules": [
                    {
                        "description": "Closed for Christmas.",
                        "valid_from": "2026-12-24",
                        "valid_to": "2026-12-25",
                    }
                ]
            },
            id="HSDS 3.0",
        ),
        pytest.param(
            {
                "holiday_schedules": [
                    {"closed": "true", "start_date": "2026-12-24", "end_date": "2026-12-25"}
                ]
            },
            id="its older form",
        ),
    ],
)
def test_closing_days_come_in_one_by_one(said: dict[str, Any]) -> None:
    """Also those that are still to come."""
    loaded = load(a_service(**said))
    expected = OpeningHours(closed_on=(date(2026, 12, 24), date(2026, 12, 25)))
    assert expected == loaded.services[0].hours
    assert loaded.left_out == ()


def places(available: Any, maximum: Any = 10, **more: Any) -> dict[str, Any]:
    return {"available": available, "maximum": maximum, "updated": "2026-11-20T09:00:00Z"} | more


@pytest.mark.parametrize(
    ("capacities", "expected"),
    [
        pytest.param([places(3)], Capacity.OPEN, id="some"),
        pytest.param([places(3, None)], Capacity.OPEN, id="some of nobody knows how many"),
        pytest.param([places(0)], Capacity.FULL, id="none"),
        pytest.param([places(0), places(0)], Capacity.FULL, id="none of either"),
        pytest.param([places(0), places(2)], Capacity.LIMITED, id="of one unit and not the other"),
    ],
)
def test_capacity_comes_from_the_places_that_are_free(
    capacities: list[dict[str, Any]], expected: Capacity
) -> None:
    """With the day of the feed's word, on which it depends who is believed."""
    service = only(a_service(capacities=capacities))
    assert (expected, date(2026, 11, 20)) == (service.capacity, service.capacity_on)


@pytest.mark.parametrize(
    "wrong", [places(-1), places("3"), places(None), places(True), places(11), places(1, "ten")]
)
def test_places_that_cannot_be_counted_say_nothing(wrong: dict[str, Any]) -> None:
    """A number below nothing, above the most, or no number at all."""
    loaded = load(a_service(capacities=[wrong]))
    assert Capacity.UNKNOWN is loaded.services[0].capacity
    expected = "1 capacity was left out: no number of places that can be read"
    assert (expected,) == loaded.left_out


@pytest.mark.parametrize(
    ("text", "days"),
    [("30 days", 30), ("1 day", 1), ("About 6 weeks", 42), ("up to 2 weeks", 14), ("0 days", 0)],
)
def test_a_clear_waiting_time_comes_in_as_days(text: str, days: int) -> None:
    """One number of days or weeks."""
    service = only(a_service(wait_time=text, last_modified="2026-11-19T08:00:00Z"))
    assert (days, date(2026, 11, 19)) == (service.expected_wait_days, service.capacity_on)


@pytest.mark.parametrize("text", ["2-3 weeks", "5 working days", "3 months", "soon", "wait_time"])
def test_a_waiting_time_that_is_not_clear_is_left_out(text: str) -> None:
    """It is not guessed: whoever waits counts the days."""
    loaded = load(a_service(wait_time=text))
    assert loaded.services[0].expected_wait_days is None
    assert loaded.left_out == ("1 waiting time was left out: not a number of days or weeks",)


def test_a_word_on_capacity_from_a_day_to_come_has_no_day() -> None:
    """Or nothing the service says until then would count."""
    service = only(a_service(capacities=[places(0, updated="2099-01-01")]))
    assert (Capacity.FULL, None) == (service.capacity, service.capacity_on)


def test_a_feed_that_says_nothing_of_an_offer_leaves_it_open() -> None:
    """The pages of the UK profile do not."""
    service = only({"contents": [a_service()]})
    assert (service.needs, service.by_and_for, service.hours) == ((), (), None)
    assert (Capacity.UNKNOWN, None, None) == (
        service.capacity,
        service.expected_wait_days,
        service.capacity_on,
    )
