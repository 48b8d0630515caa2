"""Stub."""

from rules.world import World
from schemas.case_commands import (
    AnswerTransfer,
    ConfirmNamed,
    DeclareConflict,
    FinishTask,
    HandOver,
    LinkCase,
    OfferTransfer,
    ProposeNamed,
)
from schemas.decisions import Decision
from schemas.snapshot import CaseSnapshot


def link(snapshot: CaseSnapshot, command: LinkCase, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def finish_task(snapshot: CaseSnapshot, command: FinishTask, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def hand_over(snapshot: CaseSnapshot, command: HandOver, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def offer_transfer(snapshot: CaseSnapshot, command: OfferTransfer, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def answer_transfer(snapshot: CaseSnapshot, command: AnswerTransfer, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def declare_conflict(snapshot: CaseSnapshot, command: DeclareConflict, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def propose_named(snapshot: CaseSnapshot, command: ProposeNamed, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def confirm_named(snapshot: CaseSnapshot, command: ConfirmNamed, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
