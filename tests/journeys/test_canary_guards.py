"""With the guard of a place off, its scan finds a canary: one that cannot proves nothing."""

import asyncio
import contextlib
import json
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import structlog
import typer
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from temporalio.api.failure.v1 import Failure
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes
from temporalio.converter import DataConverter
from temporalio.exceptions import ApplicationError
from typer.testing import CliRunner

from commands.console import verb
from infra import telemetry
from infra.codec import data_converter
from infra.contacts import FileContacts
from infra.notices import FileNotices
from infra.stack.state import LOOPBACK
from schemas.case_commands import AddNeed
from schemas.contact import Contact, ContactChannel, ContactPurpose, ContactState, ContactTemplate
from schemas.errors import BadInputError
from schemas.ids import referral_workflow_id
from schemas.snapshot import Dispatch, DispatchKind, NoticeTemplate
from tests.builders import CASE, POLICE, caseworker
from tests.conftest import People
from tests.infra.stack.standins import command_line_of, in_time
from tests.journeys.canary_places import (
    PLACES,
    Blobs,
    Place,
    Told,
    files,
    histories,
    metrics,
    tables,
    titles,
    visibility,
)
from tests.journeys.canary_table import proven
from tests.journeys.scanning import forms, found_in
from tests.workflows.clockwork import clockwork
from tests.workflows.telling import WITHIN, open_journey

COUNTERFEIT = "brackenfold-7731"
"""Let out on purpose, here and nowhere else."""
WORDS = forms(COUNTERFEIT)


@dataclass
class Bench:
    """What a counter-test may use."""

    told: Told
    people: People
    folder: Path
    patch: pytest.MonkeyPatch
    printed: pytest.CaptureFixture[str]


@pytest.fixture
def bench(
    told: Told,
    people: People,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Bench:
    """All of it."""
    return Bench(told, people, tmp_path, monkeypatch, capsys)


def hits(blobs: Blobs) -> list[str]:
    """Where the counterfeit is."""
    return [where for where, blob in blobs.items() if found_in(blob, WORDS) is not None]


# Temporal


async def _in_temporal(bench: Bench, *, is_sealed: bool) -> tuple[Blobs, Blobs, Blobs]:
    """Files, histories and pages once somebody acted whose code is the counterfeit."""
    file = bench.folder / f"{is_sealed}" / "temporal.sqlite"
    file.parent.mkdir()
    notices = bench.folder / "notices"
    async with clockwork(bench.people, notices, is_sealed=is_sealed, database=file) as found:
        journey = await open_journey(found, bench.people)
        await journey.decide(AddNeed, actor=caseworker(person=COUNTERFEIT))
        await _with_a_memo(found.client, referral_workflow_id(journey.case_ref, 9))
        await _until_listed(found.client, referral_workflow_id(journey.case_ref, 9))
        told = await histories(found.client), await visibility(found.client)
    return (files(file.parent), *told)


async def _until_listed(client: Client, workflow_id: str) -> None:
    """Temporal's lists lag behind a little."""
    query = f'WorkflowId = "{workflow_id}"'
    async with asyncio.timeout(WITHIN):
        while not (await client.count_workflows(query)).count:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(0.05)


async def _with_a_memo(client: Client, workflow_id: str) -> None:
    queue, memo = "nobody-polls-this", {"about": COUNTERFEIT}
    handle = await client.start_workflow("Nothing", id=workflow_id, task_queue=queue, memo=memo)
    await handle.terminate()


async def test_temporal_keeps_in_clear_what_the_codec_does_not_seal(bench: Bench) -> None:
    """The same acts twice: with the codec nothing is found, without it everywhere."""
    names = [place.name for place in PLACES[:3]]
    assert [[], [], []] == [hits(blobs) for blobs in await _in_temporal(bench, is_sealed=True)]
    for name, blobs in zip(names, await _in_temporal(bench, is_sealed=False), strict=True):
        assert hits(blobs), name
        proven(name)


async def test_a_search_attribute_is_in_clear_whatever_seals_the_rest(bench: Bench) -> None:
    """So none holds more than a code: this one does, and is found beside a codec that is on."""
    unit = SearchAttributeKey.for_keyword("OwningUnit")
    said = TypedSearchAttributes([SearchAttributePair(unit, COUNTERFEIT)])
    async with clockwork(bench.people, bench.folder / "notices") as found:
        journey = await open_journey(found, bench.people)
        handle = await found.client.start_workflow(
            "Nothing",
            id=referral_workflow_id(journey.case_ref, 9),
            task_queue="nobody-polls-this",
            search_attributes=said,
        )
        await _until_listed(found.client, handle.id)
        assert hits(await visibility(found.client))
        await handle.terminate()


@pytest.mark.parametrize("is_ours", [True, False], ids=["ours", "the usual one"])
async def test_a_failure_s_text_is_in_clear_where_it_is_not_encoded(*, is_ours: bool) -> None:
    """Payloads are sealed by the codec; a failure's message is one only with our converter."""
    converter = data_converter(None) if is_ours else DataConverter.default
    failure = Failure()
    await converter.encode_failure(ApplicationError(f"cannot reach {COUNTERFEIT}"), failure)
    in_clear = found_in(f"{failure.message} {failure.stack_trace}".encode(), WORDS) is not None
    assert in_clear is not is_ours


# The other places, each with its guard off


async def _in_a_column(bench: Bench, *statements: str) -> Blobs:
    """What the tables hold in a transaction that is rolled back."""
    superuser = bench.told.stack.superuser
    transaction = superuser.transaction()
    await transaction.start()
    try:
        for statement in statements:
            await superuser.execute(statement.format(COUNTERFEIT))
        return await tables(superuser)
    finally:
        await transaction.rollback()


async def _plain_column(bench: Bench) -> Blobs:
    in_clear = await _in_a_column(bench, "UPDATE record.case_file SET told_text = '{}'")
    assert ["record.case_file"] == hits(in_clear)
    unsealed = "UPDATE record.case_text SET sealed = convert_to('{}', 'UTF8')"
    found = await _in_a_column(bench, unsealed)
    assert ["record.case_text"] == hits(found)
    return found


async def _audit(bench: Bench) -> Blobs:
    entry = """INSERT INTO audit.entry (room, body) VALUES ('support', '{{"note": "{}"}}')"""
    found = await _in_a_column(bench, entry)
    assert ["audit.entry"] == hits(found)
    return found


async def _outbox(bench: Bench) -> Blobs:
    found = await _in_a_column(bench, "UPDATE record.outbox SET template = '{}'")
    assert ["record.outbox"] == hits(found)
    return found


async def _postgres_files(bench: Bench) -> Blobs:
    stack = bench.told.stack
    await stack.superuser.execute(f"CREATE TABLE in_clear AS SELECT '{COUNTERFEIT}' AS said")
    await stack.superuser.execute("CHECKPOINT")
    found = files(stack.paths.postgres)
    await stack.superuser.execute("DROP TABLE in_clear")
    return found


async def _notices(bench: Bench) -> Blobs:
    """A text with her in it, and a notice whose receiver is no code."""
    to_her, to_staff = bench.folder / "to-her", bench.folder / "to-staff"
    template = ContactTemplate.PLEASE_CALL
    texts = {template: f"{COUNTERFEIT}, please call"}
    bench.patch.setattr("infra.contacts.CONTACT_TEXTS", texts)
    contact = Contact(
        number=1,
        organisation=POLICE,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.SMS,
        template=template,
        state=ContactState.SENDING,
        planned_by=caseworker().who,
    )
    await FileContacts(to_her).send(CASE, contact)
    notice = Dispatch(
        key="n",
        kind=DispatchKind.NOTICE,
        template=NoticeTemplate.TASK,
        to_organisation=COUNTERFEIT,
    )
    await FileNotices(to_staff).post(CASE, notice)
    assert hits(files(to_her))
    return files(to_staff)


async def _logs(bench: Bench) -> Blobs:
    """A log line under a key that no list allows; and a span with an attribute and an exception."""
    with _as_it_was():
        telemetry.configure(log_on=True)
        telemetry.log().info("step_done", name=COUNTERFEIT)
        assert [] == hits({"guarded": bench.printed.readouterr().err.encode()})
        bench.patch.setattr(telemetry, "keep_allowed", lambda _, __, line: line)
        telemetry.configure(log_on=True)
        telemetry.log().info("step_done", name=COUNTERFEIT)
    logged = {"log": bench.printed.readouterr().err.encode()}
    assert hits(logged)
    return {"spans": _spans(bench)}


@contextlib.contextmanager
def _as_it_was() -> Iterator[None]:
    """Logging belongs to the process, which has other tests to run."""
    import logging

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def _spans(bench: Bench) -> bytes:
    """What is exported of a span around a failing step, with the guard and without."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    bench.patch.setattr(trace, "get_tracer", provider.get_tracer)

    def exported() -> bytes:
        said: dict[str, str] = {"note": COUNTERFEIT}
        with contextlib.suppress(ValueError), telemetry.span("record.change", **said):
            raise ValueError(COUNTERFEIT)
        return "".join(span.to_json() for span in exporter.get_finished_spans()).encode()

    assert [] == hits({"guarded": exported()})
    bench.patch.setattr(telemetry, "ALLOWED", telemetry.ALLOWED | {"note"})
    return exported()


class _Telling(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """A metric whose label is somebody."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f'cases_open{{about="{COUNTERFEIT}"}} 1\n'.encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


async def _metrics(_: Bench) -> Blobs:
    with ThreadingHTTPServer((LOOPBACK, 0), _Telling) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = metrics(f"http://{LOOPBACK}:{server.server_port}/metrics")
        server.shutdown()
    return found


async def _printed(_: Bench) -> Blobs:
    """A bug that nobody foresaw, and an error that quotes what was typed."""

    def breaks(quoting: bool = False) -> None:
        if quoting:
            raise BadInputError("--to", f"no {COUNTERFEIT!r}")
        raise ValueError(COUNTERFEIT)

    app = typer.Typer(pretty_exceptions_enable=False)
    app.command("guarded")(verb(breaks))
    app.command("unguarded")(breaks)
    assert [] == hits({"guarded": CliRunner().invoke(app, ["guarded"]).output_bytes})
    escaped = CliRunner().invoke(app, ["unguarded"])
    assert hits({"unguarded": str(escaped.exception).encode()})
    return {"quoting": CliRunner().invoke(app, ["guarded", "--quoting"]).output_bytes}


async def _titles(_: Bench) -> Blobs:
    return _titled()


def _titled() -> Blobs:
    """A process that is called by the counterfeit."""
    with subprocess.Popen((COUNTERFEIT, "60"), executable="/bin/sleep") as process:
        in_time(lambda: command_line_of(process.pid))  # for a moment it is called nothing
        found = titles({process.pid})
        process.kill()
    return found


async def _state(bench: Bench) -> Blobs:
    document = json.loads(bench.told.stack.paths.state.read_text(encoding="utf-8"))
    document |= {"by": COUNTERFEIT, "at": datetime.now(UTC).isoformat()}
    (bench.folder / "stack.json").write_text(json.dumps(document), encoding="utf-8")
    return files(bench.folder)


COUNTERS: dict[str, Callable[[Bench], Awaitable[Blobs]]] = {
    "plain columns": _plain_column,
    "the audit": _audit,
    "the outbox": _outbox,
    "PostgreSQL's files and journal": _postgres_files,
    "notices, and texts to her": _notices,
    "logs and spans": _logs,
    "metrics": _metrics,
    "printed errors and refusals": _printed,
    "process titles": _titles,
    "the stack's state": _state,
}
"""Place → what is there once its guard is off. Temporal's places are above."""


@pytest.mark.parametrize("place", PLACES[3:], ids=lambda place: place.name)
async def test_the_scan_finds_what_its_guard_keeps_from_it(bench: Bench, place: Place) -> None:
    """And finds nothing of it while the guard is on, where that can be tried beside it."""
    assert hits(await COUNTERS[place.name](bench))
    proven(place.name)
