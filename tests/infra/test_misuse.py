"""What a data protection officer counts, and what still rests on people who have left."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from activities.judging import judge_of
from infra.audit import AuditReader
from infra.calendars.load import england_and_wales
from infra.database import Scope
from infra.stack.secrets import Role
from infra.staff import StaffRegister
from infra.withdrawal_post import carry_out_posts, post_withdrawal
from rules.packets import shown
from schemas.actor import Actor
from schemas.actor import Role as PersonRole
from schemas.case import ClosingReason, Stage
from schemas.case_commands import HandOver
from schemas.changes import StageMoved, TaskRecorded
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.contact import ContactChannel, ContactResult
from schemas.contact_commands import EndContact, PlanContact, SetPlan
from schemas.ids import CaseRef, new_case_ref
from schemas.referral_commands import AcceptReferral, ClaimReferral, StartAdvice
from schemas.snapshot import Task, TaskKind
from schemas.verbs import Verb
from schemas.views import LeftBehind, MisuseLine
from schemas.withdrawal import CheckAnswer
from tests.builders import AT, adviser, an_actor, caseworker, dpo, ngo_intake, supervisor
from tests.conftest import People
from tests.infra.cases import (
    HARBOUR,
    about,
    any_time,
    delivered,
    done,
    given,
    opened,
    queued,
    reached,
)
from tests.infra.worlds import write

ANN, JOE = caseworker(), caseworker(person="joe")
WILL = an_actor(PersonRole.NGO_WORKER, HARBOUR, "will")
FORCE = "pell-police"
"""Led by nobody but these tests: what is counted of it is what they did."""


# Whether somebody had a reason to read


def a_task(**parts: object) -> Task:
    """Something open for a supervisor of whoever leads."""
    task = Task(
        id="welfare/1",
        kind=TaskKind.WELFARE,
        for_role=PersonRole.SAFEGUARDING_SUPERVISOR,
        raised_at=AT,
    )
    return task.model_copy(update=parts)


READERS: dict[str, tuple[Actor, Task | None, bool]] = {
    "whoever works on the case": (ANN, None, True),
    "a colleague": (JOE, None, False),
    "a data protection officer": (dpo(), None, False),
    "somebody whom a task is for": (JOE, a_task(for_person=JOE.who), True),
    "somebody of the role a task is for": (supervisor(), a_task(), True),
    "somebody of another role": (JOE, a_task(), False),
    "one of the role, where another is meant": (
        supervisor(),
        a_task(for_person=JOE.who),
        False,
    ),
    "one of the role, at another organisation": (
        supervisor(),
        a_task(organisation=HARBOUR),
        False,
    ),
    "somebody whose task is done": (JOE, a_task(for_person=JOE.who, is_done=True), False),
}


@pytest.mark.parametrize(("who", "task", "expected"), READERS.values(), ids=list(READERS))
async def test_a_reading_says_whether_its_reader_had_a_task(
    people: People,
    superuser: asyncpg.Connection,
    who: Actor,
    task: Task | None,
    expected: bool,
) -> None:
    """Nobody is stopped by it; somebody looks at those who read without one."""
    case_ref = await opened(people.record_for)
    if task is not None:
        await write(people, case_ref, ANN, TaskRecorded(task=task))
    await (await people.reader_for(who)).read_personal(case_ref, who)
    assert [expected] == await had_task(superuser, case_ref)


@pytest.mark.parametrize(
    ("claims", "expected"),
    [(None, True), (WILL, True), (ngo_intake(), False)],
    ids=["nobody", "themselves", "a colleague"],
)
async def test_a_service_has_a_task_where_no_other_of_it_works_on_the_referral(
    people: People, superuser: asyncpg.Connection, claims: Actor | None, expected: bool
) -> None:
    """A claim leaves the others without one."""
    case_ref = await delivered(people.record_for)
    if claims is not None:
        await done(people.record_for, about(case_ref, ClaimReferral, actor=claims))
    await (await people.reader_for(WILL)).read_packet(case_ref, 1, WILL, shown(AT))
    assert [expected] == await had_task(superuser, case_ref)


async def had_task(superuser: asyncpg.Connection, case_ref: CaseRef) -> list[bool]:
    """Of each reading of a case."""
    rows = await superuser.fetch(
        "SELECT had_task FROM record.consultation WHERE case_ref = $1", case_ref
    )
    return [row["had_task"] for row in rows]


# What is counted


def of_the_force(person: str) -> Actor:
    """Somebody of a force that nobody else's tests know."""
    return caseworker(FORCE, person)


async def counted(
    people: People, whose: str | None = FORCE, days: int = 0
) -> dict[str, MisuseLine]:
    """The report of one day, so many days from now, by person."""
    auditor = AuditReader(await people.pool_of(Role.AUDIT))
    middle = datetime.now(UTC) + timedelta(days=days)
    half = timedelta(hours=12)
    lines = await auditor.count_misuse(middle - half, middle + half, whose, 500)
    return {line.who.partition(":")[2]: line for line in lines}


async def reads(people: People, who: Actor) -> None:
    """Texts of two cases of a colleague, one of them twice."""
    cases = [await opened(people.record_for, of_the_force("cleo")) for _ in range(2)]
    for case_ref in (*cases, cases[0]):
        await (await people.reader_for(who)).read_personal(case_ref, who)


async def reads_own(people: People, who: Actor) -> None:
    """Texts of a case that is theirs."""
    case_ref = await opened(people.record_for, who)
    await (await people.reader_for(who)).read_personal(case_ref, who)


async def changes_plans(people: People, who: Actor) -> None:
    """Twice, and once more where it was refused."""
    case_ref = await opened(people.record_for, who)
    for channel in (ContactChannel.VOICE, ContactChannel.SMS):
        terms = {"channels": (channel,)}
        await done(people.record_for, about(case_ref, SetPlan, actor=who, terms=terms))
    early = about(case_ref, SetPlan, actor=who, occurred_at=AT + timedelta(days=1))
    await given(people.record_for, early)


async def withdraws(people: People, who: Actor) -> CaseRef:
    """What a service had taken on, just now."""
    at = datetime.now(UTC)
    case_ref = await delivered(people.record_for, actor=who, at=at)
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()), at=at)
    await done(people.record_for, any_time(case_ref, ngo_intake()), at=at)
    await done(people.record_for, about(case_ref, WithdrawConsent, actor=who), at=at)
    return case_ref


async def withdraws_what_was_not_his(people: People, who: Actor) -> None:
    """She says to the service that it was not she."""
    case_ref = await withdraws(people, who)
    contact = await reached(people.record_for, case_ref, WILL, datetime.now(UTC))
    answer = CheckAnswer.IT_WAS_NOT_HER
    said = about(case_ref, AnswerCheck, actor=WILL, check=1, answer=answer, contact=contact)
    await done(people.record_for, said, at=datetime.now(UTC))


async def passes_one_on(people: People, who: Actor) -> None:
    """She told somebody who has no part in her case; the worker carries it out."""
    command = about(await queued(people.record_for), WithdrawConsent, actor=who)
    await post_withdrawal(await people.pool_of(Role.WEB), Scope(who), command)
    record, pool = await people.record_for(None), await people.pool_of(Role.JOURNEYS)
    await carry_out_posts(
        pool, record, lambda command, at: judge_of(command, at, england_and_wales())
    )


async def calls_outside_the_plan(people: People, who: Actor) -> None:
    """Without having asked whether it was safe."""
    case_ref = await opened(people.record_for, who)
    call = about(case_ref, PlanContact, actor=who, channel=ContactChannel.IN_PERSON, referral=None)
    await done(people.record_for, call)
    ended = about(case_ref, EndContact, actor=who, result=ContactResult.NO_ANSWER)
    await done(people.record_for, ended)


async def asks_for_others(people: People, who: Actor) -> None:
    """For a case that is not theirs, or not there."""
    record = await people.record_for(who)
    await record.note_refusal(who, Verb.SHOW_CASE, new_case_ref(), ("not_visible",))


Does = Callable[[People, Actor], Awaitable[object]]
COUNTS: dict[str, tuple[Does, dict[str, int]]] = {
    "reads": (reads, {"reads": 3, "reads_without_task": 3, "cases_read": 2}),
    "reads-own": (reads_own, {"reads": 1, "cases_read": 1}),
    "plans": (changes_plans, {"plan_changes": 2}),
    "withdraws": (withdraws, {"withdrawals": 1}),
    "passes-on": (passes_one_on, {"withdrawals": 1}),
    "not-hers": (withdraws_what_was_not_his, {"withdrawals": 1, "withdrawals_not_hers": 1}),
    "outside": (calls_outside_the_plan, {"contacts_outside_plan": 1}),
    "not-theirs": (asks_for_others, {"cases_not_theirs": 1}),
}
_NOTHING = dict.fromkeys((name for name in MisuseLine.model_fields if name != "who"), 0)


@pytest.mark.parametrize(
    ("person", "does", "expected"),
    [(person, *rest) for person, rest in COUNTS.items()],
    ids=list(COUNTS),
)
async def test_what_somebody_did_is_counted_by_kind(
    people: People, person: str, does: Does, expected: dict[str, int]
) -> None:
    """Each in its own column, and nothing in any other: a count accuses nobody of more."""
    who = of_the_force(person)
    await does(people, who)
    line = (await counted(people))[person]
    assert (line.who, _NOTHING | expected) == (who.who, line.model_dump(exclude={"who"}))


async def test_an_officer_counts_the_staff_of_one_organisation(people: People) -> None:
    """An auditor counts everybody's; a day on which nothing happened has no line."""
    await asks_for_others(people, of_the_force("lin"))
    await asks_for_others(people, caseworker("brackwater-police", "bo"))
    assert {"lin"} <= set(await counted(people)) <= {*COUNTS, "lin", "cleo"}
    assert {"lin", "bo"} <= set(await counted(people, whose=None))
    for days in (-2, 2):
        assert await counted(people, days=days) == {}


async def test_whose_withdrawal_was_not_hers_stands_first(people: People) -> None:
    """What was found out comes before what may have a reason."""
    await reads(people, of_the_force("max"))
    await withdraws_what_was_not_his(people, of_the_force("zoe"))
    lines = list((await counted(people)).values())
    found = [line.withdrawals_not_hers for line in lines]
    assert found == sorted(found, reverse=True)
    assert found[0] >= 1


async def test_no_person_counts_others(people: People) -> None:
    """The report is for the auditor's role alone: a person's shows nobody."""
    await asks_for_others(people, of_the_force("lin"))
    by_a_person = AuditReader(await people.pool_of(Role.WEB))
    today = datetime.now(UTC)
    day = timedelta(days=1)
    assert await by_a_person.count_misuse(today - day, today + day, None, 500) == ()


# Whose rows are whose


async def test_a_data_protection_officer_reads_the_rows_of_their_own_organisation(
    people: People,
) -> None:
    """All of a case that it opened, but for what an adviser keeps to herself; an auditor, all."""
    hands = people.record_for
    case_ref = await delivered(hands)
    await done(hands, about(case_ref, AcceptReferral, actor=ngo_intake()))
    await done(hands, about(case_ref, StartAdvice, actor=adviser(), granted_on=AT.date()))
    auditor = AuditReader(await people.pool_of(Role.AUDIT))

    async def verbs(whose: str | None) -> set[Verb]:
        rows = await auditor.read(case_ref, None, 500, whose=whose)
        return {row.verb for row in rows}

    everything = await verbs(None)
    assert {Verb.OPEN_CASE, Verb.ACCEPT_REFERRAL, Verb.START_ADVICE} <= everything
    assert everything - {Verb.START_ADVICE} == await verbs(ANN.organisation)
    assert {Verb.ACCEPT_REFERRAL, Verb.START_ADVICE} == await verbs(HARBOUR)
    assert set() == await verbs("northmarch-council")


# People who have left


async def register(people: People, who: Actor) -> StaffRegister:
    """The register as this person sees it."""
    return StaffRegister(await people.pool_of(Role.WEB), Scope(who))


async def test_whoever_has_left_is_known_to_have_left_their_own_organisation(
    people: People,
) -> None:
    """A namesake elsewhere has not; saying it twice says it once, and each is on the record."""
    chief = supervisor(FORCE)
    for _ in range(2):
        await (await register(people, chief)).mark_left("hal", chief)
    elsewhere = caseworker("brackwater-police", "hal")
    for who, left in ((of_the_force("hal"), True), (chief, False), (elsewhere, False)):
        assert left is await (await register(people, who)).has_left(who)
    assert not await (await register(people, elsewhere)).has_left(of_the_force("hal"))
    rows = await AuditReader(await people.pool_of(Role.AUDIT)).read(None, Verb.MARK_LEFT, 2)
    assert [(row.actor, row.detail) for row in rows] == [(chief, {"person": "hal"})] * 2


async def test_what_rests_on_people_who_have_left_is_listed(people: People) -> None:
    """Their cases, and tasks that are for them; not what is closed, done, or another's."""
    hands, chief, lou = people.record_for, supervisor("lune-police"), "lou"
    leaver, stays = caseworker("lune-police", lou), caseworker("lune-police", "sam")
    case_ref = await opened(hands, leaver)
    task = a_task(for_person=leaver.who)
    await write(people, case_ref, leaver, TaskRecorded(task=task))
    over = await opened(hands, leaver)
    finished = TaskRecorded(task=task.model_copy(update={"is_done": True}))
    closed = StageMoved(stage=Stage.CLOSED, closing_reason=ClosingReason.DECEASED)
    await write(people, over, leaver, finished, closed)
    await opened(hands, stays)
    before = await (await register(people, chief)).left_behind()
    await (await register(people, chief)).mark_left(lou, chief)
    after = await (await register(people, chief)).left_behind()
    assert before == ()
    assert after == (
        LeftBehind(person=lou, what="case", case_ref=case_ref),
        LeftBehind(person=lou, what="task", case_ref=case_ref, task=task.id),
    )
    given_on = about(case_ref, HandOver, actor=stays, to_person="sam")
    await done(hands, given_on)
    assert await (await register(people, chief)).left_behind() == ()


async def test_a_claim_of_somebody_who_has_left_is_found_by_their_service(people: People) -> None:
    """And by nobody else: whom a service employs is its own business."""
    case_ref = await delivered(people.record_for)
    gone = an_actor(PersonRole.NGO_WORKER, HARBOUR, "gwen")
    await done(people.record_for, about(case_ref, ClaimReferral, actor=gone))
    chief = an_actor(PersonRole.NGO_SUPERVISOR, HARBOUR, "vic")
    await (await register(people, chief)).mark_left("gwen", chief)
    mine = [
        left
        for left in await (await register(people, chief)).left_behind()
        if left.case_ref == case_ref
    ]
    assert mine == [LeftBehind(person="gwen", what="claim", case_ref=case_ref, referral=1)]
    theirs = await (await register(people, supervisor())).left_behind()
    assert case_ref not in {left.case_ref for left in theirs}
