"""What people say of facts of a case, and the gate's own book of who did what.

Two pairs of hands. `FactBook` is a person's: it adds, and sees nothing of what is there. `GateBook`
is the gate's role: it reads, and keeps what the protocol said.
"""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from infra import audit
from infra.audit import Books, ChainReport
from infra.database import Pool, Scope, to_json, transaction, translated
from infra.record import unknown_case
from infra.statements import statements
from schemas.actor import Actor
from schemas.assertions import Assertion, SourceKind
from schemas.errors import BadInputError
from schemas.evaluations import COUNTED_DAYS, Dated, LoggedEvaluation
from schemas.ids import CaseRef
from schemas.verbs import Verb

_SQL = statements("gate")
ROOM = "gate"
_BOOKS = Books(head=_SQL["read_gate_head"], page=_SQL["read_gate_page"])
_NOT_VISIBLE = "not_visible"


class FactBook:
    """What one person says of facts, in their own name."""

    def __init__(self, pool: Pool, actor: Actor) -> None:
        self._pool = pool
        self._actor = actor

    async def assert_fact(  # the columns of an assertion
        self,
        case_ref: CaseRef,
        fact: str,
        value: Any,
        source: SourceKind,
        *,
        evidence: str | None = None,
        until: datetime | None = None,
        supersedes: UUID | None = None,
    ) -> UUID:
        """Keep what was said, with its audit row in the gate's own book; returns its id.

        Raises:
            BadInputError: there is no such case for this person, or what it would replace is not
                their organisation's.
            RecordError: the case was erased, or a value that cannot be kept.
        """
        body = self._body(Verb.ASSERT_FACT, case_ref, "done", {"fact": fact, "source": source})
        async with transaction(self._pool, Scope(self._actor), case_ref) as connection:
            row: Any = await connection.fetchrow(
                _SQL["assert_fact"],
                case_ref,
                fact,
                to_json(value),
                source,
                evidence,
                until,
                supersedes,
                body,
            )
        if row["refused"] == _NOT_VISIBLE:
            raise unknown_case()
        if row["refused"] is not None:
            raise BadInputError(
                "--supersedes", "your organisation has said nothing of this fact under that id"
            )
        kept: UUID = row["id"]
        return kept

    async def told_of(self, case_ref: CaseRef) -> tuple[str, str | None]:
        """The text she was told when the case was opened, and the version that was active then.

        Raises:
            BadInputError: there is no such case for this person.
        """
        async with transaction(self._pool, Scope(self._actor), case_ref) as connection:
            row = await connection.fetchrow(_SQL["read_told_of_case"], case_ref)
        if row is None:
            raise unknown_case()
        return row["text"], row["version"]

    async def note_refusal(
        self, verb: Verb, case_ref: CaseRef | None, reasons: tuple[str, ...]
    ) -> None:
        """Write into the gate's own book that somebody asked for what is not theirs."""
        body = self._body(verb, case_ref, "refused", None, reasons)
        async with transaction(self._pool, Scope(self._actor)) as connection:
            await connection.execute(_SQL["note_in_gate"], body)

    async def note_act(self, verb: Verb, case_ref: CaseRef | None, detail: dict[str, Any]) -> None:
        """Write into the gate's own book what somebody looked at."""
        async with transaction(self._pool, Scope(self._actor)) as connection:
            body = self._body(verb, case_ref, "done", detail)
            await connection.execute(_SQL["note_in_gate"], body)

    def _body(
        self,
        verb: Verb,
        case_ref: CaseRef | None,
        outcome: str,
        detail: dict[str, Any] | None,
        reasons: tuple[str, ...] = (),
    ) -> str:
        return audit.audit_body(
            self._actor,
            verb,
            case_ref=case_ref,
            outcome=outcome,
            occurred_at=datetime.now(UTC),
            detail=detail,
            reasons=reasons,
        )


class GateBook:
    """What the gate reads and keeps, as the role `sp_gate`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def assertions(self, case_ref: CaseRef) -> tuple[Assertion, ...]:
        """Everything that was ever said of a case, oldest first."""
        with translated():
            rows = await self._pool.fetch(_SQL["read_assertions"], case_ref)
        return tuple(_assertion(row) for row in rows)

    async def log(self, said: LoggedEvaluation) -> int:
        """Keep what the protocol said, with its audit row.

        Returns:
            How often this person has asked of this case in the days that are counted, this time
            included. The rows of one case are written one after the other, so none is missed.

        Raises:
            RecordError: the case was erased.
        """
        by = said.by
        since = said.evaluated_at - timedelta(days=COUNTED_DAYS)
        async with transaction(self._pool, Scope(by), said.case_ref) as connection:
            await connection.execute(_SQL["put_evaluation"], *_columns(said))
            await connection.execute(_SQL["append_to_gate"], _evaluation_body(said))
            count: int = await connection.fetchval(
                _SQL["count_evaluations_by_person"],
                said.case_ref,
                by.organisation,
                by.person,
                since,
            )
        return count

    async def raise_alert(self, case_ref: CaseRef, by: Actor) -> None:
        """Keep that somebody asks of a case more often than is usual; once."""
        async with transaction(self._pool, Scope(by), case_ref) as connection:
            await connection.execute(_SQL["put_alert"], case_ref, by.organisation, by.person)

    async def evaluations(self, since: datetime, until: datetime) -> tuple[LoggedEvaluation, ...]:
        """All evaluations of every case of which there is one between two moments, oldest first."""
        with translated():
            rows = await self._pool.fetch(_SQL["read_evaluations"], since, until)
        return tuple(_evaluation(row) for row in rows)

    async def count_alerts(self, since: datetime, until: datetime) -> int:
        """How often a data protection officer was told between two moments."""
        with translated():
            count: int = await self._pool.fetchval(_SQL["count_alerts"], since, until)
        return count

    async def verify(self, anchor: tuple[int, str] | None = None) -> ChainReport:
        """Recompute the chain of the gate's own book."""
        with translated():
            async with self._pool.acquire() as connection:
                return await audit.verify_chain(connection, ROOM, anchor, _BOOKS)


def _assertion(row: asyncpg.Record) -> Assertion:
    return Assertion(
        id=row["id"],
        fact=row["fact"],
        value=json.loads(row["value"]),
        by=_actor(row),
        source=row["source"],
        evidence=row["evidence"],
        at=row["recorded_at"],
        until=row["until"],
        supersedes=row["supersedes"],
    )


def _actor(row: asyncpg.Record) -> Actor:
    return Actor(role=row["role"], organisation=row["organisation"], person=row["person"])


def _columns(said: LoggedEvaluation) -> tuple[Any, ...]:
    return (
        said.case_ref,
        said.by.role,
        said.by.organisation,
        said.by.person,
        said.evaluated_at,
        said.version,
        said.told_versions,
        said.told_text,
        said.outcome,
        to_json([rule.model_dump(mode="json") for rule in said.rules]),
        said.needs,
        said.requested_fields,
        said.victim_informed.value,
        said.victim_informed.since,
        said.third_party_link.value,
        said.third_party_link.since,
        said.protocol_hash,
        said.facts_hash,
    )


def _evaluation(row: asyncpg.Record) -> LoggedEvaluation:
    columns = dict(row)
    plain = {name: columns[name] for name in columns if name in LoggedEvaluation.model_fields}
    return LoggedEvaluation.model_validate(
        {
            **plain,
            "by": _actor(row),
            "rules": json.loads(row["rules"]),
            "victim_informed": Dated(value=row["victim_informed"], since=row["victim_informed_at"]),
            "third_party_link": Dated(
                value=row["third_party_link"], since=row["third_party_link_at"]
            ),
        }
    )


def _evaluation_body(said: LoggedEvaluation) -> str:
    """Who asked, under which version, and the outcome: what stays when the case is erased."""
    return audit.audit_body(
        said.by,
        Verb.EVALUATE_CASE,
        case_ref=said.case_ref,
        outcome="done",
        occurred_at=said.evaluated_at,
        detail={
            "version": said.version,
            "said": said.outcome,
            "protocol": said.protocol_hash,
        },
    )
