"""Sealed texts: each opens where it stands, under its key, unaltered, and nowhere else."""

import os
from collections.abc import AsyncIterator

import asyncpg
import pytest

from infra.sealing import key_version_of, seal, unseal
from infra.stack.secrets import Role
from schemas.errors import DamagedTextError
from schemas.referral_commands import AcceptReferral
from tests.builders import caseworker, ngo_intake
from tests.conftest import People, Servers
from tests.infra.cases import (
    CIRCUMSTANCES,
    CONTACT,
    NAME,
    about,
    delivered,
    given,
    opened,
)

KEY = bytes(range(32))
PLACE = ("bafod-kisut-n", "name", 1)
TEXT = NAME.encode()
NOTE = "her sister may ring"


def test_a_sealed_text_opens_where_it_stands() -> None:
    """And says which version of its owner's key it wants."""
    sealed = seal(KEY, 7, PLACE, TEXT)
    assert unseal(KEY, PLACE, sealed) == TEXT
    assert key_version_of(sealed) == 7


def test_the_same_text_is_never_sealed_to_the_same_bytes() -> None:
    """Or equal names would be seen to be equal."""
    assert len({seal(KEY, 1, PLACE, TEXT) for _ in range(100)}) == 100


def test_a_sealed_text_shows_nothing_of_it() -> None:
    """Not even of a text that repeats itself."""
    sealed = seal(KEY, 1, PLACE, TEXT * 50)
    assert TEXT not in sealed
    assert b"bafod" not in sealed


@pytest.mark.parametrize(
    "place",
    [
        ("kisut-bafod-n", "name", 1),
        ("bafod-kisut-n", "safe_contact", 1),
        ("bafod-kisut-n", "name", 2),
        ("bafod-kisut-n|name", "1", 1),
    ],
    ids=["another case", "another field", "another version", "a cunning name"],
)
def test_a_text_that_was_moved_does_not_open(place: tuple[str, str, int]) -> None:
    """One row copied over another would show one victim's contact as the other's."""
    with pytest.raises(DamagedTextError):
        unseal(KEY, place, seal(KEY, 1, PLACE, TEXT))


@pytest.mark.parametrize("at", [5, 16, 17, 20, -16, -1], ids=lambda at: f"byte {at}")
def test_a_text_that_was_altered_does_not_open(at: int) -> None:
    """Neither nonce, nor text, nor tag."""
    sealed = bytearray(seal(KEY, 1, PLACE, TEXT))
    sealed[at] ^= 1
    with pytest.raises(DamagedTextError):
        unseal(KEY, PLACE, bytes(sealed))


@pytest.mark.parametrize("cut", [0, 1, 16, 17, 20, -1])
def test_a_text_that_was_cut_does_not_open(cut: int) -> None:
    """Down to nothing at all."""
    with pytest.raises(DamagedTextError):
        unseal(KEY, PLACE, seal(KEY, 1, PLACE, TEXT)[:cut])


@pytest.mark.parametrize(
    "junk", [b"", b"\x02" + b"x" * 40, b"plain text, written by mistake"], ids=len
)
def test_what_is_no_sealed_text_is_not_taken_for_one(junk: bytes) -> None:
    """Another format is another format."""
    with pytest.raises(DamagedTextError):
        key_version_of(junk)


def test_another_key_opens_nothing_and_says_nothing() -> None:
    """The sentence is safe to log."""
    with pytest.raises(DamagedTextError) as caught:
        unseal(os.urandom(32), PLACE, seal(KEY, 1, PLACE, TEXT))
    assert NAME not in f"{caught.value!r} {caught.value.__cause__!r}"
    assert caught.value.__suppress_context__


@pytest.fixture(scope="module")
async def superuser(postgres: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Reads every table."""
    connection = await asyncpg.connect(postgres.dsn(Role.POSTGRES), ssl=False)
    yield connection
    await connection.close()


async def test_no_table_holds_what_she_said_in_clear(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Whoever steals the disk without the key has references, codes and times."""
    case_ref = await delivered(people.record_for, own_notes=NOTE)
    accepted = about(case_ref, AcceptReferral, actor=ngo_intake())
    await given(people.record_for, accepted, note=NOTE)
    await (await people.reader_for(caseworker())).read_personal(case_ref, caseworker())
    tables = await superuser.fetch(
        "SELECT c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n"
        " ON n.oid = c.relnamespace WHERE c.relkind = 'r'"
        " AND n.nspname IN ('record', 'vault', 'audit', 'directory', 'migrations')"
    )
    holding = {
        text: [
            table["name"]
            for table in tables
            if await superuser.fetchval(
                f"SELECT count(*) FROM {table['name']} t"  # noqa: S608 - from the catalogue
                " WHERE strpos(t::text, $1) > 0",
                text,
            )
        ]
        for said in (NAME, CONTACT, CIRCUMSTANCES, NOTE)
        for text in (case_ref, said, said.encode().hex())
    }
    assert len(holding.pop(case_ref)) > 10
    assert not any(holding.values()), holding


@pytest.mark.parametrize(
    ("swap", "is_within"),
    [
        ("t.case_ref = $1 AND o.case_ref = $2 AND t.field = o.field", False),
        ("(t.case_ref, o.case_ref) = ($1, $1) AND (t.field, o.field) = ('name', $2)", True),
    ],
    ids=["with another case", "within the case"],
)
async def test_rows_exchanged_in_the_table_are_not_read(
    people: People, superuser: asyncpg.Connection, swap: str, is_within: bool
) -> None:
    """An administrator who moves sealed texts gets an error read out, not a wrong name."""
    case_ref, other = await opened(people.record_for), await opened(people.record_for)
    texts = "record.case_text"
    swapped = f"UPDATE {texts} t SET sealed = o.sealed FROM {texts} o WHERE {swap}"  # noqa: S608
    moved = await superuser.execute(swapped, case_ref, "circumstances" if is_within else other)
    assert moved != "UPDATE 0"
    reader = await people.reader_for(caseworker())
    with pytest.raises(DamagedTextError):
        await reader.read_personal(case_ref, caseworker())
