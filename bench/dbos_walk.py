"""The same journey in DBOS, whose library runs workflows in the process of its caller.

A parent and a child workflow, a step for each INSERT, messages received with a timeout, answers
as workflow events, the child's end as a message to the parent. Settings are DBOS's defaults.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import asyncpg
from dbos import DBOS, DBOSConfig, SetWorkflowID, WorkflowHandleAsync

from bench.arrivals import Arrivals
from bench.failures import BenchError
from bench.steps import (
    ANSWERS,
    CLOSING,
    DECISIONS,
    Step,
    postgres_dsn,
    step_arrivals,
    step_pool,
    write_step,
)
from bench.walks import Pause, Walk

_REMIND_AFTER = 3 * 3600.0
_ANSWER_WITHIN = 18 * 3600.0
_PEOPLE, _SERVICE = "people", "service"
_REFERRAL_OVER = "referral over"
_pool: "asyncpg.Pool[Any] | None" = None  # DBOS's steps are functions: they find it here


@DBOS.step()
async def write(journey: str, what: str) -> str:
    """Write one step."""
    if _pool is None:
        raise BenchError("a step before the pool was opened")
    await write_step(_pool, journey, what)
    return what


@DBOS.workflow()
async def dbos_journey(journey: str) -> None:
    """The parent: wait for people, with a reminder running, until the journey is closed."""
    await write(journey, Step.OPENED)
    said: object = None
    while said != Step.CLOSED:
        said = await DBOS.recv_async(_PEOPLE, timeout_seconds=_REMIND_AFTER)
        if said == _REFERRAL_OVER:
            continue
        written = await write(journey, str(said) if said else Step.REMINDED)
        if said == Step.REQUESTED:
            with SetWorkflowID(f"{journey}/referral"):
                await DBOS.start_workflow_async(dbos_referral, journey)
        if said:
            await DBOS.set_event_async(str(said), written)


@DBOS.workflow()
async def dbos_referral(journey: str) -> str:
    """The child: deliver, tell the service, and wait for its answers."""
    for what in (Step.QUEUED, Step.DELIVERED, Step.NOTICED):
        await write(journey, what)
    answer: object = None
    while answer != Step.COMPLETED:
        answer = await DBOS.recv_async(_SERVICE, timeout_seconds=_ANSWER_WITHIN)
        await write(journey, str(answer) if answer else Step.REMINDED)
    await DBOS.send_async(journey, _REFERRAL_OVER, _PEOPLE)
    return Step.COMPLETED


class InDbos:
    """Whoever sends the messages, and sees referrals arrive."""

    def __init__(self, arrivals: Arrivals) -> None:
        self._arrivals = arrivals

    async def walk(self, _: Pause) -> Walk:
        """One journey, from its start to the end of its workflows."""
        name = uuid4().hex
        began = perf_counter()
        with SetWorkflowID(name):
            parent = await DBOS.start_workflow_async(dbos_journey, name)
        started = perf_counter()
        for what in DECISIONS:
            await self._decide(name, what)
        await self._arrivals.of(name)
        for what in ANSWERS:
            await DBOS.send_async(f"{name}/referral", what.value, _SERVICE)
        child: WorkflowHandleAsync[str] = await DBOS.retrieve_workflow_async(f"{name}/referral")
        await child.get_result(polling_interval_sec=0.01)
        for what in CLOSING:
            await self._decide(name, what)
        closed = perf_counter()
        await parent.get_result()
        return Walk(closed - began, started - began)

    async def _decide(self, journey: str, what: Step) -> None:
        await DBOS.send_async(journey, what.value, _PEOPLE)
        answer = await DBOS.get_event_async(journey, what.value)
        if answer != what:
            raise BenchError(f"DBOS answered {answer!r} to {what}")


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[InDbos]:
    """DBOS, launched on the PostgreSQL of a stack, in this process."""
    global _pool  # noqa: PLW0603 - set once, before the first step
    address = postgres_dsn(data_dir).replace("postgresql://", "postgresql+psycopg://", 1)
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": address,
        "log_level": "WARNING",
    }
    async with step_pool(data_dir) as pool, step_arrivals(data_dir) as arrivals:
        _pool = pool
        DBOS(config=config)
        DBOS.launch()
        try:
            yield InDbos(arrivals)
        finally:
            DBOS.destroy()
