"""What the record holds, counted across cases, in a database of its own whose rows are known."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import asyncpg
import pytest

from infra.database import Pool, open_pool
from infra.metrics.record_counts import RecordCounts
from infra.migrations import migrate
from infra.stack.secrets import Role
from schemas.deadlines import DeadlineState
from schemas.referral import ReferralState
from schemas.snapshot import DispatchKind, DispatchState
from schemas.troubles import Place
from schemas.verbs import Verb
from tests.conftest import Servers

STEPS = ("deliver_packet", "carry_out")
WREN = "wren_fictional"
"""Somebody and something that no label may ever show."""

ROWS = (
    """INSERT INTO record.referral (case_ref, number, need, service, organisation, state, delivery,
        consent, clock, priority, next_choices, was_followed, version, occurred_at)
    SELECT 'case-' || i, 1, 1, $1, $1, (ARRAY['active', 'active', 'declined'])[i], 'acked',
        'given', 'none', 'urgent', '{}', false, 1, now() FROM generate_series(1, 3) i""",
    """INSERT INTO record.deadline (case_ref, id, duty, started_at, due_at, remind_at, calendar,
        state, private_to, occurred_at)
    SELECT 'case-1', state, 'duty', now(), now() + due, now(), 'calendar', state, $1, now()
    FROM (VALUES ('running', interval '1 day'), ('breached', '-1 day'), ('met', '-2 days'))
        AS d (state, due)""",
    """INSERT INTO record.outbox (case_ref, key, kind, to_organisation, state, occurred_at,
        recorded_at)
    VALUES ('case-1', 'a', 'packet', $1, 'queued', now(), now() - interval '90 seconds'),
        ('case-2', 'a', 'packet', $1, 'queued', now(), now() - interval '600 seconds'),
        ('case-3', 'a', 'packet', $1, 'done', now(), now() - interval '9000 seconds'),
        ('case-3', 'b', 'stop', $1, 'cancelled', now(), now())""",
    """INSERT INTO record.wake (case_ref, workflow_id, owner, recorded_at, done_at)
    VALUES ('case-1', 'case/case-1/journey', $1, now() - interval '40 seconds', NULL),
        ('case-2', 'case/case-2/journey', $1, now() - interval '4000 seconds', now())""",
    """INSERT INTO record.withdrawal_post (case_ref, role, organisation, person, command_id,
        purpose, said_by, occurred_at, recorded_at)
    VALUES ('case-1', 'ngo_worker', $1, $1, 'c', 'support', 'victim', now(),
        now() - interval '70 seconds')""",
    """INSERT INTO record.trouble (workflow_id, case_ref, step, code, attempts, since, seen_at,
        settled_at)
    VALUES ('case/a/referral/1', 'a', 'deliver_packet', 'bug', 4, now() - interval '300 seconds',
            now(), NULL),
        ('case/b/referral/1', 'b', 'deliver_packet', 'bug', 9, now() - interval '30 seconds', now(),
            NULL),
        ('case/c/journey', 'c', 'carry_out', 'unreachable', 9, now(), now(), now()),
        ('case/d/journey', 'd', $1, $1, 9, now() - interval '20 seconds', now(), NULL),
        ('case/e/journey', 'e', $1 || '_too', $1, 9, now() - interval '10 seconds', now(), NULL)""",
)


@dataclass
class Counted:
    """A record whose rows are known, and who counts it, on a clock of its own."""

    superuser: asyncpg.Connection
    pool: Pool
    now: float = 0.0
    counts: RecordCounts = field(init=False)

    def __post_init__(self) -> None:
        self.counts = RecordCounts(self.pool, STEPS, clock=lambda: self.now)

    async def shown(self) -> dict[tuple[str, ...], float]:
        """What is shown: name and labels, and the number, as a server's thread sees it."""
        families = await asyncio.to_thread(lambda: list(self.counts.collect()))
        return {
            (sample.name.removeprefix("safepath_"), *sample.labels.values()): sample.value
            for family in families
            for sample in family.samples
        }


@pytest.fixture
async def counted(postgres: Servers) -> AsyncIterator[Counted]:
    """The rows above, put there by the superuser: the cases they belong to are not needed."""
    database = await postgres.another_database()
    await migrate(database.dsn(Role.OWNER), embedded=True, say=lambda _: None)
    superuser = await asyncpg.connect(database.dsn(Role.POSTGRES), ssl=False)
    await superuser.execute("SET session_replication_role = replica")
    for row in ROWS:
        await superuser.execute(row, WREN)
    pool = await open_pool(database.dsn(Role.JOURNEYS), most=2)
    yield Counted(superuser, pool)
    await pool.close()
    await superuser.close()


async def test_states_are_counted_across_cases(counted: Counted) -> None:
    """Every state is there, with a 0 where there is none, private rows included."""
    shown = await counted.shown()
    assert {s.value for s in ReferralState} == {k[1] for k in shown if k[0] == "referrals"}
    assert (2, 1, 0) == tuple(
        shown["referrals", state] for state in ("active", "declined", "accepted")
    )
    assert {s.value for s in DeadlineState} == {k[1] for k in shown if k[0] == "deadlines"}
    assert (1, 1, 1, 0) == tuple(
        shown["deadlines", state] for state in ("running", "breached", "met", "void")
    )
    assert len(DispatchKind) * len(DispatchState) == len([k for k in shown if k[0] == "deliveries"])
    assert (2, 1, 1) == (
        shown["deliveries", "packet", "queued"],
        shown["deliveries", "packet", "done"],
        shown["deliveries", "stop", "cancelled"],
    )


async def test_what_waits_is_counted_with_the_age_of_the_oldest(counted: Counted) -> None:
    """What was done does not wait; what is due and open is overdue."""
    shown = await counted.shown()
    assert 1 == shown["record_up",]
    assert 1 == shown["deadlines_overdue",]
    assert 600 == pytest.approx(shown["deliveries_oldest_seconds", "packet"], abs=60)
    assert 0 == shown["deliveries_oldest_seconds", "stop"]
    assert (1, 1) == (shown["wakes_unsent",], shown["withdrawal_posts_unsent",])
    assert 40 == pytest.approx(shown["wakes_oldest_seconds",], abs=30)
    assert 70 == pytest.approx(shown["withdrawal_posts_oldest_seconds",], abs=30)


async def test_stuck_work_is_counted_by_step_and_code(counted: Counted) -> None:
    """Open troubles alone, the oldest of each."""
    shown = await counted.shown()
    assert 2 == shown["stuck_work", "deliver_packet", "bug"]
    oldest = shown["stuck_work_oldest_seconds", "deliver_packet", "bug"]
    assert 300 == pytest.approx(oldest, abs=60)
    assert ("stuck_work", "carry_out", "unreachable") not in shown


async def test_every_step_that_the_register_holds_has_its_name(counted: Counted) -> None:
    """A step is named by its activity, its verb, or the place where something fails."""
    note = "INSERT INTO record.trouble VALUES ($1, $2, 'f', 'task_fails', 2, now(), now())"
    names = ("carry_out", Verb.SEND_STOP, Place.PAYLOAD, Place.WORKFLOW_TASK)
    for name in names:
        await counted.superuser.execute(note, "case/f/journey", name)
    shown = await counted.shown()
    assert {1} == {shown["stuck_work", name, "task_fails"] for name in names}


async def test_no_label_is_anything_but_a_word_of_ours(counted: Counted) -> None:
    """Whatever was written as a step or a code: what we do not know is `other`, and added up."""
    shown = await counted.shown()
    assert 2 == shown["stuck_work", "other", "other"]
    assert 20 == pytest.approx(shown["stuck_work_oldest_seconds", "other", "other"], abs=9)
    assert [] == [key for key in shown if WREN in str(key) or "case" in str(key)]


async def test_what_was_just_counted_is_not_counted_again(counted: Counted) -> None:
    """Scraping costs no more than a count in five seconds, and one of everything in a minute."""
    before = await counted.shown()
    await counted.superuser.execute("UPDATE record.wake SET done_at = now()")
    await counted.superuser.execute("UPDATE record.referral SET state = 'ended'")
    assert before == await counted.shown()
    counted.now = 6.0
    shown = await counted.shown()
    assert (0, 2) == (shown["wakes_unsent",], shown["referrals", "active"])
    counted.now = 61.0
    assert 3 == (await counted.shown())["referrals", "ended"]


async def test_a_record_that_cannot_be_counted_shows_that_alone(counted: Counted) -> None:
    """An old number would say that all is well."""
    await counted.shown()
    name = await counted.superuser.fetchval("SELECT current_database()")
    await counted.superuser.execute(f"ALTER DATABASE {name} CONNECTION LIMIT 0")
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = $1"
    here = " AND datname = current_database()"
    assert await counted.superuser.fetchval(ended + here, Role.JOURNEYS.value) > 0
    counted.now = 100.0
    assert {("record_up",): 0} == await counted.shown()
