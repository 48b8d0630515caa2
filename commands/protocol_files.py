"""What the protocol's verbs are given: versions, files of versions, facts and decisions."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from commands.json_lines import documents
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from rules.protocol.evaluation import Protocol
    from rules.protocol.rejudging import Recorded
    from schemas.facts import Facts
    from schemas.protocol import Baseline, Version

STDIN = "-"
_LONGEST_SHOWN = 100
_UTF_8 = "utf-8-sig"
"""UTF-8, with the mark that some editors put before it or without."""


def shipped() -> "Protocol":
    """The baseline and versions that are shipped."""
    from rules.protocol.shipped import shipped_protocol

    return shipped_protocol()


def with_baseline(file: Path) -> "Protocol":
    """The shipped versions over the baseline of a file.

    Raises:
        BadInputError: it cannot be read.
    """
    from rules.protocol.evaluation import Protocol
    from rules.protocol.loader import load_baseline

    return Protocol(load_baseline(read_text(file), str(file)), shipped().versions)


def with_files(protocol: "Protocol", names: list[str]) -> tuple["Protocol", list[str]]:
    """The protocol with the versions of these files added, and the ids that were named.

    Raises:
        BadInputError: there is no such version or file, or the file is refused.
    """
    from rules.protocol.evaluation import Protocol, content_hash

    held, wanted = dict(protocol.versions), []
    for name in names:
        if name in protocol.versions:
            wanted.append(name)
            continue
        version = load_file(Path(name), protocol.baseline)
        known = held.setdefault(version.id, version)
        if content_hash(known) != content_hash(version):
            raise BadInputError(
                name,
                f"there is a version {version.id} with other content: give this one an id of its "
                "own, so that what was told under that id stays what it was",
            )
        wanted.append(version.id)
    return Protocol(protocol.baseline, held), wanted


def load_file(file: Path, baseline: "Baseline") -> "Version":
    """The version of a file.

    Raises:
        BadInputError: it is not there, or is refused.
    """
    from rules.protocol.loader import load_version

    try:
        is_there = file.is_file()
    except (OSError, ValueError):  # a name that no file can have
        is_there = False
    if not is_there:
        raise BadInputError(
            str(file)[:_LONGEST_SHOWN], "no such version and no such file: see `protocol list`"
        )
    return load_version(read_text(file), str(file), baseline)


def read_text(file: Path) -> str:
    """The text of a file.

    Raises:
        BadInputError: it cannot be read.
    """
    try:
        return file.read_text(encoding=_UTF_8)
    except OSError as error:
        raise BadInputError(str(file), error.strerror or "cannot be read") from None
    except UnicodeDecodeError:
        raise BadInputError(str(file), "is not UTF-8 text") from None


def all_facts(source: str) -> Iterator["Facts"]:
    """One set of facts after the other, each as soon as its line is there.

    Raises:
        BadInputError: one cannot be read; says where it stands.
    """
    from schemas.facts import FactError, read_facts

    for place, document in lines(source):
        try:
            yield read_facts(document)
        except FactError as error:
            raise BadInputError(place, str(error)) from None


def lines(source: str) -> Iterator[tuple[str, object]]:
    """The JSON documents of a file or of standard input, each with the place it stands at."""
    if source == STDIN:
        yield from documents(sys.stdin, "standard input")
        return
    with _opened(Path(source)) as stream:
        yield from documents(stream, source)


def _opened(file: Path) -> TextIO:
    try:
        return file.open(encoding=_UTF_8)
    except OSError as error:
        raise BadInputError(str(file), error.strerror or "cannot be read") from None


def recorded(read: "Iterable[tuple[str, object]]", protocol: "Protocol") -> "Iterator[Recorded]":
    """The decisions of a file.

    Raises:
        BadInputError: a line is none, or names a version that is not held.
    """
    from pydantic import ValidationError

    from rules.protocol.rejudging import Recorded

    for place, document in read:
        try:
            decision = Recorded.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the line"
            raise BadInputError(place, f"{where}: {first['msg']}") from None
        if decision.version not in protocol.versions:
            raise BadInputError(place, "version: it is not held here, see `protocol list`")
        yield decision
