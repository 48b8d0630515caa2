"""Commands: one frozen type per thing a person, or the clockwork, wants done to a case.

A command carries codes, references and times only, so it may travel through a workflow
history. Personal text never does: it goes to the record, sealed.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.actor import SYSTEM, Actor
from schemas.case import ClosingReason, PersonalField, SafetyCheck
from schemas.consent import Purpose
from schemas.ids import CaseRefField
from schemas.referral import NeedCategory, Outcome, Priority, Reason


class Verb(StrEnum):
    """Everything anyone can ask of the desk. Rights are verb × role."""

    OPEN_CASE = "open_case"
    SHOW_CASE = "show_case"
    READ_PERSONAL = "read_personal"
    LIST_CASES = "list_cases"
    SHOW_TIMELINE = "show_timeline"
    CONFIRM_SAFETY = "confirm_safety"
    ASK_CONSENT = "ask_consent"
    GIVE_CONSENT = "give_consent"
    REFUSE_CONSENT = "refuse_consent"
    WITHDRAW_CONSENT = "withdraw_consent"
    ADD_NEED = "add_need"
    REQUEST_REFERRAL = "request_referral"
    RECALL_REFERRAL = "recall_referral"
    LIST_INBOX = "list_inbox"
    OPEN_REFERRAL = "open_referral"
    ACCEPT_REFERRAL = "accept_referral"
    DECLINE_REFERRAL = "decline_referral"
    ENGAGE_REFERRAL = "engage_referral"
    COMPLETE_REFERRAL = "complete_referral"
    CLOSE_CASE = "close_case"
    LIST_DEADLINES = "list_deadlines"
    LOAD_DIRECTORY = "load_directory"
    LIST_DIRECTORY = "list_directory"
    SHOW_AUDIT = "show_audit"
    VERIFY_AUDIT = "verify_audit"
    QUEUE_DELIVERY = "queue_delivery"
    DELIVER = "deliver"
    FAIL_DELIVERY = "fail_delivery"
    SEND_STOP = "send_stop"
    SEND_NOTICE = "send_notice"
    REMIND = "remind"
    BREACH = "breach"
    EXPIRE_REFERRAL = "expire_referral"
    ROUTE_ONWARD = "route_onward"


class Command(BaseModel):
    """What every command carries."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    verb: Verb
    command_id: str = Field(min_length=1, description="Same id, same answer: safe to repeat.")
    case_ref: CaseRefField
    actor: Actor
    occurred_at: AwareDatetime | None = Field(
        default=None, description="When it happened, if not now."
    )


class ConfirmSafety(Command):
    """She can, or cannot, talk safely."""

    verb: Literal[Verb.CONFIRM_SAFETY] = Verb.CONFIRM_SAFETY
    safety: SafetyCheck


class AskConsent(Command):
    """She was asked for one purpose and recipient."""

    verb: Literal[Verb.ASK_CONSENT] = Verb.ASK_CONSENT
    purpose: Purpose
    recipient: str
    fields: tuple[PersonalField, ...]


class GiveConsent(Command):
    """She said yes, to these fields."""

    verb: Literal[Verb.GIVE_CONSENT] = Verb.GIVE_CONSENT
    purpose: Purpose
    recipient: str
    fields: tuple[PersonalField, ...]


class RefuseConsent(Command):
    """She said no."""

    verb: Literal[Verb.REFUSE_CONSENT] = Verb.REFUSE_CONSENT
    purpose: Purpose
    recipient: str


class WithdrawConsent(Command):
    """She, or anyone on her behalf, takes consent back. Never refused."""

    verb: Literal[Verb.WITHDRAW_CONSENT] = Verb.WITHDRAW_CONSENT
    purpose: Purpose
    recipient: str | None = Field(default=None, description="None: from every recipient.")


class AddNeed(Command):
    """Something she needs help with."""

    verb: Literal[Verb.ADD_NEED] = Verb.ADD_NEED
    category: NeedCategory
    priority: Priority


class RequestReferral(Command):
    """Refer a need to the services she chose, in her order: the first is asked first."""

    verb: Literal[Verb.REQUEST_REFERRAL] = Verb.REQUEST_REFERRAL
    need: int
    choices: tuple[str, ...] = Field(min_length=1)


class RecallReferral(Command):
    """The sender takes a referral back."""

    verb: Literal[Verb.RECALL_REFERRAL] = Verb.RECALL_REFERRAL
    referral: int
    reason: Reason
    expected_version: int | None = None


class CloseCase(Command):
    """Ask for the closing review, or, with `confirmed`, close."""

    verb: Literal[Verb.CLOSE_CASE] = Verb.CLOSE_CASE
    reason: ClosingReason
    confirmed: bool = False


class OpenReferral(Command):
    """A person at the service has read it."""

    verb: Literal[Verb.OPEN_REFERRAL] = Verb.OPEN_REFERRAL
    referral: int


class AcceptReferral(Command):
    """The service takes it on."""

    verb: Literal[Verb.ACCEPT_REFERRAL] = Verb.ACCEPT_REFERRAL
    referral: int


class DeclineReferral(Command):
    """The service cannot take it on."""

    verb: Literal[Verb.DECLINE_REFERRAL] = Verb.DECLINE_REFERRAL
    referral: int
    reason: Reason


class EngageReferral(Command):
    """Support has begun."""

    verb: Literal[Verb.ENGAGE_REFERRAL] = Verb.ENGAGE_REFERRAL
    referral: int


class CompleteReferral(Command):
    """Support is complete."""

    verb: Literal[Verb.COMPLETE_REFERRAL] = Verb.COMPLETE_REFERRAL
    referral: int
    outcome: Outcome


class Step(Command):
    """What the clockwork does by itself.

    It may send what was consented to, remind and escalate; it never consents, approves or closes.
    """

    command_id: str = "clockwork"
    actor: Actor = SYSTEM


class QueueDelivery(Step):
    """Put a referral whose consent is valid into the outbox."""

    verb: Literal[Verb.QUEUE_DELIVERY] = Verb.QUEUE_DELIVERY
    referral: int


class Deliver(Step):
    """Place a queued packet in the service's inbox."""

    verb: Literal[Verb.DELIVER] = Verb.DELIVER
    referral: int
    key: str


class FailDelivery(Step):
    """The inbox could not be reached, for good."""

    verb: Literal[Verb.FAIL_DELIVERY] = Verb.FAIL_DELIVERY
    referral: int


class SendStop(Step):
    """Place a stop notice in the service's inbox."""

    verb: Literal[Verb.SEND_STOP] = Verb.SEND_STOP
    referral: int
    key: str


class SendNotice(Step):
    """Record that a content-free notice went out."""

    verb: Literal[Verb.SEND_NOTICE] = Verb.SEND_NOTICE
    key: str


class Remind(Step):
    """A deadline's reminder is due."""

    verb: Literal[Verb.REMIND] = Verb.REMIND
    deadline: str


class Breach(Step):
    """A deadline passed unmet: say so to a person. It stays open."""

    verb: Literal[Verb.BREACH] = Verb.BREACH
    deadline: str


class ExpireReferral(Step):
    """Nobody answered in time."""

    verb: Literal[Verb.EXPIRE_REFERRAL] = Verb.EXPIRE_REFERRAL
    referral: int


class RouteOnward(Step):
    """Arrange what follows a referral that ended without help."""

    verb: Literal[Verb.ROUTE_ONWARD] = Verb.ROUTE_ONWARD
    referral: int


CaseCommand = Annotated[
    ConfirmSafety
    | AskConsent
    | GiveConsent
    | RefuseConsent
    | AddNeed
    | RequestReferral
    | RecallReferral
    | CloseCase,
    Field(discriminator="verb"),
]
"""Decisions that need an answer: updates of the journey."""

Fact = (
    WithdrawConsent
    | OpenReferral
    | AcceptReferral
    | DeclineReferral
    | EngageReferral
    | CompleteReferral
)
"""Facts that must never wait for a worker: written first, then signalled."""

ClockworkStep = Annotated[
    QueueDelivery
    | FailDelivery
    | SendStop
    | SendNotice
    | Remind
    | Breach
    | ExpireReferral
    | RouteOnward,
    Field(discriminator="verb"),
]
