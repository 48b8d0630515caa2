"""What a proof of the protocol found: which promises hold, and where one does not, a case of it."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from schemas.protocol import Effect


class Counterexample(BaseModel):
    """A request for which a promise does not hold."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    told_versions: tuple[str, ...]
    broken: str = Field(description="The promise, or the line of it, that does not hold.")
    outcome: str = Field(description="What the protocol says of it, and what it should say.")
    differs: dict[str, Any] = Field(
        description="The facts that matter; all others are as in a request that is in order."
    )
    facts: dict[str, Any] = Field(description="All facts, as `evaluate` reads them.")


class Promise(BaseModel):
    """One property, over all fact assignments of every version and pair."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    number: int
    sentence: str
    counterexample: Counterexample | None = None

    @property
    def holds(self) -> bool:
        """Whether no request was found that breaks it: then there is none."""
        return self.counterexample is None


class Shadow(BaseModel):
    """Half of a rule that never decides by itself, because these others say the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str
    rule: str
    effect: Effect
    by: tuple[str, ...]


class Proof(BaseModel):
    """What was looked at, what holds, and what no rule reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    holds: bool
    versions: tuple[str, ...]
    pairs: int = Field(description="Version active × version told.")
    lists: int = Field(description="Version active × list of versions told.")
    promises: tuple[Promise, ...]
    shadowed: tuple[Shadow, ...]
    unread: dict[str, tuple[str, ...]] = Field(description="Facts that no rule of a version reads.")
    protocol_hash: str
