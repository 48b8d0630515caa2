"""The verbs of single processes: the worker, the migration, the codec endpoint."""

import asyncio
import os
import signal
import sys
from typing import Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, out, print_json, verb
from schemas.errors import SafepathError, SettingsError

QUEUES = ("journeys",)


def worker(
    queue: Annotated[str, typer.Argument(help="Which worker: journeys.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Run a worker until it is stopped: SIGTERM or Ctrl-C lets it finish what it began.

    It finds its servers by settings (SAFEPATH_DSN_JOURNEYS, TEMPORAL_ADDRESS, …; see
    docs/operations.md), or in the data directory of a running `safepath up`.
    """
    from commands.console import err
    from infra.settings import find_installation
    from infra.tracing import send_spans, watch_over
    from workers.journeys import run_journeys

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    async def work() -> None:
        if queue not in QUEUES:
            raise SettingsError(f"There is no worker {queue!r}: there is {', '.join(QUEUES)}.")
        installation = find_installation(data_dir)
        watch_over(installation)
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        await run_journeys(installation, stop, say)

    code = 0
    try:
        asyncio.run(work())
    except SafepathError as error:
        err.print(f"safepath: {error}")
        code = error.exit_code
    # A worker that stops while workflows are open can abort when the interpreter ends
    # (temporalio 1.35): everything is flushed and closed by now, so leave without it.
    send_spans()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


@verb
async def migrate(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Bring the database named by SAFEPATH_DSN_OWNER to the newest schema.

    `safepath up` does this by itself for its own database.
    """
    from infra.migrations import migrate as apply_migrations
    from infra.settings import owner_dsn

    lines: list[str] = []
    applied = await apply_migrations(owner_dsn(data_dir), embedded=False, say=lines.append)
    if as_json:
        print_json({"applied": applied})
        return
    for line in lines:
        out.print(f"  {line}")
    out.print(f"{applied} applied; the schema is up to date." if applied else "Up to date.")


@verb
async def codec_endpoint(
    port: Annotated[int, typer.Option(help="Where to listen, on loopback.")],
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
) -> None:
    """Let Temporal's pages show operations text: never case content."""
    from infra.keys import read_key_file
    from infra.stack.layout import StackPaths
    from infra.stack.secrets import KeyFile, key_file
    from infra.stack.state import read_state
    from web.codec_endpoint import serve_codec

    state = read_state(data_dir)
    if state is None:
        raise SettingsError("The codec endpoint belongs to a stack: start it with `safepath up`.")
    key = read_key_file(key_file(StackPaths.at(data_dir), KeyFile.OPERATIONS))
    await serve_codec(key, state.temporal_ui, port)
