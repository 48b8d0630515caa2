"""Risk, MARAC and NRM: lanes beside support, moved by commands. None of them feeds a gate.

MARAC: multi-agency risk assessment conference. NRM: National Referral Mechanism for potential
victims of modern slavery; an adult who declines it is notified of without identifiers (Modern
Slavery Act 2015, s.52(3)).
"""

from datetime import date, datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class RiskTool(StrEnum):
    """What a grade was found with."""

    DASH = "dash"
    DARA = "dara"
    JUDGEMENT = "judgement"


class RiskGrade(StrEnum):
    """How great the risk of harm is. Unassessed counts as high for every deadline."""

    STANDARD = "standard"
    MEDIUM = "medium"
    HIGH = "high"


class RiskAssessment(BaseModel):
    """One assessment; the newest counts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    tool: RiskTool
    grade: RiskGrade
    ticks: int | None = Field(default=None, ge=0, le=27)
    assessed_by: str
    assessed_at: datetime
    reviewed_by: str | None = None
    agreed: bool | None = None


class MaracCriterion(StrEnum):
    """Why a case goes to MARAC; any one is enough. Thresholds are local."""

    VISIBLE_HIGH_RISK = "visible_high_risk"
    PROFESSIONAL_JUDGEMENT = "professional_judgement"
    ESCALATION = "escalation"
    REPEAT = "repeat"


class MaracState(StrEnum):
    """Where a case stands with its MARAC."""

    INDICATED = "indicated"
    REFERRED = "referred"
    DECLINED = "declined"
    LISTED = "listed"
    HEARD = "heard"
    ACTIONS_OPEN = "actions_open"
    REPEAT_WATCH = "repeat_watch"
    ENDED = "ended"


class MaracEvent(StrEnum):
    """What moves it."""

    INDICATE = "indicate"
    REFER = "refer"
    DECLINE = "decline"
    APPEAL = "appeal"
    LIST = "list"
    CALL_EMERGENCY = "call_emergency"
    HEAR = "hear"
    SET_ACTIONS = "set_actions"
    FINISH_ACTIONS = "finish_actions"
    END_WATCH = "end_watch"


class MaracBasis(StrEnum):
    """On what ground the case is shared with the agencies of the conference."""

    CONSENT = "consent"
    WITHOUT_CONSENT = "without_consent"


class SharedWithoutConsent(StrEnum):
    """The reason that has to be on record where she did not agree or could not be asked."""

    NOT_SAFE_TO_ASK = "not_safe_to_ask"
    RISK_OF_SERIOUS_HARM = "risk_of_serious_harm"
    CHILD_AT_RISK = "child_at_risk"


class MaracDecline(StrEnum):
    """Why a coordinator did not take it."""

    THRESHOLD_NOT_MET = "threshold_not_met"
    HEARD_ELSEWHERE = "heard_elsewhere"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    """It rested on her consent alone, and she took that back."""


class MaracAgency(StrEnum):
    """Who sits at the conference. Immigration Enforcement never does."""

    POLICE = "police"
    COUNCIL = "council"
    HEALTH = "health"
    PROBATION = "probation"
    HOUSING = "housing"
    CHILDRENS_SERVICES = "childrens_services"
    IDVA_SERVICE = "idva_service"
    SPECIALIST_SERVICE = "specialist_service"


class Marac(BaseModel):
    """One passage through MARAC."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    state: MaracState
    criterion: MaracCriterion
    basis: MaracBasis | None = None
    without_consent_because: SharedWithoutConsent | None = None
    declined_because: MaracDecline | None = None
    meeting_on: date | None = None
    is_emergency: bool = False
    agencies: tuple[MaracAgency, ...] = ()
    actions_due_on: date | None = None
    heard_at: datetime | None = None


class AgeGroup(StrEnum):
    """Doubt counts as child (Modern Slavery Act 2015, s.51)."""

    ADULT = "adult"
    CHILD = "child"
    UNCERTAIN = "uncertain"


CHILDREN = frozenset({AgeGroup.CHILD, AgeGroup.UNCERTAIN})
"""Doubt counts as child (Modern Slavery Act 2015, s.51)."""


class NrmState(StrEnum):
    """Where the lane of modern slavery stands."""

    INDICATED = "indicated"
    COUNCIL_INFORMED = "council_informed"
    CONSENT_ASKED = "consent_asked"
    SUBMITTED = "submitted"
    NOTIFIED_ANONYMOUSLY = "notified_anonymously"
    POSITIVE_REASONABLE_GROUNDS = "positive_reasonable_grounds"
    NEGATIVE_REASONABLE_GROUNDS = "negative_reasonable_grounds"
    POSITIVE_CONCLUSIVE_GROUNDS = "positive_conclusive_grounds"
    NEGATIVE_CONCLUSIVE_GROUNDS = "negative_conclusive_grounds"
    DISQUALIFIED = "disqualified"
    RECONSIDERED = "reconsidered"


class NrmEvent(StrEnum):
    """What moves it."""

    INDICATE = "indicate"
    INFORM_COUNCIL = "inform_council"
    ASK_CONSENT = "ask_consent"
    SUBMIT = "submit"
    NOTIFY_ANONYMOUSLY = "notify_anonymously"
    REASONABLE_GROUNDS_POSITIVE = "reasonable_grounds_positive"
    REASONABLE_GROUNDS_NEGATIVE = "reasonable_grounds_negative"
    CONCLUSIVE_GROUNDS_POSITIVE = "conclusive_grounds_positive"
    CONCLUSIVE_GROUNDS_NEGATIVE = "conclusive_grounds_negative"
    DISQUALIFY = "disqualify"
    RECONSIDER = "reconsider"


class NrmAnswer(StrEnum):
    """What an adult said about being referred."""

    YES = "yes"
    NO = "no"


class Exploitation(StrEnum):
    """The kind of exploitation, as coarse as the duty to notify asks for."""

    LABOUR = "labour"
    SEXUAL = "sexual"
    CRIMINAL = "criminal"
    DOMESTIC = "domestic"
    NOT_KNOWN = "not_known"


class Nrm(BaseModel):
    """The lane of modern slavery in one case."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    state: NrmState
    age: AgeGroup
    answer: NrmAnswer | None = None
    submitted_at: datetime | None = None
    recovery_until: datetime | None = None


class AnonymousNotification(BaseModel):
    """All that a duty-to-notify report about an adult may say (s.52(3)).

    No name, date, place, age, sex, language or reference: what identifies in combination is
    left out too. `quarter` is a quarter of a year, never a day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    exploitation: Exploitation
    force: str = Field(pattern=r"^[a-z0-9-]{1,64}$", description="Code of the notifying agency.")
    quarter: str = Field(pattern=r"^20\d\d-Q[1-4]$")
