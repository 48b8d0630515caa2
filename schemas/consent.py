"""Consent: always for one purpose, one recipient and a set of fields."""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import PersonalField
from schemas.contact import InterpreterKind


class Purpose(StrEnum):
    """What the data would be used for."""

    SUPPORT_REFERRAL = "support_referral"
    MARAC = "marac"
    NRM = "nrm"


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


MARAC_CONFERENCE = "marac-conference"
COMPETENT_AUTHORITY = "competent-authority"
"""Recipients that are no service: the conference, and the authority that decides on NRM."""


class Presence(StrEnum):
    """Who was there when she was asked."""

    NOBODY = "nobody"
    INTERPRETER = "interpreter"
    SUPPORT_WORKER = "support_worker"
    CHILDREN = "children"
    FAMILY = "family"
    PERPETRATOR = "perpetrator"
    NOT_KNOWN = "not_known"


NOT_FREE = frozenset({Presence.FAMILY, Presence.PERPETRATOR, Presence.NOT_KNOWN})
"""With these there, a yes is not taken as hers."""


class AskedHow(BaseModel):
    """How she was asked. A yes said otherwise is defective, and not recorded as a yes."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at_safe_time: bool
    present: tuple[Presence, ...] = Field(min_length=1)
    interpreter: InterpreterKind = InterpreterKind.NONE
    told_help_does_not_depend: bool = Field(
        description="Whether she was told that help does not depend on her answer."
    )


class Consent(BaseModel):
    """The current entry of the consent ledger for one purpose and recipient."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    purpose: Purpose
    recipient: str = Field(description="Code of the service; MARAC and NRM have one of theirs.")
    epoch: int = Field(ge=1, description="Counts every change; an old epoch proves nothing.")
    state: ConsentState
    fields: tuple[PersonalField, ...] = Field(
        default=(), description="Agreed to, or asked about; of a yes that ran out, what it was to."
    )
    occurred_at: datetime
    expires_at: datetime | None = None
    also_asked: tuple[PersonalField, ...] = Field(
        default=(), description="Beside a yes that stands: what she is asked and has not decided."
    )
    asked: AskedHow | None = Field(
        default=None,
        description="None: before this was recorded, a yes that was put back, or a question that "
        "she took time to think about.",
    )
    ask_again_at: datetime | None = Field(
        default=None, description="When she wants to be asked again, where she reflects."
    )
