"""The rendered pages: each says all that its table says, and is checked against it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from docs import render
from docs.render_duties import render_duties
from docs.render_lanes import render_lanes
from docs.render_rights import ABOUT_NO_CASE, elsewhere, render_rights
from rules.decide import DECIDED
from rules.lane_words import verb_of
from rules.marac import MARAC_TRANSITIONS
from rules.nrm import NRM_TRANSITIONS
from rules.profiles import DEMO_SECONDS, VICTIMS_CODE_2021
from rules.rights import RIGHTS
from schemas.actor import Role
from schemas.casework import CaseEvent
from schemas.deadlines import Duty
from schemas.verbs import Verb

DUTIES = render_duties()
LANES = render_lanes()

_READS_OF_ONE_CASE = {
    Verb.SHOW_CASE,
    Verb.READ_PERSONAL,
    Verb.SHOW_TIMELINE,
    Verb.SHOW_CONTACT,
}


@pytest.mark.parametrize("duty", VICTIMS_CODE_2021.duties, ids=lambda duty: duty.id)
def test_a_duty_stands_with_its_time_its_people_and_its_source(duty: Duty) -> None:
    """Whoever has to keep a duty can read it there, and where the figure comes from."""
    section = DUTIES.partition(f"#### {duty.title}\n")[2].partition("\n#")[0]
    for said in (duty.id, duty.starts_with, str(duty.within), duty.ends_with, duty.source):
        assert said in section


def test_a_demonstration_lists_only_what_it_hurries() -> None:
    """The same duties are not told twice, and none of those in seconds is left out."""
    told = DUTIES.partition(f"## {DEMO_SECONDS.title}\n")[2]
    hurried = [d for d in DEMO_SECONDS.duties if d not in VICTIMS_CODE_2021.duties]
    assert len(hurried) == sum(" seconds |" in line for line in told.splitlines())
    assert {True} == {duty.title in told for duty in hurried}


@pytest.mark.parametrize("event", CaseEvent)
def test_every_event_says_which_duties_it_moves(event: CaseEvent) -> None:
    """An officer who records one knows what begins by it."""
    assert f"| `{event}` |" in LANES


@pytest.mark.parametrize(
    ("verb", "rows"),
    [(Verb.MOVE_MARAC, MARAC_TRANSITIONS), (Verb.MOVE_NRM, NRM_TRANSITIONS)],
    ids=["marac", "nrm"],
)
def test_each_row_of_a_lane_is_a_line_that_starts_with_its_verb(
    verb: Verb, rows: tuple[object, ...]
) -> None:
    """As many lines as rows, and each under the name it is typed as."""
    events = [row.event for row in rows]  # type: ignore[attr-defined]
    lines = [f"| `{verb_of(verb, event)}` |" for event in events]
    assert {line: lines.count(line) for line in lines} == {
        line: LANES.count(line) for line in lines
    }


def test_a_verb_is_about_one_case_or_says_what_it_reaches() -> None:
    """Nothing is left without an answer to: and in another organisation's case?"""
    assert set(Verb) == DECIDED | _READS_OF_ONE_CASE | set(ABOUT_NO_CASE)
    assert not DECIDED & set(ABOUT_NO_CASE)


@pytest.mark.parametrize("cell", sorted(RIGHTS), ids=" by ".join)
def test_a_right_ends_at_ones_own_organisation(cell: tuple[Verb, Role]) -> None:
    """But for a withdrawal, which anybody near her may bring, and an offer to take a case."""
    verb, role = cell
    exceptions = {
        Verb.WITHDRAW_CONSENT: "yes",
        Verb.ANSWER_TRANSFER: "once the case is offered to their organisation",
    }
    if role is not Role.SYSTEM and verb not in ABOUT_NO_CASE:
        assert exceptions.get(verb, "no") == elsewhere(verb, role)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM])
def test_a_role_stands_with_the_code_that_is_typed(role: Role) -> None:
    """Whoever writes `--as` finds it there."""
    heads = [line for line in render_rights().splitlines() if line.startswith("| verb | ")]
    assert 1 == sum(f" `{role.value}` |" in head for head in heads)


def test_the_clockwork_is_no_column_among_people() -> None:
    """What is done without a person stands apart, and is named in full."""
    part = render_rights().partition("## The clockwork")[2].partition("## Why")[0]
    verbs = [verb for verb, role in RIGHTS if role is Role.SYSTEM]
    assert [] == [verb for verb in verbs if verb.replace("_", " ") not in part]


@pytest.mark.parametrize("render_page", render.PAGES.values(), ids=render.PAGES)
def test_every_line_of_a_table_has_as_many_cells_as_its_head(
    render_page: Callable[[], str],
) -> None:
    """A bar in a sentence would break a table apart."""
    block: list[int] = []
    for line in (*render_page().splitlines(), ""):
        if line.startswith("|"):
            block.append(line.count("|"))
            continue
        assert len(set(block)) <= 1
        block = []


def test_check_names_a_stale_page_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And once the pages are written, nothing is stale."""
    assert 1 == render.main(["--check"], tmp_path)
    assert "docs/duties.md is stale" in capsys.readouterr().err
    assert 0 == render.main([], tmp_path)
    assert 0 == render.main(["--check"], tmp_path)
    assert 2 == render.main(["--chek"], tmp_path)
