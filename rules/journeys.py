"""The journey itself: safety first, needs, and a closing that only a person makes."""

from rules import duties
from rules.referral_states import OVER
from rules.world import World
from schemas.actor import Actor
from schemas.case import ClosingReason, Stage
from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety, RecordDeath, ReopenCase
from schemas.changes import NeedRecorded, SafetyRecorded, StageMoved, TaskRecorded
from schemas.decisions import Changed, Decision, Refusal, Refused, refused
from schemas.referral import Need, NeedState
from schemas.snapshot import CaseSnapshot

TWO_PEOPLE = frozenset({ClosingReason.CONTACT_NOT_SAFE_OR_LOST})
"""Closing reasons that a second person must confirm (losing contact is never one's own call)."""


def confirm_safety(snapshot: CaseSnapshot, command: ConfirmSafety, _: World) -> Decision:
    """Record the safety check; only a confirmed one opens the way to questions about help."""
    confirmed = command.safety.is_confirmed
    opens = confirmed and snapshot.case.stage is Stage.SAFETY_CHECK
    return Changed(
        changes=(
            SafetyRecorded(confirmed=confirmed),
            *((StageMoved(stage=Stage.OPEN),) if opens else ()),
        ),
        detail={"confirmed": "yes" if confirmed else "no"},
    )


def add_need(snapshot: CaseSnapshot, command: AddNeed, _: World) -> Decision:
    """Record a need. Once safety is confirmed."""
    if not snapshot.case.safety_confirmed:
        return refused(
            "safety_first", "The safety check is not confirmed yet: use `case safety` first."
        )
    number = max((need.number for need in snapshot.needs), default=0) + 1
    need = Need(number=number, category=command.category, priority=command.priority)
    return Changed(
        changes=(NeedRecorded(need=need),), detail={"need": number, "category": command.category}
    )


def close(snapshot: CaseSnapshot, command: CloseCase, world: World) -> Decision:
    """The closing review, then the closing. Work that is still open speaks against it."""
    grounds = _still_open(snapshot)
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
        return refused("second_person", f"A second person must confirm {command.reason}.")
    voided = (c for d in snapshot.running_deadlines() for c in duties.void(snapshot, d, world.at))
    tasks = (
        TaskRecorded(task=task.model_copy(update={"is_done": True}))
        for task in snapshot.tasks
        if not task.is_done
    )
    closed = StageMoved(
        stage=Stage.CLOSED, closing_reason=command.reason, closing_asked_by=asked_by
    )
    return Changed(
        changes=(*voided, *tasks, closed), detail={"reason": command.reason, "step": "closed"}
    )


def _is_same_person(asked_by: str, actor: Actor) -> bool:
    """Whoever they are: a person with two roles is still one person."""
    return asked_by.partition("@")[2] == str(actor).partition("@")[2]


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


def _still_open(snapshot: CaseSnapshot) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(
            code="referral_open",
            sentence=f"Referral {r.number} is {r.state}: wait for it, recall it, or withdraw.",
        )
        for r in snapshot.referrals
        if r.state not in OVER
    )


def reopen(snapshot: CaseSnapshot, command: ReopenCase, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def record_death(snapshot: CaseSnapshot, command: RecordDeath, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
