"""Adopting a protocol: two people, checked signatures, and rows that nobody changes."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from infra.database import Pool
from infra.protocols import content_of
from infra.stack.secrets import Role
from schemas.actor import Role as PersonRole
from schemas.adoption import (
    IMMIGRATION_ENFORCEMENT,
    PROPOSAL_LAPSES_AFTER,
    Adoption,
    Fault,
    Paperwork,
)
from schemas.errors import RecordError, SafepathError
from schemas.ids import CaseRef
from schemas.protocol import CLOSED
from tests.builders import caseworker
from tests.conftest import People, Servers
from tests.infra.cases import an_opening
from tests.infra.forces import SOON, Force, an_offer, shipped, tamper
from tests.infra.rows import acting

TABLES = (
    "version",
    "proposal",
    "proposal_end",
    "adoption",
    "awaited",
    "assessment",
    "agreement",
    "reminder",
)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
async def pool(people: People) -> Pool:
    """Of the desks."""
    return await people.pool_of(Role.WEB)


@pytest.fixture
def force(pool: Pool) -> Force:
    """A force of this test's own."""
    return Force(pool)


@pytest.fixture
async def apart(people_apart: People) -> Force:
    """A force in a database in which rows may be changed that nobody may change."""
    return Force(await people_apart.pool_of(Role.WEB))


# Two people


async def test_without_any_adoption_the_protocol_is_closed(force: Force) -> None:
    """Nothing holds by default."""
    assert CLOSED == await force.protocols().active_id(force.name, now())


async def test_one_signature_changes_nothing_and_two_adopt(force: Force) -> None:
    """From the moment of the second on, and with all that was signed."""
    protocols = force.protocols()
    offer = an_offer(departs_from=("HMICFRS 2020, recommendation 1",))
    await force.propose(offer)
    status = await protocols.status(force.name, now())
    assert (CLOSED, None) == (status.active, status.adoption)
    assert status.proposal is not None
    assert (offer, None) == (status.proposal.offer, status.proposal.fault)
    since = await force.second()
    assert CLOSED == await protocols.active_id(force.name, since - timedelta(milliseconds=1))
    found = await protocols.active(force.name, now())
    assert isinstance(found, Adoption)
    assert (offer.version, offer.departs_from) == (found.version, found.departs_from)
    assert (f"{force.name}:cora", f"{force.name}:iain") == (found.first.by, found.second.by)
    assert since == found.since
    assert (await protocols.status(force.name, now())).proposal is None


async def test_one_person_cannot_sign_twice_whatever_a_statement_says(force: Force) -> None:
    """By the rights of the row, before the constraint says the same."""
    await force.propose()
    with pytest.raises(RecordError):
        await force.second(by="cora")
    assert CLOSED == await force.protocols().active_id(force.name, now())


async def test_two_who_sign_at_once_adopt_once(force: Force) -> None:
    """The second of them finds nothing left to sign."""
    await force.propose()
    answers = await asyncio.gather(force.second(), force.second(), return_exceptions=True)
    assert [AssertionError] == [type(one) for one in answers if isinstance(one, Exception)]
    assert 1 == len(await force.protocols().adoptions(force.name))


async def test_a_version_holds_from_its_own_day_on(force: Force) -> None:
    """Until then what was active stays."""
    await force.adopt(an_offer(shipped("p1-npcc-2018")))
    later = now() + SOON
    await force.adopt(an_offer(shipped("p4-consent-2025")), since=later)
    protocols = force.protocols()
    assert "p1-npcc-2018" == await protocols.active_id(force.name, now())
    assert "p4-consent-2025" == await protocols.active_id(force.name, later)


async def test_a_version_past_its_last_day_leaves_the_protocol_closed(force: Force) -> None:
    """What was before does not come back."""
    await force.adopt()
    ends = shipped(id=f"{force.name}-ends", effective_to=date(2026, 12, 31))
    await force.adopt(an_offer(ends))
    protocols = force.protocols()
    last = datetime(2026, 12, 31, 12, tzinfo=UTC)
    assert ends.id == await protocols.active_id(force.name, last)
    assert CLOSED == await protocols.active_id(force.name, last + SOON)


# Proposals


async def test_a_proposal_lapses(force: Force) -> None:
    """After seven days nobody can sign it."""
    await force.propose()
    protocols = force.protocols()
    waits = (await protocols.status(force.name, now())).proposal
    assert waits is not None
    in_time = waits.proposed_at + PROPOSAL_LAPSES_AFTER - timedelta(seconds=1)
    assert (await protocols.status(force.name, in_time)).proposal == waits
    assert (await protocols.status(force.name, waits.lapses_at)).proposal is None
    async with force.changes("iain").signing(waits.lapses_at) as moment:
        assert moment.proposal is None


async def test_a_first_signature_that_lapsed_adopts_nothing(force: Force) -> None:
    """Even where its row was kept, and written beside a second one."""
    later = now() + PROPOSAL_LAPSES_AFTER + timedelta(minutes=1)
    await force.propose()
    await force.second(later)
    status = await force.protocols().status(force.name, later)
    assert (CLOSED, Fault.LAPSED) == (status.active, status.fault)


async def test_what_was_withdrawn_is_signed_by_nobody(force: Force) -> None:
    """And another can be proposed."""
    await force.propose()
    await force.withdraw()
    assert (await force.protocols().status(force.name, now())).proposal is None
    await force.adopt(an_offer(shipped("p4-consent-2025")))
    assert "p4-consent-2025" == await force.protocols().active_id(force.name, now())


# Signatures and content


async def test_an_owner_whose_key_was_taken_away_has_signed_nothing(force: Force) -> None:
    """The protocol is closed, and says whose key is missing."""
    await force.adopt()
    status = await force.protocols(without="iain").status(force.name, now())
    assert (CLOSED, Fault.UNKNOWN_KEY) == (status.active, status.fault)


async def test_another_baseline_is_signed_anew(force: Force) -> None:
    """Both signatures are over the baseline that was in use."""
    await force.adopt()
    later = force.protocols(baseline={"rules": []})
    status = await later.status(force.name, now())
    assert (CLOSED, Fault.OTHER_BASELINE) == (status.active, status.fault)
    assert shipped() == (await later.held())["p1-npcc-2018"], "what was told stays what it was"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("reason = 'another reason'", Fault.BAD_SIGNATURE),
        ("dpia_id = 'DPIA-2'", Fault.BAD_SIGNATURE),
        ("departs_from = '{something}'", Fault.BAD_SIGNATURE),
        ("second_since = second_since - interval '1 day'", Fault.BAD_SIGNATURE),
        ("second_since = second_since + interval '10 years'", Fault.BAD_SIGNATURE),
        ("baseline = replace(baseline, 'B06', 'B99')", Fault.BAD_SIGNATURE),
        ("baseline = 'words'", Fault.BAD_SIGNATURE),
        ("second_value = first_value", Fault.BAD_SIGNATURE),
        ("second_by = organisation || ':mallory'", Fault.UNKNOWN_KEY),
        ("version = 'p5-statutory-am96'", Fault.BAD_SIGNATURE),
    ],
)
async def test_a_changed_adoption_counts_for_nothing(
    apart: Force, people_apart: People, change: str, fault: Fault
) -> None:
    """Nor does anything older count instead."""
    await apart.adopt()
    other = Force(apart.pool)
    await other.adopt(an_offer(shipped("p5-statutory-am96")))
    await apart.adopt(an_offer(shipped("p4-consent-2025")))
    where = "WHERE organisation = $1 AND version = 'p4-consent-2025'"
    await tamper(people_apart.servers, "protocol.adoption", f"{change} {where}", apart.name)
    status = await apart.protocols().status(apart.name, now())
    assert (CLOSED, None, fault) == (status.active, status.adoption, status.fault)
    assert [None, fault] == [one.fault for one in status.history]
    await apart.adopt(an_offer(shipped("p2-s2s-rec1")))
    assert "p2-s2s-rec1" == await apart.protocols().active_id(apart.name, now())


async def test_an_adoption_carried_over_from_another_deployment_counts_for_nothing(
    apart: Force, people_apart: People
) -> None:
    """It was signed for that one."""
    await apart.adopt()
    before = "id = gen_random_uuid()"
    await tamper(people_apart.servers, "record.installation", before)
    status = await apart.protocols().status(apart.name, now())
    assert (CLOSED, Fault.BAD_SIGNATURE) == (status.active, status.fault)


@pytest.mark.parametrize("with_hash", [False, True], ids=["the hash stays", "the hash follows"])
async def test_changed_content_of_a_version_counts_for_nothing(
    apart: Force, people_apart: People, *, with_hash: bool
) -> None:
    """Whether or not the hash beside it was changed too; and it is held no more."""
    version = shipped(id=f"{apart.name}-{'ab'[with_hash]}")
    await apart.adopt(an_offer(version))
    looser = content_of(version.model_copy(update={"title": "Something else"}))
    change = "content = $1, content_hash = encode(sha256(convert_to($1, 'UTF8')), 'hex')"
    servers = people_apart.servers
    if not with_hash:
        await _drop_check(servers)
        change = "content = $1"
    await tamper(servers, "protocol.version", f"{change} WHERE id = $2", looser, version.id)
    status = await apart.protocols().status(apart.name, now())
    fault = Fault.BAD_SIGNATURE if with_hash else Fault.CHANGED_CONTENT
    assert (CLOSED, fault) == (status.active, status.fault)
    assert version.id not in await apart.protocols().held()


async def test_content_that_nobody_can_read_closes_the_protocol(
    apart: Force, people_apart: People
) -> None:
    """And breaks no list."""
    version = shipped(id=f"{apart.name}-words")
    await apart.adopt(an_offer(version))
    change = "content = 'words', content_hash = encode(sha256('words'), 'hex') WHERE id = $1"
    await tamper(people_apart.servers, "protocol.version", change, version.id)
    status = await apart.protocols().status(apart.name, now())
    assert (CLOSED, Fault.CHANGED_CONTENT) == (status.active, status.fault)
    assert version.id not in await apart.protocols().held()


async def _drop_check(servers: Servers) -> None:
    connection = await asyncpg.connect(servers.dsn(Role.POSTGRES), ssl=False)
    try:
        await connection.execute(
            "ALTER TABLE protocol.version DROP CONSTRAINT IF EXISTS version_hash_of_its_content"
        )
    finally:
        await connection.close()


async def test_a_version_keeps_the_content_it_was_held_with(force: Force) -> None:
    """Another force that adopts the same id gets the content that is there, or a closed one."""
    version = shipped(id=f"{force.name}-once")
    await force.adopt(an_offer(version))
    other = Force(force.pool)
    changed = version.model_copy(update={"title": "The same name for something else"})
    await other.adopt(an_offer(changed))
    assert CLOSED == await other.protocols().active_id(other.name, now())
    assert version == (await force.protocols().held())[version.id]


# Rows


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("role", [Role.WEB, Role.JOURNEYS, Role.AUDIT, Role.GATE, Role.OWNER])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
    ids=["update", "delete", "truncate"],
)
async def test_what_was_signed_or_recorded_is_never_changed(
    postgres: Servers, superuser: Any, table: str, role: Role, statement: str
) -> None:
    """By grant for the service's roles; by trigger even for the owner of the tables."""
    name = f"protocol.{table}"
    column = await superuser.fetchval(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 2", name
    )
    async with acting(postgres, role) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement.format(name, column, column))


async def test_every_table_of_the_protocol_has_row_security(superuser: Any) -> None:
    """And is among those that are looked at here."""
    rows = await superuser.fetch(
        "SELECT c.relname, c.relrowsecurity FROM pg_class c"
        " WHERE c.relnamespace = 'protocol'::regnamespace AND c.relkind = 'r'"
    )
    assert dict.fromkeys(TABLES, True) == {r["relname"]: r["relrowsecurity"] for r in rows}


@pytest.mark.parametrize("role", [PersonRole.CASEWORKER, PersonRole.DPO, PersonRole.OPS])
async def test_nobody_but_a_protocol_owner_signs(force: Force, role: PersonRole) -> None:
    """Row security stands behind the rights."""
    with pytest.raises(SafepathError):
        await force.propose(role=role)


async def test_nobody_records_in_the_name_of_another_force(force: Force, pool: Pool) -> None:
    """Nor the papers that are another role's to record."""
    owner = force.changes("cora")
    with pytest.raises(SafepathError):
        await owner.record_assessment("DPIA-1", "Sharing, assessed", date(2030, 1, 1))
    with pytest.raises(SafepathError):
        await owner.record_agreement(
            "ISA-1", (force.name, IMMIGRATION_ENFORCEMENT), date(2026, 1, 1), date(2030, 1, 1)
        )
    statement = (
        "INSERT INTO protocol.assessment (organisation, id, title, review_by, recorded_by)"
        " VALUES ('saltmere-police', 'D', 'T', '2030-01-01', 'saltmere-police:dee')"
    )
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('app.org', $1, true), set_config('app.person', 'dee', true),"
            " set_config('app.role', 'dpo', true)",
            force.name,
        )
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)


# What a case keeps


async def test_what_protocol_she_was_told_under_is_kept_and_never_changed(
    people_apart: People,
) -> None:
    """As it was when she was told; a case from before there was one reads as closed."""
    record = await people_apart.record_for(caseworker())
    case_ref, reader = CaseRef("bafod-kisut-n"), await people_apart.reader_for(caseworker())
    told = "p4-consent-2025"
    await record.open_case(case_ref, an_opening(), "words", caseworker(), told_protocol=told)
    found = await reader.read_told(case_ref)
    assert found is not None
    assert told == found.told_protocol
    statement = "UPDATE record.case_file SET told_protocol = NULL WHERE case_ref = $1"
    for role in (Role.WEB, Role.JOURNEYS):
        async with acting(people_apart.servers, role, caseworker(), case_ref) as connection:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement, case_ref)
    older = "told_protocol = NULL WHERE case_ref = $1"
    await tamper(people_apart.servers, "record.case_file", older, case_ref)
    found = await reader.read_told(case_ref)
    assert found is not None
    assert CLOSED == found.told_protocol


# Papers


async def test_papers_count_while_both_are_in_force(force: Force) -> None:
    """The assessment that the adoption names, and an agreement; to the end of their last days."""
    protocols = force.protocols()
    await force.papers(date(2026, 12, 10), date(2026, 12, 20))
    early = datetime(2026, 12, 1, tzinfo=UTC)
    assert Paperwork.NONE is await protocols.paperwork(force.name, early), "nothing is active"
    await force.adopt()
    last = datetime(2026, 12, 10, 23, 59, tzinfo=UTC)
    assert Paperwork.IN_FORCE is await protocols.paperwork(force.name, early)
    assert Paperwork.IN_FORCE is await protocols.paperwork(force.name, last)
    assert Paperwork.NONE is await protocols.paperwork(force.name, last + SOON)
    assert "p1-npcc-2018" == await protocols.active_id(force.name, last + SOON)
    await force.papers(date(2027, 12, 10), date(2026, 12, 20))
    assert Paperwork.IN_FORCE is await protocols.paperwork(force.name, last + SOON)
    assert Paperwork.NONE is await protocols.paperwork(force.name, last + 11 * SOON)


async def test_another_assessment_does_not_stand_in(force: Force) -> None:
    """The one that was signed for counts."""
    await force.papers(date(2030, 1, 1), date(2030, 1, 1))
    await force.adopt(an_offer(dpia_id="DPIA-2"))
    assert Paperwork.NONE is await force.protocols().paperwork(force.name, now())


async def test_an_agreement_of_another_force_does_not_stand_in(force: Force) -> None:
    """Even where it names this one among its parties: each records its own."""
    await force.papers(date(2030, 1, 1), date(2020, 1, 2) + timedelta(days=2500))
    other = Force(force.pool)
    await other.changes("sol", PersonRole.INFO_SHARING_SPOC).record_agreement(
        "ISA-9", (other.name, force.name), date(2026, 1, 1), date(2030, 1, 1)
    )
    await force.adopt()
    after = datetime(2027, 6, 1, tzinfo=UTC)
    assert Paperwork.NONE is await force.protocols().paperwork(force.name, after)


async def test_what_is_awaited_changes_nothing_until_it_is_adopted(force: Force) -> None:
    """It stands in the status, is dropped, or leaves it by being adopted."""
    protocols, cora = force.protocols(), force.changes("cora")
    await cora.await_version("p4-consent-2025", "The new strategy", date(2027, 3, 1), "iain")
    await cora.await_version("p9-later", "Later still", date(2027, 6, 1), "cora")
    await cora.await_version("p9-later", "Much later", date(2028, 6, 1), "cora")
    status = await protocols.status(force.name, now())
    assert CLOSED == status.active
    expected = [("p4-consent-2025", "The new strategy"), ("p9-later", "Much later")]
    assert expected == [(one.version, one.title) for one in status.awaited]
    assert await cora.drop_awaited("p9-later")
    assert not await cora.drop_awaited("p9-later")
    await force.adopt(an_offer(shipped("p4-consent-2025")))
    assert () == (await protocols.status(force.name, now())).awaited


# Audit and events


async def test_every_change_leaves_a_row_and_sends_an_event(
    force: Force, postgres: Servers
) -> None:
    """In its own transaction: one row and one event each, with ids and codes."""
    heard: list[str] = []
    ear = await asyncpg.connect(postgres.dsn(Role.WEB), ssl=False)
    reader = await asyncpg.connect(postgres.dsn(Role.AUDIT), ssl=False)
    try:
        await ear.add_listener("protocol", lambda *event: heard.append(str(event[-1])))
        await force.papers(date(2030, 1, 1), date(2030, 1, 1))
        await force.propose()
        await force.withdraw()
        await force.adopt()
        await force.changes("cora").await_version("p9", "Later", date(2028, 1, 1), "cora")
        await ear.execute("SELECT 1")
        rows = await reader.fetch(
            "SELECT verb, body FROM audit.entry WHERE body::jsonb #>> '{actor,organisation}' = $1"
            " ORDER BY seq",
            force.name,
        )
    finally:
        await ear.close()
        await reader.close()
    verbs = ["record_assessment", "record_agreement", *["sign_protocol"] * 4, "await_protocol"]
    assert verbs == [row["verb"] for row in rows]
    assert [
        ("assessed", "DPIA-1"),
        ("agreed", "ISA-1"),
        ("proposed", "p1-npcc-2018"),
        ("withdrawn", "p1-npcc-2018"),
        ("proposed", "p1-npcc-2018"),
        ("adopted", "p1-npcc-2018"),
        ("awaited", "p9"),
    ] == [(e["event"], e["id"]) for e in map(json.loads, heard)]
    assert not [row for row in rows if "adopted by the force" in row["body"]], "a free text"
