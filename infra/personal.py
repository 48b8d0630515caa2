"""Personal texts of a case: where each is bound, and how sealed rows are opened."""

import asyncpg

from infra.database import Connection
from infra.keys import Keyring
from infra.sealing import key_version_of, unseal
from schemas.case import PersonalField

FIRST = 1
"""Texts are written once in this version; a changed text would be version 2."""


def packet_place(case_ref: str, referral: int) -> tuple[str, str, int]:
    """What a referral's packet is bound to."""
    return (case_ref, f"packet/{referral}", FIRST)


def note_place(organisation: str, note_id: object) -> tuple[str, str, int]:
    """What an organisation's own note is bound to."""
    return (organisation, f"note/{note_id}", FIRST)


async def open_texts(
    keys: Keyring, connection: Connection, case_ref: str, rows: list[asyncpg.Record]
) -> dict[PersonalField, str]:
    """Sealed personal texts of a case, opened.

    Raises:
        KeyUnavailableError: the case's key is missing or destroyed.
        DamagedTextError: a text does not open where it stands.
    """
    texts = {}
    for row in rows:
        sealed = row["sealed"]
        key = await keys.case_key(case_ref, key_version_of(sealed), connection)
        where = (case_ref, row["field"], row["version"])
        texts[PersonalField(row["field"])] = unseal(key.key, where, sealed).decode()
    return texts
