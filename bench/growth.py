"""What a journey costs while many others lie open, each holding its timer.

Every figure of the full stack is taken beside one of an empty stack at the same time, because a
machine drifts more in the minutes a fill takes than a full server costs.
"""

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import monotonic

from temporalio.client import Client

from bench.arms import Arm
from bench.bare import NAMESPACE
from bench.failures import BenchError
from bench.rounds import Drive, Say, Spread, drive
from bench.stacks import SERVER, WORKER, RunningArm, running_arm
from bench.usage import anonymous_bytes, cpu_of

_TOGETHER = 15
_AT_A_TIME = 250
_DRAINED_WITHIN = 600.0
_IDLE_CORES = 0.25
_WAITING = "WorkflowType = 'VictimJourney' AND ExecutionStatus = 'Running' AND NextDue IS NOT NULL"


@dataclass(frozen=True)
class Probe:
    """One stack, looked at once."""

    start_seconds: list[float]
    drive: Drive


@dataclass(frozen=True)
class Level:
    """Pairs of an empty and a full stack, at so many open journeys."""

    open: int
    filled_in: float
    drained_in: float
    empty: list[Probe]
    full: list[Probe]

    @property
    def start_p99_ratio(self) -> float:
        """The full stack's start p99 over the empty one's, of all starts of the level."""
        return _p99(self.full) / _p99(self.empty)

    @property
    def cpu_ratio(self) -> Spread:
        """CPU per journey of server, worker and database, full over empty, pair by pair."""
        pairs = zip(self.full, self.empty, strict=True)
        return Spread.of([f.drive.engine_ms / e.drive.engine_ms for f, e in pairs])


@dataclass(frozen=True)
class Weighed:
    """A worker's own memory at so many cached journeys, in bytes."""

    cached: list[int]
    memory: list[int]

    @property
    def kib_each(self) -> float:
        """The slope, without the first point: what is loaded once is loaded by then."""
        line = statistics.linear_regression(self.cached[1:], self.memory[1:])
        return line.slope / 1024


@dataclass(frozen=True)
class Sizes:
    """How much is looked at."""

    pairs: int = 5
    pairs_on_the_way: int = 3
    starts: int = 40
    journeys: int = 20
    weighed: int = 900
    weighed_at_a_time: int = 150


class Filled:
    """safepath's stack, in which journeys are left open."""

    def __init__(self, arm: RunningArm, client: Client) -> None:
        self.arm = arm
        self._client = client
        self.open = 0

    async def fill(self, to: int, say: Say) -> float:
        """Open journeys until so many are; returns how long it took."""
        began = monotonic()
        while self.open < to:
            more = min(_AT_A_TIME, to - self.open)
            await self.arm.driver.order("fill", journeys=more, together=_TOGETHER)
            self.open += more
            say(f"{self.open} of {to} journeys opened, {monotonic() - began:.0f} s")
        return monotonic() - began

    async def drain(self) -> float:
        """Wait until each of them holds its timer and nothing is under way; says how long.

        Raises:
            BenchError: it was not so in time.
        """
        began = monotonic()
        while not (await self._waiting() >= self.open and await self._is_idle()):
            if monotonic() - began > _DRAINED_WITHIN:
                raise BenchError(
                    f"{self.open} journeys were opened and after {_DRAINED_WITHIN:g} s only "
                    f"{await self._waiting()} hold their timer, or the servers are still busy"
                )
            await asyncio.sleep(0.5)
        return monotonic() - began

    async def _waiting(self) -> int:
        return (await self._client.count_workflows(_WAITING)).count

    async def _is_idle(self) -> bool:
        pids = [self.arm.pids[name] for name in (SERVER, WORKER)]
        before, began = sum(map(cpu_of, pids)), monotonic()
        await asyncio.sleep(1.0)
        return (sum(map(cpu_of, pids)) - before) / (monotonic() - began) < _IDLE_CORES


@asynccontextmanager
async def filled() -> AsyncIterator[Filled]:
    """An empty stack of safepath's, to be filled."""
    async with running_arm(Arm.SAFEPATH) as arm:
        client = await Client.connect(arm.state.temporal_address, namespace=NAMESPACE)
        await arm.driver.order("walk", journeys=_TOGETHER, together=_TOGETHER)
        yield Filled(arm, client)


async def weigh(stack: Filled, sizes: Sizes, say: Say) -> Weighed:
    """Open journeys by and by, and weigh the worker that keeps them cached."""
    found = Weighed([], [])
    while stack.open < sizes.weighed:
        await stack.fill(stack.open + sizes.weighed_at_a_time, say)
        await stack.drain()
        found.cached.append(stack.open)
        found.memory.append(anonymous_bytes(stack.arm.pids[WORKER]))
    return found


@dataclass
class Growth:
    """What was found so far."""

    levels: list[Level] = field(default_factory=list)
    weighed: Weighed | None = None


async def run_growth(found: Growth, levels: Sequence[int], sizes: Sizes, say: Say) -> None:
    """Look at both stacks at each level; the worker is weighed on the way to the first."""
    async with running_arm(Arm.SAFEPATH) as empty, filled() as full:
        await empty.driver.order("walk", journeys=_TOGETHER, together=_TOGETHER)
        for level in sorted(levels):
            if level and found.weighed is None:
                found.weighed = await weigh(full, sizes, say)
            filled_in = await full.fill(level, say)
            drained_in = await full.drain()
            say(f"{full.open} open journeys hold their timers, drained in {drained_in:.0f} s")
            times = sizes.pairs if level == max(levels) else sizes.pairs_on_the_way
            pairs = await _pairs(times, empty, full, sizes, say)
            found.levels.append(Level(full.open, filled_in, drained_in, *pairs))


async def _pairs(
    times: int, empty: RunningArm, filled_one: Filled, sizes: Sizes, say: Say
) -> tuple[list[Probe], list[Probe]]:
    of_empty: list[Probe] = []
    of_full: list[Probe] = []
    full = filled_one.arm
    for number in range(times):
        say(f"{filled_one.open} open, pair {number + 1} of {times}")
        turns = [(empty, full, of_empty), (full, empty, of_full)]
        for looked_at, other, probes in turns if number % 2 == 0 else reversed(turns):
            probes.append(await _probe(looked_at, other, sizes))
    return of_empty, of_full


async def _probe(arm: RunningArm, other: RunningArm, sizes: Sizes) -> Probe:
    arm.check()
    started = await arm.driver.order("start", journeys=sizes.starts)
    return Probe(started["start_seconds"], await drive(arm, [other], sizes.journeys, _TOGETHER))


def _p99(probes: Sequence[Probe]) -> float:
    return percentile([seconds for probe in probes for seconds in probe.start_seconds], 99)


def percentile(values: Sequence[float], percent: int) -> float:
    """A percentile, as the smallest value that so many are not above."""
    ordered = sorted(values)
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]
