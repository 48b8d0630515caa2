"""Conditions of the sharing protocol, written in the languages of Cedar and CEL.

Written from what `rules.protocol.conditions` reads, with the same three truths: what is unknown is
neither one thing nor the other, unless a comparison names it.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from rules.protocol.conditions import Comparison, Condition, Join, Not
from schemas.fact_table import UNKNOWN, Fact, Shape


class Words(ABC):
    """A language that conditions are written in."""

    @abstractmethod
    def fact(self, name: str) -> str:
        """The value of a fact."""

    @abstractmethod
    def one_of(self, value: str, constants: Iterable[str]) -> str:
        """That a value is one of these."""

    @abstractmethod
    def holds(self, entries: str, constant: str) -> str:
        """That a list holds this."""

    @abstractmethod
    def is_empty(self, entries: str) -> str:
        """That a list holds nothing."""

    @abstractmethod
    def is_within(self, entries: str, constants: Iterable[str]) -> str:
        """That a list holds nothing but these."""

    def write(self, condition: Condition, allowed: Iterable[str], *, wanted: bool = True) -> str:
        """That a condition is definitely true or, where that is wanted, definitely not."""
        match condition:
            case Not(part):
                return self.write(part, allowed, wanted=not wanted)
            case Join(_, ()):
                return "true" if wanted else "false"
            case Join(how, parts):
                sign = " && " if (how == "all") is wanted else " || "
                written = sign.join(self.write(part, allowed, wanted=wanted) for part in parts)
                return f"({written})"
            case Comparison(fact, operator, values):
                return self._compared(fact, operator, values, allowed, wanted=wanted)

    def _compared(
        self,
        fact: Fact,
        operator: str,
        values: Sequence[str],
        allowed: Iterable[str],
        *,
        wanted: bool,
    ) -> str:
        name = self.fact(fact.name)
        match fact.shape:
            case Shape.ONE:
                named = wanted is (operator in ("is", "in"))
                return self.one_of(name, values if named else _known_but(fact, values))
            case Shape.LIST if wanted:
                return self.holds(name, values[0])
            case Shape.LIST:
                return f"!({self.holds(name, values[0])} || {self.holds(name, UNKNOWN)})"
            case Shape.ITEMS:
                some = values if wanted else _known_but(fact, values)
                sign = " || " if wanted else " && "
                each = (self.one_of(f"{name}.{item}", some) for item in fact.items)
                return f"({sign.join(each)})"
            case Shape.VERSIONS:
                is_empty = wanted is (UNKNOWN in values)
                return self.is_empty(name) if is_empty else f"!({self.is_empty(name)})"
            case Shape.FIELDS:
                found = (
                    f"!({self.is_within(name, allowed)})"
                    if operator == "outside"
                    else self.is_empty(name)
                )
                return found if wanted else f"!({found})"


def _known_but(fact: Fact, values: Sequence[str]) -> list[str]:
    """The values of which it is definitely none of these."""
    return [value for value in fact.values if value not in (*values, UNKNOWN)]


def _listed(constants: Iterable[str]) -> str:
    return ", ".join(f'"{one}"' for one in sorted(constants))


class CedarWords(Words):
    """Facts are attributes of the context."""

    def fact(self, name: str) -> str:
        """The value of a fact."""
        return f"context.{name}"

    def one_of(self, value: str, constants: Iterable[str]) -> str:
        """That a value is one of these."""
        first, *more = some = sorted(constants)
        return f"[{_listed(some)}].contains({value})" if more else f'{value} == "{first}"'

    def holds(self, entries: str, constant: str) -> str:
        """That a list holds this."""
        return f'{entries}.contains("{constant}")'

    def is_empty(self, entries: str) -> str:
        """That a list holds nothing."""
        return f"{entries}.isEmpty()"

    def is_within(self, entries: str, constants: Iterable[str]) -> str:
        """That a list holds nothing but these."""
        return f"[{_listed(constants)}].containsAll({entries})"


class CelWords(Words):
    """Facts are variables."""

    def fact(self, name: str) -> str:
        """The value of a fact."""
        return name

    def one_of(self, value: str, constants: Iterable[str]) -> str:
        """That a value is one of these."""
        first, *more = some = sorted(constants)
        return f"{value} in [{_listed(some)}]" if more else f'{value} == "{first}"'

    def holds(self, entries: str, constant: str) -> str:
        """That a list holds this."""
        return f'"{constant}" in {entries}'

    def is_empty(self, entries: str) -> str:
        """That a list holds nothing."""
        return f"size({entries}) == 0"

    def is_within(self, entries: str, constants: Iterable[str]) -> str:
        """That a list holds nothing but these."""
        return f"{entries}.all(one, one in [{_listed(constants)}])"
