"""Our own processes in the embedded stack: the codec endpoint and the worker of journeys."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import datetime

from infra.stack.child import ChildSpec
from infra.stack.layout import StackPaths
from infra.stack.state import LOOPBACK, Ports
from infra.stack.temporal import is_polled

Services = Callable[[StackPaths, Ports], Sequence[ChildSpec]]
"""Which of our own processes to run beside the servers, in the order of their start."""

CODEC = "codec"
WORKER = "worker-journeys"
JOURNEYS = "journeys"  # the namespace and its task queue
_METRICS = "SAFEPATH_METRICS_ADDRESS"
_ANSWER_WITHIN = 2.0


def our_services(paths: StackPaths, ports: Ports) -> Sequence[ChildSpec]:
    """The codec endpoint and the journeys worker."""
    return (codec_spec(paths, ports), worker_spec(paths, ports))


def no_services(_: StackPaths, __: Ports) -> Sequence[ChildSpec]:
    """The servers alone."""
    return ()


def codec_spec(paths: StackPaths, ports: Ports) -> ChildSpec:
    """The endpoint where Temporal's web pages ask for payloads in the clear."""

    async def ready(_: datetime) -> bool:
        return await says_ok(ports.codec, "/healthz")

    place = ("--data-dir", str(paths.data_dir), "--port", str(ports.codec))
    return ChildSpec(
        name=CODEC,
        title="the codec endpoint",
        argv=(*_safepath(), "codec-endpoint", *place),
        death_signal=signal.SIGKILL,
        log=paths.log_of(CODEC),
        ready=ready,
    )


def worker_spec(paths: StackPaths, ports: Ports) -> ChildSpec:
    """The worker of journeys; ready when Temporal has seen it poll. It is scraped on our port."""

    async def ready(started_at: datetime) -> bool:
        return await is_polled(ports, JOURNEYS, JOURNEYS, started_at)

    return ChildSpec(
        name=WORKER,
        title="the journeys worker",
        argv=(*_safepath(), "worker", "journeys", "--data-dir", str(paths.data_dir)),
        death_signal=signal.SIGKILL,  # a step that hangs must not outlive a killed `up`
        log=paths.log_of(WORKER),
        ready=ready,
        env={**os.environ, _METRICS: f"{LOOPBACK}:{ports.worker_metrics}"},
        stop_within=20.0,
    )


async def says_ok(port: int, path: str) -> bool:
    """Whether something on this port of the loopback answers GET `path` with 200."""
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            try:
                request = f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}:{port}\r\n\r\n"
                writer.write(request.encode("ascii"))
                status = await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
    return status.split()[1:2] == [b"200"]


def _safepath() -> tuple[str, ...]:
    # -P: whatever lies in the current directory must not stand in for our modules.
    return (sys.executable, "-P", "-m", "safepath")
