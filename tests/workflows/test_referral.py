"""A referral from consent to answer, and the silence that may follow it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from rules.consents import VALID_FOR
from schemas.clockwork_steps import Deliver
from schemas.consent import ConsentState
from schemas.consent_commands import WithdrawConsent
from schemas.deadlines import Deadline, DeadlineState
from schemas.directory import Service, ServiceStatus
from schemas.referral import Clock, Delivery, NeedState, Reason, ReferralState
from schemas.referral_commands import DeclineReferral, OpenReferral, RecallReferral
from schemas.snapshot import CaseSnapshot, DispatchKind, TaskKind
from tests.builders import caseworker, ops
from tests.conftest import People
from tests.workflows.conftest import Opens
from tests.workflows.telling import IDVA, MEADOWLIGHT, Journey

ACKNOWLEDGE = "ref-ack/1"
A_MINUTE = timedelta(minutes=1)
OUTAGE = timedelta(seconds=40)
NEXT_TRY = timedelta(minutes=1)
"""The longest pause between two tries."""


def deadline(snapshot: CaseSnapshot, wanted: str = ACKNOWLEDGE) -> Deadline:
    found = snapshot.deadline(wanted)
    assert found is not None
    return found


def open_tasks(snapshot: CaseSnapshot) -> set[TaskKind]:
    return {task.kind for task in snapshot.tasks if not task.is_done}


def told_of(journey: Journey, about: str) -> set[str]:
    """Who got a notice about it; each notice has a key with its own moment."""
    return {to for key, to in journey.notices().items() if key.startswith(f"{about}/")}


async def test_a_silent_service_is_reminded_then_missed_then_passed_over(opens: Opens) -> None:
    """Each at its time, each once; the next service she chose is asked, and takes it on."""
    journey = await opens()
    ack = deadline(await journey.sent_to(IDVA, MEADOWLIGHT))
    referral = journey.referral()

    await journey.forward(ack.remind_at - A_MINUTE, referral)
    assert told_of(journey, "reminder/ref-ack/1") == set()
    await journey.forward(ack.remind_at + A_MINUTE, referral)
    snapshot = await journey.until(lambda s: deadline(s).reminded_at and not s.dispatches)
    assert told_of(journey, "reminder/ref-ack/1") == {"harbour-house"}
    assert snapshot.referrals[0].clock is Clock.WARNED

    await journey.forward(ack.due_at + A_MINUTE, referral)
    snapshot = await journey.until(
        lambda s: deadline(s).state is DeadlineState.BREACHED and not s.dispatches
    )
    assert told_of(journey, "task/missed/ref-ack/1") == {"northmarch-police"}
    assert open_tasks(snapshot) == {TaskKind.DEADLINE_MISSED}
    assert snapshot.referrals[0].state is ReferralState.RECEIVED

    assert ack.lapse_at is not None
    await journey.forward(ack.lapse_at + A_MINUTE, referral)
    assert await journey.referral_ends() is ReferralState.EXPIRED
    snapshot = await journey.until_referral(2, ReferralState.RECEIVED)
    assert snapshot.referrals[1].follows == 1
    assert snapshot.referrals[1].service == MEADOWLIGHT
    snapshot = await journey.accepted(MEADOWLIGHT, 2)
    assert open_tasks(snapshot) == set()
    assert len(journey.notices()) == 4


async def test_a_refused_referral_goes_to_her_next_choice(opens: Opens) -> None:
    """Declined is no end of the road: what she chose next is asked at once."""
    journey = await opens()
    await journey.sent_to(IDVA, MEADOWLIGHT)
    await journey.answers(DeclineReferral, IDVA, reason=Reason.NO_CAPACITY)
    snapshot = await journey.until_referral(2, ReferralState.RECEIVED)
    assert [r.was_followed for r in snapshot.referrals] == [True, False]
    assert [o for o, _, _ in await journey.inbox()] == ["harbour-house", "meadowlight"]


async def test_when_no_service_is_left_a_person_is_told_of_the_unmet_need(opens: Opens) -> None:
    """The road ends at a person, with a notice that says nothing of the case (INV-08)."""
    journey = await opens()
    await journey.sent_to(IDVA)
    await journey.answers(DeclineReferral, IDVA, reason=Reason.CRITERIA_NOT_MET)
    snapshot = await journey.until(lambda s: open_tasks(s) and not s.dispatches)
    assert open_tasks(snapshot) == {TaskKind.UNMET_NEED}
    assert [need.state for need in snapshot.needs] == [NeedState.UNMET]
    assert told_of(journey, "task/unmet/1") == {"northmarch-police"}
    await journey.consents(MEADOWLIGHT)
    await journey.refers(MEADOWLIGHT, need=False)
    snapshot = await journey.until_referral(2, ReferralState.RECEIVED)
    assert open_tasks(snapshot) == set()


async def test_an_opened_referral_does_not_lapse_but_goes_to_a_person(opens: Opens) -> None:
    """Somebody has read it: whether to wait is a person's decision."""
    journey = await opens()
    ack = deadline(await journey.sent_to(IDVA, MEADOWLIGHT))
    await journey.answers(OpenReferral, IDVA)
    await journey.until_referral(1, ReferralState.OPENED)
    assert ack.lapse_at is not None
    await journey.forward(ack.lapse_at + A_MINUTE, journey.referral())
    snapshot = await journey.until(open_tasks)
    assert open_tasks(snapshot) == {TaskKind.UNANSWERED}
    assert snapshot.referrals[0].state is ReferralState.OPENED
    assert deadline(snapshot).state is DeadlineState.MET
    assert len(snapshot.referrals) == 1
    snapshot = await journey.accepted(IDVA)
    assert open_tasks(snapshot) == set()


async def test_an_answer_after_the_due_time_is_met_late(opens: Opens) -> None:
    """Late is said to be late, and whoever was told of the breach has no more to do."""
    journey = await opens()
    ack = deadline(await journey.sent_to(IDVA))
    await journey.forward(ack.due_at + A_MINUTE, journey.referral())
    await journey.until(lambda s: deadline(s).state is DeadlineState.BREACHED)
    snapshot = await journey.accepted(IDVA)
    assert deadline(snapshot).state is DeadlineState.MET_LATE
    assert open_tasks(snapshot) == set()


async def test_a_referral_recalled_in_time_reminds_nobody(opens: Opens) -> None:
    """Its duty is void; its workflow ends and no timer of it is left."""
    journey = await opens()
    await journey.sent_to(IDVA)
    await journey.decide(RecallReferral, referral=1, reason=Reason.DUPLICATE)
    assert await journey.referral_ends() is ReferralState.RECALLED
    snapshot = await journey.until_referral(1, ReferralState.RECALLED)
    assert deadline(snapshot).state is DeadlineState.VOID
    assert set(journey.notices()) == {"notice/1", "stop-notice/1"}


async def test_a_late_nudge_to_a_referral_that_is_over_is_passed_over(opens: Opens) -> None:
    """A withdrawal after the end is written; there is nobody left to be told of it."""
    journey = await opens()
    await journey.sent_to(IDVA)
    await journey.answers(DeclineReferral, IDVA, reason=Reason.NO_CAPACITY)
    await journey.referral_ends()
    reply = await journey.state(RecallReferral, referral=1, reason=Reason.MISTAKE)
    assert reply.outcome == "refused"


@pytest.fixture
def its_own_service(people: People) -> "OwnService":
    """A service of the directory that this test alone opens and closes."""
    return OwnService(people)


class OwnService:
    """A service whose doors a test may shut."""

    def __init__(self, people: People) -> None:
        self._people = people
        self.code = f"night-shelter-{datetime.now(UTC).timestamp():.6f}".replace(".", "-")

    async def is_now(self, status: ServiceStatus) -> None:
        """Open it, or close it."""
        service = Service(
            code=self.code,
            source_id=self.code,
            name="Night shelter",
            organisation="kitebrook-families",
            organisation_name="Kitebrook Families",
            description="",
            status=status,
            languages=(),
            areas=(),
            assured_on=None,
        )
        await (await self._people.reader_for(ops())).load_services([service], ops())


async def _refer_to_a_service_that_then_closes(journey: Journey, service: OwnService) -> None:
    await service.is_now(ServiceStatus.ACTIVE)
    await journey.consents(service.code, MEADOWLIGHT)
    with journey.clockwork.record.away_for(Deliver):
        await journey.refers(service.code, MEADOWLIGHT)
        await journey.until(lambda s: s.dispatches)
        await service.is_now(ServiceStatus.TEMPORARILY_CLOSED)


async def test_a_service_that_closed_meanwhile_is_passed_over_aloud(
    opens: Opens, its_own_service: OwnService
) -> None:
    """Undeliverable: nothing is sent there, a person is told, and the next service is asked."""
    journey = await opens()
    await _refer_to_a_service_that_then_closes(journey, its_own_service)
    assert await journey.referral_ends() is ReferralState.UNDELIVERABLE
    snapshot = await journey.until_referral(2, ReferralState.RECEIVED)
    assert snapshot.referrals[0].delivery is Delivery.FAILED
    assert TaskKind.UNDELIVERABLE in open_tasks(snapshot)
    assert await journey.inbox() == [("meadowlight", "referral", 2)]


async def test_consent_of_six_months_ago_sends_nothing(opens: Opens) -> None:
    """Her yes has run out while nobody used it: she is asked again, and then it goes."""
    journey = await opens()
    await journey.consents(MEADOWLIGHT)
    await journey.forward(await journey.now() + VALID_FOR + A_MINUTE)
    await journey.refers(MEADOWLIGHT)
    snapshot = await journey.until(lambda s: s.referral(1))
    assert snapshot.referrals[0].consent is ConsentState.EXPIRED
    assert open_tasks(snapshot) >= {TaskKind.CONSENT_MISSING}
    assert await journey.inbox() == []
    await journey.consents(MEADOWLIGHT)
    await journey.until_referral(1, ReferralState.RECEIVED)
    assert [o for o, _, _ in await journey.inbox()] == ["meadowlight"]


async def test_a_service_is_late_only_from_when_it_has_the_packet(opens: Opens) -> None:
    """An outage of ours does not run on the service's time."""
    journey = await opens()
    await journey.consents(IDVA)
    with journey.clockwork.record.away_for(Deliver):
        await journey.refers(IDVA)
        await journey.until(lambda s: s.dispatches)
        back_at = await journey.now(journey.referral()) + OUTAGE
        await journey.forward(back_at, journey.referral())
    await journey.forward(back_at + NEXT_TRY, journey.referral())
    snapshot = await journey.until_referral(1, ReferralState.RECEIVED)
    assert deadline(snapshot).started_at >= back_at


async def test_consent_that_runs_out_during_an_outage_sends_nothing(opens: Opens) -> None:
    """It holds at the moment of sending, or the packet stays here (INV-03)."""
    journey = await opens()
    await journey.consents(IDVA)
    await journey.forward(await journey.now() + VALID_FOR - OUTAGE / 2)
    with journey.clockwork.record.away_for(Deliver):
        await journey.refers(IDVA)
        await journey.until(lambda s: s.dispatches)
        back_at = await journey.now(journey.referral()) + OUTAGE
        await journey.forward(back_at, journey.referral())
    await journey.forward(back_at + NEXT_TRY, journey.referral())
    snapshot = await journey.until(lambda s: not s.dispatches)
    assert snapshot.referrals[0].state is ReferralState.WAITING
    assert snapshot.referrals[0].consent is ConsentState.EXPIRED
    assert open_tasks(snapshot) >= {TaskKind.CONSENT_MISSING}
    assert await journey.inbox() == []
    assert await journey.rows("SELECT * FROM record.share WHERE case_ref = $1") == []


@contextmanager
def sink_away(journey: Journey) -> Iterator[None]:
    """No notice can be posted meanwhile."""
    folder = journey.clockwork.notices_dir
    away = folder.rename(folder.with_name("away"))
    folder.write_text("a file stands where the folder was")
    try:
        yield
    finally:
        folder.unlink()
        away.rename(folder)


async def test_a_sink_that_is_away_holds_up_no_packet(opens: Opens) -> None:
    """Who was told that consent is missing does not matter to her yes: it sends at once."""
    journey = await opens()
    with sink_away(journey):
        await journey.refers(IDVA)
        await journey.until(lambda s: s.tasks)
        await journey.consents(IDVA)
        await journey.until(lambda s: s.referrals[0].state is ReferralState.RECEIVED)
    await journey.until(lambda s: not s.dispatches)
    assert "northmarch-police" in journey.notices().values()


async def test_a_sink_that_is_away_holds_up_no_stop(opens: Opens) -> None:
    """Notices wait for their folder; the stop, people and the record do not (F3)."""
    journey = await opens()
    with sink_away(journey):
        await journey.consents(IDVA)
        await journey.refers(IDVA)
        await journey.until(lambda s: s.referrals[0].state is ReferralState.RECEIVED)
        await journey.state(WithdrawConsent, actor=caseworker(), recipient=None)
        only_notices = {DispatchKind.NOTICE}
        await journey.until(lambda s: {d.kind for d in s.dispatches} == only_notices)
        assert ("harbour-house", "stop", 1) in await journey.inbox()
    await journey.until(lambda s: not s.dispatches)
    assert "stop-notice/1" in journey.notices()
