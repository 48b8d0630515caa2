"""Worked examples: each request of the table, under each of the six versions."""

from typing import Any

import pytest

from rules.protocol.shipped import shipped_versions
from schemas.fact_table import FACTS
from schemas.protocol import Outcome
from tests.rules.protocol.asked import SIX, TABLE, asking, judged

ROWS: list[dict[str, Any]] = TABLE["scenarios"]


def _expected(row: dict[str, Any], version: str) -> Outcome:
    if version in row.get("eligible", ()):
        return Outcome.ELIGIBLE
    return Outcome.NEEDS_FACTS if version in row.get("waits", ()) else Outcome.DENY


@pytest.mark.parametrize("version", SIX)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_each_version_says_of_each_request_what_the_table_says(
    row: dict[str, Any], version: str
) -> None:
    """A request that is eligible says which fields, and no other one names any."""
    document = asking(*row.get("with", ()), **row.get("but", {}))
    found = judged(version, document)
    expected = _expected(row, version)
    assert expected is found.outcome
    fields = tuple(document["requested_fields"]) if expected is Outcome.ELIGIBLE else ()
    assert fields == found.fields


def test_the_table_is_of_the_versions_that_are_shipped() -> None:
    """A version that is added gets its column; what a row names is a version, a part or a fact."""
    assert SIX == tuple(version.id for version in shipped_versions())
    for row in ROWS:
        assert set() == {*row} - {"name", "with", "but", "eligible", "waits"}
        assert set(SIX) >= {*row.get("eligible", ()), *row.get("waits", ())}
        assert set(FACTS) >= set(row.get("but", {}))
    assert len(ROWS) == len({row["name"] for row in ROWS})


def test_a_request_that_waits_names_the_fact_that_is_missing_and_no_value() -> None:
    """Whoever asks learns what to find out, and not what would pass."""
    found = judged("p1-npcc-2018", asking(third_party_link="unknown"))
    assert ("third_party_link",) == found.needs
    assert not {"engaged", "referred", "declined"} & {*found.needs, *found.fields}


def test_a_promise_of_last_year_is_kept_by_name() -> None:
    """The rule that stops it is the rule of the version the person was told."""
    found = judged("p1-npcc-2018", asking(told_versions=["p4-consent-2025"]))
    assert ["P4-1"] == [rule.id for rule in found.rules]
    assert ("p1-npcc-2018", ("p4-consent-2025",)) == (found.version, found.told_versions)
