"""What operations staff repair: read and written as one of them, each act with its audit row first.

Nothing of a case is read here but its reference and who leads it.
"""

from datetime import UTC, datetime

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from infra import audit
from infra.database import Connection, Pool, Scope, transaction
from infra.statements import statements
from infra.wakes import begin, wake
from schemas.actor import Actor
from schemas.errors import BadInputError, UnreachableError
from schemas.ids import CaseRef, case_of_workflow
from schemas.messages import RECORD_CHANGED
from schemas.troubles import Pause, Place, StuckPage, Trouble, Why
from schemas.verbs import Verb

_SQL = statements("troubles")
_MOST = 500
_REDRIVEN = "redriven"
_ONE_ROW = " 1"


class Repairs:
    """Repairs by one person of operations."""

    def __init__(self, pool: Pool, actor: Actor) -> None:
        self._pool = pool
        self._actor = actor
        self._scope = Scope(actor)

    async def list_stuck(self) -> StuckPage:
        """What keeps failing, oldest first, and what is paused."""
        async with transaction(self._pool, self._scope) as connection:
            rows = await connection.fetch(_SQL["list_troubles_for_repair"], _MOST)
            pauses = await connection.fetch(_SQL["list_pauses"], _MOST)
        return StuckPage(
            troubles=tuple(Trouble.model_validate(dict(row)) for row in rows),
            pauses=tuple(Pause.model_validate(dict(row)) for row in pauses),
        )

    async def retry(self, client: Client, workflow_id: str, why: Why) -> None:
        """Have what fails in a workflow tried again now.

        Raises:
            BadInputError: nothing is stuck there, or trying again cannot help.
            UnreachableError: Temporal does not answer.
        """
        stuck = await self._stuck_at(workflow_id)
        hopeless = {Place.PAYLOAD, Place.WORKFLOW_TASK} & {one.step for one in stuck}
        if hopeless:
            raise BadInputError(
                "workflow", f"{min(hopeless)}: trying again cannot help; use `ops redrive`"
            )
        owner = await self._noted(Verb.RETRY_WORK, workflow_id, why)
        await wake(client, workflow_id, owner)

    async def redrive(self, client: Client, workflow_id: str, why: Why) -> None:
        """Begin a workflow anew from the record, whatever became of the one there was.

        Raises:
            BadInputError: nothing is stuck there.
            UnreachableError: Temporal does not answer.
        """
        await self._stuck_at(workflow_id)
        owner = await self._noted(Verb.REDRIVE_WORK, workflow_id, why)
        try:
            await _terminated(client, workflow_id)
            await begin(client, workflow_id, owner)
        except RPCError:
            raise UnreachableError("Temporal does not answer: give the verb again.") from None
        async with transaction(self._pool, self._scope) as connection:
            await connection.execute(_SQL["settle_workflow"], workflow_id)

    async def pause(self, case_ref: CaseRef, why: Why) -> bool:
        """Hold back what goes out of a case by itself; False: it was held back already.

        Raises:
            RecordError: there is no such case.
        """
        by = str(self._actor)
        async with transaction(self._pool, self._scope) as connection:
            done = await connection.execute(_SQL["put_pause"], case_ref, by, why.reason, why.ticket)
            if done.endswith(_ONE_ROW):
                await self._append(connection, Verb.PAUSE_CASE, case_ref, why)
        return done.endswith(_ONE_ROW)

    async def resume(self, client: Client, case_ref: CaseRef, why: Why) -> bool:
        """Let go out again what was held back; False: nothing was.

        Raises:
            UnreachableError: Temporal does not answer; what was held back goes out later.
        """
        async with transaction(self._pool, self._scope) as connection:
            done = await connection.execute(_SQL["lift_pause"], case_ref)
            if not done.endswith(_ONE_ROW):
                return False
            await self._append(connection, Verb.RESUME_CASE, case_ref, why)
        try:
            query = f'WorkflowId STARTS_WITH "case/{case_ref}/" AND ExecutionStatus = "Running"'
            async for one in client.list_workflows(query):
                await client.get_workflow_handle(one.id).signal(RECORD_CHANGED)
        except RPCError:
            raise UnreachableError(
                "It is let go, and Temporal does not answer: its workflows see it when they next "
                "look at the record."
            ) from None
        return True

    async def _stuck_at(self, workflow_id: str) -> list[Trouble]:
        page = await self.list_stuck()
        found = [one for one in page.troubles if one.workflow_id == workflow_id]
        if not found:
            raise BadInputError("workflow", "nothing is stuck there: see `ops stuck`")
        return found

    async def _noted(self, verb: Verb, workflow_id: str, why: Why) -> str:
        """The audit row, committed before anything is done; who leads the case."""
        case_ref = case_of_workflow(workflow_id)
        async with transaction(self._pool, self._scope) as connection:
            await self._append(connection, verb, case_ref, why, workflow=workflow_id)
            return await connection.fetchval(_SQL["leader_of"], case_ref) or ""

    async def _append(
        self,
        connection: Connection,
        verb: Verb,
        case_ref: CaseRef | None,
        why: Why,
        *,
        workflow: str | None = None,
    ) -> None:
        body = audit.audit_body(
            self._actor,
            verb,
            case_ref=case_ref,
            outcome="done",
            occurred_at=datetime.now(UTC),
            detail={"why": why.reason, "ticket": why.ticket, "workflow": workflow},
        )
        await audit.append(connection, body)


async def _terminated(client: Client, workflow_id: str) -> None:
    """End the run there is, if any; the reason lies open in Temporal, and is this one word."""
    try:
        await client.get_workflow_handle(workflow_id).terminate(reason=_REDRIVEN)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise
