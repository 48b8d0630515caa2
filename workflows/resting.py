"""Steps that cannot be taken for now: each is tried again later, and stands in no other's way.

A step is tried a few times at once. What still fails rests on a durable timer, longer each time, so
that a long outage costs few events, and one broken step holds up neither a person's command nor
any other step. Telling the workflow to look again ends every rest.
"""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError, FailureError
from temporalio.exceptions import TimeoutError as TimedOutError

with workflow.unsafe.imports_passed_through():
    from schemas.errors import KeyUnavailableError, UnreachableError
    from schemas.messages import Alarm
    from workflows.options import (
        LONG_OUTAGE_AFTER,
        REST_AT_FIRST,
        REST_AT_MOST,
        REST_IN_A_LONG_OUTAGE,
        REST_IN_AN_OUTAGE,
    )
    from workflows.waiting import moment_or_timeout

NOT_TAKEN = (ActivityError, ApplicationError, TimedOutError)
"""What is raised where a step was not taken; a local one's failure comes unwrapped."""

READ = "read"
"""The step that asks the record what there is to do."""

CARRY_OUT = "carry_out"
"""The step that carries out what a person asked."""

WHAT_FAILS_RESTS = "what fails rests"
"""A change of what running workflows do (temporal patch): a notice was posted again at once."""

_PASSING = (UnreachableError.code, KeyUnavailableError.code)


def final(error: FailureError) -> ApplicationError | None:
    """The failure, where trying again can never help; None where it may."""
    cause = _cause(error)
    return cause if isinstance(cause, ApplicationError) and cause.non_retryable else None


class Rests:
    """Which steps rest, each by its name, and until when."""

    def __init__(self) -> None:
        self._tried: dict[str, tuple[int, datetime]] = {}

    def __bool__(self) -> bool:
        """Whether any step rests now."""
        return self.next_end() is not None

    def begin(
        self, step: str, error: FailureError | None = None, longest: timedelta = REST_AT_MOST
    ) -> None:
        """The step failed; its rest is twice as long as the one before, within limits.

        Args:
            step: its name.
            error: why; None: it was taken, and there is still cause to take it.
            longest: where it is no outage.
        """
        times, _ = self._tried.get(step, (0, None))
        if error is not None and _passes(error):
            is_long = times >= LONG_OUTAGE_AFTER
            longest = REST_IN_A_LONG_OUTAGE if is_long else REST_IN_AN_OUTAGE
        rest = min(REST_AT_FIRST * 2 ** min(times, 10), longest)
        self._tried[step] = (times + 1, workflow.now() + rest)

    def forget(self, step: str) -> None:
        """The step was taken."""
        self._tried.pop(step, None)

    def end_all(self) -> None:
        """Everything may be tried now; how often it failed is remembered."""
        now = workflow.now()
        self._tried = {step: (times, min(end, now)) for step, (times, end) in self._tried.items()}

    def is_awake(self, step: str) -> bool:
        """Whether the step may be tried now."""
        return step not in self._tried or self._tried[step][1] <= workflow.now()

    def next_end(self) -> datetime | None:
        """When the first step that rests may be tried again."""
        now = workflow.now()
        return min((end for _, end in self._tried.values() if end > now), default=None)

    def rings(self, alarms: tuple[Alarm, ...]) -> bool:
        """Whether an alarm whose step does not rest is due."""
        alarm = self.first_awake(alarms)
        return alarm is not None and alarm.at <= workflow.now()

    async def over(self, step: str) -> None:
        """Wait until the step may be tried again."""
        await moment_or_timeout(lambda: self.is_awake(step), self.next_end(), summary=None)

    def first_awake(self, alarms: tuple[Alarm, ...]) -> Alarm | None:
        """The soonest alarm whose step does not rest."""
        return next((alarm for alarm in alarms if self.is_awake(alarm_step(alarm))), None)


def alarm_step(alarm: Alarm) -> str:
    """The name of the step that an alarm calls for."""
    return f"{alarm.kind}/{alarm.deadline}/{alarm.contact or 0}"


def _cause(error: FailureError) -> BaseException | None:
    return error.cause if isinstance(error, ActivityError) else error


def _passes(error: FailureError) -> bool:
    """Whether it is an outage, which ends without a repair of what was to be done."""
    cause = _cause(error)
    is_outage = isinstance(cause, ApplicationError) and cause.type in _PASSING
    return is_outage or isinstance(cause, TimedOutError)
