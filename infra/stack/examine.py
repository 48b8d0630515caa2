"""Everything `safepath doctor` looks at, in the order in which to mend it."""

import asyncio
from collections.abc import Awaitable, Iterator
from pathlib import Path

from infra.stack import file_checks, postgres, server_checks, temporal
from infra.stack.finding import Finding, fail
from infra.stack.layout import StackPaths, objection
from infra.stack.lock import is_held
from infra.stack.services import CODEC, WORKER
from infra.stack.state import StackState, read_state
from schemas.errors import StackError


async def examine(data_dir: Path) -> list[Finding]:
    """Look at the installation, at the data directory, and at what runs on it, if anything."""
    paths = StackPaths.at(data_dir)
    findings = [
        file_checks.check_programs(),
        file_checks.check_identity(),
        *file_checks.check_way_in(paths),
        file_checks.check_space(paths),
        file_checks.check_data_dir(paths),
    ]
    if objection(paths) is not None:
        return findings
    try:
        state = read_state(paths.data_dir)
    except StackError as error:
        found, advice = str(error).rsplit(": ", 1)
        return [*findings, fail("stack.json", found, advice)]
    findings += [file_checks.check_secrets(paths), file_checks.check_holder(paths, state)]
    if state is not None and is_held(paths.lock):
        findings.append(server_checks.check_children(paths, state))
        findings += await asyncio.gather(*_server_checks(paths, state))
    return findings


def _server_checks(paths: StackPaths, state: StackState) -> Iterator[Awaitable[Finding]]:
    expected = set(state.expected)
    if postgres.NAME in expected:
        yield server_checks.check_postgres(paths, state)
        yield server_checks.check_schema(paths, state)
    if temporal.NAME in expected:
        yield server_checks.check_temporal(paths, state)
        yield server_checks.check_temporal_ui(paths, state)
    if CODEC in expected:
        yield server_checks.check_codec(paths, state)
    if WORKER in expected:
        yield server_checks.check_worker(paths, state)
        yield server_checks.check_builds(paths, state)
        yield server_checks.check_journeys(paths, state)
