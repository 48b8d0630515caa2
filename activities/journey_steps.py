"""The journey's steps. Each is one call of one port, safe to repeat."""

from dataclasses import dataclass

from temporalio import activity

from activities.failures import as_answer, as_failure
from activities.judging import judge_of, touched
from activities.ports import Contacts, Judge, Notices, Record, Verdict, Written
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
        written, changed = await self._change(command, judge, services_of(command))
        # Carried out before, by an attempt whose answer was lost: any referral may be touched.
        nudged = _every_referral(written) if written.is_repeat else changed
        outlook = journey_outlook(written.snapshot)
        return CarriedOut(reply=written.reply, outlook=outlook, touched=nudged)

    @activity.defn(name="take_journey_step")
    @as_failure
    async def take_journey_step(self, message: TakeJourneyStep) -> JourneyOutlook:
        """Take a step of the clockwork; one that came too late changes nothing."""
        judge = judge_of(message.step, message.at, self.calendar)
        written, changed = await self._change(message.step, judge)
        # Too late, perhaps only because it was taken by an attempt that was not heard of.
        is_late = isinstance(written.reply, NotDone)
        nudged = _every_referral(written) if is_late else changed
        return journey_outlook(written.snapshot).model_copy(update={"touched": nudged})

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

    async def _change(
        self, command: Command, judge: Judge, services: tuple[str, ...] = ()
    ) -> tuple[Written, tuple[int, ...]]:
        """What was written, and the referrals whose own clock has to be told."""
        changed: tuple[int, ...] = ()

        def remember(snapshot: CaseSnapshot) -> Verdict:
            nonlocal changed
            verdict = judge(snapshot)
            changed = touched(verdict.decision)
            return verdict

        written = await self.record.change(command, remember, services=services)
        return written, changed


def _every_referral(written: Written) -> tuple[int, ...]:
    return tuple(referral.number for referral in written.snapshot.referrals)


def services_of(command: CaseCommand | Command) -> tuple[str, ...]:
    """Directory entries a command names."""
    if isinstance(command, RequestReferral):
        return (*command.choices, *command.offered)
    recipient = getattr(command, "recipient", None)
    return (recipient,) if recipient else ()
