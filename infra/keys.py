"""Keys: a key-encryption key from a file, and the data keys it wraps.

A data key is made once, when its case is opened, and looked up ever after. Looking up never
creates: a key that came back after its destruction would poison the record.
"""

import hashlib
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives import keywrap

from activities.ports import KeyProvider
from infra.database import Connection, Pool, Scope, transaction
from infra.metrics.counters import KEY_FAILURES
from infra.statements import statements
from schemas.errors import KeyDestroyedError, KeyMissingError, KeyUnavailableError

_VAULT = statements("vault")
_KEY_BYTES = 32
CACHED_FOR = 60.0
"""Seconds an unwrapped key may stay in memory: a destroyed key is gone everywhere after that."""
_DESTROYED = "safepath_key_destroyed"
"""The channel on which PostgreSQL says so at once, with the case reference."""


def read_key_file(path: Path) -> bytes:
    """A 256-bit key, written as hex.

    Raises:
        KeyUnavailableError: missing, unreadable, or not such a key.
    """
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        raise KeyUnavailableError(f"There is no key file {path.name}.") from None
    except (OSError, ValueError):
        raise KeyUnavailableError(f"The key file {path.name} cannot be read as a key.") from None
    if len(key) != _KEY_BYTES:
        raise KeyUnavailableError(f"The key in {path.name} is not {_KEY_BYTES} bytes long.")
    return key


class FileKeyProvider:
    """A key-encryption key in a file (AES key wrap, RFC 3394)."""

    def __init__(self, path: Path) -> None:
        self._kek = read_key_file(path)
        self._kek_id = "file:" + hashlib.sha256(b"safepath kek id" + self._kek).hexdigest()[:16]

    @property
    def kek_id(self) -> str:
        """A fingerprint; says which key, not what it is."""
        return self._kek_id

    async def wrap(self, data_key: bytes) -> bytes:
        """Wrap a data key."""
        return keywrap.aes_key_wrap(self._kek, data_key)

    async def unwrap(self, wrapped: bytes, kek_id: str) -> bytes:
        """Unwrap a data key.

        Raises:
            KeyUnavailableError: another key wrapped it.
        """
        if kek_id != self._kek_id:
            raise KeyUnavailableError("The key file is not the one this record was sealed with.")
        try:
            return keywrap.aes_key_unwrap(self._kek, wrapped)
        except keywrap.InvalidUnwrap:
            raise KeyUnavailableError("A wrapped key does not open.") from None


@dataclass(frozen=True)
class DataKey:
    """An unwrapped data key and its version."""

    version: int
    key: bytes


class Keyring:
    """Data keys of cases and organisations, as one scope may see them."""

    def __init__(self, pool: Pool, provider: KeyProvider, scope: Scope) -> None:
        self._pool = pool
        self._provider = provider
        self._scope = scope
        self._cache: dict[tuple[str, str, int | None], tuple[float, DataKey]] = {}

    async def create_case_key(self, connection: Connection, case_ref: str) -> DataKey:
        """Make the key of a case that is being opened, in that transaction."""
        data_key = DataKey(version=1, key=os.urandom(_KEY_BYTES))
        wrapped = await self._provider.wrap(data_key.key)
        await connection.execute(
            _VAULT["put_case_key"], case_ref, data_key.version, wrapped, self._provider.kek_id
        )
        return data_key

    async def case_key(
        self,
        case_ref: str,
        version: int | None = None,
        connection: Connection | None = None,
    ) -> DataKey:
        """A case's key: the newest, or the version named.

        Raises:
            KeyDestroyedError: it was destroyed.
            KeyMissingError: there is none, or not for this scope.
            KeyUnavailableError: the key store does not open it.
        """
        return await self._find("read_case_keys", case_ref, version, connection)

    async def organisation_key(
        self, connection: Connection, organisation: str, *, create: bool = False
    ) -> DataKey:
        """An organisation's key for its own notes; made with its first note."""
        if create:
            wrapped = await self._provider.wrap(os.urandom(_KEY_BYTES))
            await connection.execute(
                _VAULT["put_organisation_key"], organisation, 1, wrapped, self._provider.kek_id
            )
            # Not into the cache: this transaction may be rolled back, and the key with it.
            rows = await connection.fetch(_VAULT["read_organisation_keys"], organisation)
            return await self._unwrapped(rows, None)
        return await self._find("read_organisation_keys", organisation, None, connection)

    @asynccontextmanager
    async def forgetting(self) -> AsyncIterator[None]:
        """Hear of destroyed keys and forget them at once, for as long as the block runs.

        Where the connection that listens is lost, they are forgotten when their time is over.
        """
        async with self._pool.acquire() as connection:
            await connection.add_listener(_DESTROYED, self._forget)
            try:
                yield
            finally:
                await connection.remove_listener(_DESTROYED, self._forget)

    def _forget(self, _: Connection, __: int, ___: str, owner: object) -> None:
        self._cache = {place: kept for place, kept in self._cache.items() if place[1] != owner}

    async def _find(
        self,
        statement: str,
        owner: str,
        version: int | None,
        connection: Connection | None,
    ) -> DataKey:
        cached = self._cache.get((statement, owner, version))
        if cached is not None and time.monotonic() - cached[0] < CACHED_FOR:
            return cached[1]
        if connection is not None:
            rows = await connection.fetch(_VAULT[statement], owner)
        else:
            async with transaction(self._pool, self._scope, owner) as own:
                rows = await own.fetch(_VAULT[statement], owner)
        try:
            found = await self._unwrapped(rows, version)
        except KeyUnavailableError as error:
            KEY_FAILURES.labels(error.code).inc()
            raise
        self._keep((statement, owner, version), found)
        return found

    def _keep(self, place: tuple[str, str, int | None], key: DataKey) -> None:
        now = time.monotonic()
        kept = {at: old for at, old in self._cache.items() if now - old[0] < CACHED_FOR}
        self._cache = kept | {place: (now, key)}

    async def _unwrapped(self, rows: list[asyncpg.Record], version: int | None) -> DataKey:
        wanted = [row for row in rows if version in (None, row["version"])]
        if not wanted:
            raise KeyMissingError("There is no key for this case, or not for this caller.")
        row = wanted[0]
        if row["destroyed_at"] is not None:
            raise KeyDestroyedError("The key was destroyed: its texts cannot be read any more.")
        return DataKey(
            version=row["version"], key=await self._provider.unwrap(row["wrapped"], row["kek_id"])
        )
