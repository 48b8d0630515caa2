"""Migrations: from nothing to the newest schema, once each, and never edited afterwards."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from infra.database import is_loopback_dsn, open_pool
from infra.migrations import migrate, migrations, pending
from infra.stack.secrets import Role
from schemas.errors import SettingsError, UnreachableError
from tests.conftest import Servers

NAMES = tuple(migration.name for migration in migrations())


@pytest.fixture
async def empty(postgres: Servers) -> Servers:
    """A database with nothing in it."""
    return await postgres.another_database()


@asynccontextmanager
async def superuser(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Whoever runs the database."""
    connection = await asyncpg.connect(servers.dsn(Role.POSTGRES), ssl=False)
    try:
        yield connection
    finally:
        await connection.close()


def through(servers: Servers, role: Role, host: str) -> str:
    """The DSN of a role, by another name for this machine."""
    return servers.dsn(role).replace("127.0.0.1", host)


def test_migrations_are_numbered_without_gaps() -> None:
    """`NNNN_verb_noun`: two of one number would be applied in an order nobody chose."""
    assert [int(name[:4]) for name in NAMES] == list(range(1, len(NAMES) + 1))
    assert all(name[4] == "_" and name[5:].replace("_", "").isalpha() for name in NAMES)


async def test_an_empty_database_comes_to_the_newest_schema(empty: Servers) -> None:
    """Each migration is named as it is applied."""
    said: list[str] = []
    owner = empty.dsn(Role.OWNER)
    assert await pending(owner) == NAMES
    assert await migrate(owner, embedded=True, say=said.append) == len(NAMES)
    assert said == [f"migration {name} applied" for name in NAMES]
    assert await pending(owner) == ()


async def test_a_second_time_there_is_nothing_to_do(empty: Servers) -> None:
    """Every start of the embedded stack migrates."""
    owner = empty.dsn(Role.OWNER)
    await migrate(owner, embedded=True)
    assert await migrate(owner, embedded=True) == 0


async def test_two_that_migrate_at_once_do_it_once(empty: Servers) -> None:
    """One waits for the other and finds it done."""
    owner = empty.dsn(Role.OWNER)
    counts = await asyncio.gather(*(migrate(owner, embedded=True) for _ in range(3)))
    assert sorted(counts) == [0, 0, len(NAMES)]


async def test_a_migration_that_was_edited_after_it_was_applied_is_refused(
    empty: Servers,
) -> None:
    """The database would differ from what its files say, and nobody would know."""
    owner = empty.dsn(Role.OWNER)
    await migrate(owner, embedded=True)
    async with superuser(empty) as connection:
        await connection.execute(
            "UPDATE migrations.applied SET sha256 = 'other' WHERE name = $1", NAMES[1]
        )
    with pytest.raises(SettingsError, match=f"{NAMES[1]} was changed after it was applied"):
        await migrate(owner, embedded=True)


async def test_a_missing_role_is_named_before_anything_is_made(
    postgres: Servers, empty: Servers
) -> None:
    """Roles belong to the server, not to the database: somebody else creates them."""
    async with superuser(postgres) as connection:
        await connection.execute("ALTER ROLE sp_gate RENAME TO sp_gate_elsewhere")
        try:
            with pytest.raises(SettingsError, match="no role sp_gate: create them first"):
                await migrate(empty.dsn(Role.OWNER), embedded=True)
        finally:
            await connection.execute("ALTER ROLE sp_gate_elsewhere RENAME TO sp_gate")
    assert await pending(empty.dsn(Role.OWNER)) == NAMES


@pytest.mark.parametrize("embedded", [True, False])
async def test_the_mark_is_set_once_and_stays(empty: Servers, embedded: bool) -> None:
    """A production database never becomes one where people are taken at their word."""
    owner = empty.dsn(Role.OWNER)
    await migrate(owner, embedded=embedded)
    await migrate(owner, embedded=not embedded)
    async with superuser(empty) as connection:
        marks = await connection.fetch("SELECT is_embedded FROM record.installation")
    assert [row["is_embedded"] for row in marks] == [embedded]


@pytest.mark.parametrize("role", [Role.OWNER, Role.WEB, Role.JOURNEYS, Role.AUDIT, Role.GATE])
async def test_the_mark_cannot_be_doubled_and_only_its_owner_could_move_it(
    postgres: Servers, role: Role
) -> None:
    """Whoever may set it could let everybody in."""
    connection = await asyncpg.connect(postgres.dsn(role), ssl=False)
    statement = "INSERT INTO record.installation (singleton, is_embedded) VALUES (false, true)"
    try:
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.CheckViolationError)):
            await connection.execute(statement)
        if role is not Role.OWNER:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("UPDATE record.installation SET is_embedded = true")
    finally:
        await connection.close()


# An embedded database answers on its own machine only

DSNS = {
    "by number": ("postgresql://sp_web:x@127.0.0.1:5432/safepath", True),
    "by another number of loopback": ("postgresql://sp_web@127.9.9.9/safepath", True),
    "by name": ("postgresql://sp_web:x@localhost:5432/safepath", True),
    "by the sixth version": ("postgresql://sp_web:x@[::1]:5432/safepath", True),
    "with an at in the password": ("postgresql://sp_web:p@ss@127.0.0.1/safepath", True),
    "elsewhere": ("postgresql://sp_web:x@10.0.0.5:5432/safepath", False),
    "elsewhere by name": ("postgresql://sp_web:x@db.example:5432/safepath", False),
    "everywhere": ("postgresql://sp_web:x@0.0.0.0:5432/safepath", False),
    "a name that begins alike": ("postgresql://sp_web:x@localhost.example/safepath", False),
    "a number that begins alike": ("postgresql://sp_web:x@127.0.0.1.example/safepath", False),
    "loopback as the user": ("postgresql://127.0.0.1:x@db.example/safepath", False),
    "loopback first, elsewhere second": (
        "postgresql://sp_web:x@127.0.0.1:5432,10.0.0.5:5432/safepath",
        False,
    ),
    "loopback twice": ("postgresql://sp_web:x@127.0.0.1:5432,localhost:5433/safepath", True),
    "nowhere": ("postgresql:///safepath", False),
    "nowhere, then elsewhere": ("postgresql:///safepath?host=10.0.0.5", False),
    "half a number": ("postgresql://sp_web:x@[::1/safepath", False),
    "no DSN at all": ("safepath", False),
}


@pytest.mark.parametrize(("dsn", "is_here"), DSNS.values(), ids=list(DSNS))
def test_a_dsn_leads_to_this_machine_or_elsewhere(dsn: str, is_here: bool) -> None:
    """In doubt, elsewhere."""
    assert is_loopback_dsn(dsn) == is_here


@pytest.mark.parametrize("host", ["0.0.0.0", "127.1"])  # noqa: S104 - asked, not listened on
async def test_an_embedded_database_refuses_an_address_that_is_not_loopback(
    postgres: Servers, host: str
) -> None:
    """Though it would answer there: these names lead to this very server."""
    with pytest.raises(SettingsError, match="answers on its own machine only"):
        await open_pool(through(postgres, Role.WEB, host))
    with pytest.raises(SettingsError, match="for one machine only"):
        await migrate(through(postgres, Role.OWNER, host), embedded=False)


async def test_a_database_of_ones_own_answers_at_any_address(empty: Servers) -> None:
    """It has a sign-in before it, and its own network."""
    host = "127.1"
    await migrate(through(empty, Role.OWNER, host), embedded=False)
    pool = await open_pool(through(empty, Role.WEB, host))
    await pool.close()


async def test_a_database_without_the_schema_says_what_to_do(empty: Servers) -> None:
    """Rather than which table it missed."""
    with pytest.raises(SettingsError, match="run `safepath migrate`"):
        await open_pool(empty.dsn(Role.WEB))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("127.0.0.1:", "127.0.0.1:1"), "PostgreSQL does not answer"),
        (("sp_web:", "sp_web:not-"), "refused the role or its password"),
    ],
    ids=["nobody there", "wrong password"],
)
async def test_what_does_not_answer_is_said_without_the_dsn(
    postgres: Servers, change: tuple[str, str], sentence: str
) -> None:
    """A DSN holds a password."""
    dsn = postgres.dsn(Role.WEB)
    closed = dsn.rpartition(":")[0] + ":1/safepath"
    wrong = closed if "127" in change[0] else dsn.replace(*change)
    with pytest.raises(UnreachableError, match=sentence) as caught:
        await open_pool(wrong)
    assert dsn.split(":")[2].split("@")[0] not in str(caught.value)
