"""The shape of a feed: its records, their ids, their lists."""

from collections.abc import Iterator
from typing import Any

from infra.feed_text import tidy

Record = dict[str, Any]


def id_of(record: Record) -> str:
    """The record's own id, also where the feed gives it as a number; empty if there is none."""
    value = record.get("id")
    return str(value) if isinstance(value, int) else tidy(value)


def objects_in(record: Record, key: str) -> Iterator[Record]:
    """The objects of the list under `key`; whatever else is there is passed over."""
    items = record.get(key)
    yield from (item for item in _listed(items) if isinstance(item, dict))


def _listed(items: object) -> list[Any]:
    return items if isinstance(items, list) else []


def object_in(record: Record, key: str) -> Record:
    """The object under `key`, or an empty one."""
    item = record.get(key)
    return item if isinstance(item, dict) else {}


def words_of(value: object) -> str:
    """A term in lower-case words: `By-and-for` and `by_and_for` are `by and for`."""
    return " ".join(tidy(value).lower().replace("-", " ").replace("_", " ").split())
