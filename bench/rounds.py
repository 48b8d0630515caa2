"""The rounds: every arm in each, in rotated order, so that drift of the machine meets them all."""

import statistics
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from bench.arms import ON_TEMPORAL, Arm
from bench.stacks import DATABASE, DRIVER, SERVER, WORKER, RunningArm, meter_of, running_arm

Say = Callable[[str], None]
TOGETHER = 15
"""Journeys at once in the concurrent drives."""
_COUNTED = 5
_ENGINE = (SERVER, WORKER, DATABASE)


@dataclass(frozen=True)
class Drive:
    """An arm, driven once; times in seconds, CPU in seconds by process."""

    arm: Arm
    together: int
    journeys: int
    elapsed: float
    seconds: list[float]
    start_seconds: list[float]
    cpu: dict[str, float]
    other_cores: float

    @property
    def rate(self) -> float:
        """Journeys per second."""
        return self.journeys / self.elapsed

    @property
    def p50(self) -> float:
        """Median seconds of a journey."""
        return statistics.median(self.seconds)

    @property
    def engine_ms(self) -> float:
        """CPU of server, worker and database, in ms per journey."""
        return sum(map(self.cpu_ms, _ENGINE))

    @property
    def all_ms(self) -> float:
        """The same with the driver, in which safepath's desk and DBOS's library run."""
        return self.engine_ms + self.cpu_ms(DRIVER)

    def cpu_ms(self, process: str) -> float:
        """CPU of one process, in ms per journey."""
        return self.cpu.get(process, 0.0) * 1_000 / self.journeys


@dataclass(frozen=True)
class Counted:
    """What one journey left in Temporal's histories: the longest of those counted.

    Workflows that signal each other may do so while the other is at work, and then a history is
    shorter by a task: `shortest` says by how much that was the case.
    """

    events: dict[str, int]
    actions: int
    bytes: int
    shortest: int

    @property
    def total(self) -> int:
        """All events."""
        return sum(self.events.values())


@dataclass(frozen=True)
class Rounds:
    """Everything the rounds found."""

    arms: list[Arm]
    counts: dict[Arm, Counted] = field(default_factory=dict)
    rounds: list[list[Drive]] = field(default_factory=list)
    settings: dict[Arm, dict[str, str]] = field(default_factory=dict)

    def drives(self, arm: Arm, together: int) -> list[Drive]:
        """One a round."""
        return [
            drive
            for drives in self.rounds
            for drive in drives
            if (drive.arm, drive.together) == (arm, together)
        ]

    def ratio(
        self, value: Callable[[Drive], float], of: Arm, to: Arm, together: int
    ) -> "Spread | None":
        """One arm's figure over another's, pair by pair.

        None where an arm was left out, or where a drive was too small for the clock of CPU times.
        """
        above = [value(drive) for drive in self.drives(of, together)]
        below = [value(drive) for drive in self.drives(to, together)]
        if not above or not all(below) or len(above) != len(below):
            return None
        return Spread.of([a / b for a, b in zip(above, below, strict=True)])


@dataclass(frozen=True)
class Spread:
    """Median and range of a figure over the rounds."""

    median: float
    low: float
    high: float
    rounds: int

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """The spread of some values, one at least."""
        return cls(statistics.median(values), min(values), max(values), len(values))


async def run_rounds(found: Rounds, rounds: int, journeys: int, say: Say) -> None:
    """Start every arm, warm it, count its histories, and drive it once alone and once together.

    Args:
        found: gets each round once it is complete.
        rounds: how many; five at least for a figure to be quoted.
        journeys: of a concurrent drive; alone it is a quarter of them.
        say: told what happens.
    """
    arms = found.arms
    async with AsyncExitStack() as opened:
        running = {}
        for arm in arms:
            say(f"starting {arm}")
            running[arm] = await opened.enter_async_context(running_arm(arm))
            found.settings[arm] = await running[arm].settings()
        for arm, one in running.items():
            say(f"warming {arm}")
            await one.driver.order("walk", journeys=journeys, together=TOGETHER)
            if arm in ON_TEMPORAL:
                found.counts[arm] = await count_arm(one)
        for number in range(rounds):
            turn = number % len(arms)
            drives = []
            for arm in (*arms[turn:], *arms[:turn]):
                say(f"round {number + 1} of {rounds}: {arm}")
                others = [other for other in running.values() if other.arm is not arm]
                for together, times in ((1, max(journeys // 4, 1)), (TOGETHER, journeys)):
                    drives.append(await drive(running[arm], others, times, together))
            found.rounds.append(drives)


async def drive(
    arm: RunningArm, others: Sequence[RunningArm], journeys: int, together: int
) -> Drive:
    """Drive an arm once, its servers checked first."""
    arm.check()
    meter = meter_of(arm, others)
    meter.start()
    walked = await arm.driver.order("walk", journeys=journeys, together=together)
    used = meter.read()
    return Drive(
        arm=arm.arm,
        together=together,
        journeys=journeys,
        elapsed=walked["elapsed"],
        seconds=walked["seconds"],
        start_seconds=walked["start_seconds"],
        cpu=used.cpu,
        other_cores=used.other_cores,
    )


async def count_arm(arm: RunningArm) -> Counted:
    """Count journeys that were at rest between messages; the longest is the one told of."""
    answer = await arm.driver.order("count", journeys=_COUNTED)
    counts: list[dict[str, Any]] = answer["counts"]
    totals = [sum(count["events"].values()) for count in counts]
    longest = counts[totals.index(max(totals))]
    return Counted(**longest, shortest=min(totals))
