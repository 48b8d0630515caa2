"""The desk of operations: what keeps failing, and its repair. Nothing of a case is shown."""

from infra.database import Pool
from infra.repairs import Repairs
from schemas.ids import CaseRef
from schemas.troubles import Repair, StuckPage, Why
from schemas.verbs import Verb
from web.counter import Counter


class RepairDesk:
    """Repairs that one person may make, each asked for by its right first."""

    def __init__(self, counter: Counter, pool: Pool) -> None:
        self._counter = counter
        self._repairs = Repairs(pool, counter.actor)

    async def list_stuck(self) -> StuckPage:
        """What keeps failing, and what is paused."""
        await self._counter.require(Verb.LIST_STUCK)
        return await self._repairs.list_stuck()

    async def retry(self, workflow_id: str, why: Why) -> None:
        """Ask for what fails to be tried again now.

        Raises:
            BadInputError: nothing is stuck there, or trying again cannot help.
        """
        await self._counter.require(Verb.RETRY_WORK)
        await self._repairs.ask(Repair.RETRY, workflow_id, why)

    async def redrive(self, workflow_id: str, why: Why) -> None:
        """Ask for a workflow to begin anew from the record.

        Raises:
            BadInputError: nothing is stuck there.
        """
        await self._counter.require(Verb.REDRIVE_WORK)
        await self._repairs.ask(Repair.REDRIVE, workflow_id, why)

    async def pause(self, case_ref: CaseRef, why: Why) -> bool:
        """Hold back what goes out of a case by itself; False: it was held back already."""
        await self._counter.require(Verb.PAUSE_CASE)
        return await self._repairs.pause(case_ref, why)

    async def resume(self, case_ref: CaseRef, why: Why) -> bool:
        """Let it go out again; False: nothing was held back."""
        await self._counter.require(Verb.RESUME_CASE)
        return await self._repairs.resume(case_ref, why)
