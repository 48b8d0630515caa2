"""What a worker looks out for: which build is current, and whether its clock is right.

Neither stops it, because support does not wait for either; both would be silent otherwise.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from temporalio.client import Client
from temporalio.service import RPCError

from infra.builds import NO_BUILD_IS_CURRENT, current_build
from infra.clocks import TOLERATED, agrees_with_temporal, ahead_of_record
from infra.database import Pool
from infra.telemetry import code_of, log
from infra.temporal import JOURNEYS
from schemas.errors import SafepathError

_LOOK_EVERY = 60.0


@dataclass(frozen=True)
class Sight:
    """Something an operator should know: a code for the log, and a sentence."""

    code: str
    sentence: str


class Lookout:
    """A worker's lookout.

    Args:
        pool: of the record.
        client: of the namespace of journeys.
        build: which build the worker is; None, if it has none.
    """

    def __init__(self, pool: Pool, client: Client, build: str | None) -> None:
        self._pool = pool
        self._client = client
        self._build = build

    async def report(self, say: Callable[[str], None], *, has_polled: bool = False) -> None:
        """Look once, and say and log what is seen.

        Args:
            say: who hears the sentences.
            has_polled: whether the worker has polled long enough to learn Temporal's time by it.
        """
        try:
            async for sight in self._sights(has_polled=has_polled):
                say(sight.sentence)
                log().warning(sight.code)
        except (SafepathError, RPCError) as error:
            log().warning("lookout_waits", code=code_of(error))

    async def keep(self) -> None:
        """Look again every minute, for ever, and log what is seen."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            await self.report(lambda _: None, has_polled=True)

    async def _sights(self, *, has_polled: bool) -> AsyncIterator[Sight]:
        ahead = (await ahead_of_record(self._pool)).total_seconds()
        if abs(ahead) > TOLERATED.total_seconds():
            way = "ahead of" if ahead > 0 else "behind"
            yield Sight(
                "clock_is_wrong",
                f"this machine's clock is {abs(ahead):.0f} s {way} PostgreSQL's: set it right; "
                "no text goes to anybody until then",
            )
        elif has_polled and not await agrees_with_temporal(self._client, JOURNEYS):
            yield Sight("clock_is_wrong", "this machine's clock is not Temporal's: set both right")
        current = await current_build(self._client)
        if self._build and current is None:
            yield Sight("no_build_is_current", NO_BUILD_IS_CURRENT)
        elif current is not None and current != self._build:
            what = f"build {self._build}" if self._build else "a worker without a build"
            yield Sight(
                "another_build_is_current",
                f"{what} gets no new journeys: they begin on {current}, which is current",
            )
