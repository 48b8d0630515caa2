"""Tables of the lanes as data: state × event → state, who, what it needs, which duties it moves.

MARAC and NRM share the form and nothing else. `None` among the sources: no passage yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from rules import duties
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change
from schemas.command_base import Command
from schemas.decisions import Refused, refused
from schemas.snapshot import CaseSnapshot

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


@dataclass(frozen=True)
class Step(Generic[S, E]):
    """One row of a table."""

    sources: frozenset[S | None]
    event: E
    target: S
    who: frozenset[Role]
    needs: tuple[str, ...] = ()
    """Fields of the command that must be filled."""
    takes: tuple[str, ...] = ()
    """Fields that may be. All others stay empty: nothing is said that the event does not need."""
    meets: tuple[str, ...] = ()
    """Duties it ends."""
    starts: tuple[str, ...] = ()
    """Duties it starts."""


_COMMON = frozenset(Command.model_fields) | {"event"}


def take(
    table: Iterable[Step[S, E]], state: S | None, event: E, command: Command
) -> Step[S, E] | Refused:
    """The row of an event, if the state, the actor and what the command says allow it."""
    rows = [row for row in table if state in row.sources]
    row = next((row for row in rows if row.event is event), None)
    if row is None:
        where = f"It is {_words(state)}" if state else "There is none yet"
        ways = _list(row.event for row in rows) or "nothing"
        return refused("wrong_state", f"{where}: not {_words(event)}, but {ways}.")
    role = command.actor.role
    if role not in row.who:
        who = ", ".join(sorted(row.who))
        return refused("not_your_role", f"A {role} may not {_words(event)}. It is for: {who}.")
    return _unfit(row, command) or row


def _unfit(row: Step[S, E], command: Command) -> Refused | None:
    fields = set(type(command).model_fields) - _COMMON
    said = {name for name in fields if getattr(command, name) not in (None, ())}
    missing = [name for name in row.needs if name not in said]
    if missing:
        return refused("incomplete", f"To {_words(row.event)}, say: {_list(missing)}.")
    beyond = sorted(said - {*row.needs, *row.takes})
    if beyond:
        return refused("beyond_event", f"To {_words(row.event)}, leave out: {_list(beyond)}.")
    return None


def move_duties(
    snapshot: CaseSnapshot, row: Step[S, E], world: World, since: datetime
) -> tuple[Change, ...]:
    """What the row does to duties. One that runs already is not started beside itself."""
    running = {deadline.duty for deadline in snapshot.running_deadlines()}
    return (
        *(c for duty in row.meets for c in duties.meet(snapshot, duty, since)),
        *(
            c
            for duty in row.starts
            if duty not in running
            for c in duties.start(snapshot, world, duty, since)
        ),
    )


def _words(code: str) -> str:
    return str(code).replace("_", " ")


def _list(codes: Iterable[str]) -> str:
    return ", ".join(_words(code) for code in codes)
