"""Who may say what: the table against the facts, the roles and the rules."""

import pytest

from rules.protocol.authority import AUTHORITY, FROM_RECORDS, NEARER_TO_A_NO, TAINTED
from rules.protocol.conditions import Box
from rules.protocol.evaluation import InPlay
from rules.protocol.safeguards import IN_ORDER
from rules.protocol.shipped import shipped_protocol, shipped_versions
from rules.protocol.solver import inside, is_possible, outside
from rules.rights import may
from schemas.fact_table import FACTS, UNKNOWN, Shape
from schemas.verbs import Verb

SIX = [version.id for version in shipped_versions()]
ONE_VALUE = [name for name in AUTHORITY if FACTS[name].shape is Shape.ONE]
WORSE_THAN_UNKNOWN_ONLY_SOMETIMES = {
    # Denies only a prosecution that is over; for another purpose it passes, where unknown waits.
    "investigation_state": {"victim_withdrew", "nfa", "acquitted", "convicted"},
}


def test_every_fact_is_said_by_somebody_or_given_by_records() -> None:
    """And none by both: what our records give, nobody can type."""
    assert set(FACTS) == {*AUTHORITY, *FROM_RECORDS}
    assert not FROM_RECORDS & set(AUTHORITY)


@pytest.mark.parametrize("fact", AUTHORITY)
def test_whoever_may_say_a_fact_may_use_the_verb(fact: str) -> None:
    """A word that counts can be given; so can one that only raises."""
    authority = AUTHORITY[fact]
    roles = {*authority.roles, *authority.raisers, *authority.by_two}
    assert [] == [role for role in roles if not may(Verb.ASSERT_FACT, role)]


def test_the_lives_of_words_are_those_agreed() -> None:
    """Written out a second time, from the table of the agreement."""
    lives = {name: one.lives.days if one.lives else None for name, one in AUTHORITY.items()}
    as_written = {"ie_relief_commitment", "legal_power", "less_intrusive_means", "purpose"}
    assert {"victim_informed", "advocate_informed"} == {n for n, d in lives.items() if d == 14}
    assert {"also_suspect"} == {n for n, d in lives.items() if d == 7}
    assert {*as_written, "dpo_advice"} == {n for n, d in lives.items() if d is None}
    assert 16 == len([name for name, days in lives.items() if days == 28])


def test_six_facts_are_never_supplied_by_whoever_asks() -> None:
    """‡ in the agreement."""
    assert {
        "victim_informed",
        "advocate_informed",
        "harm_from_sharing",
        "immigration_abuse",
        "staff_link",
        "nrm_state",
    } == {name for name, one in AUTHORITY.items() if one.is_guarded}


@pytest.mark.parametrize("fact", ONE_VALUE)
def test_the_order_names_every_value_once(fact: str) -> None:
    """None is forgotten: it would have no place."""
    assert sorted(FACTS[fact].values) == sorted(NEARER_TO_A_NO[fact])


@pytest.mark.parametrize("version", SIX)
@pytest.mark.parametrize("fact", ONE_VALUE)
def test_a_value_nearer_to_a_no_is_never_the_looser_one(fact: str, version: str) -> None:
    """Over all other facts: wherever the farther value denies or waits, the nearer does at least.

    Unknown is compared with what passes, and with what is nearer to a no where that denies always.
    """
    play = shipped_protocol().in_play(version)
    order = NEARER_TO_A_NO[fact]
    sometimes = WORSE_THAN_UNKNOWN_ONLY_SOMETIMES.get(fact, set())
    for place, nearer in enumerate(order):
        for farther in order[place + 1 :]:
            if nearer in sometimes and farther == UNKNOWN:
                continue
            if nearer == UNKNOWN and denied_somewhere(play, fact, farther):
                assert may_only_wait_where_it_denies(play, fact, farther)
                continue
            assert is_as_strict(play, fact, nearer, farther), (nearer, farther)


def test_the_comparison_can_fail() -> None:
    """An order the wrong way round is found."""
    play = shipped_protocol().in_play("p1-npcc-2018")
    assert not is_as_strict(play, "harm_from_sharing", "low", "severe")
    assert not is_as_strict(play, "harm_from_sharing", "low", UNKNOWN)


def test_the_tainted_sources_are_those_that_the_baseline_denies() -> None:
    """The one list that stays for good."""
    play = shipped_protocol().in_play("p1-npcc-2018")
    values = FACTS["status_source"].values
    assert set(TAINTED) == {v for v in values if denied_somewhere(play, "status_source", v)}


def parts(play: InPlay, fact: str, value: str) -> tuple[list[Box], list[Box]]:
    """What is left of the boxes that deny and that wait, once the fact has this value."""
    return (
        [_without(box, fact) for h in play.rules for box in h.denies if _fits(box, fact, value)],
        [_without(box, fact) for h in play.rules for box in h.waits if _fits(box, fact, value)],
    )


def is_as_strict(play: InPlay, fact: str, nearer: str, farther: str) -> bool:
    """Whether over all other facts the nearer value denies or waits wherever the farther does."""
    denies, waits = parts(play, fact, nearer)
    denied, waited = parts(play, fact, farther)
    return _covered(denied, denies) and _covered(waited, [*denies, *waits])


def denied_somewhere(play: InPlay, fact: str, value: str) -> bool:
    """Whether a rule that reads the fact ever denies because of this value."""
    return any(fact in box and value in box[fact] for h in play.rules for box in h.denies)


def may_only_wait_where_it_denies(play: InPlay, fact: str, value: str) -> bool:
    """Unknown waits, at least, wherever this value denies: so it never passes."""
    denied = [
        _without(box, fact)
        for h in play.rules
        for box in h.denies
        if fact in box and value in box[fact]
    ]
    denies, waits = parts(play, fact, UNKNOWN)
    return _covered(denied, [*denies, *waits])


def _fits(box: Box, fact: str, value: str) -> bool:
    return fact not in box or value in box[fact]


def _without(box: Box, fact: str) -> Box:
    return {name: values for name, values in box.items() if name != fact}


def _covered(some: list[Box], by: list[Box]) -> bool:
    """Whether every assignment of one of these lies in one of those."""
    reference = IN_ORDER.atoms
    against = [outside(box) for box in by]
    return not any(is_possible((*against, *inside(box)), reference) for box in some)
