"""Counters of this process: they begin at nothing with it, and Prometheus adds up.

What nobody has raised yet is shown as 0, so that the first rise is seen as one.
"""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, disable_created_metrics

from infra.database import CONSTRAINT_ERRORS
from schemas.errors import (
    DamagedTextError,
    KeyDestroyedError,
    KeyMissingError,
    KeyUnavailableError,
    SafepathError,
    UnreachableError,
)
from schemas.troubles import TroubleCode

disable_created_metrics()  # type: ignore[no-untyped-call] # when each began doubles the text
REGISTRY = CollectorRegistry()
"""Everything of ours that Prometheus reads."""

DONE = "done"
OTHER = "other"
BUG = "bug"
_NOT_RAISED = (BUG, "undeliverable", "refused", "record_refused")
"""Codes of failures that no class of ours has."""

STEPS = Counter(
    "safepath_steps",
    "Attempts at a step, by activity and by how they ended: done, or the code of what failed.",
    ["activity", "code"],
    registry=REGISTRY,
)
RELAY_WAITS = Counter(
    "safepath_relay_waits",
    "Rounds in which the relay could not send wakes or carry out withdrawals, by code.",
    ["code"],
    registry=REGISTRY,
)
KEY_FAILURES = Counter(
    "safepath_key_failures",
    "Keys that were asked for and not found, by code.",
    ["code"],
    registry=REGISTRY,
)
QUARANTINED = Counter(
    "safepath_payloads_quarantined",
    "Payloads that do not open and are kept out of their workflow, by code.",
    ["code"],
    registry=REGISTRY,
)


def _codes(kind: type[SafepathError]) -> Iterable[str]:
    yield kind.code
    for narrower in kind.__subclasses__():
        yield from _codes(narrower)


_KNOWN: frozenset[str] = frozenset(
    (
        *_codes(SafepathError),
        *(code for code, _ in CONSTRAINT_ERRORS.values()),
        *TroubleCode,
        *_NOT_RAISED,
    )
)


def code_label(code: str | None) -> str:
    """The code as a label: one of ours, or `other`, so that there are never many of them."""
    return code if code is not None and code in _KNOWN else OTHER


def show_from_start(activities: Iterable[str]) -> None:
    """Show at 0 what an alert looks at, for these activities and for the whole process."""
    passing = (UnreachableError.code, KeyUnavailableError.code)
    for activity in activities:
        for code in (DONE, BUG, *passing):
            STEPS.labels(activity, code)
    for code in passing:
        RELAY_WAITS.labels(code)
    for error in (KeyUnavailableError, KeyDestroyedError):
        KEY_FAILURES.labels(error.code)
    for lost in (DamagedTextError, KeyDestroyedError, KeyMissingError):
        QUARANTINED.labels(lost.code)
