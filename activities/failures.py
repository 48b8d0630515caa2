"""Our errors as Temporal failures: the stable code as type, and whether a retry can help."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio import activity
from temporalio.exceptions import ApplicationError

from schemas.errors import (
    KeyDestroyedError,
    KeyMissingError,
    KeyUnavailableError,
    SafepathError,
    UnreachableError,
)

P = ParamSpec("P")
T = TypeVar("T")

BUG_ATTEMPTS = 3
"""After so many, a person is told that what she asked meets a bug, and the next is served."""

_PASSING = (UnreachableError, KeyUnavailableError)


def as_failure(step: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """For a step of the clockwork: our errors by their code, tried again until mended.

    A journey must never end because a step could not be taken.
    """
    return _translated(step, is_final=lambda _: False, answers=False)


def as_answer(step: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """For what a person asked: she is answered now, unless the trouble passes by itself."""
    return _translated(step, is_final=lambda error: not _passes(error), answers=True)


def _passes(error: SafepathError) -> bool:
    return isinstance(error, _PASSING) and not isinstance(
        error, KeyDestroyedError | KeyMissingError
    )


def _translated(
    step: Callable[P, Awaitable[T]],
    is_final: Callable[[SafepathError], bool],
    *,
    answers: bool,
) -> Callable[P, Awaitable[T]]:
    @wraps(step)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await step(*args, **kwargs)
        except SafepathError as error:
            final = is_final(error)
            raise ApplicationError(str(error), type=error.code, non_retryable=final) from None
        except ApplicationError:
            raise
        except Exception as error:  # noqa: BLE001 - its text may quote what it was given
            final = answers and activity.info().attempt >= BUG_ATTEMPTS
            kind = type(error).__name__
            raise ApplicationError(f"a bug: {kind}", type="bug", non_retryable=final) from None

    return run
