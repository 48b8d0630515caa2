"""Rows as PostgreSQL itself shows them to a role with somebody's settings."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from infra.database import Scope
from infra.stack.secrets import Role
from schemas.actor import Actor
from tests.conftest import Servers

TABLES = """
SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AS is_guarded,
    EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'case_ref'
        AND NOT a.attisdropped) AS has_case
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname IN ('record', 'vault', 'audit') AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY 1
"""


@dataclass(frozen=True)
class Table:
    """A table of the guarded schemas."""

    name: str
    is_guarded: bool
    has_case: bool


@asynccontextmanager
async def acting(
    postgres: Servers, role: Role, actor: Actor | None = None, case_ref: str | None = None
) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of a role with the settings of a person, or of a worker; rolled back."""
    connection = await asyncpg.connect(postgres.dsn(role), ssl=False)
    try:
        names = ("app.org", "app.person", "app.role", "app.case_ref")
        for name, value in zip(names, Scope(actor).settings(case_ref), strict=True):
            await connection.execute("SELECT set_config($1, $2, false)", name, value)
        yield connection
    finally:
        await connection.close()


async def seen(
    connection: asyncpg.Connection, tables: tuple[Table, ...], case_ref: str | None = None
) -> dict[str, int]:
    """How many rows of each table can be seen, of one case or of all; tables with none are out.

    A table that may not be read at all shows no row.
    """
    found = {}
    for table in tables:
        if not await connection.fetchval("SELECT has_table_privilege($1, 'SELECT')", table.name):
            continue
        of_case = " WHERE case_ref = $1" if case_ref and table.has_case else ""
        if case_ref and not of_case:
            continue
        args = (case_ref,) if case_ref else ()
        found[table.name] = await connection.fetchval(
            f"SELECT count(*) FROM {table.name}{of_case}",  # noqa: S608 - from the catalogue
            *args,
        )
    return {name: count for name, count in found.items() if count}
