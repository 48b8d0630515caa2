"""Twins of a case that differ in what support must not depend on.

Each step is taken on a twin too. Where every step does to both the same, so does every story.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from rules.apply import apply
from rules.decide import decide
from rules.world import World
from schemas.actor import SYSTEM
from schemas.command_base import Command
from schemas.consent import COMPETENT_AUTHORITY, Consent, ConsentState, Purpose
from schemas.deadlines import Deadline, DeadlineState
from schemas.decisions import Changed, Decision, Refused
from schemas.holds import Hold
from schemas.lanes import (
    AgeGroup,
    Marac,
    MaracBasis,
    MaracCriterion,
    MaracState,
    Nrm,
    NrmState,
    RiskAssessment,
    RiskGrade,
    RiskTool,
)
from schemas.snapshot import CaseSnapshot, DispatchKind
from schemas.verbs import Verb

_THEN = datetime(2026, 11, 20, 9, tzinfo=UTC)

_HOLD = Hold(
    number=90, organisation="harbour-house", placed_by="harbour-house:ida", placed_at=_THEN
)
_MARAC = Marac(
    number=90,
    state=MaracState.LISTED,
    criterion=MaracCriterion.REPEAT,
    basis=MaracBasis.WITHOUT_CONSENT,
    meeting_on=date(2026, 11, 24),
)
_NRM = Nrm(number=90, state=NrmState.SUBMITTED, age=AgeGroup.CHILD, submitted_at=_THEN)
_AGREED = Consent(
    purpose=Purpose.NRM,
    recipient=COMPETENT_AUTHORITY,
    epoch=1,
    state=ConsentState.GIVEN,
    fields=(),
    occurred_at=_THEN,
    expires_at=_THEN + timedelta(days=182),
)
_PERMISSION = Deadline(
    id="leave-1-permission/90",
    duty="leave-1-permission",
    referral=90,
    started_at=_THEN,
    due_at=_THEN + timedelta(days=60),
    remind_at=_THEN + timedelta(days=30),
    lapse_at=None,
    calendar="england-and-wales",
    state=DeadlineState.RUNNING,
    private_to="harbour-house",
)
_BESIDE_SUPPORT = ("hold-review", "marac-", "nrm-", "risk-", "leave-")
"""How the duties begin that no service of hers has."""

_NOT_OF_SUPPORT = ("hold", "marac", "nrm", "risk", "leave-")
"""What the ids of tasks hold that are about something else."""

_OF_THE_OTHERS = {
    Verb.ASSESS_RISK,
    Verb.REVIEW_RISK,
    Verb.MOVE_MARAC,
    Verb.MOVE_NRM,
    Verb.PLACE_HOLD,
    Verb.LIFT_HOLD,
    Verb.SET_ENTITLEMENT,
}
"""Verbs whose answer depends on it; a child's enhanced entitlement is hers by law."""


def same_for_her(
    before: CaseSnapshot,
    after: CaseSnapshot,
    decision: Decision,
    command: Command,
    world: World,
    nth: int,
) -> None:
    """The step does the same to support, whatever else is known of her.

    One twin in turn: with a hold and a status, with none of it, and with another grade of risk.
    """
    which = nth % 3
    twin = (_with_hold_and_status, _without, _of_other_risk)[which](before)
    answer = decide(_seen(twin, command), command, world)
    other = _done(twin, answer)
    with_times = which != 2
    assert support(other, with_times=with_times) == support(after, with_times=with_times)
    if command.verb not in _OF_THE_OTHERS and _is_about_support(command):
        assert _said(answer, with_times=with_times) == _said(decision, with_times=with_times)
    if command.verb in _OF_THE_OTHERS - {Verb.SET_ENTITLEMENT}:
        assert support(after) == support(before)


def support(case: CaseSnapshot, *, with_times: bool = True) -> tuple[object, ...]:
    """What of a case is support: what is asked, sent, done and owed to her, and when."""
    owed = [d for d in case.deadlines if not _is_beside_support(d)]
    leaves = [d for d in case.dispatches if d.kind is not DispatchKind.NOTICE]
    asked = [t for t in case.tasks if not any(word in t.id for word in _NOT_OF_SUPPORT)]
    return (
        case.needs,
        case.referrals,
        [c for c in case.consents if c.purpose is Purpose.SUPPORT_REFERRAL],
        case.plans,
        case.contacts,
        case.checks,
        leaves,
        asked,
        owed if with_times else [(d.id, d.referral, d.state) for d in owed],
    )


def _is_beside_support(deadline: Deadline) -> bool:
    """Renewals of consent have a purpose in their id where it is not support."""
    is_of_a_lane = deadline.id.startswith(("consent-renewal/nrm:", "consent-renewal/marac:"))
    return is_of_a_lane or deadline.duty.startswith(_BESIDE_SUPPORT)


def _with_hold_and_status(case: CaseSnapshot) -> CaseSnapshot:
    header = case.case.model_copy(update={"age": AgeGroup.CHILD})
    return case.model_copy(
        update={
            "case": header,
            "holds": (*case.holds, _HOLD),
            "maracs": (*case.maracs, _MARAC),
            "nrms": (*case.nrms, _NRM),
            "consents": (*(c for c in case.consents if c.purpose is not Purpose.NRM), _AGREED),
            "deadlines": (*case.deadlines, _PERMISSION),
        }
    )


def _without(case: CaseSnapshot) -> CaseSnapshot:
    header = case.case.model_copy(update={"age": AgeGroup.ADULT})
    support_only = tuple(c for c in case.consents if c.purpose is Purpose.SUPPORT_REFERRAL)
    nothing: dict[str, Any] = {"holds": (), "maracs": (), "nrms": (), "consents": support_only}
    return case.model_copy(update={"case": header, **nothing})


def _of_other_risk(case: CaseSnapshot) -> CaseSnapshot:
    is_high = case.risk is None or case.risk.grade is RiskGrade.HIGH
    risk = RiskAssessment(
        number=90,
        tool=RiskTool.DARA,
        grade=RiskGrade.STANDARD if is_high else RiskGrade.HIGH,
        assessed_by="northmarch-police:ann",
        assessed_at=_THEN,
    )
    return case.model_copy(update={"risks": (*case.risks, risk)})


def _seen(case: CaseSnapshot, command: Command) -> CaseSnapshot:
    if command.actor == SYSTEM or command.actor.organisation == _PERMISSION.private_to:
        return case
    seen = tuple(d for d in case.deadlines if d.private_to in (None, command.actor.organisation))
    return case.model_copy(update={"deadlines": seen})


def _done(case: CaseSnapshot, answer: Decision) -> CaseSnapshot:
    return apply(case, answer.written)


def _is_about_support(command: Command) -> bool:
    is_beside = str(getattr(command, "deadline", "")).startswith(_BESIDE_SUPPORT)
    return not is_beside and getattr(command, "purpose", None) not in (Purpose.MARAC, Purpose.NRM)


def _said(answer: Decision, *, with_times: bool) -> object:
    """What is answered, and put on the audit's row."""
    if isinstance(answer, Refused):
        return [reason.code for reason in answer.reasons]
    return answer.detail if with_times else Changed
