"""The consent ledger: what her entries say, and how a yes ends. Silence never means yes.

An entry is for one purpose, one recipient and a set of fields; the newest counts, and none is
ever erased. What she is asked and answers is in `rules.asking`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from rules import duties, tasks
from rules.apply import apply
from rules.world import World
from schemas.actor import Role
from schemas.case import PersonalField
from schemas.changes import Change, ConsentRecorded, ReferralRecorded
from schemas.consent import AskedHow, Consent, ConsentState, Purpose
from schemas.consent_commands import (
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.deadlines import Deadline
from schemas.referral import Referral, ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind

VALID_FOR = timedelta(days=182)
"""Consent is asked again after half a year (design choice); the duty to ask is over no sooner."""

RENEWAL = "consent-renewal"
"""The duty to ask again before a yes runs out."""

_OPEN_QUESTION = frozenset({ConsentState.ASKED, ConsentState.REFLECTING})


Says = AskConsent | GiveConsent | RefuseConsent | ReflectConsent | MarkNotCapable
"""What may be said of one purpose and recipient."""


def is_valid(consent: Consent | None, at: datetime) -> bool:
    """Whether data may go on this consent, now. Ends in no."""
    if consent is None or consent.state is not ConsentState.GIVEN:
        return False
    if consent.expires_at is None or at >= consent.expires_at:
        return False
    return bool(consent.fields)


def open_question(consent: Consent | None) -> tuple[PersonalField, ...]:
    """The fields she was asked about and has not decided on; none where no question is open."""
    if consent is None:
        return ()
    return consent.fields if consent.state in _OPEN_QUESTION else consent.also_asked


def state_for(snapshot: CaseSnapshot, recipient: str, at: datetime) -> ConsentState:
    """Consent state of a support referral to a service, expiry seen."""
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, recipient)
    if consent is None:
        return ConsentState.NOT_ASKED
    if consent.state is ConsentState.GIVEN and not is_valid(consent, at):
        return ConsentState.EXPIRED
    return consent.state


def held(snapshot: CaseSnapshot, command: Says) -> Consent | None:
    """The entry that what she says is about."""
    return snapshot.consent(command.purpose, command.recipient)


def standing(snapshot: CaseSnapshot, command: Says, world: World) -> Consent | None:
    """The same where it is a yes that holds now."""
    entry = held(snapshot, command)
    return entry if is_valid(entry, world.at) else None


def next_epoch(snapshot: CaseSnapshot, purpose: Purpose, recipient: str) -> int:
    """The epoch of the entry that comes next: every change counts it up."""
    before = snapshot.consent(purpose, recipient)
    return (before.epoch if before else 0) + 1


def undecided(
    snapshot: CaseSnapshot,
    command: Says,
    state: ConsentState,
    world: World,
    fields: tuple[PersonalField, ...] = (),
    asked: AskedHow | None = None,
    *,
    again: datetime | None = None,
) -> tuple[Change, ...]:
    """No yes to what she was asked: a yes from before stands; else it is entered, and shown.

    Where a question stays open beside that yes, the entry says how that one was asked, if anything.
    """
    yes = standing(snapshot, command, world)
    if yes is None:
        purpose, recipient = command.purpose, command.recipient
        return (
            *entered(snapshot, command, state, world, fields, asked, again=again),
            *waiting_with(snapshot, purpose, recipient, state),
        )
    stands = {
        "epoch": yes.epoch + 1,
        "also_asked": in_order(fields),
        "occurred_at": command.occurred_at or world.at,
        "asked": asked if fields else yes.asked,
        "ask_again_at": again,
    }
    return (ConsentRecorded(consent=yes.model_copy(update=stands)),)


def entered(
    snapshot: CaseSnapshot,
    command: Says,
    state: ConsentState,
    world: World,
    fields: tuple[PersonalField, ...],
    asked: AskedHow | None,
    *,
    again: datetime | None = None,
    until: datetime | None = None,
) -> tuple[Change, ...]:
    """A new entry, one epoch on; nothing of the old one is erased. A yes says until when."""
    consent = Consent(
        purpose=command.purpose,
        recipient=command.recipient,
        epoch=next_epoch(snapshot, command.purpose, command.recipient),
        state=state,
        fields=in_order(fields),
        occurred_at=command.occurred_at or world.at,
        expires_at=until,
        asked=asked,
        ask_again_at=again,
    )
    return (ConsentRecorded(consent=consent),)


def given(
    snapshot: CaseSnapshot, command: GiveConsent, asked: AskedHow | None, world: World
) -> tuple[Change, ...]:
    """Her yes. What a yes that holds covers and she was not asked about again stays with it."""
    yes = standing(snapshot, command, world)
    kept = set(yes.fields) - set(yes.also_asked) if yes else set[PersonalField]()
    fields = in_order(kept | set(command.fields))
    since = command.occurred_at or world.at
    until = yes.expires_at if yes and kept else since + VALID_FOR
    entry = entered(snapshot, command, ConsentState.GIVEN, world, fields, asked, until=until)
    return entry if kept else (*entry, *renewed(snapshot, command, since, world))


def renewed(
    snapshot: CaseSnapshot, command: GiveConsent, since: datetime, world: World
) -> tuple[Change, ...]:
    """The duty to ask again counts from this yes, and from none before it."""
    of = renewal_of(command.purpose, command.recipient)
    ended = duties.void_all(snapshot, RENEWAL, world.at, of=of)
    begun = duties.start(apply(snapshot, ended), world, RENEWAL, since, of=of)
    return (*ended, *begun)


def expire(snapshot: CaseSnapshot, deadline: Deadline, world: World) -> tuple[Change, ...]:
    """A yes has run out: ask again, at a safe time. A service that helps goes on helping.

    Nothing new is sent on it. That the entry keeps its fields leaves that service how to reach
    her until she is asked anew; that the record of a referral still shows the old yes keeps the
    packet readable for whoever was given it. A timer must not end support.
    """
    consent = _of_deadline(snapshot, deadline)
    if consent is None or consent.state is not ConsentState.GIVEN:
        return ()
    ended = consent.model_copy(
        update={
            "epoch": consent.epoch + 1,
            "state": ConsentState.EXPIRED,
            "also_asked": (),
            "occurred_at": world.at,
            "expires_at": None,
            "ask_again_at": None,
        }
    )
    task = about("renew", consent.purpose, consent.recipient)
    return (
        ConsentRecorded(consent=ended),
        *waiting_with(snapshot, consent.purpose, consent.recipient, ConsentState.EXPIRED),
        *tasks.ask(snapshot, world, task, TaskKind.RENEW_CONSENT, Role.CASEWORKER),
    )


def withdrawn(
    snapshot: CaseSnapshot, command: WithdrawConsent, recipient: str, at: datetime
) -> tuple[Change, ...]:
    """The entry of a withdrawal. Nobody asks her again by a task from before it.

    A time that cannot be is no ground to refuse it on: it counts from now.
    """
    entry = Consent(
        purpose=command.purpose,
        recipient=recipient,
        epoch=next_epoch(snapshot, command.purpose, recipient),
        state=ConsentState.WITHDRAWN,
        occurred_at=min(command.occurred_at or at, at),
    )
    of = renewal_of(command.purpose, recipient)
    asks = (about(what, command.purpose, recipient) for what in ("ask-again", "renew"))
    return (
        ConsentRecorded(consent=entry),
        *duties.void_all(snapshot, RENEWAL, at, of=of),
        *tasks.done(snapshot, *asks),
    )


def may_be_renewed(snapshot: CaseSnapshot, yes: Consent, at: datetime) -> bool:
    """Whether it is time to ask again, although the yes still holds."""
    of = renewal_of(yes.purpose, yes.recipient)
    renewal = snapshot.deadline(duties.deadline_id(RENEWAL, of=of))
    return renewal is not None and at >= renewal.remind_at


def renewal_of(purpose: Purpose, recipient: str) -> str:
    """What tells the renewals of a case apart: services by their code, others by purpose."""
    return recipient if purpose is Purpose.SUPPORT_REFERRAL else f"{purpose}:{recipient}"


def in_order(fields: Iterable[PersonalField]) -> tuple[PersonalField, ...]:
    """Each field once, always in the same order."""
    return tuple(sorted(set(fields)))


def about(what: str, purpose: Purpose, recipient: str) -> str:
    """The id of a task about a consent."""
    return f"{what}/{purpose}/{recipient}"


def with_consent(referral: Referral, state: ConsentState) -> ReferralRecorded:
    """The referral with another copy of her consent to show, one version on."""
    return ReferralRecorded(
        referral=referral.model_copy(update={"consent": state, "version": referral.version + 1})
    )


def waiting_with(
    snapshot: CaseSnapshot, purpose: Purpose, recipient: str, state: ConsentState
) -> tuple[Change, ...]:
    """Referrals that wait for her word show it. One that is with a service is left alone."""
    if purpose is not Purpose.SUPPORT_REFERRAL:
        return ()
    return tuple(with_consent(r, state) for r in waiting_for(snapshot, recipient))


def waiting_for(snapshot: CaseSnapshot, recipient: str) -> tuple[Referral, ...]:
    """Referrals to a service that have not left."""
    return tuple(
        r for r in snapshot.referrals if r.service == recipient and r.state is ReferralState.WAITING
    )


def _of_deadline(snapshot: CaseSnapshot, deadline: Deadline) -> Consent | None:
    of = deadline.id.partition("/")[2]
    return next((c for c in snapshot.consents if renewal_of(c.purpose, c.recipient) == of), None)
