"""The same rules of the sharing protocol, judged by safepath, by Cedar and by CEL.

The rivals' rules are written from the very conditions that safepath reads, so that nobody's are
shorter; that all three say the same of every request is checked before anything is timed. Each
begins with the facts as one object of plain values and ends with the ids of all rules that fired.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

import cedarpy
import cel

from bench.rule_words import CedarWords, CelWords, Words
from rules.protocol.conditions import read
from rules.protocol.evaluation import InPlay
from schemas.fact_table import FACTS
from schemas.facts import Facts
from schemas.protocol import Effect, Evaluation

Fired = Mapping[str, Effect]
"""Rule → what it does; one that denies does not wait besides."""
Request = Any
"""What a judge is handed: the facts of one request, in the form it takes."""


class Judge(ABC):
    """One way to apply the rules in play."""

    name: str
    what: str
    package: str

    @abstractmethod
    def request(self, facts: Facts) -> Request:
        """The facts as this judge takes them. Not timed."""

    @abstractmethod
    def judge(self, request: Request) -> Any:
        """The answer, with all rules that fired. Timed."""

    @abstractmethod
    def fired(self, answer: Any) -> Fired:
        """What an answer says. Not timed."""


class Safepath(Judge):
    """Our evaluation, whole: reasons, sources, needs, fields, seats and hash come with it."""

    name, package = "safepath", "safepath"
    what = "the decision table; answers with reasons, sources, needs, fields, seats and hash"

    def __init__(self, play: InPlay) -> None:
        self.play = play

    def request(self, facts: Facts) -> Request:
        """Plain values."""
        return dict(facts.values)

    def judge(self, request: Request) -> Evaluation:
        """Nothing is kept from one request to the next."""
        return self.play.evaluate(Facts(request))

    def fired(self, answer: Evaluation) -> Fired:
        """As it says."""
        return {rule.id: rule.effect for rule in answer.rules}


def _halves(play: InPlay, words: Words) -> dict[str, str]:
    """Each half of each rule in play, by its name, as a condition in these words."""
    return {
        f"{one.rule.id} {effect}": words.write(read(half), play.fields)
        for one in play.rules
        for effect, half in ((Effect.DENY, one.rule.denies), (Effect.WAIT, one.rule.waits))
        if half is not None
    }


def _fired(names: Iterable[str]) -> Fired:
    fired: dict[str, Effect] = {}
    for name in sorted(names, reverse=True):
        rule, _, effect = name.partition(" ")
        fired[rule] = Effect(effect)
    return fired


class Cedar(Judge):
    """Each half a `forbid`: Cedar names every one that holds. The policies are parsed once."""

    name, package = "Cedar", "cedarpy"
    what = "a policy for each half, parsed once; answers with the ids of all that forbid"

    def __init__(self, play: InPlay) -> None:
        forbids = [
            f'@id("{name}") forbid(principal, action, resource) when {{ {condition} }};'
            for name, condition in _halves(play, CedarWords()).items()
        ]
        permit = "permit(principal, action, resource);"
        self._policies = cedarpy.PolicySet.from_str("\n".join([permit, *forbids]))
        self._entities = cedarpy.Entities.from_json_str("[]")

    def request(self, facts: Facts) -> Request:
        """Its context holds the facts."""
        context = {n: list(v) if isinstance(v, tuple) else v for n, v in facts.values.items()}
        who = {"principal": 'Rule::"asked"', "action": 'Action::"judge"', "resource": 'Rule::"one"'}
        return {**who, "context": context}

    def judge(self, request: Request) -> cedarpy.AuthzResult:
        """A decision, and the policies it rests on."""
        return cedarpy.is_authorized(request, self._policies, self._entities)

    def fired(self, answer: cedarpy.AuthzResult) -> Fired:
        """The policies' ids are the names of halves; the permit has none."""
        if answer.diagnostics.errors:
            raise ValueError(answer.diagnostics.errors)
        return _fired(answer.diagnostics.id_annotations_by_reason.values())


class Cel(Judge):
    """One expression, compiled once: a list with the name of each half that holds."""

    name, package = "CEL", "common-expression-language"
    what = "one expression, compiled once; answers with the list of the halves that hold"

    def __init__(self, play: InPlay) -> None:
        each = [f'({c}) ? "{name}" : ""' for name, c in _halves(play, CelWords()).items()]
        self._program = cel.compile(f"[{', '.join(each)}]")
        self._reads = [name for name in FACTS if name in self._program.variables()]

    def request(self, facts: Facts) -> Request:
        """Each fact that the expression reads is a variable."""
        values = {name: facts.values[name] for name in self._reads}
        return {n: list(v) if isinstance(v, tuple) else v for n, v in values.items()}

    def judge(self, request: Request) -> list[str]:
        """A name, or nothing, for each half."""
        names: list[str] = self._program.execute(request)
        return names

    def fired(self, answer: list[str]) -> Fired:
        """What is not empty."""
        return _fired(name for name in answer if name)


class SafepathHanded(Safepath):
    """Ours, where the atoms of the facts were worked out before."""

    name = "safepath, facts handed over before"
    what = "the same, with the facts' atoms worked out before the clock starts"

    def request(self, facts: Facts) -> Request:
        """Facts keep the atoms that were asked for once."""
        _ = facts.atoms
        return facts

    def judge(self, request: Request) -> Evaluation:
        """Only the rules."""
        return self.play.evaluate(request)


class CelHanded(Cel):
    """CEL, where the facts were put into its own form before."""

    name = "CEL, facts handed over before"
    what = "the same, with its context made before the clock starts"

    def request(self, facts: Facts) -> Request:
        """A context of CEL."""
        return cel.Context(super().request(facts))


JUDGES: tuple[type[Safepath] | type[Cedar] | type[Cel], ...] = (Safepath, Cedar, Cel)
"""From plain values to the rules that fired: what a judgement costs whoever asks for one."""
HANDED: tuple[type[SafepathHanded] | type[CelHanded], ...] = (SafepathHanded, CelHanded)
"""The rules alone. Cedar takes facts in no other form than JSON."""
