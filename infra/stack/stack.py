"""The embedded stack as a whole: prepared, started, described in `stack.json`, stopped."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from infra.migrations import migrate
from infra.stack import postgres, temporal
from infra.stack.child import ChildSpec, Say
from infra.stack.layout import StackPaths, prepare
from infra.stack.lock import StackLock
from infra.stack.ports import choose_ports
from infra.stack.processes import is_alive
from infra.stack.protocol_owners import ensure_protocol_owners
from infra.stack.secrets import Role, ensure_secrets
from infra.stack.services import Services, no_services, our_services
from infra.stack.state import ChildState, Ports, StackState, dsn, read_state, write_state
from infra.stack.supervisor import Supervisor, side_by_side
from schemas.errors import StackError

Migrate = Callable[[str, Say], Awaitable[None]]
"""Brings the schema of the database behind the DSN (of `sp_owner`) up to date."""

BOTH_SERVERS = frozenset({postgres.NAME, temporal.NAME})
_LEFTOVERS_END_WITHIN = 25.0


async def migrate_schema(dsn_owner: str, say: Say) -> None:
    """Apply our migrations; a fresh database is marked as embedded."""
    await migrate(dsn_owner, embedded=True, say=say)


@dataclass(frozen=True)
class StackPlan:
    """What to run where. Ports of 0 are taken as last time, else freely."""

    paths: StackPaths
    ports: Ports = field(default_factory=Ports)
    services: Services = our_services
    migrate: Migrate = migrate_schema
    servers: frozenset[str] = BOTH_SERVERS
    extra_temporal_args: Sequence[str] = ()


class EmbeddedStack:
    """One embedded stack: `start` it once, then `stop` it, also after a start that failed."""

    def __init__(self, plan: StackPlan, say: Say) -> None:
        self._plan, self._paths, self._say = plan, plan.paths, say
        self._lock = StackLock(plan.paths.lock)
        self._state: StackState | None = None
        self._supervisor: Supervisor | None = None

    async def start(self) -> StackState:
        """Start everything; returns where it answers.

        Raises:
            StackError: It cannot be started; `stop` what was.
            BadInputError: A wished port is none.
        """
        prepare(self._paths, self._say)
        now = datetime.now(UTC)
        self._lock.take(now)
        last = read_state(self._paths.data_dir)
        await self._outwait(last)
        ensure_secrets(self._paths)
        ensure_protocol_owners(self._paths, self._say)
        ports = choose_ports(self._plan.ports, last.ports if last else Ports())
        specs, services = self._specs(ports)
        self._state = StackState(
            version=version("safepath"),
            pid=os.getpid(),
            started_at=now,
            ports=ports,
            expected=tuple(spec.name for spec in specs),
        )
        self._supervisor = supervisor = Supervisor(specs, self._say, self._note_children)
        await side_by_side(*(work(supervisor, ports) for work in self._server_starts()))
        await supervisor.start(*services)
        return self._note(ready_at=datetime.now(UTC))

    async def stop(self) -> None:
        """Stop what runs, in order, and let go of the directory."""
        if self._supervisor is not None:
            await self._supervisor.stop()
            self._note(pid=None, stopped_at=datetime.now(UTC), children={})
        self._lock.release()

    def _specs(self, ports: Ports) -> tuple[list[ChildSpec], list[str]]:
        """Every child in the order of dependence, and the names of our own."""
        specs = []
        if postgres.NAME in self._plan.servers:
            specs.append(postgres.postgres_spec(self._paths, ports))
        if temporal.NAME in self._plan.servers:
            extra = self._plan.extra_temporal_args
            specs.append(temporal.temporal_spec(self._paths, ports, extra))
        services = list(self._plan.services(self._paths, ports))
        return specs + services, [spec.name for spec in services]

    def _server_starts(self) -> list[Callable[[Supervisor, Ports], Coroutine[Any, Any, None]]]:
        starts = {postgres.NAME: self._start_postgres, temporal.NAME: self._start_temporal}
        return [start for name, start in starts.items() if name in self._plan.servers]

    async def _start_postgres(self, supervisor: Supervisor, ports: Ports) -> None:
        if await postgres.initialise(self._paths):
            self._say("PostgreSQL has a new data directory")
        await supervisor.start(postgres.NAME)
        await postgres.ensure_roles(self._paths, ports)
        assert self._state is not None  # noqa: S101 - set before anything is started
        await self._plan.migrate(dsn(Role.OWNER, self._state, self._paths), self._say)
        self._say("the schema is up to date")

    async def _start_temporal(self, supervisor: Supervisor, ports: Ports) -> None:
        await supervisor.start(temporal.NAME)
        await temporal.ensure_namespaces(ports)

    async def _outwait(self, last: StackState | None) -> None:
        """Children of an `up` that was killed are still stopping: their ports will be free."""
        if last is None:
            return
        if any(is_alive(child) for child in last.children.values()):
            self._say("waiting for the processes of an earlier up to end")
        until = asyncio.get_running_loop().time() + _LEFTOVERS_END_WITHIN
        while alive := {name: c.pid for name, c in last.children.items() if is_alive(c)}:
            if asyncio.get_running_loop().time() > until:
                raise StackError(leftovers(alive))
            await asyncio.sleep(0.1)

    def _note_children(self) -> None:
        assert self._supervisor is not None  # noqa: S101 - it is what calls us
        self._note(children=self._supervisor.running())

    def _note(self, **changes: "int | datetime | dict[str, ChildState] | None") -> StackState:
        assert self._state is not None  # noqa: S101 - set before anything is started
        self._state = self._state.model_copy(update=changes)
        write_state(self._paths, self._state)
        return self._state


def leftovers(alive: dict[str, int]) -> str:
    """The sentence for processes that outlived their `up`."""
    named = ", ".join(f"{name} ({pid})" for name, pid in alive.items())
    pids = " ".join(str(pid) for pid in alive.values())
    return f"Processes of an earlier up still run: {named}; end them with kill {pids}"


@asynccontextmanager
async def running_stack(
    data_dir: Path,
    *,
    with_workers: bool,
    say: Say,
    extra_temporal_args: Sequence[str] = (),
    servers: frozenset[str] = BOTH_SERVERS,
) -> AsyncIterator[StackState]:
    """A stack for as long as the block runs: for the demo and the tests."""
    plan = StackPlan(
        paths=StackPaths.at(data_dir),
        services=our_services if with_workers else no_services,
        servers=servers,
        extra_temporal_args=extra_temporal_args,
    )
    stack = EmbeddedStack(plan, say)
    try:
        yield await stack.start()
    finally:
        await stack.stop()
