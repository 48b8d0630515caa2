"""What our own records say of a case, as it is now: facts that nobody types.

Where the record does not know, nothing is said, and the fact reads as its absence does.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from schemas.case import ClosingReason, Stage, Subject
from schemas.fact_table import UNKNOWN
from schemas.lanes import AgeGroup, NrmState
from schemas.protocol import CLOSED
from schemas.snapshot import CaseSnapshot

_ENDED: Mapping[ClosingReason, str] = {
    ClosingReason.DECEASED: "deceased",
    ClosingReason.ENTERED_IN_ERROR: "entered_in_error",
    ClosingReason.DUPLICATE: "entered_in_error",
}
_SUBJECTS: Mapping[Subject, str] = {
    Subject.VICTIM: "victim",
    Subject.WITNESS: "witness",
    Subject.BOTH: "both",
}
"""Bereaved family is none of what a protocol knows: whoever asks has to say who she is."""

_NRM: Mapping[NrmState, str] = {
    NrmState.INDICATED: "indicators",
    NrmState.COUNCIL_INFORMED: "indicators",
    NrmState.CONSENT_ASKED: "consent_asked",
    NrmState.SUBMITTED: "rg_pending",
    NrmState.NOTIFIED_ANONYMOUSLY: "dtn_anonymous_submitted",
    NrmState.POSITIVE_REASONABLE_GROUNDS: "recovery",
    NrmState.NEGATIVE_REASONABLE_GROUNDS: "rg_negative",
    NrmState.POSITIVE_CONCLUSIVE_GROUNDS: "cg_positive",
    NrmState.NEGATIVE_CONCLUSIVE_GROUNDS: "cg_negative",
    NrmState.DISQUALIFIED: "disqualified",
    NrmState.RECONSIDERED: "reconsideration",
}


def records_of(
    snapshot: CaseSnapshot, *, told: str | None, fields: Iterable[str], agreement: str = UNKNOWN
) -> dict[str, Any]:
    """The facts that the record gives for a request by a named person of the police.

    Consent to sharing with Immigration Enforcement is asked for nowhere yet, so it reads as not
    asked, and whether she objects, or the same was denied before, as unknown.

    Args:
        snapshot: the case as it is.
        told: the version that was active when she was told; one nobody recorded reads as closed.
        fields: what is asked for.
        agreement: whether agreement and impact assessment are in force.
    """
    facts: dict[str, Any] = {
        "case_state": case_state(snapshot),
        "support_hold": _support_hold(snapshot),
        "told_versions": [told or CLOSED],
        "agreement_and_dpia": agreement,
        "trigger_kind": "human_reasoned",
        "requested_by": "police",
        "requested_fields": list(fields),
        "consent_state": "not_asked",
        "objection": UNKNOWN,
        "prior_denial_same_facts": UNKNOWN,
    }
    if snapshot.case.subject in _SUBJECTS:
        facts["subject_role"] = _SUBJECTS[snapshot.case.subject]
    if snapshot.case.age is AgeGroup.CHILD:
        facts["age_band"] = "child"  # that she is an adult needs evidence, which an opening has not
    if snapshot.nrm is not None:
        facts["nrm_state"] = _NRM[snapshot.nrm.state]
    return facts


def case_state(snapshot: CaseSnapshot) -> str:
    """Whether the case is open, or how it ended; unknown while it is neither."""
    case = snapshot.case
    if snapshot.is_over_for_good:
        return "disposed"
    if case.died_at is not None:
        return "deceased"
    if case.stage is Stage.CLOSED:
        return _ENDED.get(case.closing_reason, "closed") if case.closing_reason else "closed"
    is_plain = case.stage is Stage.OPEN and snapshot.death_report is None
    return "open" if is_plain else UNKNOWN


def _support_hold(snapshot: CaseSnapshot) -> str:
    return "active" if any(hold.lifted_at is None for hold in snapshot.holds) else "none"
