"""Our errors as Temporal failures: who is tried again, and who is told now."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.failures import BUG_ATTEMPTS, as_answer, as_failure
from schemas.errors import (
    BadInputError,
    KeyDestroyedError,
    KeyUnavailableError,
    RecordError,
    UnreachableError,
)

SECRET = "what she said"  # noqa: S105 - stands for personal text


async def _outcome(
    wrap: Callable[[Callable[[], Awaitable[None]]], Callable[[], Awaitable[None]]],
    error: Exception,
    attempt: int = 1,
) -> ApplicationError:
    @wrap
    async def step() -> None:
        raise error

    env = ActivityEnvironment()
    env.info = replace(env.info, attempt=attempt)
    with pytest.raises(ApplicationError) as caught:
        await env.run(step)
    return caught.value


@pytest.mark.parametrize(
    "error",
    [BadInputError("case", "no"), RecordError("command_taken", "no"), KeyDestroyedError("gone")],
    ids=lambda e: type(e).__name__,
)
async def test_who_asked_is_told_at_once_and_a_step_is_tried_again(error: Exception) -> None:
    """A journey never ends because a step could not be taken."""
    assert (await _outcome(as_answer, error)).non_retryable
    assert not (await _outcome(as_failure, error)).non_retryable


@pytest.mark.parametrize(
    "error", [UnreachableError("down"), KeyUnavailableError("away")], ids=lambda e: type(e).__name__
)
async def test_what_passes_by_itself_is_waited_for(error: Exception) -> None:
    """An outage is nobody's mistake."""
    assert not (await _outcome(as_answer, error)).non_retryable
    assert not (await _outcome(as_failure, error)).non_retryable


async def test_a_bug_is_told_after_a_few_attempts_and_by_its_kind_alone() -> None:
    """The next in the inbox must be served, and a bug's text may quote what it was given."""
    error = OverflowError(SECRET)
    first = await _outcome(as_answer, error)
    last = await _outcome(as_answer, error, attempt=BUG_ATTEMPTS)
    step = await _outcome(as_failure, error, attempt=BUG_ATTEMPTS)
    assert [False, True, False] == [e.non_retryable for e in (first, last, step)]
    assert {"bug"} == {e.type for e in (first, last, step)}
    assert SECRET not in str(last)


async def test_a_failure_of_temporals_own_kind_passes_as_it_is() -> None:
    """`undeliverable` is said on purpose."""
    said = ApplicationError("closed", type="undeliverable", non_retryable=True)
    assert (await _outcome(as_failure, said)) is said
