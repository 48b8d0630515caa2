"""Withdrawals: brought by anybody, checked with her, and put back where they were not hers."""

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from activities.judging import judge_of
from activities.ports import Judge
from infra.audit import AuditReader
from infra.calendars.load import england_and_wales
from infra.database import Scope
from infra.stack.secrets import Role
from infra.withdrawal_post import Patience, carry_out_posts, post_withdrawal
from rules.packets import shown
from rules.profiles import VICTIMS_CODE_2021
from schemas.actor import Actor
from schemas.actor import Role as PersonRole
from schemas.case import PersonalField
from schemas.case_commands import AddNeed
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.contact import ContactChannel
from schemas.ids import CaseRef, new_case_ref
from schemas.packet import ReferralPacket
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral
from schemas.verbs import Verb
from schemas.withdrawal import CheckAnswer, CheckState, SaidBy
from tests.builders import an_actor, auditor, caseworker, ngo_intake, the
from tests.conftest import People, Servers
from tests.infra.cases import (
    CIRCUMSTANCES,
    CONTACT,
    HARBOUR,
    IDVA,
    a_placement,
    about,
    any_time,
    delivered,
    done,
    opened,
    queued,
    reached,
)
from tests.infra.rows import acting
from tests.infra.worlds import write

WILL = an_actor(PersonRole.NGO_WORKER, HARBOUR, "will")
STRANGER = ngo_intake("lantern-law", "lea")
SAW_HER = [PersonalField.NAME, PersonalField.SAFE_CONTACT]


def now() -> datetime:
    """Row security counts the 72 hours on the database's own clock."""
    return datetime.now(UTC)


# Brought by somebody who is no party to the case


def judging_now(command: Command, at: datetime) -> Judge:
    """As the worker has it judged."""
    return judge_of(command, at, england_and_wales(), wakes=True)


async def posted(people: People, case_ref: CaseRef, **parts: object) -> None:
    """A stranger to the case brings a withdrawal."""
    command = about(case_ref, WithdrawConsent, **({"actor": STRANGER, "recipient": None} | parts))
    await post_withdrawal(await people.pool_of(Role.WEB), Scope(command.actor), command)


async def carried_out(people: People, **how: Any) -> int:
    """The worker takes on what was posted."""
    pool = await people.pool_of(Role.JOURNEYS)
    return await carry_out_posts(pool, await people.record_for(None), judging_now, **how)


async def is_open(superuser: asyncpg.Connection, case_ref: CaseRef) -> list[bool]:
    """Whether each post of a case still waits."""
    rows = await superuser.fetch(
        "SELECT done_at IS NULL AS waits FROM record.withdrawal_post WHERE case_ref = $1", case_ref
    )
    return [row["waits"] for row in rows]


async def test_a_withdrawal_by_a_stranger_stops_what_rested_on_consent(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Once, however often it is posted and however often the worker looks."""
    case_ref = await queued(people.record_for)
    for _ in range(2):
        await posted(people, case_ref, command_id=f"once-{case_ref}", said_by=SaidBy.TRUSTED_PERSON)
    assert await is_open(superuser, case_ref) == [True]
    await carried_out(people)
    snapshot = await (await people.record_for(None)).read(case_ref)
    assert {ConsentState.WITHDRAWN} == {consent.state for consent in snapshot.consents}
    assert ReferralState.WITHDRAWN is the(snapshot.referral(1)).state
    assert await is_open(superuser, case_ref) == [False]
    await carried_out(people)
    assert snapshot == await (await people.record_for(None)).read(case_ref)


async def test_the_timeline_says_who_brought_it(people: People) -> None:
    """Its bearer is on the record, as anybody else who acts."""
    case_ref = await queued(people.record_for)
    await posted(people, case_ref, via=ContactChannel.VIA_NGO)
    await carried_out(people)
    line = (await (await people.reader_for(caseworker())).read_timeline(case_ref))[-1]
    assert (line.verb, line.actor, line.outcome) == (Verb.WITHDRAW_CONSENT, STRANGER, "done")
    assert line.detail["via"] == ContactChannel.VIA_NGO


async def test_two_withdrawals_that_were_given_one_id_are_both_heard(people: People) -> None:
    """An id used again for another case must not drop hers in silence."""
    first, second = await queued(people.record_for), await queued(people.record_for)
    for case_ref in (first, second):
        await posted(people, case_ref, command_id=f"both-{first}")
    await carried_out(people)
    for case_ref in (first, second):
        snapshot = await (await people.record_for(None)).read(case_ref)
        assert {ConsentState.WITHDRAWN} == {consent.state for consent in snapshot.consents}


@pytest.mark.parametrize("is_there", [True, False], ids=["a case", "no such case"])
async def test_whoever_passes_a_withdrawal_on_leaves_one_row(
    people: People, is_there: bool
) -> None:
    """The same whether or not there is such a case, and one, however often it is given."""
    lea = ngo_intake("lantern-law", f"lea-{is_there}".lower())
    case_ref = await queued(people.record_for) if is_there else new_case_ref()
    said = {"actor": lea, "command_id": f"on-{case_ref}", "via": ContactChannel.VOICE}
    for _ in range(2):
        await posted(people, case_ref, **said)
    auditor = AuditReader(await people.pool_of(Role.AUDIT))
    rows = await auditor.read(None, Verb.RELAY_WITHDRAWAL, 1_000)
    (row,) = [row for row in rows if row.actor == lea]
    assert ("done", None) == (row.outcome, row.case_ref)
    expected = {"purpose": "support_referral", "said_by": "not_known", "via": "voice"}
    assert expected == row.detail


async def test_a_withdrawal_from_no_case_is_settled_and_says_nothing(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Posting is answered alike whether or not there is such a case."""
    nowhere = new_case_ref()
    await posted(people, nowhere)
    assert await carried_out(people) >= 1
    assert await is_open(superuser, nowhere) == [False]


async def test_a_post_whose_id_was_used_before_is_carried_out_all_the_same(
    people: People, superuser: asyncpg.Connection
) -> None:
    """An id given twice by mistake must not hold up her withdrawal, nor everything behind it."""
    elsewhere = await opened(people.record_for, caseworker("gulland-police", "gus"))
    gus = caseworker("gulland-police", "gus")
    used = about(elsewhere, AddNeed, actor=gus)
    await done(people.record_for, used)
    case_ref = await queued(people.record_for)
    await posted(people, case_ref, actor=gus, command_id=used.command_id)
    await carried_out(people)
    snapshot = await (await people.record_for(None)).read(case_ref)
    assert {ConsentState.WITHDRAWN} == {consent.state for consent in snapshot.consents}
    assert await is_open(superuser, case_ref) == [False]


@asynccontextmanager
async def unreadable(superuser: asyncpg.Connection, *cases: CaseRef) -> AsyncIterator[None]:
    """Cases with a profile that only a newer build knows, for as long as the block runs."""
    put = "UPDATE record.case_file SET profile = $1 WHERE case_ref = ANY ($2)"
    await superuser.execute(put, "victims-code-2099", cases)
    try:
        yield
    finally:
        await superuser.execute(put, VICTIMS_CODE_2021.id, cases)


async def test_cases_that_cannot_be_read_hold_nobody_up(
    people: People, superuser: asyncpg.Connection
) -> None:
    """However many there are: each waits its turn, and hers behind them is heard."""
    bad = [await queued(people.record_for) for _ in range(3)]
    good = await queued(people.record_for)
    await carried_out(people)
    for case_ref in (*bad, good):
        await posted(people, case_ref)
    patience = Patience()
    async with unreadable(superuser, *bad):
        for _ in range(2):
            await carried_out(people, patience=patience, at_once=2)
        assert [False] == await is_open(superuser, good)
        assert [[True]] * 3 == [await is_open(superuser, case_ref) for case_ref in bad]
    snapshot = await (await people.record_for(None)).read(good)
    assert {ConsentState.WITHDRAWN} == {consent.state for consent in snapshot.consents}


async def test_what_failed_is_tried_again_later_each_time_and_done_in_the_end(
    people: People, superuser: asyncpg.Connection
) -> None:
    """A withdrawal is never given up."""
    case_ref, clock = await queued(people.record_for), [0.0]
    await posted(people, case_ref)
    patience = Patience(clock=lambda: clock[0])
    tried = []
    async with unreadable(superuser, case_ref):
        for second in range(200):
            clock[0] = float(second)
            if await carried_out(people, patience=patience):
                tried.append(second)
    assert [0, 1, 3, 7, 15, 31, 63, 123, 183] == tried
    clock[0] = 300.0
    assert await carried_out(people, patience=patience) == 1
    assert await is_open(superuser, case_ref) == [False]


@pytest.mark.parametrize(
    ("role", "who"),
    [
        (Role.WEB, STRANGER),
        (Role.WEB, caseworker()),
        (Role.WEB, ngo_intake()),
        (Role.AUDIT, auditor()),
    ],
    ids=["whoever posted it", "the agency that leads", "the service", "an auditor"],
)
async def test_nobody_but_the_worker_reads_what_was_posted(
    people: People, postgres: Servers, role: Role, who: Actor
) -> None:
    """Who knows of a case that is not theirs is nobody's to look up."""
    case_ref = await delivered(people.record_for)
    await posted(people, case_ref)
    async with acting(postgres, role, who, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT case_ref FROM record.withdrawal_post")


@pytest.mark.parametrize("part", ["organisation", "person", "role"])
async def test_nobody_posts_in_anothers_name(postgres: Servers, part: str) -> None:
    """Its bearer answers for it."""
    said = {
        "role": STRANGER.role.value,
        "organisation": STRANGER.organisation,
        "person": STRANGER.person,
    } | {part: "another"}
    async with acting(postgres, Role.WEB, STRANGER) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO record.withdrawal_post (case_ref, role, organisation, person,"
                " command_id, purpose, said_by, occurred_at)"
                " VALUES ('x', $1, $2, $3, $4, 'support_referral', 'victim', now())",
                *said.values(),
                uuid.uuid4().hex,
            )


# Was it you?


async def checked(people: People) -> CaseRef:
    """She was taken on, and a caseworker recorded just now that she took it back."""
    case_ref = await delivered(people.record_for, at=now())
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()), at=now())
    await done(people.record_for, any_time(case_ref, caseworker()), at=now())
    await done(people.record_for, about(case_ref, WithdrawConsent), at=now())
    return case_ref


async def answered(people: People, case_ref: CaseRef, answer: CheckAnswer) -> None:
    """What she said to the service that knows her."""
    contact = await reached(people.record_for, case_ref, WILL, now())
    said = about(case_ref, AnswerCheck, actor=WILL, check=1, answer=answer, contact=contact)
    await done(people.record_for, said, at=now())


async def line(people: People, case_ref: CaseRef) -> ReferralPacket | None:
    """What the service still reads of its packet."""
    reader = await people.reader_for(WILL)
    return (await reader.read_packet(case_ref, 1, WILL, shown(now()))).packet


async def test_a_service_keeps_how_to_reach_her_while_it_asks_and_nothing_else(
    people: People,
) -> None:
    """For that one question; the answer closes it."""
    case_ref = await checked(people)
    packet = the(await line(people, case_ref))
    assert (packet.safe_contact, packet.name) == (CONTACT, None)
    await answered(people, case_ref, CheckAnswer.IT_WAS_HER)
    assert await line(people, case_ref) is None


async def test_the_question_is_a_task_of_the_service_and_of_nobody_else(people: People) -> None:
    """Whoever recorded the withdrawal finds nothing to settle it with."""
    case_ref = await checked(people)
    found = {}
    for who in (WILL, caseworker()):
        tasks = await (await people.reader_for(who)).list_tasks(who.organisation)
        found[who.person] = [(t.id, t.not_for) for t in tasks if t.case_ref == case_ref]
    assert found == {"will": [("withdrawal-check/1", caseworker().who)], "ann": []}


async def test_the_line_closes_by_itself(people: People) -> None:
    """After 72 hours, though nobody answered and no step has run."""
    case_ref = await checked(people)
    reader = await people.reader_for(WILL)
    late = now() + timedelta(hours=73)
    assert (await reader.read_packet(case_ref, 1, WILL, shown(late))).packet is None


async def test_a_withdrawal_that_was_not_hers_is_undone_by_the_service_that_asked_her(
    people: People,
) -> None:
    """Consent stands as it stood, and a new referral takes the place of the stopped one."""
    case_ref = await checked(people)
    await answered(people, case_ref, CheckAnswer.IT_WAS_NOT_HER)
    snapshot = await (await people.record_for(None)).read(case_ref)
    consent = the(snapshot.consent(Purpose.SUPPORT_REFERRAL, IDVA))
    assert (consent.state, list(consent.fields)) == (ConsentState.GIVEN, SAW_HER)
    assert CheckState.IT_WAS_NOT_HER is the(snapshot.check(1)).state
    assert [r.replaces for r in snapshot.referrals] == [None, 1]


_A_YES = (
    "INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields, occurred_at,"
    " expires_at) VALUES ($1, 'support_referral', $2, 99, $3, $4, now(), now() + '1 day')"
)
_ANSWERED = (
    "UPDATE record.withdrawal_check SET state = 'it_was_not_her',"
    " answered_by = 'harbour-house:will', recorded_at = clock_timestamp() WHERE case_ref = $1"
)
_FORGED: dict[str, tuple[bool, tuple[str, str, list[str]]]] = {
    "while she is only being asked": (False, (IDVA, "given", ["name"])),
    "for another service": (True, ("counselling", "given", ["name"])),
    "for a field she kept back": (True, (IDVA, "given", ["name", "circumstances"])),
    "as a no": (True, (IDVA, "refused", [])),
}


@pytest.mark.parametrize(("answers", "said"), _FORGED.values(), ids=list(_FORGED))
async def test_a_service_puts_back_what_stood_and_nothing_else(
    people: People, postgres: Servers, answers: bool, said: tuple[str, str, list[str]]
) -> None:
    """Its answer is no right to speak for her (INV-08)."""
    case_ref = await checked(people)
    async with acting(postgres, Role.WEB, WILL, case_ref) as connection, connection.transaction():
        if answers:
            await connection.execute(_ANSWERED, case_ref)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(_A_YES, case_ref, *said)


async def test_a_service_puts_back_in_the_transaction_that_answers(
    people: People, postgres: Servers
) -> None:
    """And in no later one, though the 72 hours are not over."""
    case_ref = await checked(people)
    as_it_stood = (IDVA, "given", ["name", "safe_contact"])
    async with acting(postgres, Role.WEB, WILL, case_ref) as connection:
        async with connection.transaction():
            await connection.execute(_ANSWERED, case_ref)
            assert await connection.execute(_A_YES, case_ref, *as_it_stood) == "INSERT 0 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(_A_YES.replace("99", "100"), case_ref, *as_it_stood)


async def test_the_newest_packet_is_the_one_that_is_read(people: People) -> None:
    """What was passed on later, under a newer yes, counts; the older is not shown beside it."""
    case_ref = await delivered(people.record_for)
    newer = a_placement("packet/1/3", 3, PersonalField.CIRCUMSTANCES)
    await write(people, case_ref, None, newer)
    reader = await people.reader_for(ngo_intake())
    packet = the((await reader.read_packet(case_ref, 1, ngo_intake(), shown(now()))).packet)
    assert (packet.circumstances, packet.name) == (CIRCUMSTANCES, None)
    lines = await reader.list_inbox(HARBOUR)
    assert {"packet/1/2", "packet/1/3"} == {i.key for i in lines if i.case_ref == case_ref}
