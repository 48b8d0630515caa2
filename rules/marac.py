"""Stub."""

from rules.world import World
from schemas.decisions import Decision
from schemas.lane_commands import MoveMarac
from schemas.snapshot import CaseSnapshot


def move(snapshot: CaseSnapshot, command: MoveMarac, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
