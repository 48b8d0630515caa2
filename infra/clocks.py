"""The clocks of the servers, and how far this machine's is from them."""

from datetime import UTC, datetime, timedelta

from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import Client

from infra.database import Pool, translated
from infra.statements import statements

_SQL = statements("reading")

TOLERATED = timedelta(seconds=30)
"""Clocks that are kept by the network are apart by far less, and windows are minutes long."""
_POLLED_WITHIN = timedelta(seconds=75)
"""A worker's poll is renewed after a minute at most, so the newest one is no older."""


async def record_now(pool: Pool) -> datetime:
    """The time by PostgreSQL's clock.

    Raises:
        UnreachableError: PostgreSQL does not answer.
    """
    with translated():
        at: datetime = await pool.fetchval(_SQL["read_clock"])
        return at


async def ahead_of_record(pool: Pool) -> timedelta:
    """By how much this machine's clock is ahead of PostgreSQL's; below zero where it is behind.

    Raises:
        UnreachableError: PostgreSQL does not answer.
    """
    asked_at = datetime.now(UTC)
    theirs = await record_now(pool)
    heard_at = datetime.now(UTC)
    return asked_at + (heard_at - asked_at) / 2 - theirs


async def agrees_with_temporal(client: Client, task_queue: str) -> bool:
    """Whether this machine's clock can be Temporal's, as far as anybody can tell.

    Temporal answers no question about the time. It dates the polls of workers: the newest one of a
    queue that is worked on lies in its last minute.

    Args:
        client: of the namespace.
        task_queue: one whose activities are worked on now.

    Raises:
        RPCError: Temporal does not answer.
    """
    described = await client.workflow_service.describe_task_queue(
        DescribeTaskQueueRequest(
            namespace=client.namespace,
            task_queue=TaskQueue(name=task_queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
    )
    polls = [poller.last_access_time.ToDatetime(tzinfo=UTC) for poller in described.pollers]
    since_poll = datetime.now(UTC) - max(polls, default=datetime.min.replace(tzinfo=UTC))
    return -TOLERATED <= since_poll <= _POLLED_WITHIN + TOLERATED
