"""What an actor could do with a case now, and why not: answers carry it, pages show it.

This is no second rulebook. Each verb is tried on the rules with the least somebody could say;
it is allowed if one try would be, and otherwise the rules' own reason is given.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from rules.decide import decide, objection_to
from rules.referral_states import TERMINAL
from rules.rights import may
from rules.sending import is_with
from rules.world import World
from schemas.actor import NGO_ROLES, Actor
from schemas.case import ClosingReason, PersonalField, SafetyCheck, Stage
from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent
from schemas.decisions import Decision, Permitted, Refused
from schemas.directory import ServiceStatus
from schemas.ids import CaseRef
from schemas.referral import NeedCategory, Outcome, Priority, Reason, Referral
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestReferral,
)
from schemas.snapshot import CaseSnapshot, ListedService
from schemas.verbs import Verb

_CASE_VERBS: dict[Verb, str] = {
    Verb.CONFIRM_SAFETY: "",
    Verb.ASK_CONSENT: "",
    Verb.GIVE_CONSENT: "No question to her is open: use `consent ask` first.",
    Verb.REFUSE_CONSENT: "",
    Verb.WITHDRAW_CONSENT: "",
    Verb.ADD_NEED: "",
    Verb.REQUEST_REFERRAL: "The case has no need yet: use `need add` first.",
    Verb.CLOSE_CASE: "",
}
"""Verbs of a case, and what is said where there is nothing to try them on."""

_ANOTHER_SERVICE = ListedService(
    code="any-other", organisation="any-other", status=ServiceStatus.ACTIVE
)
"""Stands for the rest of the directory: a snapshot holds only the services a case speaks of."""

_REFERRAL_VERBS = (
    Verb.RECALL_REFERRAL,
    Verb.OPEN_REFERRAL,
    Verb.ACCEPT_REFERRAL,
    Verb.DECLINE_REFERRAL,
    Verb.ENGAGE_REFERRAL,
    Verb.COMPLETE_REFERRAL,
)


def permitted(snapshot: CaseSnapshot, actor: Actor, world: World) -> tuple[Permitted, ...]:
    """Every verb that the actor's role has and that could matter now, with its reason if refused.

    A verb that would change nothing is left out, and so are referrals that are over for good.
    """
    directory = (*snapshot.services, _ANOTHER_SERVICE)
    wider = snapshot.model_copy(update={"services": directory})
    return (*_of_case(wider, actor, world), *_of_referrals(snapshot, actor, world))


def _of_case(snapshot: CaseSnapshot, actor: Actor, world: World) -> Iterator[Permitted]:
    for verb, nothing_to_try in _CASE_VERBS.items():
        if not may(verb, actor.role):
            continue
        objection = objection_to(snapshot, verb, actor)
        tries = () if objection else _case_tries(snapshot, verb, actor)
        sentence = objection.sentences() if objection else nothing_to_try
        answers = (decide(snapshot, command, world) for command in tries)
        yield Permitted(verb=verb, reason=_first_reason(answers, sentence))


def _of_referrals(snapshot: CaseSnapshot, actor: Actor, world: World) -> Iterator[Permitted]:
    for referral in snapshot.referrals:
        if referral.state in TERMINAL or not _is_visible(referral, actor):
            continue
        for verb in _REFERRAL_VERBS:
            if not may(verb, actor.role):
                continue
            answer = decide(snapshot, _referral_try(snapshot, verb, actor, referral), world)
            if isinstance(answer, Refused) or answer.changes:
                reason = _first_reason((answer,), "")
                yield Permitted(verb=verb, referral=referral.number, reason=reason)


def _is_visible(referral: Referral, actor: Actor) -> bool:
    return actor.role not in NGO_ROLES or is_with(referral, actor.organisation)


def _first_reason(answers: Iterable[Decision], nothing_to_try: str) -> str | None:
    """None where one of the answers is yes; else what the first of them says, if there is one."""
    first: str | None = None
    for answer in answers:
        if not isinstance(answer, Refused):
            return None
        first = first or answer.sentences()
    return first or nothing_to_try


def _case_tries(snapshot: CaseSnapshot, verb: Verb, actor: Actor) -> Iterator[Command]:
    said = _who_says(snapshot, actor)
    match verb:
        case Verb.CONFIRM_SAFETY:
            safety = SafetyCheck(safe_to_talk=False, immediate_danger=False)
            yield ConfirmSafety(safety=safety, **said)
        case Verb.WITHDRAW_CONSENT:
            yield WithdrawConsent(purpose=Purpose.SUPPORT_REFERRAL, **said)
        case Verb.ADD_NEED:
            yield AddNeed(category=NeedCategory.OTHER, priority=Priority.ROUTINE, **said)
        case Verb.CLOSE_CASE:
            yield _closing(snapshot, said)
        case Verb.REQUEST_REFERRAL:
            for need in snapshot.needs:
                for code in _open_services(snapshot):
                    yield RequestReferral(need=need.number, choices=(code,), **said)
        case _:
            yield from _consent_tries(snapshot, verb, said)


def _consent_tries(
    snapshot: CaseSnapshot, verb: Verb, said: dict[str, Any]
) -> Iterator[AskConsent | GiveConsent | RefuseConsent]:
    purpose = Purpose.SUPPORT_REFERRAL
    if verb is Verb.GIVE_CONSENT:
        asked = (c for c in snapshot.consents if c.state is ConsentState.ASKED)
        for consent in asked:
            yield GiveConsent(
                purpose=purpose, recipient=consent.recipient, fields=consent.fields, **said
            )
        return
    for service in snapshot.services:
        if verb is Verb.ASK_CONSENT:
            fields = (PersonalField.NAME,)
            yield AskConsent(purpose=purpose, recipient=service.code, fields=fields, **said)
        else:
            yield RefuseConsent(purpose=purpose, recipient=service.code, **said)


def _closing(snapshot: CaseSnapshot, said: dict[str, Any]) -> CloseCase:
    under_review = snapshot.case.stage is Stage.CLOSING_REVIEW
    reason = snapshot.case.closing_reason or ClosingReason.SUPPORT_COMPLETED
    return CloseCase(reason=reason, confirmed=under_review, **said)


def _referral_try(snapshot: CaseSnapshot, verb: Verb, actor: Actor, referral: Referral) -> Command:
    about = {"referral": referral.number, **_who_says(snapshot, actor)}
    match verb:
        case Verb.RECALL_REFERRAL:
            return RecallReferral(reason=Reason.MISTAKE, **about)
        case Verb.OPEN_REFERRAL:
            return OpenReferral(**about)
        case Verb.ACCEPT_REFERRAL:
            return AcceptReferral(**about)
        case Verb.DECLINE_REFERRAL:
            return DeclineReferral(reason=Reason.NO_CAPACITY, **about)
        case Verb.ENGAGE_REFERRAL:
            return EngageReferral(**about)
        case _:
            return CompleteReferral(outcome=Outcome.SUPPORT_GIVEN, **about)


def _who_says(snapshot: CaseSnapshot, actor: Actor) -> dict[str, Any]:
    case_ref = CaseRef(snapshot.case.case_ref)
    return {"command_id": "what-if", "case_ref": case_ref, "actor": actor}


def _open_services(snapshot: CaseSnapshot) -> Iterator[str]:
    return (s.code for s in snapshot.services if s.status is ServiceStatus.ACTIVE)
