"""Contacts: planned, started and ended by people, and opened, closed and sent by the clockwork.

Nothing goes out because a duty is late: every one of these asks `rules.safe_contact` at its own
moment, and what is not safe then waits for the next window.
"""

from datetime import datetime

from rules.contact_results import ended, sent
from rules.contacts_waiting import ask_its_maker, called_off, in_window, seen_anew, task_of
from rules.safe_contact import (
    NOT_BEGUN,
    checked_plan,
    is_safe,
    no_ground,
    objection,
    referrals_behind,
    window_of,
)
from rules.windows import Spell
from rules.world import World
from schemas.actor import NGO_ROLES, Actor
from schemas.changes import ContactRecorded
from schemas.clockwork_steps import CloseWindow, OpenWindow, SendContact, SettleContact
from schemas.contact import (
    TEXT_CHANNELS,
    Contact,
    ContactPurpose,
    ContactResult,
    ContactState,
)
from schemas.contact_commands import CancelContact, EndContact, PlanContact, StartContact
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import CaseSnapshot, TaskKind

_REPORTABLE = NOT_BEGUN | {ContactState.STARTED, ContactState.CANCELLED}
"""States in which somebody may say what came of a contact, allowed or not."""


def plan_contact(snapshot: CaseSnapshot, command: PlanContact, world: World) -> Decision:
    """Plan a contact for the next safe window. It says nothing to her yet."""
    contact = _planned(snapshot, command, world.at)
    if isinstance(contact, Refused):
        return contact
    speaks_against = objection(snapshot, contact, world.at)
    if speaks_against:
        return speaks_against
    window = window_of(snapshot, contact, world)
    if window is None:
        return refused(
            "no_safe_window",
            "No safe time is known while her plan holds: ask her for one, and set the plan anew "
            "(`contact plan`), or check it with her (`contact renew`).",
        )
    planned = in_window(contact, ContactState.PLANNED, window)
    return Changed(
        changes=(ContactRecorded(contact=planned),),
        detail={
            "contact": contact.number,
            "referral": contact.referral,
            "channel": contact.channel,
            "safe_at": window[0].isoformat(timespec="minutes"),
        },
    )


def start(snapshot: CaseSnapshot, command: StartContact, world: World) -> Decision:
    """Somebody is about to contact her, if at this very moment that is safe."""
    contact = _own(snapshot, command.contact, command.actor)
    if isinstance(contact, Refused):
        return contact
    if contact.channel in TEXT_CHANNELS:
        return refused("sent_by_clockwork", "A text goes out by itself in its safe window.")
    if contact.state not in NOT_BEGUN:
        return _already(contact)
    speaks_against = objection(snapshot, contact, world.at)
    window = window_of(snapshot, contact, world)
    if speaks_against or not is_safe(window, world.at):
        why = speaks_against.sentences() if speaks_against else ""
        return refused("not_safe_now", why or f"It is not safe now. {_next(window)}")
    started = in_window(contact, ContactState.STARTED, window).model_copy(
        update={"started_at": world.at, "made_by": command.actor.who}
    )
    by = checked_plan(snapshot, world.at)
    return Changed(
        changes=(ContactRecorded(contact=started),),
        detail={"contact": contact.number, "plan": by.number if by else None},
    )


def end(snapshot: CaseSnapshot, command: EndContact, world: World) -> Decision:
    """What came of it. A fact is never refused for being outside the plan."""
    contact = _own(snapshot, command.contact, command.actor)
    if isinstance(contact, Refused):
        return contact
    if contact.channel in TEXT_CHANNELS or command.result is ContactResult.SENT:
        return refused("sent_by_clockwork", "Only the clockwork says what came of a text.")
    if contact.state not in _REPORTABLE:
        return _already(contact)
    return ended(snapshot, contact, command, world)


def cancel(snapshot: CaseSnapshot, command: CancelContact, _: World) -> Decision:
    """A contact that has not begun is not needed any more."""
    contact = _own(snapshot, command.contact, command.actor)
    if isinstance(contact, Refused):
        return contact
    if contact.state not in NOT_BEGUN:
        return _already(contact)
    return Changed(changes=called_off(snapshot, (contact,)), detail={"contact": contact.number})


def open_window(snapshot: CaseSnapshot, step: OpenWindow, world: World) -> Decision:
    """It is safe now: ask whoever planned the contact to make it."""
    contact = snapshot.contact(step.contact)
    if contact is None or not _waits(contact) or contact.channel in TEXT_CHANNELS:
        return _overtaken()
    window = window_of(snapshot, contact, world)
    if not is_safe(window, world.at):
        return _not_now(snapshot, contact, world)
    opened = in_window(contact, ContactState.OPEN, window)
    return Changed(
        changes=(
            ContactRecorded(contact=opened),
            *ask_its_maker(snapshot, world, contact, task_of(contact), TaskKind.MAKE_CONTACT),
        ),
        detail={"contact": contact.number},
    )


def close_window(snapshot: CaseSnapshot, step: CloseWindow, world: World) -> Decision:
    """The window is over and nobody has begun: the contact waits for the next.

    Where the plan was renewed meanwhile and it is still safe, it stays open.
    """
    contact = snapshot.contact(step.contact)
    if contact is None or contact.state is not ContactState.OPEN:
        return _overtaken()
    return Changed(
        changes=seen_anew(snapshot, (contact,), world), detail={"contact": contact.number}
    )


def send(snapshot: CaseSnapshot, step: SendContact, world: World) -> Decision:
    """Let a text go out, if at this very moment that is safe; otherwise it waits, unsent."""
    contact = snapshot.contact(step.contact)
    if contact is None or not _waits(contact) or contact.channel not in TEXT_CHANNELS:
        return _overtaken()
    if snapshot.is_paused:
        return refused("paused", "Operations hold back what goes out of this case.")
    window = window_of(snapshot, contact, world)
    if not is_safe(window, world.at):
        return _not_now(snapshot, contact, world)
    sending = in_window(contact, ContactState.SENDING, window).model_copy(
        update={"started_at": world.at}
    )
    return Changed(changes=(ContactRecorded(contact=sending),), detail={"contact": contact.number})


def settle(snapshot: CaseSnapshot, step: SettleContact, world: World) -> Decision:
    """The text went out; or nobody can tell, and then it is never sent again.

    That it went out may be said late, after it was recorded that nobody could tell.
    """
    contact = snapshot.contact(step.contact)
    if contact is None:
        return _overtaken()
    late = contact.state is ContactState.UNKNOWN and step.result is not None
    if contact.state is not ContactState.SENDING and not late:
        return _overtaken()
    return sent(snapshot, contact, step.result, world)


def _planned(snapshot: CaseSnapshot, command: PlanContact, at: datetime) -> Contact | Refused:
    actor, referral = command.actor, command.referral
    if actor.role in NGO_ROLES or command.purpose is ContactPurpose.WITHDRAWAL_CHECK:
        behind = referrals_behind(snapshot, actor.organisation, command.purpose, at)
        referral = referral or next(iter(behind), None)
        if referral not in behind:
            return no_ground(command.purpose)
    elif referral is not None and snapshot.referral(referral) is None:
        return refused("no_referral", "The case has no such referral.")
    return Contact(
        number=max((c.number for c in snapshot.contacts), default=0) + 1,
        referral=referral,
        organisation=actor.organisation,
        purpose=command.purpose,
        channel=command.channel,
        template=command.template,
        interpreter=command.interpreter,
        state=ContactState.PLANNED,
        not_before=command.not_before,
        planned_by=actor.who,
    )


def _own(snapshot: CaseSnapshot, number: int, actor: Actor) -> Contact | Refused:
    contact = snapshot.contact(number)
    if contact is None or contact.organisation != actor.organisation:
        return refused("not_yours", "Your organisation has planned no such contact.")
    return contact


def _already(contact: Contact) -> Refused:
    way_on = "plan another (`contact make`)"
    if contact.state is ContactState.STARTED:
        way_on = "say what came of it (`contact end`)"
    return refused("already", f"Contact {contact.number} is {contact.state}: {way_on}.")


def _overtaken() -> Refused:
    return refused("overtaken", "The contact does not wait for this any more.")


def _waits(contact: Contact) -> bool:
    return contact.state is ContactState.PLANNED


def _not_now(snapshot: CaseSnapshot, contact: Contact, world: World) -> Changed:
    return Changed(
        changes=seen_anew(snapshot, (contact,), world),
        detail={"contact": contact.number, "refused": "unsafe"},
    )


def _next(window: Spell | None) -> str:
    if window is None:
        return "No safe window is known: ask her for one when she contacts you."
    opens, closes = window
    return f"Next safe window: {opens:%a %-d %b %H:%M}–{closes:%H:%M}."
