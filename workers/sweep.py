"""The sweep: workflows that Temporal cannot go on with, that ended badly, or that are missing.

A step that fails says so itself (`workers.watch`). What nothing runs can say nothing, so it is
looked for. What ended badly or is missing is started again by itself: a workflow reads the record
when it begins, and ends at once where nothing is left to do. Somebody is told all the same.
"""

from datetime import UTC, datetime, timedelta

from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from infra.database import Pool, Scope, transaction
from infra.telemetry import log
from infra.troubles import Step, Troubles
from infra.wakes import begin
from schemas.errors import KeyUnavailableError
from schemas.ids import CaseRef, case_of_workflow, journey_workflow_id
from schemas.messages import JOURNEY
from schemas.troubles import Place, Trouble, TroubleCode

SWEPT_EVERY = timedelta(seconds=15)
_LISTED_EVERY = 2
"""Sweeps: each lists every journey that runs, a thousand at a time."""
_SILENT_AFTER = timedelta(minutes=25)
_LOOKED_BACK = timedelta(days=1)
_AT_ONCE = 1_000
_RUNS = 'ExecutionStatus = "Running"'
_TASKS_FAIL = f"{_RUNS} AND TemporalReportedProblems IS NOT NULL"
_JOURNEYS_RUN = f'WorkflowType = "{JOURNEY}" AND {_RUNS}'
_ENDED_BADLY = 'ExecutionStatus IN ("Failed", "Terminated", "TimedOut", "Canceled")'
_GOES_ON = (WorkflowExecutionStatus.RUNNING, WorkflowExecutionStatus.CONTINUED_AS_NEW)
_IS_DONE = (*_GOES_ON, WorkflowExecutionStatus.COMPLETED)


class Sweep:
    """Looks at everything that runs, and remembers what it suspected the time before."""

    def __init__(self, pool: Pool, client: Client, troubles: Troubles) -> None:
        self._pool = pool
        self._client = client
        self._troubles = troubles
        self._suspects: set[str] = set()
        self._found_missing: set[str] = set()
        self._sweeps = 0
        self.leads: dict[CaseRef, str] = {}

    async def once(self) -> None:
        """Note what is found, start what is missing, settle what is found no more.

        Raises:
            UnreachableError: the record is away.
            RPCError: Temporal is away.
        """
        noted = await self._troubles.refresh()
        await self._note_failing_tasks(noted)
        self.leads = await self._troubles.under_way()
        ended = await self._ended_badly()
        found = ended | await self._missing()
        for workflow_id in sorted(found):
            code = TroubleCode.ENDED_BADLY if workflow_id in ended else TroubleCode.NO_CLOCK
            await self._begin(workflow_id, code)
        await self._settle(noted, Place.WORKFLOW, found)
        await self._settle_silent(noted)

    async def _begin(self, workflow_id: str, code: TroubleCode) -> None:
        """Begin it and say so; what cannot be begun for want of its key is said all the same."""
        case_ref = case_of_workflow(workflow_id)
        owner = self.leads.get(case_ref) if case_ref else None
        try:
            async with transaction(self._pool, Scope()) as connection:
                if not await begin(connection, self._client, workflow_id, owner):
                    return
        except KeyUnavailableError as error:
            log().warning("sweep_waits", workflow_id=workflow_id, code=error.code)
        await self._troubles.note(Step(workflow_id, Place.WORKFLOW), code)

    async def _settle_silent(self, noted: tuple[Trouble, ...]) -> None:
        """A step that has not failed for longer than any rest is not tried any more."""
        silent_since = datetime.now(UTC) - _SILENT_AFTER
        for one in noted:
            if one.step not in set(Place) and one.seen_at < silent_since:
                await self._troubles.settle(Step(one.workflow_id, one.step))

    async def _note_failing_tasks(self, noted: tuple[Trouble, ...]) -> None:
        failing = {one.id async for one in self._client.list_workflows(_TASKS_FAIL, limit=_AT_ONCE)}
        for workflow_id in sorted(failing):
            await self._troubles.note(
                Step(workflow_id, Place.WORKFLOW_TASK), TroubleCode.TASK_FAILS
            )
        await self._settle(noted, Place.WORKFLOW_TASK, failing)

    async def _settle(self, noted: tuple[Trouble, ...], place: Place, still: set[str]) -> None:
        for one in noted:
            if one.step == place and one.workflow_id not in still:
                await self._troubles.settle(Step(one.workflow_id, place))

    async def _ended_badly(self) -> set[str]:
        """Workflows of ours whose last run ended otherwise than by itself."""
        since = (datetime.now(UTC) - _LOOKED_BACK).isoformat()
        query = f'{_ENDED_BADLY} AND CloseTime > "{since}"'
        listed = {one.id async for one in self._client.list_workflows(query, limit=_AT_ONCE)}
        ours = sorted(one for one in listed if case_of_workflow(one))
        return {one for one in ours if await self._status(one) not in _IS_DONE}

    async def _missing(self) -> set[str]:
        """Journeys of cases under way that do not run, now and when they were listed before.

        Temporal's lists lag a little: a case that was opened just now is no suspect. Between two
        listings, what was missing and still does not run is missing.
        """
        self._sweeps += 1
        if self._sweeps % _LISTED_EVERY == 1:
            self._found_missing = await self._listed_missing()
        known = sorted(self._found_missing)
        self._found_missing = {one for one in known if await self._status(one) not in _GOES_ON}
        return self._found_missing

    async def _listed_missing(self) -> set[str]:
        listed = self._client.list_workflows(_JOURNEYS_RUN, page_size=_AT_ONCE)
        running = {one.id async for one in listed}
        suspects = {journey_workflow_id(case) for case in self.leads} - running
        missing, self._suspects = suspects & self._suspects, suspects
        return missing

    async def _status(self, workflow_id: str) -> WorkflowExecutionStatus | None:
        """How the last run of a workflow stands; None: Temporal knows of none."""
        try:
            return (await self._client.get_workflow_handle(workflow_id).describe()).status
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return None
            raise
