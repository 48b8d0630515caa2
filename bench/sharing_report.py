"""The run of the sharing protocol, told in tables: ratios first, absolute figures after them."""

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from bench.judges import HANDED, JUDGES, Safepath
from bench.report import Table, spread_cell
from bench.rounds import Spread
from bench.sharing import Judged, Sharing
from bench.surroundings import machine
from bench.targets import PROOF, T9, Finding

BEGIN, END = "<!-- sharing figures: begin -->", "<!-- sharing figures: end -->"


@dataclass(frozen=True)
class SharingRun:
    """What was found, and under which conditions."""

    began: str
    command: str
    took_minutes: float
    found: Sharing

    @property
    def findings(self) -> list[Finding]:
        """What it says of the targets."""
        times = [(one, one.ratio(one.fastest)) for one in self.found.judged]
        proof = Spread.of(self.found.proof_seconds)
        return [
            *(
                Finding(T9, T9.what.format(play=one.play, rival=one.fastest), of.median, of)
                for one, of in times
            ),
            Finding(PROOF, PROOF.what, proof.median, proof),
        ]


def sharing_tables(run: SharingRun) -> Iterator[Table]:
    """Every table of a run, ratios first."""
    yield _targets(run)
    yield _ratios(run.found)
    yield _speeds(run.found)
    yield _proof(run.found)
    yield _judges()
    yield _conditions(run)


def _targets(run: SharingRun) -> Table:
    rows = [
        (
            one.target.id,
            one.what,
            f"{one.target.side} {one.target.bound:g} {one.target.unit}",
            "" if one.spread is None else spread_cell(one.spread),
            one.verdict,
        )
        for one in run.findings
    ]
    return Table(
        "Targets of the sharing protocol", ("", "what", "target", "found", "verdict"), rows
    )


def _ratios(found: Sharing) -> Table:
    ours, theirs = (judge.name for judge in HANDED)
    pairs = [*((one.name, Safepath.name) for one in JUDGES if one is not Safepath), (theirs, ours)]
    rows = [
        (one.play, rival, spread_cell(one.ratio(rival, mine)))
        for one in found.judged
        for rival, mine in pairs
    ]
    return Table(
        "safepath over each rival, paired by round: median (range)",
        ("in play", "over", "judgements/s"),
        rows,
        "Each judgement begins with the facts as plain values and ends with every rule that fired; "
        "safepath's says their reasons, sources and the facts that are needed, too. Handing facts "
        "over is most of what CEL costs: the last of each three is the rules alone, on both sides.",
    )


def _speeds(found: Sharing) -> Table:
    rows = [row for one in found.judged for row in _speeds_of(one)]
    return Table(
        "Judgements per second of CPU on this machine",
        ("in play", "rules", "halves", "judge", "judgements/s", "µs each"),
        rows,
    )


def _speeds_of(judged: Judged) -> Iterator[tuple[str, ...]]:
    named = {**judged.seconds, f"{Safepath.name}, from JSON": judged.from_json}
    for name, seconds in named.items():
        rates = Spread.of([1 / one for one in seconds])
        yield (
            judged.play,
            str(judged.rules),
            str(judged.halves),
            name,
            f"{rates.median:,.0f} ({rates.low:,.0f}–{rates.high:,.0f})",
            f"{1e6 / rates.median:.1f}",
        )


def _proof(found: Sharing) -> Table:
    spread = Spread.of(found.proof_seconds)
    row = ("6", str(found.pairs), str(found.lists), f"{spread_cell(spread)} s")
    head = ("versions", "pairs", "lists of told versions", "one process")
    return Table("The proof of every promise", head, [row])


def _judges() -> Table:
    rows = [
        (one.name, one.what, f"{one.package} {version(one.package)}") for one in (*JUDGES, *HANDED)
    ]
    return Table("Judges of the same rules", ("judge", "what it is", "package"), rows)


def _conditions(run: SharingRun) -> Table:
    size = run.found.size
    before, after = run.found.load
    rows = [
        ("command", f"`{run.command}`"),
        ("began", run.began),
        ("took", f"{run.took_minutes:.1f} minutes"),
        ("machine", machine()),
        ("Python", platform.python_version()),
        ("load while it ran", f"{before:.2f} as it began, {after:.2f} as it ended"),
        ("rounds", f"{size.rounds}, in rotated order, after a warm-up that counts nowhere"),
        ("a round", f"{size.turns} times {size.timed} requests, each judge in turn"),
        ("compared", f"{run.found.compared} requests: all say the same of every one"),
        ("seed", str(run.found.seed)),
    ]
    return Table("Conditions of the sharing protocol's run", ("", ""), rows)
