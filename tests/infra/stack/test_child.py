"""One child: restarted, given up, stopped, and what the launcher does to it."""

import dataclasses
import os
import signal
import sys
from pathlib import Path

import pytest

from infra.stack.child import Backoff, Child, ChildSpec, launch
from infra.stack.layout import mode_of
from infra.stack.processes import identify, is_alive
from schemas.errors import StackError
from tests.infra.stack.standins import (
    STUBBORN,
    Listener,
    a_child,
    command_line_of,
    is_root,
    never,
    until,
)


def _nothing_changes() -> None:
    return


def _child(spec: ChildSpec, say: Listener) -> Child:
    return Child(spec, say, _nothing_changes)


async def _own_command(child: Child, spec: ChildSpec) -> int:
    """Wait until the launcher has become the command; the process id."""
    pid = child.pid
    assert pid is not None
    await until(lambda: "launch.py" not in command_line_of(pid) and spec.argv[-1])
    return pid


async def test_a_child_that_dies_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    """A crash heals itself, in the open."""
    say, spec = Listener(), a_child(tmp_path)
    child = _child(spec, say)
    await child.start()
    first = await _own_command(child, spec)
    os.kill(first, signal.SIGKILL)
    await until(lambda: say.heard("the standin is back"))
    second = child.pid
    await child.stop()
    assert say.heard("the standin ended (by SIGKILL): starting it again in 0.5 s")
    assert second not in {None, first}


async def test_a_child_that_never_becomes_useful_is_given_up(tmp_path: Path) -> None:
    """Three deaths without a sign of readiness are an error that names the log."""
    spec = dataclasses.replace(a_child(tmp_path, "raise SystemExit(7)"), ready=never)
    child = _child(spec, Listener())
    with pytest.raises(StackError, match=r"exit code 7.*standin\.log says why"):
        await child.start()
    await child.stop()
    assert child.pid is None


async def test_a_child_that_is_not_ready_in_time_is_an_error(tmp_path: Path) -> None:
    """It is still stopped afterwards."""
    spec = dataclasses.replace(a_child(tmp_path), ready=never, ready_within=0.2)
    child = _child(spec, Listener())
    with pytest.raises(StackError, match=r"not ready within 0\.2 s"):
        await child.start()
    await child.stop()
    assert child.pid is None


async def test_a_child_that_will_not_stop_is_killed_and_that_is_said(tmp_path: Path) -> None:
    """Nothing is left behind, however deaf it is."""
    say = Listener()
    spec = dataclasses.replace(a_child(tmp_path, STUBBORN), stop_within=0.3)
    child = _child(spec, say)
    await child.start()
    await until(lambda: "deaf" in spec.log.read_text())
    await child.stop()
    assert child.pid is None
    assert say.heard("did not stop in 0.3 s: killed")


async def test_stopping_while_waiting_for_the_next_start_starts_nothing(tmp_path: Path) -> None:
    """An ordered stop wins over a restart."""
    say, spec = Listener(), a_child(tmp_path)
    child = _child(spec, say)
    await child.start()
    os.kill(await _own_command(child, spec), signal.SIGKILL)
    await until(lambda: say.heard("starting it again"))
    await child.stop()
    assert child.pid is None
    assert not say.heard("is back")


async def test_a_child_leads_a_session_of_its_own(tmp_path: Path) -> None:
    """So Ctrl-C in the terminal reaches us alone, and we stop it in order."""
    child = _child(a_child(tmp_path), Listener())
    await child.start()
    assert child.pid is not None
    assert child.pid == os.getsid(child.pid)
    await child.stop()


async def test_what_a_child_prints_can_be_read_by_us_alone(tmp_path: Path) -> None:
    """Mode 0600, as every file of the stack."""
    spec = a_child(tmp_path, "print('hello', flush=True); import time; time.sleep(600)")
    child = _child(spec, Listener())
    await child.start()
    await until(lambda: "hello" in spec.log.read_text())
    await child.stop()
    assert mode_of(spec.log) == 0o600


async def test_what_a_child_has_started_goes_with_it(tmp_path: Path) -> None:
    """A grandchild of the same session does not outlive the stop."""
    program = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
        "print(p.pid, flush=True); time.sleep(600)"
    )
    spec = a_child(tmp_path, program)
    child = _child(spec, Listener())
    await child.start()
    grandchild = identify(int(await until(spec.log.read_text)))
    await child.stop()
    await until(lambda: not is_alive(grandchild))


@pytest.mark.skipif(not is_root(), reason="only root needs another identity")
async def test_root_appears_as_nobody_where_that_is_asked_for(tmp_path: Path) -> None:
    """PostgreSQL refuses root; in the namespace our files stay ours."""
    (tmp_path / "ours").touch(0o600)
    program = f"import os; print(os.getuid(), open('{tmp_path}/ours').read() == '')"
    spec = dataclasses.replace(a_child(tmp_path, program), as_nobody=True)
    process = await launch(spec)
    assert await process.wait() == 0
    assert spec.log.read_text() == "65534 True\n"


async def test_a_command_that_does_not_exist_says_so_in_its_log(tmp_path: Path) -> None:
    """Nobody has to guess."""
    spec = dataclasses.replace(a_child(tmp_path), argv=("/nowhere/server",))
    process = await launch(spec)
    assert await process.wait() == 72
    assert "/nowhere/server cannot be run: No such file" in spec.log.read_text()


def test_the_pause_before_a_restart_doubles_up_to_its_limit() -> None:
    """0.5 s to 5 s, and from the beginning after ten healthy seconds."""
    backoff = Backoff()
    assert [0.5, 1, 2, 4, 5, 5] == [backoff.after_running(1) for _ in range(6)]
    assert backoff.after_running(9.9) == 5
    assert backoff.after_running(10) == 0.5
    assert backoff.after_running(1) == 1


def test_a_reused_process_number_is_not_taken_for_our_child() -> None:
    """A process is its number and its birth."""
    us = identify(os.getpid())
    assert is_alive(us)
    assert not is_alive(us.model_copy(update={"born": us.born + 1}))
    assert sys.executable
