"""A referral: a request for support to one NGO service, on six axes that never share a field.

State, delivery, consent, deadline, outcome and priority answer different questions; one status
for all of them would lie about most (ADR-0008).
"""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import PersonalField
from schemas.consent import ConsentState


class ReferralState(StrEnum):
    """Where the request stands between the two organisations."""

    DRAFT = "draft"
    WAITING = "waiting"
    SENT = "sent"
    RECEIVED = "received"
    OPENED = "opened"
    INFO_REQUESTED = "info_requested"
    WAITLISTED = "waitlisted"
    ACCEPTED = "accepted"
    ACTIVE = "active"
    DECLINED = "declined"
    COMPLETED = "completed"
    ENDED = "ended"
    RECALLED = "recalled"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    UNDELIVERABLE = "undeliverable"
    ENTERED_IN_ERROR = "entered_in_error"


class ReferralEvent(StrEnum):
    """What can happen to a referral."""

    SUBMIT = "submit"
    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    OPEN = "open"
    REQUEST_INFO = "request_info"
    ANSWER_INFO = "answer_info"
    WAITLIST = "waitlist"
    ACCEPT = "accept"
    DECLINE = "decline"
    ENGAGE = "engage"
    COMPLETE = "complete"
    END = "end"
    RECALL = "recall"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"
    FAIL_DELIVERY = "fail_delivery"
    CORRECT = "correct"


class Delivery(StrEnum):
    """Whether the packet reached the service's inbox."""

    NOT_QUEUED = "not_queued"
    QUEUED = "queued"
    ACKED = "acked"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Clock(StrEnum):
    """How the referral's own deadline runs."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    WARNED = "warned"
    BREACHED = "breached"
    STOPPED = "stopped"


class Outcome(StrEnum):
    """What became of it for the victim; known only once it is over."""

    SUPPORT_GIVEN = "support_given"
    PARTLY_GIVEN = "partly_given"
    NOT_NEEDED_ANY_MORE = "not_needed_any_more"


class Priority(StrEnum):
    """How soon it is needed."""

    ROUTINE = "routine"
    SOON = "soon"
    URGENT = "urgent"


class ReasonGroup(StrEnum):
    """Whose reason it is."""

    SERVICE = "service"
    PERSON = "person"
    SENDER = "sender"
    SYSTEM = "system"


class Reason(StrEnum):
    """Coded reasons; free text belongs in an organisation's own notes."""

    NO_CAPACITY = "no_capacity"
    OUT_OF_AREA = "out_of_area"
    CRITERIA_NOT_MET = "criteria_not_met"
    NO_RECOURSE_TO_PUBLIC_FUNDS = "no_recourse_to_public_funds"
    NOT_ELIGIBLE = "not_eligible"
    INFORMATION_MISSING = "information_missing"
    LANGUAGE_NOT_AVAILABLE = "language_not_available"
    CONFLICT_OF_INTEREST = "conflict_of_interest"
    SERVICE_CLOSED = "service_closed"
    NO_LONGER_WANTED = "no_longer_wanted"
    NEEDS_MET_ELSEWHERE = "needs_met_elsewhere"
    TRIED_SAFELY_NO_CONTACT = "tried_safely_no_contact"
    UNSAFE_TO_TRY = "unsafe_to_try"
    MOVED_AWAY = "moved_away"
    DECEASED = "deceased"
    MISTAKE = "mistake"
    DUPLICATE = "duplicate"
    SUPERSEDED = "superseded"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    NO_ANSWER = "no_answer"
    UNDELIVERABLE = "undeliverable"


REASON_GROUPS: dict[Reason, ReasonGroup] = {
    Reason.NO_CAPACITY: ReasonGroup.SERVICE,
    Reason.OUT_OF_AREA: ReasonGroup.SERVICE,
    Reason.CRITERIA_NOT_MET: ReasonGroup.SERVICE,
    Reason.NO_RECOURSE_TO_PUBLIC_FUNDS: ReasonGroup.SERVICE,
    Reason.NOT_ELIGIBLE: ReasonGroup.SERVICE,
    Reason.INFORMATION_MISSING: ReasonGroup.SERVICE,
    Reason.LANGUAGE_NOT_AVAILABLE: ReasonGroup.SERVICE,
    Reason.CONFLICT_OF_INTEREST: ReasonGroup.SERVICE,
    Reason.SERVICE_CLOSED: ReasonGroup.SERVICE,
    Reason.NO_LONGER_WANTED: ReasonGroup.PERSON,
    Reason.NEEDS_MET_ELSEWHERE: ReasonGroup.PERSON,
    Reason.TRIED_SAFELY_NO_CONTACT: ReasonGroup.PERSON,
    Reason.UNSAFE_TO_TRY: ReasonGroup.PERSON,
    Reason.MOVED_AWAY: ReasonGroup.PERSON,
    Reason.DECEASED: ReasonGroup.PERSON,
    Reason.MISTAKE: ReasonGroup.SENDER,
    Reason.DUPLICATE: ReasonGroup.SENDER,
    Reason.SUPERSEDED: ReasonGroup.SENDER,
    Reason.CONSENT_WITHDRAWN: ReasonGroup.SENDER,
    Reason.NO_ANSWER: ReasonGroup.SYSTEM,
    Reason.UNDELIVERABLE: ReasonGroup.SYSTEM,
}


REVEALING = frozenset({Reason.NO_RECOURSE_TO_PUBLIC_FUNDS, Reason.NOT_ELIGIBLE})
"""Reasons that would tell something of her status: the service keeps them to itself."""


def as_told_to_sender(reason: Reason) -> Reason:
    """The reason as it reaches the sender: one that would reveal status says less."""
    return Reason.CRITERIA_NOT_MET if reason in REVEALING else reason


class InfoTopic(StrEnum):
    """What a service asks back, where no personal field answers it."""

    URGENCY = "urgency"
    SAFE_TIMES = "safe_times"
    ACCESS_NEEDS = "access_needs"
    INTERPRETER_NEED = "interpreter_need"
    CHILDREN_INVOLVED = "children_involved"
    OTHER_SUPPORT = "other_support"


class InfoAnswer(StrEnum):
    """What the sender answers."""

    PASSED_ON = "passed_on"
    """The fields asked for go to the service, as far as she has consented to them."""
    ASK_HER = "ask_her"
    NOT_KNOWN = "not_known"
    SHE_KEEPS_IT = "she_keeps_it"


class ChosenBy(StrEnum):
    """Who chose the services, and their order."""

    VICTIM = "victim"
    CASEWORKER = "caseworker"


def reasons_of(group: ReasonGroup) -> tuple[Reason, ...]:
    """The reasons of one group, in the order they are declared."""
    return tuple(reason for reason in Reason if REASON_GROUPS[reason] is group)


class NeedCategory(StrEnum):
    """What kind of help."""

    ADVOCACY = "advocacy"
    HOUSING = "housing"
    COUNSELLING = "counselling"
    LEGAL_ADVICE = "legal_advice"
    HEALTH = "health"
    MONEY = "money"
    CHILDREN = "children"
    OTHER = "other"


class NeedState(StrEnum):
    """Whether somebody is meeting the need."""

    OPEN = "open"
    MET = "met"
    UNMET = "unmet"


class Need(BaseModel):
    """One thing the victim needs help with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    category: NeedCategory
    priority: Priority
    state: NeedState = NeedState.OPEN


class Referral(BaseModel):
    """One request to one service. `number` counts within the case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    need: int
    service: str
    organisation: str
    state: ReferralState
    delivery: Delivery = Delivery.NOT_QUEUED
    consent: ConsentState = ConsentState.NOT_ASKED
    clock: Clock = Clock.NOT_STARTED
    outcome: Outcome | None = None
    priority: Priority
    reason: Reason | None = None
    next_choices: tuple[str, ...] = Field(
        default=(), description="The victim's further choices, in her order."
    )
    follows: int | None = Field(default=None, description="The referral this one came after.")
    replaces: int | None = Field(default=None, description="The ended referral it stands for.")
    claimed_by: str | None = Field(
        default=None, description="organisation:person at the service who works on it."
    )
    expected_by: date | None = Field(
        default=None, description="When a waiting list is expected to end."
    )
    shared_fields: tuple[PersonalField, ...] = Field(
        default=(), description="Fields of the packet that the service reads: the newest one."
    )
    asked_fields: tuple[PersonalField, ...] = Field(
        default=(), description="Fields the service asks for besides those it got."
    )
    asked_topics: tuple[InfoTopic, ...] = ()
    info_answer: InfoAnswer | None = None
    offered: tuple[str, ...] = Field(
        default=(), description="Services she was offered, in the order shown to her."
    )
    chosen_by: ChosenBy = ChosenBy.VICTIM
    was_followed: bool = Field(
        default=False, description="Whether what comes after its end was already arranged."
    )
    version: int = 1
