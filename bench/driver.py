"""The process that drives one arm: an order a line on stdin, its answer a line on stdout.

    python -m bench.driver ARM DATA_DIR

It has a process of its own in every arm, so that what the driving costs can be told apart.
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.arms import Arm
from bench.walks import Walk, at_once

MODULES: dict[str, str] = {
    Arm.SAFEPATH: "bench.reference",
    Arm.BARE: "bench.bare_walk",
    Arm.DBOS: "bench.dbos_walk",
    Arm.FLOOR: "bench.floor",
    "burst": "bench.burst",
}


async def walk(arm: Any, journeys: int, together: int) -> dict[str, Any]:
    """Walk journeys, so many at a time."""
    began = time.perf_counter()
    walks: list[Walk] = await _many(lambda: arm.walk(at_once), journeys, together)
    elapsed = time.perf_counter() - began
    return {
        "elapsed": elapsed,
        "seconds": [one.seconds for one in walks],
        "start_seconds": [one.start_seconds for one in walks],
    }


async def fill(arm: Any, journeys: int, together: int) -> dict[str, Any]:
    """Open journeys and leave them open."""
    began = time.perf_counter()
    await _many(arm.open, journeys, together)
    return {"elapsed": time.perf_counter() - began}


async def start(arm: Any, journeys: int, together: int) -> dict[str, Any]:
    """Open journeys, timed, and close them again, so that none is left."""

    async def one() -> float:
        began = time.perf_counter()
        opened = await arm.open()
        seconds = time.perf_counter() - began
        await arm.close(opened)
        return seconds

    return {"start_seconds": await _many(one, journeys, together)}


async def count(arm: Any, journeys: int, together: int) -> dict[str, Any]:
    """Count the histories of journeys whose messages each met them at rest."""
    return {"counts": [asdict(one) for one in await _many(arm.count, journeys, together)]}


ORDERS = {"walk": walk, "fill": fill, "start": start, "count": count}


async def _many(do: Callable[[], Awaitable[Any]], times: int, together: int) -> list[Any]:
    """Do it so many times, so many at once; the first failure stops all."""
    left = iter(range(times))
    done: list[Any] = []

    async def take() -> None:
        for _ in left:
            done.append(await do())  # noqa: PERF401 - each is awaited before the next is taken

    async with asyncio.TaskGroup() as group:
        for _ in range(min(times, together)):
            group.create_task(take())
    return done


async def serve(arm: str, data_dir: Path, answer: Callable[[dict[str, Any]], None]) -> None:
    """Carry out orders until stdin ends."""
    async with importlib.import_module(MODULES[arm]).opened(data_dir) as opened:
        answer({"ready": arm})
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            carry_out = ORDERS[order.pop("do")]
            answer(await carry_out(opened, **order))


def main() -> int:
    """Whatever libraries print goes to stderr: stdout holds answers alone."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)

    def answer(found: dict[str, Any]) -> None:
        answers.write(json.dumps(found) + "\n")
        answers.flush()

    try:
        asyncio.run(serve(sys.argv[1], Path(sys.argv[2]), answer))
    except Exception as error:
        answer({"error": f"{type(error).__name__}: {_innermost(error)}"})
        raise
    return 0


def _innermost(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


if __name__ == "__main__":
    sys.exit(main())
