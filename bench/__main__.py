"""The command line of the measurements: `python -m bench journeys` and `… protocol`."""

import asyncio
import importlib.util
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.arms import Arm
from bench.failures import BenchError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.report import Run, Table

_ENOUGH_ROUNDS = 5
_NEEDED = {"psutil": "psutil", "dbos": "DBOS", "cedarpy": "Cedar", "cel": "CEL"}

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


@dataclass(frozen=True)
class Wanted:
    """What a run is to measure."""

    arms: tuple[Arm, ...]
    rounds: int
    journeys: int
    bursts: int
    levels: tuple[int, ...]
    is_quick: bool


@app.callback()
def bench() -> None:
    """Measure safepath beside plain Temporal, DBOS and bare SQL. Nothing is sent anywhere."""


@app.command()
def journeys(
    rounds: Annotated[
        int, typer.Option(min=1, help="Paired rounds; five at least for a figure to be quoted.")
    ] = _ENOUGH_ROUNDS,
    journeys: Annotated[
        int, typer.Option(min=1, help="Journeys of a concurrent drive; alone, a quarter of them.")
    ] = 45,
    arms: Annotated[
        str, typer.Option(help="Which, by comma: safepath, bare, dbos, floor.")
    ] = ",".join(Arm),
    growth: Annotated[
        str, typer.Option(help="Open journeys to measure beside, by comma; each fills further.")
    ] = "0,2000,10000",
    no_growth: Annotated[
        bool, typer.Option("--no-growth", help="Leave the filling out: it takes most of the time.")
    ] = False,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="One small round of everything, to see that it works."),
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write everything found there.")] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write the tables there; in docs/performance.md, in their place."),
    ] = None,
) -> None:
    """Walk the same referral journey in four arms, and print ratios first.

    A case is opened; consent is asked for and given; a need is added and referred; the service
    gets the referral, accepts and completes it; the case is reviewed and closed. safepath walks it
    through its desk and its worker, on its embedded stack; `bare` is plain Temporal of the same
    shape; `dbos` the same in DBOS; `floor` the same steps in SQL alone. Every arm has servers of
    its own, on free ports, on throw-away directories.

    How to read it: this machine's speed drifts, and other processes have their share of it, so
    absolute figures are good to 40 % or so. Arms take turns within a round, in rotated order, and
    a ratio is made within its round: quote ratios, with their range, and the conditions at the end.
    A full run takes about a quarter of an hour on two cores; progress is on stderr.

    Exit codes: 0 measured, whatever was found; 1 a measurement failed; 2 bad input.
    """
    wanted = Wanted(
        arms=_arms(arms),
        rounds=1 if quick else rounds,
        journeys=4 if quick else journeys,
        bursts=2 if quick else 10,
        levels=() if no_growth or quick else _levels(growth),
        is_quick=quick,
    )
    _check_installed(wanted)
    found = _Found(wanted.arms)
    stopped = ""
    try:
        asyncio.run(_measure(wanted, found))
    except BenchError as error:
        stopped = str(error)
    except KeyboardInterrupt:
        stopped = "by Ctrl-C, with everything that was started"
    if found.rounds.rounds:
        _tell(found.run(), json, markdown)
    if stopped:
        sys.exit(f"bench: stopped before all was measured: {stopped}")


@app.command()
def protocol(
    rounds: Annotated[
        int, typer.Option(min=1, help="Paired rounds; five at least for a figure to be quoted.")
    ] = 7,
    seed: Annotated[int, typer.Option(help="Of the requests that are made up.")] = 20261124,
    quick: Annotated[
        bool, typer.Option("--quick", help="One small round, to see that it works.")
    ] = False,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write the tables there; in docs/performance.md, in their place."),
    ] = None,
) -> None:
    """Judge requests by the sharing protocol, by Cedar and by CEL, and prove the protocol.

    All three apply the same rules, of one version and of a pair, and name every rule that fired.
    First they have to say the same of thousands of requests; then they take turns, in rotated
    order. A full run takes about two minutes; progress is on stderr.

    Exit codes: 0 measured, whatever was found; 1 two of them do not agree; 2 bad input.
    """
    _check_there("psutil", "cedarpy", "cel")
    from bench.sharing import QUICK, Size, run_sharing
    from bench.sharing_report import BEGIN, END, SharingRun, sharing_tables

    began, clock = datetime.now(UTC), time.monotonic()
    try:
        found = run_sharing(QUICK if quick else Size(rounds=rounds), seed, _say)
    except BenchError as error:
        sys.exit(f"bench: {error}; the seed was {seed}")
    run = SharingRun(
        began=began.isoformat(timespec="minutes"),
        command=_command("--markdown"),
        took_minutes=(time.monotonic() - clock) / 60,
        found=found,
    )
    _draw(sharing_tables(run))
    if markdown is not None:
        from bench.report import put_tables

        put_tables(sharing_tables(run), markdown, BEGIN, END)


class _Found:
    """What was measured so far: whatever stops a run, what it found until then is told."""

    def __init__(self, arms: tuple[Arm, ...]) -> None:
        from bench.burst import Bursts
        from bench.growth import Growth
        from bench.rounds import Rounds

        self._began, self._clock = datetime.now(UTC), time.monotonic()
        self.rounds = Rounds(arms=list(arms))
        self.bursts: Bursts | None = None
        self.growth = Growth()

    def run(self) -> "Run":
        """All of it, with the conditions it was found in."""
        from bench.report import Run
        from bench.surroundings import surroundings

        return Run(
            began=self._began.isoformat(timespec="minutes"),
            command=_command("--json", "--markdown"),
            took_minutes=(time.monotonic() - self._clock) / 60,
            rounds=self.rounds,
            bursts=self.bursts,
            levels=self.growth.levels,
            weighed=self.growth.weighed,
            surroundings=surroundings(self.rounds.settings),
        )


async def _measure(wanted: Wanted, found: _Found) -> None:
    from bench.burst import run_bursts
    from bench.growth import Sizes, filled, run_growth, weigh
    from bench.rounds import run_rounds

    await run_rounds(found.rounds, wanted.rounds, wanted.journeys, _say)
    sizes = Sizes(weighed=90, weighed_at_a_time=30) if wanted.is_quick else Sizes()
    if Arm.SAFEPATH not in wanted.arms:
        return
    found.bursts = await run_bursts(wanted.rounds, wanted.bursts, _say)
    if wanted.levels:
        await run_growth(found.growth, wanted.levels, sizes, _say)
    if found.growth.weighed is None:
        async with filled() as stack:
            found.growth.weighed = await weigh(stack, sizes, _say)


def _tell(run: "Run", json: Path | None, markdown: Path | None) -> None:
    from bench.report import tables

    _draw(tables(run))
    if markdown is not None:
        from bench.report import put_figures

        put_figures(run, markdown)
    if json is not None:
        _write_json(run, json)


def _command(*left_out: str) -> str:
    """The command that was called, without the options that say where to write."""
    from bench.burst import without

    return " ".join(("python -m bench", *without(sys.argv[1:], left_out)))


def _draw(tables: "Iterable[Table]") -> None:
    from rich.console import Console
    from rich.table import Table as Drawn

    console = Console()
    for table in tables:
        drawn = Drawn(title=table.title, caption=table.note or None, title_justify="left")
        for number, head in enumerate(table.head):
            drawn.add_column(head, overflow="fold", no_wrap=number == 0)
        for row in table.rows:
            drawn.add_row(*(cell.strip("*`") for cell in row))
        console.print(drawn)


def _write_json(run: "Run", file: Path) -> None:
    from json import dumps

    from pydantic import TypeAdapter

    from bench.report import Run

    found = TypeAdapter(Run).dump_python(run, mode="json")
    found["findings"] = [
        {"target": one.target.id, "what": one.what, "found": one.found, "verdict": one.verdict}
        for one in run.findings
    ]
    file.write_text(dumps(found, indent=1) + "\n", encoding="utf-8")


def _say(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")
    sys.stderr.flush()


def _arms(text: str) -> tuple[Arm, ...]:
    try:
        return tuple(dict.fromkeys(Arm(name.strip()) for name in text.split(",")))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: give any of {', '.join(Arm)}, by comma") from None


def _levels(text: str) -> tuple[int, ...]:
    try:
        return tuple(sorted({int(level) for level in text.split(",")}))
    except ValueError:
        raise typer.BadParameter(f"{text!r}: give numbers by comma, such as 0,2000") from None


def _check_installed(wanted: Wanted) -> None:
    """Say what is missing before anything is started."""
    _check_there("psutil", *(["dbos"] if Arm.DBOS in wanted.arms else []))


def _check_there(*needed: str) -> None:
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if missing:
        names = " and ".join(_NEEDED[name] for name in missing)
        sys.exit(
            f"bench: {names} not installed: run uv sync --group bench"
            + (", or leave it out with --arms safepath,bare,floor" if missing == ["dbos"] else "")
        )


if __name__ == "__main__":
    app()
