"""The end of a case in PostgreSQL: what is gone, what stays, and that nothing comes back."""

import asyncio
import time
from typing import Any

import asyncpg
import pytest

from activities.ports import Beside
from infra.database import Scope, transaction
from infra.keys import FileKeyProvider, Keyring
from infra.stack.secrets import Role
from infra.wakes import send_wakes
from infra.withdrawal_post import carry_out_posts, post_withdrawal
from rules.packets import shown
from schemas.actor import Actor
from schemas.case import Stage
from schemas.case_commands import AnswerErasure, EraseCase, ProposeErasure, ReopenCase
from schemas.changes import ErasureRecorded, StageMoved
from schemas.consent_commands import WithdrawConsent
from schemas.contact_commands import SetPlan
from schemas.erasure import Erasure, ErasureReason, ErasureState
from schemas.errors import KeyDestroyedError, RecordError
from schemas.ids import CaseRef, journey_workflow_id
from schemas.referral_commands import OpenReferral
from schemas.verbs import Verb
from tests.builders import AT, caseworker, dpo, ngo_intake, supervisor
from tests.conftest import People, Servers
from tests.infra.cases import NAME, about, delivered, done, given, opened, refused
from tests.infra.erasing import ANN, DEE, SUE, closed, confirmed, erased, proposed
from tests.infra.rows import Table, acting
from tests.infra.worlds import PostgresWorld, write
from tests.journeys.scanning import forms, found_in

IDA = ngo_intake()
WORDS = ("Zuleika Dobson", "follows her to work", "Brindlewick", "Marchpane", "Oxlip", "Tansyford")
"""Of her opening file, and of what was said beside commands below."""


async def full(people: People) -> CaseRef:
    """A closed case with every kind of text that a case can hold."""
    hands = people.record_for
    case_ref = await opened(hands, own_notes="we know Brindlewick")
    plan = about(case_ref, SetPlan, has_details=True, has_words=True)
    beside = Beside(details="ring at Marchpane", safe_word="Oxlip", duress_word="Tansyford")
    await done(hands, plan, beside=beside)
    return await closed(hands, case_ref=case_ref, note="she spoke of Brindlewick")


async def counts(superuser: asyncpg.Connection, case_ref: CaseRef) -> dict[str, int]:
    """Rows that hold a text of the case, by table."""
    found = {}
    for table in ("case_text", "plan_detail", "plan_word", "organisation_note", "wake"):
        query = f"SELECT count(*) FROM record.{table} WHERE case_ref = $1"  # noqa: S608
        found[table] = await superuser.fetchval(query, case_ref)
    packets = "SELECT count(*) FROM record.inbox_item WHERE case_ref = $1 AND sealed_packet <> ''"
    return found | {"packets": await superuser.fetchval(packets, case_ref)}


def keyring(people: People, actor: Actor, pool: Any) -> Keyring:
    """A keyring that remembers nothing."""
    return Keyring(pool, FileKeyProvider(people.servers.installation.kek_file), Scope(actor))


# What is gone


async def test_an_erased_case_has_no_key_and_no_text(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Whoever's notes they were, and whatever inbox a packet lay in. In less than a second."""
    case_ref = await full(people)
    before = await counts(superuser, case_ref)
    assert [] == [name for name, count in before.items() if not count]
    await confirmed(people.record_for, case_ref)
    began = time.monotonic()
    await done(people.record_for, about(case_ref, EraseCase, actor=SUE))
    assert time.monotonic() - began < 1
    assert dict.fromkeys(before, 0) == await counts(superuser, case_ref)
    key = await superuser.fetchrow("SELECT * FROM vault.case_key WHERE case_ref = $1", case_ref)
    assert key is not None
    assert (None, True, "retention_over") == (
        key["wrapped"],
        key["destroyed_at"] is not None,
        key["destroyed_because"],
    )


async def test_what_was_known_of_her_is_read_by_nobody(people: People) -> None:
    """Each reader is told that it is gone, and none meets an error."""
    case_ref = await full(people)
    readers = [await people.reader_for(actor) for actor in (ANN, IDA)]
    texts = await readers[0].read_personal(case_ref, ANN)
    packet = await readers[1].read_packet(case_ref, 1, IDA, shown(AT))
    assert NAME in texts.values()
    assert packet.erased_at is None
    await erased(people.record_for, case_ref)
    assert ({}, {}, ()) == (
        await readers[0].read_personal(case_ref, ANN),
        await readers[0].read_plan_details(case_ref, ANN),
        await readers[0].read_notes(case_ref, ANN),
    )
    after = await readers[1].read_packet(case_ref, 1, IDA, shown(AT))
    assert (None, (), True) == (after.packet, after.notes, after.erased_at is not None)
    inbox = await readers[1].list_inbox("harbour-house")
    assert [True] == [one.erased_at is not None for one in inbox if one.case_ref == case_ref]
    pool = await people.pool_of(Role.WEB)
    with pytest.raises(KeyDestroyedError):
        await keyring(people, ANN, pool).case_key(case_ref)


async def test_no_column_holds_what_was_said(
    people: People, superuser: asyncpg.Connection, tables: tuple[Table, ...]
) -> None:
    """Neither before, nor after, nor in the audit of it."""
    case_ref = await erased(people.record_for, await full(people))
    words = set().union(*(forms(word) for word in WORDS))
    for table in tables:
        if not table.has_case:
            continue
        query = f"SELECT t::text AS row FROM {table.name} t WHERE case_ref = $1"  # noqa: S608
        for row in await superuser.fetch(query, case_ref):
            assert found_in(row["row"].encode(), words) is None, table.name


async def test_other_cases_are_as_they_were(people: People, superuser: asyncpg.Connection) -> None:
    """The same organisations hold both; one ends."""
    stays, goes = await full(people), await full(people)
    before = await counts(superuser, stays)
    await erased(people.record_for, goes)
    reader = await people.reader_for(ANN)
    assert before == await counts(superuser, stays)
    assert NAME in (await reader.read_personal(stays, ANN)).values()
    assert ["we know Brindlewick"] == [n.text for n in await reader.read_notes(stays, ANN)]


async def test_the_audit_says_who_decided_and_stays_whole(
    real: PostgresWorld, people: People
) -> None:
    """Codes only; that there was a case outlives it."""
    case_ref = await erased(people.record_for, await full(people))
    lines = await real.auditor.read(case_ref, None, 1_000)
    ends = {line.verb: line.detail for line in lines if "eras" in line.verb}
    assert {Verb.PROPOSE_ERASURE, Verb.ANSWER_ERASURE, Verb.ERASE_CASE} == set(ends)
    assert {
        "reason": "retention_over",
        "proposed_by": DEE.who,
        "confirmed_by": SUE.who,
    } == ends[Verb.ERASE_CASE]
    assert Verb.OPEN_CASE in {line.verb for line in lines}
    assert (await real.auditor.verify(None)).is_intact


# What does not come back


_MAY_STILL_BE_WRITTEN = {
    "record.consultation": "that somebody looked",
    "record.command_log": "what somebody was answered",
    "record.withdrawal_post": "anybody posts, whether or not there is a case",
    "record.erasure": "its own steps, by a guard of its own",
    "record.case_file": "its version; the rest by the same guard, on the columns that are left",
    "record.wake": "that one is settled; none is added",
    "record.trouble": "codes of what failed, which end with it",
    "record.pause": "that operations held it back, which ends with it",
}
"""Tables of the record that a case on its way out may still be written to, and why."""


async def test_every_table_of_a_case_is_guarded_once_it_is_to_end(
    superuser: asyncpg.Connection, tables: tuple[Table, ...]
) -> None:
    """A new table gets the guard, or says here why not."""
    rows = await superuser.fetch(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_trigger t"
        " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " JOIN pg_proc p ON p.oid = t.tgfoid WHERE p.proname = 'guard_ending'"
        " AND t.tgtype & 28 = 28"
    )
    of_cases = {t.name for t in tables if t.has_case and t.name.startswith("record.")}
    assert of_cases == {row["name"] for row in rows} | set(_MAY_STILL_BE_WRITTEN)


@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS])
async def test_the_database_lets_nobody_open_it_again(
    people: People, postgres: Servers, role: Role
) -> None:
    """Whatever a rule would say: the row itself refuses."""
    case_ref = await confirmed(people.record_for, await closed(people.record_for))
    actor = ANN if role is Role.WEB else None
    with pytest.raises(RecordError, match="42501"):
        await write(people, case_ref, actor, StageMoved(stage=Stage.OPEN))
    async with acting(postgres, role, actor, case_ref) as connection:
        for statement in (
            "UPDATE record.need SET state = 'open' WHERE case_ref = $1",
            "INSERT INTO record.wake (case_ref, workflow_id, owner) VALUES ($1, 'x', 'y')",
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match="the case was erased"):
                await connection.execute(statement, case_ref)


@pytest.mark.parametrize("brought", ["by a party", "by a stranger"])
async def test_a_withdrawal_of_an_erased_case_stops_nothing_and_holds_up_nothing(
    people: People, superuser: asyncpg.Connection, brought: str
) -> None:
    """There is nothing left to stop, and whoever brings it learns no more than before."""
    hands = people.record_for
    case_ref = await erased(hands, await closed(hands))
    command = about(case_ref, WithdrawConsent, actor=ANN)
    if brought == "by a party":
        written = await refused(hands, command)
        assert "case_erased" in str(written.reply)
        return
    stranger = caseworker("saltmere-police", "sal")
    scope, pool = Scope(stranger), await people.pool_of(Role.WEB)
    await post_withdrawal(pool, scope, command.model_copy(update={"actor": stranger}))
    worker, record = await people.pool_of(Role.JOURNEYS), await hands(None)
    await carry_out_posts(worker, record, _judge_now)
    posts = "SELECT bool_and(done_at IS NOT NULL) FROM record.withdrawal_post WHERE case_ref = $1"
    assert await superuser.fetchval(posts, case_ref)


def _judge_now(command: Any, at: Any) -> Any:
    from activities.judging import judge_of
    from infra.calendars.load import england_and_wales

    return judge_of(command, at, england_and_wales(), wakes=True)


async def test_an_erased_case_is_never_opened_under_its_reference_again(people: People) -> None:
    """A key that came back would open nothing, and seal what nobody could erase."""
    case_ref = await erased(people.record_for, await closed(people.record_for))
    await refused(people.record_for, about(case_ref, ReopenCase))
    await refused(people.record_for, about(case_ref, OpenReferral, actor=IDA))


# Who may, and in which order: PostgreSQL says so too


@pytest.mark.parametrize(
    ("who", "steps"),
    [
        (ANN, (ErasureState.PROPOSED,)),
        (SUE, (ErasureState.PROPOSED,)),
        (DEE, (ErasureState.CONFIRMED,)),
        (DEE, (ErasureState.PROPOSED, ErasureState.CONFIRMED)),
        (None, (ErasureState.PROPOSED,)),
    ],
    ids=["a caseworker", "a supervisor", "at once", "alone", "the worker"],
)
async def test_nobody_erases_alone_or_out_of_turn(
    people: People, who: Actor | None, steps: tuple[ErasureState, ...]
) -> None:
    """Grants, policies and constraints, with a judge who says yes to everything."""
    case_ref = await closed(people.record_for)
    *first, last = (_a_step(state, who or SUE) for state in steps)
    for step in first:
        await write(people, case_ref, who, step)
    with pytest.raises(RecordError):
        await write(people, case_ref, who, last)


def _a_step(state: ErasureState, who: Actor) -> ErasureRecorded:
    answered = who.who if state is not ErasureState.PROPOSED else None
    facts = {"number": 1, "reason": ErasureReason.COURT_ORDER, "proposed_at": AT}
    return ErasureRecorded(
        erasure=Erasure(state=state, proposed_by=who.who, answered_by=answered, **facts)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("stand", ["closed", "proposed", "confirmed, by a caseworker"])
async def test_the_key_is_destroyed_after_a_confirmation_alone(
    people: People, superuser: asyncpg.Connection, stand: str
) -> None:
    """The function that ends a case asks for itself."""
    hands = people.record_for
    case_ref = await closed(hands)
    if stand != "closed":
        await (proposed if stand == "proposed" else confirmed)(hands, case_ref)
    by = ANN if "caseworker" in stand else SUE
    pool = await people.pool_of(Role.WEB)
    with pytest.raises(RecordError, match="42501"):
        async with transaction(pool, Scope(by), case_ref) as connection:
            await connection.execute("SELECT record.erase($1)", case_ref)
    left = "SELECT wrapped IS NOT NULL FROM vault.case_key WHERE case_ref = $1"
    assert await superuser.fetchval(left, case_ref)


async def test_only_a_closed_case_can_be_proposed_and_confirmed(people: People) -> None:
    """While it is open, PostgreSQL takes neither, and a service that opens it again ends both."""
    hands = people.record_for
    open_one = await delivered(hands)
    with pytest.raises(RecordError, match="42501"):
        await write(people, open_one, DEE, _a_step(ErasureState.PROPOSED, DEE))
    case_ref = await proposed(hands, await closed(hands))
    await done(hands, about(case_ref, ReopenCase))
    record = await hands(None)
    erasure = (await record.read(case_ref)).erasure
    assert erasure is not None
    assert ErasureState.LAPSED is erasure.state


async def test_what_a_service_keeps_to_itself_keeps_the_case(people: People) -> None:
    """Whoever proposes hears that there is something, and not what."""
    hands = people.record_for
    case_ref = await closed(hands)
    task = (
        "INSERT INTO record.task (case_ref, id, kind, for_role, organisation, private_to,"
        " raised_at, is_done, occurred_at) VALUES ($1, 'own', 'time_passed', 'ngo_intake',"
        " 'harbour-house', 'harbour-house', now(), false, now())"
    )
    pool = await people.pool_of(Role.POSTGRES)
    await pool.execute(task, case_ref)
    written = await refused(hands, about(case_ref, ProposeErasure, actor=DEE))
    assert ["open_elsewhere"] == [reason.code for reason in written.reply.reasons]  # type: ignore[union-attr]
    assert not (await (await hands(ANN)).read(case_ref)).is_open_elsewhere


# No workflow comes to life of it


async def test_a_wake_that_is_being_sent_is_sent_before_anybody_confirms(people: People) -> None:
    """The confirmation waits for it; so whoever looks for workflows afterwards finds it."""
    hands = people.record_for
    case_ref = await proposed(hands, await closed(hands))
    pool, order = await people.pool_of(Role.JOURNEYS), []
    async with transaction(pool, Scope(), case_ref) as connection:
        assert await connection.fetchval("SELECT record.may_wake($1)", case_ref)
        answering = asyncio.create_task(
            done(hands, about(case_ref, AnswerErasure, actor=SUE, confirms=True))
        )
        await _until_somebody_waits_for_a_lock(people)
        assert not answering.done()
        order.append("sent")
    await answering
    order.append("confirmed")
    assert ["sent", "confirmed"] == order
    async with transaction(pool, Scope(), case_ref) as connection:
        assert not await connection.fetchval("SELECT record.may_wake($1)", case_ref)


async def _until_somebody_waits_for_a_lock(people: People) -> None:
    pool = await people.pool_of(Role.POSTGRES)
    query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    end = asyncio.get_running_loop().time() + 10
    while not await pool.fetchval(query):
        assert asyncio.get_running_loop().time() < end, "nobody waits"
        await asyncio.sleep(0.02)


class NoTemporal:
    """Stands where a client would: whoever starts or tells a workflow is found out."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"somebody asked Temporal to {name}")


async def test_a_wake_left_over_when_it_is_confirmed_starts_nothing(
    people: People, superuser: asyncpg.Connection
) -> None:
    """It is settled without a word to Temporal; a fact of another case is told as ever."""
    hands = people.record_for
    case_ref = await proposed(hands, await closed(hands))
    await superuser.execute(
        "INSERT INTO record.wake (case_ref, workflow_id, owner) VALUES ($1, $2, 'the-force')",
        case_ref,
        journey_workflow_id(case_ref),
    )
    await done(hands, about(case_ref, AnswerErasure, actor=SUE, confirms=True), wakes=True)
    pool = await people.pool_of(Role.JOURNEYS)
    client: Any = NoTemporal()
    assert await send_wakes(pool, client, Scope(), case_ref=case_ref) > 0
    left = "SELECT count(*) FROM record.wake WHERE case_ref = $1 AND done_at IS NULL"
    assert 0 == await superuser.fetchval(left, case_ref)
    other = await closed(hands)
    await given(hands, about(other, ReopenCase), wakes=True)
    with pytest.raises(AssertionError, match="somebody asked Temporal"):
        await send_wakes(pool, client, Scope(), case_ref=other)


# Keys in memory


async def test_a_key_in_a_worker_s_memory_is_forgotten_at_once(people: People) -> None:
    """PostgreSQL says that it is gone; without that word it is used for a minute at the most."""
    hands = people.record_for
    case_ref = await closed(hands)
    pool = await people.pool_of(Role.JOURNEYS)
    provider = FileKeyProvider(people.servers.installation.kek_file)
    hears, deaf = (Keyring(pool, provider, Scope()) for _ in range(2))
    async with hears.forgetting():
        for keys in (hears, deaf):
            await keys.case_key(case_ref)
        await erased(hands, case_ref)
        await deaf.case_key(case_ref)
        await _until_destroyed(hears, case_ref)


async def _until_destroyed(keys: Keyring, case_ref: CaseRef) -> None:
    end = asyncio.get_running_loop().time() + 10
    while asyncio.get_running_loop().time() < end:
        try:
            await keys.case_key(case_ref)
        except KeyDestroyedError:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it is still in memory")


def test_the_people_of_this_page_are_three() -> None:
    """One proposes, another confirms, and a third reads."""
    assert 3 == len({DEE.who, SUE.who, ANN.who}) == len({dpo(), supervisor(), caseworker()})
