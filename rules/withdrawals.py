"""Taking consent back: at once, by anyone, and never refused."""

from datetime import datetime

from rules import duties, tasks
from rules.consents import entry, with_consent
from rules.referral_states import OVER, WITH_SERVICE, move
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, DispatchRecorded, ReferralRecorded
from schemas.consent import ConsentState
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.decisions import Changed, Decision, Refused
from schemas.referral import Clock, Delivery, Reason, Referral, ReferralEvent, ReferralState
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    DispatchState,
    NoticeTemplate,
)


def withdraw(snapshot: CaseSnapshot, command: WithdrawConsent, world: World) -> Changed:
    """Take consent back, from one recipient or all. There is no ground to refuse this on.

    In one decision: every entry is withdrawn, every referral that rested on it stops, whatever
    was queued is cancelled, and each service that an open referral is with is sent a stop notice.
    A service that has completed its help can no longer read what it was sent.
    """
    recipients = _recipients(snapshot, command)
    entries = tuple(
        change
        for recipient in recipients
        for change in entry(snapshot, command, ConsentState.WITHDRAWN, (), world, recipient).changes
    )
    stopped = [
        referral
        for referral in snapshot.referrals
        if referral.service in recipients and _can_be_withdrawn(referral)
    ]
    stops = tuple(
        change
        for referral in stopped
        for change in stop(
            snapshot,
            referral,
            ReferralEvent.WITHDRAW,
            command.actor.role,
            Reason.CONSENT_WITHDRAWN,
            world.at,
        )
    )
    numbers = ",".join(str(r.number) for r in stopped)
    helped = (
        with_consent(referral, ConsentState.WITHDRAWN)
        for referral in snapshot.referrals
        if referral.service in recipients and referral.state is ReferralState.COMPLETED
    )
    return Changed(
        changes=(*entries, *stops, *helped, *_duty_ends(snapshot, recipients, world.at)),
        detail={"recipients": ",".join(recipients), "referrals": numbers},
    )


def stop(
    snapshot: CaseSnapshot,
    referral: Referral,
    event: ReferralEvent,
    role: Role,
    reason: Reason,
    at: datetime,
) -> tuple[Change, ...]:
    """End a referral from our side: nothing queued leaves, and the service is told."""
    moved = move(referral, event, role, reason)
    if isinstance(moved, Refused):
        return ()
    axes: dict[str, object] = {}
    if event is ReferralEvent.WITHDRAW:
        axes["consent"] = ConsentState.WITHDRAWN
    if referral.delivery is Delivery.QUEUED:
        axes["delivery"] = Delivery.CANCELLED
    if referral.clock is not Clock.NOT_STARTED:
        axes["clock"] = Clock.STOPPED
    return (
        ReferralRecorded(referral=moved.model_copy(update=axes)),
        *_cancel_queued(snapshot, referral.number),
        *(_stop_notice(referral) if referral.state in WITH_SERVICE else ()),
        *duties.void_of_referral(snapshot, referral.number, at),
        *_settle_tasks(snapshot, referral.number),
    )


def _duty_ends(
    snapshot: CaseSnapshot, recipients: tuple[str, ...], at: datetime
) -> tuple[Change, ...]:
    """Where nobody is left who may be asked for support, there is nothing to be late with."""
    given = (c for c in snapshot.consents if c.state is ConsentState.GIVEN)
    if any(consent.recipient not in recipients for consent in given):
        return ()
    duty = duties.deadline_id(duties.SUPPORT_REFERRAL)
    return tuple(
        change
        for deadline in snapshot.running_deadlines()
        if deadline.id == duty
        for change in duties.void(snapshot, deadline, at)
    )


def _recipients(snapshot: CaseSnapshot, command: WithdrawConsent) -> tuple[str, ...]:
    if command.recipient is not None:
        return (command.recipient,)
    known = {c.recipient for c in snapshot.consents if c.purpose is command.purpose}
    return tuple(sorted(known | {r.service for r in snapshot.referrals if r.state not in OVER}))


def _can_be_withdrawn(referral: Referral) -> bool:
    return referral.state not in OVER or referral.state is ReferralState.UNDELIVERABLE


def _cancel_queued(snapshot: CaseSnapshot, referral: int) -> tuple[Change, ...]:
    return tuple(
        DispatchRecorded(dispatch=d.model_copy(update={"state": DispatchState.CANCELLED}))
        for d in snapshot.dispatches
        if d.referral == referral and d.kind is not DispatchKind.STOP
    )


def _settle_tasks(snapshot: CaseSnapshot, referral: int) -> tuple[Change, ...]:
    whats = ("consent", "unanswered", "undeliverable", "info")
    return tuple(c for what in whats for c in tasks.done(snapshot, f"{what}/{referral}"))


def _stop_notice(referral: Referral) -> tuple[Change, ...]:
    return tuple(
        DispatchRecorded(
            dispatch=Dispatch(
                key=f"{what}/{referral.number}",
                kind=kind,
                referral=referral.number,
                to_organisation=referral.organisation,
                template=template,
            )
        )
        for what, kind, template in (
            ("stop", DispatchKind.STOP, None),
            ("stop-notice", DispatchKind.NOTICE, NoticeTemplate.INBOX_STOP),
        )
    )


def answer_check(snapshot: CaseSnapshot, command: AnswerCheck, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
