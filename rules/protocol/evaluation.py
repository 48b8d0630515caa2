"""Applying the protocol: which rules hold for a request, and what they say to its facts.

The promise ratchet: in play are the version that is active, and every version the person was ever
told. Their rules hold together, so the strictest outcome wins; fields are what all of them allow;
each of their terms is the one that protects most; every seat of every one is needed.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import rfc8785

from rules.protocol.conditions import Boxes, allowed_fields, boxes, is_so, read
from schemas.actor import Role
from schemas.fact_table import ATOMS, SAME, UNKNOWN, fact_of
from schemas.facts import Facts
from schemas.protocol import (
    CLOSED,
    LESS_PROTECTS,
    Baseline,
    Effect,
    Evaluation,
    FiredRule,
    Outcome,
    Rule,
    Terms,
    Version,
)


@dataclass(frozen=True)
class Halves:
    """A rule, ready to be applied: the boxes in which it denies, and in which it waits."""

    rule: Rule
    denies: Boxes
    waits: Boxes

    def by_effect(self) -> tuple[tuple[Effect, Boxes], tuple[Effect, Boxes]]:
        """Its two halves, each with what it does."""
        return (Effect.DENY, self.denies), (Effect.WAIT, self.waits)

    @cached_property
    def denial(self) -> FiredRule:
        """What is said where it denies."""
        return self._fired(Effect.DENY)

    @cached_property
    def waiting(self) -> FiredRule:
        """What is said where it waits."""
        return self._fired(Effect.WAIT)

    def _fired(self, effect: Effect) -> FiredRule:
        rule = self.rule
        return FiredRule(id=rule.id, effect=effect, reason=rule.reason, source=rule.source)


Hit = tuple[int, Effect, tuple[tuple[str, frozenset[str]], ...]]
"""What a value of an atom does: a half of a rule, by its place among the rules, if the rest of its
box holds too."""


@dataclass(frozen=True)
class InPlay:
    """The rules, fields, seats and terms that hold for one request."""

    version: str
    told_versions: tuple[str, ...]
    rules: tuple[Halves, ...]
    """Sorted by id."""
    fields: frozenset[str]
    approver_roles: tuple[Role, ...]
    terms: Terms
    protocol_hash: str

    @cached_property
    def denies(self) -> Boxes:
        """Every box in which some rule denies."""
        return tuple(box for halves in self.rules for box in halves.denies)

    @cached_property
    def waits(self) -> Boxes:
        """Every box in which some rule waits."""
        return tuple(box for halves in self.rules for box in halves.waits)

    @cached_property
    def table(self) -> Mapping[str, Mapping[str, list[Hit]]]:
        """The decision table: what each value of each atom does."""
        table: dict[str, dict[str, list[Hit]]] = {}
        for place, halves in enumerate(self.rules):
            for effect, alternatives in halves.by_effect():
                for box in alternatives:
                    first, *rest = box.items() or _ALWAYS
                    for value in first[1]:
                        hits = table.setdefault(first[0], {}).setdefault(value, [])
                        hits.append((place, effect, tuple(rest)))
        return table

    def evaluate(self, facts: Facts) -> Evaluation:
        """What they say to these facts. Total: every set of facts has an outcome."""
        atoms = facts.atoms
        denies: set[int] = set()
        waits: set[int] = set()
        for name, by_value in self.table.items():
            for place, effect, rest in by_value.get(atoms[name], ()):
                if not rest or all(atoms[other] in values for other, values in rest):
                    (denies if effect is Effect.DENY else waits).add(place)
        is_eligible = not denies and not waits
        outcome = Outcome.DENY if denies else Outcome.NEEDS_FACTS if waits else Outcome.ELIGIBLE
        still = [self.rules[place] for place in sorted(waits - denies)]
        fired = [
            self.rules[place].denial if place in denies else self.rules[place].waiting
            for place in sorted(denies | waits)
        ]
        return Evaluation.model_construct(
            version=self.version,
            told_versions=self.told_versions,
            outcome=outcome,
            rules=tuple(fired),
            needs=_waited_for(still, atoms),
            fields=self._allowed(facts) if is_eligible else (),
            approver_roles=self.approver_roles,
            protocol_hash=self.protocol_hash,
        )

    def _allowed(self, facts: Facts) -> tuple[str, ...]:
        return tuple(name for name in facts.requested_fields if name in self.fields)


_ALWAYS = [next(iter((name, frozenset(values)) for name, values in ATOMS.items()))]
"""What a condition without any comparison looks at: one atom, whatever its value."""


def _waited_for(waiting: Iterable[Halves], atoms: Mapping[str, str]) -> tuple[str, ...]:
    """The facts somebody has to supply: those unknown, or else those that have yet to change."""
    needs: set[str] = set()
    for halves in waiting:
        for box in halves.waits:
            if is_so(box, atoms):
                unknown = {fact_of(name) for name in box if atoms[name] == UNKNOWN}
                needs |= unknown or {fact_of(name) for name in box}
    return tuple(sorted(needs))


@dataclass(frozen=True)
class Protocol:
    """A baseline and the versions that this deployment holds."""

    baseline: Baseline
    versions: Mapping[str, Version]

    def __hash__(self) -> int:
        return id(self)

    def evaluate(self, version: str, facts: Facts) -> Evaluation:
        """Judge facts under a version and all that the person was told.

        Args:
            version: the active one. One that is not held reads as `p0-closed`.
            facts: of the request; `same` among the told versions is this version.
        """
        told = (version if said == SAME else said for said in facts.told_versions)
        return self.in_play(version, tuple(told)).evaluate(facts)

    @lru_cache(maxsize=512)  # noqa: B019 - one protocol lives as long as its process
    def in_play(self, version: str, told: tuple[str, ...] = ()) -> InPlay:
        """What holds for a request, where this version is active and these were told."""
        active = version if version in self.versions else CLOSED
        read = (name if name == active else self.reads_as(name) for name in told)
        told = tuple(dict.fromkeys(read))
        together = [self.versions[name] for name in dict.fromkeys((active, *told))]
        fields = allowed_fields(one.max_fields for one in together)
        is_past = all(one.historical for one in together)
        rules = (
            *(() if is_past else self.baseline.rules),
            *(rule for one in together for rule in one.rules),
        )
        return InPlay(
            version=active,
            told_versions=told,
            rules=tuple(_halves(rule, fields) for rule in sorted(rules, key=lambda r: r.id)),
            fields=fields,
            approver_roles=tuple(dict.fromkeys(r for one in together for r in one.approver_roles)),
            terms=strictest(one.terms for one in together),
            protocol_hash=protocol_hash(self.baseline, together),
        )

    def reads_as(self, told: str) -> str:
        """The version that counts for one that was told: what is not held here, is closed."""
        version = self.versions.get(told)
        return told if version is not None and not version.historical else CLOSED


def _halves(rule: Rule, fields: frozenset[str]) -> Halves:
    denies, waits = (
        boxes(read(half), fields) if half else () for half in (rule.denies, rule.waits)
    )
    return Halves(rule, denies, waits)


def strictest(some: Iterable[Terms]) -> Terms:
    """Of each term the one that protects most."""
    each = list(some)
    return Terms(
        **{
            name: (min if name in LESS_PROTECTS else max)(getattr(one, name) for one in each)
            for name in Terms.model_fields
        }
    )


def content_hash(version: Version) -> str:
    """SHA-256 over the RFC 8785 form of what a version says."""
    return hashlib.sha256(canonical(version.content())).hexdigest()


def protocol_hash(baseline: Baseline, versions: Iterable[Version]) -> str:
    """SHA-256 over the RFC 8785 form of the baseline and these versions, in the order of ids."""
    whole = {
        "baseline": baseline.model_dump(mode="json", exclude_none=True),
        "versions": [v.content() for v in sorted(versions, key=lambda v: v.id)],
    }
    return hashlib.sha256(canonical(whole)).hexdigest()


def canonical(document: object) -> bytes:
    """The one form of a JSON document that is hashed and signed (RFC 8785)."""
    return rfc8785.dumps(document)  # type: ignore[arg-type]
