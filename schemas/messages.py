"""What workflows, activities and their callers say to each other: one type per message.

Everything here may lie in a workflow history, so it holds references, codes and times only.
A guard test walks these types and fails on a field that could hold free text.
"""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import Stage
from schemas.clockwork_steps import ClockworkStep, Deliver, SendContact
from schemas.commands import CaseCommand
from schemas.decisions import Reply
from schemas.ids import CaseRefField
from schemas.referral import ReferralState


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1


QUIET = 2
"""The revision since which a workflow keeps its timer, and publishes only what it then waits in."""


class _Start(_Message):
    """What a workflow begins with."""

    case_ref: CaseRefField
    revision: int = Field(
        default=1, description="How it behaves, fixed with its history; 1: before it was said."
    )


class StartJourney(_Start):
    """Input of `VictimJourney`. What it carries on as new: the record holds the rest."""


class StartReferral(_Start):
    """Input of `SupportReferral`."""

    referral: int


class ReadJourney(_Message):
    """Ask the record what the journey has to do."""

    case_ref: CaseRefField


class ReadReferral(_Message):
    """Ask the record what a referral has to do."""

    case_ref: CaseRefField
    referral: int
    at: datetime


class CarryOut(_Message):
    """Carry out a person's command, at the workflow's time."""

    command: CaseCommand
    at: datetime


class CarriedOut(_Message):
    """Its answer, and what the journey has to do now."""

    reply: Reply
    outlook: "JourneyOutlook"
    touched: tuple[int, ...] = Field(
        default=(), description="Referrals whose own clock the command has to tell."
    )


class TakeJourneyStep(_Message):
    """Take one step of the journey's clockwork, at the workflow's time."""

    step: ClockworkStep
    at: datetime


class TakeReferralStep(_Message):
    """Take one step of a referral's clockwork, at the workflow's time."""

    referral: int
    step: ClockworkStep
    at: datetime


class DeliverPacket(_Message):
    """Place a queued packet in the service's inbox."""

    step: Deliver
    at: datetime


class SendContactText(_Message):
    """Send a text to her, if it is safe when the attempt is made."""

    step: SendContact
    at: datetime


class PostNotice(_Message):
    """Post a queued notice."""

    case_ref: CaseRefField
    key: str


class AlarmKind(StrEnum):
    """What a timer is for."""

    REMIND = "remind"
    BREACH = "breach"
    EXPIRE = "expire"
    OPEN_WINDOW = "open_window"
    CLOSE_WINDOW = "close_window"
    SEND_CONTACT = "send_contact"
    SETTLE_CONTACT = "settle_contact"


class Alarm(_Message):
    """A moment at which the clockwork must do something."""

    kind: AlarmKind
    deadline: str = ""
    duty: str = ""
    contact: int | None = None
    at: datetime


class Awaiting(StrEnum):
    """Whose move it is: a role or the clockwork, never a person."""

    CASEWORKER = "caseworker"
    VICTIM = "victim"
    NGO = "ngo"
    CLOCKWORK = "clockwork"
    OPERATIONS = "operations"
    """A step keeps failing, and somebody has to repair what it needs."""
    NOBODY = "nobody"


class Queued(_Message):
    """A dispatch that has to leave now."""

    key: str
    kind: Literal["packet", "stop", "notice"]


class JourneyOutlook(_Message):
    """What the journey has to do next, as the record sees it."""

    stage: Stage
    referrals: tuple[int, ...] = Field(default=(), description="Those with work left to do.")
    to_route: tuple[int, ...] = Field(default=(), description="Ended without help, not followed.")
    to_dispatch: tuple[Queued, ...] = ()
    alarms: tuple[Alarm, ...] = Field(default=(), description="Soonest first.")
    awaiting: Awaiting = Awaiting.CASEWORKER
    is_overdue: bool = False
    owner: str | None = Field(default=None, description="None: in old histories.")
    touched: tuple[int, ...] = Field(
        default=(), description="Referrals whose own clock a step has to tell."
    )


class ReferralOutlook(_Message):
    """What a referral has to do next, as the record sees it."""

    state: ReferralState
    is_over: bool
    may_be_queued: bool = False
    to_dispatch: tuple[Queued, ...] = ()
    alarms: tuple[Alarm, ...] = Field(default=(), description="Soonest first.")
    awaiting: Awaiting = Awaiting.NGO
    is_overdue: bool = False


class ReferralOver(_Message):
    """Result of `SupportReferral`."""

    state: ReferralState


CarriedOut.model_rebuild()

JOURNEY = "VictimJourney"
"""Name of the journey's workflow type."""

REFERRAL = "SupportReferral"
"""Name of a referral's workflow type."""

RECORD_CHANGED = "record_changed"
"""Name of the signal that says: look at the record again."""
