"""The one entrance: may this actor do this to this case now, and what does it change?"""

from collections.abc import Callable, Mapping
from typing import Any

from rules import (
    advice,
    amending,
    answers,
    asking,
    casework,
    checks,
    claims,
    clockwork,
    closing,
    contacts,
    death,
    erasure,
    events,
    handover,
    holds,
    journeys,
    marac,
    nrm,
    plans,
    requests,
    risk,
    running,
    sending,
    withdrawals,
)
from rules.rights import may, roles_with
from rules.sending import is_with
from rules.world import World
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor, Role
from schemas.case import Stage
from schemas.casework import TransferState
from schemas.changes import StageMoved
from schemas.command_base import Command
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from schemas.withdrawal import CheckState

_Rule = Callable[[CaseSnapshot, Any, World], Decision]

_RULES: Mapping[Verb, _Rule] = {
    Verb.CONFIRM_SAFETY: journeys.confirm_safety,
    Verb.ADD_NEED: journeys.add_need,
    Verb.CLOSE_CASE: closing.close,
    Verb.REOPEN_CASE: closing.reopen,
    Verb.PROPOSE_ERASURE: erasure.propose,
    Verb.ANSWER_ERASURE: erasure.answer,
    Verb.ERASE_CASE: erasure.erase,
    Verb.RECORD_DEATH: death.record,
    Verb.SET_ENTITLEMENT: events.set_entitlement,
    Verb.RECORD_EVENT: events.record_event,
    Verb.LINK_CASE: casework.link,
    Verb.FINISH_TASK: casework.finish_task,
    Verb.HAND_OVER: handover.hand_over,
    Verb.OFFER_TRANSFER: handover.offer_transfer,
    Verb.ANSWER_TRANSFER: handover.answer_transfer,
    Verb.DECLARE_CONFLICT: casework.declare_conflict,
    Verb.PROPOSE_NAMED: casework.propose_named,
    Verb.CONFIRM_NAMED: casework.confirm_named,
    Verb.ASK_CONSENT: asking.ask,
    Verb.GIVE_CONSENT: asking.give,
    Verb.REFUSE_CONSENT: asking.refuse,
    Verb.REFLECT_CONSENT: asking.reflect,
    Verb.MARK_NOT_CAPABLE: asking.mark_not_capable,
    Verb.WITHDRAW_CONSENT: withdrawals.withdraw,
    Verb.ANSWER_CHECK: checks.answer_check,
    Verb.REQUEST_REFERRAL: requests.request,
    Verb.REOPEN_REFERRAL: requests.reopen,
    Verb.SET_PRIORITY: amending.set_priority,
    Verb.ANSWER_INFO: amending.answer_info,
    Verb.RECALL_REFERRAL: amending.recall,
    Verb.CORRECT_REFERRAL: amending.correct,
    Verb.OPEN_REFERRAL: answers.answer,
    Verb.CLAIM_REFERRAL: claims.claim,
    Verb.RELEASE_REFERRAL: claims.release,
    Verb.REQUEST_INFO: answers.answer,
    Verb.WAITLIST_REFERRAL: answers.answer,
    Verb.ACCEPT_REFERRAL: answers.answer,
    Verb.DECLINE_REFERRAL: answers.answer,
    Verb.ENGAGE_REFERRAL: answers.answer,
    Verb.COMPLETE_REFERRAL: answers.answer,
    Verb.END_REFERRAL: answers.answer,
    Verb.START_ADVICE: advice.start,
    Verb.PLACE_HOLD: holds.place,
    Verb.LIFT_HOLD: holds.lift,
    Verb.SET_PLAN: plans.set_plan,
    Verb.CONFIRM_PLAN: plans.confirm,
    Verb.RENEW_PLAN: plans.renew,
    Verb.SUSPEND_PLAN: plans.suspend,
    Verb.PLAN_CONTACT: contacts.plan_contact,
    Verb.START_CONTACT: contacts.start,
    Verb.END_CONTACT: contacts.end,
    Verb.CANCEL_CONTACT: contacts.cancel,
    Verb.ASSESS_RISK: risk.assess,
    Verb.REVIEW_RISK: risk.review,
    Verb.MOVE_MARAC: marac.move,
    Verb.MOVE_NRM: nrm.move,
    Verb.MEET_DEADLINE: running.meet,
    Verb.PAUSE_DEADLINE: running.pause,
    Verb.RESUME_DEADLINE: running.resume,
    Verb.EXTEND_DEADLINE: running.extend,
    Verb.WAIVE_DEADLINE: running.waive,
    Verb.QUEUE_DELIVERY: sending.queue,
    Verb.DELIVER: sending.deliver,
    Verb.FAIL_DELIVERY: sending.fail_delivery,
    Verb.SEND_STOP: sending.send_stop,
    Verb.SEND_NOTICE: sending.send_notice,
    Verb.REMIND: clockwork.remind,
    Verb.BREACH: clockwork.breach,
    Verb.EXPIRE_REFERRAL: requests.expire,
    Verb.ROUTE_ONWARD: requests.route_onward,
    Verb.OPEN_WINDOW: contacts.open_window,
    Verb.CLOSE_WINDOW: contacts.close_window,
    Verb.SEND_CONTACT: contacts.send,
    Verb.SETTLE_CONTACT: contacts.settle,
}

DECIDED = frozenset(_RULES)
"""The verbs that change a case."""

_NEVER_TOO_LATE = frozenset(
    {
        Verb.WITHDRAW_CONSENT,
        Verb.ANSWER_CHECK,
        Verb.PLACE_HOLD,
        Verb.LIFT_HOLD,
        Verb.SUSPEND_PLAN,
        Verb.END_CONTACT,
        Verb.SETTLE_CONTACT,
        Verb.OPEN_REFERRAL,
        Verb.FINISH_TASK,
        Verb.DECLARE_CONFLICT,
        Verb.LINK_CASE,
        Verb.RECORD_DEATH,
        Verb.REOPEN_CASE,
        Verb.PROPOSE_ERASURE,
        Verb.ANSWER_ERASURE,
        Verb.ERASE_CASE,
        Verb.SEND_STOP,
        Verb.SEND_NOTICE,
        Verb.REMIND,
        Verb.BREACH,
    }
)
"""Verbs that a closed case still takes: what protects her, and what ends what was begun."""

_RESUMES = frozenset(
    {
        Verb.ASK_CONSENT,
        Verb.GIVE_CONSENT,
        Verb.ADD_NEED,
        Verb.REQUEST_REFERRAL,
        Verb.REOPEN_REFERRAL,
        Verb.PLAN_CONTACT,
        Verb.ASSESS_RISK,
        Verb.MOVE_MARAC,
        Verb.MOVE_NRM,
        Verb.RECORD_EVENT,
    }
)
"""New work: it takes a case under closing review, or a dormant one, back to open."""

_OVER_WITH_HER = frozenset(
    {
        Verb.ASK_CONSENT,
        Verb.GIVE_CONSENT,
        Verb.REFLECT_CONSENT,
        Verb.MARK_NOT_CAPABLE,
        Verb.ADD_NEED,
        Verb.REQUEST_REFERRAL,
        Verb.REOPEN_REFERRAL,
        Verb.ANSWER_INFO,
        Verb.SET_PLAN,
        Verb.CONFIRM_PLAN,
        Verb.RENEW_PLAN,
        Verb.ROUTE_ONWARD,
    }
)
"""What a death ends: nothing more is asked of her, and nothing more is sent about her."""

WOULD_DECIDE_IT = frozenset(
    {
        Verb.ASK_CONSENT,
        Verb.GIVE_CONSENT,
        Verb.REFUSE_CONSENT,
        Verb.REFLECT_CONSENT,
        Verb.MARK_NOT_CAPABLE,
        Verb.REQUEST_REFERRAL,
        Verb.REOPEN_REFERRAL,
        Verb.SET_PLAN,
        Verb.CONFIRM_PLAN,
        Verb.OFFER_TRANSFER,
    }
)
"""What would make her answer come to nothing, or hard to get."""

_OF_THE_OWNER = AGENCY_ROLES | {Role.DPO}
"""Roles that have their rights only in the organisation that leads the case."""


def decide(snapshot: CaseSnapshot, command: Command, world: World) -> Decision:
    """Every ground is asked in turn; what no rule knows is refused."""
    verb = command.verb
    objection = objection_to(snapshot, verb, command.actor) or _cannot_be(snapshot, command, world)
    if objection:
        return objection
    rule = _RULES.get(verb)
    if rule is None:
        return refused("unknown_verb", f"No rule knows {verb}.")
    return _resumed(snapshot, verb, rule(snapshot, command, world))


def objection_to(snapshot: CaseSnapshot, verb: Verb, actor: Actor) -> Refused | None:
    """What speaks against this actor using this verb on this case at all.

    A withdrawal has no ground to be refused on but that its bearer is none of these people, or
    that the case was erased, and nothing is left to stop.
    """
    missing = missing_right(verb, actor.role)
    if missing or verb is Verb.WITHDRAW_CONSENT:
        return missing or erasure.objection(snapshot, verb)
    return (
        _conflict(snapshot, verb, actor)
        or _in_question(snapshot, verb, actor)
        or _foreign(snapshot, verb, actor)
        or erasure.objection(snapshot, verb)
        or _too_late(snapshot, verb)
        or _after_death(snapshot, verb)
    )


def _conflict(snapshot: CaseSnapshot, verb: Verb, actor: Actor) -> Refused | None:
    declared = {conflict.who for conflict in snapshot.conflicts}
    if actor.who not in declared or verb is Verb.DECLARE_CONFLICT:
        return None
    return stepped_back()


def _in_question(snapshot: CaseSnapshot, verb: Verb, actor: Actor) -> Refused | None:
    """While she is asked whether an end was hers, who recorded it types nothing that decides it."""
    open_checks = (check for check in snapshot.checks if check.state is CheckState.OPEN)
    if verb not in WOULD_DECIDE_IT or actor.who not in {check.recorder for check in open_checks}:
        return None
    return refused(
        "being_checked",
        "You recorded an end of help that she is being asked about: until she has answered, "
        "somebody else does this.",
    )


def stepped_back() -> Refused:
    """The refusal for whoever declared a conflict of interest, whatever they ask."""
    return refused(
        "conflict_declared", "You declared a conflict of interest: somebody else works on this."
    )


def _foreign(snapshot: CaseSnapshot, verb: Verb, actor: Actor) -> Refused | None:
    """An agency acts in cases it leads, a service in cases of which a referral reached it."""
    if actor.role in _OF_THE_OWNER and actor.organisation != snapshot.case.owner:
        if verb is Verb.ANSWER_TRANSFER and _was_offered(snapshot, actor.organisation):
            return None
        return refused("not_your_case", f"The case is led by {snapshot.case.owner}.")
    if actor.role in NGO_ROLES and not any(
        is_with(referral, actor.organisation) for referral in snapshot.referrals
    ):
        return refused("not_yours", "Your organisation has no referral of this case.")
    return None


def _was_offered(snapshot: CaseSnapshot, organisation: str) -> bool:
    offer = snapshot.transfer
    open_offer = offer is not None and offer.state is TransferState.OFFERED
    return open_offer and offer is not None and offer.to_organisation == organisation


def _too_late(snapshot: CaseSnapshot, verb: Verb) -> Refused | None:
    if snapshot.case.stage is Stage.CLOSED and verb not in _NEVER_TOO_LATE:
        return refused("case_closed", "The case is closed: `case reopen` opens it again.")
    return None


def _cannot_be(snapshot: CaseSnapshot, command: Command, world: World) -> Refused | None:
    """A time at which it cannot have happened. A withdrawal counts whatever was typed."""
    happened = command.occurred_at
    if happened is None or command.verb is Verb.WITHDRAW_CONSENT:
        return None
    if happened > world.at:
        return refused("in_the_future", "It cannot have happened later than now.")
    if happened < snapshot.case.occurred_at:
        return refused("before_the_case", "It cannot have happened before she disclosed.")
    return None


def _after_death(snapshot: CaseSnapshot, verb: Verb) -> Refused | None:
    if snapshot.case.died_at is None or verb not in _OVER_WITH_HER:
        return None
    return refused(
        "deceased",
        "She has died: nothing is asked or sent about her any more. Open cases of their own for "
        "her close family, and link them (`case link`).",
    )


def missing_right(verb: Verb, role: Role, asked: str = "") -> Refused | None:
    """The refusal for a role without the verb; it says who has it.

    Args:
        verb: the verb whose right is needed.
        role: the role of whoever asks.
        asked: what was asked for, in words; empty: the verb itself.
    """
    if may(verb, role):
        return None
    who = ", ".join(roles_with(verb)) or "nobody by hand"
    return refused(
        "no_right", f"The role {role} may not {asked or _words(verb)}. It is for: {who}."
    )


def _resumed(snapshot: CaseSnapshot, verb: Verb, decision: Decision) -> Decision:
    """New work takes the case back to open."""
    waits = snapshot.case.stage in (Stage.CLOSING_REVIEW, Stage.DORMANT)
    if isinstance(decision, Changed) and waits and verb in _RESUMES:
        changes = (StageMoved(stage=Stage.OPEN), *decision.changes)
        return decision.model_copy(update={"changes": changes})
    return decision


def _words(verb: Verb) -> str:
    return verb.value.replace("_", " ")
