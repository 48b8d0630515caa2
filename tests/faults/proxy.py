"""A network that can be made to fail: one listening port in front of one server.

What it holds back is not lost. When the silence ends it arrives late, as TCP brings it: a COMMIT
that its sender gave up may still be carried out.
"""

import asyncio
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from enum import StrEnum

from infra.stack.state import LOOPBACK

_AT_ONCE = 1 << 16
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Way(StrEnum):
    """A direction, as whoever connects sees it."""

    THERE = "there"
    BACK = "back"


class Met(StrEnum):
    """What happened to a connection or to a piece of what it carries."""

    DELAYED = "delayed"
    HELD = "held"
    RESET = "reset"
    REFUSED = "refused"


class Proxy:
    """Carries bytes to `target`, as badly as it is told to, and counts what it did."""

    def __init__(self) -> None:
        self.target = 0
        self.port = 0
        self.met: Counter[Met] = Counter()
        self._latency = 0.0
        self._is_cut = False
        self._flows = {way: asyncio.Event() for way in Way}
        self._writers: set[asyncio.StreamWriter] = set()
        for flow in self._flows.values():
            flow.set()

    def reset(self) -> int:
        """Reset every connection there is; how many."""
        found = list(self._writers)
        self._writers.clear()
        for writer in found:
            raw = writer.get_extra_info("socket")
            if raw is not None and raw.fileno() >= 0:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            writer.transport.abort()
        self.met[Met.RESET] += len(found)
        return len(found)

    @contextmanager
    def slow(self, seconds: float) -> Iterator[None]:
        """Every piece takes so much longer, either way."""
        self._latency = seconds
        try:
            yield
        finally:
            self._latency = 0.0

    @contextmanager
    def silent(self, *ways: Way) -> Iterator[None]:
        """Connections are there, new ones are accepted, and nothing comes through that way."""
        for way in ways:
            self._flows[way].clear()
        try:
            yield
        finally:
            for way in ways:
                self._flows[way].set()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """A partition: what there is breaks, and what is new is refused."""
        self._is_cut = True
        self.reset()
        try:
            yield
        finally:
            self._is_cut = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection until either end closes it."""
        self._writers.add(writer)
        try:
            if self._is_cut:
                self.met[Met.REFUSED] += self.reset()
                return
            there = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:  # the server is down, and its clients see it as such
            writer.transport.abort()
            return
        self._writers.add(there[1])
        await asyncio.gather(
            self._pump(reader, there[1], Way.THERE), self._pump(there[0], writer, Way.BACK)
        )

    async def _pump(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: Way
    ) -> None:
        try:
            while piece := await reader.read(_AT_ONCE):
                await self._hold_up(way)
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass  # it was reset, by us or by an end that died
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _hold_up(self, way: Way) -> None:
        if self._latency:
            self.met[Met.DELAYED] += 1
            await asyncio.sleep(self._latency)
        if not self._flows[way].is_set():
            self.met[Met.HELD] += 1
            await self._flows[way].wait()


@asynccontextmanager
async def a_proxy() -> AsyncIterator[Proxy]:
    """A proxy on a free port of the loopback; its target is set before anybody connects."""
    proxy = Proxy()
    server = await asyncio.start_server(proxy.carry, LOOPBACK, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        proxy.reset()
