"""A new version of the worker, deployed as docs/operations.md says: no journey is lost by it."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio.api.enums.v1 import EventType, WorkflowTaskFailedCause
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle

from infra.stack.binaries import temporal_binary
from infra.stack.secrets import Role
from schemas.case import ClosingReason, Stage
from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety
from schemas.messages import RECORD_CHANGED
from schemas.referral import ReferralState
from schemas.referral_commands import CompleteReferral
from tests.conftest import People
from tests.journeys.another_build import changed_build, this_build
from tests.journeys.console import Console, a_console, commands_under
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import IDVA, WITHIN, Journey, open_journey
from tests.workflows.test_long import duty_of
from tests.workflows.test_versions import NOT_SAFE_YET, SAFE, build_of, stays_on, until_on

OLD, NEW = "build-1", "build-2"
FIRST, DEPLOY, TAKE_AWAY, GO_BACK = commands_under("### Deploying a new version")
A_MINUTE = timedelta(minutes=1)
SOON: dict[str, Any] = {
    "matching__wv__VersionDrainageStatusVisibilityGracePeriod": '"1s"',
    "matching__wv__VersionDrainageStatusRefreshInterval": '"1s"',
}
"""Temporal looks after minutes whether a build is drained; a test need not."""


@dataclass
class Site:
    """Where an operator works: Temporal without a worker, two installations, and a console."""

    clockwork: Clockwork
    people: People
    console: Console

    async def opens(self, **parts: Any) -> Journey:
        """A case is opened, and its journey begins."""
        return await open_journey(self.clockwork, self.people, **parts)


@asynccontextmanager
async def a_site(people: People, folder: Path) -> AsyncIterator[Site]:
    """The site, while a worker that knows no builds has just gone."""
    this_build(folder / OLD)
    changed_build(folder / NEW)
    async with clockwork(people, folder / "notices", **SOON) as found:
        await found.stop()
        address = found.client.service_client.config.target_host
        installation = people.servers.installation
        env = {
            "PATH": f"{temporal_binary().parent}:{os.environ['PATH']}",
            "HOME": str(folder),
            "TEMPORAL_ADDRESS": address,
            "SAFEPATH_DSN_JOURNEYS": installation.dsn(Role.JOURNEYS),
            "SAFEPATH_KEK_FILE": str(installation.kek_file),
            "SAFEPATH_OPERATIONS_KEY_FILE": str(installation.operations_key_file),
            "SAFEPATH_NOTICES_DIR": str(found.notices_dir),
        }
        places = {"/opt/safepath": str(folder), "temporal.example:7233": address}
        async with a_console(places, env) as console:
            await console.run(f"cd {folder}")
            console.ran.clear()
            yield Site(found, people, console)


def polls(printed: str) -> bool:
    """Whether a build's workers poll for workflows and for activities."""
    listed = [line.split() for line in printed.splitlines()]
    return {("journeys", "workflow"), ("journeys", "activity")} <= {
        tuple(words) for words in listed
    }


def says(*words: str) -> Callable[[str], bool]:
    """Whether a line has these words, in this order."""
    return lambda printed: any(
        line.split()[: len(words)] == list(words) for line in printed.splitlines()
    )


drained = says("DrainageStatus", "drained")


async def begin(site: Site) -> None:
    """Put the first build to work."""
    export, start, look, make_current = FIRST
    await site.console.run(export)
    await site.console.run(start)
    await site.console.until(look, polls)
    await site.console.run(make_current)


async def deploy(site: Site) -> str:
    """Put the new build beside it and make it current; the command that counts what is left."""
    start, look, make_current, describe, count = DEPLOY
    await site.console.run(start)
    await site.console.until(look, polls)
    await site.console.run(make_current)
    await site.console.until(describe, says("CurrentVersionBuildID", NEW))
    return count


async def take_away(site: Site, look: str, stop: str) -> None:
    """Wait until nothing runs on a build, and stop its worker."""
    await site.console.until(look, drained)
    await site.console.run(stop)


async def is_on_changed_code(handle: "WorkflowHandle[Any, Any]") -> bool:
    """Whether a run began with the timer that the changed build has and this one has not."""
    kinds = [event.event_type for event in (await handle.fetch_history()).events]
    timer, marker = EventType.EVENT_TYPE_TIMER_STARTED, EventType.EVENT_TYPE_MARKER_RECORDED
    return next(kind for kind in kinds if kind in (timer, marker)) == timer


async def closed(journey: Journey, on: str) -> None:
    """Close the case; its journey ends well on that build, and the record says so.

    The review before a closing is a phase of its own, so a journey moves before it ends.
    """
    reason = ClosingReason.SUPPORT_COMPLETED
    await journey.decide(CloseCase, reason=reason)
    await until_on(journey, on)
    await journey.decide(CloseCase, reason=reason, confirmed=True)
    await journey.ends()
    assert on == await build_of(journey.handle)
    assert Stage.CLOSED is (await journey.snapshot()).case.stage
    assert WorkflowExecutionStatus.COMPLETED is await journey.state_of(journey.handle)


def show(began: dict[str, str], ended: dict[str, str]) -> None:
    """The table of what became of everything."""
    rows = [(name, build, ended.get(name, "lost")) for name, build in began.items()]
    for name, first, last in [("", "began on", "ended on"), *rows]:
        sys.stdout.write(f"{name:<22} {first:<10} {last}\n")
    sys.stdout.write(f"lost {sum(name not in ended for name in began)}\n")


@pytest.mark.timeout(300)
async def test_a_new_version_is_deployed_and_no_journey_is_lost(
    people_apart: People, tmp_path: Path
) -> None:
    """The steps of the page, with journeys in every phase and a referral at a service.

    What is under way stays on its build, and ends there or moves at the end of its phase; the old
    worker goes when nothing is left on it, and the rest goes on without it.
    """
    async with a_site(people_apart, tmp_path) as site:
        await site.clockwork.start()
        unversioned = await site.opens()
        await unversioned.decide(AddNeed)
        await site.clockwork.stop()
        await begin(site)
        await unversioned.decide(AddNeed)
        unsafe = await site.opens(safety=NOT_SAFE_YET)
        referred = await site.opens()
        await referred.sent_to(IDVA)
        quiet = await site.opens(owed=True)
        under_way: dict[str, WorkflowHandle[Any, Any]] = {
            "begun without builds": unversioned.handle,
            "before it is safe": unsafe.handle,
            "a service is asked": referred.handle,
            "its referral": referred.referral(),
            "quiet for months": quiet.handle,
        }
        for handle in under_way.values():
            assert OLD == await _settled(handle)
        began = dict.fromkeys(under_way, OLD)

        count = await deploy(site)
        assert f"Total: {len(under_way)}" in await site.console.run(count)
        fresh = await site.opens()
        await fresh.decide(AddNeed)
        began["begun afterwards"] = await build_of(fresh.handle)
        assert NEW == began["begun afterwards"]
        assert await is_on_changed_code(fresh.handle)

        await referred.accepted(IDVA)
        await stays_on(referred, OLD)
        assert not await is_on_changed_code(referred.handle)
        await unsafe.decide(ConfirmSafety, safety=SAFE)
        review = duty_of(await quiet.snapshot(), "close-review")
        await quiet.forward(review.due_at + A_MINUTE)
        await quiet.until(lambda s: s.case.stage is Stage.DORMANT)
        for moved in (unsafe, quiet):
            await until_on(moved, NEW)
            assert await is_on_changed_code(moved.handle)
        await referred.answers(CompleteReferral, IDVA)
        assert ReferralState.COMPLETED is await referred.referral_ends()
        for journey in (referred, unversioned):
            await closed(journey, on=NEW)
        assert "Total: 0" in await site.console.until(count, lambda said: "Total: 0" in said)

        await take_away(site, *TAKE_AWAY)
        assert "journeys worker stopped" in (tmp_path / "build-1.log").read_text()
        for journey in (unsafe, quiet, fresh):
            await journey.decide(AddNeed)
            await closed(journey, on=NEW)
        handles = under_way | {"begun afterwards": fresh.handle}
        ended = {name: await build_of(handle) for name, handle in handles.items()}
        show(began, ended)
        assert dict.fromkeys(handles, NEW) | {"its referral": OLD} == ended
        assert [("harbour-house", "referral", 1)] == await referred.inbox()
        assert set(FIRST + DEPLOY + TAKE_AWAY) == set(site.console.ran)


@pytest.mark.timeout(300)
async def test_a_deployment_is_taken_back_and_no_journey_is_lost(
    people_apart: People, tmp_path: Path
) -> None:
    """What began on the new build moves back at the end of its phase, and then the build goes."""
    async with a_site(people_apart, tmp_path) as site:
        await begin(site)
        stays = await site.opens()
        assert OLD == await _settled(stays.handle)
        await deploy(site)
        returns = await site.opens(safety=NOT_SAFE_YET)
        assert NEW == await _settled(returns.handle)
        assert await is_on_changed_code(returns.handle)

        make_current, count, look, stop = GO_BACK
        await site.console.run(make_current)
        assert "Total: 1" in await site.console.run(count)
        later = await site.opens()
        assert OLD == await _settled(later.handle)
        await stays_on(returns, NEW)
        await returns.decide(ConfirmSafety, safety=SAFE)
        await until_on(returns, OLD)
        assert not await is_on_changed_code(returns.handle)
        await take_away(site, look, stop)
        for journey in (stays, returns, later):
            await closed(journey, on=OLD)


async def test_without_builds_the_same_change_would_have_stopped_a_journey(
    people_apart: People, tmp_path: Path
) -> None:
    """The counter-test: the changed code cannot replay what the other began. That one still can."""
    worker = "{0}/bin/safepath worker journeys >>{0}.log 2>&1 & worker=$!"
    stop = 'kill -TERM "$worker" && wait "$worker"'
    async with a_site(people_apart, tmp_path) as site:
        console = site.console
        await console.run(worker.format(OLD))
        journey = await site.opens()
        await journey.decide(AddNeed)
        await console.run(stop)
        await console.run(worker.format(NEW))
        await journey.handle.signal(RECORD_CHANGED)
        assert await _why_a_task_failed(journey.handle) == (
            WorkflowTaskFailedCause.WORKFLOW_TASK_FAILED_CAUSE_NON_DETERMINISTIC_ERROR
        )
        await console.run(stop)
        await console.run(worker.format(OLD))
        await journey.decide(AddNeed)
        await journey.closes()
        await journey.ends()


async def _settled(handle: "WorkflowHandle[Any, Any]") -> str:
    """The build that a run is on, once a worker has taken it."""
    end = asyncio.get_running_loop().time() + WITHIN
    while not (build := await build_of(handle)):
        assert asyncio.get_running_loop().time() < end, "no build took it"
        await asyncio.sleep(0.05)
    return build


async def _why_a_task_failed(
    handle: "WorkflowHandle[Any, Any]",
) -> "WorkflowTaskFailedCause.ValueType":
    end = asyncio.get_running_loop().time() + WITHIN
    while True:
        for event in (await handle.fetch_history()).events:
            if event.HasField("workflow_task_failed_event_attributes"):
                return event.workflow_task_failed_event_attributes.cause
        assert asyncio.get_running_loop().time() < end, "no task of it failed"
        await asyncio.sleep(0.1)
