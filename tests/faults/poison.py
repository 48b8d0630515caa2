"""Messages that nobody can read, put into Temporal by hand as somebody with access to it could."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import UpdateWorkflowExecutionLifecycleStage as Stage
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import (
    SignalWorkflowExecutionRequest,
    StartWorkflowExecutionRequest,
    UpdateWorkflowExecutionRequest,
)
from temporalio.client import Client
from temporalio.converter import WorkflowSerializationContext

from infra.codec import ENCODING, KEY, CaseCodec
from infra.database import Scope, open_pool
from infra.keys import FileKeyProvider, Keyring, read_key_file
from infra.settings import Installation
from infra.stack.secrets import Role
from infra.temporal import JOURNEYS
from schemas.ids import CaseRef, journey_workflow_id
from schemas.messages import JOURNEY

_COMPLETED = Stage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
_JSON = {"encoding": b"json/plain"}
LARGE, TOO_LARGE = 1_900_000, 2_500_000
"""Bytes of a payload: just under and well over what Temporal takes."""


def _json(data: bytes) -> Payload:
    return Payload(metadata=_JSON, data=data)


def _of_ours(key: str, data: bytes = b"\x01" * 64) -> Payload:
    return Payload(metadata={"encoding": ENCODING, KEY: key.encode()}, data=data)


CLEAR: Mapping[str, Payload] = {
    "a decision in clear": _json(b'{"verb": "add_need"}'),
    "no JSON": _json(b"{half a"),
    "not UTF-8": _json(b'"\xff\xfe"'),
    "deep": _json(b"[" * 100_000 + b"]" * 100_000),
    "half a character": _json(b'"\\ud800"'),
    "a schema version of the future": _json(b'{"schema_version": 99}'),
    "sealed by nobody knows whom": _of_ours("nobody"),
    "a key with a NUL in its name": _of_ours("\0/1"),
    "a key version past all numbers": _of_ours("bafod-kisut-n/" + "9" * 400),
}
"""Poison that can be mixed without any key."""

_MEANINGLESS: Mapping[str, Payload] = {
    "a NUL in a text": _json(b'"a\\u0000b"'),
    "nearly two megabytes": _json(b'"' + b"x" * LARGE + b'"'),
    "an encoding of somebody else": Payload(metadata={"encoding": b"other"}, data=b"x"),
}
HARMLESS = tuple(_MEANINGLESS)
"""What can be opened and is no message of ours: it is dropped, and nobody need look."""


def too_large() -> Payload:
    """More than Temporal takes."""
    return _json(b'"' + b"x" * TOO_LARGE + b'"')


async def harmless(installation: Installation, case_ref: CaseRef) -> dict[str, Payload]:
    """The meaningless, sealed as ours are."""
    async with _codec(installation) as codec:
        sealed = await _of(codec, case_ref).encode(list(_MEANINGLESS.values()))
    return dict(zip(_MEANINGLESS, sealed, strict=True))


async def sealed(
    installation: Installation, case_ref: CaseRef, other: CaseRef
) -> dict[str, Payload]:
    """Poison under real keys: moved from another case, cut short, altered, and empty of sense."""
    async with _codec(installation) as codec:
        (own,) = await _of(codec, case_ref).encode([_json(b'{"half')])
        (theirs,) = await _of(codec, other).encode([_json(b'"theirs"')])
    renamed = Payload(metadata={**own.metadata}, data=theirs.data)
    return {
        "another case's": theirs,
        "sealed by another key": renamed,
        "sealed, and no JSON": own,
        "cut short": Payload(metadata={**own.metadata}, data=own.data[:-5]),
        "altered": Payload(metadata={**own.metadata}, data=own.data[:-1] + b"\0"),
    }


@asynccontextmanager
async def _codec(installation: Installation) -> AsyncIterator[CaseCodec]:
    pool = await open_pool(installation.dsn(Role.JOURNEYS), most=1)
    try:
        keys = Keyring(pool, FileKeyProvider(installation.kek_file), Scope())
        yield CaseCodec(keys, read_key_file(installation.operations_key_file))
    finally:
        await pool.close()


def _of(codec: CaseCodec, case_ref: CaseRef) -> CaseCodec:
    return codec.with_context(
        WorkflowSerializationContext(namespace=JOURNEYS, workflow_id=journey_workflow_id(case_ref))
    )


async def signal(client: Client, workflow_id: str, payload: Payload) -> None:
    """Send it with the only signal there is, which takes nothing."""
    await client.workflow_service.signal_workflow_execution(
        SignalWorkflowExecutionRequest(
            namespace=JOURNEYS,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            signal_name="record_changed",
            input=Payloads(payloads=[payload]),
        )
    )


async def update(client: Client, workflow_id: str, payload: Payload) -> Any:
    """Send it as a person's decision; returns how that ended."""
    answer = await client.workflow_service.update_workflow_execution(
        UpdateWorkflowExecutionRequest(
            namespace=JOURNEYS,
            workflow_execution=WorkflowExecution(workflow_id=workflow_id),
            wait_policy=WaitPolicy(lifecycle_stage=_COMPLETED),
            request=Request(
                meta=Meta(update_id=f"poison-{hash(payload.data)}", identity="tests"),
                input=Input(name="add_need", args=Payloads(payloads=[payload])),
            ),
        )
    )
    return answer.outcome


async def start(client: Client, workflow_id: str, payload: Payload) -> str:
    """Start a journey with it; returns its run."""
    started = await client.workflow_service.start_workflow_execution(
        StartWorkflowExecutionRequest(
            namespace=JOURNEYS,
            workflow_id=workflow_id,
            workflow_type=WorkflowType(name=JOURNEY),
            task_queue=TaskQueue(name=JOURNEYS),
            input=Payloads(payloads=[payload]),
            request_id=f"poison-{workflow_id}",
        )
    )
    return started.run_id


async def noted(superuser: "asyncpg.Connection[Any]", workflow_id: str) -> list[tuple[str, str]]:
    """Step and code of what is stuck at a workflow."""
    rows = await superuser.fetch(
        "SELECT step, code FROM record.trouble WHERE workflow_id = $1 AND settled_at IS NULL",
        workflow_id,
    )
    return [(row["step"], row["code"]) for row in rows]
