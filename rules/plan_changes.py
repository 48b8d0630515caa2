"""Changes of a safe-contact plan: which are dangerous, and what shows that one is hers.

Number, address and trusted person, the words, and whatever lets more through than before: each is
what an abuser would change first.
"""

from rules.her_word import began_since, is_heard_by_others, was_she
from rules.plan_terms import loosened
from rules.safe_contact import USED, agreed_at, can_be_asked, is_suspended
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.contact import (
    ContactChannel,
    ContactPlan,
    PlanConfirmation,
    PlanPart,
    PlanState,
)
from schemas.contact_commands import ConfirmPlan, SetPlan
from schemas.decisions import Refused, refused
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot


def changes_of(
    snapshot: CaseSnapshot, held: ContactPlan | None, command: SetPlan
) -> tuple[PlanPart, ...]:
    """What of a new plan must be confirmed; after a suspension, all of it."""
    if held is None:
        replaces = command.has_details and _may_replace_hers(snapshot, command.actor)
        return (PlanPart.DETAILS,) if replaces else ()
    if held.state is PlanState.SUSPENDED:
        return tuple(PlanPart)
    came = {PlanPart.DETAILS: command.has_details, PlanPart.WORDS: command.has_words}
    looser = loosened(held, command.terms)
    return tuple(part for part in PlanPart if part in looser or came.get(part, False))


def doubt_about(
    snapshot: CaseSnapshot, plan: ContactPlan, command: ConfirmPlan, world: World
) -> Refused | None:
    """Why a change is not yet known to be hers. An NGO must have taken her on to be heard here."""
    if command.actor.who == plan.set_by:
        return refused("second_person", "Somebody other than who set the plan must confirm it.")
    knows_her = _is_from_elsewhere(plan, command.actor) and _knows_her(snapshot, command.actor)
    if command.how is PlanConfirmation.NGO_THAT_KNOWS_HER and knows_her:
        return None
    if command.how is PlanConfirmation.OLD_CHANNEL and _she_said_so(snapshot, plan, command):
        return None
    if command.how is PlanConfirmation.TOLD_IN_PERSON and _came_herself(snapshot, command, world):
        return None
    return refused(
        "not_confirmed",
        "A change is confirmed by an NGO that supports her already or has spoken with her, unless "
        "it set the change itself; or in a contact by voice or in person over a channel of the "
        "plan in force (before the first plan: the one she used), begun after the change was set, "
        "and neither begun nor ended by who set it, in which she spoke, through no relative or "
        "friend, and gave her safe word if one was agreed. Where no way is left to speak with "
        "her, as after a suspension, a supervisor who saw her in person may confirm it too.",
    )


def _may_replace_hers(snapshot: CaseSnapshot, actor: Actor) -> bool:
    """Whether details of a first plan may take the place of a contact that she gave herself.

    Not where she gave none; what the reader cannot see counts as given. And not in the first act
    of all, by whoever opened the case: until then nobody else has had it in hand, and what they
    replace they typed themselves. Any later, who works on a case may have changed, and with it
    whose number it is.
    """
    opened_it = actor.who == f"{snapshot.case.owner}:{snapshot.case.assigned_to}"
    is_first_act = opened_it and snapshot.case.last_acted_at is None
    return snapshot.gave_contact is not False and not is_first_act


def _is_from_elsewhere(plan: ContactPlan, actor: Actor) -> bool:
    """Two people of one service do not change her number between themselves."""
    return not plan.set_by.startswith(f"{actor.organisation}:")


def _knows_her(snapshot: CaseSnapshot, actor: Actor) -> bool:
    """Whether an NGO supports her, or spoke with her itself: accepting a referral is neither."""
    if actor.role not in NGO_ROLES:
        return False
    ours = (r for r in snapshot.referrals if r.organisation == actor.organisation)
    calls = (c for c in snapshot.contacts if c.organisation == actor.organisation)
    supports_her = any(referral.state is ReferralState.ACTIVE for referral in ours)
    return supports_her or any(was_she(snapshot, contact) for contact in calls)


def _old_channels(snapshot: CaseSnapshot) -> tuple[ContactChannel, ...]:
    """Those of the plan in force; before the first plan, the one she used."""
    if snapshot.plan is not None:
        return snapshot.plan.channels
    used = None if is_suspended(snapshot) else USED[snapshot.case.channel]
    return (used,) if used else ()


def _she_said_so(snapshot: CaseSnapshot, plan: ContactPlan, command: ConfirmPlan) -> bool:
    contact = snapshot.contact(command.contact) if command.contact else None
    if contact is None or contact.channel not in _old_channels(snapshot):
        return False
    is_since = plan.set_at is not None and began_since(contact, plan.set_at)
    return is_since and is_heard_by_others(contact, plan.set_by) and was_she(snapshot, contact)


def _came_herself(snapshot: CaseSnapshot, command: ConfirmPlan, world: World) -> bool:
    """Where no way and no time was left to speak with her, a supervisor who saw her may confirm.

    Whatever the change takes away: it does not put her out of reach of the question whether it is
    hers.
    """
    may_be_asked = can_be_asked(agreed_at(snapshot, world.at), world)
    return not may_be_asked and command.actor.role is Role.SAFEGUARDING_SUPERVISOR
