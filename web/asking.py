"""Asking a case's journey, and telling its workflows: the one way from people to Temporal.

A decision is an update of the journey, named as its verb. An answer that was lost is found in the
record under the command's id, so asking again is safe however Temporal stumbles.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

from temporalio.client import (
    Client,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from infra.database import Pool, Scope, transaction
from infra.record import PostgresRecord
from infra.telemetry import span
from infra.wakes import send_wakes, wake
from schemas.case import Stage
from schemas.command_base import Command
from schemas.decisions import Reply
from schemas.errors import BadInputError, RecordError, SafepathError, UnreachableError
from schemas.ids import CaseRef, journey_workflow_id, referral_workflow_id
from schemas.messages import RECORD_CHANGED

_ASK_AGAIN = 0.2
_ENDED_MEANWHILE = "AcceptedUpdateCompletedWorkflow"
"""Temporal's type of an update that was accepted by a run that has ended since."""
ANSWER_WITHIN = timedelta(seconds=20)
"""How long a person waits for a worker before being told what to do."""
END_WITHIN = timedelta(seconds=10)
"""How long a workflow that has nothing more to do is given to end."""
_WOKEN_WITHIN = 2.0
"""Seconds that a journey is given to be woken where no time is left."""
TOLD_WITHIN = timedelta(seconds=5)
"""How long a person whose word is written waits until the workflows are told of it."""
_REPLY: Any = Reply  # a union: the type of the answer, not of the hint


class _AnswerLostError(Exception):
    """The journey's run ended before it answered: the record knows, or its next run is asked."""


_LOST = (
    TimeoutError,
    RPCError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
    _AnswerLostError,
)


class Journeys:
    """The journeys of cases, as one person's desk reaches them."""

    def __init__(
        self,
        pool: Pool,
        record: PostgresRecord,
        scope: Scope,
        connect: Callable[[], Awaitable[Client]],
    ) -> None:
        self._pool = pool
        self._record = record
        self._scope = scope
        self._connect = connect
        self._client: Client | None = None

    async def ask(self, command: Command, here: Callable[[Command], Awaitable[Reply]]) -> Reply:
        """Ask the journey, and ask again while Temporal stumbles: the command's id makes it once.

        Args:
            command: what a person decided.
            here: how it is carried out where the case has closed and no journey answers.

        Raises:
            UnreachableError: nobody answered in time.
            RecordError: the journey could not carry it out, and never will.
        """
        client = await self._temporal()
        clock = asyncio.get_running_loop().time
        give_up = clock() + ANSWER_WITHIN.total_seconds()
        while True:
            try:
                return await asyncio.wait_for(_answered(client, command), give_up - clock())
            except _LOST:
                left = max(give_up - clock(), _WOKEN_WITHIN)
                reply = await self._reply_without_journey(client, command, here, left)
            if reply is not None:
                return reply
            if clock() >= give_up:
                raise _no_answer(command)
            await asyncio.sleep(_ASK_AGAIN)

    async def tell(self, case_ref: CaseRef) -> bool:
        """Tell the workflows at once; what cannot be told now, the worker's relay tells."""
        try:
            async with asyncio.timeout(TOLD_WITHIN.total_seconds()):
                client = await self._temporal()
                await send_wakes(self._pool, client, self._scope, case_ref=case_ref)
        except (SafepathError, TimeoutError):
            return False
        return True

    async def still_running(self, case_ref: CaseRef, referrals: Iterable[int]) -> str | None:
        """The first workflow of a case that does not end though it has nothing more to do.

        Each is told to look at the record, and given its time to end. The journey is asked first:
        once it has ended, nobody starts another.

        Raises:
            UnreachableError: Temporal does not answer.
        """
        client = await self._temporal()
        of_referrals = (referral_workflow_id(case_ref, number) for number in referrals)
        for workflow_id in (journey_workflow_id(case_ref), *of_referrals):
            if not await _has_ended(client.get_workflow_handle(workflow_id)):
                return workflow_id
        return None

    async def _reply_without_journey(
        self,
        client: Client,
        command: Command,
        here: Callable[[Command], Awaitable[Reply]],
        within: float,
    ) -> Reply | None:
        """What the record already answers; a journey that does not run is started, in time.

        Where the answer was lost, so was the journey's knowledge of it: Temporal drops an update
        whose workflow task failed, also one that was carried out by then. So it looks again.
        """
        reply = await self._record.find_reply(command)
        try:
            case = (await self._record.read(command.case_ref)).case
        except BadInputError:
            return reply  # it is not theirs to see, nor to start: the relay wakes what sleeps
        if reply is None and case.stage is Stage.CLOSED:
            return await here(command)  # it closed while this was on its way
        try:
            async with (
                asyncio.timeout(within),
                transaction(self._pool, self._scope, command.case_ref) as connection,
            ):
                await wake(connection, client, journey_workflow_id(command.case_ref), case.owner)
        except (UnreachableError, TimeoutError):
            if reply is None:
                raise _no_answer(command) from None
        return reply

    async def _temporal(self) -> Client:
        if self._client is None:
            self._client = await self._connect()
        return self._client


async def _has_ended(handle: WorkflowHandle[Any, Any]) -> bool:
    """Whether a workflow has ended, or ends within its time once it is told to look."""
    clock = asyncio.get_running_loop().time
    give_up = clock() + END_WITHIN.total_seconds()
    told = False
    try:
        while (await handle.describe()).status is WorkflowExecutionStatus.RUNNING:
            if clock() >= give_up:
                return False
            if not told:
                await handle.signal(RECORD_CHANGED)
                told = True
            await asyncio.sleep(_ASK_AGAIN)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise UnreachableError("Temporal does not answer.") from None
    return True


def _update_id(command: Command) -> str:
    """One for each thing that is asked: an id given twice for two things is two updates.

    It is a hash, because Temporal keeps update ids in clear and need not know who asked.
    """
    return command.fingerprint[:32]


def _our_error(error: WorkflowUpdateFailedError) -> SafepathError:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type == "command_taken":
            return BadInputError("--command-id", "it was given for another command; use a new one")
        return RecordError(cause.type or "refused", cause.message)
    return RecordError("refused", "The journey could not carry this out.")


def _no_answer(command: Command) -> SafepathError:
    return UnreachableError(
        "No worker answered in time. What you asked may still be done: give it again with "
        f"--command-id {command.command_id}, and it is done once."
    )


async def _answered(client: Client, command: Command) -> Reply:
    """What the case's journey answers.

    Raises:
        RecordError: the journey could not carry it out, and never will.
    """
    handle = client.get_workflow_handle(journey_workflow_id(command.case_ref))
    try:
        with span("temporal.update", verb=command.verb, workflow_id=handle.id):
            reply: Reply = await handle.execute_update(
                command.verb.value, command, id=_update_id(command), result_type=_REPLY
            )
    except WorkflowUpdateFailedError as error:
        if getattr(error.cause, "type", None) == _ENDED_MEANWHILE:
            raise _AnswerLostError from None
        raise _our_error(error) from None
    return reply
