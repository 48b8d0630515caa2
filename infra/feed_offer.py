"""What a service offers and to whom, from the terms and the capacities of its feed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from infra.feed_notes import Notes
from infra.feed_records import Record, object_in, objects_in, words_of
from infra.feed_text import is_private, shortened, tidy
from schemas.directory import Capacity
from schemas.referral import NeedCategory

_NEEDS = {
    NeedCategory.ADVOCACY: "advocacy, idva, isva, outreach, refuge, domestic abuse support, "
    "sexual violence support, victim support",
    NeedCategory.HOUSING: "housing, housing advice, accommodation, refuge, homelessness",
    NeedCategory.COUNSELLING: "counselling, counseling, therapy, emotional support",
    NeedCategory.LEGAL_ADVICE: "legal advice, legal, immigration advice, family law",
    NeedCategory.HEALTH: "health, mental health, sexual health, substance use",
    NeedCategory.MONEY: "money, money advice, debt advice, benefits advice",
    NeedCategory.CHILDREN: "children, children and young people, young people, parenting",
    NeedCategory.OTHER: "other",
}
"""What feeds call the needs, in lower-case words."""

_BY_AND_FOR = frozenset({"by and for", "led by and for"})
_WAIT = re.compile(r"(?:about|approximately|around|up to)? ?(\d{1,3}) (day|week)s?")
_DAYS_OF = {"day": 1, "week": 7}


@dataclass(frozen=True)
class Room:
    """Whether somebody can be taken on, and when the feed said so."""

    capacity: Capacity
    expected_wait_days: int | None
    on: date | None


def needs_and_communities(
    record: Record, notes: Notes
) -> tuple[tuple[NeedCategory, ...], tuple[str, ...]]:
    """What it helps with, and the communities it is led by and for."""
    needs: set[NeedCategory] = set()
    communities: dict[str, None] = {}
    for term, value in _terms(record):
        if _taxonomy(term) in _BY_AND_FOR:
            communities |= dict.fromkeys(_community(term, value, notes))
            continue
        found = _needs(term)
        notes["term", "no need that is known here"] += not found
        needs |= found
    return tuple(need for need in NeedCategory if need in needs), tuple(communities)


def _terms(record: Record) -> Iterator[tuple[Record, str]]:
    """Each taxonomy term, and the value it was given: through attributes, or listed bare."""
    for attribute in objects_in(record, "attributes"):
        yield object_in(attribute, "taxonomy_term"), tidy(attribute.get("value"))
    for term in objects_in(record, "taxonomy_terms"):
        yield term, ""


def _taxonomy(term: Record) -> str:
    return words_of(term.get("taxonomy")) or words_of(
        object_in(term, "taxonomy_detail").get("name")
    )


def _needs(term: Record) -> set[NeedCategory]:
    words = {words_of(term.get("code")), words_of(term.get("name"))}
    return {need for need, names in _NEEDS.items() if words & set(names.split(", "))}


def _community(term: Record, value: str, notes: Notes) -> Iterator[str]:
    text = tidy(term.get("name")) or value
    if text and not is_private(text):
        yield shortened(text)
    else:
        notes["community", "empty, or possibly an address"] += 1


def room(record: Record, on: date, notes: Notes) -> Room:
    """Capacity and expected wait.

    HSDS counts places by unit (beds, families): some of every unit are open, some of a few are
    limited, none at all is full. What says no day is of the day the service was last modified; a
    day that is still to come is none, or it would outdo everything said until then.
    """
    places: list[int] = []
    days: list[date] = []
    for capacity in objects_in(record, "capacities"):
        available = _available(capacity)
        if available is None:
            notes["capacity", "no number of places that can be read"] += 1
        else:
            places.append(available)
            days += _days(capacity.get("updated"))
    wait = _wait(record, notes)
    if not places and wait is None:
        return Room(Capacity.UNKNOWN, None, None)
    days = days or _days(record.get("last_modified"))
    return Room(_capacity(places), wait, max((day for day in days if day <= on), default=None))


def _available(capacity: Record) -> int | None:
    available, most = capacity.get("available"), capacity.get("maximum")
    if not _is_count(available) or (most is not None and not _is_count(most)):
        return None
    return available if most is None or available <= most else None


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _capacity(places: list[int]) -> Capacity:
    if not places:
        return Capacity.UNKNOWN
    if not any(places):
        return Capacity.FULL
    return Capacity.OPEN if all(places) else Capacity.LIMITED


def _wait(record: Record, notes: Notes) -> int | None:
    """Days, if the text is one number of days or weeks and nothing else."""
    text = words_of(record.get("wait_time"))
    found = _WAIT.fullmatch(text)
    if found:
        return int(found[1]) * _DAYS_OF[found[2]]
    notes["waiting time", "not a number of days or weeks"] += bool(text)
    return None


def _days(value: object) -> list[date]:
    try:
        return [date.fromisoformat(tidy(value)[:10])]
    except ValueError:
        return []
