"""`safepath risk`, `marac`, `nrm` and `deadline`, as people type them, on a whole stack."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import typer

from commands.deadline import parse_duration
from rules.lane_words import options, verb_of
from rules.marac import MARAC_TRANSITIONS
from rules.nrm import NRM_TRANSITIONS
from safepath import build
from schemas.deadlines import Duration, Unit
from schemas.errors import BadInputError
from schemas.lanes import MaracEvent, NrmEvent
from schemas.verbs import Verb
from tests.commands.conftest import SUE, Safepath

MO = "marac_coordinator@northmarch-police:mo"


@pytest.fixture
def case(on_stack: Safepath) -> str:
    """A case after its safety check."""
    example = on_stack("case open", "--example").stdout
    answer = on_stack("case open", "-", "--json", said=example)
    return str(json.loads(answer.stdout)["case"]["case_ref"])


def _page(on_stack: Safepath, case: str) -> Any:
    return json.loads(on_stack("case show", case, "--json").stdout)


def _deadline(on_stack: Safepath, case: str, wanted: str) -> Any:
    return next(one for one in _page(on_stack, case)["deadlines"] if one["id"] == wanted)


def _in_days(count: int) -> str:
    return f"{datetime.now(UTC) + timedelta(days=count):%Y-%m-%d}"


@pytest.mark.parametrize(
    ("verb", "event"),
    [
        *((Verb.MOVE_MARAC, event) for event in MaracEvent),
        *((Verb.MOVE_NRM, event) for event in NrmEvent),
    ],
)
def test_an_event_of_a_lane_is_typed_under_its_own_name(verb: Verb, event: str) -> None:
    """Refusals name events, so their names are the verbs."""
    group, word, *_ = verb_of(verb, event).split()
    root: Any = typer.main.get_command(build())
    assert word in root.commands[group].commands


@pytest.mark.parametrize(
    ("verb", "row"),
    [
        *((Verb.MOVE_MARAC, row) for row in MARAC_TRANSITIONS),
        *((Verb.MOVE_NRM, row) for row in NRM_TRANSITIONS),
    ],
)
def test_what_a_refusal_asks_for_is_an_option_of_the_verb(verb: Verb, row: Any) -> None:
    """As it is typed, and not as a field is called."""
    group, word, *_ = verb_of(verb, row.event).split()
    root: Any = typer.main.get_command(build())
    known = {name for p in root.commands[group].commands[word].params for name in p.opts}
    for part in (*row.needs, *row.takes):
        assert options([part]).strip("`") in known


def test_a_high_grade_goes_on_to_marac_and_through_it(on_stack: Safepath, case: str) -> None:
    """Graded, reviewed by another, referred on a ground, listed, heard, actions done, watched."""
    dash = ("--tool", "dash", "--ticks", "15")
    low = on_stack("risk assess", case, *dash, "--grade", "standard", ends=3)
    assert "never lowers it" in low.stderr
    on_stack("risk assess", case, *dash, "--grade", "high")
    on_stack("risk review", case, "--agrees", by=SUE)
    assert "risk: high by dash, reviewed, agreed" in on_stack("case show", case).stdout

    about = (case, "--agencies", "police,council,idva_service", "--basis", "without_consent")
    assert "that record is required" in on_stack("marac refer", *about, ends=3).stderr
    on_stack("marac refer", *about, "--because", "risk_of_serious_harm")
    assert "marac coordinator" in on_stack("marac list", case, "--on", _in_days(7), ends=3).stderr
    on_stack("marac list", case, "--on", _in_days(7), by=MO)
    on_stack("marac call-emergency", case, "--on", _in_days(0))
    on_stack("marac hear", case, by=MO)
    on_stack("marac set-actions", case, "--due", _in_days(14), by=MO)
    on_stack("marac finish-actions", case)
    assert "goes on until" in on_stack("marac end-watch", case, ends=3).stderr
    assert (
        "Next: `marac end-watch` or `marac indicate`"
        in on_stack("marac appeal", case, ends=3).stderr
    )
    marac = _page(on_stack, case)["marac"]
    assert ("repeat_watch", "visible_high_risk", True) == (
        marac["state"],
        marac["criterion"],
        marac["is_emergency"],
    )


def test_immigration_enforcement_is_no_agency_of_a_conference(on_stack: Safepath) -> None:
    """There is no such word; the answer lists those that there are."""
    about = ("bafod-kisut-n", "--agencies", "police,immigration_enforcement", "--basis", "consent")
    assert (
        "not one of those known: police, council" in on_stack("marac refer", *about, ends=2).stderr
    )


def test_a_coordinator_declines_and_is_asked_to_look_again(on_stack: Safepath, case: str) -> None:
    """With a reason; what was referred without consent may be appealed as it is."""
    on_stack("marac indicate", case, "--criterion", "escalation")
    about = (case, "--agencies", "police", "--basis", "without_consent")
    on_stack("marac refer", *about, "--because", "not_safe_to_ask")
    on_stack("marac decline", case, "--reason", "threshold_not_met", by=MO)
    on_stack("marac appeal", case)
    assert "referred" == _page(on_stack, case)["marac"]["state"]


def test_an_adult_who_says_no_is_notified_of_without_a_name(on_stack: Safepath, case: str) -> None:
    """The kind of exploitation is nowhere in her case: not on its page, not in its timeline."""
    on_stack("nrm indicate", case, "--age", "adult")
    assert "nobody is told" in on_stack("nrm inform-council", case, ends=3).stderr
    on_stack("nrm ask-consent", case)
    on_stack("nrm ask-consent", case, "--answer", "no")
    assert "has not said yes" in on_stack("nrm submit", case, ends=3).stderr
    on_stack("nrm notify-anonymously", case, "--exploitation", "criminal")
    shown = on_stack("case show", case).stdout + on_stack("case timeline", case).stdout
    assert "NRM 1: notified anonymously, adult" in shown
    assert "criminal" not in shown


def test_a_child_is_referred_after_the_council_knows(on_stack: Safepath, case: str) -> None:
    """Her case says that she is an adult: a supervisor looks at that; then it is only watched."""
    on_stack("nrm indicate", case, "--age", "uncertain")
    assert "the council is told first" in on_stack("nrm ask-consent", case, ends=3).stderr
    on_stack("nrm inform-council", case)
    assert "supervisor looks at her age" in on_stack("nrm submit", case, ends=3).stderr
    on_stack("task done", case, "nrm-age/1", by=SUE)
    on_stack("nrm submit", case)
    on_stack("nrm reasonable-grounds", case, "--positive")
    assert "recovery until" in on_stack("case show", case).stdout
    on_stack("nrm conclusive-grounds", case, "--negative")
    on_stack("nrm reconsider", case)
    assert "reconsidered" == _page(on_stack, case)["nrm"]["state"]


def test_who_is_disqualified_has_no_recovery_period(on_stack: Safepath, case: str) -> None:
    """Nothing of her support is named in it."""
    on_stack("nrm indicate", case, "--age", "child")
    on_stack("nrm inform-council", case)
    on_stack("task done", case, "nrm-age/1", by=SUE)
    on_stack("nrm submit", case)
    on_stack("nrm reasonable-grounds", case, "--positive")
    on_stack("nrm disqualify", case)
    assert _page(on_stack, case)["nrm"]["recovery_until"] is None


def test_a_deadline_waits_goes_on_and_takes_longer(on_stack: Safepath, case: str) -> None:
    """As a supervisor says, each time with a coded reason."""
    link = (case, "s2s-r1-link")
    reason = ("--reason", "not_safe_to_contact")
    refused = on_stack("deadline pause", *link, *reason, ends=3)
    assert "for: safeguarding_supervisor" in refused.stderr
    on_stack("deadline pause", *link, *reason, by=SUE)
    (line,) = [
        line
        for line in on_stack("deadline list").stdout.splitlines()
        if case in line and "s2s-r1-link" in line
    ]
    assert line.split()[-1] == "paused"
    on_stack("deadline resume", *link, by=SUE)
    before = _deadline(on_stack, *link)
    said = on_stack("deadline extend", *link, "--by", "1 day", "--reason", "complex", by=SUE)
    after = _deadline(on_stack, *link)
    assert before["due_at"] < after["due_at"]
    assert f"due {after['due_at'][:10]}" in said.stdout
    assert "running (complex)" in on_stack("case show", case).stdout
    on_stack("deadline met", *link)
    assert "met" == _deadline(on_stack, *link)["state"]


def test_only_what_is_owed_to_her_is_hers_to_waive(on_stack: Safepath, case: str) -> None:
    """An acknowledgement, and not the assessment of risk."""
    on_stack("deadline waive", case, "vc-r3-acknowledgement")
    assert "waived" == _deadline(on_stack, case, "vc-r3-acknowledgement")["state"]
    refused = on_stack("deadline waive", case, "risk-1-assessment", ends=3)
    assert "not to her" in refused.stderr


@pytest.mark.parametrize(
    ("text", "count", "unit"),
    [
        ("2 working_days", 2, Unit.WORKING_DAYS),
        ("1 working day", 1, Unit.WORKING_DAYS),
        ("  3   days ", 3, Unit.DAYS),
        ("1 month", 1, Unit.MONTHS),
        ("4 service hours", 4, Unit.SERVICE_HOURS),
    ],
)
def test_a_length_of_time_is_read_as_people_write_it(text: str, count: int, unit: Unit) -> None:
    """One or many, with a blank or an underscore."""
    assert Duration(count=count, unit=unit) == parse_duration("--by", text)


@pytest.mark.parametrize(
    "text", ["", "two days", "2", "-1 days", "2 fortnights", "1.5 hours", "² days"]
)
def test_a_length_of_time_that_is_none_is_bad_input(text: str) -> None:
    """The sentence shows how to write one."""
    with pytest.raises(BadInputError, match="2 working_days"):
        parse_duration("--by", text)
