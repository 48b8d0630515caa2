"""Who may work on a case: conflicts of interest, named people, links with others, and tasks."""

from collections.abc import Iterable, Iterator

from rules import tasks
from rules.contacts_waiting import called_off
from rules.quiet import may_see
from rules.safe_contact import NOT_BEGUN
from rules.world import World
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor, Role
from schemas.case_commands import (
    ConfirmNamed,
    DeclareConflict,
    FinishTask,
    LinkCase,
    ProposeNamed,
)
from schemas.casework import CaseLink, Conflict, NamedPerson
from schemas.changes import (
    Change,
    ConflictRecorded,
    LinkRecorded,
    NamedRecorded,
    ReferralRecorded,
    TaskRecorded,
)
from schemas.contact import Contact
from schemas.deadlines import MetBy
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import ALARMS, CaseSnapshot, Task, TaskKind

_TWO = 2
"""How many people it takes to see a restricted case safely, and to widen it."""

SETTLED_BY = {
    TaskKind.CONSENT_MISSING: "consent ask",
    TaskKind.INFO_REQUESTED: "referral answer",
    TaskKind.WITHDRAWAL_CHECK: "consent check",
    TaskKind.REVIEW_RISK: "risk review",
    TaskKind.CONFIRM_PLAN: "contact confirm",
    TaskKind.CONFIRM_DEATH: "case died",
    TaskKind.CONFIRM_ERASURE: "case erase",
    TaskKind.MAKE_CONTACT: "contact end",
    TaskKind.DEADLINE_MISSED: "deadline met",
}
"""Tasks that an act of its own settles, and the verb that does: saying «done» does nothing for her.

A missed deadline that the record meets by itself ends its task with it.
"""


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


def finish_task(snapshot: CaseSnapshot, command: FinishTask, world: World) -> Decision:
    """Say that a task is done, where no act of its own settles it."""
    actor, task = command.actor, snapshot.task(command.task)
    is_shown = task is not None and may_see(actor, snapshot, task) and _is_of(snapshot, task, actor)
    if task is None or task.is_done or not is_shown:
        return refused("unknown_task", "Your organisation has no such open task: see `task list`.")
    if task.not_for == command.actor.who:
        return refused("second_person", "This task is for somebody else than you.")
    if not _fits(snapshot, task, command.actor):
        return refused("not_your_role", f"This task is for {task.for_role}.")
    act = _settled_by(snapshot, task, world)
    if act is not None:
        return refused("settled_by_act", act)
    return Changed(
        changes=tasks.done(snapshot, task.id), detail={"task": task.kind, "referral": task.referral}
    )


def _settled_by(snapshot: CaseSnapshot, task: Task, world: World) -> str | None:
    """What settles a task instead of saying so: an act, or, for a missed duty, meeting it."""
    if task.kind is TaskKind.DEADLINE_MISSED:
        deadline = snapshot.deadline(task.id.removeprefix("missed/"))
        duty = world.profile.duty(deadline.duty) if deadline else None
        if duty is not None and duty.met_by is MetBy.RECORD:
            return f"It ends when the duty is met, however late: {duty.ends_with}"
    verb = SETTLED_BY.get(task.kind)
    return f"`{verb}` settles this task." if verb else None


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
        TaskRecorded(
            task=t.model_copy(update={"for_person": None, "not_for": t.not_for or actor.who})
        )
        for t in snapshot.tasks
        if t.for_person == actor.who and not t.is_done
    )
    return Changed(
        changes=(
            ConflictRecorded(conflict=declared),
            *claims,
            *own_tasks,
            *called_off(snapshot, _planned_by(snapshot, actor)),
            *_unnamed(snapshot, actor),
            *_somebody_else(snapshot, actor, world),
        ),
        detail={"conflict": command.conflict},
    )


def propose_named(snapshot: CaseSnapshot, command: ProposeNamed, _: World) -> Decision:
    """Propose one more person for a restricted case; nothing widens until a second agrees.

    Where fewer than two of the named people are left, a safeguarding supervisor stands in for the
    missing one, or two of them for both: otherwise nobody could ever take such a case on.
    """
    who = f"{snapshot.case.owner}:{command.person}"
    objection = _cannot_be_named(snapshot, who) or _is_not_named(snapshot, command.actor)
    if objection:
        return objection
    proposed = NamedPerson(who=who, proposed_by=command.actor.who, is_named=False)
    return Changed(changes=(NamedRecorded(named=proposed),), detail={"person": command.person})


def confirm_named(snapshot: CaseSnapshot, command: ConfirmNamed, _: World) -> Decision:
    """A second person agrees, of those who may propose."""
    who = f"{snapshot.case.owner}:{command.person}"
    objection = _cannot_be_named(snapshot, who) or _is_not_named(snapshot, command.actor)
    if objection:
        return objection
    proposed = next((n for n in snapshot.named if n.who == who), None)
    if proposed is None or proposed.proposed_by is None:
        return refused("not_proposed", f"Nobody proposed {command.person}: use `case name` first.")
    if proposed.proposed_by == command.actor.who:
        return refused("second_person", "You proposed them: a second named person must agree.")
    if who == command.actor.who:
        return refused("second_person", "Nobody agrees to herself: a second named person must.")
    if not is_proposed(proposed, snapshot.named, snapshot.conflicts):
        return refused(
            "not_proposed",
            f"{command.person}, or who proposed them, has stepped back or left: propose anew "
            "(`case name`).",
        )
    named = proposed.model_copy(update={"is_named": True, "confirmed_by": command.actor.who})
    return Changed(changes=(NamedRecorded(named=named),), detail={"person": command.person})


def is_proposed(
    one: NamedPerson, named: Iterable[NamedPerson], conflicts: Iterable[Conflict]
) -> bool:
    """Whether a second person may agree to them: they are there, and so is who proposed them."""
    gone = {person.who for person in named if person.has_left}
    gone |= {conflict.who for conflict in conflicts}
    return (
        one.proposed_by is not None and not one.is_named and not {one.who, one.proposed_by} & gone
    )


def _cannot_be_named(snapshot: CaseSnapshot, who: str) -> Refused | None:
    if not snapshot.case.is_restricted:
        return refused("not_restricted", "The case is not restricted: nobody need be named.")
    if any(n.who == who and n.is_named for n in snapshot.named):
        return refused("already_named", "They are named already.")
    if any(conflict.who == who for conflict in snapshot.conflicts):
        return refused("conflict_declared", "They declared a conflict of interest.")
    return None


def _is_not_named(snapshot: CaseSnapshot, actor: Actor) -> Refused | None:
    there = [n.who for n in snapshot.named if _is_there(snapshot, n)]
    stands_in = actor.role is Role.SAFEGUARDING_SUPERVISOR and len(there) < _TWO
    if actor.who in there or stands_in:
        return None
    return refused("not_named", "Only people who are named for the case widen it.")


def stands_outside(snapshot: CaseSnapshot, actor: Actor) -> bool:
    """Whether a restricted case is led by the actor's agency, and not theirs to look into."""
    is_ours = actor.role in AGENCY_ROLES and actor.organisation == snapshot.case.owner
    return snapshot.case.is_restricted and is_ours and not snapshot.is_named(actor.who)


def _is_there(snapshot: CaseSnapshot, person: NamedPerson) -> bool:
    too_close = any(conflict.who == person.who for conflict in snapshot.conflicts)
    return person.is_named and not person.has_left and not too_close


def _planned_by(snapshot: CaseSnapshot, actor: Actor) -> tuple[Contact, ...]:
    """Contacts that this person would make, and now must not."""
    return tuple(c for c in snapshot.contacts if c.planned_by == actor.who)


def _unnamed(snapshot: CaseSnapshot, actor: Actor) -> Iterator[Change]:
    """They see a restricted case no longer, though nobody were left who does."""
    for person in snapshot.named:
        if person.who == actor.who and person.is_named:
            yield NamedRecorded(named=person.model_copy(update={"is_named": False}))


def _is_of(snapshot: CaseSnapshot, task: Task, actor: Actor) -> bool:
    return (task.organisation or snapshot.case.owner) == actor.organisation


def _fits(snapshot: CaseSnapshot, task: Task, actor: Actor) -> bool:
    """The role it is for, the person it is for, or a supervisor of the same organisation.

    An alarm of a restricted case, which the supervisor does not see, is for whoever is named.
    """
    if task.for_person is not None and task.for_person == actor.who:
        return True
    supervisors = (Role.SAFEGUARDING_SUPERVISOR, Role.NGO_SUPERVISOR)
    if task.for_role is Role.DPO:
        return actor.role is Role.DPO
    if task.for_role in supervisors:
        is_there = task.kind in ALARMS and snapshot.is_named(actor.who)
        return is_there or actor.role in supervisors
    same_side = (AGENCY_ROLES, NGO_ROLES)
    return actor.role in supervisors or any(
        {task.for_role, actor.role} <= side for side in same_side
    )


def _somebody_else(snapshot: CaseSnapshot, actor: Actor, world: World) -> tuple[Change, ...]:
    """Where they were working on the case, a supervisor gives it to somebody else."""
    works_on_it = actor.who == f"{snapshot.case.owner}:{snapshot.case.assigned_to}"
    claimed = any(r.claimed_by == actor.who for r in snapshot.referrals)
    waits = any(c.state in NOT_BEGUN for c in _planned_by(snapshot, actor))
    if not works_on_it and not claimed and not waits:
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
