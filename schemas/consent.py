"""Consent: always for one purpose, one recipient and a set of fields."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import PersonalField


class Purpose(StrEnum):
    """What the data would be used for."""

    SUPPORT_REFERRAL = "support_referral"


class ConsentState(StrEnum):
    """Silence is not among the yeses."""

    NOT_ASKED = "not_asked"
    ASKED = "asked"
    REFLECTING = "reflecting"
    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NOT_CAPABLE = "not_capable"


class Consent(BaseModel):
    """The current entry of the consent ledger for one purpose and recipient."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    purpose: Purpose
    recipient: str = Field(description="Code of the service.")
    epoch: int = Field(ge=1, description="Counts every change; an old epoch proves nothing.")
    state: ConsentState
    fields: tuple[PersonalField, ...] = ()
    occurred_at: datetime
    expires_at: datetime | None = None
