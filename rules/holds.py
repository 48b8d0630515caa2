"""Stub."""

from rules.world import World
from schemas.decisions import Decision
from schemas.referral_commands import LiftHold, PlaceHold
from schemas.snapshot import CaseSnapshot


def place(snapshot: CaseSnapshot, command: PlaceHold, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def lift(snapshot: CaseSnapshot, command: LiftHold, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
