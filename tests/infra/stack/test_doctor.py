"""`doctor` with the stack up, down and broken: what it finds, advises, and exits with."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from infra.stack.examine import examine
from infra.stack.finding import Finding, Level, Verdict, verdict_on
from infra.stack.layout import StackPaths, prepare
from infra.stack.processes import identify
from infra.stack.secrets import KeyFile, Role, ensure_secrets, key_file
from infra.stack.stack import running_stack
from infra.stack.state import ChildState, Ports, StackState, dsn, write_state
from tests.infra.stack.standins import REPOSITORY, Listener, all_gone, an_up, until

_VERBS = """
import typer
from commands.system import doctor, up
app = typer.Typer()
app.command()(doctor)
app.command()(up)
app()
"""


@pytest.fixture
def paths(tmp_path: Path) -> StackPaths:
    """A stack that was prepared and is not running."""
    paths = StackPaths.at(tmp_path / "data")
    prepare(paths, Listener())
    ensure_secrets(paths)
    return paths


@pytest.fixture(scope="module")
def up_paths(tmp_path_factory: pytest.TempPathFactory) -> StackPaths:
    """Where the running stack of this module lives."""
    return StackPaths.at(tmp_path_factory.mktemp("doctor") / "data")


@pytest.fixture(scope="module")
async def up(up_paths: StackPaths) -> AsyncIterator[StackState]:
    """A running stack."""
    async with running_stack(up_paths.data_dir, with_workers=False, say=Listener()) as state:
        yield state


def _of(findings: list[Finding], name: str) -> Finding:
    return next(finding for finding in findings if finding.name == name)


def _run(verb: str, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _VERBS, verb, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_machine_without_a_stack_is_down_and_not_broken(tmp_path: Path) -> None:
    """Exit code 4, and what to do; nothing is created by looking."""
    outcome = _run("doctor", "--data-dir", str(tmp_path / "none"), "--json")
    assert outcome.returncode == 4
    assert json.loads(outcome.stdout)["verdict"] == "down"
    assert not (tmp_path / "none").exists()


async def test_a_running_stack_is_well(up: StackState, up_paths: StackPaths) -> None:
    """Every part is looked at and answers."""
    findings = await examine(up_paths.data_dir)
    assert verdict_on(findings) is Verdict.OK, findings
    assert _of(findings, "PostgreSQL").found.endswith(up.postgres_address)
    names = {"safepath up", "processes", "schema", "Temporal", "Temporal's web pages"}
    assert names <= {finding.name for finding in findings}


@pytest.mark.usefixtures("up")
def test_the_verb_exits_with_0_when_all_is_well(up_paths: StackPaths) -> None:
    """For scripts that wait for the stack."""
    outcome = _run("doctor", "--data-dir", str(up_paths.data_dir))
    assert outcome.returncode == 0
    assert "All is well" in outcome.stdout


async def test_a_schema_that_lacks_a_migration_is_found(tmp_path: Path) -> None:
    """The newest migration is named."""
    paths = StackPaths.at(tmp_path / "data")
    servers = frozenset({"postgres"})
    async with running_stack(
        paths.data_dir, with_workers=False, say=Listener(), servers=servers
    ) as state:
        connection = await asyncpg.connect(dsn(Role.OWNER, state, paths), ssl=False)
        try:
            await connection.execute("DELETE FROM migrations.applied")
        finally:
            await connection.close()
        schema = _of(await examine(paths.data_dir), "schema")
    assert schema.level is Level.FAIL
    assert schema.found.startswith("not applied yet: ")


async def test_a_server_that_does_not_answer_is_found(tmp_path: Path) -> None:
    """A killed child is missing until it is back, and its address is silent."""
    paths = StackPaths.at(tmp_path / "data")
    servers = frozenset({"temporal"})
    async with running_stack(
        paths.data_dir, with_workers=False, say=Listener(), servers=servers
    ) as state:
        os.kill(state.children["temporal"].pid, signal.SIGKILL)
        await until(lambda: all_gone(state.children))
        findings = await examine(paths.data_dir)
    silent = ("processes", "Temporal", "Temporal's web pages")
    assert {Level.FAIL} == {_of(findings, name).level for name in silent}


def test_an_up_that_was_killed_is_told_from_one_that_stopped(tmp_path: Path) -> None:
    """Its process is named, and `up` goes on from there."""
    with an_up(tmp_path / "data") as up_process:
        state = up_process.ready_state()
        os.kill(up_process.process.pid, signal.SIGKILL)
        up_process.end()
        outcome = _run("doctor", "--data-dir", str(tmp_path / "data"), "--json")
    assert f"process {state.pid} was killed" in outcome.stdout


async def test_processes_that_outlived_their_up_are_found(paths: StackPaths) -> None:
    """The advice is the command that ends them."""
    us = identify(os.getpid())
    write_state(paths, _state(pid=1, children={"postgres": us}))
    finding = _of(await examine(paths.data_dir), "safepath up")
    assert (Level.FAIL, f"end them with kill {us.pid}") == (finding.level, finding.advice)


@pytest.mark.parametrize(
    ("harm", "name", "advice"),
    [
        pytest.param(
            lambda paths: paths.data_dir.chmod(0o755),
            "data directory",
            "chmod 700",
            id="others can enter the data directory",
        ),
        pytest.param(
            lambda paths: key_file(paths, KeyFile.KEK).chmod(0o644),
            "secrets",
            "chmod 600",
            id="others can read the key",
        ),
        pytest.param(
            lambda paths: key_file(paths, KeyFile.KEK).write_text("short"),
            "secrets",
            "restore it from a backup",
            id="the key is damaged",
        ),
        pytest.param(
            lambda paths: paths.state.write_text("{"),
            "stack.json",
            "remove it",
            id="stack.json is damaged",
        ),
    ],
)
async def test_a_broken_stack_is_found_with_what_to_do(
    paths: StackPaths, harm: Callable[[StackPaths], None], name: str, advice: str
) -> None:
    """Each harm fails one check, whose advice mends it."""
    harm(paths)
    finding = _of(await examine(paths.data_dir), name)
    assert finding.level is Level.FAIL
    assert advice in finding.advice


def test_a_lost_key_beside_records_is_broken(paths: StackPaths) -> None:
    """Exit code 1: `up` would refuse as well."""
    paths.postgres.mkdir()
    (paths.postgres / "PG_VERSION").write_text("18")
    key_file(paths, KeyFile.KEK).unlink()
    outcome = _run("doctor", "--data-dir", str(paths.data_dir), "--json")
    assert outcome.returncode == 1
    assert "kek.key missing" in outcome.stdout


def test_up_and_doctor_point_at_settings_that_name_another_postgresql(tmp_path: Path) -> None:
    """Otherwise `up` would serve one database while every other verb used another."""
    elsewhere, place = "postgresql://sp_web@127.0.0.1:1/x", str(tmp_path / "none")
    refused = _run("up", "--data-dir", place, SAFEPATH_DSN_WEB=elsewhere)
    found = _run("doctor", "--data-dir", place, "--json", SAFEPATH_DSN_WEB=elsewhere)
    assert refused.returncode == 2
    assert "SAFEPATH_DSN_WEB names another" in refused.stderr
    assert "SAFEPATH_DSN_WEB names a PostgreSQL" in found.stdout


def _state(*, pid: int, children: dict[str, ChildState]) -> StackState:
    return StackState(
        version="0", pid=pid, started_at=datetime.now(UTC), ports=Ports(), children=children
    )
