"""Who did it, with role and organisation at that moment."""

import re
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


class Role(StrEnum):
    """Roles of people, and `system` for what the clockwork does by itself."""

    CASEWORKER = "caseworker"
    FIRST_RESPONDER = "first_responder"
    OIC = "oic"
    PPU_OFFICER = "ppu_officer"
    MARAC_COORDINATOR = "marac_coordinator"
    NRM_FIRST_RESPONDER = "nrm_first_responder"
    SAFEGUARDING_SUPERVISOR = "safeguarding_supervisor"
    SENIOR_AUTHORISER = "senior_authoriser"
    INFO_SHARING_SPOC = "info_sharing_spoc"
    PROTOCOL_OWNER = "protocol_owner"
    DPO = "dpo"
    NGO_INTAKE = "ngo_intake"
    NGO_WORKER = "ngo_worker"
    NGO_SUPERVISOR = "ngo_supervisor"
    IDVA = "idva"
    ISVA = "isva"
    IMMIGRATION_ADVISER = "immigration_adviser"
    AUDITOR = "auditor"
    OPS = "ops"
    SYSTEM = "system"


NGO_ROLES = frozenset(
    {
        Role.NGO_INTAKE,
        Role.NGO_WORKER,
        Role.NGO_SUPERVISOR,
        Role.IDVA,
        Role.ISVA,
        Role.IMMIGRATION_ADVISER,
    }
)
"""Staff of services. An IDVA or ISVA is independent of the police; so is a legal adviser."""

AGENCY_ROLES = frozenset(
    {
        Role.CASEWORKER,
        Role.FIRST_RESPONDER,
        Role.OIC,
        Role.PPU_OFFICER,
        Role.MARAC_COORDINATOR,
        Role.NRM_FIRST_RESPONDER,
        Role.SAFEGUARDING_SUPERVISOR,
    }
)
"""Staff of the police or council that leads a case."""


class Actor(BaseModel):
    """A person acting in a role for an organisation, as they were when they acted."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: Role
    organisation: str = Field(description="Short code, such as essex-police or harbour-house.")
    person: str = Field(description="Staff id within the organisation; never a victim's name.")

    @property
    def who(self) -> str:
        """The person, whatever the role: somebody with two roles is still one person."""
        return f"{self.organisation}:{self.person}"

    def __str__(self) -> str:
        return f"{self.role}@{self.who}"


SYSTEM = Actor(role=Role.SYSTEM, organisation="safepath", person="clockwork")


def parse_actor(text: str) -> Actor:
    """The actor written as ROLE@ORG[:NAME].

    Raises:
        ValueError: with a sentence that says what is wrong.
    """
    role_text, at, rest = text.partition("@")
    organisation, _, person = rest.partition(":")
    if not at or not organisation:
        raise ValueError("write ROLE@ORG or ROLE@ORG:NAME, such as caseworker@essex-police:ann")
    roles = [role.value for role in Role if role is not Role.SYSTEM]
    if role_text not in roles:
        raise ValueError(f"there is no such role; roles are {', '.join(roles)}")
    person = person or "duty"
    for name, code in (("organisation", organisation), ("name", person)):
        if not _CODE.fullmatch(code):
            raise ValueError(f"the {name} must be lower-case letters, digits and hyphens")
    return Actor(role=Role(role_text), organisation=organisation, person=person)
