"""How the facts of a case read at a moment: what our records say, and what people said.

Four things hold, whatever was said and in whatever order it is read:

- Of words that contradict each other the one nearest to a no counts.
- A word counts only from a role that may say it, and for as long as such a word lives.
- Time turns no no into a yes: where the word nearest to a no has run out, the fact reads as
  unknown until its own organisation says something else.
- Who first raised somebody's status stays: a cleaner source later never replaces a tainted one.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rules.protocol.authority import AUTHORITY, NEARER_TO_A_NO, TAINTED
from rules.protocol.weighing import Heard, Word, rank
from schemas.actor import Role
from schemas.assertions import Assertion, Ground, LeftOut, Reading, Standing
from schemas.fact_table import FACTS, UNKNOWN, Fact, Shape
from schemas.facts import Facts, FactValue, read_facts

STATUS_SOURCE = "status_source"


def facts_at(
    assertions: Iterable[Assertion],
    records: Mapping[str, Any],
    at: datetime,
    requester: str | None = None,
) -> Facts:
    """The facts of a case as they read at a moment.

    Args:
        assertions: everything that was ever said of the case, in any order.
        records: what our own records say, as in JSON. Of a fact that people may say something of
            too, it counts as one more word.
        at: the moment; what was said later is not heard.
        requester: who asks to share, as organisation:person.
    """
    return facts_of_standing(why(assertions, records, at, requester))


def facts_of_standing(standing: Iterable[Standing]) -> Facts:
    """The facts that stand so."""
    return read_facts({one.fact: one.value for one in standing})


def why(
    assertions: Iterable[Assertion],
    records: Mapping[str, Any],
    at: datetime,
    requester: str | None = None,
) -> tuple[Standing, ...]:
    """The same, each with how it came about, what was left out, and who may supply it."""
    recorded = read_facts(records).values
    said: dict[str, list[Assertion]] = {name: [] for name in FACTS}
    for one in sorted(assertions, key=lambda one: (one.at, str(one.id))):
        if one.at <= at and one.fact in said:
            said[one.fact].append(one)
    return tuple(
        _standing(fact, said[name], recorded[name] if name in records else None, at, requester)
        for name, fact in FACTS.items()
    )


def may_supply(fact: str) -> tuple[Role, ...]:
    """The roles that may be asked for a fact; none where our records alone give it."""
    return AUTHORITY[fact].may_supply if fact in AUTHORITY else ()


def left_out_alone(assertion: Assertion) -> Ground | None:
    """Why a word does not supply its fact, were it the only one; None where it does."""
    alone = next(one for one in why([assertion], {}, assertion.at) if one.fact == assertion.fact)
    return next((one.ground for one in alone.left_out), None)


def _standing(
    fact: Fact,
    said: Sequence[Assertion],
    recorded: FactValue | None,
    at: datetime,
    requester: str | None,
) -> Standing:
    authority = AUTHORITY.get(fact.name)
    if authority is None:
        return _from_records(fact, said, recorded)
    heard = Heard(fact, authority, said, at, requester)
    if fact.name == STATUS_SOURCE:
        return _inherited(heard)
    if fact.shape is Shape.LIST:
        return _listed(heard)
    return _nearest(heard, None if recorded == UNKNOWN else recorded)


def _from_records(fact: Fact, said: Iterable[Assertion], recorded: FactValue | None) -> Standing:
    reading = Reading.NOBODY_SAYS if recorded is None else Reading.FROM_RECORDS
    typed = (LeftOut(assertion=one, ground=Ground.NOT_THEIR_FACT) for one in said)
    return _stands(fact, recorded, reading, left_out=typed)


def _nearest(heard: Heard, recorded: FactValue | None) -> Standing:
    """One value: the nearest to a no of all that is live, unless a nearer one has run out."""
    fact, (words, out) = heard.fact, heard.weigh()
    nothing = rank(fact.name, fact.absent)
    live, lapsed = _parted(words)
    supplied = [word.rank for word in live if word.is_full]
    supplied += [] if recorded is None else [rank(fact.name, recorded)]
    without = min(supplied, default=nothing)
    reads = min([without, *(word.rank for word in live)])
    is_said = bool(supplied) or reads < nothing
    if not is_said or (reads > nothing and any(word.rank < reads for word in lapsed)):
        reading = Reading.RUN_OUT if lapsed else Reading.NOBODY_SAYS
        return _stands(fact, None, reading, left_out=[*out, *_unheard(words)])
    value = NEARER_TO_A_NO[fact.name][reads]
    counted = [word for word in live if word.rank == reads]
    others = [word for word in words if word not in counted]
    if not counted:
        reading = Reading.FROM_RECORDS
    elif len({*supplied, *(word.rank for word in live)}) > 1:
        reading = Reading.CONTRADICTED
    else:
        reading = Reading.ASSERTED
    return _stands(fact, value, reading, counted, [*out, *_unheard(others)])


def _inherited(heard: Heard) -> Standing:
    """Who first raised it: a tainted source for good, any other while somebody stands by it."""
    words, out = heard.weigh()
    live, lapsed = _parted(words)
    ever = [one for one in heard.said if heard.is_full(one) and one.said != UNKNOWN]
    tainted = [one for one in ever if one.said in TAINTED]
    if not tainted and not live:
        reading = Reading.RUN_OUT if lapsed else Reading.NOBODY_SAYS
        return _stands(heard.fact, None, reading, left_out=[*out, *_unheard(words)])
    first = (tainted or ever)[0]
    others = [*out, *_unheard(words)]
    left = [one for one in others if one.assertion is not first]
    reading = Reading.INHERITED if len(ever) > 1 or not live else Reading.ASSERTED
    standing = _stands(heard.fact, first.said, reading, left_out=left)
    until = None if tainted else _latest(live)
    return standing.model_copy(update={"counted": (first,), "until": until})


def _listed(heard: Heard) -> Standing:
    """Several entries: what all say alike; else everything that was said, and not all known."""
    fact, (words, out) = heard.fact, heard.weigh()
    live, lapsed = _parted(words)
    if not live:
        reading = Reading.RUN_OUT if lapsed else Reading.NOBODY_SAYS
        return _stands(fact, None, reading, left_out=[*out, *_unheard(lapsed)])
    lists = {frozenset(word.value) for word in words}
    entries = frozenset({UNKNOWN} if len(lists) > 1 else ()).union(*lists)
    value = tuple(entry for entry in fact.values if entry in entries)
    if len({frozenset(word.value) for word in live}) > 1:
        reading = Reading.CONTRADICTED
    else:
        reading = Reading.ASSERTED if len(lists) == 1 else Reading.RUN_OUT
    return _stands(fact, value, reading, live, [*out, *_unheard(lapsed)])


def _parted(words: Iterable[Word]) -> tuple[list[Word], list[Word]]:
    """Those that are live, and those that are not."""
    live: list[Word] = []
    lapsed: list[Word] = []
    for word in words:
        (live if word.is_live else lapsed).append(word)
    return live, lapsed


def _unheard(words: Iterable[Word]) -> list[LeftOut]:
    """Words that do not decide how the fact reads."""
    return [LeftOut(assertion=word.assertion, ground=_why_unheard(word)) for word in words]


def _why_unheard(word: Word) -> Ground:
    return word.lapse or (Ground.OUTWEIGHED if word.is_full else Ground.ONLY_RAISES)


def _latest(words: Sequence[Word]) -> datetime | None:
    """Until when one of them at least holds; None where one has no end."""
    ends = [word.until for word in words]
    return None if None in ends else max((end for end in ends if end is not None), default=None)


def _stands(
    fact: Fact,
    value: FactValue | None,
    reading: Reading,
    counted: Sequence[Word] = (),
    left_out: Iterable[LeftOut] = (),
) -> Standing:
    return Standing(
        fact=fact.name,
        value=_as_json(_ABSENT[fact.name] if value is None else value),
        reading=reading,
        counted=tuple(word.assertion for word in counted),
        left_out=tuple(left_out),
        until=_latest(counted),
        may_supply=may_supply(fact.name),
    )


def _as_json(value: FactValue) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


_ABSENT = read_facts({}).values
