"""AES-256-GCM for one text at a time, bound to where it belongs.

A sealed text is: format (1 byte), key version (4), nonce (12), ciphertext and tag. Associated
data is owner, field and version, so a text moved to another case, field or version does not open.
"""

import os
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from schemas.errors import DamagedTextError

_FORMAT = 1
_HEAD = struct.Struct(">BI12s")


def seal(key: bytes, key_version: int, where: tuple[str, str, int], text: bytes) -> bytes:
    """Seal `text` for `where`: owner (case or organisation), field, version of the text."""
    nonce = os.urandom(12)
    body = AESGCM(key).encrypt(nonce, text, _associated(where))
    return _HEAD.pack(_FORMAT, key_version, nonce) + body


def key_version_of(sealed: bytes) -> int:
    """Which version of the owner's key sealed it.

    Raises:
        DamagedTextError: it is not a sealed text.
    """
    if len(sealed) < _HEAD.size or sealed[0] != _FORMAT:
        raise DamagedTextError("not a sealed text")
    version: int = _HEAD.unpack_from(sealed)[1]
    return version


def unseal(key: bytes, where: tuple[str, str, int], sealed: bytes) -> bytes:
    """The text again.

    Raises:
        DamagedTextError: altered, moved, or sealed by another key.
    """
    key_version_of(sealed)
    nonce = _HEAD.unpack_from(sealed)[2]
    try:
        return AESGCM(key).decrypt(nonce, sealed[_HEAD.size :], _associated(where))
    except InvalidTag:
        raise DamagedTextError("a sealed text does not open where it stands") from None


def _associated(where: tuple[str, str, int]) -> bytes:
    owner, field, version = where
    return f"{owner}|{field}|{version}".encode()
