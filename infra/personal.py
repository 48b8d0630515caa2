"""Personal texts of a case: where each is bound, and how sealed rows are opened."""

from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

from infra.database import Connection
from infra.keys import Keyring
from infra.sealing import key_version_of, unseal
from infra.statements import statements
from schemas.case import PersonalField
from schemas.contact import PlanState

_SQL = statements("record")

FIRST = 1
"""Texts are written once in this version; a changed text would be version 2."""


class PlanDetails(NamedTuple):
    """How to reach her, in words, by the plan of that number."""

    plan: int
    text: str


def packet_place(case_ref: str, referral: int) -> tuple[str, str, int]:
    """What a referral's packet is bound to."""
    return (case_ref, f"packet/{referral}", FIRST)


def plan_place(case_ref: str, plan: int) -> tuple[str, str, int]:
    """What the details of a contact plan are bound to."""
    return (case_ref, f"plan/{plan}", FIRST)


def note_place(organisation: str, note_id: object) -> tuple[str, str, int]:
    """What an organisation's own note is bound to."""
    return (organisation, f"note/{note_id}", FIRST)


async def texts_of(
    keys: Keyring, connection: Connection, case_ref: str, fields: Iterable[PersonalField]
) -> dict[PersonalField, str]:
    """The personal texts of these fields, opened; how to reach her is as the plan in force says.

    Raises:
        KeyUnavailableError: the case's key is missing or destroyed.
        DamagedTextError: a text does not open where it stands.
    """
    wanted = list(fields)
    rows = await connection.fetch(_SQL["read_texts"], case_ref, wanted)
    texts = await open_texts(keys, connection, case_ref, rows)
    if PersonalField.SAFE_CONTACT in wanted:
        details = await plan_details(keys, connection, case_ref, PlanState.IN_FORCE)
        if details is not None:
            texts[PersonalField.SAFE_CONTACT] = details.text
    return texts


async def plan_details(
    keys: Keyring, connection: Connection, case_ref: str, state: PlanState
) -> PlanDetails | None:
    """The details of the plan in that state; None where no plan in it holds any.

    Raises:
        KeyUnavailableError: the case's key is missing or destroyed.
    """
    row = await connection.fetchrow(_SQL["read_plan_detail"], case_ref, state)
    if row is None:
        return None
    key = await keys.case_key(case_ref, key_version_of(row["sealed"]), connection)
    text = unseal(key.key, plan_place(case_ref, row["details_of"]), row["sealed"])
    return PlanDetails(row["number"], text.decode())


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
