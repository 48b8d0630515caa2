"""The generated passwords and keys of the embedded stack: made once, private, never replaced.

A key that disappears from beside existing records is an error, not an occasion for a new key:
under a new one every sealed text would be unreadable, and nobody would notice until it was read.
"""

import secrets
from enum import StrEnum
from pathlib import Path

from infra.stack.layout import PRIVATE_FILE, StackPaths, mode_of, write_private
from schemas.errors import StackError

_BYTES = 32


class Role(StrEnum):
    """The PostgreSQL roles of an installation."""

    POSTGRES = "postgres"
    OWNER = "sp_owner"
    JOURNEYS = "sp_journeys"
    WEB = "sp_web"
    GATE = "sp_gate"
    AUDIT = "sp_audit"


class KeyFile(StrEnum):
    """The keys of an installation, each 32 random bytes in hexadecimal."""

    KEK = "kek.key"  # seals the keys of cases
    OPERATIONS = "operations.key"


def password_file(paths: StackPaths, role: Role) -> Path:
    """Where the password of a role is."""
    return paths.secrets / f"{role}.password"


def key_file(paths: StackPaths, key: KeyFile) -> Path:
    """Where a key is."""
    return paths.secrets / key


def secret_files(paths: StackPaths) -> tuple[Path, ...]:
    """Every secret an installation must have."""
    return (
        *(password_file(paths, role) for role in Role),
        *(key_file(paths, key) for key in KeyFile),
    )


def ensure_secrets(paths: StackPaths) -> None:
    """Generate what is missing on a first start; afterwards only make sure that all is there.

    Raises:
        StackError: A secret is missing beside existing records, or others can read one.
    """
    missing = [file for file in secret_files(paths) if not file.exists()]
    if missing and paths.has_records:
        raise StackError(lost(missing))
    for file in missing:
        write_private(file, secrets.token_hex(_BYTES))
    loose = loose_secrets(paths)
    if loose:
        raise StackError(too_open(loose))


def read_password(paths: StackPaths, role: Role) -> str:
    """The password of a role.

    Raises:
        StackError: It is not there; no embedded stack was started here.
    """
    try:
        return password_file(paths, role).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise StackError(
            f"{password_file(paths, role)} cannot be read ({error.strerror}): "
            "is --data-dir right, and was safepath up run there by you?"
        ) from None


def missing_secrets(paths: StackPaths) -> list[Path]:
    """The secrets that should be there and are not."""
    return [file for file in secret_files(paths) if not file.exists()]


def loose_secrets(paths: StackPaths) -> list[Path]:
    """The secrets that somebody else could read or change."""
    return [file for file in secret_files(paths) if file.exists() and mode_of(file) & ~PRIVATE_FILE]


def lost(files: list[Path]) -> str:
    """The sentence for secrets missing beside records."""
    names = ", ".join(file.name for file in files)
    return (
        f"{names} missing from {files[0].parent} although records exist that need them: restore "
        "them from a backup; a new key could not open what the lost one sealed."
    )


def too_open(files: list[Path]) -> str:
    """The sentence for secrets that others can read."""
    names = " ".join(str(file) for file in files)
    return f"Others can read secrets of this stack: run chmod 600 {names}"
