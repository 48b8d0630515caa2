"""Taking consent back: at once, by anyone, and never refused."""

from datetime import datetime

from rules import checks, duties, outbox, tasks
from rules.consents import with_consent, withdrawn
from rules.contacts_waiting import called_off
from rules.referral_states import ENDED_WITHOUT_HELP, OVER, WITH_SERVICE, move
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, ReferralRecorded
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import WithdrawConsent
from schemas.decisions import Changed, Refused
from schemas.referral import Clock, Delivery, Reason, Referral, ReferralEvent, ReferralState
from schemas.snapshot import CaseSnapshot


def withdraw(snapshot: CaseSnapshot, command: WithdrawConsent, world: World) -> Changed:
    """Take consent back, from one recipient or all. There is no ground to refuse this on.

    In one decision: every entry is withdrawn, every referral that rested on it stops, whatever
    was queued is cancelled, and each service that an open referral is with is sent a stop notice.
    A service that has completed its help can no longer read what it was sent. A service that had
    taken her on asks her whether it was she.
    """
    recipients = _recipients(snapshot, command)
    touched = _touched(snapshot, command, recipients)
    stopped = [referral for referral in touched if _can_be_withdrawn(referral)]
    helped = (r for r in touched if r.state is ReferralState.COMPLETED)
    role, reason = command.actor.role, Reason.CONSENT_WITHDRAWN
    changes: tuple[Change, ...] = (
        *(c for one in recipients for c in withdrawn(snapshot, command, one, world.at)),
        *(
            change
            for referral in stopped
            for change in stop(snapshot, referral, ReferralEvent.WITHDRAW, role, reason, world.at)
        ),
        *(with_consent(referral, ConsentState.WITHDRAWN) for referral in helped),
        *_duty_ends(snapshot, command, recipients, world.at),
        *checks.opened(snapshot, command.actor, stopped if _is_support(command) else (), world),
        *checks.told_again(snapshot, command, recipients),
    )
    return Changed(
        changes=changes,
        detail={
            "recipients": ",".join(recipients),
            "referrals": ",".join(str(r.number) for r in stopped),
            "purpose": None if _is_support(command) else command.purpose,
            "said_by": command.said_by,
            "via": command.via,
        },
    )


def stop(
    snapshot: CaseSnapshot,
    referral: Referral,
    event: ReferralEvent,
    role: Role,
    reason: Reason,
    at: datetime,
) -> tuple[Change, ...]:
    """End a referral from our side: nothing queued leaves, and the service is told.

    A contact that was planned on it and has not begun is called off. A text that is being sent
    is past recall.
    """
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
        *outbox.cancelled_but_stop(snapshot, referral.number),
        *(outbox.stop(referral) if referral.state in WITH_SERVICE else ()),
        *called_off(snapshot, (c for c in snapshot.contacts if c.referral == referral.number)),
        *duties.void_of_referral(snapshot, referral.number, at),
        *tasks.done_about(snapshot, referral.number),
    )


def _touched(
    snapshot: CaseSnapshot, command: WithdrawConsent, recipients: tuple[str, ...]
) -> tuple[Referral, ...]:
    if not _is_support(command):
        return ()
    return tuple(r for r in snapshot.referrals if r.service in recipients)


def _is_support(command: WithdrawConsent) -> bool:
    return command.purpose is Purpose.SUPPORT_REFERRAL


def _duty_ends(
    snapshot: CaseSnapshot, command: WithdrawConsent, recipients: tuple[str, ...], at: datetime
) -> tuple[Change, ...]:
    """Where nobody is left who may be asked for support, there is nothing to be late with."""
    left = (
        consent
        for consent in snapshot.consents
        if consent.state is ConsentState.GIVEN
        and consent.purpose is Purpose.SUPPORT_REFERRAL
        and consent.recipient not in recipients
    )
    if not _is_support(command) or any(left):
        return ()
    return duties.void_all(snapshot, duties.SUPPORT_REFERRAL, at)


def _recipients(snapshot: CaseSnapshot, command: WithdrawConsent) -> tuple[str, ...]:
    if command.recipient is not None:
        return (command.recipient,)
    known = {c.recipient for c in snapshot.consents if c.purpose is command.purpose}
    if _is_support(command):
        known |= {r.service for r in snapshot.referrals if r.state not in OVER}
        known |= {code for r in snapshot.referrals if _goes_on(r) for code in r.next_choices}
    return tuple(sorted(known))


def _goes_on(referral: Referral) -> bool:
    """Whether the clockwork would ask the next service in its place."""
    return referral.state in ENDED_WITHOUT_HELP and not referral.was_followed


def _can_be_withdrawn(referral: Referral) -> bool:
    return referral.state not in OVER or referral.state is ReferralState.UNDELIVERABLE
