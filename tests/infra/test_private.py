"""What one organisation keeps to itself: private rows, reasons, and how to reach her."""

from datetime import date

import asyncpg
import pytest

from activities.ports import Beside
from infra.audit import AuditReader
from infra.stack.secrets import Role
from rules.packets import shown
from schemas.actor import Actor
from schemas.actor import Role as PersonRole
from schemas.case_commands import FinishTask, OfferTransfer
from schemas.clockwork_steps import Remind, SendNotice
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AskConsent
from schemas.contact import PlanState, WordCheck
from schemas.contact_commands import SetPlan
from schemas.deadline_commands import MeetDeadline
from schemas.deadlines import DeadlineState
from schemas.errors import SafepathError
from schemas.ids import CaseRef
from schemas.referral import Reason
from schemas.referral_commands import (
    AcceptReferral,
    DeclineReferral,
    EndReferral,
    StartAdvice,
)
from schemas.verbs import Verb
from tests.builders import AT, adviser, an_actor, caseworker, ngo_intake, the
from tests.conftest import People, Servers
from tests.infra.cases import (
    CONTACT,
    HARBOUR,
    HOUSING,
    IDVA,
    TERNSTONE,
    about,
    delivered,
    done,
    given,
    missed,
    moment,
    opened,
    refused,
)
from tests.infra.rows import acting
from tests.infra.samples import SAMPLES
from tests.infra.worlds import write

SUPPORT = Purpose.SUPPORT_REFERRAL
ADVICE = "leave-1-permission/1"
TOM = ngo_intake(TERNSTONE, "tom")
WILL = an_actor(PersonRole.NGO_WORKER, HARBOUR, "will")
SALTMERE = caseworker("saltmere-police", "sal")
TAKER = caseworker("saltmere-council", "cy")
DETAILS = "the blue telephone, two rings; her aunt Xanthippe"
PROPOSED = "the red telephone; his brother Barnabas"
BEA = caseworker(person="bea")
WORDS = Beside(details=DETAILS, safe_word="Blue  Héron", duress_word="Teal")


# Rows that are private to an organisation


async def watched(people: People) -> CaseRef:
    """Harbour House watches the end of her permission; Ternstone has a referral too."""
    hands = people.record_for
    case_ref = await delivered(hands)
    await delivered(hands, case_ref=case_ref, referral=2, service=HOUSING)
    await done(hands, about(case_ref, AcceptReferral, actor=ngo_intake()))
    await done(hands, about(case_ref, StartAdvice, actor=adviser()))
    return case_ref


@pytest.fixture(scope="module")
async def advised(people: People) -> CaseRef:
    """The same, when she was reminded of it and its end has come."""
    case_ref = await watched(people)
    await _it_came_due(people, case_ref)
    return case_ref


async def _it_came_due(people: People, case_ref: CaseRef) -> None:
    """The reminder, the end of it, and the notice of each."""
    step = about(case_ref, Remind, deadline=ADVICE)
    snapshot = await (await people.record_for(None)).read(case_ref)
    await done(people.record_for, step, at=moment(snapshot, step))
    told = (await missed(people.record_for, case_ref, ADVICE)).snapshot.dispatches
    for dispatch in told:
        if dispatch.private_to is not None:
            await done(people.record_for, about(case_ref, SendNotice, key=dispatch.key))


@pytest.mark.parametrize("table", ["record.deadline", "record.task", "record.outbox"])
@pytest.mark.parametrize(
    ("who", "sees"),
    [
        (adviser(), True),
        (caseworker(), False),
        (TOM, False),
        (caseworker("saltmere-police"), False),
    ],
    ids=["its own organisation", "the agency that leads", "another service", "another force"],
)
async def test_a_private_row_is_seen_by_its_own_organisation_alone(
    postgres: Servers, advised: CaseRef, table: str, who: Actor, sees: bool
) -> None:
    """Whoever names the case too: that an adviser watches says what she is (ADR 12)."""
    async with acting(postgres, Role.WEB, who, advised) as connection:
        rows = await connection.fetch(
            f"SELECT private_to FROM {table} WHERE case_ref = $1",  # noqa: S608 - from the list above
            advised,
        )
    assert ({HARBOUR} if sees else set()) == {row["private_to"] for row in rows} - {None}


@pytest.mark.parametrize("who", [caseworker(), TOM, adviser()], ids=str)
async def test_the_timeline_says_nothing_of_what_is_private(
    people: People, postgres: Servers, advised: CaseRef, who: Actor
) -> None:
    """Neither that it was started, nor that it was reminded of, nor what was answered."""
    timeline = await (await people.reader_for(who)).read_timeline(advised)
    verbs = {line.verb for line in timeline}
    assert not verbs & {Verb.START_ADVICE, Verb.REMIND, Verb.BREACH, Verb.SEND_NOTICE}
    async with acting(postgres, Role.WEB, caseworker(), advised) as connection:
        rows = await connection.fetch(
            "SELECT actor FROM record.command_log WHERE case_ref = $1", advised
        )
    assert {str(caseworker())} == {row["actor"] for row in rows}


async def test_a_whole_story_of_advice_leaves_nothing_that_others_see(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Not a line, not a version, not a moment: refused or done, by her adviser or the clock."""
    hands = people.record_for
    plain, case_ref = await _taken_on(people), await _taken_on(people)
    before = await _as_others_see(people, case_ref)
    ada = {"actor": adviser()}
    await refused(hands, about(case_ref, StartAdvice, granted_on=date(2030, 1, 1), **ada))
    await done(hands, about(case_ref, StartAdvice, **ada))
    await done(hands, about(case_ref, StartAdvice, **ada))
    await refused(hands, about(case_ref, MeetDeadline, deadline="leave-1-permission/9", **ada))
    await _it_came_due(people, case_ref)
    task = f"over/{ADVICE}"
    await done(hands, about(case_ref, FinishTask, task=task, **ada))
    await refused(hands, about(case_ref, FinishTask, task=task, actor=WILL))
    await refused(hands, about(case_ref, MeetDeadline, deadline=ADVICE, **ada), by_worker=True)
    record = await hands(adviser())
    await record.note_refusal(adviser(), Verb.WAIVE_DEADLINE, case_ref, ("no_right",))
    assert before == await _as_others_see(people, case_ref)
    hidden = "SELECT count(*) FROM audit.entry WHERE case_ref = $1 AND private_to = $2"
    assert await superuser.fetchval(hidden, plain, HARBOUR) == 0
    assert await superuser.fetchval(hidden, case_ref, HARBOUR) == 12


async def test_what_others_see_too_is_not_hidden_by_what_is_private(people: People) -> None:
    """A service that stops is seen to have stopped, though an adviser's deadline ends with it."""
    case_ref = await _taken_on(people)
    await done(people.record_for, about(case_ref, StartAdvice, actor=adviser()))
    ended = about(case_ref, EndReferral, actor=adviser(), reason=Reason.NO_LONGER_WANTED)
    written = await done(people.record_for, ended)
    assert DeadlineState.VOID is the(written.snapshot.deadline(ADVICE)).state
    line = (await (await people.reader_for(caseworker())).read_timeline(case_ref))[-1]
    assert (Verb.END_REFERRAL, "done") == (line.verb, line.outcome)
    assert "leave-1" not in f"{line}"


async def _taken_on(people: People) -> CaseRef:
    case_ref = await delivered(people.record_for)
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    return case_ref


async def _as_others_see(people: People, case_ref: CaseRef) -> tuple[object, ...]:
    """The case, its timeline and its audit, as those who lead it read them."""
    timeline = await (await people.reader_for(caseworker())).read_timeline(case_ref)
    audit = AuditReader(await people.pool_of(Role.AUDIT))
    audited = await audit.read(case_ref, None, 100, whose=caseworker().organisation)
    return (await (await people.record_for(caseworker())).read(case_ref), timeline, audited)


async def test_the_worker_and_the_auditor_see_what_is_private(
    people: People, advised: CaseRef, superuser: asyncpg.Connection
) -> None:
    """Or nobody would be reminded, and nobody could look."""
    snapshot = await (await people.record_for(None)).read(advised)
    assert the(snapshot.deadline(ADVICE)).private_to == HARBOUR
    assert the(snapshot.task(f"over/{ADVICE}")).private_to == HARBOUR
    private = "SELECT DISTINCT verb FROM audit.entry WHERE case_ref = $1 AND private_to = $2"
    expected = {Verb.START_ADVICE, Verb.REMIND, Verb.BREACH, Verb.SEND_NOTICE}
    assert expected == {row["verb"] for row in await superuser.fetch(private, advised, HARBOUR)}


async def test_lists_hold_what_is_ones_own(people: People, advised: CaseRef) -> None:
    """Each side finds what it has to do, and nothing by which to guess at the other's."""
    case_ref = await watched(people)
    due, to_do = {}, {}
    for who in (caseworker(), adviser(), TOM):
        reader = await people.reader_for(who)
        leads = who.organisation == caseworker().organisation
        listing = reader.list_deadlines if leads else reader.list_deadlines_of_service
        deadlines = await listing(AT, overdue_only=False)
        due[who.person] = {line.id for line in deadlines if line.case_ref == case_ref}
        tasks = await reader.list_tasks(who.organisation)
        to_do[who.person] = {line.id for line in tasks if line.case_ref == advised}
    assert ADVICE not in due["ann"]
    assert {"ref-ack/2", "ref-contact/1"} <= due["ann"]
    assert due["ada"] == {ADVICE, "ref-contact/1"}
    assert due["tom"] == {"ref-ack/2"}
    assert to_do == {"ann": set(), "ada": {f"over/{ADVICE}"}, "tom": set()}


async def test_tasks_of_a_restricted_case_are_in_no_list(people: People) -> None:
    """As the case itself: by its reference only."""
    hands, task = people.record_for, SAMPLES["a task"].changes()[0]
    plain, hidden = await opened(hands), await opened(hands, is_restricted=True)
    for case_ref in (plain, hidden):
        await write(people, case_ref, caseworker(), task)
    reader = await people.reader_for(caseworker())
    listed = {line.case_ref for line in await reader.list_tasks(caseworker().organisation)}
    assert plain in listed
    assert hidden not in listed


# A service's own reason


async def test_a_reason_that_reveals_status_stays_with_the_service(people: People) -> None:
    """The sender hears that criteria are not met; the service knows what it said."""
    case_ref = await delivered(people.record_for, service=HOUSING)
    no = about(case_ref, DeclineReferral, actor=TOM, reason=Reason.NO_RECOURSE_TO_PUBLIC_FUNDS)
    await done(people.record_for, no)
    heard = {
        who.person: await (await people.reader_for(who)).read_service_reason(case_ref, 1)
        for who in (TOM, caseworker(), ngo_intake(), TAKER)
    }
    assert heard == {"tom": no.reason, "ann": None, "ida": None, "cy": None}
    snapshot = await (await people.record_for(caseworker())).read(case_ref)
    timeline = await (await people.reader_for(caseworker())).read_timeline(case_ref)
    assert the(snapshot.referral(1)).reason is Reason.CRITERIA_NOT_MET
    assert no.reason not in f"{snapshot} {timeline}"


# Details of a plan, and words


async def planned(people: People, case_ref: CaseRef, beside: Beside = WORDS) -> CaseRef:
    """The case with a plan, its details and its words."""
    parts = {"has_details": bool(beside.details), "has_words": beside.has_words}
    await done(people.record_for, about(case_ref, SetPlan, **parts), beside=beside)
    return case_ref


async def proposed(people: People, case_ref: CaseRef) -> CaseRef:
    """The same, with other details that somebody has proposed and nobody confirmed."""
    change = about(case_ref, SetPlan, has_details=True, actor=BEA)
    await done(people.record_for, change, beside=Beside(details=PROPOSED))
    return case_ref


async def read_details(people: People, case_ref: CaseRef, who: Actor) -> dict[PlanState, str]:
    """What this person can read of the details; nothing, where even the row is refused."""
    try:
        return await (await people.reader_for(who)).read_plan_details(case_ref, who)
    except SafepathError:
        return {}


async def details(people: People, case_ref: CaseRef, who: Actor) -> str | None:
    """Of the plan in force."""
    return (await read_details(people, case_ref, who)).get(PlanState.IN_FORCE)


async def test_details_of_a_plan_are_sealed_and_its_words_are_hashed(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Whoever takes the tables away learns neither where she is nor what she says."""
    case_ref = await planned(people, await opened(people.record_for))
    sealed = await superuser.fetchval(
        "SELECT sealed FROM record.plan_detail WHERE case_ref = $1", case_ref
    )
    hashes = await superuser.fetchrow(
        "SELECT safe_hash, duress_hash FROM record.plan_word WHERE case_ref = $1", case_ref
    )
    assert b"Xanthippe" not in sealed
    for kept in the(hashes):
        assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
        assert not [w for w in ("heron", "héron", "teal") if w in kept.casefold()]


async def test_details_are_read_by_those_who_may_reach_her(people: People) -> None:
    """The agency that leads, and a service that has taken her on: not one that was only asked."""
    case_ref = await planned(people, await opened(people.record_for))
    await delivered(people.record_for, case_ref=case_ref)
    await done(
        people.record_for,
        about(case_ref, OfferTransfer, to_organisation="saltmere-council"),
        by_worker=True,
    )
    for who, expected in (
        (caseworker(), DETAILS),
        (ngo_intake(), None),
        (TAKER, None),
        (SALTMERE, None),
    ):
        assert expected == await details(people, case_ref, who), who
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    assert await details(people, case_ref, ngo_intake()) == DETAILS


async def test_a_yes_that_ran_out_leaves_her_service_how_to_reach_her(people: People) -> None:
    """Until she is asked anew: a timer takes nobody's line to her (design choice)."""
    case_ref = await planned(people, await opened(people.record_for))
    await delivered(people.record_for, case_ref=case_ref)
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    ran_out = await missed(people.record_for, case_ref, f"consent-renewal/{IDVA}")
    assert ran_out.snapshot.consent_state(SUPPORT, IDVA) is ConsentState.EXPIRED
    assert await details(people, case_ref, ngo_intake()) == DETAILS
    await done(people.record_for, about(case_ref, AskConsent))
    assert await details(people, case_ref, ngo_intake()) is None


async def test_whoever_reads_details_leaves_a_row(
    people: People, superuser: asyncpg.Connection
) -> None:
    """As with every other personal text."""
    case_ref = await planned(people, await opened(people.record_for))
    await details(people, case_ref, caseworker())
    rows = await superuser.fetch(
        "SELECT person, what, fields FROM record.consultation WHERE case_ref = $1", case_ref
    )
    assert [tuple(row) for row in rows] == [("ann", "plan/1", ["safe_contact"])]


async def test_what_is_proposed_is_read_before_it_is_confirmed(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Beside what holds, by whoever may reach her; and which of the two was read is on record."""
    case_ref = await planned(people, await opened(people.record_for))
    await proposed(people, await delivered(people.record_for, case_ref=case_ref))
    assert await read_details(people, case_ref, ngo_intake()) == {}
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    for who in (caseworker(), ngo_intake()):
        both = {PlanState.IN_FORCE: DETAILS, PlanState.PENDING: PROPOSED}
        assert both == await read_details(people, case_ref, who)
        rows = await superuser.fetch(
            "SELECT what, fields FROM record.consultation WHERE case_ref = $1 AND person = $2"
            " ORDER BY what",
            case_ref,
            who.person,
        )
        read = [("plan/1", ["safe_contact"]), ("plan/2", ["safe_contact"])]
        assert read == [tuple(row) for row in rows]


async def test_what_is_only_proposed_is_in_no_packet(people: People) -> None:
    """A service is told how to reach her as it holds."""
    case_ref = await proposed(people, await planned(people, await opened(people.record_for)))
    await delivered(people.record_for, case_ref=case_ref)
    reader = await people.reader_for(ngo_intake())
    found = await reader.read_packet(case_ref, 1, ngo_intake(), shown(AT))
    assert DETAILS == the(found.packet).safe_contact


async def test_whether_she_gave_a_contact_is_not_known_to_a_service(people: People) -> None:
    """It sees no text of the case, so a first plan of its own counts as one that replaces hers."""
    case_ref = await delivered(people.record_for)
    assert (await (await people.record_for(ngo_intake())).read(case_ref)).gave_contact is None
    assert (await (await people.record_for(caseworker())).read(case_ref)).gave_contact is True


@pytest.mark.parametrize("has_plan", [True, False], ids=["from the plan", "as first told"])
async def test_a_packet_says_how_to_reach_her_as_it_is_known_now(
    people: People, has_plan: bool
) -> None:
    """A number that holds no more would be worse than none."""
    case_ref = await opened(people.record_for)
    if has_plan:
        await planned(people, case_ref)
    await delivered(people.record_for, case_ref=case_ref)
    reader = await people.reader_for(ngo_intake())
    found = await reader.read_packet(case_ref, 1, ngo_intake(), shown(AT))
    assert (DETAILS if has_plan else CONTACT) == the(found.packet).safe_contact


@pytest.fixture(scope="module")
async def worded(people: People) -> CaseRef:
    """A case whose plan has a safe and a duress word, and a service that has taken her on."""
    case_ref = await planned(people, await opened(people.record_for))
    await delivered(people.record_for, case_ref=case_ref)
    await done(people.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    return case_ref


@pytest.mark.parametrize("who", [caseworker(), ngo_intake()], ids=str)
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Blue  Héron", WordCheck.SAFE),
        ("  blue hE\u0301RON ", WordCheck.SAFE),
        ("blueheron", WordCheck.WRONG),
        ("TEAL", WordCheck.DURESS),
        ("", WordCheck.NOT_GIVEN),
    ],
    ids=["as agreed", "as it is said", "another word", "the word of duress", "nothing said"],
)
async def test_a_word_is_known_whatever_its_capitals_and_spaces(
    people: People, worded: CaseRef, who: Actor, said: str, expected: WordCheck
) -> None:
    """It is said over a telephone, and typed by somebody in a hurry."""
    assert expected is await (await people.reader_for(who)).check_word(worded, said)


@pytest.mark.parametrize("beside", [Beside(), Beside(details=DETAILS)], ids=["nothing", "details"])
async def test_where_no_word_was_agreed_none_is_checked(people: People, beside: Beside) -> None:
    """Whatever she says then is no sign of anything."""
    case_ref = await planned(people, await opened(people.record_for), beside)
    reader = await people.reader_for(caseworker())
    assert WordCheck.NOT_GIVEN is await reader.check_word(case_ref, "blue heron")


async def test_the_old_word_and_the_old_details_hold_until_a_change_is_confirmed(
    people: People,
) -> None:
    """Whoever gives another number may be he who harms her."""
    case_ref = await planned(people, await opened(people.record_for))
    await planned(people, case_ref, Beside(details="his number", safe_word="his word"))
    reader = await people.reader_for(caseworker())
    assert WordCheck.WRONG is await reader.check_word(case_ref, "his word")
    assert WordCheck.SAFE is await reader.check_word(case_ref, "blue héron")
    assert await details(people, case_ref, caseworker()) == DETAILS


async def test_details_of_a_plan_that_was_refused_are_kept_nowhere(
    people: People, superuser: asyncpg.Connection
) -> None:
    """A stranger's telephone number is not hers to be kept."""
    case_ref = await delivered(people.record_for)
    stranger = about(case_ref, SetPlan, has_details=True, has_words=True, actor=TOM)
    with pytest.raises(SafepathError):
        await given(people.record_for, stranger, beside=WORDS)
    not_engaged = stranger.model_copy(update={"actor": ngo_intake()})
    await given(people.record_for, not_engaged, beside=WORDS)
    for table in ("plan_detail", "plan_word"):
        count = f"SELECT count(*) FROM record.{table} WHERE case_ref = $1"  # noqa: S608
        assert await superuser.fetchval(count, case_ref) == 0
