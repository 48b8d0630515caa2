"""Halves of rules that never decide alone, because others always say the same.

A half that denies is live where some request is denied by it alone; one that waits, where nothing
denies and it alone waits. What is not live changes nothing, and is told with what shadows it.
"""

from collections.abc import Iterable, Iterator, Sequence

from rules.protocol.conditions import Box
from rules.protocol.evaluation import Halves, InPlay
from rules.protocol.safeguards import IN_ORDER
from rules.protocol.solver import Clause, inside, is_possible, outside
from schemas.proof import Shadow
from schemas.protocol import Effect


def shadows(play: InPlay) -> Iterator[Shadow]:
    """The halves of rules that never decide alone, with those that say the same."""
    for half in play.rules:
        for effect, mine in half.by_effect():
            if mine and not _is_live(play, half, effect, mine):
                yield Shadow(
                    version=play.version,
                    rule=half.rule.id,
                    effect=effect,
                    by=_shadowers(play, half, effect, mine),
                )


def _is_live(play: InPlay, half: Halves, effect: Effect, mine: Iterable[Box]) -> bool:
    against = _against(half, effect, play.rules)
    return any(is_possible((*against, *inside(box)), IN_ORDER.atoms) for box in mine)


def _against(half: Halves, effect: Effect, others: Iterable[Halves]) -> list[Clause]:
    """That none of the others says the same; and, where it waits, that nothing denies."""
    silent: list[Clause] = []
    for other in others:
        if other is not half or effect is Effect.WAIT:
            silent += [outside(box) for box in other.denies]
        if other is not half and effect is Effect.WAIT:
            silent += [outside(box) for box in other.waits]
    return silent


def _shadowers(play: InPlay, half: Halves, effect: Effect, mine: Sequence[Box]) -> tuple[str, ...]:
    """The fewest rules that say the same whenever this half does: none can be left out."""
    needed = [other for other in play.rules if other is not half]
    for other in list(needed):
        fewer = [one for one in needed if one is not other]
        against = _against(half, effect, [*fewer, half])
        if not any(is_possible((*against, *inside(box)), IN_ORDER.atoms) for box in mine):
            needed = fewer
    return tuple(one.rule.id for one in needed)
