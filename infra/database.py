"""Connections to PostgreSQL: pools, scopes, and errors put into our own words."""

import asyncio
import ipaddress
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from infra.statements import statements
from infra.telemetry import span_below
from schemas.actor import Actor
from schemas.errors import RecordError, SafepathError, SettingsError, UnreachableError

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any] | PoolConnectionProxy[Any]
    Pool: TypeAlias = asyncpg.Pool[Any]
else:  # generic to the type checker only
    Connection = asyncpg.Connection | PoolConnectionProxy
    Pool = asyncpg.Pool

_RECORD = statements("record")
_READING = statements("reading")
_CONNECT_WITHIN = 5.0
_ANSWER_WITHIN = 10.0
"""Seconds after which a connection that does not answer is given up: it may be half-open, where
the other end is gone and nothing says so, and everybody behind it would wait for ever."""

CONSTRAINT_ERRORS: dict[str, tuple[str, str]] = {
    "case_file_pk": ("case_exists", "There is a case of that reference already."),
    "case_file_told_first": ("told_first", "She must be told before the first question."),
    "case_file_closed_has_reason": ("no_reason", "A closed case has a reason."),
    "consent_pk": ("consent_moved", "The consent was changed by somebody else; look again."),
    "consent_given_has_fields": ("no_fields", "Consent names at least one field and an end."),
    "inbox_item_pk": ("already_delivered", "The packet is in the inbox already."),
    "share_once_per_epoch": ("already_shared", "The referral's packet was shared already."),
    "contact_plan_one_in_force": (
        "plan_moved",
        "The plan was changed by somebody else; look again.",
    ),
    "contact_plan_confirmed_by_another": ("second_person", "A second person confirms a change."),
    "contact_plan_change_confirmed": ("second_person", "A second person confirms a change."),
    "hold_one_of_each": ("already_held", "Your organisation has placed a hold already."),
    "hold_lifted_by_its_own": ("not_your_hold", "Whoever placed a hold lifts it."),
    "withdrawal_check_by_another": ("second_person", "Somebody else than the recorder asks her."),
    "risk_assessment_reviewed_by_another": ("second_person", "A second person reviews it."),
    "case_person_widened_by_two": ("second_person", "A second person confirms it."),
    "adoption_signed_by_two": ("second_person", "A second person signs it."),
    "pause_case_fk": ("unknown_case", "There is no such case."),
    "case_link_other_fk": ("unknown_case", "There is no such case to link."),
    "command_log_pk": (
        "command_taken",
        "The command's id answered another command: give this one an id of its own.",
    ),
    "service_pk": ("service_code_taken", "Another service has that code."),
}
"""Constraint → code and sentence: the one place where the database's names become ours."""

_PASSING = frozenset({"08", "25", "40", "53", "55", "57", "58"})
"""SQLSTATE classes that pass: connection, read-only, deadlock, resources, locks, shutdown, disk."""

_SAID_OF = {
    "25006": "PostgreSQL takes no writes at present: nothing was written. Try again later.",
    "53100": "PostgreSQL's disk is full: nothing was written. Once there is room, try again.",
    "53300": "PostgreSQL has no connection free: nothing was written. Try again in a moment.",
    "55P03": "Somebody else holds what this needs: nothing was written. Try again in a moment.",
}
"""SQLSTATE → what is said of an outage that PostgreSQL itself can name."""

_DOWN = (OSError, asyncpg.CannotConnectNowError, asyncpg.PostgresConnectionError, TimeoutError)


@dataclass(frozen=True)
class Scope:
    """Whose transaction it is: a person's, or the worker's own where there is none."""

    actor: Actor | None = None

    def settings(self, case_ref: str | None) -> tuple[str, str, str, str]:
        """The values of app.org, app.person, app.role and app.case_ref."""
        if self.actor is None:
            return ("", "", "", case_ref or "")
        actor = self.actor
        return (actor.organisation, actor.person, actor.role.value, case_ref or "")


def is_loopback_dsn(dsn: str) -> bool:
    """Whether a DSN leads to this machine alone."""
    try:
        hosts = urlsplit(dsn).netloc.rpartition("@")[2].split(",")
        return all(_is_loopback(urlsplit(f"//{host}").hostname) for host in hosts)
    except ValueError:
        return False


def _is_loopback(host: str | None) -> bool:
    if host is None:
        return False
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


async def connect(dsn: str) -> Connection:
    """One connection.

    Raises:
        UnreachableError: PostgreSQL does not answer, or refuses the role.
    """
    with translated():
        return await asyncpg.connect(dsn, timeout=_CONNECT_WITHIN, server_settings=_SERVER)


async def open_pool(dsn: str, *, most: int = 8) -> Pool:
    """A pool whose database is checked to be usable from this address.

    Raises:
        UnreachableError: PostgreSQL does not answer, or refuses the role.
        SettingsError: the schema is missing, or the database is embedded and this is not its
            machine.
    """
    with translated():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=1,
            max_size=most,
            timeout=_CONNECT_WITHIN,
            command_timeout=_ANSWER_WITHIN,
            server_settings=_POOLED,
        )
    try:
        with translated():
            embedded = await is_embedded(pool)
    except SafepathError:
        await pool.close()
        raise
    if embedded and not is_loopback_dsn(dsn):
        await pool.close()
        raise SettingsError(
            "This database was made by `safepath up` and answers on its own machine only: "
            "use a loopback address, or a database of your own."
        )
    return pool


_SERVER = {"timezone": "UTC", "application_name": "safepath", "statement_timeout": "30000"}
_POOLED = {
    **_SERVER,
    "lock_timeout": "5000",
    # Of a client that vanished in a transaction PostgreSQL hears nothing for hours, and what it
    # had locked, the head of the audit for one, would hold up everybody.
    "idle_in_transaction_session_timeout": "10000",
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


async def is_embedded(pool: Pool) -> bool:
    """Whether `safepath up` made this database."""
    return bool(await pool.fetchval(_READING["read_installation"]))


@asynccontextmanager
async def transaction(
    pool: Pool, scope: Scope, case_ref: str | None = None
) -> AsyncIterator[Connection]:
    """A transaction that sees what its scope may see, and acts on `case_ref` if one is named.

    Raises:
        RecordError: a named constraint refused a write.
        UnreachableError: PostgreSQL does not answer.
    """
    with span_below("sql.transaction"), translated():
        async with pool.acquire(timeout=_CONNECT_WITHIN) as connection, connection.transaction():
            try:
                await connection.execute(_RECORD["enter"], *scope.settings(case_ref))
                yield connection
            except (TimeoutError, asyncio.CancelledError):
                connection.terminate()  # which rolls back; a ROLLBACK would wait in its turn
                raise


class translated:  # noqa: N801 - reads as a word: with translated(...)
    """Turns the database's exceptions into ours; never lets its texts through.

    PostgreSQL's own messages may quote values, so none is carried over.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: Any
    ) -> None:
        ours = _refusal(error) or _outage(error) or _rest(error)
        if ours is not None:
            raise ours from None


def _refusal(error: BaseException | None) -> SafepathError | None:
    """What a named constraint refused."""
    if not isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return None
    name = getattr(error, "constraint_name", None) or ""
    unnamed = ("record_refused", f"The record refused the write ({name or 'constraint'}).")
    return RecordError(*CONSTRAINT_ERRORS.get(name, unnamed))


def _outage(error: BaseException | None) -> SafepathError | None:
    """What passes, or what somebody who runs PostgreSQL must see to."""
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return UnreachableError("PostgreSQL refused the role or its password: check the DSN.")
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return SettingsError("The DSN names a database that does not exist.")
    if isinstance(error, asyncpg.UndefinedTableError):
        return SettingsError("The database has no schema yet: run `safepath migrate`.")
    if isinstance(error, _DOWN) or _sqlstate(error)[:2] in _PASSING:
        silent = "PostgreSQL does not answer: is the stack up? `safepath doctor` says more."
        return UnreachableError(_SAID_OF.get(_sqlstate(error), silent))
    return None


def _rest(error: BaseException | None) -> SafepathError | None:
    if isinstance(error, asyncpg.PostgresError):
        return RecordError(
            "record_refused", f"The record refused this (SQLSTATE {_sqlstate(error)})."
        )
    if not isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return None
    if isinstance(error, ValueError):  # it never left this process: a number too large, say
        return RecordError("record_refused", "The record cannot hold a value that was given.")
    # InternalClientError: PostgreSQL died just before a ROLLBACK, which asyncpg does not expect.
    return UnreachableError("The connection to PostgreSQL was lost: try again.")


def _sqlstate(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def to_json(document: Any) -> str:
    """JSON for a statement's parameter."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
