"""A whole stack for a story, people at their desks, and a hand that kills."""

import asyncio
import itertools
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import asyncpg

from activities.ports import Beside
from infra.demo.files import demo_directory_text
from infra.settings import Installation, find_installation
from infra.stack.layout import StackPaths
from infra.stack.secrets import Role
from infra.stack.services import WORKER, Services, our_services
from infra.stack.stack import EmbeddedStack, StackPlan
from infra.stack.state import ChildState, read_state
from infra.stack.temporal import connect
from schemas.actor import Actor
from schemas.command_base import Command
from schemas.decisions import Committed
from schemas.errors import UnreachableError
from schemas.ids import CaseRef
from schemas.views import CasePage
from tests.builders import a_command, caseworker, ops
from tests.infra.stack.standins import Listener, until
from tests.workflows.telling import an_opening
from web.entrance import open_desk

WITHIN = 60.0
"""Seconds after which a story has gone wrong; a delivery alone is given thirty."""

_C = TypeVar("_C", bound=Command)
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Stack:
    """A running stack with its worker."""

    paths: StackPaths
    installation: Installation
    superuser: "asyncpg.Connection[Any]"
    said: Listener

    def child(self, name: str) -> ChildState | None:
        """A child process, if it runs."""
        state = read_state(self.paths.data_dir)
        assert state is not None
        return state.children.get(name)

    async def kill(self, name: str = WORKER) -> None:
        """Kill a process as nothing kills more suddenly, and wait until another stands in."""
        killed = self.child(name)
        assert killed is not None
        os.kill(killed.pid, signal.SIGKILL)
        await self.until_another(name, killed)

    async def until_another(self, name: str, killed: ChildState) -> None:
        """Wait until another process stands in for one that was killed."""
        await until(lambda: self.child(name) not in (None, killed), WITHIN)

    async def open_case(self, actor: Actor, **opening: Any) -> CaseRef:
        """Open a case."""
        async with open_desk(self.installation, actor) as desk:
            opened = await desk.open_case(an_opening(**opening))
        return CaseRef(opened.case.case_ref)

    async def decide(
        self, case_ref: CaseRef, kind: type[_C], *, actor: Actor | None = None, **parts: Any
    ) -> Committed:
        """Have the journey decide; it must say yes.

        Who is told that no worker answered in time gives the same command again, once.
        """
        actor = actor or caseworker()
        command = self._command(case_ref, kind, actor, parts)
        async with open_desk(self.installation, actor) as desk:
            try:
                reply = await desk.decide(command)
            except UnreachableError:
                reply = await desk.decide(command)
        assert isinstance(reply, Committed), reply
        return reply

    async def state(
        self, case_ref: CaseRef, kind: type[_C], *, actor: Actor, note: str = "", **parts: Any
    ) -> Committed:
        """State a fact."""
        command: Any = self._command(case_ref, kind, actor, parts)
        async with open_desk(self.installation, actor) as desk:
            reply = await desk.state(command, beside=Beside(note=note))
        assert isinstance(reply, Committed), reply
        return reply

    async def page(self, case_ref: CaseRef, actor: Actor | None = None) -> CasePage:
        """The case, as who leads it sees it."""
        async with open_desk(self.installation, actor or caseworker()) as desk:
            return await desk.show_case(case_ref)

    async def until_page(
        self, case_ref: CaseRef, holds: Callable[[CasePage], object], actor: Actor | None = None
    ) -> CasePage:
        """The case once something holds of it."""
        return await _in_time(lambda: self.page(case_ref, actor), holds)

    async def until_rows(self, query: str, *args: Any) -> list[Any]:
        """The first rows that a query of the superuser finds."""
        return await _in_time(lambda: self.superuser.fetch(query, *args), bool)

    async def until_attempt(self, workflow_id: str, wanted: int) -> None:
        """Wait until an activity of a workflow has failed so often that this attempt is due."""
        state = read_state(self.paths.data_dir)
        assert state is not None
        client = await connect(state.ports)

        async def attempt() -> int:
            described = await client.get_workflow_handle(workflow_id).describe()
            pending = described.raw_description.pending_activities
            return max((activity.attempt for activity in pending), default=0)

        await _in_time(attempt, lambda found: found >= wanted)

    def _command(
        self, case_ref: CaseRef, kind: type[_C], actor: Actor, parts: dict[str, Any]
    ) -> _C:
        command_id = f"{case_ref}-{next(_numbers)}"
        usual = {"case_ref": case_ref, "command_id": command_id, "actor": actor}
        return a_command(kind, **(usual | parts))


_T = TypeVar("_T")


async def _in_time(ask: Callable[[], Awaitable[_T]], holds: Callable[[_T], object]) -> _T:
    end = asyncio.get_running_loop().time() + WITHIN
    while not holds(found := await ask()):
        assert asyncio.get_running_loop().time() < end, f"not within {WITHIN:g} s: {found!r}"
        await asyncio.sleep(0.05)
    return found


@asynccontextmanager
async def a_stack(data_dir: Path, *, services: Services = our_services) -> AsyncIterator[Stack]:
    """Everything `safepath up` runs, with the fictional directory loaded."""
    said = Listener()
    paths = StackPaths.at(data_dir)
    stack = EmbeddedStack(StackPlan(paths=paths, services=services), said)
    try:
        await stack.start()
        installation = find_installation(data_dir)
        async with open_desk(installation, ops()) as desk:
            await desk.load_directory(demo_directory_text())
        superuser = await asyncpg.connect(installation.dsn(Role.POSTGRES), ssl=False)
        try:
            yield Stack(paths, installation, superuser, said)
        finally:
            await superuser.close()
    finally:
        await stack.stop()
