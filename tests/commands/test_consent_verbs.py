"""`safepath consent`, as people run it: how she was asked is said, and a no is always heard."""

import json

import pytest

from schemas.ids import CaseRef, new_case_ref
from tests.commands.conftest import ANN, BO, DI, Safepath
from tests.conftest import Servers
from tests.infra.cases import IDVA

TO = ("--to", IDVA, "--fields", "name")
FREELY = ("--present", "nobody", "--at-safe-time", "--told-not-a-condition")
ANY_TIME = {
    "channels": ["voice"],
    "windows": [{"weekday": day, "opens": "00:00", "closes": "23:59"} for day in range(7)],
}
STRANGER = "ngo_worker@meadowlight:jo"


@pytest.mark.parametrize(
    "how",
    [
        (),
        ("--present", "nobody"),
        ("--at-safe-time", "--told-not-a-condition"),
        ("--present", "nobody", "--not-at-safe-time"),
        ("--present", "", *FREELY[2:]),
    ],
    ids=["nothing", "who alone", "all but who", "not what she was told", "an empty who"],
)
def test_how_she_was_asked_is_never_assumed(safepath: Safepath, how: tuple[str, ...]) -> None:
    """Exit 2, with all that has to be said; nothing is recorded."""
    answer = safepath("consent ask", "bafod-kisut-n", *TO, *how, by=ANN)
    assert (2, "") == (answer.exit_code, answer.stdout)
    assert "all three: --present" in answer.stderr


def test_a_yes_given_in_another_setting_says_all_of_it_too(safepath: Safepath) -> None:
    """Who interpreted is a part of it."""
    answer = safepath("consent give", "bafod-kisut-n", *TO, "--interpreter", "staff", by=ANN)
    assert (2, True) == (answer.exit_code, "all three: --present" in answer.stderr)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ((*TO, *FREELY, "--present", "the cat"), "--present"),
        ((*TO, *FREELY, "--interpreter", "cousin"), "--interpreter"),
        ((*TO, *FREELY, "--purpose", "marketing"), "--purpose"),
        (("--to", IDVA, "--fields", "nationality", *FREELY), "--fields"),
        (("--fields", "name", *FREELY), "--to"),
    ],
)
def test_what_is_unknown_is_bad_input(
    safepath: Safepath, given: tuple[str, ...], named: str
) -> None:
    """Exit 2, and the option is named."""
    answer = safepath("consent ask", "bafod-kisut-n", *given, by=ANN)
    assert (2, True) == (answer.exit_code, f"safepath: {named}: " in answer.stderr)


@pytest.mark.parametrize(
    ("purpose", "recipient"), [("marac", "marac-conference"), ("nrm", "competent-authority")]
)
def test_a_conference_and_an_authority_need_no_naming(purpose: str, recipient: str) -> None:
    """Each is the only one of its purpose; another name is for the rules to refuse."""
    from commands.consent import _recipient

    assert recipient == _recipient(purpose, "")
    assert "other" == _recipient(purpose, "other")


def test_a_withdrawal_is_carried_out_while_temporal_is_away(
    safepath: Safepath, case: CaseRef
) -> None:
    """Whoever is a party to the case hears what stopped."""
    said = ("--said-by", "victim", "--via", "voice")
    answer = safepath("consent withdraw", case, *said, by=DI)
    assert answer.exit_code == 0, answer.stderr
    assert "Consent withdrawn." in answer.stdout
    line = json.loads(safepath("case timeline", case, "--json", by=ANN).stdout)[-1]
    assert ("withdraw_consent", "victim") == (line["verb"], line["detail"]["said_by"])


def test_a_withdrawal_from_nobody_known_is_taken_and_says_whom_there_is(
    safepath: Safepath, case: CaseRef
) -> None:
    """Never refused; a slip of the pen must not look like a stop. A service is told nothing."""
    for slip in ("idva-servise", "idva"):
        answer = safepath("consent withdraw", case, "--to", slip, by=ANN)
        assert (0, True) == (answer.exit_code, "Consent withdrawn." in answer.stdout)
        said = " ".join(answer.stdout.split())
        nothing = "Nothing of that name was there to stop; known recipients of this case:"
        assert f"{nothing} {IDVA}. you may" in said
    assert "known recipients" not in safepath("consent withdraw", case, "--to", "who", by=DI).stdout
    known = safepath("consent withdraw", case, "--to", IDVA, by=ANN)
    assert "Nothing of that name" not in known.stdout


def test_anybody_may_pass_a_withdrawal_on_and_learns_nothing(
    safepath: Safepath, case: CaseRef
) -> None:
    """The answer is the same whether there is such a case or not; exit 0."""
    there, again = (
        safepath("consent withdraw", case, "--command-id", case, by=STRANGER) for _ in range(2)
    )
    nowhere = safepath("consent withdraw", new_case_ref(), by=STRANGER)
    assert (0, 0) == (there.exit_code, nowhere.exit_code)
    assert "Passed on: it is carried out wherever such a case is.\n" == there.stdout
    assert [there.stdout] * 2 == [nowhere.stdout, again.stdout]
    as_json = safepath("consent withdraw", case, "--json", by=STRANGER)
    assert {"outcome": "passed_on"} == json.loads(as_json.stdout)


def test_whether_it_was_her_is_asked_by_somebody_else(safepath: Safepath, case: CaseRef) -> None:
    """Not by the recorder; and her no to it, in a call on record, puts back what was taken."""
    safepath("referral accept", f"{case}/1", by=BO)
    safepath("contact plan", case, "-", by=ANN, said=json.dumps(ANY_TIME))
    safepath("consent withdraw", case, by=BO)
    not_her = ("consent check", f"{case}/1", "--it-was-not-her", *FREELY)
    recorder, unheard = (safepath(*not_her, by=who) for who in (BO, DI))
    assert (3, True) == (recorder.exit_code, "somebody else asks her" in recorder.stderr)
    assert (3, True) == (unheard.exit_code, "a contact on record" in unheard.stderr)
    safepath("contact make", case, "--purpose", "withdrawal_check", "--channel", "voice", by=DI)
    safepath("contact start", f"{case}/1", by=DI)
    safepath("contact end", f"{case}/1", "--result", "spoke", by=DI)
    answer = safepath(*not_her, "--contact", "1", by=DI)
    assert answer.exit_code == 0, answer.stderr
    page = json.loads(safepath("case show", case, "--json", by=ANN).stdout)
    assert ["it_was_not_her"] == [check["state"] for check in page["checks"]]
    assert 1 == page["referrals"][1]["replaces"]


def test_a_check_without_an_answer_is_bad_input(safepath: Safepath) -> None:
    """Neither is a default."""
    answer = safepath("consent check", "bafod-kisut-n/1", by=DI)
    assert (2, True) == (answer.exit_code, "--it-was-her or --it-was-not-her" in answer.stderr)


def test_a_decision_without_a_worker_says_how_to_repeat_it(
    safepath: Safepath, case: CaseRef, postgres: Servers
) -> None:
    """Exit 4; nothing of it was recorded."""
    assert postgres.installation.temporal_address is None
    answer = safepath("consent refuse", case, "--to", IDVA, by=ANN)
    assert 4 == answer.exit_code
    lines = json.loads(safepath("case timeline", case, "--json", by=ANN).stdout)
    assert "refuse_consent" not in {line["verb"] for line in lines}
