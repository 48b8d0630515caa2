"""The table of the other arms: one row a step, and the pool that writes it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

import asyncpg

from bench.arrivals import Arrivals
from bench.failures import BenchError
from infra.stack.layout import StackPaths
from infra.stack.secrets import Role
from infra.stack.state import StackState, dsn, read_state

_TABLE = """
CREATE TABLE IF NOT EXISTS public.step (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journey text NOT NULL,
    what text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE INDEX IF NOT EXISTS step_journey_ix ON public.step (journey)
"""
_INSERT = "INSERT INTO public.step (journey, what) VALUES ($1, $2)"
_ARRIVED = "SELECT journey FROM public.step WHERE journey = ANY ($1) AND what = 'delivered'"


class Step(StrEnum):
    """What happens in the reference journey; each is written once."""

    OPENED = "opened"
    ASKED = "asked"
    GIVEN = "given"
    NEED = "need"
    REQUESTED = "requested"
    QUEUED = "queued"
    DELIVERED = "delivered"
    NOTICED = "noticed"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    REVIEWED = "reviewed"
    CLOSED = "closed"
    REMINDED = "reminded"


DECISIONS = (Step.ASKED, Step.GIVEN, Step.NEED, Step.REQUESTED)
ANSWERS = (Step.ACCEPTED, Step.COMPLETED)
CLOSING = (Step.REVIEWED, Step.CLOSED)
WALKED = tuple(step for step in Step if step is not Step.REMINDED)
"""The steps of a whole journey, in which nobody is reminded."""


def running_state(data_dir: Path) -> StackState:
    """Where the servers of a data directory answer.

    Raises:
        BenchError: none were started there.
    """
    state = read_state(data_dir)
    if state is None:
        raise BenchError(f"no stack runs on {data_dir}")
    return state


def postgres_dsn(data_dir: Path) -> str:
    """The superuser's DSN of a stack: in these arms no row is guarded."""
    return dsn(Role.POSTGRES, running_state(data_dir), StackPaths.at(data_dir))


@asynccontextmanager
async def step_pool(data_dir: Path, *, most: int = 8) -> AsyncIterator["asyncpg.Pool[Any]"]:
    """A pool on a database that has the table."""
    address = postgres_dsn(data_dir)
    async with asyncpg.create_pool(address, min_size=1, max_size=most, ssl=False) as pool:
        await pool.execute(_TABLE)
        yield pool


async def write_step(pool: "asyncpg.Pool[Any]", journey: str, what: str) -> None:
    """Write one step: one INSERT, committed."""
    await pool.execute(_INSERT, journey, what)


@asynccontextmanager
async def step_arrivals(data_dir: Path) -> AsyncIterator[Arrivals]:
    """Whoever sees that a referral was delivered."""
    connection = await asyncpg.connect(postgres_dsn(data_dir), ssl=False)
    try:
        yield Arrivals(connection, _ARRIVED)
    finally:
        await connection.close()
