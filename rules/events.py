"""Stub."""

from rules.world import World
from schemas.case_commands import RecordEvent, SetEntitlement
from schemas.decisions import Decision
from schemas.snapshot import CaseSnapshot


def set_entitlement(snapshot: CaseSnapshot, command: SetEntitlement, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def record_event(snapshot: CaseSnapshot, command: RecordEvent, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
