"""The canary table, kind by place: shown at the end of a run; docs/privacy-canary.md has it."""

from tests.journeys.canary_kinds import KINDS, Kind
from tests.journeys.canary_places import PLACES

Found = dict[tuple[Kind, str], str]
"""Kind and place of a hit, and what stands around it."""

_KEPT: list[Found] = []
_PROVEN: set[str] = set()
"""Places whose scan found a canary once its guard was off."""


def keep_for_summary(found: Found) -> None:
    """Have the table shown at the end of the run."""
    _KEPT.append(found)


def proven(place: str) -> None:
    """Note that the scan of a place finds what its guard keeps from it."""
    assert place in {one.name for one in PLACES}
    _PROVEN.add(place)


def page_lines() -> list[str]:
    """The table as it should be, for the page."""
    return table({}, {place.name for place in PLACES})


def summary() -> list[str]:
    """The table of this run; nothing where no story was told."""
    return table(_KEPT[-1], _PROVEN) if _KEPT else []


def table(found: Found, finds: set[str]) -> list[str]:
    """The table: 0, or FOUND; and whether each scan finds once the guard of its place is off."""
    letters = {place.name: chr(ord("A") + nth) for nth, place in enumerate(PLACES)}
    head = f"| kind | typed in | {' | '.join(letters.values())} |"
    rows = [
        f"| {kind.name} | {kind.typed} | "
        + " | ".join("FOUND" if (kind, name) in found else "0" for name in letters)
        + " |"
        for kind in KINDS
    ]
    places = [
        f"| {letters[one.name]} | {one.name} | {one.guard} | "
        f"{'yes' if one.name in finds else 'not tried'} |"
        for one in PLACES
    ]
    return [
        "| | place | what keeps it out | finds when that is off |",
        "|---|---|---|---|",
        *places,
        "",
        head,
        "|---|---|" + "---|" * len(letters),
        *rows,
    ]
