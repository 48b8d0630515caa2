"""New code for journeys that are months old: at the end of a phase, and not before."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.client import WorkflowHandle
from temporalio.service import RPCError

from infra.builds import DEPLOYMENT
from schemas.case import SafetyCheck, Stage
from schemas.case_commands import AddNeed, ConfirmSafety
from schemas.messages import RECORD_CHANGED
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral, CompleteReferral, EngageReferral, OpenReferral
from tests.conftest import People
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.conftest import LOST_AFTER, MEMORYLESS, REMEMBERING
from tests.workflows.telling import IDVA, WITHIN, Journey, open_journey

OLD, NEW = "build-1", "build-2"
WAKES = 20
NOT_SAFE_YET = SafetyCheck(safe_to_talk=False, immediate_danger=False)
SAFE = SafetyCheck(safe_to_talk=True, immediate_danger=False)


@pytest.fixture(params=[REMEMBERING, MEMORYLESS], ids=["", "memoryless"])
def cached(request: pytest.FixtureRequest) -> int:
    """Workflows that workers keep in memory."""
    kept: int = request.param
    return kept


@pytest.fixture
async def two_builds(
    people: People, tmp_path_factory: pytest.TempPathFactory, cached: int
) -> AsyncIterator[tuple[Clockwork, Clockwork]]:
    """One Temporal with a worker of each build; the old one is current at first."""
    async with builds(
        people, tmp_path_factory.mktemp("notices"), cached=cached, **LOST_AFTER
    ) as both:
        yield both


@asynccontextmanager
async def builds(
    people: People, notices: Path, **server: Any
) -> AsyncIterator[tuple[Clockwork, Clockwork]]:
    """The same, with further configuration of Temporal."""
    async with clockwork(people, notices, **server) as old:
        await old.stop()
        new = Clockwork(old.env, old.codec, old.record, old.notices_dir, cached=old.cached)
        old.build, new.build = OLD, NEW
        await old.start()
        await make_current(old, OLD)
        await new.start()
        try:
            yield old, new
        finally:
            await new.stop()


async def make_current(found: Clockwork, build: str) -> None:
    """What a deployment does once it has seen the build's workers poll."""
    request = SetWorkerDeploymentCurrentVersionRequest(
        namespace=found.client.namespace, deployment_name=DEPLOYMENT, build_id=build
    )
    end = asyncio.get_running_loop().time() + WITHIN
    while True:
        try:
            await found.client.workflow_service.set_worker_deployment_current_version(request)
        except RPCError:
            assert asyncio.get_running_loop().time() < end, f"{build} does not poll"
            await asyncio.sleep(0.1)
        else:
            return


async def build_of(handle: "WorkflowHandle[Any, Any]") -> str:
    """The build that a workflow's run is pinned to."""
    described = await handle.describe()
    version = described.raw_description.workflow_execution_info.versioning_info.deployment_version
    return version.build_id


async def until_on(journey: Journey, build: str) -> None:
    """Wake the journey until it runs on a build: it is told of a new one only when it works."""
    end = asyncio.get_running_loop().time() + WITHIN
    while await build_of(journey.handle) != build:
        assert asyncio.get_running_loop().time() < end, f"it never came to {build}"
        await journey.handle.signal(RECORD_CHANGED)
        await asyncio.sleep(0.1)


async def stays_on(journey: Journey, build: str) -> None:
    """Wake the journey as often as a move has ever needed, and find it where it was."""
    for _ in range(WAKES):
        await journey.handle.signal(RECORD_CHANGED)
        await asyncio.sleep(0.1)
        assert build == await build_of(journey.handle)


async def test_a_journey_takes_new_code_at_the_end_of_its_phase(
    two_builds: tuple[Clockwork, Clockwork], people: People
) -> None:
    """Within a phase it stays on the build that began its history; then it moves, whole."""
    old, _ = two_builds
    journey = await open_journey(old, people, safety=NOT_SAFE_YET)
    await until_on(journey, OLD)
    await make_current(old, NEW)
    await journey.decide(ConfirmSafety, safety=NOT_SAFE_YET)
    await stays_on(journey, OLD)
    await journey.decide(ConfirmSafety, safety=SAFE)
    await until_on(journey, NEW)
    assert Stage.OPEN is (await journey.snapshot()).case.stage
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    assert ReferralState.ACCEPTED is (await journey.snapshot()).referrals[0].state


async def test_the_old_build_can_be_taken_away_once_nothing_is_pinned_to_it(
    two_builds: tuple[Clockwork, Clockwork], people: People
) -> None:
    """What has moved goes on without it."""
    old, _ = two_builds
    journey = await open_journey(old, people, safety=NOT_SAFE_YET)
    await until_on(journey, OLD)
    await make_current(old, NEW)
    await journey.decide(ConfirmSafety, safety=SAFE)
    await until_on(journey, NEW)
    await old.stop()
    await journey.decide(AddNeed)
    assert [1] == [need.number for need in (await journey.snapshot()).needs]


async def test_a_long_referral_takes_new_code_with_its_new_history(
    people: People, tmp_path: Path, cached: int
) -> None:
    """Support may go on for years: no build has to be kept for as long."""
    few = {"limit__historyCount__suggestContinueAsNew": "20"} | LOST_AFTER
    async with builds(people, tmp_path, cached=cached, **few) as (old, _):
        journey = await open_journey(old, people)
        await journey.sent_to(IDVA)
        referral = journey.referral()
        first_run = (await referral.describe()).run_id
        assert OLD == await build_of(referral)
        await make_current(old, NEW)
        for kind in (OpenReferral, AcceptReferral, EngageReferral):
            await journey.answers(kind, IDVA)
        await journey.until_run_after(first_run, referral)
        await journey.answers(CompleteReferral, IDVA)
        assert ReferralState.COMPLETED is await journey.referral_ends()
        assert NEW == await build_of(referral)
        assert [("harbour-house", "referral", 1)] == await journey.inbox()
