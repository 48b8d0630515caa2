"""Audit rows: canonical JSON going in, and the chain checked coming out."""

import hashlib
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import asyncpg

from infra.database import Connection, Pool, translated
from infra.statements import statements
from schemas.actor import Actor
from schemas.ids import CaseRef
from schemas.verbs import Verb
from schemas.views import AuditLine, MisuseLine

_RECORD = statements("record")
_READING = statements("reading")
_PAGE = 5_000
_GENESIS = "0" * 64


def audit_body(  # the columns of an audit row
    actor: Actor,
    verb: Verb,
    *,
    case_ref: str | None,
    outcome: str,
    occurred_at: datetime,
    detail: dict[str, Any] | None = None,
    reasons: tuple[str, ...] = (),
    command_id: str | None = None,
    private_to: str | None = None,
) -> str:
    """The canonical JSON of an audit row: codes and references, never text of a person."""
    detail = {**(detail or {}), "private_to": private_to}
    body = {
        "actor": {
            "role": actor.role.value,
            "organisation": actor.organisation,
            "person": actor.person,
        },
        "case_ref": case_ref,
        "command_id": command_id,
        "detail": {k: v for k, v in detail.items() if v not in (None, "")},
        "occurred_at": occurred_at.astimezone(UTC).isoformat(),
        "outcome": outcome,
        "reasons": list(reasons),
        "verb": verb.value,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


async def append(connection: Connection, body: str) -> None:
    """Append to the `support` chain. Last in a transaction: it holds the chain's head."""
    await connection.execute(_RECORD["append_audit"], body)


async def append_act(
    connection: Connection, actor: Actor, verb: Verb, detail: dict[str, Any]
) -> None:
    """Append what a person did that is part of no case."""
    now = datetime.now(UTC)
    body = audit_body(actor, verb, case_ref=None, outcome="done", occurred_at=now, detail=detail)
    await append(connection, body)


@dataclass(frozen=True)
class Books:
    """The statements that read the rows of a room, for whoever may."""

    head: str
    page: str


AUDIT_BOOKS = Books(head=_READING["read_audit_head"], page=_READING["read_audit_page"])


@dataclass(frozen=True)
class ChainReport:
    """What verifying found."""

    room: str
    entries: int
    head: str
    fault: str | None = None

    @property
    def is_intact(self) -> bool:
        """Whether every row is what it was when written."""
        return self.fault is None


async def verify_chain(
    connection: Connection,
    room: str,
    anchor: tuple[int, str] | None = None,
    books: Books = AUDIT_BOOKS,
) -> ChainReport:
    """Recompute a room's chain from its first row.

    Args:
        connection: of the auditor's role.
        room: which chain.
        anchor: a number and hash noted earlier, elsewhere; a chain rewritten since differs.
        books: where its rows are.
    """
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        head = await connection.fetchrow(books.head, room)
        seq, prev, anchored = 0, _GENESIS, anchor in (None, (0, _GENESIS))
        async for row in _rows(connection, room, books):
            seq += 1
            fault = _fault_of(row, seq, prev)
            if fault:
                return ChainReport(room=room, entries=seq - 1, head=prev, fault=fault)
            prev = row["hash"]
            if anchor is not None and seq == anchor[0]:
                anchored = prev == anchor[1]
    report = ChainReport(room=room, entries=seq, head=prev)
    if head is None or head["seq"] > seq:
        return _faulty(report, f"rows after number {seq} are missing")
    if (head["seq"], head["hash"]) != (seq, prev):
        return _faulty(report, f"rows after number {head['seq']} were added past the chain's head")
    if not anchored and anchor is not None:
        return _faulty(report, f"row {anchor[0]} is not the one that was noted")
    return report


class AuditReader:
    """Reads and verifies the audit, as the role `sp_audit`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def read(
        self, case_ref: CaseRef | None, verb: Verb | None, most: int, *, whose: str | None = None
    ) -> tuple[AuditLine, ...]:
        """The newest rows, oldest of them first.

        Args:
            case_ref: of one case; None for all.
            verb: of one verb; None for all.
            most: rows at the most.
            whose: an organisation: what its staff did, and all of the cases it opened or took,
                without what another organisation keeps to itself; None for everything.
        """
        with translated():
            rows = await self._pool.fetch(
                _READING["read_audit_recent"], case_ref, verb, most, whose
            )
        return lines(reversed(rows))

    async def count_misuse(
        self, since: datetime, until: datetime, organisation: str | None, most: int
    ) -> tuple[MisuseLine, ...]:
        """What each person did that a data protection officer looks at.

        Args:
            since: from when.
            until: up to when, excluded.
            organisation: whose staff; None for everyone's.
            most: lines at the most.
        """
        with translated():
            rows = await self._pool.fetch(
                _READING["count_misuse"], since, until, organisation, most
            )
        return tuple(MisuseLine.model_validate(dict(row)) for row in rows)

    async def verify(self, anchor: tuple[int, str] | None) -> ChainReport:
        """Recompute the `support` chain."""
        with translated():
            async with self._pool.acquire() as connection:
                return await verify_chain(connection, "support", anchor)


def lines(rows: Iterable[asyncpg.Record]) -> tuple[AuditLine, ...]:
    """Audit rows, to be read by a person."""
    return tuple(
        AuditLine.model_validate(
            {**json.loads(row["body"]), "seq": row["seq"], "recorded_at": row["recorded_at"]}
        )
        for row in rows
    )


def _faulty(report: ChainReport, fault: str) -> ChainReport:
    return ChainReport(room=report.room, entries=report.entries, head=report.head, fault=fault)


def _fault_of(row: asyncpg.Record, seq: int, prev: str) -> str | None:
    if row["seq"] != seq:
        return f"row {seq} is missing"
    if row["prev"] != prev:
        return f"row {seq} does not follow the one before it"
    if row["hash"] != _hash(row):
        return f"row {seq} was altered"
    return None


def _hash(row: asyncpg.Record) -> str:
    at = row["recorded_at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    text = "\n".join((row["room"], str(row["seq"]), row["prev"], at, row["body"]))
    return hashlib.sha256(text.encode()).hexdigest()


async def _rows(connection: Connection, room: str, books: Books) -> AsyncIterator[asyncpg.Record]:
    last = -1
    while rows := await connection.fetch(books.page, room, last, _PAGE):
        for row in rows:
            yield row
        last = rows[-1]["seq"]
