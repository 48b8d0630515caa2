"""The journey's steps. Each is one call of one port, safe to repeat."""

from dataclasses import dataclass

from temporalio import activity

from activities.failures import as_answer, as_failure
from activities.judging import judge_of, touched
from activities.ports import Contacts, Notices, Record, Verdict
from rules.outlook import journey_outlook
from schemas.clockwork_steps import SettleContact
from schemas.command_base import Command
from schemas.commands import CaseCommand
from schemas.contact import ContactResult, ContactState
from schemas.deadlines import Calendar
from schemas.decisions import NotDone
from schemas.messages import (
    CarriedOut,
    CarryOut,
    JourneyOutlook,
    PostNotice,
    ReadJourney,
    SendContactText,
    TakeJourneyStep,
)
from schemas.referral_commands import RequestReferral
from schemas.snapshot import CaseSnapshot


@dataclass(frozen=True)
class JourneySteps:
    """What `VictimJourney` has done for it."""

    record: Record
    notices: Notices
    contacts: Contacts
    calendar: Calendar

    @activity.defn(name="read_journey")
    @as_failure
    async def read_journey(self, message: ReadJourney) -> JourneyOutlook:
        """What the journey has to do, as the record stands."""
        return journey_outlook(await self.record.read(message.case_ref))

    @activity.defn(name="carry_out")
    @as_answer
    async def carry_out(self, message: CarryOut) -> CarriedOut:
        """Decide a person's command and write it."""
        command = message.command
        judge = judge_of(command, message.at, self.calendar)
        changed: list[int] = []

        def remember(snapshot: CaseSnapshot) -> Verdict:
            verdict = judge(snapshot)
            changed.extend(touched(verdict.decision))
            return verdict

        written = await self.record.change(command, remember, services=services_of(command))
        outlook = journey_outlook(written.snapshot)
        # Carried out before, by an attempt whose answer was lost: any referral may be touched.
        every = (referral.number for referral in written.snapshot.referrals)
        nudged = tuple(every) if written.is_repeat else tuple(changed)
        return CarriedOut(reply=written.reply, outlook=outlook, touched=nudged)

    @activity.defn(name="take_journey_step")
    @as_failure
    async def take_journey_step(self, message: TakeJourneyStep) -> JourneyOutlook:
        """Take a step of the clockwork; one that came too late changes nothing."""
        judge = judge_of(message.step, message.at, self.calendar)
        written = await self.record.change(message.step, judge)
        return journey_outlook(written.snapshot)

    @activity.defn(name="send_contact")
    @as_failure
    async def send_contact(self, message: SendContactText) -> JourneyOutlook:
        """Send a text to her, if it is safe at this attempt's own time; it is never repeated.

        The record says that it is being sent before it is, so that whoever finds it so after a
        crash knows that nobody can tell, and does not send it again.
        """
        step = message.step
        at = max(message.at, activity.info().started_time)
        written = await self.record.change(step, judge_of(step, at, self.calendar))
        contact = written.snapshot.contact(step.contact)
        if isinstance(written.reply, NotDone) or contact is None:
            return journey_outlook(written.snapshot)
        if contact.state is ContactState.SENDING:
            await self.contacts.send(step.case_ref, contact)
            sent = SettleContact(
                case_ref=step.case_ref, contact=step.contact, result=ContactResult.SENT
            )
            written = await self.record.change(sent, judge_of(sent, at, self.calendar))
        return journey_outlook(written.snapshot)

    @activity.defn(name="post_notice")
    @as_failure
    async def post_notice(self, message: PostNotice) -> None:
        """Post a queued notice; the sink shows it once, however often this runs."""
        dispatch = await self.record.read_dispatch(message.case_ref, message.key)
        if dispatch is not None and dispatch.template is not None:
            await self.notices.post(message.case_ref, dispatch)


def services_of(command: CaseCommand | Command) -> tuple[str, ...]:
    """Directory entries a command names."""
    if isinstance(command, RequestReferral):
        return command.choices
    recipient = getattr(command, "recipient", None)
    return (recipient,) if recipient else ()
