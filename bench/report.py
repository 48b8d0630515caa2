"""A run, told in tables: ratios and verdicts first, absolute figures after them."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.arms import STORES, TITLES, Arm
from bench.burst import LINKS, Bursts
from bench.growth import Level, Probe, Weighed, percentile
from bench.rounds import TOGETHER, Drive, Rounds, Spread
from bench.stacks import DATABASE, DRIVER, SERVER, WORKER
from bench.surroundings import Surroundings
from bench.targets import Finding, findings

_NOT_MEASURED = "–"
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


@dataclass(frozen=True)
class Run:
    """Everything a run found."""

    began: str
    command: str
    took_minutes: float
    rounds: Rounds
    bursts: Bursts | None
    levels: list[Level]
    weighed: Weighed | None
    surroundings: Surroundings

    @property
    def findings(self) -> list[Finding]:
        """What it says of the targets."""
        return findings(self.rounds, self.bursts, self.levels, self.weighed)


@dataclass(frozen=True)
class Table:
    """A table of text."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""

    def markdown(self) -> str:
        """As Markdown."""
        lines = [self.head, ("---",) * len(self.head), *self.rows]
        body = "\n".join("| " + " | ".join(line) + " |" for line in lines)
        return f"### {self.title}\n\n{body}\n" + (f"\n{self.note}\n" if self.note else "")


def tables(run: Run) -> Iterator[Table]:
    """Every table of a run, ratios first."""
    yield _targets(run.findings)
    yield _ratios(run.rounds)
    yield _speeds(run.rounds)
    yield _cpu(run.rounds)
    if run.rounds.counts:
        yield _histories(run.rounds)
    if run.bursts:
        yield _bursts(run.bursts)
    if run.levels:
        yield _growth(run.levels)
    if run.weighed:
        yield _memory(run.weighed)
    yield _arms(run.rounds)
    yield _conditions(run)


def put_figures(run: Run, file: Path) -> None:
    """Write the tables: between the marks of a page that has them, else as a page of their own."""
    put_tables(tables(run), file, _BEGIN, _END)


def put_tables(some: Iterable[Table], file: Path, begin: str, end: str) -> None:
    """Write these tables between these marks of a page; without them they become the page."""
    text = "\n".join(table.markdown() for table in some)
    page = file.read_text(encoding="utf-8") if file.exists() else ""
    before, begin, rest = page.partition(begin)
    _, end, after = rest.partition(end)
    if begin and end:
        text = f"{before}{begin}\n\n{text}\n{end}{after}"
    file.write_text(text, encoding="utf-8")


def _targets(found: Iterable[Finding]) -> Table:
    rows = [
        (
            one.target.id,
            one.what,
            f"{one.target.side} {one.target.bound:g} {one.target.unit}",
            _NOT_MEASURED if one.found is None else f"{one.found:.3g} {one.target.unit}",
            _range(one.spread) if one.spread else "",
            one.verdict,
        )
        for one in found
    ]
    return Table("Targets", ("", "what", "target", "found", "range", "verdict"), rows)


def _ratios(rounds: Rounds) -> Table:
    def row(arm: Arm, together: int) -> tuple[str, ...]:
        values = (lambda d: d.rate, lambda d: d.p50, lambda d: d.engine_ms, lambda d: d.all_ms)
        found = (rounds.ratio(value, Arm.SAFEPATH, arm, together) for value in values)
        return (
            str(arm),
            str(together),
            *(spread_cell(one) if one else _NOT_MEASURED for one in found),
        )

    others = [arm for arm in rounds.arms if arm is not Arm.SAFEPATH]
    rows = [row(arm, together) for arm in others for together in (1, TOGETHER)]
    return Table(
        "safepath over each other arm, paired by round: median (range)",
        ("over", "at once", "journeys/s", "p50", "CPU of the engine", "CPU of everything"),
        rows if Arm.SAFEPATH in rounds.arms else [],
        "The engine is server, worker and database. DBOS and the floor do their work in the "
        "driver's process: compare them by the CPU of everything.",
    )


def _speeds(rounds: Rounds) -> Table:
    def row(arm: Arm, together: int) -> tuple[str, ...]:
        drives = rounds.drives(arm, together)
        seconds = [one for drive in drives for one in drive.seconds]
        return (
            str(arm),
            str(together),
            spread_cell(Spread.of([drive.rate for drive in drives])),
            _ms(percentile(seconds, 50)),
            _ms(percentile(seconds, 95)),
            str(len(seconds)),
            f"{statistics.median(drive.other_cores for drive in drives):.2f}",
        )

    return Table(
        "Absolute speeds on this machine",
        ("arm", "at once", "journeys/s", "p50 ms", "p95 ms", "journeys", "others' cores"),
        [row(arm, together) for arm in rounds.arms for together in (1, TOGETHER)],
    )


def _cpu(rounds: Rounds) -> Table:
    processes = (SERVER, WORKER, DATABASE, DRIVER)

    def row(arm: Arm, together: int) -> tuple[str, ...]:
        drives = rounds.drives(arm, together)
        return (
            str(arm),
            str(together),
            *(_cpu_cell(drives, process) for process in processes),
            f"{statistics.median(drive.all_ms for drive in drives):.1f}",
        )

    return Table(
        "CPU per journey, ms (median of the rounds)",
        ("arm", "at once", *processes, "all"),
        [row(arm, together) for arm in rounds.arms for together in (1, TOGETHER)],
        "safepath's desk runs in the driver, as it would in a web server.",
    )


def _cpu_cell(drives: Sequence[Drive], process: str) -> str:
    if process not in drives[0].cpu:
        return _NOT_MEASURED
    return f"{statistics.median(drive.cpu_ms(process) for drive in drives):.1f}"


def _histories(rounds: Rounds) -> Table:
    counts = rounds.counts
    kinds = sorted({kind for count in counts.values() for kind in count.events})
    rows: list[tuple[str, ...]] = [
        (kind.replace("_", " "), *(str(count.events.get(kind, 0)) for count in counts.values()))
        for kind in kinds
    ]
    rows.append(("**events**", *(f"**{count.total}**" for count in counts.values())))
    rows.append(("shortest seen", *(str(count.shortest) for count in counts.values())))
    rows.append(("**billable actions**", *(f"**{one.actions}**" for one in counts.values())))
    rows.append(("bytes", *(str(count.bytes) for count in counts.values())))
    return Table(
        "Histories of one journey",
        ("event", *counts),
        rows,
        "Of the longest of the journeys counted, each at rest before every message.",
    )


def _bursts(bursts: Bursts) -> Table:
    rows = [
        (
            "as safepath sets it",
            _ms(statistics.median(bursts.embedded)),
            _range_ms(bursts.embedded),
        ),
        (
            "start-dev's defaults",
            _ms(statistics.median(bursts.defaults)),
            _range_ms(bursts.defaults),
        ),
    ]
    return Table(
        f"A burst of {LINKS} dependent steps, alone",
        ("server", "p50 ms", "range over rounds"),
        rows,
    )


def _growth(levels: Iterable[Level]) -> Table:
    rows = [
        (
            str(level.open),
            f"{level.start_p99_ratio:.2f}",
            spread_cell(level.cpu_ratio),
            f"{_ms(_starts(level.empty, 50))} / {_ms(_starts(level.full, 50))}",
            f"{_ms(_starts(level.empty, 99))} / {_ms(_starts(level.full, 99))}",
            f"{_engine(level.empty):.0f} / {_engine(level.full):.0f}",
            f"{level.filled_in:.0f}",
            f"{level.drained_in:.0f}",
        )
        for level in levels
    ]
    return Table(
        "Growth: beside an empty stack measured at the same time",
        (
            *("open", "start p99 ×", "CPU per journey ×", "start p50 ms, empty / full"),
            *("start p99 ms", "CPU ms per journey", "filled in s", "drained in s"),
        ),
        rows,
        "A start is `open_case` until it answers: the case written and its journey started. Filled "
        "from the level before.",
    )


def _memory(weighed: Weighed) -> Table:
    pairs = zip(weighed.cached, weighed.memory, strict=True)
    return Table(
        f"The worker's own memory: {weighed.kib_each:.0f} KiB per cached journey",
        ("cached journeys", "MiB"),
        [(str(cached), f"{memory / 2**20:.1f}") for cached, memory in pairs],
    )


def _arms(rounds: Rounds) -> Table:
    rows = [(str(arm), TITLES[arm], STORES[arm]) for arm in rounds.arms]
    return Table("Arms, all durable", ("arm", "what it is", "where its state lies"), rows)


def _conditions(run: Run) -> Table:
    found = run.surroundings
    rows = [
        ("command", f"`{run.command}`"),
        ("began", run.began),
        ("took", f"{run.took_minutes:.0f} minutes"),
        ("machine", found.machine),
        *found.versions.items(),
        *found.settings.items(),
        ("warm-up", "every arm walked a concurrent drive first, which counts nowhere"),
    ]
    return Table("Conditions", ("", ""), rows)


def _starts(probes: Sequence[Probe], percent: int) -> float:
    return percentile([s for one in probes for s in one.start_seconds], percent)


def _engine(probes: Sequence[Probe]) -> float:
    return statistics.median(one.drive.engine_ms for one in probes)


def spread_cell(spread: Spread) -> str:
    """Its median, and its range."""
    return f"{spread.median:.2f} ({_range(spread)})"


def _range(spread: Spread) -> str:
    return f"{spread.low:.2f}–{spread.high:.2f}"


def _range_ms(seconds: Sequence[float]) -> str:
    return f"{_ms(min(seconds))}–{_ms(max(seconds))}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1_000:.1f}" if seconds < 0.1 else f"{seconds * 1_000:.0f}"
