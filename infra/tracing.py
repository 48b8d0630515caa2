"""Where spans go, and how they hang together across client, workflow and activity.

Temporal's plugin carries the trace in headers and makes ids that a replay makes again. Its own
spans stay off: a journey's would be open for months, and they record exceptions by their texts.
"""

import re
import sys
from collections.abc import Sequence

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)
from opentelemetry.trace import Status
from temporalio.contrib.opentelemetry import ReplaySafeTracerProvider, create_tracer_provider

from infra.settings import Installation
from infra.telemetry import SPAN_KEY, attributes_of, configure

_TRACES = "/v1/traces"
_NAME = re.compile(r"[a-z_.]{1,60}")
_SENT_WITHIN = 2.0
"""Seconds that a collector may take: nobody waits at a desk for one that is away."""


def watch_over(installation: Installation) -> None:
    """Set up the log and the traces of this process, as settings say."""
    configure(log_on=installation.log)
    if installation.telemetry:
        trace_to(installation.otlp_endpoint)


def trace_to(endpoint: str | None) -> None:
    """Trace this process: to the collector at this base address; where none is named, to stderr."""
    provider = create_tracer_provider(resource=Resource.create({"service.name": "safepath"}))
    provider.add_span_processor(_processor(endpoint))
    trace.set_tracer_provider(provider)


def send_spans() -> None:
    """Send what was traced and not sent yet; for a process that ends without its exit handlers."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, ReplaySafeTracerProvider):
        provider.force_flush(int(_SENT_WITHIN * 1000))


def _processor(endpoint: str | None) -> SpanProcessor:
    if endpoint is None:
        return SimpleSpanProcessor(AllowedOnly(ConsoleSpanExporter(out=sys.stderr)))
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    collector = OTLPSpanExporter(endpoint.rstrip("/") + _TRACES, timeout=_SENT_WITHIN)
    return BatchSpanProcessor(AllowedOnly(collector))


class AllowedOnly(SpanExporter):
    """Passes spans on with allowed attributes alone, whoever made them: no events, no texts."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Pass them on, narrowed."""
        return self._exporter.export([narrowed(span) for span in spans])

    def shutdown(self) -> None:
        """Nothing more will come."""
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is left."""
        return self._exporter.force_flush(timeout_millis)


def narrowed(span: ReadableSpan) -> ReadableSpan:
    """The span with nothing on it that is not allowed."""
    found = {
        key.removeprefix(SPAN_KEY): value
        for key, value in (span.attributes or {}).items()
        if key.startswith(SPAN_KEY)
    }
    return ReadableSpan(
        name=span.name if _NAME.fullmatch(span.name) else "other",
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes_of(found),
        links=[trace.Link(link.context) for link in span.links],
        kind=span.kind,
        instrumentation_scope=span.instrumentation_scope,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
    )
