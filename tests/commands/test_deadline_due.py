"""`safepath deadline due`, as people and programs run it."""

import json

import pytest
from typer.testing import CliRunner, Result

from commands.deadline import app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["due", *arguments])


CHRISTMAS = ("--start", "2026-12-24T16:00", "--duty", "vc-r4-support-referral")


def test_json_is_exactly_the_due_date_and_how_it_was_counted() -> None:
    """Programs read four keys, in this order, and nothing else."""
    expected = {
        "due_at": "2026-12-30T23:59:59+00:00",
        "due_date": "2026-12-30",
        "duty": "vc-r4-support-referral",
        "skipped": [
            {"date": "2026-12-25", "why": "Christmas Day"},
            {"date": "2026-12-26", "why": "weekend"},
            {"date": "2026-12-27", "why": "weekend"},
            {"date": "2026-12-28", "why": "Boxing Day (substitute day)"},
        ],
    }
    answer = run(*CHRISTMAS, "--json")
    assert answer.exit_code == 0
    assert list(expected.items()) == list(json.loads(answer.stdout).items())


def test_text_says_the_day_in_words_and_what_was_skipped() -> None:
    """A person sees the date, how it was counted, each skipped day, and the source."""
    answer = run(*CHRISTMAS)
    assert answer.exit_code == 0
    for words in (
        "Wednesday 30 December 2026, 23:59:59 (UTC+00:00)",
        "2 working days from Thursday 24 December 2026, 16:00:00, that day not counted",
        "Friday 25 December 2026 (Christmas Day)",
        "Right 4",
    ):
        assert words in answer.stdout


def test_a_start_with_an_offset_is_that_moment() -> None:
    """23:30 UTC on 1 July is 2 July in London, so one working day ends on the third."""
    answer = run("--start", "2026-07-01T23:30:00Z", "--duty", "ref-ack", "--json")
    assert json.loads(answer.stdout)["due_at"] == "2026-07-03T23:59:59+01:00"


def test_another_profile_counts_the_same_duty_otherwise() -> None:
    """The demonstration profile counts in seconds and skips nothing."""
    arguments = ("--start", "2026-12-25T10:00", "--duty", "ref-ack", "--profile", "demo-seconds")
    document = json.loads(run(*arguments, "--json").stdout)
    assert document["due_at"] == "2026-12-25T10:00:04+00:00"
    assert document["skipped"] == []
    assert (
        "4 seconds from Friday 25 December 2026, 10:00:00, elapsed time" in run(*arguments).stdout
    )


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        pytest.param(("--duty", "none"), "duty", "vc-r4-support-referral, ref-ack", id="duty"),
        pytest.param(
            ("--profile", "none"), "profile", "victims-code-2021, demo-seconds", id="profile"
        ),
        pytest.param(("--start", "tomorrow"), "start", "2026-12-24T16:00", id="no time"),
        pytest.param(("--start", "2026-03-29T01:30"), "start", "clocks went forward", id="gap"),
        pytest.param(("--start", "2036-01-01"), "start", "2035-12-31", id="unknown year"),
    ],
)
def test_bad_input_exits_with_2_and_says_what_would_be_good(
    changed: tuple[str, str], field: str, words: str
) -> None:
    """One sentence on stderr, or with --json the same as a document that names the field."""
    text = run(*CHRISTMAS, *changed)
    assert (text.exit_code, text.stdout) == (2, "")
    assert words in text.stderr
    document = run(*CHRISTMAS, *changed, "--json")
    error = json.loads(document.stdout)["error"]
    assert (document.exit_code, error["code"], error["field"]) == (2, "bad_input", field)
    assert words in error["message"]


def test_help_names_the_verb_and_its_options() -> None:
    """The verb stays a verb of its group, also while it is the only one."""
    assert "due" in CliRunner().invoke(app, ["--help"]).stdout
    assert "2026-12-24T16:00" in run("--help").stdout
