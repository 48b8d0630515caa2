"""Files of the protocol: each thing that is refused, with the file, the line and the reason."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rules.protocol.loader import (
    MOST_CHARACTERS,
    ProtocolFileError,
    is_looser,
    load_baseline,
    load_version,
)
from rules.protocol.shipped import shipped_baseline, shipped_protocol
from schemas.actor import Role
from schemas.protocol import Terms, Version
from tests.rules.protocol.asked import SIX, UNHURRIED
from tests.rules.protocol.refusals import ACTIVATED, DRAFT, FILE, REFUSALS, RULE_1, changed, deep

LINE_BREAKS = "\n\r\x85\u2028\u2029"
"""Where YAML begins a line."""
DEEPEST = 24
"""How deeply a file may be nested."""


def load(text: str) -> Version:
    """The version of this text, on the baseline that is shipped."""
    return load_version(text, FILE, shipped_baseline())


def test_a_version_in_order_is_loaded_with_all_that_it_says() -> None:
    """Numbers, days and roles are read as such."""
    version = load(DRAFT)
    assert ("p7-made-up", 24, "2026-12-01") == (
        version.id,
        version.cooling_off_hours,
        version.effective_from.isoformat(),
    )
    assert (Role.SAFEGUARDING_SUPERVISOR, Role.SENIOR_AUTHORISER) == version.approver_roles
    assert ["P7-1", "P7-2"] == [rule.id for rule in version.rules]
    assert (False, None, None) == (version.historical, version.dpia_id, version.activated_by)


def test_a_version_that_two_people_activated_under_an_assessment_is_loaded() -> None:
    """A draft names neither; what is in force names both."""
    version = load(ACTIVATED)
    assert ("dpia-2026-4", ("north:one", "north:two")) == (version.dpia_id, version.activated_by)


def test_a_file_in_json_says_the_same() -> None:
    """JSON is a part of YAML."""
    document = yaml.load(DRAFT, Loader=yaml.BaseLoader)  # noqa: S506 - it makes only text
    assert load(DRAFT) == load(json.dumps(document)) == load(json.dumps(document, indent=2))


def test_yes_and_no_are_values_of_facts_whether_they_are_quoted_or_not() -> None:
    """YAML's surprise, that `no` is false, would make another rule of it."""
    plain = load(changed("fact: objection, is: raised", "fact: victim_informed, in: [no]"))
    quoted = load(changed("fact: objection, is: raised", 'fact: victim_informed, in: ["no"]'))
    assert plain == quoted
    assert {"fact": "victim_informed", "in": ["no"]} == plain.rules[0].denies


def _line_of(text: str, begins: str) -> int:
    lines = text.splitlines() or [""]
    return next(n for n, line in enumerate(lines, 1) if line.startswith(begins))


@pytest.mark.parametrize(("text", "begins", "reason"), REFUSALS)
def test_a_file_is_refused_with_its_name_the_line_and_the_reason(
    text: str, begins: str, reason: str
) -> None:
    """Each differs from a file in order in one place, and that is the place that is told."""
    with pytest.raises(ProtocolFileError) as refusal:
        load(text)
    told = refusal.value
    begins_with = reason.removesuffix("…")
    assert begins_with == (told.reason[: len(begins_with)] if "…" in reason[-1] else told.reason)
    assert (FILE, _line_of(text, begins)) == (told.file, told.line)
    assert f"{FILE}, line {told.line}: {told.reason}" == str(told)
    assert ("protocol_file", 2) == (told.code, told.exit_code)


def test_a_file_that_is_too_long_is_refused_unread() -> None:
    """One that is as long as it may be is read."""
    room = MOST_CHARACTERS - len(DRAFT) - len("# ")
    assert load(f"{DRAFT}# {'x' * room}")
    with pytest.raises(ProtocolFileError, match="line 1: this is too long for a version"):
        load(f"{DRAFT}# {'x' * (room + 1)}")


def test_a_file_may_be_nested_so_deeply_and_no_deeper() -> None:
    """Four levels are the rule's own; a condition has all others."""
    assert load(deep(DEEPEST - 4))
    with pytest.raises(ProtocolFileError, match="nested too deeply"):
        load(deep(DEEPEST - 3))


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x1b", "\ud800", "\ufffe"], ids=ascii)
def test_a_character_that_nobody_could_read_is_refused(character: str) -> None:
    """What cannot be seen cannot be checked."""
    with pytest.raises(ProtocolFileError, match="line 1: not YAML: a character that it may not"):
        load(
            changed(
                "made up for", f"made up{character} for", DRAFT.replace("Made up", "made up", 1)
            )
        )


@pytest.mark.parametrize(
    ("dates", "is_refused"),
    [("2026-12-02", False), ("2027-12-01", False), ("2026-12-01", True), ("2025-01-01", True)],
)
def test_a_version_ends_after_it_began(dates: str, is_refused: bool) -> None:
    """The day after is enough."""
    text = f"{DRAFT}effective_to: {dates}\n"
    if is_refused:
        with pytest.raises(ProtocolFileError):
            load(text)
    else:
        assert dates == str(load(text).effective_to)


@pytest.mark.parametrize(
    ("name", "tighter"),
    [
        ("min_rationale_chars", 81),
        ("approval_ttl_hours", 71),
        ("cooling_off_hours", 25),
        ("objection_window_hours", 73),
        ("link_to_request_hours", 73),
        ("request_lapses_after_days", 6),
        ("review_after_days", 27),
    ],
)
def test_a_version_may_ask_for_more_than_the_baseline(name: str, tighter: int) -> None:
    """Each number has a side on which it protects more; as much as the baseline is enough."""
    least = getattr(shipped_baseline().floor, name)
    assert tighter == getattr(load(changed(f"{name}: {least}", f"{name}: {tighter}")), name)
    assert is_looser(name, 2 * least - tighter, least)
    assert not is_looser(name, least, least)
    assert name in Terms.model_fields


def test_a_historical_version_needs_no_words_to_tell() -> None:
    """It is never told; that it is loaded at all is for looking back."""
    text = changed("told_text_id: told-2026-1", "told_text_id: none")
    assert load(f"{text}historical: true\n").historical
    with pytest.raises(ProtocolFileError, match="no words 'none'"):
        load(text)


def test_every_condition_that_is_possible_is_loaded() -> None:
    """Each operator, and a rule that always denies."""
    for condition in (
        "{always: yes}",
        "{any: [{fact: objection, not_in: [none, raised]}, {fact: objection, is: none}]}",
        "{fact: objection, is_not: none}",
        "{fact: consent_quality, has: unknown}",
        "{fact: requested_fields, outside: max_fields}",
        "{fact: requested_fields, is: unknown}",
        "{fact: told_versions, is: known}",
        f"{{all: [{RULE_1}, {{not: {{fact: purpose, is: other}}}}]}}",
    ):
        assert load(changed(RULE_1, condition)).rules[0].denies


def test_a_baseline_is_refused_as_a_version_is() -> None:
    """Its rules may be called B…, and everything else holds for them too."""
    written = (
        "id: baseline\ntitle: Made up\nfloor: {FLOOR}\nrules:\n"
        "  - id: B01\n    denies: {fact: objection, is: raised}\n"
        "    reason: Made up\n    source: Made up\n"
    ).replace("{FLOOR}", json.dumps(shipped_baseline().floor.model_dump()))
    assert ["B01"] == [rule.id for rule in load_baseline(written, FILE).rules]
    twice = written + written[written.index("  - id: B01") :]
    for text, line, reason in (
        (twice, 9, "there is a rule B01 already"),
        (changed("raised", "shouted", written), 6, "objection has no value 'shouted'"),
        (changed("id: baseline", "id: another", written), 1, "id: String should match pattern"),
        (f"{written}max_fields: [name]\n", 9, "max_fields: there is no such key"),
        (changed("cooling_off_hours", "warming_up_hours", written), 3, "is missing"),
    ):
        with pytest.raises(ProtocolFileError, match=f"^{FILE}, line {line}: .*{reason}"):
            load_baseline(text, FILE)


def test_what_is_shipped_is_drafts_that_nobody_activated() -> None:
    """Two people of the force that uses a version sign it; nothing is signed for them."""
    for version in SIX:
        shipped = shipped_protocol().versions[version]
        assert (None, None) == (shipped.dpia_id, shipped.activated_by)


_EDITS = st.lists(
    st.tuples(
        st.integers(0, len(DRAFT)),
        st.integers(0, 12),
        st.text(alphabet=st.sampled_from(" \n\t-:[]{}&*!|>'\"#,?%@~yno0é\x00\u2028"), max_size=4)
        | st.sampled_from(["null", "{}", "[]", "1e999", "9" * 5000, "<<: ", "---\n", "...\n"]),
    ),
    min_size=1,
    max_size=4,
)


@UNHURRIED
@given(_EDITS)
def test_whatever_is_written_is_loaded_or_refused_and_nothing_else(
    edits: list[tuple[int, int, str]],
) -> None:
    """A file that somebody mistyped never ends in an error that nobody foresaw."""
    text = DRAFT
    for at, gone, put in edits:
        text = text[:at] + put + text[at + gone :]
    _load_or_refuse(text)


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner) | st.dictionaries(st.text(), inner)


@UNHURRIED
@given(st.text(max_size=200) | st.recursive(st.none() | st.text(), _nested).map(json.dumps))
def test_any_text_is_loaded_or_refused_and_nothing_else(text: str) -> None:
    """Of any kind."""
    _load_or_refuse(text)


def _load_or_refuse(text: str) -> None:
    found = _loaded_or_refused(text)
    if isinstance(found, ProtocolFileError):
        breaks = sum(text.count(one) for one in LINE_BREAKS)
        assert 1 <= found.line <= breaks + 2
        assert found.reason


def _loaded_or_refused(text: str) -> Version | ProtocolFileError:
    try:
        return load(text)
    except ProtocolFileError as refusal:
        return refusal
