"""Looking for a word in every form it may take."""

import base64
import json
from collections.abc import Iterable, Iterator
from urllib.parse import quote

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
