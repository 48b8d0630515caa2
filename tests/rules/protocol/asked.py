"""Requests that tests judge: in order first, so that each says what it takes to be refused."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from rules.protocol.evaluation import Protocol
from rules.protocol.shipped import shipped_protocol
from schemas.fact_table import (
    ANYTHING_ELSE,
    FACTS,
    SAME,
    TIER_A,
    TIER_B,
    Fact,
    Shape,
)
from schemas.facts import read_facts
from schemas.protocol import Baseline, Effect, Evaluation, Outcome, Rule

P0, P1, P2 = "p0-closed", "p1-npcc-2018", "p2-s2s-rec1"
P3, P4, P5 = "p3-ho-mvp-2021", "p4-consent-2025", "p5-statutory-am96"
SIX = (P0, P1, P2, P3, P4, P5)
AS_WRITTEN = "h0-npcc-2018-as-written"
NOT_HELD = "p9-of-another-force"

UNHURRIED = settings(deadline=None)
"""That a machine is busy is no fault of what is tested."""

STRICTEST_FIRST = (Outcome.DENY, Outcome.NEEDS_FACTS, Outcome.ELIGIBLE)

TABLE: Mapping[str, Any] = json.loads(
    (Path(__file__).parent / "scenarios.json").read_text(encoding="utf-8")
)
"""The worked examples, and the request and the parts that they are made of."""

Document = dict[str, Any]


def asking(*parts: str, **differs: Any) -> Document:
    """The request of the table, with these parts, but for what differs."""
    laid = [TABLE["request"], *(TABLE["parts"][part] for part in parts), differs]
    return {name: value for one in laid for name, value in one.items()}


IN_ORDER = asking("relief", "consent")
"""Every version but the closed one lets two people look at this."""


def but(**differs: Any) -> Document:
    """A request that is in order, but for this."""
    return {**IN_ORDER, **differs}


def judged(version: str, document: object, protocol: Protocol | None = None) -> Evaluation:
    """What a version says, of those that are shipped unless others are given."""
    return (protocol or shipped_protocol()).evaluate(version, read_facts(document))


def effects(evaluation: Evaluation) -> dict[str, Effect]:
    """What each rule that fired does."""
    return {rule.id: rule.effect for rule in evaluation.rules}


def strictness(outcome: Outcome) -> int:
    """The more, the stricter."""
    return -STRICTEST_FIRST.index(outcome)


def with_rules(rules: tuple[Rule, ...], protocol: Protocol | None = None) -> Protocol:
    """The protocol, on a baseline of these rules."""
    held = protocol or shipped_protocol()
    return Protocol(
        Baseline(id="baseline", title="As changed", rules=rules, floor=held.baseline.floor),
        held.versions,
    )


_FIELD_NAMES = (*TIER_A, *TIER_B, "home_address", ANYTHING_ELSE)
_VERSION_NAMES = (*SIX, SAME, AS_WRITTEN, NOT_HELD)


def _values_of(fact: Fact) -> st.SearchStrategy[Any]:
    one = st.sampled_from(fact.values)
    match fact.shape:
        case Shape.ONE:
            return one
        case Shape.LIST:
            return st.lists(one, max_size=4)
        case Shape.ITEMS:
            return st.dictionaries(st.sampled_from(fact.items), one)
        case Shape.FIELDS:
            return st.lists(st.sampled_from(_FIELD_NAMES), max_size=4)
        case Shape.VERSIONS:
            return st.lists(st.sampled_from(_VERSION_NAMES), max_size=4)


VALUES: Mapping[str, st.SearchStrategy[Any]] = {
    name: _values_of(fact) for name, fact in FACTS.items()
}
"""Any value that each fact can have."""


@st.composite
def _nearly_in_order(draw: st.DrawFn) -> Document:
    names = draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=5, unique=True))
    gone = draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=1))
    changed = but(**{name: draw(VALUES[name]) for name in names})
    return {name: value for name, value in changed.items() if name not in gone}


ANY_FACTS: st.SearchStrategy[Document] = _nearly_in_order() | st.fixed_dictionaries(
    {}, optional=dict(VALUES)
)
"""Facts of every kind, half of them near enough to in order that something is eligible."""
