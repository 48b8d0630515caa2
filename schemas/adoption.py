"""How a force changes its sharing protocol: who signed what, and the papers that it rests on.

All of it tells of a force's rules and of staff who answer for them, never of anybody they help.
"""

from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import StaffId
from schemas.protocol import CLOSED, Version, VersionId
from schemas.text import PlainText

SIGNERS = 2
"""People of one organisation who sign a version before it is in force."""
PROPOSAL_LAPSES_AFTER = timedelta(days=7)
"""What one person signed and nobody else did is over after this."""
REMINDED_BEFORE = (90, 30, 7, 0)
"""Days before an agreement ends on which its keeper is reminded; 0 is its last day."""

_LONDON = ZoneInfo("Europe/London")

PaperId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
Reason = Annotated[PlainText, Field(min_length=3, max_length=600)]
Title = Annotated[PlainText, Field(min_length=3, max_length=200)]


def day_of(at: datetime) -> date:
    """The day it is in London: papers end with a day, not with an hour."""
    return at.astimezone(_LONDON).date()


def start_of(day: date) -> datetime:
    """The moment at which a day begins in London."""
    return datetime.combine(day, time(), _LONDON)


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Fault(StrEnum):
    """Why an adoption that is written down does not count. Then nothing may be shared."""

    UNKNOWN_KEY = "unknown_key"
    """There is no public key of somebody who is said to have signed."""
    BAD_SIGNATURE = "bad_signature"
    """What is written down is not what was signed, or not for this deployment."""
    OTHER_BASELINE = "other_baseline"
    """The baseline is another now than the one that was signed with it: it is signed anew."""
    CHANGED_CONTENT = "changed_content"
    """The version that is held is not the one that was held first."""
    LAPSED = "lapsed"
    """What the first person signed had lapsed when the second did."""
    ONE_SIGNER = "one_signer"
    """Two people sign, of the organisation whose protocol it is."""


class Signature(_Kept):
    """That one person signed, and from when on they wanted it to hold."""

    by: str = Field(description="ORG:STAFF.")
    since: datetime
    value: bytes


class Offer(_Kept):
    """What is asked to be signed: a version, on which grounds, and what it departs from."""

    version: Version
    dpia_id: PaperId
    reason: Reason
    departs_from: tuple[Reason, ...] = Field(
        default=(), description="Recommendations that this force does not follow, in its words."
    )


class Proposal(Offer):
    """An offer that one person signed, and that waits for another."""

    number: int
    organisation: str
    first: Signature
    proposed_at: datetime
    fault: Fault | None = Field(
        default=None, description="Why it can be signed by nobody; None: the signature is good."
    )

    @property
    def lapses_at(self) -> datetime:
        """From when on nobody can sign it any more."""
        return self.proposed_at + PROPOSAL_LAPSES_AFTER

    @property
    def is_open(self) -> bool:
        """Whether a second person could sign it, who looks before it lapses."""
        return self.fault is None

    @property
    def offer(self) -> Offer:
        """What was signed, without who did."""
        return Offer(**{name: getattr(self, name) for name in Offer.model_fields})


class Adoption(Offer):
    """An offer that two people signed: which version a force uses, since when, and why."""

    number: int
    organisation: str
    first: Signature
    second: Signature
    fault: Fault | None = Field(default=None, description="None: both signatures are good.")

    @property
    def since(self) -> datetime:
        """When it came into force: the later of the two moments that were signed."""
        return max(self.first.since, self.second.since)

    @property
    def is_late(self) -> bool:
        """Whether the first signature had lapsed before the second was given."""
        return abs(self.second.since - self.first.since) >= PROPOSAL_LAPSES_AFTER

    def is_over(self, at: datetime) -> bool:
        """Whether the version's last day has passed."""
        last = self.version.effective_to
        return last is not None and day_of(at) > last

    def counts(self, at: datetime) -> bool:
        """Whether its rules hold at a time, if no later adoption does."""
        return self.fault is None and self.since <= at and not self.is_over(at)


class Awaited(_Kept):
    """A version that is expected; the one in use stays until two people sign it."""

    version: VersionId
    title: Title
    expected_on: date
    owner: StaffId
    noted_at: datetime


class Assessment(_Kept):
    """A data protection impact assessment."""

    id: PaperId
    title: Title
    review_by: date
    recorded_by: str
    recorded_at: datetime

    def is_in_force(self, at: datetime) -> bool:
        """Whether the day by which it has to be looked at again has not passed."""
        return day_of(at) <= self.review_by


IMMIGRATION_ENFORCEMENT = "immigration-enforcement"
"""The code of the party that an agreement to share has to be with."""


class Agreement(_Kept):
    """The written agreement between a force and whom it may share with."""

    number: int
    organisation: str
    id: PaperId
    parties: tuple[StaffId, ...] = Field(min_length=2)
    signed_on: date
    expires_on: date
    recorded_by: str
    recorded_at: datetime

    @property
    def is_with_enforcement(self) -> bool:
        """Whether Immigration Enforcement is a party: any other lets nothing be shared with it."""
        return IMMIGRATION_ENFORCEMENT in self.parties

    def has_begun(self, at: datetime) -> bool:
        """Whether the day it was signed has come."""
        return self.signed_on <= day_of(at)

    def is_in_force(self, at: datetime) -> bool:
        """Whether it was signed, and its last day has not passed."""
        return self.signed_on <= day_of(at) <= self.expires_on

    def days_left(self, at: datetime) -> int:
        """Days until its last day; negative once that has passed."""
        return (self.expires_on - day_of(at)).days


class Paperwork(StrEnum):
    """The fact `agreement_and_dpia`, as the system knows it."""

    IN_FORCE = "in_force"
    NONE = "none"


class ProtocolStatus(_Kept):
    """What a force uses now, what waits, and the papers it rests on."""

    organisation: str
    at: datetime
    adoption: Adoption | None = Field(description="The one that counts now; None: closed.")
    fault: Fault | None = Field(description="What makes the latest adoption count for nothing.")
    history: tuple[Adoption, ...] = Field(description="Every adoption, the oldest first.")
    proposal: Proposal | None
    owners: tuple[str, ...] = Field(description="ORG:STAFF of its people whose keys are known.")
    awaited: tuple[Awaited, ...]
    assessments: tuple[Assessment, ...]
    agreements: tuple[Agreement, ...]
    paperwork: Paperwork

    @property
    def waits_for(self) -> tuple[str, ...]:
        """Who could sign what waits."""
        first = self.proposal.first.by if self.proposal else None
        return tuple(who for who in self.owners if who != first) if self.proposal else ()

    @property
    def active(self) -> str:
        """The id of the version whose rules hold."""
        return CLOSED if self.adoption is None else self.adoption.version.id
