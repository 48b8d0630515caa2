"""One real PostgreSQL for the whole run, with our schema and the fictional directory in it.

Tests share it and never clean up: each opens cases of its own, and no test counts the rows of
others. What is stopped, broken or rewritten on purpose is done in a database made for it
(`postgres.another_database`).
"""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import asyncpg
import pytest

from infra.database import Pool, Scope, open_pool
from infra.demo.files import demo_directory_text
from infra.keys import FileKeyProvider, Keyring
from infra.migrations import migrate
from infra.reading import PostgresReader
from infra.record import PostgresRecord
from infra.settings import Installation
from infra.stack.layout import StackPaths
from infra.stack.postgres import NAME
from infra.stack.secrets import KeyFile, Role, key_file
from infra.stack.stack import running_stack
from infra.stack.state import dsn
from schemas.actor import Actor
from tests.builders import ops
from web.entrance import open_desk


@dataclass(frozen=True)
class Servers:
    """Where PostgreSQL answers. There is no Temporal unless a test says where one is."""

    paths: StackPaths
    installation: Installation
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    def dsn(self, role: Role) -> str:
        """How a role, the superuser included, reaches the database."""
        return self.installation.dsn(role)

    async def another_database(self) -> "Servers":
        """A fresh, empty database of `sp_owner` on the same server, under the same keys."""
        name = f"another_{next(self._numbers)}"
        connection = await asyncpg.connect(self.dsn(Role.POSTGRES), ssl=False)
        try:
            await connection.execute(f"CREATE DATABASE {name} OWNER sp_owner TEMPLATE template0")
        finally:
            await connection.close()
        dsns = {role: self.dsn(role).rpartition("/")[0] + f"/{name}" for role in Role}
        return replace(self, installation=replace(self.installation, dsns=dsns))


@dataclass
class People:
    """The record and the reader, in anybody's hands: None is the worker."""

    servers: Servers
    pools: dict[Role, Pool] = field(default_factory=dict)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One at a time: many who ask at once would each open a pool, and all but one be lost."""

    async def close(self) -> None:
        """Close their connections."""
        for pool in self.pools.values():
            await pool.close()

    async def record_for(self, actor: Actor | None) -> PostgresRecord:
        """The record as this person, or the worker, sees it."""
        pool, keyring, scope = await self._parts(actor)
        return PostgresRecord(pool, keyring, scope)

    async def reader_for(self, actor: Actor | None) -> PostgresReader:
        """What this person may read."""
        pool, keyring, scope = await self._parts(actor)
        return PostgresReader(pool, keyring, scope)

    async def pool_of(self, role: Role) -> Pool:
        """The pool of a role."""
        async with self.opening:
            if role not in self.pools:
                self.pools[role] = await open_pool(self.servers.dsn(role))
            return self.pools[role]

    async def _parts(self, actor: Actor | None) -> tuple[Pool, Keyring, Scope]:
        pool = await self.pool_of(Role.WEB if actor else Role.JOURNEYS)
        scope = Scope(actor)
        provider = FileKeyProvider(self.servers.installation.kek_file)
        return pool, Keyring(pool, provider, scope), scope


@pytest.fixture(scope="session")
async def postgres(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Servers]:
    """PostgreSQL alone, migrated and marked as embedded, with the directory loaded."""
    paths = StackPaths.at(tmp_path_factory.mktemp("postgres") / "data")
    alone = frozenset({NAME})
    async with running_stack(
        paths.data_dir, with_workers=False, servers=alone, say=lambda _: None
    ) as state:
        installation = Installation(
            dsns={role: dsn(role, state, paths) for role in Role},
            kek_file=key_file(paths, KeyFile.KEK),
            operations_key_file=key_file(paths, KeyFile.OPERATIONS),
            notices_dir=paths.notices,
            temporal_address=None,
        )
        await _hurry(installation.dsn(Role.POSTGRES))
        async with open_desk(installation, ops()) as desk:
            await desk.load_directory(demo_directory_text())
        yield Servers(paths=paths, installation=installation)


@pytest.fixture(scope="session")
async def people(postgres: Servers) -> AsyncIterator[People]:
    """Whoever a test needs; their connections are closed at the end."""
    found = People(postgres)
    yield found
    await found.close()


@pytest.fixture(scope="module")
async def people_apart(postgres: Servers) -> AsyncIterator[People]:
    """A record of their own, with the directory in it: for a worker that looks after every case."""
    servers = await postgres.another_database()
    await migrate(servers.dsn(Role.OWNER), embedded=True)
    async with open_desk(servers.installation, ops()) as desk:
        await desk.load_directory(demo_directory_text())
    found = People(servers)
    yield found
    await found.close()


async def _hurry(superuser: str) -> None:
    """Nobody keeps what tests write, so nothing need wait for the disk."""
    connection = await asyncpg.connect(superuser, ssl=False)
    try:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            await connection.execute(f"ALTER SYSTEM SET {setting} = off")
        await connection.execute("SELECT pg_reload_conf()")
    finally:
        await connection.close()
