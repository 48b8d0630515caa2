"""Keys: looked up, remembered for a minute, never made a second time."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from infra.database import Pool, Scope, transaction
from infra.keys import FileKeyProvider, Keyring, read_key_file
from infra.stack.secrets import Role
from schemas.actor import Actor
from schemas.case_commands import AddNeed
from schemas.errors import KeyDestroyedError, KeyUnavailableError, RecordError
from schemas.ids import CaseRef, new_case_ref
from schemas.referral_commands import AcceptReferral
from tests.builders import caseworker, ngo_intake
from tests.conftest import People, Servers
from tests.infra.cases import HARBOUR, about, delivered, given, opened


@pytest.fixture(scope="module")
async def superuser(postgres: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Destroys keys, as the erasure of a case will."""
    connection = await asyncpg.connect(postgres.dsn(Role.POSTGRES), ssl=False)
    yield connection
    await connection.close()


@pytest.fixture
async def pool(people: People) -> Pool:
    """The worker's connections."""
    return await people.pool_of(Role.JOURNEYS)


def a_keyring(postgres: Servers, pool: Pool, actor: Actor | None = None) -> Keyring:
    """A keyring that remembers nothing yet."""
    return Keyring(pool, FileKeyProvider(postgres.installation.kek_file), Scope(actor))


async def destroy(superuser: asyncpg.Connection, case_ref: CaseRef) -> None:
    """What erases a case: the row stays and says so, the key is gone."""
    await superuser.execute(
        "UPDATE vault.case_key SET wrapped = NULL, destroyed_at = now(), "
        "destroyed_because = 'a test' WHERE case_ref = $1",
        case_ref,
    )


# Files and wrapping


@pytest.mark.parametrize(
    "content",
    ["", "not hex", "ab" * 31, "ab" * 33, "é" * 64],
    ids=["empty", "words", "31", "33", "é"],
)
def test_a_file_that_holds_no_key_is_refused_without_quoting_it(
    tmp_path: Path, content: str
) -> None:
    """Half a key in a log is half a key too many."""
    file = tmp_path / "kek.key"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(KeyUnavailableError) as caught:
        read_key_file(file)
    assert "kek.key" in str(caught.value)
    assert not content or content not in str(caught.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """By its name, not by where it lies."""
    with pytest.raises(KeyUnavailableError, match=r"no key file kek\.key"):
        read_key_file(tmp_path / "kek.key")


async def test_a_data_key_comes_back_under_the_key_that_wrapped_it(tmp_path: Path) -> None:
    """And under no other; which one it was can be told without knowing it."""
    one, two = (a_provider(tmp_path / name) for name in ("one.key", "two.key"))
    data_key = os.urandom(32)
    wrapped = await one.wrap(data_key)
    assert await one.unwrap(wrapped, one.kek_id) == data_key
    with pytest.raises(KeyUnavailableError, match="not the one this record was sealed with"):
        await two.unwrap(wrapped, one.kek_id)
    with pytest.raises(KeyUnavailableError, match="does not open"):
        await two.unwrap(wrapped, two.kek_id)
    assert one.kek_id != two.kek_id
    assert (tmp_path / "one.key").read_text() not in one.kek_id


def a_provider(file: Path) -> FileKeyProvider:
    """A key-encryption key nobody else has."""
    file.write_text(os.urandom(32).hex(), encoding="ascii")
    return FileKeyProvider(file)


# Keys of cases


async def test_each_case_has_a_key_of_its_own(
    postgres: Servers, people: People, pool: Pool
) -> None:
    """One destroyed key erases one case."""
    keys = a_keyring(postgres, pool)
    cases = [await opened(people.record_for) for _ in range(3)]
    assert len({(await keys.case_key(case_ref)).key for case_ref in cases}) == 3


async def test_a_key_is_remembered_and_not_asked_for_again(
    postgres: Servers, people: People, pool: Pool, superuser: asyncpg.Connection
) -> None:
    """For a minute: what a running worker knows, it knows a little longer."""
    case_ref = await opened(people.record_for)
    keys = a_keyring(postgres, pool)
    first = await keys.case_key(case_ref)
    await destroy(superuser, case_ref)
    assert await keys.case_key(case_ref) == first
    with pytest.raises(KeyDestroyedError):
        await a_keyring(postgres, pool).case_key(case_ref)


async def test_a_key_that_was_remembered_too_long_is_asked_for_again(
    postgres: Servers,
    people: People,
    pool: Pool,
    superuser: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After that a destroyed key is gone everywhere."""
    case_ref = await opened(people.record_for)
    keys = a_keyring(postgres, pool)
    await keys.case_key(case_ref)
    await destroy(superuser, case_ref)
    monkeypatch.setattr("infra.keys.CACHED_FOR", 0.0)
    with pytest.raises(KeyDestroyedError):
        await keys.case_key(case_ref)


async def test_a_case_whose_key_was_destroyed_is_not_read_and_gets_no_new_key(
    people: People, superuser: asyncpg.Connection
) -> None:
    """Its codes stay; its texts do not come back, and nothing new is sealed in their place."""
    case_ref = await opened(people.record_for)
    await destroy(superuser, case_ref)
    reader = await people.reader_for(caseworker())
    with pytest.raises(KeyDestroyedError):
        await reader.read_personal(case_ref, caseworker())
    assert (await (await people.record_for(caseworker())).read(case_ref)).case
    keys = await superuser.fetch("SELECT version FROM vault.case_key WHERE case_ref = $1", case_ref)
    assert [row["version"] for row in keys] == [1]


async def test_looking_for_a_key_never_makes_one(
    postgres: Servers, pool: Pool, superuser: asyncpg.Connection
) -> None:
    """Of a case that is not there, of a version that never was."""
    case_ref = new_case_ref()
    with pytest.raises(KeyUnavailableError):
        await a_keyring(postgres, pool).case_key(case_ref)
    count = "SELECT count(*) FROM vault.case_key WHERE case_ref = $1"
    assert await superuser.fetchval(count, case_ref) == 0


async def test_another_version_is_another_key(
    postgres: Servers, people: People, pool: Pool
) -> None:
    """The newest key does not stand in for an old one."""
    case_ref = await opened(people.record_for)
    with pytest.raises(KeyUnavailableError):
        await a_keyring(postgres, pool).case_key(case_ref, 2)


async def test_a_key_of_a_foreign_case_is_as_if_there_were_none(
    postgres: Servers, people: People
) -> None:
    """Row security reaches to the keys."""
    case_ref = await opened(people.record_for)
    web = await people.pool_of(Role.WEB)
    stranger = caseworker("saltmere-police")
    with pytest.raises(KeyUnavailableError, match="no key for this case, or not for this caller"):
        await a_keyring(postgres, web, stranger).case_key(case_ref)


async def test_a_record_under_another_key_encryption_key_is_not_read(
    people: People, pool: Pool, tmp_path: Path
) -> None:
    """A key file of another installation is said to be one."""
    case_ref = await opened(people.record_for)
    keys = Keyring(pool, a_provider(tmp_path / "other.key"), Scope())
    with pytest.raises(KeyUnavailableError, match="not the one this record was sealed with"):
        await keys.case_key(case_ref)


# Keys of organisations


async def test_a_first_note_that_was_rolled_back_leaves_no_key_behind(
    postgres: Servers, people: People
) -> None:
    """A note sealed with a key that was never kept could not be read by anybody, ever."""
    ngo = ngo_intake("lantern-law", "lea")
    case_ref = await delivered(people.record_for, service="immigration-advice")
    web = await people.pool_of(Role.WEB)
    keys = a_keyring(postgres, web, ngo)
    with pytest.raises(RecordError):
        await _make_key_and_fail(web, keys, ngo)
    async with transaction(web, Scope(ngo), case_ref) as connection:
        sealed_with = await keys.organisation_key(connection, ngo.organisation, create=True)
    async with transaction(web, Scope(ngo), case_ref) as connection:
        kept = await a_keyring(postgres, web, ngo).organisation_key(connection, ngo.organisation)
        remembered = await keys.organisation_key(connection, ngo.organisation)
    assert sealed_with == kept == remembered


async def _make_key_and_fail(pool: Pool, keys: Keyring, ngo: Actor) -> None:
    async with transaction(pool, Scope(ngo)) as connection:
        await keys.organisation_key(connection, ngo.organisation, create=True)
        await connection.execute("INSERT INTO vault.organisation_key DEFAULT VALUES")


async def test_an_organisation_has_one_key_however_many_notes(
    people: People, superuser: asyncpg.Connection
) -> None:
    """And the force that leads the case cannot read what the service wrote."""
    case_ref = await delivered(people.record_for)
    accepted = about(case_ref, AcceptReferral, actor=ngo_intake())
    await given(people.record_for, accepted, note="one")
    await given(people.record_for, about(case_ref, AddNeed), note="two")
    count = "SELECT count(*) FROM vault.organisation_key WHERE organisation = $1"
    assert await superuser.fetchval(count, HARBOUR) == 1
    for actor, text in ((ngo_intake(), "one"), (caseworker(), "two")):
        notes = await (await people.reader_for(actor)).read_notes(case_ref, actor)
        assert [note.text for note in notes] == [text]
