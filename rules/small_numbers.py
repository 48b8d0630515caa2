"""Small numbers are not shown: a count below five can point at a person."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

LEAST_SHOWN = 5
"""The smallest count that is shown (invariant 36)."""
HIDDEN = f"<{LEAST_SHOWN}"

_K = TypeVar("_K", bound=Hashable)


def suppressed(counts: Mapping[_K, int]) -> dict[_K, int | None]:
    """Counts that add up to a known total, with those that could be told left out as None.

    Where a single count would be hidden, the total would give it away: the next smallest is
    hidden with it.
    """
    small = {key for key, count in counts.items() if 0 < count < LEAST_SHOWN}
    rest = sorted((count, str(key), key) for key, count in counts.items() if key not in small)
    beside = [key for count, _, key in rest if count > 0][: 1 if len(small) == 1 else 0]
    return {key: None if key in small or key in beside else count for key, count in counts.items()}


def shown(count: int | None) -> str:
    """A count for people to read."""
    return HIDDEN if count is None else str(count)
