"""The directory of services that referrals can go to, as imported from HSDS feeds."""

from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field


class ServiceStatus(StrEnum):
    """HSDS service status."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DEFUNCT = "defunct"
    TEMPORARILY_CLOSED = "temporarily closed"


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
    assured_on: date | None = None


class DirectoryLoad(BaseModel):
    """What an import found: services, and everything left out with its reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    services: tuple[Service, ...]
    left_out: tuple[str, ...] = Field(description="One sentence each; no addresses.")
