"""Walking the reference journey: what every arm offers, and what a walk tells."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from bench.histories import Count

Pause = Callable[[tuple[str, ...]], Awaitable[None]]
"""Waits between two messages, given the workflows of the journey."""


@dataclass(frozen=True)
class Walk:
    """One journey; times in seconds. It lasts until its closing was answered."""

    seconds: float
    start_seconds: float
    workflows: tuple[str, ...] = ()


class Walker(Protocol):
    """An arm: whoever walks the journey there."""

    async def walk(self, pause: Pause) -> Walk:
        """Walk one journey to the end of everything it started."""


class Countable(Walker, Protocol):
    """An arm on Temporal, whose histories can be counted."""

    async def count(self) -> Count:
        """Walk a journey whose messages each meet it at rest, and count its histories."""


class Opener(Protocol):
    """An arm in which journeys can be left open."""

    async def open(self) -> str:
        """Open a journey and leave it waiting for its timer."""

    async def close(self, opened: str) -> None:
        """Close it again."""


async def at_once(_: tuple[str, ...]) -> None:
    """No pause: the next message is sent as soon as the last was answered."""
