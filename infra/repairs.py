"""What operations staff repair: they ask, with an audit row, and the worker does it.

Whoever asks sees references and codes, and has the keys of no case. What is asked is kept in the
record until it is done, so that it is done after an outage too.
"""

from datetime import UTC, datetime

import asyncpg
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from infra import audit
from infra.database import Connection, Pool, Scope, transaction
from infra.keys import Keyring
from infra.statements import statements
from infra.telemetry import log
from infra.wakes import begin
from schemas.actor import Actor
from schemas.errors import BadInputError, KeyUnavailableError
from schemas.ids import CaseRef, case_of_workflow
from schemas.messages import RECORD_CHANGED
from schemas.troubles import Pause, Place, Repair, StuckPage, Trouble, Why
from schemas.verbs import Verb

_SQL = statements("troubles")
_MOST = 500
_REDRIVEN = "redriven"
_NO_ROW = " 0"
_VERBS = {Repair.RETRY: Verb.RETRY_WORK, Repair.REDRIVE: Verb.REDRIVE_WORK}
_NO_RETRY_HELPS = frozenset({Place.PAYLOAD, Place.WORKFLOW_TASK})
"""What is wrong with the history itself, which stays as it is."""


class Repairs:
    """Repairs asked for by one person of operations."""

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

    async def ask(self, repair: Repair, workflow_id: str, why: Why) -> None:
        """Have a workflow try again what fails in it, or begin anew from the record.

        Raises:
            BadInputError: nothing is stuck there, or trying again cannot help.
        """
        page = await self.list_stuck()
        steps = {one.step for one in page.troubles if one.workflow_id == workflow_id}
        if not steps:
            raise BadInputError("workflow", "nothing is stuck there: see `ops stuck`")
        hopeless = sorted(_NO_RETRY_HELPS & steps)
        if repair is Repair.RETRY and hopeless:
            raise BadInputError(
                "workflow",
                f"{hopeless[0]}: trying again cannot help. Are keys and code as they should be? "
                "Then use `ops redrive`",
            )
        async with transaction(self._pool, self._scope) as connection:
            await connection.execute(_SQL["ask_repair"], workflow_id, repair)
            case_ref = case_of_workflow(workflow_id)
            await self._note(connection, _VERBS[repair], case_ref, why, workflow_id)

    async def pause(self, case_ref: CaseRef, why: Why) -> bool:
        """Hold back what goes out of a case by itself; False: it was held back already.

        Raises:
            RecordError: there is no such case.
        """
        values = (case_ref, str(self._actor), why.reason, why.ticket)
        async with transaction(self._pool, self._scope) as connection:
            done = await connection.execute(_SQL["put_pause"], *values)
            if done.endswith(_NO_ROW):
                return False
            await self._note(connection, Verb.PAUSE_CASE, case_ref, why)
        return True

    async def resume(self, case_ref: CaseRef, why: Why) -> bool:
        """Let go out again what was held back; False: nothing was."""
        async with transaction(self._pool, self._scope) as connection:
            done = await connection.execute(_SQL["lift_pause"], case_ref)
            if done.endswith(_NO_ROW):
                return False
            await self._note(connection, Verb.RESUME_CASE, case_ref, why)
        return True

    async def _note(
        self,
        connection: Connection,
        verb: Verb,
        case_ref: CaseRef | None,
        why: Why,
        workflow_id: str | None = None,
    ) -> None:
        body = audit.audit_body(
            self._actor,
            verb,
            case_ref=case_ref,
            outcome="done",
            occurred_at=datetime.now(UTC),
            detail={"why": why.reason, "ticket": why.ticket, "workflow": workflow_id},
        )
        await audit.append(connection, body)


async def carry_out_repairs(
    pool: Pool, client: Client, keyring: Keyring, leads: dict[CaseRef, str]
) -> int:
    """Do what was asked of the worker; returns how much that was.

    Args:
        pool: the worker's.
        client: of the namespace of journeys; what it cannot seal is an error.
        keyring: of the worker.
        leads: who leads each case under way.

    Raises:
        UnreachableError: the record is away.
        RPCError: Temporal is away; what is left is done later.
    """
    async with transaction(pool, Scope()) as connection:
        asked = await connection.fetch(_SQL["list_asked"])
        lifted = await connection.fetch(_SQL["list_lifted"])
    for row in asked:
        try:
            await _repair(pool, client, keyring, row, leads)
        except KeyUnavailableError as error:  # without its key nothing can be begun: later, then
            log().warning("repair_waits", workflow_id=row["workflow_id"], code=error.code)
    for row in lifted:
        await _tell_all(client, row["case_ref"])
        async with transaction(pool, Scope()) as connection:
            await connection.execute(_SQL["forget_lifted"], row["case_ref"])
    return len(asked) + len(lifted)


async def _repair(
    pool: Pool, client: Client, keyring: Keyring, row: asyncpg.Record, leads: dict[CaseRef, str]
) -> None:
    """Have one workflow try again, or begin anew; first it is seen that it can begin at all."""
    workflow_id, case_ref = row["workflow_id"], case_of_workflow(row["workflow_id"])
    if case_ref is None:
        return
    if row["is_redrive"]:
        await keyring.case_key(case_ref)
        await _terminate(client, workflow_id)
    async with transaction(pool, Scope()) as connection:
        await begin(connection, client, workflow_id, leads.get(case_ref))
        await connection.execute(_SQL["mark_repaired"], workflow_id)


async def _tell_all(client: Client, case_ref: CaseRef) -> None:
    """Have every workflow of a case look at the record again."""
    query = f'WorkflowId STARTS_WITH "case/{case_ref}/" AND ExecutionStatus = "Running"'
    async for one in client.list_workflows(query):
        try:
            await client.get_workflow_handle(one.id).signal(RECORD_CHANGED)
        except RPCError as error:
            _pass_if_ended(error)


async def _terminate(client: Client, workflow_id: str) -> None:
    """End the run there is, if any; the reason lies open in Temporal, and is this one word."""
    try:
        await client.get_workflow_handle(workflow_id).terminate(reason=_REDRIVEN)
    except RPCError as error:
        _pass_if_ended(error)


def _pass_if_ended(error: RPCError) -> None:
    if error.status is not RPCStatusCode.NOT_FOUND:
        raise error
