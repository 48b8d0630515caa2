"""The protocol in words: a decision table that somebody can read who has never seen the files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rules.protocol.conditions import Comparison, Condition, Join, Not, read
from schemas.fact_table import FACTS, UNKNOWN, Fact, Shape
from schemas.protocol import Baseline, Outcome, Rule, Terms, Version

NEVER = "–"

_SPELT = {
    "honour_fm_fgm": "honour-based abuse, forced marriage or FGM",
    "nfa": "no further action",
    "nrm_refused": "NRM refused",
    "nrm_submitted": "NRM submitted",
    "dtn_anonymous_submitted": "duty to notify, without a name",
    "rg_pending": "reasonable grounds pending",
    "rg_negative": "reasonable grounds negative",
    "cg_positive": "conclusive grounds positive",
    "cg_negative": "conclusive grounds negative",
    "not_capable": "not able to decide",
    "stalking_harassment": "stalking or harassment",
    "yes_unrelated": "yes, of something unrelated",
    "yes_linked_to_exploitation": "yes, linked to the exploitation",
}
"""Values whose codes are no words."""

CHANGE_WORDS = {
    Outcome.DENY: "denied",
    Outcome.NEEDS_FACTS: "waited for facts",
    Outcome.ELIGIBLE: "eligible",
}
"""Outcomes as they are told beside each other."""

_TERMS = {
    "min_rationale_chars": "reasons of each approver, {} characters at least",
    "approval_ttl_hours": "an approval lives {} hours",
    "cooling_off_hours": "{} hours between the second approval and the act",
    "objection_window_hours": "{} hours to object, from when the person was reached",
    "link_to_request_hours": "{} hours between the link to support and the request",
    "request_lapses_after_days": "a request lapses after {} days",
    "review_after_days": "a review {} days after a hand-over",
}


@dataclass(frozen=True)
class Row:
    """A rule as a row of the decision table."""

    rule: str
    says_no: str
    waits: str
    why: str
    source: str


def decision_table(rules: Iterable[Rule]) -> tuple[Row, ...]:
    """The rules as rows, in the order of their ids."""
    return tuple(
        Row(
            rule=rule.id,
            says_no=condition_words(rule.denies),
            waits=condition_words(rule.waits),
            why=rule.reason,
            source=rule.source,
        )
        for rule in sorted(rules, key=lambda rule: rule.id)
    )


def condition_words(document: object) -> str:
    """A condition as a sentence; a dash where there is none."""
    return NEVER if document is None else _words(read(document))


def _words(condition: Condition, *, inner: bool = False) -> str:
    match condition:
        case Not(part):
            return f"none of this: {_words(part)}"
        case Join("all", ()):
            return "always"
        case Join(how, parts):
            joint = "; and " if how == "all" else "; or "
            joined = joint.join(_words(part, inner=True) for part in parts)
            return f"({joined})" if inner and len(parts) > 1 else joined
        case Comparison(fact, operator, values):
            return f"{fact.about}: {_compared(fact, operator, values)}"


def _compared(fact: Fact, operator: str, values: Sequence[str]) -> str:
    shape = fact.shape
    if operator == "outside":
        return "one that some version in play does not allow"
    if shape is Shape.FIELDS:
        return "none"
    if shape is Shape.LIST:
        return "not all known" if values == (UNKNOWN,) else f"{value_words(values)} among them"
    if shape is Shape.ITEMS:
        return f"{value_words(values)} to any part of it"
    if operator in ("is_not", "not_in"):
        is_known = "" if fact.absent != UNKNOWN else "known, and "
        return f"{is_known}other than {value_words(values)}{_or_unsaid(fact, values, is_not=True)}"
    return f"{value_words(values)}{_or_unsaid(fact, values)}"


def _or_unsaid(fact: Fact, values: Sequence[str], *, is_not: bool = False) -> str:
    """That it says no where nobody has said anything, of a fact that then reads as the worst."""
    reads_so = fact.absent != UNKNOWN and (fact.absent in values) is not is_not
    return ", or nobody has said" if reads_so else ""


def value_words(values: Sequence[str]) -> str:
    """Values as words: `a, b or c`."""
    words = [value_word(value) for value in values]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def value_word(value: str) -> str:
    """One value as a word."""
    return _SPELT.get(value, value.replace("_", " "))


def fact_about(name: str) -> str:
    """What a fact is about."""
    return FACTS[name].about


def fact_words(name: str, value: object) -> str:
    """One fact and what it is: `consent to sharing …: not asked`."""
    about = FACTS[name].about
    if isinstance(value, dict):
        return f"{about}: {', '.join(f'{v} to {k}'.replace('_', ' ') for k, v in value.items())}"
    if isinstance(value, list | tuple):
        return f"{about}: {', '.join(value_word(str(one)) for one in value) or 'none'}"
    return f"{about}: {value_word(str(value))}"


def term_words(terms: Terms) -> tuple[str, ...]:
    """The numbers as sentences."""
    return tuple(sentence.format(getattr(terms, name)) for name, sentence in _TERMS.items())


def one_term(name: str, terms: Terms) -> str:
    """One number as a sentence."""
    return _TERMS[name].format(getattr(terms, name))


def adds(version: Version, baseline: Baseline) -> str:
    """In a few words, what a version adds to the baseline."""
    if not version.rules:
        return f"nothing beyond the baseline's {len(baseline.rules)} rules"
    return ", ".join(rule.id for rule in version.rules)
