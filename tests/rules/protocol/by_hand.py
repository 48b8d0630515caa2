"""The protocol a second time, in plain Python, to hold the files and their evaluation against.

It shares no line with `rules.protocol`: no data file, no condition, no reading of facts. It is
written for likeness with the words of the protocol, and for nothing else.
"""

from collections.abc import Collection, Iterator
from typing import Any

from schemas.protocol import Effect
from tests.rules.protocol.asked import P0, P2, P3, P4, P5, SIX, Document

UNKNOWN = "unknown"
QUALITY = (
    "knew_recipient",
    "knew_purpose",
    "knew_possible_detention_removal",
    "own_language",
    "independent_interpreter",
    "perpetrator_absent",
    "reflection_elapsed",
    "adviser_offered",
    "not_condition_of_help",
)
SHARED = {
    "name",
    "date_of_birth",
    "police_reference",
    "victim_marker",
    "crime_category",
    "spoc_contact",
    "lawful_basis",
    "protocol_version",
    "handling_caveat",
}
WORST = {"age_band": "uncertain", "status_knowledge": "not_recorded", "trigger_kind": "automated"}
UNDER_WAY = {"open", "suspect_arrested", "released", "charged", "trial"}
OVER = {"nfa", "acquitted", "convicted", "victim_withdrew"}

Ruling = tuple[str, bool, bool]
"""A rule, whether it denies, and whether it waits where it does not deny."""


class _Asked:
    """What is known of the request, absent facts as they read."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.crimes = set(document.get("crime_types", ())) or {UNKNOWN}
        self.fields = set(document.get("requested_fields", ()))
        given = document.get("consent_quality", {})
        self.quality = {given.get(item, UNKNOWN) for item in QUALITY}
        self.is_told = bool(document.get("told_versions"))

    def of(self, fact: str) -> Any:
        return self._document.get(fact, WORST.get(fact, UNKNOWN))

    def any_of(self, fact: str, *values: str) -> bool:
        return self.of(fact) in values

    def known_but(self, fact: str, *values: str) -> bool:
        return self.of(fact) not in (UNKNOWN, *values)

    def rule(self, rule: str, fact: str, *denying: str, waits: Collection[str] = ()) -> Ruling:
        """Most rules: some values deny, and what is unknown is waited for."""
        value = self.of(fact)
        return rule, value in denying, value == UNKNOWN or value in waits

    def but(self, rule: str, fact: str, *passing: str) -> Ruling:
        """Some rules: all but these values deny, and what is unknown is waited for."""
        return rule, self.known_but(fact, *passing), self.of(fact) == UNKNOWN


def _baseline(asked: _Asked) -> Iterator[Ruling]:
    consented = asked.of("consent_state") == "given"
    yield "B01", asked.of("trigger_kind") != "human_reasoned", False
    yield "B02", asked.any_of("status_knowledge", "not_recorded", "doubt", "secure"), False
    yield asked.rule(
        "B03", "status_source", "partner_agency", "perpetrator_or_associate", "anonymous"
    )
    yield asked.rule("B04", "status_check_purpose", "solely_status")
    yield asked.rule("B05", "requested_by", "home_office")
    yield asked.rule(
        "B06",
        "consent_state",
        "refused",
        "withdrawn",
        "expired",
        "not_capable",
        waits=("asked", "reflecting"),
    )
    yield "B07", consented and "no" in asked.quality, consented and UNKNOWN in asked.quality
    yield asked.rule("B08", "objection", "raised")
    yield asked.rule("B09", "victim_informed", "no", "unsafe_to_inform")
    yield "B10", asked.of("age_band") != "adult", False
    yield asked.rule("B11", "subject_role", "dependant", "reporter_only")
    yield asked.rule("B12", "support_hold", "active")
    yield asked.rule("B13", "third_party_link", "none", "offered")
    yield asked.but("B14", "nrm_state", "no_indicators")
    yield asked.rule("B15", "harm_from_sharing", "severe")
    yield asked.rule("B16", "dpo_advice", "against", waits=("not_sought",))
    yield asked.rule("B17", "prior_denial_same_facts", "yes")
    yield "B18", bool(asked.fields - SHARED), not asked.fields
    yield asked.but("B19", "purpose", "prosecute_perpetrator", "immigration_control")
    yield asked.rule("B20", "agreement_and_dpia", "none")
    yield asked.but("B21", "also_suspect", "no")
    yield asked.rule("B22", "urgent_protection_done", "no")
    yield "B23", False, not asked.is_told
    yield "B24", "modern_slavery" in asked.crimes, UNKNOWN in asked.crimes
    yield asked.rule("B25", "investigation_state", "not_reported")
    is_over = asked.any_of("investigation_state", *OVER)
    yield "B26", asked.of("purpose") == "prosecute_perpetrator" and is_over, False
    yield asked.rule("B27", "advocate_informed", "no")
    yield asked.rule("B28", "legal_power", "none")
    yield asked.rule("B29", "less_intrusive_means", "available")
    yield asked.but("B30", "case_state", "open")
    yield asked.but("B31", "staff_link", "none")
    is_private = asked.of("status_knowledge") == "self_disclosed_with_adviser"
    yield "B32", is_private and asked.known_but("consent_state", "given"), False
    yield asked.rule("B33", "immigration_abuse", "yes")


def _added(version: str, asked: _Asked) -> Iterator[Ruling]:
    if version == P0:
        yield "P0-1", True, False
    if version == P2:
        is_abuse = bool(asked.crimes & {"domestic_abuse", UNKNOWN})
        is_unlinked = asked.known_but("third_party_link", "referred", "engaged")
        yield "P2-1", is_abuse and is_unlinked, False
    if version == P3:
        yield asked.but("P3-1", "ie_relief_commitment", "in_force")
        yield asked.but("P3-2", "investigation_state", *UNDER_WAY)
        yield asked.but("P3-3", "support_engaged", "yes")
        yield asked.but("P3-4", "regulated_advice", "booked", "obtained")
        yield asked.but("P3-5", "signposting_given", "yes")
    if version == P4:
        yield asked.but("P4-1", "consent_state", "given")
    if version == P5:
        yield asked.but("P5-1", "consent_state", "given")
        is_covered = bool(asked.crimes & {"domestic_abuse", "sexual", "stalking_harassment"})
        is_open = UNKNOWN in asked.crimes
        yield "P5-2", not is_covered and not is_open, is_open


def fired(version: str, document: Document) -> dict[str, Effect]:
    """What each rule does that fires: of the baseline, of this version, and of all that was told.

    A version that is none of the six, whatever it is, is closed.
    """
    asked = _Asked(document)
    told = [version if one == "same" else one for one in document.get("told_versions", ())]
    names = {one if one in SIX else P0 for one in (version, *told)}
    rulings = list(_baseline(asked))
    for name in names:
        rulings += _added(name, asked)
    return {
        rule: Effect.DENY if denies else Effect.WAIT
        for rule, denies, waits in rulings
        if denies or waits
    }
