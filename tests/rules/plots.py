"""Plots: a few things that are said one after the other, so that a story gets somewhere.

Each yields one command at a time, and looks at the case again before the next.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from rules.referral_states import OVER, WITH_SERVICE
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.case_commands import (
    AddNeed,
    AnswerTransfer,
    CloseCase,
    ConfirmSafety,
    DeclareConflict,
    FinishTask,
    HandOver,
    LinkCase,
    OfferTransfer,
    RecordDeath,
    RecordEvent,
    ReopenCase,
    SetEntitlement,
)
from schemas.command_base import Command
from schemas.consent import Purpose
from schemas.consent_commands import (
    AnswerCheck,
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.contact import (
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactResult,
    PlanConfirmation,
    PlanState,
    WordCheck,
)
from schemas.contact_commands import (
    CancelContact,
    ConfirmPlan,
    EndContact,
    PlanContact,
    RenewPlan,
    SetPlan,
    StartContact,
    SuspendPlan,
)
from schemas.deadline_commands import (
    ExtendDeadline,
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    WaiveDeadline,
)
from schemas.lane_commands import AssessRisk, MoveMarac, MoveNrm, ReviewRisk
from schemas.referral import InfoAnswer, Referral, ReferralState
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
    PlaceHold,
    RecallReferral,
    ReleaseReferral,
    ReopenReferral,
    RequestInfo,
    RequestReferral,
    SetPriority,
    StartAdvice,
    WaitlistReferral,
)
from schemas.withdrawal import CheckAnswer, CheckState, WithdrawalCheck
from tests.builders import the
from tests.rules.fitting import has_a_point
from tests.rules.moments import HELPING, Moment, Told
from tests.rules.sayings import FREELY, said, some_fields

Plot = Callable[[Told, Random], Iterator[Command]]

ABOUT_CONSENT: tuple[type[Command], ...] = (
    AskConsent,
    GiveConsent,
    RefuseConsent,
    ReflectConsent,
    MarkNotCapable,
)
OF_THE_SENDER: tuple[type[Command], ...] = (
    RequestReferral,
    ReopenReferral,
    SetPriority,
    AnswerInfo,
    RecallReferral,
    CorrectReferral,
)
OF_THE_SERVICE: tuple[type[Command], ...] = (
    OpenReferral,
    ClaimReferral,
    ReleaseReferral,
    RequestInfo,
    WaitlistReferral,
    AcceptReferral,
    DeclineReferral,
    EngageReferral,
    CompleteReferral,
    EndReferral,
    StartAdvice,
    PlaceHold,
    LiftHold,
)
ABOUT_CONTACT: tuple[type[Command], ...] = (
    SetPlan,
    ConfirmPlan,
    RenewPlan,
    PlanContact,
    StartContact,
    EndContact,
    CancelContact,
)
OF_THE_LANES: tuple[type[Command], ...] = (AssessRisk, ReviewRisk, MoveMarac, MoveNrm)
ABOUT_DEADLINES: tuple[type[Command], ...] = (
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    ExtendDeadline,
    WaiveDeadline,
)
OF_THE_CASE: tuple[type[Command], ...] = (
    AddNeed,
    ConfirmSafety,
    CloseCase,
    ReopenCase,
    SetEntitlement,
    RecordEvent,
    LinkCase,
    FinishTask,
    HandOver,
    OfferTransfer,
    AnswerTransfer,
)
SELDOM: tuple[type[Command], ...] = (RecordDeath, DeclareConflict, SuspendPlan)
"""What ends much of a story."""

GROUPS = (
    ABOUT_CONSENT,
    OF_THE_SENDER,
    OF_THE_SERVICE,
    OF_THE_SERVICE,
    ABOUT_CONTACT,
    OF_THE_LANES,
    ABOUT_DEADLINES,
    OF_THE_CASE,
)


def moment(story: Told, chance: Random) -> Moment:
    """The story as it stands."""
    return Moment(story.case, story.at, chance, story.has_strangers)


def anything_is_said(story: Told, chance: Random) -> Iterator[Command]:
    """A few things about one subject, by anybody."""
    group = chance.choice(GROUPS)
    for _ in range(chance.randrange(1, 4)):
        m = moment(story, chance)
        kinds = group if m.rarely(6) else [kind for kind in group if has_a_point(kind, m)]
        yield said(chance.choice(kinds or group), m)


def something_seldom(story: Told, chance: Random) -> Iterator[Command]:
    """It happens, and not often."""
    if chance.randrange(4) != 1:
        return
    kind = chance.choice(SELDOM)
    yield said(kind, moment(story, chance))
    if kind is RecordDeath:
        yield from anything_is_said(story, chance)
        yield said(kind, moment(story, chance))


def she_agrees(story: Told, chance: Random) -> Iterator[Command]:
    """She is asked about a service, freely, and says yes to all or part of it."""
    m = moment(story, chance)
    service = m.one_of(story.case.services).code
    yield said(AskConsent, m, purpose=Purpose.SUPPORT_REFERRAL, recipient=service, asked=FREELY)
    yield said(GiveConsent, moment(story, chance))


def she_is_referred(story: Told, chance: Random) -> Iterator[Command]:
    """A need of hers is referred, sometimes before she was asked."""
    yield said(AddNeed, moment(story, chance))
    if chance.randrange(4) != 1:
        yield from she_agrees(story, chance)
    need = len(story.case.needs)
    agreed = [c.recipient for c in story.case.consents if c.state == "given" and c.fields]
    codes = [code for code in agreed if story.case.service(code)]
    choices = {"choices": tuple(dict.fromkeys(codes[::-1]))} if codes else {}
    yield said(RequestReferral, moment(story, chance), need=need, **choices)


def a_service_helps(story: Told, chance: Random) -> Iterator[Command]:
    """A service reads, takes on, begins; sometimes it completes or ends."""
    referral = _arrived(story, chance)
    if referral is None:
        return
    steps: list[type[Command]] = [OpenReferral, AcceptReferral, EngageReferral]
    ends: list[list[type[Command]]] = [[], [], [CompleteReferral], [EndReferral]]
    for kind in (*steps, *chance.choice(ends)):
        yield said(kind, moment(story, chance), referral=referral.number)


def a_service_asks_back(story: Told, chance: Random) -> Iterator[Command]:
    """It needs to know more; she is asked for that too, and the sender passes it on."""
    referral = _arrived(story, chance)
    if referral is None:
        return
    yield said(OpenReferral, moment(story, chance), referral=referral.number)
    known = the(story.case.referral(referral.number)).shared_fields
    more = tuple(f for f in some_fields(moment(story, chance)) if f not in known)
    yield said(RequestInfo, moment(story, chance), referral=referral.number, fields=more)
    about = {"purpose": Purpose.SUPPORT_REFERRAL, "recipient": referral.service}
    whole = tuple(dict.fromkeys((*known, *more)))
    if chance.randrange(3) != 1:
        yield said(AskConsent, moment(story, chance), fields=whole, asked=FREELY, **about)
        yield said(GiveConsent, moment(story, chance), fields=whole, asked=FREELY, **about)
    answer = InfoAnswer.PASSED_ON if chance.randrange(4) != 1 else chance.choice(list(InfoAnswer))
    yield said(AnswerInfo, moment(story, chance), referral=referral.number, answer=answer)


def she_takes_it_back(story: Told, chance: Random) -> Iterator[Command]:
    """Or somebody says so; and sometimes she is asked whether it was she."""
    yield said(WithdrawConsent, moment(story, chance), purpose=Purpose.SUPPORT_REFERRAL)
    yield from she_is_asked_whether_it_was_she(story, chance)


def somebody_else_takes_it_back(story: Told, chance: Random) -> Iterator[Command]:
    """Staff say that she withdrew from a service that helps her; it asks her, and it was not she.

    Now and then she has said something else since, or the case was closed meanwhile.
    """
    helping = [r for r in story.case.referrals if r.state in HELPING]
    if not helping:
        return
    about = {"purpose": Purpose.SUPPORT_REFERRAL, "recipient": chance.choice(helping).service}
    yield said(WithdrawConsent, moment(story, chance), **about)
    between: tuple[Plot, ...] = (anything_is_said, she_agrees, it_is_closed)
    if chance.randrange(3) == 1:
        yield from chance.choice(between)(story, chance)
    if chance.randrange(4) == 1:
        yield said(AskConsent, moment(story, chance), asked=FREELY, **about)
    for check in story.case.checks:
        if check.state is CheckState.OPEN:
            yield from _it_was_not_she(story, chance, check)


def _it_was_not_she(story: Told, chance: Random, check: WithdrawalCheck) -> Iterator[Command]:
    """The service reaches her, where that is safe now, and she says so with her word."""
    person = "wes" if not check.recorder.endswith(":wes") else "ida"
    asks = Actor(role=Role.NGO_WORKER, organisation=check.asks, person=person)
    by_it = {"actor": asks, "interpreter": None}
    way: dict[str, Any] = {"channel": ContactChannel.VOICE, "template": None}
    if story.case.plan is None:
        way["channel"] = ContactChannel.IN_PERSON
    asking = {"purpose": ContactPurpose.WITHDRAWAL_CHECK, "referral": check.referrals[0]}
    yield said(PlanContact, moment(story, chance), **(by_it | way | asking))
    contact = {"actor": asks, "contact": len(story.case.contacts)}
    yield said(StartContact, moment(story, chance), **contact)
    spoke = {"result": ContactResult.SPOKE, "word": WordCheck.SAFE}
    yield said(EndContact, moment(story, chance), **(contact | spoke))
    says = {"answer": CheckAnswer.IT_WAS_NOT_HER, "asked": FREELY, "check": check.number}
    yield said(AnswerCheck, moment(story, chance), **(contact | says))


def she_is_asked_whether_it_was_she(story: Told, chance: Random) -> Iterator[Command]:
    """By the service that knew her, or by the recorder, who may not."""
    waiting = [check for check in story.case.checks if check.state is CheckState.OPEN]
    if waiting and chance.randrange(3) != 1:
        check, answer = chance.choice(waiting).number, chance.choice(list(CheckAnswer))
        yield said(AnswerCheck, moment(story, chance), check=check, answer=answer)


def a_plan_is_changed(story: Told, chance: Random) -> Iterator[Command]:
    """Somebody sets another plan, and somebody else confirms it, mostly one who may."""
    yield said(SetPlan, moment(story, chance))
    for plan in story.case.plans:
        if plan.state is PlanState.PENDING:
            who = _may_confirm(story, plan) if chance.randrange(4) != 1 else {}
            yield said(ConfirmPlan, moment(story, chance), **({"plan": plan.number} | who))


def _may_confirm(story: Told, plan: ContactPlan) -> dict[str, Any]:
    setter, _, _ = plan.set_by.partition(":")
    begun = [r for r in story.case.referrals if r.state is ReferralState.ACTIVE]
    helping = [r.organisation for r in begun if r.organisation != setter]
    other = next(person for person in ("ann", "wes") if not plan.set_by.endswith(f":{person}"))
    if helping:
        how, role, of = _KNOWS_HER, Role.NGO_WORKER, helping[0]
    else:
        how, role, of = _SAW_HER, Role.SAFEGUARDING_SUPERVISOR, story.case.case.owner
    return {"how": how, "actor": Actor(role=role, organisation=of, person=other)}


def a_lane_moves(story: Told, chance: Random) -> Iterator[Command]:
    """Graded, referred, listed, heard; or the lane of modern slavery."""
    kind: type[Command] = chance.choice((MoveMarac, MoveNrm))
    for _ in range(chance.randrange(2, 6)):
        yield said(kind, moment(story, chance))


def it_is_closed(story: Told, chance: Random) -> Iterator[Command]:
    """What is open is taken back, the review asked for, and the case closed."""
    for referral in story.case.referrals:
        if referral.state not in OVER and chance.randrange(8) != 1:
            yield said(RecallReferral, moment(story, chance), referral=referral.number)
    yield said(CloseCase, moment(story, chance), confirmed=False)
    yield said(CloseCase, moment(story, chance))
    if story.case.case.stage is Stage.CLOSED and chance.randrange(4) != 1:
        yield from anything_is_said(story, chance)
        yield said(ReopenCase, moment(story, chance))


def it_goes_to_another_agency(story: Told, chance: Random) -> Iterator[Command]:
    """Offered, and answered."""
    yield said(OfferTransfer, moment(story, chance))
    if has_a_point(AnswerTransfer, moment(story, chance)):
        yield said(AnswerTransfer, moment(story, chance))


def _arrived(story: Told, chance: Random) -> Referral | None:
    fresh = [r for r in story.case.referrals if r.state in _FRESH]
    going = [r for r in story.case.referrals if r.state in WITH_SERVICE]
    return chance.choice(fresh or going) if going else None


_KNOWS_HER, _SAW_HER = PlanConfirmation.NGO_THAT_KNOWS_HER, PlanConfirmation.TOLD_IN_PERSON
_FRESH = {ReferralState.RECEIVED, ReferralState.OPENED, ReferralState.WAITLISTED}

PLOTS: tuple[Plot, ...] = (
    anything_is_said,
    anything_is_said,
    anything_is_said,
    something_seldom,
    she_agrees,
    she_is_referred,
    a_service_helps,
    a_service_helps,
    a_service_asks_back,
    she_takes_it_back,
    somebody_else_takes_it_back,
    she_is_asked_whether_it_was_she,
    a_plan_is_changed,
    a_lane_moves,
    it_is_closed,
    it_goes_to_another_agency,
)
