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
from tests.infra.worlds import FakeWorld, PostgresWorld, World


@pytest.fixture(scope="session")
async def real(postgres: Servers, people: People) -> AsyncIterator[PostgresWorld]:
    """PostgreSQL's world."""
    superuser = await asyncpg.connect(postgres.dsn(DatabaseRole.POSTGRES), ssl=False)
    auditor = AuditReader(await people.pool_of(DatabaseRole.AUDIT))
    yield PostgresWorld(people, superuser, auditor)
    await superuser.close()


@pytest.fixture(params=["fake", "postgres"])
def world(request: pytest.FixtureRequest, real: PostgresWorld) -> World:
    """Each of the two."""
    if request.param == "postgres":
        return real
    services = read_directory(demo_directory_text()).services
    directory = listed((s.code, s.organisation, s.status.value) for s in services)
    return FakeWorld(FakeRecord(services=directory))
