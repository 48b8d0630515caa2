"""Looking at a stack that should be running: does each part answer, and do its work?"""

from datetime import UTC, datetime

import asyncpg
from temporalio.service import RPCError

from infra.builds import NO_BUILD_IS_CURRENT, read_builds
from infra.migrations import pending
from infra.stack import postgres, temporal
from infra.stack.finding import Finding, fail, ok
from infra.stack.layout import StackPaths
from infra.stack.processes import is_alive
from infra.stack.secrets import Role
from infra.stack.services import CODEC, JOURNEYS, WORKER, says_ok
from infra.stack.state import StackState, dsn
from schemas.errors import SafepathError


def check_children(paths: StackPaths, state: StackState) -> Finding:
    """Whether every child that should run does."""
    missing = [
        name
        for name in state.expected
        if name not in state.children or not is_alive(state.children[name])
    ]
    if missing:
        return fail(
            "processes",
            f"not running at the moment: {', '.join(missing)}",
            f"it is started again by itself; if it stays so, {paths.log_of(missing[0])} says why",
        )
    return ok("processes", ", ".join(f"{name} {c.pid}" for name, c in state.children.items()))


async def check_postgres(paths: StackPaths, state: StackState) -> Finding:
    """Whether PostgreSQL lets us in."""
    try:
        answers = await postgres.answers(paths, state.ports)
    except SafepathError as error:
        found, advice = str(error).split(": ", 1)
        return fail("PostgreSQL", found, advice)
    return _answering("PostgreSQL", answers, state.postgres_address, paths, postgres.NAME)


async def check_schema(paths: StackPaths, state: StackState) -> Finding:
    """Whether every migration has been applied."""
    try:
        behind = await pending(dsn(Role.OWNER, state, paths))
    except (SafepathError, OSError, asyncpg.PostgresError, TimeoutError) as error:
        found = f"cannot be examined ({type(error).__name__})"
        return fail("schema", found, "see what is said of PostgreSQL")
    if behind:
        return fail(
            "schema", f"not applied yet: {', '.join(behind)}", "stop safepath up and start it again"
        )
    return ok("schema", "up to date")


async def check_temporal(paths: StackPaths, state: StackState) -> Finding:
    """Whether Temporal answers and knows our namespaces."""
    answers = await temporal.answers(state.ports)
    return _answering("Temporal", answers, state.temporal_address, paths, temporal.NAME)


async def check_temporal_ui(paths: StackPaths, state: StackState) -> Finding:
    """Whether Temporal's web pages answer."""
    answers = await says_ok(state.ports.ui, "/")
    return _answering("Temporal's web pages", answers, state.temporal_ui, paths, temporal.NAME)


async def check_codec(paths: StackPaths, state: StackState) -> Finding:
    """Whether the codec endpoint answers."""
    answers = await says_ok(state.ports.codec, "/healthz")
    return _answering("codec endpoint", answers, state.codec_endpoint, paths, CODEC)


async def check_worker(paths: StackPaths, state: StackState) -> Finding:
    """Whether a worker asks for the work of journeys."""
    since = datetime.now(UTC) - temporal.POLLED_WITHIN
    if await temporal.is_polled(state.ports, JOURNEYS, JOURNEYS, since):
        return ok("journeys worker", "polling")
    return fail(
        "journeys worker",
        "nobody asks for the work of journeys",
        f"{paths.log_of(WORKER)} says why",
    )


async def check_builds(paths: StackPaths, state: StackState) -> Finding:  # noqa: ARG001
    """Whether what runs on a build of the worker has a worker, where builds are told apart."""
    since = datetime.now(UTC) - temporal.POLLED_WITHIN
    try:
        builds = await read_builds(await temporal.connect(state.ports), JOURNEYS, since)
    except (RPCError, RuntimeError) as error:
        found = f"cannot be examined ({type(error).__name__})"
        return fail("builds", found, "see what is said of Temporal")
    if builds is None:
        return ok("builds", "not told apart")
    if builds.current is None:
        return fail("builds", *NO_BUILD_IS_CURRENT.split(": ", 1))
    if builds.left_alone:
        alone = ", ".join(f"{build.build_id} ({build.running})" for build in builds.left_alone)
        return fail(
            "builds",
            f"journeys wait on builds whose workers are gone: {alone}",
            "start a worker of each, and keep it until nothing runs on it",
        )
    running = ", ".join(f"{build.running} on {build.build_id}" for build in builds.known)
    return ok("builds", f"{builds.current} is current; running: {running}")


async def check_journeys(paths: StackPaths, state: StackState) -> Finding:  # noqa: ARG001
    """Whether a journey came to grief."""
    try:
        troubled = await temporal.count_troubled(state.ports)
    except (RPCError, RuntimeError) as error:
        found = f"cannot be examined ({type(error).__name__})"
        return fail("journeys", found, "see what is said of Temporal")
    if troubled:
        return fail(
            "journeys",
            f"{troubled} failed, or keep failing at the same step",
            f"look at them in Temporal's web pages, {state.temporal_ui}",
        )
    return ok("journeys", "none has failed")


def _answering(name: str, answers: bool, address: str, paths: StackPaths, child: str) -> Finding:
    if answers:
        return ok(name, f"answers at {address}")
    return fail(name, f"does not answer at {address}", f"{paths.log_of(child)} says why")
