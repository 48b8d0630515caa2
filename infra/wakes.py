"""Waking workflows: starting a journey that has none, and saying that the record changed."""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowHandle
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.service import RPCError, RPCStatusCode

from infra.database import Connection, Pool, Scope, transaction
from infra.statements import statements
from infra.telemetry import log, span
from infra.temporal import JOURNEYS
from infra.troubles import Step, Troubles
from schemas.errors import KeyUnavailableError, UnreachableError
from schemas.ids import (
    CaseRef,
    case_of_workflow,
    journey_workflow_id,
    referral_of_workflow,
)
from schemas.messages import (
    JOURNEY,
    QUIET,
    RECORD_CHANGED,
    REFERRAL,
    StartJourney,
    StartReferral,
)
from schemas.operations import Said, operations_text
from schemas.troubles import Place

_SQL = statements("reading")
_AT_ONCE = 200
_UNIT = SearchAttributeKey.for_keyword("OwningUnit")


async def wake(connection: Connection, client: Client, workflow_id: str, owner: str) -> None:
    """Have a workflow look at the record: start the journey if need be, or signal it.

    Of a case that two people decided to erase no workflow is started or told; and nobody decides
    that before the end of this transaction, so none is left under way by it.

    A journey that has ended begins another run, reads the record, and ends at once where nothing
    is left to do: so a case that was opened again has its clock. A referral's workflow that has
    ended needs no waking, and one that has not begun will read the record when it does.

    Raises:
        UnreachableError: Temporal does not answer.
    """
    case_ref = case_of_workflow(workflow_id)
    if case_ref is None or not await connection.fetchval(_SQL["may_wake"], case_ref):
        return
    try:
        if workflow_id == journey_workflow_id(case_ref):
            with span("temporal.start", workflow_id=workflow_id):
                await start_journey(client, case_ref, owner)
        else:
            with span("temporal.signal", workflow_id=workflow_id):
                await client.get_workflow_handle(workflow_id).signal(RECORD_CHANGED)
    except RPCError as error:
        if error.status is not RPCStatusCode.NOT_FOUND:
            raise UnreachableError("Temporal does not answer.") from None


async def begin(
    connection: Connection, client: Client, workflow_id: str, owner: str | None
) -> bool:
    """Begin a workflow that does not run from what the record says; one that runs looks again.

    False: it is none of ours, or of a case that two people decided to erase.

    Args:
        connection: in a transaction, until whose end nobody decides that.
        client: of the namespace of journeys.
        workflow_id: of a journey or of a referral.
        owner: who leads the case; None: not known, as of a closed one.

    Raises:
        RPCError: Temporal is away.
    """
    case_ref, number = case_of_workflow(workflow_id), referral_of_workflow(workflow_id)
    if case_ref is None or not await connection.fetchval(_SQL["may_wake"], case_ref):
        return False
    if number is not None:
        await client.start_workflow(
            REFERRAL,
            StartReferral(case_ref=case_ref, referral=number, revision=QUIET),
            id=workflow_id,
            task_queue=JOURNEYS,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            start_signal=RECORD_CHANGED,
            static_summary=operations_text(
                Said.REFERRAL, number, Said.REQUESTED, datetime.now(UTC)
            ),
        )
        return True
    if workflow_id == journey_workflow_id(case_ref):
        await start_journey(client, case_ref, owner or "")
        return True
    return False


async def start_journey(
    client: Client, case_ref: CaseRef, owner: str
) -> WorkflowHandle[None, None]:
    """Start a case's journey, or nudge the one that runs."""
    return await client.start_workflow(
        JOURNEY,
        StartJourney(case_ref=case_ref, revision=QUIET),
        id=journey_workflow_id(case_ref),
        task_queue=JOURNEYS,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        start_signal=RECORD_CHANGED,
        static_summary=operations_text(Said.OPENED, datetime.now(UTC)),
        search_attributes=TypedSearchAttributes([SearchAttributePair(_UNIT, owner)]),
    )


async def send_wakes(
    pool: Pool,
    client: Client,
    scope: Scope,
    *,
    case_ref: CaseRef | None = None,
    older_than: timedelta = timedelta(0),
    troubles: Troubles | None = None,
) -> int:
    """Send the wakes that are kept in the record; returns how many there were.

    The desk sends those of its case at once; the worker's relay sends what was left over when a
    desk died or Temporal was away.
    """
    async with transaction(pool, scope, case_ref) as connection:
        rows = await connection.fetch(_SQL["read_wakes"], older_than, _AT_ONCE, case_ref)
    for row in rows:
        step = Step(row["workflow_id"], Place.WAKE)
        try:
            async with transaction(pool, scope, row["case_ref"]) as connection:
                await wake(connection, client, step.workflow_id, row["owner"])
                await connection.execute(_SQL["settle_wake"], row["id"])
        except KeyUnavailableError as error:  # one case's trouble is not the others'
            log().warning("wake_failed", workflow_id=step.workflow_id, code=error.code)
            if troubles is not None:
                troubles.failed(step, error.code)
            continue
        if troubles is not None:
            troubles.worked(step)
    return len(rows)
