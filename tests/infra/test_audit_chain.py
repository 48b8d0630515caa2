"""The audit chain against somebody who has the whole database in his hands."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg
import pytest

from infra import audit
from infra.audit import AuditReader, ChainReport
from infra.database import Scope, transaction
from infra.migrations import migrate
from infra.stack.secrets import Role
from schemas.case_commands import AddNeed
from schemas.errors import SafepathError
from schemas.ids import CaseRef
from schemas.verbs import Verb
from schemas.views import AuditLine
from tests.builders import caseworker
from tests.conftest import People, Servers
from tests.infra.cases import about, done, given, opened

_ROWS = 6


@dataclass(frozen=True)
class Chain:
    """A chain of its own, the people who write it, and the administrator who can do anything."""

    people: People
    administrator: asyncpg.Connection

    async def append(self, count: int, *, by_worker: bool = False) -> None:
        """Rows about nothing in particular."""
        record = await self.people.record_for(None if by_worker else caseworker())
        for _ in range(count):
            await record.note_refusal(caseworker(), Verb.ADD_NEED, None, ("no_right",))

    async def verify(self, anchor: tuple[int, str] | None = None) -> ChainReport:
        """As the auditor's role."""
        return await AuditReader(await self.people.pool_of(Role.AUDIT)).verify(anchor)

    async def tamper(self, *statements: str) -> None:
        """With every trigger off, as an administrator can."""
        async with self.administrator.transaction():
            await self.administrator.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                await self.administrator.execute(statement)


@pytest.fixture(scope="module")
async def database(postgres: Servers) -> AsyncIterator[Chain]:
    """A database for tampering with."""
    servers = await postgres.another_database()
    await migrate(servers.dsn(Role.OWNER), embedded=True)
    people = People(servers)
    administrator = await asyncpg.connect(servers.dsn(Role.POSTGRES), ssl=False)
    yield Chain(people, administrator)
    await administrator.close()
    await people.close()


@pytest.fixture
async def empty_chain(database: Chain) -> Chain:
    """As after the migration, whatever an earlier test did."""
    await database.tamper(
        "DELETE FROM audit.entry",
        "DELETE FROM audit.head",
        "INSERT INTO audit.head (room, seq, hash) VALUES ('support', 0, repeat('0', 64))",
    )
    return database


@pytest.fixture
async def chain(empty_chain: Chain) -> Chain:
    """Six rows."""
    await empty_chain.append(_ROWS)
    return empty_chain


async def test_a_chain_that_nobody_touched_is_intact(chain: Chain) -> None:
    """Its head is the last row's hash, which an anchor notes elsewhere."""
    report = await chain.verify()
    assert report.is_intact
    assert report.entries == _ROWS
    assert (await chain.verify((report.entries, report.head))).is_intact
    await chain.append(3)
    assert (await chain.verify((report.entries, report.head))).is_intact


async def test_an_empty_chain_is_intact_and_may_be_noted(empty_chain: Chain) -> None:
    """What was noted before the first row holds after it."""
    empty = await empty_chain.verify()
    await empty_chain.append(1)
    later = await empty_chain.verify((empty.entries, empty.head))
    assert (empty.is_intact, empty.entries) == (True, 0)
    assert (later.is_intact, later.entries) == (True, 1)


_SWAP = """
UPDATE audit.entry SET seq = CASE seq WHEN 3 THEN -4 WHEN 4 THEN -3 END WHERE seq IN (3, 4);
UPDATE audit.entry SET seq = -seq WHERE seq < 0
"""
_RENUMBERED = """
DELETE FROM audit.entry WHERE seq = 3;
UPDATE audit.entry SET seq = -(seq - 1) WHERE seq > 3;
UPDATE audit.entry SET seq = -seq WHERE seq < 0
"""
_REHASHED = """
UPDATE audit.entry SET body = replace(body, 'no_right', 'allowed') WHERE seq = 3;
UPDATE audit.entry SET hash = encode(sha256(convert_to(concat_ws(E'\\n', room, seq, prev,
    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), body),
    'UTF8')), 'hex') WHERE seq = 3
"""
_APPENDED = """
INSERT INTO audit.entry (room, seq, prev, hash, recorded_at, body)
SELECT room, 7, hash, encode(sha256(convert_to(concat_ws(E'\\n', room, 7, hash,
    to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), body),
    'UTF8')), 'hex'), recorded_at, body FROM audit.entry WHERE seq = 6
"""

FAULTS = {
    "a body was altered": (
        "UPDATE audit.entry SET body = replace(body, 'no_right', 'allowed') WHERE seq = 3",
        "row 3 was altered",
    ),
    "a time was altered": (
        "UPDATE audit.entry SET recorded_at = recorded_at - interval '1 microsecond' WHERE seq = 1",
        "row 1 was altered",
    ),
    "a hash was altered": (
        "UPDATE audit.entry SET hash = repeat('a', 64) WHERE seq = 5",
        "row 5 was altered",
    ),
    "a row was altered and hashed again": (_REHASHED, "row 4 does not follow the one before it"),
    "the last row was altered": (
        "UPDATE audit.entry SET body = replace(body, 'no_right', 'allowed') WHERE seq = 6",
        "row 6 was altered",
    ),
    "the first row was removed": ("DELETE FROM audit.entry WHERE seq = 1", "row 1 is missing"),
    "a row was removed": ("DELETE FROM audit.entry WHERE seq = 3", "row 3 is missing"),
    "a row was removed and the rest numbered again": (
        _RENUMBERED,
        "row 3 does not follow the one before it",
    ),
    "a row was moved to another room": (
        "UPDATE audit.entry SET room = 'attic' WHERE seq = 2",
        "row 2 is missing",
    ),
    "two rows changed places": (_SWAP, "row 3 does not follow the one before it"),
    "the tail was cut": (
        "DELETE FROM audit.entry WHERE seq > 4",
        "rows after number 4 are missing",
    ),
    "everything was removed": ("DELETE FROM audit.entry", "rows after number 0 are missing"),
    "the head was removed": ("DELETE FROM audit.head", "rows after number 6 are missing"),
    "the head was turned back": (
        "UPDATE audit.head SET seq = e.seq, hash = e.hash FROM audit.entry e WHERE e.seq = 4",
        "rows after number 4 were added past the chain's head",
    ),
    "a row was put in past the chain": (
        _APPENDED,
        "rows after number 6 were added past the chain's head",
    ),
}


@pytest.mark.parametrize(("what", "fault"), FAULTS.values(), ids=list(FAULTS))
async def test_what_an_administrator_did_is_found_and_says_where(
    chain: Chain, what: str, fault: str
) -> None:
    """Triggers and grants hold the service; against the administrator there is the chain."""
    await chain.tamper(*what.split(";"))
    report = await chain.verify()
    assert report.fault == fault
    assert not report.is_intact


async def test_a_chain_rewritten_from_the_start_is_found_by_what_was_noted(chain: Chain) -> None:
    """Every hash fits again, so only a number and a hash kept elsewhere tell it."""
    noted = await chain.verify()
    bodies = await chain.administrator.fetch("SELECT body FROM audit.entry ORDER BY seq")
    await chain.tamper(
        "DELETE FROM audit.entry",
        "UPDATE audit.head SET seq = 0, hash = repeat('0', 64)",
    )
    for row in bodies:
        await chain.administrator.execute(
            "INSERT INTO audit.entry (room, body) VALUES ('support', $1)",
            row["body"].replace("no_right", "allowed"),
        )
    assert (await chain.verify()).is_intact
    report = await chain.verify((noted.entries, noted.head))
    assert report.fault == f"row {_ROWS} is not the one that was noted"


async def test_a_tail_cut_together_with_its_head_is_found_by_what_was_noted(chain: Chain) -> None:
    """What is shorter than it was has lost something."""
    noted = await chain.verify()
    await chain.tamper(
        "DELETE FROM audit.entry WHERE seq > 4",
        "UPDATE audit.head SET seq = e.seq, hash = e.hash FROM audit.entry e WHERE e.seq = 4",
    )
    assert (await chain.verify()).is_intact
    report = await chain.verify((noted.entries, noted.head))
    assert report.fault == f"row {_ROWS} is not the one that was noted"


async def test_a_chain_of_many_rows_is_read_to_its_end(chain: Chain) -> None:
    """More rows than are read at once; one that was altered near the end is found."""
    await chain.administrator.execute(
        "INSERT INTO audit.entry (room, body) SELECT 'support', e.body"
        " FROM audit.entry e, generate_series(1, 5100) WHERE e.seq = 1"
    )
    report = await chain.verify()
    assert (report.is_intact, report.entries) == (True, _ROWS + 5100)
    await chain.tamper("UPDATE audit.entry SET body = '{}' WHERE seq = 5050")
    assert (await chain.verify()).fault == "row 5050 was altered"


async def test_rows_that_come_at_once_from_two_roles_are_chained(chain: Chain) -> None:
    """One number each, none left out, whoever was first."""
    await asyncio.gather(*(chain.append(4, by_worker=n % 2 == 0) for n in range(10)))
    report = await chain.verify()
    assert (report.is_intact, report.entries) == (True, _ROWS + 40)


async def test_a_body_in_any_script_keeps_its_hash(chain: Chain) -> None:
    """What PostgreSQL hashes and what the verifier hashes are the same bytes."""
    body = json.dumps(
        {"verb": "add_need", "detail": {"x": "žluť ẞ 😀 \\ \u2028"}}, ensure_ascii=False
    )
    pool = await chain.people.pool_of(Role.WEB)
    async with transaction(pool, Scope(caseworker())) as connection:
        await audit.append(connection, body)
    assert (await chain.verify()).is_intact


async def test_nobody_chooses_the_number_or_the_hash_of_a_row(chain: Chain) -> None:
    """Grants leave room and body to the service; the trigger overrules even the administrator."""
    pool = await chain.people.pool_of(Role.WEB)
    with pytest.raises(SafepathError):
        async with transaction(pool, Scope(caseworker())) as connection:
            await connection.execute(
                "INSERT INTO audit.entry (room, seq, prev, hash, recorded_at, body)"
                " VALUES ('support', 99, '', '', now(), '{}')"
            )
    await chain.administrator.execute(
        "INSERT INTO audit.entry (room, seq, prev, hash, recorded_at, body)"
        " VALUES ('support', 99, '', '', 'epoch', '{}')"
    )
    report = await chain.verify()
    assert (report.is_intact, report.entries) == (True, _ROWS + 1)


async def test_a_change_that_is_rolled_back_leaves_no_row_and_no_gap(chain: Chain) -> None:
    """The row is in the transaction of what it speaks of."""
    pool = await chain.people.pool_of(Role.WEB)
    body = audit.audit_body(
        caseworker(), Verb.ADD_NEED, case_ref=None, outcome="done", occurred_at=datetime.now(UTC)
    )

    async def write_and_fail() -> None:
        async with transaction(pool, Scope(caseworker())) as connection:
            await audit.append(connection, body)
            raise LookupError

    with pytest.raises(LookupError):
        await write_and_fail()
    assert (await chain.verify()).entries == _ROWS
    await chain.append(1)
    report = await chain.verify()
    assert (report.is_intact, report.entries) == (True, _ROWS + 1)


async def test_a_change_without_its_row_is_not_made(chain: Chain) -> None:
    """If the audit cannot be written, nothing is."""
    case_ref = await opened(chain.people.record_for)
    await chain.administrator.execute("REVOKE INSERT ON audit.entry FROM sp_web")
    with pytest.raises(SafepathError):
        await given(chain.people.record_for, about(case_ref, AddNeed))
    await chain.administrator.execute("GRANT INSERT (room, body) ON audit.entry TO sp_web")
    record = await chain.people.record_for(caseworker())
    assert (await record.read(case_ref)).needs == ()
    await done(chain.people.record_for, about(case_ref, AddNeed))


async def test_a_refusal_has_its_row_with_its_reasons(chain: Chain) -> None:
    """Who tried what, and why not: an auditor reads denials too."""
    case_ref = await opened(chain.people.record_for, is_safe=False)
    await given(chain.people.record_for, about(case_ref, AddNeed))
    lines = await _lines(chain, case_ref)
    assert [(line.verb, line.outcome, line.reasons) for line in lines] == [
        (Verb.OPEN_CASE, "done", ()),
        (Verb.ADD_NEED, "refused", ("safety_first",)),
    ]
    assert {line.actor for line in lines} == {caseworker()}


async def test_the_newest_rows_are_read_and_shown_oldest_first(chain: Chain) -> None:
    """A page of the audit is its end, not its beginning."""
    reader = AuditReader(await chain.people.pool_of(Role.AUDIT))
    assert [line.seq for line in await reader.read(None, None, 2)] == [5, 6]
    assert await reader.read(None, Verb.OPEN_CASE, 10) == ()


async def _lines(chain: Chain, case_ref: CaseRef) -> tuple[AuditLine, ...]:
    reader = AuditReader(await chain.people.pool_of(Role.AUDIT))
    return await reader.read(case_ref, None, 50)
