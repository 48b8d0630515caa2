"""The desks of facts and of the gate: who may say, look and ask, and what is kept of it."""

import json
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.facts import FactBook, GateBook
from infra.notices import FileNotices, file_name
from infra.stack.secrets import Role as DatabaseRole
from schemas.actor import Actor, Role
from schemas.assertions import Reading, SourceKind, Standing
from schemas.case_commands import DeclareConflict
from schemas.errors import BadInputError
from schemas.evaluations import USUAL_EVALUATIONS, LoggedEvaluation
from schemas.fact_table import FACTS
from schemas.ids import CaseRef, new_case_ref
from schemas.protocol import CLOSED, Outcome
from tests.builders import an_actor, auditor, caseworker, dpo, idva, ngo_intake, supervisor
from tests.conftest import People, Servers
from tests.infra.cases import TOLD_TEXT, about, an_opening, delivered, done, opened
from tests.infra.forces import Force, an_offer, shipped
from web.counter import NotAllowed
from web.entrance import open_fact_desk, open_gate_desk
from web.facts import FactDesk, GateCounter
from web.gate import GateDesk

PAT = an_actor(Role.PPU_OFFICER, person="pat")
PIA = an_actor(Role.PPU_OFFICER, person="pia")
OLI = an_actor(Role.OIC, person="oli")
IVY = idva()
HARM = "harm_from_sharing"
P1 = "p1-npcc-2018"


@pytest.fixture
async def case(people: People) -> CaseRef:
    """A case whose referral lies in the inbox of Harbour House."""
    return await delivered(people.record_for)


def desk_of(postgres: Servers, actor: Actor) -> AbstractAsyncContextManager[GateDesk]:
    """The gate's desk for somebody."""
    return open_gate_desk(postgres.installation, actor)


async def say(
    postgres: Servers, case_ref: CaseRef, by: Actor, fact: str, value: Any, **parts: Any
) -> None:
    """Somebody says a fact."""
    async with open_fact_desk(postgres.installation, by) as desk:
        await desk.assert_fact(case_ref, fact, value, SourceKind.CONVERSATION, **parts)


async def evaluated(
    postgres: Servers, case_ref: CaseRef, by: Actor = PAT, version: str | None = P1
) -> tuple[Outcome, dict[str, Standing], bool]:
    """What the protocol says, how each fact reads, and whether it was asked unusually often."""
    async with desk_of(postgres, by) as desk:
        found = await desk.evaluate(case_ref, version, ("name",))
    return found.said.outcome, {one.fact: one for one in found.standing}, found.is_unusual


async def logged(people: People, case_ref: CaseRef) -> list[LoggedEvaluation]:
    """What was kept of a case."""
    book = GateBook(await people.pool_of(DatabaseRole.GATE))
    now = datetime.now(UTC)
    rows = await book.evaluations(now - timedelta(days=1), now + timedelta(days=1))
    return [row for row in rows if row.case_ref == case_ref]


async def audited(superuser: asyncpg.Connection, case_ref: CaseRef, table: str) -> list[Any]:
    """Verb, outcome and who, of the rows of a case in one of the two books."""
    bodies = await superuser.fetch(
        f"SELECT body FROM {table} WHERE body::jsonb ->> 'case_ref' = $1 ORDER BY seq",  # noqa: S608
        case_ref,
    )
    rows = [json.loads(row["body"]) for row in bodies]
    return [(row["verb"], row["outcome"], row["actor"]["person"]) for row in rows]


@pytest.fixture
async def superuser(postgres: Servers) -> Any:
    """Sees everything."""
    connection = await asyncpg.connect(postgres.dsn(DatabaseRole.POSTGRES), ssl=False)
    yield connection
    await connection.close()


async def test_what_an_advocate_says_is_read_when_an_officer_asks(
    postgres: Servers, case: CaseRef
) -> None:
    """Said by one organisation in its own name, read by another through the gate."""
    await say(postgres, case, IVY, HARM, "severe")
    outcome, standing, _ = await evaluated(postgres, case)
    assert Outcome.DENY is outcome
    assert ("severe", Reading.ASSERTED) == (standing[HARM].value, standing[HARM].reading)
    assert [IVY] == [one.by for one in standing[HARM].counted]


async def test_a_case_of_which_nobody_said_anything_reads_as_its_records(
    postgres: Servers, case: CaseRef
) -> None:
    """And every fact says how it came about, and who may supply it."""
    _, standing, _ = await evaluated(postgres, case)
    assert list(FACTS) == list(standing)
    assert ("open", "not_asked", ["p0-closed"], ["name"], "human_reasoned") == tuple(
        standing[fact].value
        for fact in (
            "case_state",
            "consent_state",
            "told_versions",
            "requested_fields",
            "trigger_kind",
        )
    )
    assert {"subject_role"} == {
        one.fact
        for one in standing.values()
        if one.reading is Reading.FROM_RECORDS and one.may_supply
    }


async def test_the_word_of_whoever_asks_supplies_nothing_guarded(
    postgres: Servers, case: CaseRef
) -> None:
    """Told by herself it is unknown to herself, and known to a colleague."""
    await say(postgres, case, PAT, "victim_informed", "yes")
    _, hers, _ = await evaluated(postgres, case, PAT)
    _, anothers, _ = await evaluated(postgres, case, PIA)
    assert ("unknown", "yes") == tuple(one["victim_informed"].value for one in (hers, anothers))


async def test_where_no_version_is_named_or_active_everything_is_denied(
    postgres: Servers, case: CaseRef
) -> None:
    """Closed is the default."""
    async with desk_of(postgres, PAT) as desk:
        found = await desk.evaluate(case, None, ("name",))
    assert (CLOSED, Outcome.DENY) == (found.said.version, found.said.outcome)


async def test_a_case_is_judged_by_what_its_force_adopted_and_by_what_she_was_told(
    postgres: Servers, people: People
) -> None:
    """The active version, the papers it rests on, and the version of the day she was told."""
    pool = await people.pool_of(DatabaseRole.WEB)
    force = Force(pool)
    pat = force.actor("pat", Role.PPU_OFFICER)
    record = await people.record_for(pat)
    case_ref = new_case_ref()
    await record.open_case(case_ref, an_opening(), TOLD_TEXT, pat, told_protocol="p2-s2s-rec1")
    book = FactBook(pool, pat)
    desk = GateDesk(
        GateCounter(pat, book),
        pool,
        record,
        book,
        GateBook(await people.pool_of(DatabaseRole.GATE)),
        force.protocols(),
        FileNotices(postgres.installation.notices_dir),
    )
    closed = await desk.evaluate(case_ref, None, ("name",))
    await force.adopt(an_offer(shipped("p3-ho-mvp-2021")))
    await force.papers(date(2100, 1, 1), date(2100, 1, 1))
    found = await desk.evaluate(case_ref, None, ("name",))
    papers = [
        next(s.value for s in one.standing if s.fact == "agreement_and_dpia")
        for one in (closed, found)
    ]
    assert (CLOSED, "p3-ho-mvp-2021") == (closed.said.version, found.said.version)
    assert ("p2-s2s-rec1",) == closed.said.told_versions == found.said.told_versions
    assert ["none", "in_force"] == papers


async def test_every_evaluation_is_kept_with_what_it_was_about(
    postgres: Servers, people: People, superuser: asyncpg.Connection, case: CaseRef
) -> None:
    """And audited in the gate's own book, of which support's shows nothing."""
    before = await audited(superuser, case, "audit.entry")
    await say(postgres, case, IVY, "third_party_link", "engaged")
    await say(postgres, case, IVY, "victim_informed", "yes")
    await evaluated(postgres, case)
    (row,) = await logged(people, case)
    assert (PAT, P1, ("p0-closed",), "told-2026-1", Outcome.DENY, ("name",)) == (
        row.by,
        row.version,
        row.told_versions,
        row.told_text,
        row.outcome,
        row.requested_fields,
    )
    assert ("yes", "engaged") == (row.victim_informed.value, row.third_party_link.value)
    assert row.victim_informed.since
    assert row.third_party_link.since
    assert "P0-1" in [rule.id for rule in row.rules]
    assert (64, 64) == (len(row.protocol_hash), len(row.facts_hash))
    assert before == await audited(superuser, case, "audit.entry")
    assert [
        ("assert_fact", "done", "ivy"),
        ("assert_fact", "done", "ivy"),
        ("evaluate_case", "done", "pat"),
    ] == await audited(superuser, case, "gate.entry")


async def test_the_same_facts_have_the_same_hash(
    postgres: Servers, people: People, case: CaseRef
) -> None:
    """And other facts another."""
    await evaluated(postgres, case)
    await evaluated(postgres, case)
    await say(postgres, case, IVY, HARM, "low")
    await evaluated(postgres, case)
    first, same, other = [row.facts_hash for row in await logged(people, case)]
    assert first == same
    assert first != other


async def test_who_asks_more_than_three_times_is_told_of_to_the_officer_once(
    postgres: Servers, people: People, case: CaseRef
) -> None:
    """One notice for one person and case, without content; what others ask does not count."""
    file = notice(postgres, case, PAT)
    for number in range(USUAL_EVALUATIONS):
        assert (number, False) == (number, (await evaluated(postgres, case))[2])
        await evaluated(postgres, case, PIA if number else supervisor())
    assert not file.exists()
    assert (await evaluated(postgres, case))[2]
    posted = file.read_text(encoding="utf-8")
    assert ("northmarch-police", "oversight") == tuple(
        json.loads(posted)[name] for name in ("to", "template")
    )
    assert PAT.who not in posted
    assert (await evaluated(postgres, case))[2]
    assert posted == file.read_text(encoding="utf-8")
    assert not notice(postgres, case, PIA).exists()
    pool = await people.pool_of(DatabaseRole.GATE)
    assert ["pat"] == [
        row["person"]
        for row in await pool.fetch("SELECT person FROM gate.alert WHERE case_ref = $1", case)
    ]


def notice(postgres: Servers, case_ref: CaseRef, of: Actor) -> Path:
    """Where the notice about somebody would be."""
    name = file_name(case_ref, f"oversight/{of.who}")
    return postgres.installation.notices_dir / f"{name}.json"


# Who may not


@pytest.mark.parametrize("by", [OLI, caseworker(), IVY, auditor()], ids=lambda a: a.role.value)
async def test_the_protocol_is_asked_by_few(
    postgres: Servers, people: People, superuser: asyncpg.Connection, case: CaseRef, by: Actor
) -> None:
    """A refusal stands in the gate's own book, and in no other."""
    before = await audited(superuser, case, "audit.entry")
    for ask in (_evaluate, GateDesk.show_facts):
        async with desk_of(postgres, by) as desk:
            with pytest.raises(NotAllowed):
                await ask(desk, case)
    assert [("evaluate_case", "refused", by.person)] * 2 == await audited(
        superuser, case, "gate.entry"
    )
    assert before == await audited(superuser, case, "audit.entry")
    assert [] == await logged(people, case)


async def _evaluate(desk: GateDesk, case_ref: CaseRef) -> Any:
    return await desk.evaluate(case_ref, P1, ())


@pytest.mark.parametrize("by", [ngo_intake(), caseworker(), auditor()], ids=lambda a: a.role.value)
async def test_facts_are_said_by_those_who_have_the_right(
    postgres: Servers, superuser: asyncpg.Connection, case: CaseRef, by: Actor
) -> None:
    """Nobody else, whatever the fact."""
    async with open_fact_desk(postgres.installation, by) as desk:
        with pytest.raises(NotAllowed):
            await desk.assert_fact(case, HARM, "low", SourceKind.CONVERSATION)
    assert [("assert_fact", "refused", by.person)] == await audited(superuser, case, "gate.entry")


async def test_a_case_that_is_not_theirs_is_not_looked_at(
    postgres: Servers, people: People, superuser: asyncpg.Connection, case: CaseRef
) -> None:
    """Another force's, and a restricted one for whoever is not named: there is none such."""
    hidden = await opened(people.record_for, is_restricted=True)
    stranger = an_actor(Role.PPU_OFFICER, "saltmere-police", "zoe")
    for by, case_ref in ((stranger, case), (PAT, hidden), (dpo(), hidden)):
        async with desk_of(postgres, by) as desk:
            with pytest.raises(BadInputError, match="no such case that you may see"):
                await _evaluate(desk, case_ref)
        assert [] == await logged(people, case_ref)
        assert ("evaluate_case", "refused", by.person) in await audited(
            superuser, case_ref, "gate.entry"
        )


async def test_whoever_stepped_back_is_told_so(
    postgres: Servers, people: People, case: CaseRef
) -> None:
    """A conflict of interest is for good."""
    await done(people.record_for, about(case, DeclareConflict, actor=PAT))
    async with desk_of(postgres, PAT) as desk:
        with pytest.raises(NotAllowed, match="conflict_declared"):
            await _evaluate(desk, case)


@pytest.mark.parametrize(
    ("fact", "value", "said"),
    [
        ("nationality", "x", "nationality: there is no such fact"),
        (HARM, "grave", "harm_from_sharing: must be one of low, elevated, severe"),
        ("consent_state", "given", "consent_state: comes from our own records"),
        ("told_versions", ["p1-npcc-2018"], "told_versions: comes from our own records"),
        ("crime_types", "hate", "crime_types: must be a list"),
    ],
)
async def test_what_cannot_be_said_is_refused_with_the_fact_named(
    postgres: Servers, case: CaseRef, fact: str, value: Any, said: str
) -> None:
    """Nothing is kept of it."""
    async with open_fact_desk(postgres.installation, IVY) as desk:
        with pytest.raises(BadInputError, match=said):
            await desk.assert_fact(case, fact, value, SourceKind.CONVERSATION)


async def test_an_advocate_sees_nothing_of_what_was_said(postgres: Servers, case: CaseRef) -> None:
    """Their desk has no way to: it holds no connection that reads."""
    async with open_fact_desk(postgres.installation, IVY) as desk:
        assert isinstance(desk, FactDesk)
        assert {"assert_fact"} == {name for name in dir(desk) if not name.startswith("_")}
    assert case


# The report


async def test_the_report_is_for_those_who_oversee(postgres: Servers, case: CaseRef) -> None:
    """Auditors, data protection officers, protocol owners."""
    await evaluated(postgres, case)
    now = datetime.now(UTC)
    for by in (auditor(), dpo(), an_actor(Role.PROTOCOL_OWNER, person="cora")):
        async with desk_of(postgres, by) as desk:
            found = await desk.report(now - timedelta(days=1), now + timedelta(days=1))
        assert not found.is_empty
    async with desk_of(postgres, PAT) as desk:
        with pytest.raises(NotAllowed):
            await desk.report(now - timedelta(days=1), now)
