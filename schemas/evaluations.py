"""Evaluations of real cases, as they are kept: what was asked, by whom, and what was said.

Codes, hashes and times. What the facts were is not kept beside the answer, but their hash is: the
same facts can be known again, and nobody reads them here.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from schemas.actor import Actor
from schemas.ids import CaseRef
from schemas.protocol import Effect, Outcome

USUAL_EVALUATIONS = 3
"""Of one case by one person within `COUNTED_DAYS`; more is told to the data protection officer."""
COUNTED_DAYS = 28


class RuleSaid(BaseModel):
    """A rule that denied or waited."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    effect: Effect


class Dated(BaseModel):
    """How a fact read, and since when it was known."""

    model_config = ConfigDict(frozen=True)

    value: str
    since: datetime | None = None


class LoggedEvaluation(BaseModel):
    """One evaluation of one case."""

    model_config = ConfigDict(frozen=True)

    case_ref: CaseRef
    by: Actor
    evaluated_at: datetime
    version: str
    told_versions: tuple[str, ...]
    told_text: str = Field(description="The id of the text the person was told at the opening.")
    outcome: Outcome
    rules: tuple[RuleSaid, ...]
    needs: tuple[str, ...]
    requested_fields: tuple[str, ...]
    victim_informed: Dated
    third_party_link: Dated
    protocol_hash: str
    facts_hash: str
