"""What a caseworker decides, as typed, on a whole stack: each answer comes from the journey."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.commands.conftest import BO, Safepath
from tests.infra.stack.standins import in_time

FREELY = ("--present", "nobody", "--at-safe-time", "--told-not-a-condition")
WITHIN = 60.0
"""Seconds, for a packet to arrive."""
IDVA, MEADOWLIGHT = "idva-service", "meadowlight-support"


@pytest.fixture
def safepath(on_stack: Safepath) -> Safepath:
    """Every verb here is one that a journey decides."""
    return on_stack


def test_a_referral_from_the_first_question_to_a_new_one_for_it(safepath: Safepath) -> None:
    """Asked, thought over, given, sent, asked back, answered, hastened, recalled, reopened."""
    case = _opened(safepath)
    to = ("--to", IDVA)
    offered = ("--offered", f"{MEADOWLIGHT},{IDVA}", "--chosen-by", "victim")
    nowhere = safepath("referral request", case, "--need", "1", *to, "--offered", "nowhere", ends=3)
    assert "Offered, but not in the directory: nowhere." in nowhere.stderr
    safepath("referral request", case, "--need", "1", *to, *offered)
    shown = safepath("case show", case).stdout
    assert f"she chose among {MEADOWLIGHT}, {IDVA}" in " ".join(shown.split())
    safepath("consent ask", case, *to, "--fields", "name,safe_contact", *FREELY)
    safepath("consent reflect", case, *to, "--ask-again", _in_a_month())
    safepath("consent give", case, *to, "--fields", "name", *FREELY)
    _arrived(safepath, case, 1)
    safepath("referral open", f"{case}/1", by=BO)
    safepath("referral ask", f"{case}/1", "--fields", "language", by=BO)
    unasked = safepath("referral answer", f"{case}/1", "passed_on", ends=3)
    assert "She has not agreed" in unasked.stderr
    safepath("referral answer", f"{case}/1", "she_keeps_it")
    safepath("referral priority", f"{case}/1", "urgent")
    stale = ("--reason", "no_longer_wanted", "--expected-version", "1")
    assert "has changed since" in safepath("referral recall", f"{case}/1", *stale, ends=3).stderr
    safepath("referral recall", f"{case}/1", "--reason", "no_longer_wanted")
    safepath("referral reopen", f"{case}/1")
    safepath("referral correct", f"{case}/2", "--reason", "duplicate")
    first, second = _page(safepath, case)["referrals"]
    assert ["recalled", "urgent"] == [first["state"], first["priority"]]
    assert ["entered_in_error", 1] == [second["state"], second["replaces"]]
    assert [MEADOWLIGHT, IDVA] == first["offered"]


def test_a_yes_she_was_not_free_to_give_is_refused(safepath: Safepath) -> None:
    """Exit 3 with every ground; nothing is asked, and a supervisor is told."""
    case = _opened(safepath)
    pressed = ("--present", "interpreter,family", "--not-at-safe-time", "--not-told")
    about = ("--to", IDVA, "--fields", "name", "--interpreter", "family_or_friend")
    refused = safepath("consent ask", case, *about, *pressed, ends=3)
    for sentence in ("at a safe time", "ask her alone", "independent of her family"):
        assert sentence in refused.stderr
    page = _page(safepath, case)
    assert [] == page["consents"]
    assert "defective_consent" in {task["kind"] for task in page["tasks"]}


def test_who_cannot_decide_now_and_who_says_no_share_nothing(safepath: Safepath) -> None:
    """Both are on record; help does not depend on either."""
    case = _opened(safepath)
    safepath("consent not-capable", case, "--to", IDVA)
    safepath("consent refuse", case, "--purpose", "marac")
    states = {one["recipient"]: one["state"] for one in _page(safepath, case)["consents"]}
    assert {IDVA: "not_capable", "marac-conference": "refused"} == states


def _opened(safepath: Safepath) -> str:
    """A case with one need."""
    example = safepath("case open", "--example").stdout
    answer = safepath("case open", "-", "--json", said=example)
    case = str(json.loads(answer.stdout)["case"]["case_ref"])
    safepath("need add", case, "--category", "advocacy")
    return case


def _page(safepath: Safepath, case: str) -> dict[str, Any]:
    page: dict[str, Any] = json.loads(safepath("case show", case, "--json").stdout)
    return page


def _arrived(safepath: Safepath, case: str, referral: int) -> None:
    """Wait until the service finds it in its inbox."""
    name = f"{case}/{referral}"
    in_time(lambda: name in safepath("referral inbox", by=BO).stdout, WITHIN)


def _in_a_month() -> str:
    return f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%dT%H:%M}"
