"""The whole stack with real servers: roles, namespaces, addresses and data that stay."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from temporalio.api.operatorservice.v1 import ListSearchAttributesRequest
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

from infra.stack.layout import StackPaths, mode_of
from infra.stack.processes import command_of
from infra.stack.secrets import Role, secret_files
from infra.stack.stack import running_stack
from infra.stack.state import StackState, dsn
from infra.stack.temporal import RETENTION, SEARCH_ATTRIBUTES
from tests.infra.stack.standins import (
    Listener,
    all_gone,
    command_line_of,
    descendants_of,
    is_root,
    until,
)

_LISTEN = "0A"  # as /proc/net/tcp writes it
_LOOPBACK = "0100007F"


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> StackPaths:
    """Where the stack of this module lives."""
    return StackPaths.at(tmp_path_factory.mktemp("stack") / "data")


@pytest.fixture(scope="module")
async def stack(paths: StackPaths) -> AsyncIterator[StackState]:
    """One running stack for the tests that only look."""
    async with running_stack(paths.data_dir, with_workers=False, say=Listener()) as state:
        yield state


@asynccontextmanager
async def _as(
    role: Role, stack: StackState, paths: StackPaths
) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn(role, stack, paths), ssl=False)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.POSTGRES])
async def test_our_roles_log_in_and_have_no_power_beyond_what_is_granted(
    stack: StackState, paths: StackPaths, role: Role
) -> None:
    """Least privilege: row-level security binds every one of them."""
    async with _as(role, stack, paths) as connection:
        row = await connection.fetchrow(
            "SELECT rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        )
    assert row is not None
    assert not any(row.values())


async def test_the_database_belongs_to_the_owner_of_the_schema(
    stack: StackState, paths: StackPaths
) -> None:
    """`sp_owner` migrates; the superuser stays out of it."""
    async with _as(Role.WEB, stack, paths) as connection:
        owner = await connection.fetchval(
            "SELECT datdba::regrole::text FROM pg_database WHERE datname = 'safepath'"
        )
    assert owner == "sp_owner"


async def test_our_roles_enter_no_other_database(stack: StackState, paths: StackPaths) -> None:
    """`postgres` is for the bootstrap alone."""
    elsewhere = dsn(Role.WEB, stack, paths).removesuffix("safepath") + "postgres"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(elsewhere, ssl=False)


async def test_nobody_enters_without_the_password(stack: StackState) -> None:
    """Being on this machine is not enough: no local trust."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(
            f"postgresql://postgres:guess@{stack.postgres_address}/safepath", ssl=False
        )


async def test_what_people_write_never_reaches_the_log_of_postgresql(
    stack: StackState, paths: StackPaths
) -> None:
    """Neither the statement that failed, nor its values, nor the message that quotes them."""
    async with _as(Role.WEB, stack, paths) as connection:
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.fetchval("SELECT 'Zuleika Dobson'::text::integer")
        with pytest.raises(asyncpg.RaiseError):
            await connection.execute("DO $$ BEGIN RAISE 'Zuleika'; END $$")
    log = paths.log_of("postgres").read_text()
    assert "ready to accept connections" in log
    assert "Zuleika" not in log


async def test_no_secret_shows_in_a_command_line_or_a_log(
    stack: StackState, paths: StackPaths
) -> None:
    """Everybody on a machine can read command lines."""
    shown = [command_line_of(child.pid) for child in stack.children.values()]
    shown += [log.read_text() for log in paths.logs.iterdir()] + [paths.state.read_text()]
    secrets = [file.read_text() for file in secret_files(paths)]
    assert not [secret for secret in secrets for text in shown if secret in text]


@pytest.mark.usefixtures("stack")
async def test_every_file_of_the_stack_is_closed_to_others(paths: StackPaths) -> None:
    """Directories 0700, files 0600."""
    top = [*paths.data_dir.iterdir(), *paths.logs.iterdir(), *paths.secrets.iterdir()]
    assert {(True, 0o700), (False, 0o600)} == {(p.is_dir(), mode_of(p)) for p in top}


@pytest.mark.skipif(not is_root(), reason="an ordinary user needs no namespace")
def test_root_runs_postgresql_as_nobody_without_giving_files_away(
    stack: StackState, paths: StackPaths
) -> None:
    """In a user namespace: on disk everything stays root's."""
    pid = stack.children["postgres"].pid
    namespace = Path(f"/proc/{pid}/uid_map").read_text().split()
    assert namespace == ["65534", "0", "1"]
    assert {0} == {file.stat().st_uid for file in paths.data_dir.rglob("*")}


@pytest.mark.parametrize("namespace", SEARCH_ATTRIBUTES)
async def test_a_namespace_keeps_a_month_and_has_its_own_search_attributes(
    stack: StackState, namespace: str
) -> None:
    """Those of `journeys` do not exist in `gate`: nothing crosses the wall by accident."""
    client = await Client.connect(stack.temporal_address, namespace=namespace)
    described = await client.workflow_service.describe_namespace(
        DescribeNamespaceRequest(namespace=namespace)
    )
    listed = await client.operator_service.list_search_attributes(
        ListSearchAttributesRequest(namespace=namespace)
    )
    assert described.config.workflow_execution_retention_ttl.ToTimedelta() == RETENTION
    assert dict(SEARCH_ATTRIBUTES[namespace]) == dict(listed.custom_attributes)


async def test_search_attributes_can_be_used_at_once(stack: StackState) -> None:
    """A journey may start the moment the stack says it is ready."""
    client = await Client.connect(stack.temporal_address, namespace="journeys")
    handle = await client.start_workflow(
        "AnyWorkflow",
        id="case/any/journey",
        task_queue="nobody-listens",
        search_attributes=TypedSearchAttributes(
            [
                SearchAttributePair(SearchAttributeKey.for_keyword("Awaiting"), "consent"),
                SearchAttributePair(SearchAttributeKey.for_bool("Overdue"), False),
                SearchAttributePair(SearchAttributeKey.for_datetime("NextDue"), datetime.now(UTC)),
            ]
        ),
    )
    await handle.terminate()


def test_everything_listens_on_the_loopback_only(stack: StackState) -> None:
    """No other machine can reach any part of the embedded stack."""
    assert command_of(stack.children["temporal"].pid) == "temporal"
    inodes = set()
    for child in stack.children.values():
        for handle in Path(f"/proc/{child.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # it was closed while this looked
                inodes |= set(re.findall(r"socket:\[(\d+)\]", str(handle.readlink())))
    tables = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
    rows = [line.split() for table in tables for line in table.read_text().splitlines()[1:]]
    listening = {row[1].split(":")[0] for row in rows if row[3] == _LISTEN and row[9] in inodes}
    assert listening == {_LOOPBACK}


async def test_a_stack_started_again_keeps_its_addresses_and_its_data(tmp_path: Path) -> None:
    """Work in progress goes on; bookmarks and shells still work."""
    paths, say = StackPaths.at(tmp_path / "data"), Listener()
    async with running_stack(paths.data_dir, with_workers=False, say=say) as first:
        client = await Client.connect(first.temporal_address, namespace="journeys")
        await client.start_workflow("AnyWorkflow", id="case/kept/journey", task_queue="none")
        async with _as(Role.OWNER, first, paths) as connection:
            await connection.execute("CREATE TABLE public.kept AS SELECT 'kept' AS word")
    assert all_gone(first.children)
    async with running_stack(paths.data_dir, with_workers=False, say=say) as second:
        client = await Client.connect(second.temporal_address, namespace="journeys")
        kept = await client.get_workflow_handle("case/kept/journey").describe()
        async with _as(Role.OWNER, second, paths) as connection:
            assert await connection.fetchval("SELECT word FROM public.kept") == "kept"
    assert first.ports == second.ports
    assert kept.status is not None


async def test_postgresql_alone_starts_for_tests_and_tools(tmp_path: Path) -> None:
    """No Temporal, no processes of ours."""
    servers = frozenset({"postgres"})
    async with running_stack(
        tmp_path / "data", with_workers=False, say=Listener(), servers=servers
    ) as state:
        assert {"postgres"} == set(state.children)
        assert descendants_of(state.children["postgres"].pid)
    await until(lambda: all_gone(state.children))
