"""The consent ledger: asked, given, refused, thought about, run out. Silence never means yes.

An entry is for one purpose, one recipient and a set of fields. A yes counts only if she was free
to give it; one that was not is no yes, and a supervisor hears of it.
"""

from datetime import datetime, timedelta

from rules import asked_freely, duties, tasks
from rules.world import World
from schemas.actor import Role
from schemas.case import PersonalField
from schemas.changes import Change, ConsentRecorded, ReferralRecorded
from schemas.consent import (
    COMPETENT_AUTHORITY,
    MARAC_CONFERENCE,
    AskedHow,
    Consent,
    ConsentState,
    Purpose,
)
from schemas.consent_commands import (
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.deadlines import Deadline
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import Referral, ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind

VALID_FOR = timedelta(days=182)
"""Consent is asked again after six months (design choice)."""

RENEWAL = "consent-renewal"
"""The duty to ask again before a yes runs out."""

_OPEN_QUESTION = frozenset({ConsentState.ASKED, ConsentState.REFLECTING})
_RECIPIENTS = {Purpose.MARAC: MARAC_CONFERENCE, Purpose.NRM: COMPETENT_AUTHORITY}
"""Purposes that have one recipient, which is no service of the directory."""

_Says = AskConsent | GiveConsent | RefuseConsent | ReflectConsent | MarkNotCapable


def is_valid(consent: Consent | None, at: datetime) -> bool:
    """Whether data may go on this consent, now. Ends in no."""
    if consent is None or consent.state is not ConsentState.GIVEN:
        return False
    if consent.expires_at is None or at >= consent.expires_at:
        return False
    return bool(consent.fields)


def ask(snapshot: CaseSnapshot, command: AskConsent, world: World) -> Decision:
    """Record that she was asked, for exactly these fields."""
    objection = _not_safe_yet(snapshot) or _wrong_recipient(snapshot, command)
    objection = objection or _no_fields(command.fields)
    if objection:
        return objection
    held = snapshot.consent(command.purpose, command.recipient)
    if held and is_valid(held, world.at) and set(command.fields) <= set(held.fields):
        return refused("already_given", f"Consent for {command.recipient} is already given.")
    not_free = asked_freely.objection(command.asked)
    if not_free:
        return _alerted(snapshot, command, not_free, world)
    return Changed(
        changes=(
            *_entered(snapshot, command, ConsentState.ASKED, world, command.fields, command.asked),
            *tasks.done(snapshot, _task("ask-again", command)),
            *tasks.done(snapshot, _task("renew", command)),
        ),
        detail=_detail(command, command.fields),
    )


def give(snapshot: CaseSnapshot, command: GiveConsent, world: World) -> Decision:
    """Record her yes: only after asking, freely given, and for no field she was not asked about."""
    question = snapshot.consent(command.purpose, command.recipient)
    if question is None or question.state not in _OPEN_QUESTION:
        return refused(
            "not_asked", f"Nobody asked her about {command.recipient} yet: use `consent ask` first."
        )
    objection = _no_fields(command.fields) or _beyond(command, question)
    if objection:
        return objection
    since = command.occurred_at or world.at
    if since < question.occurred_at:
        return refused("before_asking", "She cannot have said yes before she was asked.")
    asked = command.asked or question.asked
    not_free = asked_freely.objection(asked)
    if not_free:
        return _alerted(snapshot, command, not_free, world)
    return Changed(
        changes=(
            *_entered(snapshot, command, ConsentState.GIVEN, world, command.fields, asked),
            *duties.void_all(snapshot, RENEWAL, world.at, of=_of(command)),
            *duties.start(snapshot, world, RENEWAL, since, of=_of(command)),
            *tasks.done(snapshot, _task("ask-again", command)),
            *(_for_support(snapshot, command, since, world) if _is_support(command) else ()),
        ),
        detail=_detail(command, command.fields),
    )


def refuse(snapshot: CaseSnapshot, command: RefuseConsent, world: World) -> Decision:
    """Record her no. A yes already given is taken back by withdrawing it."""
    if snapshot.consent_state(command.purpose, command.recipient) is ConsentState.GIVEN:
        return refused("already_given", "She had said yes: use `consent withdraw`.")
    return _wrong_recipient(snapshot, command) or Changed(
        changes=(
            *_entered(snapshot, command, ConsentState.REFUSED, world),
            *tasks.done(snapshot, _task("ask-again", command)),
            *_waiting_with(snapshot, command.recipient, ConsentState.REFUSED, command.purpose),
        ),
        detail=_detail(command),
    )


def reflect(snapshot: CaseSnapshot, command: ReflectConsent, world: World) -> Decision:
    """She wants time: that is no yes, and nobody presses her. A person asks when she said."""
    question = snapshot.consent(command.purpose, command.recipient)
    if question is None or question.state not in _OPEN_QUESTION:
        return refused("not_asked", "No question to her is open: use `consent ask` first.")
    if command.ask_again_at is not None and command.ask_again_at <= world.at:
        return refused("in_the_past", "A time to ask again lies in the future.")
    entered = _entered(
        snapshot,
        command,
        ConsentState.REFLECTING,
        world,
        question.fields,
        question.asked,
        ask_again_at=command.ask_again_at,
    )
    again = command.ask_again_at
    return Changed(
        changes=(
            *entered,
            *tasks.ask(
                snapshot, world, _task("ask-again", command), TaskKind.ASK_AGAIN, Role.CASEWORKER
            ),
            *_waiting_with(snapshot, command.recipient, ConsentState.REFLECTING, command.purpose),
        ),
        detail=_detail(command) | {"ask_again": f"{again:%Y-%m-%d %H:%M}" if again else None},
    )


def mark_not_capable(snapshot: CaseSnapshot, command: MarkNotCapable, world: World) -> Decision:
    """She cannot decide this now: nothing is shared, and a supervisor looks after her interests."""
    if snapshot.consent_state(command.purpose, command.recipient) is ConsentState.GIVEN:
        return refused("already_given", "She had said yes: use `consent withdraw`.")
    kind, role = TaskKind.BEST_INTERESTS, Role.SAFEGUARDING_SUPERVISOR
    return _wrong_recipient(snapshot, command) or Changed(
        changes=(
            *_entered(snapshot, command, ConsentState.NOT_CAPABLE, world),
            *tasks.ask(snapshot, world, _task("best-interests", command), kind, role),
            *_waiting_with(snapshot, command.recipient, ConsentState.NOT_CAPABLE, command.purpose),
        ),
        detail=_detail(command),
    )


def expire(snapshot: CaseSnapshot, deadline: Deadline, world: World) -> tuple[Change, ...]:
    """A yes has run out: ask again, at a safe time. A service that helps goes on helping.

    Nothing new is sent on it; that the record of a referral still shows the old yes keeps the
    packet readable for whoever was given it, because a timer must not end support.
    """
    consent = _of_deadline(snapshot, deadline)
    if consent is None or consent.state is not ConsentState.GIVEN:
        return ()
    ended = consent.model_copy(
        update={
            "epoch": consent.epoch + 1,
            "state": ConsentState.EXPIRED,
            "fields": (),
            "occurred_at": world.at,
            "expires_at": None,
        }
    )
    task = f"renew/{consent.purpose}/{consent.recipient}"
    return (
        ConsentRecorded(consent=ended),
        *_waiting_with(snapshot, consent.recipient, ConsentState.EXPIRED, consent.purpose),
        *tasks.ask(snapshot, world, task, TaskKind.RENEW_CONSENT, Role.CASEWORKER),
    )


def state_for(snapshot: CaseSnapshot, recipient: str, at: datetime) -> ConsentState:
    """Consent state of a support referral to a service, expiry seen."""
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, recipient)
    if consent is None:
        return ConsentState.NOT_ASKED
    if consent.state is ConsentState.GIVEN and not is_valid(consent, at):
        return ConsentState.EXPIRED
    return consent.state


def with_consent(referral: Referral, state: ConsentState) -> ReferralRecorded:
    """The referral with another copy of her consent to show, one version on."""
    return ReferralRecorded(
        referral=referral.model_copy(update={"consent": state, "version": referral.version + 1})
    )


def withdrawn(
    snapshot: CaseSnapshot, command: WithdrawConsent, recipient: str, at: datetime
) -> tuple[Change, ...]:
    """The entry of a withdrawal: one epoch on, and nothing of the old one is erased."""
    before = snapshot.consent(command.purpose, recipient)
    entry = Consent(
        purpose=command.purpose,
        recipient=recipient,
        epoch=(before.epoch if before else 0) + 1,
        state=ConsentState.WITHDRAWN,
        occurred_at=command.occurred_at or at,
    )
    renewal = duties.void_all(snapshot, RENEWAL, at, of=renewal_of(command.purpose, recipient))
    return (ConsentRecorded(consent=entry), *renewal)


def renewal_of(purpose: Purpose, recipient: str) -> str:
    """What tells the renewals of a case apart: services by their code, others by purpose."""
    return recipient if purpose is Purpose.SUPPORT_REFERRAL else f"{purpose}:{recipient}"


def _entered(
    snapshot: CaseSnapshot,
    command: _Says,
    state: ConsentState,
    world: World,
    fields: tuple[PersonalField, ...] = (),
    asked: AskedHow | None = None,
    *,
    ask_again_at: datetime | None = None,
) -> tuple[Change, ...]:
    """A new entry of the ledger: one epoch on, and nothing of the old one is erased."""
    before = snapshot.consent(command.purpose, command.recipient)
    since = command.occurred_at or world.at
    consent = Consent(
        purpose=command.purpose,
        recipient=command.recipient,
        epoch=(before.epoch if before else 0) + 1,
        state=state,
        fields=tuple(sorted(set(fields))),
        occurred_at=since,
        expires_at=since + VALID_FOR if state is ConsentState.GIVEN else None,
        asked=asked,
        ask_again_at=ask_again_at,
    )
    return (ConsentRecorded(consent=consent),)


def _detail(command: _Says, fields: tuple[PersonalField, ...] = ()) -> dict[str, str | int | None]:
    purpose = None if _is_support(command) else command.purpose
    named = ",".join(sorted(set(fields)))
    return {"recipient": command.recipient, "fields": named, "purpose": purpose}


def _for_support(
    snapshot: CaseSnapshot, command: GiveConsent, since: datetime, world: World
) -> tuple[Change, ...]:
    """What a yes to a service sets going: the duty to refer, and referrals that waited for it."""
    waiting = _waiting_for(snapshot, command.recipient)
    return (
        *duties.start(snapshot, world, duties.SUPPORT_REFERRAL, since),
        *(change for r in waiting for change in tasks.done(snapshot, f"consent/{r.number}")),
        *(with_consent(r, ConsentState.GIVEN) for r in waiting),
    )


def _alerted(snapshot: CaseSnapshot, command: _Says, not_free: Refused, world: World) -> Refused:
    """No yes is taken that she was not free to give, and a supervisor hears that it was tried."""
    kind, role = TaskKind.DEFECTIVE_CONSENT, Role.SAFEGUARDING_SUPERVISOR
    alerts = tasks.ask(snapshot, world, _task("defective", command), kind, role)
    return not_free.model_copy(update={"alerts": alerts})


def _not_safe_yet(snapshot: CaseSnapshot) -> Refused | None:
    if snapshot.case.safety_confirmed:
        return None
    return refused(
        "safety_first", "The safety check is not confirmed yet: use `case safety` first."
    )


def _wrong_recipient(snapshot: CaseSnapshot, command: _Says) -> Refused | None:
    """A service of the directory; MARAC and NRM have their one recipient."""
    wanted = _RECIPIENTS.get(command.purpose)
    if wanted is not None:
        if command.recipient == wanted:
            return None
        return refused("wrong_recipient", f"Consent for {command.purpose} is for {wanted} alone.")
    if snapshot.service(command.recipient) is not None:
        return None
    return refused(
        "unknown_service",
        f"The directory has no service {command.recipient!r}: see `directory list`.",
    )


def _no_fields(fields: tuple[PersonalField, ...]) -> Refused | None:
    return None if fields else refused("no_fields", "Name at least one field she is asked about.")


def _beyond(command: GiveConsent, question: Consent) -> Refused | None:
    beyond = sorted(set(command.fields) - set(question.fields))
    if not beyond:
        return None
    return refused("beyond_asked", f"She was not asked about: {', '.join(beyond)}.")


def _is_support(command: _Says) -> bool:
    return command.purpose is Purpose.SUPPORT_REFERRAL


def _of(command: _Says) -> str:
    return renewal_of(command.purpose, command.recipient)


def _task(what: str, command: _Says) -> str:
    return f"{what}/{command.purpose}/{command.recipient}"


def _of_deadline(snapshot: CaseSnapshot, deadline: Deadline) -> Consent | None:
    of = deadline.id.partition("/")[2]
    return next((c for c in snapshot.consents if renewal_of(c.purpose, c.recipient) == of), None)


def _waiting_with(
    snapshot: CaseSnapshot, recipient: str, state: ConsentState, purpose: Purpose
) -> tuple[Change, ...]:
    if purpose is not Purpose.SUPPORT_REFERRAL:
        return ()
    return tuple(with_consent(r, state) for r in _waiting_for(snapshot, recipient))


def _waiting_for(snapshot: CaseSnapshot, recipient: str) -> tuple[Referral, ...]:
    return tuple(
        r for r in snapshot.referrals if r.service == recipient and r.state is ReferralState.WAITING
    )
