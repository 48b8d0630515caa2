"""The commands by how they are carried out: decisions of the journey, and facts.

A decision needs an answer and goes through the case's journey as an update. A fact must never
wait for a worker: it is written first, and the workflows are told afterwards.
"""

from typing import Annotated

from pydantic import Field

from schemas.case_commands import (
    AddNeed,
    AnswerErasure,
    AnswerTransfer,
    CloseCase,
    ConfirmNamed,
    ConfirmSafety,
    DeclareConflict,
    EraseCase,
    FinishTask,
    HandOver,
    LinkCase,
    OfferTransfer,
    ProposeErasure,
    ProposeNamed,
    RecordDeath,
    RecordEvent,
    ReopenCase,
    SetEntitlement,
)
from schemas.consent_commands import (
    AnswerCheck,
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.contact_commands import (
    CancelContact,
    ConfirmPlan,
    EndContact,
    PlanContact,
    RenewPlan,
    SetPlan,
    StartContact,
    SuspendPlan,
)
from schemas.deadline_commands import (
    ExtendDeadline,
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    WaiveDeadline,
)
from schemas.lane_commands import AssessRisk, MoveMarac, MoveNrm, ReviewRisk
from schemas.referral_commands import (
    AcceptReferral,
    AnswerInfo,
    ClaimReferral,
    CompleteReferral,
    CorrectReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    LiftHold,
    OpenReferral,
    PlaceHold,
    RecallReferral,
    ReleaseReferral,
    ReopenReferral,
    RequestInfo,
    RequestReferral,
    SetPriority,
    StartAdvice,
    WaitlistReferral,
)

CaseCommand = Annotated[
    ConfirmSafety
    | SetEntitlement
    | RecordEvent
    | LinkCase
    | RecordDeath
    | HandOver
    | OfferTransfer
    | ProposeNamed
    | ConfirmNamed
    | CloseCase
    | AskConsent
    | GiveConsent
    | RefuseConsent
    | ReflectConsent
    | MarkNotCapable
    | AddNeed
    | RequestReferral
    | ReopenReferral
    | SetPriority
    | AnswerInfo
    | RecallReferral
    | CorrectReferral
    | AssessRisk
    | ReviewRisk
    | MoveMarac
    | MeetDeadline
    | PauseDeadline
    | ResumeDeadline
    | ExtendDeadline
    | WaiveDeadline,
    Field(discriminator="verb"),
]
"""Decisions that need an answer: updates of the journey, each named as its verb."""

Fact = (
    WithdrawConsent
    | AnswerCheck
    | OpenReferral
    | ClaimReferral
    | ReleaseReferral
    | RequestInfo
    | WaitlistReferral
    | AcceptReferral
    | DeclineReferral
    | EngageReferral
    | CompleteReferral
    | EndReferral
    | StartAdvice
    | PlaceHold
    | LiftHold
    | SetPlan
    | ConfirmPlan
    | RenewPlan
    | SuspendPlan
    | PlanContact
    | StartContact
    | EndContact
    | CancelContact
    | MoveNrm
    | ReopenCase
    | ProposeErasure
    | AnswerErasure
    | EraseCase
    | AnswerTransfer
    | DeclareConflict
    | FinishTask
)
"""Facts that must never wait for a worker: written first, then signalled.

An event of the NRM lane is among them because a command that passes through a workflow stays in
its history: what an anonymous notification says must not lie beside a case, even sealed.
"""
