"""The network fails between us and the servers: slow, reset, silent, cut off, and healed."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from infra import audit
from infra.database import Scope, open_pool, transaction
from infra.stack.secrets import Role
from schemas.case_commands import AddNeed
from schemas.consent_commands import WithdrawConsent
from schemas.decisions import Committed
from schemas.errors import UnreachableError
from schemas.verbs import Verb
from tests.builders import a_command, ops
from tests.faults.driving import GIVE_UP_AFTER, a_driver, drive, said_at
from tests.faults.proxy import Met, Proxy, Way
from tests.faults.reckoning import reckon
from tests.faults.seeds import SEED, sampled
from tests.faults.stage import Stage
from tests.infra.stack.standins import until

SERVERS = ("postgres", "temporal")
JOURNEYS = 3
LASTS = 2.0
"""Seconds of a fault after it was met."""
_HELD_AT_LEAST = 5.0
_SAID_TO: dict[str, type[Any]] = {"postgres": WithdrawConsent, "temporal": AddNeed}
"""What needs each server: a fact is written, a decision is asked of the journey."""
ANSWERED_WITHIN = 25.0
"""Seconds after which somebody who said something has been left alone with it."""


@contextmanager
def _slow(proxy: Proxy) -> Iterator[None]:
    with proxy.slow(0.1):
        yield


@contextmanager
def _reset(proxy: Proxy) -> Iterator[None]:
    proxy.reset()
    yield
    proxy.reset()


FAULTS: dict[str, tuple[Callable[[Proxy], AbstractContextManager[None]], Met]] = {
    "slow": (_slow, Met.DELAYED),
    "reset": (_reset, Met.RESET),
    "silent there": (lambda proxy: proxy.silent(Way.THERE), Met.HELD),
    "silent back": (lambda proxy: proxy.silent(Way.BACK), Met.HELD),
    "silent": (lambda proxy: proxy.silent(*Way), Met.HELD),
    "cut": (lambda proxy: proxy.cut(), Met.REFUSED),
}


@dataclass(frozen=True)
class Trouble:
    """A fault between somebody and a server."""

    whose: str
    server: str
    fault: str

    def __str__(self) -> str:
        return f"{self.whose} to {self.server} {self.fault}"

    def proxy(self, stage: Stage) -> Proxy:
        """Where it happens."""
        found: Proxy = getattr(getattr(stage, self.whose), self.server)
        return found


TROUBLES = [Trouble(*parts) for parts in product(("worker", "desks"), SERVERS, FAULTS)]


@pytest.mark.parametrize("trouble", sampled(TROUBLES, 2, "network"))
async def test_a_network_that_fails_loses_nothing_and_heals(stage: Stage, trouble: Trouble) -> None:
    """Journeys that meet it, told by people who try again, come to their end."""
    make, met = FAULTS[trouble.fault]
    proxy = trouble.proxy(stage)
    async with a_driver(stage.behind.installation, stage.superuser) as driver:
        driving = asyncio.create_task(drive(driver, str(trouble), JOURNEYS, JOURNEYS))
        await until(lambda: len(driver.seen.committed) > JOURNEYS, GIVE_UP_AFTER)
        before = proxy.met[met]
        with make(proxy):
            await until(lambda: proxy.met[met] > before, GIVE_UP_AFTER)
            await asyncio.sleep(LASTS)
        await driving
        left = await reckon(stage.superuser, stage.stack.installation, driver.seen)
    assert left.is_clean, f"seed {SEED}: {left}"


@pytest.mark.parametrize("server", sampled(SERVERS, 1, "silence"))
async def test_nobody_waits_for_ever_at_a_silent_connection(stage: Stage, server: str) -> None:
    """Whoever says something is answered or told to say it again, while the silence lasts."""
    proxy: Proxy = getattr(stage.desks, server)
    clock = asyncio.get_running_loop().time
    async with a_driver(stage.behind.installation, stage.superuser) as driver:
        case_ref = await driver.open(f"silent-{server}")
        said: Any = a_command(_SAID_TO[server], case_ref=case_ref, command_id=f"{case_ref}-said")
        with proxy.silent(*Way):
            asked_at = clock()
            with suppress(UnreachableError):
                async with asyncio.timeout(GIVE_UP_AFTER):
                    await said_at(driver.agency, said)
            waited = clock() - asked_at
        assert isinstance(await driver.say(said), Committed)
    assert proxy.met[Met.HELD]
    assert waited < ANSWERED_WITHIN, f"{waited:.1f} s"


@pytest.mark.long
async def test_a_desk_that_falls_silent_in_a_transaction_holds_nobody_up(stage: Stage) -> None:
    """It holds the head of the audit; PostgreSQL lets go of it, and others are answered."""
    pool = await open_pool(stage.behind.installation.dsn(Role.JOURNEYS))
    clock = asyncio.get_running_loop().time
    async with a_driver(stage.stack.installation, stage.superuser) as driver:
        case_ref = await driver.open("held-up")
        command = a_command(AddNeed, case_ref=case_ref, command_id=f"{case_ref}-need")

        async def it_falls_silent() -> None:
            async with transaction(pool, Scope()) as connection:
                await audit.append_act(connection, ops(), Verb.VERIFY_AUDIT, {})
                with stage.desks.postgres.silent(*Way):
                    asked_at = clock()
                    assert isinstance(await driver.say(command), Committed)
                    waited.append(clock() - asked_at)

        waited: list[float] = []
        with pytest.raises(UnreachableError):
            await it_falls_silent()
    await pool.close()
    assert _HELD_AT_LEAST < waited[0] < ANSWERED_WITHIN
