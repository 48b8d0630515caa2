"""`SupportReferral`: one request to one NGO service, from consent to answer and to its end.

The record says what is to be done next; this workflow does it on time. It sends what was
consented to, reminds, escalates and lets lapse. It decides nothing.
"""

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError
from temporalio.workflow import ContinueAsNewVersioningBehavior

with workflow.unsafe.imports_passed_through():
    from activities.referral_steps import ReferralSteps
    from schemas.clockwork_steps import (
        Breach,
        ClockworkStep,
        Deliver,
        ExpireReferral,
        FailDelivery,
        QueueDelivery,
        Remind,
        SendNotice,
        SendStop,
    )
    from schemas.ids import journey_workflow_id
    from schemas.messages import (
        RECORD_CHANGED,
        Alarm,
        AlarmKind,
        DeliverPacket,
        Queued,
        ReadReferral,
        ReferralOutlook,
        ReferralOver,
        StartReferral,
        TakeReferralStep,
    )
    from schemas.operations import operations_text
    from workflows.options import DELIVERY_WITHIN, STEP_WITHIN, UNTIL_DELIVERED, UNTIL_IT_WORKS
    from workflows.posting import post_notice
    from workflows.progress import Progress, alarm_text
    from workflows.waiting import is_due, moment_or_timeout


@workflow.defn(name="SupportReferral")
class SupportReferral:
    """A referral's clockwork."""

    @workflow.init
    def __init__(self, referral: StartReferral) -> None:
        self._case_ref = referral.case_ref
        self._number = referral.referral
        self._nudged = False
        self._progress = Progress()

    @workflow.run
    async def run(self, referral: StartReferral) -> ReferralOver:
        """Do what the record says, until the referral is over and everybody was told."""
        outlook = await self._read()
        while not outlook.is_over or outlook.to_dispatch:
            self._progress.show(
                outlook.state, outlook.awaiting, outlook.alarms, is_overdue=outlook.is_overdue
            )
            outlook = await self._next(outlook)
            _continue_as_new_if_long(referral)
        await self._tell_journey()
        await workflow.wait_condition(workflow.all_handlers_finished)
        return ReferralOver(state=outlook.state)

    @workflow.signal(
        name=RECORD_CHANGED, description="The record of this referral changed: look again."
    )
    def record_changed(self) -> None:
        """Look at the record again."""
        self._nudged = True

    async def _next(self, outlook: ReferralOutlook) -> ReferralOutlook:
        if outlook.may_be_queued:  # first: a notice whose sink is away would hold it up
            return await self._step(QueueDelivery(case_ref=self._case_ref, referral=self._number))
        if outlook.to_dispatch:
            return await self._dispatch(outlook.to_dispatch[0], outlook)
        return await self._wait(outlook)

    async def _dispatch(self, queued: Queued, outlook: ReferralOutlook) -> ReferralOutlook:
        match queued.kind:
            case "packet":
                return await self._deliver(queued.key)
            case "stop":
                return await self._deliver_stop(queued.key)
            case "notice":
                return await self._post_notice(queued.key, outlook)

    async def _deliver(self, key: str) -> ReferralOutlook:
        """Deliver the packet; where that can never be, say so and let the journey go on."""
        step = Deliver(case_ref=self._case_ref, referral=self._number, key=key)
        try:
            return await workflow.execute_activity_method(
                ReferralSteps.deliver_packet,
                DeliverPacket(step=step, at=workflow.now()),
                start_to_close_timeout=DELIVERY_WITHIN,
                retry_policy=UNTIL_DELIVERED,
                summary=operations_text(step.verb),
            )
        except ActivityError as error:
            if not isinstance(error.cause, ApplicationError):
                raise
            return await self._step(FailDelivery(case_ref=self._case_ref, referral=self._number))

    async def _deliver_stop(self, key: str) -> ReferralOutlook:
        step = SendStop(case_ref=self._case_ref, referral=self._number, key=key)
        return await workflow.execute_activity_method(
            ReferralSteps.deliver_stop,
            TakeReferralStep(referral=self._number, step=step, at=workflow.now()),
            start_to_close_timeout=DELIVERY_WITHIN,
            retry_policy=UNTIL_DELIVERED,
            summary=operations_text(step.verb),
        )

    async def _post_notice(self, key: str, outlook: ReferralOutlook) -> ReferralOutlook:
        if await post_notice(self._case_ref, key, lambda: self._nudged):
            return await self._step(SendNotice(case_ref=self._case_ref, key=key))
        if self._nudged or is_due(outlook.alarms):
            return await self._wait(outlook)
        return outlook

    async def _wait(self, outlook: ReferralOutlook) -> ReferralOutlook:
        """Wait for news or for the next alarm; news come first."""
        alarm = outlook.alarms[0] if outlook.alarms else None
        await moment_or_timeout(
            lambda: self._nudged,
            alarm.at if alarm else None,
            summary=alarm_text(alarm) if alarm else None,
        )
        if self._nudged or alarm is None:
            return await self._read()
        return await self._step(self._alarmed(alarm))

    def _alarmed(self, alarm: Alarm) -> ClockworkStep:
        match alarm.kind:
            case AlarmKind.REMIND:
                return Remind(case_ref=self._case_ref, deadline=alarm.deadline)
            case AlarmKind.EXPIRE:
                return ExpireReferral(case_ref=self._case_ref, referral=self._number)
            case _:
                return Breach(case_ref=self._case_ref, deadline=alarm.deadline)

    async def _read(self) -> ReferralOutlook:
        self._nudged = False
        return await workflow.execute_local_activity_method(
            ReferralSteps.read_referral,
            ReadReferral(case_ref=self._case_ref, referral=self._number, at=workflow.now()),
            start_to_close_timeout=STEP_WITHIN,
            retry_policy=UNTIL_IT_WORKS,
        )

    async def _step(self, step: ClockworkStep) -> ReferralOutlook:
        return await workflow.execute_local_activity_method(
            ReferralSteps.take_referral_step,
            TakeReferralStep(referral=self._number, step=step, at=workflow.now()),
            start_to_close_timeout=STEP_WITHIN,
            retry_policy=UNTIL_IT_WORKS,
        )

    async def _tell_journey(self) -> None:
        """The journey may have closed meanwhile; then there is nobody left to tell."""
        journey = workflow.get_external_workflow_handle(journey_workflow_id(self._case_ref))
        try:
            await journey.signal(RECORD_CHANGED)
        except ApplicationError:
            workflow.logger.info("the journey is closed")


def _continue_as_new_if_long(referral: StartReferral) -> None:
    """A service that supports for years, or a sink that is away for weeks, makes it long.

    Then it takes the newest code, so that no build has to be kept for it for ever.
    """
    if workflow.info().is_continue_as_new_suggested():
        workflow.continue_as_new(
            referral, initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE
        )
