"""What a desk shows to whom: of duress, of advisers, of restricted cases, of who was reported."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from typing import Any

import pytest

from activities.ports import Beside
from rules.contact_results import SILENCE
from schemas.actor import Actor, Role
from schemas.case_commands import FinishTask, LinkCase
from schemas.casework import LinkKind
from schemas.changes import TaskRecorded
from schemas.clockwork_steps import SendNotice
from schemas.contact import ContactChannel, ContactResult, PlanTerms
from schemas.contact_commands import EndContact, PlanContact, SetPlan, StartContact
from schemas.decisions import Committed
from schemas.errors import BadInputError
from schemas.ids import CaseRef
from schemas.referral_commands import OpenReferral
from schemas.snapshot import ALARMS, TaskKind
from schemas.verbs import Verb
from tests.builders import a_task, adviser, an_actor, auditor, caseworker, dpo, supervisor
from tests.conftest import People, Servers
from tests.infra.cases import about, delivered, done, opened
from tests.infra.worlds import write
from tests.web.test_desk import ALWAYS, NOBODY_THERE
from web.desk import Desk
from web.entrance import open_desk

AtDesk = Callable[[Actor], AbstractAsyncContextManager[Desk]]
SAFE, DURESS = "blue heron", "teal"


@pytest.fixture
def at_desk(postgres: Servers) -> AtDesk:
    """A desk for anybody, on the real record, with Temporal away."""
    installation = replace(postgres.installation, temporal_address=NOBODY_THERE)
    return lambda actor: open_desk(installation, actor)


async def called(people: People, at_desk: AtDesk, word: str, **parts: Any) -> CaseRef:
    """A case in which somebody rang her and she said the word; every notice has gone out."""
    case_ref = await opened(people.record_for, **parts)
    terms = PlanTerms(channels=(ContactChannel.VOICE,), windows=ALWAYS)
    words = Beside(safe_word=SAFE, duress_word=DURESS)
    async with at_desk(caseworker()) as desk:
        await desk.state(about(case_ref, SetPlan, has_words=True, terms=terms), beside=words)
        await desk.state(about(case_ref, PlanContact, referral=None))
        await desk.state(about(case_ref, StartContact))
        await desk.end_contact(about(case_ref, EndContact, result=ContactResult.SPOKE), word)
    for waits in (await (await people.record_for(None)).read(case_ref)).dispatches:
        await done(people.record_for, about(case_ref, SendNotice, key=waits.key))
    return case_ref


async def seen(at_desk: AtDesk, who: Actor, case_ref: CaseRef) -> dict[str, Any]:
    """What somebody sees of a case on every page, but times and when she may be contacted next."""
    times = {"safe_at", "safe_until", "started_at", "ended_at"}
    async with at_desk(who) as desk:
        page = await desk.show_case(case_ref)
        (line,) = [one for one in await desk.list_cases() if one.case_ref == case_ref]
        return {
            "version": page.case.version,
            "last act": page.case.last_acted_at is not None,
            "tasks": [(task.kind, task.is_done) for task in page.tasks],
            "counted": line.open_tasks,
            "listed": [t.kind for t in await desk.list_tasks() if t.case_ref == case_ref],
            "contacts": [contact.model_dump(exclude=times) for contact in page.contacts],
            "duties": sorted(d.duty for d in page.deadlines if d.duty != SILENCE),
            "timeline": [(r.actor, r.verb, r.detail) for r in await desk.show_timeline(case_ref)],
        }


@pytest.mark.parametrize("word", [DURESS, "sparrow"], ids=["duress", "a wrong word"])
async def test_a_call_of_duress_leaves_the_pages_of_an_ordinary_call(
    people: People, at_desk: AtDesk, word: str
) -> None:
    """Also once its notice was posted, and once a supervisor has seen to it."""
    usual, case_ref = [await called(people, at_desk, said) for said in (SAFE, word)]
    as_usual = await seen(at_desk, caseworker(), usual)
    assert as_usual == await seen(at_desk, caseworker(), case_ref)
    async with at_desk(supervisor()) as desk:
        (task,) = [t for t in await desk.list_tasks() if t.case_ref == case_ref]
        finish = about(case_ref, FinishTask, task=task.id, actor=supervisor())
        assert isinstance(await desk.state(finish), Committed)
        told = [line.detail.get("task") for line in await desk.show_timeline(case_ref)]
        assert [task.kind, task.kind] == [kind for kind in told if kind is not None]
    now = await seen(at_desk, caseworker(), case_ref)
    assert as_usual == now


async def test_of_a_restricted_case_its_named_people_see_to_duress(
    people: People, at_desk: AtDesk
) -> None:
    """The supervisor, whose task it is, does not see the case."""
    bea = caseworker(person="bea")
    case_ref = await called(people, at_desk, DURESS, is_restricted=True, named_people=("bea",))
    async with at_desk(bea) as desk:
        (task,) = (await desk.show_case(case_ref)).tasks
        assert TaskKind.DURESS is task.kind
        finish = about(case_ref, FinishTask, task=task.id, actor=bea)
        assert isinstance(await desk.state(finish), Committed)
    async with at_desk(supervisor()) as desk:
        with pytest.raises(BadInputError):
            await desk.show_case(case_ref)


async def test_an_adviser_who_reads_a_referral_is_a_worker_to_those_who_lead(
    people: People, at_desk: AtDesk
) -> None:
    """On the timeline, and in the audit of their data protection officer; the auditor is told."""
    case_ref = await delivered(people.record_for)
    async with at_desk(adviser()) as desk:
        await desk.open_referral(about(case_ref, OpenReferral, actor=adviser()))
    worker = an_actor(Role.NGO_WORKER, adviser().organisation, adviser().person)
    async with at_desk(caseworker()) as desk:
        actors = {line.actor for line in await desk.show_timeline(case_ref)}
        assert "adviser" not in (await desk.show_case(case_ref)).model_dump_json()
    assert worker in actors
    assert adviser() not in actors
    for reader, known in ((dpo(), worker), (auditor(), adviser())):
        async with at_desk(reader) as desk:
            rows = await desk.show_audit(case_ref, None, 50)
        assert known in {row.actor for row in rows}
        assert not {adviser(), worker} - {known} & {row.actor for row in rows}


async def test_a_link_with_a_restricted_case_names_it_to_nobody_who_does_not_see_it(
    people: People, at_desk: AtDesk
) -> None:
    """The timeline of the case that everybody sees is no way to the other."""
    hidden = await opened(people.record_for, is_restricted=True, named_people=("bea",))
    plain = await opened(people.record_for)
    link = about(plain, LinkCase, other=hidden, link=LinkKind.SAME_INCIDENT)
    await done(people.record_for, link, by_worker=True)
    for person, expected in (("bea", hidden), ("joe", None)):
        async with at_desk(caseworker(person=person)) as desk:
            rows = [r for r in await desk.show_timeline(plain) if r.verb is Verb.LINK_CASE]
        assert [expected] == [row.detail.get("other") for row in rows]


async def test_of_a_restricted_case_its_alarms_are_listed_by_reference_and_kind(
    people: People, at_desk: AtDesk
) -> None:
    """To whoever would have to act on each, and to nobody it is about; the case stays unseen."""
    case_ref = await opened(people.record_for, is_restricted=True, named_people=("bea",))
    every = [a_task(f"a-{kind}", kind) for kind in TaskKind]
    reports = [
        a_task(f"reported/{number}", TaskKind.REPORTED_RECORDER).model_copy(
            update={"for_role": Role.DPO, "not_for": who.who}
        )
        for number, who in enumerate((caseworker(), dpo()), start=1)
    ]
    finished = a_task("finished", TaskKind.DURESS).model_copy(update={"is_done": True})
    for task in (*every, *reports, finished):
        await write(people, case_ref, caseworker(), TaskRecorded(task=task))

    async def listed(who: Actor) -> set[tuple[str, TaskKind]]:
        async with at_desk(who) as desk:
            assert not [line for line in await desk.list_tasks() if line.case_ref == case_ref]
            lines = [line for line in await desk.list_alarms() if line.case_ref == case_ref]
            return {(line.id, line.kind) for line in lines}

    assert {(f"a-{kind}", kind) for kind in ALARMS} == await listed(supervisor())
    assert {("reported/1", TaskKind.REPORTED_RECORDER)} == await listed(dpo())
    elsewhere = (caseworker(), supervisor("saltmere-council"), dpo("saltmere-council"))
    for other in (*elsewhere, an_actor(Role.NGO_SUPERVISOR, adviser().organisation)):
        assert set() == await listed(other)
