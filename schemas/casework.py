"""What surrounds a case: events it hears of, links, who may and may not work on it."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class Entitlement(StrEnum):
    """Which entitlement of the Victims' Code she has. Enhanced until a person decides otherwise."""

    STANDARD = "standard"
    ENHANCED = "enhanced"


class EntitlementReason(StrEnum):
    """On what ground a person decided."""

    SERIOUS_CRIME = "serious_crime"
    PERSISTENTLY_TARGETED = "persistently_targeted"
    VULNERABLE = "vulnerable"
    INTIMIDATED = "intimidated"
    NO_GROUND_FOUND = "no_ground_found"


class CaseEvent(StrEnum):
    """Facts from outside the case, without content: each starts or ends duties."""

    INTERPRETER_NEEDED = "interpreter_needed"
    CRIME_RECORDED = "crime_recorded"
    NEEDS_ASSESSED = "needs_assessed"
    STATEMENT_TAKEN = "statement_taken"
    ADVISER_WISHED = "adviser_wished"
    NOT_INVESTIGATED = "not_investigated"
    SUSPECT_ARRESTED = "suspect_arrested"
    SUSPECT_INTERVIEWED = "suspect_interviewed"
    SUSPECT_RELEASED = "suspect_released"
    SUSPECT_BAILED = "suspect_bailed"
    BAIL_CHANGED = "bail_changed"
    NO_FURTHER_ACTION = "no_further_action"
    SUSPECT_CHARGED = "suspect_charged"
    SUSPECT_NOT_CHARGED = "suspect_not_charged"
    CHARGE_CHANGED = "charge_changed"
    HEARING_SET = "hearing_set"
    TRIAL_ENDED = "trial_ended"
    SENTENCE_OVER_A_YEAR = "sentence_over_a_year"
    VICTIM_LEFT_PROSECUTION = "victim_left_prosecution"
    COMPLAINT_RECEIVED = "complaint_received"
    INVESTIGATION_OPENED = "investigation_opened"
    INVESTIGATION_ENDED = "investigation_ended"


class LinkKind(StrEnum):
    """How two cases belong together. A link joins no data."""

    DUPLICATE = "duplicate"
    SAME_INCIDENT = "same_incident"
    BEREAVED_FAMILY = "bereaved_family"


class CaseLink(BaseModel):
    """That this case belongs with another. Seen only by whoever may see both."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    other: str = Field(description="The other case.")
    link: LinkKind
    linked_by: str


class ConflictKind(StrEnum):
    """Why somebody must not work on a case."""

    KNOWS_VICTIM = "knows_victim"
    KNOWS_PERPETRATOR = "knows_perpetrator"
    IS_INVOLVED = "is_involved"


class Conflict(BaseModel):
    """A declared conflict of interest: from then on the person may do nothing in the case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    who: str = Field(description="organisation:person")
    conflict: ConflictKind
    declared_at: datetime


class NamedPerson(BaseModel):
    """Somebody who may see a restricted case, or is proposed to."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    who: str = Field(description="organisation:person")
    proposed_by: str | None = None
    confirmed_by: str | None = None
    is_named: bool
    has_left: bool = Field(default=False, description="The organisation.")


class TransferState(StrEnum):
    """What became of an offer to lead a case."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    DECLINED = "declined"


class Transfer(BaseModel):
    """An offer to another agency to lead the case from now on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    to_organisation: str
    offered_by: str
    offered_at: datetime
    state: TransferState = TransferState.OFFERED
    answered_by: str | None = None


class ReopenReason(StrEnum):
    """Why a closed case is opened again."""

    SHE_CAME_BACK = "she_came_back"
    NEW_INCIDENT = "new_incident"
    CLOSED_BY_MISTAKE = "closed_by_mistake"


class DeathAnswer(StrEnum):
    """What a second person says to the report that she has died."""

    CONFIRMED = "confirmed"
    NOT_SO = "not_so"
