"""MARAC, the multi-agency risk assessment conference: its criteria, its table, its moves.

Moving it shares nothing by itself and changes nothing of support. She does not attend; an IDVA
speaks for her. Immigration Enforcement is never a recipient: `MaracAgency` has no such member.
Thresholds are local; the figures here are what forms in use say, and were not confirmed.
"""

from datetime import datetime
from typing import Any

from rules import lane_table
from rules.lane_table import Step
from rules.lane_words import marac_stands
from rules.marac_grounds import GROUNDS, WATCH
from rules.rights import roles_with
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, MaracRecorded
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.lane_commands import MoveMarac
from schemas.lanes import (
    Marac,
    MaracCriterion,
    MaracEvent,
    MaracState,
    RiskAssessment,
    RiskGrade,
)
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb

VISIBLE_HIGH_RISK = 14
"""Ticks of a DASH form that are a visible high risk (read in the form of a local partnership)."""

ESCALATION = 3
"""Reports to the police in twelve months (widely used, not confirmed)."""

S, E = MaracState, MaracEvent

_ALL = frozenset(roles_with(Verb.MOVE_MARAC))
_COORDINATOR = frozenset({Role.MARAC_COORDINATOR})
_REFERRERS = _ALL - _COORDINATOR


def _row(
    sources: set[MaracState | None],
    event: MaracEvent,
    target: MaracState,
    who: frozenset[Role],
    **more: tuple[str, ...],
) -> Step[MaracState, MaracEvent]:
    return Step(frozenset(sources), event, target, who, **more)


_REFERRAL, _LISTING, _ACTIONS = "marac-1-referral", "marac-3-listing", "marac-4-actions"

MARAC_TRANSITIONS: tuple[Step[MaracState, MaracEvent], ...] = (
    _row(
        {None, S.DECLINED, S.REPEAT_WATCH, S.ENDED},
        E.INDICATE,
        S.INDICATED,
        _REFERRERS,
        needs=("criterion",),
        meets=(WATCH,),
        starts=(_REFERRAL,),
    ),
    _row(
        {S.INDICATED, S.REFERRED, S.LISTED},
        E.REFER,
        S.REFERRED,
        _REFERRERS,
        needs=("basis", "agencies"),
        takes=("without_consent_because",),
        meets=(_REFERRAL,),
        starts=(_LISTING,),
    ),
    _row(
        {S.REFERRED, S.LISTED},
        E.DECLINE,
        S.DECLINED,
        _COORDINATOR,
        needs=("declined_because",),
        meets=(_LISTING,),
    ),
    _row({S.DECLINED}, E.APPEAL, S.REFERRED, _REFERRERS, starts=(_LISTING,)),
    _row(
        {S.REFERRED, S.LISTED},
        E.LIST,
        S.LISTED,
        _COORDINATOR,
        needs=("meeting_on",),
        meets=(_LISTING,),
    ),
    _row(
        {S.REFERRED, S.LISTED},
        E.CALL_EMERGENCY,
        S.LISTED,
        _ALL,
        needs=("meeting_on",),
        meets=(_LISTING,),
    ),
    _row({S.LISTED}, E.HEAR, S.HEARD, _COORDINATOR, starts=(WATCH,)),
    _row(
        {S.HEARD, S.ACTIONS_OPEN},
        E.SET_ACTIONS,
        S.ACTIONS_OPEN,
        _COORDINATOR,
        needs=("actions_due_on",),
        starts=(_ACTIONS,),
    ),
    _row({S.HEARD, S.ACTIONS_OPEN}, E.FINISH_ACTIONS, S.REPEAT_WATCH, _ALL, meets=(_ACTIONS,)),
    _row({S.REPEAT_WATCH}, E.END_WATCH, S.ENDED, _ALL),
)
"""Finishing straight after the hearing says that no actions were agreed. Referring again, while it
is referred or listed, puts it on another ground."""


def criteria_met(
    snapshot: CaseSnapshot,
    assessment: RiskAssessment,
    reports_in_a_year: int,
    *,
    happened_again: bool = False,
) -> tuple[MaracCriterion, ...]:
    """Which criteria an assessment meets; any one is enough.

    Args:
        snapshot: the case, with its earlier passages.
        assessment: the newest one. A high grade that no count of ticks explains is judgement.
        reports_in_a_year: reports to the police in the last twelve months.
        happened_again: whether it happened again since a hearing.
    """
    is_visible = (assessment.ticks or 0) >= VISIBLE_HIGH_RISK
    met = {
        MaracCriterion.VISIBLE_HIGH_RISK: is_visible,
        MaracCriterion.PROFESSIONAL_JUDGEMENT: (
            assessment.grade is RiskGrade.HIGH and not is_visible
        ),
        MaracCriterion.ESCALATION: reports_in_a_year >= ESCALATION,
        MaracCriterion.REPEAT: happened_again and is_watched(snapshot, assessment.assessed_at),
    }
    return tuple(criterion for criterion, is_met in met.items() if is_met)


def is_watched(snapshot: CaseSnapshot, at: datetime) -> bool:
    """Whether a hearing was so short a time ago that something new is a repeat."""
    return any(d.duty == WATCH and d.started_at <= at < d.due_at for d in snapshot.deadlines)


def begins_with(
    snapshot: CaseSnapshot, criteria: tuple[MaracCriterion, ...]
) -> MaracCriterion | None:
    """The criterion that begins a passage now; None where one is under way or none is met.

    During the watch after a hearing only a repeat begins another one: otherwise each assessment
    again of a risk that stays high would.
    """
    state = snapshot.marac.state if snapshot.marac else None
    if state in {None, S.DECLINED, S.ENDED}:
        return next(iter(criteria), None)
    is_repeat = state is S.REPEAT_WATCH and MaracCriterion.REPEAT in criteria
    return MaracCriterion.REPEAT if is_repeat else None


def begin(
    snapshot: CaseSnapshot, world: World, since: datetime, criterion: MaracCriterion
) -> tuple[Change, ...]:
    """A new passage, indicated. The one that was being watched ends with it."""
    before = snapshot.marac
    watched = before if before and before.state is S.REPEAT_WATCH else None
    number = before.number + 1 if before else 1
    marac = Marac(number=number, state=S.INDICATED, criterion=criterion)
    row = next(row for row in MARAC_TRANSITIONS if row.event is E.INDICATE)
    return (
        *((_moved(watched, state=S.ENDED),) if watched else ()),
        MaracRecorded(marac=marac),
        *lane_table.move_duties(snapshot, row, world, since),
    )


def move(snapshot: CaseSnapshot, command: MoveMarac, world: World) -> Decision:
    """One event of the table, by whoever may, with what it needs and no more."""
    marac = snapshot.marac
    state = marac.state if marac else None
    row = lane_table.take(MARAC_TRANSITIONS, state, marac_stands(state), command.event, command)
    if isinstance(row, Refused):
        return row
    since = command.occurred_at or world.at
    if command.event is E.INDICATE and command.criterion:
        return _answer(command, begin(snapshot, world, since, command.criterion))
    if marac is None:
        return refused("wrong_state", f"{marac_stands(state)}: use `marac indicate`.")
    asked = (ground(snapshot, marac, command, world) for ground in GROUNDS[command.event])
    objection = next((refusal for refusal in asked if refusal), None)
    if objection:
        return objection
    said = {name: getattr(command, name) for name in (*row.needs, *row.takes)}
    moved = _moved(marac, state=row.target, **said, **_besides(command.event, since))
    return _answer(command, (moved, *lane_table.move_duties(snapshot, row, world, since)))


def _answer(command: MoveMarac, changes: tuple[Change, ...]) -> Changed:
    marac = [change.marac for change in changes if isinstance(change, MaracRecorded)][-1]
    codes = (command.criterion, command.basis, command.without_consent_because)
    detail: dict[str, str | int | None] = {
        "marac": marac.number,
        "event": command.event,
        "state": marac.state,
        "ground": ",".join(code for code in (*codes, command.declined_because) if code),
        "agencies": ",".join(command.agencies),
    }
    return Changed(changes=changes, detail={name: said for name, said in detail.items() if said})


def _moved(marac: Marac, **parts: Any) -> MaracRecorded:
    return MaracRecorded(marac=marac.model_copy(update=parts))


def _besides(event: MaracEvent, since: datetime) -> dict[str, Any]:
    """What an event sets that nobody has to say."""
    match event:
        case E.REFER | E.DECLINE:
            return {"meeting_on": None}
        case E.APPEAL:
            return {"declined_because": None}
        case E.CALL_EMERGENCY:
            return {"is_emergency": True}
        case E.HEAR:
            return {"heard_at": since}
        case _:
            return {}
