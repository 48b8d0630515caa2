"""The consent ledger: asked, given, refused, withdrawn. Silence never means yes."""

from datetime import datetime, timedelta

from rules import duties
from rules.referral_states import OVER, WITH_SERVICE, move
from rules.world import World
from schemas.actor import Role
from schemas.case import PersonalField
from schemas.commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent
from schemas.consent import Consent, ConsentState, Purpose
from schemas.decisions import (
    Change,
    Changed,
    ConsentRecorded,
    Decision,
    DispatchRecorded,
    ReferralRecorded,
    Refused,
    refused,
)
from schemas.referral import Clock, Delivery, Reason, Referral, ReferralEvent, ReferralState
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    DispatchState,
    NoticeTemplate,
)

VALID_FOR = timedelta(days=182)
"""Consent to a support referral is asked again after six months (design choice)."""


def is_valid(consent: Consent | None, at: datetime) -> bool:
    """Whether data may go on this consent, now. Ends in no."""
    if consent is None or consent.state is not ConsentState.GIVEN:
        return False
    if consent.expires_at is None or at >= consent.expires_at:
        return False
    return bool(consent.fields)


def ask(snapshot: CaseSnapshot, command: AskConsent, world: World) -> Decision:
    """Record that she was asked, for exactly these fields."""
    objection = _not_safe_yet(snapshot) or _no_such_service(snapshot, command.recipient)
    objection = objection or _no_fields(command.fields)
    if objection:
        return objection
    if state_for(snapshot, command.recipient, world.at) is ConsentState.GIVEN:
        return refused("already_given", f"Consent for {command.recipient} is already given.")
    return _entry(snapshot, command, ConsentState.ASKED, command.fields, world)


def give(snapshot: CaseSnapshot, command: GiveConsent, world: World) -> Decision:
    """Record her yes: only after asking, and for no field she was not asked about."""
    asked = snapshot.consent(command.purpose, command.recipient)
    if asked is None or asked.state is not ConsentState.ASKED:
        return refused(
            "not_asked", f"Nobody asked her about {command.recipient} yet: use `consent ask` first."
        )
    objection = _no_fields(command.fields)
    if objection:
        return objection
    beyond = sorted(set(command.fields) - set(asked.fields))
    if beyond:
        return refused("beyond_asked", f"She was not asked about: {', '.join(beyond)}.")
    since = command.occurred_at or world.at
    if since < asked.occurred_at:
        return refused("before_asking", "She cannot have said yes before she was asked.")
    decided = _entry(snapshot, command, ConsentState.GIVEN, command.fields, world)
    started = duties.start(snapshot, world, duties.SUPPORT_REFERRAL, since)
    waiting = _waiting_for(snapshot, command.recipient)
    asked_for = tuple(c for r in waiting for c in duties.done(snapshot, f"consent/{r.number}"))
    now_given = tuple(_with_consent(r, ConsentState.GIVEN) for r in waiting)
    return decided.model_copy(
        update={"changes": (*decided.changes, *started, *asked_for, *now_given)}
    )


def refuse(snapshot: CaseSnapshot, command: RefuseConsent, world: World) -> Decision:
    """Record her no. A yes already given is taken back by withdrawing it."""
    state = snapshot.consent_state(command.purpose, command.recipient)
    if state is ConsentState.GIVEN:
        return refused("already_given", "She had said yes: use `consent withdraw`.")
    objection = _no_such_service(snapshot, command.recipient)
    if objection:
        return objection
    decided = _entry(snapshot, command, ConsentState.REFUSED, (), world)
    waiting = _waiting_for(snapshot, command.recipient)
    now_refused = tuple(_with_consent(r, ConsentState.REFUSED) for r in waiting)
    return decided.model_copy(update={"changes": (*decided.changes, *now_refused)})


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
        for change in _entry(
            snapshot, command, ConsentState.WITHDRAWN, (), world, recipient
        ).changes
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
        _with_consent(referral, ConsentState.WITHDRAWN)
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


def _entry(
    snapshot: CaseSnapshot,
    command: AskConsent | GiveConsent | RefuseConsent | WithdrawConsent,
    state: ConsentState,
    fields: tuple[PersonalField, ...],
    world: World,
    recipient: str | None = None,
) -> Changed:
    service = recipient or command.recipient or ""
    before = snapshot.consent(command.purpose, service)
    since = command.occurred_at or world.at
    consent = Consent(
        purpose=command.purpose,
        recipient=service,
        epoch=(before.epoch if before else 0) + 1,
        state=state,
        fields=tuple(sorted(set(fields))),
        occurred_at=since,
        expires_at=since + VALID_FOR if state is ConsentState.GIVEN else None,
    )
    return Changed(
        changes=(ConsentRecorded(consent=consent),),
        detail={"recipient": service, "fields": ",".join(consent.fields), "epoch": consent.epoch},
    )


def _not_safe_yet(snapshot: CaseSnapshot) -> Refused | None:
    if snapshot.case.safety_confirmed:
        return None
    return refused(
        "safety_first", "The safety check is not confirmed yet: use `case safety` first."
    )


def _no_such_service(snapshot: CaseSnapshot, recipient: str) -> Refused | None:
    if snapshot.service(recipient) is not None:
        return None
    return refused(
        "unknown_service", f"The directory has no service {recipient!r}: see `directory list`."
    )


def _no_fields(fields: tuple[PersonalField, ...]) -> Refused | None:
    return None if fields else refused("no_fields", "Name at least one field she is asked about.")


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
    whats = ("consent", "unanswered", "undeliverable")
    return tuple(c for what in whats for c in duties.done(snapshot, f"{what}/{referral}"))


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


def _waiting_for(snapshot: CaseSnapshot, recipient: str) -> tuple[Referral, ...]:
    return tuple(
        r for r in snapshot.referrals if r.service == recipient and r.state is ReferralState.WAITING
    )


def _with_consent(referral: Referral, state: ConsentState) -> ReferralRecorded:
    return ReferralRecorded(
        referral=referral.model_copy(update={"consent": state, "version": referral.version + 1})
    )


def state_for(snapshot: CaseSnapshot, recipient: str, at: datetime) -> ConsentState:
    """Consent state of a support referral to a service, expiry seen."""
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, recipient)
    if consent is None:
        return ConsentState.NOT_ASKED
    if consent.state is ConsentState.GIVEN and not is_valid(consent, at):
        return ConsentState.EXPIRED
    return consent.state
