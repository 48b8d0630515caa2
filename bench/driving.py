"""The other end of a driver: started, given orders, stopped."""

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from bench.failures import BenchError
from infra.stack import launch

_LAUNCH = str(Path(launch.__file__))
_LONGEST_ANSWER = 16 * 1024 * 1024
_READY_WITHIN = 60.0
_STOPS_WITHIN = 5.0


class Driver:
    """One driver process; it dies with us."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        if process.stdin is None or process.stdout is None:
            raise BenchError("a driver without its pipes")
        self._process, self._log = process, log
        self._orders, self._answers = process.stdin, process.stdout

    @classmethod
    async def start(cls, arm: str, data_dir: Path) -> "Driver":
        """Start it and wait until it is connected.

        Raises:
            BenchError: it is not.
        """
        log = data_dir / "logs" / "driver.log"
        fate = (str(int(signal.SIGKILL)), str(os.getpid()), "keep")
        work = (sys.executable, "-P", "-m", "bench.driver", str(arm), str(data_dir))
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", _LAUNCH, *fate, *work),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=_LONGEST_ANSWER,
                start_new_session=True,
            )
        driver = cls(process, log)
        try:
            async with asyncio.timeout(_READY_WITHIN):
                await driver._answer()
        except BaseException:
            await driver.stop()
            raise
        return driver

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def order(self, do: str, *, journeys: int, together: int = 1) -> dict[str, Any]:
        """Have something done.

        Raises:
            BenchError: it failed; the sentence says where to read why.
        """
        order = {"do": do, "journeys": journeys, "together": together}
        with suppress(BrokenPipeError, ConnectionResetError):
            self._orders.write(json.dumps(order).encode() + b"\n")
            await self._orders.drain()
        return await self._answer()

    async def stop(self) -> None:
        """Let it disconnect; kill it if it will not."""
        self._orders.close()
        try:
            async with asyncio.timeout(_STOPS_WITHIN):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def _answer(self) -> dict[str, Any]:
        line = await self._answers.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the driver ended"}
        if "error" in answer:
            raise BenchError(f"{answer['error']}\n{self._end_of_log()}")
        return answer

    def _end_of_log(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-15:])
