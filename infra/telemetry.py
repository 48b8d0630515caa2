"""Logs and traces, both off by default, and both by allow-list: what is not named stays home."""

import logging
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import structlog
from opentelemetry import trace
from opentelemetry.trace import Span, StatusCode
from temporalio.exceptions import ApplicationError

from schemas.command_base import Command
from schemas.errors import SafepathError

P = ParamSpec("P")
T = TypeVar("T")

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
SPAN_KEY = "safepath."
"""What stands before such a key on a span."""
_MOST_TEXT = 120


def configure(*, log_on: bool) -> None:
    """Set up the log of this process, as settings say."""
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


def keep_allowed(_: Any, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not allowed, and every value that is not short and plain."""
    return {key: value for key, value in line.items() if _is_allowed(key, value)}


def _is_allowed(key: str, value: object) -> bool:
    return key in ALLOWED and isinstance(value, str | int | float) and len(str(value)) <= _MOST_TEXT


def attributes_of(found: Mapping[str, Any]) -> dict[str, str | int | float]:
    """What of these a span may carry, under the names it carries them by."""
    return {
        SPAN_KEY + key: str(value) if isinstance(value, str) else value
        for key, value in found.items()
        if _is_allowed(key, value)
    }


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[Span]:
    """A span around a step; attributes are from the same allow-list as log lines.

    An exception is recorded by its code alone: its text may quote what a person said.
    """
    with trace.get_tracer("safepath").start_as_current_span(
        name,
        attributes=attributes_of(attributes),
        record_exception=False,
        set_status_on_exception=False,
    ) as opened:
        try:
            yield opened
        except Exception as error:
            opened.set_status(StatusCode.ERROR)
            opened.set_attributes(attributes_of({"code": code_of(error)}))
            raise


def span_below(name: str) -> AbstractContextManager[Span | None]:
    """A span where something is being traced already; none where it would stand alone."""
    is_traced = trace.get_current_span().get_span_context().is_valid
    return span(name) if is_traced else nullcontext()


def at_desk(act: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """For what a person does at the desk: the root of all that follows from it."""

    @wraps(act)
    async def traced(*args: P.args, **kwargs: P.kwargs) -> T:
        verb = next((asked.verb for asked in args if isinstance(asked, Command)), act.__name__)
        with span(f"desk.{act.__name__}", verb=verb):
            return await act(*args, **kwargs)

    return traced


def log() -> Any:
    """The log."""
    return structlog.get_logger()


def code_of(error: Exception) -> str:
    """What of an exception may be told: its code, or, where it is not ours, its type."""
    if isinstance(error, SafepathError):
        return error.code
    code = error.type if isinstance(error, ApplicationError) else None
    return code or type(error).__name__


class _Quiet(logging.Handler):
    """What libraries log, reduced to its place: their messages may quote what they handle."""

    def emit(self, record: logging.LogRecord) -> None:
        """Say where something was logged, never what."""
        log().error("library_log", code=f"{record.name}:{record.lineno}"[:120])
