"""How far into a case row security lets a service, and whoever declared a conflict of interest."""

from datetime import UTC, datetime

import asyncpg
import pytest

from activities.ports import Beside
from infra.stack.secrets import Role
from schemas.actor import Actor
from schemas.actor import Role as PersonRole
from schemas.case_commands import DeclareConflict
from schemas.changes import ContactRecorded
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.contact import ContactChannel, ContactState, WordCheck
from schemas.contact_commands import SetPlan
from schemas.errors import BadInputError
from schemas.ids import CaseRef
from schemas.referral_commands import AcceptReferral
from schemas.withdrawal import CheckAnswer
from tests.builders import an_actor, caseworker, ngo_intake
from tests.conftest import People, Servers
from tests.infra.cases import HARBOUR, IDVA, about, delivered, done, opened
from tests.infra.rows import Table, acting, seen
from tests.infra.samples import CONTACT
from tests.infra.worlds import write

IDA, ANN = ngo_intake(), caseworker()
WILL = an_actor(PersonRole.NGO_WORKER, HARBOUR, "will")
WORDS = Beside(details="ring twice", safe_word="heron", duress_word="teal")


def now() -> datetime:
    """Row security counts the 72 hours on the database's own clock."""
    return datetime.now(UTC)


async def sent(people: People, *, accepted: bool = False) -> CaseRef:
    """A case with a plan, and a referral that reached Harbour House."""
    hands = people.record_for
    case_ref = await opened(hands)
    plan = about(case_ref, SetPlan, has_details=True, has_words=True)
    await done(hands, plan, at=now(), beside=WORDS)
    await delivered(hands, case_ref=case_ref, at=now())
    if accepted:
        await done(hands, about(case_ref, AcceptReferral, actor=IDA), at=now())
    return case_ref


async def withdrawn(people: People, *, accepted: bool) -> CaseRef:
    """The same, when a caseworker has recorded just now that she took it back."""
    case_ref = await sent(people, accepted=accepted)
    await done(people.record_for, about(case_ref, WithdrawConsent), at=now())
    return case_ref


async def count(connection: asyncpg.Connection, table: str, case_ref: CaseRef) -> int:
    """Rows of a case in a table."""
    return int(
        await connection.fetchval(
            f"SELECT count(*) FROM record.{table} WHERE case_ref = $1",  # noqa: S608
            case_ref,
        )
    )


# «Was it you?», put by nobody who could answer it

_CHECK = (
    "INSERT INTO record.withdrawal_check (case_ref, number, purpose, recorder, asks, referrals,"
    " consents, opened_at, line_until, state, answered_by, occurred_at)"
    " VALUES ($1, 77, 'support_referral', $2, 'harbour-house', '{1}',"
    " '[{\"fields\": [\"safe_contact\"]}]', now(), now() + interval '3 days', $3, $4, now())"
)
_YES = (
    "INSERT INTO record.consent (case_ref, purpose, recipient, epoch, state, fields, occurred_at,"
    " expires_at) VALUES ($1, 'support_referral', $2, 99, 'given', '{safe_contact}', now(),"
    " now() + interval '1 day')"
)
_ANSWERED = (
    "UPDATE record.withdrawal_check SET state = 'it_was_not_her',"
    " answered_by = 'harbour-house:ida', recorded_at = clock_timestamp()"
    " WHERE case_ref = $1 AND number = 77"
)


@pytest.mark.parametrize(
    ("recorder", "state", "answered_by"),
    [
        ("northmarch-police:ann", "open", None),
        ("northmarch-police:ann", "it_was_not_her", IDA.who),
        (IDA.who, "it_was_not_her", WILL.who),
    ],
    ids=["in another's name", "and answered", "and answered by a colleague"],
)
async def test_no_question_is_put_that_nobody_withdrew(
    people: People, postgres: Servers, recorder: str, state: str, answered_by: str | None
) -> None:
    """The answer to one puts consent back, so nobody writes one to answer it."""
    case_ref = await withdrawn(people, accepted=False)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(_CHECK, case_ref, recorder, state, answered_by)


@pytest.mark.parametrize("accepted", [False, True], ids=["was only sent it", "had taken her on"])
async def test_a_question_of_ones_own_is_not_answered_by_oneself(
    people: People, postgres: Servers, accepted: bool
) -> None:
    """Whoever records a withdrawal puts the question, and somebody else answers."""
    case_ref = await withdrawn(people, accepted=accepted)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        await connection.execute(_CHECK, case_ref, IDA.who, "open", None)
        with pytest.raises(asyncpg.CheckViolationError, match="withdrawal_check_by_another"):
            await connection.execute(_ANSWERED, case_ref)


async def test_a_service_that_had_not_taken_her_on_gains_nothing_by_a_question(
    people: People, postgres: Servers
) -> None:
    """No line to her, and no consent to put back: also when two of its people do it together."""
    case_ref = await withdrawn(people, accepted=False)
    async with acting(postgres, Role.WEB, WILL, case_ref) as connection:
        await connection.execute(_CHECK, case_ref, WILL.who, "open", None)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        assert await count(connection, "plan_detail", case_ref) == 0
        async with connection.transaction():
            assert await connection.execute(_ANSWERED, case_ref) == "UPDATE 1"
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute(_YES, case_ref, IDVA)


async def test_a_service_that_had_taken_her_on_keeps_its_line(
    people: People, postgres: Servers
) -> None:
    """The same row of the plan, for the same question, where it is a true one."""
    case_ref = await withdrawn(people, accepted=True)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        assert await count(connection, "plan_detail", case_ref) == 1


async def test_what_is_put_back_lasts_no_longer_than_it_would_have(
    people: People, postgres: Servers
) -> None:
    """A yes for fifty years is none she gave."""
    case_ref = await withdrawn(people, accepted=True)
    answered = _ANSWERED.replace("77", "1")
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection, connection.transaction():
        assert await connection.execute(answered, case_ref) == "UPDATE 1"
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(_YES.replace("1 day", "50 years"), case_ref, IDVA)
        assert await connection.execute(_YES, case_ref, IDVA) == "INSERT 0 1"


# What a service does not reach

_PLAN = (
    "INSERT INTO record.contact_plan (case_ref, number, state, channels, windows, voicemail,"
    " caller_identity, dropped_call, do_not_post, device_shared, interpreter, has_details,"
    " changes, set_by, verified_at, expires_at, occurred_at)"
    " SELECT case_ref, 77, 'pending', '{sms}', windows, voicemail, caller_identity, dropped_call,"
    " do_not_post, device_shared, interpreter, false, '{}', 'x', verified_at, expires_at,"
    " occurred_at FROM record.contact_plan WHERE case_ref = $1 LIMIT 1"
)
_OUT_OF_REACH = {
    "another plan": _PLAN,
    "the plan, in force": "UPDATE record.contact_plan SET state = 'in_force' WHERE case_ref = $1",
    "what a plan allows": "UPDATE record.contact_plan SET channels = '{sms}' WHERE case_ref = $1",
    "details": "INSERT INTO record.plan_detail (case_ref, plan, sealed) VALUES ($1, 77, 'x')",
    "words": "INSERT INTO record.plan_word (case_ref, plan, safe_hash) VALUES ($1, 77, 'x')",
    "a need": "INSERT INTO record.need (case_ref, number, category, priority, state, occurred_at)"
    " VALUES ($1, 77, 'housing', 'routine', 'open', now())",
    "a referral to itself": "INSERT INTO record.referral (case_ref, number, need, service,"
    " organisation, state, delivery, consent, clock, priority, next_choices, was_followed,"
    " version, occurred_at) VALUES ($1, 77, 1, 'idva-service', 'harbour-house', 'accepted',"
    " 'acked', 'given', 'running', 'routine', '{}', false, 1, now())",
    "a packet": "INSERT INTO record.outbox (case_ref, key, kind, to_organisation, state,"
    " occurred_at) VALUES ($1, 'packet/1/9', 'packet', 'harbour-house', 'queued', now())",
    "a pause": "UPDATE record.deadline SET state = 'paused', paused_at = now() WHERE case_ref = $1",
    "her death": "UPDATE record.case_file SET died_at = now() WHERE case_ref = $1",
    "who works on it": "UPDATE record.case_file SET assigned_to = 'ida' WHERE case_ref = $1",
    "the end of the case": "UPDATE record.case_file SET stage = 'closed', closing_reason = 'x'"
    " WHERE case_ref = $1",
    "a conflict of another": "INSERT INTO record.conflict (case_ref, who, conflict, declared_at,"
    " occurred_at) VALUES ($1, 'northmarch-police:ann', 'knows_victim', now(), now())",
    "a MARAC": "UPDATE record.marac SET state = 'heard' WHERE case_ref = $1",
}


@pytest.mark.parametrize("statement", _OUT_OF_REACH.values(), ids=list(_OUT_OF_REACH))
async def test_a_service_that_was_only_sent_a_referral_does_not_write(
    people: People, postgres: Servers, statement: str
) -> None:
    """It answers, passes a withdrawal on, and stops contact; the rest is for who leads or helps."""
    case_ref = await sent(people)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, case_ref)


async def test_a_change_is_confirmed_in_ones_own_name(people: People, postgres: Servers) -> None:
    """A service that helps her may set a plan; a second person is not made up with it."""
    case_ref = await sent(people, accepted=True)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        await connection.execute(_PLAN.replace("'{}', 'x'", "'{details}', 'x'"), case_ref)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "UPDATE record.contact_plan SET confirmed_by = $2"
                " WHERE case_ref = $1 AND number = 77",
                case_ref,
                WILL.who,
            )


@pytest.mark.parametrize("asks", ["has_need($1, 1)", "may_be_referral($1, 1, 'waiting', 1)"])
async def test_no_question_tells_a_stranger_whether_there_is_a_case(
    people: People, postgres: Servers, asks: str
) -> None:
    """What a policy asks, anybody may ask: it answers for one's own case alone."""
    case_ref = await sent(people)
    async with acting(postgres, Role.WEB, caseworker("saltmere-police"), case_ref) as connection:
        assert await connection.fetchval(f"SELECT record.{asks}", case_ref) is False


@pytest.mark.parametrize("accepted", [False, True], ids=["was sent it", "has taken her on"])
async def test_a_service_never_sees_the_lanes_nor_the_conflicts_of_others(
    people: People, postgres: Servers, accepted: bool
) -> None:
    """What agencies decide about her risk and her status is theirs; so is who steps back."""
    case_ref = await sent(people, accepted=accepted)
    kay = about(case_ref, DeclareConflict, actor=caseworker(person="kay"))
    await done(people.record_for, kay)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        for table in ("marac", "nrm", "conflict", "transfer", "case_link"):
            assert await count(connection, table, case_ref) == 0


@pytest.mark.parametrize(
    ("accepted", "expected"), [(False, 0), (True, 1)], ids=["was sent it", "has taken her on"]
)
async def test_her_words_are_for_who_hears_her(
    people: People, postgres: Servers, accepted: bool, expected: int
) -> None:
    """Also their hashes."""
    case_ref = await sent(people, accepted=accepted)
    async with acting(postgres, Role.WEB, IDA, case_ref) as connection:
        assert expected == await count(connection, "plan_word", case_ref)


async def test_a_word_of_duress_is_heard_though_consent_ended_in_the_call(people: People) -> None:
    """Who is on the telephone to her must be able to tell."""
    hands, case_ref = people.record_for, await sent(people, accepted=True)
    call = {"organisation": HARBOUR, "channel": ContactChannel.VOICE, "template": None}
    started = CONTACT.model_copy(update=call | {"state": ContactState.STARTED, "started_at": now()})
    await write(people, case_ref, None, ContactRecorded(contact=started))
    await done(hands, about(case_ref, WithdrawConsent), at=now())
    answered = about(case_ref, AnswerCheck, actor=WILL, check=1, answer=CheckAnswer.IT_WAS_HER)
    await done(hands, answered, at=now())
    reader = await people.reader_for(IDA)
    assert WordCheck.DURESS is await reader.check_word(case_ref, "teal")


# Who declared a conflict of interest


@pytest.mark.parametrize("who", [ANN, IDA], ids=str)
@pytest.mark.parametrize("names_it", [False, True], ids=["looking around", "naming the case"])
async def test_whoever_is_too_close_sees_that_they_said_so_and_nothing_else(
    people: People, postgres: Servers, tables: tuple[Table, ...], who: Actor, names_it: bool
) -> None:
    """No list, no packet, no text, no timeline, no note of their own; a colleague sees it all."""
    case_ref = await sent(people, accepted=True)
    await done(people.record_for, about(case_ref, DeclareConflict, actor=who))
    async with acting(postgres, Role.WEB, who, case_ref if names_it else None) as connection:
        found = set(await seen(connection, tables, case_ref))
    answers = {"record.command_log"} if names_it else set()
    assert {"record.conflict"} | answers == found
    colleague = WILL if who is IDA else caseworker(person="bea")
    async with acting(postgres, Role.WEB, colleague, case_ref) as connection:
        assert {"record.case_file", "vault.case_key"} <= set(
            await seen(connection, tables, case_ref)
        )


async def test_whoever_is_too_close_is_told_why_and_a_stranger_is_not(people: People) -> None:
    """They know what they said; nobody else learns that there is such a case."""
    case_ref = await sent(people)
    await done(people.record_for, about(case_ref, DeclareConflict, actor=ANN))
    for who, says in ((ANN, "conflict of interest"), (caseworker("saltmere-police"), "no such")):
        with pytest.raises(BadInputError, match=says):
            await (await people.record_for(who)).read(case_ref)
