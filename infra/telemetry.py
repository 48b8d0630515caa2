"""Logs and traces, both off by default, and both by allow-list: what is not named stays home."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any

import structlog
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor
from temporalio.contrib.opentelemetry import create_tracer_provider

from schemas.errors import SafepathError

ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "code",
        "verb",
        "case_ref",
        "workflow_id",
        "workflow_type",
        "activity_type",
        "attempt",
        "task_queue",
        "namespace",
        "state",
        "stage",
        "count",
        "seconds",
    }
)
"""Every key a log line may have. Ids, codes and numbers; nothing a person said or is."""


def configure(*, log_on: bool, telemetry_on: bool) -> None:
    """Set up logs and traces for this process, as settings say."""
    logging.basicConfig(level=logging.ERROR, handlers=[_Quiet()], force=True)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            keep_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.INFO if log_on else logging.CRITICAL
        ),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
    )
    if telemetry_on:
        provider = create_tracer_provider(resource=Resource.create({"service.name": "safepath"}))
        provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter(out=sys.stderr)))
        trace.set_tracer_provider(provider)


def keep_allowed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not allowed, and every value that is not short and plain."""
    return {
        key: value
        for key, value in line.items()
        if key in ALLOWED and isinstance(value, str | int | float) and len(str(value)) <= 120
    }


def span(name: str, **attributes: str | int) -> AbstractContextManager[trace.Span]:
    """A span around a step; attributes are from the same allow-list as log lines.

    An exception is recorded by its type alone: its text may quote what a person said.
    """
    allowed = {f"safepath.{k}": v for k, v in attributes.items() if k in ALLOWED}
    return trace.get_tracer("safepath").start_as_current_span(
        name, attributes=allowed, record_exception=False, set_status_on_exception=False
    )


def log() -> Any:
    """The log."""
    return structlog.get_logger()


def code_of(error: Exception) -> str:
    """What of an exception may be logged: its code, or, where it is not ours, its type."""
    return error.code if isinstance(error, SafepathError) else type(error).__name__


class _Quiet(logging.Handler):
    """What libraries log, reduced to its place: their messages may quote what they handle."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say where something was logged, never what."""
        log().error("library_log", code=f"{record.name}:{record.lineno}"[:120])
