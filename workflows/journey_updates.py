"""What people ask a journey for: one update for each decision, named as its verb.

Every handler puts its command into the journey's inbox and answers with what was committed.
"""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.case_commands import (
        AddNeed,
        CloseCase,
        ConfirmNamed,
        ConfirmSafety,
        HandOver,
        LinkCase,
        OfferTransfer,
        ProposeNamed,
        RecordDeath,
        RecordEvent,
        SetEntitlement,
    )
    from schemas.consent_commands import (
        AskConsent,
        GiveConsent,
        MarkNotCapable,
        ReflectConsent,
        RefuseConsent,
    )
    from schemas.deadline_commands import (
        ExtendDeadline,
        MeetDeadline,
        PauseDeadline,
        ResumeDeadline,
        WaiveDeadline,
    )
    from schemas.decisions import Reply
    from schemas.lane_commands import (
        AssessRisk,
        MoveMarac,
        ReviewRisk,
    )
    from schemas.referral_commands import (
        AnswerInfo,
        CorrectReferral,
        RecallReferral,
        ReopenReferral,
        RequestReferral,
        SetPriority,
    )
    from workflows.inbox import Inbox


class JourneyUpdates:
    """The updates of `VictimJourney`, in the order of a journey."""

    _inbox: Inbox

    @workflow.update(name="confirm_safety", description="Record the safety check.")
    async def confirm_safety(self, command: ConfirmSafety) -> Reply:
        """She can, or cannot, talk safely."""
        return await self._inbox.put(command)

    @workflow.update(name="set_entitlement", description="Decide her entitlement.")
    async def set_entitlement(self, command: SetEntitlement) -> Reply:
        """A person decides which entitlement she has."""
        return await self._inbox.put(command)

    @workflow.update(name="record_event", description="Record an event from outside.")
    async def record_event(self, command: RecordEvent) -> Reply:
        """Something happened that starts or ends duties."""
        return await self._inbox.put(command)

    @workflow.update(name="link_case", description="Link two cases.")
    async def link_case(self, command: LinkCase) -> Reply:
        """This case belongs with another; no data is joined."""
        return await self._inbox.put(command)

    @workflow.update(name="record_death", description="Report or confirm a death.")
    async def record_death(self, command: RecordDeath) -> Reply:
        """One person says that she has died, and another answers."""
        return await self._inbox.put(command)

    @workflow.update(name="hand_over", description="Hand the case over.")
    async def hand_over(self, command: HandOver) -> Reply:
        """Somebody else works on it from now on."""
        return await self._inbox.put(command)

    @workflow.update(name="offer_transfer", description="Offer the case to another agency.")
    async def offer_transfer(self, command: OfferTransfer) -> Reply:
        """Another agency may lead it."""
        return await self._inbox.put(command)

    @workflow.update(name="propose_named", description="Propose somebody for a restricted case.")
    async def propose_named(self, command: ProposeNamed) -> Reply:
        """One more person may see it, if a second agrees."""
        return await self._inbox.put(command)

    @workflow.update(name="confirm_named", description="Agree to somebody for a restricted case.")
    async def confirm_named(self, command: ConfirmNamed) -> Reply:
        """A second person agrees."""
        return await self._inbox.put(command)

    @workflow.update(name="close_case", description="Review for closing, or close.")
    async def close_case(self, command: CloseCase) -> Reply:
        """A person closes the case."""
        return await self._inbox.put(command)

    @workflow.update(name="ask_consent", description="Record that consent was asked.")
    async def ask_consent(self, command: AskConsent) -> Reply:
        """She was asked."""
        return await self._inbox.put(command)

    @workflow.update(name="give_consent", description="Record a yes.")
    async def give_consent(self, command: GiveConsent) -> Reply:
        """She said yes."""
        return await self._inbox.put(command)

    @workflow.update(name="refuse_consent", description="Record a no.")
    async def refuse_consent(self, command: RefuseConsent) -> Reply:
        """She said no."""
        return await self._inbox.put(command)

    @workflow.update(name="reflect_consent", description="Record that she wants time.")
    async def reflect_consent(self, command: ReflectConsent) -> Reply:
        """She thinks about it."""
        return await self._inbox.put(command)

    @workflow.update(name="mark_not_capable", description="Record that she cannot decide now.")
    async def mark_not_capable(self, command: MarkNotCapable) -> Reply:
        """She cannot decide this now."""
        return await self._inbox.put(command)

    @workflow.update(name="add_need", description="Record a need.")
    async def add_need(self, command: AddNeed) -> Reply:
        """Something she needs help with."""
        return await self._inbox.put(command)

    @workflow.update(name="request_referral", description="Refer a need to chosen services.")
    async def request_referral(self, command: RequestReferral) -> Reply:
        """Refer a need to the services she chose."""
        return await self._inbox.put(command)

    @workflow.update(name="reopen_referral", description="Ask a service again.")
    async def reopen_referral(self, command: ReopenReferral) -> Reply:
        """A new referral stands for one that is over."""
        return await self._inbox.put(command)

    @workflow.update(name="set_priority", description="Change how soon it is needed.")
    async def set_priority(self, command: SetPriority) -> Reply:
        """It is needed sooner, or later."""
        return await self._inbox.put(command)

    @workflow.update(name="answer_info", description="Answer what a service asked back.")
    async def answer_info(self, command: AnswerInfo) -> Reply:
        """The sender answers the service."""
        return await self._inbox.put(command)

    @workflow.update(name="recall_referral", description="Take a referral back.")
    async def recall_referral(self, command: RecallReferral) -> Reply:
        """The sender takes a referral back."""
        return await self._inbox.put(command)

    @workflow.update(name="correct_referral", description="Mark a referral as entered in error.")
    async def correct_referral(self, command: CorrectReferral) -> Reply:
        """It should never have been."""
        return await self._inbox.put(command)

    @workflow.update(name="assess_risk", description="Record a risk assessment.")
    async def assess_risk(self, command: AssessRisk) -> Reply:
        """A person graded the risk of harm."""
        return await self._inbox.put(command)

    @workflow.update(name="review_risk", description="Review a risk assessment.")
    async def review_risk(self, command: ReviewRisk) -> Reply:
        """A supervisor looked at the grade."""
        return await self._inbox.put(command)

    @workflow.update(name="move_marac", description="Record an event of MARAC.")
    async def move_marac(self, command: MoveMarac) -> Reply:
        """The case moves on its way through MARAC."""
        return await self._inbox.put(command)

    @workflow.update(name="meet_deadline", description="Say that a duty was met.")
    async def meet_deadline(self, command: MeetDeadline) -> Reply:
        """A person says that it was done."""
        return await self._inbox.put(command)

    @workflow.update(name="pause_deadline", description="Pause a duty.")
    async def pause_deadline(self, command: PauseDeadline) -> Reply:
        """It waits for something that is not ours."""
        return await self._inbox.put(command)

    @workflow.update(name="resume_deadline", description="Let a paused duty go on.")
    async def resume_deadline(self, command: ResumeDeadline) -> Reply:
        """It goes on, with the time that was left."""
        return await self._inbox.put(command)

    @workflow.update(name="extend_deadline", description="Extend a duty.")
    async def extend_deadline(self, command: ExtendDeadline) -> Reply:
        """It may take longer."""
        return await self._inbox.put(command)

    @workflow.update(name="waive_deadline", description="Waive a duty.")
    async def waive_deadline(self, command: WaiveDeadline) -> Reply:
        """She does not want what it is about."""
        return await self._inbox.put(command)
