"""Worker, Temporal and PostgreSQL killed at any moment: nothing lost, nothing doubled (S4–S7)."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import pytest

from infra.stack import postgres, temporal
from infra.stack.services import WORKER
from tests.builders import the
from tests.faults.crashing import BOUNDARIES, DELIVERIES, Boundary, Moment
from tests.faults.driving import Seen, a_driver, drive
from tests.faults.killing import VICTIMS, Aim, Kill, Killer, aims
from tests.faults.reckoning import Reckoning, reckon
from tests.faults.seeds import SEED, chance, sampled
from tests.faults.stage import Stage, a_stage

JOURNEYS, KILLS = 1_000, 60
_AT_ONCE = 10
_DELIVERY_WAITS = """
SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'record.inbox_item'::regclass
"""
RECOVERED_WITHIN = {WORKER: 10.0, temporal.NAME: 10.0, postgres.NAME: 5.0}
"""Seconds within which 95 of 100 who ask at once are answered again (S7)."""


@dataclass(frozen=True)
class Outcome:
    """A run with kills."""

    kills: list[Kill]
    seen: Seen
    left: Reckoning

    def table(self) -> str:
        """The run for people to read, as docs/reliability.md shows it."""
        seen, left = self.seen, self.left
        lines = [
            f"seed {SEED}: {len(seen.closed)} journeys, {len(seen.withdrawn)} of them withdrawn",
            f"  lost                         {len(left.lost)}",
            f"  delivered twice              {len(left.doubled)}",
            f"  delivered after withdrawal   {len(left.after_withdrawal)}",
            f"  acknowledged writes          {len(seen.committed)}, missing {len(left.missing)}",
            f"  texts nobody is sure of      {left.unsure_texts}",
            f"  told to try again            {seen.unreachable}",
            f"  audit chain                  {'intact' if left.audit_is_intact else 'BROKEN'}",
            "  kill -9 of         times   p50 s   p95 s   max s  until somebody is answered",
        ]
        return "\n".join([*lines, *(self._line(name) for name in VICTIMS)])

    def recoveries(self, name: str) -> list[float]:
        """Seconds of every recovery of one process, the fastest first."""
        return sorted(kill.recovered_in for kill in self.kills if kill.aim.name == name)

    def p95(self, name: str) -> float:
        """Within which 95 of 100 recover."""
        return quantiles(self.recoveries(name), n=20, method="inclusive")[-1]

    def _line(self, name: str) -> str:
        times = self.recoveries(name)
        middle = times[len(times) // 2]
        last = self.p95(name) if len(times) > 1 else times[-1]
        return f"  {name:<17} {len(times):>6} {middle:>7.1f} {last:>7.1f} {times[-1]:>7.1f}"


async def drive_and_kill(stage: Stage, name: str, journeys: int, every: list[Aim]) -> Outcome:
    """Tell so many journeys while all these kills happen, and look at what is left.

    Args:
        stage: what it runs on.
        name: of the run: the seed's choices hang on it.
        journeys: how many.
        every: what is killed.
    """
    async with a_driver(stage.stack.installation, stage.superuser) as driver:
        killer = Killer(stage, driver, name)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(killer.kill(every, journeys))
            tasks.create_task(drive(driver, name, journeys, _AT_ONCE))
        left = await reckon(stage.superuser, stage.stack.installation, driver.seen)
    outcome = Outcome(killer.kills, driver.seen, left)
    assert every == [kill.aim for kill in outcome.kills], "a kill did not fire"
    assert len(driver.seen.closed) == journeys
    assert left.is_clean, f"seed {SEED}: {left}"
    return outcome


async def test_a_few_kills_lose_nothing_and_double_nothing(stage: Stage) -> None:
    """The worker in a delivery, and then each process once, at moments of the seed."""
    dice = chance("a-few")
    in_delivery = Aim(WORKER, Boundary(dice.choice(DELIVERIES), dice.choice(list(Moment))))
    await drive_and_kill(stage, "a-few", 10, [in_delivery, *aims(3, "a-few")])


@pytest.mark.parametrize(
    "boundary", sampled([b for b in BOUNDARIES if b.step not in DELIVERIES], 1, "boundary")
)
async def test_a_worker_that_dies_at_a_boundary_is_replaced(
    stage: Stage, boundary: Boundary
) -> None:
    """Before a step's effect or after it: the next worker finds which, and goes on."""
    name = f"at-{boundary}"
    await drive_and_kill(stage, name, 1, [Aim(WORKER, boundary)])


@pytest.mark.long
@pytest.mark.parametrize("boundary", [b for b in BOUNDARIES if b.step in DELIVERIES], ids=str)
async def test_a_worker_that_dies_in_a_delivery_delivers_once(
    stage: Stage, boundary: Boundary
) -> None:
    """Half a minute later another worker looks whether it was delivered."""
    await drive_and_kill(stage, f"at-{boundary}", 1, [Aim(WORKER, boundary)])


@pytest.mark.long
async def test_a_worker_that_dies_in_the_middle_of_a_delivery_delivers_once(stage: Stage) -> None:
    """PostgreSQL had begun to write the packet, and forgets it."""
    stack = stage.stack
    async with a_driver(stack.installation, stage.superuser) as driver:
        async with stage.superuser.acquire() as hand, hand.transaction():
            await hand.execute("LOCK TABLE record.inbox_item IN ACCESS EXCLUSIVE MODE")
            journey = asyncio.create_task(driver.journey("in-the-middle", is_whole=True))
            await driver.until(_DELIVERY_WAITS)
            killed = the(stack.child(WORKER))
            os.kill(killed.pid, signal.SIGKILL)
            await stack.until_another(WORKER, killed)
        await journey
        left = await reckon(stage.superuser, stack.installation, driver.seen)
    assert left.is_clean, left


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_a_thousand_journeys_outlive_sixty_kills(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a stack of their own; who asks at once after a kill is answered in seconds."""
    async with a_stage(tmp_path) as stage:
        outcome = await drive_and_kill(stage, "many", JOURNEYS, aims(KILLS, "many"))
    with capsys.disabled():
        print(f"\n{outcome.table()}")  # noqa: T201 - the table of docs/reliability.md
    slow = {n: outcome.p95(n) for n in VICTIMS if outcome.p95(n) > RECOVERED_WITHIN[n]}
    assert slow == {}, f"seed {SEED}"
