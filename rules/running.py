"""Stub."""

from rules.world import World
from schemas.deadline_commands import (
    ExtendDeadline,
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    WaiveDeadline,
)
from schemas.decisions import Decision
from schemas.snapshot import CaseSnapshot


def meet(snapshot: CaseSnapshot, command: MeetDeadline, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def pause(snapshot: CaseSnapshot, command: PauseDeadline, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def resume(snapshot: CaseSnapshot, command: ResumeDeadline, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def extend(snapshot: CaseSnapshot, command: ExtendDeadline, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def waive(snapshot: CaseSnapshot, command: WaiveDeadline, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
