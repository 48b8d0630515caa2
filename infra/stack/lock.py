"""One `up` for each data directory: a lock the kernel lets go of, however the holder ends."""

import fcntl
import os
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.stack.layout import PRIVATE_FILE
from schemas.errors import StackError


class Holder(BaseModel):
    """Who runs the stack of a directory."""

    model_config = ConfigDict(frozen=True)

    pid: int
    since: datetime


class StackLock:
    """The lock on one data directory, held from `take` to `release`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._handle: int | None = None

    def take(self, now: datetime) -> None:
        """Hold the directory.

        Raises:
            StackError: Another process holds it; the sentence says which, and since when.
        """
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise StackError(_held(self._file)) from None
        us = Holder(pid=os.getpid(), since=now)
        os.ftruncate(handle, 0)
        os.pwrite(handle, us.model_dump_json().encode(), 0)
        self._handle = handle

    def release(self) -> None:
        """Let go; harmless when not held."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def is_held(file: Path) -> bool:
    """Whether some `up` runs on the directory of this lock file."""
    try:
        handle = os.open(file, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def holder_of(file: Path) -> Holder | None:
    """Who wrote the lock file last; who holds it, if `is_held`."""
    try:
        return Holder.model_validate_json(file.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def _held(file: Path) -> str:
    holder = holder_of(file)
    who = "another process"
    if holder is not None:
        who = f"process {holder.pid} since {holder.since:%Y-%m-%d %H:%M:%S %Z}"
    return (
        f"{file.parent} is in use by {who}: stop that one with Ctrl-C, "
        "or name another directory with --data-dir."
    )
