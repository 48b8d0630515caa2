"""A stack on which everything can fail: its worker can be made to crash, its network to break."""

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg

from infra.database import Pool
from infra.settings import Installation
from infra.stack.child import ChildSpec
from infra.stack.layout import StackPaths
from infra.stack.secrets import Role
from infra.stack.services import codec_spec, worker_spec
from infra.stack.state import LOOPBACK, Ports
from tests.faults.crashing import Fuse
from tests.faults.proxy import Proxy, a_proxy
from tests.journeys.standing import Stack, a_stack

_START = 60.0
"""Seconds that a start may take where other tests leave it little of the machine."""


@dataclass(frozen=True)
class Network:
    """Between somebody and both servers."""

    postgres: Proxy
    temporal: Proxy

    def aim(self, ports: Ports) -> None:
        """Say where the servers are."""
        self.postgres.target, self.temporal.target = ports.postgres, ports.temporal


@dataclass(frozen=True)
class Stage:
    """A running stack, the worker's network and the desks', and the worker's fuse."""

    stack: Stack
    behind: Stack
    """The same, with desks that reach it through `desks`."""
    worker: Network
    desks: Network
    fuse: Fuse
    superuser: Pool
    """Outlives PostgreSQL's restarts, as a connection would not."""


def through(installation: Installation, *, postgres: int, temporal: int) -> Installation:
    """The same installation, found at other ports of the loopback."""
    dsns = {role: _at(dsn, postgres) for role, dsn in installation.dsns.items()}
    return replace(installation, dsns=dsns, temporal_address=f"{LOOPBACK}:{temporal}")


def _at(dsn: str, port: int) -> str:
    who, _, place = dsn.rpartition("@")
    return f"{who}@{LOOPBACK}:{port}/{place.partition('/')[2]}"


async def _a_network(opened: AsyncExitStack) -> Network:
    proxies = [await opened.enter_async_context(a_proxy()) for _ in range(2)]
    return Network(*proxies)


@asynccontextmanager
async def a_stage(folder: Path) -> AsyncIterator[Stage]:
    """Everything `safepath up` runs, with our worker's own test process in place of the worker."""
    async with AsyncExitStack() as opened:
        worker, desks = await _a_network(opened), await _a_network(opened)
        fuse = Fuse(folder / "fuse.json")

        def services(paths: StackPaths, ports: Ports) -> Sequence[ChildSpec]:
            worker.aim(ports)
            desks.aim(ports)
            met = (str(worker.postgres.port), str(worker.temporal.port), str(fuse.file))
            module = "tests.faults.worker_process"
            argv = (sys.executable, "-m", module, str(paths.data_dir), *met)
            worker_process = replace(worker_spec(paths, ports), argv=argv, ready_within=_START)
            return (replace(codec_spec(paths, ports), ready_within=_START), worker_process)

        stack = await opened.enter_async_context(a_stack(folder / "data", services=services))
        reached = through(
            stack.installation, postgres=desks.postgres.port, temporal=desks.temporal.port
        )
        superuser = await asyncpg.create_pool(
            stack.installation.dsn(Role.POSTGRES), min_size=0, max_size=4, ssl=False
        )
        opened.push_async_callback(superuser.close)
        behind = replace(stack, installation=reached)
        yield Stage(stack, behind, worker, desks, fuse, superuser)
