"""Personal texts are looked for everywhere but where they may be; they must be nowhere."""

import asyncio
import base64
import json
import re

import pytest

from tests.house.source import text_of
from tests.journeys.canary_kinds import KINDS, Kind
from tests.journeys.canary_places import PLACES, Blobs, Place, Told, look_everywhere
from tests.journeys.canary_stories import PERSONAL
from tests.journeys.canary_table import Found, keep_for_summary, page_lines
from tests.journeys.scanning import forms, found_in

WORDS = {kind: forms(kind.word) for kind in KINDS}


@pytest.fixture(scope="module")
async def found(told: Told) -> Found:
    """Kind and place of every hit, with what stands around it."""
    hits: Found = {}
    async for place, blobs in look_everywhere(told):
        assert blobs, f"nothing to look through: {place.name}"
        hits |= await asyncio.to_thread(_hits, place, blobs)
    keep_for_summary(hits)
    return hits


def _hits(place: Place, blobs: Blobs) -> Found:
    return {
        (kind, place.name): f"{where}: {hit!r}"
        for where, blob in blobs.items()
        for kind, words in WORDS.items()
        if (hit := found_in(blob, words)) is not None
    }


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name)
def test_no_canary_got_out(found: Found, place: Place) -> None:
    """Of no kind, after every story (INV-05)."""
    out = {kind.name: hit for (kind, where), hit in found.items() if where == place.name}
    assert {} == out


async def test_every_text_is_there_sealed(told: Told) -> None:
    """Or nothing would have been at risk: three cases of six fields, a plan, and eight notes."""
    database = told.stack.superuser
    counts = [
        await database.fetchval(f"SELECT count(*) FROM record.{table}")  # noqa: S608
        for table in ("case_text", "plan_detail", "plan_word", "organisation_note")
    ]
    assert [3 * len(PERSONAL) - 1, 1, 1, 8] == counts


async def test_the_worker_spoke_of_its_failures(told: Told) -> None:
    """Logs and spans were on, and the failing step was in them: by its code."""
    log = (told.stack.paths.logs / "worker-journeys.log").read_text(encoding="utf-8")
    assert "step_failed" in log
    assert '"name": "record.change"' in log


def test_no_notice_is_named_after_what_it_is_about(told: Told) -> None:
    """Of each file the case can be read and nothing else: no task, no duty, no service."""
    names = [file.name for file in told.stack.paths.notices.rglob("*") if file.is_file()]
    assert names
    assert [n for n in names if not re.fullmatch(r"[a-z-]+--[0-9a-f]{16}\.json", n)] == []


def test_the_page_has_every_kind_and_every_place() -> None:
    """And the answer to each: whoever adds one puts the new table there."""
    assert "\n".join(page_lines()) in text_of("docs/privacy-canary.md")


def test_there_are_as_many_kinds_as_words() -> None:
    """Twenty-five at the least, and no word that would be found in another's."""
    words = [kind.word for kind in KINDS]
    assert 25 <= len(words)
    assert [] == [(a, b) for a in words for b in words if a != b and a in b]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("before", range(4))
def test_the_scan_finds_every_form(kind: Kind, before: int) -> None:
    """Whatever stands before and after: a scan that cannot find proves nothing."""
    words = WORDS[kind]
    for form in words:
        assert found_in(b"x" * before + form + b"y", words)
    text = "z" * before + kind.word + "z"
    assert found_in(base64.b64encode(text.encode()), words)
    assert found_in(json.dumps({"name": text}).encode(), words)
    assert found_in(text.encode("utf-16-le"), words)
