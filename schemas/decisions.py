"""What rules answer: changes to be written, or a refusal with reasons. Denial is a value."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import ClosingReason, PersonalField, Stage
from schemas.commands import Verb
from schemas.consent import Consent
from schemas.deadlines import Deadline
from schemas.referral import Need, Referral
from schemas.snapshot import Dispatch, Task


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StageMoved(_Change):
    """The journey reached another stage."""

    kind: Literal["stage_moved"] = "stage_moved"
    stage: Stage
    closing_reason: ClosingReason | None = None
    closing_asked_by: str | None = None


class SafetyRecorded(_Change):
    """What the safety check found."""

    kind: Literal["safety_recorded"] = "safety_recorded"
    confirmed: bool


class ConsentRecorded(_Change):
    """A new entry of the consent ledger."""

    kind: Literal["consent_recorded"] = "consent_recorded"
    consent: Consent


class NeedRecorded(_Change):
    """A need, new or changed."""

    kind: Literal["need_recorded"] = "need_recorded"
    need: Need


class ReferralRecorded(_Change):
    """A referral, new or changed, on any of its axes."""

    kind: Literal["referral_recorded"] = "referral_recorded"
    referral: Referral


class DeadlineRecorded(_Change):
    """A deadline, new or changed."""

    kind: Literal["deadline_recorded"] = "deadline_recorded"
    deadline: Deadline


class TaskRecorded(_Change):
    """A task for a person, new or done."""

    kind: Literal["task_recorded"] = "task_recorded"
    task: Task


class DispatchRecorded(_Change):
    """A row of the outbox, queued, done or cancelled."""

    kind: Literal["dispatch_recorded"] = "dispatch_recorded"
    dispatch: Dispatch


class PacketPlaced(_Change):
    """A packet with these fields goes into a service's inbox: the one share of a referral."""

    kind: Literal["packet_placed"] = "packet_placed"
    key: str
    referral: int
    service: str
    organisation: str
    fields: tuple[PersonalField, ...]
    consent_epoch: int


class StopPlaced(_Change):
    """A stop notice goes into a service's inbox."""

    kind: Literal["stop_placed"] = "stop_placed"
    key: str
    referral: int
    service: str
    organisation: str


Change = Annotated[
    StageMoved
    | SafetyRecorded
    | ConsentRecorded
    | NeedRecorded
    | ReferralRecorded
    | DeadlineRecorded
    | TaskRecorded
    | DispatchRecorded
    | PacketPlaced
    | StopPlaced,
    Field(discriminator="kind"),
]


class Refusal(BaseModel):
    """One ground on which something is refused, with the way on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    sentence: str


class Changed(BaseModel):
    """Yes: what is to be written, in order."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    changes: tuple[Change, ...]
    detail: dict[str, str | int | None] = Field(
        default_factory=dict, description="Codes for the audit row; never text of a person."
    )


class Refused(BaseModel):
    """No, and why."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reasons: tuple[Refusal, ...] = Field(min_length=1)

    def sentences(self) -> str:
        """The reasons, to be read by a person."""
        return " ".join(reason.sentence for reason in self.reasons)


Decision = Changed | Refused


def refused(code: str, sentence: str) -> Refused:
    """A refusal on one ground."""
    return Refused(reasons=(Refusal(code=code, sentence=sentence),))


class Permitted(BaseModel):
    """Whether an actor may use a verb now, and why not."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    verb: Verb
    referral: int | None = None
    reason: str | None = Field(default=None, description="None: allowed.")

    @property
    def is_allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return self.reason is None


class Committed(BaseModel):
    """The answer to a decision that was written."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: Literal["committed"] = "committed"
    case_ref: str
    version: int
    detail: dict[str, str | int | None] = Field(default_factory=dict)
    actions: tuple[Permitted, ...] = ()


class NotDone(BaseModel):
    """The answer to a decision that was refused; nothing was written but the audit row."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    outcome: Literal["refused"] = "refused"
    case_ref: str
    reasons: tuple[Refusal, ...]
    actions: tuple[Permitted, ...] = ()

    def sentences(self) -> str:
        """The reasons, to be read by a person."""
        return " ".join(reason.sentence for reason in self.reasons)


Reply = Annotated[Committed | NotDone, Field(discriminator="outcome")]
"""What a person is answered, and what the record keeps under the command's id."""
