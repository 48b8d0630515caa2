"""Running a stack until someone asks it to stop: Ctrl-C, SIGTERM, or the end of `uv run`."""

import asyncio
import os
import signal
from collections.abc import Callable
from types import TracebackType
from typing import Self

from infra.stack.child import Say
from infra.stack.processes import starter_to_outlive
from infra.stack.stack import EmbeddedStack
from infra.stack.state import StackState

_LOOK_EVERY = 0.5


async def serve(stack: EmbeddedStack, say: Say, on_ready: Callable[[StackState], None]) -> None:
    """Start the stack, call `on_ready`, wait to be asked to stop, and stop it in order.

    Raises:
        StackError: It could not be started; what was started is stopped again.
    """
    with StopRequests(say) as requests:
        starting = asyncio.create_task(stack.start())
        asked = asyncio.create_task(requests.wait())
        try:
            await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                on_ready(starting.result())
                await asked
        finally:
            for task in (starting, asked):
                task.cancel()
            await asyncio.gather(starting, asked, return_exceptions=True)
            await stack.stop()


class StopRequests:
    """Turns signals into one request to stop; the ones after the first change nothing.

    `uv run` passes on a Ctrl-C that the terminal has delivered already, so two are usual: the
    second must not cut the ordered stop short.
    """

    def __init__(self, say: Say) -> None:
        self._say = say
        self._signals = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup wants to go on
            self._signals.append(signal.SIGHUP)
        self._asked = asyncio.Event()
        self._starter = starter_to_outlive()
        self._repeated = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.add_signal_handler(number, self._ask, number)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        loop = asyncio.get_running_loop()
        for number in self._signals:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_IGN)  # all is stopped: a late one is of no use

    async def wait(self) -> None:
        """Return once a stop is asked for, or `uv run`, which started us, is gone."""
        while not self._asked.is_set():
            if self._starter is not None and os.getppid() != self._starter:
                self._say("uv run, which started this, has ended: stopping")
                return
            try:
                async with asyncio.timeout(_LOOK_EVERY):
                    await self._asked.wait()
            except TimeoutError:
                continue

    def _ask(self, number: signal.Signals) -> None:
        if not self._asked.is_set():
            self._asked.set()
            self._say(f"{number.name}: stopping in order")
        elif not self._repeated:
            self._repeated = True
            self._say("already stopping: nothing is left behind if you wait")
