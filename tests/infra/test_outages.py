"""What the database's own errors become: an outage by name, and never a text of PostgreSQL's."""

import asyncpg
import pytest

from infra.database import translated
from schemas.errors import RecordError, UnreachableError


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (asyncpg.ReadOnlySQLTransactionError("x"), "takes no writes"),
        (asyncpg.DiskFullError("x"), "disk is full"),
        (asyncpg.TooManyConnectionsError("x"), "no connection free"),
        (asyncpg.LockNotAvailableError("x"), "holds what this needs"),
        (asyncpg.IdleInTransactionSessionTimeoutError("x"), "does not answer"),
        (asyncpg.DeadlockDetectedError("x"), "does not answer"),
        (TimeoutError(), "does not answer"),
        (asyncpg.InternalClientError("cannot switch to state 15"), "was lost: try again"),
        (asyncpg.ConnectionDoesNotExistError("x"), "does not answer"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_passes_is_an_outage_that_says_what_to_do(error: Exception, words: str) -> None:
    """Exit code 4, and the same command may be given again."""
    with pytest.raises(UnreachableError, match=words) as told, translated():
        raise error
    assert told.value.exit_code == 4


def test_what_does_not_pass_is_no_outage() -> None:
    """Trying again would not help."""
    with pytest.raises(RecordError), translated():
        raise asyncpg.InsufficientPrivilegeError("x")
