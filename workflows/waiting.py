"""Racing news against a timer, with a winner named by the caller."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from schemas.messages import Alarm
    from schemas.operations import OperationsText


async def moment_or_timeout(
    has_news: Callable[[], bool], until: datetime | None, *, summary: OperationsText | None
) -> None:
    """Return when there is news, or at `until`; without `until`, wait for news alone.

    Which of the two it was, the caller asks of `has_news`: where both came, news win.
    """
    if has_news():
        return
    if until is None:
        await workflow.wait_condition(has_news)
        return
    left = max(until - workflow.now(), timedelta(0))
    if not left:
        return
    try:
        await workflow.wait_condition(has_news, timeout=left, timeout_summary=summary)
    except TimeoutError:
        return


class KeptTimer:
    """A timer that is set once for a moment, and not anew at each wait for the same one."""

    def __init__(self) -> None:
        self._until: datetime | None = None
        self._ring: asyncio.Task[None] | None = None

    async def wait(
        self,
        has_news: Callable[[], bool],
        until: datetime | None,
        *,
        summary: OperationsText | None,
    ) -> None:
        """As `moment_or_timeout`; a timer that is set for another moment is cancelled first."""
        if has_news() or (until is not None and until <= workflow.now()):
            return
        if until != self._until:
            self._set(until, summary)
        ring = self._ring
        await workflow.wait_condition(lambda: has_news() or (ring is not None and ring.done()))

    def _set(self, until: datetime | None, summary: OperationsText | None) -> None:
        if self._ring is not None:
            self._ring.cancel()
        self._until = until
        self._ring = None
        if until is not None:
            left = until - workflow.now()
            self._ring = asyncio.create_task(workflow.sleep(left, summary=summary))


def is_due(alarms: tuple[Alarm, ...]) -> bool:
    """Whether the soonest alarm's time has come."""
    return bool(alarms) and alarms[0].at <= workflow.now()


def soonest(*moments: datetime | None) -> datetime | None:
    """The first of these moments; None where there is none."""
    return min((moment for moment in moments if moment is not None), default=None)
