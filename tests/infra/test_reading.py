"""Reading: a row that says who read what is there before the text is; no row, no text."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from infra.audit import AuditReader
from infra.migrations import migrate
from infra.reading import PostgresReader
from infra.stack.secrets import Role
from rules.packets import shown
from schemas.actor import Actor
from schemas.case import PersonalField
from schemas.case_commands import CloseCase
from schemas.consent_commands import WithdrawConsent
from schemas.directory import Service
from schemas.errors import BadInputError, RecordError, SafepathError
from schemas.ids import CaseRef, new_case_ref
from schemas.referral_commands import AcceptReferral, ClaimReferral, ReleaseReferral
from schemas.verbs import Verb
from tests.builders import AT, caseworker, ngo_intake, ops, the
from tests.conftest import People, Servers
from tests.infra.cases import (
    CIRCUMSTANCES,
    CONTACT,
    HARBOUR,
    NAME,
    PERSONAL,
    about,
    delivered,
    done,
    given,
    missed,
    opened,
)

Reads = Callable[[PostgresReader, CaseRef], Awaitable[Any]]


async def personal(reader: PostgresReader, case_ref: CaseRef) -> Any:
    """What the case holds of her."""
    return await reader.read_personal(case_ref, caseworker())


async def packet(reader: PostgresReader, case_ref: CaseRef) -> Any:
    """What the service was sent."""
    return await reader.read_packet(case_ref, 1, ngo_intake(), shown(AT))


async def notes(reader: PostgresReader, case_ref: CaseRef) -> Any:
    """What the force noted for itself."""
    return await reader.read_notes(case_ref, caseworker())


READINGS = {
    "personal texts": (personal, caseworker(), "case", NAME),
    "a packet": (packet, ngo_intake(), "packet/1", CONTACT),
    "notes": (notes, caseworker(), "notes", "for our eyes"),
}


@pytest.fixture(scope="module")
async def elsewhere(postgres: Servers) -> AsyncIterator[People]:
    """A database whose grants may be taken away for a moment."""
    servers = await postgres.another_database()
    await migrate(servers.dsn(Role.OWNER), embedded=True)
    found = People(servers)
    reader = await found.reader_for(ops())
    await reader.load_services([_service("idva-service", HARBOUR)], ops())
    yield found
    await found.close()


def _service(code: str, organisation: str, source_id: str = "") -> Service:
    return Service(
        code=code,
        source_id=source_id or code,
        name=code,
        organisation=organisation,
        organisation_name=organisation,
    )


@asynccontextmanager
async def superuser(people: People) -> AsyncIterator[asyncpg.Connection]:
    """Whoever runs the database."""
    connection = await asyncpg.connect(people.servers.dsn(Role.POSTGRES), ssl=False)
    try:
        yield connection
    finally:
        await connection.close()


async def consultations(people: People, case_ref: CaseRef) -> list[tuple[str, str, str]]:
    """Organisation, person and what was read, oldest first."""
    async with superuser(people) as connection:
        rows = await connection.fetch(
            "SELECT organisation, person, what FROM record.consultation WHERE case_ref = $1"
            " ORDER BY recorded_at",
            case_ref,
        )
    return [(row["organisation"], row["person"], row["what"]) for row in rows]


@pytest.mark.parametrize(("read", "actor", "what", "text"), READINGS.values(), ids=list(READINGS))
async def test_whoever_reads_leaves_a_row_in_the_log_and_in_the_audit(
    people: People, read: Reads, actor: Actor, what: str, text: str
) -> None:
    """Every time, and not only the first."""
    case_ref = await delivered(people.record_for, own_notes="for our eyes")
    reader = await people.reader_for(actor)
    for _ in range(2):
        assert text in str(await read(reader, case_ref))
    assert await consultations(people, case_ref) == [(actor.organisation, actor.person, what)] * 2
    timeline = await (await people.reader_for(caseworker())).read_timeline(case_ref)
    readings = [line for line in timeline if line.verb is Verb.READ_PERSONAL]
    assert [line.actor for line in readings] == [actor, actor]
    assert {line.detail["what"] for line in readings} == {what}
    assert text not in str(readings)


@pytest.mark.parametrize("table", ["record.consultation", "audit.entry"])
@pytest.mark.parametrize(("read", "actor", "what", "text"), READINGS.values(), ids=list(READINGS))
async def test_without_its_row_no_text_is_shown(
    elsewhere: People, table: str, read: Reads, actor: Actor, what: str, text: str
) -> None:
    """A log that cannot be written is no reason to read unseen."""
    case_ref = await delivered(elsewhere.record_for, own_notes="for our eyes")
    reader = await elsewhere.reader_for(actor)
    columns = "" if table == "record.consultation" else " (room, body)"
    async with superuser(elsewhere) as connection:
        await connection.execute(f"REVOKE INSERT ON {table} FROM sp_web")
        try:
            with pytest.raises(SafepathError) as caught:
                await read(reader, case_ref)
        finally:
            await connection.execute(f"GRANT INSERT{columns} ON {table} TO sp_web")
    assert text not in repr(caught.value)
    assert await consultations(elsewhere, case_ref) == []
    assert text in str(await read(reader, case_ref))
    assert [line[2] for line in await consultations(elsewhere, case_ref)] == [what]


async def test_a_row_whose_commit_fails_shows_no_text(elsewhere: People) -> None:
    """The text is returned after the commit, not before it."""
    case_ref = await opened(elsewhere.record_for)
    reader = await elsewhere.reader_for(caseworker())
    async with superuser(elsewhere) as connection:
        await connection.execute(
            "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the disk is full'; END $$;"
            "CREATE CONSTRAINT TRIGGER fails AFTER INSERT ON record.consultation"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.fail()"
        )
        try:
            with pytest.raises(RecordError):
                await reader.read_personal(case_ref, caseworker())
        finally:
            await connection.execute("DROP TRIGGER fails ON record.consultation")
    assert await consultations(elsewhere, case_ref) == []


async def test_every_text_of_a_case_comes_back_as_it_was_said(people: People) -> None:
    """In any script, with every line break."""
    said = PERSONAL.model_copy(update={"name": "Žofie \u202eאבג\n😀", "language": "pt-BR"})
    case_ref = await opened(people.record_for, personal=said)
    reader = await people.reader_for(caseworker())
    assert await reader.read_personal(case_ref, caseworker()) == said.texts()


async def test_a_case_that_is_not_there_is_not_read_and_leaves_no_row(people: People) -> None:
    """The same words as of one that is not for the caller."""
    foreign = await opened(people.record_for, caseworker("saltmere-police"))
    reader = await people.reader_for(caseworker())
    for case_ref in (new_case_ref(), foreign):
        with pytest.raises(BadInputError, match="no such case that you may see"):
            await reader.read_personal(case_ref, caseworker())
        assert await consultations(people, case_ref) == []


@pytest.mark.parametrize("referral", [2, 0, -1, 2**31, 10**12])
async def test_a_referral_that_was_not_sent_is_said_not_to_be_there(
    people: People, referral: int
) -> None:
    """Any number a person can type has an answer that quotes nothing."""
    case_ref = await delivered(people.record_for)
    reader = await people.reader_for(ngo_intake())
    with pytest.raises(SafepathError) as caught:
        await reader.read_packet(case_ref, referral, ngo_intake(), shown(AT))
    assert str(referral) not in str(caught.value)


async def test_a_packet_that_was_stopped_is_closed_without_a_row(people: People) -> None:
    """She took it back: who opens the item is told of the stop and shown nothing."""
    case_ref = await delivered(people.record_for)
    await done(people.record_for, about(case_ref, WithdrawConsent))
    found = await packet(await people.reader_for(ngo_intake()), case_ref)
    assert found.packet is None
    assert await consultations(people, case_ref) == []


async def test_an_inbox_lists_no_personal_text(people: People) -> None:
    """Which fields there are, and not what is in them."""
    case_ref = await delivered(people.record_for)
    lines = await (await people.reader_for(ngo_intake())).list_inbox(HARBOUR)
    mine = [line for line in lines if line.case_ref == case_ref]
    assert [line.fields for line in mine] == [(PersonalField.NAME, PersonalField.SAFE_CONTACT)]
    assert not [text for text in (NAME, CONTACT, CIRCUMSTANCES) if text in str(lines)]


async def test_an_inbox_of_another_organisation_is_empty(people: People) -> None:
    """Whatever name is asked for, one's own rows are all there are."""
    await delivered(people.record_for)
    reader = await people.reader_for(ngo_intake("lantern-law"))
    assert HARBOUR not in {line.service for line in await reader.list_inbox(HARBOUR)}
    assert await reader.list_inbox(HARBOUR) == ()


async def test_the_timeline_of_a_case_is_for_those_who_lead_it(people: People) -> None:
    """A service sees its own answers where it gave them, and not who else was asked."""
    case_ref = await delivered(people.record_for)
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    timeline = await (await people.reader_for(caseworker())).read_timeline(case_ref)
    assert [timeline[0].verb, timeline[-1].verb] == [Verb.OPEN_CASE, Verb.ACCEPT_REFERRAL]
    for actor in (ngo_intake(), caseworker("saltmere-police"), ops()):
        assert await (await people.reader_for(actor)).read_timeline(case_ref) == ()


async def test_no_timeline_says_who_at_a_service_works_on_a_referral(people: People) -> None:
    """It is the service's own affair; the audit has it."""
    case_ref = await delivered(people.record_for)
    for kind in (ClaimReferral, ReleaseReferral):
        await done(people.record_for, about(case_ref, kind, actor=ngo_intake()))
    verbs = [
        line.verb for line in await (await people.reader_for(caseworker())).read_timeline(case_ref)
    ]
    assert not {Verb.CLAIM_REFERRAL, Verb.RELEASE_REFERRAL} & set(verbs)
    audited = await AuditReader(await people.pool_of(Role.AUDIT)).read(case_ref, None, 100)
    assert {Verb.CLAIM_REFERRAL, Verb.RELEASE_REFERRAL} <= {line.verb for line in audited}


async def test_lists_are_by_due_time_and_leave_out_what_is_closed(elsewhere: People) -> None:
    """The most urgent first; a case without a deadline comes last."""
    force = caseworker("gulland-police")
    calm = await opened(elsewhere.record_for, force)
    urgent = await delivered(elsewhere.record_for, actor=force)
    await missed(elsewhere.record_for, urgent, "ref-ack/1")
    closed = await opened(elsewhere.record_for, force)
    for confirmed in (False, True):
        await done(elsewhere.record_for, about(closed, CloseCase, actor=force, confirmed=confirmed))
    reader = await elsewhere.reader_for(force)
    open_cases = await reader.list_cases(closed_too=False)
    assert [line.case_ref for line in open_cases] == [urgent, calm]
    assert (open_cases[0].open_tasks, open_cases[0].open_referrals) == (1, 1)
    assert {line.case_ref for line in await reader.list_cases(closed_too=True)} == {
        urgent,
        calm,
        closed,
    }
    later = AT + timedelta(days=60)
    for now, count in ((AT, 0), (later, 1)):
        overdue = await reader.list_deadlines(now, overdue_only=True)
        assert [line.is_overdue for line in overdue] == [True] * count
    assert the((await reader.list_deadlines(AT, overdue_only=False))[0]).case_ref == urgent


async def test_a_service_that_is_loaded_again_is_brought_up_to_date(elsewhere: People) -> None:
    """By the feed's own id; the audit says how many, and who."""
    reader = await elsewhere.reader_for(ops())
    first = await reader.load_services([_service("new-one", "org", "feed-1")], ops())
    again = await reader.load_services([_service("new-one", "org-2", "feed-1")], ops())
    assert ((first.new, first.updated), (again.new, again.updated)) == ((1, 0), (0, 1))
    found = {s.code: s.organisation for s in await reader.list_services()}
    assert found["new-one"] == "org-2"
    assert await reader.is_in_directory("org-2")
    assert not await reader.is_in_directory("org")


async def test_a_note_says_who_wrote_it_and_when(people: People) -> None:
    """To their own colleagues."""
    case_ref = await delivered(people.record_for)
    at = datetime(2026, 11, 23, 8, tzinfo=UTC)
    accepted = about(case_ref, AcceptReferral, actor=ngo_intake(), occurred_at=at)
    await given(people.record_for, accepted, note="ring first")
    (note,) = await (await people.reader_for(ngo_intake())).read_notes(case_ref, ngo_intake())
    assert (note.by, note.referral, note.text, note.occurred_at) == (
        "ngo_intake:ida",
        1,
        "ring first",
        at,
    )
