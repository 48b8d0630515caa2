"""Withdrawals carried by people who are no party to the case: posted here, taken on by the worker.

Whoever brings one hears the same whether or not there is such a case, so that nothing is learnt
by asking; and it is heard, whoever brings it.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from activities.ports import Judge, Record
from infra import audit
from infra.clocks import record_now
from infra.database import Pool, Scope, transaction
from infra.statements import statements
from infra.telemetry import code_of, log
from infra.troubles import Step, Troubles
from schemas.actor import Actor
from schemas.command_base import Command
from schemas.consent_commands import WithdrawConsent
from schemas.errors import BadInputError
from schemas.ids import CaseRef, journey_workflow_id
from schemas.troubles import Place
from schemas.verbs import Verb

_SQL = statements("reading")
_AT_ONCE = 100
_ONE_ROW = " 1"
"""How PostgreSQL's answer ends where a row was written, and not found there already."""
_LONGEST_WAIT = 60.0
"""Seconds between two tries of a post that keeps failing."""

JudgeOf = Callable[[Command, datetime], Judge]
"""Who judges a command at a moment."""


async def post_withdrawal(pool: Pool, scope: Scope, command: WithdrawConsent) -> None:
    """Keep a withdrawal until a worker has carried it out; the same command is kept once.

    The row of the audit says that its bearer passed one on, and not from which case: there may be
    none. Where there is one, the row of the withdrawal itself stands in it.
    """
    actor = command.actor
    async with transaction(pool, scope) as connection:
        done = await connection.execute(
            _SQL["post_withdrawal"],
            command.case_ref,
            actor.role,
            actor.organisation,
            actor.person,
            command.fingerprint,  # an id given for two withdrawals must not drop the second
            command.purpose,
            command.recipient,
            command.said_by,
            command.via,
            command.occurred_at or datetime.now(UTC),
        )
        if done.endswith(_ONE_ROW):
            said = {"purpose": command.purpose, "said_by": command.said_by, "via": command.via}
            await audit.append_act(connection, actor, Verb.RELAY_WITHDRAWAL, said)


@dataclass
class Patience:
    """Which posts failed and when each is tried again: later each time, and in nobody's way.

    It lives as long as the worker: a new one tries everything at once.
    """

    clock: Callable[[], float] = time.monotonic
    _failed: dict[UUID, tuple[int, float]] = field(default_factory=dict)

    def waiting(self) -> list[UUID]:
        """The posts whose next try has not come."""
        return [post for post, (_, again_at) in self._failed.items() if again_at > self.clock()]

    def failed(self, post: UUID) -> None:
        """Try it again, later than after the time before."""
        times, _ = self._failed.get(post, (0, 0.0))
        self._failed[post] = (times + 1, self.clock() + min(2.0**times, _LONGEST_WAIT))

    def settled(self, post: UUID) -> None:
        """It was carried out."""
        self._failed.pop(post, None)


async def carry_out_posts(
    pool: Pool,
    record: Record,
    judge_of: JudgeOf,
    *,
    patience: Patience | None = None,
    troubles: Troubles | None = None,
    at_once: int = _AT_ONCE,
) -> int:
    """Carry out what was posted; returns how many were tried. No such case: nothing to stop.

    One that fails, for whatever reason, stays posted and holds up no other.

    Args:
        pool: the worker's.
        record: of the worker.
        judge_of: who judges a command at a moment.
        patience: what failed before, and when it is tried again.
        troubles: where one that keeps failing is noted.
        at_once: posts at the most.
    """
    patience = patience or Patience()
    async with transaction(pool, Scope()) as connection:
        rows = await connection.fetch(_SQL["read_withdrawal_posts"], at_once, patience.waiting())
    for row in rows:
        step = Step(journey_workflow_id(CaseRef(row["case_ref"])), Place.WITHDRAWAL_POST)
        try:
            await _carry_out(record, judge_of, row, await record_now(pool))
            async with transaction(pool, Scope()) as connection:
                await connection.execute(_SQL["settle_withdrawal_post"], row["id"])
        except Exception as error:  # noqa: BLE001 - one case's trouble is not the others'
            patience.failed(row["id"])
            log().error("withdrawal_waits", code=code_of(error))
            if troubles is not None:
                troubles.failed(step, code_of(error))
        else:
            patience.settled(row["id"])
            if troubles is not None:
                troubles.worked(step)
    return len(rows)


async def _carry_out(record: Record, judge_of: JudgeOf, row: asyncpg.Record, at: datetime) -> None:
    """At the record's own time: the hours in which she may be asked are counted by that clock."""
    who = {part: row[part] for part in ("role", "organisation", "person")}
    command = WithdrawConsent(
        command_id=f"post-{row['id']}",  # its bearer's own may have answered something else
        case_ref=CaseRef(row["case_ref"]),
        actor=Actor.model_validate(who),
        purpose=row["purpose"],
        recipient=row["recipient"],
        said_by=row["said_by"],
        via=row["via"],
    )
    with suppress(BadInputError):
        await record.change(command, judge_of(command, at))
