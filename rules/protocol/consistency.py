"""How alike cases are treated: who asked and was told what, how far that is from what others do.

What is counted is cases, each by the last time a group asked about it: somebody asked about ten
times is still one person. Counts below five are left out, and so is whatever would give one away.
The inspectorates found forces differing in approach (when and whether a victim was told, whether
support came first) and in content (which data went, what was said to her): Safe to Share?, HMICFRS,
2020. These tables ask the same.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from rules.protocol.safeguards import LEAST
from rules.small_numbers import LEAST_SHOWN, suppressed
from schemas.consistency import Cell, Group, Report, Table
from schemas.evaluations import LoggedEvaluation
from schemas.fact_table import YES
from schemas.protocol import Effect

_Who = tuple[str, str]
_Counts = Mapping[_Who, Mapping[str, int]]
_NOT_TOLD, _AFTER = "not told", "told after it was asked"
_NO_LINK, _DECLINED = "no link", "declined"
_LINKED = frozenset({"referred", "engaged"})
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_LINK_BEFORE = timedelta(hours=LEAST.link_to_request_hours)


def report(
    rows: Sequence[LoggedEvaluation], since: datetime, until: datetime, alerts: int
) -> Report:
    """The report of a time.

    Args:
        rows: every evaluation of every case about which somebody asked in that time, whenever it
            was: what came later tells whether she was told afterwards.
        since: from when.
        until: up to when, excluded.
        alerts: how often a data protection officer was told of unusual asking.
    """
    last: dict[tuple[_Who, str], LoggedEvaluation] = {}
    for row in sorted(rows, key=lambda row: row.evaluated_at):
        if since <= row.evaluated_at < until:
            last[_who(row), row.case_ref] = row
    asked = list(last.values())
    shown = suppressed(Counter(_who(row) for row in asked))
    cases = len({row.case_ref for row in asked})

    def one_of(code: str, title: str, label: Callable[[LoggedEvaluation], str]) -> Table:
        return _table(code, title, shown, _counted(asked, lambda row: [label(row)]), _together)

    return Report(
        since=since,
        until=until,
        is_empty=not asked,
        cases=None if 0 < cases < LEAST_SHOWN or None in shown.values() else cases,
        alerts=None if 0 < alerts < LEAST_SHOWN else alerts,
        approach=(
            one_of("outcomes", "What the protocol said", lambda row: row.outcome.value),
            _table("rules", "Which rules said so", shown, _counted(asked, _rules), _each),
            one_of("told", "When the person was told of it", lambda row: _told(row, rows)),
            one_of("link", "Whether support came first", _link),
        ),
        content=(
            one_of("fields", "Which fields were asked for", _fields),
            one_of("text", "Which text the person was told", lambda row: row.told_text),
        ),
    )


def _who(row: LoggedEvaluation) -> _Who:
    return row.by.organisation, row.by.role.value


def _rules(row: LoggedEvaluation) -> list[str]:
    said = {Effect.DENY: "no", Effect.WAIT: "waits"}
    return [f"{rule.id} {said[rule.effect]}" for rule in row.rules]


def _told(row: LoggedEvaluation, rows: Iterable[LoggedEvaluation]) -> str:
    """How long before the request she was told of it; or afterwards, or not."""
    since = row.victim_informed.since
    if row.victim_informed.value == YES and since is not None:
        before = row.evaluated_at - since
        bands = {"less than a day before": before < _DAY, "1 to 7 days before": before < _WEEK}
        return next((band for band, fits in bands.items() if fits), "more than 7 days before")
    is_later = any(
        other.case_ref == row.case_ref
        and other.victim_informed.value == YES
        and other.victim_informed.since is not None
        and other.victim_informed.since > row.evaluated_at
        for other in rows
    )
    return _AFTER if is_later else _NOT_TOLD


def _link(row: LoggedEvaluation) -> str:
    """How long before the request she was linked to independent support."""
    link = row.third_party_link
    if link.value == _DECLINED:
        return _DECLINED
    if link.value not in _LINKED or link.since is None:
        return _NO_LINK
    hours = LEAST.link_to_request_hours
    is_long = row.evaluated_at - link.since >= _LINK_BEFORE
    return f"{hours} hours or more before" if is_long else f"less than {hours} hours before"


def _fields(row: LoggedEvaluation) -> str:
    return " + ".join(sorted(row.requested_fields)) or "none"


def _counted(
    rows: Iterable[LoggedEvaluation], labels: Callable[[LoggedEvaluation], Iterable[str]]
) -> dict[_Who, Counter[str]]:
    counts: dict[_Who, Counter[str]] = {}
    for row in rows:
        counts.setdefault(_who(row), Counter()).update(labels(row))
    return counts


def _together(counts: Mapping[str, int], total: int) -> dict[str, int | None]:
    """Of labels of which every case has one: they add up to the total, which is shown."""
    del total
    return suppressed(counts)


def _each(counts: Mapping[str, int], total: int) -> dict[str, int | None]:
    """Of labels of which a case has several: each against the cases that have it not."""
    return {
        label: suppressed({"has": count, "has not": total - count})["has"]
        for label, count in counts.items()
    }


def _table(
    code: str,
    title: str,
    shown: Mapping[_Who, int | None],
    counts: _Counts,
    hide: Callable[[Mapping[str, int], int], dict[str, int | None]],
) -> Table:
    labels = sorted({label for who in counts for label in counts[who] if shown[who] is not None})
    left = {
        who: hide({label: counts[who][label] for label in labels}, total)
        for who, total in shown.items()
        if total is not None
    }
    shares = {
        label: {
            who: 100 * count / (shown[who] or 1)
            for who, cells in left.items()
            if (count := cells[label]) is not None
        }
        for label in labels
    }
    groups = (
        Group(
            organisation=who[0],
            role=who[1],
            cases=total,
            cells=tuple(
                _cell(label, left[who][label], shares[label], who)
                for label in (labels if total is not None else ())
            ),
        )
        for who, total in sorted(shown.items())
    )
    return Table(code=code, title=title, groups=tuple(groups))


def _cell(label: str, cases: int | None, shares: Mapping[_Who, float], who: _Who) -> Cell:
    share = shares.get(who)
    usual = median(shares.values()) if len(shares) > 1 else None
    differs = None if share is None or usual is None else round(share - usual, 1)
    return Cell(
        label=label,
        cases=cases,
        share=None if share is None else round(share, 1),
        differs=differs,
    )
