"""One of each thing a case can hold, saying something in every field, and the same moved on."""

from datetime import date, time, timedelta
from typing import Any

from pydantic import BaseModel

from schemas.case import PersonalField
from schemas.casework import (
    Conflict,
    ConflictKind,
    NamedPerson,
    Transfer,
    TransferState,
)
from schemas.changes import (
    CheckRecorded,
    ConflictRecorded,
    ConsentRecorded,
    ContactRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    HoldRecorded,
    MaracRecorded,
    NamedRecorded,
    NeedRecorded,
    NrmRecorded,
    PlanRecorded,
    ReferralRecorded,
    RiskRecorded,
    TaskRecorded,
    TransferRecorded,
)
from schemas.consent import AskedHow, Consent, ConsentState, Presence, Purpose
from schemas.contact import (
    CallerIdentity,
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactResult,
    ContactState,
    ContactTemplate,
    ContactWindow,
    DeviceShared,
    DroppedCall,
    InterpreterGender,
    InterpreterKind,
    InterpreterNeed,
    PlanConfirmation,
    PlanPart,
    PlanState,
    SuspendReason,
    Voicemail,
    WordCheck,
)
from schemas.deadlines import Deadline, DeadlineState, ExtensionReason, Pace, PauseReason
from schemas.holds import Hold
from schemas.lanes import (
    AgeGroup,
    AnonymousNotification,
    Exploitation,
    Marac,
    MaracAgency,
    MaracBasis,
    MaracCriterion,
    MaracDecline,
    MaracState,
    Nrm,
    NrmAnswer,
    NrmState,
    RiskAssessment,
    RiskGrade,
    RiskTool,
    SharedWithoutConsent,
)
from schemas.referral import (
    ChosenBy,
    Clock,
    Delivery,
    InfoAnswer,
    InfoTopic,
    NeedState,
    Outcome,
    Priority,
    Reason,
    Referral,
    ReferralState,
)
from schemas.snapshot import Dispatch, DispatchKind, DispatchState, NoticeTemplate, Task, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck, WithdrawnConsent
from tests.builders import AT, a_need, caseworker, supervisor
from tests.infra.cases import HARBOUR, IDVA

LATER = AT + timedelta(days=3)
ANN, SUE, DI = caseworker().who, supervisor().who, f"{HARBOUR}:di"
ASKED = AskedHow(
    at_safe_time=True,
    present=(Presence.INTERPRETER,),
    interpreter=InterpreterKind.INDEPENDENT,
    told_help_does_not_depend=True,
)

PLAN = ContactPlan(
    number=1,
    state=PlanState.PENDING,
    channels=(ContactChannel.VOICE, ContactChannel.SMS),
    windows=(
        ContactWindow(weekday=1, opens=time(10), closes=time(12), valid_until=date(2027, 1, 5)),
    ),
    voicemail=Voicemail.AGREED_SCRIPT,
    caller_identity=CallerIdentity.COVER_NAME,
    dropped_call=DroppedCall.CALL_BACK,
    call_back_after_minutes=20,
    do_not_post=False,
    device_shared=DeviceShared.NO,
    interpreter=InterpreterNeed(
        needed=True, gender=InterpreterGender.FEMALE, excluded=("interpreter-7",)
    ),
    has_details=True,
    details_of=1,
    words_of=1,
    changes=(PlanPart.DETAILS, PlanPart.WORDS),
    set_by=SUE,
    set_at=AT,
)
PLAN_LATER = {
    "state": PlanState.IN_FORCE,
    "confirmed_how": PlanConfirmation.OLD_CHANNEL,
    "confirmed_by": ANN,
    "verified_at": AT,
    "expires_at": AT + timedelta(days=30),
    "suspended_for": SuspendReason.UNSAFE,
}
CONTACT = Contact(
    number=1,
    referral=1,
    organisation="northmarch-police",
    purpose=ContactPurpose.CHECK_IN,
    channel=ContactChannel.SMS,
    template=ContactTemplate.PLEASE_CALL,
    interpreter="interpreter-3",
    state=ContactState.PLANNED,
    not_before=AT,
    planned_by=ANN,
)
CONTACT_LATER = {
    "state": ContactState.MADE,
    "safe_at": AT,
    "safe_until": LATER,
    "result": ContactResult.SPOKE,
    "word": WordCheck.SAFE,
    "interpreted_by": InterpreterKind.INDEPENDENT,
    "planned_by": SUE,
    "made_by": SUE,
    "ended_by": ANN,
    "started_at": AT,
    "ended_at": LATER,
    "is_outside_plan": True,
}
CHECK = WithdrawalCheck(
    number=1,
    purpose=Purpose.SUPPORT_REFERRAL,
    recorder=ANN,
    asks=HARBOUR,
    referrals=(1, 2),
    consents=(WithdrawnConsent(recipient=IDVA, fields=("name",), expires_at=LATER, epoch=3),),
    opened_at=AT,
    line_until=LATER,
)
RISK = RiskAssessment(
    number=1, tool=RiskTool.DASH, grade=RiskGrade.HIGH, ticks=15, assessed_by=ANN, assessed_at=AT
)
MARAC = Marac(number=1, state=MaracState.INDICATED, criterion=MaracCriterion.ESCALATION, basis=None)
MARAC_LATER = {
    "state": MaracState.ACTIONS_OPEN,
    "basis": MaracBasis.WITHOUT_CONSENT,
    "without_consent_because": SharedWithoutConsent.CHILD_AT_RISK,
    "declined_because": MaracDecline.HEARD_ELSEWHERE,
    "meeting_on": date(2026, 12, 3),
    "is_emergency": True,
    "agencies": (MaracAgency.POLICE, MaracAgency.HEALTH),
    "actions_due_on": date(2026, 12, 20),
    "heard_at": LATER,
}
NOTIFICATION = AnonymousNotification(
    exploitation=Exploitation.LABOUR, force="northmarch-police", quarter="2026-Q4"
)
NRM = Nrm(number=1, state=NrmState.INDICATED, age=AgeGroup.UNCERTAIN)
NRM_LATER = {
    "state": NrmState.POSITIVE_REASONABLE_GROUNDS,
    "age": AgeGroup.ADULT,
    "answer": NrmAnswer.YES,
    "submitted_at": AT,
    "recovery_until": LATER,
}
DEADLINE = Deadline(
    id="marac-1-referral",
    duty="marac-1-referral",
    referral=1,
    started_at=AT,
    due_at=AT,
    remind_at=AT,
    remind_again_at=(AT,),
    lapse_at=AT,
    calendar="one",
    pace=Pace.STANDARD,
    state=DeadlineState.RUNNING,
)
DEADLINE_LATER = {
    "started_at": LATER,
    "due_at": LATER,
    "remind_at": LATER,
    "remind_again_at": (AT, LATER),
    "lapse_at": LATER,
    "calendar": "another",
    "pace": Pace.HIGH_RISK,
    "state": DeadlineState.PAUSED,
    "reminded_at": LATER,
    "paused_at": LATER,
    "pause_reason": next(iter(PauseReason)),
    "extension_reason": next(iter(ExtensionReason)),
    "ended_at": LATER,
}
TASK = Task(
    id="plan-stale",
    kind=TaskKind.PLAN_STALE,
    for_role=caseworker().role,
    organisation="northmarch-police",
    for_person=ANN,
    not_for=SUE,
    referral=1,
    raised_at=AT,
)
TASK_LATER = {
    "for_role": supervisor().role,
    "organisation": None,
    "for_person": SUE,
    "not_for": ANN,
    "referral": None,
    "raised_at": LATER,
    "is_done": True,
}
NOTICE = Dispatch(
    key="task/plan-stale",
    kind=DispatchKind.NOTICE,
    referral=1,
    to_organisation=HARBOUR,
    template=NoticeTemplate.TASK,
)
CONSENT = Consent(
    purpose=Purpose.MARAC,
    recipient=IDVA,
    epoch=1,
    state=ConsentState.GIVEN,
    fields=(PersonalField.NAME,),
    occurred_at=AT,
    expires_at=LATER,
    also_asked=(PersonalField.LANGUAGE,),
    asked=ASKED,
    ask_again_at=LATER,
)
REFERRAL = Referral(
    number=1,
    need=1,
    service=IDVA,
    organisation=HARBOUR,
    state=ReferralState.SENT,
    delivery=Delivery.QUEUED,
    consent=ConsentState.ASKED,
    clock=Clock.RUNNING,
    priority=Priority.URGENT,
    next_choices=("counselling",),
    follows=4,
    replaces=5,
    offered=(IDVA, "counselling"),
    chosen_by=ChosenBy.CASEWORKER,
)
REFERRAL_LATER = {
    "state": ReferralState.COMPLETED,
    "delivery": Delivery.ACKED,
    "consent": ConsentState.GIVEN,
    "clock": Clock.STOPPED,
    "outcome": Outcome.SUPPORT_GIVEN,
    "priority": Priority.ROUTINE,
    "reason": Reason.NO_CAPACITY,
    "claimed_by": DI,
    "expected_by": date(2026, 12, 15),
    "shared_fields": (PersonalField.NAME,),
    "asked_fields": (PersonalField.LANGUAGE,),
    "asked_topics": (InfoTopic.URGENCY,),
    "info_answer": InfoAnswer.ASK_HER,
    "was_followed": True,
    "version": 7,
}
HOLD = Hold(number=1, organisation="northmarch-police", placed_by=ANN, referral=1, placed_at=AT)
OFFER = Transfer(number=1, to_organisation="saltmere-council", offered_by=ANN, offered_at=AT)
NAMED = NamedPerson(who="northmarch-police:cal", proposed_by=ANN, is_named=False)


class Sample(BaseModel):
    """A change, and the field of it that is the thing itself."""

    model_config = {"frozen": True, "arbitrary_types_allowed": True}

    change: type[Any]
    part: str
    first: BaseModel
    later: dict[str, Any] = {}
    """What moves afterwards; empty where nothing ever does."""

    def changes(self) -> tuple[Any, ...]:
        """The thing, and the thing moved on."""
        moved = (self.first.model_copy(update=self.later),) if self.later else ()
        return tuple(self.change(**{self.part: thing}) for thing in (self.first, *moved))

    def silent(self) -> set[str]:
        """Fields that say no more than their default, before and after."""
        fields = type(self.first).model_fields
        dumped = [getattr(change, self.part) for change in self.changes()]
        return {
            name
            for name, field in fields.items()
            if not field.is_required()
            and name != "schema_version"
            and all(
                getattr(thing, name) == field.get_default(call_default_factory=True)
                for thing in dumped
            )
        }


SAMPLES = {
    "a plan": Sample(change=PlanRecorded, part="plan", first=PLAN, later=PLAN_LATER),
    "a contact": Sample(change=ContactRecorded, part="contact", first=CONTACT, later=CONTACT_LATER),
    "a hold": Sample(
        change=HoldRecorded, part="hold", first=HOLD, later={"lifted_at": LATER, "lifted_by": ANN}
    ),
    "a check": Sample(
        change=CheckRecorded,
        part="check",
        first=CHECK,
        later={"state": CheckState.IT_WAS_HER, "answered_by": DI},
    ),
    "a risk": Sample(
        change=RiskRecorded, part="risk", first=RISK, later={"reviewed_by": SUE, "agreed": False}
    ),
    "a MARAC": Sample(change=MaracRecorded, part="marac", first=MARAC, later=MARAC_LATER),
    "the NRM": Sample(change=NrmRecorded, part="nrm", first=NRM, later=NRM_LATER),
    "a conflict": Sample(
        change=ConflictRecorded,
        part="conflict",
        first=Conflict(who=ANN, conflict=ConflictKind.KNOWS_PERPETRATOR, declared_at=AT),
    ),
    "a named person": Sample(
        change=NamedRecorded,
        part="named",
        first=NAMED,
        later={"confirmed_by": SUE, "is_named": True},
    ),
    "an offer": Sample(
        change=TransferRecorded,
        part="transfer",
        first=OFFER,
        later={"state": TransferState.DECLINED, "answered_by": SUE},
    ),
    "a deadline": Sample(
        change=DeadlineRecorded, part="deadline", first=DEADLINE, later=DEADLINE_LATER
    ),
    "a task": Sample(change=TaskRecorded, part="task", first=TASK, later=TASK_LATER),
    "a dispatch": Sample(
        change=DispatchRecorded, part="dispatch", first=NOTICE, later={"state": DispatchState.DONE}
    ),
    "a consent": Sample(change=ConsentRecorded, part="consent", first=CONSENT, later={"epoch": 2}),
    "a need": Sample(
        change=NeedRecorded, part="need", first=a_need(), later={"state": NeedState.MET}
    ),
    "a referral": Sample(
        change=ReferralRecorded, part="referral", first=REFERRAL, later=REFERRAL_LATER
    ),
}
