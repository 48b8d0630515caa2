"""`SupportReferral`: one request to one NGO service, from consent to answer and to its end.

The record says what is to be done next; this workflow does it on time. It sends what was
consented to, reminds, escalates and lets lapse. It decides nothing.
"""

from datetime import datetime

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
        QUIET,
        RECORD_CHANGED,
        REFERRAL,
        Alarm,
        AlarmKind,
        Awaiting,
        DeliverPacket,
        Queued,
        ReadReferral,
        ReferralOutlook,
        ReferralOver,
        StartReferral,
        TakeReferralStep,
    )
    from schemas.operations import operations_text
    from workflows.options import (
        A_WHILE,
        DELIVERED_WITHIN,
        DELIVERY_WITHIN,
        REST_AT_MOST,
        REST_OF_A_STOP,
        STEP_WITHIN,
        UNTIL_DELIVERED,
    )
    from workflows.posting import post_notice
    from workflows.progress import Progress, alarm_text
    from workflows.resting import NOT_TAKEN, READ, WHAT_FAILS_RESTS, Rests, alarm_step, final
    from workflows.waiting import KeptTimer, is_due, moment_or_timeout, soonest


@workflow.defn(name=REFERRAL)
class SupportReferral:
    """A referral's clockwork."""

    @workflow.init
    def __init__(self, referral: StartReferral) -> None:
        self._case_ref = referral.case_ref
        self._is_quiet = referral.revision >= QUIET
        self._number = referral.referral
        self._nudged = False
        self._progress = Progress()
        self._rests = Rests()
        self._timer = KeptTimer()

    @workflow.run
    async def run(self, _: StartReferral) -> ReferralOver:
        """Do what the record says, until the referral is over and everybody was told."""
        outlook = await self._read()
        while True:
            outlook = await self._until_over(outlook)
            await self._tell_journey()
            await workflow.wait_condition(workflow.all_handlers_finished)
            if not (self._is_quiet and self._nudged):
                return ReferralOver(state=outlook.state)
            outlook = await self._read()

    async def _until_over(self, outlook: ReferralOutlook) -> ReferralOutlook:
        """Do what there is to do; the journey hears of an end at once, whatever is left to post."""
        has_told = False
        while not outlook.is_over or outlook.to_dispatch:
            if not self._is_quiet:
                self._publish(outlook)
            elif outlook.is_over and not has_told:
                await self._tell_journey()
                has_told = True
            outlook = await self._next(outlook)
            self._begin_anew_if_long()
        return outlook

    @workflow.signal(
        name=RECORD_CHANGED, description="The record of this referral changed: look again."
    )
    def record_changed(self) -> None:
        """Look at the record again, and try what rests."""
        self._nudged = True
        self._rests.end_all()

    def _publish(self, outlook: ReferralOutlook) -> None:
        """Publish where the referral stands."""
        self._progress.show(
            outlook.state,
            Awaiting.OPERATIONS if self._rests else outlook.awaiting,
            outlook.alarms,
            is_overdue=outlook.is_overdue,
        )

    async def _next(self, outlook: ReferralOutlook) -> ReferralOutlook:
        queue = QueueDelivery(case_ref=self._case_ref, referral=self._number)
        if outlook.may_be_queued and self._rests.is_awake(queue.verb):
            # First: a notice whose sink is away would hold it up.
            return await self._taken(queue.verb, queue, outlook)
        rings = self._is_quiet and self._rests.rings(outlook.alarms)
        for queued in outlook.to_dispatch:
            if rings and queued.kind == "notice":
                break  # a notice whose sink is away would hold up what is due
            if self._rests.is_awake(queued.key):
                return await self._dispatch(queued, outlook)
        return await self._wait(outlook)

    async def _dispatch(self, queued: Queued, outlook: ReferralOutlook) -> ReferralOutlook:
        """Send one thing; what cannot be sent now rests, and the next one is not held up."""
        try:
            match queued.kind:
                case "packet":
                    after = await self._deliver(queued.key, outlook)
                case "stop":
                    after = await self._deliver_stop(queued.key)
                case "notice":
                    return await self._post_notice(queued.key, outlook)
        except NOT_TAKEN as error:
            longest = REST_OF_A_STOP if queued.kind == "stop" else REST_AT_MOST
            self._rests.begin(queued.key, error, longest)
            return outlook
        if after is not outlook:
            self._rests.forget(queued.key)
        return after

    async def _deliver(self, key: str, outlook: ReferralOutlook) -> ReferralOutlook:
        """Deliver the packet; where that can never be, say so and let the journey go on."""
        step = Deliver(case_ref=self._case_ref, referral=self._number, key=key)
        try:
            return await workflow.execute_activity_method(
                ReferralSteps.deliver_packet,
                DeliverPacket(step=step, at=workflow.now()),
                start_to_close_timeout=DELIVERY_WITHIN,
                schedule_to_close_timeout=DELIVERED_WITHIN,
                retry_policy=UNTIL_DELIVERED,
                summary=operations_text(step.verb),
            )
        except ActivityError as error:
            if final(error) is None:
                raise
            failed = FailDelivery(case_ref=self._case_ref, referral=self._number)
            return await self._taken(key, failed, outlook)

    async def _deliver_stop(self, key: str) -> ReferralOutlook:
        step = SendStop(case_ref=self._case_ref, referral=self._number, key=key)
        return await workflow.execute_activity_method(
            ReferralSteps.deliver_stop,
            TakeReferralStep(referral=self._number, step=step, at=workflow.now()),
            start_to_close_timeout=DELIVERY_WITHIN,
            schedule_to_close_timeout=DELIVERED_WITHIN,
            retry_policy=UNTIL_DELIVERED,
            summary=operations_text(step.verb),
        )

    async def _post_notice(self, key: str, outlook: ReferralOutlook) -> ReferralOutlook:
        try:
            is_posted = await post_notice(self._case_ref, key, lambda: self._nudged)
        except NOT_TAKEN as error:
            if workflow.patched(WHAT_FAILS_RESTS):
                self._rests.begin(key, error)
                return outlook
            is_posted = False
            if not (self._nudged or is_due(outlook.alarms)):
                return outlook
        if is_posted:
            return await self._taken(key, SendNotice(case_ref=self._case_ref, key=key), outlook)
        return await self._wait(outlook)

    async def _wait(self, outlook: ReferralOutlook) -> ReferralOutlook:
        """Wait for news, for the next alarm, or for a rest to end; news come first."""
        alarm = self._rests.first_awake(outlook.alarms)
        until = soonest(alarm.at if alarm else None, self._rests.next_end())
        await self._news_or(until, alarm, outlook)
        if self._nudged or until is None:
            return await self._read()
        if alarm is None or alarm.at != until:
            return outlook
        after = await self._taken(alarm_step(alarm), self._alarmed(alarm), outlook)
        if self._is_quiet and alarm in after.alarms and after is not outlook:
            self._rests.begin(alarm_step(alarm))  # taken, and still to be taken: not in a circle
        return after

    async def _news_or(
        self, until: datetime | None, alarm: Alarm | None, outlook: ReferralOutlook
    ) -> None:
        """Wait for news or until a moment; say first what is waited in."""
        summary = alarm_text(alarm) if alarm else None
        if not self._is_quiet:
            await moment_or_timeout(lambda: self._nudged, until, summary=summary)
        elif not self._nudged:
            self._publish(outlook)
            await self._timer.wait(lambda: self._nudged, until, summary=summary)

    def _alarmed(self, alarm: Alarm) -> ClockworkStep:
        match alarm.kind:
            case AlarmKind.REMIND:
                return Remind(case_ref=self._case_ref, deadline=alarm.deadline)
            case AlarmKind.EXPIRE:
                return ExpireReferral(case_ref=self._case_ref, referral=self._number)
            case _:
                return Breach(case_ref=self._case_ref, deadline=alarm.deadline)

    async def _read(self) -> ReferralOutlook:
        """What the record says; asked until it answers, because nothing can be done before."""
        self._nudged = False
        while True:
            try:
                outlook = await workflow.execute_local_activity_method(
                    ReferralSteps.read_referral,
                    ReadReferral(case_ref=self._case_ref, referral=self._number, at=workflow.now()),
                    start_to_close_timeout=STEP_WITHIN,
                    retry_policy=A_WHILE,
                )
            except NOT_TAKEN as error:
                self._rests.begin(READ, error)
                self._begin_anew_if_long()
                await self._rests.over(READ)
            else:
                self._rests.forget(READ)
                return outlook

    async def _taken(
        self, name: str, step: ClockworkStep, outlook: ReferralOutlook
    ) -> ReferralOutlook:
        """Take a step; one that cannot be taken rests, and the referral goes on without it."""
        try:
            after = await workflow.execute_local_activity_method(
                ReferralSteps.take_referral_step,
                TakeReferralStep(referral=self._number, step=step, at=workflow.now()),
                start_to_close_timeout=STEP_WITHIN,
                retry_policy=A_WHILE,
            )
        except NOT_TAKEN as error:
            self._rests.begin(name, error)
            return outlook
        self._rests.forget(name)
        return after

    async def _tell_journey(self) -> None:
        """The journey may have closed meanwhile; then there is nobody left to tell."""
        journey = workflow.get_external_workflow_handle(journey_workflow_id(self._case_ref))
        try:
            await journey.signal(RECORD_CHANGED)
        except ApplicationError:
            workflow.logger.info("the journey is closed")

    def _begin_anew_if_long(self) -> None:
        """A service that supports for years, or a sink that is away for weeks, makes it long.

        Then it takes the newest code, so that no build has to be kept for it for ever.
        """
        if workflow.info().is_continue_as_new_suggested():
            workflow.continue_as_new(
                StartReferral(case_ref=self._case_ref, referral=self._number, revision=QUIET),
                initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
            )
