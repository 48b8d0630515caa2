"""The directory in the record: what feeds say, and what a service says itself."""

import itertools
from collections.abc import AsyncIterator
from datetime import date, time
from typing import Any

import asyncpg
import pytest

from infra.migrations import migrate
from infra.stack.secrets import Role
from schemas.actor import Actor
from schemas.directory import Capacity, Service
from schemas.errors import BadInputError
from schemas.hours import OpeningHours, OpenSlot
from schemas.referral import NeedCategory
from schemas.verbs import Verb
from tests.builders import ngo_intake, ops
from tests.conftest import People, Servers

SAID_ON = date(2026, 11, 20)
HOURS = OpeningHours(
    slots=(OpenSlot(weekday=0, opens=time(9), closes=time(17, 30)),),
    closed_on=(date(2026, 12, 24),),
)
_numbers = itertools.count()


@pytest.fixture(scope="module")
async def people(postgres: Servers) -> AsyncIterator[People]:
    """A directory of their own, for services that others would find among the suggestions."""
    servers = await postgres.another_database()
    await migrate(servers.dsn(Role.OWNER), embedded=True)
    found = People(servers)
    yield found
    await found.close()


def a_service(**changes: Any) -> Service:
    """A full service of Rowan Tree, as a feed of 20 November has it; each call is another one."""
    code = f"outreach-{next(_numbers)}"
    said: dict[str, Any] = {
        "code": code,
        "source_id": code,
        "name": "Outreach",
        "organisation": "rowan-tree",
        "organisation_name": "Rowan Tree",
        "languages": ("ur", "cy"),
        "areas": ("Northmarch",),
        "needs": (NeedCategory.ADVOCACY, NeedCategory.HOUSING),
        "by_and_for": ("Deaf women",),
        "hours": HOURS,
        "capacity": Capacity.FULL,
        "expected_wait_days": 30,
        "capacity_on": SAID_ON,
        "assured_on": SAID_ON,
    }
    return Service(**(said | changes))


def staff(organisation: str = "rowan-tree") -> Actor:
    """Somebody who works for a service."""
    return ngo_intake(organisation)


async def loaded(people: People, service: Service, **changes: Any) -> Service:
    """What the directory holds after a feed with the service, changed, was loaded."""
    reader = await people.reader_for(ops())
    await reader.load_services([service.model_copy(update=changes)], ops())
    return await found(people, service.code)


async def found(people: People, code: str) -> Service:
    """A service as everybody sees it."""
    services = await (await people.reader_for(staff())).list_services()
    (service,) = [service for service in services if service.code == code]
    return service


async def publish(
    people: People,
    service: Service,
    capacity: Capacity = Capacity.OPEN,
    wait_days: int | None = None,
    *,
    on: date = SAID_ON,
    actor: Actor | None = None,
) -> None:
    """The service says it itself."""
    acting = actor or staff()
    reader = await people.reader_for(acting)
    await reader.publish_capacity(service.code, capacity, wait_days, on, acting)


async def audited(people: People, code: str) -> list[tuple[str, str, Any]]:
    """Who published what of a service, oldest first."""
    connection = await asyncpg.connect(people.servers.dsn(Role.POSTGRES), ssl=False)
    try:
        rows = await connection.fetch(
            "SELECT body::jsonb #>> '{actor,organisation}' AS by,"
            " body::jsonb #>> '{detail,capacity}' AS capacity,"
            " body::jsonb #>> '{detail,wait_days}' AS wait FROM audit.entry"
            " WHERE verb = $1 AND body::jsonb #>> '{detail,service}' = $2 ORDER BY seq",
            Verb.PUBLISH_CAPACITY,
            code,
        )
    finally:
        await connection.close()
    return [(row["by"], row["capacity"], row["wait"]) for row in rows]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="everything"),
        pytest.param({"hours": None, "by_and_for": (), "needs": ()}, id="little"),
        pytest.param(
            {"capacity": Capacity.UNKNOWN, "expected_wait_days": None, "capacity_on": None},
            id="nothing of capacity",
        ),
        pytest.param({"needs": tuple(NeedCategory)}, id="every need"),
        pytest.param({"expected_wait_days": 0}, id="no wait"),
    ],
)
async def test_what_a_feed_says_of_a_service_comes_back_as_it_was(
    people: People, changes: dict[str, Any]
) -> None:
    """Every field, in its order."""
    service = a_service(**changes)
    assert service == await loaded(people, service)


async def test_a_row_from_before_says_nothing_and_stays_valid(people: People) -> None:
    """Services that were imported before the columns were there can still be read and asked."""
    connection = await asyncpg.connect(people.servers.dsn(Role.POSTGRES), ssl=False)
    code = a_service().code
    try:
        await connection.execute(
            "INSERT INTO directory.service (code, source_id, name, organisation,"
            " organisation_name, description, status, languages, areas)"
            " VALUES ($1, $1, 'Old', 'rowan-tree', 'Rowan Tree', '', 'active', '{}', '{}')",
            code,
        )
    finally:
        await connection.close()
    expected = a_service(
        code=code,
        source_id=code,
        name="Old",
        languages=(),
        areas=(),
        needs=(),
        by_and_for=(),
        hours=None,
        capacity=Capacity.UNKNOWN,
        expected_wait_days=None,
        capacity_on=None,
        assured_on=None,
    )
    assert expected == await found(people, code)


async def test_a_shorter_feed_leaves_needs_communities_and_hours(people: People) -> None:
    """The pages of the UK profile have none of them; a feed that has some replaces them."""
    service = a_service()
    await loaded(people, service)
    assert service == await loaded(people, service, needs=(), by_and_for=(), hours=None)
    other: dict[str, Any] = {
        "needs": (NeedCategory.MONEY,),
        "by_and_for": ("Older women",),
        "hours": OpeningHours(closed_on=(SAID_ON,)),
    }
    assert service.model_copy(update=other) == await loaded(people, service, **other)


async def test_a_service_publishes_its_capacity_and_the_audit_says_who(people: People) -> None:
    """What it said before is gone, the wait included."""
    service = a_service()
    await loaded(people, service)
    await publish(people, service, Capacity.LIMITED, 7, on=date(2026, 11, 24))
    await publish(people, service, Capacity.OPEN, on=date(2026, 11, 25))
    now = await found(people, service.code)
    said = {"capacity": Capacity.OPEN, "expected_wait_days": None}
    assert service.model_copy(update=said | {"capacity_on": date(2026, 11, 25)}) == now
    expected = [("rowan-tree", "limited", "7"), ("rowan-tree", "open", None)]
    assert expected == await audited(people, service.code)


async def test_nobody_publishes_the_capacity_of_another_organisation(people: People) -> None:
    """Nor of a service that is not there; nothing changes, and nothing claims that it did."""
    service = a_service()
    await loaded(people, service)
    for actor in (staff("birch-hill"), ops()):
        with pytest.raises(BadInputError, match="your organisation offers no service") as caught:
            await publish(people, service, actor=actor)
        assert caught.value.field == "service"
    with pytest.raises(BadInputError, match="your organisation offers no service"):
        await publish(people, a_service())
    assert service == await found(people, service.code)
    assert [] == await audited(people, service.code)


DAY_BEFORE, DAY_AFTER = date(2026, 11, 19), date(2026, 11, 21)


@pytest.mark.parametrize(
    ("feed", "is_heard"),
    [
        pytest.param({"capacity_on": DAY_BEFORE}, False, id="an older word"),
        pytest.param({"capacity_on": SAID_ON}, False, id="a word of the same day"),
        pytest.param({"capacity_on": None}, False, id="a word of no day"),
        pytest.param({"capacity_on": DAY_AFTER}, True, id="a later word"),
        pytest.param(
            {
                "capacity": Capacity.UNKNOWN,
                "expected_wait_days": None,
                "capacity_on": DAY_AFTER,
            },
            False,
            id="no word",
        ),
        pytest.param(
            {"capacity": Capacity.UNKNOWN, "capacity_on": DAY_AFTER}, True, id="a later wait alone"
        ),
    ],
)
async def test_a_feed_undoes_what_a_service_published_only_by_a_later_word(
    people: People, feed: dict[str, Any], is_heard: bool
) -> None:
    """The rest of the feed is taken all the same."""
    service = a_service(name="Old name")
    await loaded(people, service)
    await publish(people, service, Capacity.OPEN)
    now = await loaded(people, service, name="New name", **feed)
    published = {"capacity": Capacity.OPEN, "expected_wait_days": None, "capacity_on": SAID_ON}
    said = feed if is_heard else published
    assert service.model_copy(update={"name": "New name"} | said) == now


async def test_a_first_word_on_capacity_is_heard_whatever_its_day(people: People) -> None:
    """Where nobody said anything with a day before."""
    service = a_service()
    nothing = {"capacity": Capacity.UNKNOWN, "expected_wait_days": None, "capacity_on": None}
    await loaded(people, service, **nothing)
    assert service == await loaded(people, service)
