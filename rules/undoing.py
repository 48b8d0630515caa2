"""A withdrawal that was not hers, undone: what stood is put back, and its recorder reported."""

from collections.abc import Iterator

from rules import closing, consents, duties, tasks
from rules.referral_states import OVER
from rules.world import World
from schemas.actor import Role
from schemas.case import PersonalField, Stage
from schemas.changes import Change, ConsentRecorded, ReferralRecorded, StageMoved
from schemas.consent import Consent, ConsentState, Purpose
from schemas.referral import Referral, ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.withdrawal import WithdrawalCheck, WithdrawnConsent

_SUPPORT = Purpose.SUPPORT_REFERRAL


def undone(snapshot: CaseSnapshot, check: WithdrawalCheck, world: World) -> tuple[Change, ...]:
    """Consent is put back, each stopped referral is replaced, and the recorder is reported."""
    put_back = [k for k in check.consents if is_latest(snapshot, k) and world.at < k.expires_at]
    owed = duties.start(snapshot, world, duties.SUPPORT_REFERRAL, world.at) if put_back else ()
    return (
        *_opened_again(snapshot, world),
        *owed,
        *(change for kept in put_back for change in _restored(snapshot, kept, world)),
        *_replaced(snapshot, check, {kept.recipient for kept in put_back}, world),
        *reported(snapshot, check, world),
    )


def reported(snapshot: CaseSnapshot, check: WithdrawalCheck, world: World) -> tuple[Change, ...]:
    """Somebody used her name: to the data protection officer, and to whoever looks after her."""
    kind, never = TaskKind.REPORTED_RECORDER, check.recorder
    told = {"reported": Role.DPO, "not-hers": Role.SAFEGUARDING_SUPERVISOR}
    return tuple(
        change
        for what, role in told.items()
        for change in tasks.ask(
            snapshot, world, f"{what}/{check.number}", kind, role, not_for=never
        )
    )


def is_latest(snapshot: CaseSnapshot, kept: WithdrawnConsent) -> bool:
    """Whether nothing was said of it since the withdrawal."""
    now = snapshot.consent(_SUPPORT, kept.recipient)
    return now is not None and now.epoch == kept.epoch


def _opened_again(snapshot: CaseSnapshot, world: World) -> tuple[Change, ...]:
    """There is work for her again, whatever became of the case meanwhile."""
    match snapshot.case.stage:
        case Stage.CLOSED:
            return closing.opened_again(snapshot, world)
        case Stage.DORMANT | Stage.CLOSING_REVIEW:
            return (StageMoved(stage=Stage.OPEN),)
        case _:
            return ()


def _restored(snapshot: CaseSnapshot, kept: WithdrawnConsent, world: World) -> tuple[Change, ...]:
    """The yes as it was: for the same fields, and no longer than it would have held."""
    consent = Consent(
        purpose=_SUPPORT,
        recipient=kept.recipient,
        epoch=kept.epoch + 1,
        state=ConsentState.GIVEN,
        fields=tuple(PersonalField(field) for field in kept.fields),
        occurred_at=world.at,
        expires_at=kept.expires_at,
    )
    given = kept.expires_at - consents.VALID_FOR
    of = consents.renewal_of(_SUPPORT, kept.recipient)
    return (
        ConsentRecorded(consent=consent),
        *duties.start(snapshot, world, consents.RENEWAL, given, of=of),
    )


def _replaced(
    snapshot: CaseSnapshot, check: WithdrawalCheck, given: set[str], world: World
) -> Iterator[Change]:
    """A new referral in the place of each, sent as soon as there is consent; else she is asked."""
    stopped = [r for r in snapshot.referrals if r.number in check.referrals]
    missing = [r for r in stopped if not _is_seen_to(snapshot, r)]
    first = max((r.number for r in snapshot.referrals), default=0) + 1
    for number, referral in enumerate(missing, start=first):
        has_consent = referral.service in given
        state = consents.state_for(snapshot, referral.service, world.at)
        replacement = Referral(
            number=number,
            need=referral.need,
            service=referral.service,
            organisation=referral.organisation,
            state=ReferralState.WAITING,
            consent=ConsentState.GIVEN if has_consent else state,
            priority=referral.priority,
            replaces=referral.number,
            next_choices=referral.next_choices,
            offered=referral.offered,
            chosen_by=referral.chosen_by,
        )
        yield ReferralRecorded(referral=replacement)
        if replacement.consent is not ConsentState.GIVEN:
            yield from tasks.ask_about(snapshot, world, TaskKind.CONSENT_MISSING, number)


def _is_seen_to(snapshot: CaseSnapshot, stopped: Referral) -> bool:
    """Whether a person has gone on with the need since; its recorder could not (`rules.decide`)."""
    return any(
        r.replaces == stopped.number or (r.need == stopped.need and r.state not in OVER)
        for r in snapshot.referrals
    )
