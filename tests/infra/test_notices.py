"""Notices: visible once, to nobody else, and with nothing in them."""

import asyncio
import json
import re
import stat
from pathlib import Path

import pytest

from infra.notices import TEXTS, FileNotices
from schemas.snapshot import Dispatch, NoticeTemplate
from tests.builders import CASE, a_notice, a_packet
from tests.fakes import FakeNotices


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where notices go; it need not be there."""
    return tmp_path / "notices"


def shown(folder: Path) -> list[str]:
    """What whoever looks into the folder sees; hidden files are half written."""
    return [path.read_text() for path in folder.iterdir()] if folder.exists() else []


async def test_a_notice_posted_twice_is_visible_once_and_as_it_was(folder: Path) -> None:
    """A retry changes nothing of what somebody may have read."""
    notices = FileNotices(folder)
    await notices.post(CASE, a_notice())
    first = shown(folder)
    await notices.post(CASE, a_notice())
    assert (shown(folder), len(first)) == (first, 1)


async def test_notices_posted_at_once_are_visible_once(folder: Path) -> None:
    """A step that was given up on may still be running beside its retry."""
    await asyncio.gather(*(FileNotices(folder).post(CASE, a_notice()) for _ in range(40)))
    (text,) = shown(folder)
    assert json.loads(text)["template"] == "inbox_item"


async def test_another_notice_is_another_file(folder: Path) -> None:
    """By case and key."""
    notices = FileNotices(folder)
    await notices.post(CASE, a_notice())
    await notices.post(CASE, a_notice(2))
    assert len(shown(folder)) == 2


@pytest.mark.parametrize(
    "key", ["reminder/leave-1-permission/1/20261123T090000", "task/bereaved-family/20261123T090000"]
)
def test_the_name_of_a_notice_says_whose_case_and_nothing_of_why(folder: Path, key: str) -> None:
    """Whoever looks at the folder, or at a backup of it, learns of no task and of no duty."""
    notice = a_notice().model_copy(update={"key": key})
    asyncio.run(FileNotices(folder).post(CASE, notice))
    (file,) = folder.iterdir()
    assert re.fullmatch(rf"{CASE}--[0-9a-f]{{16}}\.json", file.name)


async def test_the_fake_shows_a_notice_once_too() -> None:
    """As the real one does."""
    notices = FakeNotices()
    await notices.post(CASE, a_notice())
    await notices.post(CASE, a_notice())
    assert notices.shown == {(CASE, "notice/1"): a_notice()}
    assert notices.times_posted == 2


def test_only_its_owner_can_read_a_notice(folder: Path) -> None:
    """That there is a case at all is nobody else's business."""
    asyncio.run(FileNotices(folder).post(CASE, a_notice()))
    (file,) = folder.iterdir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("template", NoticeTemplate)
async def test_a_notice_has_nothing_of_the_case_in_it(
    folder: Path, template: NoticeTemplate
) -> None:
    """It may be read on a screen that he can see: a reference, a sentence, and where to look."""
    notice = a_notice().model_copy(update={"template": template})
    await FileNotices(folder).post(CASE, notice)
    (text,) = shown(folder)
    notice_shown = json.loads(text)
    assert notice_shown.pop("posted_at")
    assert notice_shown == {
        "to": "harbour-house",
        "template": template.value,
        "text": TEXTS[template],
        "item": CASE,
    }
    assert not set("{}%$") & set(TEXTS[template])


def test_every_template_has_its_text() -> None:
    """A notice without words would be a file nobody understands."""
    assert set(TEXTS) == set(NoticeTemplate)


@pytest.mark.parametrize("dispatch", [a_packet()], ids=["a packet"])
async def test_what_is_no_notice_is_not_posted(folder: Path, dispatch: Dispatch) -> None:
    """A packet never goes this way."""
    with pytest.raises(ValueError, match="a notice has a template"):
        await FileNotices(folder).post(CASE, dispatch)
    assert shown(folder) == []
