"""`safepath protocol fact, facts, evaluate --case` and `report`, as people type them."""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from schemas.fact_table import FACTS
from schemas.ids import CaseRef
from tests.commands.conftest import Safepath

IVY = "idva@harbour-house:ivy"
PAT = "ppu_officer@northmarch-police:pat"
OLI = "oic@northmarch-police:oli"
AUD = "auditor@northmarch-oversight:aud"
HARM = ("--fact", "harm_from_sharing")
HEARD = ("--source-kind", "conversation")
TODAY = f"{datetime.now(ZoneInfo('Europe/London')):%Y-%m-%d}"


def judged(safepath: Safepath, case: CaseRef, *more: str, by: str = PAT) -> Any:
    """What `protocol evaluate --case` says, as JSON."""
    answer = safepath("protocol evaluate", "--case", case, "--json", *more, by=by)
    assert 0 == answer.exit_code, answer.output
    return json.loads(answer.stdout)


def facts(safepath: Safepath, case: CaseRef) -> dict[str, Any]:
    """What `protocol facts` says, as JSON, by fact."""
    answer = safepath("protocol facts", case, "--json", by=PAT)
    assert 0 == answer.exit_code, answer.output
    return {one["fact"]: one for one in json.loads(answer.stdout)}


def test_a_fact_is_said_and_reads_as_it_was_said(safepath: Safepath, case: CaseRef) -> None:
    """By whom, why, until when, and who may supply it."""
    said = safepath("protocol fact", case, *HARM, "--value", "low", *HEARD, by=IVY)
    assert 0 == said.exit_code, said.output
    assert "Kept." in said.stdout
    found = facts(safepath, case)
    assert list(FACTS) == list(found)
    harm = found["harm_from_sharing"]
    assert ("low", "asserted", ["idva"]) == (
        harm["value"],
        harm["reading"],
        [one["by"]["role"] for one in harm["counted"]],
    )
    assert harm["until"]
    assert ["idva", "isva", "ngo_worker"] == sorted(harm["may_supply"])


def test_a_later_word_replaces_an_earlier_one_by_its_id(safepath: Safepath, case: CaseRef) -> None:
    """The id is what the first was answered with."""
    first = safepath("protocol fact", case, *HARM, "--value", "severe", *HEARD, "--json", by=IVY)
    number = json.loads(first.stdout)["id"]
    later = ("--value", "low", "--supersedes", number)
    assert 0 == safepath("protocol fact", case, *HARM, *later, *HEARD, by=IVY).exit_code
    harm = facts(safepath, case)["harm_from_sharing"]
    assert ("low", "replaced") == (harm["value"], harm["left_out"][0]["ground"])


def test_a_list_is_written_with_commas(safepath: Safepath, case: CaseRef) -> None:
    """With the reference of its evidence, which an officer's word needs."""
    crimes = (
        "--fact",
        "crime_types",
        "--value",
        "domestic_abuse, hate",
        "--source-kind",
        "document",
    )
    answer = safepath("protocol fact", case, *crimes, "--evidence", "OCC-1042", by=OLI)
    assert 0 == answer.exit_code, answer.output
    assert ["domestic_abuse", "hate"] == sorted(facts(safepath, case)["crime_types"]["value"])


def test_the_facts_are_shown_for_people_to_read(safepath: Safepath, case: CaseRef) -> None:
    """Why a word does not count is said in words."""
    safepath(
        "protocol fact", case, "--fact", "nrm_state", "--value", "no_indicators", *HEARD, by=IVY
    )
    answer = safepath("protocol facts", case, by=PAT)
    assert 0 == answer.exit_code, answer.output
    shown = " ".join(answer.stdout.split())
    assert "idva@harbour-house:ivy" in shown
    assert "not theirs to say" in shown
    assert "case_state: open our own records say so" in shown
    assert "may come from: NRM first responder" in shown


REFUSALS = {
    "an unknown fact": (("--fact", "nationality", "--value", "x"), "nationality: there is no such"),
    "an unknown value": ((*HARM, "--value", "grave"), "harm_from_sharing: must be one of"),
    "a fact of our records": (
        ("--fact", "consent_state", "--value", "given"),
        "consent_state: comes from our own records",
    ),
    "an object of our records": (
        ("--fact", "consent_quality", "--value", "own_language=yes"),
        "consent_quality: comes from our own records",
    ),
    "an object that is none": (
        ("--fact", "consent_quality", "--value", "own_language"),
        "consent_quality: write its items as item=value",
    ),
    "an item that is none": (
        ("--fact", "consent_quality", "--value", "nationality=yes"),
        "consent_quality.nationality: there is no such item",
    ),
    "evidence in words": (
        (*HARM, "--value", "low", "--evidence", "she said so"),
        "--evidence: write its reference alone",
    ),
    "an end in the past": (
        (*HARM, "--value", "low", "--until", "2020-01-01T10:00"),
        "--until: lies in the past",
    ),
    "an id that is none": (
        (*HARM, "--value", "low", "--supersedes", "the first"),
        "--supersedes: write the id",
    ),
}


@pytest.mark.parametrize(("typed", "said"), REFUSALS.values(), ids=list(REFUSALS))
def test_what_cannot_be_said_ends_with_a_sentence(
    safepath: Safepath, case: CaseRef, typed: tuple[str, ...], said: str
) -> None:
    """The fact or the option is named, and what was typed is not repeated."""
    answer = safepath("protocol fact", case, *typed, *HEARD, by=IVY)
    assert 2 == answer.exit_code, answer.output
    assert said in " ".join(answer.output.split())


def test_a_case_is_judged_by_its_facts_and_records(safepath: Safepath, case: CaseRef) -> None:
    """In the shape of `--facts`, and with who may supply what is waited for."""
    said = judged(safepath, case, "--version", "p1-npcc-2018", "--fields", "name,home_address")
    assert ("p1-npcc-2018", ["p0-closed"], "deny", []) == (
        said["version"],
        said["told_versions"],
        said["outcome"],
        said["fields"],
    )
    effects = {rule["id"]: rule["effect"] for rule in said["rules"]}
    assert {"P0-1": "deny", "B18": "deny", "B15": "wait"}.items() <= effects.items()
    assert sorted(said["may_supply"]) == said["needs"]
    assert [] == said["may_supply"]["objection"]
    assert "idva" in said["may_supply"]["harm_from_sharing"]
    assert 64 == len(said["protocol_hash"])


def test_a_case_without_a_version_is_judged_by_the_closed_one(
    safepath: Safepath, case: CaseRef
) -> None:
    """None is active."""
    assert ("p0-closed", "deny") == tuple(
        judged(safepath, case)[name] for name in ("version", "outcome")
    )


def test_the_fourth_question_says_that_the_officer_was_told(
    safepath: Safepath, case: CaseRef
) -> None:
    """Nobody is watched in secret."""
    asked = ("--case", case, "--version", "p1-npcc-2018")
    answers = [safepath("protocol evaluate", *asked, by=PAT) for _ in range(4)]
    assert [0] * 4 == [answer.exit_code for answer in answers]
    told = ["officer has been told" in " ".join(answer.stdout.split()) for answer in answers]
    assert [False, False, False, True] == told


@pytest.mark.parametrize(
    ("typed", "by", "code", "said"),
    [
        (("--case", "bafod-kisut-x"), PAT, 2, "check letter"),
        (("--case", "CASE", "--version", "p9"), PAT, 2, "no such version to judge a case by"),
        (("--case", "CASE", "--version", "h0-npcc-2018-as-written"), PAT, 2, "no such version"),
        (("--case", "CASE", "--fields", "12 High Street"), PAT, 2, "write names of fields"),
        (("--case", "CASE"), IVY, 3, "may not"),
        (("--case", "CASE"), "ppu_officer@saltmere-police:zoe", 2, "no such case"),
        ((), PAT, 2, "give both, or a --case"),
        (("--facts", "-"), PAT, 2, "give both, or a --case"),
    ],
)
def test_a_question_that_cannot_be_answered_says_why(
    safepath: Safepath, case: CaseRef, typed: tuple[str, ...], by: str, code: int, said: str
) -> None:
    """Before anything is kept."""
    given = [str(case) if one == "CASE" else one for one in typed]
    answer = safepath("protocol evaluate", *given, by=by)
    assert code == answer.exit_code, answer.output
    assert said in " ".join(answer.output.split())


def test_facts_on_standard_input_are_judged_as_before(safepath: Safepath) -> None:
    """One object a line, in order, whoever is named."""
    lines = '{"objection": "raised"}\n{}\n'
    given = ("--version", "p1-npcc-2018", "--facts", "-", "--json")
    answer = safepath("protocol evaluate", *given, by=PAT, said=lines)
    assert ["deny", "deny"] == [json.loads(one)["outcome"] for one in answer.stdout.splitlines()]


def test_the_report_of_a_time_in_which_nobody_asked_is_a_sentence(safepath: Safepath) -> None:
    """An empty table would look like a fault."""
    days = ("--from", "2020-01-01", "--to", "2020-01-31")
    sentence = "Nobody asked the protocol about a case from 2020-01-01 to 2020-01-31."
    for more in ((), ("--markdown",)):
        answer = safepath("protocol report", *days, *more, by=AUD)
        assert 0 == answer.exit_code, answer.output
        assert sentence in answer.stdout
    as_json = json.loads(safepath("protocol report", *days, "--json", by=AUD).stdout)
    assert (True, 0) == (as_json["is_empty"], as_json["cases"])


def test_the_report_compares_groups_and_hides_small_ones(safepath: Safepath, case: CaseRef) -> None:
    """One case is nobody's figure."""
    judged(safepath, case, by="safeguarding_supervisor@northmarch-police:solo")
    days = ("--from", TODAY, "--to", TODAY)
    page = safepath("protocol report", *days, "--markdown", by=AUD)
    assert 0 == page.exit_code, page.output
    assert "# How alike cases were treated" in page.stdout
    assert "### Which text the person was told" in page.stdout
    few = "| safeguarding_supervisor@northmarch-police | too few to be shown |"
    assert few in page.stdout
    assert 0 == safepath("protocol report", *days, by=AUD).exit_code


@pytest.mark.parametrize(
    ("typed", "by", "code", "said"),
    [
        (("--from", "2026-11-30", "--to", "2026-11-01"), AUD, 2, "--to: lies before --from"),
        (("--from", "yesterday", "--to", "2026-11-01"), AUD, 2, "write a day as"),
        (("--from", "2026-11-01", "--to", "2026-11-30"), PAT, 3, "may not"),
    ],
)
def test_a_report_that_cannot_be_made_says_why(
    safepath: Safepath, typed: tuple[str, ...], by: str, code: int, said: str
) -> None:
    """Days are days, and it is for those who oversee."""
    answer = safepath("protocol report", *typed, by=by)
    assert code == answer.exit_code, answer.output
    assert said in " ".join(answer.output.split())


def test_the_gates_own_book_is_checked_by_those_who_oversee(
    safepath: Safepath, case: CaseRef
) -> None:
    """Against what was noted earlier, too."""
    judged(safepath, case)
    found = json.loads(safepath("protocol verify", "--json", by=AUD).stdout)
    assert ("gate", True) == (found["room"], found["is_intact"])
    noted = f"{found['entries']}:{found['head']}"
    judged(safepath, case)
    assert 0 == safepath("protocol verify", "--anchor", noted, by=AUD).exit_code
    other = f"{found['entries']}:{'0' * 64}"
    assert 1 == safepath("protocol verify", "--anchor", other, by=AUD).exit_code
    assert 3 == safepath("protocol verify", by=PAT).exit_code
