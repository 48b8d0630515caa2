"""Contacts that have not begun: each waits for a safe window, and a changed plan moves it."""

from collections.abc import Iterable

from rules import tasks
from rules.safe_contact import NOT_BEGUN, is_safe, may_contact, window_of
from rules.windows import Spell
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, ContactRecorded
from schemas.contact import Contact, ContactState
from schemas.snapshot import CaseSnapshot, TaskKind


def in_window(contact: Contact, state: ContactState, window: Spell | None) -> Contact:
    """The contact in a state, with the window it has or waits for."""
    safe_at, safe_until = window or (None, None)
    return contact.model_copy(update={"state": state, "safe_at": safe_at, "safe_until": safe_until})


def seen_anew(
    snapshot: CaseSnapshot, contacts: Iterable[Contact], world: World
) -> tuple[Change, ...]:
    """What the plan says now of contacts that have not begun: each gets its window by it.

    An open one whose window is over waits for the next. Where none is known, a person is asked to
    look. One whose organisation may not contact her any more is called off.
    """
    waiting = tuple(contact for contact in contacts if contact.state in NOT_BEGUN)
    ours = tuple(contact for contact in waiting if may_contact(snapshot, contact, world.at))
    seen = tuple(_seen_anew(snapshot, contact, world) for contact in ours)
    closed = (contact for contact in seen if contact.state is ContactState.PLANNED)
    return (
        *called_off(snapshot, (contact for contact in waiting if contact not in ours)),
        *(ContactRecorded(contact=contact) for contact in seen),
        *tasks.done(snapshot, *(task_of(contact) for contact in closed)),
        *(() if all(contact.safe_at for contact in seen) else ask_about_plan(snapshot, world)),
    )


def called_off(snapshot: CaseSnapshot, contacts: Iterable[Contact]) -> tuple[Change, ...]:
    """Contacts that will not be made, those already begun left out."""
    return tuple(
        change
        for contact in contacts
        if contact.state in NOT_BEGUN
        for change in (
            ContactRecorded(contact=in_window(contact, ContactState.CANCELLED, None)),
            *tasks.done(snapshot, task_of(contact)),
        )
    )


def ask_about_plan(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """Ask a caseworker to check with her how she can be reached."""
    number = snapshot.plan.number if snapshot.plan else 0
    return tasks.ask(snapshot, world, f"plan-stale/{number}", TaskKind.PLAN_STALE, Role.CASEWORKER)


def ask_its_maker(
    snapshot: CaseSnapshot, world: World, contact: Contact, task_id: str, kind: TaskKind
) -> tuple[Change, ...]:
    """Ask whoever planned the contact, or a colleague, to see to it.

    For the agency it is a task of whoever leads the case, so that it goes along with the lead.
    """
    by_agency = contact.organisation == snapshot.case.owner
    still_theirs = contact.planned_by.startswith(f"{contact.organisation}:")
    return tasks.ask(
        snapshot,
        world,
        task_id,
        kind,
        Role.CASEWORKER if by_agency else Role.NGO_WORKER,
        organisation=None if by_agency else contact.organisation,
        for_person=contact.planned_by if still_theirs else None,
        referral=contact.referral,
    )


def task_of(contact: Contact) -> str:
    """The id of the task to make a contact."""
    return f"contact/{contact.number}"


def _seen_anew(snapshot: CaseSnapshot, contact: Contact, world: World) -> Contact:
    window = window_of(snapshot, contact, world)
    is_open = contact.state is ContactState.OPEN and is_safe(window, world.at)
    return in_window(contact, ContactState.OPEN if is_open else ContactState.PLANNED, window)
