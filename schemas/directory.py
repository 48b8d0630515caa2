"""The directory of services that referrals can go to, and what suits a wish.

Services are imported from HSDS feeds; what capacity a service has, it also says itself.
"""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.hours import OpeningHours
from schemas.referral import NeedCategory


class ServiceStatus(StrEnum):
    """HSDS service status."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DEFUNCT = "defunct"
    TEMPORARILY_CLOSED = "temporarily closed"


class Capacity(StrEnum):
    """Whether a service can take somebody on now, as it says itself."""

    UNKNOWN = "unknown"
    OPEN = "open"
    LIMITED = "limited"
    FULL = "full"


class Service(BaseModel):
    """One service of one organisation. No address is ever held: it could be a refuge's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(description="What people type: a slug, unique in the directory.")
    source_id: str = Field(description="The feed's own id; a repeated one is the same service.")
    name: str
    organisation: str = Field(description="Slug of the organisation's name.")
    organisation_name: str
    description: str = ""
    status: ServiceStatus = ServiceStatus.ACTIVE
    languages: tuple[str, ...] = Field(default=(), description="BCP 47 codes, as in the feed.")
    areas: tuple[str, ...] = ()
    needs: tuple[NeedCategory, ...] = Field(default=(), description="What it helps with.")
    by_and_for: tuple[str, ...] = Field(
        default=(), description="Communities it is led by and for, in the feed's words."
    )
    hours: OpeningHours | None = None
    capacity: Capacity = Capacity.UNKNOWN
    expected_wait_days: int | None = Field(default=None, ge=0)
    capacity_on: date | None = Field(default=None, description="When this was last said.")
    assured_on: date | None = None


class DirectoryLoad(BaseModel):
    """What an import found: services, and everything left out with its reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    services: tuple[Service, ...]
    left_out: tuple[str, ...] = Field(description="One sentence each; no addresses.")


class Wish(BaseModel):
    """What she asks for, as her caseworker gives it. It is never derived from a case.

    Nothing that is known of her is looked up for it: a language or a community counts here only
    because she named it as something she wants of a service (INV-02).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    need: NeedCategory
    area: str | None = Field(default=None, min_length=1, max_length=100)
    language: str | None = Field(
        default=None, min_length=2, max_length=60, description="A BCP 47 code, or its name."
    )
    by_and_for: str | None = Field(
        default=None, min_length=2, max_length=100, description="A community, in her words."
    )


class ChoiceCode(StrEnum):
    """Why a service stands where it stands among the suggestions."""

    HELPS = "helps"
    HELPS_WITH_OTHER = "helps_with_other"
    HELP_NOT_SAID = "help_not_said"
    BY_AND_FOR = "by_and_for"
    NOT_BY_AND_FOR = "not_by_and_for"
    SPEAKS = "speaks"
    LANGUAGE_NOT_LISTED = "language_not_listed"
    COVERS_AREA = "covers_area"
    AREA_NOT_SAID = "area_not_said"
    OTHER_AREA = "other_area"
    OPEN = "open"
    LIMITED = "limited"
    CAPACITY_NOT_SAID = "capacity_not_said"
    FULL = "full"
    CLOSED_TODAY = "closed_today"
    ASSURED_LONG_AGO = "assured_long_ago"
    NOT_ASSURED = "not_assured"
    CANNOT_BE_ASKED = "cannot_be_asked"


class ChoiceReason(BaseModel):
    """One reason, as a code and as a sentence for the caseworker."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: ChoiceCode
    sentence: str


class Suitability(StrEnum):
    """How a service answers a wish; the order is that of the suggestions."""

    SUITABLE = "suitable"
    UNSURE = "unsure"
    """It does not say what it helps with."""
    UNSUITABLE = "unsuitable"
    """It helps with other things, or elsewhere."""
    CANNOT_BE_ASKED = "cannot_be_asked"
    """It takes no referrals at all now."""


class Suggestion(BaseModel):
    """A service of the directory, and why it may suit her. The choice is hers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    service: Service
    suitability: Suitability
    reasons: tuple[ChoiceReason, ...]
    alternatives: tuple[str, ...] = Field(
        default=(), description="For a full service: codes of suitable ones that are open."
    )
