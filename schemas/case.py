"""The case: one disclosure, who it is about in neutral words, and what the victim was told.

No field here holds nationality or immigration status, and none may be added (INV-02): support
never depends on either. `extra="forbid"` keeps them out of opening files too.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from schemas.casework import Entitlement
from schemas.lanes import AgeGroup
from schemas.text import PlainText


class Channel(StrEnum):
    """How the disclosure reached us."""

    POLICE_999 = "police_999"
    POLICE_101 = "police_101"
    FRONT_COUNTER = "front_counter"
    ONLINE = "online"
    NGO = "ngo"
    THIRD_PARTY_CENTRE = "third_party_centre"
    HEALTH = "health"
    SCHOOL = "school"
    ANONYMOUS = "anonymous"


class Subject(StrEnum):
    """What the person at the centre is in the case."""

    VICTIM = "victim"
    WITNESS = "witness"
    BOTH = "both"
    BEREAVED = "bereaved"
    """Close family of somebody who died: victims in their own right."""


class Stage(StrEnum):
    """Where the journey stands."""

    SAFETY_CHECK = "safety_check"
    OPEN = "open"
    DORMANT = "dormant"
    CLOSING_REVIEW = "closing_review"
    CLOSED = "closed"


class ClosingReason(StrEnum):
    """Why a person closes a case. Withdrawing from a prosecution is not among them."""

    SUPPORT_COMPLETED = "support_completed"
    AT_VICTIM_REQUEST = "at_victim_request"
    CONTACT_NOT_SAFE_OR_LOST = "contact_not_safe_or_lost"
    DECEASED = "deceased"
    DUPLICATE = "duplicate"
    ENTERED_IN_ERROR = "entered_in_error"


class Answer(StrEnum):
    """Answer to the question whether the case must be restricted."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class PersonalField(StrEnum):
    """The personal texts a case can hold, each sealed by itself and shared by itself."""

    NAME = "name"
    YEAR_OF_BIRTH = "year_of_birth"
    SAFE_CONTACT = "safe_contact"
    LANGUAGE = "language"
    INTERPRETER = "interpreter"
    ACCESSIBILITY = "accessibility"
    CIRCUMSTANCES = "circumstances"


StaffId = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
_TEXT = Field(default=None, min_length=1, max_length=4_000)


class PersonalPart(BaseModel):
    """What identifies or describes the person. Lives sealed in the record and nowhere else."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: PlainText | None = _TEXT
    year_of_birth: str | None = Field(default=None, pattern=r"^(19|20)\d\d$")
    safe_contact: PlainText | None = _TEXT
    language: PlainText | None = Field(default=None, min_length=2, max_length=35)
    interpreter: PlainText | None = _TEXT
    accessibility: PlainText | None = _TEXT
    circumstances: PlainText | None = _TEXT

    def texts(self) -> dict[PersonalField, str]:
        """The fields that hold something."""
        pairs = ((field, getattr(self, field.value)) for field in PersonalField)
        return {field: text for field, text in pairs if text is not None}


class Told(BaseModel):
    """What the victim was told about sharing, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    language: str = "en"
    at: AwareDatetime


class SafetyCheck(BaseModel):
    """Whether she can talk safely now, and whether she is in danger."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    safe_to_talk: bool
    immediate_danger: bool

    @property
    def is_confirmed(self) -> bool:
        """Whether the journey may go on to questions about help."""
        return self.safe_to_talk and not self.immediate_danger


class CaseOpening(BaseModel):
    """The file a caseworker opens a case with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: Subject
    channel: Channel
    occurred_at: AwareDatetime = Field(description="When she disclosed.")
    told: Told
    first_question_at: AwareDatetime = Field(description="When the first question was asked.")
    perpetrator_works_here: Answer = Field(
        description="Does the person who harmed you, or anyone close to them, work for the "
        "police, the council, an NGO or in IT? yes or unsure makes the case restricted."
    )
    named_people: tuple[StaffId, ...] = Field(
        default=(),
        description="Who may see a restricted case, besides the one who opens it: one at least.",
    )
    safety: SafetyCheck | None = None
    personal: PersonalPart | None = None
    own_notes: PlainText | None = Field(default=None, max_length=20_000)
    age: AgeGroup = Field(
        default=AgeGroup.UNCERTAIN, description="In doubt she is treated as a child."
    )
    profile: str = "victims-code-2021"

    @model_validator(mode="after")
    def _keeps_its_promises(self) -> "CaseOpening":
        if self.told.at > self.first_question_at:
            raise ValueError("told.at must not be later than first_question_at: tell first")
        if self.channel is Channel.ANONYMOUS and self.personal is not None:
            raise ValueError("an anonymous case has no personal part; leave 'personal' out")
        if self.named_people and not self.is_restricted:
            raise ValueError("named_people are for restricted cases only")
        return self

    @property
    def is_restricted(self) -> bool:
        """Visible to named people only. In doubt, yes."""
        return self.perpetrator_works_here is not Answer.NO


class CaseHeader(BaseModel):
    """The case without any personal text."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    case_ref: str
    version: int
    stage: Stage
    subject: Subject
    channel: Channel
    is_restricted: bool
    owner: str = Field(description="Organisation that leads the case.")
    profile: str
    safety_confirmed: bool
    occurred_at: datetime
    recorded_at: datetime
    closing_reason: ClosingReason | None = None
    closing_asked_by: str | None = None
    age: AgeGroup = AgeGroup.UNCERTAIN
    entitlement: Entitlement = Entitlement.ENHANCED
    assigned_to: str | None = Field(
        default=None, description="Staff id, in the leading organisation, of whoever works on it."
    )
    last_acted_at: datetime | None = Field(
        default=None, description="When a person last did something in it."
    )
    died_at: datetime | None = None
