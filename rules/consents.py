"""The consent ledger: asked, given, refused. Silence never means yes."""

from datetime import datetime, timedelta

from rules import duties, tasks
from rules.world import World
from schemas.case import PersonalField
from schemas.changes import ConsentRecorded, ReferralRecorded
from schemas.consent import Consent, ConsentState, Purpose
from schemas.consent_commands import (
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import Referral, ReferralState
from schemas.snapshot import (
    CaseSnapshot,
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
    return entry(snapshot, command, ConsentState.ASKED, command.fields, world)


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
    decided = entry(snapshot, command, ConsentState.GIVEN, command.fields, world)
    started = duties.start(snapshot, world, duties.SUPPORT_REFERRAL, since)
    waiting = _waiting_for(snapshot, command.recipient)
    asked_for = tuple(c for r in waiting for c in tasks.done(snapshot, f"consent/{r.number}"))
    now_given = tuple(with_consent(r, ConsentState.GIVEN) for r in waiting)
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
    decided = entry(snapshot, command, ConsentState.REFUSED, (), world)
    waiting = _waiting_for(snapshot, command.recipient)
    now_refused = tuple(with_consent(r, ConsentState.REFUSED) for r in waiting)
    return decided.model_copy(update={"changes": (*decided.changes, *now_refused)})


def state_for(snapshot: CaseSnapshot, recipient: str, at: datetime) -> ConsentState:
    """Consent state of a support referral to a service, expiry seen."""
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, recipient)
    if consent is None:
        return ConsentState.NOT_ASKED
    if consent.state is ConsentState.GIVEN and not is_valid(consent, at):
        return ConsentState.EXPIRED
    return consent.state


def entry(
    snapshot: CaseSnapshot,
    command: AskConsent | GiveConsent | RefuseConsent | WithdrawConsent,
    state: ConsentState,
    fields: tuple[PersonalField, ...],
    world: World,
    recipient: str | None = None,
) -> Changed:
    """A new entry of the ledger: one epoch on, and nothing of the old one is erased."""
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


def _waiting_for(snapshot: CaseSnapshot, recipient: str) -> tuple[Referral, ...]:
    return tuple(
        r for r in snapshot.referrals if r.service == recipient and r.state is ReferralState.WAITING
    )


def with_consent(referral: Referral, state: ConsentState) -> ReferralRecorded:
    """The referral with another copy of her consent to show, one version on."""
    return ReferralRecorded(
        referral=referral.model_copy(update={"consent": state, "version": referral.version + 1})
    )


def reflect(snapshot: CaseSnapshot, command: ReflectConsent, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def mark_not_capable(snapshot: CaseSnapshot, command: MarkNotCapable, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
