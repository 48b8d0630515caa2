"""Looking for a word in everything that a stack leaves on a disk, in every form it may take."""

import base64
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg

from tests.infra.stack.standins import command_line_of

_AROUND = 60


def forms(word: str) -> set[bytes]:
    """The word in UTF-8 and UTF-16, in JSON, in hexadecimal, in a URL, and in base64."""
    plain = word.encode()
    return {
        plain,
        word.encode("utf-16-le"),
        json.dumps(word)[1:-1].encode(),
        json.dumps(json.dumps(word))[1:-1].strip('\\"').encode(),
        plain.hex().encode(),
        plain.hex().upper().encode(),
        quote(word).encode(),
        *_base64_forms(plain),
    }


def _base64_forms(plain: bytes) -> Iterator[bytes]:
    """Wherever the word stands in what was encoded; without the letters its neighbours share."""
    for before in range(3):
        start = (before * 8 + 5) // 6
        end = (before + len(plain)) * 8 // 6
        padded = b"\0" * before + plain + b"\0\0\0"
        yield base64.b64encode(padded)[start:end]
        yield base64.urlsafe_b64encode(padded)[start:end]


def found_in(content: bytes, words: Iterable[bytes]) -> bytes | None:
    """What stands around the first hit."""
    for word in words:
        place = content.find(word)
        if place >= 0:
            return content[max(0, place - _AROUND) : place + _AROUND]
    return None


def scan_files(folder: Path, words: set[bytes]) -> dict[str, bytes]:
    """Hits in every file below a folder, and in their names."""
    hits = {}
    for file in sorted(folder.rglob("*")):
        try:
            content = file.read_bytes() if file.is_file() else b""
        except FileNotFoundError:
            continue  # the servers run, and clear up
        hit = found_in(str(file).encode() + b"\n" + content, words)
        if hit is not None:
            hits[str(file.relative_to(folder))] = hit
    return hits


async def scan_database(superuser: "asyncpg.Connection[Any]", words: set[bytes]) -> dict[str, str]:
    """Hits in every column of every table, as text: bytes are in hexadecimal there."""
    tables = await superuser.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') "
        "UNION SELECT 'pg_catalog.pg_stat_activity'"
    )
    hits = {}
    for (name,) in tables:
        rows = await superuser.fetch(f"SELECT t::text AS row FROM {name} t")  # noqa: S608
        for row in rows:
            if found_in(row["row"].encode(), words) is not None:
                hits[name] = row["row"]
    return hits


def scan_titles(pids: Iterable[int], words: set[bytes]) -> dict[int, str]:
    """Hits in how processes were started, or call themselves."""
    titles = {pid: command_line_of(pid) for pid in pids}
    return {pid: title for pid, title in titles.items() if found_in(title.encode(), words)}
