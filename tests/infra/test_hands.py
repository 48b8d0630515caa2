"""In whose hands a case is: offered, taken over, shown to named people, linked with another."""

from typing import Any

import asyncpg
import pytest

from activities.ports import Beside
from infra.stack.secrets import Role
from infra.statements import statements
from schemas.actor import Actor
from schemas.case_commands import (
    AnswerTransfer,
    ConfirmNamed,
    DeclareConflict,
    LinkCase,
    OfferTransfer,
    ProposeNamed,
)
from schemas.casework import LinkKind
from schemas.changes import TransferRecorded
from schemas.contact import ContactChannel
from schemas.contact_commands import PlanContact, SetPlan
from schemas.decisions import NotDone
from schemas.errors import BadInputError, SafepathError
from schemas.ids import CaseRef
from schemas.referral_commands import LiftHold, PlaceHold
from tests.builders import caseworker, ngo_intake, supervisor, the
from tests.conftest import People, Servers
from tests.infra.cases import HARBOUR, NAME, about, delivered, done, given, opened
from tests.infra.rows import Table, acting, seen
from tests.infra.samples import OFFER
from tests.infra.worlds import write

ANN, BEA, CAL = (caseworker(person=person) for person in ("ann", "bea", "cal"))
SUE = supervisor()
TAKER = caseworker("saltmere-council", "cy")
SALTMERE = caseworker("saltmere-police", "sal")


NEVER_BEFORE = {
    "record.case_text",
    "record.plan_detail",
    "record.plan_word",
    "record.inbox_item",
    "record.organisation_note",
    "record.consultation",
    "record.service_reason",
    "record.case_person",
    "record.case_link",
    "record.marac",
    "record.nrm",
    "record.risk_assessment",
    "vault.case_key",
    "audit.entry",
}
"""What an agency never sees of a case before it leads it, not even while it answers."""


async def offered(people: People) -> CaseRef:
    """A case with a bit of everything, offered to Saltmere's council."""
    hands = people.record_for
    case_ref = await opened(hands, own_notes="for our eyes")
    plan = about(case_ref, SetPlan, has_details=True, has_words=True)
    await done(hands, plan, beside=Beside(details="ring twice", safe_word="heron"))
    await delivered(hands, case_ref=case_ref)
    await done(hands, about(case_ref, PlanContact, channel=ContactChannel.VOICE))
    offer = about(case_ref, OfferTransfer, to_organisation=TAKER.organisation)
    await done(hands, offer, by_worker=True)
    await (await people.reader_for(ANN)).read_personal(case_ref, ANN)
    return case_ref


async def answered(people: People, case_ref: CaseRef, *, accepts: bool) -> None:
    """What the council says."""
    answer = about(case_ref, AnswerTransfer, actor=TAKER, accepts=accepts)
    await done(people.record_for, answer)


# Offers


async def test_an_offer_shows_itself_and_nothing_of_the_case(
    people: People,
    postgres: Servers,
    tables: tuple[Table, ...],
) -> None:
    """The task that says so, and which case it is, whether or not the case is named."""
    case_ref = await offered(people)
    for named in (None, case_ref):
        async with acting(postgres, Role.WEB, TAKER, named) as connection:
            found = await seen(connection, tables, case_ref)
        assert found == {"record.task": 1, "record.transfer": 1}
    reader = await people.reader_for(TAKER)
    to_do = {t.case_ref: t.id for t in await reader.list_tasks(TAKER.organisation)}
    assert to_do[case_ref] == "transfer/1"
    assert case_ref not in {line.case_ref for line in await reader.list_cases(closed_too=True)}
    with pytest.raises(SafepathError):
        await reader.read_personal(case_ref, TAKER)


_WRITES = {
    "transfer": "UPDATE record.transfer SET state = 'accepted' WHERE case_ref = $1",
    "case_file": "UPDATE record.case_file SET stage = 'open' WHERE case_ref = $1",
    "deadline": "UPDATE record.deadline SET state = 'void' WHERE case_ref = $1",
    "contact": "UPDATE record.contact SET state = 'cancelled' WHERE case_ref = $1",
    "contact_plan": "UPDATE record.contact_plan SET state = 'replaced' WHERE case_ref = $1",
    "need": "UPDATE record.need SET state = 'met' WHERE case_ref = $1",
    "referral": "UPDATE record.referral SET state = 'ended' WHERE case_ref = $1",
    "task": "UPDATE record.task SET is_done = true WHERE case_ref = $1 AND id NOT LIKE 'transfer%'",
}


@pytest.mark.parametrize("statement", _WRITES.values(), ids=list(_WRITES))
async def test_an_agency_writes_nothing_in_a_case_that_was_offered_to_it(
    people: People, postgres: Servers, statement: str
) -> None:
    """Not before it leads it."""
    case_ref = await offered(people)
    async with acting(postgres, Role.WEB, TAKER, case_ref) as connection:
        assert await connection.execute(statement, case_ref) == "UPDATE 0"


_ADDS = {
    "consent": "INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields,"
    " occurred_at) VALUES ($1, 'support_referral', 'x', 9, 'withdrawn', '{}', now())",
    "outbox": "INSERT INTO record.outbox (case_ref, key, kind, to_organisation, state, occurred_at)"
    " VALUES ($1, 'x', 'stop', 'y', 'queued', now())",
    "wake": "INSERT INTO record.wake (case_ref, workflow_id, owner) VALUES ($1, 'x', 'y')",
}


@pytest.mark.parametrize("statement", _ADDS.values(), ids=list(_ADDS))
async def test_an_agency_adds_nothing_to_a_case_that_was_offered_to_it(
    people: People, postgres: Servers, statement: str
) -> None:
    """Nor its yes, in a transaction that was entered for something else."""
    case_ref = await offered(people)
    async with acting(postgres, Role.WEB, TAKER, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, case_ref)


async def test_whoever_takes_a_case_leads_it_and_the_one_before_sees_nothing(
    people: People,
    postgres: Servers,
    tables: tuple[Table, ...],
) -> None:
    """Everything open goes along: texts, tasks, and the contacts that were planned."""
    case_ref = await offered(people)
    await answered(people, case_ref, accepts=True)
    case = await (await people.record_for(TAKER)).read(case_ref)
    assert (case.case.owner, case.case.assigned_to) == (TAKER.organisation, TAKER.person)
    assert [(c.organisation, c.planned_by) for c in case.contacts] == [
        (TAKER.organisation, TAKER.who)
    ]
    texts = await (await people.reader_for(TAKER)).read_personal(case_ref, TAKER)
    assert NAME in texts.values()
    async with acting(postgres, Role.WEB, ANN) as connection:
        assert await seen(connection, tables, case_ref) == {}
    async with acting(postgres, Role.WEB, ANN, case_ref) as connection:
        assert {"record.command_log"} == set(await seen(connection, tables, case_ref))


async def test_a_hold_of_those_who_led_is_lifted_by_those_who_lead_now(people: People) -> None:
    """It went along with the lead; a hold of a service is none of theirs."""
    case_ref = await offered(people)
    hands = people.record_for
    for placer, referral in ((SUE, None), (ngo_intake(), 1)):
        await done(hands, about(case_ref, PlaceHold, actor=placer, referral=referral))
    await answered(people, case_ref, accepts=True)
    theirs = supervisor(TAKER.organisation)
    holds = (await (await hands(theirs)).read(case_ref)).holds
    assert [(TAKER.organisation, SUE.who), (HARBOUR, ngo_intake().who)] == [
        (hold.organisation, hold.placed_by) for hold in holds
    ]
    written = await done(hands, about(case_ref, LiftHold, actor=theirs, hold=1))
    assert theirs.who == the(written.snapshot.hold(1)).lifted_by
    refused = await given(hands, about(case_ref, LiftHold, actor=theirs, hold=2))
    assert isinstance(refused.reply, NotDone)


async def test_a_case_that_went_there_may_come_back(people: People) -> None:
    """Whoever leads it offers it; who led it before takes it as anybody would."""
    case_ref = await offered(people)
    await answered(people, case_ref, accepts=True)
    offer = about(case_ref, OfferTransfer, actor=TAKER, to_organisation=ANN.organisation)
    await done(people.record_for, offer, by_worker=True)
    await done(people.record_for, about(case_ref, AnswerTransfer, accepts=True))
    assert ANN.organisation == (await (await people.record_for(ANN)).read(case_ref)).case.owner
    with pytest.raises(BadInputError):
        await (await people.record_for(TAKER)).read(case_ref)


async def test_an_offer_that_was_declined_shows_nothing_but_the_answer(
    people: People, postgres: Servers, tables: tuple[Table, ...]
) -> None:
    """It was seen to be answered, and for nothing else; who repeats the answer hears it again."""
    case_ref = await offered(people)
    await answered(people, case_ref, accepts=False)
    for named, kept in ((None, {}), (case_ref, {"record.command_log": 1})):
        async with acting(postgres, Role.WEB, TAKER, named) as connection:
            assert kept == await seen(connection, tables, case_ref)


async def test_an_offer_is_taken_back_by_those_who_made_it(people: People) -> None:
    """Then it is nobody's to accept."""
    case_ref = await offered(people)
    await done(people.record_for, about(case_ref, AnswerTransfer, accepts=False))
    with pytest.raises(BadInputError):
        await (await people.record_for(TAKER)).read(case_ref)


@pytest.mark.parametrize(
    ("who", "to"),
    [
        (SALTMERE, SALTMERE.organisation),
        (ngo_intake(), ngo_intake().organisation),
        (ngo_intake(), "kitebrook-council"),
        (TAKER, "kitebrook-council"),
    ],
    ids=["a stranger, itself", "a service, itself", "a service, others", "who was offered it, on"],
)
async def test_nobody_is_offered_a_case_but_by_those_who_lead_it(
    people: People, postgres: Servers, who: Actor, to: str
) -> None:
    """An offer opens a case: whoever could make one to herself could open any."""
    case_ref = await offered(people)
    async with acting(postgres, Role.WEB, who, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO record.transfer (case_ref, number, to_organisation, offered_by,"
                " offered_at, state, occurred_at) VALUES ($1, 9, $2, 'x', now(), 'offered', now())",
                case_ref,
                to,
            )


@pytest.mark.parametrize("who", [SALTMERE, ngo_intake(), TAKER, ANN], ids=str)
async def test_the_lead_is_taken_in_the_transaction_that_accepts_and_in_no_other(
    people: People, postgres: Servers, who: Actor
) -> None:
    """The function that moves it asks for the answer, and does not believe its caller."""
    case_ref = await offered(people)
    async with acting(postgres, Role.WEB, who, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("SELECT record.take_lead($1)", case_ref)


_WHILE_ANSWERING = {
    "the stage": "UPDATE record.case_file SET stage = 'closed', closing_reason = 'x'"
    " WHERE case_ref = $1",
    "who works on it": "UPDATE record.case_file SET assigned_to = 'cy' WHERE case_ref = $1",
    "a task": "UPDATE record.task SET is_done = true WHERE case_ref = $1 AND organisation IS NULL",
    "a deadline": "UPDATE record.deadline SET state = 'void' WHERE case_ref = $1",
    "consent": "INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields,"
    " occurred_at) VALUES ($1, 'support_referral', 'x', 9, 'withdrawn', '{}', now())",
}


@pytest.mark.parametrize("statement", _WHILE_ANSWERING.values(), ids=list(_WHILE_ANSWERING))
async def test_while_it_answers_an_agency_writes_its_answer_and_nothing_else(
    people: People, postgres: Servers, tables: tuple[Table, ...], statement: str
) -> None:
    """What its answer is judged by is read then: codes and times, and no text."""
    case_ref = await offered(people)
    async with acting(postgres, Role.WEB, TAKER, case_ref) as connection:
        await connection.execute(statements("record")["enter_offer"], case_ref)
        assert not NEVER_BEFORE & set(await seen(connection, tables, case_ref))
        try:
            assert await connection.execute(statement, case_ref) == "UPDATE 0"
        except asyncpg.InsufficientPrivilegeError:
            return


@pytest.mark.parametrize("named", [False, True], ids=["looking around", "naming the case"])
async def test_a_restricted_case_is_never_seen_by_an_offer(
    people: People, postgres: Servers, tables: tuple[Table, ...], named: bool
) -> None:
    """A rule that offered one all the same would show it to nobody."""
    case_ref = await opened(people.record_for, is_restricted=True)
    await write(people, case_ref, None, TransferRecorded(transfer=OFFER))
    async with acting(postgres, Role.WEB, TAKER, case_ref if named else None) as connection:
        assert await seen(connection, tables, case_ref) == {}


# Named people


async def restricted(people: People) -> CaseRef:
    """Of ann and bea; ann proposed cal."""
    case_ref = await opened(people.record_for, is_restricted=True, named_people=("bea",))
    proposal = about(case_ref, ProposeNamed, person="cal")
    await done(people.record_for, proposal, by_worker=True)
    return case_ref


async def test_a_person_who_is_proposed_sees_nothing_until_a_second_agrees(
    people: People,
    postgres: Servers,
    tables: tuple[Table, ...],
) -> None:
    """Widening takes two of the people who are named (ADR 12)."""
    case_ref = await restricted(people)
    for named in (None, case_ref):
        async with acting(postgres, Role.WEB, CAL, named) as connection:
            assert await seen(connection, tables, case_ref) == {}
    confirmation = about(case_ref, ConfirmNamed, actor=BEA, person="cal")
    await done(people.record_for, confirmation, by_worker=True)
    assert (await (await people.record_for(CAL)).read(case_ref)).case.is_restricted


@pytest.mark.parametrize("person", ["ann", "bea", "cal"])
async def test_whoever_declares_a_conflict_leaves_the_named_people(
    people: People, person: str
) -> None:
    """It is a fact of theirs, heard at once; they are answered, and then see it no more."""
    case_ref = await restricted(people)
    confirmation = about(case_ref, ConfirmNamed, actor=BEA, person="cal")
    await done(people.record_for, confirmation, by_worker=True)
    leaver = caseworker(person=person)
    await done(people.record_for, about(case_ref, DeclareConflict, actor=leaver))
    with pytest.raises(BadInputError):
        await (await people.record_for(leaver)).read(case_ref)
    stays = next(actor for actor in (ANN, BEA, CAL) if actor.person != person)
    snapshot = await (await people.record_for(stays)).read(case_ref)
    assert {n.who for n in snapshot.named if n.is_named} == {
        actor.who for actor in (ANN, BEA, CAL) if actor.person != person
    }
    assert [conflict.who for conflict in snapshot.conflicts] == [leaver.who]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO record.case_person (case_ref, organisation, person) VALUES ($1, $2, 'kim')",
        "UPDATE record.case_person SET is_named = true WHERE case_ref = $1 AND organisation = $2",
    ],
    ids=["a new person", "herself"],
)
async def test_no_person_names_anybody_past_the_worker(
    people: People, postgres: Servers, statement: str
) -> None:
    """Neither somebody else, nor herself after she has left."""
    case_ref = await restricted(people)
    async with acting(postgres, Role.WEB, ANN, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, case_ref, ANN.organisation)


# Links


@pytest.mark.parametrize(
    ("other", "who", "sees"),
    [
        ({}, ANN, True),
        ({}, supervisor(), True),
        ({"actor": SALTMERE}, ANN, False),
        ({"actor": SALTMERE}, SALTMERE, False),
        ({"is_restricted": True}, ANN, True),
        ({"is_restricted": True}, CAL, False),
    ],
    ids=[
        "of one force",
        "by a colleague",
        "of two forces",
        "of two forces, by the other",
        "with a restricted case, by who is named",
        "with a restricted case, by a colleague",
    ],
)
async def test_a_link_is_seen_by_who_may_see_both_cases(
    people: People, other: dict[str, Any], who: Actor, sees: bool
) -> None:
    """That there is another case is already something of it."""
    one = await opened(people.record_for)
    second = await opened(people.record_for, **other)
    link = about(one, LinkCase, other=second, link=LinkKind.SAME_INCIDENT)
    await done(people.record_for, link, by_worker=True)
    mine, theirs = (one, second) if who is not SALTMERE else (second, one)
    snapshot = await (await people.record_for(who)).read(mine)
    assert [link.other for link in snapshot.links] == ([theirs] if sees else [])


@pytest.mark.parametrize("who", [ANN, ngo_intake()], ids=str)
async def test_nobody_links_a_case_they_may_not_see(people: People, who: Actor) -> None:
    """Asking for a link would otherwise tell whether there is such a case."""
    one = await delivered(people.record_for)
    foreign = await opened(people.record_for, SALTMERE)
    async with acting(people.servers, Role.WEB, who, one) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO record.case_link (case_ref, other, link, linked_by, occurred_at)"
                " VALUES ($1, $2, 'duplicate', 'x', now())",
                one,
                foreign,
            )
