"""`safepath referral` and `safepath hold`, as services and programs run them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from schemas.ids import CaseRef
from tests.commands.conftest import ANN, BO, DI, SUE, Safepath
from tests.infra.cases import CONTACT, NAME

ADA = "immigration_adviser@harbour-house:ada"


def test_a_service_reads_what_she_agreed_to_and_works_on_it_alone(
    safepath: Safepath, case: CaseRef
) -> None:
    """A colleague is refused, by name, until it is given back; the sender sees nothing of it."""
    assert NAME in safepath("referral open", f"{case}/1", by=BO).stdout
    assert "Yours." in safepath("referral claim", f"{case}/1", by=BO).stdout
    page = json.loads(safepath("case show", case, "--json", by=ANN).stdout)
    assert page["referrals"][0]["claimed_by"] is None
    refused = safepath("referral accept", f"{case}/1", by=DI)
    assert (refused.exit_code, "bo works on it" in refused.stderr) == (3, True)
    assert safepath("referral release", f"{case}/1", by=BO).exit_code == 0
    assert safepath("referral accept", f"{case}/1", by=DI).exit_code == 0


def test_accepting_places_a_hold_and_says_what_it_is(safepath: Safepath, case: CaseRef) -> None:
    """Default yes; only its placer lifts it, and support never notices."""
    accepted = safepath("referral accept", f"{case}/1", by=BO)
    assert "stops any sharing with Immigration Enforcement" in accepted.stdout
    assert "never touches support" in accepted.stdout
    foreign = safepath("hold lift", f"{case}/1", by=SUE)
    assert (foreign.exit_code, "only they lift it" in foreign.stderr) == (3, True)
    assert "Lifted." in safepath("hold lift", f"{case}/1", by=BO).stdout


def test_who_wants_no_hold_says_so_and_none_is_placed(safepath: Safepath, case: CaseRef) -> None:
    """And is told that one can be placed later."""
    accepted = safepath("referral accept", f"{case}/1", "--no-hold", by=BO)
    assert "No hold was placed." in accepted.stdout
    assert safepath("hold lift", f"{case}/1", by=BO).exit_code == 3
    placed = safepath("hold place", case, "--referral", "1", "--json", by=BO)
    assert json.loads(placed.stdout)["detail"]["hold"] == 1


@pytest.mark.parametrize("reason", ["no_recourse_to_public_funds", "not_eligible"])
def test_a_reason_that_reveals_status_stays_with_the_service(
    safepath: Safepath, case: CaseRef, reason: str
) -> None:
    """Whoever declines is told what the sender sees; the sender sees no more than that."""
    declined = safepath("referral decline", f"{case}/1", "--reason", reason, by=BO)
    assert "the sender sees `criteria_not_met`" in declined.stdout
    assert reason == safepath("referral reason", f"{case}/1", by=BO).stdout.strip()
    for verb in ("case show", "case timeline"):
        seen = safepath(verb, case, "--json", by=ANN)
        assert seen.exit_code == 0
        assert "criteria_not_met" in seen.stdout
        assert reason not in seen.stdout


def test_the_reason_of_a_service_is_no_senders_to_ask_for(
    safepath: Safepath, case: CaseRef
) -> None:
    """Exit 3, and the refusal says what was asked, as it is typed."""
    asked = safepath("referral reason", f"{case}/1", by=ANN)
    assert (3, True) == (asked.exit_code, "`referral reason`" in asked.stderr)
    assert "list inbox" not in asked.stderr


def test_another_reason_is_told_as_it_is(safepath: Safepath, case: CaseRef) -> None:
    """Nothing is said of keeping where nothing is kept."""
    declined = safepath("referral decline", f"{case}/1", "--reason", "out_of_area", by=BO)
    assert "reason out_of_area" in declined.stdout
    assert "the sender sees" not in declined.stdout


def test_a_full_service_says_when_it_expects_a_place(safepath: Safepath, case: CaseRef) -> None:
    """And takes her on from its list."""
    waits = safepath("referral waitlist", f"{case}/1", "--expected-by", _in_a_month(), by=BO)
    assert "On the waiting list." in waits.stdout
    assert "state waitlisted, reason no_capacity" in waits.stdout
    assert "past_ceiling" in waits.stdout
    sooner = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    again = safepath("referral waitlist", f"{case}/1", "--expected-by", sooner, by=BO)
    assert f"expected_by {sooner}" in " ".join(again.stdout.split())
    assert "past_ceiling" not in again.stdout
    assert safepath("referral accept", f"{case}/1", by=BO).exit_code == 0


def test_a_service_asks_back_for_fields_and_topics(safepath: Safepath, case: CaseRef) -> None:
    """Of the fields she did not get; to ask nothing is refused."""
    safepath("referral open", f"{case}/1", by=BO)
    about = ("--fields", "language, accessibility", "--topics", "safe_times,urgency")
    asked = safepath("referral ask", f"{case}/1", *about, by=BO)
    assert "state info_requested" in asked.stdout
    assert 3 == safepath("referral ask", f"{case}/1", by=BO).exit_code
    page = json.loads(safepath("case show", case, "--json", by=ANN).stdout)
    assert ["accessibility", "language"] == page["referrals"][0]["asked_fields"]
    assert ["safe_times", "urgency"] == page["referrals"][0]["asked_topics"]


def test_support_is_begun_and_ended_early(safepath: Safepath, case: CaseRef) -> None:
    """The reason is coded; a note beside it is for the service's own eyes."""
    note = "she moved to her aunt"
    for verb, *given in (("accept",), ("engage",), ("end", "--reason", "moved_away")):
        answer = safepath(f"referral {verb}", f"{case}/1", *given, "--note", note, by=BO)
        assert answer.exit_code == 0, answer.stderr
        assert note not in answer.stdout
    assert note not in safepath("case timeline", case, "--json", by=ANN).stdout


def test_her_permission_deadline_is_seen_by_her_adviser_alone(
    safepath: Safepath, case: CaseRef
) -> None:
    """No page, list or timeline of the agency tells that there is one."""
    safepath("referral accept", f"{case}/1", by=ADA)
    started = safepath("referral advice", f"{case}/1", "--granted-on", "2026-11-20", by=ADA)
    assert started.exit_code == 0, started.stderr
    assert "leave-1-permission" in safepath("deadline list", by=ADA).stdout
    for verb in ("case show", "case timeline"):
        seen = safepath(verb, case, "--json", by=ANN).stdout
        assert "leave-1" not in seen
        assert "advice" not in seen


def test_after_a_withdrawal_only_the_line_to_reach_her_is_left_and_that_is_said(
    safepath: Safepath, case: CaseRef
) -> None:
    """Support had begun, and staff recorded the withdrawal: 72 hours, for one question."""
    safepath("referral accept", f"{case}/1", by=BO)
    safepath("consent withdraw", case, by=ANN)
    opened = safepath("referral open", f"{case}/1", by=BO)
    assert opened.exit_code == 0, opened.stderr
    assert "STOP." in opened.stdout
    assert CONTACT in opened.stdout
    assert NAME not in opened.stdout


def test_what_was_stopped_before_support_is_closed(safepath: Safepath, case: CaseRef) -> None:
    """Exit 3, and no text of hers."""
    safepath("consent withdraw", case, by=ANN)
    opened = safepath("referral open", f"{case}/1", by=BO)
    assert (opened.exit_code, opened.stdout) == (3, "")
    assert "its content is closed to you" in opened.stderr


@pytest.mark.parametrize(
    ("verb", "given", "named"),
    [
        ("accept", ("bafod",), "referral"),
        ("waitlist", ("bafod-kisut-n/1", "--expected-by", "24.12.2026"), "--expected-by"),
        ("decline", ("bafod-kisut-n/1", "--reason", "she is rude"), "--reason"),
        ("ask", ("bafod-kisut-n/1", "--fields", "name,nationality"), "--fields"),
        ("ask", ("bafod-kisut-n/1", "--topics", "visa"), "--topics"),
        ("advice", ("bafod-kisut-n/1", "--granted-on", "soon"), "--granted-on"),
        ("priority", ("bafod-kisut-n/1", "yesterday"), "PRIORITY"),
        ("answer", ("bafod-kisut-n/1", "maybe"), "ANSWER"),
        ("recall", ("bafod-kisut-n/1", "--reason", "why not"), "--reason"),
        (
            "request",
            ("bafod-kisut-n", "--need", "1", "--to", "x", "--chosen-by", "me"),
            "--chosen-by",
        ),
    ],
)
def test_what_cannot_be_read_is_bad_input(
    safepath: Safepath, verb: str, given: tuple[str, ...], named: str
) -> None:
    """Exit 2, and the option is named."""
    answer = safepath(f"referral {verb}", *given, by=BO)
    assert (2, "") == (answer.exit_code, answer.stdout)
    assert f"safepath: {named}: " in answer.stderr


def test_a_hold_is_named_by_case_and_number(safepath: Safepath) -> None:
    """Anything else is bad input, with an example."""
    answer = safepath("hold lift", "bafod-kisut-n", by=BO)
    assert (2, True) == (answer.exit_code, "CASE/NUMBER" in answer.stderr)


def _in_a_month() -> str:
    return f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"
