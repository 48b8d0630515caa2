"""Which builds of the journeys worker there are, which is current, and what still runs on each."""

from dataclasses import dataclass
from datetime import UTC, datetime

from temporalio.api.deployment.v1 import WorkerDeploymentInfo
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import (
    DescribeTaskQueueRequest,
    DescribeWorkerDeploymentRequest,
)
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

DEPLOYMENT = "safepath-journeys"
"""The worker deployment whose versions are the builds of the journeys worker."""
NO_BUILD_IS_CURRENT = (
    "no build is current, so new journeys wait: make one current (docs/operations.md, "
    "“Deploying a new version”)"
)


@dataclass(frozen=True)
class Build:
    """One build: how many journeys and referrals run on it, and whether a worker of it polls."""

    build_id: str
    running: int
    is_polled: bool


@dataclass(frozen=True)
class Builds:
    """Every build that Temporal knows; `current` is what new journeys begin on, if anything."""

    current: str | None
    known: tuple[Build, ...]

    @property
    def left_alone(self) -> tuple[Build, ...]:
        """Builds on which something runs, and whose workers were taken away."""
        return tuple(build for build in self.known if build.running and not build.is_polled)


async def read_builds(client: Client, task_queue: str, since: datetime) -> Builds | None:
    """The builds of the journeys worker; None where workers are not told apart.

    Args:
        client: of the namespace of journeys.
        task_queue: what the workers poll.
        since: when they must have polled last, to be there.

    Raises:
        RPCError: Temporal does not answer.
    """
    wanted = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
    try:
        described = await client.workflow_service.describe_worker_deployment(wanted)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    info = described.worker_deployment_info
    polled = await _polled_builds(client, task_queue, since)
    names = [one.deployment_version.build_id for one in info.version_summaries]
    known = [Build(name, await _running_on(client, name), name in polled) for name in names]
    return Builds(current=_current(info), known=tuple(known))


async def current_build(client: Client) -> str | None:
    """The build that new journeys begin on; None where none is, or builds are not told apart.

    Raises:
        RPCError: Temporal does not answer.
    """
    info = await _deployment(client)
    return _current(info) if info else None


def _current(info: WorkerDeploymentInfo) -> str | None:
    return info.routing_config.current_deployment_version.build_id or None


async def _deployment(client: Client) -> WorkerDeploymentInfo | None:
    wanted = DescribeWorkerDeploymentRequest(namespace=client.namespace, deployment_name=DEPLOYMENT)
    try:
        described = await client.workflow_service.describe_worker_deployment(wanted)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    return described.worker_deployment_info


async def _running_on(client: Client, build_id: str) -> int:
    counted = await client.count_workflows(
        f"TemporalWorkerDeploymentVersion = '{DEPLOYMENT}:{build_id}' "
        "AND ExecutionStatus = 'Running'"
    )
    return counted.count


async def _polled_builds(client: Client, task_queue: str, since: datetime) -> set[str]:
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_WORKFLOW,
        )
    )
    pollers = (p for p in described.pollers if p.last_access_time.ToDatetime(tzinfo=UTC) >= since)
    return {poller.deployment_options.build_id for poller in pollers}
