"""Where spans go, and what is taken off them on their way, whoever made them."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import Status, StatusCode

from infra.settings import find_installation
from infra.tracing import AllowedOnly
from schemas.errors import SettingsError
from tests.infra.cases import CONTACT, NAME
from tests.infra.stack.standins import REPOSITORY

A_PROCESS = f"""
import sys
from opentelemetry import trace
from infra.telemetry import configure, span
from infra.tracing import trace_to
configure(log_on=True)
trace_to(sys.argv[1] if sys.argv[1:] else None)
with span("desk.decide", verb="give_consent", name_of_her={NAME!r}) as opened:
    opened.set_attribute("http.url", {CONTACT!r})
    opened.add_event({NAME!r})
"""


@contextmanager
def a_collector() -> Iterator[tuple[str, list[tuple[str, bytes]]]]:
    """Its base address, and what it was sent: path and body."""
    sent: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Collector) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", sent
        finally:
            server.shutdown()
            serving.join()


def a_process(*endpoint: str) -> subprocess.CompletedProcess[str]:
    """A process that makes one span and ends."""
    command = [sys.executable, "-c", A_PROCESS, *endpoint]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=30, check=True
    )


def test_a_collector_is_sent_what_is_allowed() -> None:
    """By OTLP over HTTP, before a short-lived process ends; the exporter is the real one."""
    with a_collector() as (endpoint, sent):
        a_process(endpoint + "/")
    ((path, body),) = sent
    assert path == "/v1/traces"
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert span.name == "desk.decide"
    assert {a.key: a.value.string_value for a in span.attributes} == {
        "safepath.verb": "give_consent"
    }
    assert not [text for text in (NAME, CONTACT) if text.encode() in body]


def test_a_collector_that_is_away_keeps_nobody_waiting() -> None:
    """Whoever stands at a desk goes on; the log says that a library had trouble, and where."""
    began = time.monotonic()
    done = a_process("http://127.0.0.1:9")
    assert time.monotonic() - began < 10
    assert '"code": "opentelemetry.' in done.stderr
    assert not [text for text in (NAME, CONTACT, "127.0.0.1") if text in done.stderr]


def test_without_a_collector_spans_are_lines_on_stderr() -> None:
    """And stdout is for answers."""
    done = a_process()
    assert '"name": "desk.decide"' in done.stderr
    assert done.stdout == ""
    assert not [text for text in (NAME, CONTACT) if text in done.stderr]


def test_what_others_put_on_a_span_is_taken_off() -> None:
    """Names, events, links' attributes and the texts of statuses, as instrumentations make them."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(AllowedOnly(exporter)))
    tracer = provider.get_tracer("somebody's")
    with tracer.start_as_current_span("linked") as linked:
        pass
    link = trace.Link(linked.get_span_context(), {"db.statement": NAME})
    with tracer.start_as_current_span(f"GET /{NAME}", links=[link]) as opened:
        opened.set_attributes({"code": NAME, "safepath.code": "c", "safepath.note": NAME})
        opened.add_event("exception", {"exception.message": NAME})
        opened.set_status(Status(StatusCode.ERROR, NAME))
    provider.shutdown()
    _, span = exporter.get_finished_spans()
    assert (span.name, dict(span.attributes or {})) == ("other", {"safepath.code": "c"})
    assert (span.status.status_code, len(span.links)) == (StatusCode.ERROR, 1)
    assert NAME not in span.to_json()


def test_a_collector_that_nothing_is_sent_to_stops_the_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever named one meant to trace."""
    monkeypatch.setenv("SAFEPATH_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    with pytest.raises(SettingsError, match="is read only with SAFEPATH_TELEMETRY"):
        find_installation()
