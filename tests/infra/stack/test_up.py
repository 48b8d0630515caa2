"""`up` as a process of its own, with stand-ins instead of servers: signals, locks, orphans."""

import os
import signal
from pathlib import Path

from infra.stack.state import read_state
from tests.infra.stack.standins import all_gone, an_up, descendants_of, in_time


def test_a_second_up_is_refused_and_told_who_holds_the_directory(tmp_path: Path) -> None:
    """Process id and since when; the first goes on undisturbed."""
    data_dir = tmp_path / "data"
    with an_up(data_dir) as first:
        state = first.ready_state()
        with an_up(data_dir) as second:
            printed = second.end()
        assert f"in use by process {state.pid} since {state.started_at:%Y-%m-%d}" in printed
        assert second.process.returncode == 1
        assert not all_gone(state.children)


def test_ctrl_c_twice_stops_everything_in_order_and_leaves_none(tmp_path: Path) -> None:
    """`uv run` delivers two; the second must not cut the stop short."""
    with an_up(tmp_path / "data", "temporal") as up:
        state = up.ready_state()
        os.kill(up.process.pid, signal.SIGINT)
        printed = up.says("stopping Temporal")
        os.kill(up.process.pid, signal.SIGINT)
        printed += up.end()
    stops = ["SIGINT", "stopping the worker", "stopping the codec", "stopping Temporal", "already"]
    assert stops == sorted(stops, key=printed.index)
    assert up.process.returncode == 0
    assert all_gone(state.children)


def test_sigterm_stops_everything_and_says_so_in_the_state(tmp_path: Path) -> None:
    """What a service manager sends; afterwards nobody is named as running it."""
    with an_up(tmp_path / "data") as up:
        state = up.ready_state()
        os.kill(up.process.pid, signal.SIGTERM)
        up.end()
    assert all_gone(state.children)
    after = read_state(tmp_path / "data")
    assert after is not None
    assert (after.pid, after.children) == (None, {})


def test_an_up_that_is_asked_to_stop_while_starting_stops(tmp_path: Path) -> None:
    """At whatever moment Ctrl-C comes, nothing is left."""
    with an_up(tmp_path / "data", "postgres", "temporal") as up:
        children = in_time(lambda: descendants_of(up.process.pid))
        os.kill(up.process.pid, signal.SIGTERM)
        up.end()
    assert up.process.returncode == 0
    assert children.isdisjoint(descendants_of(os.getpid()))
    in_time(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))


def test_a_killed_up_leaves_no_orphan_and_the_next_one_starts(tmp_path: Path) -> None:
    """A kill -9 of `up` takes PostgreSQL, its backends, Temporal and our processes along."""
    data_dir = tmp_path / "data"
    with an_up(data_dir, "postgres", "temporal") as up:
        state = up.ready_state()
        everything = descendants_of(up.process.pid)
        os.kill(up.process.pid, signal.SIGKILL)
        with an_up(data_dir, "postgres", "temporal") as again:
            ports = again.ready_state().ports
            os.kill(again.process.pid, signal.SIGTERM)
            again.end()
        in_time(lambda: not any(Path(f"/proc/{pid}").exists() for pid in everything))
    assert len(everything) > len(state.children) >= 4
    assert state.ports == ports


def test_a_dead_child_of_up_is_started_again_and_noted(tmp_path: Path) -> None:
    """The state always names the processes that run."""
    with an_up(tmp_path / "data") as up:
        dead = up.ready_state().children["worker"]
        os.kill(dead.pid, signal.SIGKILL)
        in_time(lambda: up.ready_state().children.get("worker", dead) != dead)
        os.kill(up.process.pid, signal.SIGTERM)
        printed = up.end()
    assert "the worker ended (by SIGKILL): starting it again in 0.5 s" in printed
