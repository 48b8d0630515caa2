"""One version beside another: what changes for whom, in words.

Every rule that only one of the two has is put to the solver: is there a request that the other
judges otherwise? The answer is the values that make the difference, over all requests; where there
are none, the rule changes nothing, because others say the same.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from rules.protocol.conditions import Box, key_of
from rules.protocol.evaluation import Halves, InPlay, Protocol
from rules.protocol.loader import is_looser
from rules.protocol.safeguards import IN_ORDER, differs_from_order
from rules.protocol.solver import Assignment, Clause, find, inside, outside
from rules.protocol.words import condition_words, fact_words, one_term, value_words
from schemas.fact_table import FACTS, SAME
from schemas.facts import facts_of
from schemas.protocol import Effect, Outcome, Stricter, Terms

_REFERENCE = IN_ORDER.atoms
_MOST_CHOICES = 64
_FROM_THE_GRAVEST = (
    (Outcome.DENY, Outcome.ELIGIBLE),
    (Outcome.ELIGIBLE, Outcome.DENY),
    (Outcome.NEEDS_FACTS, Outcome.ELIGIBLE),
    (Outcome.ELIGIBLE, Outcome.NEEDS_FACTS),
    (Outcome.DENY, Outcome.NEEDS_FACTS),
    (Outcome.NEEDS_FACTS, Outcome.DENY),
)


@dataclass(frozen=True)
class Change:
    """Requests that two versions judge differently, because of one half of a rule."""

    who: str
    """Whom it is about: what there is of them beside what is in order, in words."""
    before: Outcome
    after: Outcome
    rule: str
    reason: str
    example: Mapping[str, object]
    """The facts of one such request that differ from a request in order."""

    @property
    def is_stricter(self) -> bool:
        """Whether the second version protects more here."""
        order = list(Outcome)
        return order.index(self.after) < order.index(self.before)


@dataclass(frozen=True)
class Difference:
    """What changes from one version to another."""

    changes: tuple[Change, ...]
    silent: tuple[str, ...]
    """Rules that only one of them has, and that change nothing."""
    terms: tuple[str, ...]
    fields: tuple[str, ...]
    told: str | None
    stricter_than_source: tuple[Stricter, ...]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes for anybody."""
        return not (self.changes or self.terms or self.fields or self.told)


def difference(protocol: Protocol, before: str, after: str) -> Difference:
    """What changes for whom, when one version follows another.

    Args:
        protocol: what is held.
        before: the one version.
        after: the other.
    """
    one, other = protocol.in_play(before), protocol.in_play(after)
    changes = list(_changes(one, other))
    first, second = protocol.versions[before], protocol.versions[after]
    told = None
    if first.told_text_id != second.told_text_id:
        told = f"people are told {second.told_text_id}, no longer {first.told_text_id}"
    return Difference(
        changes=tuple(changes),
        silent=tuple(_silent(one, other, changes)),
        terms=tuple(_terms(one.terms, other.terms)),
        fields=tuple(_fields(one, other)),
        told=told,
        stricter_than_source=second.stricter_than_source,
    )


def _changes(one: InPlay, other: InPlay) -> Iterator[Change]:
    """What the rules that only one of them has make of requests that are else in order."""
    for half, effect, boxes in (*_only_in(other, one), *_only_in(one, other)):
        found = list(_in_order_else(half, effect, boxes, (one, other)))
        yield from found or _anywhere(half, boxes, (one, other))


def _in_order_else(
    half: Halves, effect: Effect, boxes: Iterable[Box], both: tuple[InPlay, InPlay]
) -> Iterator[Change]:
    """Requests in which nothing but this is out of order, by what the two say of them."""
    groups: dict[tuple[Outcome, Outcome], list[Assignment]] = {}
    for choice in (choice for box in boxes for choice in _choices(box)):
        nearest = _nearest(choice, both)
        if nearest is not None:
            before, after = (play.evaluate(facts_of(nearest, (SAME,))).outcome for play in both)
            if before is not after:
                groups.setdefault((before, after), []).append(nearest)
    for outcomes, requests in groups.items():
        yield _change(half, _who(half, effect, requests), outcomes, requests[0])


def _nearest(choice: Box, both: tuple[InPlay, InPlay]) -> Assignment | None:
    """The request with these values that one of the two takes for eligible, or else any."""
    passing = (clauses for play in both for clauses in _judged(Outcome.ELIGIBLE, play))
    found = (find((*clauses, *inside(choice)), _REFERENCE) for clauses in (*passing, ()))
    return next((one for one in found if one is not None), None)


def _choices(box: Box) -> Iterator[Box]:
    """Every single choice of values in a box; those of large boxes by their first values."""
    singles = ([(name, value) for value in sorted(values)] for name, values in box.items())
    for choice in islice(product(*singles), _MOST_CHOICES):
        yield {name: frozenset({value}) for name, value in choice}


def _anywhere(half: Halves, boxes: Sequence[Box], both: tuple[InPlay, InPlay]) -> Iterator[Change]:
    """Any request that the two judge differently because of this half, where there is one."""
    for before, after in _FROM_THE_GRAVEST:
        for box, first, second in product(boxes, _judged(before, both[0]), _judged(after, both[1])):
            found = find((*first, *second, *inside(box)), _REFERENCE)
            if found is not None:
                yield _change(half, _told(differs_from_order(found)), (before, after), found)
                return


def _change(
    half: Halves, who: str, outcomes: tuple[Outcome, Outcome], request: Assignment
) -> Change:
    return Change(
        who=who,
        before=outcomes[0],
        after=outcomes[1],
        rule=half.rule.id,
        reason=half.rule.reason,
        example=differs_from_order(request),
    )


def _who(half: Halves, effect: Effect, requests: Sequence[Assignment]) -> str:
    """The values that matter, where one fact does; or else the condition of the rule."""
    examples = [differs_from_order(request) for request in requests]
    names = {name for example in examples for name in example}
    if not names:
        return "a request in which everything is in order"
    values = [example.get(name) for example in examples for name in names]
    if len(names) == 1 and all(isinstance(value, str) for value in values):
        return f"{FACTS[names.pop()].about}: {value_words([str(v) for v in values])}"
    return condition_words(half.rule.denies if effect is Effect.DENY else half.rule.waits)


def _told(example: Mapping[str, object]) -> str:
    return "; ".join(fact_words(name, value) for name, value in example.items())


def _only_in(this: InPlay, that: InPlay) -> Iterator[tuple[Halves, Effect, list[Box]]]:
    theirs = {(effect, key_of(box)) for _, effect, boxes in _halves(that) for box in boxes}
    for half, effect, boxes in _halves(this):
        mine = [box for box in boxes if (effect, key_of(box)) not in theirs]
        if mine:
            yield half, effect, mine


def _halves(play: InPlay) -> Iterator[tuple[Halves, Effect, tuple[Box, ...]]]:
    for half in play.rules:
        yield from ((half, effect, boxes) for effect, boxes in half.by_effect())


def _judged(outcome: Outcome, play: InPlay) -> Iterator[tuple[Clause, ...]]:
    """Clauses under which what is in play has this outcome; several where it is a choice."""
    not_denied = tuple(outside(box) for box in play.denies)
    match outcome:
        case Outcome.DENY:
            yield from (inside(box) for box in play.denies)
        case Outcome.NEEDS_FACTS:
            yield from ((*not_denied, *inside(box)) for box in play.waits)
        case Outcome.ELIGIBLE:
            yield (*not_denied, *(outside(box) for box in play.waits))


def _silent(one: InPlay, other: InPlay, changes: Iterable[Change]) -> Iterator[str]:
    spoken = {change.rule for change in changes}
    for this, that in ((other, one), (one, other)):
        seen = {half.rule.id for half, _, _ in _only_in(this, that)} - spoken
        yield from (f"{rule} of {this.version}" for rule in sorted(seen))


def _terms(before: Terms, after: Terms) -> Iterator[str]:
    for name in Terms.model_fields:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            word = "looser" if is_looser(name, new, old) else "stricter"
            yield f"{one_term(name, after)}, before {old} ({word})"


def _fields(one: InPlay, other: InPlay) -> Iterator[str]:
    for name in sorted(one.fields ^ other.fields):
        yield f"{name}: {'now allowed' if name in other.fields else 'no longer allowed'}"
