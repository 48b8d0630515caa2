"""The embedded Temporal: the dev server as a child, its namespaces and search attributes.

It has no login: whoever reaches its port on this machine may do anything. The embedded stack
shows the wall between the namespaces; it does not enforce it.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from google.protobuf.duration_pb2 import Duration
from temporalio.api.enums.v1 import IndexedValueType, TaskQueueType
from temporalio.api.namespace.v1 import NamespaceConfig
from temporalio.api.operatorservice.v1 import (
    AddSearchAttributesRequest,
    ListSearchAttributesRequest,
)
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeNamespaceRequest,
    DescribeTaskQueueRequest,
    UpdateNamespaceRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError

from infra.stack.binaries import temporal_binary
from infra.stack.child import ChildSpec
from infra.stack.layout import StackPaths
from infra.stack.state import LOOPBACK, Ports

NAME = "temporal"
TITLE = "Temporal"
RETENTION = timedelta(hours=720)
POLLED_WITHIN = timedelta(seconds=75)  # a poll waits up to 60 s and is then renewed

_KEYWORD = IndexedValueType.INDEXED_VALUE_TYPE_KEYWORD
_DATETIME = IndexedValueType.INDEXED_VALUE_TYPE_DATETIME
_BOOL = IndexedValueType.INDEXED_VALUE_TYPE_BOOL
SEARCH_ATTRIBUTES: Mapping[str, Mapping[str, "IndexedValueType.ValueType"]] = MappingProxyType(
    {
        "journeys": {
            "JourneyStage": _KEYWORD,
            "Awaiting": _KEYWORD,
            "OwningUnit": _KEYWORD,
            "NextDue": _DATETIME,
            "Overdue": _BOOL,
        },
        "gate": {"Awaiting": _KEYWORD, "NextDue": _DATETIME},
    }
)
_PROBLEMS_AFTER = "system.numConsecutiveWorkflowTaskProblemsToTriggerSearchAttribute"
"""After how many failed tasks in a row a workflow is listed as troubled; Temporal's own is 5."""
_UNWANTED = ("TEMPORAL_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def temporal_spec(paths: StackPaths, ports: Ports, extra: Sequence[str] = ()) -> ChildSpec:
    """How to run the dev server; `extra` is appended to its arguments.

    Raises:
        StackError: The wheel is not installed.
    """

    async def ready(_: datetime) -> bool:
        return await answers(ports)

    namespaces = (part for name in SEARCH_ATTRIBUTES for part in ("--namespace", name))
    return ChildSpec(
        name=NAME,
        title=TITLE,
        argv=(
            *(str(temporal_binary()), "server", "start-dev", "--ip", LOOPBACK),
            *("--port", str(ports.temporal), "--ui-port", str(ports.ui)),
            *("--http-port", str(ports.http), "--metrics-port", str(ports.metrics)),
            *("--ui-codec-endpoint", f"http://{LOOPBACK}:{ports.codec}"),
            "--ui-disable-news-fetch",
            *("--db-filename", str(paths.temporal)),
            *("--sqlite-pragma", "journal_mode=WAL", "--sqlite-pragma", "synchronous=2"),
            *namespaces,
            *("--log-level", "warn", "--disable-config-file", "--disable-config-env"),
            *("--dynamic-config-value", "history.transferProcessorMaxPollRPS=2000"),
            *("--dynamic-config-value", f"{_PROBLEMS_AFTER}=2"),
            *extra,
        ),
        env=_environment(),
        log=paths.log_of(NAME),
        ready=ready,
    )


async def answers(ports: Ports) -> bool:
    """Whether Temporal's frontend is up and knows all our namespaces."""
    try:
        client = await connect(ports)
        for name in SEARCH_ATTRIBUTES:
            await client.workflow_service.describe_namespace(
                DescribeNamespaceRequest(namespace=name)
            )
    except (RPCError, RuntimeError):  # RuntimeError: nobody listens yet
        return False
    return True


async def count_troubled(ports: Ports) -> int:
    """How many journeys and referrals have failed, or keep failing at the same task."""
    client = await connect(ports)
    ended = await client.count_workflows(
        'ExecutionStatus IN ("Failed", "Terminated", "TimedOut", "Canceled")'
    )
    stuck = await client.count_workflows(
        'ExecutionStatus = "Running" AND TemporalReportedProblems IS NOT NULL'
    )
    return ended.count + stuck.count


async def connect(ports: Ports, namespace: str = "journeys") -> Client:
    """A bare client, without our codec: for looking at the server, never at payloads."""
    return await Client.connect(f"{LOOPBACK}:{ports.temporal}", namespace=namespace)


async def ensure_namespaces(ports: Ports) -> None:
    """Give each namespace its retention and its search attributes; repeating it is harmless."""
    client = await connect(ports)
    for namespace, wanted in SEARCH_ATTRIBUTES.items():
        await _keep_for(client, namespace)
        listed = await client.operator_service.list_search_attributes(
            ListSearchAttributesRequest(namespace=namespace)
        )
        known = listed.custom_attributes
        missing = {name: kind for name, kind in wanted.items() if name not in known}
        if missing:
            await client.operator_service.add_search_attributes(
                AddSearchAttributesRequest(namespace=namespace, search_attributes=missing)
            )


async def is_polled(ports: Ports, namespace: str, task_queue: str, since: datetime) -> bool:
    """Whether a worker has asked this task queue for workflow tasks since that moment."""
    try:
        client = await connect(ports, namespace)
        described = await client.workflow_service.describe_task_queue(
            DescribeTaskQueueRequest(
                namespace=namespace,
                task_queue=TaskQueue(name=task_queue),
                task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
            )
        )
    except (RPCError, RuntimeError):
        return False
    polls = (poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in described.pollers)
    return any(polled_at >= since for polled_at in polls)


async def _keep_for(client: Client, namespace: str) -> None:
    found = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=namespace)
    )
    if found.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION:
        return
    retention = Duration()
    retention.FromTimedelta(RETENTION)
    await client.workflow_service.update_namespace(
        UpdateNamespaceRequest(
            namespace=namespace,
            config=NamespaceConfig(workflow_execution_retention_ttl=retention),
        )
    )


def _environment() -> dict[str, str]:
    """Ours, without what would steer the server elsewhere or its own calls through a proxy."""
    return {
        key: value for key, value in os.environ.items() if not key.upper().startswith(_UNWANTED)
    }
