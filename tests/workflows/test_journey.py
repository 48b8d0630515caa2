"""The journey from disclosure to close, and everything that may come between."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.client import WorkflowExecutionStatus

from activities.judging import judge_of
from infra.calendars.load import england_and_wales
from infra.contacts import FileContacts
from infra.database import Scope
from infra.keys import FileKeyProvider, Keyring
from infra.stack.secrets import Role
from infra.troubles import Troubles
from infra.wakes import send_wakes
from schemas.case import SafetyCheck, Stage
from schemas.case_commands import (
    AddNeed,
    AnswerTransfer,
    CloseCase,
    ConfirmSafety,
    OfferTransfer,
    RecordDeath,
    ReopenCase,
)
from schemas.casework import DeathAnswer
from schemas.clockwork_steps import Deliver
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent
from schemas.deadlines import DeadlineState
from schemas.decisions import Committed, NotDone
from schemas.errors import BadInputError
from schemas.messages import RECORD_CHANGED
from schemas.referral import Delivery, NeedCategory, NeedState, Reason, ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestReferral,
)
from schemas.snapshot import TaskKind
from schemas.withdrawal import CheckState
from tests.builders import caseworker, supervisor, the
from tests.conftest import People
from tests.workflows.conftest import Opens
from tests.workflows.telling import HOUSING, IDVA, MEADOWLIGHT, NGO, SHUT, Journey
from workers.journeys import World, put_down, relay
from workflows.progress import UNIT

WORKFLOWS_OF_A_SIMPLE_CASE = 2
MOST_EVENTS = 160
"""Of a simple case, journey and referral together: what a change may not silently double."""


async def test_a_journey_goes_from_disclosure_to_close(opens: Opens) -> None:
    """Consent, referral, acceptance, support, close: one packet, and both workflows end."""
    journey = await opens()
    await journey.sent_to(IDVA)
    await journey.answers(OpenReferral, IDVA)
    await journey.accepted(IDVA)
    await journey.answers(EngageReferral, IDVA)
    await journey.answers(CompleteReferral, IDVA)
    assert await journey.referral_ends() is ReferralState.COMPLETED
    await journey.closes()
    await journey.ends()
    snapshot = await journey.snapshot()
    assert [need.state for need in snapshot.needs] == [NeedState.MET]
    reviews = {"consent-renewal", "hold-review"}  # they end with the case
    owed = [d.state for d in snapshot.deadlines if d.duty not in reviews]
    assert {DeadlineState.MET} == set(owed)
    assert await journey.inbox() == [("harbour-house", "referral", 1)]
    assert journey.notices() == {"notice/1": "harbour-house"}
    histories = [await h.fetch_history() for h in (journey.handle, journey.referral())]
    assert len(histories) == WORKFLOWS_OF_A_SIMPLE_CASE
    assert sum(len(history.events) for history in histories) < MOST_EVENTS


async def test_nothing_is_asked_before_safety_is_confirmed(opens: Opens) -> None:
    """A no is an answer with its reason, and the journey goes on."""
    journey = await opens(safety=None)
    assert {"safety_first"} == await journey.refused(AddNeed)
    assert {"safety_first"} == await journey.refused(AskConsent, recipient=IDVA)
    safe = SafetyCheck(safe_to_talk=True, immediate_danger=False)
    reply = await journey.decide(ConfirmSafety, safety=safe)
    assert reply.version == 2
    assert (await journey.snapshot()).case.stage is Stage.OPEN
    await journey.decide(AddNeed)


async def test_a_referral_waits_for_consent_and_then_leaves(opens: Opens) -> None:
    """Silence sends nothing; her yes does, at once (INV-01)."""
    journey = await opens()
    await journey.refers(IDVA)
    snapshot = await journey.until(lambda s: s.referral(1))
    assert [task.kind for task in snapshot.tasks] == [TaskKind.CONSENT_MISSING]
    await journey.decide(AskConsent, recipient=IDVA)
    assert await journey.inbox() == []
    await journey.decide(GiveConsent, recipient=IDVA)
    snapshot = await journey.until_referral(1, ReferralState.RECEIVED)
    assert await journey.inbox() == [("harbour-house", "referral", 1)]
    assert all(task.is_done for task in snapshot.tasks)


async def test_a_referral_she_refuses_never_leaves(opens: Opens) -> None:
    """Her no keeps it here; taking it back ends it without a word to the service."""
    journey = await opens()
    await journey.refers(IDVA)
    await journey.decide(AskConsent, recipient=IDVA)
    await journey.decide(RefuseConsent, recipient=IDVA)
    await journey.decide(RecallReferral, referral=1, reason=Reason.NO_LONGER_WANTED)
    assert await journey.referral_ends() is ReferralState.RECALLED
    assert await journey.inbox() == []
    assert set(journey.notices().values()) <= {"northmarch-police"}


async def _one_accepted_one_received(journey: Journey) -> None:
    await journey.consents(IDVA, MEADOWLIGHT)
    await journey.refers(IDVA)
    await journey.refers(MEADOWLIGHT)
    await journey.until_referral(1, ReferralState.RECEIVED)
    await journey.until_referral(2, ReferralState.RECEIVED)
    await journey.accepted(IDVA)


async def test_a_withdrawal_stops_every_referral_and_every_service_is_told(opens: Opens) -> None:
    """One accepted, one only received: both stop, both are told, no duty runs on."""
    journey = await opens()
    await _one_accepted_one_received(journey)
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    ended = [await journey.referral_ends(number) for number in (1, 2)]
    assert ended == [ReferralState.WITHDRAWN] * 2
    snapshot = await journey.until_referral(2, ReferralState.WITHDRAWN)
    inbox = await journey.inbox()
    assert sorted(inbox[:2]) == [("harbour-house", "referral", 1), ("meadowlight", "referral", 2)]
    assert sorted(inbox[2:]) == [("harbour-house", "stop", 1), ("meadowlight", "stop", 2)]
    stops = {"stop-notice/1": "harbour-house", "stop-notice/2": "meadowlight"}
    assert stops.items() <= journey.notices().items()
    assert not [d.id for d in snapshot.running_deadlines() if d.referral]


async def test_a_case_is_closed_when_she_was_asked_whether_a_withdrawal_was_hers(
    opens: Opens,
) -> None:
    """The service that knew her has 72 hours; then its line closes, and so may the case."""
    journey = await opens()
    await _one_accepted_one_received(journey)
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    await journey.until_referral(1, ReferralState.WITHDRAWN)
    await journey.referral_ends()
    check = the((await journey.snapshot()).check(1))
    assert (CheckState.OPEN, "harbour-house") == (check.state, check.asks)
    assert {"withdrawal_being_checked"} == await journey.refused(CloseCase)
    await journey.forward(check.line_until + timedelta(minutes=1))
    await journey.until(lambda s: the(s.check(1)).state is CheckState.NOT_REACHED)
    await journey.closes()
    await journey.ends()


async def test_an_ngo_can_pass_her_withdrawal_on(opens: Opens) -> None:
    """Whoever she tells: it is written first, and told after."""
    journey = await opens()
    await journey.sent_to(IDVA)
    await journey.answers(WithdrawConsent, IDVA, recipient=IDVA, purpose=Purpose.SUPPORT_REFERRAL)
    assert await journey.referral_ends() is ReferralState.WITHDRAWN
    assert ("harbour-house", "stop", 1) in await journey.inbox()


async def test_a_withdrawal_without_a_worker_keeps_everything_here(opens: Opens) -> None:
    """The referral waits, nobody works, she takes it back: nothing leaves when work goes on."""
    journey = await opens()
    await journey.decide(AskConsent, recipient=IDVA)
    await journey.refers(IDVA)
    with journey.clockwork.record.away_for(Deliver):
        await journey.decide(GiveConsent, recipient=IDVA)
        await journey.until(lambda s: _delivery(s.referral(1)) is Delivery.QUEUED)
        async with journey.clockwork.at_rest():
            await journey.state(WithdrawConsent, actor=caseworker(), recipient=IDVA)
    assert await journey.referral_ends() is ReferralState.WITHDRAWN
    snapshot = await journey.until_referral(1, ReferralState.WITHDRAWN)
    assert snapshot.referrals[0].delivery is Delivery.CANCELLED
    assert await journey.inbox() == []
    assert set(journey.notices().values()) <= {"northmarch-police"}
    assert await journey.rows("SELECT * FROM record.share WHERE case_ref = $1") == []


def _delivery(referral: object) -> object:
    return getattr(referral, "delivery", None)


async def test_a_packet_that_cannot_be_placed_is_placed_once_it_can(opens: Opens) -> None:
    """An outage delays, and neither loses nor doubles; it fails nothing."""
    journey = await opens()
    await journey.consents(IDVA)
    record = journey.clockwork.record
    before = len(record.stumbled)
    with record.away_for(Deliver):
        await journey.refers(IDVA)
        await journey.until(lambda _: len(record.stumbled) >= before + 2)
        assert await journey.inbox() == []
    await journey.until_referral(1, ReferralState.RECEIVED)
    assert await journey.inbox() == [("harbour-house", "referral", 1)]


async def test_what_was_done_unheard_is_not_done_twice(opens: Opens) -> None:
    """Every answer of the record is lost once: all is done once, and nobody is left waiting."""
    journey = await opens()
    with journey.clockwork.record.losing_answers():
        await journey.refers(IDVA)
        await journey.until(lambda s: s.referral(1))
        await journey.consents(IDVA)
        await journey.until_referral(1, ReferralState.RECEIVED)
        assert await journey.inbox() == [("harbour-house", "referral", 1)]
        await journey.decide(RecallReferral, referral=1, reason=Reason.MISTAKE)
        assert await journey.referral_ends() is ReferralState.RECALLED
        await journey.closes()
        await journey.ends()
    assert await journey.inbox() == [("harbour-house", k, 1) for k in ("referral", "stop")]
    told = [key for key in journey.notices() if not key.startswith("task/")]
    assert sorted(told) == ["notice/1", "stop-notice/1"]
    entries = await journey.rows("SELECT * FROM record.consent WHERE case_ref = $1")
    assert len(entries) == 2


async def test_a_recall_done_unheard_ends_the_referral_that_waited(opens: Opens) -> None:
    """Nothing is left to be sent, and still its workflow hears that it is over."""
    journey = await opens()
    await journey.refers(IDVA)
    await journey.until(lambda s: s.referral(1))
    with journey.clockwork.record.losing_answers():
        await journey.decide(RecallReferral, referral=1, reason=Reason.MISTAKE)
        assert await journey.referral_ends() is ReferralState.RECALLED


async def test_a_recall_is_told_to_the_service_that_has_it(opens: Opens) -> None:
    """What was sent cannot be fetched back, but the service hears that it is over."""
    journey = await opens()
    await journey.sent_to(IDVA)
    version = (await journey.snapshot()).referrals[0].version
    stale = await journey.refused(
        RecallReferral, referral=1, reason=Reason.MISTAKE, expected_version=version - 1
    )
    assert {"stale"} == stale
    await journey.decide(
        RecallReferral, referral=1, reason=Reason.MISTAKE, expected_version=version
    )
    assert await journey.referral_ends() is ReferralState.RECALLED
    assert [("harbour-house", k, 1) for k in ("referral", "stop")] == await journey.inbox()


async def test_whoever_asks_while_the_case_closes_is_answered(opens: Opens) -> None:
    """The close and ten more come at once: each has an answer, and none is half done."""
    journey = await opens()
    await journey.decide(CloseCase)
    desk = await journey.desk(caseworker())
    closing = journey.command(CloseCase, confirmed=True)
    others: list[Command] = [
        journey.command(RefuseConsent, recipient=service) for service in (IDVA, HOUSING) * 5
    ]
    commands = [*others[:5], closing, *others[5:]]
    replies = await asyncio.gather(*(desk.decide(command) for command in commands))
    assert isinstance(replies[5], Committed)
    late = [reply for reply in replies if isinstance(reply, NotDone)]
    assert all({"case_closed"} == {r.code for r in reply.reasons} for reply in late)
    await journey.ends()
    entries = await journey.rows("SELECT * FROM record.consent WHERE case_ref = $1")
    assert len(entries) == len(others) - len(late)


async def test_what_is_said_behind_the_close_is_seen_to(opens: Opens) -> None:
    """Her death, told in the same moment, is written; and whoever is to be told hears of it."""
    journey = await opens(owed=True)
    await journey.decide(CloseCase)
    await journey.decide(RecordDeath)
    confirmed = {"answer": DeathAnswer.CONFIRMED, "actor": supervisor()}
    close = journey.command(CloseCase, confirmed=True)
    death = journey.command(RecordDeath, **confirmed)
    async with journey.clockwork.at_rest():
        asked = [await journey.begin_update(command) for command in (close, death)]
    replies = await asyncio.gather(*asked)
    assert all(isinstance(reply, Committed) for reply in replies), replies
    await journey.ends()
    snapshot = await journey.snapshot()
    assert snapshot.case.died_at is not None
    assert snapshot.dispatches == ()


async def test_her_death_is_said_by_two_people_of_a_closed_case_too(opens: Opens) -> None:
    """Written at the desk, as there is no journey any more."""
    journey = await opens()
    await journey.closes()
    await journey.ends()
    await journey.decide(RecordDeath)
    answer = {"answer": DeathAnswer.CONFIRMED}
    assert {"second_person"} == await journey.refused(RecordDeath, **answer)
    await journey.decide(RecordDeath, **answer, actor=supervisor())
    snapshot = await journey.snapshot()
    assert (Stage.CLOSED, None) == (snapshot.case.stage, snapshot.death_report)
    assert snapshot.case.died_at is not None


async def test_a_closed_journey_answers_too(opens: Opens) -> None:
    """Too late is said, not left hanging; and what was said before is said again."""
    journey = await opens()
    need = journey.command(AddNeed)
    desk = await journey.desk(caseworker())
    first = await desk.decide(need)
    await journey.closes()
    await journey.ends()
    assert {"case_closed"} == await journey.refused(AddNeed)
    assert {"case_closed"} == await journey.refused(RequestReferral, choices=(IDVA,))
    assert first == await desk.decide(need)
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    await journey.ends()  # it looked once more, and found nothing to do


async def test_a_journey_hears_of_a_decision_whose_answer_came_from_the_record(
    opens: Opens,
) -> None:
    """What was committed is done, even where Temporal lost the task that carried it out."""
    journey = await opens()
    await journey.closes()
    await journey.ends()
    await journey.state(ReopenCase, tell=False)
    need = journey.command(AddNeed)
    record = await journey.people.record_for(caseworker())
    judge = judge_of(need, datetime.now(UTC), england_and_wales())
    committed = (await record.change(need, judge)).reply
    assert WorkflowExecutionStatus.COMPLETED is await journey.state_of(journey.handle)
    desk = await journey.desk(caseworker())
    assert committed == await desk.decide(need)
    assert WorkflowExecutionStatus.RUNNING is await journey.state_of(journey.handle)


async def test_a_case_opened_again_has_its_clock_and_its_referrals(opens: Opens) -> None:
    """Reopened, the journey begins another run, and what is asked then is done as ever."""
    journey = await opens()
    await journey.closes()
    await journey.ends()
    await journey.state(ReopenCase)
    await journey.sent_to(IDVA)
    snapshot = await journey.snapshot()
    assert Stage.OPEN is snapshot.case.stage
    assert WorkflowExecutionStatus.RUNNING is await journey.state_of(journey.handle)
    await journey.accepted(IDVA)


async def test_a_case_opened_again_as_its_journey_ends_has_its_clock(opens: Opens) -> None:
    """Opened again after the closing was written and before the journey heard of that."""
    journey = await opens(owed=True)
    await journey.decide(CloseCase)
    record = journey.clockwork.record
    record.meanwhile(CloseCase, partial(journey.state, ReopenCase))
    await journey.decide(CloseCase, confirmed=True)
    snapshot = await journey.until(lambda s: s.case.stage is Stage.OPEN and not s.dispatches)
    assert TaskKind.REVIEW_CASE in {task.kind for task in snapshot.tasks if not task.is_done}
    assert WorkflowExecutionStatus.RUNNING is await journey.state_of(journey.handle)


async def test_a_transferred_case_is_listed_under_the_agency_that_leads_it(opens: Opens) -> None:
    """Operations see whose it is now; the one before has no rights in it any more."""
    journey = await opens()
    await journey.decide(OfferTransfer, to_organisation="saltmere-council")
    taker = caseworker("saltmere-council")
    await journey.state(AnswerTransfer, actor=taker, accepts=True)
    await journey.until(lambda s: s.case.owner == "saltmere-council")
    await journey.until_shown(UNIT, "saltmere-council")
    await journey.decide(AddNeed, actor=taker)
    desk = await journey.desk(caseworker())
    with pytest.raises(BadInputError):
        await desk.decide(journey.command(AddNeed))


async def test_nudges_too_many_do_no_harm(opens: Opens) -> None:
    """A nudge says look again, and looking changes nothing."""
    journey = await opens()
    await journey.sent_to(IDVA)
    before = await journey.snapshot()
    nudges = (h.signal(RECORD_CHANGED) for h in (journey.handle, journey.referral()) * 15)
    await asyncio.gather(*nudges)
    await journey.decide(AddNeed)
    after = await journey.snapshot()
    assert before.referrals == after.referrals
    assert before.deadlines == after.deadlines
    assert len(await journey.inbox()) == 1
    assert {"notice/1"} == set(journey.notices())


async def test_a_command_given_twice_is_done_once(opens: Opens) -> None:
    """By its id: as the same update, as another, and by the record alone."""
    journey = await opens()
    need = journey.command(AddNeed)
    desk = await journey.desk(caseworker())
    replies = [await desk.decide(need), await desk.decide(need)]
    replies.append(await journey.update_anew(need))
    assert [replies[0]] * 3 == replies
    assert len((await journey.snapshot()).needs) == 1


async def test_what_a_desk_left_untold_is_told_by_the_relay(opens: Opens, people: People) -> None:
    """The fact was written, the desk died, the worker's relay sends what is left."""
    journey = await opens()
    await journey.sent_to(IDVA)
    await journey.state(
        DeclineReferral, tell=False, actor=NGO[IDVA], referral=1, reason=Reason.NO_CAPACITY
    )
    pool = await people.pool_of(Role.JOURNEYS)
    client = journey.clockwork.client
    told = await send_wakes(pool, client, Scope(), case_ref=journey.case_ref)
    assert told == 2
    assert await journey.referral_ends() is ReferralState.DECLINED
    assert await send_wakes(pool, client, Scope(), case_ref=journey.case_ref) == 0


async def test_a_relay_that_cannot_read_the_posts_still_wakes(opens: Opens, people: People) -> None:
    """A withdrawal that cannot be carried out does not stop the clocks of every other case."""
    journey = await opens(tell=False)
    clock = journey.clockwork
    pool = await people.pool_of(Role.JOURNEYS)
    world = World(
        pool=pool,
        keyring=Keyring(pool, FileKeyProvider(people.servers.installation.kek_file), Scope()),
        client=clock.client,
        teller=clock.client,
        record=clock.record,
        notices=clock.notices,
        contacts=FileContacts(clock.notices_dir / "to-her"),
        troubles=Troubles(pool),
    )
    superuser = await people.pool_of(Role.POSTGRES)
    left_by_others = "UPDATE record.wake SET done_at = clock_timestamp() WHERE case_ref <> $1"
    await superuser.execute(left_by_others, journey.case_ref)
    await superuser.execute("REVOKE SELECT ON record.withdrawal_post FROM sp_journeys")
    relaying = asyncio.create_task(relay(world))
    try:
        await journey.until_woken()
    finally:
        await put_down(relaying)
        await superuser.execute("GRANT SELECT ON record.withdrawal_post TO sp_journeys")
    assert WorkflowExecutionStatus.RUNNING is await journey.state_of(journey.handle)


async def test_a_journey_nobody_started_is_started_by_the_relay(
    opens: Opens, people: People
) -> None:
    """The case was opened while Temporal was away; a second start is the same journey."""
    journey = await opens(tell=False)
    pool = await people.pool_of(Role.JOURNEYS)
    client = journey.clockwork.client
    assert await send_wakes(pool, client, Scope(), case_ref=journey.case_ref) == 1
    await journey.decide(AddNeed)
    first = (await journey.handle.describe()).run_id
    await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
    assert first == (await journey.handle.describe()).run_id


async def test_a_second_service_is_asked_only_on_its_own_consent(opens: Opens) -> None:
    """Her yes to one service is no yes to the next (INV-03)."""
    journey = await opens()
    await journey.consents(IDVA)
    await journey.refers(IDVA, MEADOWLIGHT)
    await journey.until_referral(1, ReferralState.RECEIVED)
    await journey.answers(DeclineReferral, IDVA, reason=Reason.NO_CAPACITY)
    snapshot = await journey.until(lambda s: s.referral(2))
    assert (
        snapshot.referrals[1].state,
        snapshot.referrals[1].consent,
    ) == (ReferralState.WAITING, ConsentState.NOT_ASKED)
    await journey.consents(MEADOWLIGHT)
    await journey.until_referral(2, ReferralState.RECEIVED)
    assert [number for _, _, number in await journey.inbox()] == [1, 2]


async def test_a_closed_service_cannot_be_chosen(opens: Opens) -> None:
    """It is refused at once, not found out later."""
    journey = await opens()
    await journey.decide(AddNeed)
    assert {"unknown_service"} == await journey.refused(RequestReferral, choices=(SHUT,))


RACES: list[tuple[type[Command], ...]] = list(
    itertools.permutations((AcceptReferral, DeclineReferral, WithdrawConsent))
)


async def test_an_id_given_for_another_need_is_refused_aloud(opens: Opens) -> None:
    """Temporal would answer the second with the first, and one need would be lost in silence."""
    journey = await opens()
    need = journey.command(AddNeed)
    desk = await journey.desk(caseworker())
    await desk.decide(need)
    with pytest.raises(BadInputError, match="--command-id"):
        await desk.decide(need.model_copy(update={"category": NeedCategory.CHILDREN}))
    assert [need.category] == [one.category for one in (await journey.snapshot()).needs]


@pytest.mark.parametrize("is_at_once", [False, True], ids=["in turn", "at once"])
async def test_whatever_order_messages_come_in_nothing_is_sent_twice(
    opens: Opens, *, is_at_once: bool
) -> None:
    """Accept, decline and withdrawal in all orders: one packet, and a stop where she says stop."""

    async def race(order: tuple[type[Command], ...]) -> None:
        journey = await opens()
        await journey.sent_to(IDVA)
        said = [
            journey.state(
                kind,
                actor=NGO[IDVA],
                recipient=IDVA,
                referral=1,
                reason=Reason.NO_CAPACITY,
            )
            for kind in order
        ]
        if is_at_once:
            await asyncio.gather(*said)
        else:
            for fact in said:
                await fact
        state = await journey.referral_ends()
        inbox = await journey.inbox()
        assert state in (ReferralState.WITHDRAWN, ReferralState.DECLINED)
        assert inbox.count(("harbour-house", "referral", 1)) == 1
        is_withdrawn = state is ReferralState.WITHDRAWN
        assert int(is_withdrawn) == inbox.count(("harbour-house", "stop", 1))
        consent = (await journey.snapshot()).consents[0]
        assert consent.state is ConsentState.WITHDRAWN

    await asyncio.gather(*(race(order) for order in RACES))


@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param({"occurred_at": datetime(1990, 1, 1, tzinfo=UTC)}, id="before the case"),
        pytest.param({"recipient": "no-such-service"}, id="an unknown service"),
    ],
)
async def test_a_wrong_command_is_answered_and_ends_no_journey(
    opens: Opens, spoiled: dict[str, Any]
) -> None:
    """Bad input is one person's mistake; the clocks of the case run on."""
    journey = await opens()
    assert await journey.refused(AskConsent, **{"recipient": IDVA, **spoiled})
    await journey.consents(IDVA)


async def test_an_id_that_was_given_for_something_else_ends_no_journey(opens: Opens) -> None:
    """`command_taken` is an answer to whoever asked, not the end of the journey."""
    journey = await opens()
    await journey.decide(AddNeed, command_id=f"{journey.case_ref}-once")
    with pytest.raises(BadInputError, match="--command-id"):
        await journey.decide(AskConsent, recipient=IDVA, command_id=f"{journey.case_ref}-once")
    await journey.consents(IDVA)
