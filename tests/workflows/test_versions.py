"""New code for journeys that are months old: at the end of a phase, and not before."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from temporalio.api.workflowservice.v1 import SetWorkerDeploymentCurrentVersionRequest
from temporalio.service import RPCError

from schemas.case import SafetyCheck, Stage
from schemas.case_commands import AddNeed, ConfirmSafety
from schemas.messages import RECORD_CHANGED
from schemas.referral import ReferralState
from tests.conftest import People
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import IDVA, WITHIN, Journey, open_journey
from workers.journeys import DEPLOYMENT

OLD, NEW = "build-1", "build-2"
WAKES = 20
NOT_SAFE_YET = SafetyCheck(safe_to_talk=False, immediate_danger=False)
SAFE = SafetyCheck(safe_to_talk=True, immediate_danger=False)


@pytest.fixture
async def two_builds(
    people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Clockwork, Clockwork]]:
    """One Temporal with a worker of each build; the old one is current at first."""
    notices = tmp_path_factory.mktemp("notices")
    async with clockwork(people, notices) as old:
        await old.stop()
        new = Clockwork(old.env, old.codec, old.record, old.notices_dir)
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


async def build_of(journey: Journey) -> str:
    """The build that a journey's run is pinned to."""
    described = await journey.handle.describe()
    version = described.raw_description.workflow_execution_info.versioning_info.deployment_version
    return version.build_id


async def until_on(journey: Journey, build: str) -> None:
    """Wake the journey until it runs on a build: it is told of a new one only when it works."""
    end = asyncio.get_running_loop().time() + WITHIN
    while await build_of(journey) != build:
        assert asyncio.get_running_loop().time() < end, f"it never came to {build}"
        await journey.handle.signal(RECORD_CHANGED)
        await asyncio.sleep(0.1)


async def stays_on(journey: Journey, build: str) -> None:
    """Wake the journey as often as a move has ever needed, and find it where it was."""
    for _ in range(WAKES):
        await journey.handle.signal(RECORD_CHANGED)
        await asyncio.sleep(0.1)
        assert build == await build_of(journey)


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
