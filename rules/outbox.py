"""The outbox: what waits to leave a case, each row under a key that makes it visible once."""

from schemas.changes import Change, DispatchRecorded
from schemas.consent import Consent
from schemas.referral import Referral
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    DispatchState,
    NoticeTemplate,
)


def packet_key(referral: int, epoch: int) -> str:
    """The key of a referral's packet under one epoch of consent."""
    return f"packet/{referral}/{epoch}"


def packet(referral: Referral, consent: Consent) -> Change:
    """A packet, under the yes that holds now."""
    key = packet_key(referral.number, consent.epoch)
    return _row(key, DispatchKind.PACKET, referral)


def item_notice(referral: Referral) -> Change:
    """Tell the service that a referral lies in its inbox."""
    return _row(
        f"notice/{referral.number}", DispatchKind.NOTICE, referral, NoticeTemplate.INBOX_ITEM
    )


def change_notice(what: str, referral: Referral) -> Change:
    """Tell the service that something of a referral changed; what it was, its inbox says."""
    key = f"{what}/{referral.number}/{referral.version}"
    return _row(key, DispatchKind.NOTICE, referral, NoticeTemplate.INBOX_CHANGE)


def stop(referral: Referral) -> tuple[Change, ...]:
    """Tell the service that holds a referral to stop, in its inbox and by a notice."""
    number = referral.number
    return (
        _row(f"stop/{number}", DispatchKind.STOP, referral),
        _row(f"stop-notice/{number}", DispatchKind.NOTICE, referral, NoticeTemplate.INBOX_STOP),
    )


def queued(
    snapshot: CaseSnapshot, key: str, kind: DispatchKind, referral: int | None = None
) -> Dispatch | None:
    """What is queued under a key, if it is of that kind, and of that referral where one is said."""
    dispatch = snapshot.dispatch(key)
    if dispatch is None or dispatch.kind is not kind:
        return None
    return dispatch if referral in (None, dispatch.referral) else None


def done(dispatch: Dispatch) -> Change:
    """It has left."""
    return _now(dispatch, DispatchState.DONE)


def cancelled(dispatch: Dispatch) -> Change:
    """It does not leave any more."""
    return _now(dispatch, DispatchState.CANCELLED)


def cancelled_packets(snapshot: CaseSnapshot, referral: int) -> tuple[Change, ...]:
    """No packet of the referral leaves any more."""
    return tuple(
        cancelled(d)
        for d in snapshot.dispatches
        if d.referral == referral and d.kind is DispatchKind.PACKET
    )


def cancelled_but_stop(snapshot: CaseSnapshot, referral: int) -> tuple[Change, ...]:
    """Nothing more about the referral leaves, unless it says to stop."""
    return tuple(
        cancelled(d)
        for d in snapshot.dispatches
        if d.referral == referral and d.kind is not DispatchKind.STOP
    )


def _now(dispatch: Dispatch, state: DispatchState) -> Change:
    return DispatchRecorded(dispatch=dispatch.model_copy(update={"state": state}))


def _row(
    key: str, kind: DispatchKind, referral: Referral, template: NoticeTemplate | None = None
) -> Change:
    return DispatchRecorded(
        dispatch=Dispatch(
            key=key,
            kind=kind,
            referral=referral.number,
            to_organisation=referral.organisation,
            template=template,
        )
    )
