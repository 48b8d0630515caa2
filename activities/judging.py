"""From a command to a judge: rules, applied to whatever the record holds under its lock."""

from datetime import datetime

from activities.ports import Judge, Starts, Verdict
from rules.actions import permitted
from rules.apply import apply
from rules.decide import decide
from rules.journeys import opening_duties
from rules.outlook import journey_outlook
from rules.packets import project
from rules.profiles import PROFILES
from rules.world import World
from schemas.actor import NGO_ROLES, Role
from schemas.changes import (
    Change,
    DeadlineRecorded,
    DispatchRecorded,
    PacketPlaced,
    ReferralRecorded,
)
from schemas.command_base import Command
from schemas.deadlines import Calendar
from schemas.decisions import Changed, Committed, Decision, NotDone, Refused, Reply
from schemas.ids import CaseRef, journey_workflow_id, referral_workflow_id
from schemas.private import is_hidden
from schemas.snapshot import CaseSnapshot

_FOR_A_SERVICE = (
    *("referral", "state", "reason", "expected_by", "past_ceiling"),
    *("plan", "changes", "how", "hold", "contact", "channel", "safe_at", "result"),
    *("outside_plan", "end_call", "check", "answer"),
)


def judge_of(command: Command, at: datetime, calendar: Calendar, *, wakes: bool = False) -> Judge:
    """A judge for one command at one moment.

    Args:
        command: what is wanted.
        at: the moment it is decided.
        calendar: working days.
        wakes: whether the workflows must be told, because none of them carried this out.
    """

    def judge(snapshot: CaseSnapshot) -> Verdict:
        world = World(at=at, profile=PROFILES[snapshot.case.profile], calendar=calendar)
        decision = decide(snapshot, command, world)
        by_person = command.actor.role is not Role.SYSTEM
        after = snapshot
        if isinstance(decision, Changed) or decision.alerts:
            acted_at = at if by_person else None
            hidden = is_hidden(command.actor, command.verb, decision)
            after = apply(snapshot, decision.written, acted_at, is_hidden=hidden)
        placed = _placed(decision)
        return Verdict(
            decision=decision,
            reply=_reply(command, decision, after, world),
            after=after,
            at=at,
            wakes=_workflows(snapshot, after, decision) if wakes else (),
            packet=(lambda texts: project(after, placed.referral, texts, placed.fields))
            if placed
            else None,
        )

    return judge


def starts_at(at: datetime, calendar: Calendar) -> Starts:
    """What begins with a case that is opened at a moment: the duties everybody is owed."""

    def starts(snapshot: CaseSnapshot) -> Verdict:
        world = World(at=at, profile=PROFILES[snapshot.case.profile], calendar=calendar)
        decision = Changed(changes=opening_duties(snapshot, world))
        begun = apply(snapshot, decision.changes)
        after = begun.model_copy(update={"case": snapshot.case})
        reply = Committed(case_ref=snapshot.case.case_ref, version=snapshot.case.version)
        return Verdict(decision=decision, reply=reply, after=after, at=at)

    return starts


def touched(decision: Decision) -> tuple[int, ...]:
    """Numbers of the referrals whose own clock has to look again."""
    numbers = {_referral_of(change) for change in decision.written}
    return tuple(sorted(number for number in numbers if number is not None))


def _referral_of(change: Change) -> int | None:
    """The referral whose clock keeps the deadline, or sends what is queued."""
    match change:
        case ReferralRecorded():
            return change.referral.number
        case DeadlineRecorded():
            return change.deadline.referral
        case DispatchRecorded():
            return change.dispatch.referral
        case _:
            return None


def _placed(decision: Decision) -> PacketPlaced | None:
    changes = decision.changes if isinstance(decision, Changed) else ()
    return next((c for c in changes if isinstance(c, PacketPlaced)), None)


def _reply(command: Command, decision: Decision, after: CaseSnapshot, world: World) -> Reply:
    by_person = command.actor.role is not Role.SYSTEM
    actions = permitted(after, command.actor, world) if by_person else ()
    if isinstance(decision, Refused):
        return NotDone(case_ref=command.case_ref, reasons=decision.reasons, actions=actions)
    return Committed(
        case_ref=command.case_ref,
        version=after.case.version,
        detail=_told(command, decision),
        actions=actions,
    )


def _told(command: Command, decision: Changed) -> dict[str, str | int | None]:
    """What the answer says of a decision: to an NGO, nothing of other services."""
    if command.actor.role not in NGO_ROLES:
        return decision.detail
    return {key: decision.detail[key] for key in _FOR_A_SERVICE if key in decision.detail}


def _workflows(before: CaseSnapshot, after: CaseSnapshot, decision: Decision) -> tuple[str, ...]:
    """The workflows that have something else to do than before."""
    if after.is_over_for_good or (isinstance(decision, Refused) and not decision.alerts):
        return ()
    case_ref = CaseRef(before.case.case_ref)
    referrals = tuple(referral_workflow_id(case_ref, n) for n in touched(decision))
    is_same = journey_outlook(before) == journey_outlook(after)
    return referrals if is_same else (*referrals, journey_workflow_id(case_ref))
