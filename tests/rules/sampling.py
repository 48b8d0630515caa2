"""Runs of the machine without Hypothesis: a seed tells the same story each time."""

from datetime import datetime
from random import Random

from schemas.case_commands import LinkCase
from schemas.snapshot import CaseSnapshot
from tests.rules.plots import PLOTS, it_is_closed, she_is_referred, something_seldom
from tests.rules.promises import PROMISES
from tests.rules.stories import Telling

LENGTH = 8
"""Plots of a run."""

_BUSY = tuple(plot for plot in PLOTS if plot not in (it_is_closed, something_seldom))
"""What leaves a story something to go on with."""


def chance_of(seed: int) -> Random:
    """What a seed makes of it."""
    return Random(seed)  # noqa: S311 - a story is no secret


def a_run(seed: int, case: CaseSnapshot, at: datetime) -> Telling:
    """A story of one moment; after each command the clockwork catches up, and all is looked at.

    No case is linked: there is no other.
    """
    story, chance = Telling(case, at, has_strangers=False), chance_of(seed)
    chosen = [chance.choice(_BUSY) for _ in range(LENGTH)]
    for plot in (she_is_referred, *chosen, chance.choice(PLOTS)):
        for command in plot(story, chance):
            if isinstance(command, LinkCase):
                continue
            story.tell(command)
            story.catch_up()
            for promise in PROMISES:
                promise(story.case, story.at)
    return story


def sample_runs(seed: int, count: int, case: CaseSnapshot, at: datetime) -> list[Telling]:
    """So many runs, the first of them of that seed."""
    return [a_run(seed + nth, case, at) for nth in range(count)]
