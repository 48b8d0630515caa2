"""Reminders of agreements that end: once each, whatever was away meanwhile."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from infra.agreements import remind_of_agreements
from infra.database import Pool
from infra.notices import TEXTS, FileNotices
from infra.stack.secrets import Role
from schemas.actor import Role as PersonRole
from schemas.errors import UnreachableError
from schemas.ids import CaseRef
from schemas.snapshot import Dispatch, NoticeTemplate
from tests.conftest import People
from tests.infra.forces import Force

ENDS = date(2027, 6, 30)


@pytest.fixture
async def worker(people_apart: People) -> Pool:
    """The worker's."""
    return await people_apart.pool_of(Role.JOURNEYS)


@pytest.fixture
async def force(people_apart: People) -> Force:
    """A force with an agreement that ends in the summer of 2027."""
    force = Force(await people_apart.pool_of(Role.WEB))
    await agreed(force, ENDS)
    return force


async def agreed(force: Force, ends: date, paper: str = "ISA-1") -> None:
    """An agreement, recorded or recorded anew."""
    sol = force.changes("sol", PersonRole.INFO_SHARING_SPOC)
    await sol.record_agreement(paper, (force.name, "other"), date(2026, 1, 1), ends)


def before_the_end(days: int) -> datetime:
    return datetime(ENDS.year, ENDS.month, ENDS.day, 9, tzinfo=UTC) - timedelta(days=days)


def written(folder: Path) -> list[str]:
    return [file.read_text(encoding="utf-8") for file in folder.glob("*.json")]


def told(folder: Path, force: Force) -> int:
    return sum(json.loads(text)["to"] == force.name for text in written(folder))


async def test_an_agreement_is_reminded_of_on_its_four_days_once_each(
    worker: Pool, force: Force, tmp_path: Path
) -> None:
    """However often the worker looks, and whichever worker it is."""
    seen = []
    for days in (91, 90, 89, 31, 30, 8, 7, 1, 0, -1, -400):
        for _ in range(2):
            await remind_of_agreements(worker, FileNotices(tmp_path), before_the_end(days))
        seen.append((days, told(tmp_path, force)))
    assert [
        (91, 0),
        (90, 1),
        (89, 1),
        (31, 1),
        (30, 2),
        (8, 2),
        (7, 3),
        (1, 3),
        (0, 4),
        (-1, 4),
        (-400, 4),
    ] == seen


async def test_a_worker_that_was_away_reminds_once_of_what_it_missed(
    worker: Pool, force: Force, tmp_path: Path
) -> None:
    """Not three times on one day."""
    await remind_of_agreements(worker, FileNotices(tmp_path), before_the_end(5))
    assert 1 == told(tmp_path, force)


async def test_a_prolonged_agreement_is_reminded_of_anew_and_the_old_one_no_more(
    worker: Pool, force: Force, tmp_path: Path
) -> None:
    """The newest row of an id counts."""
    notices = FileNotices(tmp_path)
    await remind_of_agreements(worker, notices, before_the_end(90))
    await agreed(force, ENDS + timedelta(days=365))
    for days in (30, 7, 0):
        await remind_of_agreements(worker, notices, before_the_end(days))
    assert 1 == told(tmp_path, force)
    await remind_of_agreements(worker, notices, before_the_end(90 - 365))
    assert 2 == told(tmp_path, force)


class Dying(FileNotices):
    """Whoever posts to this force through it is gone before anything is noted."""

    def __init__(self, directory: Path, force: Force) -> None:
        super().__init__(directory)
        self._force = force

    async def post(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        """Post, and then no more."""
        await super().post(case_ref, dispatch)
        if dispatch.to_organisation == self._force.name:
            raise UnreachableError("gone")


async def test_a_reminder_that_could_not_be_noted_is_seen_once_all_the_same(
    worker: Pool, force: Force, tmp_path: Path
) -> None:
    """It is posted before it is noted: whoever comes after posts the same notice again."""
    with pytest.raises(UnreachableError):
        await remind_of_agreements(worker, Dying(tmp_path, force), before_the_end(90))
    assert 1 == told(tmp_path, force)
    assert await remind_of_agreements(worker, FileNotices(tmp_path), before_the_end(90))
    assert 1 == told(tmp_path, force)


async def test_a_reminder_says_nothing_of_the_agreement(
    worker: Pool, force: Force, tmp_path: Path
) -> None:
    """A fixed text, to the organisation that keeps it."""
    await remind_of_agreements(worker, FileNotices(tmp_path), before_the_end(7))
    texts = written(tmp_path)
    assert told(tmp_path, force)
    assert all(TEXTS[NoticeTemplate.AGREEMENT] in text for text in texts)
    assert not [text for text in texts if "ISA-1" in text or "other" in text]
