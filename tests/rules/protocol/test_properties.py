"""What holds of every set of facts, in every order, under every version."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.protocol.evaluation import Protocol
from rules.protocol.shipped import shipped_baseline, shipped_protocol, shipped_versions
from schemas.fact_table import FACTS, TIER_A, Shape
from schemas.facts import FactError, read_facts
from schemas.protocol import (
    Baseline,
    Effect,
    Evaluation,
    Outcome,
    Rule,
)
from tests.rules.protocol.asked import (
    ANY_FACTS,
    IN_ORDER,
    NOT_HELD,
    P0,
    P1,
    SIX,
    UNHURRIED,
    Document,
    but,
    effects,
    judged,
)
from tests.rules.protocol.by_hand import fired

VERSIONS = st.sampled_from(SIX)


@UNHURRIED
@given(VERSIONS | st.just(NOT_HELD), ANY_FACTS)
def test_what_the_files_say_is_what_the_protocol_says(version: str, document: Document) -> None:
    """A second implementation fires the same rules, with the same effects, on the same facts."""
    assert fired(version, document) == effects(judged(version, document))


@UNHURRIED
@given(VERSIONS, ANY_FACTS)
def test_every_request_has_one_outcome_and_the_rules_that_make_it(
    version: str, document: Document
) -> None:
    """Denied by one that denies; else waiting by one that waits; else eligible, and none fired."""
    found = judged(version, document)
    said = set(effects(found).values())
    assert (Effect.DENY in said) is (found.outcome is Outcome.DENY)
    assert (said == {Effect.WAIT}) is (found.outcome is Outcome.NEEDS_FACTS)
    assert (not said) is (found.outcome is Outcome.ELIGIBLE)
    assert (Effect.WAIT in said) is bool(found.needs)
    assert set(FACTS) >= set(found.needs)
    assert Evaluation.model_validate_json(found.model_dump_json()) == found


@UNHURRIED
@given(VERSIONS, ANY_FACTS)
def test_every_rule_that_fired_is_told_with_its_reason_and_source(
    version: str, document: Document
) -> None:
    """In the order of their ids, each once; what is needed is sorted too."""
    found = judged(version, document)
    held = {rule.id: rule for rule in shipped_baseline().rules}
    held |= {rule.id: rule for one in shipped_versions() for rule in one.rules}
    for rule in found.rules:
        assert (held[rule.id].reason, held[rule.id].source) == (rule.reason, rule.source)
    ids = [rule.id for rule in found.rules]
    assert sorted(set(ids)) == ids
    assert sorted(set(found.needs)) == list(found.needs)


@UNHURRIED
@given(VERSIONS, ANY_FACTS)
def test_fields_are_what_was_asked_for_and_only_where_it_is_eligible(
    version: str, document: Document
) -> None:
    """Whatever is eligible asked for some field, and for none outside the smallest set."""
    found = judged(version, document)
    if found.outcome is Outcome.ELIGIBLE:
        assert tuple(dict.fromkeys(document["requested_fields"])) == found.fields
        assert found.fields
        assert set(TIER_A) >= set(found.fields)
    else:
        assert () == found.fields


@UNHURRIED
@given(VERSIONS, ANY_FACTS, st.sampled_from(sorted(FACTS)))
def test_not_knowing_a_fact_never_helps(version: str, document: Document, name: str) -> None:
    """Left out or unknown in so many words: what was denied or waited is not eligible then."""
    before = judged(version, document)
    for less in _less_known(document, name):
        after = judged(version, less)
        if before.outcome is not Outcome.ELIGIBLE:
            assert Outcome.ELIGIBLE is not after.outcome


def _less_known(document: Document, name: str) -> list[Document]:
    left_out = {key: value for key, value in document.items() if key != name}
    fact = FACTS[name]
    match fact.shape:
        case Shape.ONE if "unknown" in fact.values:
            return [left_out, {**document, name: "unknown"}]
        case Shape.LIST:
            entries = document.get(name, [])
            unsure = [[*entries, "unknown"], ["unknown"]]
            return [left_out, *({**document, name: one} for one in unsure)]
        case Shape.ITEMS:
            given_items: Mapping[str, str] = document.get(name, {})
            return [
                left_out,
                *({**document, name: {**given_items, item: "unknown"}} for item in fact.items),
            ]
        case _:
            return [left_out]


@pytest.mark.parametrize("name", sorted(set(FACTS) - {"consent_quality"}))
def test_no_fact_that_a_version_reads_may_be_left_out(name: str) -> None:
    """A request that is in order but for one unknown fact is eligible only if nobody reads it."""
    less = {key: value for key, value in IN_ORDER.items() if key != name}
    needed_by_one = {
        "ie_relief_commitment",
        "support_engaged",
        "regulated_advice",
        "signposting_given",
    }
    found = {version for version in SIX if judged(version, less).outcome is Outcome.ELIGIBLE}
    assert (set(SIX) - {P0, "p3-ho-mvp-2021"} if name in needed_by_one else set()) == found


@UNHURRIED
@given(st.data(), VERSIONS, ANY_FACTS)
def test_the_order_of_anything_changes_nothing(
    data: st.DataObject, version: str, document: Document
) -> None:
    """Of facts, of entries in a list, of what was told, or of anything written twice."""
    shuffled = {
        name: _in_another_order(data, document[name])
        for name in data.draw(st.permutations(sorted(document)))
    }
    _same(judged(version, document), judged(version, shuffled))


def _in_another_order(data: st.DataObject, value: Any) -> Any:
    if isinstance(value, list):
        twice = [*value, *value[:1]]
        return data.draw(st.permutations(twice))
    if isinstance(value, dict):
        return {item: value[item] for item in data.draw(st.permutations(sorted(value)))}
    return value


def _same(one: Evaluation, other: Evaluation) -> None:
    assert one.rules == other.rules
    assert (one.outcome, one.needs) == (other.outcome, other.needs)
    assert (one.protocol_hash, {*one.fields}) == (other.protocol_hash, {*other.fields})
    assert {*one.approver_roles} == {*other.approver_roles}
    assert {*one.told_versions} == {*other.told_versions}


@UNHURRIED
@given(st.data(), VERSIONS, ANY_FACTS)
def test_the_order_of_rules_in_a_file_changes_nothing_but_the_hash(
    data: st.DataObject, version: str, document: Document
) -> None:
    """Rules are alternatives; none comes before another."""
    held = shipped_protocol()
    base = held.baseline.rules
    protocol = Protocol(
        _with(held.baseline, data.draw(st.permutations(base))),
        {
            name: one.model_copy(update={"rules": tuple(data.draw(st.permutations(one.rules)))})
            for name, one in held.versions.items()
        },
    )
    found, before = judged(version, document, protocol), judged(version, document)
    assert before.model_dump(exclude={"protocol_hash"}) == found.model_dump(
        exclude={"protocol_hash"}
    )
    as_it_was = protocol.baseline.rules == base
    if not as_it_was:
        assert before.protocol_hash != found.protocol_hash


def _with(baseline: Baseline, rules: list[Rule]) -> Baseline:
    return baseline.model_copy(update={"rules": tuple(rules)})


@pytest.mark.parametrize("name", ["nationality", "ethnicity", "language", "name", "accent"])
@pytest.mark.parametrize("version", SIX)
def test_what_is_no_fact_is_an_error_that_names_it(version: str, name: str) -> None:
    """There is no place for it, so nothing can depend on it."""
    with pytest.raises(FactError, match=f"^{name}: there is no such fact$") as refusal:
        judged(version, but(**{name: "anything"}))
    assert name == refusal.value.fact


def test_a_request_that_waits_needs_every_fact_that_is_missing_and_no_fact_that_is_not() -> None:
    """Of a rule that reads two facts only the one nobody knows; else the one that has to change."""
    waiting = but(consent_quality={}, objection="unknown", dpo_advice="not_sought")
    found = judged(P1, waiting)
    assert {"B07": Effect.WAIT, "B08": Effect.WAIT, "B16": Effect.WAIT} == effects(found)
    assert ("consent_quality", "dpo_advice", "objection") == found.needs
    denied = judged(P1, {**waiting, "support_hold": "active"})
    assert ("consent_quality", "dpo_advice", "objection") == denied.needs


def test_an_evaluation_is_json_as_the_command_line_prints_it() -> None:
    """Eight keys, and effects and outcomes in words."""
    printed = json.loads(judged(P1, but(objection="raised")).model_dump_json())
    assert [
        "version", "told_versions", "outcome", "rules", "needs", "fields", "approver_roles",
        "protocol_hash",
    ] == list(printed)  # fmt: skip
    assert "deny" == printed["outcome"]
    assert {"id", "effect", "reason", "source"} == set(printed["rules"][0])
    assert ["safeguarding_supervisor", "senior_authoriser"] == printed["approver_roles"]


def test_facts_are_read_once_and_a_reading_is_never_changed_by_judging_it() -> None:
    """The same facts can be asked under every version."""
    facts = read_facts(IN_ORDER)
    before = dict(facts.values)
    for version in SIX:
        shipped_protocol().evaluate(version, facts)
    assert before == facts.values
