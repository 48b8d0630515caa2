"""The proof: what holds for all fact assignments, of every version and every pair of them.

Each property is put as *there is a request for which it does not hold*, and the solver looks
through all assignments for one. A property that holds has none; one that does not is shown with
the request, told by the few facts that matter.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, combinations, islice

from rules.protocol import safeguards
from rules.protocol.conditions import Box, Key, key_of
from rules.protocol.evaluation import InPlay, Protocol, protocol_hash
from rules.protocol.loader import APPROVERS, SEATS, is_looser
from rules.protocol.shadows import shadows
from rules.protocol.solver import Assignment, Clause, find, inside, outside
from schemas.fact_table import (
    FACTS,
    UNKNOWN,
    Fact,
    Shape,
    fact_of,
)
from schemas.facts import Facts, facts_of, read_facts
from schemas.proof import Counterexample, Promise, Proof
from schemas.protocol import CLOSED, LESS_PROTECTS, Terms

PROMISES: Mapping[int, str] = {
    1: "While the protocol is closed, nothing is ever eligible.",
    2: "What is eligible keeps every line of the table of safeguards.",
    3: "What somebody was told is kept: a pair is never looser than either, nor a list than any.",
    4: "Not knowing a fact never turns a denied or waiting request eligible.",
    5: "Nothing but the listed facts is read: no nationality, ethnicity, language or name.",
    6: "Seats, fields and numbers are never looser than the baseline.",
}
_MAY_NOT_BE_FACTS = frozenset(
    {"nationality", "ethnicity", "language", "name", "accent", "religion"}
)

_MOST_BREACHES = 100
_GROUP = 6


@dataclass(frozen=True)
class _Space:
    """What is in play, as clauses for the solver."""

    play: InPlay

    @cached_property
    def not_denied(self) -> tuple[Clause, ...]:
        return tuple(outside(box) for box in self.play.denies)

    @cached_property
    def eligible(self) -> tuple[Clause, ...]:
        return (*self.not_denied, *(outside(box) for box in self.play.waits))

    @cached_property
    def denying_keys(self) -> frozenset[Key]:
        return frozenset(key_of(box) for box in self.play.denies)

    @cached_property
    def all_keys(self) -> frozenset[Key]:
        return self.denying_keys | {key_of(box) for box in self.play.waits}

    def reads(self) -> frozenset[str]:
        return frozenset(
            fact_of(name) for box in (*self.play.denies, *self.play.waits) for name in box
        )


@dataclass(frozen=True)
class _Breach:
    """A request that breaks a promise, before it is told."""

    space: _Space
    atoms: Assignment
    broken: str
    outcome: str

    def told(self) -> Counterexample:
        """As a counterexample for people."""
        told = self.space.play.told_versions
        return Counterexample(
            version=self.space.play.version,
            told_versions=told,
            broken=self.broken,
            outcome=self.outcome,
            differs=safeguards.differs_from_order(self.atoms, told),
            facts=facts_of(self.atoms, told).given(),
        )


_REFERENCE: Assignment = safeguards.IN_ORDER.atoms


def prove(protocol: Protocol, versions: Iterable[str], told: Iterable[str] | None = None) -> Proof:
    """Prove every promise for these versions, or show requests for which one does not hold.

    Args:
        protocol: the baseline, and all versions that are held.
        versions: those to prove as the active one.
        told: those a person may have been told; the same ones, if not given.
    """
    active = tuple(versions)
    others = active if told is None else tuple(told)
    spaces = _Spaces(protocol)
    pairs = [(one, two) for one in active for two in others]
    pairs += [(two, one) for one, two in pairs if two not in active]
    lists = [(one, some) for one in active for group in _groups(others) for some in _subsets(group)]
    found = {
        1: _closed_is_closed(spaces, pairs),
        2: _safeguards_hold(spaces, protocol, active, pairs),
        3: _promises_are_kept(spaces, pairs, lists),
        4: _unknown_never_helps(spaces, active, pairs),
        5: _reads_only_facts(spaces, active),
        6: _terms_hold(spaces, protocol, pairs),
    }
    promises = tuple(
        Promise(number=n, sentence=PROMISES[n], counterexample=_plainest(some))
        for n, some in found.items()
    )
    return Proof(
        holds=all(promise.holds for promise in promises),
        versions=active,
        pairs=len(pairs),
        lists=len(lists),
        promises=promises,
        shadowed=tuple(s for v in active for s in shadows(spaces.alone(v).play)),
        unread={v: _unread(spaces.alone(v)) for v in active},
        protocol_hash=protocol_hash(protocol.baseline, [protocol.versions[v] for v in active]),
    )


def _plainest(breaches: Iterator[_Breach]) -> Counterexample | None:
    """Of the first that are found, the one that differs least from a request in order."""
    told = [breach.told() for breach in islice(breaches, _MOST_BREACHES)]
    return min(told, key=lambda example: len(example.differs), default=None)


@dataclass(frozen=True)
class _Spaces:
    """Every space that is asked for, made once."""

    protocol: Protocol

    def alone(self, version: str) -> _Space:
        return self.of(version, (version,))

    def of(self, version: str, told: tuple[str, ...]) -> _Space:
        key = (version, told)
        if key not in self._made:
            self._made[key] = _Space(self.protocol.in_play(version, told))
        return self._made[key]

    @cached_property
    def _made(self) -> dict[tuple[str, tuple[str, ...]], _Space]:
        return {}

    def first_alone_then_pairs(
        self, active: Iterable[str], pairs: Iterable[tuple[str, str]]
    ) -> Iterator[_Space]:
        yield from (self.alone(version) for version in active)
        yield from (self.of(one, (two,)) for one, two in pairs if one != two)


def _groups(versions: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many together as are shipped: lists double with each version. Every pair is looked at."""
    return (versions[first : first + _GROUP] for first in range(0, len(versions), _GROUP))


def _subsets(versions: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(versions, n) for n in range(2, len(versions) + 1))


def _closed_is_closed(spaces: _Spaces, pairs: Iterable[tuple[str, str]]) -> Iterator[_Breach]:
    for one, two in pairs:
        if CLOSED in (one, two):
            space = spaces.of(one, (two,))
            yield from _breach(space, (), "nothing is eligible while closed", "eligible")


def _safeguards_hold(
    spaces: _Spaces,
    protocol: Protocol,
    active: Iterable[str],
    pairs: Iterable[tuple[str, str]],
) -> Iterator[_Breach]:
    for space in spaces.first_alone_then_pairs(active, pairs):
        names = {space.play.version, *space.play.told_versions}
        fields = safeguards.of_fields(protocol.versions[name].max_fields for name in names)
        for line in (*safeguards.ALWAYS, *fields):
            for box in line.breaches:
                yield from _breach(space, inside(box), line.promise, "eligible, and must not be")


def _breach(space: _Space, also: Iterable[Clause], broken: str, outcome: str) -> Iterator[_Breach]:
    """The nearest request that is eligible and for which these clauses hold, if there is one."""
    atoms = find((*space.eligible, *also), _REFERENCE)
    if atoms is not None:
        yield _Breach(space, atoms, broken, outcome)


def _promises_are_kept(
    spaces: _Spaces,
    pairs: Iterable[tuple[str, str]],
    lists: Iterable[tuple[str, tuple[str, ...]]],
) -> Iterator[_Breach]:
    for one, two in pairs:
        together = spaces.of(one, (two,))
        for part in (one, two):
            yield from _never_looser(together, spaces.alone(part), part)
    for one, some in lists:
        together = spaces.of(one, some)
        for two in some:
            yield from _never_looser(together, spaces.of(one, (two,)), two)


def _never_looser(together: _Space, part: _Space, name: str) -> Iterator[_Breach]:
    """Where the part denies, so does the whole; where it waits, the whole is not eligible."""
    broken = f"{name} was promised"
    for box in part.play.denies:
        if key_of(box) not in together.denying_keys:
            atoms = find((*together.not_denied, *inside(box)), _REFERENCE)
            if atoms is not None:
                yield _Breach(together, atoms, broken, f"no denial, and {name} denies")
    for box in part.play.waits:
        if key_of(box) not in together.all_keys:
            yield from _breach(together, inside(box), broken, f"eligible, and {name} waits")
    yield from (
        _Breach(together, _REFERENCE, broken, outcome)
        for outcome in _looser_terms(together.play, part.play, name)
    )


def _looser_terms(together: InPlay, part: InPlay, name: str) -> Iterator[str]:
    """What of fields, numbers and seats protects less than the part does."""
    if not together.fields <= part.fields:
        yield f"fields that {name} does not allow"
    for term in Terms.model_fields:
        mine, theirs = getattr(together.terms, term), getattr(part.terms, term)
        if is_looser(term, mine, theirs):
            yield f"{term} is {mine}; {name} has {theirs}"
    if not {*part.approver_roles} <= {*together.approver_roles}:
        yield f"a seat of {name} is missing"


def _unknown_never_helps(
    spaces: _Spaces, active: Iterable[str], pairs: Iterable[tuple[str, str]]
) -> Iterator[_Breach]:
    for space in spaces.first_alone_then_pairs(active, pairs):
        boxes = (*space.play.denies, *space.play.waits)
        for name, nothing_known in _UNKNOWNS.items():
            is_eligible = (*space.eligible, *inside(nothing_known))
            for box in boxes:
                if nothing_known.keys() & box.keys():
                    rest = {a: values for a, values in box.items() if a not in nothing_known}
                    atoms = find((*is_eligible, *inside(rest)), _REFERENCE)
                    if atoms is not None:
                        yield _Breach(
                            space,
                            atoms,
                            f"{name} was known, and stopped it",
                            f"eligible once {name} is unknown",
                        )


def _nothing_known(fact: Fact) -> Iterator[tuple[str, Box]]:
    """What is true of a fact, or of an item of it, of which nobody knows anything."""
    if fact.shape is Shape.ITEMS:
        yield from ((name, {name: frozenset({UNKNOWN})}) for name in fact.atoms)
        return
    nothing: Facts = read_facts({})
    yield fact.name, {name: frozenset({nothing.atoms[name]}) for name in fact.atoms}


_UNKNOWNS: Mapping[str, Box] = {
    name: box for fact in FACTS.values() for name, box in _nothing_known(fact)
}


def _reads_only_facts(spaces: _Spaces, active: Iterable[str]) -> Iterator[_Breach]:
    for version in active:
        space = spaces.alone(version)
        for name in sorted(space.reads()):
            if name not in FACTS or name in _MAY_NOT_BE_FACTS:
                yield _Breach(space, _REFERENCE, f"{name} is no fact a rule may read", "read")


def _terms_hold(
    spaces: _Spaces, protocol: Protocol, pairs: Iterable[tuple[str, str]]
) -> Iterator[_Breach]:
    floor = protocol.baseline.floor
    for one, two in pairs:
        space = spaces.of(one, (two,))
        for term in Terms.model_fields:
            least = getattr(safeguards.LEAST, term)
            for whose, terms in (("the baseline", floor), (one, space.play.terms)):
                if is_looser(term, getattr(terms, term), least):
                    bound = "more" if term in LESS_PROTECTS else "less"
                    sentence = f"{term} of {whose} is {getattr(terms, term)}, {bound} than {least}"
                    yield _Breach(space, _REFERENCE, sentence, "looser than the safeguards")
        seats = space.play.approver_roles
        if len(set(seats)) < SEATS or not set(seats) <= APPROVERS:
            yield _Breach(space, _REFERENCE, "two different people approve", "other seats")


def _unread(space: _Space) -> tuple[str, ...]:
    reads = space.reads()
    return tuple(name for name in FACTS if name not in reads)
