"""What came of a contact, and what follows from it: tasks, duties, and silence after duress."""

from datetime import datetime

from rules import duties, somebody_else, tasks
from rules.apply import apply
from rules.contacts_waiting import ask_its_maker, seen_anew, task_of
from rules.plans import suspended
from rules.quiet import as_if_safe
from rules.safe_contact import checked_plan
from rules.world import World
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.changes import Change, ContactRecorded
from schemas.contact import (
    Contact,
    ContactResult,
    ContactState,
    SuspendReason,
    WordCheck,
)
from schemas.contact_commands import EndContact
from schemas.decisions import Changed
from schemas.snapshot import CaseSnapshot, TaskKind

FIRST_CONTACT = "ref-contact"
IDVA_CONTACT = "marac-2-idva-contact"
SILENCE = "contact-silence"
"""Duties that a contact starts or meets."""


def ended(snapshot: CaseSnapshot, contact: Contact, command: EndContact, world: World) -> Changed:
    """The contact as it was made, and what follows.

    After a word of duress, and after a wrong one, the answer says the same to whoever is on the
    line: end the call. Only the supervisor learns why; the duties of the case run on as after a
    call in which all was well, because everybody sees them.
    """
    made = _made(contact, command, world)
    ended_now = (ContactRecorded(contact=made), *tasks.done(snapshot, task_of(contact)))
    is_she_well = _is_she_well(snapshot, made, world)
    after = apply(snapshot, ended_now)
    if made.result is ContactResult.DURESS:
        halted = suspended(after, command.actor, SuspendReason.DURESS, world)
        as_usual = _duties(snapshot, as_if_safe(made), command.actor, world)
        return _hang_up(made, (*ended_now, *is_she_well, *halted, *as_usual))
    duties_now = (
        *_duties(snapshot, made, command.actor, world),
        *_others_wait(after, world),
    )
    if made.word is WordCheck.WRONG:
        task_id = f"word-wrong/{made.number}"
        asked = _ask_supervisor(snapshot, task_id, TaskKind.WORD_WRONG, world)
        return _hang_up(made, (*ended_now, *is_she_well, *asked, *duties_now))
    return Changed(
        changes=(*ended_now, *is_she_well, *duties_now),
        detail={
            "contact": made.number,
            "referral": made.referral,
            "result": made.result,
            **_counted(made),
        },
    )


def sent(
    snapshot: CaseSnapshot, contact: Contact, result: ContactResult | None, world: World
) -> Changed:
    """A text went out, or nobody can tell; then a person is asked, and it is not sent again."""
    task_id = f"contact-unclear/{contact.number}"
    if result is None:
        unclear = contact.model_copy(update={"state": ContactState.UNKNOWN, "ended_at": world.at})
        asked = ask_its_maker(snapshot, world, contact, task_id, TaskKind.CONTACT_UNCLEAR)
        return Changed(
            changes=(ContactRecorded(contact=unclear), *asked),
            detail={"contact": contact.number, "result": None},
        )
    made = contact.model_copy(
        update={"state": ContactState.MADE, "result": result, "ended_at": world.at}
    )
    return Changed(
        changes=(
            ContactRecorded(contact=made),
            *tasks.done(snapshot, task_id),
            *_tried(snapshot, made, world.at),
        ),
        detail={"contact": contact.number, "result": result},
    )


def _made(contact: Contact, command: EndContact, world: World) -> Contact:
    said_duress = command.word is WordCheck.DURESS
    at = command.occurred_at or world.at
    return contact.model_copy(
        update={
            "state": ContactState.MADE,
            "result": ContactResult.DURESS if said_duress else command.result,
            "word": command.word,
            "interpreted_by": command.interpreted_by,
            "made_by": contact.made_by or command.actor.who,
            "ended_by": command.actor.who,
            "ended_at": max(at, contact.started_at or at),
            "is_outside_plan": contact.state is not ContactState.STARTED,
        }
    )


def _hang_up(made: Contact, changes: tuple[Change, ...]) -> Changed:
    return Changed(
        changes=changes, detail={"contact": made.number, "end_call": "yes", **_counted(made)}
    )


def _counted(made: Contact) -> dict[str, str]:
    """What the count of misuse goes by: nobody had asked whether it was safe."""
    return {"outside_plan": "yes"} if made.is_outside_plan else {}


def _is_she_well(snapshot: CaseSnapshot, made: Contact, world: World) -> tuple[Change, ...]:
    """A supervisor looks, where nobody had asked whether it was safe, or somebody else was there.

    A checked plan says what is done when a call breaks off; then nobody is asked for that.
    """
    if made.is_outside_plan:
        task_id = f"outside-plan/{made.number}"
    elif somebody_else.shows_in(made) and checked_plan(snapshot, world.at) is None:
        task_id = f"somebody-else/{made.number}"
    else:
        return ()
    return _ask_supervisor(snapshot, task_id, TaskKind.WELFARE, world)


def _others_wait(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """Without a checked plan, what is still to be tried waits while somebody else is there."""
    if checked_plan(snapshot, world.at):
        return ()
    return seen_anew(snapshot, snapshot.contacts, world)


def _ask_supervisor(
    snapshot: CaseSnapshot, task_id: str, kind: TaskKind, world: World
) -> tuple[Change, ...]:
    return tasks.ask(snapshot, world, task_id, kind, Role.SAFEGUARDING_SUPERVISOR)


def _duties(
    snapshot: CaseSnapshot, made: Contact, actor: Actor, world: World
) -> tuple[Change, ...]:
    at = made.ended_at or world.at
    by_idva = actor.role is Role.IDVA and not made.is_outside_plan
    return (
        *_tried(snapshot, made, at),
        *(duties.meet(snapshot, IDVA_CONTACT, at) if by_idva else ()),
        *_silence(snapshot, made, at, world),
    )


def _tried(snapshot: CaseSnapshot, made: Contact, at: datetime) -> tuple[Change, ...]:
    """An attempt as her plan allows meets the service's duty to try, whoever answered."""
    if made.referral is None or made.is_outside_plan or made.organisation == snapshot.case.owner:
        return ()
    return duties.meet(snapshot, FIRST_CONTACT, at, made.referral)


def _silence(
    snapshot: CaseSnapshot, made: Contact, at: datetime, world: World
) -> tuple[Change, ...]:
    """She was reached safely; or a time begins after which a person decides about her welfare."""
    is_she = made.result is ContactResult.SPOKE and made.word is not WordCheck.WRONG
    if is_she and not made.is_outside_plan:
        return duties.meet(snapshot, SILENCE, at)
    is_known = any(deadline.duty == SILENCE for deadline in snapshot.running_deadlines())
    if is_known or snapshot.case.stage is Stage.CLOSED:
        return ()
    return duties.start(snapshot, world, SILENCE, at)
