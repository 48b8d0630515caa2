"""Assertions: what somebody said of a fact of one case, in their own name, and what counts of it.

An assertion is never changed. Whoever said something else later adds another one, which may
replace an earlier one of their own organisation.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from schemas.actor import Actor, Role
from schemas.fact_table import FACTS
from schemas.facts import FactError, FactValue, read_facts

_EVIDENCE = re.compile(r"[A-Z0-9][A-Z0-9/-]{0,39}")


def _evidence(text: str) -> str:
    if not _EVIDENCE.fullmatch(text):
        raise ValueError("write its reference alone, such as OCC-1042: capitals, digits, / and -")
    return text


EvidenceRef = Annotated[str, AfterValidator(_evidence)]
"""Where the evidence lies, by its reference: never what it says."""


class SourceKind(StrEnum):
    """From what kind of source somebody knows it. None of them says what was heard or read."""

    CONVERSATION = "conversation"
    DOCUMENT = "document"
    ASSESSMENT = "assessment"
    OWN_RECORDS = "own_records"
    OBSERVATION = "observation"
    LEGAL_ADVICE = "legal_advice"
    AGREEMENT = "agreement"


class Assertion(BaseModel):
    """What one person said of one fact, as it is kept."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: UUID
    fact: str
    value: JsonValue = Field(description="As in JSON: a word, a list of words, or an object.")
    by: Actor = Field(description="Who said it, in the role and organisation of that moment.")
    source: SourceKind
    evidence: EvidenceRef | None = None
    at: datetime = Field(description="When it was recorded.")
    until: datetime | None = Field(
        default=None,
        description="When it ends, where its author said so; never later than a "
        "word of this kind lives.",
    )
    supersedes: UUID | None = Field(
        default=None, description="An earlier one of the same organisation that it replaces."
    )

    @property
    def said(self) -> FactValue:
        """The value as rules read it.

        Raises:
            FactError: it is none of the fact's.
        """
        return read_value(self.fact, self.value)


def read_value(fact: str, value: object) -> FactValue:
    """A value of a fact, as rules read it.

    Raises:
        FactError: there is no such fact, or it has no such value; says which fact.
    """
    if fact not in FACTS:
        raise FactError(fact, "there is no such fact")
    return read_facts({fact: value}).values[fact]


class Ground(StrEnum):
    """Why an assertion does not count, or not any more."""

    NOT_THEIR_FACT = "not_their_fact"
    """Kept, and reads as unknown: the role may not say this."""
    NO_EVIDENCE = "no_evidence"
    NEEDS_ANOTHER = "needs_another"
    """Two different people have to say so."""
    ONLY_RAISES = "only_raises"
    """From this person it counts only where it is nearer to a no than what others say."""
    EXPIRED = "expired"
    REPLACED = "replaced"
    TAKEN_BACK = "taken_back"
    """By somebody who may not say otherwise: it holds no longer, and nothing is in its place."""
    SAYS_UNKNOWN = "says_unknown"
    OUTWEIGHED = "outweighed"
    """Somebody else's is nearer to a no."""


class Reading(StrEnum):
    """How the value of a fact came about."""

    FROM_RECORDS = "from_records"
    """Our own records say so; nobody can type it."""
    ASSERTED = "asserted"
    CONTRADICTED = "contradicted"
    """People say different things: what is nearest to a no counts."""
    INHERITED = "inherited"
    """Who first raised it stays, whoever confirmed it later."""
    RUN_OUT = "run_out"
    """What was nearest to a no has run out. Time turns no no into a yes: its organisation says."""
    NOBODY_SAYS = "nobody_says"


class LeftOut(BaseModel):
    """An assertion that does not decide how a fact reads, and why."""

    model_config = ConfigDict(frozen=True)

    assertion: Assertion
    ground: Ground


class Standing(BaseModel):
    """How one fact of a case reads at a moment, and why."""

    model_config = ConfigDict(frozen=True)

    fact: str
    value: Any = Field(description="As in JSON; what nobody knows reads as its absence does.")
    reading: Reading
    counted: tuple[Assertion, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    until: datetime | None = Field(default=None, description="When it runs out, if it does.")
    may_supply: tuple[Role, ...] = Field(description="Who may say it; empty: our records alone.")
