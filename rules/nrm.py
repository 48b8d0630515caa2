"""Modern slavery: signs, her consent or the council first, the referral, the decisions on it.

NRM: National Referral Mechanism. A child, or somebody who may be one, is referred without being
asked, and the council knows first. An adult is referred if she agrees; otherwise the duty to
notify (Modern Slavery Act 2015, s.52) is met without anything that could identify her. The
decisions are the Home Office's; we only watch for them, and nothing here feeds a gate.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rules import consents, duties, lane_table, tasks
from rules.days import local
from rules.lane_table import Step
from rules.lane_words import nrm_stands
from rules.rights import roles_with
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, DeadlineRecorded, NotificationKept, NrmRecorded
from schemas.consent import COMPETENT_AUTHORITY, Purpose
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.lane_commands import MoveNrm
from schemas.lanes import (
    CHILDREN,
    AgeGroup,
    AnonymousNotification,
    Nrm,
    NrmAnswer,
    NrmEvent,
    NrmState,
)
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.verbs import Verb

ADULTS = frozenset({AgeGroup.ADULT})

S, E = NrmState, NrmEvent

_NOTIFY, _DECISION = "nrm-2-duty-to-notify", "nrm-4-reasonable-grounds"
_RECOVERY, _RECONSIDER = "nrm-5-recovery", "nrm-7-reconsideration"


@dataclass(frozen=True)
class NrmStep(Step[NrmState, NrmEvent]):
    """One row of the table, and whose path it belongs to."""

    ages: frozenset[AgeGroup] = frozenset(AgeGroup)


def _row(
    sources: set[NrmState | None],
    event: NrmEvent,
    target: NrmState,
    ages: frozenset[AgeGroup] = frozenset(AgeGroup),
    **more: tuple[str, ...],
) -> NrmStep:
    who = frozenset(roles_with(Verb.MOVE_NRM))
    return NrmStep(frozenset(sources), event, target, who, ages=ages, **more)


_AT_FIRST: set[NrmState | None] = {S.INDICATED, S.COUNCIL_INFORMED, S.CONSENT_ASKED}
_OVER: set[NrmState | None] = {
    None,
    S.NOTIFIED_ANONYMOUSLY,
    S.NEGATIVE_REASONABLE_GROUNDS,
    S.POSITIVE_CONCLUSIVE_GROUNDS,
    S.NEGATIVE_CONCLUSIVE_GROUNDS,
    S.DISQUALIFIED,
}
_RG_OPEN: set[NrmState | None] = {S.SUBMITTED, S.RECONSIDERED}
_CG_OPEN: set[NrmState | None] = {S.POSITIVE_REASONABLE_GROUNDS, S.RECONSIDERED}

NRM_TRANSITIONS: tuple[NrmStep, ...] = (
    _row(_AT_FIRST | _OVER, E.INDICATE, S.INDICATED, needs=("age",), starts=(_NOTIFY,)),
    _row({S.INDICATED}, E.INFORM_COUNCIL, S.COUNCIL_INFORMED, CHILDREN),
    _row(
        {S.COUNCIL_INFORMED}, E.SUBMIT, S.SUBMITTED, CHILDREN, meets=(_NOTIFY,), starts=(_DECISION,)
    ),
    _row({S.INDICATED, S.CONSENT_ASKED}, E.ASK_CONSENT, S.CONSENT_ASKED, ADULTS, takes=("answer",)),
    _row({S.CONSENT_ASKED}, E.SUBMIT, S.SUBMITTED, ADULTS, meets=(_NOTIFY,), starts=(_DECISION,)),
    _row(
        {S.CONSENT_ASKED},
        E.NOTIFY_ANONYMOUSLY,
        S.NOTIFIED_ANONYMOUSLY,
        ADULTS,
        needs=("exploitation",),
        meets=(_NOTIFY,),
    ),
    _row(
        _RG_OPEN,
        E.REASONABLE_GROUNDS_POSITIVE,
        S.POSITIVE_REASONABLE_GROUNDS,
        meets=(_DECISION,),
        starts=(_RECOVERY,),
    ),
    _row(
        _RG_OPEN,
        E.REASONABLE_GROUNDS_NEGATIVE,
        S.NEGATIVE_REASONABLE_GROUNDS,
        meets=(_DECISION,),
        starts=(_RECONSIDER,),
    ),
    _row(_CG_OPEN, E.CONCLUSIVE_GROUNDS_POSITIVE, S.POSITIVE_CONCLUSIVE_GROUNDS),
    _row(
        _CG_OPEN,
        E.CONCLUSIVE_GROUNDS_NEGATIVE,
        S.NEGATIVE_CONCLUSIVE_GROUNDS,
        starts=(_RECONSIDER,),
    ),
    _row({S.POSITIVE_REASONABLE_GROUNDS}, E.DISQUALIFY, S.DISQUALIFIED),
    _row(
        {S.NEGATIVE_REASONABLE_GROUNDS, S.NEGATIVE_CONCLUSIVE_GROUNDS},
        E.RECONSIDER,
        S.RECONSIDERED,
        meets=(_RECONSIDER,),
    ),
)
"""Indicating again at first puts her age right; later it begins a new passage, such as when she
has changed her mind after an anonymous notification."""


def move(snapshot: CaseSnapshot, command: MoveNrm, world: World) -> Decision:
    """One event of the table, on the path of her age, with what it needs and no more."""
    nrm = snapshot.nrm
    state, rows = nrm.state if nrm else None, _rows_for(nrm)
    row = _on_another_path(nrm, command) or lane_table.take(
        rows, state, nrm_stands(nrm), command.event, command
    )
    if isinstance(row, Refused):
        return row
    since = command.occurred_at or world.at
    beside = lane_table.move_duties(snapshot, row, world, since)
    if command.event is E.INDICATE and command.age:
        return _indicate(snapshot, command, command.age, beside, world)
    if nrm is None:
        return refused("wrong_state", f"{nrm_stands(nrm)}: use `nrm indicate`.")
    objection = _speaks_against(snapshot, nrm, command.event, world)
    if objection:
        return objection
    kept = _notification(snapshot, command, since, world)
    beside = (*beside, *_voided(snapshot, command.event, since))
    moved = nrm.model_copy(update={"state": row.target, **_besides(nrm, command, since, beside)})
    return _answer(command.event, moved, (*kept, *beside))


def _rows_for(nrm: Nrm | None) -> tuple[NrmStep, ...]:
    if nrm is None:
        return NRM_TRANSITIONS
    other = _OTHER_DECISION[nrm.recovery_until is not None]
    is_again = nrm.state is S.RECONSIDERED
    return tuple(
        row
        for row in NRM_TRANSITIONS
        if nrm.age in row.ages and not (is_again and row.event in other)
    )


_OTHER_DECISION = {
    True: frozenset({E.REASONABLE_GROUNDS_POSITIVE, E.REASONABLE_GROUNDS_NEGATIVE}),
    False: frozenset({E.CONCLUSIVE_GROUNDS_POSITIVE, E.CONCLUSIVE_GROUNDS_NEGATIVE}),
}
"""Reconsidered is the decision that was negative, and not the other one: by whether she had a
recovery period."""


def _on_another_path(nrm: Nrm | None, command: MoveNrm) -> Refused | None:
    """Neither is a child asked or notified of, nor the council told of an adult."""
    event = command.event
    ages = frozenset(a for row in NRM_TRANSITIONS if row.event is event for a in row.ages)
    if nrm is None or event is E.INDICATE or nrm.age in ages:
        return None
    way_on = lane_table.way_on(_rows_for(nrm), nrm.state, command)
    if nrm.age in CHILDREN:
        return refused(
            "path_of_a_child",
            "She is treated as a child: the council is told first, and the referral submitted "
            f"then. Her consent is not needed, and no anonymous notification is made. {way_on}",
        )
    return refused(
        "path_of_an_adult", f"She is an adult: nobody is told unless she agrees. {way_on}"
    )


def _indicate(
    snapshot: CaseSnapshot,
    command: MoveNrm,
    age: AgeGroup,
    beside: tuple[Change, ...],
    world: World,
) -> Decision:
    """There are signs, or her age is put right before anything left.

    That she is no adult after all takes away the say she had: a supervisor looks at that first.
    """
    if age is AgeGroup.ADULT and snapshot.case.age is AgeGroup.CHILD:
        return refused(
            "known_child",
            "The case says that she is a child, so she is one here: `nrm indicate --age child`.",
        )
    before = snapshot.nrm
    number = before.number if before else 0
    is_new = before is None or before.state in _OVER
    nrm = Nrm(number=number + 1 if is_new else number, state=S.INDICATED, age=age)
    had_a_say = snapshot.case.age is AgeGroup.ADULT or (before and before.answer is not None)
    asked = (
        tasks.ask(
            snapshot,
            world,
            _age_task(nrm),
            TaskKind.AGE_IN_QUESTION,
            Role.SAFEGUARDING_SUPERVISOR,
            not_for=command.actor.who,
        )
        if had_a_say and age in CHILDREN
        else ()
    )
    return _answer(E.INDICATE, nrm, (*beside, *asked))


def _age_task(nrm: Nrm) -> str:
    return f"nrm-age/{nrm.number}"


def _answer(event: NrmEvent, nrm: Nrm, beside: tuple[Change, ...]) -> Changed:
    """The kind of exploitation is never among the detail: it would point at the notification."""
    return Changed(
        changes=(NrmRecorded(nrm=nrm), *beside),
        detail={"nrm": nrm.number, "event": event, "state": nrm.state, **_said(event, nrm)},
    )


def _said(event: NrmEvent, nrm: Nrm) -> dict[str, str | int | None]:
    """What was taken down of her: her age, and her answer, are on the record as they were said."""
    match event:
        case E.INDICATE:
            return {"age": nrm.age}
        case E.ASK_CONSENT:
            return {"answer": nrm.answer}
        case _:
            return {}


def _besides(
    nrm: Nrm, command: MoveNrm, since: datetime, beside: tuple[Change, ...]
) -> dict[str, Any]:
    match command.event:
        case E.ASK_CONSENT:
            return {"answer": command.answer}
        case E.SUBMIT:
            return {"submitted_at": since}
        case E.REASONABLE_GROUNDS_POSITIVE:
            return {"recovery_until": _due_at(beside, _RECOVERY) or nrm.recovery_until}
        case E.DISQUALIFY:
            return {"recovery_until": None}
        case _:
            return {}


def _due_at(changes: tuple[Change, ...], duty: str) -> datetime | None:
    deadlines = (c.deadline for c in changes if isinstance(c, DeadlineRecorded))
    return next((deadline.due_at for deadline in deadlines if deadline.duty == duty), None)


def _voided(snapshot: CaseSnapshot, event: NrmEvent, since: datetime) -> tuple[Change, ...]:
    """Disqualification ends the recovery period."""
    if event is not E.DISQUALIFY:
        return ()
    return duties.void_all(snapshot, _RECOVERY, since)


def _notification(
    snapshot: CaseSnapshot, command: MoveNrm, since: datetime, world: World
) -> tuple[Change, ...]:
    """What the duty to notify says of an adult who said no: three coarse things and no more."""
    if command.event is not E.NOTIFY_ANONYMOUSLY or command.exploitation is None:
        return ()
    day = local(since, world.calendar)
    notification = AnonymousNotification(
        exploitation=command.exploitation,
        force=snapshot.case.owner,
        quarter=f"{day.year}-Q{(day.month + 2) // 3}",
    )
    return (NotificationKept(notification=notification),)


def _speaks_against(
    snapshot: CaseSnapshot, nrm: Nrm, event: NrmEvent, world: World
) -> Refused | None:
    """What the table does not see: her answer and her consent."""
    match event:
        case E.ASK_CONSENT if not snapshot.case.safety_confirmed:
            return refused(
                "safety_first", "The safety check is not confirmed yet: use `case safety` first."
            )
        case E.SUBMIT if nrm.age in ADULTS:
            return _has_not_agreed(snapshot, nrm, world)
        case E.SUBMIT:
            return _is_age_in_question(snapshot, nrm)
        case E.NOTIFY_ANONYMOUSLY:
            return _has_not_declined(snapshot, nrm, world)
        case _:
            return None


def _is_age_in_question(snapshot: CaseSnapshot, nrm: Nrm) -> Refused | None:
    task = snapshot.task(_age_task(nrm))
    if task is None or task.is_done:
        return None
    return refused(
        "second_person",
        "She was an adult with a say before: a safeguarding supervisor looks at her age first, and "
        f"says so with `task done` ({task.id}).",
    )


def _has_not_agreed(snapshot: CaseSnapshot, nrm: Nrm, world: World) -> Refused | None:
    if nrm.answer is not NrmAnswer.YES:
        return refused(
            "not_agreed",
            "She has not said yes: record it with `nrm ask-consent --answer yes` if she does, or "
            "use `nrm notify-anonymously` if she said no.",
        )
    if not _is_consent_valid(snapshot, world):
        return refused(
            "consent_missing",
            "No valid consent is on record: use `consent ask --purpose nrm` and "
            "`consent give --purpose nrm`.",
        )
    return None


def _has_not_declined(snapshot: CaseSnapshot, nrm: Nrm, world: World) -> Refused | None:
    if nrm.answer is not NrmAnswer.NO:
        return refused(
            "not_declined",
            "She has not said no: record it with `nrm ask-consent --answer no` if she does, or "
            "use `nrm submit` if she agrees.",
        )
    if _is_consent_valid(snapshot, world):
        return refused(
            "consent_given",
            "Her consent is still on record: if she agrees after all, use "
            "`nrm ask-consent --answer yes` and `nrm submit`; if not, `consent withdraw`.",
        )
    return None


def _is_consent_valid(snapshot: CaseSnapshot, world: World) -> bool:
    return consents.is_valid(snapshot.consent(Purpose.NRM, COMPETENT_AUTHORITY), world.at)
