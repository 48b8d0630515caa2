"""What the protocol's verbs are given: versions, files of versions, facts and decisions."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from commands.json_lines import documents
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from rules.protocol.evaluation import Protocol
    from schemas.facts import Facts
    from schemas.protocol import Baseline, Version

STDIN = "-"


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
    from rules.protocol.evaluation import Protocol

    held, wanted = dict(protocol.versions), []
    for name in names:
        if name not in protocol.versions:
            version = load_file(Path(name), protocol.baseline)
            held[version.id] = version
            name = version.id  # noqa: PLW2901 - a file stands for the version in it
        wanted.append(name)
    return Protocol(protocol.baseline, held), wanted


def load_file(file: Path, baseline: "Baseline") -> "Version":
    """The version of a file.

    Raises:
        BadInputError: it is not there, or is refused.
    """
    from rules.protocol.loader import load_version

    if not file.is_file():
        raise BadInputError(str(file), "no such version and no such file: see `protocol list`")
    return load_version(read_text(file), str(file), baseline)


def read_text(file: Path) -> str:
    """The text of a file.

    Raises:
        BadInputError: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
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
        return file.open(encoding="utf-8")
    except OSError as error:
        raise BadInputError(str(file), error.strerror or "cannot be read") from None
