"""Racing news against a timer, with a winner named by the caller."""

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


def is_due(alarms: tuple[Alarm, ...]) -> bool:
    """Whether the soonest alarm's time has come."""
    return bool(alarms) and alarms[0].at <= workflow.now()


def soonest(*moments: datetime | None) -> datetime | None:
    """The first of these moments; None where there is none."""
    return min((moment for moment in moments if moment is not None), default=None)
