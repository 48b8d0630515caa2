"""The keys are missing, are others, or are slow to come: steps wait, and nothing goes out clear."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from infra.stack.services import WORKER
from schemas.errors import KeyUnavailableError
from tests.builders import caseworker
from tests.faults.driving import GIVE_UP_AFTER, Driver, a_driver, drive
from tests.faults.reckoning import reckon
from tests.faults.seeds import SEED, sampled
from tests.faults.stage import Stage
from tests.infra.stack.standins import until
from tests.journeys.canary_places import files
from tests.journeys.scanning import forms, found_in
from web.entrance import open_desk

JOURNEYS = 3
NAMES = forms("Wren Fictional")
"""In the opening of every journey, and sealed ever after."""
_WAITS_FOR_KEYS = """
SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'vault.case_key'::regclass
"""

Trouble = Callable[[Stage, Driver], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def missing(stage: Stage, _: Driver) -> AsyncIterator[None]:
    """The key file is gone when the worker starts; it is tried until the file is back."""
    kek = stage.stack.installation.kek_file
    aside = kek.with_suffix(".aside")
    kek.rename(aside)
    try:
        await _restarts_into(stage, "There is no key file")
        with pytest.raises(KeyUnavailableError, match="There is no key file"):
            await open_desk(stage.stack.installation, caseworker()).__aenter__()
        yield
    finally:
        aside.rename(kek)


@asynccontextmanager
async def others(stage: Stage, _: Driver) -> AsyncIterator[None]:
    """The worker was started with the key of another installation, until somebody sees it."""
    kek = stage.stack.installation.kek_file
    right = kek.read_text(encoding="ascii")
    kek.write_text("ab" * 32, encoding="ascii")
    try:
        await _restarts_into(stage, "not the one this record was sealed with")
        yield
    finally:
        kek.write_text(right, encoding="ascii")
        await stage.stack.kill(WORKER)


@asynccontextmanager
async def slow(stage: Stage, driver: Driver) -> AsyncIterator[None]:
    """Whoever asks for a key waits, and at last is told that it does not come."""
    async with stage.superuser.acquire() as hand, hand.transaction():
        await hand.execute("LOCK TABLE vault.case_key IN ACCESS EXCLUSIVE MODE")
        await driver.until(_WAITS_FOR_KEYS)
        yield


async def _restarts_into(stage: Stage, words: str) -> None:
    """Kill the worker, and wait until the next one has met it."""
    log = stage.stack.paths.log_of(WORKER)
    before = _count(log, words)
    await stage.stack.kill(WORKER)
    await until(lambda: _count(log, words) > before, GIVE_UP_AFTER)


def _count(log: Path, words: str) -> int:
    return log.read_text(encoding="utf-8", errors="replace").count(words)


TROUBLES: dict[str, Trouble] = {"missing": missing, "others": others, "slow": slow}


@pytest.mark.parametrize("name", sampled(TROUBLES, 1, "keys"))
async def test_without_its_keys_nothing_goes_on_and_with_them_everything(
    stage: Stage, name: str
) -> None:
    """No step is skipped, none is taken twice, and no name is anywhere in clear."""
    async with a_driver(stage.stack.installation, stage.superuser) as driver:
        driving = asyncio.create_task(drive(driver, f"keys-{name}", JOURNEYS, JOURNEYS))
        await until(lambda: len(driver.seen.committed) > JOURNEYS, GIVE_UP_AFTER)
        async with TROUBLES[name](stage, driver):
            assert not driving.done()
        await driving
        left = await reckon(stage.superuser, stage.stack.installation, driver.seen)
    assert left.is_clean, f"seed {SEED}: {left}"
    left_behind = files(stage.stack.paths.data_dir)
    assert left_behind
    assert [] == [where for where, blob in left_behind.items() if found_in(blob, NAMES)]
