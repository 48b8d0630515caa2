"""The solver, held against every assignment where these are few, and against Z3 where not."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import pytest
import z3  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from rules.protocol import safeguards
from rules.protocol.conditions import Box
from rules.protocol.evaluation import InPlay
from rules.protocol.shipped import shipped_protocol
from rules.protocol.solver import Clause, find, inside, is_possible, outside
from schemas.fact_table import ATOMS, FACTS, UNKNOWN, YES
from tests.rules.protocol.asked import P0, SIX, UNHURRIED, with_rules

REFERENCE = safeguards.IN_ORDER.atoms
FEW = ("age_band", "objection", "purpose", "consent_state", "crime_types:hate")
CRIMES = tuple(FACTS["crime_types"].atoms)


def _some_of(name: str) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(ATOMS[name]))


def _clauses(names: Sequence[str]) -> st.SearchStrategy[list[Clause]]:
    one = st.lists(st.sampled_from(names), min_size=1, max_size=3, unique=True).flatmap(
        lambda some: st.fixed_dictionaries({name: _some_of(name) for name in some})
    )
    return st.lists(one, max_size=9)


def _holds(clauses: Iterable[Clause], atoms: Mapping[str, str]) -> bool:
    return all(any(atoms[n] in values for n, values in clause.items()) for clause in clauses)


def _by_trying(clauses: Sequence[Clause]) -> bool:
    """Whether any assignment of the few atoms does, all others being as in order."""
    every = product(*(ATOMS[name] for name in FEW))
    return any(
        _holds(clauses, {**REFERENCE, **dict(zip(FEW, values, strict=True))}) for values in every
    )


@UNHURRIED
@given(_clauses(FEW))
def test_there_is_an_assignment_exactly_where_trying_all_of_them_finds_one(
    clauses: list[Clause],
) -> None:
    """What is found holds; where none is found there is none."""
    found = find(clauses, REFERENCE)
    assert _by_trying(clauses) is (found is not None) is is_possible(clauses, REFERENCE)
    if found is not None:
        assert _holds(clauses, found)
        assert [*ATOMS] == [*found]
        assert all(value in ATOMS[name] for name, value in found.items())


@UNHURRIED
@given(_clauses(FEW))
def test_what_is_found_differs_from_the_reference_only_where_it_must(
    clauses: list[Clause],
) -> None:
    """No difference can be taken back by itself."""
    found = find(clauses, REFERENCE)
    for name in [name for name in ATOMS if found and found[name] != REFERENCE[name]]:
        assert not _holds(clauses, {**(found or {}), name: REFERENCE[name]})


def test_with_no_clause_at_all_the_reference_is_found() -> None:
    """And with one that is empty, nothing: there is no way to meet it."""
    assert REFERENCE == find([], REFERENCE)
    assert find([{}], REFERENCE) is None
    assert not is_possible([{"objection": frozenset()}], REFERENCE)


def test_a_list_holds_something() -> None:
    """A crime nobody named is `unknown`; a list of none cannot be asked about."""
    none_of_them = [{name: frozenset({"no"})} for name in CRIMES]
    assert find(none_of_them, REFERENCE) is None
    all_but_unknown = [one for one in none_of_them if "crime_types:unknown" not in one]
    found = find(all_but_unknown, REFERENCE)
    assert found is not None
    assert YES == found["crime_types:unknown"]


@UNHURRIED
@given(_clauses(FEW))
def test_a_box_and_what_is_outside_of_it_are_never_both_so(clauses: list[Clause]) -> None:
    """And one of them always is."""
    for box in clauses:
        whole = [outside(box), *inside(box)]
        assert not is_possible(whole, REFERENCE)
        is_either = _holds([outside(box)], REFERENCE) or _holds(inside(box), REFERENCE)
        assert is_either


def _z3(clauses: Iterable[Clause], each: Iterable[Iterable[Clause]] = ((),)) -> list[bool]:
    """For each of these besides, whether Z3 finds an assignment for which all of the clauses hold.

    Each atom has one of its values; of each clause one part holds.
    """
    solver = z3.Solver()
    solver.add([_is_one_of(name, values) for name, values in ATOMS.items()])
    solver.add(_is_any({name: frozenset({YES}) for name in CRIMES}))
    solver.add([_is_any(clause) for clause in clauses])
    return [_is_possible_too(solver, also) for also in each]


def _is_possible_too(solver: z3.Solver, also: Iterable[Clause]) -> bool:
    solver.push()
    solver.add([_is_any(clause) for clause in also])
    found = solver.check() == z3.sat
    solver.pop()
    return bool(found)


def _is_any(clause: Clause) -> z3.BoolRef:
    return z3.Or([_is_one_of(name, values) for name, values in clause.items()])


def _is_one_of(name: str, values: Iterable[str]) -> z3.BoolRef:
    return z3.Or([z3.Int(name) == ATOMS[name].index(value) for value in values])


def _eligible(play: InPlay) -> list[Clause]:
    return [outside(box) for half in play.rules for box in (*half.denies, *half.waits)]


def _breaches(play: InPlay) -> list[Box]:
    names = {play.version, *play.told_versions}
    fields = safeguards.of_fields(shipped_protocol().versions[name].max_fields for name in names)
    return [box for line in (*safeguards.ALWAYS, *fields) for box in line.breaches]


@pytest.mark.parametrize("version", SIX)
def test_z3_too_finds_nothing_eligible_that_breaks_a_line_of_the_safeguards(version: str) -> None:
    """Another solver on the same clauses; and something is eligible, but for the closed version."""
    for told in ((version,), ("p4-consent-2025", version)):
        play = shipped_protocol().in_play(version, told)
        eligible = _eligible(play)
        assert [version != P0] == _z3(eligible) == [is_possible(eligible, REFERENCE)]
        breaches = [inside(box) for box in _breaches(play)]
        assert [False] * len(breaches) == _z3(eligible, breaches)


@pytest.mark.parametrize("gone", ["B01", "B06", "B07", "B18", "B24", "B26", "B32"])
def test_z3_and_the_solver_agree_on_what_a_weakened_baseline_lets_pass(gone: str) -> None:
    """Line by line of the safeguards."""
    rules = tuple(r for r in shipped_protocol().baseline.rules if r.id != gone)
    play = with_rules(rules).in_play("p1-npcc-2018", ("p1-npcc-2018",))
    eligible = _eligible(play)
    breaches = [inside(box) for box in _breaches(play)]
    found = [find([*eligible, *also], REFERENCE) is not None for also in breaches]
    assert found == _z3(eligible, breaches)
    assert any(found)


@UNHURRIED
@given(_clauses([*ATOMS]))
def test_z3_and_the_solver_agree_on_any_clauses(clauses: list[Clause]) -> None:
    """Over all atoms, where there are too many assignments to try."""
    assert [find(clauses, REFERENCE) is not None] == _z3(clauses)


def test_unknown_is_a_value_like_any_other_to_the_solver() -> None:
    """It knows atoms and values, and nothing of what they mean."""
    found = find([{"objection": frozenset({UNKNOWN})}], REFERENCE)
    assert found == {**REFERENCE, "objection": UNKNOWN}
