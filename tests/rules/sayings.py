"""What people say of a case: any verb, by whoever may, about what is there; and small plots of it.

Chance comes in, so that Hypothesis can steer it, and a seed can repeat it.
"""

from collections.abc import Callable
from datetime import time, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from rules.marac import MARAC_TRANSITIONS
from rules.nrm import NRM_TRANSITIONS
from rules.referral_states import OVER, WITH_SERVICE
from rules.rights import may
from schemas.actor import NGO_ROLES, SYSTEM, Actor, Role
from schemas.case import ClosingReason, PersonalField, SafetyCheck, Stage
from schemas.case_commands import AnswerTransfer, CloseCase, ConfirmSafety, RecordDeath
from schemas.casework import DeathAnswer, TransferState
from schemas.command_base import Command
from schemas.consent import (
    COMPETENT_AUTHORITY,
    MARAC_CONFERENCE,
    AskedHow,
    Presence,
    Purpose,
)
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
    CONTACT_OVER,
    TEXT_CHANNELS,
    ContactChannel,
    ContactResult,
    ContactTemplate,
    ContactWindow,
    DeviceShared,
    InterpreterKind,
    InterpreterNeed,
    PlanTerms,
    WordCheck,
)
from schemas.contact_commands import (
    ConfirmPlan,
    EndContact,
    PlanContact,
    RenewPlan,
    SetPlan,
)
from schemas.deadlines import OPEN_DEADLINE
from schemas.directory import ServiceStatus
from schemas.lane_commands import AssessRisk, MoveMarac, MoveNrm
from schemas.lanes import (
    AgeGroup,
    Exploitation,
    MaracAgency,
    MaracBasis,
    MaracCriterion,
    MaracDecline,
    NrmAnswer,
    RiskGrade,
    RiskTool,
    SharedWithoutConsent,
)
from schemas.referral import InfoTopic, Reason
from schemas.referral_commands import (
    PlaceHold,
    RequestInfo,
    RequestReferral,
)
from tests.builders import a_command
from tests.rules.fitting import fitting, questions
from tests.rules.moments import HELPING, Moment

_ABOUT_REACHING_HER = (SetPlan, ConfirmPlan, RenewPlan, PlanContact)


T = TypeVar("T")
C = TypeVar("C", bound=Command)

OTHER_AGENCY = "saltmere-council"
FREELY = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)
HOW = (
    FREELY,
    FREELY.model_copy(update={"at_safe_time": False}),
    FREELY.model_copy(update={"present": (Presence.CHILDREN, Presence.FAMILY)}),
    FREELY.model_copy(update={"present": (Presence.INTERPRETER,)}),
    FREELY.model_copy(update={"interpreter": InterpreterKind.INDEPENDENT}),
    FREELY.model_copy(update={"interpreter": InterpreterKind.COMMUNITY}),
    FREELY.model_copy(update={"told_help_does_not_depend": False}),
)
RECIPIENTS = {Purpose.MARAC: MARAC_CONFERENCE, Purpose.NRM: COMPETENT_AUTHORITY}


# What may be said


def said(kind: type[C], m: Moment, **parts: Any) -> C:
    """A command of that kind: what is not given is about what is there, and whoever may says it."""
    fields = kind.model_fields
    facts = {name: value(m) for name, value in _ABOUT.items() if name in fields}
    facts |= _enums(kind, m) | (_OF[kind](m) if kind in _OF else {}) | fitting(kind, m) | parts
    about = {"case_ref": m.case.case.case_ref, "actor": whoever(kind, m, facts)}
    return a_command(kind, **(about | facts))


def _enums(kind: type[Command], m: Moment) -> dict[str, StrEnum]:
    """Any member; of the reasons for a referral mostly one that fits."""
    enums = {
        name: field.annotation
        for name, field in kind.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, StrEnum)
    }
    return {n: m.one_of(list(e)) for n, e in enums.items() if e is not Reason or m.rarely(4)}


def whoever(kind: type[Command], m: Moment, facts: dict[str, Any]) -> Actor:
    """Somebody with the right, mostly of the organisation whose business it is."""
    verb = kind.model_fields["verb"].default
    if may(verb, Role.SYSTEM):
        return SYSTEM
    owner, whose = m.case.case.owner, _whose(m, facts)
    roles = [role for role in Role if may(verb, role)]
    helping = [r.organisation for r in m.case.referrals if r.state in HELPING]
    knows_her = bool(helping) and m.rarely(2) if kind in _ABOUT_REACHING_HER else m.rarely(4)
    is_ngo = whose != owner if whose else knows_her
    roles = [r for r in roles if (r in NGO_ROLES) is is_ngo] or roles
    role = m.one_of(roles)
    arrived = [r.organisation for r in m.case.referrals if r.state in WITH_SERVICE]
    ngos = [whose] if whose not in (None, owner) else helping or arrived or ["harbour-house"]
    organisation = m.one_of(ngos) if role in NGO_ROLES else owner
    offer = m.case.transfer
    if kind is AnswerTransfer and offer and offer.state is TransferState.OFFERED:
        organisation = m.one_of([offer.to_organisation, offer.to_organisation, owner])
    if m.strangers and m.rarely(12):
        organisation = m.one_of([OTHER_AGENCY, "meadowlight"])
    people = ("ida", "wes") if role in NGO_ROLES else ("ann", "bea")
    return Actor(role=role, organisation=organisation, person=m.one_of(people))


def _whose(m: Moment, facts: dict[str, Any]) -> str | None:
    """The organisation of the thing it is about."""
    referral = m.case.referral(facts["referral"]) if facts.get("referral") else None
    contact = m.case.contact(facts["contact"]) if facts.get("contact") else None
    check = m.case.check(facts["check"]) if "check" in facts else None
    hold = m.case.hold(facts["hold"]) if "hold" in facts else None
    deadline = m.case.deadline(facts["deadline"]) if "deadline" in facts else None
    found = (
        referral and referral.organisation,
        contact and contact.organisation,
        check and check.asks,
        hold and hold.organisation,
        deadline and deadline.private_to,
    )
    return next((organisation for organisation in found if organisation), None)


def _a_referral(m: Moment) -> int:
    going = [r for r in m.case.referrals if r.state not in OVER]
    return m.number(m.case.referrals if m.rarely(5) else going or m.case.referrals)


def some_fields(m: Moment) -> tuple[PersonalField, ...]:
    """One to three of them."""
    fields = list(PersonalField)
    return tuple(m.chance.sample(fields, m.chance.randrange(1, 4)))


def _a_service(m: Moment) -> str:
    taking = [s for s in m.case.services if s.status is ServiceStatus.ACTIVE]
    return m.one_of(m.case.services if m.rarely() else taking or m.case.services).code


def _a_deadline(m: Moment) -> str:
    going = [d for d in m.case.deadlines if d.state in OPEN_DEADLINE]
    known = m.case.deadlines if m.rarely(5) else going
    return m.one_of(known).id if known else "ref-ack/1"


def _a_task(m: Moment) -> str:
    going = [task.id for task in m.case.tasks if not task.is_done]
    return m.one_of(going) if going else "no-such-task"


def _a_contact(m: Moment) -> int:
    going = [c for c in m.case.contacts if c.state not in CONTACT_OVER]
    return m.number(going or m.case.contacts)


def _another_agency(m: Moment) -> str:
    others = [code for code in (OTHER_AGENCY, "northmarch-police") if code != m.case.case.owner]
    return m.one_of(others) if not m.rarely() else m.case.case.owner


_ABOUT: dict[str, Callable[[Moment], Any]] = {
    "referral": _a_referral,
    "need": lambda m: m.number(m.case.needs),
    "recipient": _a_service,
    "fields": some_fields,
    "deadline": _a_deadline,
    "task": _a_task,
    "contact": _a_contact,
    "check": lambda m: m.number(m.case.checks),
    "hold": lambda m: m.number(m.case.holds),
    "to_person": lambda m: m.one_of(["ann", "bea", "cal"]),
    "person": lambda m: m.one_of(["ann", "bea", "cal"]),
    "to_organisation": _another_agency,
    "accepts": lambda m: not m.rarely(3),
    "she_agreed": lambda m: not m.rarely(),
    "agrees": lambda m: not m.rarely(3),
    "place_hold": lambda m: not m.rarely(3),
    "expected_by": lambda m: m.day(-1 if m.rarely() else 20),
    "granted_on": lambda m: m.day(2 if m.rarely() else -9),
    "expected_version": lambda m: 1 if m.rarely() else None,
    "has_details": lambda m: m.strangers and m.rarely(),
    "has_words": lambda m: m.strangers and m.rarely(),
}
"""Parts that are said about what is there, whatever the verb."""


def _purpose(m: Moment) -> dict[str, Any]:
    purpose = m.one_of(list(RECIPIENTS)) if m.rarely() else Purpose.SUPPORT_REFERRAL
    recipient = RECIPIENTS.get(purpose) or _a_service(m)
    return {"purpose": purpose, "recipient": recipient}


def _how(m: Moment) -> AskedHow:
    return m.one_of(HOW) if m.rarely(6) else FREELY


def _a_yes(m: Moment) -> dict[str, Any]:
    """To a question that is open, mostly, and to part of it or all."""
    asked = questions(m.case)
    if not asked:
        return _purpose(m)
    about = m.one_of(asked)
    question = about.also_asked or about.fields
    fields = question[:1] if m.rarely(3) else question
    how = {"asked": m.one_of(HOW)} if m.rarely() else {}
    return {"purpose": about.purpose, "recipient": about.recipient, "fields": fields} | how


def _a_withdrawal(m: Moment) -> dict[str, Any]:
    everything = {"recipient": None} if m.rarely(4) else {}
    return _purpose(m) | everything


def _a_request(m: Moment) -> dict[str, Any]:
    choices = tuple(dict.fromkeys(_a_service(m) for _ in range(m.chance.randrange(1, 4))))
    return {"choices": choices, "offered": choices[1:] if m.rarely() else choices}


def _asks_back(m: Moment) -> dict[str, Any]:
    topics = (m.one_of(list(InfoTopic)),)
    return {"topics": topics, "fields": () if m.rarely(3) else some_fields(m)}


_FOUNDED = (ClosingReason.DECEASED, ClosingReason.DUPLICATE)
"""Reasons that rest on something else."""


def _a_close(m: Moment) -> dict[str, Any]:
    header = m.case.case
    plain = [reason for reason in ClosingReason if reason not in (*_FOUNDED,)]
    if header.stage is not Stage.CLOSING_REVIEW or header.closing_reason is None or m.rarely():
        return {"confirmed": m.rarely()} | ({} if m.rarely(3) else {"reason": m.one_of(plain)})
    return {"confirmed": True, "reason": header.closing_reason}


def _a_word_of_her_death(m: Moment) -> dict[str, Any]:
    """The first, or mostly an answer where there is one."""
    is_first = m.case.death_report is None
    return {"answer": None if is_first != m.rarely() else m.one_of(list(DeathAnswer))}


def _some_terms(m: Moment) -> PlanTerms:
    """Mostly all of today and tomorrow; or two hours of some day."""
    today = m.at.weekday()
    channels = [*m.chance.sample(list(ContactChannel), 2), ContactChannel.VOICE]
    whole = [(day % 7, time(0), time(23, 59, 59)) for day in (today, today + 1, today + 3)]
    parts = whole if not m.rarely(3) else [((today + 3) % 7, time(10), time(12))]
    windows = [ContactWindow(weekday=day, opens=o, closes=c) for day, o, c in parts]
    return PlanTerms(
        channels=tuple(dict.fromkeys(channels)),
        windows=tuple(windows),
        device_shared=DeviceShared.YES if m.rarely(3) else DeviceShared.NO,
        interpreter=InterpreterNeed(needed=m.rarely(), excluded=("int-2",) if m.rarely() else ()),
    )


def _a_change(m: Moment) -> dict[str, Any]:
    return {"plan": 1, "contact": _made(m)}


def _made(m: Moment) -> int | None:
    made = [c for c in m.case.contacts if c.state in CONTACT_OVER]
    return m.number(made) if made else None


def _a_planned_contact(m: Moment) -> dict[str, Any]:
    plan = m.case.plan
    known = plan.channels if plan else (ContactChannel.IN_PERSON,)
    channel = m.one_of(list(ContactChannel)) if m.rarely(6) else m.one_of(known)
    template = ContactTemplate.PLEASE_CALL if channel in TEXT_CHANNELS else None
    code = m.one_of([None, "int-1", "int-2"])
    return {
        "channel": channel,
        "template": template,
        "interpreter": code,
        "referral": None,
    }


def _an_end(m: Moment) -> dict[str, Any]:
    results = [result for result in ContactResult if result is not ContactResult.DURESS]
    words = [WordCheck.NOT_GIVEN, WordCheck.SAFE, WordCheck.SAFE, WordCheck.WRONG]
    is_duress = m.rarely()
    return {
        "result": ContactResult.DURESS if is_duress else m.one_of(results),
        "word": WordCheck.DURESS if m.rarely(12) else m.one_of(words),
        "interpreted_by": InterpreterKind.NONE,
    }


def _a_grade(m: Moment) -> dict[str, Any]:
    tool = m.one_of(list(RiskTool))
    ticks = m.one_of([3, 12, 20]) if tool is RiskTool.DASH else None
    grade = RiskGrade.HIGH if ticks == 20 else m.one_of([RiskGrade.MEDIUM, *RiskGrade])
    return {"tool": tool, "ticks": ticks, "grade": grade, "reports_in_a_year": m.one_of([0, 3])}


def _a_move_of_marac(m: Moment) -> dict[str, Any]:
    state = m.case.marac.state if m.case.marac else None
    rows = [row for row in MARAC_TRANSITIONS if state in row.sources or m.rarely(20)]
    row = m.one_of(rows or MARAC_TRANSITIONS)
    values = {
        "criterion": m.one_of(list(MaracCriterion)),
        "basis": MaracBasis.WITHOUT_CONSENT,
        "without_consent_because": SharedWithoutConsent.RISK_OF_SERIOUS_HARM,
        "agencies": (MaracAgency.POLICE, MaracAgency.HEALTH),
        "declined_because": MaracDecline.THRESHOLD_NOT_MET,
        "meeting_on": m.day(m.one_of([0, 1])),
        "actions_due_on": m.day(7),
    }
    return _a_move(m, row.event, {n: values[n] for n in (*row.needs, *row.takes)}, row.who)


def _a_move_of_nrm(m: Moment) -> dict[str, Any]:
    nrm = m.case.nrm
    state, age = (nrm.state, nrm.age) if nrm else (None, None)
    rows = [row for row in NRM_TRANSITIONS if state in row.sources]
    row = m.one_of([r for r in rows if age in (None, *r.ages)] or NRM_TRANSITIONS)
    values = {
        "age": m.one_of(list(AgeGroup)),
        "exploitation": m.one_of(list(Exploitation)),
        "answer": m.one_of(list(NrmAnswer)),
    }
    return _a_move(m, row.event, {n: values[n] for n in (*row.needs, *row.takes)}, row.who)


def _a_move(
    m: Moment, event: StrEnum, needs: dict[str, Any], who: frozenset[Role]
) -> dict[str, Any]:
    """Everything else is left out: nothing is said that the event does not need."""
    role = m.one_of([role for role in Role if role in who and role not in NGO_ROLES])
    actor = Actor(role=role, organisation=m.case.case.owner, person=m.one_of(["ann", "bea"]))
    return {"event": event, "actor": actor, **needs}


_OF: dict[type[Command], Callable[[Moment], dict[str, Any]]] = {
    ConfirmSafety: lambda m: {
        "safety": SafetyCheck(safe_to_talk=not m.rarely(20), immediate_danger=m.rarely(20))
    },
    CloseCase: _a_close,
    RecordDeath: _a_word_of_her_death,
    AskConsent: lambda m: _purpose(m) | {"asked": None if m.rarely(20) else _how(m)},
    GiveConsent: _a_yes,
    RefuseConsent: _a_yes,
    ReflectConsent: lambda m: (
        _a_yes(m) | {"ask_again_at": m.at + timedelta(days=m.one_of([3, -3]))}
    ),
    MarkNotCapable: _purpose,
    WithdrawConsent: _a_withdrawal,
    AnswerCheck: lambda m: {"asked": _how(m), "contact": _made(m)},
    RequestReferral: _a_request,
    RequestInfo: _asks_back,
    PlaceHold: lambda m: {"referral": _a_referral(m) if m.rarely(4) else None},
    SetPlan: lambda m: {"terms": _some_terms(m)},
    ConfirmPlan: _a_change,
    PlanContact: _a_planned_contact,
    EndContact: _an_end,
    AssessRisk: _a_grade,
    MoveMarac: _a_move_of_marac,
    MoveNrm: _a_move_of_nrm,
}
"""What is said with a verb of its own kind."""
