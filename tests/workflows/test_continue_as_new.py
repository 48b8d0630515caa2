"""A journey that grows long begins a new history, and nobody notices."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from schemas.case_commands import AddNeed
from schemas.command_base import Command
from schemas.consent import ConsentState
from schemas.consent_commands import RefuseConsent, WithdrawConsent
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral, CompleteReferral, EngageReferral, OpenReferral
from schemas.snapshot import TaskKind
from tests.builders import caseworker
from tests.conftest import People
from tests.workflows.clockwork import Clockwork, clockwork
from tests.workflows.conftest import LOST_AFTER, MEMORYLESS, REMEMBERING
from tests.workflows.telling import HOUSING, IDVA, Journey, open_journey

A_FEW_EVENTS = "30"


@pytest.fixture(scope="module", params=[REMEMBERING, MEMORYLESS], ids=["", "memoryless"])
async def short_histories(
    request: pytest.FixtureRequest, people: People, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Clockwork]:
    """A Temporal that wishes for a new history after a few events instead of thousands."""
    notices = tmp_path_factory.mktemp("notices")
    async with clockwork(
        people,
        notices,
        cached=request.param,
        limit__historyCount__suggestContinueAsNew=A_FEW_EVENTS,
        **LOST_AFTER,
    ) as found:
        yield found


async def _run_id(journey: Journey) -> str | None:
    return (await journey.handle.describe()).run_id


async def test_a_long_journey_begins_anew_and_loses_nothing(
    short_histories: Clockwork, people: People
) -> None:
    """Referrals go on, nothing is sent twice, and the case can be closed in a later run."""
    journey = await open_journey(short_histories, people)
    runs = {await _run_id(journey)}
    await journey.sent_to(IDVA)
    for _ in range(6):
        await journey.decide(RefuseConsent, recipient=HOUSING)
        runs.add(await _run_id(journey))
    assert len(runs) > 2
    await journey.accepted(IDVA)
    await journey.answers(CompleteReferral, IDVA)
    assert await journey.referral_ends() is ReferralState.COMPLETED
    await journey.closes()
    await journey.ends()
    assert await journey.inbox() == [("harbour-house", "referral", 1)]


async def test_a_command_is_done_once_although_the_history_began_anew(
    short_histories: Clockwork, people: People
) -> None:
    """Temporal forgets update ids with the old history; the record does not."""
    journey = await open_journey(short_histories, people)
    need = journey.command(AddNeed)
    desk = await journey.desk(caseworker())
    first, first_run = await desk.decide(need), await _run_id(journey)
    for _ in range(6):
        await journey.decide(RefuseConsent, recipient=HOUSING)
    assert await _run_id(journey) != first_run
    assert await desk.decide(need) == first
    assert len((await journey.snapshot()).needs) == 1


async def test_nothing_that_comes_while_a_history_begins_anew_is_lost(
    short_histories: Clockwork, people: People
) -> None:
    """Forty commands at once: each is answered, and each is done once."""
    journey = await open_journey(short_histories, people)
    desk = await journey.desk(caseworker())
    commands: list[Command] = [journey.command(AddNeed) for _ in range(40)]
    async with asyncio.timeout(60):
        replies = await asyncio.gather(*(desk.decide(command) for command in commands))
    assert {reply.outcome for reply in replies} == {"committed"}
    assert [need.number for need in (await journey.snapshot()).needs] == list(range(1, 41))


async def test_a_long_referral_begins_anew_and_sends_nothing_again(
    short_histories: Clockwork, people: People
) -> None:
    """What it has to do is in the record, so the next run does only what is left."""
    journey = await open_journey(short_histories, people)
    await journey.sent_to(IDVA)
    first_run = (await journey.referral().describe()).run_id
    for kind in (OpenReferral, AcceptReferral, EngageReferral):
        await journey.answers(kind, IDVA)
    await journey.until_run_after(first_run, journey.referral())
    await journey.answers(CompleteReferral, IDVA)
    assert await journey.referral_ends() is ReferralState.COMPLETED
    assert await journey.inbox() == [("harbour-house", "referral", 1)]
    assert set(journey.notices()) == {"notice/1"}


async def test_a_withdrawal_reaches_a_referral_of_an_earlier_run(
    short_histories: Clockwork, people: People
) -> None:
    """The journey that started the referral is gone; the stop goes out all the same."""
    journey = await open_journey(short_histories, people)
    await journey.sent_to(IDVA)
    first_run = await _run_id(journey)
    for _ in range(6):
        await journey.decide(RefuseConsent, recipient=HOUSING)
    assert await _run_id(journey) != first_run
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    assert await journey.referral_ends() is ReferralState.WITHDRAWN
    assert ("harbour-house", "stop", 1) in await journey.inbox()


async def test_support_goes_on_when_the_yes_it_began_with_has_run_out(
    short_histories: Clockwork, people: People
) -> None:
    """After half a year she is asked again; nothing new is sent, and nobody's help ends.

    A journey in its second history has no child, so its clock moves while a referral is at work.
    """
    journey = await open_journey(short_histories, people)
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    first_run = await _run_id(journey)
    for _ in range(6):
        await journey.decide(RefuseConsent, recipient=HOUSING)
    assert await _run_id(journey) != first_run
    snapshot = await journey.snapshot()
    renewal = next(d for d in snapshot.deadlines if d.duty == "consent-renewal")
    await journey.forward(renewal.due_at + timedelta(minutes=1))
    after = await journey.until(
        lambda s: ConsentState.EXPIRED in {consent.state for consent in s.consents}
    )
    assert TaskKind.RENEW_CONSENT in {task.kind for task in after.tasks}
    assert ReferralState.ACCEPTED is after.referrals[0].state
    assert [("harbour-house", "referral", 1)] == await journey.inbox()
