"""The facts a sharing protocol may read: names, values, and how what is absent reads.

There is none for nationality, ethnicity, language or name, and none may be added (INV-02): a
protocol cannot ask for what has no name here. An unknown name or value is an error that names the
fact, and nothing is evaluated.

Rules compare *atoms*: a fact with one value is one atom; a list is one yes-or-no atom for each
entry it could hold; an object is one atom for each of its items. So every condition is a
comparison of finitely many values, and all of them can be looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

UNKNOWN, YES, NO = "unknown", "yes", "no"
SAME = "same"
"""In `told_versions`: the version under test. Only in files and tables, never in what is stored."""

TIER_A = (
    "name",
    "date_of_birth",
    "police_reference",
    "victim_marker",
    "crime_category",
    "spoc_contact",
    "lawful_basis",
    "protocol_version",
    "handling_caveat",
)
"""The largest set of fields any version may allow."""
TIER_B = ("nationality_as_stated", "correspondence_via_adviser")
"""Fields a version may list besides; none that is shipped does. Everything else is never shared."""
ANYTHING_ELSE = "anything_else"
"""A requested field outside both tiers: a package has no place for it."""


class Shape(StrEnum):
    """What the value of a fact looks like."""

    ONE = "one"
    """One value."""
    LIST = "list"
    """Several of its values; none given reads as `unknown`."""
    ITEMS = "items"
    """An object whose items each have one value."""
    FIELDS = "fields"
    """Names of fields, of the tiers or not."""
    VERSIONS = "versions"
    """Ids of versions, of this deployment or not."""


@dataclass(frozen=True)
class Fact:
    """One fact: what it says, the values it can have, and how its absence reads."""

    name: str
    about: str
    """What it says, in a few words that can stand before *is*."""
    values: tuple[str, ...]
    shape: Shape = Shape.ONE
    absent: str = UNKNOWN
    """The value it has where nobody gives one. Any but `unknown` is the worst case (†)."""
    items: tuple[str, ...] = ()

    @cached_property
    def atoms(self) -> Mapping[str, tuple[str, ...]]:
        """Its atoms, and the values each can have."""
        match self.shape:
            case Shape.ONE | Shape.VERSIONS:
                return {self.name: self.values}
            case Shape.ITEMS:
                return dict.fromkeys(self.parts.values(), self.values)
            case Shape.LIST | Shape.FIELDS:
                return dict.fromkeys(self.parts.values(), (NO, YES))

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """The atom of each entry it could hold, or of each of its items."""
        fields = (*TIER_A, *TIER_B, ANYTHING_ELSE) if self.shape is Shape.FIELDS else ()
        return {one: atom(self.name, one) for one in self.items or fields or self.values}

    @cached_property
    def constants(self) -> frozenset[str]:
        """What a condition may compare it with."""
        return frozenset(self.values)


def atom(fact: str, entry: str) -> str:
    """The atom of one entry or item of a fact."""
    return f"{fact}:{entry}"


def fact_of(atom_name: str) -> str:
    """The fact an atom belongs to."""
    return atom_name.partition(":")[0]


_YES_NO = (YES, NO, UNKNOWN)

_ALL = (
    Fact(
        "subject_role",
        "the person in the case",
        ("victim", "witness", "both", "dependant", "reporter_only", UNKNOWN),
    ),
    Fact("age_band", "the person's age", ("adult", "child", "uncertain"), absent="uncertain"),
    Fact(
        "case_state",
        "the case",
        (
            "open",
            "closed",
            "transferred",
            "entered_in_error",
            "deceased",
            "disposed",
            UNKNOWN,
        ),
    ),
    Fact(
        "crime_types",
        "the crimes",
        (
            "domestic_abuse",
            "sexual",
            "stalking_harassment",
            "modern_slavery",
            "honour_fm_fgm",
            "hate",
            "labour_exploitation",
            "other",
            UNKNOWN,
        ),
        Shape.LIST,
    ),
    Fact("immigration_abuse", "threats to report the person to immigration", _YES_NO),
    Fact(
        "status_knowledge",
        "what is known of status",
        ("not_recorded", "doubt", "evidence", "self_disclosed_with_adviser", "secure"),
        absent="not_recorded",
    ),
    Fact(
        "status_source",
        "who first raised status",
        (
            "subject",
            "subject_document",
            "regulated_adviser",
            "incidental_police_check",
            "partner_agency",
            "perpetrator_or_associate",
            "anonymous",
            UNKNOWN,
        ),
    ),
    Fact(
        "status_check_purpose",
        "the purpose of the check that showed status",
        ("protection", "investigation", "solely_status", "none", UNKNOWN),
    ),
    Fact(
        "trigger_kind",
        "what prompted the request",
        ("human_reasoned", "automated", "template_prompt", "nationality_or_appearance"),
        absent="automated",
    ),
    Fact(
        "purpose",
        "the purpose of sharing",
        (
            "prosecute_perpetrator",
            "immigration_control",
            "protect_subject_lookup",
            "victim_requested_regularisation",
            "compelled",
            "other",
            UNKNOWN,
        ),
    ),
    Fact(
        "requested_by",
        "who asks",
        ("victim", "adviser", "police", "partner", "home_office", UNKNOWN),
    ),
    Fact("legal_power", "the legal power", ("named", "none", UNKNOWN)),
    Fact(
        "less_intrusive_means",
        "means that intrude less",
        ("exhausted", "available", UNKNOWN),
    ),
    Fact(
        "consent_state",
        "consent to sharing with Immigration Enforcement",
        (
            "not_asked",
            "asked",
            "reflecting",
            "given",
            "refused",
            "withdrawn",
            "expired",
            "not_capable",
            UNKNOWN,
        ),
    ),
    Fact(
        "consent_quality",
        "how consent was given",
        _YES_NO,
        Shape.ITEMS,
        items=(
            "knew_recipient",
            "knew_purpose",
            "knew_possible_detention_removal",
            "own_language",
            "independent_interpreter",
            "perpetrator_absent",
            "reflection_elapsed",
            "adviser_offered",
            "not_condition_of_help",
        ),
    ),
    Fact(
        "victim_informed",
        "telling the person of this request, with a real chance to object",
        ("yes", "no", "unsafe_to_inform", UNKNOWN),
    ),
    Fact("objection", "the person's objection", ("none", "raised", UNKNOWN)),
    Fact("advocate_informed", "telling the person's advocate or adviser", _YES_NO),
    Fact(
        "told_versions",
        "what the person was told about sharing",
        ("known", UNKNOWN),
        Shape.VERSIONS,
    ),
    Fact(
        "third_party_link",
        "the link to independent support",
        ("none", "offered", "declined", "referred", "engaged", UNKNOWN),
    ),
    Fact("support_engaged", "support under way", _YES_NO),
    Fact("signposting_given", "signposting to immigration help", _YES_NO),
    Fact("urgent_protection_done", "urgent protection done", _YES_NO),
    Fact("prior_denial_same_facts", "an earlier denial on the same facts", _YES_NO),
    Fact(
        "regulated_advice",
        "regulated immigration advice",
        ("none", "offered", "declined", "booked", "obtained", UNKNOWN),
    ),
    Fact("support_hold", "the support hold", ("none", "active", UNKNOWN)),
    Fact(
        "harm_from_sharing",
        "the harm that sharing would do",
        ("low", "elevated", "severe", UNKNOWN),
    ),
    Fact(
        "nrm_state",
        "signs of modern slavery, and its referral (NRM)",
        (
            "no_indicators",
            "indicators",
            "consent_asked",
            "nrm_refused",
            "dtn_anonymous_submitted",
            "nrm_submitted",
            "rg_pending",
            "rg_negative",
            "reconsideration",
            "recovery",
            "cg_positive",
            "cg_negative",
            "disqualified",
            UNKNOWN,
        ),
    ),
    Fact(
        "investigation_state",
        "the investigation",
        (
            "not_reported",
            "open",
            "suspect_arrested",
            "released",
            "charged",
            "trial",
            "convicted",
            "acquitted",
            "nfa",
            "victim_withdrew",
            UNKNOWN,
        ),
    ),
    Fact(
        "ie_relief_commitment",
        "the written undertaking of relief from enforcement",
        ("in_force", "none", "ended", UNKNOWN),
    ),
    Fact(
        "also_suspect",
        "whether the person is also a suspect",
        ("no", "yes_unrelated", "yes_linked_to_exploitation", UNKNOWN),
    ),
    Fact(
        "staff_link",
        "a link of the alleged perpetrator to staff",
        ("none", "suspected", "known", UNKNOWN),
    ),
    Fact(
        "dpo_advice",
        "the data protection officer's advice",
        ("not_sought", "supports", "against", UNKNOWN),
    ),
    Fact(
        "agreement_and_dpia",
        "the agreement between the parties and its impact assessment",
        ("in_force", "none", UNKNOWN),
    ),
    Fact("requested_fields", "the fields asked for", (UNKNOWN,), Shape.FIELDS),
)

FACTS: Mapping[str, Fact] = MappingProxyType({fact.name: fact for fact in _ALL})
"""Every fact, by its name in JSON."""

ATOMS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {name: values for fact in _ALL for name, values in fact.atoms.items()}
)
"""Every atom of every fact, and its values."""
