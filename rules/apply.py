"""A snapshot after changes: the same fold for answers, outlooks and the fake record."""

from collections.abc import Iterable
from typing import TypeVar

from schemas.decisions import (
    Change,
    ConsentRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    NeedRecorded,
    ReferralRecorded,
    SafetyRecorded,
    StageMoved,
    TaskRecorded,
)
from schemas.snapshot import CaseSnapshot, DispatchState

_T = TypeVar("_T")


def apply(snapshot: CaseSnapshot, changes: Iterable[Change]) -> CaseSnapshot:
    """The snapshot with the changes made and the case one version on."""
    for change in changes:
        snapshot = _apply_one(snapshot, change)
    case = snapshot.case.model_copy(update={"version": snapshot.case.version + 1})
    return snapshot.model_copy(update={"case": case})


def _apply_one(snapshot: CaseSnapshot, change: Change) -> CaseSnapshot:  # noqa: C901 - a match
    match change:
        case StageMoved():
            header = {
                "stage": change.stage,
                "closing_reason": change.closing_reason,
                "closing_asked_by": change.closing_asked_by,
            }
            update: dict[str, object] = {"case": snapshot.case.model_copy(update=header)}
        case SafetyRecorded():
            confirmed = {"safety_confirmed": change.confirmed}
            update = {"case": snapshot.case.model_copy(update=confirmed)}
        case ConsentRecorded(consent=new):
            others = (
                c
                for c in snapshot.consents
                if (c.purpose, c.recipient) != (new.purpose, new.recipient)
            )
            update = {"consents": (*others, new)}
        case NeedRecorded(need=need):
            update = {"needs": _put(snapshot.needs, need, "number")}
        case ReferralRecorded(referral=referral):
            update = {"referrals": _put(snapshot.referrals, referral, "number")}
        case DeadlineRecorded(deadline=deadline):
            update = {"deadlines": _put(snapshot.deadlines, deadline, "id")}
        case TaskRecorded(task=task):
            update = {"tasks": _put(snapshot.tasks, task, "id")}
        case DispatchRecorded(dispatch=dispatch):
            queued = _put(snapshot.dispatches, dispatch, "key")
            update = {"dispatches": tuple(d for d in queued if d.state is DispatchState.QUEUED)}
        case _:
            update = {}
    return snapshot.model_copy(update=update)


def _put(items: tuple[_T, ...], new: _T, key: str) -> tuple[_T, ...]:
    same = getattr(new, key)
    if not any(getattr(item, key) == same for item in items):
        return (*items, new)
    return tuple(new if getattr(item, key) == same else item for item in items)
