"""Walking the journey of the bare workflows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from temporalio.client import Client

from bench.arrivals import Arrivals
from bench.bare import NAMESPACE, QUEUE, BareJourney, BareReferral
from bench.histories import Count, counted, ended, settled
from bench.steps import ANSWERS, CLOSING, DECISIONS, running_state, step_arrivals
from bench.walks import Pause, Walk


@dataclass(frozen=True)
class Bare:
    """Whoever sends the messages, and sees referrals arrive."""

    arrivals: Arrivals
    temporal: Client

    async def walk(self, pause: Pause) -> Walk:
        """One journey, from its start to the end of its workflows."""
        name = uuid4().hex
        workflows = (name, f"{name}/referral")
        began = perf_counter()
        parent = await self.temporal.start_workflow(
            BareJourney.run, name, id=name, task_queue=QUEUE
        )
        started = perf_counter()
        for what in DECISIONS:
            await pause(workflows)
            await parent.execute_update(BareJourney.decide, what)
        await self.arrivals.of(name)
        child = self.temporal.get_workflow_handle(workflows[1])
        for what in ANSWERS:
            await pause(workflows)
            await child.signal(BareReferral.answer, what)
        await ended(self.temporal, workflows[1])
        for what in CLOSING:
            await pause(workflows)
            await parent.execute_update(BareJourney.decide, what)
        closed = perf_counter()
        await ended(self.temporal, workflows[0])
        return Walk(closed - began, started - began, workflows)

    async def count(self) -> Count:
        """The histories of a journey whose messages each met it at rest."""
        walk = await self.walk(partial(settled, self.temporal))
        return await counted(self.temporal, walk.workflows)


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Bare]:
    """A client of the stack that runs, and its table."""
    address = running_state(data_dir).temporal_address
    async with step_arrivals(data_dir) as arrivals:
        yield Bare(arrivals, await Client.connect(address, namespace=NAMESPACE))
