"""Builds of the worker as operators see them: which is current, and what was left alone."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from infra.builds import Build, Builds, read_builds
from infra.stack.finding import Level
from infra.stack.layout import StackPaths
from infra.stack.secrets import Role
from infra.stack.server_checks import check_builds
from infra.stack.state import Ports, StackState
from infra.temporal import JOURNEYS
from schemas.case_commands import AddNeed
from tests.conftest import People
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import WITHIN, open_journey
from tests.workflows.test_versions import make_current
from workers.lookout import Lookout

A_BUILD = "build-1"
LONG_AGO = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture
async def at_rest(people: People, tmp_path: Path) -> AsyncIterator[Clockwork]:
    """Temporal and the record, and no worker."""
    async with clockwork(people, tmp_path / "notices") as found:
        await found.stop()
        yield found


async def found_by_doctor(clock: Clockwork) -> tuple[Level, str, str]:
    """What `safepath doctor` says of builds."""
    port = int(clock.client.service_client.config.target_host.rpartition(":")[2])
    ports = Ports(temporal=port)
    state = StackState(version="0", pid=1, started_at=LONG_AGO, ports=ports)
    finding = await check_builds(StackPaths.at(clock.notices_dir), state)
    return finding.level, finding.found, finding.advice


async def until_known(clock: Clockwork) -> None:
    """Wait until Temporal has seen the build's worker poll."""
    end = asyncio.get_running_loop().time() + WITHIN
    while await read_builds(clock.client, JOURNEYS, LONG_AGO) is None:
        assert asyncio.get_running_loop().time() < end, "nobody polls"
        await asyncio.sleep(0.05)


async def said_by_worker(clock: Clockwork, people: People, build: str | None) -> list[str]:
    """What a worker says at its start."""
    said: list[str] = []
    pool = await people.pool_of(Role.JOURNEYS)
    await Lookout(pool, clock.client, build).report(said.append)
    return said


async def test_a_build_that_nobody_made_current_is_told_of(
    at_rest: Clockwork, people: People
) -> None:
    """New journeys would wait in silence: worker and doctor say so, and what to do."""
    assert (Level.OK, "not told apart", "") == await found_by_doctor(at_rest)
    assert [] == await said_by_worker(at_rest, people, None)
    at_rest.build = A_BUILD
    async with at_rest.working():
        await until_known(at_rest)
        (said,) = await said_by_worker(at_rest, people, A_BUILD)
        assert "no build is current, so new journeys wait" in said
        level, found, advice = await found_by_doctor(at_rest)
        assert (Level.FAIL, "no build is current, so new journeys wait") == (level, found)
        assert "make one current" in advice
        await make_current(at_rest, A_BUILD)
        assert [] == await said_by_worker(at_rest, people, A_BUILD)
        assert Level.OK is (await found_by_doctor(at_rest))[0]


@pytest.mark.parametrize(
    ("build", "who"), [("build-2", "build build-2"), (None, "a worker without a build")]
)
async def test_a_worker_that_gets_no_new_journeys_says_so(
    at_rest: Clockwork, people: People, build: str | None, who: str
) -> None:
    """It would stand there ready, and do nothing."""
    at_rest.build = A_BUILD
    async with at_rest.working():
        await make_current(at_rest, A_BUILD)
        (said,) = await said_by_worker(at_rest, people, build)
    assert f"{who} gets no new journeys: they begin on build-1, which is current" == said


async def test_a_journey_whose_build_has_no_worker_left_is_found(
    at_rest: Clockwork, people: People
) -> None:
    """Its worker was taken away too early: how many wait, and on which build."""
    at_rest.build = A_BUILD
    async with at_rest.working():
        await make_current(at_rest, A_BUILD)
        journey = await open_journey(at_rest, people)
        await journey.decide(AddNeed)
        with_worker = await read_builds(at_rest.client, JOURNEYS, LONG_AGO)
    alone = await read_builds(at_rest.client, JOURNEYS, datetime.now(UTC))
    assert Builds(A_BUILD, (Build(A_BUILD, running=1, is_polled=True),)) == with_worker
    left = Build(A_BUILD, running=1, is_polled=False)
    assert Builds(A_BUILD, (left,)) == alone
    assert alone is not None
    assert (left,) == alone.left_alone
