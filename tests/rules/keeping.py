"""What a step keeps to one organisation: its rows, and the row of the audit (design: INV-21)."""

from typing import Any

from schemas.actor import NGO_ROLES, SYSTEM, Role
from schemas.changes import Change
from schemas.command_base import Command
from schemas.decisions import Changed, Decision
from schemas.private import private_to
from schemas.snapshot import CaseSnapshot

PRIVATE = "leave-1"
"""How the duty begins that no agency may learn of."""


def tells_no_agency(
    before: CaseSnapshot, after: CaseSnapshot, command: Command, decision: Decision
) -> None:
    """What is private to a service is in no row that an agency sees, nor in what it counts."""
    owners = [_owner(change) for change in decision.written]
    owner = private_to(command.actor, command.verb, decision)
    if owner is not None:
        assert {owner} >= set(owners)
        assert command.actor == SYSTEM or command.actor.role in NGO_ROLES or not owners
        assert before.case == after.case
        return
    assert not owners or None in owners
    assert PRIVATE not in f"{decision.detail if isinstance(decision, Changed) else ''}"
    assert isinstance(decision, Changed) or command.actor.role is not Role.IMMIGRATION_ADVISER


def _owner(change: Change) -> str | None:
    rows: list[Any] = [getattr(change, name, None) for name in ("task", "dispatch", "deadline")]
    owner: str | None = next((row.private_to for row in rows if row is not None), None)
    keys = [getattr(row, "id", getattr(row, "key", "")) for row in rows if row is not None]
    assert owner is not None or not [key for key in keys if PRIVATE in key]
    return owner
