"""The erasure of a case: proposed by one person, confirmed by another, and never taken back."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class ErasureReason(StrEnum):
    """Why a case is erased."""

    RETENTION_OVER = "retention_over"
    HER_REQUEST = "her_request"
    OPENED_BY_MISTAKE = "opened_by_mistake"
    COURT_ORDER = "court_order"


class ErasureState(StrEnum):
    """What became of a proposal to erase a case."""

    PROPOSED = "proposed"
    DECLINED = "declined"
    LAPSED = "lapsed"
    """The case was opened again before anybody confirmed it."""
    CONFIRMED = "confirmed"
    """From here on nothing of the case changes any more."""
    ERASED = "erased"


class Erasure(BaseModel):
    """A proposal to erase a case, and what became of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    reason: ErasureReason
    state: ErasureState = ErasureState.PROPOSED
    proposed_by: str = Field(description="organisation:person")
    proposed_at: datetime
    answered_by: str | None = Field(
        default=None, description="organisation:person: another, unless it was taken back."
    )
    erased_at: datetime | None = None
