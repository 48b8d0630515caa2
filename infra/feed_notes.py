"""What an import left out, in sentences: counts and reasons, never the thing itself."""

import json
from collections import Counter
from typing import Any

from infra.feed_records import id_of

_NEVER_IMPORTED = {
    "locations": "location",
    "location": "location",
    "location_id": "location",
    "addresses": "address",
    "phones": "phone",
    "contacts": "contact",
    "email": "e-mail address",
    "assurer_email": "e-mail address",
}
_PLURALS = {
    "address": "addresses",
    "capacity": "capacities",
    "e-mail address": "e-mail addresses",
    "entry": "entries",
    "status": "statuses",
}

Notes = Counter[tuple[str, str]]  # (noun, why it was left out) → how many


def never_imported(document: Any) -> list[str]:
    """One sentence with the counts of what this directory has no room for."""
    seen: set[tuple[str, str]] = set()
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, dict):
            waiting.extend(node.values())
            for noun, items in ((_NEVER_IMPORTED.get(key), node[key]) for key in node):
                if noun:
                    seen.update((noun, _identity(item)) for item in _listed(items) if item)
    numbers = Counter(noun for noun, _ in seen)
    order = dict.fromkeys(_NEVER_IMPORTED.values())
    counted = [_counted(numbers[noun], noun) for noun in order if numbers[noun]]
    if not counted:
        return []
    *most, last = counted
    verb = "was" if numbers.total() == 1 else "were"
    return [f"{' and '.join([', '.join(most), last] if most else [last])} {verb} not imported"]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _identity(item: Any) -> str:
    own_id = id_of(item) if isinstance(item, dict) else ""
    return own_id or (item if isinstance(item, str) else json.dumps(item, sort_keys=True))


def sentences(notes: Notes) -> list[str]:
    """`2 services were left out: no name`, one for each noun and reason."""
    return [
        f"{_counted(number, noun)} {'was' if number == 1 else 'were'} left out: {reason}"
        for (noun, reason), number in sorted(notes.items())
        if number
    ]


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun if number == 1 else _PLURALS.get(noun, noun + 's')}"
