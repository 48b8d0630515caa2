"""The clockwork that tests of workflows share, twice: with its memory, and without."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.conftest import People
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import Journey, open_journey

Opens = Callable[..., Awaitable[Journey]]

REMEMBERING, FORGETFUL = 1_000, 1
"""Workflows a worker keeps in memory. With one alone, journey and referral push each other out
and are replayed again and again, so what is not deterministic fails here first. (With none at
all, the SDK cancels and repeats local activities that other workflows' tasks overtake.)"""


@pytest.fixture(scope="module", params=[REMEMBERING, FORGETFUL], ids=["remembering", "forgetful"])
async def the_clockwork(
    request: pytest.FixtureRequest, people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clockwork]:
    """Temporal, our worker and the record."""
    notices = tmp_path_factory.mktemp("notices")
    async with clockwork(
        people, notices, cached=request.param, history__defaultWorkflowTaskTimeout='"1s"'
    ) as found:
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
