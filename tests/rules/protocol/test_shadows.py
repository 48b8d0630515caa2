"""Halves of rules that never decide alone: which, and because of which others."""

from collections.abc import Iterable
from itertools import product

import pytest

from rules.protocol.conditions import Boxes, boxes, is_so, read
from rules.protocol.evaluation import Protocol
from rules.protocol.proof import prove
from rules.protocol.shipped import shipped_baseline, shipped_protocol
from schemas.fact_table import ATOMS
from schemas.proof import Proof, Shadow
from schemas.protocol import Effect, Rule
from tests.rules.protocol.asked import (
    IN_ORDER,
    P0,
    P1,
    P3,
    P4,
    P5,
    SIX,
    Document,
    effects,
    judged,
)
from tests.rules.protocol.rows import ABSENT, ROWS

DENY, WAIT = Effect.DENY, Effect.WAIT
RULES = shipped_baseline().rules


@pytest.fixture(scope="module")
def shipped() -> Proof:
    """The proof of the six versions."""
    return prove(shipped_protocol(), SIX)


def _boxes_of(version: str) -> dict[str, dict[Effect, Boxes]]:
    """The boxes of every rule under a version."""
    rules = (*RULES, *shipped_protocol().versions[version].rules)
    return {
        rule.id: {
            effect: boxes(read(half)) if half else ()
            for effect, half in ((DENY, rule.denies), (WAIT, rule.waits))
        }
        for rule in rules
    }


EXPECTED_SHADOWS = {
    (P3, "B25", DENY): {"P3-2"},
    (P3, "B25", WAIT): {"P3-2"},
    (P3, "B26", DENY): {"P3-2"},
    (P3, "P3-2", WAIT): {"B25"},
    (P4, "B06", DENY): {"P4-1"},
    (P4, "B06", WAIT): {"P4-1"},
    (P4, "B32", DENY): {"P4-1"},
    (P4, "P4-1", WAIT): {"B06"},
    (P5, "B06", DENY): {"P5-1"},
    (P5, "B06", WAIT): {"P5-1"},
    (P5, "B24", WAIT): {"P5-2"},
    (P5, "B32", DENY): {"P5-1"},
    (P5, "P5-1", WAIT): {"B06"},
    (P5, "P5-2", WAIT): {"B24"},
}


def test_halves_that_never_decide_alone_are_told_with_those_that_say_the_same(
    shipped: Proof,
) -> None:
    """Under the closed version that is all of the baseline; under p1 and p2 it is none."""
    found = {(s.version, s.rule, s.effect): {*s.by} for s in shipped.shadowed if s.version != P0}
    assert EXPECTED_SHADOWS == found
    closed = [shadow for shadow in shipped.shadowed if shadow.version == P0]
    assert sum(len(r.model_fields_set & {"denies", "waits"}) for r in RULES) == len(closed)
    assert {("P0-1",)} == {shadow.by for shadow in closed}


def _all_values(names: Iterable[str]) -> Iterable[dict[str, str]]:
    listed = sorted(names)
    for values in product(*(ATOMS[name] for name in listed)):
        yield dict(zip(listed, values, strict=True))


def _fires(some: Boxes, atoms: dict[str, str]) -> bool:
    return any(is_so(box, atoms) for box in some)


@pytest.mark.parametrize("key", sorted(EXPECTED_SHADOWS), ids=str)
def test_a_shadow_is_a_shadow_by_trying_every_value_of_what_it_reads(
    key: tuple[str, str, Effect],
) -> None:
    """Wherever the half fires its shadowers say the same, or it waits and something denies."""
    version, rule, effect = key
    by_rule = _boxes_of(version)
    mine = by_rule[rule][effect]
    by = [by_rule[one] for one in EXPECTED_SHADOWS[key]]
    involved = [*mine, *(box for one in by for some in one.values() for box in some)]
    tried = 0
    for atoms in _all_values({name for box in involved for name in box}):
        if _fires(mine, atoms):
            tried += 1
            says_the_same = any(_fires(one[effect], atoms) for one in by)
            denies = any(_fires(one[DENY], atoms) for one in by)
            assert says_the_same or (effect is WAIT and denies)
    assert tried


def test_every_half_that_is_not_shadowed_decides_alone_in_some_row(shipped: Proof) -> None:
    """By the rows that were written by hand: each is fired on by no other rule."""
    shadows = {(s.version, s.rule, s.effect) for s in shipped.shadowed}
    for version in SIX:
        for rule, halves in _boxes_of(version).items():
            for effect, some in halves.items():
                if some and (version, rule, effect) not in shadows and version != P0:
                    assert _decides_alone(version, rule, effect), (version, rule, effect)


ELSEWHERE: tuple[Document, ...] = (
    {},
    {"crime_types": ["sexual"]},
    {"purpose": "immigration_control"},
)
"""Other requests in order: what one rule fires on in the first, may be no other's here."""


def _decides_alone(version: str, rule: str, effect: Effect) -> bool:
    """Alone among those that deny; or, where it waits, alone altogether."""
    for row in ROWS:
        if (row.rule, row.effect) == (rule, effect):
            for elsewhere, value in product(ELSEWHERE, row.fires):
                document = {**IN_ORDER, **elsewhere, **row.where, row.fact: value}
                if value == ABSENT:
                    del document[row.fact]
                said = effects(judged(version, document))
                alike = {one for one, what in said.items() if what is effect}
                if {rule} == alike and (effect is DENY or DENY not in said.values()):
                    return True
    return False


def test_a_shadow_is_by_the_fewest_rules_that_are_needed() -> None:
    """Two that say the same in halves are both named; one that adds nothing is not."""
    some, others = ["refused", "withdrawn"], ["expired", "not_capable"]
    added = tuple(
        Rule(
            id=f"P1-{number}",
            denies={"fact": "consent_state", "in": [*states]},
            reason="Made up.",
            source="Made up.",
        )
        for number, states in enumerate((some, others, ["expired"]), 1)
    )
    held = shipped_protocol()
    more = held.versions[P1].model_copy(update={"rules": added})
    proof = prove(Protocol(held.baseline, {**held.versions, P1: more}), [P1])
    b06 = Shadow(version=P1, rule="B06", effect=DENY, by=("P1-1", "P1-2"))
    assert b06 in proof.shadowed
    assert proof.holds
