"""`safepath protocol`, as officers read it and other programs call it. No server runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from rules.protocol import shipped
from rules.protocol.safeguards import IN_ORDER
from safepath import build

VERSIONS = Path(shipped.__file__).parent / "versions"
P1, P4 = "p1-npcc-2018", "p4-consent-2025"
KEYS = [
    "version",
    "told_versions",
    "outcome",
    "rules",
    "needs",
    "fields",
    "approver_roles",
    "protocol_hash",
]


def run(*arguments: str, said: str = "") -> Result:
    return CliRunner().invoke(build(), ["protocol", *arguments], input=said)


def facts(**parts: Any) -> str:
    """A request in order, as one line of JSON, but for these facts."""
    return json.dumps({**IN_ORDER.given(), **parts})


def evaluated(*lines: str, version: str = P1) -> list[dict[str, Any]]:
    answer = run("evaluate", "--version", version, "--facts", "-", "--json", said="\n".join(lines))
    assert 0 == answer.exit_code, answer.output
    return [json.loads(line) for line in answer.stdout.splitlines()]


def test_a_result_has_exactly_the_keys_that_other_programs_read() -> None:
    """Eight keys, in this order; a rule has four."""
    (said,) = evaluated(facts(objection="raised", dpo_advice="not_sought"))
    assert KEYS == list(said)
    assert ("deny", [], [P1]) == (said["outcome"], said["fields"], said["told_versions"])
    assert [("B08", "deny"), ("B16", "wait")] == [(r["id"], r["effect"]) for r in said["rules"]]
    assert {"id", "effect", "reason", "source"} == set(said["rules"][0])
    assert ["dpo_advice"] == said["needs"]
    assert ["safeguarding_supervisor", "senior_authoriser"] == said["approver_roles"]
    assert 64 == len(said["protocol_hash"])


def test_what_is_eligible_lists_the_fields_that_were_asked_for() -> None:
    """Requested and allowed, in the order they were asked for."""
    (said,) = evaluated(facts(requested_fields=["police_reference", "name"]))
    assert ("eligible", ["police_reference", "name"]) == (said["outcome"], said["fields"])


def test_json_lines_are_answered_a_line_each_in_order() -> None:
    """One object a line in, one result a line out; empty lines are passed over."""
    outcomes = [r["outcome"] for r in evaluated(facts(), "", facts(objection="raised"), "{}")]
    assert ["eligible", "deny", "deny"] == outcomes


def test_one_object_may_be_spread_over_lines(tmp_path: Path) -> None:
    """A file written by hand is read too."""
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(json.loads(facts()), indent=2))
    answer = run("evaluate", "--version", P1, "--facts", str(file))
    assert (0, True) == (answer.exit_code, "eligible" in answer.stdout)


def test_what_was_told_counts_beside_what_is_active() -> None:
    """Told under p4, asked under p1: her yes is needed."""
    (said,) = evaluated(facts(told_versions=[P4], consent_state="not_asked"))
    assert ("deny", ["P4-1"]) == (said["outcome"], [rule["id"] for rule in said["rules"]])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"nationality": "x"}', "line 1: nationality: there is no such fact"),
        ('{"objection": "perhaps"}', "line 1: objection: must be one of none, raised, unknown"),
        ('{"objection": null}', "line 1: objection: must have a value"),
        ('{"objection": "raised", "objection": "none"}', "the key 'objection' is there twice"),
        ('{"consent_quality": {"signed": "yes"}}', "consent_quality.signed: there is no such item"),
        ('{"crime_types": "hate"}', "crime_types: must be a list"),
        ("[]", "facts: must be one JSON object"),
        ('{"objection": ', "is not JSON"),
        ('{"a": NaN}', "is not JSON"),
        ("", "is empty"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_facts_that_cannot_be_read_are_one_line_and_exit_2(line: str, words: str) -> None:
    """The fact is named, on standard error, and nothing is evaluated."""
    answer = run("evaluate", "--version", P1, "--facts", "-", "--json", said=line)
    assert (2, "", 1) == (answer.exit_code, answer.stdout, len(answer.stderr.splitlines()))
    assert words in answer.stderr


def test_results_before_a_line_that_cannot_be_read_stand() -> None:
    """A stream is answered as it comes."""
    said = f"{facts()}\n{{}}}}\n{facts()}"
    answer = run("evaluate", "--version", P1, "--facts", "-", "--json", said=said)
    assert (2, 1) == (answer.exit_code, len(answer.stdout.splitlines()))
    assert "line 2" in answer.stderr


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("p9-none", "no such version and no such file"),
        ("h0-npcc-2018-as-written", "is there to look back with"),
    ],
)
def test_a_version_that_cannot_be_active_is_refused(version: str, words: str) -> None:
    """Nothing is evaluated under what can never hold."""
    answer = run("evaluate", "--version", version, "--facts", "-", said=facts())
    assert (2, True) == (answer.exit_code, words in answer.stderr)


def test_all_that_is_shipped_is_proved() -> None:
    """Six versions, their pairs, all lists; exit 0."""
    answer = run("prove", "--json")
    proof = json.loads(answer.stdout)
    assert (0, True, 6, 36) == (
        answer.exit_code,
        proof["holds"],
        len(proof["versions"]),
        proof["pairs"],
    )
    assert [True] * 6 == [promise["counterexample"] is None for promise in proof["promises"]]


def test_a_baseline_without_a_rule_is_refuted_with_a_request(tmp_path: Path) -> None:
    """Without B06, somebody who refused would be eligible: it says so and exits 1."""
    file = tmp_path / "weaker.yaml"
    before, _, rest = (VERSIONS / "baseline.yaml").read_text().partition("  - id: B06")
    file.write_text(before + "  - id: B07" + rest.partition("  - id: B07")[2])
    answer = run("prove", "--baseline", str(file))
    assert 1 == answer.exit_code
    assert "BROKEN 2." in answer.stdout
    assert "consent to sharing with Immigration Enforcement: " in answer.stdout
    proof = json.loads(run("prove", P1, "--baseline", str(file), "--json").stdout)
    example = proof["promises"][1]["counterexample"]
    assert ["consent_state"] == list(example["differs"])


def test_a_shorter_cooling_off_is_refused_with_its_line(tmp_path: Path) -> None:
    """The loader says where, and what the least is."""
    text = (VERSIONS / f"{P4}.yaml").read_text()
    file = tmp_path / "hasty.yaml"
    file.write_text(text.replace("cooling_off_hours: 24", "cooling_off_hours: 12"))
    line = 1 + text[: text.index("cooling_off_hours")].count("\n")
    answer = run("prove", str(file))
    words = f"hasty.yaml, line {line}: cooling_off_hours is 12; the baseline has 24 at the least"
    assert (2, True) == (answer.exit_code, words in answer.stderr)


def test_a_file_is_proved_against_every_version_that_was_told(tmp_path: Path) -> None:
    """A draft that adds a rule holds, and says with how many pairs."""
    text = (VERSIONS / f"{P4}.yaml").read_text().replace(P4, "p6-draft").replace("P4-1", "P6-1")
    file = tmp_path / "draft.yaml"
    file.write_text(text)
    proof = json.loads(run("prove", str(file), "--json").stdout)
    assert (True, ["p6-draft"], 13) == (proof["holds"], proof["versions"], proof["pairs"])


@pytest.mark.parametrize("verb", ["prove", "show", "diff", "evaluate", "backtest"])
def test_no_file_takes_the_place_of_a_version_that_is_held(tmp_path: Path, verb: str) -> None:
    """What was told under an id stays what it was: with p4 emptied, its promise would be gone."""
    text = (VERSIONS / f"{P4}.yaml").read_text()
    file = tmp_path / "emptied.yaml"
    file.write_text(text[: text.index("rules:")] + "rules: []\n" + text[text.index("\nmax_f") :])
    options = {
        "diff": [P4, str(file)],
        "evaluate": ["--version", str(file), "--facts", "-"],
        "backtest": ["-", "--version", str(file)],
    }
    answer = run(verb, *options.get(verb, [str(file)]), said=facts())
    assert 2 == answer.exit_code
    assert f"there is a version {P4} with other content" in " ".join(answer.stderr.split())


def test_two_files_cannot_be_one_version(tmp_path: Path) -> None:
    """Whichever came last would count."""
    text = (VERSIONS / f"{P4}.yaml").read_text().replace(P4, "p6-draft").replace("P4-1", "P6-1")
    for name, title in (("a", "One"), ("b", "Another")):
        (tmp_path / name).write_text(text.replace("VAWG strategy of December 2025 style", title))
    answer = run("prove", str(tmp_path / "a"), str(tmp_path / "b"))
    assert (2, True) == (answer.exit_code, "p6-draft with other content" in answer.stderr)


@pytest.mark.parametrize("name", ["a" * 3_000, "no\0name", "."])
def test_a_name_that_no_file_can_have_is_no_version(name: str) -> None:
    """One line and exit 2, as for any other."""
    answer = run("evaluate", "--version", name, "--facts", "-", said=facts())
    assert (2, 1) == (answer.exit_code, len(answer.stderr.splitlines()))


def test_small_numbers_are_hidden_where_requests_are_no_fiction(tmp_path: Path) -> None:
    """A cohort from a file may be of people."""
    file = tmp_path / "cohort.jsonl"
    file.write_text("\n".join([facts()] * 7 + [facts(objection="raised")]))
    compared = json.loads(run("compare", "--cohort", str(file), "--json").stdout)
    p1 = next(one for one in compared["versions"] if one["version"] == P1)
    assert {"deny": None, "needs_facts": 0, "eligible": None} == p1["outcomes"]
    assert {"B08": None} == p1["rules"]


def test_a_mark_before_utf_8_is_read_over(tmp_path: Path) -> None:
    """Some editors put one there."""
    file = tmp_path / "facts.json"
    file.write_text(facts(), encoding="utf-8-sig")
    assert 0 == run("evaluate", "--version", P1, "--facts", str(file)).exit_code


def test_a_version_is_shown_as_a_table_an_officer_can_read() -> None:
    """Rules, sources, what is stricter than the source, numbers, fields."""
    text = " ".join(run("show", "p3-ho-mvp-2021").stdout.split())
    for words in (
        "Home Office Migrant Victims Protocol style",
        "P3-4",
        "B33",
        "Where it is stricter than its source",
        "24 hours between the second approval and the act",
        "first the safeguarding supervisor, then the senior authoriser",
    ):
        assert words in text


def test_show_prints_markdown_and_json_too() -> None:
    """The page that is checked in, and the data itself."""
    assert run("show", P4, "--markdown").stdout.startswith("# VAWG strategy of December 2025 style")
    document = json.loads(run("show", P4, "--json").stdout)
    assert (P4, "baseline") == (document["version"]["id"], document["baseline"]["id"])


def test_a_difference_says_what_changes_for_whom() -> None:
    """From p1 to p4: whoever was not asked, and whoever is being asked."""
    text = run("diff", P1, P4).stdout
    assert "consent to sharing with Immigration Enforcement: not asked" in text
    assert "eligible before, denied now, by P4-1: Sharing needs the person's yes." in text
    assert "Protected less" not in text
    assert "Protected less" in run("diff", P4, P1).stdout


def test_no_difference_is_said_too() -> None:
    """An empty answer would look like a fault."""
    assert "nothing changes for anybody" in run("diff", P1, P1).stdout


def test_versions_are_compared_on_the_same_requests() -> None:
    """1,000 fictional ones; p0 denies all; a stricter version never lets more through."""
    compared = json.loads(run("compare", "--json").stdout)
    eligible = {one["version"]: one["outcomes"]["eligible"] for one in compared["versions"]}
    assert (1_000, 0) == (compared["requests"], eligible["p0-closed"])
    assert eligible[P1] >= eligible["p2-s2s-rec1"] > eligible[P4] >= eligible["p5-statutory-am96"]
    assert run("compare", "--seed", "2", "--json").stdout != run("compare", "--json").stdout


def test_a_backtest_says_what_would_change_and_hides_small_numbers() -> None:
    """Seven decisions of which one is another: neither count can be worked out."""
    decision = {"version": P1, "facts": json.loads(facts(consent_state="not_asked"))}
    lines = [json.dumps(decision)] * 7
    (moved,) = json.loads(
        run("backtest", "-", "--version", P4, "--json", said="\n".join(lines)).stdout
    )
    assert {"eligible → deny": 7} == moved["moves"]
    assert {"P4-1": 7} == moved["rules"]
    other = {"version": P1, "facts": json.loads(facts())}
    (moved,) = json.loads(
        run(
            "backtest", "-", "--version", P4, "--json", said="\n".join([*lines, json.dumps(other)])
        ).stdout
    )
    assert {"eligible → deny": None, "unchanged": None} == moved["moves"]


def test_history_is_judged_by_what_it_was_decided_under() -> None:
    """Under the guidance as written, doubt was enough; under p1 it is not."""
    decision = {
        "version": "h0-npcc-2018-as-written",
        "facts": json.loads(facts(status_knowledge="doubt")),
    }
    said = "\n".join([json.dumps(decision)] * 5)
    (moved,) = json.loads(run("backtest", "-", "--version", P1, "--json", said=said).stdout)
    assert ({"eligible → deny": 5}, {"B02": 5}) == (moved["moves"], moved["rules"])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{}", "facts"),
        ('{"version": "p9", "facts": {}}', "version: it is not held here"),
        ('{"version": "p1-npcc-2018", "facts": {"name": "x"}}', "name: there is no such fact"),
    ],
)
def test_a_decision_that_cannot_be_read_is_refused(line: str, words: str) -> None:
    """With the place it stands at."""
    answer = run("backtest", "-", said=line)
    assert (2, True) == (answer.exit_code, words in answer.stderr)


def test_the_list_says_which_holds_where_none_is_active() -> None:
    """An empty deployment is a closed one."""
    answer = run("list")
    assert "Where none is active, p0-closed holds" in answer.stdout
    listed = json.loads(run("list", "--json").stdout)
    assert sorted(v["id"] for v in listed) == [v["id"] for v in listed]
    assert 7 == len(listed)
