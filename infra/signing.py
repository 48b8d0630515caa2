"""Signatures of protocol owners: Ed25519 over the RFC 8785 form of what they sign.

Private keys are files of the people who sign. Public keys are a file of whoever runs the service:
a database row could be inserted, so none of them is kept there.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from schemas.errors import BadInputError, SettingsError

_DOMAIN = b"safepath sharing protocol, adoption, 1\n"
"""Stands before all that is signed here, so that no signature means something elsewhere."""
_OTHERS = 0o077
_KEY = "--key"

Owners = Mapping[str, Ed25519PublicKey]
"""ORG:STAFF → the public key of a person who may sign."""


def signed_bytes(statement: Mapping[str, Any]) -> bytes:
    """What is signed: the domain, and the one form of the statement."""
    return _DOMAIN + rfc8785.dumps(dict(statement))


def is_signed(key: Ed25519PublicKey, value: bytes, statement: Mapping[str, Any]) -> bool:
    """Whether the holder of the key signed exactly this."""
    try:
        key.verify(value, signed_bytes(statement))
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class Signer:
    """The private key of one person, for as long as they sign."""

    _key: Ed25519PrivateKey

    def sign(self, statement: Mapping[str, Any]) -> bytes:
        """Their signature of a statement."""
        return self._key.sign(signed_bytes(statement))

    def public_text(self) -> str:
        """The public half, as the file of owners holds it."""
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode("ascii")

    def holds(self, public: Ed25519PublicKey) -> bool:
        """Whether this is the private half of that key."""
        return self._key.public_key() == public


def is_encrypted(file: Path) -> bool:
    """Whether a private key asks for a passphrase.

    Raises:
        BadInputError: it cannot be read, or others can read it.
    """
    return b"ENCRYPTED" in _private_text(file)


def read_signer(file: Path, passphrase: str | None = None) -> Signer:
    """The private key in a PEM file (PKCS8).

    Raises:
        BadInputError: no such file, no such key, another passphrase, or others can read it.
    """
    secret = passphrase.encode() if passphrase else None
    try:
        key = load_pem_private_key(_private_text(file), secret)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise BadInputError(_KEY, "no private key opens there, with this passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInputError(_KEY, "the key is not an Ed25519 key")
    return Signer(key)


def _private_text(file: Path) -> bytes:
    try:
        mode = file.stat().st_mode
        text = file.read_bytes()
    except OSError as error:
        raise BadInputError(_KEY, f"it cannot be read: {error.strerror}") from None
    if mode & _OTHERS:
        raise BadInputError(_KEY, "others can read this key: chmod 600 it, or make a new one")
    return text


def read_owners(file: Path | None) -> Owners:
    """The public keys of a deployment; without a file, nobody may sign.

    Raises:
        SettingsError: the file is there, and is not `{ORG:STAFF: base64 public key}`.
    """
    if file is None or not file.exists():
        return {}
    try:
        pairs = json.loads(file.read_text(encoding="utf-8"), object_pairs_hook=list)
        owners = {str(who): _public(text) for who, text in pairs}
    except (OSError, ValueError, AttributeError, TypeError, binascii.Error):
        raise SettingsError(
            f"{file.name} cannot be read: it is {{ORG:STAFF: base64 Ed25519 public key}} in JSON."
        ) from None
    keys = {key.public_bytes_raw() for key in owners.values()}
    if len(owners) != len(pairs) or len(keys) != len(pairs):
        raise SettingsError(
            f"{file.name} names somebody twice, or gives two people one key: two people sign, each "
            "with a key of their own."
        )
    return owners


def _public(text: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))


def new_private_key() -> str:
    """A fresh private key as PEM, without a passphrase."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def public_text(private: Path) -> str:
    """The public half of a key file without a passphrase, as the file of owners holds it.

    Raises:
        BadInputError: it is no Ed25519 key, or others can read it.
    """
    return read_signer(private).public_text()
