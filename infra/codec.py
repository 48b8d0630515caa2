"""The payload codec: every payload of a case is sealed with the key of that case.

Which key a payload needs is read off its workflow id when encoding, and off its own metadata
when decoding. The codec looks keys up and never makes one. Never imported by workflow code:
the sandbox does not take `cryptography`.
"""

from collections.abc import Sequence
from typing import Any

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

from infra.keys import Keyring
from infra.sealing import seal, unseal
from schemas.errors import DamagedTextError, KeyUnavailableError
from schemas.ids import CaseRef, case_of_workflow
from schemas.operations import OperationsText

ENCODING = b"binary/safepath"
KEY = "safepath-key"
_CLASS = "safepath-class"
_OPERATIONS = b"operations"
_PLACE = "payload"


class MarkingPayloadConverter(PydanticPayloadConverter):
    """Marks what operations staff may read: `OperationsText`, and a workflow's own description."""

    def to_payloads(self, values: Sequence[Any]) -> list[Payload]:
        """Payloads of the values, marked where they may be read by operations."""
        payloads = super().to_payloads(values)
        for value, payload in zip(values, payloads, strict=True):
            if isinstance(value, OperationsText | WorkflowMetadata):
                payload.metadata[_CLASS] = _OPERATIONS
        return payloads


def seal_operations(key: bytes, payload: Payload) -> Payload:
    """A payload sealed with the operations key."""
    return _sealed(payload, key, 1, "operations", b"operations")


def unseal_operations(key: bytes, payload: Payload) -> Payload | None:
    """The payload again; None where another key sealed it."""
    if payload.metadata.get(KEY) != b"operations":
        return None
    return _unsealed(payload, key, "operations")


class CaseCodec(PayloadCodec, WithSerializationContext):
    """Seals by case; a clone bound to a workflow id seals for that workflow's case."""

    def __init__(
        self, keys: Keyring, operations_key: bytes, case_ref: CaseRef | None = None
    ) -> None:
        self._keys = keys
        self._operations_key = operations_key
        self._case_ref = case_ref

    def with_context(self, context: SerializationContext) -> "CaseCodec":
        """The codec for the case of the workflow in `context`."""
        workflow_id = None
        if isinstance(context, WorkflowSerializationContext | ActivitySerializationContext):
            workflow_id = context.workflow_id
        case_ref = case_of_workflow(workflow_id) if workflow_id else None
        return CaseCodec(self._keys, self._operations_key, case_ref)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """Sealed payloads.

        Raises:
            KeyUnavailableError: no case is known here, or it has no usable key.
        """
        return [await self._encode(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        """The payloads again.

        Raises:
            KeyUnavailableError: the key is missing or destroyed.
            DamagedTextError: altered, or of another case than the workflow's.
        """
        return [await self._decode(payload) for payload in payloads]

    async def _encode(self, payload: Payload) -> Payload:
        if payload.metadata.get(_CLASS) == _OPERATIONS:
            return seal_operations(self._operations_key, payload)
        if self._case_ref is None:
            raise KeyUnavailableError("A payload belongs to no case, so nothing may seal it.")
        key = await self._keys.case_key(self._case_ref)
        name = f"{self._case_ref}/{key.version}".encode()
        return _sealed(payload, key.key, key.version, self._case_ref, name)

    async def _decode(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        opened = unseal_operations(self._operations_key, payload)
        if opened is not None:
            return opened
        case_ref, version = _named_key(payload)
        if self._case_ref not in (None, case_ref):
            raise DamagedTextError("a payload of another case")
        key = await self._keys.case_key(case_ref, version)
        return _unsealed(payload, key.key, case_ref)


def _named_key(payload: Payload) -> tuple[str, int]:
    """Case and version of the key that sealed a payload, as the payload says."""
    case_ref, _, version = payload.metadata[KEY].decode("ascii", "replace").rpartition("/")
    if not case_ref or not (version.isascii() and version.isdigit()):
        raise DamagedTextError("a sealed payload does not say which key sealed it")
    return case_ref, int(version)


def _sealed(payload: Payload, key: bytes, version: int, owner: str, name: bytes) -> Payload:
    body = seal(key, version, (owner, _PLACE, 1), payload.SerializeToString())
    return Payload(metadata={"encoding": ENCODING, KEY: name}, data=body)


def _unsealed(payload: Payload, key: bytes, owner: str) -> Payload:
    return Payload.FromString(unseal(key, (owner, _PLACE, 1), payload.data))


def data_converter(codec: PayloadCodec | None) -> DataConverter:
    """Pydantic payloads, sealed; failures sealed too, or their texts would lie in clear."""
    return DataConverter(
        payload_converter_class=MarkingPayloadConverter,
        payload_codec=codec,
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )
