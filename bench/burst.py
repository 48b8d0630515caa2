"""A burst of dependent steps on two Temporal servers: as `safepath up` sets it, and as it comes.

The driver holds the worker. Both servers keep their state in a file.
"""

import os
import shutil
import statistics
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from temporalio.client import Client

from bench.bare import NAMESPACE, QUEUE, Burst, bare_worker
from bench.driving import Driver
from bench.failures import BenchError
from bench.rounds import Say, Spread
from bench.steps import running_state
from bench.usage import check_listens
from bench.walks import Pause, Walk
from infra.stack.layout import StackPaths, prepare
from infra.stack.ports import choose_ports
from infra.stack.state import Ports, StackState, write_state
from infra.stack.supervisor import Supervisor
from infra.stack.temporal import NAME, temporal_spec

MODULE = "burst"
LINKS = 10
"""Steps of a burst."""
_OURS = ("--sqlite-pragma", "--dynamic-config-value")
_WARMING = 2


@dataclass(frozen=True)
class Bursts:
    """Median seconds of a burst in each round, on both servers."""

    embedded: list[float]
    defaults: list[float]

    @property
    def speedup(self) -> Spread:
        """How many times faster the embedded configuration is."""
        return Spread.of([d / e for d, e in zip(self.defaults, self.embedded, strict=True)])


class Chain:
    """What the driver walks: a burst."""

    def __init__(self, temporal: Client) -> None:
        self._temporal = temporal

    async def walk(self, _: Pause) -> Walk:
        """One burst."""
        began = perf_counter()
        reached = await self._temporal.execute_workflow(
            Burst.run, LINKS, id=uuid4().hex, task_queue=QUEUE
        )
        if reached != LINKS:
            raise BenchError(f"the burst ended after {reached} of {LINKS} steps")
        return Walk(perf_counter() - began, 0.0)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Chain]:
    """A worker on the server of that directory."""
    client = await Client.connect(running_state(data_dir).temporal_address, namespace=NAMESPACE)
    async with bare_worker(client, None):
        yield Chain(client)


async def run_bursts(rounds: int, bursts: int, say: Say) -> Bursts:
    """Both servers in each round, in rotated order."""
    found = Bursts([], [])
    async with _server(as_it_comes=False) as embedded, _server(as_it_comes=True) as defaults:
        for one in (embedded, defaults):
            await one.burst(_WARMING)
        pairs = [(embedded, found.embedded), (defaults, found.defaults)]
        for number in range(rounds):
            say(f"bursts, round {number + 1} of {rounds}")
            for server, seconds in pairs if number % 2 == 0 else reversed(pairs):
                seconds.append(await server.burst(bursts))
    return found


@dataclass(frozen=True)
class _Server:
    supervisor: Supervisor
    ports: Ports
    driver: Driver

    async def burst(self, times: int) -> float:
        check_listens(NAME, self.supervisor.running()[NAME].pid, self.ports.temporal)
        walked = await self.driver.order("walk", journeys=times)
        return float(statistics.median(walked["seconds"]))


@asynccontextmanager
async def _server(*, as_it_comes: bool) -> AsyncIterator[_Server]:
    folder = Path(tempfile.mkdtemp(prefix="safepath-bench-burst-"))
    paths, ports = StackPaths.at(folder), choose_ports(Ports(), Ports())
    prepare(paths, _silently)
    spec = temporal_spec(paths, ports)
    if as_it_comes:
        spec = replace(spec, argv=without(spec.argv, _OURS))
    supervisor = Supervisor([spec], _silently, lambda: None)
    try:
        await supervisor.start(NAME)
        now = datetime.now(UTC)
        write_state(
            paths, StackState(version="bench", pid=os.getpid(), started_at=now, ports=ports)
        )
        driver = await Driver.start(MODULE, folder)
        try:
            yield _Server(supervisor, ports, driver)
        finally:
            await driver.stop()
    finally:
        await supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)


def without(argv: Sequence[str], options: Sequence[str]) -> tuple[str, ...]:
    """Arguments without these options and the value of each."""
    dropped = {i for i, part in enumerate(argv) if part in options}
    return tuple(p for i, p in enumerate(argv) if i not in dropped and i - 1 not in dropped)


def _silently(_: str) -> None:
    """What the server says of its start is of no interest."""
