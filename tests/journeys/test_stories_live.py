"""A sample of the stories on PostgreSQL and Temporal: what the pure rules said, the record says.

Every command is sent twice under its id. In some stories neighbours change places, or are sent at
once, as withdrawals and answers cross each other in the world; there only the promises count.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest

from activities.judging import judge_of
from activities.ports import Judge
from infra.calendars.load import england_and_wales
from infra.database import Scope
from infra.stack.secrets import Role
from infra.wakes import send_wakes
from infra.withdrawal_post import carry_out_posts
from schemas.clockwork_steps import Step
from schemas.command_base import Command
from schemas.commands import Fact
from schemas.consent_commands import WithdrawConsent
from schemas.decisions import Committed, Reply
from schemas.directory import ServiceStatus
from schemas.errors import BadInputError
from schemas.snapshot import CaseSnapshot, ListedService
from tests.builders import auditor
from tests.conftest import People
from tests.rules.clock import due
from tests.rules.promises import PROMISES
from tests.rules.sampling import sample_runs
from tests.rules.stories import Telling
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.telling import NGO, Journey, open_journey
from web.entrance import open_desk

SEEDS = range(20261123, 20261131)
SERVICES = tuple(
    ListedService(code=code, organisation=actor.organisation, status=ServiceStatus.ACTIVE)
    for code, actor in NGO.items()
)


@pytest.fixture(scope="module")
async def the_clockwork(
    people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clockwork]:
    """Temporal, our worker and the record."""
    async with clockwork(people, tmp_path_factory.mktemp("notices")) as found:
        yield found


async def said_by(journey: Journey, command: Command) -> Reply | None:
    """What the desk answers; None where there is no such case for whoever asks."""
    desk = await journey.desk(command.actor)
    try:
        if isinstance(command, WithdrawConsent):
            return await desk.withdraw(command)
        if isinstance(command, Fact):
            return await desk.state(command)
        return await desk.decide(command)
    except BadInputError:
        return None


async def the_relay_runs(journey: Journey) -> None:
    """The worker carries out a withdrawal that was posted, and tells the workflows."""
    pool = await journey.people.pool_of(Role.JOURNEYS)
    record = await journey.people.record_for(None)
    await carry_out_posts(pool, record, _judge_now)
    await send_wakes(pool, journey.clockwork.client, Scope(), case_ref=journey.case_ref)


def _judge_now(command: Command, at: datetime) -> Judge:
    return judge_of(command, at, england_and_wales(), wakes=True)


async def twice(journey: Journey, nth: int, command: Command) -> bool:
    """Whether it was done. The same id is answered the same, and done once.

    Whoever does not see the case at the moment is answered as if there were none.
    """
    about = {"case_ref": journey.case_ref, "command_id": f"{journey.case_ref}-story-{nth}"}
    mine = command.model_copy(update=about)
    first, again = await said_by(journey, mine), await said_by(journey, mine)
    assert again == first or None in (first, again)
    if first is None and isinstance(command, WithdrawConsent):
        await the_relay_runs(journey)
        return True
    return isinstance(first or again, Committed)


async def until_quiet(journey: Journey) -> CaseSnapshot:
    """The case once the clockwork has caught up."""
    return await journey.until(lambda case: not due(case, datetime.now(UTC)))


def people_said(run: Telling) -> list[tuple[Command, bool]]:
    """What people said in a run, and whether it was done."""
    return [(command, done) for command, done in run.said if not isinstance(command, Step)]


def states(case: CaseSnapshot) -> tuple[object, ...]:
    """Where everything stands."""
    return (
        case.case.stage,
        [(r.service, r.state, r.shared_fields) for r in case.referrals],
        {(c.purpose, c.recipient, c.state, c.fields) for c in case.consents},
        [need.state for need in case.needs],
        [plan.state for plan in case.plans],
        [contact.state for contact in case.contacts],
        {(d.id, d.state) for d in case.deadlines},
    )


async def in_order(journey: Journey, run: Telling) -> None:
    """Each is answered as the pure rules answered it."""
    for nth, (command, was_done) in enumerate(people_said(run)):
        done = await twice(journey, nth, command)
        assert (nth, command, was_done) == (nth, command, done)
        await until_quiet(journey)
    assert states(run.case) == states(await journey.snapshot())


async def crossing_each_other(journey: Journey, run: Telling) -> None:
    """Neighbours change places or come at once, and nobody waits for the clockwork."""
    commands = [command for command, _ in people_said(run)]
    for nth in range(0, len(commands), 2):
        pair = list(enumerate(commands[nth : nth + 2], start=nth))
        if nth % 4:
            for number, command in reversed(pair):
                await twice(journey, number, command)
        else:
            await asyncio.gather(*(twice(journey, number, one) for number, one in pair))


async def told(
    way: Callable[[Journey, Telling], Awaitable[None]],
    seed: int,
    the_clockwork: Clockwork,
    people: People,
) -> None:
    """Tell the story of a seed, and look at what is left of it."""
    print(f"the story of seed {seed}")  # noqa: T201 - to tell it again
    journey = await open_journey(the_clockwork, people)
    case = (await journey.snapshot()).model_copy(update={"services": SERVICES})
    await way(journey, *sample_runs(seed, 1, case, datetime.now(UTC)))
    snapshot = await until_quiet(journey)
    for promise in PROMISES:
        promise(snapshot, datetime.now(UTC))
    await journey.replays()
    async with open_desk(people.servers.installation, auditor()) as desk:
        report = await desk.verify_audit(None)
    assert report.is_intact, report


@pytest.mark.parametrize("seed", SEEDS[::2])
async def test_a_story_told_in_order_is_answered_as_the_rules_answer_it(
    seed: int, the_clockwork: Clockwork, people: People
) -> None:
    """Each command as in the pure run; then every promise, an intact audit, and all replays."""
    await told(in_order, seed, the_clockwork, people)


@pytest.mark.parametrize("seed", SEEDS[1::2])
async def test_a_story_told_in_any_order_keeps_every_promise(
    seed: int, the_clockwork: Clockwork, people: People
) -> None:
    """Whatever came first, and whatever the clockwork was about to do."""
    await told(crossing_each_other, seed, the_clockwork, people)
