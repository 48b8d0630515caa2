"""What is seen of steps: a span and a count of each, a log line of those that failed.

Codes, never words. What keeps failing is noted as stuck.
"""

from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from infra.metrics.counters import DONE, STEPS, code_label
from infra.telemetry import code_of, log, span
from infra.troubles import Step, Troubles


class StepWatch(Interceptor):
    """Watches every attempt of an activity."""

    def __init__(self, troubles: Troubles | None = None) -> None:
        self._troubles = troubles

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        """Put the watch around an activity."""
        return _Watched(next, self._troubles)


class _Watched(ActivityInboundInterceptor):
    def __init__(self, inner: ActivityInboundInterceptor, troubles: Troubles | None) -> None:
        super().__init__(inner)
        self._troubles = troubles

    async def execute_activity(
        self,
        input: ExecuteActivityInput,  # noqa: A002 - the SDK's name
    ) -> Any:
        info = activity.info()
        step = Step(info.workflow_id or "", _step_of(info.activity_type, input.args))
        seen = {"activity_type": info.activity_type, "workflow_id": info.workflow_id or ""}
        try:
            with span("activity", **seen, attempt=info.attempt):
                result = await super().execute_activity(input)
        except Exception as error:
            code = code_of(error)
            STEPS.labels(info.activity_type, code_label(code)).inc()
            log().warning(
                "step_failed",
                **seen,
                attempt=info.attempt,
                code=code,
            )
            is_answer = isinstance(error, ApplicationError) and error.non_retryable
            if self._troubles is not None and not is_answer:
                self._troubles.failed(step, code or "unknown")
            raise
        STEPS.labels(info.activity_type, DONE).inc()
        if self._troubles is not None:
            self._troubles.worked(step)
        return result


def _step_of(activity_type: str, args: Any) -> str:
    """The verb of what is done, where there is one; else the activity's own name."""
    message = args[0] if args else None
    command = getattr(message, "step", None) or getattr(message, "command", None)
    return str(getattr(command, "verb", activity_type))
