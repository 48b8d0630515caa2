"""Stub."""

from rules.world import World
from schemas.decisions import Decision
from schemas.referral_commands import StartAdvice
from schemas.snapshot import CaseSnapshot


def start(snapshot: CaseSnapshot, command: StartAdvice, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
