"""The promise ratchet: what several versions say together, and what they are known by."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rules.protocol.evaluation import Protocol, content_hash
from rules.protocol.shipped import shipped_baseline, shipped_protocol, shipped_versions
from schemas.actor import Role
from schemas.fact_table import SAME, TIER_A, TIER_B
from schemas.facts import read_facts
from schemas.protocol import (
    CLOSED,
    LESS_PROTECTS,
    Effect,
    Evaluation,
    Outcome,
    Terms,
    Version,
)
from tests.rules.protocol.asked import (
    ANY_FACTS,
    AS_WRITTEN,
    IN_ORDER,
    NOT_HELD,
    P0,
    P1,
    P4,
    SIX,
    UNHURRIED,
    Document,
    but,
    effects,
    judged,
    strictness,
)

VERSIONS = st.sampled_from(SIX)
TOLD = st.lists(VERSIONS, max_size=4)


@UNHURRIED
@given(ANY_FACTS, VERSIONS, TOLD)
def test_a_promise_is_kept_by_every_version_after_it(
    document: Document, version: str, told: list[str]
) -> None:
    """Never looser than the active version, nor than any one that was told, nor any fewer."""
    whole = judged(version, {**document, "told_versions": told})
    parts = [judged(version, {**document, "told_versions": told[:-1]})] if told[1:] else []
    for one in told:
        parts += [judged(version, {**document, "told_versions": [one]})]
        parts += [judged(one, {**document, "told_versions": [one]})]
    for part in parts:
        assert strictness(part.outcome) <= strictness(whole.outcome)
        assert _denying(part) <= _denying(whole)
        assert {*effects(part)} <= {*effects(whole)}
        assert {*part.approver_roles} <= {*whole.approver_roles}


def _denying(found: Evaluation) -> set[str]:
    return {rule for rule, effect in effects(found).items() if effect is Effect.DENY}


def _made(number: int, terms: Mapping[str, int], fields: list[str], roles: list[Role]) -> Version:
    draft = shipped_protocol().versions[P1]
    return draft.model_copy(
        update={
            "id": f"made-{number}",
            "max_fields": tuple(fields),
            "approver_roles": tuple(roles),
            **terms,
        }
    )


_TERMS = st.fixed_dictionaries({name: st.integers(1, 500) for name in Terms.model_fields})
_FIELDS = st.lists(st.sampled_from((*TIER_A, *TIER_B)), min_size=1, unique=True)
_ROLES = st.lists(st.sampled_from(list(Role)), min_size=1, max_size=3, unique=True)
MADE = st.lists(st.tuples(_TERMS, _FIELDS, _ROLES), min_size=1, max_size=4)


@UNHURRIED
@given(MADE, st.lists(st.sampled_from((*TIER_A, *TIER_B)), min_size=1, unique=True))
def test_of_several_versions_fields_meet_seats_join_and_each_number_is_the_strictest(
    made: list[tuple[dict[str, int], list[str], list[Role]]], asked: list[str]
) -> None:
    """Of numbers that protect less the more they are, the least; of the others, the most."""
    versions = [_made(number, *one) for number, one in enumerate(made)]
    protocol = Protocol(shipped_baseline(), {one.id: one for one in versions})
    active, *told = (one.id for one in versions)
    play = protocol.in_play(active, tuple(told))
    allowed = set.intersection(*(set(one.max_fields) for one in versions))
    assert allowed == play.fields
    assert {role for one in versions for role in one.approver_roles} == {*play.approver_roles}
    assert len(set(play.approver_roles)) == len(play.approver_roles)
    for name in Terms.model_fields:
        strictest = min if name in LESS_PROTECTS else max
        assert strictest(getattr(one, name) for one in versions) == getattr(play.terms, name)
    document = but(requested_fields=asked, told_versions=told or [SAME])
    found = judged(active, document, protocol)
    is_within = set(asked) <= allowed
    assert (tuple(asked) if is_within else ()) == found.fields
    assert ({} if is_within else {"B18": Effect.DENY}) == effects(found)
    assert play.approver_roles == found.approver_roles


def test_the_numbers_of_which_less_protects_are_these() -> None:
    """By hand: how long an approval lives, a request waits, and a review may be put off."""
    assert {
        "approval_ttl_hours", "request_lapses_after_days", "review_after_days"
    } == LESS_PROTECTS  # fmt: skip


@UNHURRIED
@given(ANY_FACTS, st.sampled_from([NOT_HELD, "", "P1-NPCC-2018", "baseline"]))
def test_a_version_that_is_not_held_is_closed(document: Document, version: str) -> None:
    """As the active one, and as one that was told."""
    assert judged(CLOSED, document) == judged(version, {**document})
    told = judged(P1, {**document, "told_versions": [version or NOT_HELD]})
    assert "P0-1" in effects(told)
    assert ((P0,), Outcome.DENY) == (told.told_versions, told.outcome)


@UNHURRIED
@given(ANY_FACTS)
def test_what_was_written_in_2018_can_never_have_been_told(document: Document) -> None:
    """A word for it in what a person was told is closed, like any other that is not held."""
    found = judged(P1, {**document, "told_versions": [AS_WRITTEN]})
    assert ((P0,), "P0-1" in effects(found)) == (found.told_versions, True)
    assert AS_WRITTEN not in {version.id for version in shipped_versions()}


def test_looking_back_with_what_was_written_in_2018_goes_without_the_baseline() -> None:
    """Suspicion sufficed then, and nobody had to be told: that is what there is to compare with."""
    doubted = but(status_knowledge="doubt", victim_informed="no", told_versions=[])
    found = judged(AS_WRITTEN, doubted)
    assert (Outcome.ELIGIBLE, ()) == (found.outcome, found.rules)
    assert {"H0-1": Effect.DENY} == effects(
        judged(AS_WRITTEN, but(told_versions=[], status_knowledge="secure"))
    )


def test_same_among_the_told_versions_is_the_version_that_is_asked() -> None:
    """In tables one request can be asked of every version."""
    assert judged(P4, but(told_versions=[P4])) == judged(P4, but(told_versions=[SAME]))


@UNHURRIED
@given(VERSIONS, ANY_FACTS)
def test_the_hash_is_of_the_baseline_and_every_version_in_play(
    version: str, document: Document
) -> None:
    """Facts do not change it; a version that is told besides does."""
    found = judged(version, document)
    names = {found.version, *found.told_versions}
    again = judged(version, but(told_versions=sorted(names)))
    assert again.protocol_hash == found.protocol_hash
    assert 64 == len(found.protocol_hash)
    more = judged(version, but(told_versions=[*sorted(names), *(set(SIX) - names)]))
    assert (names == set(SIX)) is (more.protocol_hash == found.protocol_hash)


def test_the_hash_changes_with_every_word_of_a_version_and_not_with_who_activated_it() -> None:
    """Who signed is not what it says."""
    held = shipped_protocol()

    def hash_with(**changes: Any) -> str:
        changed = held.versions[P1].model_copy(update=changes)
        return judged(
            P1, IN_ORDER, Protocol(held.baseline, {**held.versions, P1: changed})
        ).protocol_hash

    before = hash_with()
    assert before == hash_with(activated_by=("north:one", "north:two"), dpia_id="dpia-1")
    assert before != hash_with(title="Another title")
    assert before != hash_with(cooling_off_hours=25)
    assert before != hash_with(max_fields=("name",))


def _sha256(document: object) -> str:
    """Over RFC 8785's form, as Python's own JSON writes it where there are no fractions."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_what_is_hashed_can_be_hashed_by_anybody() -> None:
    """Keys sorted, nothing that is empty by default, and versions in the order of their ids."""
    held = shipped_protocol()
    whole = {
        "baseline": held.baseline.model_dump(mode="json", exclude_none=True),
        "versions": [held.versions[name].content() for name in (P1, P4)],
    }
    assert _sha256(whole) == judged(P4, but(told_versions=[P1])).protocol_hash
    assert _sha256(whole) == judged(P1, but(told_versions=[P4, P4])).protocol_hash
    for name in SIX:
        version = held.versions[name]
        assert _sha256(version.content()) == content_hash(version)
        signed = version.model_copy(update={"dpia_id": "dpia-1", "activated_by": ("n:a", "n:b")})
        assert content_hash(signed) == content_hash(version)
        retitled = version.model_copy(update={"title": "Another title"})
        assert content_hash(retitled) != content_hash(version)


def test_rules_of_two_versions_that_share_an_id_are_both_told() -> None:
    """Nothing stops two authors from choosing the same id; neither's reason is lost."""
    shipped = shipped_protocol()
    p4, p1 = shipped.versions["p4-consent-2025"], shipped.versions["p1-npcc-2018"]
    (rule,) = p4.rules
    other = rule.model_copy(update={"reason": "Another reason."})
    twin = p1.model_copy(update={"id": "p9-twin", "rules": (other,)})
    protocol = Protocol(shipped.baseline, {**shipped.versions, "p9-twin": twin})
    facts = read_facts(but(consent_state="refused", told_versions=[p4.id]))
    said = protocol.evaluate("p9-twin", facts)
    assert {rule.reason, "Another reason."} == {r.reason for r in said.rules if r.id == rule.id}
