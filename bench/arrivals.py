"""Waiting until a referral has arrived at its service: one cheap look for all who wait.

The same in every arm, so that no arm pays for watching what another gets for nothing.
"""

import asyncio
from typing import Any

import asyncpg

LOOK_EVERY = 0.005
"""Seconds between two looks, while anybody waits."""


class Arrivals:
    """Looks on one connection of its own, with one statement, for every journey that waits."""

    def __init__(self, connection: "asyncpg.Connection[Any]", arrived: str) -> None:
        """Watch with `arrived`: a statement from an array of journeys to those that arrived."""
        self._connection = connection
        self._arrived = arrived
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    async def of(self, journey: str) -> None:
        """Return once the referral of this journey has arrived."""
        arrived = self._waiting[journey] = asyncio.get_running_loop().create_future()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        await arrived

    async def _look(self) -> None:
        try:
            while self._waiting:
                for row in await self._connection.fetch(self._arrived, list(self._waiting)):
                    self._waiting.pop(row[0]).set_result(None)
                if self._waiting:
                    await asyncio.sleep(LOOK_EVERY)
        except Exception as error:  # noqa: BLE001 - whoever waits is told, and nobody waits for ever
            for arrived in self._waiting.values():
                arrived.set_exception(error)
            self._waiting.clear()
