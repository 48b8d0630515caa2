"""Conditions: comparisons of facts to constants, joined by `all`, `any` and `not`.

As data, a condition is one of

    {fact: objection, is: raised}                   the fact has this value
    {fact: consent_state, in: [refused, expired]}   … one of these
    {fact: ie_relief_commitment, is_not: in_force}  … another one, and it is known
    {fact: third_party_link, not_in: [engaged]}     … none of these, and it is known
    {fact: crime_types, has: hate}                  the list, or any item of the object, has it
    {fact: requested_fields, outside: max_fields}   a field that some version in play does not allow
    {all: […]}   {any: […]}   {not: …}   {always: yes}

An unknown value is neither one thing nor the other: only a comparison that names `unknown` is true
of it. So `is_not` and `not` never turn what nobody knows into a denial or a pass.

Each condition becomes *boxes*: alternatives, each of which says for a few atoms which values they
must have. A box is what is evaluated and what is proved; there is no second reading.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from schemas.fact_table import (
    ATOMS,
    FACTS,
    NO,
    TIER_A,
    TIER_B,
    UNKNOWN,
    YES,
    Fact,
    Shape,
    atom,
)

Box = Mapping[str, frozenset[str]]
"""Atom → the values it must have, all at once. The empty box is always so."""
Boxes = tuple[Box, ...]
Key = frozenset[tuple[str, frozenset[str]]]

MAX_FIELDS = "max_fields"
_MOST_ALTERNATIVES = 500
_JOINS = ("all", "any", "not", "always")
_ONE = ("is", "in", "is_not", "not_in")
_OPERATORS: Mapping[Shape, tuple[str, ...]] = {
    Shape.ONE: _ONE,
    Shape.LIST: ("has",),
    Shape.ITEMS: ("has",),
    Shape.FIELDS: ("is", "outside"),
    Shape.VERSIONS: ("is",),
}


class ConditionError(ValueError):
    """A condition that cannot be read: where in it, and why."""

    def __init__(self, path: Sequence[str | int], reason: str) -> None:
        super().__init__(reason)
        self.path = tuple(path)


@dataclass(frozen=True)
class Comparison:
    """One fact compared to constants."""

    fact: Fact
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Join:
    """Conditions joined by `all` or `any`; `all` of none is always so."""

    how: str
    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    part: "Condition"


Condition = Comparison | Join | Not


def read(document: object, path: Sequence[str | int] = ()) -> Condition:
    """The condition that is written as data.

    Raises:
        ConditionError: an unknown fact, value, operator or key.
    """
    if not isinstance(document, Mapping) or not document:
        raise ConditionError(path, "a condition is a mapping, such as {fact: objection, is: none}")
    if "fact" in document:
        return _comparison(document, path)
    key, *more = document
    if key not in _JOINS:
        raise ConditionError([*path, key], f"there is no operator {key!r}")
    if more:
        raise ConditionError([*path, more[0]], f"{key!r} stands alone in its mapping")
    return _joined(key, document[key], [*path, key])


def _joined(key: str, inner: object, path: Sequence[str | int]) -> Condition:
    if key == "not":
        return Not(read(inner, path))
    if key == "always":
        if inner != YES:
            raise ConditionError(path, "write `always: yes`")
        return Join("all", ())
    if not isinstance(inner, Sequence) or isinstance(inner, str) or not inner:
        raise ConditionError(path, f"{key!r} needs a list of conditions")
    return Join(key, tuple(read(part, [*path, number]) for number, part in enumerate(inner)))


def _comparison(document: Mapping[str, Any], path: Sequence[str | int]) -> Condition:
    fact = FACTS.get(document["fact"]) if isinstance(document["fact"], str) else None
    if fact is None:
        raise ConditionError([*path, "fact"], f"there is no fact {document['fact']!r}")
    operators = [key for key in document if key != "fact"]
    if len(operators) != 1:
        raise ConditionError(path, "a comparison has a fact and one operator")
    (operator,) = operators
    allowed = _OPERATORS[fact.shape]
    if operator not in allowed:
        raise ConditionError(
            [*path, operator],
            f"there is no operator {operator!r} for {fact.name}; there is {', '.join(allowed)}",
        )
    values = _constants(document[operator], operator, [*path, operator])
    _check(fact, operator, values, [*path, operator])
    return Comparison(fact, operator, values)


def _constants(given: object, operator: str, path: Sequence[str | int]) -> tuple[str, ...]:
    if operator in ("in", "not_in"):
        if isinstance(given, Sequence) and not isinstance(given, str) and given:
            return tuple(str(value) for value in given)
        raise ConditionError(path, f"{operator!r} needs a list of values")
    if isinstance(given, str):
        return (given,)
    raise ConditionError(path, f"{operator!r} needs one value")


def _check(fact: Fact, operator: str, values: tuple[str, ...], path: Sequence[str | int]) -> None:
    known = {MAX_FIELDS} if operator == "outside" else fact.constants
    for value in values:
        if value not in known:
            raise ConditionError(path, f"{fact.name} has no value {value!r}")
    if operator in ("is_not", "not_in") and UNKNOWN in values:
        raise ConditionError(path, f"{operator!r} is never true of what is unknown: leave it out")


def boxes(condition: Condition, allowed: frozenset[str] = frozenset(TIER_A)) -> Boxes:
    """The alternatives under which a condition is definitely true.

    Args:
        condition: the condition.
        allowed: the fields that every version in play allows, which `outside` compares with.
    """
    return _simplest(_boxes(condition, allowed, wanted=True))


def _boxes(condition: Condition, allowed: frozenset[str], *, wanted: bool) -> list[Box]:
    match condition:
        case Not(part):
            return _boxes(part, allowed, wanted=not wanted)
        case Join(how, parts):
            each = [_boxes(part, allowed, wanted=wanted) for part in parts]
            together = (how == "all") is wanted
            return _all_of(each) if together else [box for some in each for box in some]
        case Comparison():
            return _compared(condition, allowed, wanted=wanted)


def _all_of(each: Iterable[list[Box]]) -> list[Box]:
    """One alternative of each, all at once.

    Raises:
        ConditionError: there are more than anybody could read.
    """
    so_far: list[Box] = [{}]
    for some in each:
        joined = (_meet(choice) for choice in product(so_far, some))
        so_far = list(_simplest(box for box in joined if box is not None))
        if len(so_far) > _MOST_ALTERNATIVES:
            raise ConditionError((), f"this has more than {_MOST_ALTERNATIVES} alternatives")
    return so_far


def _meet(some: Iterable[Box]) -> Box | None:
    met: dict[str, frozenset[str]] = {}
    for box in some:
        for name, values in box.items():
            met[name] = met.get(name, frozenset(ATOMS[name])) & values
    return met if all(met.values()) else None


def _compared(comparison: Comparison, allowed: frozenset[str], *, wanted: bool) -> list[Box]:
    fact, operator, values = comparison.fact, comparison.operator, frozenset(comparison.values)
    match fact.shape:
        case Shape.FIELDS:
            return _of_fields(fact, operator, allowed, wanted=wanted)
        case Shape.LIST:
            return [_in_list(fact, comparison.values[0], wanted=wanted)]
        case Shape.ITEMS:
            alike = [{name: _is(fact, values, wanted=wanted)} for name in fact.atoms]
            return list(alike) if wanted else _all_of([[box] for box in alike])
        case Shape.ONE | Shape.VERSIONS:
            is_true = wanted is (operator in ("is", "in"))
            return [{fact.name: _is(fact, values, wanted=is_true)}]


def _in_list(fact: Fact, value: str, *, wanted: bool) -> Box:
    """That the list has it; or that it definitely has not, for an unknown entry may be any."""
    if wanted:
        return {atom(fact.name, value): frozenset({YES})}
    return {atom(fact.name, one): frozenset({NO}) for one in (value, UNKNOWN)}


def _is(fact: Fact, values: frozenset[str], *, wanted: bool) -> frozenset[str]:
    """The values of which it is definitely so, or definitely not."""
    return values if wanted else fact.constants - values - {UNKNOWN}


def _of_fields(fact: Fact, operator: str, allowed: frozenset[str], *, wanted: bool) -> list[Box]:
    atoms = fact.atoms if operator == "is" else [a for a in fact.atoms if _entry(a) not in allowed]
    is_any = wanted is (operator == "outside")
    if is_any:
        return [{name: frozenset({YES})} for name in atoms]
    return _all_of([[{name: frozenset({NO})}] for name in atoms])


def _entry(atom_name: str) -> str:
    return atom_name.partition(":")[2]


def _simplest(all_boxes: Iterable[Box]) -> Boxes:
    """Without alternatives that can never be so, or that another one covers."""
    kept: list[Box] = []
    for box in sorted((box for box in all_boxes if all(box.values())), key=len):
        if not any(_covers(wide, box) for wide in kept):
            kept = [*(one for one in kept if not _covers(box, one)), box]
    return tuple(kept)


def _covers(wide: Box, narrow: Box) -> bool:
    return all(name in narrow and narrow[name] <= values for name, values in wide.items())


def key_of(box: Box) -> Key:
    """A box as something that sets can hold."""
    return frozenset(box.items())


def is_so(box: Box, atoms: Mapping[str, str]) -> bool:
    """Whether the values of the atoms lie in the box."""
    return all(atoms[name] in values for name, values in box.items())


def allowed_fields(some: Iterable[Iterable[str]]) -> frozenset[str]:
    """The fields that every one of these allows."""
    each = [frozenset(fields) for fields in some]
    return frozenset.intersection(*each) if each else frozenset({*TIER_A, *TIER_B})
