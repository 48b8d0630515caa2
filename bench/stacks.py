"""An arm with everything it runs on: its own servers on free ports, its worker, its driver."""

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import psutil

from bench.arms import ON_TEMPORAL, Arm
from bench.bare import QUEUE
from bench.driving import Driver
from bench.failures import BenchError
from bench.steps import running_state, step_pool
from bench.usage import Meter, check_listens
from infra.stack import postgres, temporal
from infra.stack.child import ChildSpec
from infra.stack.layout import StackPaths
from infra.stack.services import JOURNEYS, Services, no_services, worker_spec
from infra.stack.stack import EmbeddedStack, StackPlan
from infra.stack.state import Ports, StackState
from infra.stack.temporal import is_polled

WORKER = "worker"
DRIVER = "driver"
SERVER = temporal.NAME
DATABASE = postgres.NAME
_DURABLE = ("fsync", "synchronous_commit", "full_page_writes")
_TOLD = ("--sqlite-pragma", "--dynamic-config-value")


@dataclass(frozen=True)
class RunningArm:
    """An arm that can be driven."""

    arm: Arm
    data_dir: Path
    driver: Driver

    @property
    def state(self) -> StackState:
        """Where everything is now."""
        return running_state(self.data_dir)

    @property
    def pids(self) -> dict[str, int]:
        """Its processes by name."""
        found = {name: child.pid for name, child in self.state.children.items()}
        missing = set(self.state.expected) - set(found)
        if missing:
            raise BenchError(f"{', '.join(sorted(missing))} of arm {self.arm} does not run")
        return {WORKER if "worker" in n else n: pid for n, pid in found.items()} | {
            DRIVER: self.driver.pid
        }

    async def settings(self) -> dict[str, str]:
        """How its servers are really set: Temporal by its arguments, PostgreSQL by its word."""
        async with step_pool(self.data_dir) as pool:
            durable = [f"{name}={await pool.fetchval(f'SHOW {name}')}" for name in _DURABLE]
        found = {DATABASE: ", ".join(durable)}
        if SERVER in self.state.expected:
            argv = psutil.Process(self.pids[SERVER]).cmdline()
            told = [value for option, value in pairwise(argv) if option in _TOLD]
            found[SERVER] = ", ".join(["a file", *told])
        return found

    def check(self) -> None:
        """Make sure that its servers are our own processes, before anything is measured."""
        state = self.state
        for name, port in ((DATABASE, state.ports.postgres), (SERVER, state.ports.temporal)):
            if name in state.expected:
                check_listens(name, self.pids[name], port)


def meter_of(measured: RunningArm, others: Sequence[RunningArm]) -> Meter:
    """A meter of one arm, for which the arms that idle beside it are no foreign load."""
    return Meter(measured.pids, (pid for arm in others for pid in arm.pids.values()))


@asynccontextmanager
async def running_arm(arm: Arm) -> AsyncIterator[RunningArm]:
    """An arm on a throw-away data directory, connected, for as long as the block runs."""
    folder = Path(tempfile.mkdtemp(prefix=f"safepath-bench-{arm}-"))
    plan = StackPlan(
        paths=StackPaths.at(folder), services=_services(arm), servers=frozenset(_servers(arm))
    )
    stack = EmbeddedStack(plan, _silently)
    try:
        await stack.start()
        driver = await Driver.start(arm, folder)
        try:
            yield RunningArm(arm, folder, driver)
        finally:
            await driver.stop()
    finally:
        await stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _silently(_: str) -> None:
    """What a stack says of its start is of no interest here."""


def _servers(arm: Arm) -> set[str]:
    return {DATABASE, SERVER} if arm in ON_TEMPORAL else {DATABASE}


def _services(arm: Arm) -> Services:
    if arm is Arm.SAFEPATH:
        return lambda paths, ports: (worker_spec(paths, ports),)
    return _bare_worker if arm is Arm.BARE else no_services


def _bare_worker(paths: StackPaths, ports: Ports) -> Sequence[ChildSpec]:
    async def ready(started_at: datetime) -> bool:
        return await is_polled(ports, JOURNEYS, QUEUE, started_at)

    return (
        ChildSpec(
            name="worker-bare",
            title="the bare worker",
            argv=(sys.executable, "-P", "-m", "bench.bare", str(paths.data_dir)),
            log=paths.log_of("worker-bare"),
            ready=ready,
        ),
    )
