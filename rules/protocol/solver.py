"""Exact reasoning over atoms: is there an assignment for which all of these clauses hold?

A clause is a choice: one atom at least has one of the values it names. There are finitely many
atoms with few values each, so the search ends, and *none* means none among all assignments: no
sample is taken. Values of a reference are tried first, and whatever can go back to its reference
does, so that what is found differs from it only where it must.
"""

from collections.abc import Iterable, Mapping, Sequence

from rules.protocol.conditions import Box
from schemas.fact_table import ATOMS, FACTS, YES, Shape

Assignment = Mapping[str, str]
Clause = Mapping[str, frozenset[str]]
_Domains = dict[str, frozenset[str]]

_DOMAINS: _Domains = {name: frozenset(values) for name, values in ATOMS.items()}
_LISTS_HOLD_SOMETHING: tuple[Clause, ...] = tuple(
    {name: frozenset({YES}) for name in fact.atoms}
    for fact in FACTS.values()
    if fact.shape is Shape.LIST
)
"""A list that nothing is given for holds `unknown`: no assignment has an empty one."""


def outside(box: Box) -> Clause:
    """That an assignment does not lie in a box."""
    return {name: _DOMAINS[name] - values for name, values in box.items()}


def inside(box: Box) -> tuple[Clause, ...]:
    """That an assignment lies in a box."""
    return tuple({name: values} for name, values in box.items())


def find(clauses: Iterable[Clause], reference: Assignment) -> Assignment | None:
    """An assignment for which every clause holds, as near to the reference as it can be.

    None of its differences from the reference can be taken back by itself. None: there is none.
    """
    everything = [*_LISTS_HOLD_SOMETHING, *clauses]
    found = _search(everything, dict(_DOMAINS), reference)
    return None if found is None else _nearest(everything, found, reference)


def is_possible(clauses: Iterable[Clause], reference: Assignment) -> bool:
    """Whether there is any such assignment."""
    everything = [*_LISTS_HOLD_SOMETHING, *clauses]
    return _search(everything, dict(_DOMAINS), reference) is not None


def _search(
    clauses: Sequence[Clause], domains: _Domains, reference: Assignment
) -> dict[str, str] | None:
    open_clauses = _propagate(clauses, domains)
    if open_clauses is None:
        return None
    if not open_clauses:
        return {name: _preferred(values, reference[name]) for name, values in domains.items()}
    name = next(name for name in open_clauses[0] if domains[name] & open_clauses[0][name])
    wanted = domains[name] & open_clauses[0][name]
    for values in (wanted, domains[name] - wanted):
        if values:
            found = _search(open_clauses, {**domains, name: values}, reference)
            if found is not None:
                return found
    return None


def _propagate(clauses: Sequence[Clause], domains: _Domains) -> list[Clause] | None:
    """Draw what must follow, in place; the clauses that are still a choice, None if one fails."""
    remaining = list(clauses)
    while True:
        still, has_moved = [], False
        for clause in remaining:
            if any(domains[name] <= values for name, values in clause.items()):
                continue
            possible = [name for name, values in clause.items() if domains[name] & values]
            if not possible:
                return None
            if len(possible) == 1:
                domains[possible[0]] &= clause[possible[0]]
                has_moved = True
            else:
                still.append(clause)
        if not has_moved:
            return still
        remaining = still


def _preferred(values: frozenset[str], reference: str) -> str:
    return reference if reference in values else min(values)


def _nearest(clauses: Sequence[Clause], found: dict[str, str], reference: Assignment) -> Assignment:
    """Take back every difference that can be, until none can."""
    has_moved = True
    while has_moved:
        has_moved = False
        for name in [name for name in found if found[name] != reference[name]]:
            nearer = {**found, name: reference[name]}
            if all(_holds(clause, nearer) for clause in clauses):
                found, has_moved = nearer, True
    return found


def _holds(clause: Clause, assignment: Assignment) -> bool:
    return any(assignment[name] in values for name, values in clause.items())
