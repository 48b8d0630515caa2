"""`safepath contact`, as people run it: her words are nowhere, and no contact is outside a plan."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from commands.attempts import rests_on
from commands.contact import EXAMPLE, parse_plan
from schemas.errors import BadInputError
from schemas.ids import CaseRef
from tests.commands.conftest import ANN, BO, DI, SUE, Safepath

SAFE, DURESS = "Marmalade", "lighthouse"
DETAILS = "the blue phone, ask for Robin about the library"
PLAN: dict[str, Any] = {
    "channels": ["voice", "in_person"],
    "windows": [{"weekday": day, "opens": "00:00", "closes": "23:59"} for day in range(7)],
    "device_shared": "no",
    "details": DETAILS,
    "safe_word": SAFE,
    "duress_word": DURESS,
}
NEVER_NOW: dict[str, Any] = PLAN | {
    "windows": [{"weekday": 0, "opens": "10:00", "closes": "12:00", "valid_until": "2026-01-01"}]
}

Planned = Callable[..., CaseRef]


@pytest.fixture
def planned(safepath: Safepath, case: CaseRef) -> Planned:
    """A case whose service supports her, with a plan in force."""

    def with_plan(plan: dict[str, Any] = PLAN) -> CaseRef:
        for answer in ("accept", "engage"):
            assert safepath(f"referral {answer}", f"{case}/1", by=BO).exit_code == 0
        set_now = safepath("contact plan", case, "-", by=ANN, said=json.dumps(plan))
        assert "state pending" in set_now.stdout, set_now.stderr
        how = ("--plan", "1", "--how", "ngo_that_knows_her")
        assert safepath("contact confirm", case, *how, by=DI).exit_code == 0
        return case

    return with_plan


@pytest.fixture
def started(safepath: Safepath, planned: Planned) -> str:
    """A call of the service that has begun."""
    case = planned()
    wanted = ("--purpose", "first_contact", "--channel", "voice")
    made = safepath("contact make", case, *wanted, "--json", by=DI)
    assert 1 == json.loads(made.stdout)["detail"]["contact"]
    begun = safepath("contact start", f"{case}/1", by=DI)
    assert begun.exit_code == 0, begun.stderr
    assert "safe by her plan now" in begun.stdout
    return f"{case}/1"


def test_the_example_is_a_plan(safepath: Safepath) -> None:
    """Whoever saves it and changes it has one."""
    example = safepath("contact plan", "--example", by=ANN)
    assert EXAMPLE == example.stdout
    terms, beside = parse_plan(json.loads(EXAMPLE))
    assert terms.do_not_post
    assert beside.has_words
    assert beside.details


def test_a_plan_is_shown_in_words_with_the_next_window(
    safepath: Safepath, planned: Planned
) -> None:
    """Its details only when asked for, and then somebody has read them."""
    case = planned()
    shown = safepath("contact show", case, by=DI)
    for words in ("ways: voice, in person", "Mon 00:00–23:59", "next safe window", "--ask-word"):
        assert words in shown.stdout
    assert DETAILS not in shown.stdout
    assert DETAILS in safepath("contact show", case, "--details", by=DI).stdout
    lines = json.loads(safepath("case timeline", case, "--json", by=ANN).stdout)
    assert ("read_personal", "plan/1") == (lines[-1]["verb"], lines[-1]["detail"]["what"])


def test_without_a_plan_the_page_says_so(safepath: Safepath, case: CaseRef) -> None:
    """An empty state that shows the way on."""
    shown = safepath("contact show", case, by=ANN)
    assert shown.exit_code == 0, shown.stderr
    assert "No plan is in force." in shown.stdout
    assert "`contact plan`" in shown.stdout


def test_a_start_without_a_plan_claims_none() -> None:
    """It rests on the way she came, and nobody has asked her for a time."""
    assert "by her plan" in rests_on(1)
    assert "by her plan" not in rests_on(None)
    assert "the way she came" in rests_on(None)


def test_no_word_and_no_detail_is_ever_said_back(safepath: Safepath, planned: Planned) -> None:
    """Not in answers, pages or the timeline, and not on stderr."""
    case = planned()
    said = [
        safepath("contact plan", case, "-", "--json", by=ANN, said=json.dumps(PLAN)),
        safepath("contact show", case, "--json", by=ANN),
        safepath("case show", case, "--json", by=ANN),
        safepath("case timeline", case, "--json", by=ANN),
    ]
    for secret in (SAFE, DURESS, DETAILS):
        assert not [one for one in said if secret in one.stdout + one.stderr]


@pytest.mark.parametrize("word", [SAFE, f"  {SAFE.lower()} "], ids=["as agreed", "otherwise typed"])
def test_her_safe_word_is_compared_and_kept_nowhere(
    safepath: Safepath, started: str, word: str
) -> None:
    """Read from stdin, so that it stands in no argument."""
    ended = safepath(
        "contact end", started, "--result", "spoke", "--word-stdin", by=DI, said=f"{word}\n"
    )
    assert ended.exit_code == 0, ended.stderr
    assert "result spoke" in ended.stdout
    assert "End the call" not in ended.stdout
    assert word.strip() not in ended.stdout


@pytest.mark.parametrize("word", [DURESS, "apricot"], ids=["duress", "a wrong one"])
def test_duress_and_a_wrong_word_are_answered_alike(
    safepath: Safepath, started: str, word: str
) -> None:
    """End the call; whoever is on the line learns no more, also at a service."""
    ended = safepath(
        "contact end", started, "--result", "spoke", "--ask-word", by=DI, said=f"{word}\n"
    )
    assert ended.exit_code == 0, ended.stderr
    assert "End the call now, as agreed." in ended.stdout
    assert "supervisor of the agency that leads her case" in " ".join(ended.stdout.split())
    for telling in (word, "duress", "wrong"):
        assert telling not in ended.stdout + ended.stderr


def test_she_may_have_given_no_word(safepath: Safepath, started: str) -> None:
    """An empty answer is none, and no error."""
    ended = safepath(
        "contact end", started, "--result", "no_answer", "--ask-word", by=DI, said="\n"
    )
    assert "result no_answer" in ended.stdout


def test_a_call_outside_her_windows_is_refused(safepath: Safepath, planned: Planned) -> None:
    """Exit 3, with what to do."""
    case = planned(NEVER_NOW)
    wanted = ("--purpose", "first_contact", "--channel", "voice")
    refused = safepath("contact make", case, *wanted, by=DI)
    assert (3, True) == (refused.exit_code, "No safe time is known" in refused.stderr)


def test_a_way_that_is_not_in_her_plan_is_refused(safepath: Safepath, planned: Planned) -> None:
    """And the ways that are, are named."""
    wanted = ("--purpose", "update", "--channel", "email", "--template", "please_call")
    refused = safepath("contact make", planned(), *wanted, by=DI)
    assert (3, True) == (refused.exit_code, "It allows: voice, in_person" in refused.stderr)


def test_a_new_number_waits_for_a_second_person(safepath: Safepath, planned: Planned) -> None:
    """Whoever set it cannot confirm it; an NGO that supports her can."""
    case = planned()
    changed = json.dumps(PLAN | {"details": "another phone"})
    waits = safepath("contact plan", case, "-", by=ANN, said=changed)
    assert "state pending" in waits.stdout
    shown = " ".join(safepath("contact show", case, by=ANN).stdout.split())
    assert "Plan 2 waits for a second person" in shown
    assert f"`contact confirm {case} --plan 2 --how ngo_that_knows_her`" in shown
    how = ("--plan", "2", "--how", "ngo_that_knows_her")
    alone = safepath("contact confirm", case, *how, by=ANN)
    assert (3, True) == (alone.exit_code, "Somebody other" in alone.stderr)
    assert safepath("contact confirm", case, *how, by=DI).exit_code == 0


def test_what_waits_is_shown_beside_what_holds_before_somebody_confirms_it(
    safepath: Safepath, planned: Planned
) -> None:
    """With its number and who set it; the texts only when asked for."""
    case = planned()
    changed = PLAN | {"channels": ["voice"], "voicemail": "vague_only", "details": "his phone"}
    safepath("contact plan", case, "-", by=ANN, said=json.dumps(changed))
    shown = " ".join(safepath("contact show", case, by=DI).stdout.split())
    assert f"read first what it says: `contact show {case} --details`" in shown
    assert "set by northmarch-police:ann" in shown
    assert "voicemail: never; " in shown
    assert "voicemail: vague only; " in shown
    assert "his phone" not in shown
    for who in (SUE, DI):
        read = " ".join(safepath("contact show", case, "--details", by=who).stdout.split())
        assert f"details of plan 1: {DETAILS}" in read
        assert "proposed with plan 2, which nobody confirmed: his phone" in read
    page = json.loads(safepath("contact show", case, "--details", "--json", by=SUE).stdout)
    assert (DETAILS, "his phone") == (page["details"], page["proposed_details"])


def test_a_change_that_leaves_no_time_says_what_a_supervisor_can_do(
    safepath: Safepath, planned: Planned
) -> None:
    """And the task is theirs."""
    case = planned()
    safepath("contact plan", case, "-", by=ANN, said=json.dumps(NEVER_NOW))
    shown = " ".join(safepath("contact show", case, by=SUE).stdout.split())
    assert "no time is left to ask her while it waits" in shown
    for way in ("contact plan", "contact suspend"):
        assert f"`{way}`" in shown
    tasks = safepath("task list", "--mine", by=SUE).stdout
    assert f"{case} no-time-left/2" in tasks


def test_contact_is_suspended_and_called_off(safepath: Safepath, started: str) -> None:
    """By anybody, at once."""
    case = started.partition("/")[0]
    planned = safepath("contact make", case, "--purpose", "update", "--channel", "voice", by=ANN)
    assert planned.exit_code == 0, planned.stderr
    died = safepath("contact suspend", case, "--reason", "deceased", by=DI)
    assert (3, True) == (died.exit_code, "`case died`" in died.stderr)
    halted = safepath("contact suspend", case, "--reason", "unsafe", by=SUE)
    assert "Nobody contacts her for now." in halted.stdout
    contacts = json.loads(safepath("contact show", case, "--json", by=ANN).stdout)["contacts"]
    assert "cancelled" == contacts[-1]["state"]
    shown = safepath("contact show", case, by=DI).stdout
    assert "Nobody contacts her for now." in shown
    assert "safe window" not in shown


def test_a_contact_that_has_not_begun_is_cancelled(safepath: Safepath, planned: Planned) -> None:
    """And a plan that was checked with her is renewed."""
    case = planned()
    safepath("contact make", case, "--purpose", "plan_check", "--channel", "voice", by=ANN)
    assert "Called off." in safepath("contact cancel", f"{case}/1", by=ANN).stdout
    assert "Renewed." in safepath("contact renew", case, by=ANN).stdout


@pytest.mark.parametrize(
    ("plan", "named"),
    [
        ([], "FILE"),
        (PLAN | {"channels": []}, "channels"),
        (PLAN | {"channels": ["pigeon"]}, "channels.0"),
        (PLAN | {"details": 7}, "details"),
        (PLAN | {"details": "\x1b[2J"}, "details"),
        (PLAN | {"duress_word": f" {SAFE.upper()}"}, "duress_word"),
        (PLAN | {"07700900123": "her number"}, "FILE"),
        (PLAN | {"windows": [{"weekday": 1, "opens": "12:00", "closes": "10:00"}]}, "windows.0"),
    ],
    ids=[
        "no object",
        "no way",
        "no such way",
        "no text",
        "a control",
        "twice",
        "a field",
        "a time",
    ],
)
def test_a_plan_that_cannot_be_read_is_bad_input_and_not_quoted(plan: Any, named: str) -> None:
    """Neither the words nor the details nor a field's own name are said."""
    with pytest.raises(BadInputError) as raised:
        parse_plan(plan)
    assert named == raised.value.field
    for secret in (SAFE, SAFE.upper(), DETAILS, "07700900123", "pigeon"):
        assert secret not in str(raised.value)


@pytest.mark.parametrize(
    ("verb", "given", "named"),
    [
        ("plan", ("bafod-kisut-n",), "FILE"),
        ("start", ("bafod-kisut-n",), "contact"),
        ("start", ("bafod-kisut-n/0",), "contact"),
        ("suspend", ("bafod-kisut-n", "--reason", "bored"), "--reason"),
        ("confirm", ("bafod-kisut-n", "--plan", "1", "--how", "she_looked_fine"), "--how"),
        (
            "make",
            ("bafod-kisut-n", "--purpose", "update", "--channel", "voice", "--interpreter", "Åsa"),
            "--interpreter",
        ),
        (
            "end",
            ("bafod-kisut-n/1", "--result", "spoke", "--ask-word", "--word-stdin"),
            "--ask-word",
        ),
    ],
)
def test_what_cannot_be_read_is_bad_input(
    safepath: Safepath, verb: str, given: tuple[str, ...], named: str
) -> None:
    """Exit 2, and the option is named."""
    answer = safepath(f"contact {verb}", *given, by=ANN)
    assert (2, True) == (answer.exit_code, f"safepath: {named}: " in answer.stderr)
