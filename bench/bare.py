"""Plain Temporal workflows of safepath's shape, as an engineer in a hurry would write them.

A parent, a child for the referral, the same timers, decisions and answers, one INSERT a step, in
the same kind of activity as safepath's. No codec, no pydantic, no audit, no record of its own.

    python -m bench.bare DATA_DIR

runs the worker, on the servers of that stack.
"""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    import asyncpg
    from temporalio.client import Client
    from temporalio.worker import Worker

    from bench.failures import BenchError
    from bench.steps import Step, running_state, step_pool, write_step

QUEUE = "bare"
NAMESPACE = "journeys"
CACHED = 1_000
"""As many workflows as safepath's worker keeps."""
_WITHIN = timedelta(seconds=10)
_REMIND_AFTER = timedelta(hours=3)
_ANSWER_WITHIN = timedelta(hours=18)


@dataclass(frozen=True)
class Written:
    """A step to write."""

    journey: str
    what: str


class Steps:
    """The activities."""

    def __init__(self, pool: "asyncpg.Pool[Any] | None") -> None:
        self._pool = pool

    @activity.defn
    async def write(self, written: Written) -> str:
        """Write one step."""
        if self._pool is None:
            raise BenchError("this worker has no database")
        await write_step(self._pool, written.journey, written.what)
        return written.what

    @activity.defn
    async def nothing(self, number: int) -> int:
        """Do nothing: one link of a chain."""
        return number + 1


async def _write(journey: str, what: str) -> str:
    return await workflow.execute_local_activity_method(
        Steps.write, Written(journey, what), start_to_close_timeout=_WITHIN
    )


async def _send(journey: str, what: str) -> str:
    return await workflow.execute_activity_method(
        Steps.write, Written(journey, what), start_to_close_timeout=_WITHIN
    )


@workflow.defn
class BareJourney:
    """The parent."""

    @workflow.init
    def __init__(self, journey: str) -> None:
        self._journey = journey
        self._said: list[str] = []
        self._seen = 0
        self._child: ChildWorkflowHandle[Any, str] | None = None
        self._child_was_done = False

    @workflow.run
    async def run(self, journey: str) -> None:
        """Wait for people, with a reminder running, until one of them closes the journey."""
        await _write(journey, Step.OPENED)
        while Step.CLOSED not in self._said:
            try:
                await workflow.wait_condition(self._has_news, timeout=_REMIND_AFTER)
            except TimeoutError:
                await _write(journey, Step.REMINDED)
            if self._child is None and Step.REQUESTED in self._said:
                self._child = await workflow.start_child_workflow(
                    BareReferral.run,
                    journey,
                    id=f"{journey}/referral",
                    parent_close_policy=ParentClosePolicy.ABANDON,
                )
            self._child_was_done = self._child is not None and self._child.done()
            self._seen = len(self._said)
        await workflow.wait_condition(workflow.all_handlers_finished)

    @workflow.update
    async def decide(self, what: str) -> str:
        """Write what a person decided, and answer with it."""
        written = await _write(self._journey, what)
        self._said.append(what)
        return written

    def _has_news(self) -> bool:
        child_ended = self._child is not None and self._child.done() and not self._child_was_done
        return len(self._said) > self._seen or child_ended


@workflow.defn
class BareReferral:
    """The child."""

    def __init__(self) -> None:
        self._answers: list[str] = []
        self._seen = 0

    @workflow.run
    async def run(self, journey: str) -> str:
        """Deliver, tell the service, and wait for its answers, with a deadline running."""
        await _write(journey, Step.QUEUED)
        await _send(journey, Step.DELIVERED)
        await _send(journey, Step.NOTICED)
        while Step.COMPLETED not in self._answers[: self._seen]:
            try:
                await workflow.wait_condition(self._has_news, timeout=_ANSWER_WITHIN)
            except TimeoutError:
                await _write(journey, Step.REMINDED)
                continue
            await _write(journey, self._answers[self._seen])
            self._seen += 1
        return Step.COMPLETED

    @workflow.signal
    def answer(self, what: str) -> None:
        """What the service answers."""
        self._answers.append(what)

    def _has_news(self) -> bool:
        return len(self._answers) > self._seen


@workflow.defn
class Burst:
    """Steps that each depend on the one before."""

    @workflow.run
    async def run(self, links: int) -> int:
        """Take them one after the other."""
        reached = 0
        while reached < links:
            reached = await workflow.execute_activity_method(
                Steps.nothing, reached, start_to_close_timeout=_WITHIN
            )
        return reached


def bare_worker(client: "Client", pool: "asyncpg.Pool[Any] | None") -> "Worker":
    """A worker as it comes out of the box, with safepath's cache."""
    steps = Steps(pool)
    return Worker(
        client,
        task_queue=QUEUE,
        workflows=[BareJourney, BareReferral, Burst],
        activities=[steps.write, steps.nothing],
        max_cached_workflows=CACHED,
    )


async def _work(data_dir: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    client = await Client.connect(running_state(data_dir).temporal_address, namespace=NAMESPACE)
    async with step_pool(data_dir) as pool, bare_worker(client, pool):
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1])))
    os._exit(0)  # as safepath's worker: the interpreter can abort at its end (temporalio 1.35)
