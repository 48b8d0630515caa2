"""Closing a case and opening it again: only a person does either, and two where contact is lost."""

from collections.abc import Iterator

from rules import consents, duties, erasure, holds, journeys, plans, tasks
from rules.contacts_waiting import called_off
from rules.referral_states import OVER
from rules.world import World
from schemas.actor import Actor, Role
from schemas.case import ClosingReason, Stage
from schemas.case_commands import CloseCase, ReopenCase
from schemas.casework import LinkKind, TransferState
from schemas.changes import Change, StageMoved
from schemas.consent import ConsentState
from schemas.contact import ContactState
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed, Decision, Refusal, Refused, refused
from schemas.referral import NeedState
from schemas.snapshot import ALARMS, CaseSnapshot, Task, TaskKind
from schemas.withdrawal import CheckState

TWO_PEOPLE = frozenset({ClosingReason.CONTACT_NOT_SAFE_OR_LOST})
"""Closing reasons that a second person must confirm (losing contact is never one's own call)."""

_OUTLIVES = ALARMS | {
    TaskKind.DEFECTIVE_CONSENT,
    TaskKind.BEST_INTERESTS,
    TaskKind.CONFIRM_DEATH,
    TaskKind.REVIEW_HOLD,
    TaskKind.BEREAVED_FAMILY,
}
"""Tasks that closing does not settle: what protects her, and what somebody might wish closed.

All the others are work on the case, and end with it: what she would be asked or rung for (nobody
rings her in a closed case), what a referral wants (none is open), a duty that was missed (it is
void), an assessment or a plan that waits for a second person (a closed case takes neither), a need
that is not met (the review named it), and who works on the case.
"""

_TOLD_ABOVE = frozenset({TaskKind.TIME_PASSED, TaskKind.REVIEW_CASE})
"""Kinds that outlive closing where a supervisor is asked: she was not reached, or has died.

Where those who close are asked themselves, it is to look at the case, and they have.
"""


def close(snapshot: CaseSnapshot, command: CloseCase, world: World) -> Decision:
    """The closing review, then the closing. Work that is still open speaks against it."""
    grounds = (*_still_open(snapshot), *_unfounded(snapshot, command.reason))
    if grounds:
        return Refused(reasons=grounds)
    if not command.confirmed:
        return _review(snapshot, command)
    asked_by = snapshot.case.closing_asked_by
    if snapshot.case.stage is not Stage.CLOSING_REVIEW or asked_by is None:
        return refused("review_first", "Ask for the closing review first: `case close` alone.")
    if snapshot.case.closing_reason is not command.reason:
        return refused(
            "other_reason", f"The review was asked for {snapshot.case.closing_reason}: use that."
        )
    if command.reason in TWO_PEOPLE and _is_same_person(asked_by, command.actor):
        return refused(
            "second_person",
            "You asked for the review, and that contact is lost is never one's own call alone: a "
            f"second person closes it (`case close --reason {command.reason} --confirm`).",
        )
    closed = StageMoved(
        stage=Stage.CLOSED, closing_reason=command.reason, closing_asked_by=asked_by
    )
    return Changed(
        changes=(*_settled(snapshot, world), closed),
        detail={"reason": command.reason, "step": "closed"},
    )


def reopen(snapshot: CaseSnapshot, command: ReopenCase, world: World) -> Decision:
    """Open a closed case again. What was owed to her and not done is owed anew."""
    if snapshot.case.stage is not Stage.CLOSED:
        return refused("not_closed", f"The case is not closed: it is {snapshot.case.stage}.")
    return Changed(changes=opened_again(snapshot, world), detail={"reason": command.reason})


def opened_again(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """What opening a closed case again is: what is owed and what stands is watched, by a person."""
    task, kind = journeys.CLOSE_REVIEW, TaskKind.REVIEW_CASE
    return (
        StageMoved(stage=Stage.OPEN),
        *erasure.lapsed(snapshot),
        *_owed_anew(snapshot, world),
        *_stands(snapshot, world),
        *tasks.ask(snapshot, world, task, kind, Role.CASEWORKER),
    )


def _still_open(snapshot: CaseSnapshot) -> tuple[Refusal, ...]:
    referrals = (
        Refusal(
            code="referral_open",
            sentence=f"Referral {r.number} is {r.state}: wait for it, recall it, or withdraw.",
        )
        for r in snapshot.referrals
        if r.state not in OVER
    )
    begun = (
        Refusal(
            code="contact_open",
            sentence=f"Contact {c.number} by {c.organisation} has begun: "
            "they say first what came of it, with `contact end`.",
        )
        for c in snapshot.contacts
        if c.state is ContactState.STARTED
    )
    return (*referrals, *begun, *_being_checked(snapshot), *_being_offered(snapshot))


def _being_checked(snapshot: CaseSnapshot) -> tuple[Refusal, ...]:
    """In a closed case nobody calls her to ask: whoever made it up could close the case on it."""
    if not any(check.state is CheckState.OPEN for check in snapshot.checks):
        return ()
    sentence = "She is being asked whether the withdrawal was hers: wait for her answer."
    return (Refusal(code="withdrawal_being_checked", sentence=sentence),)


def _being_offered(snapshot: CaseSnapshot) -> tuple[Refusal, ...]:
    offer = snapshot.transfer
    if offer is None or offer.state is not TransferState.OFFERED:
        return ()
    return (
        Refusal(
            code="transfer_open",
            sentence=f"The case is offered to {offer.to_organisation}: wait for their answer.",
        ),
    )


def _unfounded(snapshot: CaseSnapshot, reason: ClosingReason) -> tuple[Refusal, ...]:
    """Reasons that rest on something which has to be on record first."""
    is_linked = any(one.link is LinkKind.DUPLICATE for one in snapshot.links)
    if reason is ClosingReason.DECEASED and snapshot.case.died_at is None:
        return (_death_not_recorded(snapshot),)
    if reason is ClosingReason.DUPLICATE and not is_linked:
        sentence = "No other case is linked as its duplicate: use `case link` first."
        return (Refusal(code="no_duplicate", sentence=sentence),)
    return ()


def _death_not_recorded(snapshot: CaseSnapshot) -> Refusal:
    sentence = "Her death is not on record: use `case died` first."
    if snapshot.death_report:
        sentence = "Her death is only reported: somebody else confirms it (`case died --confirm`)."
    return Refusal(code="death_not_recorded", sentence=sentence)


def _is_same_person(asked_by: str, actor: Actor) -> bool:
    """Whoever they are: a person with two roles is still one person."""
    return asked_by.partition("@")[2] == actor.who


def _review(snapshot: CaseSnapshot, command: CloseCase) -> Changed:
    unmet = [str(n.number) for n in snapshot.needs if n.state is not NeedState.MET]
    review = StageMoved(
        stage=Stage.CLOSING_REVIEW,
        closing_reason=command.reason,
        closing_asked_by=str(command.actor),
    )
    return Changed(
        changes=(review,),
        detail={"reason": command.reason, "step": "review", "needs_not_met": ",".join(unmet)},
    )


def _settled(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """Nothing is left running but what protects her, others' alarms, and a service's own matter.

    Her yes, her plan and holds stand in a closed case, and nobody is asked to look at them there.
    """
    over = (d for d in snapshot.running_deadlines() if d.private_to is None)
    settled = (t for t in snapshot.tasks if not _outlives(t) and t.private_to is None)
    return (
        *duties.void(snapshot, over, world.at),
        *tasks.done(snapshot, *(task.id for task in settled)),
        *called_off(snapshot, snapshot.contacts),
    )


def _outlives(task: Task) -> bool:
    is_told_above = task.kind in _TOLD_ABOVE and task.for_role is Role.SAFEGUARDING_SUPERVISOR
    return is_told_above or task.kind in _OUTLIVES


def _owed_anew(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """What is owed in an open case and was not met before; what she waived stays waived."""
    if snapshot.case.died_at is not None:
        return ()
    settled = {d.duty for d in snapshot.deadlines if d.state is not DeadlineState.VOID}
    owed = journeys.owed(snapshot, world, disclosed_at=world.at)
    return tuple(change for change in owed if change.deadline.duty not in settled)


def _stands(snapshot: CaseSnapshot, world: World) -> Iterator[Change]:
    """Her yes, her plan and a hold outlive the closing: each is good as long as it would have been.

    What ran out meanwhile comes due at once. After her death nobody asks her anything more.
    """
    is_alive = snapshot.case.died_at is None
    for yes in snapshot.consents:
        if is_alive and yes.state is ConsentState.GIVEN and yes.expires_at is not None:
            of = consents.renewal_of(yes.purpose, yes.recipient)
            given_at = yes.expires_at - consents.VALID_FOR
            yield from duties.start(snapshot, world, consents.RENEWAL, given_at, of=of)
    plan = snapshot.plan
    if is_alive and plan is not None and plan.verified_at is not None:
        yield from duties.start(snapshot, world, plans.REVIEW, plan.verified_at)
    for hold in snapshot.holds:
        if hold.lifted_at is None:
            yield from holds.reviewed(snapshot, hold, world)
