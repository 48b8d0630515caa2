"""What the clockwork has to do next, read off the record: the one source of every timer."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rules import consents
from rules.alarms import is_told_of_silence, lapses_at, next_reminder
from rules.referral_states import ENDED_WITHOUT_HELP, OVER, TERMINAL
from schemas.case import Stage
from schemas.consent import ConsentState
from schemas.contact import TEXT_CHANNELS, Contact, ContactState
from schemas.deadlines import Deadline, DeadlineState
from schemas.messages import (
    Alarm,
    AlarmKind,
    Awaiting,
    JourneyOutlook,
    Queued,
    ReferralOutlook,
)
from schemas.referral import Delivery, Referral, ReferralState
from schemas.snapshot import CaseSnapshot, Dispatch, DispatchKind

_SENT_WITHIN = timedelta(minutes=1)
"""A text that nobody has settled after this was left by a worker that died."""

_UNANSWERED = frozenset({ReferralState.SENT, ReferralState.RECEIVED, ReferralState.OPENED})


def journey_outlook(snapshot: CaseSnapshot) -> JourneyOutlook:
    """What the journey has to do."""
    if snapshot.is_over_for_good:
        return JourneyOutlook(
            stage=Stage.CLOSED, awaiting=Awaiting.NOBODY, owner=snapshot.case.owner
        )
    own = tuple(d for d in snapshot.running_deadlines() if not _rings_in_referral(snapshot, d))
    return JourneyOutlook(
        stage=snapshot.case.stage,
        referrals=tuple(r.number for r in snapshot.referrals if _has_work(snapshot, r)),
        to_route=tuple(
            r.number
            for r in snapshot.referrals
            if r.state in ENDED_WITHOUT_HELP
            and not r.was_followed
            and snapshot.case.stage is not Stage.CLOSED
            and snapshot.case.died_at is None
        ),
        to_dispatch=_queued(d for d in snapshot.dispatches if d.referral is None),
        alarms=_sorted((*(a for d in own for a in _duty_alarms(d)), *_contact_alarms(snapshot))),
        awaiting=_awaiting_of_journey(snapshot),
        is_overdue=any(d.state is DeadlineState.BREACHED for d in own),
        owner=snapshot.case.owner,
    )


def referral_outlook(snapshot: CaseSnapshot, number: int, at: datetime) -> ReferralOutlook:
    """What one referral has to do at a moment.

    Raises:
        KeyError: the case has no such referral.
    """
    referral = snapshot.referral(number)
    if referral is None:
        raise KeyError(number)
    if snapshot.is_over_for_good:
        return ReferralOutlook(state=referral.state, is_over=True, awaiting=Awaiting.NOBODY)
    mine = (d for d in snapshot.deadlines if d.referral == number)
    own = tuple(d for d in mine if _rings_in_referral(snapshot, d))
    alarms = (alarm for d in own for alarm in _alarms_of_referral(snapshot, referral, d))
    return ReferralOutlook(
        state=referral.state,
        is_over=referral.state in OVER,
        may_be_queued=_may_be_queued(snapshot, referral, at),
        to_dispatch=_queued(
            d
            for d in snapshot.dispatches
            if d.referral == number and not _is_held_back(snapshot, d)
        ),
        alarms=_sorted(alarms),
        awaiting=_awaiting_of_referral(referral),
        is_overdue=any(d.state is DeadlineState.BREACHED for d in own),
    )


def _is_held_back(snapshot: CaseSnapshot, dispatch: Dispatch) -> bool:
    """Operations paused the case: packets wait, and everything that stops or tells staff goes."""
    return snapshot.is_paused and dispatch.kind is DispatchKind.PACKET


def _has_work(snapshot: CaseSnapshot, referral: Referral) -> bool:
    queued = any(d.referral == referral.number for d in snapshot.dispatches)
    return referral.state not in OVER or queued


def _may_be_queued(snapshot: CaseSnapshot, referral: Referral, at: datetime) -> bool:
    if referral.state is not ReferralState.WAITING or referral.delivery is Delivery.QUEUED:
        return False
    return consents.state_for(snapshot, referral.service, at) is ConsentState.GIVEN


def _rings_in_referral(snapshot: CaseSnapshot, deadline: Deadline) -> bool:
    """Whether the referral it is about is still at work; what outlives one is the journey's."""
    referral = snapshot.referral(deadline.referral) if deadline.referral is not None else None
    return referral is not None and referral.state not in OVER


def _duty_alarms(deadline: Deadline) -> Iterable[Alarm]:
    if deadline.state is not DeadlineState.RUNNING:
        return
    reminder = next_reminder(deadline)
    if reminder is not None:
        yield _alarm(AlarmKind.REMIND, deadline, reminder)
    yield _alarm(AlarmKind.BREACH, deadline, deadline.due_at)


def _alarms_of_referral(
    snapshot: CaseSnapshot, referral: Referral, deadline: Deadline
) -> Iterable[Alarm]:
    yield from _duty_alarms(deadline)
    lapse_at = lapses_at(deadline)
    if lapse_at is None or referral.state not in _UNANSWERED:
        return
    if not is_told_of_silence(snapshot, referral.number, lapse_at):
        yield _alarm(AlarmKind.EXPIRE, deadline, lapse_at)


def _alarm(kind: AlarmKind, deadline: Deadline, at: datetime) -> Alarm:
    return Alarm(kind=kind, deadline=deadline.id, duty=deadline.duty, at=at)


def _contact_alarms(snapshot: CaseSnapshot) -> Iterable[Alarm]:
    """When a window opens or closes, a text may go out, or one that went out is given up on.

    In a closed case only the last: nobody is contacted there. In a paused one no text goes out.
    """
    is_closed = snapshot.case.stage is Stage.CLOSED
    for contact in snapshot.contacts:
        kind, at = _next_of(contact)
        is_left = is_closed and kind is not AlarmKind.SETTLE_CONTACT
        is_left |= snapshot.is_paused and kind is AlarmKind.SEND_CONTACT
        if kind is not None and at is not None and not is_left:
            yield Alarm(kind=kind, contact=contact.number, at=at)


def _next_of(contact: Contact) -> tuple[AlarmKind | None, datetime | None]:
    is_text = contact.channel in TEXT_CHANNELS
    match contact.state:
        case ContactState.PLANNED:
            return AlarmKind.SEND_CONTACT if is_text else AlarmKind.OPEN_WINDOW, contact.safe_at
        case ContactState.OPEN:
            return AlarmKind.CLOSE_WINDOW, contact.safe_until
        case ContactState.SENDING:
            since = contact.started_at
            return AlarmKind.SETTLE_CONTACT, since and since + _SENT_WITHIN
        case _:
            return None, None


def _sorted(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    def order(alarm: Alarm) -> tuple[datetime, str, str, int]:
        return alarm.at, alarm.kind, alarm.deadline, alarm.contact or 0

    return tuple(sorted(alarms, key=order))


_ORDER = (DispatchKind.STOP, DispatchKind.PACKET, DispatchKind.NOTICE)
"""A stop goes before everything."""


def _queued(dispatches: Iterable[Dispatch]) -> tuple[Queued, ...]:
    in_order = sorted(dispatches, key=lambda dispatch: _ORDER.index(dispatch.kind))
    return tuple(Queued(key=d.key, kind=d.kind.value) for d in in_order)


def _awaiting_of_journey(snapshot: CaseSnapshot) -> Awaiting:
    if snapshot.case.stage is Stage.CLOSED:
        return Awaiting.NOBODY
    if any(not task.is_done for task in snapshot.tasks):
        return Awaiting.CASEWORKER
    if any(r.state not in TERMINAL | OVER for r in snapshot.referrals):
        return Awaiting.NGO
    return Awaiting.CASEWORKER


def _awaiting_of_referral(referral: Referral) -> Awaiting:
    if referral.state in OVER:
        return Awaiting.NOBODY
    if referral.state is ReferralState.WAITING:
        given = referral.consent is ConsentState.GIVEN
        return Awaiting.CLOCKWORK if given else Awaiting.VICTIM
    return Awaiting.NGO
