"""`safepath case`, `task`, `staff` and `audit misuse`, as people type them, on a whole stack."""

import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from safepath import build
from schemas.casework import CaseEvent
from tests.commands.conftest import ANN, SUE, Safepath
from tests.infra.stack.standins import in_time

BEN = "caseworker@northmarch-police:ben"
CY = "caseworker@saltmere-council:cy"
AUDITOR = "auditor@oversight:olu"
WITHIN = 60.0
"""Seconds, for the clockwork to find what is late in a case that was just opened."""

Opened = Callable[..., str]

_NUMBERS = itertools.count(1)


@pytest.fixture
def opened(on_stack: Safepath) -> Opened:
    """Opens a case from the example file and says its name."""
    example = json.loads(on_stack("case open", "--example").stdout)

    def open_case(by: str = ANN, **parts: Any) -> str:
        answer = on_stack("case open", "-", "--json", by=by, said=json.dumps(example | parts))
        return str(json.loads(answer.stdout)["case"]["case_ref"])

    return open_case


@pytest.fixture
def case(opened: Opened) -> str:
    """A case of Ann's, after its safety check."""
    return opened()


def _page(on_stack: Safepath, case: str, by: str = ANN) -> Any:
    return json.loads(on_stack("case show", case, "--json", by=by).stdout)


def test_the_page_says_how_a_case_stands_without_a_way_to_reach_her(
    on_stack: Safepath, opened: Opened
) -> None:
    """Who works on it, her entitlement, risk and plan in words; never the plan's details."""
    case = opened()
    plan = json.loads(on_stack("contact plan", "--example").stdout)
    plan |= {"details": "ring the blue phone", "safe_word": "cornflower"}
    on_stack("contact plan", case, "-", said=json.dumps(plan))
    shown = on_stack("case show", case).stdout
    for said in (
        "assigned to ann",
        "enhanced entitlement, age: adult",
        "risk: not assessed, so counted as high",
        "contact plan 1: voice, she contacts us; safe next T",
    ):
        assert said in shown
    assert "blue phone" not in shown
    assert "cornflower" not in shown


def test_a_case_is_listed_for_whoever_works_on_it(on_stack: Safepath, case: str) -> None:
    """And an empty list says that it is one."""
    assert case in on_stack("case list", "--mine").stdout
    assert case not in on_stack("case list", "--mine", by=BEN).stdout
    assert case in on_stack("case list", by=BEN).stdout
    nobody = "caseworker@northmarch-police:nobody"
    assert "None is assigned to you.\n" == on_stack("case list", "--mine", by=nobody).stdout


@pytest.mark.parametrize("event", CaseEvent)
def test_the_help_lists_every_event(event: CaseEvent) -> None:
    """Nobody has to guess what can be put on record."""
    answer = CliRunner().invoke(build(), ["case", "event", "--help"])
    assert event in answer.stdout


def test_an_event_names_the_duties_it_is_about(on_stack: Safepath, case: str) -> None:
    """And they count from when it happened."""
    at = ("--occurred-at", "2026-11-23T10:00")
    said = on_stack("case event", case, "suspect_bailed", *at).stdout
    assert "Duties it is about: vc-r6-bail." in said
    deadlines = {one["id"]: one for one in _page(on_stack, case)["deadlines"]}
    assert deadlines["vc-r6-bail"]["started_at"].startswith("2026-11-23T10:00")
    unknown = on_stack("case event", case, "suspect_forgiven", ends=2)
    assert "not one of those known: interpreter_needed, crime_recorded" in unknown.stderr


def test_entitlement_is_decided_on_a_ground(on_stack: Safepath, case: str) -> None:
    """A ground for enhanced entitlement is none for the standard one."""
    refused = on_stack("case entitlement", case, "standard", "--reason", "vulnerable", ends=3)
    assert "a ground for enhanced entitlement" in refused.stderr
    on_stack("case entitlement", case, "standard", "--reason", "no_ground_found")
    assert "standard" == _page(on_stack, case)["case"]["entitlement"]


def test_a_hand_over_says_what_moved_with_the_case(on_stack: Safepath, case: str) -> None:
    """Deadlines, tasks and referrals; and a second time there is nothing to hand over."""
    in_time(lambda: 2 == len(_page(on_stack, case)["tasks"]), WITHIN)
    said = on_stack("case handover", case, "--to", "ben").stdout
    assert re.search(r"Handed over\. to ben, deadlines \d+, tasks 2, referrals 0", said)
    assert "ben" == _page(on_stack, case)["case"]["assigned_to"]
    assert "already" in on_stack("case handover", case, "--to", "ben", ends=3).stderr


@pytest.mark.parametrize("named", [(), ("bafod-kisut-n", "--all-of", "ann")])
def test_a_hand_over_is_of_one_case_or_of_a_person(named: tuple[str, ...]) -> None:
    """Neither and both are bad input, before anything is asked of the stack."""
    given = ["case", "handover", *named, "--to", "ben", "--as", ANN]
    answer = CliRunner().invoke(build(), given)
    assert (2, True) == (answer.exit_code, "and not both" in answer.stderr)


def test_all_cases_of_a_leaver_go_but_the_one_that_is_refused(
    on_stack: Safepath, opened: Opened
) -> None:
    """It is named with its reason, the others have gone, and only it is tried again."""
    leaver = f"lee{next(_NUMBERS)}"
    lee = f"caseworker@northmarch-police:{leaver}"
    cases = [opened(by=lee) for _ in range(3)]
    on_stack("case conflict", cases[1], "--kind", "knows_perpetrator", by=BEN)
    on_stack("staff left", leaver, by=SUE)
    assert "has left" in on_stack("case list", by=lee, ends=2).stderr
    behind = on_stack("staff leavers", by=SUE).stdout
    assert dict.fromkeys(cases, True) == {case: case in behind for case in cases}

    all_of = ("--all-of", leaver, "--to", "ben")
    lines = on_stack("case handover", *all_of, by=SUE, ends=3).stdout.splitlines()
    told = {line.partition(":")[0]: line for line in lines}
    assert set(cases) == set(told)
    assert "refused. ben declared a conflict of interest." in told[cases[1]]
    for case in (cases[0], cases[2]):
        assert re.search(r"handed over, with deadlines \d+, tasks \d, referrals 0", told[case])
        assert "ben" == _page(on_stack, case)["case"]["assigned_to"]

    again = json.loads(on_stack("case handover", *all_of, "--json", by=SUE, ends=3).stdout)
    assert [cases[1]] == [reply["case_ref"] for reply in again]
    to_ann = ("--all-of", leaver, "--to", "ann")
    assert "handed over" in on_stack("case handover", *to_ann, by=SUE).stdout
    assert "has no open case" in on_stack("case handover", *to_ann, by=SUE).stdout


def test_a_case_is_led_by_whoever_took_it(on_stack: Safepath, case: str) -> None:
    """Until then the other agency sees nothing of it, and from then on the first one does not."""
    offered = on_stack("case transfer", case, "--to", "saltmere-council", "--she-agreed").stdout
    assert f"`case take {case}`" in offered
    assert "to saltmere-council, she agreed " in offered
    on_stack("case show", case, by=CY, ends=2)
    assert "is offered to saltmere-council" in on_stack("case take", case, ends=3).stderr
    on_stack("case take", case, by=CY)
    page = _page(on_stack, case, by=CY)["case"]
    assert ("saltmere-council", "cy") == (page["owner"], page["assigned_to"])
    on_stack("case show", case, ends=2)


def test_a_case_that_is_declined_stays_where_it_was(on_stack: Safepath, case: str) -> None:
    """With a line that says so."""
    on_stack("case transfer", case, "--to", "saltmere-council", "--she-agreed")
    on_stack("case decline", case, by=CY)
    assert "transfer to saltmere-council: declined" in on_stack("case show", case).stdout


def test_whoever_is_too_close_does_nothing_more_in_the_case(on_stack: Safepath, case: str) -> None:
    """Only the kind is asked for."""
    on_stack("case conflict", case, "--kind", "is_involved", by=BEN)
    refused = on_stack("case event", case, "crime_recorded", by=BEN, ends=3)
    assert "declared a conflict" in refused.stderr
    shown = on_stack("case show", case).stdout
    assert "conflict of interest: northmarch-police:ben, is involved" in shown


def test_a_restricted_case_is_widened_by_two(on_stack: Safepath, opened: Opened) -> None:
    """One proposes; a second named person agrees, and only then a third one sees it."""
    case = opened(perpetrator_works_here="unsure", named_people=["sue"])
    proposed = on_stack("case name", case, "ben").stdout
    assert f"`case name {case} ben --confirm`" in proposed
    assert "second named person" in on_stack("case name", case, "ben", "--confirm", ends=3).stderr
    on_stack("case show", case, by=BEN, ends=2)
    assert "northmarch-police:ben is proposed" in on_stack("case show", case).stdout
    on_stack("case name", case, "ben", "--confirm", by=SUE)
    assert "may see it:" in on_stack("case show", case, by=BEN).stdout
    assert "write a code" in on_stack("case name", case, "Ben Ash", ends=2).stderr


def test_an_alarm_of_a_restricted_case_is_listed_to_a_supervisor_who_does_not_see_it(
    on_stack: Safepath, opened: Opened
) -> None:
    """With whom to ask; a caseworker who is not named hears nothing."""
    case = opened(perpetrator_works_here="unsure", named_people=["bea"])
    on_stack("contact suspend", case, "--reason", "unsafe")
    told = on_stack("task list", by=SUE).stdout.partition(f"{case} plan-unsafe/1\n")[2]
    assert told.startswith("  welfare: in a restricted case, of which you see no more; ask the")
    assert case not in on_stack("task list", by=BEN).stdout


def test_a_restricted_case_does_not_leave_with_its_people(
    on_stack: Safepath, opened: Opened
) -> None:
    """Two supervisors name somebody else, and neither of them sees it; the new one does."""
    rae, sam = "caseworker@northmarch-police:rae", "safeguarding_supervisor@northmarch-police:sam"
    case = opened(by=rae, perpetrator_works_here="yes", named_people=["ray"])
    on_stack("case name", case, "ben", by=SUE, ends=2)
    for person in ("rae", "ray"):
        on_stack("staff left", person, by=SUE)
    assert case not in on_stack("staff leavers", by=BEN).stdout
    assert case in on_stack("staff leavers", by=SUE).stdout
    on_stack("case name", case, "ben", by=SUE)
    assert "second" in on_stack("case name", case, "ben", "--confirm", by=SUE, ends=3).stderr
    on_stack("case name", case, "ben", "--confirm", by=sam)
    for supervisor in (SUE, sam):
        on_stack("case show", case, by=supervisor, ends=2)
    assert "may see it:" in on_stack("case show", case, by=BEN).stdout


def test_a_link_stands_in_both_cases(on_stack: Safepath, opened: Opened) -> None:
    """By their names alone."""
    one, other = opened(), opened()
    on_stack("case link", one, other, "--kind", "same_incident")
    assert f"linked with {other}: same incident" in on_stack("case show", one).stdout
    assert f"linked with {one}: same incident" in on_stack("case show", other).stdout


def test_two_people_record_a_death_before_it_is_a_reason_to_close(
    on_stack: Safepath, case: str
) -> None:
    """A person closes the case, and a person opens it again."""
    deceased = (case, "--reason", "deceased")
    assert "`case died`" in on_stack("case close", *deceased, ends=3).stderr
    said = on_stack("case died", case).stdout
    assert "Somebody else says whether it is so" in said
    assert "reported_already" in on_stack("case died", case, by=SUE).stdout
    assert "ann says that she has died" in on_stack("case show", case).stdout
    assert "--confirm" in on_stack("case close", *deceased, ends=3).stderr
    confirmed = ("case died", case, "--confirm", "--occurred-at", "2026-11-23")
    assert "somebody else" in on_stack(*confirmed, ends=3).stderr
    assert "close family" in on_stack(*confirmed, by=SUE).stdout
    assert "she died on 23 Nov 2026" in on_stack("case show", case).stdout
    on_stack("case close", *deceased)
    on_stack("case close", *deceased, "--confirm")
    on_stack("case reopen", case, "--reason", "closed_by_mistake")
    assert "open" == _page(on_stack, case)["case"]["stage"]


def test_a_death_that_was_not_so_leaves_the_case_as_it_was(on_stack: Safepath, case: str) -> None:
    """But for contact, to which two people open the way; the timeline tells both words."""
    on_stack("case died", case)
    on_stack("case died", case, "--not-so", ends=3)
    assert "confirms a new plan" in on_stack("case died", case, "--not-so", by=SUE).stdout
    assert "Nobody contacts her for now" in on_stack("contact show", case).stdout
    assert _page(on_stack, case)["case"]["died_at"] is None
    timeline = on_stack("case timeline", case).stdout
    for told in ("her death: reported", "was refused: record death", "her death: not_so"):
        assert told in timeline


def test_a_task_is_listed_with_its_way_on(on_stack: Safepath, case: str) -> None:
    """What an act of its own settles is not done by saying so; what is not there is bad to name."""
    task = "missed/vc-r4-needs-assessment"

    def listed() -> str:
        whole = on_stack("task list", "--mine", by=SUE).stdout
        return whole.partition(f"{case} {task}\n")[2].partition("\n")[0]

    in_time(lambda: listed() != "", WITHIN)
    part = listed()
    assert "deadline missed: for the safeguarding supervisor, since" in part
    assert "`deadline met` settles it" in part
    assert f"{case} {task}" not in on_stack("task list", "--mine").stdout
    assert "when the duty is met" in on_stack("task done", case, task, by=SUE, ends=3).stderr
    assert "`task list`" in on_stack("task done", case, "none", by=SUE, ends=3).stderr


def test_a_task_that_nothing_else_settles_is_done_by_saying_so(
    on_stack: Safepath, case: str
) -> None:
    """And it is in no list any more."""
    on_stack("case died", case)
    on_stack("case died", case, "--confirm", by=SUE)
    on_stack("task done", case, "bereaved-family")
    assert f"{case} bereaved-family" not in on_stack("task list").stdout


def test_asking_for_a_case_of_others_is_counted_and_proves_nothing(
    on_stack: Safepath, case: str
) -> None:
    """One line for each person with a count, and a sentence under them."""
    curious = f"pia{next(_NUMBERS)}"
    on_stack("case show", case, by=f"caseworker@saltmere-police:{curious}", ends=2)
    report = on_stack("audit misuse", by=AUDITOR).stdout
    (line,) = [line for line in report.splitlines() if f"saltmere-police:{curious}" in line]
    assert ["0 (0)", "0", "0 (0)", "0", "1"] == re.split(r" {2,}", line.strip())[1:]
    assert "A count is a reason to ask, and no proof" in report


def test_a_data_protection_officer_counts_their_own_people(on_stack: Safepath, case: str) -> None:
    """Of no other organisation."""
    on_stack("case show", case, by=CY, ends=2)
    on_stack("case show", "bafod-kisut-n", ends=2)
    report = json.loads(on_stack("audit misuse", "--json", by="dpo@northmarch-police:del").stdout)
    assert {"northmarch-police"} == {line["who"].partition(":")[0] for line in report["people"]}


def test_the_days_of_a_report_are_both_included_and_in_order(on_stack: Safepath) -> None:
    """Days, and no times."""
    span = ("--from", "2025-12-01", "--to", "2025-12-03")
    said = on_stack("audit misuse", *span, by=AUDITOR).stdout
    assert "01 Dec 2025 to 03 Dec 2025, both included." in said
    assert "Nobody did anything that is counted." in said
    backwards = ("--from", "2025-12-03", "--to", "2025-12-01")
    assert "lies after" in on_stack("audit misuse", *backwards, by=AUDITOR, ends=2).stderr
    assert "for: dpo, auditor" in on_stack("audit misuse", ends=3).stderr
