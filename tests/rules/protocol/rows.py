"""What each half of each rule fires on, written by hand from the protocol and not from its files.

A row names one fact and all of its values: those on which the half fires, and those on which it
does not. What else has to be so is said by `where`; all other facts are as in a request in order.
"""

from dataclasses import dataclass, field
from typing import Any

from schemas.protocol import Effect
from tests.rules.protocol.asked import P0, P1, P2, P3, P4, P5, Document

DENY, WAIT = Effect.DENY, Effect.WAIT
ABSENT = "(absent)"
"""Not a value: the fact is left out."""


@dataclass(frozen=True)
class Row:
    """One half of one rule."""

    rule: str
    effect: Effect
    fact: str
    fires: tuple[Any, ...]
    silent: tuple[Any, ...]
    version: str = P1
    where: Document = field(default_factory=dict)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _both(rule: str, fact: str, *, denies: str, waits: str, passes: str, **more: Any) -> list[Row]:
    """Both halves of a rule over the values of one fact."""
    no, not_known, yes = _words(denies), _words(waits), _words(passes)
    return [
        Row(rule, DENY, fact, no, yes + not_known, **more),
        Row(rule, WAIT, fact, not_known, yes + no, **more),
    ]


def _denies(rule: str, fact: str, on: str, passes: str, **more: Any) -> list[Row]:
    return [Row(rule, DENY, fact, _words(on), _words(passes), **more)]


_QUALITY = _words(
    "knew_recipient knew_purpose knew_possible_detention_removal own_language "
    "independent_interpreter perpetrator_absent reflection_elapsed adviser_offered "
    "not_condition_of_help"
)
_ALL_GOOD = dict.fromkeys(_QUALITY, "yes")
_FREE = (_ALL_GOOD,)
_ONE_BAD = tuple({**_ALL_GOOD, item: "no"} for item in _QUALITY)
_ONE_UNKNOWN = tuple({**_ALL_GOOD, item: "unknown"} for item in _QUALITY)
_ONE_LEFT_OUT = tuple({i: "yes" for i in _QUALITY if i != item} for item in _QUALITY)
_PROSECUTION = {"purpose": "prosecute_perpetrator"}
_ENFORCEMENT = {"purpose": "immigration_control"}
_UNDER_WAY = "open suspect_arrested released charged trial"
_OVER = "nfa acquitted convicted victim_withdrew"
_NO_YES = "not_asked asked reflecting refused withdrawn expired not_capable"
_SHARED = _words(
    "name date_of_birth police_reference victim_marker crime_category spoc_contact lawful_basis "
    "protocol_version handling_caveat"
)
_NEVER_SHARED = _words(
    "nationality_as_stated correspondence_via_adviser home_address refuge_address phone email "
    "location health narrative risk_score ngo child image document free_text"
)

BASELINE: tuple[Row, ...] = (
    *_denies(
        "B01", "trigger_kind", "automated template_prompt nationality_or_appearance (absent)",
        passes="human_reasoned",
    ),
    *_denies(
        "B02", "status_knowledge", "not_recorded doubt secure (absent)",
        passes="evidence self_disclosed_with_adviser",
    ),
    *_both(
        "B03", "status_source",
        denies="partner_agency perpetrator_or_associate anonymous",
        waits="unknown (absent)",
        passes="subject subject_document regulated_adviser incidental_police_check",
    ),
    *_both(
        "B04", "status_check_purpose",
        denies="solely_status", waits="unknown (absent)", passes="protection investigation none",
    ),
    *_both(
        "B05", "requested_by",
        denies="home_office", waits="unknown (absent)", passes="victim adviser police partner",
    ),
    *_both(
        "B06", "consent_state",
        denies="refused withdrawn expired not_capable",
        waits="asked reflecting unknown (absent)",
        passes="not_asked given",
    ),
    Row("B07", DENY, "consent_quality", _ONE_BAD, (*_FREE, *_ONE_UNKNOWN, {}, ABSENT)),
    Row(
        "B07", WAIT, "consent_quality",
        (*_ONE_UNKNOWN, *_ONE_LEFT_OUT, {}, ABSENT), (*_FREE, *_ONE_BAD),
    ),
    Row(
        "B07", DENY, "consent_quality", (), (*_ONE_BAD, *_ONE_UNKNOWN),
        where={"consent_state": "not_asked"},
    ),
    Row(
        "B07", WAIT, "consent_quality", (), (*_ONE_BAD, *_ONE_UNKNOWN, ABSENT),
        where={"consent_state": "not_asked"},
    ),
    *_both("B08", "objection", denies="raised", waits="unknown (absent)", passes="none"),
    *_both(
        "B09", "victim_informed",
        denies="no unsafe_to_inform", waits="unknown (absent)", passes="yes",
    ),
    *_denies("B10", "age_band", "child uncertain (absent)", passes="adult"),
    *_both(
        "B11", "subject_role",
        denies="dependant reporter_only", waits="unknown (absent)", passes="victim witness both",
    ),
    *_both("B12", "support_hold", denies="active", waits="unknown (absent)", passes="none"),
    *_both(
        "B13", "third_party_link",
        denies="none offered", waits="unknown (absent)", passes="declined referred engaged",
    ),
    *_both(
        "B14", "nrm_state",
        denies="indicators consent_asked nrm_refused dtn_anonymous_submitted nrm_submitted "
        "rg_pending rg_negative reconsideration recovery cg_positive cg_negative disqualified",
        waits="unknown (absent)",
        passes="no_indicators",
    ),
    *_both(
        "B15", "harm_from_sharing",
        denies="severe", waits="unknown (absent)", passes="low elevated",
    ),
    *_both(
        "B16", "dpo_advice",
        denies="against", waits="not_sought unknown (absent)", passes="supports",
    ),
    *_both(
        "B17", "prior_denial_same_facts", denies="yes", waits="unknown (absent)", passes="no"
    ),
    Row(
        "B18", DENY, "requested_fields",
        tuple(["name", name] for name in _NEVER_SHARED),
        (*([name] for name in _SHARED), _SHARED, [], ABSENT),
    ),
    Row(
        "B18", WAIT, "requested_fields",
        ([], ABSENT), (*([name] for name in (*_SHARED, *_NEVER_SHARED)), _SHARED),
    ),
    *_both(
        "B19", "purpose",
        denies="protect_subject_lookup victim_requested_regularisation compelled other",
        waits="unknown (absent)",
        passes="prosecute_perpetrator immigration_control",
    ),
    *_both(
        "B20", "agreement_and_dpia", denies="none", waits="unknown (absent)", passes="in_force"
    ),
    *_both(
        "B21", "also_suspect",
        denies="yes_unrelated yes_linked_to_exploitation", waits="unknown (absent)", passes="no",
    ),
    *_both(
        "B22", "urgent_protection_done", denies="no", waits="unknown (absent)", passes="yes"
    ),
    Row("B23", WAIT, "told_versions", ([], ABSENT), (["same"], [P1], [P0], ["p9-not-held"])),
    Row(
        "B24", DENY, "crime_types",
        (["modern_slavery"], ["hate", "modern_slavery"], ["modern_slavery", "unknown"]),
        (*([crime] for crime in _words(
            "domestic_abuse sexual stalking_harassment honour_fm_fgm hate labour_exploitation other"
        )), ["unknown"], [], ABSENT),
    ),
    Row(
        "B24", WAIT, "crime_types",
        (["unknown"], ["hate", "unknown"], [], ABSENT),
        (["domestic_abuse"], ["hate", "other"], ["modern_slavery"]),
    ),
    *_both(
        "B25", "investigation_state",
        denies="not_reported", waits="unknown (absent)", passes=f"{_UNDER_WAY} {_OVER}",
    ),
    *_denies(
        "B26", "investigation_state", _OVER,
        passes=f"{_UNDER_WAY} not_reported unknown (absent)", where=_PROSECUTION,
    ),
    Row("B26", DENY, "investigation_state", (), _words(_OVER), where=_ENFORCEMENT),
    *_both("B27", "advocate_informed", denies="no", waits="unknown (absent)", passes="yes"),
    *_both("B28", "legal_power", denies="none", waits="unknown (absent)", passes="named"),
    *_both(
        "B29", "less_intrusive_means",
        denies="available", waits="unknown (absent)", passes="exhausted",
    ),
    *_both(
        "B30", "case_state",
        denies="closed transferred entered_in_error deceased disposed",
        waits="unknown (absent)",
        passes="open",
    ),
    *_both(
        "B31", "staff_link", denies="suspected known", waits="unknown (absent)", passes="none"
    ),
    *_denies(
        "B32", "consent_state", _NO_YES, passes="given unknown (absent)",
        where={"status_knowledge": "self_disclosed_with_adviser"},
    ),
    Row(
        "B32", DENY, "consent_state", (), _words(_NO_YES),
        where={"status_knowledge": "evidence"},
    ),
    *_both("B33", "immigration_abuse", denies="yes", waits="unknown (absent)", passes="no"),
)  # fmt: skip

_NO_LINK = {"third_party_link": "declined"}

OF_VERSIONS: tuple[Row, ...] = (
    Row(
        "P0-1", DENY, "objection", ("none", "raised", "unknown", ABSENT), (), version=P0
    ),
    *_denies(
        "P2-1", "third_party_link", "none offered declined",
        passes="referred engaged unknown (absent)", version=P2,
    ),
    Row(
        "P2-1", DENY, "crime_types",
        (["domestic_abuse"], ["unknown"], ["hate", "unknown"], [], ABSENT),
        (["sexual"], ["hate", "other"], ["modern_slavery"]),
        version=P2, where=_NO_LINK,
    ),
    *_both(
        "P3-1", "ie_relief_commitment",
        denies="none ended", waits="unknown (absent)", passes="in_force", version=P3,
    ),
    *_both(
        "P3-2", "investigation_state",
        denies=f"not_reported {_OVER}", waits="unknown (absent)", passes=_UNDER_WAY, version=P3,
    ),
    *_both(
        "P3-3", "support_engaged",
        denies="no", waits="unknown (absent)", passes="yes", version=P3,
    ),
    *_both(
        "P3-4", "regulated_advice",
        denies="none offered declined", waits="unknown (absent)", passes="booked obtained",
        version=P3,
    ),
    *_both(
        "P3-5", "signposting_given",
        denies="no", waits="unknown (absent)", passes="yes", version=P3,
    ),
    *_both(
        "P4-1", "consent_state",
        denies=_NO_YES, waits="unknown (absent)", passes="given", version=P4,
    ),
    *_both(
        "P5-1", "consent_state",
        denies=_NO_YES, waits="unknown (absent)", passes="given", version=P5,
    ),
    Row(
        "P5-2", DENY, "crime_types",
        (["hate"], ["other", "labour_exploitation"], ["modern_slavery"], ["honour_fm_fgm"]),
        (["domestic_abuse"], ["sexual"], ["stalking_harassment"], ["hate", "sexual"], ["unknown"],
         ["hate", "unknown"], ABSENT),
        version=P5,
    ),
    Row(
        "P5-2", WAIT, "crime_types",
        (["unknown"], ["sexual", "unknown"], [], ABSENT), (["sexual"], ["hate"]), version=P5,
    ),
)  # fmt: skip

ROWS = (*BASELINE, *OF_VERSIONS)
