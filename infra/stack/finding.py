"""What an examination of the stack finds, and what it adds up to."""

from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Level(StrEnum):
    """How a thing is; `down` is not running, with nothing wrong."""

    OK = "ok"
    WARN = "warn"
    DOWN = "down"
    FAIL = "fail"


class Finding(BaseModel):
    """One thing looked at: how it is, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    name: str
    level: Level
    found: str
    advice: str = ""


class Verdict(StrEnum):
    """What all findings add up to."""

    OK = "ok"
    DOWN = "down"
    BROKEN = "broken"


def verdict_on(findings: Iterable[Finding]) -> Verdict:
    """Broken if anything fails, else down if anything is not running, else ok."""
    levels = {finding.level for finding in findings}
    if Level.FAIL in levels:
        return Verdict.BROKEN
    return Verdict.DOWN if Level.DOWN in levels else Verdict.OK


def ok(name: str, found: str) -> Finding:
    """All is well with this."""
    return Finding(name=name, level=Level.OK, found=found)


def warn(name: str, found: str, advice: str) -> Finding:
    """It works, and deserves a look."""
    return Finding(name=name, level=Level.WARN, found=found, advice=advice)


def down(name: str, found: str) -> Finding:
    """It is not running, or not made yet."""
    return Finding(name=name, level=Level.DOWN, found=found, advice="start it with safepath up")


def fail(name: str, found: str, advice: str) -> Finding:
    """It is broken."""
    return Finding(name=name, level=Level.FAIL, found=found, advice=advice)
