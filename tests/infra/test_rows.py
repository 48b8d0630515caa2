"""Who sees which row, who may touch which table: asked of PostgreSQL itself, as the roles."""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import asyncpg
import pytest

from activities.ports import Beside
from infra.database import CONSTRAINT_ERRORS, Scope, open_pool, transaction
from infra.repairs import Repairs
from infra.stack.secrets import Role
from infra.staff import StaffRegister
from infra.statements import statements
from infra.troubles import Step, Troubles
from infra.withdrawal_post import post_withdrawal
from rules.duties import ACKNOWLEDGE, deadline_id
from rules.packets import shown
from schemas.actor import Actor
from schemas.actor import Role as PersonRole
from schemas.assertions import SourceKind
from schemas.case import Stage, Subject
from schemas.case_commands import DeclareConflict
from schemas.casework import CaseLink, Entitlement, LinkKind, TransferState
from schemas.changes import LinkRecorded, NotificationKept
from schemas.consent import ConsentState
from schemas.consent_commands import WithdrawConsent
from schemas.contact import ContactChannel, ContactState, PlanState
from schemas.contact_commands import PlanContact, SetPlan
from schemas.deadlines import DeadlineState
from schemas.directory import Capacity, ServiceStatus
from schemas.erasure import ErasureReason, ErasureState
from schemas.errors import BadInputError, RecordError
from schemas.ids import CaseRef, journey_workflow_id, new_case_ref
from schemas.lanes import AgeGroup, MaracAgency
from schemas.protocol import Outcome as Verdict
from schemas.referral import NeedCategory, NeedState, ReferralState
from schemas.referral_commands import AcceptReferral, DeclineReferral, StartAdvice
from schemas.snapshot import DispatchKind, DispatchState
from schemas.troubles import Repair, RepairReason, Why
from schemas.verbs import Verb
from schemas.withdrawal import CheckState
from tests.builders import AT, adviser, an_actor, caseworker, ngo_intake, ops, supervisor
from tests.conftest import People, Servers
from tests.infra.cases import (
    HARBOUR,
    HOUSING,
    TERNSTONE,
    about,
    delivered,
    done,
    given,
    missed,
    opened,
    queued,
)
from tests.infra.erasing import closed, proposed
from tests.infra.rows import Table, acting, seen
from tests.infra.samples import NOTIFICATION, SAMPLES
from tests.infra.worlds import write

UNGUARDED = {
    "record.installation": "one row that says whether `safepath up` made the database",
    "audit.head": "a number and a hash; the auditor's role alone reads it",
}
"""Tables of the guarded schemas without row security, each with the reason."""

_RELAY = {
    (Role.JOURNEYS, "record.wake"),
    (Role.JOURNEYS, "record.withdrawal_post"),
    (Role.JOURNEYS, "record.trouble"),
}
"""What the worker's relay carries on for every case: wakes that a desk left over, which are ids of
workflows, withdrawals posted by people who are no party, and the register of what fails."""

_MIRRORED = {"record.case_link"}
"""A link is written in both cases at once, so the worker of one sees the other's half of it."""

_PRIVILEGES = """
WITH granted AS (
    SELECT n.nspname || '.' || c.relname AS what, a.grantee, a.privilege_type AS privilege,
        NULL AS of_column
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) a
    WHERE n.nspname = ANY ($1) AND a.grantee <> c.relowner
    UNION ALL
    SELECT n.nspname || '.' || c.relname, a.grantee, a.privilege_type, att.attname
    FROM pg_attribute att JOIN pg_class c ON c.oid = att.attrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(att.attacl) a
    WHERE n.nspname = ANY ($1) AND a.grantee <> c.relowner
    UNION ALL
    SELECT n.nspname || '.' || p.proname || '()', a.grantee, a.privilege_type, NULL
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace,
        aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    WHERE n.nspname = ANY ($1) AND a.grantee <> p.proowner
    UNION ALL
    SELECT n.nspname, a.grantee, a.privilege_type, NULL
    FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE n.nspname = ANY ($1) AND a.grantee <> n.nspowner
)
SELECT what, CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS role,
    privilege || CASE WHEN count(of_column) = 0 THEN ''
        ELSE ' (' || string_agg(of_column, ', ' ORDER BY of_column) || ')' END AS privilege
FROM granted GROUP BY what, grantee, granted.privilege ORDER BY 1, 2, 3
"""
_OURS = ["record", "vault", "audit", "directory", "migrations", "gate", "protocol"]


@dataclass(frozen=True)
class Population:
    """Cases with something in every table."""

    plain: CaseRef
    """Led by Northmarch; referral 1 with Harbour House, referral 2 with Ternstone Housing."""
    restricted: CaseRef
    """Led by Northmarch for ann and bea; referral 1 with Harbour House."""
    foreign: CaseRef
    """Led by Saltmere, known to nobody else."""
    waiting: CaseRef
    """Led by Northmarch; the packet for Harbour House is still in the outbox."""
    full: CaseRef
    """Led by Northmarch, offered to Saltmere's council: something of everything there can be."""


SALTMERE = caseworker("saltmere-police", "sal")
SUPERVISOR = an_actor(PersonRole.NGO_SUPERVISOR, HARBOUR, "vic")


@pytest.fixture(scope="module")
async def cases(people: People) -> Population:
    """The population, made as people would make it."""
    hands = people.record_for
    plain = await delivered(hands, own_notes="for our eyes")
    await delivered(hands, case_ref=plain, referral=2, service=HOUSING)
    await missed(hands, plain, deadline_id(ACKNOWLEDGE, 2))
    answer = about(plain, AcceptReferral, actor=ngo_intake())
    await given(hands, answer, note="for Harbour House's eyes", wakes=True)
    restricted = await delivered(hands, is_restricted=True, named_people=("bea",))
    for case_ref in (plain, restricted):
        await (await people.reader_for(caseworker())).read_personal(case_ref, caseworker())
    return Population(
        plain=plain,
        restricted=restricted,
        foreign=await opened(hands, SALTMERE),
        waiting=await queued(hands),
        full=await a_full_case(people, plain),
    )


async def a_full_case(people: People, linked: CaseRef) -> CaseRef:
    """A case that leaves no table empty; its withdrawal is being checked."""
    hands, ann = people.record_for, caseworker()
    full = await delivered(hands, own_notes="for our eyes")
    await delivered(hands, case_ref=full, referral=2, service=HOUSING)
    for command in (
        about(full, AcceptReferral, actor=ngo_intake()),
        about(full, StartAdvice, actor=adviser()),
        about(full, DeclineReferral, referral=2, actor=ngo_intake(TERNSTONE, "tom")),
        about(full, PlanContact, channel=ContactChannel.IN_PERSON),
        about(full, WithdrawConsent),
        about(full, DeclareConflict, actor=caseworker(person="kay")),
    ):
        await done(hands, command)
    bea = caseworker(person="bea")
    plan = about(full, SetPlan, has_details=True, has_words=True, actor=bea)
    await done(hands, plan, beside=Beside(details="ring the bell twice", safe_word="heron"))
    await write(people, full, None, *SAMPLES["a MARAC"].changes())
    await write(people, full, ann, *SAMPLES["the NRM"].changes())
    await write(people, full, ann, NotificationKept(notification=NOTIFICATION))
    link = CaseLink(other=linked, link=LinkKind.DUPLICATE, linked_by=ann.who)
    offer = SAMPLES["an offer"].changes()[0]
    await write(people, full, None, LinkRecorded(link=link), offer, *SAMPLES["a risk"].changes())
    pool = await people.pool_of(Role.WEB)
    gone = Scope(supervisor())
    await StaffRegister(pool, gone).mark_left("lou", supervisor())
    await proposed(hands, await closed(hands))
    nobodys = about(new_case_ref(), WithdrawConsent, actor=SALTMERE)
    await post_withdrawal(pool, Scope(SALTMERE), nobodys)
    stuck = Step(journey_workflow_id(full), Verb.REMIND)
    await Troubles(await people.pool_of(Role.JOURNEYS)).note(stuck, "bug")
    await Repairs(pool, ops()).pause(full, Why(reason=RepairReason.EXERCISE))
    await (await people.reader_for(ann)).read_personal(full, ann)
    return full


# Row security


def test_every_table_of_the_record_has_row_security(tables: tuple[Table, ...]) -> None:
    """A new table is guarded, or says here why not."""
    assert set(UNGUARDED) == {table.name for table in tables if not table.is_guarded}


async def test_the_population_has_a_row_in_every_guarded_table(
    superuser: asyncpg.Connection, tables: tuple[Table, ...], cases: Population
) -> None:
    """Or these tests would prove nothing of an empty table."""
    assert cases
    filled = set(await seen(superuser, tables))
    assert {table.name for table in tables} == filled


@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS])
async def test_whoever_does_not_say_who_he_is_sees_nothing(
    postgres: Servers, tables: tuple[Table, ...], cases: Population, role: Role
) -> None:
    """A forgotten setting shows no row, rather than all."""
    assert cases
    allowed = {name for of, name in _RELAY if of is role} | set(UNGUARDED)
    async with acting(postgres, role) as connection:
        assert not set(await seen(connection, tables)) - allowed


@pytest.mark.parametrize("names_it", [False, True], ids=["looking around", "naming the case"])
async def test_another_force_sees_nothing_of_a_case(
    postgres: Servers, tables: tuple[Table, ...], cases: Population, names_it: bool
) -> None:
    """Setting app.case_ref to a foreign case opens nothing."""
    for case_ref in (cases.plain, cases.restricted, cases.waiting, cases.full):
        named = case_ref if names_it else None
        async with acting(postgres, Role.WEB, SALTMERE, named) as connection:
            assert await seen(connection, tables, case_ref) == {}


async def test_the_force_that_leads_a_case_sees_it_but_not_the_notes_of_the_ngo(
    postgres: Servers, tables: tuple[Table, ...], cases: Population
) -> None:
    """An inbox is for the one it belongs to; so is a note, whoever leads."""
    async with acting(postgres, Role.WEB, caseworker()) as connection:
        found = await seen(connection, tables, cases.plain)
        notes = await connection.fetch(
            "SELECT DISTINCT organisation FROM record.organisation_note WHERE case_ref = $1",
            cases.plain,
        )
    assert 2 == found["record.referral"] == found["record.share"]
    assert found["record.case_text"] == 4
    assert "record.inbox_item" not in found
    assert [caseworker().organisation] == [row["organisation"] for row in notes]


async def test_an_ngo_sees_its_own_item_and_referral_and_nothing_else(
    postgres: Servers, tables: tuple[Table, ...], cases: Population
) -> None:
    """No text, no consent, no need, no deadline but its own, nothing of the other's referral."""
    async with acting(postgres, Role.WEB, ngo_intake()) as connection:
        found = await seen(connection, tables, cases.plain)
        numbers = await connection.fetch(
            "SELECT number FROM record.referral WHERE case_ref = $1", cases.plain
        )
    assert [row["number"] for row in numbers] == [1]
    assert found == {
        "record.case_party": 1,
        "record.deadline": 2,
        "record.inbox_item": 1,
        "record.organisation_note": 1,
        "record.referral": 1,
        "vault.case_key": 1,
    }


async def test_an_ngo_that_acts_on_a_case_still_sees_no_text_and_nobody_elses_things(
    postgres: Servers, tables: tuple[Table, ...], cases: Population
) -> None:
    """To have its answer judged, its transaction reads what rules read, and not more."""
    never = {"record.case_text", "record.case_person", "record.consultation", "audit.entry"}
    never |= {"record.transfer", "record.case_link", "record.plan_detail", "record.staff_left"}
    async with acting(postgres, Role.WEB, ngo_intake(TERNSTONE), cases.full) as connection:
        assert not never & set(await seen(connection, tables, cases.full))
    async with acting(postgres, Role.WEB, ngo_intake(), cases.plain) as connection:
        found = await seen(connection, tables, cases.plain)
        others = await seen(connection, tables, cases.restricted)
    assert not never & set(found)
    assert (
        found["record.inbox_item"],
        found["record.organisation_note"],
        found["record.case_party"],
    ) == (1, 1, 1)
    assert others == {}


@pytest.mark.parametrize("names_it", [False, True], ids=["looking around", "naming the case"])
async def test_an_ngo_sees_nothing_of_a_packet_that_has_not_reached_it(
    postgres: Servers, tables: tuple[Table, ...], cases: Population, names_it: bool
) -> None:
    """What is queued has not left; that somebody thought of a service is nobody's to know."""
    named = cases.waiting if names_it else None
    async with acting(postgres, Role.WEB, ngo_intake(), named) as connection:
        assert await seen(connection, tables, cases.waiting) == {}


async def test_a_second_referral_to_the_same_ngo_is_hidden_until_it_arrives(
    postgres: Servers, people: People
) -> None:
    """Holding one referral of a case shows no other that is only planned."""
    case_ref = await delivered(people.record_for)
    await queued(people.record_for, case_ref=case_ref, service="counselling")
    async with acting(postgres, Role.WEB, ngo_intake()) as connection:
        rows = await connection.fetch(
            "SELECT service FROM record.referral WHERE case_ref = $1", case_ref
        )
    assert [row["service"] for row in rows] == ["idva-service"]


async def test_a_worker_sees_the_case_it_works_on_and_no_other(
    postgres: Servers, tables: tuple[Table, ...], cases: Population
) -> None:
    """One step of one case never touches another."""
    async with acting(postgres, Role.JOURNEYS, case_ref=cases.plain) as connection:
        found = await seen(connection, tables, cases.plain)
        rest = {
            name: count - found.get(name, 0)
            for name, count in (await seen(connection, tables)).items()
            if name not in {name for _, name in _RELAY} | set(UNGUARDED) | _MIRRORED
        }
    assert {"record.case_file", "record.case_text", "vault.case_key"} <= set(found)
    assert not any(rest.values()), rest


# Restricted cases


@pytest.mark.parametrize("names_it", [False, True], ids=["looking around", "naming the case"])
async def test_a_colleague_who_is_not_named_sees_nothing_of_a_restricted_case(
    postgres: Servers, tables: tuple[Table, ...], cases: Population, names_it: bool
) -> None:
    """The one who harmed her may work here: not even that there is such a case."""
    named = cases.restricted if names_it else None
    async with acting(postgres, Role.WEB, caseworker(person="joe"), named) as connection:
        assert await seen(connection, tables, cases.restricted) == {}


@pytest.mark.parametrize("person", ["ann", "bea"])
async def test_a_colleague_who_is_named_sees_a_restricted_case_and_in_no_list(
    people: People, cases: Population, person: str
) -> None:
    """By its reference only: a list on a screen is seen by whoever walks past."""
    actor = caseworker(person=person)
    record, reader = await people.record_for(actor), await people.reader_for(actor)
    assert (await record.read(cases.restricted)).case.is_restricted
    listed = {line.case_ref for line in await reader.list_cases(closed_too=True)}
    due = {line.case_ref for line in await reader.list_deadlines(AT, overdue_only=False)}
    assert cases.plain in listed
    assert cases.restricted not in listed | due


async def test_of_a_restricted_case_an_ngo_shows_its_supervisor_alone(
    postgres: Servers, people: People, tables: tuple[Table, ...], cases: Population
) -> None:
    """At the service too, somebody close to him may work."""
    for actor in (ngo_intake(), an_actor(PersonRole.NGO_WORKER, HARBOUR, "will")):
        async with acting(postgres, Role.WEB, actor, cases.restricted) as connection:
            assert await seen(connection, tables, cases.restricted) == {}
        reader = await people.reader_for(actor)
        with pytest.raises(BadInputError):
            await reader.read_packet(cases.restricted, 1, actor, shown(AT))
    reader = await people.reader_for(SUPERVISOR)
    packet = (await reader.read_packet(cases.restricted, 1, SUPERVISOR, shown(AT))).packet
    assert packet is not None
    assert packet.name


# Acting where one may not

_INSERTS = {
    "as lead": "INSERT INTO record.case_party (case_ref, organisation, role)"
    " VALUES ($1, $2, 'lead')",
    "as recipient": "INSERT INTO record.case_party (case_ref, organisation, role)"
    " VALUES ($1, $2, 'recipient')",
    "as a named person": "INSERT INTO record.case_person (case_ref, organisation, person)"
    " VALUES ($1, $2, 'sal')",
    "a need": "INSERT INTO record.need (case_ref, number, category, priority, state, occurred_at)"
    " SELECT $1, 99, $2, 'routine', 'open', now()",
    "a yes": "INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields,"
    " occurred_at, expires_at) SELECT $1, 'support_referral', $2, 99, 'given', '{name}', now(),"
    " now()",
    "a share": "INSERT INTO record.share (case_ref, referral, service, organisation, purpose,"
    " fields, consent_epoch, occurred_at) SELECT $1, 99, 's', $2, 'p', '{}', 1, now()",
    "a packet": "INSERT INTO record.inbox_item (case_ref, key, kind, referral, service,"
    " organisation, is_restricted, fields, sealed_packet, occurred_at)"
    " SELECT $1, 'packet/99/1', 'referral', 99, 's', $2, false, '{}', 'x', now()",
    "a text": "INSERT INTO record.case_text (case_ref, field, version, sealed, occurred_at)"
    " SELECT $1, $2, 99, 'x', now()",
    "a note": "INSERT INTO record.organisation_note (case_ref, organisation, person, role, sealed,"
    " occurred_at) SELECT $1, $2, 'sal', 'caseworker', 'x', now()",
    "a reading": "INSERT INTO record.consultation (case_ref, organisation, role, person, what,"
    " fields, occurred_at) SELECT $1, $2, 'caseworker', 'sal', 'case', '{}', now()",
    "an answer": "INSERT INTO record.command_log (command_id, case_ref, verb, actor, reply)"
    " VALUES ($2, $1, 'v', 'a', '{}')",
    "a wake": "INSERT INTO record.wake (case_ref, workflow_id, owner) VALUES ($1, 'w', $2)",
    "a hold": "INSERT INTO record.hold (case_ref, number, organisation, placed_by, placed_at,"
    " occurred_at) VALUES ($1, 99, $2, 'sal', now(), now())",
    "an offer": "INSERT INTO record.transfer (case_ref, number, to_organisation, offered_by,"
    " offered_at, state, occurred_at) VALUES ($1, 99, $2, 'sal', now(), 'offered', now())",
    "a link": "INSERT INTO record.case_link (case_ref, other, link, linked_by, occurred_at)"
    " SELECT $1, case_ref, 'duplicate', $2, now() FROM record.case_file LIMIT 1",
    "a conflict": "INSERT INTO record.conflict (case_ref, who, conflict, declared_at, occurred_at)"
    " VALUES ($1, $2, 'c', now(), now())",
    "details of a plan": "INSERT INTO record.plan_detail (case_ref, plan, sealed)"
    " SELECT $1, 99, convert_to($2, 'UTF8')",
    "her words": "INSERT INTO record.plan_word (case_ref, plan, safe_hash) VALUES ($1, 99, $2)",
    "a service's reason": "INSERT INTO record.service_reason (case_ref, referral, organisation,"
    " reason, occurred_at) VALUES ($1, 99, $2, 'r', now())",
    "a key": "INSERT INTO vault.case_key (case_ref, version, wrapped, kek_id)"
    " VALUES ($1, 99, 'x', $2)",
}


@pytest.mark.parametrize("statement", _INSERTS.values(), ids=list(_INSERTS))
@pytest.mark.parametrize("names_it", [False, True], ids=["looking around", "naming the case"])
async def test_nobody_writes_into_a_foreign_case(
    postgres: Servers, cases: Population, statement: str, names_it: bool
) -> None:
    """Naming a case is no way into it; least of all as one of its parties."""
    named = cases.plain if names_it else None
    async with acting(postgres, Role.WEB, SALTMERE, named) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, cases.plain, SALTMERE.organisation)


async def test_nobody_names_himself_in_a_restricted_case(
    postgres: Servers, cases: Population
) -> None:
    """A colleague of the same force, who knows the reference."""
    async with acting(postgres, Role.WEB, caseworker(person="joe"), cases.restricted) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO record.case_person VALUES ($1, $2, 'joe')",
                cases.restricted,
                caseworker().organisation,
            )


_CHANGING = {
    "case_file": "stage",
    "need": "state",
    "referral": "state",
    "deadline": "state",
    "task": "is_done",
    "outbox": "state",
    "wake": "done_at",
    "case_person": "is_named",
    "contact": "state",
    "contact_plan": "state",
    "hold": "lifted_at",
    "nrm": "state",
    "withdrawal_check": "state",
}
"""Tables whose rows a person's transaction changes, and what changes in them."""


@pytest.mark.parametrize("actor", [SALTMERE, ngo_intake(TERNSTONE, "tom")], ids=str)
async def test_naming_a_foreign_case_changes_no_row_of_it(
    postgres: Servers, cases: Population, actor: Actor
) -> None:
    """What cannot be seen cannot be changed."""
    async with acting(postgres, Role.WEB, actor, cases.restricted) as connection:
        for table, column in _CHANGING.items():
            done = await connection.execute(
                f"UPDATE record.{table} SET {column} = {column} WHERE case_ref = $1",  # noqa: S608
                cases.restricted,
            )
            assert done == "UPDATE 0", table


async def test_a_case_that_is_led_but_not_named_is_not_changed(
    postgres: Servers, cases: Population
) -> None:
    """Reading may go across an organisation's cases; writing is for the one that was named."""
    async with acting(postgres, Role.WEB, caseworker(), cases.waiting) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "UPDATE record.case_file SET stage = 'closed', closing_reason = 'x'"
                " WHERE case_ref = $1",
                cases.plain,
            )


@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS])
@pytest.mark.parametrize("column", ["owner", "told_text", "told_at", "is_restricted", "profile"])
async def test_what_is_settled_when_a_case_is_opened_stays(
    postgres: Servers, cases: Population, role: Role, column: str
) -> None:
    """Who leads it and what she was told are not the service's to rewrite (INV-11)."""
    actor = caseworker() if role is Role.WEB else None
    async with acting(postgres, role, actor, cases.plain) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"UPDATE record.case_file SET {column} = {column}")  # noqa: S608


async def test_a_case_opened_for_another_organisation_is_refused(postgres: Servers) -> None:
    """Whoever opens it leads it."""
    statement = (
        "INSERT INTO record.case_party (case_ref, organisation, role) VALUES ('new', $1, 'lead')"
    )
    async with acting(postgres, Role.WEB, SALTMERE, "new") as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, caseworker().organisation)


async def test_a_connection_that_comes_back_to_the_pool_forgets_who_used_it(
    postgres: Servers, cases: Population
) -> None:
    """Also when the transaction failed: the next one on it is nobody, and sees nothing."""
    pool = await open_pool(postgres.dsn(Role.WEB), most=1)
    count = "SELECT count(*) FROM record.case_file"
    try:
        async with transaction(pool, Scope(caseworker()), cases.plain) as connection:
            assert await connection.fetchval(count)
        assert await pool.fetchval(count) == 0
        with pytest.raises(RecordError):
            async with transaction(pool, Scope(caseworker()), cases.plain) as connection:
                await connection.execute("INSERT INTO record.wake (case_ref) VALUES ('x')")
        assert await pool.fetchval(count) == 0
        names = ["app.org", "app.person", "app.role", "app.case_ref"]
        settings = await pool.fetch("SELECT current_setting(unnest($1::text[]), true) AS s", names)
        assert {""} == {row["s"] or "" for row in settings}
        async with transaction(pool, Scope(SALTMERE)) as connection:
            refs = await connection.fetch("SELECT case_ref FROM record.case_file")
        assert cases.foreign in {row["case_ref"] for row in refs}
        assert cases.plain not in {row["case_ref"] for row in refs}
    finally:
        await pool.close()


async def test_who_one_is_ends_with_the_transaction_by_itself(
    postgres: Servers, cases: Population
) -> None:
    """Not only because the pool resets what comes back: a pooler in between would not."""
    assert cases
    connection = await asyncpg.connect(postgres.dsn(Role.WEB), ssl=False)
    count = "SELECT count(*) FROM record.case_file"
    try:
        async with connection.transaction():
            settings = Scope(caseworker()).settings(None)
            await connection.execute(statements("record")["enter"], *settings)
            assert await connection.fetchval(count)
        assert await connection.fetchval(count) == 0
    finally:
        await connection.close()


# Grants


async def test_grants_are_what_the_list_says(superuser: asyncpg.Connection) -> None:
    """Every privilege of every role is looked at by a person before it is given.

    If this fails, read the difference, decide, and change `grants.txt` in the same commit.
    """
    rows = await superuser.fetch(_PRIVILEGES, _OURS)
    actual = [f"{row['what']}  {row['role']}  {row['privilege']}" for row in rows]
    expected = Path(__file__).with_name("grants.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in expected if not line.startswith("#")] == actual


async def test_the_gate_reads_nothing_of_journeys(
    postgres: Servers, tables: tuple[Table, ...]
) -> None:
    """One table says whether the database is embedded; nothing else is the gate's business."""
    readable = []
    async with acting(postgres, Role.GATE) as connection:
        for table in tables:
            try:
                await connection.fetch(f"SELECT * FROM {table.name}")  # noqa: S608
            except asyncpg.InsufficientPrivilegeError:
                continue
            readable.append(table.name)
    assert readable == ["record.installation"]


@pytest.mark.parametrize(
    "table", ["audit.entry", "record.consultation", "record.share", "record.consent"]
)
@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS, Role.AUDIT, Role.OWNER])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET recorded_at = recorded_at", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
async def test_what_happened_is_never_changed(
    postgres: Servers, table: str, role: Role, statement: str
) -> None:
    """By grant for the service's roles; by trigger even for the owner of the tables."""
    async with acting(postgres, role) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table))


async def test_functions_that_see_more_than_their_caller_fix_where_they_look(
    superuser: asyncpg.Connection,
) -> None:
    """A definer's function with a caller's search path can be made to call anything."""
    rows = await superuser.fetch(
        "SELECT p.proname, p.proconfig, p.prosecdef FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = ANY ($1)",
        _OURS,
    )
    assert any(row["prosecdef"] for row in rows)
    assert not [
        row["proname"] for row in rows if "search_path=pg_catalog" not in (row["proconfig"] or ())
    ]


# Constraints

ENUMS: dict[str, type[StrEnum] | frozenset[str]] = {
    "assertion_source_known": SourceKind,
    "evaluation_outcome_known": Verdict,
    "trouble_asked_known": Repair,
    "case_file_age_known": AgeGroup,
    "case_file_entitlement_known": Entitlement,
    "case_file_stage_known": Stage,
    "case_file_subject_known": Subject,
    "case_link_known": LinkKind,
    "case_party_role_known": frozenset({"lead", "recipient"}),
    "consent_state_known": ConsentState,
    "contact_plan_state_known": PlanState,
    "contact_state_known": ContactState,
    "deadline_state_known": DeadlineState,
    "erasure_reason_known": ErasureReason,
    "erasure_state_known": ErasureState,
    "inbox_item_kind_known": frozenset({"referral", "stop"}),
    "marac_agencies_known": MaracAgency,
    "need_state_known": NeedState,
    "outbox_kind_known": DispatchKind,
    "outbox_state_known": DispatchState,
    "proposal_end_known": frozenset({"adopted", "withdrawn"}),
    "referral_state_known": ReferralState,
    "service_capacity_known": Capacity,
    "service_needs_known": NeedCategory,
    "service_status_known": ServiceStatus,
    "transfer_state_known": TransferState,
    "withdrawal_check_state_known": CheckState,
}
_AUTOMATIC = re.compile(r"_(pkey|key\d*|fkey\d*|check\d*|excl\d*)$")


async def constraints(superuser: asyncpg.Connection) -> dict[str, str]:
    """Every constraint of ours that can refuse a row, unique indexes too, and its definition."""
    rows = await superuser.fetch(
        "SELECT c.conname, pg_get_constraintdef(c.oid) AS definition FROM pg_constraint c"
        " JOIN pg_namespace n ON n.oid = c.connamespace"
        " WHERE n.nspname = ANY ($1) AND c.contype <> 'n'"
        " UNION ALL SELECT x.relname, pg_get_indexdef(i.indexrelid)"
        " FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid"
        " JOIN pg_namespace n ON n.oid = x.relnamespace"
        " WHERE n.nspname = ANY ($1) AND i.indisunique"
        " AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
        _OURS,
    )
    found = {row["conname"]: row["definition"] for row in rows}
    assert len(rows) == len(found), "two constraints have one name"
    return found


async def test_what_the_database_takes_is_what_the_enums_say(
    superuser: asyncpg.Connection,
) -> None:
    """A new member of an enum needs a migration, and this says so before production does."""
    known = {n: d for n, d in (await constraints(superuser)).items() if n.endswith("_known")}
    expected = {name: {str(member) for member in kind} for name, kind in ENUMS.items()}
    assert expected == {n: set(re.findall(r"'([^']*)'", d)) for n, d in known.items()}


async def test_every_constraint_has_a_name_somebody_gave_it(superuser: asyncpg.Connection) -> None:
    """An automatic name changes with the table, and then nobody translates it."""
    assert not [name for name in await constraints(superuser) if _AUTOMATIC.search(name)]


async def test_every_constraint_that_is_translated_exists(superuser: asyncpg.Connection) -> None:
    """A renamed constraint would lose its sentence without a word."""
    assert set() == set(CONSTRAINT_ERRORS) - set(await constraints(superuser))


_BEGINNINGS = {
    "a yes": "INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields,"
    " occurred_at, expires_at) VALUES ($1, 'support_referral', 'counselling', 9, 'given',"
    " '{name}', now(), now() + interval '1 day')",
    "another's acceptance": "UPDATE record.referral SET state = 'accepted', consent = 'given',"
    " organisation = 'meadowlight' WHERE case_ref = $1",
}


@pytest.mark.parametrize("statement", _BEGINNINGS.values(), ids=_BEGINNINGS.keys())
async def test_a_service_ends_what_rests_on_consent_and_begins_nothing(
    postgres: Servers, cases: Population, statement: str
) -> None:
    """In the case it acts on it may pass a withdrawal on; it says yes for nobody (INV-08)."""
    async with acting(postgres, Role.WEB, ngo_intake(), cases.plain) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, cases.plain)


_LEADS = {
    "lifts the hold of a service": "UPDATE record.hold SET lifted_at = now(),"
    " lifted_by = 'harbour-house:ida' WHERE case_ref = $1",
    "names a colleague alone": "UPDATE record.case_person SET is_named = true"
    " WHERE case_ref = $1 AND person = 'bea'",
}


@pytest.mark.parametrize("statement", _LEADS.values(), ids=_LEADS.keys())
async def test_whoever_leads_a_case_changes_nothing_that_is_anothers(
    postgres: Servers, cases: Population, statement: str
) -> None:
    """A hold is its placer's; to see a restricted case takes two people and the worker."""
    for case_ref in (cases.full, cases.restricted):
        async with acting(postgres, Role.WEB, caseworker(), case_ref) as connection:
            assert await connection.execute(statement, case_ref) == "UPDATE 0"
