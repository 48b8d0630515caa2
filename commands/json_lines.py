"""Reading JSON that decides something: one document, or one a line, and nothing ambiguous."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from schemas.errors import BadInputError


def documents(stream: Iterable[str], name: str) -> Iterator[tuple[str, object]]:
    """The documents of a stream, each as soon as it is complete, with where it stands.

    A stream whose first line is a whole document is JSON Lines; any other is one document.

    Raises:
        BadInputError: something in it is not JSON, or a key is there twice; nothing is guessed.
    """
    try:
        yield from _documents(stream, name)
    except UnicodeDecodeError:
        raise BadInputError(name, "is not UTF-8 text") from None


def _documents(stream: Iterable[str], name: str) -> Iterator[tuple[str, object]]:
    numbered = ((number, line) for number, line in enumerate(stream, 1) if line.strip())
    number, first = next(numbered, (0, ""))
    if not first:
        raise BadInputError(name, "is empty: give a JSON object, or one a line")
    if _is_complete(first):
        yield f"{name}, line {number}", _parse(first, f"{name}, line {number}")
        for number, line in numbered:
            place = f"{name}, line {number}"
            yield place, _parse(line, place)
        return
    yield name, _parse("".join([first, *(line for _, line in numbered)]), name)


def _is_complete(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parse(text: str, place: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except _TwiceError as error:
        raise BadInputError(place, f"the key {error} is there twice") from None
    except (ValueError, RecursionError):
        raise BadInputError(place, "is not JSON") from None


class _TwiceError(Exception):
    """A key that is there twice: which of the two counts, nobody can tell."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        names = [name for name, _ in pairs]
        raise _TwiceError(next(repr(name) for name in names if names.count(name) > 1))
    return seen


def _no_constant(_: str) -> NoReturn:
    raise ValueError
