"""Forward-only migrations: numbered SQL files, checksummed, one at a time under a lock."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import asyncpg

from infra.database import Connection, connect, is_loopback_dsn
from schemas.errors import SettingsError

ROLES = ("sp_journeys", "sp_web", "sp_gate", "sp_audit")
_LOCK = 7_233_018
_LEDGER = """
CREATE SCHEMA IF NOT EXISTS migrations;
CREATE TABLE IF NOT EXISTS migrations.applied (
    name       text        NOT NULL CONSTRAINT applied_pk PRIMARY KEY,
    sha256     text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
"""


@dataclass(frozen=True)
class Migration:
    """One file."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Its checksum."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations() -> tuple[Migration, ...]:
    """Every migration, in order."""
    folder = files("infra.sql").joinpath("migrations")
    found = (file for file in folder.iterdir() if file.name.endswith(".sql"))
    return tuple(
        Migration(name=file.name.removesuffix(".sql"), sql=file.read_text(encoding="utf-8"))
        for file in sorted(found, key=lambda file: file.name)
    )


async def migrate(
    dsn_owner: str, *, embedded: bool, say: Callable[[str], None] = lambda _: None
) -> int:
    """Bring a database to the newest schema; returns how many migrations were applied.

    Args:
        dsn_owner: DSN of the role that owns the schemas.
        embedded: mark a fresh database as embedded: usable with `--as`, loopback only.
        say: told one line for each migration.

    Raises:
        SettingsError: a role is missing, an applied migration was edited, or the database is
            marked embedded and the address is not loopback.
        UnreachableError: PostgreSQL does not answer.
    """
    connection = await connect(dsn_owner)
    try:
        await connection.execute("SET statement_timeout = 0")  # a migration may take its time
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK)
        await _require_roles(connection)
        await connection.execute(_LEDGER)
        applied = await _apply_missing(connection, say)
        await _mark(connection, embedded, dsn_owner)
    finally:
        await connection.close()
    return applied


async def pending(dsn_owner: str) -> tuple[str, ...]:
    """Names of migrations that were not applied yet."""
    connection = await connect(dsn_owner)
    try:
        known = await _applied(connection)
    except asyncpg.UndefinedTableError:
        known = {}
    finally:
        await connection.close()
    return tuple(m.name for m in migrations() if m.name not in known)


async def _apply_missing(connection: Connection, say: Callable[[str], None]) -> int:
    known = await _applied(connection)
    count = 0
    for migration in migrations():
        if migration.name in known:
            if known[migration.name] != migration.sha256:
                raise SettingsError(
                    f"Migration {migration.name} was changed after it was applied: restore the "
                    "file and put the change into a new one."
                )
            continue
        async with connection.transaction():
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO migrations.applied (name, sha256) VALUES ($1, $2)",
                migration.name,
                migration.sha256,
            )
        say(f"migration {migration.name} applied")
        count += 1
    return count


async def _applied(connection: Connection) -> dict[str, str]:
    rows = await connection.fetch("SELECT name, sha256 FROM migrations.applied")
    return {row["name"]: row["sha256"] for row in rows}


async def _require_roles(connection: Connection) -> None:
    rows = await connection.fetch("SELECT rolname FROM pg_roles WHERE rolname = ANY ($1)", ROLES)
    missing = sorted(set(ROLES) - {row["rolname"] for row in rows})
    if missing:
        raise SettingsError(
            f"The database has no role {', '.join(missing)}: create them first "
            "(docs/operations.md has the lines)."
        )


async def _mark(connection: Connection, embedded: bool, dsn: str) -> None:
    await connection.execute(
        "INSERT INTO record.installation (is_embedded) VALUES ($1) ON CONFLICT DO NOTHING",
        embedded,
    )
    marked = await connection.fetchval("SELECT is_embedded FROM record.installation")
    if marked and not is_loopback_dsn(dsn):
        raise SettingsError(
            "This database was made by `safepath up` and is for one machine only: "
            "it may be reached at a loopback address and nowhere else."
        )
