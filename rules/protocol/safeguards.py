"""What must be true of every request that two people may look at: written by hand.

This table is the other half of the proof. It is never made from the rules and shares no line with
them: a rule that is lost, or a condition that is wrong, is found because the two disagree.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rules.protocol.conditions import Box
from schemas.fact_table import (
    ANYTHING_ELSE,
    ATOMS,
    FACTS,
    NO,
    SAME,
    TIER_A,
    TIER_B,
    YES,
    atom,
)
from schemas.facts import Facts, facts_of, read_facts
from schemas.protocol import Terms

QUALITY = FACTS["consent_quality"].items


@dataclass(frozen=True)
class Safeguard:
    """One line: what it promises, and the ways in which it would be broken."""

    promise: str
    breaches: tuple[Box, ...]


def _must(promise: str, name: str, *allowed: str) -> Safeguard:
    return Safeguard(promise, (_breach(name, allowed),))


def _must_if(promise: str, where: Box, name: str, *allowed: str) -> Safeguard:
    return Safeguard(promise, ({**where, **_breach(name, allowed)},))


def _breach(name: str, allowed: Iterable[str]) -> Box:
    return {name: frozenset(ATOMS[name]) - frozenset(allowed)}


def _is(name: str, value: str) -> Box:
    return {name: frozenset({value})}


_ANY_FIELD = [atom("requested_fields", f) for f in (*TIER_A, *TIER_B, ANYTHING_ELSE)]

ALWAYS: tuple[Safeguard, ...] = (
    _must("a person with reasons asked", "trigger_kind", "human_reasoned"),
    _must(
        "there is evidence of status, more than doubt",
        "status_knowledge",
        "evidence",
        "self_disclosed_with_adviser",
    ),
    _must_if(
        "what was said with an adviser goes on only with consent",
        _is("status_knowledge", "self_disclosed_with_adviser"),
        "consent_state",
        "given",
    ),
    _must(
        "status was not first raised by a tainted source",
        "status_source",
        "subject",
        "subject_document",
        "regulated_adviser",
        "incidental_police_check",
    ),
    _must(
        "no check was made solely for status",
        "status_check_purpose",
        "protection",
        "investigation",
        "none",
    ),
    _must(
        "the Home Office did not ask",
        "requested_by",
        "victim",
        "adviser",
        "police",
        "partner",
    ),
    _must("the purpose is one of two", "purpose", "prosecute_perpetrator", "immigration_control"),
    _must("a legal power is named", "legal_power", "named"),
    _must("nothing less intrusive would do", "less_intrusive_means", "exhausted"),
    _must("nobody's no, doubt or silence is passed over", "consent_state", "not_asked", "given"),
    *(
        _must_if(
            f"a yes was free and informed: {item.replace('_', ' ')}",
            _is("consent_state", "given"),
            atom("consent_quality", item),
            YES,
        )
        for item in QUALITY
    ),
    _must("the person did not object", "objection", "none"),
    _must("the person was told of this request", "victim_informed", YES),
    _must("somebody outside the force was told", "advocate_informed", YES),
    _must("the person is an adult", "age_band", "adult"),
    _must("the person is a victim or a witness", "subject_role", "victim", "witness", "both"),
    _must("the case is open", "case_state", "open"),
    _must("modern slavery has its own lanes", atom("crime_types", "modern_slavery"), NO),
    _must("every crime is named", atom("crime_types", "unknown"), NO),
    _must("nobody's threat is carried out", "immigration_abuse", NO),
    _must("no hold is in place", "support_hold", "none"),
    _must(
        "independent support was offered and answered",
        "third_party_link",
        "declined",
        "referred",
        "engaged",
    ),
    _must("there is no sign of slavery", "nrm_state", "no_indicators"),
    _must("the harm was assessed and is not severe", "harm_from_sharing", "low", "elevated"),
    _must(
        "the crime was reported",
        "investigation_state",
        "open",
        "suspect_arrested",
        "released",
        "charged",
        "trial",
        "convicted",
        "acquitted",
        "nfa",
        "victim_withdrew",
    ),
    _must_if(
        "a prosecution it is asked for is under way",
        _is("purpose", "prosecute_perpetrator"),
        "investigation_state",
        "open",
        "suspect_arrested",
        "released",
        "charged",
        "trial",
    ),
    _must("the data protection officer supports it", "dpo_advice", "supports"),
    _must("the same facts were not refused before", "prior_denial_same_facts", NO),
    _must("agreement and assessment are in force", "agreement_and_dpia", "in_force"),
    _must("the person is no suspect", "also_suspect", "no"),
    _must("nobody close to the perpetrator works here", "staff_link", "none"),
    _must("urgent protection was done first", "urgent_protection_done", YES),
    _must("it is known what the person was told", "told_versions", "known"),
    Safeguard(
        "some field was asked for",
        (
            {
                atom("requested_fields", f): frozenset({NO})
                for f in (*TIER_A, *TIER_B, ANYTHING_ELSE)
            },
        ),
    ),
    _must("no field is outside the tiers", atom("requested_fields", ANYTHING_ELSE), NO),
)
"""What eligible implies under every version."""


def of_fields(allowed: Iterable[Iterable[str]]) -> tuple[Safeguard, ...]:
    """No field goes on that one of the versions in play does not allow.

    Args:
        allowed: the fields of each version in play.
    """
    lists = [set(fields) for fields in allowed]
    return tuple(
        _must(f"{name} is allowed by every version", atom("requested_fields", name), NO)
        for name in (*TIER_A, *TIER_B)
        if not all(name in fields for fields in lists)
    )


LEAST = Terms(
    min_rationale_chars=80,
    approval_ttl_hours=72,
    cooling_off_hours=24,
    objection_window_hours=72,
    link_to_request_hours=72,
    request_lapses_after_days=7,
    review_after_days=28,
)
"""The numbers no version may loosen."""

IN_ORDER: Facts = read_facts(
    {
        "subject_role": "victim",
        "age_band": "adult",
        "case_state": "open",
        "crime_types": ["domestic_abuse"],
        "immigration_abuse": "no",
        "status_knowledge": "evidence",
        "status_source": "subject_document",
        "status_check_purpose": "none",
        "trigger_kind": "human_reasoned",
        "purpose": "prosecute_perpetrator",
        "requested_by": "police",
        "legal_power": "named",
        "less_intrusive_means": "exhausted",
        "consent_state": "given",
        "consent_quality": dict.fromkeys(QUALITY, "yes"),
        "victim_informed": "yes",
        "objection": "none",
        "advocate_informed": "yes",
        "told_versions": ["same"],
        "third_party_link": "engaged",
        "support_engaged": "yes",
        "signposting_given": "yes",
        "urgent_protection_done": "yes",
        "prior_denial_same_facts": "no",
        "regulated_advice": "obtained",
        "support_hold": "none",
        "harm_from_sharing": "low",
        "nrm_state": "no_indicators",
        "investigation_state": "open",
        "ie_relief_commitment": "in_force",
        "also_suspect": "no",
        "staff_link": "none",
        "dpo_advice": "supports",
        "agreement_and_dpia": "in_force",
        "requested_fields": ["name"],
    }
)
"""A request in which everything is in order: counterexamples are told as what differs from it."""


def differs_from_order(atoms: Mapping[str, str], told: Iterable[str] = (SAME,)) -> dict[str, Any]:
    """The facts, as JSON, in which these atoms differ from a request in order."""
    facts, order = facts_of(atoms, told).values, facts_of(IN_ORDER.atoms, told).values
    return {
        name: list(value) if isinstance(value, tuple) else _parts(value, order[name])
        for name, value in facts.items()
        if value != order[name]
    }


def _parts(value: Any, in_order: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {item: answer for item, answer in value.items() if answer != in_order[item]}
