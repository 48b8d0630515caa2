"""Every arm walks the whole journey, and what it leaves is counted exactly. Nothing is timed."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from bench.arms import ON_TEMPORAL, Arm
from bench.burst import without
from bench.failures import BenchError
from bench.growth import percentile
from bench.report import Run, put_figures
from bench.rounds import Counted, Rounds, count_arm, drive
from bench.stacks import RunningArm, running_arm
from bench.steps import WALKED, postgres_dsn
from bench.surroundings import Surroundings
from bench.targets import T1, T5
from bench.usage import check_listens
from tests.house.source import HOUSE

JOURNEYS = 2
BARE_EVENTS = 97
BARE_ACTIONS = 32
MOST_EVENTS = 116
"""Of safepath's journey: 113, and a workflow task more on a busy machine. It may fall, and then
this falls with it; it may not rise unseen."""
MOST_ACTIONS = 40

_WRITTEN = {
    Arm.SAFEPATH: "SELECT count(*) FROM record.case_file WHERE stage = 'closed'",
    Arm.BARE: "SELECT count(*) FROM public.step WHERE what = 'closed'",
    Arm.DBOS: "SELECT count(*) FROM public.step WHERE what = 'closed'",
    Arm.FLOOR: "SELECT count(*) FROM public.event WHERE what = 'closed'",
}


@pytest.fixture(params=list(Arm), ids=str)
async def arm(request: pytest.FixtureRequest) -> AsyncIterator[RunningArm]:
    """Each arm with servers of its own."""
    async with running_arm(request.param) as running:
        yield running


async def _fetch(arm: RunningArm, query: str) -> "list[asyncpg.Record]":
    connection = await asyncpg.connect(postgres_dsn(arm.data_dir), ssl=False)
    try:
        return await connection.fetch(query)
    finally:
        await connection.close()


async def test_every_arm_walks_its_journeys_to_their_end(arm: RunningArm) -> None:
    """What was driven is closed in the database, and on Temporal its events are counted."""
    walked = await drive(arm, [], JOURNEYS, JOURNEYS)
    assert JOURNEYS == len(walked.seconds) == len(walked.start_seconds)
    assert JOURNEYS == (await _fetch(arm, _WRITTEN[arm.arm]))[0][0]
    assert set(arm.pids) == set(walked.cpu)
    if arm.arm in ON_TEMPORAL:
        _check_count(arm.arm, await count_arm(arm))


def _check_count(arm: Arm, count: Counted) -> None:
    if arm is Arm.BARE:
        assert (BARE_EVENTS, BARE_EVENTS, BARE_ACTIONS) == (
            count.total,
            count.shortest,
            count.actions,
        )
    else:
        assert MOST_EVENTS >= count.total
        assert MOST_ACTIONS >= count.actions


async def test_the_other_arms_write_every_step_once() -> None:
    """A journey of DBOS is as long as one of ours: no step is left out or done twice."""
    async with running_arm(Arm.DBOS) as dbos:
        await drive(dbos, [], JOURNEYS, JOURNEYS)
        rows = await _fetch(dbos, "SELECT journey, what FROM public.step ORDER BY id")
    for journey in {row["journey"] for row in rows}:
        assert sorted(WALKED) == sorted(row["what"] for row in rows if row["journey"] == journey)


async def test_a_port_that_another_process_holds_stops_the_measurement() -> None:
    """A figure of the wrong server would look like any other."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        check_listens("test", os.getpid(), port)
    with pytest.raises(BenchError, match="not held by our test"):
        check_listens("test", os.getpid(), port)


async def test_a_driver_that_fails_says_why() -> None:
    """Its error is told with the end of its log; nobody waits for ever."""
    async with running_arm(Arm.FLOOR) as floor:
        with pytest.raises(BenchError, match="KeyError"):
            await floor.driver.order("fly", journeys=1)


def test_defaults_are_ours_without_the_options_we_add() -> None:
    """An option goes with its value, and nothing else does."""
    argv = ("server", "--port", "7", "--pragma", "a=b", "--pragma", "c=d", "--ip", "x")
    assert ("server", "--port", "7", "--ip", "x") == without(argv, ("--pragma",))


def test_a_target_is_missed_by_how_much_it_is_missed() -> None:
    """The bound itself is met, on either side."""
    assert ("met", "missed by 20%") == (T1.verdict(1.15), T1.verdict(1.38))
    assert ("met", "missed by 20%") == (T5.verdict(2.5), T5.verdict(2.0))


def test_figures_take_their_place_on_the_page_and_leave_its_words(tmp_path: Path) -> None:
    """A page with marks keeps what stands around them; any other file becomes the figures."""
    nothing = Surroundings(machine="none", versions={}, settings={})
    run = Run("now", "bench", 0.0, Rounds(arms=[]), None, [], None, nothing)
    page, fresh = tmp_path / "page.md", tmp_path / "fresh.md"
    page.write_text("before\n<!-- figures: begin -->\nold\n<!-- figures: end -->\nafter\n")
    put_figures(run, page)
    put_figures(run, fresh)
    told = page.read_text(encoding="utf-8")
    assert ("before\n", "after\n") == (told[:7], told[-6:])
    assert "old" not in told
    assert fresh.read_text(encoding="utf-8").strip() in told
    assert "not measured" in told


def test_a_percentile_is_a_value_that_was_measured() -> None:
    """Of a hundred values the 99th; of two the larger."""
    assert (99.0, 2.0, 1.0) == (
        percentile([float(n) for n in range(1, 101)], 99),
        percentile([2.0, 1.0], 95),
        percentile([2.0, 1.0], 50),
    )


def test_an_arm_that_does_not_exist_is_refused_with_those_that_do() -> None:
    """Bad input is exit code 2, before anything is started."""
    command = [sys.executable, "-m", "bench", "journeys", "--arms", "zeebe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HOUSE)
    assert 2 == done.returncode
    assert "floor" in done.stderr
