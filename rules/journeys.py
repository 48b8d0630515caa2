"""The journey itself: safety first, needs, what is owed from the start, and falling dormant."""

from datetime import datetime

from rules import duties, tasks
from rules.world import World
from schemas.actor import Role
from schemas.case import Channel, Stage, Subject
from schemas.case_commands import AddNeed, ConfirmSafety
from schemas.changes import Change, DeadlineRecorded, NeedRecorded, SafetyRecorded, StageMoved
from schemas.deadlines import Deadline
from schemas.decisions import Changed, Decision, refused
from schemas.referral import Need
from schemas.snapshot import CaseSnapshot, TaskKind

LINK = "s2s-r1-link"
CLOSE_REVIEW = "close-review"

_OWED_TO_VICTIMS = ("vc-r3-acknowledgement", "vc-r4-needs-assessment")
_RECORD_CRIME = "vc-r2-record-crime"
_RISK = "risk-1-assessment"

_TOLD_THE_POLICE = frozenset(
    {Channel.POLICE_999, Channel.POLICE_101, Channel.FRONT_COUNTER, Channel.ONLINE}
)
"""Channels on which a disclosure is a report of a crime."""

_BEFORE_DORMANT = frozenset({Stage.SAFETY_CHECK, Stage.OPEN})


def opening_duties(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """What is owed from the moment a case is opened, whatever else is known of her.

    What the Victims' Code owes counts from when she disclosed: a case that is opened late says so.
    """
    return owed(snapshot, world, disclosed_at=snapshot.case.occurred_at)


def owed(
    snapshot: CaseSnapshot, world: World, *, disclosed_at: datetime
) -> tuple[DeadlineRecorded, ...]:
    """The duties of an open case, by whom it is about and how it came in, and by nothing else.

    The link to somebody outside the police is owed to everybody (Safe to Share, recommendation
    1), and so is an assessment of risk.
    """
    victims = _OWED_TO_VICTIMS if snapshot.case.subject is not Subject.WITNESS else ()
    crime = (_RECORD_CRIME,) if snapshot.case.channel in _TOLD_THE_POLICE else ()
    since = dict.fromkeys((*victims, *crime), disclosed_at)
    since |= dict.fromkeys((LINK, _RISK, CLOSE_REVIEW), world.at)
    changes = (c for duty, at in since.items() for c in duties.start(snapshot, world, duty, at))
    return tuple(change for change in changes if isinstance(change, DeadlineRecorded))


def confirm_safety(snapshot: CaseSnapshot, command: ConfirmSafety, _: World) -> Decision:
    """Record the safety check; only a confirmed one opens the way to questions about help."""
    confirmed = command.safety.is_confirmed
    opens = confirmed and snapshot.case.stage in (Stage.SAFETY_CHECK, Stage.DORMANT)
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


def look_again(snapshot: CaseSnapshot, _: Deadline, world: World) -> tuple[Change, ...]:
    """Nothing happened for a while: a person looks at the case, and the count begins anew.

    Whatever a person did since moves the moment on, so that no act of theirs has to. A case falls
    dormant by this and by nothing else, and new work takes it out of that again.
    """
    acted_at = snapshot.case.last_acted_at or snapshot.case.recorded_at
    counted = duties.start(snapshot, world, CLOSE_REVIEW, acted_at)
    if any(isinstance(c, DeadlineRecorded) and c.deadline.due_at > world.at for c in counted):
        return counted
    is_left = snapshot.case.stage in _BEFORE_DORMANT
    return (
        *duties.start(snapshot, world, CLOSE_REVIEW, world.at),
        *((StageMoved(stage=Stage.DORMANT),) if is_left else ()),
        *tasks.ask(snapshot, world, CLOSE_REVIEW, TaskKind.REVIEW_CASE, Role.CASEWORKER),
    )
