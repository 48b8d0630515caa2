"""What safepath promises of its speed, and whether a run kept it."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.arms import Arm
from bench.burst import Bursts
from bench.growth import Level, Weighed
from bench.rounds import TOGETHER, Drive, Rounds, Spread

AT_MOST, AT_LEAST = "≤", "≥"


@dataclass(frozen=True)
class Target:
    """A promise: a figure on the right side of a bound."""

    id: str
    what: str
    side: str
    bound: float
    unit: str = "×"

    def kept_by(self, found: float) -> bool:
        """Whether a figure keeps it."""
        return found <= self.bound if self.side == AT_MOST else found >= self.bound

    def verdict(self, found: float) -> str:
        """`met`, or by how much it was missed."""
        if self.kept_by(found):
            return "met"
        return f"missed by {abs(found / self.bound - 1):.0%}"


T1 = Target("T1", "history events, safepath over bare", AT_MOST, 1.15)
T2 = Target("T2", "billable actions of safepath's journey", AT_MOST, 12, "actions")
T3 = Target("T3", f"CPU per journey, {TOGETHER} at once, safepath over bare", AT_MOST, 1.25)
T4 = Target("T4", "p50 of a journey alone, safepath over bare", AT_MOST, 1.25)
T5 = Target("T5", "burst of dependent steps, start-dev's defaults over ours", AT_LEAST, 2.5)
T6 = Target("T6", f"journeys per second, {TOGETHER} at once, safepath over DBOS", AT_LEAST, 1.0)
T7A = Target("T7", "start p99 beside {open} open journeys, over beside none", AT_MOST, 1.25)
T7B = Target("T7", "CPU per journey beside {open} open journeys, over beside none", AT_MOST, 1.25)
T8 = Target("T8", "worker memory per cached journey, sandbox on", AT_MOST, 160, "KiB")
T9 = Target("T9", "judgements per second of CPU, {play}, safepath over {rival}", AT_LEAST, 2.0)
PROOF = Target("", "proof of six versions, all pairs and all that was told", AT_MOST, 10, "s")


@dataclass(frozen=True)
class Finding:
    """A target and what a run found of it."""

    target: Target
    what: str
    found: float | None
    spread: Spread | None = None

    @property
    def verdict(self) -> str:
        """In words; a target that was not measured is neither met nor missed."""
        return "not measured" if self.found is None else self.target.verdict(self.found)


def findings(
    rounds: Rounds, bursts: Bursts | None, levels: list[Level], weighed: Weighed | None
) -> list[Finding]:
    """Every target, in order."""
    speedup = bursts.speedup if bursts else None
    return [
        _plain(T1, event_ratio(rounds)),
        _plain(T2, _actions(rounds)),
        _paired(T3, rounds, lambda drive: drive.engine_ms, Arm.BARE, TOGETHER),
        _paired(T4, rounds, lambda drive: drive.p50, Arm.BARE, 1),
        Finding(T5, T5.what, speedup.median if speedup else None, speedup),
        _paired(T6, rounds, lambda drive: drive.rate, Arm.DBOS, TOGETHER),
        *_grown(levels),
        _plain(T8, weighed.kib_each if weighed else None),
    ]


def event_ratio(rounds: Rounds) -> float | None:
    """Events of safepath's journey over those of the bare one; both are exact."""
    ours, bare = rounds.counts.get(Arm.SAFEPATH), rounds.counts.get(Arm.BARE)
    return ours.total / bare.total if ours and bare else None


def _actions(rounds: Rounds) -> float | None:
    ours = rounds.counts.get(Arm.SAFEPATH)
    return float(ours.actions) if ours else None


def _plain(target: Target, found: float | None) -> Finding:
    return Finding(target, target.what, found)


def _paired(
    target: Target, rounds: Rounds, value: Callable[[Drive], float], to: Arm, together: int
) -> Finding:
    spread = rounds.ratio(value, Arm.SAFEPATH, to, together)
    return Finding(target, target.what, spread.median if spread else None, spread)


def _grown(levels: list[Level]) -> list[Finding]:
    """At the fullest level; the bound holds there or nowhere."""
    if not levels:
        return [Finding(one, one.what.format(open="so many"), None) for one in (T7A, T7B)]
    full = levels[-1]
    cpu = full.cpu_ratio
    return [
        Finding(T7A, T7A.what.format(open=full.open), full.start_p99_ratio),
        Finding(T7B, T7B.what.format(open=full.open), cpu.median, cpu),
    ]
