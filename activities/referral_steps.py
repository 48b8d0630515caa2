"""A referral's steps. Each is one call of one port, safe to repeat."""

from dataclasses import dataclass

from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.failures import as_failure
from activities.judging import judge_of
from activities.ports import Record
from rules.outlook import referral_outlook
from schemas.deadlines import Calendar
from schemas.decisions import NotDone
from schemas.messages import DeliverPacket, ReadReferral, ReferralOutlook, TakeReferralStep

UNDELIVERABLE = "undeliverable"
"""Failure type of a delivery that no retry can mend."""


@dataclass(frozen=True)
class ReferralSteps:
    """What `SupportReferral` has done for it."""

    record: Record
    calendar: Calendar

    @activity.defn(name="read_referral")
    @as_failure
    async def read_referral(self, message: ReadReferral) -> ReferralOutlook:
        """What the referral has to do, as the record stands."""
        snapshot = await self.record.read(message.case_ref)
        return referral_outlook(snapshot, message.referral, message.at)

    @activity.defn(name="take_referral_step")
    @as_failure
    async def take_referral_step(self, message: TakeReferralStep) -> ReferralOutlook:
        """Take a step of the clockwork; one that came too late changes nothing."""
        judge = judge_of(message.step, message.at, self.calendar)
        written = await self.record.change(message.step, judge)
        return referral_outlook(written.snapshot, message.referral, message.at)

    @activity.defn(name="deliver_packet")
    @as_failure
    async def deliver_packet(self, message: DeliverPacket) -> ReferralOutlook:
        """Place a queued packet in the service's inbox, if consent holds at this moment.

        An outage may lie between the first attempt and this one, so it is this one's time that
        counts: for her consent, and for when the service begins to be late.

        Raises:
            ApplicationError: of type `undeliverable`, when no retry can help.
        """
        at = max(message.at, activity.info().started_time)
        judge = judge_of(message.step, at, self.calendar)
        written = await self.record.change(message.step, judge)
        reply = written.reply
        if isinstance(reply, NotDone) and reply.reasons[0].code == "service_closed":
            raise ApplicationError(
                "the service takes no referrals", type=UNDELIVERABLE, non_retryable=True
            )
        return referral_outlook(written.snapshot, message.step.referral, at)

    @activity.defn(name="deliver_stop")
    @as_failure
    async def deliver_stop(self, message: TakeReferralStep) -> ReferralOutlook:
        """Place a queued stop notice in the service's inbox."""
        judge = judge_of(message.step, message.at, self.calendar)
        written = await self.record.change(message.step, judge)
        return referral_outlook(written.snapshot, message.referral, message.at)
