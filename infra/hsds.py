"""Reads a directory of services from a feed in HSDS 3.0 or its UK profile.

Only what `schemas.directory.Service` names is taken. Addresses, telephone numbers, e-mail
addresses and locations are counted and left where they are, because an address can be a
refuge's; a text that seems to hold one is left out too. The result does not depend on the order
of the feed.

Of a waiting time, a schedule or a capacity only what is beyond doubt comes in: a service that is
taken for open or full by mistake costs her time.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, count
from typing import Any

from infra.feed_hours import opening_hours
from infra.feed_notes import Notes, never_imported, sentences
from infra.feed_offer import needs_and_communities, room
from infra.feed_records import Record, id_of, objects_in
from infra.feed_text import is_language, is_place, is_private, shortened, slug, tidy
from schemas.directory import DirectoryLoad, Service, ServiceStatus
from schemas.errors import BadInputError

_MOST_BYTES = 10_000_000
_SHAPES = (
    "give an HSDS 3.0 service, an organization with services, a page with contents, "
    "or a list of these"
)
_ONLY_ORGANISATIONS_HAVE = frozenset(
    {"legal_status", "tax_status", "website", "logo", "parent_organization_id", "year_incorporated"}
)
_SERVICES_HAVE = frozenset({"organization", "organization_id", "status"})


@dataclass(frozen=True)
class _Entry:
    """A service as it stands in the feed, and the organisation it stands under."""

    service: Record
    organisation_id: str
    organisation_name: str

    @property
    def id(self) -> str:
        return id_of(self.service)


def read_directory(text: str, on: date | None = None) -> DirectoryLoad:
    """The services of a feed, each once, and a sentence for everything left out.

    Args:
        text: the feed, as JSON.
        on: the day whose opening hours are wanted; today where none is said.

    Raises:
        BadInputError: it is too long, is not JSON, has another shape, or holds no service.
    """
    try:
        return _load(_parsed(text), on or datetime.now(UTC).date())
    except RecursionError:
        raise BadInputError("feed", f"nested too deeply; {_SHAPES}") from None


def _parsed(text: str) -> Any:
    if len(text.encode("utf-8", "surrogatepass")) >= _MOST_BYTES:
        raise BadInputError("feed", "10 MB or more; load it in smaller pages")
    try:
        document = json.loads(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadInputError("feed", f"not JSON ({where}); save the feed again") from None
    except ValueError:
        raise BadInputError("feed", "holds a number that is too long; correct it") from None
    if not isinstance(document, dict | list):
        raise BadInputError("feed", f"neither an object nor a list; {_SHAPES}")
    return document


def _load(document: Any, on: date) -> DirectoryLoad:
    notes: Notes = Counter()
    entries = list(_entries(document, notes))
    names = _organisation_names(entries)
    found = (_service(*group, names, on, notes) for group in _groups(entries, names, notes))
    services = _coded([service for service in found if service])
    left_out = [*never_imported(document), *sentences(notes)]
    if not services:
        reasons = "; ".join(sentences(notes))
        because = f" ({reasons})" if reasons else ""
        raise BadInputError("feed", f"no service that can be imported{because}; {_SHAPES}")
    return DirectoryLoad(services=services, left_out=tuple(left_out))


def _entries(node: Any, notes: Notes) -> Iterator[_Entry]:
    """Every service of the feed, whichever of the accepted shapes it is in."""
    if isinstance(node, list):
        yield from chain.from_iterable(_entries(item, notes) for item in node)
    elif not isinstance(node, dict):
        notes["entry", "not an object"] += 1
    elif "contents" in node:
        yield from _entries(_list_in(node, "contents"), notes)
    elif "services" in node:
        for entry in _entries(_list_in(node, "services"), notes):
            named = entry.organisation_id or entry.organisation_name
            yield entry if named else _entry(entry.service, node)
    elif node.keys() & _ONLY_ORGANISATIONS_HAVE and not node.keys() & _SERVICES_HAVE:
        notes["organisation", "no services in it"] += 1
    else:
        organisation = node.get("organization")
        yield _entry(node, organisation if isinstance(organisation, dict) else {})


def _entry(service: Record, organisation: Record) -> _Entry:
    organisation_id = id_of(organisation) or tidy(service.get("organization_id"))
    return _Entry(service, organisation_id, tidy(organisation.get("name")))


def _list_in(node: Record, key: str) -> list[Any]:
    items = [] if node[key] is None else node[key]
    if not isinstance(items, list):
        raise BadInputError(f"feed.{key}", f"not a list; {_SHAPES}")
    return items


def _groups(
    entries: Iterable[_Entry], names: dict[str, str], notes: Notes
) -> Iterator[tuple[str, list[_Entry]]]:
    """Entries of the same service together, newest first, under the service's source id."""
    groups: defaultdict[str, list[_Entry]] = defaultdict(list)
    for entry in entries:
        name, organisation = tidy(entry.service.get("name")), _organisation_name([entry], names)
        if entry.id:
            groups[entry.id].append(entry)
        elif name and organisation:
            groups[f"{slug(organisation, 'organisation')}/{slug(name, 'service')}"].append(entry)
        else:
            notes["service", "no id, and either no name or no organisation"] += 1
    for key, group in sorted(groups.items()):
        if len(group) > 1:
            notes["entry", "repeated service"] += len(group) - 1
        yield key, sorted(group, key=_age, reverse=True)


def _age(entry: _Entry) -> tuple[str, str]:
    """Sorts the newest last; the text of the entry decides between two of the same age."""
    whole = json.dumps([entry.service, entry.organisation_name], sort_keys=True)
    return tidy(entry.service.get("last_modified")), whole


def _service(
    source_id: str, group: list[_Entry], names: dict[str, str], on: date, notes: Notes
) -> Service | None:
    record: Record = {}
    for entry in reversed(group):  # what the newest leaves empty, an older one may say
        record |= {key: value for key, value in entry.service.items() if value}
    name, organisation = tidy(record.get("name")), _organisation_name(group, names)
    if reason := _why_unusable(name, organisation):
        notes["service", reason] += 1
        return None
    needs, communities = needs_and_communities(record, notes)
    found = room(record, on, notes)
    return Service(
        code=slug(name, "service"),
        source_id=source_id,
        name=shortened(name),
        organisation=slug(organisation, "organisation"),
        organisation_name=shortened(organisation),
        description=_description(record, notes),
        status=_status(record, notes),
        languages=_languages(record, notes),
        areas=_areas(record, notes),
        needs=needs,
        by_and_for=communities,
        hours=opening_hours(record, on, notes),
        capacity=found.capacity,
        expected_wait_days=found.expected_wait_days,
        capacity_on=found.on,
        assured_on=_assured_on(record, notes),
    )


def _why_unusable(name: str, organisation: str) -> str | None:
    if not name:
        return "no name"
    if not organisation:
        return "no organisation"
    if is_private(name) or is_private(organisation):
        return "a name that seems to hold an address, a telephone number or an e-mail address"
    return None


def _organisation_names(entries: Iterable[_Entry]) -> dict[str, str]:
    """Names by id, for services that give only the id; the newest name counts."""
    named = (entry for entry in sorted(entries, key=_age) if entry.organisation_name)
    return {one.organisation_id: one.organisation_name for one in named if one.organisation_id}


def _organisation_name(group: Iterable[_Entry], names: dict[str, str]) -> str:
    found = (entry.organisation_name or names.get(entry.organisation_id, "") for entry in group)
    return next((name for name in found if name), "")


def _description(record: Record, notes: Notes) -> str:
    text = tidy(record.get("description"))
    if is_private(text):
        why = "possibly an address, a telephone number or an e-mail address"
        notes["description", why] += 1
        return ""
    return shortened(text)


def _status(record: Record, notes: Notes) -> ServiceStatus:
    text = tidy(record.get("status")).lower().replace("_", " ")
    if not text:
        return ServiceStatus.ACTIVE
    try:
        return ServiceStatus(text)
    except ValueError:
        notes["status", "not one of HSDS, so the service is taken as inactive"] += 1
        return ServiceStatus.INACTIVE


def _languages(record: Record, notes: Notes) -> tuple[str, ...]:
    spoken = dict.fromkeys(_each(record, "languages", "code", "name"))
    notes["language", "neither a code nor a name"] += sum(not is_language(one) for one in spoken)
    return tuple(one for one in spoken if is_language(one))


def _areas(record: Record, notes: Notes) -> tuple[str, ...]:
    areas = dict.fromkeys(_each(record, "service_areas", "name"))
    notes["service area", "possibly an address"] += sum(not is_place(area) for area in areas)
    return tuple(shortened(area) for area in areas if is_place(area))


def _each(record: Record, key: str, *fields: str) -> Iterator[str]:
    """The first of `fields` that says something, for each object in the list under `key`."""
    for item in objects_in(record, key):
        values = (tidy(item.get(field)) for field in fields)
        if value := next((value for value in values if value), ""):
            yield value


def _assured_on(record: Record, notes: Notes) -> date | None:
    text = tidy(record.get("assured_date"))
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        notes["assured date", "not a date"] += 1
        return None


def _coded(services: list[Service]) -> tuple[Service, ...]:
    """Each with a code of its own; they come in the order of their source ids, not the feed's."""
    same_name = Counter(service.code for service in services)
    taken: dict[str, Service] = {}
    for service in services:
        longer = f"{service.code}-{service.organisation}"
        short = [service.code] if same_name[service.code] == 1 else []
        candidates = chain(short, [longer], (f"{longer}-{number}" for number in count(2)))
        code = next(code for code in candidates if code not in taken)
        taken[code] = service.model_copy(update={"code": code})
    return tuple(taken[code] for code in sorted(taken))
