"""The places a personal text could get out to, and how each is looked through.

What opens a text on purpose, to whoever may read it, is no such place: the pages of the desk.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import asyncpg
from google.protobuf.json_format import MessageToJson
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DescribeWorkflowExecutionRequest
from temporalio.client import Client

from infra.stack.state import LOOPBACK, read_state
from infra.stack.temporal import connect
from tests.infra.stack.standins import command_line_of, descendants_of
from tests.journeys.standing import Stack

Blobs = Mapping[str, bytes]
"""What is looked through, by where it was found."""

AUDIT, OUTBOX = "audit.entry", "record.outbox"


@dataclass
class Told:
    """A stack after its stories, and what the command line printed in them."""

    stack: Stack
    printed: dict[str, bytes] = field(default_factory=dict)


async def histories(client: Client) -> Blobs:
    """The exported history of every workflow, as whoever has no key exports it."""
    return {
        f"{one.id} {one.run_id}": (
            await client.get_workflow_handle(one.id, run_id=one.run_id).fetch_history()
        )
        .to_json()
        .encode()
        async for one in client.list_workflows()
    }


async def visibility(client: Client) -> Blobs:
    """What lists and pages of workflows show: attributes, memo, summary, details, and so on."""
    found = {}
    async for one in client.list_workflows():
        execution = WorkflowExecution(workflow_id=one.id, run_id=one.run_id)
        asked = DescribeWorkflowExecutionRequest(namespace=client.namespace, execution=execution)
        described = await client.workflow_service.describe_workflow_execution(asked)
        listed = MessageToJson(one.raw_info, ensure_ascii=False)
        found[one.id] = (listed + MessageToJson(described, ensure_ascii=False)).encode()
    return found


async def tables(superuser: "asyncpg.Connection[Any]") -> Blobs:
    """Every row of every table, as text: bytes are in hexadecimal there."""
    names = await superuser.fetch(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables "
        "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') "
        "UNION SELECT 'pg_catalog.pg_stat_activity'"
    )
    query = "SELECT string_agg(t::text, E'\\n') FROM {} t"
    return {
        name: (await superuser.fetchval(query.format(name)) or "").encode() for (name,) in names
    }


def files(folder: Path) -> Blobs:
    """Every file below a folder, and its name."""
    found = {}
    for file in sorted(folder.rglob("*")):
        try:
            content = file.read_bytes() if file.is_file() else b""
        except FileNotFoundError:
            continue  # the servers run, and clear up
        if content.strip(b"\0"):
            found[str(file.relative_to(folder))] = str(file).encode() + b"\n" + content
    return found


def titles(pids: set[int]) -> Blobs:
    """How processes were started, or call themselves."""
    return {str(pid): command_line_of(pid).encode() for pid in pids}


def metrics(url: str) -> Blobs:
    """What a Prometheus server would fetch."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310 - loopback
        return {url: answer.read()}


def _metrics_urls(told: Told) -> list[str]:
    """Temporal's own, and our worker's."""
    state = read_state(told.stack.paths.data_dir)
    assert state is not None
    theirs = f"http://{LOOPBACK}:{state.ports.metrics}/metrics"
    return [theirs, state.metrics]


async def _temporal(told: Told) -> Client:
    state = read_state(told.stack.paths.data_dir)
    assert state is not None
    return await connect(state.ports)


async def _histories(told: Told) -> Blobs:
    return await histories(await _temporal(told))


async def _visibility(told: Told) -> Blobs:
    return await visibility(await _temporal(told))


async def _postgres_files(told: Told) -> Blobs:
    await told.stack.superuser.execute("CHECKPOINT")
    return await asyncio.to_thread(files, told.stack.paths.postgres)


async def _temporal_files(told: Told) -> Blobs:
    file = told.stack.paths.temporal  # and what SQLite keeps beside it
    beside = file.parent.glob(f"{file.name}*")
    return {found.name: found.read_bytes() for found in beside}


def _of(*names: str, but: bool = False) -> Callable[[Told], Awaitable[Blobs]]:
    async def look(told: Told) -> Blobs:
        found = await tables(told.stack.superuser)
        return {name: blob for name, blob in found.items() if (name in names) is not but}

    return look


async def _notices(told: Told) -> Blobs:
    installation = told.stack.installation
    return {**files(installation.notices_dir), **files(installation.contacts_dir)}


async def _logs(told: Told) -> Blobs:
    return files(told.stack.paths.logs)


async def _metrics(told: Told) -> Blobs:
    found: dict[str, bytes] = {}
    for url in _metrics_urls(told):
        found |= await asyncio.to_thread(metrics, url)
    return found


async def _printed(told: Told) -> Blobs:
    return told.printed


async def _titles(_: Told) -> Blobs:
    return titles(descendants_of(os.getpid()) | {os.getpid()})


async def _state(told: Told) -> Blobs:
    return {"stack.json": told.stack.paths.state.read_bytes()}


@dataclass(frozen=True)
class Place:
    """Somewhere a text could get out to, and what keeps it from there."""

    name: str
    guard: str
    look: Callable[[Told], Awaitable[Blobs]]


PLACES = (
    Place("Temporal's files", "the codec", _temporal_files),
    Place("exported histories", "the codec, and encoded failures", _histories),
    Place("lists and pages of workflows", "the codec; attributes of codes", _visibility),
    Place("plain columns", "sealing, and fields of codes", _of(AUDIT, OUTBOX, but=True)),
    Place("the audit", "bodies of codes", _of(AUDIT)),
    Place("the outbox", "templates without a place", _of(OUTBOX)),
    Place("PostgreSQL's files and journal", "sealing, before anything is written", _postgres_files),
    Place("notices, and texts to her", "whole sentences", _notices),
    Place("logs and spans", "a list of allowed keys", _logs),
    Place("metrics", "labels of codes", _metrics),
    Place("printed errors and refusals", "sentences that quote nothing", _printed),
    Place("process titles", "no text is an argument of a process", _titles),
    Place("the stack's state", "a model of codes", _state),
)


async def look_everywhere(told: Told) -> AsyncIterator[tuple[Place, Blobs]]:
    """Each place, and what is there to be looked through."""
    for place in PLACES:
        yield place, await place.look(told)
