"""Builders with lawful defaults whose default outcome is a denial.

`a_case()` has not passed the safety check, `a_consent()` was asked and not given, `a_referral()`
waits: nothing may be sent of it. A test says what it changes, and nothing else. Every code here
is made up.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, TypeGuard, TypeVar

from infra.calendars.load import england_and_wales
from rules import consents
from rules.apply import apply
from rules.deadlines import due
from rules.decide import decide
from rules.duties import ACKNOWLEDGE, SUPPORT_REFERRAL, deadline_id
from rules.outbox import packet_key
from rules.profiles import VICTIMS_CODE_2021
from rules.referral_states import WITH_SERVICE
from rules.rights import may
from rules.world import World
from schemas.actor import NGO_ROLES, SYSTEM, Actor, Role
from schemas.case import CaseHeader, Channel, PersonalField, Stage, Subject
from schemas.case_commands import RecordDeath
from schemas.casework import CaseEvent, DeathAnswer
from schemas.command_base import Command
from schemas.consent import AskedHow, Consent, ConsentState, Presence, Purpose
from schemas.contact import ContactChannel, ContactWindow, PlanTerms
from schemas.deadlines import Deadline, DeadlineState, Duration, Profile, Unit
from schemas.decisions import Changed, Refused
from schemas.directory import ServiceStatus
from schemas.ids import parse_case_ref
from schemas.referral import (
    Clock,
    Delivery,
    InfoTopic,
    Need,
    NeedCategory,
    NeedState,
    Outcome,
    Priority,
    Reason,
    Referral,
    ReferralState,
)
from schemas.referral_commands import DeclineReferral, EndReferral, WaitlistReferral
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    ListedService,
    NoticeTemplate,
    Task,
    TaskKind,
)
from schemas.verbs import Verb

AT = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""A Monday morning; no bank holiday is near."""

CASE = parse_case_ref("bafod-kisut-n")
POLICE = "northmarch-police"
IDVA = "harbour-house-idva"
COUNSELLING = "harbour-house-counselling"
MEADOWLIGHT = "meadowlight-support"
TERNSTONE = "ternstone-housing-advice"
SHUT = "kitebrook-group-work"
"""A service that is closed for now."""

ORGANISATIONS = {
    IDVA: "harbour-house",
    COUNSELLING: "harbour-house",
    MEADOWLIGHT: "meadowlight",
    TERNSTONE: "ternstone-housing",
    SHUT: "kitebrook-families",
}
FIELDS = (PersonalField.NAME, PersonalField.SAFE_CONTACT)

_C = TypeVar("_C", bound=Command)
_T = TypeVar("_T")


def a_service(code: str = IDVA, status: ServiceStatus = ServiceStatus.ACTIVE) -> ListedService:
    """A service of the fictional directory."""
    return ListedService(code=code, organisation=ORGANISATIONS[code], status=status)


SERVICES = tuple(
    a_service(code, ServiceStatus.TEMPORARILY_CLOSED if code == SHUT else ServiceStatus.ACTIVE)
    for code in ORGANISATIONS
)


def a_case(
    *,
    stage: Stage = Stage.SAFETY_CHECK,
    is_safe: bool | None = None,
    consents: Iterable[Consent] = (),
    needs: Iterable[Need] = (),
    referrals: Iterable[Referral] = (),
    deadlines: Iterable[Deadline] = (),
    tasks: Iterable[Task] = (),
    dispatches: Iterable[Dispatch] = (),
    services: Iterable[ListedService] = SERVICES,
    gave_contact: bool | None = False,
    **header: Any,
) -> CaseSnapshot:
    """A case before its safety check, without anything in it."""
    facts: dict[str, Any] = {
        "case_ref": CASE,
        "version": 1,
        "stage": stage,
        "subject": Subject.VICTIM,
        "channel": Channel.FRONT_COUNTER,
        "is_restricted": False,
        "owner": POLICE,
        "profile": VICTIMS_CODE_2021.id,
        "safety_confirmed": stage is not Stage.SAFETY_CHECK if is_safe is None else is_safe,
        "occurred_at": AT - timedelta(hours=1),
        "recorded_at": AT - timedelta(hours=1),
    }
    return CaseSnapshot(
        case=CaseHeader.model_validate(facts | header),
        consents=tuple(consents),
        needs=tuple(needs),
        referrals=tuple(referrals),
        deadlines=tuple(deadlines),
        tasks=tuple(tasks),
        dispatches=tuple(dispatches),
        services=tuple(services),
        gave_contact=gave_contact,
    )


def an_open_case(**parts: Any) -> CaseSnapshot:
    """A case after its safety check, with one need and nothing asked."""
    return a_case(**({"stage": Stage.OPEN, "needs": (a_need(),)} | parts))


_ASKED = (ConsentState.ASKED, ConsentState.REFLECTING)


def a_consent(
    state: ConsentState = ConsentState.ASKED,
    recipient: str = IDVA,
    fields: Iterable[PersonalField] = FIELDS,
    at: datetime = AT,
    epoch: int = 1,
) -> Consent:
    """Asked about a name and a safe contact, and not answered."""
    is_given = state is ConsentState.GIVEN
    has_fields = state in (*_ASKED, ConsentState.GIVEN, ConsentState.EXPIRED)
    return Consent(
        purpose=Purpose.SUPPORT_REFERRAL,
        recipient=recipient,
        epoch=epoch,
        state=state,
        fields=tuple(fields) if has_fields else (),
        occurred_at=at,
        expires_at=at + consents.VALID_FOR if is_given else None,
    )


def given(recipient: str = IDVA, **parts: Any) -> Consent:
    """She said yes."""
    return a_consent(ConsentState.GIVEN, recipient, **parts)


def said_no(recipient: str = IDVA, **parts: Any) -> Consent:
    """She said no."""
    return a_consent(ConsentState.REFUSED, recipient, **parts)


def withdrawn(recipient: str = IDVA, **parts: Any) -> Consent:
    """She took it back."""
    return a_consent(ConsentState.WITHDRAWN, recipient, **parts)


def expired(recipient: str = IDVA, **parts: Any) -> Consent:
    """She said yes so long ago that it no longer holds."""
    return a_consent(ConsentState.GIVEN, recipient, at=AT - consents.VALID_FOR, **parts)


def a_need(number: int = 1, state: NeedState = NeedState.OPEN) -> Need:
    """A need for advocacy that nobody meets yet."""
    return Need(
        number=number, category=NeedCategory.ADVOCACY, priority=Priority.ROUTINE, state=state
    )


_CAME_THROUGH = WITH_SERVICE | {
    ReferralState.DECLINED,
    ReferralState.COMPLETED,
    ReferralState.ENDED,
    ReferralState.EXPIRED,
}
_RUNNING = frozenset({ReferralState.SENT, ReferralState.RECEIVED})


def a_referral(
    number: int = 1,
    state: ReferralState = ReferralState.WAITING,
    service: str = IDVA,
    **axes: Any,
) -> Referral:
    """A referral that waits; in another state, with the other axes as they would be there."""
    arrived = state in _CAME_THROUGH
    failed = state is ReferralState.UNDELIVERABLE
    not_queued = Delivery.FAILED if failed else Delivery.NOT_QUEUED
    stopped = Clock.RUNNING if state in _RUNNING else Clock.STOPPED
    facts: dict[str, Any] = {
        "number": number,
        "need": 1,
        "service": service,
        "organisation": ORGANISATIONS[service],
        "state": state,
        "delivery": Delivery.ACKED if arrived else not_queued,
        "consent": ConsentState.GIVEN if arrived else ConsentState.NOT_ASKED,
        "clock": stopped if arrived else Clock.NOT_STARTED,
        "priority": Priority.ROUTINE,
    }
    return Referral.model_validate(facts | axes)


def a_deadline(
    duty: str = SUPPORT_REFERRAL,
    referral: int | None = None,
    since: datetime = AT,
    state: DeadlineState = DeadlineState.RUNNING,
    profile: Profile = VICTIMS_CODE_2021,
) -> Deadline:
    """A duty that runs, counted by the rules of the profile."""
    counted = due(profile.duty(duty), since, england_and_wales())
    return Deadline(
        id=deadline_id(duty, referral),
        duty=duty,
        referral=referral,
        started_at=since,
        due_at=counted.due_at,
        remind_at=counted.remind_at,
        lapse_at=counted.lapse_at,
        calendar=counted.calendar,
        state=state,
    )


def an_acknowledgement(referral: int = 1, **parts: Any) -> Deadline:
    """The service's duty to acknowledge a referral, running."""
    return a_deadline(ACKNOWLEDGE, referral, **parts)


def a_task(
    task_id: str = "missed/vc-r4-support-referral",
    kind: TaskKind = TaskKind.DEADLINE_MISSED,
    referral: int | None = None,
) -> Task:
    """A task that nobody has done."""
    return Task(
        id=task_id,
        kind=kind,
        for_role=Role.SAFEGUARDING_SUPERVISOR,
        referral=referral,
        raised_at=AT,
    )


def a_packet(referral: int = 1, service: str = IDVA, epoch: int = 1) -> Dispatch:
    """A packet in the outbox."""
    return _a_dispatch(packet_key(referral, epoch), DispatchKind.PACKET, referral, service)


def a_stop(referral: int = 1, service: str = IDVA) -> Dispatch:
    """A stop in the outbox."""
    return _a_dispatch(f"stop/{referral}", DispatchKind.STOP, referral, service)


def a_notice(referral: int = 1, service: str = IDVA) -> Dispatch:
    """A notice of a new item, in the outbox."""
    notice = _a_dispatch(f"notice/{referral}", DispatchKind.NOTICE, referral, service)
    return notice.model_copy(update={"template": NoticeTemplate.INBOX_ITEM})


def _a_dispatch(key: str, kind: DispatchKind, referral: int, service: str) -> Dispatch:
    return Dispatch(key=key, kind=kind, referral=referral, to_organisation=ORGANISATIONS[service])


def a_world(at: datetime = AT, profile: Profile = VICTIMS_CODE_2021) -> World:
    """A Monday morning under the Victims' Code, on the calendar of England and Wales."""
    return World(at=at, profile=profile, calendar=england_and_wales())


def an_actor(role: Role, organisation: str = POLICE, person: str = "ann") -> Actor:
    """Somebody, in a role."""
    return Actor(role=role, organisation=organisation, person=person)


def caseworker(organisation: str = POLICE, person: str = "ann") -> Actor:
    """A caseworker of the force that leads the case."""
    return an_actor(Role.CASEWORKER, organisation, person)


def first_responder(organisation: str = POLICE, person: str = "joe") -> Actor:
    """An officer who took the disclosure."""
    return an_actor(Role.FIRST_RESPONDER, organisation, person)


def supervisor(organisation: str = POLICE, person: str = "sue") -> Actor:
    """A safeguarding supervisor of the force that leads the case."""
    return an_actor(Role.SAFEGUARDING_SUPERVISOR, organisation, person)


def dpo(organisation: str = POLICE, person: str = "dee") -> Actor:
    """The data protection officer of the force that leads the case."""
    return an_actor(Role.DPO, organisation, person)


def ngo_intake(organisation: str = "harbour-house", person: str = "ida") -> Actor:
    """Whoever takes referrals in at an NGO."""
    return an_actor(Role.NGO_INTAKE, organisation, person)


def adviser(organisation: str = "harbour-house", person: str = "ada") -> Actor:
    """A regulated immigration adviser of a service."""
    return an_actor(Role.IMMIGRATION_ADVISER, organisation, person)


def idva(organisation: str = "harbour-house", person: str = "ivy") -> Actor:
    """An independent domestic violence adviser."""
    return an_actor(Role.IDVA, organisation, person)


def auditor(organisation: str = "northmarch-oversight", person: str = "aud") -> Actor:
    """An independent auditor."""
    return an_actor(Role.AUDITOR, organisation, person)


def ops(organisation: str = "platform", person: str = "oli") -> Actor:
    """Operations staff."""
    return an_actor(Role.OPS, organisation, person)


_USUAL: dict[str, Any] = {
    "safety": {"safe_to_talk": False, "immediate_danger": True},
    "purpose": Purpose.SUPPORT_REFERRAL,
    "recipient": IDVA,
    "fields": FIELDS,
    "she_agreed": True,
    "asked": AskedHow(
        at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True
    ),
    "category": NeedCategory.ADVOCACY,
    "priority": Priority.ROUTINE,
    "need": 1,
    "choices": (IDVA,),
    "referral": 1,
    "outcome": Outcome.SUPPORT_GIVEN,
    "key": packet_key(1, 1),
    "deadline": SUPPORT_REFERRAL,
    "other": parse_case_ref("tivog-ranel-r"),
    "event": CaseEvent.CRIME_RECORDED,
    "task": "missed/vc-r4-support-referral",
    "to_person": "bea",
    "to_organisation": "saltmere-council",
    "person": "cal",
    "accepts": True,
    "expected_by": date(2026, 12, 15),
    "granted_on": date(2026, 11, 23),
    "terms": PlanTerms(
        channels=(ContactChannel.VOICE,),
        windows=(ContactWindow(weekday=1, opens=time(10), closes=time(12)),),
    ),
    "by": Duration(count=2, unit=Unit.WORKING_DAYS),
    "topics": (InfoTopic.URGENCY,),
    "ticks": 3,
    "agrees": True,
    "confirms": True,
}


def a_command(kind: type[_C], **parts: Any) -> _C:
    """A command of that kind by the one whose business it is, with the usual content.

    The usual safety check is not a safe one; everything else is about need 1, referral 1 and
    the service `harbour-house-idva`.
    """
    usual = {name: _USUAL[name] for name in kind.model_fields if name in _USUAL}
    facts = {
        "command_id": "a-command",
        "case_ref": CASE,
        "actor": _whose_business(kind),
        **_firsts(kind),
        **({"reason": _usual_reason(kind)} if "reason" in kind.model_fields else {}),
        **{name: value for name, value in usual.items() if _fits(kind, name, value)},
        **parts,
    }
    return kind.model_validate(facts)


def kinds_of(base: type[Command] = Command) -> dict[Verb, type[Command]]:
    """Every concrete command below a base, by its verb."""
    below = {v: k for child in base.__subclasses__() for v, k in kinds_of(child).items()}
    verb = base.model_fields["verb"]
    return below if verb.is_required() else {verb.default: base} | below


def _firsts(kind: type[Command]) -> dict[str, Any]:
    """For what must be said and nobody said: the first member of its enum, or number one."""
    required = {n: f.annotation for n, f in kind.model_fields.items() if f.is_required()}
    enums = {n: next(iter(a)) for n, a in required.items() if _is_enum(a)}
    return enums | {n: 1 for n, a in required.items() if a is int}


def _is_enum(annotation: object) -> TypeGuard[type[StrEnum]]:
    return isinstance(annotation, type) and issubclass(annotation, StrEnum)


def _fits(kind: type[Command], name: str, value: object) -> bool:
    annotation = kind.model_fields[name].annotation
    return not _is_enum(annotation) or isinstance(value, annotation)


def _whose_business(kind: type[Command]) -> Actor:
    verb: Verb = kind.model_fields["verb"].default
    people = (caseworker(), ngo_intake(), supervisor(), adviser(), dpo(), SYSTEM)
    return next(a for a in people if may(verb, a.role))


_SERVICE_SAYS = (DeclineReferral, WaitlistReferral, EndReferral)


def _usual_reason(kind: type[Command]) -> StrEnum:
    annotation = kind.model_fields["reason"].annotation
    if annotation is Reason:
        return Reason.NO_CAPACITY if kind in _SERVICE_SAYS else Reason.MISTAKE
    assert _is_enum(annotation)
    return next(iter(annotation))


def her_death() -> tuple[RecordDeath, RecordDeath]:
    """That she has died, as it takes two people to say."""
    answered = a_command(RecordDeath, answer=DeathAnswer.CONFIRMED, actor=supervisor())
    return a_command(RecordDeath), answered


def done(snapshot: CaseSnapshot, command: Command, at: datetime = AT) -> Changed:
    """What the command changes; the test fails where it is refused."""
    decision = decide(snapshot, command, a_world(at))
    assert isinstance(decision, Changed), decision
    return decision


def why_not(snapshot: CaseSnapshot, command: Command, at: datetime = AT) -> set[str]:
    """The codes of the grounds it is refused on; none where it is not refused."""
    decision = decide(snapshot, command, a_world(at))
    return {r.code for r in decision.reasons} if isinstance(decision, Refused) else set()


def after(snapshot: CaseSnapshot, *commands: Command, at: datetime = AT) -> CaseSnapshot:
    """The case once all of them were carried out, one after the other."""
    for command in commands:
        snapshot = apply(snapshot, done(snapshot, command, at).changes)
    return snapshot


def only(kind: type[_T], changed: Changed) -> list[_T]:
    """The changes of one kind, in order."""
    return [change for change in changed.changes if isinstance(change, kind)]


def the(thing: _T | None) -> _T:
    """The thing, which must be there."""
    assert thing is not None
    return thing


def everyone() -> list[Actor]:
    """One actor for each role, the clockwork included."""
    ngo = [an_actor(role, "harbour-house") for role in Role if role in NGO_ROLES]
    others = [r for r in Role if r not in NGO_ROLES and r is not Role.SYSTEM]
    return [*ngo, *(an_actor(role) for role in others), SYSTEM]
