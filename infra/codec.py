"""The payload codec: every payload of a case is sealed with the key of that case.

Which key a payload needs is read off its workflow id when encoding, and off its own metadata
when decoding. The codec looks keys up and never makes one. Never imported by workflow code:
the sandbox does not take `cryptography`.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from google.protobuf.message import DecodeError
from pydantic_core import from_json
from temporalio.api.common.v1 import Payload
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    ActivitySerializationContext,
    DataConverter,
    DefaultFailureConverterWithEncodedAttributes,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
    WorkflowSerializationContext,
)
from temporalio.exceptions import ApplicationError

from infra.keys import Keyring
from infra.sealing import seal, unseal
from schemas.errors import (
    DamagedTextError,
    KeyDestroyedError,
    KeyMissingError,
    KeyUnavailableError,
)
from schemas.ids import CaseRef, case_of_workflow
from schemas.operations import OperationsText

ENCODING = b"binary/safepath"
KEY = "safepath-key"
_CLASS = "safepath-class"
_OPERATIONS = b"operations"
_PLACE = "payload"
_JSON = b"json/plain"
_VERSION = re.compile(r"[0-9]{1,4}")
_PUT_ASIDE = b"binary/safepath-put-aside"
PUT_ASIDE = "payload_put_aside"
"""Failure type of what was sent in a payload that cannot be opened."""
SCHEMA_VERSION = 1
"""Of every message: `schemas.messages`. One of another version is nothing this code can read."""

_HOPELESS = (DamagedTextError, KeyDestroyedError, KeyMissingError)
"""Why a payload cannot be opened, now or later. A key store that is away is not among them."""

PutAside = Callable[[str, str], None]
"""Told of each payload that is put aside: the workflow's id, and an error's code."""


class MarkingPayloadConverter(PydanticPayloadConverter):
    """Marks what operations staff may read: `OperationsText`, and a workflow's own description.

    What cannot be read back is a failure that no retry mends, so that it ends what it was sent in:
    the message is dropped or refused, and a history that holds it ends. A task that failed for ever
    would help nobody; the record has everything.
    """

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """Payloads of the values, marked where they may be read by operations."""
        payloads = super().to_payloads(values)
        for value, payload in zip(values, payloads, strict=True):
            if isinstance(value, OperationsText | WorkflowMetadata):
                payload.metadata[_CLASS] = _OPERATIONS
        return payloads

    def from_payloads(
        self, payloads: Sequence[Payload], type_hints: list[type] | None = None
    ) -> list[Any]:
        """The values again.

        Raises:
            ApplicationError: `payload_put_aside`: it was put aside, or is not what is expected.
        """
        if any(payload.metadata.get("encoding") == _PUT_ASIDE for payload in payloads):
            raise _unreadable("put aside")
        try:
            return super().from_payloads(payloads, type_hints)
        except Exception as error:  # noqa: BLE001 - its text may quote what it was given
            raise _unreadable(type(error).__name__) from None


def _unreadable(why: str) -> ApplicationError:
    return ApplicationError(
        f"A payload cannot be read ({why}).", type=PUT_ASIDE, non_retryable=True
    )


def seal_operations(key: bytes, payload: Payload) -> Payload:
    """A payload sealed with the operations key."""
    return _sealed(payload, key, 1, "operations", b"operations")


def unseal_operations(key: bytes, payload: Payload) -> Payload | None:
    """The payload again; None where another key sealed it."""
    if payload.metadata.get(KEY) != b"operations":
        return None
    return _unsealed(payload, key, "operations")


class CaseCodec(PayloadCodec, WithSerializationContext):
    """Seals by case; a clone bound to a workflow id seals for that workflow's case.

    A worker's puts aside what can never be opened, so that its workflows go on or end; whoever
    only reads is told.
    """

    def __init__(
        self,
        keys: Keyring,
        operations_key: bytes,
        put_aside: PutAside | None = None,
        workflow_id: str | None = None,
    ) -> None:
        self._keys = keys
        self._operations_key = operations_key
        self._put_aside = put_aside
        self._workflow_id = workflow_id
        self._case_ref = case_of_workflow(workflow_id) if workflow_id else None

    def with_context(self, context: SerializationContext) -> "CaseCodec":
        """The codec for the case of the workflow in `context`."""
        workflow_id = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            workflow_id = context.workflow_id
        return CaseCodec(self._keys, self._operations_key, self._put_aside, workflow_id)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Sealed payloads.

        Raises:
            KeyUnavailableError: no case is known here, or it has no usable key.
        """
        return [await self._or_aside(self._encode, payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads again.

        Raises:
            KeyUnavailableError: the key is missing or destroyed.
            DamagedTextError: altered, or of another case than the workflow's.
        """
        return [await self._or_aside(self._decode, payload) for payload in payloads]

    async def _or_aside(
        self, turned: Callable[[Payload], Awaitable[Payload]], payload: Payload
    ) -> Payload:
        """What a payload is turned into; where that can never be and a worker asks, nothing of it.

        What could not be sealed is dropped whole: it must lie nowhere in clear.
        """
        try:
            return await turned(payload)
        except _HOPELESS as error:
            if self._put_aside is None or self._workflow_id is None:
                raise
            self._put_aside(self._workflow_id, error.code)
            return Payload(metadata={"encoding": _PUT_ASIDE})

    async def _encode(self, payload: Payload) -> Payload:
        if payload.metadata.get(_CLASS) == _OPERATIONS:
            return seal_operations(self._operations_key, payload)
        if self._case_ref is None:
            raise KeyUnavailableError("A payload belongs to no case, so nothing may seal it.")
        key = await self._keys.case_key(self._case_ref)
        name = f"{self._case_ref}/{key.version}".encode()
        return _sealed(payload, key.key, key.version, self._case_ref, name)

    async def _decode(self, payload: Payload) -> Payload:
        encoding = payload.metadata.get("encoding")
        if encoding != ENCODING:
            if self._put_aside is not None and encoding != _PUT_ASIDE:
                raise DamagedTextError("a payload in clear: nobody who belongs here sent it")
            return payload
        opened = unseal_operations(self._operations_key, payload)
        if opened is not None:
            return opened
        case_ref, version = _named_key(payload)
        if self._case_ref not in (None, case_ref):
            raise DamagedTextError("a payload of another case")
        key = await self._keys.case_key(case_ref, version)
        plain = _unsealed(payload, key.key, case_ref)
        if self._put_aside is not None and plain.metadata.get("encoding") == _JSON:
            _check_readable(plain.data)
        return plain


def _check_readable(data: bytes) -> None:
    """Whether it is JSON of a version that this code knows.

    Raises:
        DamagedTextError: it is not.
    """
    try:
        document = from_json(data)
    except ValueError:  # broken, too deep, or half a character
        raise DamagedTextError("a payload is no JSON that can be read") from None
    if isinstance(document, dict) and document.get("schema_version", SCHEMA_VERSION) != (
        SCHEMA_VERSION
    ):
        raise DamagedTextError("a payload is of a version that this code does not know")


def _named_key(payload: Payload) -> tuple[CaseRef, int]:
    """Case and version of the key that sealed a payload, as the payload says."""
    case_ref, _, version = payload.metadata[KEY].decode("ascii", "replace").rpartition("/")
    if case_of_workflow(f"case/{case_ref}/") != case_ref or not _VERSION.fullmatch(version):
        raise DamagedTextError("a sealed payload does not say which key sealed it")
    return CaseRef(case_ref), int(version)


def _sealed(payload: Payload, key: bytes, version: int, owner: str, name: bytes) -> Payload:
    body = seal(key, version, (owner, _PLACE, 1), payload.SerializeToString())
    return Payload(metadata={"encoding": ENCODING, KEY: name}, data=body)


def _unsealed(payload: Payload, key: bytes, owner: str) -> Payload:
    try:
        return Payload.FromString(unseal(key, (owner, _PLACE, 1), payload.data))
    except DecodeError:
        raise DamagedTextError("what was sealed is no payload") from None


def data_converter(codec: PayloadCodec | None) -> DataConverter:
    """Pydantic payloads, sealed; failures sealed too, or their texts would lie in clear."""
    return DataConverter(
        payload_converter_class=MarkingPayloadConverter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
