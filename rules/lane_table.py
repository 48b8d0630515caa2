"""Tables of the lanes as data: state × event → state, who, what it needs, which duties it moves.

MARAC and NRM share the form and nothing else. `None` among the sources: no passage yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from rules import duties
from rules.lane_words import either, options, people, verb_of
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
    table: Iterable[Step[S, E]], state: S | None, stands: str, event: E, command: Command
) -> Step[S, E] | Refused:
    """The row of an event, if the state, the actor and what the command says allow it.

    Args:
        table: the rows of the lane that are open to the case.
        state: where the case stands; None before the first event.
        stands: the same in words.
        event: what is to happen.
        command: who says so, and what.
    """
    rows = [row for row in table if state in row.sources]
    row = next((row for row in rows if row.event is event), None)
    typed = verb_of(command.verb, event)
    if row is None:
        return refused("wrong_state", f"{stands}: `{typed}` is not for now. {_next(rows, command)}")
    if command.actor.role not in row.who:
        return refused("not_your_role", _others(rows, row, typed, command))
    return _unfit(row, typed, command) or row


def way_on(table: Iterable[Step[S, E]], state: S | None, command: Command) -> str:
    """What may be typed next, in a sentence."""
    return _next([row for row in table if state in row.sources], command)


def _others(rows: list[Step[S, E]], row: Step[S, E], typed: str, command: Command) -> str:
    role = command.actor.role
    whose = f"`{typed}` is for: {people(row.who)}. You act as {people([role])}."
    return f"{whose} {_next(rows, command)}" if _own(rows, command) else whose


def _next(rows: list[Step[S, E]], command: Command) -> str:
    """By whoever asks; where nothing is theirs to do, by whom. To begin anew comes last."""
    own = _own(rows, command)
    goes_on = sorted(own or rows, key=lambda row: None in row.sources)
    ways = either(dict.fromkeys(verb_of(command.verb, row.event) for row in goes_on))
    by = "" if own else f", by: {people({role for row in rows for role in row.who})}"
    return f"Next: {ways}{by}."


def _own(rows: list[Step[S, E]], command: Command) -> list[Step[S, E]]:
    return [row for row in rows if command.actor.role in row.who]


def _unfit(row: Step[S, E], typed: str, command: Command) -> Refused | None:
    fields = set(type(command).model_fields) - _COMMON
    said = {name for name in fields if getattr(command, name) not in (None, ())}
    missing = [name for name in row.needs if name not in said]
    if missing:
        return refused("incomplete", f"`{typed}` needs {options(missing)} as well.")
    beyond = sorted(said - {*row.needs, *row.takes})
    if beyond:
        return refused("beyond_event", f"`{typed}` takes no {options(beyond)}: leave it out.")
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
