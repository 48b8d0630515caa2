"""The floor: the same steps by hand, on asyncpg alone.

A step locks the journey's row, writes an event row and moves the timer's row, in one transaction.
No dispatcher, no retries, no replay, nobody to fire the timers: a limit to quote, not a rival.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import uuid4

import asyncpg

from bench.steps import WALKED, Step, step_pool
from bench.walks import Pause, Walk

_TABLES = """
CREATE TABLE IF NOT EXISTS public.journey (name text PRIMARY KEY, state text NOT NULL);
CREATE TABLE IF NOT EXISTS public.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    journey text NOT NULL REFERENCES public.journey, what text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp());
CREATE TABLE IF NOT EXISTS public.timer (
    journey text PRIMARY KEY REFERENCES public.journey, due_at timestamptz NOT NULL);
CREATE INDEX IF NOT EXISTS timer_due_ix ON public.timer (due_at)
"""
_OPEN = "INSERT INTO public.journey (name, state) VALUES ($1, $2)"
_LOCK = "SELECT state FROM public.journey WHERE name = $1 FOR UPDATE"
_MOVE = "UPDATE public.journey SET state = $2 WHERE name = $1"
_EVENT = "INSERT INTO public.event (journey, what) VALUES ($1, $2)"
_TIMER = """INSERT INTO public.timer (journey, due_at) VALUES ($1, now() + interval '3 hours')
ON CONFLICT (journey) DO UPDATE SET due_at = excluded.due_at"""
_STOP = "DELETE FROM public.timer WHERE journey = $1"


class Floor:
    """Whoever takes the steps."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self._pool = pool

    async def walk(self, _: Pause) -> Walk:
        """One journey."""
        name = uuid4().hex
        began = perf_counter()
        await self._step(name, Step.OPENED)
        started = perf_counter()
        for what in WALKED[1:]:
            await self._step(name, what)
        return Walk(perf_counter() - began, started - began)

    async def _step(self, journey: str, what: Step) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            if what is Step.OPENED:
                await connection.execute(_OPEN, journey, what)
            else:
                await connection.fetchval(_LOCK, journey)
                await connection.execute(_MOVE, journey, what)
            await connection.execute(_EVENT, journey, what)
            await connection.execute(_STOP if what is Step.CLOSED else _TIMER, journey)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Floor]:
    """A pool on the tables."""
    async with step_pool(data_dir) as pool:
        await pool.execute(_TABLES)
        yield Floor(pool)
