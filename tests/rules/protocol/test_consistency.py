"""How alike cases are treated: what is counted, compared, and left out."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.protocol.consistency import report
from rules.small_numbers import LEAST_SHOWN
from schemas.actor import Actor, Role
from schemas.consistency import Cell, Report, Table
from schemas.evaluations import Dated, LoggedEvaluation, RuleSaid
from schemas.ids import CaseRef, new_case_ref
from schemas.protocol import Effect, Outcome
from tests.builders import AT

DAY = timedelta(days=1)
NORTH = Actor(role=Role.PPU_OFFICER, organisation="northmarch-police", person="pat")
SALT = Actor(role=Role.PPU_OFFICER, organisation="saltmere-police", person="pia")
FAR = Actor(role=Role.DPO, organisation="farshire-police", person="dee")


def asked(by: Actor = NORTH, case_ref: CaseRef | None = None, **parts: Any) -> LoggedEvaluation:
    """Somebody asked about a case: one of its own, unless it is named."""
    said: dict[str, Any] = {
        "case_ref": case_ref or new_case_ref(),
        "by": by,
        "evaluated_at": AT,
        "version": "p1-npcc-2018",
        "told_versions": (),
        "told_text": "told-2026-1",
        "outcome": Outcome.DENY,
        "rules": (),
        "needs": (),
        "requested_fields": ("name",),
        "victim_informed": Dated(value="unknown"),
        "third_party_link": Dated(value="unknown"),
        "protocol_hash": "",
        "facts_hash": "",
    }
    return LoggedEvaluation.model_validate(said | parts)


def several(count: int, by: Actor = NORTH, **parts: Any) -> list[LoggedEvaluation]:
    """As many cases, all alike."""
    return [asked(by, **parts) for _ in range(count)]


def made(rows: list[LoggedEvaluation], alerts: int = 0) -> Report:
    """The report of the day."""
    return report(rows, AT - DAY, AT + DAY, alerts)


def table(found: Report, code: str) -> Table:
    """One of its tables."""
    return next(one for one in (*found.approach, *found.content) if one.code == code)


def cells(found: Report, code: str, by: Actor = NORTH) -> dict[str, tuple[int | None, Any, Any]]:
    """What a group's cases say in one table."""
    group = next(g for g in table(found, code).groups if g.organisation == by.organisation)
    return {cell.label: (cell.cases, cell.share, cell.differs) for cell in group.cells}


def test_a_time_in_which_nobody_asked_is_empty() -> None:
    """And says so."""
    found = made([asked(evaluated_at=AT - 9 * DAY)])
    assert (True, 0, 0) == (found.is_empty, found.cases, found.alerts)


def test_each_group_is_compared_with_the_median_of_the_groups() -> None:
    """A force that is an outlier is seen as one."""
    rows = [
        *several(6, NORTH),
        *several(6, NORTH, outcome=Outcome.NEEDS_FACTS),
        *several(10, SALT),
        *several(10, FAR),
    ]
    found = made(rows)
    assert {"deny": (6, 50.0, -50.0), "needs_facts": (6, 50.0, 50.0)} == cells(found, "outcomes")
    assert (10, 100.0, 0.0) == cells(found, "outcomes", SALT)["deny"]
    assert 32 == found.cases


def test_one_group_alone_is_compared_with_nothing() -> None:
    """There is no difference to show."""
    assert {"deny": (7, 100.0, None)} == cells(made(several(7)), "outcomes")


def test_a_case_is_counted_once_by_the_last_time_it_was_asked_about() -> None:
    """Asking ten times about one person makes no ten people."""
    case_ref = new_case_ref()
    again = [
        asked(case_ref=case_ref, evaluated_at=AT + n * timedelta(hours=1), outcome=outcome)
        for n, outcome in enumerate([Outcome.DENY] * 9 + [Outcome.NEEDS_FACTS])
    ]
    alone = made(again)
    assert (None, None) == (alone.cases, table(alone, "outcomes").groups[0].cases)
    others = several(5, outcome=Outcome.NEEDS_FACTS)
    assert {"needs_facts": (6, 100.0, None)} == cells(made([*again, *others]), "outcomes")


def test_how_long_before_the_request_she_was_told_is_shown_in_bands() -> None:
    """Or afterwards, which a later look at the case tells; or not at all."""

    def told(ago: timedelta) -> Dated:
        return Dated(value="yes", since=AT - ago)

    late = [asked() for _ in range(5)]
    afterwards = [
        asked(
            case_ref=row.case_ref,
            evaluated_at=AT + 3 * DAY,
            victim_informed=Dated(value="yes", since=AT + 2 * DAY),
        )
        for row in late
    ]
    rows = [
        *several(5, victim_informed=told(timedelta(hours=3))),
        *several(6, victim_informed=told(2 * DAY)),
        *several(7, victim_informed=told(9 * DAY)),
        *several(8, victim_informed=Dated(value="unsafe_to_inform", since=AT)),
        *late,
        *afterwards,
    ]
    assert {
        "less than a day before": 5,
        "1 to 7 days before": 6,
        "more than 7 days before": 7,
        "not told": 8,
        "told after it was asked": 5,
    } == {label: cell[0] for label, cell in cells(made(rows), "told").items()}


def test_whether_support_came_first_is_shown() -> None:
    """Three days at least, as every version asks."""
    linked = {
        "72 hours or more before": Dated(value="engaged", since=AT - 3 * DAY),
        "less than 72 hours before": Dated(value="referred", since=AT - 2 * DAY),
        "declined": Dated(value="declined", since=AT),
        "no link": Dated(value="offered", since=AT),
    }
    rows = [row for one in linked.values() for row in several(5, third_party_link=one)]
    assert dict.fromkeys(linked, 5) == {k: v[0] for k, v in cells(made(rows), "link").items()}


def test_a_case_has_several_rules_and_one_set_of_fields() -> None:
    """Which rules said no or wait; what was asked for; which text she was told."""
    rules = (RuleSaid(id="B06", effect=Effect.DENY), RuleSaid(id="B08", effect=Effect.WAIT))
    rows = [
        *several(6, rules=rules),
        *several(6, rules=rules[:1], requested_fields=("date_of_birth", "name")),
    ]
    found = made(rows)
    assert {"B06 no": 12, "B08 waits": 6} == {k: v[0] for k, v in cells(found, "rules").items()}
    assert {"name": 6, "date_of_birth + name": 6} == {
        k: v[0] for k, v in cells(found, "fields").items()
    }
    assert {"told-2026-1": 12} == {k: v[0] for k, v in cells(found, "text").items()}


def test_a_rule_that_spoke_in_all_but_a_few_cases_is_hidden() -> None:
    """Its complement is a small number too."""
    rules = (RuleSaid(id="B06", effect=Effect.DENY),)
    found = made([*several(9, rules=rules), *several(2)])
    assert {"B06 no": (None, None, None)} == cells(found, "rules")


def test_a_small_group_has_no_figures_and_the_next_hides_it() -> None:
    """Neither its size nor anything of its cases; nor can its size be told from the whole."""
    found = made([*several(2, NORTH), *several(6, SALT), *several(9, FAR)])
    sizes = {one.organisation: one.cases for one in table(found, "outcomes").groups}
    assert {"northmarch-police": None, "saltmere-police": None, "farshire-police": 9} == sizes
    assert {} == cells(found, "outcomes")
    assert found.cases is None


@pytest.mark.parametrize(("alerts", "shown"), [(0, 0), (1, None), (4, None), (5, 5)])
def test_few_alerts_are_not_counted_out(alerts: int, shown: int | None) -> None:
    """That there were some is told."""
    assert shown == made(several(6), alerts).alerts


ROWS = st.lists(
    st.builds(
        asked,
        by=st.sampled_from([NORTH, SALT, FAR]),
        outcome=st.sampled_from(list(Outcome)),
        requested_fields=st.sampled_from([(), ("name",), ("name", "date_of_birth")]),
        rules=st.sampled_from([(), (RuleSaid(id="B06", effect=Effect.DENY),)]),
    ),
    max_size=40,
)


@given(ROWS)
def test_no_small_count_is_shown_and_no_single_one_is_hidden(rows: list[LoggedEvaluation]) -> None:
    """In any table, of any cases."""
    found = made(rows)
    for one in (*found.approach, *found.content):
        for group in one.groups:
            hidden: list[Cell] = [cell for cell in group.cells if cell.cases is None]
            assert not [c for c in group.cells if c.cases and c.cases < LEAST_SHOWN]
            assert group.cases is not None or not group.cells
            assert one.code == "rules" or len(hidden) != 1
