"""An operator's console: the commands of docs/operations.md, run in a shell as they stand there."""

import asyncio
import itertools
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from subprocess import PIPE, STDOUT

from tests.house.source import HOUSE

_PAGE = HOUSE / "docs" / "operations.md"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_WITHIN = 60.0


def commands_under(heading: str) -> list[list[str]]:
    """The commands of each block of a section of the page, line by line."""
    page = _PAGE.read_text(encoding="utf-8")
    section = page.partition(f"\n{heading}\n")[2]
    section = re.split(r"^#{2,3} ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return [block.strip().splitlines() for block in _BLOCK.findall(section)]


@dataclass
class Console:
    """One shell, in which variables and jobs last as they do in an operator's.

    Args:
        shell: the process.
        places: what stands in the page, and what stands here instead.
    """

    shell: asyncio.subprocess.Process
    places: Mapping[str, str]
    ran: list[str] = field(default_factory=list)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    async def run(self, command: str) -> str:
        """Run a command of the page; it must succeed. What it printed."""
        code, printed = await self._run(command)
        assert code == 0, f"{command}\n{printed}"
        return printed

    async def until(self, command: str, holds: Callable[[str], object]) -> str:
        """Run a command again and again, until what it prints is what the operator waits for."""
        async with asyncio.timeout(_WITHIN):
            while True:
                code, printed = await self._run(command)
                if code == 0 and holds(printed):
                    return printed
                await asyncio.sleep(0.2)

    async def _run(self, command: str) -> tuple[int, str]:
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.ran.append(command)
        for there, here in self.places.items():
            command = command.replace(there, here)
        end = f"-- {next(self._numbers)} --"
        self.shell.stdin.write(f'{command}\necho "{end}$?"\n'.encode())
        printed = ""
        async with asyncio.timeout(_WITHIN):
            while end not in printed:
                line = (await self.shell.stdout.readline()).decode()
                assert line, f"the shell ended at: {command}\n{printed}"
                printed += line
        said, _, code = printed.rpartition(end)
        return int(code), said


@asynccontextmanager
async def a_console(places: Mapping[str, str], env: Mapping[str, str]) -> AsyncIterator[Console]:
    """A shell, and an end to all it started."""
    shell = await asyncio.create_subprocess_exec(
        "bash", stdin=PIPE, stdout=PIPE, stderr=STDOUT, env=dict(env), start_new_session=True
    )
    try:
        yield Console(shell, places)
    finally:
        with suppress(ProcessLookupError):  # its group is its own: nothing else is in it
            os.killpg(shell.pid, signal.SIGKILL)
        await shell.wait()
