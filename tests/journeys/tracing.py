"""Spans as they were made, before anything was taken off them, for as long as somebody listens."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from temporalio.contrib.opentelemetry import create_tracer_provider

from infra.telemetry import SPAN_KEY


class Spans(SpanExporter):
    """Spans that ended, in that order."""

    def __init__(self) -> None:
        self.ended: list[ReadableSpan] = []
        self.is_listening = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Keep them while somebody listens."""
        if self.is_listening:
            self.ended.extend(spans)
        return SpanExportResult.SUCCESS

    def named(self, name: str, **attributes: str) -> list[ReadableSpan]:
        """Those of a name that carry these attributes."""
        return [
            one
            for one in self.ended
            if one.name == name and attributes.items() <= carried(one).items()
        ]

    def line(self, span: ReadableSpan) -> list[ReadableSpan]:
        """The span and all above it up to its root, by the ids of parents."""
        by_id = {id_of(one): one for one in self.ended}
        line = [span]
        while (parent := line[-1].parent) is not None:
            line.append(by_id[parent.trace_id, parent.span_id])
        return line


def id_of(span: ReadableSpan) -> tuple[int, int]:
    """The ids of its trace and its own."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id


def began(span: ReadableSpan) -> int:
    """When it began, in nanoseconds."""
    assert span.start_time is not None
    return span.start_time


def ended(span: ReadableSpan) -> int:
    """When it ended, in nanoseconds."""
    assert span.end_time is not None
    return span.end_time


def carried(span: ReadableSpan) -> dict[str, object]:
    """What a span carries, by the names of the list."""
    return {key.removeprefix(SPAN_KEY): value for key, value in (span.attributes or {}).items()}


@cache
def _of_this_process() -> Spans:
    """A process can be given one provider, once."""
    spans, provider = Spans(), create_tracer_provider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    return spans


@contextmanager
def traced() -> Iterator[Spans]:
    """What is traced while the block runs."""
    spans = _of_this_process()
    spans.ended.clear()
    spans.is_listening = True
    try:
        yield spans
    finally:
        spans.is_listening = False
