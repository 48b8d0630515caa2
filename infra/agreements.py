"""Reminders of agreements that end: each once, by the worker, to the organisation that keeps it.

What is reminded of is in the record, so that neither an outage nor a restart loses a reminder or
sends it again.
"""

from datetime import datetime

from activities.ports import Notices
from infra.database import Pool, Scope, transaction
from infra.statements import statements
from schemas.adoption import REMINDED_BEFORE, Agreement
from schemas.ids import CaseRef
from schemas.snapshot import Dispatch, DispatchKind, NoticeTemplate

_SQL = statements("protocol")
ABOUT_AGREEMENTS = CaseRef("agreement")
"""What stands in a notice where others have a case: an agreement is about none."""


async def remind_of_agreements(pool: Pool, notices: Notices, now: datetime) -> int:
    """Remind of every agreement that is about to end, or has; returns how many reminders went out.

    Whoever was away for several of an agreement's days is reminded once, of the last of them. An
    agreement that has been over for longer than since the last look is reminded of once too.

    Args:
        pool: the worker's.
        notices: where they go; the same one twice is seen once.
        now: this moment.

    Raises:
        UnreachableError: the record is away: the reminder is made later.
    """
    async with transaction(pool, Scope()) as connection:
        rows = await connection.fetch(_SQL["list_all_agreements"])
    posted = 0
    for row in rows:
        agreement = Agreement.model_validate({k: v for k, v in row.items() if k != "reminded"})
        due = due_days(agreement, now)
        if not set(due) - set(row["reminded"]):
            continue
        await notices.post(ABOUT_AGREEMENTS, _notice(agreement, min(due)))
        async with transaction(pool, Scope()) as connection:
            await connection.execute(_SQL["note_reminded"], agreement.number, list(due))
        posted += 1
    return posted


def due_days(agreement: Agreement, now: datetime) -> tuple[int, ...]:
    """Which of the days before its end have come."""
    left = agreement.days_left(now)
    return tuple(days for days in REMINDED_BEFORE if left <= days)


def _notice(agreement: Agreement, days: int) -> Dispatch:
    return Dispatch(
        key=f"agreement/{agreement.number}/{days}",
        kind=DispatchKind.NOTICE,
        to_organisation=agreement.organisation,
        template=NoticeTemplate.AGREEMENT,
    )
