"""Who may say what of a case, how long a word lives, and which value is nearer to a no.

A word counts only from a role that stands here; from anybody else it is kept and reads as unknown.
Nothing here is made from the rules: a test holds the order of the values against them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from schemas.actor import Role
from schemas.fact_table import UNKNOWN

_R = Role
_TOLD = "the person who told her"
_HELPERS = "idva, isva, ngo_caseworker (ngo_worker here); ppu_officer only to raise"
_NGO_SAYS = "the NGO; declined also from two staff"
_ADVICE = "immigration_adviser, NGO"
_NRM = "nrm_first_responder, or the case's NRM record"
_OFFICERS = "oic or ppu_officer, each with an evidence reference"
_SUPERVISOR = "safeguarding_supervisor"
_SPOC = "info_sharing_spoc"
_DPO = "dpo"

_NGO = (_R.NGO_WORKER, _R.NGO_SUPERVISOR, _R.IDVA, _R.ISVA)
"""Staff of a service who help her. Intake has not met her yet."""
_TELLERS = (
    _R.OIC,
    _R.PPU_OFFICER,
    _R.SAFEGUARDING_SUPERVISOR,
    _R.NRM_FIRST_RESPONDER,
    *_NGO,
    _R.IMMIGRATION_ADVISER,
)
"""Whoever speaks with her. A data protection officer and a single point of contact do not."""


@dataclass(frozen=True)
class Authority:
    """Whose word on a fact counts, and for how long."""

    roles: tuple[Role, ...]
    source: str
    """In the words of the agreement."""
    lives: timedelta | None
    """From when it was said; None: as long as what is written says."""
    is_guarded: bool = False
    """‡: the word of whoever asks to share never supplies it; it can only be nearer to a no."""
    raisers: tuple[Role, ...] = ()
    """Roles whose word counts only where it is nearer to a no than what others say."""
    needs_evidence: bool = False
    by_two: tuple[Role, ...] = ()
    """Roles of which two different people are needed, for the value `BY_TWO`."""

    @property
    def may_supply(self) -> tuple[Role, ...]:
        """Everybody who could be asked for it."""
        return tuple(dict.fromkeys((*self.roles, *self.by_two)))


BY_TWO = "declined"
"""Of the link to support: that she did not want it is said by the service, or by two of staff."""

_MONTH, _FORTNIGHT, _WEEK = timedelta(days=28), timedelta(days=14), timedelta(days=7)
_WRITTEN = None

_TELLING = Authority(_TELLERS, _TOLD, _FORTNIGHT, is_guarded=True)
_RISK = Authority(
    (_R.IDVA, _R.ISVA, _R.NGO_WORKER),
    _HELPERS,
    _MONTH,
    is_guarded=True,
    raisers=(_R.PPU_OFFICER,),
)
_LINK = Authority(
    _NGO, _NGO_SAYS, _MONTH, by_two=(_R.OIC, _R.PPU_OFFICER, _R.SAFEGUARDING_SUPERVISOR)
)
_ENGAGED = Authority(_NGO, "the NGO", _MONTH)
_ADVISED = Authority((_R.IMMIGRATION_ADVISER, *_NGO), _ADVICE, _MONTH)
_POLICE = Authority((_R.OIC, _R.PPU_OFFICER), _OFFICERS, _MONTH, needs_evidence=True)
_AGREED = Authority((_R.INFO_SHARING_SPOC,), _SPOC, _WRITTEN)

AUTHORITY: Mapping[str, Authority] = {
    "victim_informed": _TELLING,
    "advocate_informed": _TELLING,
    "harm_from_sharing": _RISK,
    "immigration_abuse": _RISK,
    "staff_link": _RISK,
    "third_party_link": _LINK,
    "support_engaged": _ENGAGED,
    "nrm_state": Authority((_R.NRM_FIRST_RESPONDER,), _NRM, _MONTH, is_guarded=True),
    "regulated_advice": _ADVISED,
    "signposting_given": _ADVISED,
    "subject_role": _POLICE,
    "age_band": _POLICE,
    "status_knowledge": _POLICE,
    "status_source": _POLICE,
    "status_check_purpose": _POLICE,
    "crime_types": _POLICE,
    "investigation_state": _POLICE,
    "urgent_protection_done": _POLICE,
    "also_suspect": Authority((_R.SAFEGUARDING_SUPERVISOR,), _SUPERVISOR, _WEEK),
    "ie_relief_commitment": _AGREED,
    "legal_power": _AGREED,
    "less_intrusive_means": _AGREED,
    "purpose": _AGREED,
    "dpo_advice": Authority((_R.DPO,), _DPO, _WRITTEN),
}
"""Every fact that people may say something of."""

FROM_RECORDS = frozenset(
    {
        "consent_state",
        "consent_quality",
        "objection",
        "support_hold",
        "told_versions",
        "prior_denial_same_facts",
        "requested_fields",
        "trigger_kind",
        "requested_by",
        "agreement_and_dpia",
        "case_state",
    }
)
"""Facts that our own records give, as they are now. Nobody can type one."""

TAINTED = ("perpetrator_or_associate", "anonymous", "partner_agency")
"""Sources of status that stay with a case for good, whoever confirmed it afterwards."""

NEARER_TO_A_NO: Mapping[str, tuple[str, ...]] = {
    "subject_role": ("dependant", "reporter_only", UNKNOWN, "witness", "both", "victim"),
    "age_band": ("child", "uncertain", "adult"),
    "immigration_abuse": ("yes", UNKNOWN, "no"),
    "status_knowledge": (
        "not_recorded",
        "doubt",
        "secure",
        "self_disclosed_with_adviser",
        "evidence",
    ),
    "status_source": (
        *TAINTED,
        UNKNOWN,
        "incidental_police_check",
        "regulated_adviser",
        "subject_document",
        "subject",
    ),
    "status_check_purpose": ("solely_status", UNKNOWN, "investigation", "protection", "none"),
    "purpose": (
        "compelled",
        "other",
        "protect_subject_lookup",
        "victim_requested_regularisation",
        UNKNOWN,
        "prosecute_perpetrator",
        "immigration_control",
    ),
    "legal_power": ("none", UNKNOWN, "named"),
    "less_intrusive_means": ("available", UNKNOWN, "exhausted"),
    "victim_informed": ("unsafe_to_inform", "no", UNKNOWN, "yes"),
    "advocate_informed": ("no", UNKNOWN, "yes"),
    "third_party_link": ("none", "offered", UNKNOWN, "declined", "referred", "engaged"),
    "support_engaged": ("no", UNKNOWN, "yes"),
    "signposting_given": ("no", UNKNOWN, "yes"),
    "urgent_protection_done": ("no", UNKNOWN, "yes"),
    "regulated_advice": ("none", "declined", "offered", UNKNOWN, "booked", "obtained"),
    "harm_from_sharing": ("severe", UNKNOWN, "elevated", "low"),
    "nrm_state": (
        "recovery",
        "cg_positive",
        "rg_pending",
        "reconsideration",
        "nrm_submitted",
        "dtn_anonymous_submitted",
        "consent_asked",
        "nrm_refused",
        "indicators",
        "rg_negative",
        "cg_negative",
        "disqualified",
        UNKNOWN,
        "no_indicators",
    ),
    "investigation_state": (
        "not_reported",
        "victim_withdrew",
        "nfa",
        "acquitted",
        "convicted",
        UNKNOWN,
        "trial",
        "charged",
        "released",
        "suspect_arrested",
        "open",
    ),
    "ie_relief_commitment": ("none", "ended", UNKNOWN, "in_force"),
    "also_suspect": ("yes_linked_to_exploitation", "yes_unrelated", UNKNOWN, "no"),
    "staff_link": ("known", "suspected", UNKNOWN, "none"),
    "dpo_advice": ("against", "not_sought", UNKNOWN, "supports"),
}
"""The values of each fact, the nearest to a no first. A list of crimes has no such order: one that
is contradicted reads as all that was said, and as not all known."""
