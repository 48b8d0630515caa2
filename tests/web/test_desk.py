"""The desk: rights, whom it lets in, and what still works when Temporal is away."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

import asyncpg
import pytest

from activities.judging import judge_of
from activities.ports import Beside
from infra.audit import AuditReader
from infra.calendars.load import england_and_wales
from infra.migrations import migrate
from infra.stack.secrets import Role as DatabaseRole
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.case_commands import AddNeed, CloseCase, DeclareConflict, HandOver
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import WithdrawConsent
from schemas.contact import ContactChannel, ContactResult, ContactWindow, PlanTerms
from schemas.contact_commands import EndContact, PlanContact, SetPlan, StartContact
from schemas.decisions import Committed, NotDone
from schemas.errors import BadInputError, SettingsError, UnreachableError
from schemas.ids import CaseRef, journey_workflow_id, referral_workflow_id
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral, OpenReferral
from schemas.snapshot import TaskKind
from schemas.verbs import Verb
from tests.builders import (
    a_command,
    an_actor,
    auditor,
    caseworker,
    dpo,
    first_responder,
    ngo_intake,
    ops,
    supervisor,
    the,
)
from tests.conftest import People, Servers
from tests.infra.cases import (
    HARBOUR,
    IDVA,
    NAME,
    TERNSTONE,
    TOLD_VERSION,
    about,
    an_opening,
    delivered,
    done,
    opened,
    queued,
)
from web.counter import NotAllowed
from web.desk import Desk
from web.entrance import open_desk

AtDesk = Callable[[Actor], AbstractAsyncContextManager[Desk]]
NOBODY_THERE = "127.0.0.1:1"
ALWAYS = tuple(
    ContactWindow(weekday=day, opens=time(0), closes=time(23, 59, 59)) for day in range(7)
)


@pytest.fixture
def at_desk(postgres: Servers) -> AtDesk:
    """A desk for anybody, on the real record, with Temporal away."""
    installation = replace(postgres.installation, temporal_address=NOBODY_THERE)
    return lambda actor: open_desk(installation, actor)


@asynccontextmanager
async def superuser(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Sees everything."""
    connection = await asyncpg.connect(servers.dsn(DatabaseRole.POSTGRES), ssl=False)
    try:
        yield connection
    finally:
        await connection.close()


async def wakes_left(postgres: Servers, case_ref: CaseRef) -> list[str]:
    """Workflows that somebody still has to tell."""
    async with superuser(postgres) as connection:
        rows = await connection.fetch(
            "SELECT workflow_id FROM record.wake WHERE case_ref = $1 AND done_at IS NULL"
            " ORDER BY id",
            case_ref,
        )
    return [row["workflow_id"] for row in rows]


async def last_rows(people: People, count: int = 1) -> list[tuple[Actor, Verb, str, str | None]]:
    """The newest rows of the audit: who, what, why not, and of which case."""
    reader = AuditReader(await people.pool_of(DatabaseRole.AUDIT))
    lines = await reader.read(None, None, count)
    return [(line.actor, line.verb, ",".join(line.reasons), line.case_ref) for line in lines]


# Whom it lets in


async def test_nobody_is_taken_at_his_word_on_a_database_that_up_did_not_make(
    postgres: Servers,
) -> None:
    """In production a sign-in says who it is, or nobody gets in."""
    elsewhere = await postgres.another_database()
    await migrate(elsewhere.dsn(DatabaseRole.OWNER), embedded=False)
    with pytest.raises(SettingsError, match="--as works only on a database that `safepath up`"):
        async with open_desk(elsewhere.installation, caseworker()):
            pytest.fail("it was opened")


@pytest.mark.parametrize("role", [Role.NGO_INTAKE, Role.NGO_WORKER, Role.NGO_SUPERVISOR])
async def test_an_ngo_that_the_directory_does_not_know_is_not_let_in(
    at_desk: AtDesk, role: Role
) -> None:
    """A force that calls itself an NGO is not one."""
    with pytest.raises(BadInputError, match="the directory has no organisation"):
        async with at_desk(an_actor(role, caseworker().organisation)):
            pytest.fail("it was opened")


@pytest.mark.parametrize(
    "role", [Role.CASEWORKER, Role.FIRST_RESPONDER, Role.SAFEGUARDING_SUPERVISOR, Role.DPO]
)
async def test_an_agencys_role_in_an_ngo_is_not_let_in(at_desk: AtDesk, role: Role) -> None:
    """A service that holds a referral would see the case as those do who lead one."""
    with pytest.raises(BadInputError, match="is an NGO of the directory"):
        async with at_desk(an_actor(role, HARBOUR)):
            pytest.fail("it was opened")


@pytest.mark.parametrize("actor", [ngo_intake(), caseworker(), ops(), auditor(), dpo()], ids=str)
async def test_whoever_stands_where_he_belongs_is_let_in(at_desk: AtDesk, actor: Actor) -> None:
    """And can look up the services."""
    async with at_desk(actor) as desk:
        assert IDVA in {service.code for service in await desk.list_services()}


# Rights

Asks = Callable[[Desk, CaseRef], Awaitable[Any]]
REFUSED: dict[str, tuple[Actor, Verb, Asks]] = {
    "an auditor opens no case": (
        auditor(),
        Verb.OPEN_CASE,
        lambda desk, _: desk.open_case(an_opening()),
    ),
    "operations see no case": (
        ops(),
        Verb.SHOW_CASE,
        lambda desk, case_ref: desk.show_case(case_ref),
    ),
    "operations read nothing personal": (
        ops(),
        Verb.READ_PERSONAL,
        lambda desk, case_ref: desk.show_case(case_ref, personal=True),
    ),
    "a service sees no case": (
        ngo_intake(),
        Verb.SHOW_CASE,
        lambda desk, case_ref: desk.show_case(case_ref),
    ),
    "a service sees no notes of others": (
        ngo_intake(),
        Verb.READ_PERSONAL,
        lambda desk, case_ref: desk.show_case(case_ref, notes=True),
    ),
    "a service lists no cases": (ngo_intake(), Verb.LIST_CASES, lambda d, _: d.list_cases()),
    "a service sees no timeline": (
        ngo_intake(),
        Verb.SHOW_TIMELINE,
        lambda desk, case_ref: desk.show_timeline(case_ref),
    ),
    "an auditor lists no deadlines": (
        auditor(),
        Verb.LIST_DEADLINES,
        lambda desk, _: desk.list_deadlines(),
    ),
    "a caseworker has no inbox": (caseworker(), Verb.LIST_INBOX, lambda d, _: d.list_inbox()),
    "a caseworker reads no audit": (
        caseworker(),
        Verb.SHOW_AUDIT,
        lambda desk, _: desk.show_audit(None, None, 10),
    ),
    "operations read no audit": (
        ops(),
        Verb.SHOW_AUDIT,
        lambda desk, _: desk.show_audit(None, None, 10),
    ),
    "a caseworker does not verify it": (
        caseworker(),
        Verb.VERIFY_AUDIT,
        lambda desk, _: desk.verify_audit(None),
    ),
    "a service does not fill the directory": (
        ngo_intake(),
        Verb.LOAD_DIRECTORY,
        lambda desk, _: desk.load_directory("{}"),
    ),
    "an officer does not refer": (
        first_responder(),
        Verb.CLOSE_CASE,
        lambda desk, case_ref: desk.decide(about(case_ref, CloseCase, actor=first_responder())),
    ),
    "an auditor adds no need": (
        auditor(),
        Verb.ADD_NEED,
        lambda desk, case_ref: desk.decide(about(case_ref, AddNeed, actor=auditor())),
    ),
    "operations withdraw nothing": (
        ops(),
        Verb.WITHDRAW_CONSENT,
        lambda desk, case_ref: desk.state(about(case_ref, WithdrawConsent, actor=ops())),
    ),
    "a caseworker answers for no service": (
        caseworker(),
        Verb.ACCEPT_REFERRAL,
        lambda desk, case_ref: desk.state(about(case_ref, AcceptReferral, actor=caseworker())),
    ),
    "a caseworker opens no packet": (
        caseworker(),
        Verb.OPEN_REFERRAL,
        lambda desk, case_ref: desk.open_referral(
            about(case_ref, OpenReferral, actor=caseworker())
        ),
    ),
}
_ABOUT_NO_CASE = {
    Verb.OPEN_CASE,
    Verb.LIST_CASES,
    Verb.LIST_DEADLINES,
    Verb.LIST_INBOX,
    Verb.SHOW_AUDIT,
    Verb.VERIFY_AUDIT,
    Verb.LOAD_DIRECTORY,
}


@pytest.mark.parametrize(("actor", "verb", "ask"), REFUSED.values(), ids=list(REFUSED))
async def test_what_a_role_may_not_is_refused_with_a_row(
    people: People, at_desk: AtDesk, actor: Actor, verb: Verb, ask: Asks
) -> None:
    """A value with its reason, never an answer; and the audit knows who tried."""
    case_ref = await delivered(people.record_for)
    async with at_desk(actor) as desk:
        try:
            answer = await ask(desk, case_ref)
        except NotAllowed as refusal:
            answer = refusal.refused
    refused = answer[0] if isinstance(answer, tuple) else answer
    assert isinstance(refused, NotDone)
    assert [reason.code for reason in refused.reasons] == ["no_right"]
    named = None if verb in _ABOUT_NO_CASE else case_ref
    assert await last_rows(people) == [(actor, verb, "no_right", named)]


@pytest.mark.parametrize("actor", [caseworker(person="joe"), supervisor(), dpo()], ids=str)
async def test_a_restricted_case_is_not_there_for_a_colleague_who_is_not_named(
    people: People, at_desk: AtDesk, actor: Actor
) -> None:
    """Whatever the role may otherwise: the one who harmed her may have it."""
    case_ref = await delivered(people.record_for, is_restricted=True)
    withdrawal = about(case_ref, WithdrawConsent, actor=actor)
    async with at_desk(actor) as desk:
        for ask in (
            lambda: desk.show_case(case_ref),
            lambda: desk.show_case(case_ref, personal=True),
            lambda: desk.show_timeline(case_ref),
            lambda: desk.state(withdrawal),
        ):
            with pytest.raises(BadInputError, match="no such case that you may see"):
                await ask()
        assert case_ref not in {line.case_ref for line in await desk.list_cases(closed_too=True)}


async def test_a_dpo_of_another_force_sees_no_case(people: People, at_desk: AtDesk) -> None:
    """Each advises her own."""
    case_ref = await opened(people.record_for)
    async with at_desk(dpo("saltmere-police")) as desk:
        with pytest.raises(BadInputError, match="no such case"):
            await desk.show_case(case_ref)


async def test_an_auditor_reads_denials_and_verifies(people: People, at_desk: AtDesk) -> None:
    """Of the case asked for, or of all."""
    case_ref = await opened(people.record_for, is_safe=False)
    async with at_desk(ops()) as desk:
        with pytest.raises(NotAllowed):
            await desk.show_case(case_ref)
        assert (await desk.verify_audit(None)).is_intact
    async with at_desk(auditor()) as desk:
        lines = await desk.show_audit(case_ref, None, 10)
        report = await desk.verify_audit(None)
    assert [(line.verb, line.outcome) for line in lines] == [
        (Verb.OPEN_CASE, "done"),
        (Verb.SHOW_CASE, "refused"),
    ]
    assert report.is_intact


async def too_close(people: People, case_ref: CaseRef, who: Actor) -> None:
    """They say so."""
    await done(people.record_for, about(case_ref, DeclareConflict, actor=who))


async def test_whoever_declared_a_conflict_reads_nothing_of_a_case_that_is_led(
    people: People, at_desk: AtDesk
) -> None:
    """No page, no text, no plan, no timeline, no list; and nothing is decided on their word."""
    case_ref, ann = await delivered(people.record_for), caseworker()
    await too_close(people, case_ref, ann)
    async with at_desk(ann) as desk:
        for ask in (
            lambda: desk.show_case(case_ref),
            lambda: desk.show_case(case_ref, personal=True, notes=True),
            lambda: desk.show_timeline(case_ref),
            lambda: desk.show_contact(case_ref, details=True),
            lambda: desk.end_contact(about(case_ref, EndContact, actor=ann), "a word"),
            lambda: desk.state(about(case_ref, PlanContact, actor=ann)),
            lambda: desk.decide(about(case_ref, AddNeed, actor=ann)),
        ):
            with pytest.raises(NotAllowed, match="conflict_declared"):
                await ask()
        assert case_ref not in {line.case_ref for line in await desk.list_cases(closed_too=True)}
        assert case_ref not in {line.case_ref for line in await desk.list_deadlines()}
        assert case_ref not in {line.case_ref for line in await desk.list_tasks()}


async def test_whoever_declared_a_conflict_reads_nothing_of_a_referral(
    people: People, at_desk: AtDesk
) -> None:
    """No packet, no inbox line, no line to her; a colleague opens it."""
    case_ref, ida = await delivered(people.record_for), ngo_intake()
    await too_close(people, case_ref, ida)
    opening = about(case_ref, OpenReferral, actor=ida)
    async with at_desk(ida) as desk:
        for ask in (
            lambda: desk.open_referral(opening),
            lambda: desk.show_contact(case_ref, details=True),
        ):
            with pytest.raises((NotAllowed, BadInputError)):
                await ask()
        assert case_ref not in {line.case_ref for line in await desk.list_inbox()}
        assert await desk.own_reason(case_ref, 1) is None
    colleague = an_actor(Role.NGO_WORKER, HARBOUR, "will")
    async with at_desk(colleague) as desk:
        _, found = await desk.open_referral(opening.model_copy(update={"actor": colleague}))
    assert the(the(found).packet).name == NAME


async def test_whoever_declared_a_conflict_still_takes_consent_back_for_her(
    people: People, at_desk: AtDesk
) -> None:
    """It is never refused: it is posted, as a stranger's is."""
    case_ref, ann = await delivered(people.record_for), caseworker()
    await too_close(people, case_ref, ann)
    async with at_desk(ann) as desk:
        assert await desk.withdraw(about(case_ref, WithdrawConsent, actor=ann)) is None


async def test_who_repeats_what_took_the_case_from_their_sight_is_answered_again(
    people: People, at_desk: AtDesk
) -> None:
    """The same command, given again because its answer was lost."""
    case_ref, ann = await delivered(people.record_for), caseworker()
    declares = about(case_ref, DeclareConflict, actor=ann)
    async with at_desk(ann) as desk:
        first = await desk.state(declares)
        assert isinstance(first, Committed)
        assert first == await desk.state(declares)


# Opening


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"told": {"version": "told-1999-1"}}, "told.version"),
        ({"told": {"version": TOLD_VERSION, "language": "xx"}}, "told.version"),
        ({"profile": "no-such-code"}, "profile"),
    ],
    ids=["a version", "a language", "a profile"],
)
async def test_a_case_is_not_opened_on_words_that_nobody_knows(
    people: People, at_desk: AtDesk, parts: dict[str, Any], field: str
) -> None:
    """What she was told is kept word for word, so there must be words (INV-11)."""
    usual = an_opening()
    if "told" in parts:
        parts = {"told": {**usual.told.model_dump(), **parts["told"]}}
    before = await last_rows(people)
    async with at_desk(caseworker()) as desk:
        with pytest.raises(BadInputError, match="known are: ") as caught:
            await desk.open_case(an_opening(**parts))
    assert caught.value.field == field
    assert await last_rows(people) == before


async def test_a_case_can_be_opened_while_temporal_is_away(
    postgres: Servers, at_desk: AtDesk
) -> None:
    """She is in front of us now; the journey starts when there is a worker."""
    async with at_desk(first_responder()) as desk:
        answer = await desk.open_case(an_opening())
        case_ref = CaseRef(answer.case.case_ref)
        page = await desk.show_case(case_ref, personal=True)
    assert not answer.journey_started
    assert (page.personal or {}).get("name") == NAME  # type: ignore[call-overload]
    assert await wakes_left(postgres, case_ref) == [journey_workflow_id(case_ref)]


# Facts and decisions while Temporal is away


async def test_a_withdrawal_is_written_while_temporal_is_away(
    postgres: Servers, people: People, at_desk: AtDesk
) -> None:
    """It holds from that moment; the workflows are told when they can be."""
    case_ref = await queued(people.record_for)
    before = await wakes_left(postgres, case_ref)
    async with at_desk(caseworker()) as desk:
        reply = await desk.state(about(case_ref, WithdrawConsent))
        page = await desk.show_case(case_ref)
    assert isinstance(reply, Committed)
    assert [c.state for c in page.consents] == [ConsentState.WITHDRAWN]
    assert [r.state for r in page.referrals] == [ReferralState.WITHDRAWN]
    told = [referral_workflow_id(case_ref, 1), journey_workflow_id(case_ref)]
    assert await wakes_left(postgres, case_ref) == [*before, *told]


async def test_a_withdrawal_given_twice_is_one(people: People, at_desk: AtDesk) -> None:
    """Whoever is not sure repeats it, under the same id or another; it is never refused."""
    case_ref = await delivered(people.record_for)
    command = about(case_ref, WithdrawConsent)
    async with at_desk(caseworker()) as desk:
        first = await desk.state(command)
        again = await desk.state(command)
        fresh = await desk.state(about(case_ref, WithdrawConsent))
    assert first == again
    assert isinstance(fresh, Committed)


async def test_a_service_answers_while_temporal_is_away(people: People, at_desk: AtDesk) -> None:
    """It reads what it was sent, which says so to the sender, and takes her on."""
    case_ref = await delivered(people.record_for)
    intake = ngo_intake()
    async with at_desk(intake) as desk:
        assert case_ref in {line.case_ref for line in await desk.list_inbox()}
        reply, found = await desk.open_referral(about(case_ref, OpenReferral, actor=intake))
        accepted = await desk.state(about(case_ref, AcceptReferral, actor=intake))
    assert isinstance(reply, Committed)
    assert the(the(found).packet).name == NAME
    assert isinstance(accepted, Committed)
    async with at_desk(caseworker()) as desk:
        page = await desk.show_case(case_ref)
    assert [r.state for r in page.referrals] == [ReferralState.ACCEPTED]


async def test_a_packet_that_was_stopped_is_not_opened_and_says_so(
    people: People, at_desk: AtDesk
) -> None:
    """With a row: somebody looked for it after she had said no."""
    case_ref = await delivered(people.record_for)
    await done(people.record_for, about(case_ref, WithdrawConsent))
    intake = ngo_intake()
    async with at_desk(intake) as desk:
        reply, found = await desk.open_referral(about(case_ref, OpenReferral, actor=intake))
    assert isinstance(reply, NotDone)
    assert the(found).packet is None
    assert await last_rows(people) == [(intake, Verb.OPEN_REFERRAL, "packet_closed", case_ref)]


@pytest.mark.parametrize("referral", [1, 2, 99])
async def test_a_service_that_was_sent_nothing_finds_nothing(
    people: People, at_desk: AtDesk, referral: int
) -> None:
    """The number of a referral is no key to it."""
    case_ref = await delivered(people.record_for)
    stranger = ngo_intake(TERNSTONE, "tom")
    async with at_desk(stranger) as desk:
        with pytest.raises(BadInputError, match="your inbox has no such referral"):
            await desk.open_referral(
                about(case_ref, OpenReferral, actor=stranger, referral=referral)
            )
        with pytest.raises(BadInputError, match="no such case"):
            await desk.state(about(case_ref, AcceptReferral, actor=stranger, referral=referral))


async def test_a_service_withdraws_for_her_and_learns_nothing_of_others(
    people: People, at_desk: AtDesk
) -> None:
    """She tells whom she trusts; the answer names no other service."""
    case_ref = await delivered(people.record_for)
    await delivered(people.record_for, case_ref=case_ref, referral=2, service="safe-housing-advice")
    intake = ngo_intake()
    withdrawal = about(case_ref, WithdrawConsent, actor=intake, recipient=None)
    async with at_desk(intake) as desk:
        reply = await desk.state(withdrawal)
    assert isinstance(reply, Committed)
    assert "housing" not in reply.model_dump_json()
    snapshot = await (await people.record_for(None)).read(case_ref)
    assert {r.state for r in snapshot.referrals} == {ReferralState.WITHDRAWN}


async def test_a_decision_waits_for_a_worker_and_is_not_made_without_one(
    people: People, at_desk: AtDesk
) -> None:
    """Nothing is written behind the journey's back."""
    case_ref = await opened(people.record_for)
    async with at_desk(caseworker()) as desk:
        with pytest.raises(UnreachableError, match="Temporal does not answer"):
            await desk.decide(about(case_ref, AddNeed))
        assert (await desk.show_case(case_ref)).needs == ()


async def test_a_closed_case_answers_from_the_record(people: People, at_desk: AtDesk) -> None:
    """It has no journey any more; a withdrawal is still taken, everything else is refused."""
    case_ref = await delivered(people.record_for)
    everything = {"purpose": Purpose.SUPPORT_REFERRAL, "recipient": None}
    await done(people.record_for, about(case_ref, WithdrawConsent, **everything))
    for confirmed in (False, True):
        await done(people.record_for, about(case_ref, CloseCase, confirmed=confirmed))
    async with at_desk(caseworker()) as desk:
        refused = await desk.decide(about(case_ref, AddNeed))
        taken = await desk.state(about(case_ref, WithdrawConsent, **everything))
        page = await desk.show_case(case_ref)
    assert isinstance(refused, NotDone)
    assert [reason.code for reason in refused.reasons] == ["case_closed"]
    assert isinstance(taken, Committed)
    assert page.case.stage is Stage.CLOSED


async def test_a_case_shows_personal_texts_only_when_asked(people: People, at_desk: AtDesk) -> None:
    """A page left open on a desk shows codes."""
    case_ref = await opened(people.record_for, own_notes="for our eyes")
    async with at_desk(caseworker()) as desk:
        page = await desk.show_case(case_ref)
        whole = await desk.show_case(case_ref, personal=True, notes=True)
        verbs = [line.verb for line in await desk.show_timeline(case_ref)]
    assert (page.personal, page.notes) == (None, None)
    assert NAME not in page.model_dump_json()
    assert [note.text for note in whole.notes or ()] == ["for our eyes"]
    assert verbs == [Verb.OPEN_CASE, Verb.READ_PERSONAL, Verb.READ_PERSONAL]


async def test_a_call_of_duress_is_shown_to_a_caseworker_as_a_call_in_which_she_spoke(
    people: People, at_desk: AtDesk
) -> None:
    """On every page that shows a call; contact is suspended, and no page says why."""
    pages = {}
    for word in ("blue heron", "teal"):
        case_ref = await opened(people.record_for)
        terms = PlanTerms(channels=(ContactChannel.VOICE,), windows=ALWAYS)
        plan = about(case_ref, SetPlan, has_words=True, terms=terms)
        words = Beside(safe_word="blue heron", duress_word="teal")
        async with at_desk(caseworker()) as desk:
            await desk.state(plan, beside=words)
            await desk.state(about(case_ref, PlanContact, referral=None))
            await desk.state(about(case_ref, StartContact))
            await desk.end_contact(about(case_ref, EndContact, result=ContactResult.SPOKE), word)
            (call,) = (await desk.show_case(case_ref)).contacts
            page = await desk.show_contact(case_ref)
            tasks = [t for t in await desk.list_tasks() if t.case_ref == case_ref]
            told = [(t.verb, t.detail) for t in await desk.show_timeline(case_ref)]
            duties = [d.duty for d in (await desk.show_case(case_ref)).deadlines]
        assert (call,) == page.contacts
        assert page.is_suspended is (word == "teal")
        assert "duress" not in page.model_dump_json()
        times = {"safe_at", "safe_until", "started_at", "ended_at"}
        pages[word] = (call.model_dump(exclude=times), tasks, told, sorted(duties))
    assert pages["blue heron"] == pages["teal"]
    async with at_desk(supervisor()) as desk:
        assert ContactResult.DURESS is (await desk.show_contact(case_ref)).contacts[0].result
        assert TaskKind.DURESS in {
            t.kind for t in await desk.list_tasks() if t.case_ref == case_ref
        }


@pytest.mark.parametrize("named", [(), (caseworker().person,)], ids=["nobody", "oneself"])
async def test_a_restricted_case_is_opened_with_a_second_person_who_sees_it(
    at_desk: AtDesk, named: tuple[str, ...]
) -> None:
    """With one alone it would be nobody's the day that one leaves, and no two could widen it."""
    alone = an_opening(is_restricted=True, named_people=named)
    async with at_desk(caseworker()) as desk:
        with pytest.raises(BadInputError, match="named_people: name somebody besides yourself"):
            await desk.open_case(alone)
        with_sue = alone.model_copy(update={"named_people": (*named, "sue")})
        assert (await desk.open_case(with_sue)).case.is_restricted


async def test_a_case_opened_twice_under_one_id_is_one_case(at_desk: AtDesk) -> None:
    """An answer that was lost is asked for again, and no second case comes of it."""
    async with at_desk(caseworker()) as desk:
        first = await desk.open_case(an_opening(), "lost-answer-1")
        second = await desk.open_case(an_opening(), "lost-answer-1")
        other = await desk.open_case(an_opening(), "lost-answer-2")
    assert first.case.case_ref == second.case.case_ref
    assert first.case.case_ref != other.case.case_ref


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        pytest.param(datetime(2999, 1, 1, tzinfo=UTC), "in the future", id="to come"),
        pytest.param(datetime(1900, 1, 1, tzinfo=UTC), "further back", id="long gone"),
    ],
)
async def test_a_case_is_not_opened_at_a_time_that_cannot_be(
    at_desk: AtDesk, moment: datetime, said: str
) -> None:
    """Nobody disclosed tomorrow, or before the calendar begins."""
    async with at_desk(caseworker()) as desk:
        with pytest.raises(BadInputError, match=said):
            await desk.open_case(an_opening(occurred_at=moment))


async def test_asking_for_what_one_may_not_see_leaves_a_row(
    people: People, at_desk: AtDesk
) -> None:
    """An abuser with a staff login is told nothing, and is on the record (INV-34)."""
    async with at_desk(caseworker()) as desk:
        case_ref = CaseRef((await desk.open_case(an_opening())).case.case_ref)
    stranger = an_actor(Role.CASEWORKER, "elsewhere-police", "nosy")
    async with at_desk(stranger) as desk:
        with pytest.raises(BadInputError, match="no such case"):
            await desk.show_case(case_ref)
    ((actor, verb, reason, about),) = await last_rows(people)
    assert (actor, verb, reason, about) == (stranger, Verb.SHOW_CASE, "not_visible", case_ref)


async def test_who_looks_at_a_case_is_in_the_audit_and_not_in_its_timeline(
    people: People, at_desk: AtDesk
) -> None:
    """Which refuge has her is on a page, too; what was done is not crowded out by who looked."""
    case_ref, bea = await delivered(people.record_for), caseworker(person="bea")
    async with at_desk(bea) as desk:
        await desk.show_case(case_ref)
        await desk.show_contact(case_ref)
        timeline = await desk.show_timeline(case_ref)
    looks = [Verb.SHOW_TIMELINE, Verb.SHOW_CONTACT, Verb.SHOW_CASE]
    assert [(bea, verb, "", case_ref) for verb in reversed(looks)] == await last_rows(people, 3)
    assert not {line.verb for line in timeline} & set(looks)
    pool = await people.pool_of(DatabaseRole.AUDIT)
    counted = "SELECT had_task FROM record.consultation WHERE case_ref = $1 AND person = 'bea'"
    assert [False] * 3 == [row["had_task"] for row in await pool.fetch(counted, case_ref)]


async def test_a_case_is_not_handed_to_somebody_who_has_left(
    people: People, at_desk: AtDesk
) -> None:
    """They would never see it, and nobody would know."""
    case_ref = await delivered(people.record_for)
    async with at_desk(supervisor()) as desk:
        await desk.mark_left("zed")
        with pytest.raises(BadInputError, match="zed has left"):
            await desk.decide(about(case_ref, HandOver, actor=supervisor(), to_person="zed"))


async def test_an_answer_that_was_lost_on_its_way_is_found_in_the_record(
    people: People, at_desk: AtDesk
) -> None:
    """A journey may close before its last answer is heard; what was committed is still known."""
    async with at_desk(caseworker()) as desk:
        case_ref = CaseRef((await desk.open_case(an_opening())).case.case_ref)
    record = await people.record_for(caseworker())
    command = a_command(AddNeed, case_ref=case_ref, command_id=f"{case_ref}-lost")
    assert await record.find_reply(command) is None
    judge = judge_of(command, datetime.now(UTC), england_and_wales())
    assert (await record.change(command, judge)).reply == await record.find_reply(command)
