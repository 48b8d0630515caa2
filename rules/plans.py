"""The safe-contact plan: set while she discloses, and changed only when it is surely she who asks.

A new number, address or trusted person, other words, and whatever lets more through than before:
that is what an abuser would change first, so each waits for a second person and a way that cannot
be his. Until then the old plan holds, or, before the first, the way she came. Narrowing needs no
such care and holds at once.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rules import duties, tasks
from rules.apply import apply
from rules.contacts_waiting import ask_about_plan, called_off, seen_anew
from rules.days import local, utc
from rules.plan_changes import changes_of, doubt_about
from rules.safe_contact import agreed_at, can_be_asked, is_engaged, is_fresh, terms_at
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.changes import Change, PlanRecorded
from schemas.contact import (
    ContactChannel,
    ContactPlan,
    PlanState,
    SuspendReason,
)
from schemas.contact_commands import ConfirmPlan, RenewPlan, SetPlan, SuspendPlan
from schemas.deadlines import Deadline
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import CaseSnapshot, TaskKind

VALID_FOR = timedelta(days=30)
"""How long a plan is relied on after it was checked with her (domain: at most 30 days)."""

REVIEW = "plan-review"
"""The duty to check a plan with her again."""


def set_plan(snapshot: CaseSnapshot, command: SetPlan, world: World) -> Decision:
    """Record what she agreed to. What is dangerous to change waits for a second person.

    A plan that holds at once was confirmed by nobody, and says so.
    """
    stranger = _stranger(snapshot, command.actor)
    if stranger:
        return stranger
    held = _held(snapshot)
    plan = _proposed(snapshot, command, held, world)
    if plan.changes:
        return _to_be_confirmed(snapshot, plan, world)
    at = command.occurred_at or world.at
    return Changed(
        changes=_put_in_force(snapshot, plan, at, world),
        detail={"plan": plan.number, "state": PlanState.IN_FORCE},
    )


def confirm(snapshot: CaseSnapshot, command: ConfirmPlan, world: World) -> Decision:
    """A second person says that the change is hers, and how that is known."""
    plan = next((p for p in snapshot.plans if p.number == command.plan), None)
    if plan is None or plan.state is not PlanState.PENDING:
        return refused("not_pending", "No such change waits to be confirmed.")
    objection = _stranger(snapshot, command.actor) or doubt_about(snapshot, plan, command, world)
    if objection:
        return objection
    by = {"confirmed_how": command.how, "confirmed_by": command.actor.who}
    at = command.occurred_at or world.at
    return Changed(
        changes=_put_in_force(snapshot, plan.model_copy(update=by), at, world),
        detail={"plan": plan.number, "how": command.how, "contact": command.contact},
    )


def renew(snapshot: CaseSnapshot, command: RenewPlan, world: World) -> Decision:
    """She said that everything is as it was. While a change waits, it cannot be."""
    stranger = _stranger(snapshot, command.actor)
    if stranger:
        return stranger
    plan = snapshot.plan
    if plan is None:
        return refused("no_plan", "No plan is in force that could be renewed: use `contact plan`.")
    pending = snapshot.pending_plan
    if pending:
        return refused(
            "change_waits",
            f"Plan {pending.number} waits to be confirmed (`contact confirm`). If she wants "
            "nothing changed, set the plan as it was (`contact plan`).",
        )
    return Changed(
        changes=_put_in_force(snapshot, plan, command.occurred_at or world.at, world),
        detail={"plan": plan.number},
    )


def suspend(snapshot: CaseSnapshot, command: SuspendPlan, world: World) -> Decision:
    """Nobody may contact her for now. There is no ground to refuse this on but a death by hand.

    For her safety it holds at once. That she has died is asked about, and this would ask nobody.
    """
    if command.reason is SuspendReason.DECEASED:
        return refused(
            "death_takes_two",
            "That she has died takes two people of the agency that leads the case (`case died`): "
            "tell them. To stop contact with her now, suspend it as unsafe.",
        )
    return Changed(
        changes=suspended(snapshot, command.actor, command.reason, world),
        detail={"reason": command.reason},
    )


def suspended(
    snapshot: CaseSnapshot, actor: Actor, reason: SuspendReason, world: World
) -> tuple[Change, ...]:
    """Every contact that has not begun is called off, and none can be planned.

    A change that was proposed before is dropped: nobody knows now whose it was. A case that had
    no plan gets one by which only she contacts us. A supervisor is asked to look; of her death,
    `rules.death` asks.
    """
    held = _held(snapshot) or _she_calls(snapshot, actor, world)
    halted = held.model_copy(update={"state": PlanState.SUSPENDED, "suspended_for": reason})
    reviews = (d for d in snapshot.running_deadlines() if d.duty == REVIEW)
    return (
        *_replaced(snapshot, halted),
        PlanRecorded(plan=halted),
        *called_off(snapshot, snapshot.contacts),
        *duties.void(snapshot, reviews, world.at),
        *_look_after(snapshot, halted, world),
    )


def stale(snapshot: CaseSnapshot, _: Deadline, world: World) -> tuple[Change, ...]:
    """What follows when a plan was not checked with her in time: it is no longer relied on.

    A caseworker is asked to check it, and contacts planned under it wait.
    """
    plan = snapshot.plan
    if plan is None or is_fresh(plan, world.at):
        return ()
    asked = ask_about_plan(snapshot, world)
    after = apply(snapshot, asked)
    return (*asked, *seen_anew(after, after.contacts, world))


def _held(snapshot: CaseSnapshot) -> ContactPlan | None:
    """The plan that a new one would replace: in force, or suspended."""
    held = (PlanState.IN_FORCE, PlanState.SUSPENDED)
    return next((plan for plan in snapshot.plans if plan.state in held), None)


def _stranger(snapshot: CaseSnapshot, actor: Actor) -> Refused | None:
    if actor.role not in NGO_ROLES or is_engaged(snapshot, actor.organisation):
        return None
    return refused(
        "not_engaged", "Your service has not taken her on: accept the referral (`referral accept`)."
    )


def _proposed(
    snapshot: CaseSnapshot, command: SetPlan, held: ContactPlan | None, world: World
) -> ContactPlan:
    number = _next_number(snapshot)
    details_of, words_of = (held.details_of, held.words_of) if held else (None, None)
    return ContactPlan(
        **dict(command.terms),
        number=number,
        state=PlanState.PENDING,
        has_details=command.has_details,
        details_of=number if command.has_details else details_of,
        words_of=number if command.has_words else words_of,
        changes=changes_of(snapshot, held, command),
        set_by=command.actor.who,
        set_at=world.at,
    )


def _she_calls(snapshot: CaseSnapshot, actor: Actor, world: World) -> ContactPlan:
    return ContactPlan(
        channels=(ContactChannel.SHE_CONTACTS_US,),
        number=_next_number(snapshot),
        state=PlanState.SUSPENDED,
        set_by=actor.who,
        set_at=world.at,
    )


def _next_number(snapshot: CaseSnapshot) -> int:
    return max((plan.number for plan in snapshot.plans), default=0) + 1


def _to_be_confirmed(snapshot: CaseSnapshot, plan: ContactPlan, world: World) -> Changed:
    asked = tasks.ask(
        snapshot,
        world,
        _confirm_task(plan),
        TaskKind.CONFIRM_PLAN,
        Role.CASEWORKER,
        not_for=plan.set_by,
    )
    older = (p for p in snapshot.plans if p.state is PlanState.PENDING)
    waits = (*_ended(snapshot, older), PlanRecorded(plan=plan), *asked)
    after = apply(snapshot, waits)
    return Changed(
        changes=(
            *waits,
            *_no_time_left(after, plan, world),
            *seen_anew(after, after.contacts, world),
        ),
        detail={
            "plan": plan.number,
            "state": PlanState.PENDING,
            "changes": ",".join(plan.changes),
        },
    )


def _no_time_left(snapshot: CaseSnapshot, plan: ContactPlan, world: World) -> tuple[Change, ...]:
    """Where a change takes away every time to ask her whether it is hers, a supervisor looks.

    By rule nobody rings her then: the times it takes away may be those at which he is there. Nor
    is it the setter who decides: the change is set anew with an old time, or contact suspended.
    """
    agreed, left = agreed_at(snapshot, world.at), terms_at(snapshot, world.at)
    if can_be_asked(left, world) or not can_be_asked(agreed, world):
        return ()
    role = Role.SAFEGUARDING_SUPERVISOR
    return tasks.ask(
        snapshot, world, _time_task(plan), TaskKind.NO_TIME_LEFT, role, not_for=plan.set_by
    )


def _put_in_force(
    snapshot: CaseSnapshot, plan: ContactPlan, at: datetime, world: World
) -> tuple[Change, ...]:
    """The plan holds from now on, in place of every other, and its 30 days run from `at`."""
    holds = plan.model_copy(
        update={
            "state": PlanState.IN_FORCE,
            "verified_at": at,
            "expires_at": local(utc(at) + VALID_FOR, world.calendar),
        }
    )
    changes = (
        *_replaced(snapshot, holds),
        PlanRecorded(plan=holds),
        *tasks.done(snapshot, _confirm_task(plan), _time_task(plan)),
        *_checked(snapshot),
        *duties.meet(snapshot, REVIEW, at),
    )
    after = apply(snapshot, changes)
    return (
        *changes,
        *duties.start(after, world, REVIEW, at),
        *seen_anew(after, after.contacts, world),
    )


def _replaced(snapshot: CaseSnapshot, by: ContactPlan) -> tuple[Change, ...]:
    """Every other plan ends: at no moment are two of them in force."""
    return _ended(snapshot, (plan for plan in snapshot.plans if plan.number != by.number))


def _ended(snapshot: CaseSnapshot, plans: Iterable[ContactPlan]) -> tuple[Change, ...]:
    return tuple(
        change
        for plan in plans
        if plan.state is not PlanState.REPLACED
        for change in (
            PlanRecorded(plan=plan.model_copy(update={"state": PlanState.REPLACED})),
            *tasks.done(snapshot, _confirm_task(plan), _time_task(plan)),
        )
    )


def _checked(snapshot: CaseSnapshot) -> tuple[Change, ...]:
    """Whoever was asked to check a plan with her need not any more."""
    asked = (task for task in snapshot.tasks if task.kind is TaskKind.PLAN_STALE)
    return tasks.done(snapshot, *(task.id for task in asked))


def _confirm_task(plan: ContactPlan) -> str:
    return f"confirm-plan/{plan.number}"


def _time_task(plan: ContactPlan) -> str:
    return f"no-time-left/{plan.number}"


def _look_after(snapshot: CaseSnapshot, halted: ContactPlan, world: World) -> tuple[Change, ...]:
    reason = halted.suspended_for
    if reason is None or reason is SuspendReason.DECEASED:
        return ()
    kind = TaskKind.DURESS if reason is SuspendReason.DURESS else TaskKind.WELFARE
    task_id = f"plan-{reason}/{halted.number}"
    return tasks.ask(snapshot, world, task_id, kind, Role.SAFEGUARDING_SUPERVISOR)
