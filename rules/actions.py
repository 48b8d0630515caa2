"""What an actor could do with a case now, and why not: answers carry it, pages show it.

This is no second rulebook. Each verb is tried on the rules with the least somebody could say;
it is allowed if one try would be, and otherwise the rules' own reason is given. Verbs that are
always there, such as recording an event, are not listed: a list is for what the moment allows.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rules import casework, consents
from rules.decide import decide, objection_to
from rules.referral_states import TERMINAL
from rules.rights import may
from rules.sending import is_with
from rules.world import World
from schemas.actor import NGO_ROLES, Actor
from schemas.case import ClosingReason, PersonalField, SafetyCheck, Stage
from schemas.case_commands import (
    AddNeed,
    AnswerTransfer,
    CloseCase,
    ConfirmSafety,
    RecordDeath,
    ReopenCase,
)
from schemas.casework import DeathAnswer, ReopenReason
from schemas.command_base import Command
from schemas.consent import AskedHow, Presence, Purpose
from schemas.consent_commands import (
    AnswerCheck,
    AskConsent,
    GiveConsent,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.contact import CONTACT_OVER, TEXT_CHANNELS, ContactPurpose, PlanConfirmation, PlanState
from schemas.contact_commands import ConfirmPlan, PlanContact, RenewPlan, StartContact
from schemas.decisions import Decision, Permitted, Refused
from schemas.directory import ServiceStatus
from schemas.ids import CaseRef
from schemas.lane_commands import ReviewRisk
from schemas.referral import InfoAnswer, NeedCategory, Outcome, Priority, Reason, Referral
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
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot, ListedService
from schemas.verbs import Verb
from schemas.withdrawal import CheckAnswer, CheckState

_Said = dict[str, Any]
_ANOTHER_SERVICE = ListedService(
    code="any-other", organisation="any-other", status=ServiceStatus.ACTIVE
)
"""Stands for the rest of the directory: a snapshot holds only the services a case speaks of."""
_FREELY = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)
"""How she would be asked."""


def permitted(snapshot: CaseSnapshot, actor: Actor, world: World) -> tuple[Permitted, ...]:
    """What the actor's role has and the moment could allow, with its reason where it does not.

    A verb that would change nothing is left out, and so are referrals that are over for good. Who
    stands outside a restricted case, and only helps to name somebody for it, is told of none.
    """
    if casework.stands_outside(snapshot, actor):
        return ()
    directory = (*snapshot.services, _ANOTHER_SERVICE)
    wider = snapshot.model_copy(update={"services": directory})
    said = {
        "command_id": "what-if",
        "case_ref": CaseRef(snapshot.case.case_ref),
        "actor": actor,
    }
    return (
        *_of_case(wider, actor, world, said),
        *_of_referrals(snapshot, actor, world, said),
        *_of_numbers(snapshot, actor, world, said),
    )


# The case as a whole


def _of_case(
    snapshot: CaseSnapshot, actor: Actor, world: World, said: _Said
) -> Iterator[Permitted]:
    for verb, (tries, nothing_to_try) in _CASE_TRIES.items():
        if not may(verb, actor.role):
            continue
        objection = objection_to(snapshot, verb, actor)
        if objection and objection.reasons[0].code == "not_yours":
            continue  # to a service that no referral reached, it is as if there were no case
        commands = () if objection else tries(snapshot, said)
        sentence = objection.sentences() if objection else nothing_to_try
        answers = (decide(snapshot, command, world) for command in commands)
        reason = _first_reason(answers, sentence)
        if reason != "":
            yield Permitted(verb=verb, reason=reason)


def _first_reason(answers: Iterable[Decision], nothing_to_try: str) -> str | None:
    """None where one of the answers is yes; else what the first of them says, if there is one."""
    first: str | None = None
    for answer in answers:
        if not isinstance(answer, Refused):
            return None
        first = first or answer.sentences()
    return first or nothing_to_try


def _consents_asked(snapshot: CaseSnapshot) -> Iterator[tuple[str, tuple[PersonalField, ...]]]:
    for consent in snapshot.consents:
        fields = consents.open_question(consent)
        if consent.purpose is Purpose.SUPPORT_REFERRAL and fields:
            yield consent.recipient, fields


def _asks(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    for service in snapshot.services:
        yield AskConsent(
            purpose=Purpose.SUPPORT_REFERRAL,
            recipient=service.code,
            fields=(PersonalField.NAME,),
            asked=_FREELY,
            **said,
        )


def _gives(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    for recipient, fields in _consents_asked(snapshot):
        yield GiveConsent(
            purpose=Purpose.SUPPORT_REFERRAL,
            recipient=recipient,
            fields=fields,
            asked=_FREELY,
            **said,
        )


def _reflects(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    for recipient, _ in _consents_asked(snapshot):
        yield ReflectConsent(purpose=Purpose.SUPPORT_REFERRAL, recipient=recipient, **said)


def _refuses(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    for service in snapshot.services:
        yield RefuseConsent(purpose=Purpose.SUPPORT_REFERRAL, recipient=service.code, **said)


def _requests(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    for need in snapshot.needs:
        for service in snapshot.services:
            if service.status is ServiceStatus.ACTIVE:
                yield RequestReferral(need=need.number, choices=(service.code,), **said)


def _closes(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    under_review = snapshot.case.stage is Stage.CLOSING_REVIEW
    reason = snapshot.case.closing_reason or ClosingReason.SUPPORT_COMPLETED
    yield CloseCase(reason=reason, confirmed=under_review, **said)


def _contacts(snapshot: CaseSnapshot, said: _Said) -> Iterator[Command]:
    channels = snapshot.plan.channels if snapshot.plan else ()
    for channel in channels:
        if channel not in TEXT_CHANNELS:
            for purpose in (ContactPurpose.CHECK_IN, ContactPurpose.WITHDRAWAL_CHECK):
                yield PlanContact(purpose=purpose, channel=channel, **said)


def _one(kind: type[Command], **parts: Any) -> Callable[[CaseSnapshot, _Said], Iterator[Command]]:
    """A try that is the same for every case."""
    return lambda _, said: iter((kind.model_validate({**said, **parts}),))


def _if(
    holds: Callable[[CaseSnapshot], object], kind: type[Command], **parts: Any
) -> Callable[[CaseSnapshot, _Said], Iterator[Command]]:
    """The same, where the moment could allow it at all."""
    always = _one(kind, **parts)
    return lambda snapshot, said: always(snapshot, said) if holds(snapshot) else iter(())


_NOT_SAFE = SafetyCheck(safe_to_talk=False, immediate_danger=False)
_CASE_TRIES: Mapping[Verb, tuple[Callable[[CaseSnapshot, _Said], Iterator[Command]], str]] = {
    Verb.CONFIRM_SAFETY: (_one(ConfirmSafety, safety=_NOT_SAFE), ""),
    Verb.ASK_CONSENT: (_asks, ""),
    Verb.GIVE_CONSENT: (_gives, "No question to her is open: use `consent ask` first."),
    Verb.REFUSE_CONSENT: (_refuses, ""),
    Verb.REFLECT_CONSENT: (_reflects, ""),
    Verb.WITHDRAW_CONSENT: (_one(WithdrawConsent, purpose=Purpose.SUPPORT_REFERRAL), ""),
    Verb.ADD_NEED: (
        _one(AddNeed, category=NeedCategory.OTHER, priority=Priority.ROUTINE),
        "",
    ),
    Verb.REQUEST_REFERRAL: (_requests, "The case has no need yet: use `need add` first."),
    Verb.PLAN_CONTACT: (_contacts, ""),
    Verb.RENEW_PLAN: (_if(lambda s: s.plan, RenewPlan), ""),
    Verb.REVIEW_RISK: (_if(lambda s: s.risk, ReviewRisk, agrees=True), ""),
    Verb.ANSWER_TRANSFER: (_if(lambda s: s.transfer, AnswerTransfer, accepts=True), ""),
    Verb.RECORD_DEATH: (
        _if(lambda s: s.death_report, RecordDeath, answer=DeathAnswer.CONFIRMED),
        "",
    ),
    Verb.CLOSE_CASE: (_closes, ""),
    Verb.REOPEN_CASE: (
        _if(lambda s: s.case.stage is Stage.CLOSED, ReopenCase, reason=ReopenReason.SHE_CAME_BACK),
        "",
    ),
}
"""Verb → how it is tried, and what is said where there is nothing to try; empty: not listed."""


# Each referral


def _of_referrals(
    snapshot: CaseSnapshot, actor: Actor, world: World, said: _Said
) -> Iterator[Permitted]:
    for referral in snapshot.referrals:
        if actor.role in NGO_ROLES and not is_with(referral, actor.organisation):
            continue
        verbs = _REFERRAL_TRIES if referral.state not in TERMINAL else _AFTER_ITS_END
        for verb, try_of in verbs.items():
            if not may(verb, actor.role):
                continue
            command = try_of(referral, {"referral": referral.number, **said}, world)
            answer = decide(snapshot, command, world)
            if isinstance(answer, Refused) or answer.changes:
                reason = _first_reason((answer,), "")
                yield Permitted(verb=verb, referral=referral.number, reason=reason)


_OneTry = Callable[[Referral, _Said, World], Command]


def _of(kind: type[Command], **parts: Any) -> _OneTry:
    return lambda _, said, __: kind.model_validate({**said, **parts})


def _waitlist(_: Referral, said: _Said, world: World) -> Command:
    later = world.at.date().replace(year=world.at.year + 1, day=1)
    return WaitlistReferral(reason=Reason.NO_CAPACITY, expected_by=later, **said)


def _priority(referral: Referral, said: _Said, _: World) -> Command:
    other = next(p for p in Priority if p is not referral.priority)
    return SetPriority(priority=other, **said)


_REFERRAL_TRIES: Mapping[Verb, _OneTry] = {
    Verb.RECALL_REFERRAL: _of(RecallReferral, reason=Reason.MISTAKE),
    Verb.CORRECT_REFERRAL: _of(CorrectReferral, reason=Reason.MISTAKE),
    Verb.SET_PRIORITY: _priority,
    Verb.ANSWER_INFO: _of(AnswerInfo, answer=InfoAnswer.NOT_KNOWN),
    Verb.OPEN_REFERRAL: _of(OpenReferral),
    Verb.CLAIM_REFERRAL: _of(ClaimReferral),
    Verb.RELEASE_REFERRAL: _of(ReleaseReferral),
    Verb.REQUEST_INFO: _of(RequestInfo, topics=("urgency",)),
    Verb.WAITLIST_REFERRAL: _waitlist,
    Verb.ACCEPT_REFERRAL: _of(AcceptReferral),
    Verb.DECLINE_REFERRAL: _of(DeclineReferral, reason=Reason.NO_CAPACITY),
    Verb.ENGAGE_REFERRAL: _of(EngageReferral),
    Verb.COMPLETE_REFERRAL: _of(CompleteReferral, outcome=Outcome.SUPPORT_GIVEN),
    Verb.END_REFERRAL: _of(EndReferral, reason=Reason.NO_LONGER_WANTED),
}

_AFTER_ITS_END: Mapping[Verb, _OneTry] = {Verb.REOPEN_REFERRAL: _of(ReopenReferral)}
"""What can be done with a referral that is over for good: ask the service again."""


# Contacts, plans, checks and holds, each by its number


def _of_numbers(
    snapshot: CaseSnapshot, actor: Actor, world: World, said: _Said
) -> Iterator[Permitted]:
    for number, commands in _numbered_tries(snapshot, said):
        first = commands[0]
        if not may(first.verb, actor.role) or _is_not_theirs(snapshot, first, actor):
            continue
        reason = _first_reason((decide(snapshot, command, world) for command in commands), "")
        yield Permitted(verb=first.verb, number=number, reason=reason)


def _numbered_tries(
    snapshot: CaseSnapshot, said: _Said
) -> Iterator[tuple[int, tuple[Command, ...]]]:
    to_make = (c for c in snapshot.contacts if c.state not in CONTACT_OVER and not c.template)
    yield from ((c.number, (StartContact(contact=c.number, **said),)) for c in to_make)
    pending = (p for p in snapshot.plans if p.state is PlanState.PENDING)
    yield from ((p.number, _confirms(snapshot, p.number, said)) for p in pending)
    answer = CheckAnswer.IT_WAS_HER
    asked = (k for k in snapshot.checks if k.state is CheckState.OPEN)
    yield from ((k.number, (AnswerCheck(check=k.number, answer=answer, **said),)) for k in asked)
    standing = (h for h in snapshot.holds if h.lifted_at is None)
    yield from ((h.number, (LiftHold(hold=h.number, **said),)) for h in standing)


def _confirms(snapshot: CaseSnapshot, plan: int, said: _Said) -> tuple[Command, ...]:
    """Every way to show that a change is hers; she may have said so in any contact."""
    ways = (PlanConfirmation.NGO_THAT_KNOWS_HER, PlanConfirmation.TOLD_IN_PERSON)
    old = PlanConfirmation.OLD_CHANNEL
    return (
        *(ConfirmPlan(plan=plan, how=how, **said) for how in ways),
        *(ConfirmPlan(plan=plan, how=old, contact=c.number, **said) for c in snapshot.contacts),
    )


def _is_not_theirs(snapshot: CaseSnapshot, command: Command, actor: Actor) -> bool:
    """Whether it belongs to another organisation: then it is not spoken of."""
    match command:
        case StartContact(contact=number):
            contact = snapshot.contact(number)
            return contact is not None and contact.organisation != actor.organisation
        case LiftHold(hold=number):
            hold = snapshot.hold(number)
            return hold is not None and hold.organisation != actor.organisation
        case AnswerCheck(check=number):
            check = snapshot.check(number)
            return (
                actor.role in NGO_ROLES and check is not None and check.asks != actor.organisation
            )
        case _:
            return False
