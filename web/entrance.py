"""The entrance: who gets a desk. Taken at their word, which only an embedded stack does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from infra.audit import AuditReader
from infra.database import Pool, Scope, is_embedded, open_pool
from infra.facts import FactBook, GateBook
from infra.keys import FileKeyProvider, Keyring
from infra.notices import FileNotices
from infra.reading import PostgresReader
from infra.record import PostgresRecord
from infra.settings import Installation
from infra.signing import read_owners
from infra.stack.secrets import Role as DatabaseRole
from infra.staff import StaffRegister
from infra.temporal import connect_temporal
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor, Role
from schemas.errors import BadInputError, SettingsError
from web.asking import Journeys
from web.counter import Counter
from web.desk import Desk
from web.facts import FactDesk, GateCounter
from web.gate import GateDesk
from web.protocol import ProtocolDesk, protocols_of, protocols_without_waiting
from web.repair import RepairDesk

_AUDIT_ROLES = (Role.AUDITOR, Role.DPO, Role.OPS)
_OFFICE_ROLES = {
    Role.DPO,
    Role.SENIOR_AUTHORISER,
    Role.INFO_SHARING_SPOC,
    Role.PROTOCOL_OWNER,
}
"""Staff of the police or council who lead no case."""


@asynccontextmanager
async def open_desk(installation: Installation, actor: Actor) -> AsyncIterator[Desk]:
    """A desk for a person who is taken at her word, which only an embedded stack does.

    Raises:
        SettingsError: this database was not made by `safepath up`.
        BadInputError: role and organisation do not go together, or they have left.
        UnreachableError: PostgreSQL does not answer.
    """
    scope = Scope(actor)
    async with AsyncExitStack() as opened:
        pool, keyring = await _known(opened, installation, actor)
        reader = PostgresReader(pool, keyring, scope)
        audit = None
        if actor.role in _AUDIT_ROLES:
            audit = AuditReader(await _opened_pool(opened, installation.dsn(DatabaseRole.AUDIT)))
        record = PostgresRecord(pool, keyring, scope)
        staff = StaffRegister(pool, scope)
        journeys = Journeys(pool, record, scope, lambda: connect_temporal(installation, keyring))
        protocols = partial(protocols_without_waiting, pool, scope, installation)
        yield Desk(actor, pool, record, reader, staff, journeys, audit, protocols)


@asynccontextmanager
async def open_repair_desk(installation: Installation, actor: Actor) -> AsyncIterator[RepairDesk]:
    """The same for a person of operations, who repairs the clockwork.

    Raises:
        SettingsError: this database was not made by `safepath up`.
        BadInputError: they have left.
        UnreachableError: PostgreSQL does not answer.
    """
    scope = Scope(actor)
    async with AsyncExitStack() as opened:
        pool = await _opened_pool(opened, installation.dsn(DatabaseRole.WEB))
        await _check_embedded(pool)
        await _check_still_here(StaffRegister(pool, scope), actor)
        keyring = Keyring(pool, FileKeyProvider(installation.kek_file), scope)
        counter = Counter(actor, PostgresRecord(pool, keyring, scope))
        yield RepairDesk(counter, pool)


@asynccontextmanager
async def open_fact_desk(installation: Installation, actor: Actor) -> AsyncIterator[FactDesk]:
    """The same for somebody who says a fact of a case, and sees none.

    Raises:
        SettingsError: this database was not made by `safepath up`.
        BadInputError: role and organisation do not go together, or they have left.
        UnreachableError: PostgreSQL does not answer.
    """
    async with AsyncExitStack() as opened:
        pool, _ = await _known(opened, installation, actor)
        book = FactBook(pool, actor)
        yield FactDesk(GateCounter(actor, book), book)


@asynccontextmanager
async def open_gate_desk(installation: Installation, actor: Actor) -> AsyncIterator[GateDesk]:
    """The same for somebody who looks at a case through the sharing protocol.

    Raises:
        SettingsError: this database was not made by `safepath up`, or nobody named the gate's.
        BadInputError: role and organisation do not go together, or they have left.
        UnreachableError: PostgreSQL does not answer.
    """
    async with AsyncExitStack() as opened:
        pool, keyring = await _known(opened, installation, actor)
        gate = GateBook(await _opened_pool(opened, installation.dsn(DatabaseRole.GATE)))
        book = FactBook(pool, actor)
        record = PostgresRecord(pool, keyring, Scope(actor))
        notices = FileNotices(installation.notices_dir)
        owners = read_owners(installation.protocol_owners_file)
        protocols = protocols_of(pool, Scope(actor), owners)
        yield GateDesk(GateCounter(actor, book), pool, record, book, gate, protocols, notices)


@asynccontextmanager
async def open_protocol_desk(
    installation: Installation, actor: Actor
) -> AsyncIterator[ProtocolDesk]:
    """The same for a person who looks at the sharing protocol, or changes it.

    Raises:
        SettingsError: this database was not made by `safepath up`, or the file of protocol owners
            cannot be read.
        BadInputError: role and organisation do not go together, or they have left.
        UnreachableError: PostgreSQL does not answer.
    """
    scope, owners = Scope(actor), read_owners(installation.protocol_owners_file)
    async with AsyncExitStack() as opened:
        pool, keyring = await _known(opened, installation, actor)
        counter = Counter(actor, PostgresRecord(pool, keyring, scope))
        yield ProtocolDesk(counter, pool, protocols_of(pool, scope, owners))


async def _known(
    opened: AsyncExitStack, installation: Installation, actor: Actor
) -> tuple[Pool, Keyring]:
    """The connections of a person who is there, in an organisation that goes with the role."""
    scope = Scope(actor)
    pool = await _opened_pool(opened, installation.dsn(DatabaseRole.WEB))
    await _check_embedded(pool)
    keyring = Keyring(pool, FileKeyProvider(installation.kek_file), scope)
    await _check_organisation(PostgresReader(pool, keyring, scope), actor)
    await _check_still_here(StaffRegister(pool, scope), actor)
    return pool, keyring


async def _check_embedded(pool: Pool) -> None:
    if not await is_embedded(pool):
        raise SettingsError(
            "--as works only on a database that `safepath up` made: this one needs a sign-in, "
            "which this version does not offer yet."
        )


async def _opened_pool(opened: AsyncExitStack, dsn: str) -> Pool:
    pool = await open_pool(dsn)
    opened.push_async_callback(pool.close)
    return pool


async def _check_still_here(staff: StaffRegister, actor: Actor) -> None:
    if await staff.has_left(actor):
        raise BadInputError("--as", f"{actor.who} has left: see `staff leavers`")


async def _check_organisation(reader: PostgresReader, actor: Actor) -> None:
    """An NGO's staff stand in an organisation of the directory, an agency's do not."""
    listed = await reader.is_in_directory(actor.organisation)
    if actor.role in NGO_ROLES and not listed:
        raise BadInputError(
            "--as",
            f"the directory has no organisation {actor.organisation!r}: see `directory list`",
        )
    if actor.role in AGENCY_ROLES | _OFFICE_ROLES and listed:
        raise BadInputError(
            "--as", f"{actor.organisation} is an NGO of the directory: a {actor.role} is not its"
        )
