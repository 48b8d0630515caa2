"""Small numbers are not shown: a count below five can point at a person."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

LEAST_SHOWN = 5
"""The smallest count that is shown (invariant 36)."""
HIDDEN = f"<{LEAST_SHOWN}"

_K = TypeVar("_K", bound=Hashable)


def suppressed(counts: Mapping[_K, int]) -> dict[_K, int | None]:
    """Counts that add up to a known total, with those that could be told left out as None.

    Where what is hidden could be told from the total, a single count or a few that together are
    too few, the next smallest is hidden with it.
    """
    hidden = [key for key, count in counts.items() if 0 < count < LEAST_SHOWN]
    rest = sorted((count, str(key), key) for key, count in counts.items() if key not in hidden)
    for _, _, key in [one for one in rest if one[0] > 0]:
        is_safe = len(hidden) > 1 and sum(counts[one] for one in hidden) >= LEAST_SHOWN
        if not hidden or is_safe:
            break
        hidden.append(key)
    return {key: None if key in hidden else count for key, count in counts.items()}


def shown(count: int | None) -> str:
    """A count for people to read."""
    return HIDDEN if count is None else str(count)
