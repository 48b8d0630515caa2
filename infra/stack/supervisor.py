"""All the children of one stack, in the order in which they depend on each other."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from infra.stack.child import Child, ChildSpec, Say
from infra.stack.processes import identify
from infra.stack.state import ChildState


class Supervisor:
    """Starts children one by one or side by side, and stops them the other way round."""

    def __init__(self, specs: Iterable[ChildSpec], say: Say, changed: Callable[[], None]) -> None:
        self._say = say
        self._children = {spec.name: Child(spec, say, changed) for spec in specs}

    async def start(self, *names: str) -> None:
        """Start these children side by side; all are ready afterwards.

        Raises:
            StackError: One of them cannot be started.
        """
        await side_by_side(*(self._start(self._children[name]) for name in names))

    async def stop(self) -> None:
        """Stop every child, the last of the order first."""
        for child in reversed(self._children.values()):
            if child.pid is not None:
                self._say(f"stopping {child.spec.title}")
            await child.stop()

    def running(self) -> dict[str, ChildState]:
        """The processes that run now, by name."""
        pids = {name: child.pid for name, child in self._children.items()}
        return {name: identify(pid) for name, pid in pids.items() if pid is not None}

    async def _start(self, child: Child) -> None:
        await child.start()
        self._say(f"{child.spec.title} is ready")


async def side_by_side(*work: Coroutine[Any, Any, None]) -> None:
    """Do all at once; at the first error stop the others, wait for them, and raise it alone."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
