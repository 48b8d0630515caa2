"""All judges of the sharing protocol say the same, and a run is told. Nothing is timed."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from bench.failures import BenchError
from bench.judges import HANDED, JUDGES, Judge, Safepath
from bench.report import put_tables
from bench.sharing import (
    ALONE,
    PAIR,
    PLAYS,
    QUICK,
    Judged,
    compare,
    run_sharing,
    some_facts,
)
from bench.sharing_report import BEGIN, END, SharingRun, sharing_tables
from rules.protocol.shipped import shipped_protocol
from schemas.fact_table import FACTS
from schemas.facts import read_facts
from schemas.protocol import Effect
from tests.house.source import HOUSE
from tests.rules.protocol.asked import ANY_FACTS, SIX, TABLE, UNHURRIED, Document, asking

SEED = 7


def judges_of(version: str, told: str) -> list[Judge]:
    """Everyone, on the rules of this version and what was told."""
    play = shipped_protocol().in_play(version, (told,))
    return [judge(play) for judge in (*JUDGES, *HANDED)]


EVERY = [judges_of(version, told) for version in SIX for told in (version, "p4-consent-2025")]


def test_cedar_and_cel_say_of_every_worked_example_what_safepath_says() -> None:
    """Under every version, alone and beside one that was told."""
    examples = [
        read_facts(asking(*row.get("with", ()), **row.get("but", {}))) for row in TABLE["scenarios"]
    ]
    for judges in EVERY:
        assert len(examples) == compare(judges, examples)


@UNHURRIED
@given(ANY_FACTS)
def test_cedar_and_cel_say_of_any_facts_what_safepath_says(document: Document) -> None:
    """Rule by rule, with its effect."""
    for judges in EVERY:
        compare(judges, [read_facts(document)])


def test_judges_that_do_not_say_the_same_stop_the_measurement() -> None:
    """One of them applies other rules: a figure of it would be of nothing."""
    play = shipped_protocol().in_play(*PLAYS[ALONE])
    other = shipped_protocol().in_play(*PLAYS[PAIR])
    for judge in (*JUDGES[1:], *HANDED):
        with pytest.raises(BenchError, match=f"{judge.name} does not say what safepath says"):
            compare([Safepath(play), judge(other)], some_facts(SEED, 400))


def test_requests_that_are_made_up_hold_every_value_of_every_fact() -> None:
    """And the same ones for the same seed; some are eligible, some wait, most are denied."""
    some = some_facts(SEED, 1_000)
    assert some == some_facts(SEED, 1_000)
    assert some != some_facts(SEED + 1, 1_000)
    for fact in FACTS.values():
        for name, values in fact.atoms.items():
            assert set(values) == {facts.atoms[name] for facts in some}
    ours = Safepath(shipped_protocol().in_play(*PLAYS[ALONE]))
    said = [{*ours.fired(ours.judge(ours.request(facts))).values()} for facts in some]
    assert set() in said
    assert {Effect.WAIT} in said
    assert {Effect.DENY, Effect.WAIT} in said


def test_a_ratio_is_made_within_its_round_and_over_the_fastest() -> None:
    """Seconds of one judgement: half the time is twice as fast."""
    seconds = {"safepath": [1.0, 2.0, 1.0], "Cedar": [8.0, 8.0, 8.0], "CEL": [3.0, 4.0, 5.0]}
    judged = Judged("p1", 33, 60, seconds)
    assert "CEL" == judged.fastest
    of = judged.ratio("CEL")
    assert (2.0, 3.0, 5.0) == (of.low, of.median, of.high)
    assert 1.0 == judged.rate("safepath").median


def test_a_run_is_told_ratios_first_and_takes_its_place_on_the_page(tmp_path: Path) -> None:
    """Its marks are its own: the journeys' figures on the same page stay."""
    found = run_sharing(QUICK, SEED, lambda _: None)
    assert 2 * QUICK.compared == found.compared
    run = SharingRun("now", "python -m bench protocol", 0.0, found)
    tables = list(sharing_tables(run))
    assert ["Targets", "safepath"] == [table.title.split()[0] for table in tables[:2]]
    assert ["T9", "T9", ""] == [row[0] for row in tables[0].rows]
    page = tmp_path / "page.md"
    others = "<!-- figures: begin -->\nold\n<!-- figures: end -->\n"
    page.write_text(f"before\n{others}{BEGIN}\nold figures\n{END}\nafter\n", encoding="utf-8")
    put_tables(tables, page, BEGIN, END)
    told = page.read_text(encoding="utf-8")
    assert told.startswith(f"before\n{others}{BEGIN}\n")
    assert told.endswith(f"{END}\nafter\n")
    assert "old figures" not in told
    assert "all say the same of every one" in told


def test_the_command_measures_and_answers_zero() -> None:
    """One small round; progress is on stderr, and figures are not."""
    command = [sys.executable, "-m", "bench", "protocol", "--quick"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOUSE)
    assert (0, True) == (done.returncode, "T9" in done.stdout), done.stderr
    assert "round 1 of 1" in done.stderr
