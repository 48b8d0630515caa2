"""The payload codec: which key seals what, and that nothing else opens it."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from infra.codec import ENCODING, KEY, CaseCodec, data_converter
from infra.database import Scope
from infra.keys import FileKeyProvider, Keyring, read_key_file
from infra.stack.secrets import Role
from schemas.errors import DamagedTextError, KeyDestroyedError, KeyUnavailableError
from schemas.ids import CaseRef, journey_workflow_id, new_case_ref, referral_workflow_id
from schemas.messages import ReadJourney
from schemas.operations import Said, operations_text
from tests.conftest import People, Servers
from tests.infra.cases import NAME, opened


@pytest.fixture(scope="module")
async def superuser(postgres: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Destroys keys."""
    connection = await asyncpg.connect(postgres.dsn(Role.POSTGRES), ssl=False)
    yield connection
    await connection.close()


@pytest.fixture
async def codec(postgres: Servers, people: People) -> CaseCodec:
    """The worker's, bound to nothing, with an empty memory for keys."""
    installation = postgres.installation
    pool = await people.pool_of(Role.JOURNEYS)
    keys = Keyring(pool, FileKeyProvider(installation.kek_file), Scope())
    return CaseCodec(keys, read_key_file(installation.operations_key_file))


def of_journey(codec: CaseCodec, case_ref: CaseRef) -> CaseCodec:
    """The codec for the journey of a case."""
    context = WorkflowSerializationContext(
        namespace="journeys", workflow_id=journey_workflow_id(case_ref)
    )
    return codec.with_context(context)


def of_step(codec: CaseCodec, case_ref: CaseRef) -> CaseCodec:
    """The codec for a step of a referral of a case."""
    context = ActivitySerializationContext(
        namespace="journeys",
        activity_id="1",
        activity_type="read_referral",
        activity_task_queue="journeys",
        workflow_id=referral_workflow_id(case_ref, 1),
        workflow_type="SupportReferral",
        is_local=False,
    )
    return codec.with_context(context)


def payloads(*values: Any) -> Sequence[Payload]:
    """As the converter makes them, before they are sealed."""
    return data_converter(None).payload_converter.to_payloads(values)


def shown(sealed: Sequence[Payload]) -> str:
    """Everything of sealed payloads that a store or a network sees."""
    return " ".join(repr(p.SerializeToString()) for p in sealed)


async def test_what_a_case_says_comes_back(people: People, codec: CaseCodec) -> None:
    """From workflow, step and a decoder that is told nothing, with its type."""
    case_ref = await opened(people.record_for)
    plain = payloads(ReadJourney(case_ref=case_ref), NAME, None, {"n": 1})
    sealed = await of_journey(codec, case_ref).encode(plain)
    assert NAME not in shown(sealed)
    assert {p.metadata["encoding"] for p in sealed} == {ENCODING}
    for reader in (of_journey(codec, case_ref), of_step(codec, case_ref), codec):
        assert await reader.decode(sealed) == list(plain)


async def test_a_payload_is_sealed_with_the_key_of_its_case(
    people: People, codec: CaseCodec
) -> None:
    """Also what looks like operations text and is a plain string."""
    case_ref = await opened(people.record_for)
    for value in (NAME, "open waits for ngo", ReadJourney(case_ref=case_ref)):
        (sealed,) = await of_step(codec, case_ref).encode(payloads(value))
        assert sealed.metadata[KEY] == f"{case_ref}/1".encode()


async def test_operations_text_is_sealed_with_the_operations_key(
    people: People, codec: CaseCodec
) -> None:
    """It outlives the key of the case, and it is all that operations staff can read."""
    case_ref = await opened(people.record_for)
    text = operations_text(Said.OPENED, datetime(2026, 11, 23, 9, tzinfo=UTC))
    (sealed,) = await of_journey(codec, case_ref).encode(payloads(text))
    assert sealed.metadata[KEY] == b"operations"
    assert "opened" not in shown([sealed])
    (plain,) = await codec.decode([sealed])
    assert json.loads(plain.data) == "opened Mon 23 Nov 09:00 UTC"


def test_operations_text_is_made_of_nothing_a_person_said() -> None:
    """A type that could hold a name is refused where the text is made."""
    for part in (NAME, b"x", 1.5, None):
        with pytest.raises(TypeError):
            operations_text(part)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "workflow_id", ["", "case", "other/thing/1", "case/bafod-kisut-x/journey"], ids=repr
)
async def test_a_payload_of_no_case_is_not_sealed_and_not_sent(
    codec: CaseCodec, workflow_id: str
) -> None:
    """Rather nothing than something in clear."""
    context = WorkflowSerializationContext(namespace="journeys", workflow_id=workflow_id)
    for unbound in (codec, codec.with_context(context)):
        with pytest.raises(KeyUnavailableError, match="belongs to no case"):
            await unbound.encode(payloads(NAME))


async def test_a_payload_of_another_case_does_not_open(people: People, codec: CaseCodec) -> None:
    """One case's history spliced into another's is noticed, whoever could read both."""
    one, two = await opened(people.record_for), await opened(people.record_for)
    sealed = await of_journey(codec, one).encode(payloads(NAME))
    with pytest.raises(DamagedTextError, match="another case"):
        await of_journey(codec, two).decode(sealed)


async def test_a_payload_that_lies_about_its_case_does_not_open(
    people: People, codec: CaseCodec
) -> None:
    """The key of the named case is not the one that sealed it."""
    one, two = await opened(people.record_for), await opened(people.record_for)
    (sealed,) = await of_journey(codec, one).encode(payloads(NAME))
    sealed.metadata[KEY] = f"{two}/1".encode()
    for reader in (codec, of_journey(codec, two)):
        with pytest.raises(DamagedTextError):
            await reader.decode([sealed])


@pytest.mark.parametrize(
    "name", [b"", b"x", b"/1", b"bafod-kisut-n/", b"bafod-kisut-n/-1", "é/²".encode()], ids=repr
)
async def test_a_payload_that_names_no_key_is_damaged(
    people: People, codec: CaseCodec, name: bytes
) -> None:
    """Junk in a history is an error of ours with a code, not a crash with its content."""
    case_ref = await opened(people.record_for)
    (sealed,) = await of_journey(codec, case_ref).encode(payloads(NAME))
    sealed.metadata[KEY] = name
    with pytest.raises(DamagedTextError):
        await codec.decode([sealed])


async def test_a_sealed_payload_that_was_altered_does_not_open(
    people: People, codec: CaseCodec
) -> None:
    """And the error says nothing of it."""
    case_ref = await opened(people.record_for)
    (sealed,) = await of_journey(codec, case_ref).encode(payloads(NAME))
    sealed.data = sealed.data[:-1] + bytes([sealed.data[-1] ^ 1])
    with pytest.raises(DamagedTextError) as caught:
        await codec.decode([sealed])
    assert NAME not in repr(caught.value)


async def test_what_was_never_sealed_passes_as_it_is(codec: CaseCodec) -> None:
    """Temporal's own payloads are in clear; there is nothing of a case in them."""
    plain = list(payloads(1))
    assert await codec.decode(plain) == plain


async def test_a_destroyed_key_opens_and_seals_nothing_and_is_never_made_again(
    people: People, codec: CaseCodec, superuser: asyncpg.Connection, postgres: Servers
) -> None:
    """A history that outlives the key is noise for good."""
    case_ref = await opened(people.record_for)
    sealed = await of_journey(codec, case_ref).encode(payloads(NAME))
    await superuser.execute(
        "UPDATE vault.case_key SET wrapped = NULL, destroyed_at = now(), "
        "destroyed_because = 'a test' WHERE case_ref = $1",
        case_ref,
    )
    pool = await people.pool_of(Role.JOURNEYS)
    fresh = Keyring(pool, FileKeyProvider(postgres.installation.kek_file), Scope())
    later = of_journey(CaseCodec(fresh, b"\0" * 32), case_ref)
    with pytest.raises(KeyDestroyedError):
        await later.decode(sealed)
    with pytest.raises(KeyDestroyedError):
        await later.encode(payloads(NAME))
    rows = await superuser.fetch("SELECT wrapped FROM vault.case_key WHERE case_ref = $1", case_ref)
    assert [row["wrapped"] for row in rows] == [None]


async def test_a_case_without_a_key_gets_none(codec: CaseCodec) -> None:
    """A workflow started for a case that was never opened cannot say a word."""
    with pytest.raises(KeyUnavailableError, match="no key for this case"):
        await of_journey(codec, new_case_ref()).encode(payloads(NAME))


async def test_the_text_of_a_failure_is_sealed_too(people: People, codec: CaseCodec) -> None:
    """A traceback may quote what it choked on."""
    case_ref = await opened(people.record_for)
    converter: DataConverter = data_converter(codec).with_context(
        WorkflowSerializationContext(
            namespace="journeys", workflow_id=journey_workflow_id(case_ref)
        )
    )
    failure = Failure()
    await converter.encode_failure(ApplicationError(NAME, NAME, type="code"), failure)
    assert NAME not in str(failure)
    error = await converter.decode_failure(failure)
    assert isinstance(error, ApplicationError)
    assert (error.message, error.type) == (NAME, "code")
