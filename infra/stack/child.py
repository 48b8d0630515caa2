"""One child process: started, known to be ready, started again when it dies, stopped."""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

from infra.stack.layout import PRIVATE_FILE
from schemas.errors import StackError

Say = Callable[[str], None]
Probe = Callable[[datetime], Awaitable[bool]]
"""Asks once whether a child started at that moment is ready."""

_LAUNCH = Path(__file__).with_name("launch.py")
_PROBE_EVERY = 0.05
_DEATHS_BEFORE_GIVING_UP = 3
_LARGEST_LOG = 10_000_000


@dataclass(frozen=True)
class ChildSpec:
    """What to run and how to treat it; times in seconds.

    `as_nobody` runs it in a user namespace where we appear as `nobody`.
    """

    name: str
    title: str
    argv: tuple[str, ...]
    log: Path
    ready: Probe
    env: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    stop_within: float = 10.0
    ready_within: float = 20.0
    as_nobody: bool = False


class Backoff:
    """How long to wait before the next start: doubling, forgotten after ten healthy seconds.

    What runs for that long has not died of its start. The longest pause is short, because what a
    process needs may be back at any moment, and everybody waits for the process meanwhile.
    """

    def __init__(self, first: float = 0.5, most: float = 5.0, healthy_after: float = 10.0) -> None:
        self._first, self._most, self._healthy_after = first, most, healthy_after
        self._next = first

    def after_running(self, seconds: float) -> float:
        """The pause after a run of that length."""
        if seconds >= self._healthy_after:
            self._next = self._first
        pause = self._next
        self._next = min(self._next * 2, self._most)
        return pause


class Child:
    """Keeps one process alive from `start` to `stop`. Use on the main thread's event loop."""

    def __init__(self, spec: ChildSpec, say: Say, changed: Callable[[], None]) -> None:
        self.spec = spec
        self._say, self._changed = say, changed
        self._backoff = Backoff()
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._first_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._deaths = 0

    @property
    def pid(self) -> int | None:
        """The process id while the process runs."""
        if self._process is None or self._process.returncode is not None:
            return None
        return self._process.pid

    async def start(self) -> None:
        """Start the process and wait until it is ready.

        Raises:
            StackError: It ended again and again, or was not ready in time.
        """
        self._keeper = asyncio.create_task(self._keep(), name=f"keep {self.spec.name}")
        try:
            async with asyncio.timeout(self.spec.ready_within):
                await self._first_ready
        except TimeoutError:
            raise StackError(
                f"{self.spec.title} was not ready within {self.spec.ready_within:g} s: "
                f"its log {self.spec.log} says why."
            ) from None

    async def stop(self) -> None:
        """Ask the process to stop, wait, kill it if it will not; harmless when not started."""
        if self._keeper is None:
            return
        self._stopping.set()
        self._signal(self.spec.stop_signal)
        _, unstopped = await asyncio.wait({self._keeper}, timeout=self.spec.stop_within)
        if unstopped:
            self._say(f"{self.spec.title} did not stop in {self.spec.stop_within:g} s: killed.")
            self._signal(signal.SIGKILL)
        await self._keeper

    async def _keep(self) -> None:
        while not self._stopping.is_set():
            since = monotonic()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            if self._gave_up(code):
                return
            pause = self._backoff.after_running(monotonic() - since)
            self._say(
                f"{self.spec.title} ended ({_how(code)}): starting it again in {pause:g} s; "
                f"its log is {self.spec.log}"
            )
            await self._pause(pause)

    async def _run_once(self) -> int:
        started_at = datetime.now(UTC)
        self._process = await launch(self.spec)
        self._changed()
        if self._stopping.is_set():
            self._signal(self.spec.stop_signal)
        prober = asyncio.create_task(self._await_ready(started_at))
        code = await self._process.wait()
        prober.cancel()
        await asyncio.wait({prober})
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)  # whatever it started and left
        return code

    async def _await_ready(self, started_at: datetime) -> None:
        try:
            while not await self.spec.ready(started_at):  # noqa: ASYNC110 - no event to wait for
                await asyncio.sleep(_PROBE_EVERY)
        except StackError as error:
            self._fail(error)
            return
        if not self._first_ready.done():
            self._first_ready.set_result(None)
        elif self._deaths:
            self._say(f"{self.spec.title} is back")

    def _gave_up(self, code: int) -> bool:
        """Give up on what dies again and again without ever having been ready."""
        self._deaths += 1
        if self._first_ready.done() or self._deaths < _DEATHS_BEFORE_GIVING_UP:
            return False
        self._fail(
            StackError(
                f"{self.spec.title} ends at its start ({_how(code)}): its log {self.spec.log} "
                "says why."
            )
        )
        return True

    def _fail(self, error: StackError) -> None:
        if self._first_ready.done():
            self._say(str(error))
        else:
            self._first_ready.set_exception(error)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(number)


async def launch(spec: ChildSpec) -> asyncio.subprocess.Process:
    """Start the process of `spec`, bound to die with us.

    The kernel binds a child to the *thread* that started it, so this must be the main thread;
    its own session keeps the terminal's Ctrl-C for us alone.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("children are started from the main thread only")
    prefix = (sys.executable, "-I", "-S", str(_LAUNCH))
    fate = (str(int(spec.death_signal)), str(os.getpid()), "map" if spec.as_nobody else "keep")
    log = _open_log(spec.log)
    try:
        return await asyncio.create_subprocess_exec(
            *prefix,
            *fate,
            *spec.argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(spec.env),
            start_new_session=True,
        )
    finally:
        os.close(log)


def _open_log(file: Path) -> int:
    if file.exists() and file.stat().st_size > _LARGEST_LOG:
        file.replace(file.with_name(file.name + ".old"))
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"
