"""The register of what keeps failing: what is noted, when, and who sees it."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from infra.database import Pool, Scope
from infra.notices import TEXTS, FileNotices
from infra.repairs import Repairs
from infra.stack.secrets import Role
from infra.troubles import NOTED_AFTER, Step, Troubles
from schemas.errors import BadInputError
from schemas.ids import CaseRef, journey_workflow_id
from schemas.snapshot import NoticeTemplate
from schemas.troubles import Place, Repair, RepairReason, StuckPage, Why
from schemas.verbs import Verb
from tests.builders import caseworker, ops
from tests.conftest import People, Servers
from tests.infra.cases import opened
from tests.infra.rows import acting

WHY = Why(reason=RepairReason.EXERCISE)


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The time that it was turned to."""
        return self.now


@pytest.fixture
async def pool(people: People) -> Pool:
    """The worker's."""
    return await people.pool_of(Role.JOURNEYS)


@pytest.fixture
async def case_ref(people: People) -> CaseRef:
    """A case."""
    return await opened(people.record_for)


async def page_of(people: People, case_ref: CaseRef) -> StuckPage:
    """What operations see of one case."""
    page = await Repairs(await people.pool_of(Role.WEB), ops()).list_stuck()
    return StuckPage(
        troubles=tuple(one for one in page.troubles if one.case_ref == case_ref),
        pauses=tuple(one for one in page.pauses if one.case_ref == case_ref),
    )


async def test_a_step_is_stuck_once_it_has_failed_for_a_while(
    people: People, pool: Pool, case_ref: CaseRef
) -> None:
    """A stumble is no trouble; what still fails is, and it is counted."""
    clock, step = Clock(), Step(journey_workflow_id(case_ref), Verb.DELIVER)
    troubles = Troubles(pool, clock)
    troubles.failed(step, "record_refused")
    await troubles.flush()
    assert () == (await page_of(people, case_ref)).troubles
    clock.now = NOTED_AFTER
    troubles.failed(step, "record_refused")
    await troubles.flush()
    (one,) = (await page_of(people, case_ref)).troubles
    assert ("deliver", "record_refused", 2) == (one.step, one.code, one.attempts)
    assert timedelta(seconds=NOTED_AFTER) <= one.seen_at - one.since


async def test_a_step_that_works_again_leaves_the_list(
    people: People, pool: Pool, case_ref: CaseRef
) -> None:
    """Whichever worker took it; and when it fails anew, it is a new trouble."""
    step = Step(journey_workflow_id(case_ref), Verb.DELIVER)
    await Troubles(pool).note(step, "bug", timedelta(hours=1))
    (first,) = (await page_of(people, case_ref)).troubles
    another = Troubles(pool)
    await another.refresh()
    another.worked(step)
    await another.flush()
    assert () == (await page_of(people, case_ref)).troubles
    await another.note(step, "bug")
    (again,) = (await page_of(people, case_ref)).troubles
    assert again.since > first.since


async def test_a_payload_put_aside_is_noted_at_once(
    people: People, pool: Pool, case_ref: CaseRef
) -> None:
    """Nothing tries it again, so nothing but a repair ends it."""
    troubles = Troubles(pool)
    troubles.put_aside(journey_workflow_id(case_ref), "damaged_text")
    await troubles.flush()
    await troubles.flush()
    (one,) = (await page_of(people, case_ref)).troubles
    assert (Place.PAYLOAD, "damaged_text") == (one.step, one.code)


async def test_operations_are_told_once_of_each_trouble(
    pool: Pool, case_ref: CaseRef, tmp_path: Path
) -> None:
    """A notice that says where to look, and nothing of the case but its reference."""
    troubles = Troubles(pool)
    await troubles.note(Step(journey_workflow_id(case_ref), Verb.REMIND), "bug")
    for _ in range(2):
        await troubles.alert(FileNotices(tmp_path))
    (notice,) = notices_of(tmp_path, case_ref)
    assert TEXTS[NoticeTemplate.STUCK] in notice


def notices_of(folder: Path, case_ref: CaseRef) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in folder.glob(f"{case_ref}--*.json")]


async def test_a_code_that_could_hold_words_is_made_a_code(
    people: People, pool: Pool, case_ref: CaseRef
) -> None:
    """An exception's kind from a library goes through the same sieve as ours."""
    step = Step(journey_workflow_id(case_ref), "Wren's flat, 3rd floor")
    await Troubles(pool).note(step, "Ünknown: 42")
    (one,) = (await page_of(people, case_ref)).troubles
    assert ("Wren_s_flat___rd_floor", "_nknown____") == (one.step, one.code)


async def test_who_sees_what_is_stuck(
    people: People, postgres: Servers, pool: Pool, case_ref: CaseRef
) -> None:
    """Operations all of it, whoever leads the case their own, and nobody else any."""
    await Troubles(pool).note(Step(journey_workflow_id(case_ref), Verb.REMIND), "bug")
    assert (await page_of(people, case_ref)).troubles
    query = "SELECT 1 FROM record.trouble WHERE case_ref = $1"
    for actor, seen in ((ops(), 1), (caseworker(), 1), (caseworker("essex-police"), 0)):
        async with acting(postgres, Role.WEB, actor) as connection:
            assert seen == len(await connection.fetch(query, case_ref)), actor


async def test_a_repair_is_asked_for_what_is_stuck_alone(people: People, case_ref: CaseRef) -> None:
    """And by a person of operations alone, whatever a statement says."""
    repairs = Repairs(await people.pool_of(Role.WEB), ops())
    with pytest.raises(BadInputError, match="nothing is stuck"):
        await repairs.ask(Repair.REDRIVE, journey_workflow_id(case_ref), WHY)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE record.trouble SET asked = 'redrive' WHERE case_ref = $1",
        "UPDATE record.pause SET lifted_at = now() WHERE case_ref = $1",
        (
            "INSERT INTO record.pause (case_ref, paused_by, reason)"
            " VALUES ($1, 'ops@platform:oli', 'incident')"
        ),
    ],
    ids=["asks", "lifts", "pauses"],
)
async def test_nobody_but_operations_repairs(
    people: People, postgres: Servers, pool: Pool, case_ref: CaseRef, statement: str
) -> None:
    """Row security stands behind the rights."""
    await Troubles(pool).note(Step(journey_workflow_id(case_ref), Verb.REMIND), "bug")
    other = await opened(people.record_for)
    await Repairs(await people.pool_of(Role.WEB), ops()).pause(other, WHY)
    for case in (case_ref, other):
        async with acting(postgres, Role.WEB, caseworker(), case) as connection:
            assert "1" != await _rows_changed(connection, statement, case)


async def _rows_changed(connection: Any, statement: str, case_ref: CaseRef) -> str:
    try:
        return str(await connection.execute(statement, case_ref)).split()[-1]
    except asyncpg.InsufficientPrivilegeError:
        return "refused"


async def test_a_paused_case_says_so_in_its_snapshot(people: People, case_ref: CaseRef) -> None:
    """To the worker, which judges by it, and no longer once it was resumed."""
    repairs = Repairs(await people.pool_of(Role.WEB), ops())
    record = await people.record_for(None)
    assert await repairs.pause(case_ref, WHY)
    assert not await repairs.pause(case_ref, WHY)
    assert (await record.read(case_ref)).is_paused
    assert await repairs.resume(case_ref, WHY)
    assert not await repairs.resume(case_ref, WHY)
    assert not (await record.read(case_ref)).is_paused
    assert await repairs.pause(case_ref, WHY)


def test_a_scope_of_operations_carries_its_role() -> None:
    """The policies go by it."""
    assert "ops" == Scope(ops()).settings(None)[2]
