"""Counting what a journey cost Temporal, from the histories it left."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from temporalio.api.enums.v1 import EventType
from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowHistoryEventFilterType,
)
from temporalio.service import RPCError, RPCStatusCode

from bench.failures import BenchError

_LOOK_EVERY = 0.02
_LOOKS_ALIKE = 2
_SETTLES_WITHIN = 30.0
_ENDS_WITHIN = 60.0

_PER_EVENT = {
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED: 1,
    EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED: 1,
    EventType.EVENT_TYPE_TIMER_STARTED: 1,
    EventType.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED: 1,
    EventType.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES: 1,
    EventType.EVENT_TYPE_START_CHILD_WORKFLOW_EXECUTION_INITIATED: 2,
}
"""Billable actions by event, as docs.temporal.io/evaluate/cloud/actions counts them."""


@dataclass(frozen=True)
class Count:
    """What a journey's histories hold, of all its workflows together."""

    events: dict[str, int]
    actions: int
    bytes: int

    @property
    def total(self) -> int:
        """All events."""
        return sum(self.events.values())


async def counted(client: Client, workflows: Iterable[str]) -> Count:
    """Count the histories of a journey's workflows."""
    histories = [await _history(client, workflow_id) for workflow_id in workflows]
    events = [event for history in histories for event in history]
    kinds = Counter(_name(event) for event in events)
    return Count(
        events=dict(sorted(kinds.items())),
        actions=sum(billable(history) for history in histories),
        bytes=sum(event.ByteSize() for event in events),
    )


def billable(history: Sequence[HistoryEvent]) -> int:
    """Billable actions of one workflow's history.

    All local activities of a workflow task are one action; so are a start and the signal that
    came with it. A child's start is counted in its parent, a signal in whom it reached.
    """
    actions = sum(_PER_EVENT.get(event.event_type, 0) for event in history)
    tasks_with_markers = {
        event.marker_recorded_event_attributes.workflow_task_completed_event_id
        for event in history
        if event.event_type == EventType.EVENT_TYPE_MARKER_RECORDED
    }
    return actions + len(tasks_with_markers) + _start(history)


def _start(history: Sequence[HistoryEvent]) -> int:
    first, second = history[0], history[1]
    is_child = first.workflow_execution_started_event_attributes.HasField(
        "parent_workflow_execution"
    )
    with_signal = second.event_type == EventType.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED
    return int(not is_child) - int(with_signal)


async def ended(client: Client, workflow_id: str) -> None:
    """Return when a workflow has ended.

    Raises:
        BenchError: it did not complete, or not in time.
    """
    handle = client.get_workflow_handle(workflow_id)
    events = handle.fetch_history_events(
        wait_new_event=True, event_filter_type=WorkflowHistoryEventFilterType.CLOSE_EVENT
    )
    try:
        async with asyncio.timeout(_ENDS_WITHIN):
            async for event in events:
                if event.event_type != EventType.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED:
                    raise BenchError(f"{workflow_id} ended as {_name(event)}")
    except TimeoutError:
        raise BenchError(f"{workflow_id} has not ended after {_ENDS_WITHIN:g} s") from None


async def settled(client: Client, workflows: Iterable[str]) -> None:
    """Return when nothing is under way in these workflows; those not begun yet do not count.

    Between two messages of a real case hours pass. Where a message waits for this, it meets the
    workflow at rest, and the history is the same in every run.

    Raises:
        BenchError: they did not come to rest.
    """
    handles = [client.get_workflow_handle(workflow_id) for workflow_id in workflows]
    alike = 0
    last: list[int | None] = []
    try:
        async with asyncio.timeout(_SETTLES_WITHIN):
            while alike < _LOOKS_ALIKE:
                lengths = [await _length_at_rest(handle) for handle in handles]
                alike = alike + 1 if lengths == last and None not in lengths else 0
                last = lengths
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        raise BenchError(f"no rest within {_SETTLES_WITHIN:g} s") from None


async def _length_at_rest(handle: "WorkflowHandle[object, object]") -> int | None:
    """The length of the history; None while a task or an activity is under way."""
    try:
        described = await handle.describe()
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return 0
        raise
    raw = described.raw_description
    is_busy = raw.HasField("pending_workflow_task") or bool(raw.pending_activities)
    if described.status is WorkflowExecutionStatus.RUNNING and is_busy:
        return None
    return described.history_length


async def _history(client: Client, workflow_id: str) -> list[HistoryEvent]:
    handle = client.get_workflow_handle(workflow_id)
    return [event async for event in handle.fetch_history_events()]


def _name(event: HistoryEvent) -> str:
    return EventType.Name(event.event_type).removeprefix("EVENT_TYPE_").lower()
