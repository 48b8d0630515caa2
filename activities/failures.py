"""Our errors as Temporal failures: the stable code as type, and whether a retry can help."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio.exceptions import ApplicationError

from schemas.errors import KeyDestroyedError, KeyUnavailableError, SafepathError, UnreachableError

P = ParamSpec("P")
T = TypeVar("T")

_PASSING = (UnreachableError, KeyUnavailableError)


def as_failure(step: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """Translate our errors at this edge; anything else is a bug and is retried until mended."""

    @wraps(step)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await step(*args, **kwargs)
        except SafepathError as error:
            passing = isinstance(error, _PASSING) and not isinstance(error, KeyDestroyedError)
            raise ApplicationError(str(error), type=error.code, non_retryable=not passing) from None

    return run
