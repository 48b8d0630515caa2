"""The sharing protocol, measured: judgements per second beside Cedar and CEL, and its proof."""

import itertools
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from bench.failures import BenchError
from bench.judges import HANDED, JUDGES, Judge, Safepath
from bench.rounds import Spread
from rules.protocol.evaluation import InPlay, Protocol
from rules.protocol.proof import prove
from rules.protocol.safeguards import IN_ORDER
from rules.protocol.shipped import shipped_baseline, shipped_protocol, shipped_versions
from schemas.fact_table import (
    ANYTHING_ELSE,
    FACTS,
    SAME,
    TIER_A,
    TIER_B,
    Fact,
    Shape,
)
from schemas.facts import Facts, facts_of, read_facts

ALONE, PAIR = "p1 alone", "p1 active, p4 told"
PLAYS = {
    ALONE: ("p1-npcc-2018", ("p1-npcc-2018",)),
    PAIR: ("p1-npcc-2018", ("p4-consent-2025",)),
}
SEED = 20261124
_MOST_CHANGES = 4

Say = Callable[[str], None]


@dataclass(frozen=True)
class Size:
    """How much is judged."""

    rounds: int = 7
    timed: int = 200
    """Requests that every judge judges in a turn."""
    turns: int = 10
    """How often it judges them, in one turn."""
    compared: int = 3_000
    """Requests of which every judge has to say the same."""


QUICK = Size(rounds=1, timed=10, turns=1, compared=50)


@dataclass
class Judged:
    """What the judges did with the rules of one play."""

    play: str
    rules: int
    halves: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    """Of CPU, of one judgement, by judge and round."""
    from_json: list[float] = field(default_factory=list)
    """Of one of ours with reading and checking its facts."""

    def rate(self, judge: str) -> Spread:
        """Judgements per second of CPU."""
        return Spread.of([1 / seconds for seconds in self.seconds[judge]])

    def ratio(self, judge: str, ours: str = Safepath.name) -> Spread:
        """How many times as fast safepath is, paired by round."""
        pairs = zip(self.seconds[ours], self.seconds[judge], strict=True)
        return Spread.of([theirs / mine for mine, theirs in pairs])

    @property
    def fastest(self) -> str:
        """The rival that is quickest in the middle of the rounds."""
        rivals = [one.name for one in JUDGES if one is not Safepath]
        return max(rivals, key=lambda name: self.rate(name).median)


@dataclass
class Sharing:
    """Everything a run found."""

    seed: int
    size: Size
    judged: list[Judged] = field(default_factory=list)
    proof_seconds: list[float] = field(default_factory=list)
    pairs: int = 0
    lists: int = 0
    compared: int = 0
    load: list[float] = field(default_factory=list)
    """What else ran: the machine's load over the last minute, as it began and as it ended."""


def run_sharing(size: Size, seed: int, say: Say) -> Sharing:
    """Compare every answer, then time every judge in turn, then the proof.

    Raises:
        BenchError: two of them do not say the same, or the proof does not hold.
    """
    found = Sharing(seed=seed, size=size, load=[os.getloadavg()[0]])
    for name, (version, told) in PLAYS.items():
        play = shipped_protocol().in_play(version, told)
        judges = [judge(play) for judge in (*JUDGES, *HANDED)]
        say(f"{name}: comparing {size.compared} answers of each")
        found.compared += compare(judges, some_facts(seed, size.compared))
        found.judged.append(_timed(name, play, judges, size, seed, say))
    for number in range(size.rounds):
        say(f"proof {number + 1} of {size.rounds}")
        _prove(found)
    found.load.append(os.getloadavg()[0])
    return found


def some_facts(seed: int, count: int) -> list[Facts]:
    """So many requests: one in order, every value of every fact in turn, then any changes of it."""
    one_by_one = itertools.chain([IN_ORDER], _one_by_one())
    chance = Random(seed)  # noqa: S311 - facts that are made up are no secret
    anyhow = (_any_facts(chance) for _ in itertools.count())
    return list(itertools.islice(itertools.chain(one_by_one, anyhow), count))


def _one_by_one() -> Iterator[Facts]:
    for fact in FACTS.values():
        for name, values in fact.atoms.items():
            for value in values:
                yield facts_of({**IN_ORDER.atoms, name: value}, (SAME,))


def _any_facts(chance: Random) -> Facts:
    document: dict[str, Any] = IN_ORDER.given()
    for name in chance.sample(sorted(FACTS), chance.randint(1, _MOST_CHANGES)):
        document[name] = _any_value(FACTS[name], chance)
    return read_facts(document)


def _any_value(fact: Fact, chance: Random) -> Any:
    match fact.shape:
        case Shape.ONE:
            return chance.choice(fact.values)
        case Shape.LIST:
            return chance.sample(fact.values, chance.randint(0, 3))
        case Shape.ITEMS:
            return {item: chance.choice(fact.values) for item in fact.items}
        case Shape.FIELDS:
            names = (*TIER_A, *TIER_B, ANYTHING_ELSE)
            return chance.sample(names, chance.randint(0, len(names)))
        case Shape.VERSIONS:
            return [SAME] * chance.randint(0, 1)


def compare(judges: Sequence[Judge], some: Sequence[Facts]) -> int:
    """How many requests were judged by each of them, all saying the same of every one.

    Raises:
        BenchError: one that does not.
    """
    for facts in some:
        answers = {one.name: one.fired(one.judge(one.request(facts))) for one in judges}
        ours = answers[Safepath.name]
        different = [name for name, fired in answers.items() if fired != ours]
        if different:
            raise BenchError(f"{' and '.join(different)} does not say what safepath says")
    return len(some)


def _timed(
    name: str, play: InPlay, judges: Sequence[Judge], size: Size, seed: int, say: Say
) -> Judged:
    some = some_facts(seed, size.compared)[-size.timed :]
    requests = {one.name: [one.request(facts) for facts in some] for one in judges}
    halves = sum(bool(one.denies) + bool(one.waits) for one in play.rules)
    found = Judged(name, len(play.rules), halves, {one.name: [] for one in judges})
    for one in judges:
        _seconds_each(one.judge, requests[one.name], 1)
    documents = [facts.given() for facts in some]

    def read_and_judge(document: object) -> object:
        return play.evaluate(read_facts(document))

    for number in range(size.rounds):
        say(f"{name}: round {number + 1} of {size.rounds}")
        for nth in range(len(judges)):
            judge = judges[(number + nth) % len(judges)]
            seconds = _seconds_each(judge.judge, requests[judge.name], size.turns)
            found.seconds[judge.name].append(seconds)
        found.from_json.append(_seconds_each(read_and_judge, documents, size.turns))
    return found


def _seconds_each(judge: Callable[[Any], Any], requests: Sequence[Any], turns: int) -> float:
    """Of this process's CPU: what else the machine does is no part of it. Each is one thread."""
    began = time.process_time()
    for _ in range(turns):
        for request in requests:
            judge(request)
    return (time.process_time() - began) / (turns * len(requests))


def _prove(found: Sharing) -> None:
    """On a protocol of its own, so that nothing is remembered from the one before."""
    versions = [version.id for version in shipped_versions()]
    protocol = Protocol(shipped_baseline(), dict(shipped_protocol().versions))
    began = time.perf_counter()
    proof = prove(protocol, versions)
    found.proof_seconds.append(time.perf_counter() - began)
    found.pairs, found.lists = proof.pairs, proof.lists
    if not proof.holds:
        raise BenchError("the proof of the shipped versions does not hold")
