"""Our worker as a process whose network and whose end a test decides: run by tests.

Arguments: data directory, the ports at which it finds PostgreSQL and Temporal, and the fuse.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from temporalio.client import Client

from infra.settings import find_installation
from infra.telemetry import configure
from tests.faults.crashing import CrashingSteps, Fuse
from tests.faults.stage import through
from workers.journeys import connected, journeys_worker, put_down, relay


async def _main(data_dir: Path, postgres: int, temporal: int, fuse: Fuse) -> None:
    configure(log_on=True)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    installation = through(find_installation(data_dir), postgres=postgres, temporal=temporal)
    async with connected(installation) as world:
        config = world.client.config()
        config["interceptors"] = [*config["interceptors"], CrashingSteps(fuse)]
        ports = (Client(**config), world.record, world.notices, world.contacts)
        async with journeys_worker(*ports, troubles=world.troubles):
            relaying = asyncio.create_task(relay(world))
            await stop.wait()
            await put_down(relaying)


if __name__ == "__main__":
    folder, postgres_port, temporal_port, fuse_file = sys.argv[1:]
    place = (Path(folder), int(postgres_port), int(temporal_port), Fuse(Path(fuse_file)))
    asyncio.run(_main(*place))
    os._exit(0)  # as our worker ends (commands/services.py)
