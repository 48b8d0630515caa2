"""Reading facts: what is known of one request, and nothing that is not a fact.

An unknown name or value is an error that names the fact, and nothing is evaluated.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from schemas.fact_table import (
    ANYTHING_ELSE,
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

FactValue = str | tuple[str, ...] | Mapping[str, str]


class FactError(ValueError):
    """A fact that cannot be read: which, and what is wrong. Nothing was evaluated."""

    def __init__(self, fact: str, reason: str) -> None:
        super().__init__(f"{fact}: {reason}")
        self.fact = fact
        self.reason = reason


@dataclass(frozen=True)
class Facts:
    """What is known of one request: a value for every fact, absent ones as they read."""

    values: Mapping[str, FactValue]

    @cached_property
    def atoms(self) -> Mapping[str, str]:
        """The value of every atom."""
        atoms: dict[str, str] = {}
        for fact in FACTS.values():
            value = self.values[fact.name]
            if isinstance(value, str):
                atoms[fact.name] = value
            else:
                atoms |= _parts(fact, value)
        return atoms

    @property
    def told_versions(self) -> tuple[str, ...]:
        """Every version the person was ever told, as given."""
        return self._several("told_versions")

    @property
    def requested_fields(self) -> tuple[str, ...]:
        """The fields asked for, as given."""
        return self._several("requested_fields")

    def given(self) -> dict[str, Any]:
        """What differs from nothing being known at all, as JSON."""
        return {
            name: _as_json(value)
            for name, value in self.values.items()
            if value != _READ_NOTHING.values[name]
        }

    def _several(self, name: str) -> tuple[str, ...]:
        value = self.values[name]
        return value if isinstance(value, tuple) else ()


def _parts(fact: Fact, value: tuple[str, ...] | Mapping[str, str]) -> Mapping[str, str]:
    """The atoms of a fact that has several."""
    if isinstance(value, Mapping):
        return {name: value[item] for item, name in fact.parts.items()}
    if fact.shape is Shape.VERSIONS:
        return {fact.name: "known" if value else UNKNOWN}
    held = {_known_field(entry) for entry in value} if _is_fields(fact) else value
    return {name: YES if entry in held else NO for entry, name in fact.parts.items()}


def _as_json(value: FactValue) -> Any:
    if isinstance(value, Mapping):
        return {item: answer for item, answer in value.items() if answer != UNKNOWN}
    return list(value) if isinstance(value, tuple) else value


def _is_fields(fact: Fact) -> bool:
    return fact.shape is Shape.FIELDS


def _known_field(name: str) -> str:
    return name if name in TIER_A or name in TIER_B else ANYTHING_ELSE


def read_facts(document: object) -> Facts:
    """The facts of a JSON object.

    Args:
        document: names and values as in `FACTS`; what is left out reads as its absence does.

    Raises:
        FactError: a name that is no fact, or a value outside its list.
    """
    if not isinstance(document, Mapping):
        raise FactError("facts", "must be one JSON object of fact names and values")
    for name in document:
        if name not in FACTS:
            raise FactError(str(name), "there is no such fact")
        if document[name] is None:
            raise FactError(name, "must have a value; leave out what nobody knows")
    return Facts({fact.name: _read(fact, document.get(fact.name)) for fact in FACTS.values()})


def _read(fact: Fact, given: object) -> FactValue:
    match fact.shape:
        case Shape.ONE:
            return fact.absent if given is None else _one_of(fact, given)
        case Shape.ITEMS:
            return _items(fact, {} if given is None else given)
        case Shape.LIST:
            entries = tuple(_one_of(fact, entry) for entry in _list(fact, given))
            return entries or (fact.absent,)
        case Shape.FIELDS | Shape.VERSIONS:
            return tuple(_name(fact, entry) for entry in _list(fact, given))


def _one_of(fact: Fact, given: object) -> str:
    if isinstance(given, str) and given in fact.constants:
        return given
    raise FactError(fact.name, f"must be one of {', '.join(fact.values)}")


def _list(fact: Fact, given: object) -> tuple[object, ...]:
    if given is None:
        return ()
    if isinstance(given, list | tuple):
        return tuple(dict.fromkeys(given)) if all(isinstance(e, str) for e in given) else (*given,)
    raise FactError(fact.name, "must be a list")


def _name(fact: Fact, entry: object) -> str:
    if isinstance(entry, str) and entry:
        return entry
    raise FactError(fact.name, "must be a list of names")


def _items(fact: Fact, given: object) -> Mapping[str, str]:
    if not isinstance(given, Mapping):
        raise FactError(fact.name, "must be an object")
    for item in given:
        if item not in fact.items:
            raise FactError(f"{fact.name}.{item}", "there is no such item")
    return {item: _item(fact, item, given.get(item, UNKNOWN)) for item in fact.items}


def _item(fact: Fact, item: str, given: object) -> str:
    if isinstance(given, str) and given in fact.constants:
        return given
    raise FactError(f"{fact.name}.{item}", f"must be one of {', '.join(fact.values)}")


_READ_NOTHING = read_facts({})


def facts_of(atoms: Mapping[str, str], told: Iterable[str] = ()) -> Facts:
    """The facts that have these atoms: the way back from what a proof found.

    Args:
        atoms: a value for every atom.
        told: the versions the person was told, where the atoms say that these are known.
    """
    return Facts({fact.name: _from_atoms(fact, atoms, tuple(told)) for fact in FACTS.values()})


def _from_atoms(fact: Fact, atoms: Mapping[str, str], told: tuple[str, ...]) -> FactValue:
    match fact.shape:
        case Shape.ONE:
            return atoms[fact.name]
        case Shape.VERSIONS:
            return told if atoms[fact.name] != UNKNOWN else ()
        case Shape.ITEMS:
            return {item: atoms[atom(fact.name, item)] for item in fact.items}
        case Shape.LIST | Shape.FIELDS:
            return tuple(name.partition(":")[2] for name in fact.atoms if atoms[name] == YES)
