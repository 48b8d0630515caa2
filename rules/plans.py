"""Stub."""

from rules.world import World
from schemas.contact_commands import ConfirmPlan, RenewPlan, SetPlan, SuspendPlan
from schemas.decisions import Decision
from schemas.snapshot import CaseSnapshot


def set_plan(snapshot: CaseSnapshot, command: SetPlan, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def confirm(snapshot: CaseSnapshot, command: ConfirmPlan, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def renew(snapshot: CaseSnapshot, command: RenewPlan, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def suspend(snapshot: CaseSnapshot, command: SuspendPlan, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
