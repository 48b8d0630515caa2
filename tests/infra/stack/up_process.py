"""A stack with stand-ins for our own processes, until it is asked to stop: run by tests."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.stack.child import ChildSpec, Say
from infra.stack.layout import StackPaths
from infra.stack.serving import serve
from infra.stack.stack import EmbeddedStack, StackPlan
from infra.stack.state import Ports
from schemas.errors import StackError
from tests.infra.stack.standins import a_child


def _standins(paths: StackPaths, _: Ports) -> Sequence[ChildSpec]:
    return (a_child(paths.logs, name="codec"), a_child(paths.logs, name="worker"))


async def _nothing_to_migrate(_: str, __: Say) -> None:
    return


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def _main(data_dir: str, servers: Sequence[str]) -> int:
    plan = StackPlan(
        paths=StackPaths.at(Path(data_dir)),
        services=_standins,
        migrate=_nothing_to_migrate,
        servers=frozenset(servers),
    )
    try:
        await serve(EmbeddedStack(plan, _say), _say, lambda _: _say("ready"))
    except StackError as error:
        _say(str(error))
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main(sys.argv[1], sys.argv[2:])))
