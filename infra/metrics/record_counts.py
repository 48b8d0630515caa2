"""Gauges of what the record holds, across all cases: counted when Prometheus asks.

Every worker counts the same record, so whoever looks at several takes the largest, not the sum.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import product
from typing import Any

import asyncpg
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.database import Pool, Scope, transaction
from infra.metrics.counters import OTHER, code_label
from infra.statements import statements
from infra.telemetry import code_of, log
from schemas.deadlines import DeadlineState
from schemas.errors import SafepathError
from schemas.referral import ReferralState
from schemas.snapshot import DispatchKind, DispatchState
from schemas.troubles import Place
from schemas.verbs import Verb

_SQL = statements("metrics")
_WAITING_KEPT = 5.0
"""Seconds for which what waits is not counted again."""
_STATES_KEPT = 60.0
"""The same for what there is of everything, which takes longer to count."""
_COUNTED_WITHIN = 4.0
"""Seconds that a count may take: whoever scrapes gives up after ten."""

_Rows = list[asyncpg.Record]
_Key = tuple[str, str | None, str | None]


class RecordCounts(Collector):
    """Counts on the worker's event loop, for the server that is asked in a thread of its own."""

    def __init__(
        self,
        pool: Pool,
        steps: Iterable[str],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`steps` by the names of their activities; what has a verb or a place is known by it."""
        self._loop = asyncio.get_running_loop()
        self._steps = frozenset((*steps, *Verb, *Place))
        self._waiting = _Kept(pool, "count_waiting", _WAITING_KEPT, clock)
        self._states = _Kept(pool, "count_states", _STATES_KEPT, clock)

    def collect(self) -> Iterator[Metric]:
        """Every gauge; while the record cannot be counted, the one that says so alone."""
        counting = asyncio.run_coroutine_threadsafe(self._count(), self._loop)
        try:
            waiting, states = counting.result(_COUNTED_WITHIN)
        except (SafepathError, TimeoutError) as error:
            counting.cancel()
            log().warning("count_failed", code=code_of(error))
            yield _up(is_up=False)
            return
        yield _up(is_up=True)
        yield from _waiting_gauges(waiting)
        yield from _stuck_gauges(waiting, self._steps)
        yield from _state_gauges(states)

    async def _count(self) -> tuple[_Rows, _Rows]:
        return await self._waiting.rows(), await self._states.rows()


class _Kept:
    """The rows of a statement, and the same again while they are fresh."""

    def __init__(self, pool: Pool, name: str, kept: float, clock: Callable[[], float]) -> None:
        self._pool, self._name, self._for, self._clock = pool, name, kept, clock
        self._rows: _Rows = []
        self._until = float("-inf")
        self._counting = asyncio.Lock()

    async def rows(self) -> _Rows:
        """The rows.

        Raises:
            SafepathError: they cannot be counted now.
        """
        async with self._counting:  # however many ask at once, one of them counts
            if self._clock() >= self._until:
                async with transaction(self._pool, Scope()) as connection:
                    self._rows = await connection.fetch(_SQL[self._name])
                self._until = self._clock() + self._for
            return self._rows


def _gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"safepath_{name}", text, labels=labels)


def _up(*, is_up: bool) -> Metric:
    up = _gauge("record_up", "Whether the record could be counted: 1, or 0.")
    up.add_metric([], is_up)
    return up


def _waiting_gauges(rows: _Rows) -> Iterator[Metric]:
    found: dict[_Key, Any] = {(row["what"], row["kind"], row["code"]): row for row in rows}

    def one(name: str, text: str, key: _Key, part: str) -> Metric:
        gauge = _gauge(name, text)
        gauge.add_metric([], found[key][part])
        return gauge

    oldest = _gauge("deliveries_oldest_seconds", "Age of the oldest that is queued.", "kind")
    for kind in DispatchKind:
        row = found.get(("delivery", kind.value, None))
        oldest.add_metric([kind.value], row["oldest_seconds"] if row else 0)
    yield oldest
    for what, name, text in (
        ("wake", "wakes", "workflows that wait to be told"),
        ("withdrawal_post", "withdrawal_posts", "withdrawals that wait to be carried out"),
    ):
        key = (what, None, None)
        yield one(f"{name}_unsent", f"How many {text}.", key, "counted")
        yield one(f"{name}_oldest_seconds", f"Age of the oldest of {text}.", key, "oldest_seconds")
    overdue = ("overdue", None, None)
    yield one("deadlines_overdue", "Deadlines that are due and not met.", overdue, "counted")


def _stuck_gauges(rows: _Rows, steps: frozenset[str]) -> Iterator[Metric]:
    counted: defaultdict[tuple[str, str], int] = defaultdict(int)
    ages: defaultdict[tuple[str, str], float] = defaultdict(float)
    for row in rows:
        if row["what"] == "trouble":
            step = row["kind"] if row["kind"] in steps else OTHER
            labels = (step, code_label(row["code"]))
            counted[labels] += row["counted"]
            ages[labels] = max(ages[labels], row["oldest_seconds"])
    work = _gauge("stuck_work", "Steps that do not succeed, until settled.", "step", "code")
    oldest = _gauge("stuck_work_oldest_seconds", "Age of the oldest of them.", "step", "code")
    for labels, number in counted.items():
        work.add_metric(labels, number)
        oldest.add_metric(labels, ages[labels])
    yield from (work, oldest)


def _state_gauges(rows: _Rows) -> Iterator[Metric]:
    found = {(row["what"], row["kind"], row["state"]): row["counted"] for row in rows}
    referrals = _gauge("referrals", "Referrals there are.", "state")
    for state in ReferralState:
        referrals.add_metric([state.value], found.get(("referral", None, state.value), 0))
    deadlines = _gauge("deadlines", "Deadlines there are.", "state")
    for outcome in DeadlineState:
        deadlines.add_metric([outcome.value], found.get(("deadline", None, outcome.value), 0))
    deliveries = _gauge("deliveries", "What left or is to leave, by kind.", "kind", "state")
    for kind, stage in product(DispatchKind, DispatchState):
        number = found.get(("delivery", kind.value, stage.value), 0)
        deliveries.add_metric([kind.value, stage.value], number)
    yield from (referrals, deadlines, deliveries)
