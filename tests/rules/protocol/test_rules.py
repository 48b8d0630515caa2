"""Every half of every rule: what it fires on, and the neighbouring values that it does not."""

from typing import Any

import pytest

from rules.protocol.shipped import shipped_baseline, shipped_versions
from schemas.fact_table import FACTS, Shape
from schemas.protocol import Effect, Outcome, Rule
from tests.rules.protocol.asked import IN_ORDER, P0, SIX, Document, but, effects, judged
from tests.rules.protocol.rows import ABSENT, BASELINE, OF_VERSIONS, ROWS, Row


def _of(row: Row, value: Any) -> Document:
    document = but(**row.where, **{row.fact: value})
    return {k: v for k, v in document.items() if (k, value) != (row.fact, ABSENT)}


def _name(row: Row) -> str:
    where = "".join(f" where {name} is {value}" for name, value in row.where.items())
    return f"{row.rule} {row.effect} {row.fact}{where}"


@pytest.mark.parametrize("version", [v for v in SIX if v != P0])
def test_a_request_in_order_is_fired_on_by_no_rule(version: str) -> None:
    """So what a row changes is what its rule fires on."""
    found = judged(version, IN_ORDER)
    assert (Outcome.ELIGIBLE, ()) == (found.outcome, found.rules)


@pytest.mark.parametrize("row", ROWS, ids=_name)
def test_a_rule_fires_on_what_it_is_for_and_on_no_neighbouring_value(row: Row) -> None:
    """A rule that denies does not wait too."""
    fires = [effects(judged(row.version, _of(row, value))).get(row.rule) for value in row.fires]
    silent = [effects(judged(row.version, _of(row, value))).get(row.rule) for value in row.silent]
    assert [row.effect] * len(row.fires) == fires
    assert row.effect not in silent


@pytest.mark.parametrize("row", [row for row in ROWS if row.fires], ids=_name)
def test_what_a_rule_fires_on_is_not_eligible(row: Row) -> None:
    """Denied where one denies, and waiting else; a waiting rule names its fact as needed."""
    for value in row.fires:
        found = judged(row.version, _of(row, value))
        is_denied = Effect.DENY in effects(found).values()
        assert (Outcome.DENY if is_denied else Outcome.NEEDS_FACTS) is found.outcome
        assert (row.effect is Effect.WAIT) <= (row.fact in found.needs)
        assert () == found.fields


def _halves(rules: tuple[Rule, ...]) -> set[tuple[str, Effect]]:
    each = [(rule.id, Effect.DENY, rule.denies) for rule in rules]
    each += [(rule.id, Effect.WAIT, rule.waits) for rule in rules]
    return {(rule, effect) for rule, effect, half in each if half is not None}


def _rows(rows: tuple[Row, ...]) -> set[tuple[str, Effect]]:
    return {(row.rule, row.effect) for row in rows if row.fires}


def test_every_half_of_the_baseline_has_a_row() -> None:
    """A rule that is added, or loses a half, is added here or lost here by hand."""
    assert _halves(shipped_baseline().rules) == _rows(BASELINE)


def test_every_half_of_every_version_has_a_row_under_it() -> None:
    """The same; and the row asks the version that the rule is of."""
    halves = [(v.id, half) for v in shipped_versions() for half in _halves(v.rules)]
    assert set(halves) == {(row.version, half) for row in OF_VERSIONS for half in _rows((row,))}


@pytest.mark.parametrize("row", [row for row in ROWS if row.fires and not row.where], ids=_name)
def test_a_row_of_a_fact_with_one_value_says_something_of_every_value(row: Row) -> None:
    """A value that is added to a fact has to be thought about in every rule that reads it."""
    if FACTS[row.fact].shape is Shape.ONE and row.rule != "P0-1":
        told = {*row.fires, *row.silent}
        assert {*FACTS[row.fact].values, ABSENT} == told
        assert len(told) == len(row.fires) + len(row.silent)


def test_a_rule_says_why_and_where_that_comes_from_in_sentences_of_its_own() -> None:
    """No two rules of the baseline give the same reason."""
    rules = shipped_baseline().rules
    assert 33 == len(rules) == len({rule.reason for rule in rules})
    assert all(rule.reason.endswith(".") for rule in rules)
