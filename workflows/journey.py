"""`VictimJourney`: the long-lived clockwork of one case.

People steer it by updates; facts that must never wait are written to the record first and
reach it as a nudge. It starts referrals, asks the next service the victim chose, holds the
deadlines, and closes when a person has closed the case. It decides nothing.
"""

from datetime import datetime

from temporalio import workflow
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ActivityError, ApplicationError, WorkflowAlreadyStartedError
from temporalio.workflow import ContinueAsNewVersioningBehavior, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.journey_steps import JourneySteps
    from schemas.case import Stage
    from schemas.clockwork_steps import (
        Breach,
        ClockworkStep,
        CloseWindow,
        OpenWindow,
        Remind,
        RouteOnward,
        SendContact,
        SendNotice,
        SettleContact,
    )
    from schemas.ids import referral_workflow_id
    from schemas.messages import (
        JOURNEY,
        QUIET,
        RECORD_CHANGED,
        Alarm,
        AlarmKind,
        Awaiting,
        CarryOut,
        JourneyOutlook,
        ReadJourney,
        SendContactText,
        StartJourney,
        StartReferral,
        TakeJourneyStep,
    )
    from schemas.operations import Said, operations_text
    from workflows.inbox import Inbox, Letter
    from workflows.journey_updates import JourneyUpdates
    from workflows.options import A_WHILE, DELIVERY_WITHIN, NEVER_AGAIN, STEP_WITHIN
    from workflows.posting import post_notice
    from workflows.progress import Progress, alarm_text
    from workflows.referral import SupportReferral
    from workflows.resting import (
        CARRY_OUT,
        NOT_TAKEN,
        READ,
        WHAT_FAILS_RESTS,
        Rests,
        alarm_step,
        final,
    )
    from workflows.waiting import KeptTimer, is_due, moment_or_timeout, soonest


_WHO_RUNS_LOOKS_AGAIN = "a referral that runs already looks again"
"""A change of what running journeys do (temporal patch)."""


@workflow.defn(name=JOURNEY)
class VictimJourney(JourneyUpdates):
    """A case's clockwork, steered by people."""

    @workflow.init
    def __init__(self, journey: StartJourney) -> None:
        self._case_ref = journey.case_ref
        self._is_quiet = journey.revision >= QUIET
        self._inbox = Inbox()
        self._nudged = False
        self._started: set[int] = set()
        self._progress = Progress()
        self._rests = Rests()
        self._timer = KeptTimer()
        self._phase: Stage | None = None
        self._has_passed_phase = False

    @workflow.run
    async def run(self, _: StartJourney) -> None:
        """Do what the record says, until a person has closed the case and nothing is owed."""
        outlook = await self._read()
        while True:
            while _is_under_way(outlook):
                self._notice_phase(outlook)
                if not self._is_quiet:
                    self._publish(outlook)
                await self._start_referrals(outlook)
                outlook = await self._next(outlook)
                self._begin_anew_if_due()
            outlook = await self._answer_the_last(outlook)
            if not _is_under_way(outlook):
                return

    @workflow.signal(
        name=RECORD_CHANGED, description="The record of this case changed: look again."
    )
    def record_changed(self) -> None:
        """Look at the record again, and try what rests."""
        self._nudged = True
        self._rests.end_all()

    # What the journey does, one sentence each.

    async def _next(self, outlook: JourneyOutlook) -> JourneyOutlook:
        if self._has_mail():
            return await self._carry_out(self._inbox.take(), outlook)
        for number in outlook.to_route:
            step = RouteOnward(case_ref=self._case_ref, referral=number)
            if self._rests.is_awake(name := f"{step.verb}/{number}"):
                return await self._taken(name, step, outlook)
        if self._is_quiet and self._rests.rings(outlook.alarms):
            return await self._wait(outlook)  # first: a notice whose sink is away would hold it up
        for queued in outlook.to_dispatch:
            if self._rests.is_awake(queued.key):
                return await self._post_notice(queued.key, outlook)
        return await self._wait(outlook)

    async def _carry_out(self, letter: Letter, outlook: JourneyOutlook) -> JourneyOutlook:
        """Have a command decided and written; answer with what was committed."""
        try:
            done = await workflow.execute_local_activity_method(
                JourneySteps.carry_out,
                CarryOut(command=letter.command, at=workflow.now()),
                start_to_close_timeout=STEP_WITHIN,
                retry_policy=A_WHILE,
            )
        except NOT_TAKEN as error:
            failure = final(error)
            if failure is None:
                self._rests.begin(CARRY_OUT, error)
                self._inbox.put_back(letter)
                return outlook
            letter.failure = ApplicationError(
                failure.message, type=failure.type, non_retryable=True
            )
            return outlook
        self._rests.forget(CARRY_OUT)
        letter.reply = done.reply
        await self._nudge_referrals(done.touched)
        return done.outlook

    async def _start_referrals(self, outlook: JourneyOutlook) -> None:
        """Every referral with work left has its own workflow, which outlives this run.

        One whose workflow had ended, and to which something is to be told after all, gets another.
        """
        self._started &= set(outlook.referrals)
        for number in outlook.referrals:
            if number not in self._started:
                await self._start_referral(number)
                self._started.add(number)

    async def _start_referral(self, number: int) -> None:
        """Start it; one that runs already looks again, and one that was just ending is started."""
        while True:
            try:
                await workflow.start_child_workflow(
                    SupportReferral.run,
                    StartReferral(case_ref=self._case_ref, referral=number, revision=QUIET),
                    id=referral_workflow_id(self._case_ref, number),
                    parent_close_policy=ParentClosePolicy.ABANDON,
                    id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                    static_summary=operations_text(
                        Said.REFERRAL, number, Said.REQUESTED, workflow.now()
                    ),
                )
            except WorkflowAlreadyStartedError:
                workflow.logger.info("the referral's workflow was started by an earlier run")
                if workflow.patched(_WHO_RUNS_LOOKS_AGAIN) and not await self._nudge(number):
                    continue
            return

    async def _nudge_referrals(self, numbers: tuple[int, ...]) -> None:
        for number in numbers:
            if number in self._started and not await self._nudge(number) and self._is_quiet:
                self._started.discard(number)  # it gets another, if it has work left

    async def _nudge(self, number: int) -> bool:
        """Tell a referral's workflow to look again. False: it has ended."""
        workflow_id = referral_workflow_id(self._case_ref, number)
        try:
            await workflow.get_external_workflow_handle(workflow_id).signal(RECORD_CHANGED)
        except ApplicationError:
            workflow.logger.info("the referral's workflow has ended")
            return False
        return True

    async def _post_notice(self, key: str, outlook: JourneyOutlook) -> JourneyOutlook:
        try:
            is_posted = await post_notice(self._case_ref, key, self._has_news)
        except NOT_TAKEN as error:
            if workflow.patched(WHAT_FAILS_RESTS):
                self._rests.begin(key, error)
                return outlook
            is_posted = False
            if not (self._has_news() or is_due(outlook.alarms)):
                return outlook
        if is_posted:
            return await self._taken(key, SendNotice(case_ref=self._case_ref, key=key), outlook)
        return await self._wait(outlook)

    def _has_news(self) -> bool:
        return self._has_mail() or self._nudged

    def _has_mail(self) -> bool:
        """Whether a person's command may be carried out now."""
        return self._inbox.has_mail and self._rests.is_awake(CARRY_OUT)

    async def _wait(self, outlook: JourneyOutlook) -> JourneyOutlook:
        """Wait for a person, for news, for the next alarm, or for a rest to end; people first."""
        alarm = self._rests.first_awake(outlook.alarms)
        until = soonest(alarm.at if alarm else None, self._rests.next_end())
        await self._news_or(until, alarm, outlook)
        if self._has_mail() or self._may_begin_anew():
            return outlook
        if self._nudged or until is None:
            return await self._read()
        if alarm is None or alarm.at != until:
            return outlook
        if alarm.kind is AlarmKind.SEND_CONTACT:
            return await self._send_contact(alarm, outlook)
        after = await self._taken(alarm_step(alarm), self._alarmed(alarm), outlook)
        if self._is_quiet and alarm in after.alarms and after is not outlook:
            self._rests.begin(alarm_step(alarm))  # taken, and still to be taken: not in a circle
        return after

    async def _news_or(
        self, until: datetime | None, alarm: Alarm | None, outlook: JourneyOutlook
    ) -> None:
        """Wait for a person, for news, or until a moment; say first what is waited in."""
        summary = alarm_text(alarm) if alarm else None
        if not self._is_quiet:
            await moment_or_timeout(self._is_called, until, summary=summary)
        elif not self._is_called():
            self._publish(outlook)
            await self._timer.wait(self._is_called, until, summary=summary)

    def _is_called(self) -> bool:
        return self._has_news() or self._may_begin_anew()

    def _alarmed(self, alarm: Alarm) -> ClockworkStep:
        contact = alarm.contact or 0
        match alarm.kind:
            case AlarmKind.REMIND:
                return Remind(case_ref=self._case_ref, deadline=alarm.deadline)
            case AlarmKind.OPEN_WINDOW:
                return OpenWindow(case_ref=self._case_ref, contact=contact)
            case AlarmKind.CLOSE_WINDOW:
                return CloseWindow(case_ref=self._case_ref, contact=contact)
            case AlarmKind.SETTLE_CONTACT:
                return SettleContact(case_ref=self._case_ref, contact=contact)
            case _:
                return Breach(case_ref=self._case_ref, deadline=alarm.deadline)

    async def _send_contact(self, alarm: Alarm, outlook: JourneyOutlook) -> JourneyOutlook:
        """Send a text to her, once; where nobody can tell whether it went, a person looks."""
        number = alarm.contact or 0
        step = SendContact(case_ref=self._case_ref, contact=number)
        try:
            return await workflow.execute_activity_method(
                JourneySteps.send_contact,
                SendContactText(step=step, at=workflow.now()),
                start_to_close_timeout=DELIVERY_WITHIN,
                retry_policy=NEVER_AGAIN,
                summary=operations_text(step.verb),
            )
        except ActivityError as error:
            unclear = SettleContact(case_ref=self._case_ref, contact=number)
            after = await self._taken(alarm_step(alarm), unclear, outlook)
            if self._is_quiet and after is not outlook:
                self._rests.begin(alarm_step(alarm), error)  # where it is not settled by that
            return after

    async def _read(self) -> JourneyOutlook:
        """What the record says; asked until it answers, because nothing can be done before."""
        self._nudged = False
        while True:
            try:
                outlook = await workflow.execute_local_activity_method(
                    JourneySteps.read_journey,
                    ReadJourney(case_ref=self._case_ref),
                    start_to_close_timeout=STEP_WITHIN,
                    retry_policy=A_WHILE,
                )
            except NOT_TAKEN as error:
                self._rests.begin(READ, error)
                self._begin_anew_if_due()
                await self._rests.over(READ)
            else:
                self._rests.forget(READ)
                return outlook

    async def _taken(
        self, name: str, step: ClockworkStep, outlook: JourneyOutlook
    ) -> JourneyOutlook:
        """Take a step; one that cannot be taken rests, and the journey goes on without it."""
        try:
            after = await workflow.execute_local_activity_method(
                JourneySteps.take_journey_step,
                TakeJourneyStep(step=step, at=workflow.now()),
                start_to_close_timeout=STEP_WITHIN,
                retry_policy=A_WHILE,
            )
        except NOT_TAKEN as error:
            self._rests.begin(name, error)
            return outlook
        self._rests.forget(name)
        await self._nudge_referrals(after.touched)
        return after

    async def _answer_the_last(self, outlook: JourneyOutlook) -> JourneyOutlook:
        """Whoever asked while the case closed is answered; nobody waits for a closed journey.

        What they said may leave something to do, as may news that came meanwhile.
        """
        self._notice_phase(outlook)
        self._publish(outlook)
        while True:
            while self._has_mail():
                outlook = await self._carry_out(self._inbox.take(), outlook)
            await moment_or_timeout(
                lambda: self._has_mail() or workflow.all_handlers_finished(),
                self._rests.next_end(),
                summary=None,
            )
            if self._inbox.has_mail:
                continue
            if not self._nudged:
                return outlook
            outlook = await self._read()

    def _notice_phase(self, outlook: JourneyOutlook) -> None:
        """Notice when a phase has passed."""
        self._has_passed_phase |= self._phase not in (None, outlook.stage)
        self._phase = outlook.stage

    def _publish(self, outlook: JourneyOutlook) -> None:
        """Publish where the journey stands."""
        self._progress.show(
            outlook.stage,
            Awaiting.OPERATIONS if self._rests else outlook.awaiting,
            outlook.alarms,
            is_overdue=outlook.is_overdue,
            owner=outlook.owner,
        )

    def _begin_anew_if_due(self) -> None:
        """Begin a new history, on the newest code. The record holds all that goes on."""
        if self._may_begin_anew():
            workflow.continue_as_new(
                StartJourney(case_ref=self._case_ref, revision=QUIET),
                initial_versioning_behavior=ContinueAsNewVersioningBehavior.AUTO_UPGRADE,
            )

    def _may_begin_anew(self) -> bool:
        """Long enough, or at the end of a phase with newer code there; and nobody waits."""
        info = workflow.info()
        is_due = info.is_continue_as_new_suggested() or (
            self._has_passed_phase and info.is_target_worker_deployment_version_changed()
        )
        return is_due and not self._inbox.has_mail and workflow.all_handlers_finished()


def _is_under_way(outlook: JourneyOutlook) -> bool:
    """Whether the case is open, or something is still owed in it."""
    return outlook.stage is not Stage.CLOSED or bool(outlook.to_dispatch or outlook.alarms)
