"""Telling whether a process we once started still lives; numbers are reused, birth times not."""

import os
from pathlib import Path

from infra.stack.state import ChildState

_BORN_FIELD = 22  # of /proc/<pid>/stat, counted from 1
_NAME_FIELD = 2


def identify(pid: int) -> ChildState:
    """The process `pid` as it is now, to be recognised later."""
    return ChildState(pid=pid, born=_born(pid) or 0)


def is_alive(child: ChildState) -> bool:
    """Whether that very process still runs (a zombie does not)."""
    return _born(child.pid) == child.born and child.born != 0


def command_of(pid: int) -> str:
    """The short name of a process, empty if there is none."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def starter_to_outlive() -> int | None:
    """The process id of `uv run`, if that is what started us.

    Killed with -9, `uv` leaves what it ran behind; so we stop when it is gone. Any other parent,
    a shell for one, may end while the stack goes on.
    """
    parent = os.getppid()
    return parent if command_of(parent) in {"uv", "uvx"} else None


def _born(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The name may hold spaces and brackets: count from behind its last bracket.
    fields = stat[stat.rindex(")") + 2 :].split()
    if fields[0] in {"Z", "X"}:
        return None
    return int(fields[_BORN_FIELD - _NAME_FIELD - 1])
