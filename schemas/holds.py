"""Holds: a stop of sharing with Immigration Enforcement. A hold never touches support."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Hold(BaseModel):
    """A standing hold. Only the organisation that placed it lifts it; time never does."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    organisation: str
    placed_by: str = Field(description="organisation:person")
    referral: int | None = Field(default=None, description="At whose acceptance it was placed.")
    placed_at: datetime
    lifted_at: datetime | None = None
    lifted_by: str | None = None
