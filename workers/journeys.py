"""The journeys worker: namespace and task queue `journeys`, PostgreSQL role `sp_journeys`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import Runtime
from temporalio.worker import Worker, WorkerDeploymentConfig

from activities.journey_steps import JourneySteps
from activities.judging import judge_of
from activities.ports import Contacts, Judge, Notices, Record
from activities.referral_steps import ReferralSteps
from infra.agreements import remind_of_agreements
from infra.builds import DEPLOYMENT
from infra.calendars.load import england_and_wales
from infra.contacts import FileContacts
from infra.database import Pool, Scope, open_pool
from infra.keys import FileKeyProvider, Keyring
from infra.metrics.counters import RELAY_WAITS, code_label, show_from_start
from infra.metrics.record_counts import RecordCounts
from infra.metrics.serving import Metrics
from infra.notices import FileNotices
from infra.record import PostgresRecord
from infra.repairs import carry_out_repairs
from infra.settings import Installation
from infra.stack.secrets import Role
from infra.telemetry import code_of, log
from infra.temporal import JOURNEYS, connect_temporal
from infra.troubles import Troubles
from infra.wakes import send_wakes
from infra.withdrawal_post import Patience, carry_out_posts
from schemas.command_base import Command
from schemas.errors import SafepathError
from workers.lookout import Lookout
from workers.sweep import SWEPT_EVERY, Sweep
from workers.texts import TextsByTwoClocks
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
    teller: Client
    """Starts and tells workflows; what it cannot seal is an error, where a worker puts it aside."""
    record: Record
    notices: Notices
    contacts: Contacts
    troubles: Troubles


@asynccontextmanager
async def connected(
    installation: Installation, runtime: Runtime | None = None
) -> AsyncIterator[World]:
    """The ports made real, for as long as the block runs; `runtime` counts the client's work."""
    pool = await open_pool(installation.dsn(Role.JOURNEYS))
    try:
        keyring = Keyring(pool, FileKeyProvider(installation.kek_file), Scope())
        troubles = Troubles(pool)
        client = await connect_temporal(
            installation, keyring, put_aside=troubles.put_aside, runtime=runtime
        )
        yield World(
            pool=pool,
            keyring=keyring,
            client=client,
            teller=await connect_temporal(installation, keyring, runtime=runtime),
            record=PostgresRecord(pool, keyring, Scope()),
            notices=FileNotices(installation.notices_dir),
            contacts=FileContacts(installation.contacts_dir),
            troubles=troubles,
        )
    finally:
        await pool.close()


def journeys_worker(
    client: Client,
    record: Record,
    notices: Notices,
    contacts: Contacts,
    *,
    troubles: Troubles | None = None,
    cached: int = _CACHED_JOURNEYS,
    build: str | None = None,
) -> Worker:
    """A worker for journeys and referrals on these ports.

    Args:
        client: of the namespace of journeys.
        record: what its steps read and write.
        notices: where notices to staff go.
        contacts: where texts to her go.
        troubles: where steps that keep failing are noted.
        cached: workflows kept in memory.
        build: its version in the worker deployment; running journeys stay on the build that began
            their history, and a journey takes the newest at the end of a phase.
    """
    calendar = england_and_wales()
    texts = TextsByTwoClocks(contacts, client)
    journey = JourneySteps(record=record, notices=notices, contacts=texts, calendar=calendar)
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
            journey.send_contact,
            referral.read_referral,
            referral.take_referral_step,
            referral.deliver_packet,
            referral.deliver_stop,
        ],
        interceptors=[StepWatch(troubles)],
        max_cached_workflows=cached,
        graceful_shutdown_timeout=_FINISH_WITHIN,
        sticky_queue_schedule_to_start_timeout=_MISSED_AFTER,
        deployment_config=_deployment(build) if build else None,
    )


def _deployment(build: str) -> WorkerDeploymentConfig:
    return WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(deployment_name=DEPLOYMENT, build_id=build),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )


async def run_journeys(
    installation: Installation, stop: asyncio.Event, say: Callable[[str], None]
) -> None:
    """Work until `stop` is set; then finish what was begun.

    Raises:
        SettingsError: nothing can listen where metrics are to be read.
    """
    metrics = Metrics(installation.metrics_address)
    async with connected(installation, metrics.runtime) as world:
        worker = journeys_worker(
            world.client,
            world.record,
            world.notices,
            world.contacts,
            troubles=world.troubles,
            build=installation.build,
        )
        steps = tuple(step.__name__ for step in worker.config()["activities"])
        show_from_start(steps)
        with metrics.shown(RecordCounts(world.pool, steps)):
            async with world.keyring.forgetting(), worker:
                say("journeys worker ready")
                log().info("worker_ready", task_queue=JOURNEYS, namespace=world.client.namespace)
                lookout = Lookout(world.pool, world.client, installation.build)
                await lookout.report(say)
                beside = [asyncio.create_task(relay(world)), asyncio.create_task(lookout.keep())]
                await stop.wait()
                await put_down(*beside)
    say("journeys worker stopped")


async def put_down(*tasks: asyncio.Task[None]) -> None:
    """End tasks that go on for ever.

    A task may miss that it is cancelled, when what it waits for ends at that very moment
    (`asyncio.wait_for` in Python 3.11): so it is told again.
    """
    while running := {task for task in tasks if not task.done()}:
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=1)


def _judge_of(command: Command, at: datetime) -> Judge:
    return judge_of(command, at, england_and_wales(), wakes=True)


async def relay(world: World) -> None:
    """Carry on what no workflow does: posts, wakes, and what keeps failing; for ever.

    An outage is waited out, and of these none waits for another.
    """
    patience = Patience()
    sweep = Sweep(world.pool, world.teller, world.troubles)
    clock = asyncio.get_running_loop().time
    sweeps_at = clock()
    while True:
        await _tried(
            carry_out_posts(
                world.pool, world.record, _judge_of, patience=patience, troubles=world.troubles
            )
        )
        await _tried(
            send_wakes(
                world.pool,
                world.teller,
                Scope(),
                older_than=_LEFT_OVER_AFTER,
                troubles=world.troubles,
            )
        )
        await _tried(world.troubles.flush())
        if clock() >= sweeps_at:
            sweeps_at = clock() + SWEPT_EVERY.total_seconds()
            await _tried(sweep.once())
            await _tried(remind_of_agreements(world.pool, world.notices, datetime.now(UTC)))
        await _tried(carry_out_repairs(world.pool, world.teller, world.keyring, sweep.leads))
        await _tried(world.troubles.alert(world.notices))
        await asyncio.sleep(_RELAY_EVERY)


async def _tried(work: Awaitable[object]) -> None:
    try:
        await work
    except Exception as error:  # noqa: BLE001 - a relay that ended would do so in silence
        is_outage = isinstance(error, SafepathError)
        say = log().warning if is_outage else log().error
        RELAY_WAITS.labels(code_label(code_of(error))).inc()
        say("relay_waits", code=code_of(error))
