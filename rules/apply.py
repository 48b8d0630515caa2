"""A snapshot after changes: the same fold for answers, outlooks and the fake record."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from schemas.changes import (
    CaseChanged,
    Change,
    CheckRecorded,
    ConflictRecorded,
    ConsentRecorded,
    ContactRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    ErasureRecorded,
    HoldRecorded,
    LinkRecorded,
    MaracRecorded,
    NamedRecorded,
    NeedRecorded,
    NrmRecorded,
    PlanRecorded,
    ReferralRecorded,
    RiskRecorded,
    SafetyRecorded,
    StageMoved,
    TaskRecorded,
    TransferRecorded,
)
from schemas.snapshot import CaseSnapshot, DispatchState

_T = TypeVar("_T")

_PLACES: Mapping[type[Any], tuple[str, str, str]] = {
    NeedRecorded: ("need", "needs", "number"),
    ReferralRecorded: ("referral", "referrals", "number"),
    DeadlineRecorded: ("deadline", "deadlines", "id"),
    TaskRecorded: ("task", "tasks", "id"),
    PlanRecorded: ("plan", "plans", "number"),
    ContactRecorded: ("contact", "contacts", "number"),
    HoldRecorded: ("hold", "holds", "number"),
    CheckRecorded: ("check", "checks", "number"),
    RiskRecorded: ("risk", "risks", "number"),
    MaracRecorded: ("marac", "maracs", "number"),
    NrmRecorded: ("nrm", "nrms", "number"),
    LinkRecorded: ("link", "links", "other"),
    ConflictRecorded: ("conflict", "conflicts", "who"),
    NamedRecorded: ("named", "named", "who"),
    TransferRecorded: ("transfer", "transfers", "number"),
    ErasureRecorded: ("erasure", "erasures", "number"),
}
"""Change → what it carries, where the snapshot keeps it, and what makes two of them one."""


def apply(
    snapshot: CaseSnapshot,
    changes: Iterable[Change],
    acted_at: datetime | None = None,
    *,
    is_hidden: bool = False,
) -> CaseSnapshot:
    """The snapshot with the changes made and the case one version on.

    Args:
        snapshot: the case before.
        changes: what was decided.
        acted_at: when a person did it; None where the clockwork did.
        is_hidden: whether not everybody who sees the case may know of it. The header then stays
            as it is: neither its version nor its last act tells of it.
    """
    for change in changes:
        snapshot = _apply_one(snapshot, change)
    if is_hidden:
        return snapshot
    last = acted_at or snapshot.case.last_acted_at
    return _with_header(snapshot, version=snapshot.case.version + 1, last_acted_at=last)


def _apply_one(snapshot: CaseSnapshot, change: Change) -> CaseSnapshot:
    match change:
        case StageMoved():
            return _with_header(
                snapshot,
                stage=change.stage,
                closing_reason=change.closing_reason,
                closing_asked_by=change.closing_asked_by,
            )
        case SafetyRecorded():
            return _with_header(snapshot, safety_confirmed=change.confirmed)
        case CaseChanged():
            said = change.model_dump(exclude_none=True, exclude={"kind"})
            return _with_header(snapshot, **said)
        case ConsentRecorded(consent=new):
            others = (
                c
                for c in snapshot.consents
                if (c.purpose, c.recipient) != (new.purpose, new.recipient)
            )
            return snapshot.model_copy(update={"consents": (*others, new)})
        case DispatchRecorded(dispatch=dispatch):
            put = _put(snapshot.dispatches, dispatch, "key")
            queued = tuple(d for d in put if d.state is DispatchState.QUEUED)
            return snapshot.model_copy(update={"dispatches": queued})
        case _:
            return _placed(snapshot, change)


def _placed(snapshot: CaseSnapshot, change: Change) -> CaseSnapshot:
    if type(change) not in _PLACES:
        return snapshot  # it goes to an inbox, a ledger or apart: no decision rests on it
    carried, place, key = _PLACES[type(change)]
    items = _put(getattr(snapshot, place), getattr(change, carried), key)
    return snapshot.model_copy(update={place: items})


def _with_header(snapshot: CaseSnapshot, **header: object) -> CaseSnapshot:
    return snapshot.model_copy(update={"case": snapshot.case.model_copy(update=header)})


def _put(items: tuple[_T, ...], new: _T, key: str) -> tuple[_T, ...]:
    same = getattr(new, key)
    if not any(getattr(item, key) == same for item in items):
        return (*items, new)
    return tuple(new if getattr(item, key) == same else item for item in items)
