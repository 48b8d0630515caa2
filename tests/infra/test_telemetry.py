"""Logs: by an allow-list of keys, and libraries by their place alone."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from infra.telemetry import ALLOWED, configure, keep_allowed, log
from tests.infra.cases import CONTACT, NAME


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    """Logging belongs to the process, which has other tests to run."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], _ = before
    root.setLevel(before[1])
    structlog.reset_defaults()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was written, each line as JSON; nothing ever goes to stdout."""
    written = capsys.readouterr()
    assert written.out == ""
    return [json.loads(line) for line in written.err.splitlines()]


def test_a_key_that_is_not_allowed_stays_home(capsys: pytest.CaptureFixture[str]) -> None:
    """A new key is dropped until somebody has thought about it."""
    configure(log_on=True)
    log().info("step_done", case_ref="bafod-kisut-n", code="ok", name=NAME, safe_contact=CONTACT)
    (line,) = lines(capsys)
    assert set(line) == {"event", "level", "timestamp", "case_ref", "code"}
    assert NAME not in str(line)


@pytest.mark.parametrize(
    "value", [{"name": NAME}, [NAME], NAME * 50, ValueError(NAME), None, b"x"], ids=type
)
def test_a_value_that_could_hold_a_text_stays_home(value: object) -> None:
    """Allowed keys carry codes, references and numbers: short, and plain."""
    assert keep_allowed(None, "info", {"event": "e", "code": value}) == {"event": "e"}


def test_no_personal_field_is_among_the_allowed_keys() -> None:
    """Nor will be by accident."""
    from schemas.case import PersonalField

    assert not ALLOWED & {field.value for field in PersonalField}
    assert not ALLOWED & {"person", "actor", "note", "text", "reason", "exception", "error"}


def test_an_exception_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Its text, and the lines of its traceback, may quote anything."""
    configure(log_on=True)
    try:
        int(NAME)
    except ValueError:
        log().exception("step_failed", code="bug")
    (line,) = lines(capsys)
    assert (line["event"], line["code"], line["level"]) == ("step_failed", "bug", "error")
    assert NAME not in str(line)


def test_what_a_library_logs_is_reduced_to_its_place(capsys: pytest.CaptureFixture[str]) -> None:
    """Its message may quote what it handles."""
    configure(log_on=True)
    logging.getLogger("asyncpg").error("could not write %s", NAME)
    try:
        int(NAME)
    except ValueError:
        logging.getLogger("temporalio").exception("choked on %s", CONTACT)
    found = lines(capsys)
    assert [line["code"].partition(":")[0] for line in found] == ["asyncpg", "temporalio"]
    assert {line["event"] for line in found} == {"library_log"}
    assert not [text for text in (NAME, CONTACT) if text in str(found)]


def test_what_a_library_only_mentions_is_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    """Warnings and less are for those who debug, elsewhere."""
    configure(log_on=True)
    logging.getLogger("asyncpg").warning("slow query on %s", NAME)
    assert lines(capsys) == []


def test_nothing_is_written_unless_logs_are_on(capsys: pytest.CaptureFixture[str]) -> None:
    """Off by default, libraries included."""
    configure(log_on=False)
    log().error("step_failed", code="bug")
    logging.getLogger("asyncpg").error("could not write %s", NAME)
    assert lines(capsys) == []


def test_a_span_that_fails_says_nothing_of_what_it_choked_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Attributes are from the same list, and an exception leaves no text."""
    from infra import telemetry

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("opentelemetry.trace.get_tracer", provider.get_tracer)
    with pytest.raises(ValueError, match=NAME), telemetry.span("step", state="s", name_of_her=NAME):
        raise ValueError(NAME)
    provider.shutdown()
    (span,) = exporter.get_finished_spans()
    assert dict(span.attributes or {}) == {"safepath.state": "s", "safepath.code": "ValueError"}
    assert NAME not in span.to_json()
