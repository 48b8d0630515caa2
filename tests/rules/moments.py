"""A case at a moment, and chance: what everything that is said is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any, Protocol, TypeVar

from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot

T = TypeVar("T")

HELPING = (ReferralState.ACCEPTED, ReferralState.ACTIVE)
"""A service has taken her on."""


class Told(Protocol):
    """A story as far as it was told."""

    case: CaseSnapshot
    at: datetime
    has_strangers: bool


@dataclass(frozen=True)
class Moment:
    """A case at a moment, and what chance makes of it."""

    case: CaseSnapshot
    at: datetime
    chance: Random
    strangers: bool = True
    """Whether somebody now and then speaks of what is none of their business."""

    def one_of(self, options: Sequence[T]) -> T:
        """One of them."""
        return self.chance.choice(options)

    def rarely(self, one_in: int = 8) -> bool:
        """Now and then."""
        return self.chance.randrange(one_in) == 1

    def number(self, items: Sequence[Any]) -> int:
        """The number of one that is there, where one is."""
        return self.one_of(items).number if items else 1

    def day(self, days: int) -> date:
        """A day from now."""
        return (self.at + timedelta(days=days)).date()
