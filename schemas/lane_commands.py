"""Commands of the lanes: risk, MARAC, NRM."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.command_base import Command
from schemas.lanes import (
    AgeGroup,
    Exploitation,
    MaracAgency,
    MaracBasis,
    MaracCriterion,
    MaracDecline,
    MaracEvent,
    NrmAnswer,
    NrmEvent,
    RiskGrade,
    RiskTool,
    SharedWithoutConsent,
)
from schemas.verbs import Verb


class AssessRisk(Command):
    """A person graded the risk of harm."""

    verb: Literal[Verb.ASSESS_RISK] = Verb.ASSESS_RISK
    tool: RiskTool
    grade: RiskGrade
    ticks: int | None = Field(default=None, ge=0, le=27, description="Of a DASH form alone.")
    reports_in_a_year: int = Field(default=0, ge=0, description="Reports to the police.")
    happened_again: bool = Field(
        default=False,
        description="Whether it happened again since a MARAC heard the case: a repeat.",
    )


class ReviewRisk(Command):
    """A supervisor looked at the assessment in the same shift."""

    verb: Literal[Verb.REVIEW_RISK] = Verb.REVIEW_RISK
    agrees: bool


class MoveMarac(Command):
    """One event of a case's passage through MARAC, with what that event needs and no more."""

    verb: Literal[Verb.MOVE_MARAC] = Verb.MOVE_MARAC
    event: MaracEvent
    criterion: MaracCriterion | None = None
    basis: MaracBasis | None = None
    without_consent_because: SharedWithoutConsent | None = None
    declined_because: MaracDecline | None = None
    meeting_on: date | None = None
    actions_due_on: date | None = None
    agencies: tuple[MaracAgency, ...] = ()


class MoveNrm(Command):
    """One event of the lane of modern slavery, with what that event needs and no more."""

    verb: Literal[Verb.MOVE_NRM] = Verb.MOVE_NRM
    event: NrmEvent
    age: AgeGroup | None = None
    answer: NrmAnswer | None = None
    exploitation: Exploitation | None = Field(
        default=None, description="For an anonymous notification alone."
    )
