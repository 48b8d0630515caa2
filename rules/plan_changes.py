"""Changes of a safe-contact plan: which are dangerous, and what shows that one is hers.

Number, address and trusted person, a further channel, the interpreter, the words: each is what
an abuser would change first.
"""

from rules.her_word import was_she
from schemas.actor import NGO_ROLES, Role
from schemas.contact import (
    TEXT_CHANNELS,
    ContactChannel,
    ContactPlan,
    DeviceShared,
    InterpreterGender,
    InterpreterNeed,
    PlanConfirmation,
    PlanPart,
    PlanState,
    PlanTerms,
)
from schemas.contact_commands import ConfirmPlan, SetPlan
from schemas.decisions import Refused, refused
from schemas.snapshot import CaseSnapshot


def changes_of(held: ContactPlan, command: SetPlan) -> tuple[PlanPart, ...]:
    """What of a new plan must be confirmed; after a suspension, all of it."""
    if held.state is PlanState.SUSPENDED:
        return tuple(PlanPart)
    changed = {
        PlanPart.DETAILS: command.has_details,
        PlanPart.CHANNELS: bool(_open(command.terms) - _open(held)),
        PlanPart.INTERPRETER: _is_loosened(held.interpreter, command.terms.interpreter),
        PlanPart.WORDS: command.has_words,
    }
    return tuple(part for part, is_changed in changed.items() if is_changed)


def doubt_about(snapshot: CaseSnapshot, plan: ContactPlan, command: ConfirmPlan) -> Refused | None:
    """Why a change is not yet known to be hers. An NGO must have taken her on to be heard here."""
    if command.actor.who == plan.set_by:
        return refused("second_person", "Somebody other than who set the plan must confirm it.")
    knows_her = command.actor.role in NGO_ROLES
    if command.how is PlanConfirmation.NGO_THAT_KNOWS_HER and knows_her:
        return None
    if command.how is PlanConfirmation.OLD_CHANNEL and _she_said_so(snapshot, plan, command):
        return None
    if command.how is PlanConfirmation.TOLD_IN_PERSON and _came_herself(snapshot, command):
        return None
    return refused(
        "not_confirmed",
        "A change is confirmed by an NGO that has taken her on, or in a contact over a channel of "
        "the plan in force, made by somebody other than who set the change and after it was set, "
        "in which she spoke, through no relative or friend, and gave her safe word if one was "
        "agreed. After a suspension a supervisor who saw her in person may confirm it too.",
    )


def _open(terms: PlanTerms) -> set[ContactChannel]:
    """The channels that reach her: on a device that others may see, no text does."""
    others_see = terms.device_shared is not DeviceShared.NO
    shut = {ContactChannel.SHE_CONTACTS_US, *(TEXT_CHANNELS if others_see else ())}
    return set(terms.channels) - shut


def _is_loosened(old: InterpreterNeed, new: InterpreterNeed) -> bool:
    """Excluding one more interpreter, or asking for a woman, protects her at once."""
    other_gender = new.gender is not old.gender and old.gender is not InterpreterGender.ANY
    readmitted = not set(old.excluded) <= set(new.excluded)
    return new.needed is not old.needed or other_gender or readmitted


def _she_said_so(snapshot: CaseSnapshot, plan: ContactPlan, command: ConfirmPlan) -> bool:
    held = snapshot.plan
    contact = snapshot.contact(command.contact) if command.contact else None
    if held is None or contact is None or contact.channel not in held.channels:
        return False
    in_time = (
        plan.set_at is not None and contact.ended_at is not None and contact.ended_at > plan.set_at
    )
    by_another = contact.made_by is not None and contact.made_by != plan.set_by
    return in_time and by_another and was_she(snapshot, contact)


def _came_herself(snapshot: CaseSnapshot, command: ConfirmPlan) -> bool:
    """After a suspension no channel is left to ask her on: a supervisor who saw her may confirm."""
    is_suspended = any(plan.state is PlanState.SUSPENDED for plan in snapshot.plans)
    return is_suspended and command.actor.role is Role.SAFEGUARDING_SUPERVISOR
