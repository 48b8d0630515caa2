"""The journeys worker: namespace and task queue `journeys`, PostgreSQL role `sp_journeys`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import Client
from temporalio.worker import Worker

from activities.journey_steps import JourneySteps
from activities.ports import Notices, Record
from activities.referral_steps import ReferralSteps
from infra.calendars.load import england_and_wales
from infra.database import Pool, Scope, open_pool
from infra.keys import FileKeyProvider, Keyring
from infra.notices import FileNotices
from infra.record import PostgresRecord
from infra.settings import Installation
from infra.stack.secrets import Role
from infra.telemetry import log
from infra.temporal import JOURNEYS, connect_temporal
from infra.wakes import send_wakes
from schemas.errors import SafepathError
from workers.watch import StepWatch
from workflows.journey import VictimJourney
from workflows.referral import SupportReferral

_CACHED_JOURNEYS = 1_000
_FINISH_WITHIN = timedelta(seconds=10)
_MISSED_AFTER = timedelta(seconds=2)
"""After a worker died, how long its journeys wait for it before another takes them on."""
_RELAY_EVERY = 1.0
_LEFT_OVER_AFTER = timedelta(seconds=2)


@dataclass(frozen=True)
class World:
    """What the worker's steps run on."""

    pool: Pool
    keyring: Keyring
    client: Client
    record: Record
    notices: Notices


@asynccontextmanager
async def connected(installation: Installation) -> AsyncIterator[World]:
    """The ports made real, for as long as the block runs."""
    pool = await open_pool(installation.dsn(Role.JOURNEYS))
    try:
        keyring = Keyring(pool, FileKeyProvider(installation.kek_file), Scope())
        client = await connect_temporal(installation, keyring)
        yield World(
            pool=pool,
            keyring=keyring,
            client=client,
            record=PostgresRecord(pool, keyring, Scope()),
            notices=FileNotices(installation.notices_dir),
        )
    finally:
        await pool.close()


def journeys_worker(
    client: Client, record: Record, notices: Notices, *, cached: int = _CACHED_JOURNEYS
) -> Worker:
    """A worker for journeys and referrals on these ports."""
    calendar = england_and_wales()
    journey = JourneySteps(record=record, notices=notices, calendar=calendar)
    referral = ReferralSteps(record=record, calendar=calendar)
    return Worker(
        client,
        task_queue=JOURNEYS,
        workflows=[VictimJourney, SupportReferral],
        activities=[
            journey.read_journey,
            journey.carry_out,
            journey.take_journey_step,
            journey.post_notice,
            referral.read_referral,
            referral.take_referral_step,
            referral.deliver_packet,
            referral.deliver_stop,
        ],
        interceptors=[StepWatch()],
        max_cached_workflows=cached,
        graceful_shutdown_timeout=_FINISH_WITHIN,
        sticky_queue_schedule_to_start_timeout=_MISSED_AFTER,
    )


async def run_journeys(
    installation: Installation, stop: asyncio.Event, say: Callable[[str], None]
) -> None:
    """Work until `stop` is set; then finish what was begun."""
    async with connected(installation) as world:
        worker = journeys_worker(world.client, world.record, world.notices)
        async with worker:
            say("journeys worker ready")
            log().info("worker_ready", task_queue=JOURNEYS, namespace=world.client.namespace)
            relay = asyncio.create_task(_relay(world))
            await stop.wait()
            relay.cancel()
            await asyncio.gather(relay, return_exceptions=True)
    say("journeys worker stopped")


async def _relay(world: World) -> None:
    """Send what desks left unsent, again and again; an outage is waited out."""
    while True:
        try:
            await send_wakes(world.pool, world.client, Scope(), older_than=_LEFT_OVER_AFTER)
        except SafepathError as error:
            log().warning("relay_waits", code=error.code)
        except Exception as error:  # noqa: BLE001 - a relay that ended would do so in silence
            log().error("relay_waits", code=type(error).__name__)
        await asyncio.sleep(_RELAY_EVERY)
