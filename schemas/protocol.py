"""The sharing protocol: versions as data, and what an evaluation of one says.

A protocol decides one thing: whether a request to share one person's data with Immigration
Enforcement may go on to two people. It never decides to share: there is no *permit*.
"""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from schemas.actor import Role

CLOSED = "p0-closed"
"""The version that holds where none is active, and where the kill switch leads."""

VersionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,63}$")]
Sentence = Annotated[
    str, Field(min_length=3, max_length=600, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$")
]
"""Text without control characters: it is printed on terminals."""


def _plain_number(value: object) -> object:
    """A whole number as people write it, where it is text."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,5}", value):
        raise ValueError("write a whole number")
    return value


def _plain_day(value: object) -> object:
    """A day as people write it, where it is text."""
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise ValueError("write a day as 2026-12-24")
    return value


Number = Annotated[int, BeforeValidator(_plain_number), Field(ge=1)]
Day = Annotated[date, BeforeValidator(_plain_day)]


class Outcome(StrEnum):
    """What rules say, the strictest first."""

    DENY = "deny"
    """Ends the request on these facts."""
    NEEDS_FACTS = "needs_facts"
    """Something is not known yet; nobody is told which value would pass."""
    ELIGIBLE = "eligible"
    """Two people may now look at it."""


class Effect(StrEnum):
    """What a rule that fired does."""

    DENY = "deny"
    WAIT = "wait"


class Rule(BaseModel):
    """One rule: when it denies, when it waits, why, and where that comes from.

    A condition is data: comparisons of facts to constants, joined by all, any and not
    (`rules.protocol.conditions`).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[A-Z][A-Z0-9]{0,7}(-[0-9]{1,3})?$|^B[0-9]{2}$")
    denies: dict[str, JsonValue] | None = None
    waits: dict[str, JsonValue] | None = None
    reason: Sentence = Field(description="Why, in words for whoever asked and for the person.")
    source: Sentence = Field(description="The law, guidance or decision it comes from.")


class Stricter(BaseModel):
    """Where a version asks for more than what it was made after, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: Sentence
    why: Sentence


class Terms(BaseModel):
    """The numbers of a version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_rationale_chars: Number = Field(description="Least length of an approver's reasons.")
    approval_ttl_hours: Number = Field(description="How long an approval lives.")
    cooling_off_hours: Number = Field(description="From the second approval to the act.")
    objection_window_hours: Number = Field(description="From when she was reached.")
    link_to_request_hours: Number = Field(
        description="The link to independent support comes so long before the request."
    )
    request_lapses_after_days: Number
    review_after_days: Number = Field(description="After a hand-over.")


LESS_PROTECTS = frozenset({"approval_ttl_hours", "request_lapses_after_days", "review_after_days"})
"""Terms of which the shorter protects more; of the others it is the longer."""


class Baseline(BaseModel):
    """What holds under every version: rules none can lift, and numbers none can loosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^baseline$")
    title: Sentence
    rules: tuple[Rule, ...] = Field(min_length=1)
    floor: Terms


class Version(Terms):
    """One version: what it adds to the baseline, in force from a day on.

    `dpia_id` and `activated_by` are filled when two people activate it; a draft has neither.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: VersionId
    title: Sentence
    source_refs: tuple[Sentence, ...] = Field(min_length=1)
    stricter_than_source: tuple[Stricter, ...] = ()
    effective_from: Day
    effective_to: Day | None = None
    supersedes: VersionId | None = None
    told_text_id: str = Field(min_length=1, description="The words a person is told under it.")
    rules: tuple[Rule, ...]
    max_fields: tuple[str, ...] = Field(min_length=1, description="The most it may allow.")
    approver_roles: tuple[Role, ...] = Field(description="The seats, in the order they approve.")
    historical: bool = Field(
        default=False, description="For looking back only: never activated, never told."
    )
    dpia_id: str | None = Field(default=None, min_length=1, max_length=64)
    activated_by: tuple[str, ...] | None = Field(
        default=None, description="The two people who activated it, as ORG:STAFF."
    )

    @property
    def terms(self) -> Terms:
        """Its numbers."""
        return Terms(**{name: getattr(self, name) for name in Terms.model_fields})

    def content(self) -> dict[str, Any]:
        """What is hashed and signed: all of it but who activated it and under which assessment."""
        return self.model_dump(mode="json", exclude={"dpia_id", "activated_by"}, exclude_none=True)


class FiredRule(BaseModel):
    """A rule that denied or waits, with its reason and source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    effect: Effect
    reason: str
    source: str


class Evaluation(BaseModel):
    """What the protocol says to one set of facts, with every rule that said so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    told_versions: tuple[str, ...]
    outcome: Outcome
    rules: tuple[FiredRule, ...] = Field(description="Sorted by id.")
    needs: tuple[str, ...] = Field(description="Facts that are waited for, sorted.")
    fields: tuple[str, ...] = Field(description="Requested and allowed; empty unless eligible.")
    approver_roles: tuple[Role, ...]
    protocol_hash: str = Field(description="SHA-256 over the baseline and every version in play.")
