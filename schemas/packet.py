"""What a service may see of a case: a class that lists it, so that a new field stays home."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from schemas.referral import NeedCategory, Priority


class Access(StrEnum):
    """How much of its packet a service may still read."""

    WHOLE = "whole"
    CONTACT_LINE = "contact_line"
    """How to reach her and nothing else, while she is asked whether a withdrawal was hers."""
    CLOSED = "closed"


class ReferralPacket(BaseModel):
    """The content of a referral in a service's inbox. Personal fields only where consented."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case_ref: str
    referral: int
    need: NeedCategory
    priority: Priority
    name: str | None = None
    year_of_birth: str | None = None
    safe_contact: str | None = None
    language: str | None = None
    interpreter: str | None = None
    accessibility: str | None = None
    circumstances: str | None = None
