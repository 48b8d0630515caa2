"""The proof: what is shipped holds, and whatever is weaker is shown with a case of it."""

from collections.abc import Iterable

import pytest

from rules.protocol import safeguards
from rules.protocol.conditions import is_so
from rules.protocol.evaluation import InPlay, Protocol
from rules.protocol.proof import PROMISES, prove
from rules.protocol.shipped import shipped_baseline, shipped_protocol
from schemas.actor import Role
from schemas.fact_table import FACTS, Shape, fact_of
from schemas.facts import facts_of, read_facts
from schemas.proof import Counterexample, Proof
from schemas.protocol import LESS_PROTECTS, Effect, Outcome, Rule, Terms
from tests.rules.protocol.asked import (
    IN_ORDER,
    P0,
    P1,
    P2,
    P3,
    P4,
    P5,
    SIX,
    Document,
    effects,
    judged,
    with_rules,
)
from tests.rules.protocol.by_hand import fired
from tests.rules.protocol.rows import ABSENT, ROWS

DENY, WAIT = Effect.DENY, Effect.WAIT
RULES = shipped_baseline().rules
HALVES = [(rule.id, half) for rule in RULES for half in ("denies", "waits") if getattr(rule, half)]


def without(gone: str, half: str | None = None) -> Protocol:
    """The protocol on a baseline without this rule, or without half of it."""
    kept = [rule for rule in RULES if rule.id != gone]
    cut = [rule.model_copy(update={half: None}) for rule in RULES if rule.id == gone and half]
    return with_rules((*kept, *cut))


def example_of(proof: Proof, number: int) -> Counterexample:
    """The case in which this promise does not hold."""
    example = proof.promises[number - 1].counterexample
    assert example is not None, PROMISES[number]
    return example


@pytest.fixture(scope="module")
def shipped() -> Proof:
    """The proof of the six versions, and of all that somebody under them may have been told."""
    return prove(shipped_protocol(), SIX)


def test_every_promise_holds_for_the_six_versions_every_pair_and_every_list(
    shipped: Proof,
) -> None:
    """Thirty-six pairs, and of each version the 57 lists of two or more that were told."""
    assert shipped.holds
    assert [None] * 6 == [promise.counterexample for promise in shipped.promises]
    assert list(PROMISES.items()) == [(one.number, one.sentence) for one in shipped.promises]
    assert (SIX, 36, 6 * 57) == (shipped.versions, shipped.pairs, shipped.lists)


def test_facts_that_no_rule_reads_are_told(shipped: Proof) -> None:
    """Four facts that one version alone reads."""
    only_p3 = {"support_engaged", "signposting_given", "regulated_advice", "ie_relief_commitment"}
    expected = {version: set() if version == P3 else only_p3 for version in SIX}
    assert expected == {version: set(names) for version, names in shipped.unread.items()}


@pytest.mark.parametrize(("rule", "half"), HALVES, ids=str)
def test_a_baseline_without_half_a_rule_is_refuted_with_the_least_case_of_it(
    rule: str, half: str
) -> None:
    """It is eligible on a baseline that is weaker, it was not before, and no less would show it."""
    weak = without(rule, half)
    proof = prove(weak, [P1])
    assert not proof.holds
    _check_case(example_of(proof, 2), weak, rule)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_a_baseline_without_a_rule_is_refuted_under_every_version_it_is_live_in(rule: str) -> None:
    """Under those that do not say the same themselves; the closed one needs no baseline."""
    weak = without(rule)
    covered = {P0: {rule}, P3: {"B25", "B26"}, P4: {"B06", "B32"}, P5: {"B06", "B32"}}
    for version in SIX:
        proof = prove(weak, [version])
        assert (rule in covered.get(version, ())) is proof.holds, version
        if not proof.holds:
            _check_case(example_of(proof, 2), weak, rule)


def _check_case(example: Counterexample, weak: Protocol, rule: str) -> None:
    found = judged(example.version, example.facts, weak)
    assert (Outcome.ELIGIBLE, ()) == (found.outcome, found.rules)
    assert [rule] == [*effects(judged(example.version, example.facts))]
    assert {rule} == {*fired(example.version, example.facts)}
    for nearer in _each_put_back(example):
        now, before = judged(example.version, nearer, weak), judged(example.version, nearer)
        assert before.rules == now.rules


def _each_put_back(example: Counterexample) -> Iterable[Document]:
    """The case, with one of its differences as it is in a request in order."""
    in_order = safeguards.IN_ORDER.given() | {"told_versions": [*example.told_versions]}
    assert example.differs
    for name in example.differs:
        yield {**example.facts, name: in_order[name]}


@pytest.mark.parametrize(("rule", "half"), HALVES, ids=str)
def test_what_a_case_says_that_it_differs_in_is_all_that_it_differs_in(
    rule: str, half: str
) -> None:
    """Whoever lays these facts over a request in order has the case; each promise's alike."""
    for promise in prove(without(rule, half), [P1]).promises:
        if promise.counterexample is not None:
            example = promise.counterexample
            whole = {**safeguards.IN_ORDER.given(), "told_versions": [*example.told_versions]}
            for name, value in example.differs.items():
                is_object = FACTS[name].shape is Shape.ITEMS
                whole[name] = {**whole[name], **value} if is_object else value
            assert read_facts(example.facts).atoms == read_facts(whole).atoms


def test_not_one_halfs_removal_goes_unseen_by_the_promise_on_what_is_unknown() -> None:
    """A half that waits for what is unknown, removed, makes not knowing a way to pass."""
    for row in ROWS:
        if row.effect is WAIT and row.rule.startswith("B") and row.rule != "B23":
            example = example_of(prove(without(row.rule, "waits"), [P1]), 4)
            assert "was known, and stopped it" in example.broken
            assert "unknown" in example.outcome


def _loosened(**terms: int) -> Protocol:
    """On a baseline with another floor, and versions that go as far as it lets them."""
    held = shipped_protocol()
    floor = held.baseline.floor.model_copy(update=terms)
    versions = {n: one.model_copy(update=terms) for n, one in held.versions.items()}
    return Protocol(held.baseline.model_copy(update={"floor": floor}), versions)


@pytest.mark.parametrize("term", list(Terms.model_fields))
def test_a_baseline_with_a_loosened_number_is_refuted(term: str) -> None:
    """By the numbers that stand beside the table of safeguards, and nowhere in the files."""
    least: int = getattr(shipped_baseline().floor, term)
    looser = least + 1 if term in LESS_PROTECTS else least - 1
    example = example_of(prove(_loosened(**{term: looser}), [P1]), 6)
    bound = "more" if term in LESS_PROTECTS else "less"
    assert f"{term} of the baseline is {looser}, {bound} than {least}" == example.broken
    assert prove(_loosened(**{term: 2 * least - looser}), [P1]).holds


def test_the_numbers_that_nothing_may_loosen_are_these() -> None:
    """By hand."""
    assert Terms(
        min_rationale_chars=80,
        approval_ttl_hours=72,
        cooling_off_hours=24,
        objection_window_hours=72,
        link_to_request_hours=72,
        request_lapses_after_days=7,
        review_after_days=28,
    ) == safeguards.LEAST == shipped_baseline().floor  # fmt: skip


def _version_with(**changes: object) -> Protocol:
    held = shipped_protocol()
    changed = held.versions[P1].model_copy(update=changes)
    return Protocol(held.baseline, {**held.versions, P1: changed})


def test_a_version_that_only_adds_holds() -> None:
    """A rule that loosens nothing changes nothing that was promised."""
    more = Rule(
        id="P1-1",
        denies={"fact": "crime_types", "has": "hate"},
        waits={"fact": "signposting_given", "is": "unknown"},
        reason="Made up.",
        source="Made up.",
    )
    proof = prove(_version_with(rules=(more,)), SIX)
    assert proof.holds
    assert "signposting_given" not in proof.unread[P1]
    assert "P1-1" not in {one.rule for one in proof.shadowed if one.version == P1}


def test_a_version_with_one_seat_or_another_seat_is_refuted() -> None:
    """The loader refuses both; the proof does not rely on that."""
    one_seat = prove(_version_with(approver_roles=(Role.SENIOR_AUTHORISER,)), [P1])
    assert "two different people approve" == example_of(one_seat, 6).broken
    vetoer = prove(_version_with(approver_roles=(Role.SENIOR_AUTHORISER, Role.DPO)), [P1])
    assert "two different people approve" == example_of(vetoer, 6).broken


def test_a_closed_version_that_lost_its_rule_is_refuted() -> None:
    """The first promise: nothing is ever eligible while closed."""
    held = shipped_protocol()
    opened = held.versions[P0].model_copy(update={"rules": ()})
    protocol = Protocol(held.baseline, {**held.versions, P0: opened})
    proof = prove(protocol, [P0, P1])
    example = example_of(proof, 1)
    assert "nothing is eligible while closed" == example.broken
    found = judged(example.version, example.facts, protocol)
    assert Outcome.ELIGIBLE is found.outcome


class _Forgetful(Protocol):
    """Applies the active version alone."""

    def in_play(  # type: ignore[override] # it is not cached
        self, version: str, told: tuple[str, ...] = ()
    ) -> InPlay:
        """Whatever else was told is lost."""
        return super().in_play(version, tuple(one for one in told if one == version))


def test_a_protocol_that_forgets_what_was_told_is_refuted() -> None:
    """The third promise: on an evaluation that is wrong, and rules that are right."""
    held = shipped_protocol()
    proof = prove(_Forgetful(held.baseline, held.versions), [P1, P4])
    assert f"{P4} was promised" == example_of(proof, 3).broken


def test_what_is_eligible_by_the_table_and_by_the_rules_is_the_same() -> None:
    """Not only implied: the baseline under p1 asks for the table of safeguards and no more."""
    lines = (
        *safeguards.ALWAYS,
        *safeguards.of_fields([shipped_protocol().versions[P1].max_fields]),
    )
    for row in [row for row in ROWS if row.fact != "told_versions"]:
        for value in (*row.fires, *row.silent):
            document = {**IN_ORDER, **row.where, row.fact: value}
            if value == ABSENT:
                del document[row.fact]
            atoms = read_facts(document).atoms
            is_broken = any(is_so(box, atoms) for line in lines for box in line.breaches)
            assert is_broken is (judged(P1, document).outcome is not Outcome.ELIGIBLE)


def test_a_version_is_proved_beside_versions_that_are_told_and_not_active() -> None:
    """Each pair both ways round, so that what is drafted is proved beside what was promised."""
    proof = prove(shipped_protocol(), [P2], [P4, P5])
    assert (True, (P2,), 4, 1) == (proof.holds, proof.versions, proof.pairs, proof.lists)


def test_a_case_is_told_by_atoms_that_lead_back_to_its_facts() -> None:
    """Without B06 a no would be passed over; that is the whole case."""
    example = example_of(prove(without("B06", "denies"), [P1]), 2)
    assert ["consent_state"] == [*example.differs]
    assert example.differs["consent_state"] in {"refused", "withdrawn", "expired", "not_capable"}
    facts = read_facts(example.facts)
    assert facts.atoms == facts_of(facts.atoms, facts.told_versions).atoms
    assert {fact_of(name) for name in facts.atoms} == set(FACTS)
