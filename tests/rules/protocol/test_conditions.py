"""Conditions: definitely true, definitely not, or neither, whatever they are joined to."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.protocol.conditions import (
    ConditionError,
    Join,
    allowed_fields,
    boxes,
    is_so,
    read,
)
from schemas.fact_table import (
    FACTS,
    TIER_A,
    TIER_B,
    UNKNOWN,
    Fact,
    Shape,
)
from schemas.facts import read_facts
from tests.rules.protocol.asked import ANY_FACTS, UNHURRIED, Document, but

ALLOWED = st.frozensets(st.sampled_from((*TIER_A, *TIER_B)))


def is_true(condition: Mapping[str, Any], asked: Document, allowed: frozenset[str]) -> bool:
    """Whether it is definitely true: a second reading, straight from the words of the module."""
    return _truth(condition, asked, allowed) is True


def _truth(condition: Mapping[str, Any], asked: Document, allowed: frozenset[str]) -> bool | None:
    """True, false, or None for neither."""
    if "always" in condition:
        return True
    if "not" in condition:
        inner = _truth(condition["not"], asked, allowed)
        return None if inner is None else not inner
    for join, decides in (("all", False), ("any", True)):
        if join in condition:
            found = [_truth(part, asked, allowed) for part in condition[join]]
            if decides in found:
                return decides
            return None if None in found else not decides
    return _compared(condition, asked, allowed)


def _compared(
    condition: Mapping[str, Any], asked: Document, allowed: frozenset[str]
) -> bool | None:
    fact = FACTS[condition["fact"]]
    (operator, value) = next((key, of) for key, of in condition.items() if key != "fact")
    match fact.shape:
        case Shape.FIELDS:
            fields = set(asked.get(fact.name, ()))
            return bool(fields - allowed) if operator == "outside" else not fields
        case Shape.LIST:
            crimes = set(asked.get(fact.name, ())) or {UNKNOWN}
            return True if value in crimes else None if UNKNOWN in crimes else False
        case Shape.ITEMS:
            given_items = asked.get(fact.name, {})
            items = {given_items.get(item, UNKNOWN) for item in fact.items}
            return True if value in items else None if UNKNOWN in items else False
        case Shape.VERSIONS:
            return _is("known" if asked.get(fact.name) else UNKNOWN, operator, {value})
        case Shape.ONE:
            values = {value} if isinstance(value, str) else set(value)
            return _is(asked.get(fact.name, fact.absent), operator, values)


def _is(found: str, operator: str, values: set[str]) -> bool | None:
    if found == UNKNOWN and UNKNOWN not in values:
        return None
    return (found in values) is (operator in ("is", "in"))


def _comparisons_of(fact: Fact) -> st.SearchStrategy[Document]:
    value = st.sampled_from(fact.values)
    known = st.sampled_from([one for one in fact.values if one != UNKNOWN] or [""])
    match fact.shape:
        case Shape.LIST | Shape.ITEMS:
            return st.fixed_dictionaries({"fact": st.just(fact.name), "has": value})
        case Shape.FIELDS:
            return st.sampled_from(
                [{"fact": fact.name, "is": UNKNOWN}, {"fact": fact.name, "outside": "max_fields"}]
            )
        case Shape.VERSIONS:
            return st.fixed_dictionaries({"fact": st.just(fact.name), "is": value})
        case Shape.ONE:
            of = st.just(fact.name)
            return st.one_of(
                st.fixed_dictionaries({"fact": of, "is": value}),
                st.fixed_dictionaries({"fact": of, "in": st.lists(value, min_size=1)}),
                st.fixed_dictionaries({"fact": of, "is_not": known}),
                st.fixed_dictionaries({"fact": of, "not_in": st.lists(known, min_size=1)}),
            )


_FEW = ("consent_state", "crime_types", "consent_quality", "requested_fields", "told_versions",
        "objection", "age_band")  # fmt: skip
_COMPARISONS = st.sampled_from(_FEW).flatmap(lambda name: _comparisons_of(FACTS[name]))


def _joined(inner: st.SearchStrategy[Document]) -> st.SearchStrategy[Document]:
    some = st.lists(inner, min_size=1, max_size=3)
    return (
        st.fixed_dictionaries({"all": some})
        | st.fixed_dictionaries({"any": some})
        | st.fixed_dictionaries({"not": inner})
    )


CONDITIONS = st.recursive(_COMPARISONS | st.just({"always": "yes"}), _joined, max_leaves=6)


@UNHURRIED
@given(CONDITIONS, ANY_FACTS, ALLOWED)
def test_a_condition_is_true_of_what_its_words_say(
    condition: Document, asked: Document, allowed: frozenset[str]
) -> None:
    """Its boxes and a second reading agree on any facts; what is unknown is neither."""
    atoms = read_facts(asked).atoms
    found = boxes(read(condition), allowed)
    assert is_true(condition, asked, allowed) is any(is_so(box, atoms) for box in found)


@UNHURRIED
@given(CONDITIONS, ANY_FACTS)
def test_a_condition_and_its_opposite_are_never_both_true(
    condition: Document, asked: Document
) -> None:
    """And `not` of `not` is the condition itself."""
    atoms = read_facts(asked).atoms

    def holds(document: Document) -> bool:
        return any(is_so(box, atoms) for box in boxes(read(document)))

    assert not (holds(condition) and holds({"not": condition}))
    assert holds(condition) is holds({"not": {"not": condition}})


@UNHURRIED
@given(CONDITIONS)
def test_no_alternative_of_a_condition_covers_another_or_is_impossible(
    condition: Document,
) -> None:
    """What is told to people and proved is as short as it can be."""
    found = boxes(read(condition))
    for box in found:
        assert all(box.values())
        for other in found:
            covers = all(name in other and other[name] <= box[name] for name in box)
            assert (box is other) or not covers


@pytest.mark.parametrize(
    ("condition", "unknown_is"),
    [
        ({"fact": "objection", "is": "raised"}, False),
        ({"fact": "objection", "is": "unknown"}, True),
        ({"fact": "objection", "in": ["raised", "unknown"]}, True),
        ({"fact": "objection", "is_not": "raised"}, False),
        ({"fact": "objection", "not_in": ["raised"]}, False),
        ({"not": {"fact": "objection", "is": "raised"}}, False),
        ({"not": {"fact": "objection", "is_not": "raised"}}, False),
        ({"not": {"fact": "objection", "is": "unknown"}}, False),
        ({"not": {"not": {"fact": "objection", "is": "unknown"}}}, True),
        ({"not": {"fact": "crime_types", "has": "hate"}}, False),
    ],
    ids=str,
)
def test_only_a_comparison_that_names_unknown_is_true_of_it(
    condition: Document, unknown_is: bool
) -> None:
    """Neither `is_not` nor `not` makes anything of what nobody knows."""
    atoms = read_facts(but(objection="unknown", crime_types=["unknown"])).atoms
    assert unknown_is is any(is_so(box, atoms) for box in boxes(read(condition)))


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ({"all": [{"fact": "objection", "is": "none"}, {"fact": "mood", "is": "low"}]},
         ("all", 1, "fact")),
        ({"not": {"any": [{"fact": "objection", "is": "loud"}]}}, ("not", "any", 0, "is")),
        ({"any": [{"fact": "objection", "in": ["none", "loud"]}]}, ("any", 0, "in")),
        ({"any": [{"fact": "objection", "like": "n"}]}, ("any", 0, "like")),
        ({"any": [{"fact": "objection", "is": "none", "in": ["none"]}]}, ("any", 0)),
        ({"all": [], "any": []}, ("any",)),
        ({"some": []}, ("some",)),
        ({"not": []}, ("not",)),
        ({"always": "no"}, ("always",)),
        ("none", ()),
        ({}, ()),
    ],
    ids=str,
)  # fmt: skip
def test_a_condition_that_cannot_be_read_says_where(document: object, path: tuple[Any]) -> None:
    """The way to the part that is wrong, below where the condition itself stands."""
    with pytest.raises(ConditionError) as error:
        read(document, ("rules", 7))
    assert ("rules", 7, *path) == error.value.path


def test_fields_are_compared_with_what_all_versions_in_play_allow() -> None:
    """Of no version at all it would be both tiers; alone, the first tier is what is compared."""
    assert {"name"} == allowed_fields([["name", "lawful_basis"], ["name", "spoc_contact"]])
    assert {*TIER_A, *TIER_B} == allowed_fields([])
    outside = read({"fact": "requested_fields", "outside": "max_fields"})
    names = {name.partition(":")[2] for box in boxes(outside) for name in box}
    assert {*TIER_B, "anything_else"} == names
    assert not {"name"} & {
        name.partition(":")[2] for box in boxes(outside, frozenset({"name"})) for name in box
    }


def test_always_is_true_of_everything_and_never_is_not_a_condition() -> None:
    """`not` of it has no alternative left."""
    assert Join("all", ()) == read({"always": "yes"})
    assert ({},) == boxes(read({"always": "yes"}))
    assert () == boxes(read({"not": {"always": "yes"}}))
