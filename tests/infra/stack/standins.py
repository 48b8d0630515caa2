"""Small real processes and waiting with a deadline, for the tests of the stack."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import TypeVar

from infra.stack.child import ChildSpec
from infra.stack.processes import is_alive
from infra.stack.state import ChildState, StackState, read_state

T = TypeVar("T")
REPOSITORY = Path(__file__).parents[3]
SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('deaf', flush=True); time.sleep(600)"
)


async def at_once(_: datetime) -> bool:
    """A probe that finds its child ready."""
    return True


async def never(_: datetime) -> bool:
    """A probe that never does."""
    return False


def a_child(folder: Path, program: str = SLEEP, name: str = "standin") -> ChildSpec:
    """A Python child of one line."""
    return ChildSpec(
        name=name,
        title=f"the {name}",
        argv=(sys.executable, "-I", "-S", "-c", program),
        log=folder / f"{name}.log",
        ready=at_once,
    )


@dataclass
class Listener:
    """Remembers what was said."""

    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        """Remember a line."""
        self.lines.append(line)

    def heard(self, words: str) -> bool:
        """Whether some line contains these words."""
        return any(words in line for line in self.lines)


async def until(ask: Callable[[], T], within: float = 15.0) -> T:
    """The first true answer; fails when there is none in time."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if found := ask():
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"nothing came within {within:g} s")


def in_time(ask: Callable[[], T], within: float = 15.0) -> T:
    """The same for tests that are not async."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if found := ask():
            return found
        time.sleep(0.02)
    raise AssertionError(f"nothing came within {within:g} s")


@dataclass
class UpProcess:
    """A stack in a process of its own, as `safepath up` is one."""

    process: "Popen[str]"
    data_dir: Path

    def ready_state(self) -> StackState:
        """The state once everything has started."""

        def found() -> list[StackState]:
            state = read_state(self.data_dir)
            ours = state is not None and state.pid == self.process.pid
            return [state] if state is not None and ours and state.ready_at else []

        return in_time(found)[0]

    def says(self, words: str) -> str:
        """What it prints up to and with the line of these words."""
        assert self.process.stdout is not None
        heard = ""
        for line in self.process.stdout:
            heard += line
            if words in line:
                return heard
        raise AssertionError(f"it never said {words!r}, but: {heard}")

    def end(self) -> str:
        """The rest of what it prints; it must end by itself."""
        assert self.process.stdout is not None
        printed = self.process.stdout.read()
        self.process.wait(timeout=20)
        return printed


@contextmanager
def an_up(data_dir: Path, *servers: str) -> Iterator[UpProcess]:
    """Run a stack of these servers and two stand-ins for our own processes."""
    command = [sys.executable, "-m", "tests.infra.stack.up_process", str(data_dir), *servers]
    with Popen(command, cwd=REPOSITORY, stdout=PIPE, stderr=STDOUT, text=True) as process:
        try:
            yield UpProcess(process, data_dir)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)


def all_gone(children: dict[str, ChildState]) -> bool:
    """Whether none of these processes runs any more."""
    return not any(is_alive(child) for child in children.values())


def parents_of_everything() -> dict[int, int]:
    """Every process on this machine with its parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            found[int(entry.name)] = int(stat[stat.rindex(")") + 2 :].split()[1])
    return found


def descendants_of(pid: int) -> set[int]:
    """The children of a process, their children, and so on."""
    parents, found, grown = parents_of_everything(), {pid}, True
    while grown:
        more = {child for child, parent in parents.items() if parent in found} - found
        grown = bool(more)
        found |= more
    return found - {pid}


def command_line_of(pid: int) -> str:
    """How a process was started, empty if it is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_root() -> bool:
    """Whether these tests run as root."""
    return os.geteuid() == 0
