"""Where the embedded stack keeps its things, with which modes, and whom it refuses."""

import os
import pwd
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import StackError

PRIVATE_DIRECTORY = 0o700
PRIVATE_FILE = 0o600


@dataclass(frozen=True)
class StackPaths:
    """Every path of one embedded stack, all below `data_dir` (absolute)."""

    data_dir: Path

    @classmethod
    def at(cls, data_dir: Path) -> "StackPaths":
        """The paths below `data_dir`, made absolute so that children may start anywhere."""
        return cls(data_dir.expanduser().resolve())

    @property
    def postgres(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.data_dir / "postgres"

    @property
    def temporal(self) -> Path:
        """The file of the Temporal dev server."""
        return self.data_dir / "temporal.sqlite"

    @property
    def secrets(self) -> Path:
        """Generated passwords and keys."""
        return self.data_dir / "secrets"

    @property
    def logs(self) -> Path:
        """What the children print."""
        return self.data_dir / "logs"

    @property
    def notices(self) -> Path:
        """Where the embedded stack delivers instead of sending anything."""
        return self.data_dir / "notices"

    @property
    def protocol_owners(self) -> Path:
        """The public keys of those who may sign a sharing protocol."""
        return self.data_dir / "protocol-owners.json"

    @property
    def state(self) -> Path:
        """`stack.json`: how the other verbs find the stack."""
        return self.data_dir / "stack.json"

    @property
    def lock(self) -> Path:
        """Held for as long as one `up` runs on this directory."""
        return self.data_dir / "stack.lock"

    @property
    def has_records(self) -> bool:
        """Whether PostgreSQL already holds data here."""
        return (self.postgres / "PG_VERSION").exists()

    def log_of(self, name: str) -> Path:
        """The log file of one child."""
        return self.logs / f"{name}.log"


def prepare(paths: StackPaths, say: Callable[[str], None]) -> None:
    """Make the directories, private to us.

    Raises:
        StackError: The place is a file, somebody else's, not ours to fill, or not writable.
    """
    found = objection(paths)
    if found is not None:
        raise StackError(found)
    try:
        paths.data_dir.mkdir(parents=True, mode=PRIVATE_DIRECTORY, exist_ok=True)
        _tighten(paths.data_dir, say)
        for folder in (paths.secrets, paths.logs, paths.notices):
            folder.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
            _tighten(folder, say)
    except OSError as error:
        raise StackError(
            f"{paths.data_dir} cannot be used ({error.strerror}): name another with --data-dir."
        ) from None


def objection(paths: StackPaths) -> str | None:
    """Why this directory cannot hold our stack, in a sentence; None if it can."""
    folder = paths.data_dir
    try:
        found = folder.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{folder} cannot be read ({error.strerror}): name another with --data-dir."
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is not a directory: name another with --data-dir."
    if found.st_uid != os.geteuid():
        return (
            f"{folder} belongs to {_name(found.st_uid)} and we run as {_name(os.geteuid())}: "
            "run as that user, or name another with --data-dir."
        )
    if not _is_ours(paths):
        return (
            f"{folder} holds other things and is not a safepath data directory: "
            "name an empty or a new one with --data-dir."
        )
    return None


def mode_of(path: Path) -> int:
    """The permission bits of a path."""
    return stat.S_IMODE(path.stat().st_mode)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step: readers see the old text or the new, never half."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _is_ours(paths: StackPaths) -> bool:
    """Our marks are there, or nothing is: somebody's home must never become a data directory."""
    if paths.lock.exists() or paths.state.exists():
        return True
    inside = (paths.secrets, paths.logs, paths.notices, paths.postgres, paths.temporal)
    return {entry.name for entry in paths.data_dir.iterdir()} <= {path.name for path in inside}


def _tighten(folder: Path, say: Callable[[str], None]) -> None:
    loose = mode_of(folder)
    if loose == PRIVATE_DIRECTORY:
        return
    folder.chmod(PRIVATE_DIRECTORY)
    if any(folder.iterdir()):
        say(f"{folder} could be entered by others (mode {loose:04o}): now it is private (0700).")


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
