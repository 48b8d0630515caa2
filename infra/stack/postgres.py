"""The embedded PostgreSQL: prepared once, started as a child, its roles kept as they should be."""

import asyncio
import os
import shutil
import signal
from base64 import b64encode
from datetime import datetime
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from pathlib import Path

import asyncpg

from infra.stack.binaries import postgres_binary
from infra.stack.child import ChildSpec, launch
from infra.stack.launch import NO_NAMESPACE
from infra.stack.layout import StackPaths, write_private
from infra.stack.secrets import Role, password_file, read_password
from infra.stack.state import DATABASE, LOOPBACK, Ports
from schemas.errors import StackError

NAME = "postgres"
TITLE = "PostgreSQL 18"
NO_NAMESPACE_SENTENCE = (
    "PostgreSQL does not run as root, and user namespaces are forbidden here: run safepath as an "
    "ordinary user, or name a PostgreSQL by setting."
)
_SQL = Path(__file__).with_name("sql")
_SCRAM_ROUNDS = 4096
_HBA = "# TYPE DATABASE USER ADDRESS METHOD\nhost all all 127.0.0.1/32 scram-sha-256\n"
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "cluster_name": "safepath",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Statements, parameters, and the details of errors can hold names and addresses of people.
    # An error goes to the client that caused it; the log keeps what concerns the server.
    "log_min_messages": "log",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}


def postgres_spec(paths: StackPaths, ports: Ports) -> ChildSpec:
    """How to run the server.

    Raises:
        StackError: The wheel is not installed.
    """

    async def ready(_: datetime) -> bool:
        return await answers(paths, ports)

    settings = {**_SETTINGS, "port": str(ports.postgres)}
    flags = (part for key, value in settings.items() for part in ("-c", f"{key}={value}"))
    return ChildSpec(
        name=NAME,
        title=TITLE,
        argv=(str(postgres_binary("postgres")), "-D", str(paths.postgres), *flags),
        env=_environment(),
        log=paths.log_of(NAME),
        ready=ready,
        stop_signal=signal.SIGINT,  # fast shutdown: disconnects clients, keeps what is committed
        death_signal=signal.SIGINT,
        stop_within=20.0,
        ready_within=60.0,  # it may have to recover first
        as_nobody=os.geteuid() == 0,
    )


async def initialise(paths: StackPaths) -> bool:
    """Make the data directory if there is none yet; says whether it did.

    It is made beside its place and moved there whole, so a start that was killed half-way leaves
    nothing that looks like data.

    Raises:
        StackError: It cannot be made; the sentence says why.
    """
    if paths.has_records:
        return False
    fresh = paths.postgres.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    process = await launch(_initdb_spec(paths, fresh))
    code = await _ended(process)
    if code == NO_NAMESPACE:
        raise StackError(NO_NAMESPACE_SENTENCE)
    if code != 0:
        raise StackError(_failed_initdb(paths))
    write_private(fresh / "pg_hba.conf", _HBA)
    fresh.rename(paths.postgres)
    return True


async def answers(paths: StackPaths, ports: Ports) -> bool:
    """Whether PostgreSQL lets us in."""
    try:
        connection = await _connect(paths, ports, "postgres")
    except (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, TimeoutError):
        return False
    except asyncpg.InvalidAuthorizationSpecificationError:
        raise StackError(
            f"PostgreSQL on port {ports.postgres} does not know our password: another server "
            f"answers there, or {password_file(paths, Role.POSTGRES)} was changed."
        ) from None
    await connection.close()
    return True


async def ensure_roles(paths: StackPaths, ports: Ports) -> None:
    """Create the roles and the database, or bring them back to what they should be."""
    connection = await _connect(paths, ports, "postgres")
    try:
        for role in Role:
            if role is not Role.POSTGRES:
                secret = scram_verifier(read_password(paths, role), os.urandom(16))
                await connection.execute(
                    await connection.fetchval(_sql("role_statement"), role, secret)
                )
        if not await connection.fetchval(_sql("database_exists"), DATABASE):
            await connection.execute(_sql("create_database"))
        await connection.execute(_sql("narrow_connections"))
    finally:
        await connection.close()


def scram_verifier(password: str, salt: bytes) -> str:
    """What PostgreSQL keeps of a password (RFC 5803), so that no statement holds the password."""
    salted = pbkdf2_hmac("sha256", password.encode(), salt, _SCRAM_ROUNDS)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    parts = [b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_SCRAM_ROUNDS}:{parts[0]}${parts[1]}:{parts[2]}"


def barrier_for_nobody(path: Path) -> Path | None:
    """The first folder on the way to `path` that root cannot enter once it appears as nobody.

    In the namespace root keeps its files but not its power over those of others.
    """
    for folder in reversed((path / "_").parents):
        found = folder.stat()
        bit = 0o100 if found.st_uid == 0 else 0o010 if found.st_gid == 0 else 0o001
        if not found.st_mode & bit:
            return folder
    return None


def _initdb_spec(paths: StackPaths, target: Path) -> ChildSpec:
    async def never(_: datetime) -> bool:
        return False

    password = str(password_file(paths, Role.POSTGRES))
    return ChildSpec(
        name="initdb",
        title="initdb",
        argv=(
            *(str(postgres_binary("initdb")), "-D", str(target), "-U", "postgres"),
            *("--pwfile", password, "--auth=scram-sha-256", "--encoding=UTF8"),
            "--locale=C.UTF-8",
        ),
        env=_environment(),
        log=paths.log_of("initdb"),
        ready=never,
        as_nobody=os.geteuid() == 0,
    )


async def _ended(process: asyncio.subprocess.Process) -> int:
    try:
        return await process.wait()
    except asyncio.CancelledError:
        process.terminate()
        await process.wait()
        raise


def _failed_initdb(paths: StackPaths) -> str:
    if os.geteuid() == 0:
        for path in (paths.data_dir, postgres_binary("initdb").parent):
            barrier = barrier_for_nobody(path)
            if barrier is not None:
                return (
                    f"PostgreSQL, which does not run as root, cannot enter {barrier} on the way "
                    f"to {path}: use a place that belongs to root, or run as an ordinary user."
                )
    return f"PostgreSQL's data directory could not be made: {paths.log_of('initdb')} says why."


async def _connect(paths: StackPaths, ports: Ports, database: str) -> "asyncpg.Connection":
    return await asyncpg.connect(
        host=LOOPBACK,
        port=ports.postgres,
        user=Role.POSTGRES.value,
        password=read_password(paths, Role.POSTGRES),
        database=database,
        ssl=False,
        timeout=5,
    )


def _environment() -> dict[str, str]:
    """Ours, without what would steer a PostgreSQL program elsewhere."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PG")}


def _sql(name: str) -> str:
    return (_SQL / f"{name}.sql").read_text(encoding="utf-8")
