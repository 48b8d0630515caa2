"""What a history says of the memory of the worker it was made by."""

from typing import Any

from temporalio.api.enums.v1 import TaskQueueKind
from temporalio.client import WorkflowHandle

from tests.workflows.telling import Journey

STICKY = TaskQueueKind.TASK_QUEUE_KIND_STICKY
"""The queue of tasks for the one worker that remembers the workflow."""


async def task_queues(handle: "WorkflowHandle[Any, Any]") -> list["TaskQueueKind.ValueType"]:
    """Through which kind of queue each task of a workflow's run went."""
    history = await handle.fetch_history()
    return [
        event.workflow_task_scheduled_event_attributes.task_queue.kind
        for event in history.events
        if event.HasField("workflow_task_scheduled_event_attributes")
    ]


async def assert_replayed_each_time(journey: Journey) -> None:
    """No task of the journey or its referrals went to a worker that remembered it."""
    for handle in await _handles(journey):
        queues = await task_queues(handle)
        assert queues, "no task at all"
        assert STICKY not in queues


async def _handles(journey: Journey) -> list["WorkflowHandle[Any, Any]"]:
    numbers = [referral.number for referral in (await journey.snapshot()).referrals]
    return [journey.handle, *(journey.referral(number) for number in numbers)]
