"""What there is in a case that something could be said of: an open question, a claimed referral."""

from collections.abc import Callable
from typing import Any

from rules.referral_states import OVER, WITH_SERVICE
from schemas.case import Stage
from schemas.case_commands import AnswerTransfer, FinishTask, ReopenCase
from schemas.casework import TransferState
from schemas.command_base import Command
from schemas.consent import Consent
from schemas.consent_commands import AnswerCheck, GiveConsent, ReflectConsent, RefuseConsent
from schemas.contact import ContactState, PlanState
from schemas.contact_commands import CancelContact, ConfirmPlan, EndContact, RenewPlan, StartContact
from schemas.deadline_commands import (
    ExtendDeadline,
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    WaiveDeadline,
)
from schemas.deadlines import DeadlineState, MetBy
from schemas.lane_commands import ReviewRisk
from schemas.referral import ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    AnswerInfo,
    ClaimReferral,
    CompleteReferral,
    CorrectReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    LiftHold,
    OpenReferral,
    RecallReferral,
    ReleaseReferral,
    ReopenReferral,
    RequestInfo,
    RequestReferral,
    SetPriority,
    StartAdvice,
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot
from schemas.withdrawal import CheckState
from tests.builders import a_world
from tests.rules.moments import Moment

S, D, K = ReferralState, DeadlineState, ContactState

_Things = Callable[[Moment], list[Any]]


def _in(*states: ReferralState) -> _Things:
    return lambda m: [r for r in m.case.referrals if r.state in states]


def _contacts_in(*states: ContactState) -> _Things:
    return lambda m: [c for c in m.case.contacts if c.state in states]


def _by_person(m: Moment) -> list[Any]:
    profile = a_world(m.at).profile
    return [d for d in m.case.running_deadlines() if profile.duty(d.duty).met_by is MetBy.PERSON]


def _deadlines_in(*states: DeadlineState) -> _Things:
    return lambda m: [d for d in m.case.deadlines if d.state in states]


_ANSWERABLE = (S.RECEIVED, S.OPENED, S.INFO_REQUESTED, S.WAITLISTED)
_OPEN = tuple(state for state in S if state not in OVER)

_FITS: dict[type[Command], tuple[str, _Things]] = {
    OpenReferral: ("referral", _in(S.RECEIVED)),
    RequestInfo: ("referral", _in(S.OPENED)),
    AnswerInfo: ("referral", _in(S.INFO_REQUESTED)),
    WaitlistReferral: ("referral", _in(S.RECEIVED, S.OPENED)),
    AcceptReferral: ("referral", _in(*_ANSWERABLE)),
    DeclineReferral: ("referral", _in(*_ANSWERABLE)),
    EngageReferral: ("referral", _in(S.ACCEPTED)),
    CompleteReferral: ("referral", _in(S.ACCEPTED, S.ACTIVE)),
    EndReferral: ("referral", _in(S.ACCEPTED, S.ACTIVE)),
    StartAdvice: ("referral", _in(S.ACCEPTED, S.ACTIVE)),
    ClaimReferral: ("referral", _in(*WITH_SERVICE)),
    ReleaseReferral: ("referral", lambda m: [r for r in m.case.referrals if r.claimed_by]),
    RecallReferral: ("referral", _in(*_OPEN)),
    CorrectReferral: ("referral", _in(*_OPEN, S.UNDELIVERABLE)),
    SetPriority: ("referral", _in(*_OPEN)),
    ReopenReferral: ("referral", _in(*OVER)),
    LiftHold: ("hold", lambda m: [h for h in m.case.holds if h.lifted_at is None]),
    AnswerCheck: ("check", lambda m: [c for c in m.case.checks if c.state is CheckState.OPEN]),
    ConfirmPlan: ("plan", lambda m: [p for p in m.case.plans if p.state is PlanState.PENDING]),
    StartContact: ("contact", _contacts_in(K.OPEN, K.PLANNED)),
    EndContact: ("contact", _contacts_in(K.OPEN, K.STARTED)),
    CancelContact: ("contact", _contacts_in(K.OPEN, K.PLANNED)),
    MeetDeadline: ("deadline", _by_person),
    PauseDeadline: ("deadline", _deadlines_in(D.RUNNING)),
    ResumeDeadline: ("deadline", _deadlines_in(D.PAUSED)),
    ExtendDeadline: ("deadline", _deadlines_in(D.RUNNING)),
    WaiveDeadline: ("deadline", _by_person),
    FinishTask: ("task", lambda m: [t for t in m.case.tasks if not t.is_done]),
}
"""For a kind, the part it is about, and the things there that it could be about."""


def questions(case: CaseSnapshot) -> list[Consent]:
    return [c for c in case.consents if c.also_asked or c.state in ("asked", "reflecting")]


_WHEN: dict[type[Command], Callable[[CaseSnapshot], object]] = {
    GiveConsent: questions,
    ReflectConsent: questions,
    RefuseConsent: questions,
    RenewPlan: lambda case: case.plan,
    ReviewRisk: lambda case: case.risk and case.risk.reviewed_by is None,
    ReopenCase: lambda case: case.case.stage is Stage.CLOSED,
    AnswerTransfer: lambda case: case.transfer and case.transfer.state is TransferState.OFFERED,
    RequestReferral: lambda case: case.needs,
}
"""For a kind about no one thing, when it has a point."""


def has_a_point(kind: type[Command], m: Moment) -> bool:
    """Whether there is anything it could be said of."""
    if kind in _FITS:
        return bool(_FITS[kind][1](m))
    return kind not in _WHEN or bool(_WHEN[kind](m.case))


def fitting(kind: type[Command], m: Moment) -> dict[str, Any]:
    """What it is mostly about."""
    if kind not in _FITS or m.rarely(10):
        return {}
    name, things = _FITS[kind]
    found = things(m)
    if not found:
        return {}
    chosen = m.one_of(found)
    return {name: chosen.id if name in ("deadline", "task") else chosen.number}
