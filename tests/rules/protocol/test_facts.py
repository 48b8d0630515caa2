"""Reading facts: what is absent, what is refused, and the way to atoms and back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fact_table import (
    ATOMS,
    FACTS,
    SAME,
    TIER_A,
    TIER_B,
    UNKNOWN,
    Shape,
    atom,
    fact_of,
)
from schemas.facts import FactError, facts_of, read_facts
from tests.rules.protocol.asked import ANY_FACTS, IN_ORDER, UNHURRIED, Document, but

HALF_GIVEN = {"knew_purpose": "yes", "own_language": "no"}
QUALITY = FACTS["consent_quality"].items


@pytest.mark.parametrize(
    ("fact", "reads"),
    [
        pytest.param("age_band", "uncertain", id="an age nobody gave may be a child's"),
        pytest.param("status_knowledge", "not_recorded", id="nothing recorded is no evidence"),
        pytest.param("trigger_kind", "automated", id="without a reason it was a machine"),
        pytest.param("objection", UNKNOWN, id="no word is not a no"),
        pytest.param("crime_types", (UNKNOWN,), id="a crime nobody named"),
        pytest.param("told_versions", (), id="nobody knows what was told"),
        pytest.param("requested_fields", (), id="nothing was asked for"),
        pytest.param(
            "consent_quality", dict.fromkeys(QUALITY, UNKNOWN), id="nobody knows how it was given"
        ),
    ],
)
def test_what_is_absent_reads_as_its_worst_or_as_unknown(fact: str, reads: object) -> None:
    """Left out, and an empty list: nothing that is absent ever reads as in order."""
    assert reads == read_facts({}).values[fact]
    empty: dict[Shape, Any] = {
        Shape.LIST: [], Shape.FIELDS: [], Shape.VERSIONS: [], Shape.ITEMS: {}
    }  # fmt: skip
    if (shape := FACTS[fact].shape) in empty:
        assert reads == read_facts({fact: empty[shape]}).values[fact]


def test_three_facts_have_a_worst_case_and_all_others_are_unknown() -> None:
    """By hand: a fact that is added is unknown where nobody gives it."""
    worst = {fact.name: fact.absent for fact in FACTS.values() if fact.absent != UNKNOWN}
    assert {
        "age_band": "uncertain",
        "status_knowledge": "not_recorded",
        "trigger_kind": "automated",
    } == worst
    for fact in FACTS.values():
        assert fact.absent in fact.values
        assert UNKNOWN in fact.values or fact.name in worst


def test_the_facts_are_these_and_no_others() -> None:
    """Thirty-five; none of them says where somebody comes from, or what they are called."""
    assert sorted(IN_ORDER) == sorted(FACTS)
    assert 35 == len(FACTS)
    names = {*FACTS, *ATOMS, *(item for fact in FACTS.values() for item in fact.items)}
    for word in ("nationality", "ethnicity", "religion", "accent"):
        assert not {n for n in names if word in n} - {"requested_fields:nationality_as_stated"}


@pytest.mark.parametrize(
    ("document", "fact", "reason"),
    [
        pytest.param([], "facts", "must be one JSON object of fact names and values", id="list"),
        pytest.param("x", "facts", "must be one JSON object of fact names and values", id="text"),
        pytest.param(None, "facts", "must be one JSON object of fact names and values", id="null"),
        pytest.param(
            {"nationality": "any"}, "nationality", "there is no such fact", id="nationality"
        ),
        pytest.param({"Objection": "none"}, "Objection", "there is no such fact", id="capitals"),
        pytest.param({1: "none"}, "1", "there is no such fact", id="a number for a name"),
        pytest.param(
            {"objection": None}, "objection", "must have a value; leave out what nobody knows",
            id="null for a value",
        ),
        pytest.param(
            {"objection": "shouted"}, "objection", "must be one of none, raised, unknown",
            id="a value outside its list",
        ),
        pytest.param(
            {"objection": ["none"]}, "objection", "must be one of none, raised, unknown",
            id="a list for one value",
        ),
        pytest.param(
            {"immigration_abuse": False}, "immigration_abuse", "must be one of yes, no, unknown",
            id="a boolean for a word",
        ),
        pytest.param(
            {"age_band": "unknown"}, "age_band", "must be one of adult, child, uncertain",
            id="unknown where there is a worst case",
        ),
        pytest.param(
            {"crime_types": "hate"}, "crime_types", "must be a list", id="one value for a list"
        ),
        pytest.param(
            {"crime_types": {"hate": "yes"}}, "crime_types", "must be a list",
            id="an object for a list",
        ),
        pytest.param(
            {"crime_types": ["hate", "theft"]}, "crime_types",
            f"must be one of {', '.join(FACTS['crime_types'].values)}", id="no crime of the list",
        ),
        pytest.param(
            {"crime_types": [["hate"]]}, "crime_types",
            f"must be one of {', '.join(FACTS['crime_types'].values)}", id="a list in a list",
        ),
        pytest.param(
            {"crime_types": ["hate", None]}, "crime_types",
            f"must be one of {', '.join(FACTS['crime_types'].values)}", id="null in a list",
        ),
        pytest.param(
            {"consent_quality": "yes"}, "consent_quality", "must be an object",
            id="a word for an object",
        ),
        pytest.param(
            {"consent_quality": {"smiled": "yes"}}, "consent_quality.smiled",
            "there is no such item", id="an unknown item",
        ),
        pytest.param(
            {"consent_quality": {"own_language": "maybe"}}, "consent_quality.own_language",
            "must be one of yes, no, unknown", id="an unknown answer",
        ),
        pytest.param(
            {"consent_quality": {"own_language": None}}, "consent_quality.own_language",
            "must be one of yes, no, unknown", id="null for an answer",
        ),
        pytest.param(
            {"requested_fields": "name"}, "requested_fields", "must be a list",
            id="one field for a list",
        ),
        pytest.param(
            {"requested_fields": [""]}, "requested_fields", "must be a list of names",
            id="a field without a name",
        ),
        pytest.param(
            {"requested_fields": ["name", 7]}, "requested_fields", "must be a list of names",
            id="a number for a field",
        ),
        pytest.param(
            {"told_versions": "same"}, "told_versions", "must be a list",
            id="one version for a list",
        ),
        pytest.param(
            {"told_versions": [{}]}, "told_versions", "must be a list of names",
            id="an object for a version",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_an_error_that_names_the_fact(
    document: object, fact: str, reason: str
) -> None:
    """Nothing is evaluated then: there are no facts."""
    with pytest.raises(FactError) as error:
        read_facts(document)
    assert (fact, reason) == (error.value.fact, error.value.reason)
    assert f"{fact}: {reason}" == str(error.value)


@pytest.mark.parametrize("name", sorted(FACTS))
def test_no_fact_may_be_null_and_none_takes_a_value_of_another(name: str) -> None:
    """Whoever does not know leaves it out."""
    with pytest.raises(FactError, match=f"^{name}: must have a value"):
        read_facts(but(**{name: None}))
    for wrong in (True, 1, 0.5, "", "another_fact_has_it", {"another": "yes"}):
        with pytest.raises(FactError, match=f"^{name}"):
            read_facts(but(**{name: wrong}))


@pytest.mark.parametrize("name", ["crime_types", "requested_fields", "told_versions"])
def test_what_is_in_a_list_twice_is_in_it_once(name: str) -> None:
    """The first time counts, so that the order stays."""
    entries = [*IN_ORDER[name], *reversed(IN_ORDER[name]), *IN_ORDER[name]]
    assert read_facts(IN_ORDER) == read_facts(but(**{name: entries}))


def test_a_field_of_no_tier_is_kept_by_its_name_and_read_as_anything_else() -> None:
    """It stays to be told; there is one atom for all of them."""
    facts = read_facts({"requested_fields": ["home_address", "name", "email"]})
    assert ("home_address", "name", "email") == facts.requested_fields
    of_fields = FACTS["requested_fields"].atoms
    yes = {name for name in of_fields if facts.atoms[name] == "yes"}
    assert {"requested_fields:anything_else", "requested_fields:name"} == yes


def test_told_versions_are_kept_as_given_and_read_as_known() -> None:
    """Whether they are held here is a question to the protocol, not to the facts."""
    facts = read_facts({"told_versions": [SAME, "p9-elsewhere"]})
    assert (SAME, "p9-elsewhere") == facts.told_versions
    assert "known" == facts.atoms["told_versions"]
    assert UNKNOWN == read_facts({}).atoms["told_versions"]


def test_an_object_that_is_given_in_part_is_unknown_in_the_rest() -> None:
    """Eight of nine answers are not nine."""
    facts = read_facts({"consent_quality": HALF_GIVEN})
    assert {**dict.fromkeys(QUALITY, UNKNOWN), **HALF_GIVEN} == facts.values["consent_quality"]
    assert "no" == facts.atoms["consent_quality:own_language"]
    assert {"consent_quality": HALF_GIVEN} == facts.given()


@UNHURRIED
@given(ANY_FACTS)
def test_what_was_given_reads_the_same_again(document: Document) -> None:
    """What `given` tells, is all that matters: the rest is as if nobody knew anything."""
    facts = read_facts(document)
    assert facts == read_facts(facts.given())
    assert {*facts.given()} <= {*document}


@UNHURRIED
@given(ANY_FACTS)
def test_facts_lead_to_atoms_and_atoms_back_to_facts(document: Document) -> None:
    """Every atom has one of its values; fields of no tier come back as `anything_else`."""
    facts = read_facts(document)
    assert [*ATOMS] == [*facts.atoms]
    assert all(value in ATOMS[name] for name, value in facts.atoms.items())
    again = facts_of(facts.atoms, facts.told_versions)
    assert facts.atoms == again.atoms
    assert facts.told_versions == again.told_versions
    within = set(facts.requested_fields) & {*TIER_A, *TIER_B}
    assert within == set(again.requested_fields) - {"anything_else"}
    assert again == read_facts(again.given())


@UNHURRIED
@given(st.fixed_dictionaries({name: st.sampled_from(values) for name, values in ATOMS.items()}))
def test_any_atoms_are_somebodys_facts_unless_a_list_would_be_empty(atoms: dict[str, str]) -> None:
    """So what a proof finds can always be asked of the protocol."""
    crimes = {atom("crime_types", value) for value in FACTS["crime_types"].values}
    if any(atoms[name] == "yes" for name in crimes):
        facts = facts_of(atoms, ["p1-npcc-2018"])
        assert atoms == facts.atoms
        assert atoms == read_facts(facts.given()).atoms


def test_an_atom_knows_the_fact_it_is_of() -> None:
    """A fact with one value is its own atom."""
    assert set(FACTS) == {fact_of(name) for name in ATOMS}
    assert ("objection", "crime_types") == (fact_of("objection"), fact_of("crime_types:hate"))
    assert "crime_types:hate" in ATOMS
    assert "objection" in ATOMS
