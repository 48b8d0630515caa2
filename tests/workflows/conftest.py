"""The clockwork that tests of workflows share: with its memory, with little, and without."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import People
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.memory import assert_replayed_each_time
from tests.workflows.telling import Journey, open_journey

Opens = Callable[..., Awaitable[Journey]]

REMEMBERING, FORGETFUL, MEMORYLESS = 1_000, 1, 0
"""Workflows a worker keeps in memory. With one alone, journey and referral push each other out
and are replayed again and again, so what is not deterministic fails here first. With none, every
task replays the whole history. (The SDK then gives a task up, and does its local steps again, when
a message comes meanwhile: all takes longer, and it is not how a worker should be run.)"""
_NO_MEMORY = "memoryless"
LOST_AFTER: dict[str, Any] = {"history__defaultWorkflowTaskTimeout": '"1s"'}
"""How Temporal is told to wait no longer for a task that was given up."""
_SAMPLE, _SEED = 8, 20261124
"""How many tests without memory CI runs, and which; `make check-long` runs them all."""

ONCE = pytest.mark.parametrize(
    "the_clockwork", [REMEMBERING, MEMORYLESS], ids=["", _NO_MEMORY], indirect=True
)
"""For modules whose tests are long and do the same with little memory as with much."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave tests without memory to the long run, but for a seeded sample of those collected."""
    memoryless = [item for item in items if _NO_MEMORY in item.name]
    sample: set[pytest.Item] = set()
    if config.option.markexpr == "not long":
        which = random.Random(_SEED)  # noqa: S311 - which tests is no secret
        sample = set(which.sample(memoryless, min(_SAMPLE, len(memoryless))))
    for item in memoryless:
        if item not in sample:
            item.add_marker(pytest.mark.long)


def pytest_report_header() -> str:
    """The seed, where it is looked for."""
    return f"tests without memory: a sample of {_SAMPLE}, seed {_SEED}"


@pytest.fixture(
    scope="module",
    params=[REMEMBERING, FORGETFUL, MEMORYLESS],
    ids=["remembering", "forgetful", _NO_MEMORY],
)
async def the_clockwork(
    request: pytest.FixtureRequest, people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clockwork]:
    """Temporal, our worker and the record."""
    notices = tmp_path_factory.mktemp("notices")
    async with clockwork(people, notices, cached=request.param, **LOST_AFTER) as found:
        yield found


@pytest.fixture
async def opens(the_clockwork: Clockwork, people: People) -> AsyncIterator[Opens]:
    """Opens a case and starts its journey; all that happened in it must replay at the end."""
    opened: list[Journey] = []

    async def open_one(**parts: Any) -> Journey:
        opened.append(await open_journey(the_clockwork, people, **parts))
        return opened[-1]

    yield open_one
    for journey in opened:
        await journey.replays()
        if the_clockwork.cached == MEMORYLESS:
            await assert_replayed_each_time(journey)
