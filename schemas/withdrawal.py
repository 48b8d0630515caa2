"""Withdrawals of consent: who said so, and asking her whether it was really she."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.consent import Purpose


class SaidBy(StrEnum):
    """Who took consent back. Anyone may, on her behalf; nobody has to prove it first."""

    VICTIM = "victim"
    ADVISER = "adviser"
    SERVICE = "service"
    OFFICER = "officer"
    TRUSTED_PERSON = "trusted_person"
    NOT_KNOWN = "not_known"


class CheckState(StrEnum):
    """What became of the question «was it you?»."""

    OPEN = "open"
    IT_WAS_HER = "it_was_her"
    IT_WAS_NOT_HER = "it_was_not_her"
    NOT_REACHED = "not_reached"


class CheckAnswer(StrEnum):
    """What she answered, as whoever asked her records it."""

    IT_WAS_HER = "it_was_her"
    IT_WAS_NOT_HER = "it_was_not_her"


class WithdrawnConsent(BaseModel):
    """An entry as it stood before the withdrawal, to be put back if it was not hers."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    recipient: str
    fields: tuple[str, ...]
    expires_at: datetime
    epoch: int = Field(ge=1, description="Of the withdrawal: a word of hers since then stands.")


class WithdrawalCheck(BaseModel):
    """After a withdrawal that staff recorded: the engaged service keeps its line for 72 hours."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    number: int = Field(ge=1)
    purpose: Purpose
    recorder: str = Field(description="organisation:person who recorded the withdrawal")
    asks: str = Field(description="Code of the organisation whose task it is to ask her.")
    referrals: tuple[int, ...] = Field(description="Referrals that were engaged, and stopped.")
    consents: tuple[WithdrawnConsent, ...] = ()
    opened_at: datetime
    line_until: datetime
    state: CheckState = CheckState.OPEN
    answered_by: str | None = None
