"""What rules answer: changes to be written, or a refusal with reasons. Denial is a value."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.changes import Change
from schemas.verbs import Verb


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

    @property
    def written(self) -> tuple[Change, ...]:
        """What is written."""
        return self.changes


class Refused(BaseModel):
    """No, and why. What was asked is not done; a person may have to hear that it was asked."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reasons: tuple[Refusal, ...] = Field(min_length=1)
    alerts: tuple[Change, ...] = Field(
        default=(), description="Tasks that the refusal leaves, with their notices."
    )

    @property
    def written(self) -> tuple[Change, ...]:
        """What is written all the same."""
        return self.alerts

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
    number: int | None = Field(
        default=None, description="Of the contact, plan, check or hold it is about."
    )
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
    """The answer to a decision that was refused: its audit row was written, and perhaps a task."""

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
