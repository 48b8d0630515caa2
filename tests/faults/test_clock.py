"""A worker whose clock is a day wrong: nothing is early, nothing is late, and no text leaves."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import Any

import pytest
import time_machine

from infra.database import Scope
from infra.stack.secrets import Role
from infra.withdrawal_post import post_withdrawal
from schemas.case_commands import AddNeed
from schemas.consent import ConsentState
from schemas.consent_commands import WithdrawConsent
from schemas.contact import ContactState
from schemas.contact_commands import SetPlan, StartContact
from schemas.deadlines import DeadlineState
from schemas.decisions import NotDone
from schemas.lane_commands import AssessRisk
from schemas.referral import ReferralState
from schemas.snapshot import TaskKind
from tests.builders import ngo_intake, the
from tests.conftest import People
from tests.house.source import HOUSE
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import IDVA, Journey, open_journey
from tests.workflows.test_contact import a_text, planned, terms, texts_of
from tests.workflows.test_time import (
    A_MINUTE,
    assert_at,
    end_of_working_day,
    is_before_a_longer_night,
    is_before_a_shorter_night,
    missed_at,
    opened_on,
    the_duty,
)

A_DAY = timedelta(days=1)
A_LITTLE = timedelta(seconds=20)
"""What a busy machine may need between two lines."""
_READY_WITHIN = 60.0


@dataclass(frozen=True)
class Wrong:
    """Temporal and the record, whose only worker is wrong about the time, and what it said."""

    clockwork: Clockwork
    people: People
    by: timedelta
    said: list[str]

    async def opens(self, **parts: Any) -> Journey:
        """A case is opened, and its journey begins."""
        return await open_journey(self.clockwork, self.people, **parts)


@pytest.fixture(scope="module", params=[A_DAY, -A_DAY], ids=["a day ahead", "a day behind"])
async def wrong(
    request: pytest.FixtureRequest, people_apart: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Wrong]:
    """A worker process whose clock is wrong: what it says of the time proves that it is."""
    notices = tmp_path_factory.mktemp("notices")
    by: timedelta = request.param
    async with clockwork(people_apart, notices) as found:
        await found.stop()
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "tests.faults.shifted_worker"),
            str(by.total_seconds()),
            cwd=HOUSE,
            env=_settings(people_apart, found, notices),
            stdout=PIPE,
            stderr=STDOUT,
        )
        try:
            said = await _until_ready(worker)
            shown = datetime.fromisoformat(said[0].removeprefix("clock "))
            assert abs(shown - datetime.now(UTC) - by) < A_MINUTE
            yield Wrong(found, people_apart, by, said)
        finally:
            worker.terminate()
            await worker.communicate()


def _settings(people: People, found: Clockwork, notices: Path) -> dict[str, str]:
    installation = people.servers.installation
    return {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(HOUSE),
        "TEMPORAL_ADDRESS": found.client.service_client.config.target_host,
        "SAFEPATH_DSN_JOURNEYS": installation.dsn(Role.JOURNEYS),
        "SAFEPATH_KEK_FILE": str(installation.kek_file),
        "SAFEPATH_OPERATIONS_KEY_FILE": str(installation.operations_key_file),
        "SAFEPATH_NOTICES_DIR": str(notices),
    }


async def _until_ready(worker: asyncio.subprocess.Process) -> list[str]:
    """What the worker says, from its first line to what it says of clocks."""
    assert worker.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(_READY_WITHIN):
        while not any("clock is" in line for line in said):
            line = (await worker.stdout.readline()).decode()
            assert line, said
            said.append(line.rstrip())
    return said


def test_it_says_at_its_start_that_its_clock_is_wrong(wrong: Wrong) -> None:
    """By how much, which way, and what follows from it; and it works all the same."""
    way = "ahead of" if wrong.by > timedelta(0) else "behind"
    assert "journeys worker ready" in wrong.said
    (said,) = [line for line in wrong.said if "clock is" in line]
    assert f"s {way} PostgreSQL's: set it right" in said
    assert abs(float(said.split()[4]) - A_DAY.total_seconds()) < A_LITTLE.total_seconds()


@pytest.mark.parametrize("is_wanted", [is_before_a_longer_night, is_before_a_shorter_night])
async def test_duties_are_reminded_of_and_missed_at_the_journeys_time(
    wrong: Wrong, is_wanted: Callable[[date], bool]
) -> None:
    """Over both changes of the clocks: not a minute early, and not late (INV-08)."""
    duty = "vc-r4-support-referral"
    journey = await opened_on(wrong.opens, is_wanted)
    said_yes_at = await journey.now()
    await journey.consents(IDVA)
    running = the_duty(await journey.snapshot(), duty)
    assert running.due_at == end_of_working_day(2, said_yes_at)
    await journey.forward(the(running.remind_at) - A_MINUTE)
    assert the_duty(await journey.snapshot(), duty).reminded_at is None
    await journey.forward(the(running.remind_at) + A_MINUTE)
    reminded = await journey.until(lambda s: the_duty(s, duty).reminded_at and not s.dispatches)
    assert_at(the(running.remind_at), the_duty(reminded, duty).reminded_at)
    await journey.forward(running.due_at - A_MINUTE)
    assert DeadlineState.RUNNING is the_duty(await journey.snapshot(), duty).state
    await journey.forward(running.due_at + A_MINUTE)
    assert_at(running.due_at, await missed_at(journey, duty))


async def test_a_service_has_its_whole_time_from_the_delivery(wrong: Wrong) -> None:
    """A packet is delivered at Temporal's time, so its duty begins neither before nor after."""
    journey = await wrong.opens()
    await journey.decide(AssessRisk)
    asked_at = datetime.now(UTC)
    snapshot = await journey.sent_to(IDVA)
    begun = the_duty(snapshot, "ref-ack")
    assert timedelta(0) <= begun.started_at - asked_at < A_LITTLE
    assert end_of_working_day(1, begun.started_at) == begun.due_at


async def test_no_text_leaves_while_two_clocks_disagree(wrong: Wrong) -> None:
    """Neither before her window nor in it: nobody knows which clock is right, so a person looks."""
    journey = await wrong.opens()
    await journey.state(SetPlan, terms=terms())
    text = the((await planned(journey, **a_text())).contact(1))
    await journey.forward(the(text.safe_at) - A_MINUTE)
    assert ContactState.PLANNED is the((await journey.snapshot()).contact(1)).state
    await journey.in_its_window(text)
    unclear = await journey.until(lambda s: the(s.contact(1)).state is ContactState.UNKNOWN)
    assert TaskKind.CONTACT_UNCLEAR in {task.kind for task in unclear.tasks}
    assert [] == texts_of(journey)


async def test_nobody_is_asked_to_call_before_her_window(wrong: Wrong) -> None:
    """Her window opens and closes at the journey's time."""
    journey = await wrong.opens()
    await journey.state(SetPlan, terms=terms())
    call = the((await planned(journey)).contact(1))
    await journey.forward(the(call.safe_at) - A_MINUTE)
    assert ContactState.PLANNED is the((await journey.snapshot()).contact(1)).state
    await journey.forward(the(call.safe_at) + A_MINUTE)
    opened = await journey.until(lambda s: the(s.contact(1)).state is ContactState.OPEN)
    await journey.forward(the(the(opened.contact(1)).safe_until) + A_MINUTE)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.PLANNED)


async def test_a_withdrawal_that_was_posted_is_dated_by_the_record(wrong: Wrong) -> None:
    """The hours in which a service may ask her are counted by the record's clock, as its rows are.

    The worker carries out by its relay what a bearer who is no party to the case has posted.
    """
    journey = await wrong.opens()
    await journey.decide(AddNeed)
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    bearer = ngo_intake("lantern-law", "lea")
    withdrawal = journey.command(WithdrawConsent, actor=bearer, recipient=None)
    posted_at = datetime.now(UTC)
    pool = await wrong.people.pool_of(Role.WEB)
    await post_withdrawal(pool, Scope(bearer), withdrawal)
    after = await journey.until(lambda s: s.consents[0].state is ConsentState.WITHDRAWN)
    assert ReferralState.WITHDRAWN is await journey.referral_ends()
    line_until = the(after.check(1)).line_until
    assert timedelta(0) <= line_until - timedelta(hours=72) - posted_at < A_LITTLE


async def test_a_desk_whose_clock_is_wrong_starts_no_call_outside_her_window(
    people: People, tmp_path: Path
) -> None:
    """By its clock the window is open; by the record's it is not, and that is what counts."""
    async with clockwork(people, tmp_path / "notices") as found:
        journey = await open_journey(found, people)
        await journey.state(SetPlan, terms=terms())
        call = the((await planned(journey)).contact(1))
        starts = journey.command(StartContact, contact=1)
        desk = await journey.desk(starts.actor)
        with time_machine.travel(the(call.safe_at) + A_MINUTE, tick=True):
            assert the(call.safe_at) < datetime.now(UTC) < the(call.safe_until)
            reply = await desk.state(starts)
        assert isinstance(reply, NotDone)
        assert {"not_safe_now"} == {reason.code for reason in reply.reasons}
        assert ContactState.PLANNED is the((await journey.snapshot()).contact(1)).state
