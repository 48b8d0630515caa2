"""Many requests under several versions: what was decided before, and what nobody ever decided.

`backtest` judges recorded decisions anew; `compare` judges a fictional cohort. Neither looks at a
person: a decision is its facts, and counts below five are not shown.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pydantic import BaseModel, ConfigDict, Field

from rules.protocol.evaluation import Protocol
from rules.protocol.safeguards import IN_ORDER
from rules.small_numbers import suppressed
from schemas.fact_table import (
    FACTS,
    TIER_A,
    TIER_B,
    Fact,
    Shape,
)
from schemas.facts import Facts, read_facts
from schemas.protocol import Evaluation, Outcome

COHORT = 1_000
_IN_ORDER_ODDS = 0.93
"""How often a fact of a fictional request is in order: so that some pass every rule."""
_ORDERLY_CONSENT = ("not_asked", "given")


class Recorded(BaseModel):
    """A decision that was recorded: its facts, and what was said of them under which version."""

    model_config = ConfigDict(extra="ignore")

    facts: dict[str, object]
    version: str
    outcome: Outcome | None = Field(
        default=None, description="None: what the version says of these facts."
    )


class Judged(BaseModel):
    """What one version says of many requests. None: too few to be shown."""

    model_config = ConfigDict(frozen=True)

    version: str
    outcomes: dict[str, int | None]
    rules: dict[str, int | None] = Field(description="How many each rule stopped or let wait.")

    def without_small_numbers(self) -> "Judged":
        """The same, for requests that somebody made."""
        outcomes = {name: count or 0 for name, count in self.outcomes.items()}
        rules = {name: count or 0 for name, count in self.rules.items()}
        hidden = {name: suppressed({name: count})[name] for name, count in rules.items()}
        return self.model_copy(update={"outcomes": suppressed(outcomes), "rules": hidden})


class Moved(BaseModel):
    """What would change under one version. None: too few to be shown."""

    model_config = ConfigDict(frozen=True)

    version: str
    decisions: int | None
    moves: dict[str, int | None] = Field(description="`eligible → deny`, and those unchanged.")
    rules: dict[str, int | None] = Field(description="Rules that would change an outcome.")


def fictional_cohort(size: int = COHORT, seed: int = 1) -> Iterator[Facts]:
    """Requests that nobody made: mostly in order, each fact now and then another value.

    Args:
        size: how many.
        seed: the same seed makes the same requests.
    """
    dice = random.Random(seed)  # noqa: S311 - fiction needs no secret dice
    for _ in range(size):
        yield read_facts({name: _drawn(dice, fact) for name, fact in FACTS.items()})


def _drawn(dice: random.Random, fact: Fact) -> object:
    in_order = IN_ORDER.values[fact.name]
    if dice.random() < _IN_ORDER_ODDS:
        return dice.choice(_ORDERLY_CONSENT) if fact.name == "consent_state" else in_order
    match fact.shape:
        case Shape.ONE:
            return dice.choice(fact.values)
        case Shape.LIST:
            return dice.sample(fact.values, dice.randint(1, 2))
        case Shape.ITEMS:
            return {item: dice.choice(fact.values) for item in fact.items}
        case Shape.FIELDS:
            return dice.sample([*TIER_A, *TIER_B], dice.randint(0, 3))
        case Shape.VERSIONS:
            return dice.choice([["same"], []])


def compare(
    protocol: Protocol, versions: Iterable[str], cohort: Sequence[Facts], *, is_fiction: bool
) -> tuple[Judged, ...]:
    """The same requests under each version; small numbers are shown of fiction only."""
    judged = (
        _judged(version, [protocol.evaluate(version, facts) for facts in cohort])
        for version in versions
    )
    return tuple(judged if is_fiction else (one.without_small_numbers() for one in judged))


def _judged(version: str, evaluations: Sequence[Evaluation]) -> Judged:
    outcomes = Counter(evaluation.outcome.value for evaluation in evaluations)
    rules = Counter(rule.id for evaluation in evaluations for rule in evaluation.rules)
    return Judged(
        version=version,
        outcomes={outcome.value: outcomes[outcome.value] for outcome in Outcome},
        rules=dict(rules.most_common()),
    )


def backtest(
    protocol: Protocol, versions: Iterable[str], decisions: Sequence[Recorded]
) -> tuple[Moved, ...]:
    """What would change if each version had been active, and by which rules.

    Raises:
        FactError: facts of a decision cannot be read.
    """
    read = [(decision, read_facts(decision.facts)) for decision in decisions]
    before = [_outcome(protocol, decision, facts) for decision, facts in read]
    return tuple(_moved(protocol, version, before, read) for version in versions)


def _outcome(protocol: Protocol, decision: Recorded, facts: Facts) -> Outcome:
    return decision.outcome or protocol.evaluate(decision.version, facts).outcome


def _moved(
    protocol: Protocol,
    version: str,
    before: Sequence[Outcome],
    read: Sequence[tuple[Recorded, Facts]],
) -> Moved:
    moves: Counter[str] = Counter()
    rules: Counter[str] = Counter()
    for was, (_, facts) in zip(before, read, strict=True):
        now = protocol.evaluate(version, facts)
        moves["unchanged" if now.outcome is was else f"{was} → {now.outcome}"] += 1
        if now.outcome is not was:
            rules.update(rule.id for rule in now.rules)
    return Moved(
        version=version,
        decisions=suppressed({"all": len(read)})["all"],
        moves=suppressed(moves),
        rules=suppressed(rules),
    )
