"""Stub."""

from rules.world import World
from schemas.decisions import Decision
from schemas.lane_commands import MoveNrm
from schemas.snapshot import CaseSnapshot


def move(snapshot: CaseSnapshot, command: MoveNrm, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
