"""A hand that kills while journeys run, and somebody who asks at once how soon all is well."""

import asyncio
import os
import signal
from dataclasses import dataclass, field
from itertools import cycle, islice

from infra.stack import postgres, temporal
from infra.stack.services import WORKER
from schemas.case_commands import AddNeed
from schemas.decisions import Committed
from tests.builders import a_command, the
from tests.faults.crashing import BOUNDARIES, SELDOM, Boundary
from tests.faults.driving import GIVE_UP_AFTER, Driver
from tests.faults.seeds import chance
from tests.faults.stage import Stage
from tests.infra.stack.standins import until

_LOOK_EVERY = 0.02
_LEFT_FOR_THE_LAST = 5
"""Journeys that are under way when the last kill comes: a step it waits for is still taken."""

VICTIMS = (WORKER, temporal.NAME, postgres.NAME)
"""Processes of the stack that are killed."""


@dataclass(frozen=True)
class Aim:
    """Which process is killed, and at which boundary of a step, if not at any moment."""

    name: str
    boundary: Boundary | None = None


@dataclass(frozen=True)
class Kill:
    """One kill -9, and the seconds until somebody who asked at once was answered."""

    aim: Aim
    recovered_in: float


def aims(times: int, about: str) -> list[Aim]:
    """Each process as often as the others, the worker by turns at a boundary and at any moment."""
    dice = chance(about)
    boundaries = [boundary for boundary in BOUNDARIES if boundary.step not in SELDOM]
    at_boundary = cycle((True, False))
    found = [
        Aim(name, dice.choice(boundaries) if name == WORKER and next(at_boundary) else None)
        for name in islice(cycle(VICTIMS), times)
    ]
    dice.shuffle(found)
    return found


@dataclass
class Killer:
    """Kills one process after the other; the next only when somebody was answered again."""

    stage: Stage
    driver: Driver
    name: str
    """Of the run: the seed's choices hang on it."""
    kills: list[Kill] = field(default_factory=list)

    async def kill(self, every: list[Aim], journeys: int) -> None:
        """Kill all of these while so many journeys are told."""
        dice = chance(f"{self.name}-moments")
        share = (journeys - _LEFT_FOR_THE_LAST) / len(every)
        for nth, aim in enumerate(every):
            if nth:
                await self._until_told((nth - 1 + dice.random()) * share)
                await asyncio.sleep(dice.random())
            self.kills.append(await self._kill(aim))

    async def _until_told(self, journeys: float) -> None:
        while len(self.driver.seen.closed) < journeys:  # noqa: ASYNC110 - the driver's own limits
            await asyncio.sleep(_LOOK_EVERY)

    async def _kill(self, aim: Aim) -> Kill:
        clock = asyncio.get_running_loop().time
        stack, fuse = self.stage.stack, self.stage.fuse
        killed = the(stack.child(aim.name))
        if aim.boundary is None:
            os.kill(killed.pid, signal.SIGKILL)
        else:
            fuse.arm(aim.boundary)
            await until(lambda: fuse.has_fired, GIVE_UP_AFTER)
        killed_at = clock()
        await self._somebody_asks()
        recovered_in = clock() - killed_at
        await stack.until_another(aim.name, killed)
        return Kill(aim, recovered_in)

    async def _somebody_asks(self) -> None:
        """A new case whose first need is recorded: it takes every process of the stack."""
        case_ref = await self.driver.open(f"{self.name}-probe-{len(self.kills)}")
        command = a_command(AddNeed, case_ref=case_ref, command_id=f"{case_ref}-need")
        assert isinstance(await self.driver.say(command), Committed)
