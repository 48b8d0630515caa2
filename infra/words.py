"""Safe and duress words: kept as slow salted hashes, because they are short (INV-26)."""

import os
import unicodedata

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

_SALT_BYTES = 16
_HASH_BYTES = 32
_ITERATIONS = 3
_LANES = 1
_MEMORY_KIB = 64 * 1024
"""RFC 9106, second recommended option but for one lane: about a tenth of a second each."""


def hashed(word: str) -> str | None:
    """The hash of a word in PHC form; None where there is no word."""
    if not word:
        return None
    return _kdf(os.urandom(_SALT_BYTES)).derive_phc_encoded(_tidy(word))


def is_word(word: str, kept: str | None) -> bool:
    """Whether this is the word that was hashed, whatever its capitals and spaces."""
    if kept is None or not word:
        return False
    try:
        Argon2id.verify_phc_encoded(_tidy(word), kept)
    except InvalidKey:
        return False
    return True


def _kdf(salt: bytes) -> Argon2id:
    return Argon2id(
        salt=salt,
        length=_HASH_BYTES,
        iterations=_ITERATIONS,
        lanes=_LANES,
        memory_cost=_MEMORY_KIB,
    )


def _tidy(word: str) -> bytes:
    """Said over the telephone: case, spaces and how an accent is typed make no difference."""
    return " ".join(unicodedata.normalize("NFKC", word).casefold().split()).encode()
