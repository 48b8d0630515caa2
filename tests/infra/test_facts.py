"""What people say of facts, in PostgreSQL: who adds, who reads, what stays, and what is erased."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from infra.facts import FactBook, GateBook
from infra.stack.secrets import Role
from schemas.actor import Actor
from schemas.actor import Role as PersonRole
from schemas.assertions import SourceKind
from schemas.case_commands import DeclareConflict, EraseCase
from schemas.errors import BadInputError, RecordError
from schemas.evaluations import Dated, LoggedEvaluation, RuleSaid
from schemas.ids import CaseRef, new_case_ref
from schemas.protocol import Effect, Outcome
from schemas.verbs import Verb
from tests.builders import AT, an_actor, caseworker, idva, ngo_intake
from tests.conftest import People, Servers
from tests.infra.cases import about, delivered, done, opened
from tests.infra.erasing import SUE, closed, confirmed, erased
from tests.infra.rows import acting

PAT = an_actor(PersonRole.PPU_OFFICER, person="pat")
IVY = idva()
TABLES = ("gate.assertion", "gate.evaluation", "gate.alert", "gate.entry", "gate.head")
HARM = "harm_from_sharing"


async def say(
    people: People, case_ref: CaseRef, by: Actor = IVY, value: Any = "low", **parts: Any
) -> UUID:
    """Somebody says how much harm sharing would do."""
    book = FactBook(await people.pool_of(Role.WEB), by)
    return await book.assert_fact(case_ref, HARM, value, SourceKind.CONVERSATION, **parts)


async def gate(people: People) -> GateBook:
    """The gate's own hands."""
    return GateBook(await people.pool_of(Role.GATE))


def an_evaluation(case_ref: CaseRef, by: Actor = PAT, **parts: Any) -> LoggedEvaluation:
    """What the protocol said to a case."""
    said: dict[str, Any] = {
        "case_ref": case_ref,
        "by": by,
        "evaluated_at": AT,
        "version": "p1-npcc-2018",
        "told_versions": ("p0-closed",),
        "told_text": "told-2026-1",
        "outcome": Outcome.DENY,
        "rules": (RuleSaid(id="B08", effect=Effect.WAIT),),
        "needs": ("objection",),
        "requested_fields": ("name",),
        "victim_informed": Dated(value="yes", since=AT),
        "third_party_link": Dated(value="unknown"),
        "protocol_hash": "0" * 64,
        "facts_hash": "1" * 64,
    }
    return LoggedEvaluation.model_validate(said | parts)


async def everything(superuser: asyncpg.Connection, *schemas: str) -> dict[str, str]:
    """Every row of every table of these schemas, as one text each."""
    names = await superuser.fetch(
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables"
        " WHERE schemaname = ANY ($1) ORDER BY 1",
        list(schemas),
    )
    return {
        row["name"]: await superuser.fetchval(
            f"SELECT coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')"  # noqa: S608
            f" FROM {row['name']} t"
        )
        for row in names
    }


async def rows_of(superuser: asyncpg.Connection, case_ref: CaseRef) -> dict[str, int]:
    """Rows of a case in schema gate."""
    return {
        table: await superuser.fetchval(
            f"SELECT count(*) FROM {table} WHERE case_ref = $1",  # noqa: S608
            case_ref,
        )
        for table in TABLES[:3]
    }


@pytest.fixture
async def full(people: People) -> CaseRef:
    """A case of which something was said, asked, and told to an officer."""
    case_ref = await delivered(people.record_for)
    await say(people, case_ref)
    book = await gate(people)
    await book.log(an_evaluation(case_ref))
    await book.raise_alert(case_ref, PAT)
    return case_ref


# Who adds and who reads


async def test_what_is_said_is_kept_whole_and_in_ones_own_name(people: People) -> None:
    """With source, evidence, and what it replaces."""
    case_ref = await delivered(people.record_for)
    first = await say(people, case_ref, value="severe", evidence="NOTE-7")
    second = await say(people, case_ref, supersedes=first)
    one, other = await (await gate(people)).assertions(case_ref)
    assert (first, HARM, "severe", IVY, SourceKind.CONVERSATION, "NOTE-7", None) == (
        one.id,
        one.fact,
        one.value,
        one.by,
        one.source,
        one.evidence,
        one.supersedes,
    )
    assert (second, "low", first) == (other.id, other.value, other.supersedes)
    assert one.at < other.at


@pytest.mark.parametrize("value", [["hate", "sexual"], {"own_language": "yes"}, "low"])
async def test_a_value_of_any_shape_comes_back_as_it_was(people: People, value: object) -> None:
    """A word, a list, an object."""
    case_ref = await delivered(people.record_for)
    await say(people, case_ref, value=value)
    assert [value] == [one.value for one in await (await gate(people)).assertions(case_ref)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS, Role.AUDIT])
@pytest.mark.parametrize(
    "statement",
    ["SELECT * FROM {}", "INSERT INTO {} DEFAULT VALUES"],
    ids=["read", "added to"],
)
async def test_nobody_but_the_gate_sees_that_there_is_anything(
    postgres: Servers, full: CaseRef, table: str, role: Role, statement: str
) -> None:
    """Neither the people's role, in whose name it was said, nor worker and auditor."""
    async with acting(postgres, role, IVY, full) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table))


async def test_the_gate_puts_no_word_into_anybodys_mouth(postgres: Servers, full: CaseRef) -> None:
    """It reads what was said; it cannot say anything itself."""
    async with acting(postgres, Role.GATE) as connection:
        assert 1 == await connection.fetchval(
            "SELECT count(*) FROM gate.assertion WHERE case_ref = $1", full
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("INSERT INTO gate.assertion DEFAULT VALUES")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT gate.note('{}')")


async def test_nothing_outside_the_schema_tells_that_a_fact_was_said(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Record, vault, directory and the audit of support are as before, byte for byte."""
    case_ref = await delivered(people.record_for)
    others = ("record", "vault", "audit", "directory", "migrations")
    before = await everything(superuser, *others)
    inside = await everything(superuser, "gate")
    await say(people, case_ref)
    await (await gate(people)).log(an_evaluation(case_ref))
    with pytest.raises(BadInputError):
        await say(people, case_ref, by=ngo_intake("meadowlight"))
    assert before == await everything(superuser, *others)
    after = await everything(superuser, "gate")
    assert {"gate.assertion", "gate.evaluation", "gate.entry", "gate.head"} == {
        name for name in after if after[name] != inside[name]
    }


@pytest.mark.parametrize(
    "by",
    [ngo_intake("meadowlight"), caseworker("saltmere-police"), ngo_intake("ternstone-housing")],
    ids=str,
)
async def test_only_an_organisation_in_the_case_says_anything_of_it(
    people: People, by: Actor
) -> None:
    """The answer is the one for a case that is not there."""
    case_ref = await delivered(people.record_for)
    with pytest.raises(BadInputError) as unseen:
        await say(people, case_ref, by=by)
    with pytest.raises(BadInputError) as missing:
        await say(people, new_case_ref(), by=by)
    assert str(missing.value) == str(unseen.value)
    assert () == await (await gate(people)).assertions(case_ref)


async def test_of_a_restricted_case_only_those_who_see_it_say_anything(people: People) -> None:
    """As everywhere."""
    case_ref = await opened(people.record_for, is_restricted=True)
    with pytest.raises(BadInputError):
        await say(people, case_ref, by=PAT)
    assert await say(people, case_ref, by=caseworker())


async def test_whoever_stepped_back_says_nothing_more(people: People) -> None:
    """A conflict of interest ends this too."""
    case_ref = await delivered(people.record_for)
    await say(people, case_ref, by=PAT)
    await done(people.record_for, about(case_ref, DeclareConflict, actor=PAT))
    with pytest.raises(BadInputError):
        await say(people, case_ref, by=PAT)


async def test_another_organisations_word_is_not_replaced(people: People) -> None:
    """Nor one of another fact, another case, or none at all: one sentence for each of them."""
    case_ref, other = await delivered(people.record_for), await delivered(people.record_for)
    theirs = await say(people, case_ref, by=PAT, value="severe")
    elsewhere = await say(people, other)
    for not_ours in (theirs, elsewhere, uuid4()):
        with pytest.raises(BadInputError, match="said nothing of this fact under that id"):
            await say(people, case_ref, supersedes=not_ours)
    assert 1 == len(await (await gate(people)).assertions(case_ref))


async def test_nobody_writes_into_the_gates_book_in_anothers_name(
    postgres: Servers, people: People
) -> None:
    """PostgreSQL compares the body with whose transaction it is."""
    await FactBook(await people.pool_of(Role.WEB), PAT).note_refusal(
        Verb.ASSERT_FACT, None, ("no_right",)
    )
    forged = '{"actor": {"role": "idva", "organisation": "harbour-house", "person": "ivy"}}'
    async with acting(postgres, Role.WEB, PAT) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT gate.note($1)", forged)


# What stays


@pytest.mark.parametrize("table", TABLES[:4])
@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS, Role.AUDIT, Role.GATE, Role.OWNER])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET recorded_at = recorded_at", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "truncate"],
)
async def test_what_was_said_is_never_changed(
    postgres: Servers, full: CaseRef, table: str, role: Role, statement: str
) -> None:
    """By grant for the service's roles; by trigger even for the owner of the tables."""
    assert full
    async with acting(postgres, role) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(table))


async def test_the_gates_book_is_a_chain_of_its_own(people_apart: People) -> None:
    """It begins at one, whatever was written elsewhere, and an altered row is found."""
    case_ref = await delivered(people_apart.record_for)
    await say(people_apart, case_ref)
    book = await gate(people_apart)
    await book.log(an_evaluation(case_ref))
    report = await book.verify()
    assert ("gate", 2, None) == (report.room, report.entries, report.fault)
    administrator = await asyncpg.connect(people_apart.servers.dsn(Role.POSTGRES), ssl=False)
    try:
        await administrator.execute("SET session_replication_role = replica")
        await administrator.execute("UPDATE gate.entry SET body = '{}' WHERE seq = 1")
    finally:
        await administrator.close()
    assert "row 1 was altered" == (await book.verify()).fault


async def test_an_evaluation_comes_back_as_it_was_kept(people: People) -> None:
    """What the report is made of."""
    case_ref = await delivered(people.record_for)
    book, said = await gate(people), an_evaluation(case_ref)
    assert 1 == await book.log(said)
    assert 2 == await book.log(said)
    assert 1 == await book.log(an_evaluation(case_ref, by=SUE))
    found = [
        one for one in await book.evaluations(AT, AT.replace(year=2027)) if one.case_ref == case_ref
    ]
    assert [said, said] == [one for one in found if one.by == PAT]


# What is erased


async def test_an_erased_case_leaves_nothing_in_the_gate_but_the_audit(
    people: People, superuser: asyncpg.Connection
) -> None:
    """What was said of her, what was asked, and that somebody asked too often."""
    case_ref = await closed(people.record_for)
    await say(people, case_ref, by=PAT, value="severe")
    book = await gate(people)
    await book.log(an_evaluation(case_ref))
    await book.raise_alert(case_ref, PAT)
    assert dict.fromkeys(TABLES[:3], 1) == await rows_of(superuser, case_ref)
    await erased(people.record_for, case_ref)
    assert dict.fromkeys(TABLES[:3], 0) == await rows_of(superuser, case_ref)
    assert (await book.verify()).is_intact
    kept = await superuser.fetch(
        "SELECT body FROM gate.entry WHERE body::jsonb ->> 'case_ref' = $1", case_ref
    )
    assert 2 == len(kept)
    assert not [row for row in kept if "severe" in row["body"] or "B08" in row["body"]]


async def test_from_the_confirmation_on_nothing_is_added(people: People) -> None:
    """Whatever a rule or a statement says."""
    case_ref = await confirmed(people.record_for, await closed(people.record_for))
    with pytest.raises(RecordError):
        await say(people, case_ref, by=PAT)
    book = await gate(people)
    for write in (book.log(an_evaluation(case_ref)), book.raise_alert(case_ref, PAT)):
        with pytest.raises(RecordError):
            await write
    assert () == await book.assertions(case_ref)


@pytest.fixture
async def stuck(people_apart: People) -> AsyncIterator[People]:
    """A database in which no row of what was said can be deleted."""
    owner = await asyncpg.connect(people_apart.servers.dsn(Role.OWNER), ssl=False)
    await owner.execute(
        "CREATE TRIGGER assertion_sticks BEFORE DELETE ON gate.assertion"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()"
    )
    yield people_apart
    await owner.execute("DROP TRIGGER assertion_sticks ON gate.assertion")
    await owner.close()


async def test_a_case_is_erased_whole_or_not_at_all(stuck: People) -> None:
    """If what was said of her cannot go, her key does not either."""
    hands = stuck.record_for
    case_ref = await closed(hands)
    await say(stuck, case_ref, by=PAT)
    await confirmed(hands, case_ref)
    with pytest.raises(RecordError):
        await done(hands, about(case_ref, EraseCase, actor=SUE))
    owner = await asyncpg.connect(stuck.servers.dsn(Role.OWNER), ssl=False)
    try:
        wrapped = await owner.fetchval(
            "SELECT wrapped FROM vault.case_key WHERE case_ref = $1", case_ref
        )
        assert wrapped is not None
        await owner.execute("DROP TRIGGER assertion_sticks ON gate.assertion")
        await done(hands, about(case_ref, EraseCase, actor=SUE))
        assert () == await (await gate(stuck)).assertions(case_ref)
        await owner.execute(
            "CREATE TRIGGER assertion_sticks BEFORE DELETE ON gate.assertion"
            " FOR EACH STATEMENT EXECUTE FUNCTION audit.refuse_change()"
        )
    finally:
        await owner.close()
