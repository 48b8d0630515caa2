"""A case in other hands: of a colleague, or of another agency.

Everything open goes along: deadlines stay with the case, and tasks and planned contacts go to
whoever works on it now.
"""

from collections.abc import Iterator

from rules import tasks
from rules.referral_states import OVER
from rules.safe_contact import NOT_BEGUN
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import Stage
from schemas.case_commands import AnswerTransfer, HandOver, OfferTransfer
from schemas.casework import Transfer, TransferState
from schemas.changes import (
    CaseChanged,
    Change,
    ContactRecorded,
    HoldRecorded,
    StageMoved,
    TaskRecorded,
    TransferRecorded,
)
from schemas.contact import CONTACT_OVER
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import KEPT_FROM_SOME, CaseSnapshot, Task, TaskKind
from schemas.withdrawal import CheckState


def hand_over(snapshot: CaseSnapshot, command: HandOver, _: World) -> Decision:
    """Give the case, with everything open in it, to a colleague."""
    taker = f"{snapshot.case.owner}:{command.to_person}"
    objection = _cannot_take(snapshot, command.to_person, taker)
    if objection:
        return objection
    giver = f"{snapshot.case.owner}:{snapshot.case.assigned_to}"
    moved = tuple(_moved_tasks(snapshot, giver, taker))
    contacts = tuple(_moved_contacts(snapshot, giver, taker))
    open_referrals = [r for r in snapshot.referrals if r.state not in OVER]
    visible = [d for d in snapshot.running_deadlines() if d.private_to is None]
    return Changed(
        changes=(CaseChanged(assigned_to=command.to_person), *moved, *contacts),
        detail={
            "to": command.to_person,
            "deadlines": len(visible),
            "tasks": sum(1 for task in snapshot.tasks if _is_counted(task)),
            "referrals": len(open_referrals),
        },
    )


def offer_transfer(snapshot: CaseSnapshot, command: OfferTransfer, world: World) -> Decision:
    """Offer another agency to lead the case. It sees nothing of it until it has said yes."""
    if command.to_organisation == snapshot.case.owner:
        return refused("same_organisation", "That is the organisation that leads the case.")
    if not command.she_agreed and snapshot.case.died_at is None:
        return refused(
            "not_agreed",
            f"Ask her whether {command.to_organisation} may have her case; "
            "if she agrees, say so (`--she-agreed`).",
        )
    if snapshot.case.is_restricted:
        return refused(
            "restricted",
            "A restricted case stays with its named people: give it to one of them "
            "(`case handover`).",
        )
    if any(check.state is CheckState.OPEN for check in snapshot.checks):
        return refused(
            "withdrawal_being_checked",
            "She is being asked whether an end of help was hers: wait for her answer.",
        )
    offer = snapshot.transfer
    if offer is not None and offer.state is TransferState.OFFERED:
        return refused("already_offered", f"It is offered to {offer.to_organisation} already.")
    made = Transfer(
        number=(offer.number if offer else 0) + 1,
        to_organisation=command.to_organisation,
        offered_by=command.actor.who,
        offered_at=world.at,
    )
    asked = tasks.ask(
        snapshot,
        world,
        _offer_task(made),
        TaskKind.REVIEW_CASE,
        Role.CASEWORKER,
        organisation=command.to_organisation,
    )
    return Changed(
        changes=(TransferRecorded(transfer=made), *asked),
        detail={
            "to": command.to_organisation,
            "agreed": "she agreed" if command.she_agreed else "she has died",
        },
    )


def answer_transfer(snapshot: CaseSnapshot, command: AnswerTransfer, _: World) -> Decision:
    """The other agency takes it, with everything open in it; or leaves it where it is.

    Whoever leads the case may take the offer back by a no.
    """
    offer = snapshot.transfer
    if offer is None or offer.state is not TransferState.OFFERED:
        return refused("no_offer", "The case is offered to nobody.")
    takes_back = not command.accepts and command.actor.organisation == snapshot.case.owner
    if offer.to_organisation != command.actor.organisation and not takes_back:
        return refused("not_offered_to_you", f"The case is offered to {offer.to_organisation}.")
    state = TransferState.ACCEPTED if command.accepts else TransferState.DECLINED
    answered = offer.model_copy(update={"state": state, "answered_by": command.actor.who})
    detail: dict[str, str | int | None] = {"answer": state, "to": offer.to_organisation}
    settled = (TransferRecorded(transfer=answered), *tasks.done(snapshot, _offer_task(offer)))
    if not command.accepts:
        return Changed(changes=settled, detail=detail)
    return Changed(changes=(*settled, *_taken_over(snapshot, command.actor)), detail=detail)


def _cannot_take(snapshot: CaseSnapshot, person: str, taker: str) -> Refused | None:
    if snapshot.case.assigned_to == person:
        return refused("already_theirs", f"{person} works on the case already.")
    if any(conflict.who == taker for conflict in snapshot.conflicts):
        return refused("conflict_declared", f"{person} declared a conflict of interest.")
    is_named = any(n.who == taker and n.is_named for n in snapshot.named)
    if snapshot.case.is_restricted and not is_named:
        return refused("name_first", f"Only named people see the case: `case name` {person} first.")
    return None


def _taken_over(snapshot: CaseSnapshot, taker: Actor) -> Iterator[Change]:
    """Everything open goes along: to whoever said yes, or to nobody yet, and not to the old staff.

    A hold of those who led is one of those who lead now: nobody else could lift it. A closing
    review that was under way is over: those who lead the case now have not asked for it.
    """
    yield CaseChanged(owner=taker.organisation, assigned_to=taker.person)
    if snapshot.case.stage is Stage.CLOSING_REVIEW:
        yield StageMoved(stage=Stage.OPEN)
    giver = f"{snapshot.case.owner}:{snapshot.case.assigned_to}"
    for task in snapshot.tasks:
        if not task.is_done and _is_of_the_lead(snapshot, task):
            yield TaskRecorded(task=_taken(task, giver, taker.who))
    yield from _moved_contacts(snapshot, giver, taker.who, taker.organisation)
    for hold in snapshot.holds:
        if hold.organisation == snapshot.case.owner and hold.lifted_at is None:
            # The record moves it with the lead, before this: nobody writes a hold of others.
            yield HoldRecorded(hold=hold.model_copy(update={"organisation": taker.organisation}))


def _offer_task(offer: Transfer) -> str:
    return f"transfer/{offer.number}"


def _is_of_the_lead(snapshot: CaseSnapshot, task: Task) -> bool:
    """A task of those who lead the case, whether or not it says their name."""
    is_theirs = task.organisation in (None, snapshot.case.owner)
    return is_theirs and task.private_to is None and task.for_role not in NGO_ROLES


def _taken(task: Task, giver: str, taker: str) -> Task:
    """The task in the new hands: what was for the giver is for the taker, and the rest for all."""
    is_for_taker = task.for_person == giver and task.not_for != taker
    return task.model_copy(
        update={"organisation": None, "for_person": taker if is_for_taker else None}
    )


def _is_counted(task: Task) -> bool:
    """Everybody who sees the case reads the count."""
    return not task.is_done and task.organisation is None and task.kind not in KEPT_FROM_SOME


def _moved_tasks(snapshot: CaseSnapshot, giver: str, taker: str) -> Iterator[Change]:
    for task in snapshot.tasks:
        if task.is_done or task.for_person != giver:
            continue
        to = None if task.not_for == taker else taker
        yield TaskRecorded(task=task.model_copy(update={"for_person": to}))


def _moved_contacts(
    snapshot: CaseSnapshot, giver: str, taker: str, organisation: str | None = None
) -> Iterator[Change]:
    """Contacts that were planned and not made; with another agency, all that were ours.

    One that has begun stays with whoever began it, and goes to the other agency to be ended there.
    """
    for contact in snapshot.contacts:
        ours = contact.organisation == snapshot.case.owner
        if contact.state in CONTACT_OVER or not ours:
            continue
        if organisation is None and contact.planned_by != giver:
            continue
        update = {
            "planned_by": taker if contact.state in NOT_BEGUN else contact.planned_by,
            "organisation": organisation or contact.organisation,
        }
        yield ContactRecorded(contact=contact.model_copy(update=update))
