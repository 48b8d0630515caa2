"""What is seen of steps: a span each, and a log line for each that failed. Codes, never words."""

from typing import Any

from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput, Interceptor

from infra.telemetry import log, span


class StepWatch(Interceptor):
    """Watches every attempt of an activity."""

    def intercept_activity(
        self,
        next: ActivityInboundInterceptor,  # noqa: A002 - the SDK's name
    ) -> ActivityInboundInterceptor:
        """Put the watch around an activity."""
        return _Watched(next)


class _Watched(ActivityInboundInterceptor):
    async def execute_activity(
        self,
        input: ExecuteActivityInput,  # noqa: A002 - the SDK's name
    ) -> Any:
        info = activity.info()
        try:
            with span("step", activity_type=info.activity_type, attempt=info.attempt):
                return await super().execute_activity(input)
        except Exception as error:
            code = error.type if isinstance(error, ApplicationError) else type(error).__name__
            log().warning(
                "step_failed",
                activity_type=info.activity_type,
                workflow_id=info.workflow_id,
                attempt=info.attempt,
                code=code,
            )
            raise
