"""Stub."""

from rules.world import World
from schemas.decisions import Decision
from schemas.lane_commands import AssessRisk, ReviewRisk
from schemas.snapshot import CaseSnapshot


def assess(snapshot: CaseSnapshot, command: AssessRisk, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def review(snapshot: CaseSnapshot, command: ReviewRisk, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
