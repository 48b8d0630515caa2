"""Who works on a case: hand-over, transfer, conflicts, named people, links and tasks.

Whatever changes hands takes everything open with it: deadlines stay with the case, tasks and
planned contacts go to whoever works on it now, and nothing is left with somebody who has gone.
"""

from collections.abc import Iterator

from rules import tasks
from rules.referral_states import OVER
from rules.world import World
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor, Role
from schemas.case_commands import (
    AnswerTransfer,
    ConfirmNamed,
    DeclareConflict,
    FinishTask,
    HandOver,
    LinkCase,
    OfferTransfer,
    ProposeNamed,
)
from schemas.casework import CaseLink, Conflict, NamedPerson, Transfer, TransferState
from schemas.changes import (
    CaseChanged,
    Change,
    ConflictRecorded,
    ContactRecorded,
    LinkRecorded,
    NamedRecorded,
    ReferralRecorded,
    TaskRecorded,
    TransferRecorded,
)
from schemas.contact import CONTACT_OVER
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import CaseSnapshot, Task, TaskKind

SETTLED_BY = {
    TaskKind.CONSENT_MISSING: "consent ask",
    TaskKind.INFO_REQUESTED: "referral answer",
    TaskKind.WITHDRAWAL_CHECK: "consent check",
    TaskKind.REVIEW_RISK: "risk review",
    TaskKind.CONFIRM_PLAN: "contact confirm",
    TaskKind.MAKE_CONTACT: "contact end",
    TaskKind.DEADLINE_MISSED: "deadline met",
}
"""Tasks that an act of its own settles, and the verb that does: saying «done» does nothing for her.

A missed deadline that the record meets by itself ends its task with it.
"""


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
            "tasks": sum(1 for t in snapshot.tasks if not t.is_done and t.organisation is None),
            "referrals": len(open_referrals),
        },
    )


def offer_transfer(snapshot: CaseSnapshot, command: OfferTransfer, world: World) -> Decision:
    """Offer another agency to lead the case. It sees nothing of it until it has said yes."""
    if command.to_organisation == snapshot.case.owner:
        return refused("same_organisation", "That is the organisation that leads the case.")
    if snapshot.case.is_restricted:
        return refused(
            "restricted",
            "A restricted case stays with its named people: name somebody there by hand.",
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
    return Changed(
        changes=(TransferRecorded(transfer=made),), detail={"to": command.to_organisation}
    )


def answer_transfer(snapshot: CaseSnapshot, command: AnswerTransfer, _: World) -> Decision:
    """The other agency takes it, with everything open in it; or leaves it where it is."""
    offer = snapshot.transfer
    if offer is None or offer.state is not TransferState.OFFERED:
        return refused("no_offer", "The case is offered to nobody.")
    if offer.to_organisation != command.actor.organisation:
        return refused("not_offered_to_you", f"The case is offered to {offer.to_organisation}.")
    state = TransferState.ACCEPTED if command.accepts else TransferState.DECLINED
    answered = offer.model_copy(update={"state": state, "answered_by": command.actor.who})
    detail: dict[str, str | int | None] = {"answer": state, "to": offer.to_organisation}
    if not command.accepts:
        return Changed(changes=(TransferRecorded(transfer=answered),), detail=detail)
    giver = f"{snapshot.case.owner}:{snapshot.case.assigned_to}"
    taker = command.actor.who
    return Changed(
        changes=(
            TransferRecorded(transfer=answered),
            CaseChanged(owner=offer.to_organisation, assigned_to=command.actor.person),
            *_moved_tasks(snapshot, giver, taker),
            *_moved_contacts(snapshot, giver, taker, offer.to_organisation),
        ),
        detail=detail,
    )


def link(snapshot: CaseSnapshot, command: LinkCase, _: World) -> Decision:
    """Say that two cases belong together. Neither sees anything of the other by it."""
    if command.other == snapshot.case.case_ref:
        return refused("same_case", "A case is not linked with itself.")
    earlier = next((one for one in snapshot.links if one.other == command.other), None)
    if earlier is not None:
        if earlier.link is command.link:
            return Changed(changes=(), detail={"other": command.other, "link": command.link})
        return refused("already_linked", f"They are linked as {earlier.link} already.")
    made = CaseLink(other=command.other, link=command.link, linked_by=command.actor.who)
    return Changed(
        changes=(LinkRecorded(link=made),), detail={"other": command.other, "link": command.link}
    )


def finish_task(snapshot: CaseSnapshot, command: FinishTask, _: World) -> Decision:
    """Say that a task is done, where no act of its own settles it."""
    task = snapshot.task(command.task)
    if task is None or task.is_done or not _is_of(snapshot, task, command.actor):
        return refused("unknown_task", "Your organisation has no such open task: see `task list`.")
    if task.not_for == command.actor.who:
        return refused("second_person", "This task is for somebody else than you.")
    if not _fits(task, command.actor):
        return refused("not_your_role", f"This task is for {task.for_role}.")
    verb = SETTLED_BY.get(task.kind)
    if verb is not None:
        return refused("settled_by_act", f"`{verb}` settles this task.")
    return Changed(
        changes=tasks.done(snapshot, task.id), detail={"task": task.kind, "referral": task.referral}
    )


def declare_conflict(snapshot: CaseSnapshot, command: DeclareConflict, world: World) -> Decision:
    """Whoever is too close to somebody in the case leaves it, and what was theirs is given back."""
    actor = command.actor
    if any(conflict.who == actor.who for conflict in snapshot.conflicts):
        return Changed(changes=(), detail={"conflict": command.conflict})
    declared = Conflict(who=actor.who, conflict=command.conflict, declared_at=world.at)
    claims = (
        ReferralRecorded(referral=r.model_copy(update={"claimed_by": None}))
        for r in snapshot.referrals
        if r.claimed_by == actor.who
    )
    own_tasks = (
        TaskRecorded(task=t.model_copy(update={"for_person": None, "not_for": actor.who}))
        for t in snapshot.tasks
        if t.for_person == actor.who and not t.is_done
    )
    return Changed(
        changes=(
            ConflictRecorded(conflict=declared),
            *claims,
            *own_tasks,
            *_somebody_else(snapshot, actor, world),
        ),
        detail={"conflict": command.conflict},
    )


def propose_named(snapshot: CaseSnapshot, command: ProposeNamed, _: World) -> Decision:
    """Propose one more person for a restricted case; nothing widens until a second agrees."""
    who = f"{snapshot.case.owner}:{command.person}"
    objection = _cannot_be_named(snapshot, who)
    if objection:
        return objection
    proposed = NamedPerson(who=who, proposed_by=command.actor.who, is_named=False)
    return Changed(changes=(NamedRecorded(named=proposed),), detail={"person": command.person})


def confirm_named(snapshot: CaseSnapshot, command: ConfirmNamed, _: World) -> Decision:
    """A second named person agrees."""
    who = f"{snapshot.case.owner}:{command.person}"
    objection = _cannot_be_named(snapshot, who)
    if objection:
        return objection
    proposed = next((n for n in snapshot.named if n.who == who), None)
    if proposed is None or proposed.proposed_by is None:
        return refused("not_proposed", f"Nobody proposed {command.person}: use `case name` first.")
    if proposed.proposed_by == command.actor.who:
        return refused("second_person", "You proposed them: a second named person must agree.")
    named = proposed.model_copy(update={"is_named": True, "confirmed_by": command.actor.who})
    return Changed(changes=(NamedRecorded(named=named),), detail={"person": command.person})


def _cannot_take(snapshot: CaseSnapshot, person: str, taker: str) -> Refused | None:
    if snapshot.case.assigned_to == person:
        return refused("already_theirs", f"{person} works on the case already.")
    if any(conflict.who == taker for conflict in snapshot.conflicts):
        return refused("conflict_declared", f"{person} declared a conflict of interest.")
    is_named = any(n.who == taker and n.is_named for n in snapshot.named)
    if snapshot.case.is_restricted and not is_named:
        return refused("name_first", f"Only named people see the case: `case name` {person} first.")
    return None


def _cannot_be_named(snapshot: CaseSnapshot, who: str) -> Refused | None:
    if not snapshot.case.is_restricted:
        return refused("not_restricted", "The case is not restricted: nobody need be named.")
    if any(n.who == who and n.is_named for n in snapshot.named):
        return refused("already_named", "They are named already.")
    if any(conflict.who == who for conflict in snapshot.conflicts):
        return refused("conflict_declared", "They declared a conflict of interest.")
    return None


def _moved_tasks(snapshot: CaseSnapshot, giver: str, taker: str) -> Iterator[Change]:
    for task in snapshot.tasks:
        if task.is_done or task.for_person != giver:
            continue
        to = None if task.not_for == taker else taker
        yield TaskRecorded(task=task.model_copy(update={"for_person": to}))


def _moved_contacts(
    snapshot: CaseSnapshot, giver: str, taker: str, organisation: str | None = None
) -> Iterator[Change]:
    """Contacts that were planned and not made; with another agency, all that were ours."""
    for contact in snapshot.contacts:
        ours = contact.organisation == snapshot.case.owner
        if contact.state in CONTACT_OVER or not ours:
            continue
        if organisation is None and contact.planned_by != giver:
            continue
        update = {"planned_by": taker, "organisation": organisation or contact.organisation}
        yield ContactRecorded(contact=contact.model_copy(update=update))


def _is_of(snapshot: CaseSnapshot, task: Task, actor: Actor) -> bool:
    return (task.organisation or snapshot.case.owner) == actor.organisation


def _fits(task: Task, actor: Actor) -> bool:
    """The role it is for, the person it is for, or a supervisor of the same organisation."""
    if task.for_person is not None and task.for_person == actor.who:
        return True
    supervisors = (Role.SAFEGUARDING_SUPERVISOR, Role.NGO_SUPERVISOR)
    if task.for_role is Role.DPO:
        return actor.role is Role.DPO
    if task.for_role in supervisors:
        return actor.role in supervisors
    same_side = (AGENCY_ROLES, NGO_ROLES)
    return actor.role in supervisors or any(
        {task.for_role, actor.role} <= side for side in same_side
    )


def _somebody_else(snapshot: CaseSnapshot, actor: Actor, world: World) -> tuple[Change, ...]:
    """Where they were working on the case, a supervisor gives it to somebody else."""
    works_on_it = actor.who == f"{snapshot.case.owner}:{snapshot.case.assigned_to}"
    claimed = any(r.claimed_by == actor.who for r in snapshot.referrals)
    if not works_on_it and not claimed:
        return ()
    is_ngo = actor.role in NGO_ROLES
    return tasks.ask(
        snapshot,
        world,
        f"conflict/{actor.who}",
        TaskKind.CONFLICT,
        Role.NGO_SUPERVISOR if is_ngo else Role.SAFEGUARDING_SUPERVISOR,
        organisation=actor.organisation if is_ngo else None,
        not_for=actor.who,
    )
