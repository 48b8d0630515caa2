"""PostgreSQL is there and cannot: read-only, full, without a connection free, or locked."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from infra.stack.secrets import Role
from schemas.consent_commands import WithdrawConsent
from schemas.errors import UnreachableError
from schemas.ids import CaseRef
from tests.builders import a_command
from tests.faults.driving import GIVE_UP_AFTER, Driver, a_driver, drive
from tests.faults.reckoning import reckon
from tests.faults.seeds import SEED, sampled
from tests.faults.stage import Stage
from tests.infra.stack.standins import until

JOURNEYS = 2
MOST_WRITES = 500
"""A disk is full only once what is half-filled on it is used up."""
_ROOM = "4m"

Outage = Callable[[Stage, Path], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _hand(stage: Stage) -> "AsyncIterator[asyncpg.Connection]":
    """A connection of the superuser that no outage refuses."""
    hand = await asyncpg.connect(stage.stack.installation.dsn(Role.POSTGRES), ssl=False)
    try:
        await hand.execute("SET default_transaction_read_only = off")
        yield hand
    finally:
        await hand.close()


@asynccontextmanager
async def read_only(stage: Stage, _: Path) -> AsyncIterator[None]:
    """As a replica is, or a server whose operator stopped all writes."""
    async with _hand(stage) as hand:
        await hand.execute("ALTER SYSTEM SET default_transaction_read_only = on")
        await hand.execute("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            await hand.execute("ALTER SYSTEM RESET default_transaction_read_only")
            await hand.execute("SELECT pg_reload_conf()")


@asynccontextmanager
async def locked(stage: Stage, _: Path) -> AsyncIterator[None]:
    """Somebody's forgotten transaction holds every case."""
    async with _hand(stage) as hand, hand.transaction():
        await hand.execute("LOCK TABLE record.case_file IN ACCESS EXCLUSIVE MODE")
        yield


@asynccontextmanager
async def without_connections(stage: Stage, _: Path) -> AsyncIterator[None]:
    """Others hold every slot there is."""
    async with _hand(stage) as hand, AsyncExitStack() as held:
        while await hand.fetchval(_OURS):
            await hand.execute(_END_OURS)
            await _take_all(stage, held)
        yield


async def _take_all(stage: Stage, held: AsyncExitStack) -> None:
    while True:
        try:
            another = await held.enter_async_context(_hand(stage))
        except asyncpg.TooManyConnectionsError:
            return
        assert not another.is_closed()


_OURS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'safepath'"
_END_OURS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'safepath'
"""


@asynccontextmanager
async def full(stage: Stage, folder: Path) -> AsyncIterator[None]:
    """The disk of the answers and of the audit has no room left."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ("mount", "-t", "tmpfs", "-o", f"size={_ROOM}", "tmpfs", str(disk))
    if subprocess.run(mount, capture_output=True, check=False).returncode:  # noqa: ASYNC221
        pytest.skip("a small disk can be mounted by root only")
    try:
        (disk / "postgres").mkdir(mode=0o700)
        async with _hand(stage) as hand:
            await hand.execute(f"CREATE TABLESPACE small LOCATION '{disk / 'postgres'}'")
            for table in _GROWING:
                await hand.execute(f"ALTER TABLE {table} SET TABLESPACE small")
            _fill(disk / "ballast")
            try:
                yield
            finally:
                (disk / "ballast").unlink()
                for table in _GROWING:
                    await hand.execute(f"ALTER TABLE {table} SET TABLESPACE pg_default")
                await hand.execute("DROP TABLESPACE small")
    finally:
        subprocess.run(("umount", str(disk)), check=True)  # noqa: S607, ASYNC221


_GROWING = ("record.command_log", "audit.entry")


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            return  # there is no room left


OUTAGES: dict[str, tuple[Outage, str]] = {
    "read-only": (read_only, "takes no writes"),
    "full": (full, "disk is full"),
    "without a connection": (without_connections, "no connection free"),
    "locked": (locked, "holds what this needs"),
}


async def _refused(driver: Driver, case_ref: CaseRef) -> UnreachableError:
    """State one fact after the other until PostgreSQL cannot write any more."""
    for nth in range(MOST_WRITES):
        fact = a_command(WithdrawConsent, case_ref=case_ref, command_id=f"{case_ref}-{nth}")
        try:
            await driver.agency.state(fact)
        except UnreachableError as error:
            return error
    raise AssertionError("it never fired")


@pytest.mark.parametrize("name", sampled(OUTAGES, 2, "outage"))
async def test_while_postgresql_cannot_people_are_told_and_afterwards_all_goes_on(
    stage: Stage, tmp_path: Path, name: str
) -> None:
    """Exit code 4 and a sentence that names it; nothing half-written, and nothing lost."""
    outage, words = OUTAGES[name]
    async with a_driver(stage.stack.installation, stage.superuser) as driver:
        case_ref = await driver.open(f"{name}-told")
        driving = asyncio.create_task(drive(driver, name, JOURNEYS, JOURNEYS))
        await until(lambda: len(driver.seen.committed) > JOURNEYS, GIVE_UP_AFTER)
        async with outage(stage, tmp_path):
            told = await _refused(driver, case_ref)
        await driving
        left = await reckon(stage.superuser, stage.stack.installation, driver.seen)
    assert told.exit_code == 4
    assert words in str(told)
    assert left.is_clean, f"seed {SEED}: {left}"
