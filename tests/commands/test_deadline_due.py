"""`safepath deadline due` and `deadline duties`, as people and programs run them."""

import json

import pytest
from typer.testing import CliRunner, Result

from commands.deadline import app
from rules.profiles import PROFILES


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
    ("duty", "pace", "due_at", "words"),
    [
        pytest.param(
            "vc-r6-arrest",
            (),
            "2026-12-29T23:59:59+00:00",
            "enhanced, due no later than standard",
            id="enhanced by default",
        ),
        pytest.param(
            "vc-r6-arrest",
            ("--pace", "standard"),
            "2027-01-05T23:59:59+00:00",
            "standard, the only one",
            id="standard",
        ),
        pytest.param(
            "vc-r6-arrest",
            ("--pace", "high_risk"),
            "2026-12-29T23:59:59+00:00",
            "enhanced, due no later than standard",
            id="high risk is enhanced too",
        ),
        pytest.param(
            "ref-ack",
            ("--pace", "high_risk"),
            "2026-12-29T12:00:00+00:00",
            "high risk, due no later than standard",
            id="high risk",
        ),
        pytest.param(
            "ref-ack",
            (),
            "2026-12-29T23:59:59+00:00",
            "standard, the only one",
            id="no enhanced term",
        ),
    ],
)
def test_the_pace_that_counted_is_said(
    duty: str, pace: tuple[str, ...], due_at: str, words: str
) -> None:
    """Without `--pace` it is counted as every case is until a person decides otherwise."""
    arguments = ("--start", "2026-12-24T16:00", "--duty", duty, *pace)
    assert due_at == json.loads(run(*arguments, "--json").stdout)["due_at"]
    assert words in run(*arguments).stdout


@pytest.mark.parametrize(
    ("duty", "pace", "words"),
    [
        pytest.param("marac-5-repeat-watch", "standard", "12 months from", id="months"),
        pytest.param("nrm-5-recovery", "standard", "to the end of the last day", id="days"),
        pytest.param("ref-ack", "high_risk", "while a service is open", id="service hours"),
        pytest.param("ref-contact", "high_risk", "24 hours from", id="hours"),
    ],
)
def test_text_says_how_each_unit_is_counted(duty: str, pace: str, words: str) -> None:
    """Whoever reads the date can count it again."""
    arguments = ("--start", "2026-12-24T16:00", "--duty", duty, "--pace", pace)
    assert words in run(*arguments).stdout


@pytest.mark.parametrize("profile", PROFILES)
def test_duties_lists_every_duty_of_a_profile(profile: str) -> None:
    """For people with title, times, people and source; for programs the profile as it is."""
    asked = ["duties", "--profile", profile]
    text = CliRunner().invoke(app, asked)
    assert text.exit_code == 0
    for duty in PROFILES[profile].duties:
        assert f"\n{duty.id}: {duty.title}\n" in text.stdout
        assert duty.source in text.stdout
    document = CliRunner().invoke(app, [*asked, "--json"])
    assert PROFILES[profile].model_dump(mode="json") == json.loads(document.stdout)


@pytest.mark.parametrize(
    "words",
    [
        "5 working days; enhanced: 1 working day",
        "1 working day; high risk: 4 service hours; unanswered, it lapses after 2 working days",
        "the officer in the case, 2 working days before",
        "the immigration adviser, 42 days, 21 days, 7 days before",
        "it is late, and stays open; the safeguarding supervisor is told",
        "it is late, and stays open; the MARAC coordinator is told",
        "it is somebody else's to do, and stays open; the public protection officer asks after it",
        "the time is over, which is nobody's breach; the immigration adviser is told",
        "by the service that runs it alone",
        "A suspect is arrested. Each time anew.",
        "She has an answer. A person says so.",
    ],
)
def test_duties_are_told_in_plain_words(words: str) -> None:
    """An officer reads how long, whom it reminds, and what happens at the due time."""
    assert words in CliRunner().invoke(app, ["duties"]).stdout


def test_duties_of_an_unknown_profile_are_refused() -> None:
    """With the ids of those there are."""
    answer = CliRunner().invoke(app, ["duties", "--profile", "none"])
    assert (2, "") == (answer.exit_code, answer.stdout)
    assert "victims-code-2021" in answer.stderr


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        pytest.param(("--duty", "none"), "duty", "vc-r4-support-referral, vc-r6", id="duty"),
        pytest.param(("--pace", "none"), "pace", "standard, enhanced, high_risk", id="pace"),
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
    groups = CliRunner().invoke(app, ["--help"]).stdout
    assert all(f" {verb} " in groups for verb in ("due", "duties", "list"))
    assert "2026-12-24T16:00" in run("--help").stdout
