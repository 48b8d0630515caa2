"""What is written beside a workflow, its clock hears of: none rings from what it once read.

A case has one clock for itself and one for each referral. What a person or the other clock writes
about a referral may begin, pause or move what the referral's clock waits for.
"""

from datetime import time, timedelta

from schemas.actor import Role
from schemas.contact import ContactChannel, ContactPurpose, ContactState, ContactWindow
from schemas.contact_commands import PlanContact, SetPlan
from schemas.deadline_commands import ExtendDeadline, PauseDeadline, ResumeDeadline
from schemas.deadlines import Deadline, DeadlineState, Duration, Unit
from schemas.decisions import Committed
from schemas.referral import Reason, ReferralState
from schemas.referral_commands import StartAdvice, WaitlistReferral
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import adviser, an_actor, supervisor, the
from tests.workflows.conftest import Opens
from tests.workflows.telling import IDVA, Journey
from tests.workflows.test_contact import terms

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
ACK = "ref-ack/1"
TEN_DAYS = Duration(count=10, unit=Unit.WORKING_DAYS)
ALWAYS = tuple(
    ContactWindow(weekday=day, opens=time(0), closes=time(23, 59, 59)) for day in range(7)
)


def duty(snapshot: CaseSnapshot, wanted: str = ACK) -> Deadline:
    return the(snapshot.deadline(wanted))


def told_of(journey: Journey, about: str) -> set[str]:
    return {to for key, to in journey.notices().items() if key.startswith(f"{about}/")}


async def a_call_is_planned(journey: Journey) -> None:
    """The service that took her on means to call her."""
    worker = an_actor(Role.NGO_WORKER, "harbour-house")
    check_in, voice = ContactPurpose.CHECK_IN, ContactChannel.VOICE
    reply = await journey.state(
        PlanContact, actor=worker, referral=1, purpose=check_in, channel=voice
    )
    assert isinstance(reply, Committed), reply


async def test_a_paused_duty_of_a_service_lets_nothing_lapse(opens: Opens) -> None:
    """INV-37: what waits for something else is not silence; the referral stays where it is."""
    journey = await opens()
    ack = duty(await journey.sent_to(IDVA))
    await journey.decide(PauseDeadline, deadline=ACK, actor=supervisor())
    await journey.forward(the(ack.lapse_at) + A_DAY, journey.referral())
    paused = await journey.snapshot()
    assert (DeadlineState.PAUSED, ReferralState.RECEIVED) == (
        duty(paused).state,
        the(paused.referral(1)).state,
    )
    assert () == paused.tasks
    assert {"notice/1"} == set(journey.notices())


async def test_a_duty_of_a_service_that_goes_on_rings_again(opens: Opens) -> None:
    """Its clock had nothing to wait for while it was paused."""
    journey = await opens()
    ack, clock = duty(await journey.sent_to(IDVA)), journey.referral()
    await journey.decide(PauseDeadline, deadline=ACK, actor=supervisor())
    await journey.forward(ack.remind_at + A_MINUTE, clock)
    await journey.decide(ResumeDeadline, deadline=ACK, actor=supervisor())
    await journey.until(lambda s: duty(s).reminded_at)
    await journey.forward(duty(await journey.snapshot()).due_at + A_MINUTE, clock)
    await journey.until(lambda s: duty(s).state is DeadlineState.BREACHED)


async def test_a_service_with_more_time_is_not_passed_over_before_it(opens: Opens) -> None:
    """An extension moves the lapse as well: at the old time nothing happens, at the new it does."""
    journey = await opens()
    before, clock = duty(await journey.sent_to(IDVA)), journey.referral()
    await journey.decide(ExtendDeadline, deadline=ACK, actor=supervisor(), by=TEN_DAYS)
    longer = duty(await journey.snapshot())
    assert the(longer.lapse_at) > the(before.lapse_at)
    await journey.forward(the(before.lapse_at) + A_MINUTE, clock)
    assert ReferralState.RECEIVED is the((await journey.snapshot()).referral(1)).state
    await journey.forward(the(longer.lapse_at) + A_MINUTE, clock)
    assert ReferralState.EXPIRED is await journey.referral_ends()


async def test_a_duty_that_begins_while_nothing_else_runs_is_rung(opens: Opens) -> None:
    """An adviser's warning, once the duties of the referral have all had their time."""
    journey = await opens()
    await journey.sent_to(IDVA)
    clock = journey.referral()
    contact = duty(await journey.accepted(IDVA), "ref-contact/1")
    await journey.forward(contact.due_at + A_MINUTE, clock)
    await journey.until(lambda s: duty(s, contact.id).state is DeadlineState.BREACHED)
    today = (await journey.now(clock)).date()
    await journey.answers(StartAdvice, IDVA, actor=adviser(), granted_on=today)
    permission = duty(await journey.snapshot(), "leave-1-permission/1")
    await journey.forward(permission.remind_at + A_MINUTE, clock)
    await journey.until(lambda s: duty(s, permission.id).reminded_at and not s.dispatches)
    assert {"harbour-house"} == told_of(journey, f"reminder/{permission.id}")


async def test_a_service_is_told_when_it_may_call_her(opens: Opens) -> None:
    """Her window opens by the journey's clock; the notice leaves by the referral's, at once."""
    journey = await opens()
    await journey.state(SetPlan, terms=terms(windows=ALWAYS))
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    await a_call_is_planned(journey)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.OPEN and not s.dispatches)
    assert {"harbour-house"} == told_of(journey, "task/contact/1")


async def test_a_service_is_told_although_the_opening_went_unheard(opens: Opens) -> None:
    """The step was written and its answer lost: taken again it is too late, and still it tells."""
    journey = await opens()
    await journey.state(SetPlan, terms=terms(windows=ALWAYS))
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    with journey.clockwork.record.losing_answers():
        await a_call_is_planned(journey)
        await journey.until(lambda s: the(s.contact(1)).state is ContactState.OPEN)
        await journey.until(lambda s: not s.dispatches)
    assert {"harbour-house"} == told_of(journey, "task/contact/1")


async def test_a_waiting_list_has_a_ceiling_and_no_end(opens: Opens) -> None:
    """Its time passes in front of a person; her place is kept, and the service may still accept."""
    journey = await opens()
    await journey.sent_to(IDVA)
    clock = journey.referral()
    expected = (await journey.now(clock)).date() + 30 * A_DAY
    await journey.answers(WaitlistReferral, IDVA, reason=Reason.NO_CAPACITY, expected_by=expected)
    wait = duty(await journey.until_referral(1, ReferralState.WAITLISTED), "ref-wait/1")
    await journey.forward(wait.due_at + A_MINUTE, clock)
    late = await journey.until(
        lambda s: duty(s, wait.id).state is DeadlineState.BREACHED and not s.dispatches
    )
    assert ReferralState.WAITLISTED is the(late.referral(1)).state
    assert {TaskKind.DEADLINE_MISSED} == {task.kind for task in late.tasks if not task.is_done}
    assert {"northmarch-police"} == told_of(journey, f"task/missed/{wait.id}")
    assert [1] == [referral.number for referral in late.referrals]
    accepted = await journey.accepted(IDVA)
    assert DeadlineState.MET_LATE is duty(accepted, wait.id).state
    assert not [task for task in accepted.tasks if not task.is_done]
