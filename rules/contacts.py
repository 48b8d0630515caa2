"""Stub."""

from rules.world import World
from schemas.clockwork_steps import CloseWindow, OpenWindow, SendContact, SettleContact
from schemas.contact_commands import CancelContact, EndContact, PlanContact, StartContact
from schemas.decisions import Decision
from schemas.snapshot import CaseSnapshot


def plan_contact(snapshot: CaseSnapshot, command: PlanContact, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def start(snapshot: CaseSnapshot, command: StartContact, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def end(snapshot: CaseSnapshot, command: EndContact, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def cancel(snapshot: CaseSnapshot, command: CancelContact, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def open_window(snapshot: CaseSnapshot, command: OpenWindow, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def close_window(snapshot: CaseSnapshot, command: CloseWindow, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def send(snapshot: CaseSnapshot, command: SendContact, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def settle(snapshot: CaseSnapshot, command: SettleContact, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
