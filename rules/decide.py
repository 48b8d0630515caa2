"""The one entrance: may this actor do this to this case now, and what does it change?"""

from collections.abc import Callable
from typing import Any

from rules import clockwork, consents, journeys, referrals
from rules.rights import may, roles_with
from rules.world import World
from schemas.actor import AGENCY_ROLES, Role
from schemas.case import Stage
from schemas.commands import Command, Verb
from schemas.decisions import Changed, Decision, Refused, StageMoved, refused
from schemas.snapshot import CaseSnapshot

_Rule = Callable[[CaseSnapshot, Any, World], Decision]

_RULES: dict[Verb, _Rule] = {
    Verb.CONFIRM_SAFETY: lambda s, c, _: journeys.confirm_safety(s, c),
    Verb.ASK_CONSENT: consents.ask,
    Verb.GIVE_CONSENT: consents.give,
    Verb.REFUSE_CONSENT: consents.refuse,
    Verb.WITHDRAW_CONSENT: consents.withdraw,
    Verb.ADD_NEED: lambda s, c, _: journeys.add_need(s, c),
    Verb.REQUEST_REFERRAL: referrals.request,
    Verb.RECALL_REFERRAL: referrals.recall,
    Verb.OPEN_REFERRAL: referrals.answer,
    Verb.ACCEPT_REFERRAL: referrals.answer,
    Verb.DECLINE_REFERRAL: referrals.answer,
    Verb.ENGAGE_REFERRAL: referrals.answer,
    Verb.COMPLETE_REFERRAL: referrals.answer,
    Verb.CLOSE_CASE: journeys.close,
    Verb.QUEUE_DELIVERY: referrals.queue,
    Verb.DELIVER: referrals.deliver,
    Verb.FAIL_DELIVERY: referrals.fail_delivery,
    Verb.SEND_STOP: lambda s, c, _: referrals.send_stop(s, c),
    Verb.SEND_NOTICE: lambda s, c, _: referrals.send_notice(s, c),
    Verb.REMIND: clockwork.remind,
    Verb.BREACH: clockwork.breach,
    Verb.EXPIRE_REFERRAL: referrals.expire,
    Verb.ROUTE_ONWARD: referrals.route_onward,
}

DECIDED = frozenset(_RULES)
"""The verbs that change a case."""

_NEVER_TOO_LATE = frozenset(
    {Verb.WITHDRAW_CONSENT, Verb.SEND_STOP, Verb.SEND_NOTICE, Verb.OPEN_REFERRAL}
)
"""Verbs that a closed case still takes: a withdrawal, and telling of it."""


_OF_THE_OWNER = AGENCY_ROLES | {Role.DPO}
"""Roles that have their rights only in the organisation that leads the case."""


def decide(snapshot: CaseSnapshot, command: Command, world: World) -> Decision:
    """Every ground is asked in turn; what no rule knows is refused."""
    verb = command.verb
    objection = objection_to(snapshot, verb, command.actor.role, command.actor.organisation)
    if objection:
        return objection
    if command.occurred_at is not None and command.occurred_at > world.at:
        return refused("in_the_future", "It cannot have happened later than now.")
    if command.occurred_at is not None and command.occurred_at < snapshot.case.occurred_at:
        return refused("before_the_case", "It cannot have happened before she disclosed.")
    rule = _RULES.get(verb)
    if rule is None:
        return refused("unknown_verb", f"No rule knows {verb}.")
    return _reopened(snapshot, verb, rule(snapshot, command, world))


def objection_to(
    snapshot: CaseSnapshot, verb: Verb, role: Role, organisation: str
) -> Refused | None:
    """What speaks against this actor using this verb on this case at all."""
    missing = missing_right(verb, role)
    if missing:
        return missing
    if role in _OF_THE_OWNER and organisation != snapshot.case.owner:
        return refused("not_your_case", f"The case is led by {snapshot.case.owner}.")
    if snapshot.case.stage is Stage.CLOSED and verb not in _NEVER_TOO_LATE:
        return refused("case_closed", "The case is closed.")
    return None


def missing_right(verb: Verb, role: Role) -> Refused | None:
    """The refusal for a role without the verb; it says who has it."""
    if may(verb, role):
        return None
    who = ", ".join(roles_with(verb)) or "nobody by hand"
    return refused("no_right", f"The role {role} may not {_words(verb)}. It is for: {who}.")


def _reopened(snapshot: CaseSnapshot, verb: Verb, decision: Decision) -> Decision:
    """New work during a closing review takes the case back to open."""
    resumes = (Verb.ASK_CONSENT, Verb.GIVE_CONSENT, Verb.ADD_NEED, Verb.REQUEST_REFERRAL)
    reviewing = snapshot.case.stage is Stage.CLOSING_REVIEW
    if isinstance(decision, Changed) and reviewing and verb in resumes:
        changes = (StageMoved(stage=Stage.OPEN), *decision.changes)
        return decision.model_copy(update={"changes": changes})
    return decision


def _words(verb: Verb) -> str:
    return verb.value.replace("_", " ")
