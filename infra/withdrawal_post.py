"""Withdrawals carried by people who are no party to the case: posted here, taken on by the worker.

Whoever brings one hears the same whether or not there is such a case, so that nothing is learnt
by asking; and it is heard, whoever brings it.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from activities.ports import Judge, Record
from infra.database import Pool, Scope, transaction
from infra.statements import statements
from schemas.actor import Actor
from schemas.command_base import Command
from schemas.consent_commands import WithdrawConsent
from schemas.errors import BadInputError
from schemas.ids import CaseRef

_SQL = statements("reading")
_AT_ONCE = 100


async def post_withdrawal(pool: Pool, scope: Scope, command: WithdrawConsent) -> None:
    """Keep a withdrawal until a worker has carried it out; the same command is kept once."""
    actor = command.actor
    async with transaction(pool, scope) as connection:
        await connection.execute(
            _SQL["post_withdrawal"],
            command.case_ref,
            actor.role,
            actor.organisation,
            actor.person,
            command.command_id,
            command.purpose,
            command.recipient,
            command.said_by,
            command.occurred_at or datetime.now(UTC),
        )


async def carry_out_posts(
    pool: Pool, record: Record, judge_of: Callable[[Command, datetime], Judge]
) -> int:
    """Carry out what was posted; returns how many there were. No such case: nothing to stop."""
    async with transaction(pool, Scope()) as connection:
        rows = await connection.fetch(_SQL["read_withdrawal_posts"], _AT_ONCE)
    for row in rows:
        who = {part: row[part] for part in ("role", "organisation", "person")}
        command = WithdrawConsent(
            command_id=f"post-{row['id']}",  # its bearer's own may have answered something else
            case_ref=CaseRef(row["case_ref"]),
            actor=Actor.model_validate(who),
            purpose=row["purpose"],
            recipient=row["recipient"],
            said_by=row["said_by"],
        )
        with suppress(BadInputError):
            await record.change(command, judge_of(command, datetime.now(UTC)))
        async with transaction(pool, Scope()) as connection:
            await connection.execute(_SQL["settle_withdrawal_post"], row["id"])
    return len(rows)
