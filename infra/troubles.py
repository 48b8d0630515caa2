"""The register of work that keeps failing: noted by the worker, repaired by operations staff.

It holds codes and references only. A step that fails once or twice is no trouble; one that still
fails after some seconds is, and somebody is told of it within a minute.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from activities.ports import Notices
from infra.database import Pool, Scope, transaction
from infra.metrics.counters import QUARANTINED
from infra.statements import statements
from infra.telemetry import code_of, log
from schemas.errors import RecordError, SafepathError
from schemas.ids import CaseRef, case_of_workflow
from schemas.snapshot import Dispatch, DispatchKind, NoticeTemplate
from schemas.troubles import Place, Trouble

_SQL = statements("troubles")
_NOT_A_CODE = re.compile(r"[^A-Za-z_]")
OPERATIONS = "operations"
"""Whom notices of stuck work are for."""
NOTED_AFTER = 10.0
"""Seconds for which a step may fail before it counts as stuck."""
_FORGOTTEN_AFTER = 1_500.0
"""Seconds after which a step that failed here is tried by somebody else; longer than any rest."""


@dataclass(frozen=True)
class Step:
    """What fails, and where."""

    workflow_id: str
    name: str

    @property
    def case_ref(self) -> CaseRef | None:
        """Its case; None where the workflow is none of ours."""
        return case_of_workflow(self.workflow_id)


@dataclass(frozen=True)
class _Failing:
    """A step since it failed first, in this worker's memory."""

    since: float
    last: float
    attempts: int
    code: str


class Troubles:
    """Notes what keeps failing and what no longer does, for every case.

    What steps say is only remembered, so that watching costs them nothing; `flush` writes it. An
    outage of the record cannot be written into the record: it is seen in logs and metrics, and the
    steps it stopped are noted when it is over, if they still fail then.
    """

    def __init__(self, pool: Pool, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._failing: dict[Step, _Failing] = {}
        self._unwritten: set[Step] = set()
        self._over: set[Step] = set()
        self._open: set[Step] = set()

    def failed(self, step: Step, code: str) -> None:
        """An attempt of the step failed."""
        before, now = self._failing.get(step), self._clock()
        since, attempts = (before.since, before.attempts + 1) if before else (now, 1)
        self._failing[step] = _Failing(since, now, attempts, code)
        self._unwritten.add(step)

    def worked(self, step: Step) -> None:
        """The step was taken."""
        self._failing.pop(step, None)
        self._unwritten.discard(step)
        if step in self._open:
            self._over.add(step)

    def put_aside(self, workflow_id: str, code: str) -> None:
        """A payload of the workflow could not be opened, and never will be: noted at once."""
        step = Step(workflow_id, Place.PAYLOAD)
        log().error("payload_put_aside", workflow_id=workflow_id, code=code)
        QUARANTINED.labels(code).inc()
        now = self._clock()
        self._failing[step] = _Failing(now - NOTED_AFTER, now, 1, code)
        self._unwritten.add(step)

    async def flush(self) -> None:
        """Write what has failed for long enough, and what does not fail any more.

        What failed once and was never tried again here is forgotten: somebody else took it.

        Raises:
            UnreachableError: the record is away; what is unwritten is written later.
        """
        for step in sorted(self._unwritten, key=str):
            known = self._failing.get(step)
            if known is not None and known.last - known.since >= NOTED_AFTER:
                await self._note_failing(step, known)
            elif known is None or self._clock() - known.last >= _FORGOTTEN_AFTER:
                self._unwritten.discard(step)
                self._failing.pop(step, None)
        for step in sorted(self._over, key=str):
            await self.settle(step)

    async def _note_failing(self, step: Step, known: _Failing) -> None:
        self._unwritten.discard(step)
        lasting = timedelta(seconds=self._clock() - known.since)
        try:
            await self.note(step, known.code, lasting, known.attempts)
        except RecordError as error:  # one row that is refused is not the others'
            log().error("trouble_unwritten", workflow_id=step.workflow_id, code=error.code)
        except SafepathError:
            self._unwritten.add(step)
            raise
        if step.name == Place.PAYLOAD:  # nothing tries it again, so nothing ends it here
            self._failing.pop(step, None)
        elif step not in self._failing:  # it worked while this was being written
            self._over.add(step)

    async def note(
        self, step: Step, code: str, since: timedelta = timedelta(0), attempts: int = 1
    ) -> None:
        """Keep a row of the trouble until it is settled; noting it again brings it up to date.

        Args:
            step: what fails.
            code: an error's code or an exception's kind.
            since: for how long it has failed.
            attempts: how often it was tried, as far as this worker knows.

        Raises:
            UnreachableError: the record is away.
        """
        if step.case_ref is None:
            log().error("stuck", workflow_id=step.workflow_id, code=code)
            return
        values = (step.workflow_id, tidy(step.name), step.case_ref, tidy(code), attempts, since)
        async with transaction(self._pool, Scope()) as connection:
            await connection.execute(_SQL["note_trouble"], *values)
        self._open.add(step)

    async def settle(self, step: Step) -> None:
        """It does not fail any more."""
        async with transaction(self._pool, Scope()) as connection:
            await connection.execute(_SQL["settle_trouble"], step.workflow_id, tidy(step.name))
        self._open.discard(step)
        self._over.discard(step)

    async def refresh(self) -> tuple[Trouble, ...]:
        """What is open now, noted by whichever worker."""
        async with transaction(self._pool, Scope()) as connection:
            rows = await connection.fetch(_SQL["list_troubles"])
        found = tuple(Trouble.model_validate(dict(row)) for row in rows)
        self._open = {Step(one.workflow_id, one.step) for one in found}
        return found

    async def under_way(self) -> dict[CaseRef, str]:
        """Every case whose clockwork has to run, with the organisation that leads it."""
        async with transaction(self._pool, Scope()) as connection:
            rows = await connection.fetch(_SQL["list_under_way"])
        return {CaseRef(row["case_ref"]): row["owner"] for row in rows}

    async def alert(self, notices: Notices) -> int:
        """Tell operations of what nobody was told of yet; returns how much that was."""
        async with transaction(self._pool, Scope()) as connection:
            rows = await connection.fetch(_SQL["list_unalerted"])
        for row in rows:
            trouble = Trouble.model_validate(dict(row))
            log().error("stuck", workflow_id=trouble.workflow_id, code=trouble.code)
            try:
                await notices.post(trouble.case_ref, _notice(trouble))
            except Exception as error:  # noqa: BLE001 - the sink may be what is stuck
                log().error("alert_waits", workflow_id=trouble.workflow_id, code=code_of(error))
                continue
            async with transaction(self._pool, Scope()) as connection:
                await connection.execute(_SQL["mark_alerted"], trouble.workflow_id, trouble.step)
        return len(rows)


def _notice(trouble: Trouble) -> Dispatch:
    return Dispatch(
        key=f"stuck/{trouble.workflow_id}/{trouble.step}/{trouble.since.isoformat()}",
        kind=DispatchKind.NOTICE,
        to_organisation=OPERATIONS,
        template=NoticeTemplate.STUCK,
    )


def tidy(code: str) -> str:
    """A code as the register takes it: letters and underscores, sixty at the most."""
    return _NOT_A_CODE.sub("_", code)[:60] or "unknown"
