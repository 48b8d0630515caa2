"""The timeline: each phrase names only codes that some rule says, and tells what is not there."""

import re
from datetime import UTC, datetime

import pytest

from commands.wording import PHRASES, timeline_text
from schemas.verbs import Verb
from schemas.views import AuditLine
from tests.builders import caseworker
from tests.house.source import HOUSE

_SAID = "\n".join(
    path.read_text(encoding="utf-8")
    for room in ("rules", "infra")
    for path in sorted((HOUSE / room).rglob("*.py"))
)


def told(verb: Verb, **detail: str | int | None) -> str:
    """What the timeline says of a row, without when and by whom."""
    at = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    line = AuditLine(
        seq=1,
        recorded_at=at,
        occurred_at=at,
        actor=caseworker(),
        verb=verb,
        case_ref=None,
        outcome="done",
        reasons=(),
        detail=detail,
    )
    return timeline_text(line).partition(":ann ")[2].strip()


@pytest.mark.parametrize("verb", list(Verb))
def test_a_phrase_has_places_only_for_codes_that_are_written(verb: Verb) -> None:
    """A place nothing fills would be a dash for ever."""
    for place in re.findall(r"\{(\w+)\}", PHRASES[verb]):
        assert re.search(rf'"{place}"|\b{place}=', _SAID), place


def test_what_is_not_known_is_left_out_where_it_may_be() -> None:
    """And is a dash where the phrase needs it."""
    assert "set contact plan 1: in_force" == told(Verb.SET_PLAN, plan=1, state="in_force")
    changed = told(Verb.SET_PLAN, plan=2, state="pending", changes="details,words")
    assert "set contact plan 2: pending; to be confirmed: details, words" == changed
    assert "accepted referral –" == told(Verb.ACCEPT_REFERRAL)


def test_a_contact_that_waits_is_not_told_as_one_that_may_be_made() -> None:
    """The clockwork looked, and it was not safe."""
    assert "the time of contact 2 came" == told(Verb.OPEN_WINDOW, contact=2)
    waits = told(Verb.OPEN_WINDOW, contact=2, refused="unsafe")
    assert "the time of contact 2 came: unsafe, so it waits" == waits
