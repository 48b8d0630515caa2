"""Weighing what was said of one fact: what counts, what has run out, and what does not count.

Only the organisation that said something takes it back. Whoever may not supply a fact can still
take a word of their own organisation away, but puts nothing in its place.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rules.protocol.authority import BY_TWO, NEARER_TO_A_NO, Authority
from schemas.actor import Role
from schemas.assertions import Assertion, Ground, LeftOut
from schemas.fact_table import UNKNOWN, Fact, Shape
from schemas.facts import FactValue

_TWO = 2


def rank(fact: str, value: FactValue) -> int:
    """How far a value is from a no: 0 is nearest.

    Raises:
        ValueError: the fact has no such value.
    """
    return NEARER_TO_A_NO[fact].index(str(value))


@dataclass(frozen=True)
class Word:
    """An assertion that counts, or would if it had not run out."""

    assertion: Assertion
    is_full: bool
    """Supplies the fact; otherwise it is heard only where it is nearer to a no than others."""
    until: datetime | None
    lapse: Ground | None
    """Why it holds no longer; None: it is live."""

    @property
    def value(self) -> FactValue:
        """What was said."""
        return self.assertion.said

    @property
    def rank(self) -> int:
        """How far that is from a no."""
        return rank(self.assertion.fact, self.assertion.said)

    @property
    def is_live(self) -> bool:
        """Whether it holds."""
        return self.lapse is None


@dataclass(frozen=True)
class Heard:
    """What was said of one fact by a moment."""

    fact: Fact
    authority: Authority
    said: Sequence[Assertion]
    """In the order of time."""
    at: datetime
    requester: str | None
    """Who asks to share, as organisation:person."""

    def weigh(self) -> tuple[list[Word], list[LeftOut]]:
        """The words that count or have run out; and what does not count, with its ground."""
        words, out = [], []
        pair = self._pair()
        for one in self.said:
            ground = None if one in pair else self._ground(one)
            if ground is not None:
                out.append(LeftOut(assertion=one, ground=ground))
                continue
            until = self._pair_until(pair) if one in pair else self._expires(one)
            lapse = self._taken(one) or (Ground.EXPIRED if _is_over(until, self.at) else None)
            words.append(Word(one, self.is_full(one) or one in pair, until, lapse))
        return words, out

    def is_full(self, one: Assertion) -> bool:
        """Whether a word of its author supplies the fact."""
        has_evidence = one.evidence is not None or not self.authority.needs_evidence
        asks = self.authority.is_guarded and one.by.who == self.requester
        return one.by.role in self.authority.roles and has_evidence and not asks

    def _ground(self, one: Assertion) -> Ground | None:
        """Why it is not heard at all; None where it is."""
        grounds = {
            Ground.NOT_THEIR_FACT: one.by.role not in self._heard_roles(one.said),
            Ground.NO_EVIDENCE: self.authority.needs_evidence and one.evidence is None,
            Ground.REPLACED: self._taken(one) is Ground.REPLACED,
            Ground.NEEDS_ANOTHER: self._is_of_two(one),
            Ground.SAYS_UNKNOWN: one.said in (UNKNOWN, (UNKNOWN,)),
        }
        return next((ground for ground, holds in grounds.items() if holds), None)

    def _heard_roles(self, value: FactValue) -> tuple[Role, ...]:
        two = self.authority.by_two if value == BY_TWO else ()
        return (*self.authority.roles, *self.authority.raisers, *two)

    def _taken(self, one: Assertion) -> Ground | None:
        """Whether its organisation said otherwise since: nobody else can."""
        later = [
            other
            for other in self.said
            if other.supersedes == one.id != other.id
            and other.by.organisation == one.by.organisation
            and other.at >= one.at
        ]
        if any(self.is_full(other) for other in later):
            return Ground.REPLACED
        is_taken_back = self.fact.shape is Shape.ONE and any(
            rank(one.fact, other.said) <= rank(one.fact, one.said) for other in later
        )
        return Ground.TAKEN_BACK if is_taken_back else None

    def _is_of_two(self, one: Assertion) -> bool:
        return one.said == BY_TWO and one.by.role in self.authority.by_two

    def _pair(self) -> list[Assertion]:
        """What two different people of staff say, where it takes two."""
        alike = [one for one in self.said if self._is_of_two(one) and self._taken(one) is None]
        return alike if len({one.by.who for one in alike}) >= _TWO else []

    def _pair_until(self, pair: Sequence[Assertion]) -> datetime | None:
        """Until when two different people say so: each for as long as their last word lives."""
        last: dict[str, datetime] = {}
        for one in pair:
            end = self._expires(one) or datetime.max.replace(tzinfo=one.at.tzinfo)
            last[one.by.who] = max(end, last.get(one.by.who, end))
        return sorted(last.values())[-_TWO]

    def _expires(self, one: Assertion) -> datetime | None:
        """When a word ends: where its author said, and never later than such a word lives."""
        lives = self.authority.lives
        ends = [one.until, one.at + lives if lives else None]
        return min((end for end in ends if end is not None), default=None)


def _is_over(until: datetime | None, at: datetime) -> bool:
    return until is not None and until <= at
