"""A version in order, and every way in which one is not: the line that is told, and the reason."""

import pytest

FILE = "draft.yaml"
DRAFT = """\
id: p7-made-up
title: A version that was made up
source_refs:
  - Nothing that exists
stricter_than_source:
  - what: Something is stricter
    why: Because it is made up
effective_from: 2026-12-01
told_text_id: told-2026-1
rules:
  - id: P7-1
    denies: {fact: objection, is: raised}
    waits: {fact: objection, is: unknown}
    reason: The person objects.
    source: Made up for a test
  - id: P7-2
    denies:
      any:
        - {fact: crime_types, has: hate}
        - {not: {fact: staff_link, in: [none, suspected]}}
    reason: Because it is made up.
    source: Made up for a test
max_fields:
  - name
  - date_of_birth
approver_roles: [safeguarding_supervisor, senior_authoriser]
min_rationale_chars: 80
approval_ttl_hours: 72
cooling_off_hours: 24
objection_window_hours: 72
link_to_request_hours: 72
request_lapses_after_days: 7
review_after_days: 28
"""
"""A version in order, which each refusal changes in one place."""
ACTIVATED = f"""{DRAFT}dpia_id: dpia-2026-4
activated_by: [north:one, north:two]
"""


def changed(old: str, new: str, text: str = DRAFT) -> str:
    """The text with one place changed; there is such a place, and only one."""
    assert 1 == text.count(old), old
    return text.replace(old, new)


SEATS = "approver_roles: [safeguarding_supervisor, senior_authoriser]"
RULE_1 = "{fact: objection, is: raised}"
WAIT_1 = "    waits: {fact: objection, is: unknown}\n"
DENY_1 = f"    denies: {RULE_1}\n"


_PAIRS = (
    ("objection", "purpose"),
    ("requested_by", "case_state"),
    ("legal_power", "dpo_advice"),
    ("nrm_state", "staff_link"),
    ("support_hold", "also_suspect"),
    ("regulated_advice", "support_engaged"),
    ("signposting_given", "victim_informed"),
    ("advocate_informed", "immigration_abuse"),
    ("harm_from_sharing", "investigation_state"),
)
_BOUNDLESS = ", ".join(
    f"{{any: [{{fact: {one}, is: unknown}}, {{fact: {other}, is: unknown}}]}}"
    for one, other in _PAIRS
)
"""As many alternatives as there are ways to choose one of two, nine times: 512."""


def _rule_1(condition: str) -> str:
    return changed(RULE_1, condition)


def deep(levels: int) -> str:
    """A condition nested so many times."""
    return _rule_1("{not: " * levels + RULE_1 + "}" * levels)


REFUSALS = [
    pytest.param(
        changed(SEATS, "approver_roles: [safeguarding_supervisor]"),
        "approver_roles:", "two approvers with different roles are needed", id="one approver",
    ),
    pytest.param(
        changed(SEATS, "approver_roles: []"),
        "approver_roles:", "two approvers with different roles are needed", id="no approver",
    ),
    pytest.param(
        changed(SEATS, "approver_roles: [senior_authoriser, senior_authoriser]"),
        "approver_roles:", "two approvers with different roles are needed", id="one role twice",
    ),
    pytest.param(
        changed(SEATS, "approver_roles:\n  - safeguarding_supervisor\n  - senior_authoriser"
                       "\n  - safeguarding_supervisor"),
        "approver_roles:", "two approvers with different roles are needed",
        id="three seats of two roles",
    ),
    pytest.param(
        changed(SEATS, "approver_roles:\n  - safeguarding_supervisor\n  - dpo"),
        "  - dpo", "dpo may not approve", id="the data protection officer approves",
    ),
    pytest.param(
        changed(SEATS, "approver_roles:\n  - somebody\n  - senior_authoriser"),
        "  - somebody", "approver_roles.0: Input should be…", id="a role that nobody has",
    ),
    pytest.param(
        changed("  - date_of_birth\n", "  - home_address\n"),
        "  - home_address", "'home_address' is outside tiers A and B, and is never shared",
        id="a field outside the tiers",
    ),
    pytest.param(
        changed("  - date_of_birth\n", "  - name # again\n"),
        "  - name # again", "'name' is listed twice", id="a field twice",
    ),
    pytest.param(
        changed("max_fields:\n  - name\n  - date_of_birth\n", "max_fields: []\n"),
        "max_fields:", "max_fields: must not be empty", id="no field",
    ),
    *(
        pytest.param(
            changed(f"{name}: {least}", f"{name}: {loosened}"),
            f"{name}:", f"{name} is {loosened}; the baseline has {least} at the {bound}",
            id=f"{name} loosened",
        )
        for name, least, loosened, bound in (
            ("min_rationale_chars", 80, 79, "least"),
            ("approval_ttl_hours", 72, 73, "most"),
            ("cooling_off_hours", 24, 12, "least"),
            ("objection_window_hours", 72, 71, "least"),
            ("link_to_request_hours", 72, 71, "least"),
            ("request_lapses_after_days", 7, 8, "most"),
            ("review_after_days", 28, 29, "most"),
        )
    ),
    pytest.param(
        changed("approval_ttl_hours: 72", "approval_ttl_hours: 0"),
        "approval_ttl_hours:", "approval_ttl_hours: Input should be greater than or equal to 1",
        id="a number that is none",
    ),
    pytest.param(
        changed("cooling_off_hours: 24\n", ""),
        "id: p7-made-up", "cooling_off_hours: is missing", id="a number is missing",
    ),
    pytest.param(
        _rule_1("{fact: shoe_size, is: large}"),
        DENY_1[:10], "there is no fact 'shoe_size'", id="an unknown fact",
    ),
    pytest.param(
        _rule_1("{fact: nationality, is: unknown}"),
        DENY_1[:10], "there is no fact 'nationality'", id="nationality as a fact",
    ),
    pytest.param(
        _rule_1("{fact: [objection], is: raised}"),
        DENY_1[:10], "there is no fact ['objection']", id="a list as a fact",
    ),
    pytest.param(
        _rule_1("{fact: objection, is: shouted}"),
        DENY_1[:10], "objection has no value 'shouted'", id="an unknown value",
    ),
    pytest.param(
        _rule_1("{fact: objection, in: [raised, shouted]}"),
        DENY_1[:10], "objection has no value 'shouted'", id="an unknown value in a list",
    ),
    pytest.param(
        _rule_1("{fact: objection, above: none}"),
        DENY_1[:10], "there is no operator 'above' for objection; there is is, in, is_not, not_in",
        id="an unknown operator",
    ),
    pytest.param(
        _rule_1("{fact: crime_types, is: hate}"),
        DENY_1[:10], "there is no operator 'is' for crime_types; there is has",
        id="an operator for another kind of fact",
    ),
    pytest.param(
        _rule_1("{fact: objection, is: raised, in: [raised]}"),
        DENY_1[:10], "a comparison has a fact and one operator", id="two operators",
    ),
    pytest.param(
        _rule_1("{fact: objection}"),
        DENY_1[:10], "a comparison has a fact and one operator", id="no operator",
    ),
    pytest.param(
        _rule_1("{fact: objection, in: raised}"),
        DENY_1[:10], "'in' needs a list of values", id="one value where a list belongs",
    ),
    pytest.param(
        _rule_1("{fact: objection, in: []}"),
        DENY_1[:10], "'in' needs a list of values", id="an empty list of values",
    ),
    pytest.param(
        _rule_1("{fact: objection, is: [raised]}"),
        DENY_1[:10], "'is' needs one value", id="a list where one value belongs",
    ),
    pytest.param(
        _rule_1("{fact: objection, is_not: unknown}"),
        DENY_1[:10], "'is_not' is never true of what is unknown: leave it out",
        id="not unknown",
    ),
    pytest.param(
        _rule_1("{fact: objection, not_in: [none, unknown]}"),
        DENY_1[:10], "'not_in' is never true of what is unknown: leave it out",
        id="none of these, and not unknown",
    ),
    pytest.param(
        _rule_1("{fact: requested_fields, outside: tier_a}"),
        DENY_1[:10], "requested_fields has no value 'tier_a'", id="another list of fields",
    ),
    pytest.param(
        _rule_1("{exec: something}"),
        DENY_1[:10], "there is no operator 'exec'", id="code",
    ),
    pytest.param(
        _rule_1(f"{{not: {RULE_1}, any: [{RULE_1}]}}"),
        DENY_1[:10], "'not' stands alone in its mapping", id="two joins in one mapping",
    ),
    pytest.param(
        _rule_1("{all: []}"), DENY_1[:10], "'all' needs a list of conditions", id="all of none",
    ),
    pytest.param(
        _rule_1("{any: yes}"),
        DENY_1[:10], "'any' needs a list of conditions", id="any of a word",
    ),
    pytest.param(
        _rule_1("{any: {fact: objection, is: raised}}"),
        DENY_1[:10], "'any' needs a list of conditions", id="any of a mapping",
    ),
    pytest.param(
        _rule_1("{always: no}"), DENY_1[:10], "write `always: yes`", id="always, and no",
    ),
    pytest.param(
        _rule_1("{not: raised}"),
        DENY_1[:10], "a condition is a mapping, such as {fact: objection, is: none}",
        id="a word where a condition belongs",
    ),
    pytest.param(
        changed("{fact: crime_types, has: hate}", "{fact: crime_types, has: theft}"),
        "        - {fact: crime_types, has: theft}", "crime_types has no value 'theft'",
        id="a fault in one condition of several",
    ),
    pytest.param(
        changed("{not: {fact: staff_link, in: [none, suspected]}}",
                "{not: {fact: staff_link, in: [none, suspect]}}"),
        "        - {not: {fact: staff_link, in: [none, suspect]}}",
        "staff_link has no value 'suspect'", id="a fault inside of a not",
    ),
    pytest.param(
        _rule_1("{}"),
        DENY_1[:10], "a condition is a mapping, such as {fact: objection, is: none}",
        id="an empty condition",
    ),
    pytest.param(
        _rule_1("raised"), DENY_1[:10], "rules.0.denies: Input should be a valid dictionary",
        id="a word for a condition",
    ),
    pytest.param(
        _rule_1(f"{{all: [{_BOUNDLESS}]}}"), DENY_1[:10], "this has more than 500 alternatives",
        id="more alternatives than anybody reads",
    ),
    pytest.param(
        changed("title: A version that was made up", 'title: "A title \\e[2J that clears"'),
        "title:", "title: String should match pattern…", id="a control character",
    ),
    pytest.param(
        changed("cooling_off_hours: 24", "cooling_off_hours: 24.0"),
        "cooling_off_hours:", "cooling_off_hours: write a whole number", id="no whole number",
    ),
    pytest.param(
        _rule_1("{all: [{fact: objection, is: raised}, {fact: objection, is: none}]}"),
        DENY_1[:10], "this can never be so", id="a condition that is impossible",
    ),
    pytest.param(
        _rule_1("{fact: objection, not_in: [none, raised]}"),
        DENY_1[:10], "this can never be so", id="a known value that is none of all",
    ),
    pytest.param(
        _rule_1("{not: {fact: objection, in: [none, raised, unknown]}}"),
        DENY_1[:10], "this can never be so", id="none of all its values",
    ),
    pytest.param(
        changed("{fact: objection, is: unknown}",
                "{all: [{fact: purpose, is: other}, {fact: purpose, is: unknown}]}"),
        WAIT_1[:9], "this can never be so", id="a wait that is impossible",
    ),
    pytest.param(
        changed("    reason: The person objects.\n", ""),
        "  - id: P7-1", "rules.0.reason: is missing", id="a rule without a reason",
    ),
    pytest.param(
        changed("    reason: The person objects.\n    source: Made up for a test\n",
                "    reason: The person objects.\n"),
        "  - id: P7-1", "rules.0.source: is missing", id="a rule without a source",
    ),
    pytest.param(
        changed("    reason: The person objects.\n", "    reason: ''\n"),
        "    reason: ''", "rules.0.reason: must not be empty", id="a rule with an empty reason",
    ),
    pytest.param(
        changed("  - id: P7-1\n    denies:", "  - denies:"),
        "  - denies:", "rules.0.id: is missing", id="a rule without an id",
    ),
    pytest.param(
        changed("id: P7-1", "id: p7/1"),
        "  - id: p7/1", "rules.0.id: String should match pattern…", id="a rule with a strange id",
    ),
    pytest.param(
        changed(DENY_1 + WAIT_1, ""),
        "  - id: P7-1", "P7-1 neither denies nor waits", id="a rule without a half",
    ),
    pytest.param(
        changed("id: P7-1", "id: B06"),
        "  - id: B06", "rules B… are the baseline's, and no others are",
        id="a rule of the baseline",
    ),
    pytest.param(
        changed(f"  - id: P7-1\n{DENY_1}", f"  - {DENY_1.strip()}\n    id: B06\n"),
        "    id: B06", "rules B… are the baseline's, and no others are",
        id="a rule of the baseline, its id not in its first line",
    ),
    pytest.param(
        changed("  - id: P7-2\n", "  - waits: {fact: purpose, is: unknown}\n    id: P7-1\n"),
        "    id: P7-1", "there is a rule P7-1 already",
        id="a rule twice, its id not in its first line",
    ),
    pytest.param(
        changed("id: P7-1", "id: B99"),
        "  - id: B99", "rules B… are the baseline's, and no others are",
        id="a rule that could be the baseline's",
    ),
    pytest.param(
        changed("id: P7-2", "id: P7-1").replace("  - id: P7-1\n    denies:\n",
                                                "  - id: P7-1 # again\n    denies:\n"),
        "  - id: P7-1 # again", "there is a rule P7-1 already", id="a rule twice",
    ),
    pytest.param(
        changed("    source: Made up for a test\n  - id",
                "    source: Made up for a test\n    permits: all\n  - id"),
        "    permits: all", "rules.0.permits: there is no such key",
        id="an unknown key of a rule",
    ),
    pytest.param(
        f"{DRAFT}lifts: [B06]\n", "lifts:", "lifts: there is no such key", id="an unknown key",
    ),
    pytest.param(
        changed("    why: Because it is made up\n", "    when: never\n"),
        "  - what:", "stricter_than_source.0.why: is missing", id="stricter, and no word why",
    ),
    pytest.param(
        changed("id: p7-made-up\n", ""), "title:", "id: is missing", id="a version without an id",
    ),
    pytest.param(
        changed("id: p7-made-up", "id: P7"),
        "id: P7", "id: String should match pattern…", id="a version with a strange id",
    ),
    pytest.param(
        changed("source_refs:\n  - Nothing that exists", "source_refs: []"),
        "source_refs:", "source_refs: must not be empty", id="a version without a source",
    ),
    pytest.param(
        f"{DRAFT}title: Another title\n",
        "title: Another title", "'title' is written twice", id="a key twice",
    ),
    pytest.param(
        _rule_1("{fact: objection, is: raised, is: none}"),
        DENY_1[:10], "'is' is written twice", id="a key twice, further in",
    ),
    pytest.param(
        changed("title: A version that was made up", "title: &t A version"),
        "title: &t", "anchors and aliases are not used here", id="an anchor",
    ),
    pytest.param(
        changed("title: A version that was made up", "title: *t"),
        "title: *t", "anchors and aliases are not used here", id="an alias",
    ),
    pytest.param(
        changed("max_fields:\n  - name", "max_fields: &f\n  - name"),
        "max_fields: &f", "anchors and aliases are not used here", id="an anchor on a list",
    ),
    pytest.param(
        changed("title: A version that was made up", "title: !!str A version"),
        "title: !!str", "tags are not used here", id="a tag",
    ),
    pytest.param(
        changed("source_refs:\n  - Nothing that exists",
                "source_refs:\n  - !!python/object:os.system x"),
        "  - !!python", "tags are not used here", id="a tag that would run something",
    ),
    pytest.param(
        deep(30), DENY_1[:10], "this is nested too deeply", id="too deep",
    ),
    pytest.param(
        changed("effective_from: 2026-12-01", "effective_from: soon"),
        "effective_from:", "effective_from: write a day as 2026-12-24", id="no date",
    ),
    pytest.param(
        f"{DRAFT}effective_to: 2026-11-30\n",
        "effective_to:", "effective_to must come after effective_from", id="over before it began",
    ),
    pytest.param(
        f"{DRAFT}effective_to: 2026-12-01\n",
        "effective_to:", "effective_to must come after effective_from", id="over as it begins",
    ),
    pytest.param(
        changed("told_text_id: told-2026-1", "told_text_id: told-2026-9"),
        "told_text_id:", "there are no words 'told-2026-9' to tell a person",
        id="words that do not exist",
    ),
    pytest.param(
        changed("activated_by: [north:one, north:two]", "activated_by: [north:one]", ACTIVATED),
        "activated_by:", "two different people activate a version", id="one activator",
    ),
    pytest.param(
        changed("activated_by: [north:one, north:two]", "activated_by: [north:one, north:one]",
                ACTIVATED),
        "activated_by:", "two different people activate a version", id="the same activator twice",
    ),
    pytest.param(
        changed("activated_by: [north:one, north:two]", "activated_by: []", ACTIVATED),
        "activated_by:", "two different people activate a version", id="no activator",
    ),
    pytest.param(
        f"{DRAFT}dpia_id: dpia-2026-4\n",
        "id: p7-made-up", "two different people activate a version",
        id="an assessment and no activator",
    ),
    pytest.param(
        changed("dpia_id: dpia-2026-4\n", "", ACTIVATED),
        "id: p7-made-up", "dpia_id is missing: name the impact assessment in force",
        id="activators and no assessment",
    ),
    pytest.param(
        changed("dpia_id: dpia-2026-4", "dpia_id: ''", ACTIVATED),
        "dpia_id:", "dpia_id: must not be empty", id="an empty assessment",
    ),
    pytest.param(
        f"{ACTIVATED}historical: true\n",
        "historical:", "a historical version can never be activated",
        id="a historical version, activated",
    ),
    pytest.param(
        "- id: p7-made-up\n", "- id", "this is no mapping of keys and values",
        id="a list at the top",
    ),
    pytest.param("p7", "p7", "this is no mapping of keys and values", id="a word at the top"),
    pytest.param("", "", "this is no mapping of keys and values", id="nothing"),
    pytest.param(
        "# only words\n", "#", "this is no mapping of keys and values", id="a comment only",
    ),
    pytest.param(
        changed("title: A version that was made up", "title: [A version"),
        "source_refs:", "not YAML: expected ',' or ']', but got ':'",
        id="a bracket that is never closed",
    ),
    pytest.param(
        changed("title: A version", "\ttitle: A version"),
        "\ttitle:", "not YAML: found character '\\t' that cannot start any token",
        id="a tabulator",
    ),
    pytest.param(
        f"{DRAFT}? [a, b]\n: c\n", "? [a, b]", "a key must be a word", id="a list for a key",
    ),
    pytest.param(
        f"{DRAFT}---\nid: another\n", "---", "not YAML: but found another document",
        id="two documents",
    ),
]  # fmt: skip
