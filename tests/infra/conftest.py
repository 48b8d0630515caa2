"""The two worlds that a suite of the port is held to."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.audit import AuditReader
from infra.demo.files import demo_directory_text
from infra.hsds import read_directory
from infra.stack.secrets import Role as DatabaseRole
from tests.conftest import People, Servers
from tests.fakes import FakeRecord, listed
from tests.infra.rows import TABLES, Table
from tests.infra.worlds import FakeWorld, PostgresWorld, World


@pytest.fixture(scope="session")
async def real(people: People, superuser: asyncpg.Connection) -> PostgresWorld:
    """PostgreSQL's world."""
    auditor = AuditReader(await people.pool_of(DatabaseRole.AUDIT))
    return PostgresWorld(people, superuser, auditor)


@pytest.fixture(params=["fake", "postgres"])
def world(request: pytest.FixtureRequest, real: PostgresWorld) -> World:
    """Each of the two."""
    if request.param == "postgres":
        return real
    services = read_directory(demo_directory_text()).services
    directory = listed((s.code, s.organisation, s.status.value) for s in services)
    return FakeWorld(FakeRecord(services=directory))


@pytest.fixture(scope="session")
async def superuser(postgres: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Sees everything; row security does not bind it."""
    connection = await asyncpg.connect(postgres.dsn(DatabaseRole.POSTGRES), ssl=False)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def tables(superuser: asyncpg.Connection) -> tuple[Table, ...]:
    """Every table of the guarded schemas, from the catalogue."""
    return tuple(Table(**row) for row in await superuser.fetch(TABLES))
