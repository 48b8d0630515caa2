"""After a withdrawal that staff recorded: the service that knew her asks whether it was she.

For 72 hours it keeps how to reach her, and has one task for somebody who is not the recorder.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from rules import alarms, asked_freely, closing, consents, duties, sending, tasks
from rules.referral_states import ENGAGED, OVER
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import PersonalField, Stage
from schemas.changes import Change, CheckRecorded, ConsentRecorded, ReferralRecorded, StageMoved
from schemas.consent import Consent, ConsentState, Purpose
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.deadlines import Deadline
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import Referral, ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.withdrawal import CheckAnswer, CheckState, WithdrawalCheck, WithdrawnConsent

LINE_FOR = timedelta(hours=72)
"""How long an engaged service keeps how to reach her (design choice)."""

DUTY = "withdrawal-check"

_ANSWERED = frozenset({CheckState.IT_WAS_HER, CheckState.IT_WAS_NOT_HER})
_SUPPORT = Purpose.SUPPORT_REFERRAL


def opened(
    snapshot: CaseSnapshot, command: WithdrawConsent, stopped: Iterable[Referral], world: World
) -> tuple[Change, ...]:
    """One check for each organisation whose engaged referrals were stopped."""
    engaged: dict[str, list[Referral]] = {}
    for referral in stopped:
        if referral.state in ENGAGED:
            engaged.setdefault(referral.organisation, []).append(referral)
    first = max((check.number for check in snapshot.checks), default=0) + 1
    return tuple(
        change
        for number, referrals in enumerate(engaged.values(), start=first)
        for change in _opened(snapshot, command, number, referrals, world)
    )


def told_again(
    snapshot: CaseSnapshot, command: WithdrawConsent, recipients: tuple[str, ...]
) -> Iterator[Change]:
    """The same recorder's same withdrawal again is still the one she is asked about.

    Anybody else's stands by itself: it is not undone by what she says of the first.
    """
    if command.purpose is not _SUPPORT:
        return
    for check in snapshot.checks:
        if check.state is not CheckState.OPEN or check.recorder != command.actor.who:
            continue
        again = tuple(
            kept.model_copy(update={"epoch": kept.epoch + 1})
            if kept.recipient in recipients and _is_latest(snapshot, kept)
            else kept
            for kept in check.consents
        )
        if again != check.consents:
            yield CheckRecorded(check=check.model_copy(update={"consents": again}))


def answer_check(snapshot: CaseSnapshot, command: AnswerCheck, world: World) -> Decision:
    """What she answered. Whoever recorded the withdrawal cannot be the one who asked her."""
    check = snapshot.check(command.check)
    objection = _not_theirs(snapshot, check, command.actor)
    if objection or check is None:
        return objection or _unknown()
    was_hers = command.answer is CheckAnswer.IT_WAS_HER
    if check.state is not CheckState.OPEN or world.at >= check.line_until:
        return _too_late(snapshot, check, world, was_hers=was_hers)
    asked = command.asked
    not_free = None if was_hers else asked_freely.unsaid(asked) or asked_freely.objection(asked)
    if not_free:
        return not_free
    state = CheckState.IT_WAS_HER if was_hers else CheckState.IT_WAS_NOT_HER
    answered = check.model_copy(update={"state": state, "answered_by": command.actor.who})
    return Changed(
        changes=(
            CheckRecorded(check=answered),
            *duties.meet(snapshot, DUTY, world.at, of=str(check.number)),
            *tasks.done(snapshot, _task(check.number)),
            *(() if was_hers else _undone(snapshot, check, world)),
        ),
        detail={"check": check.number, "answer": command.answer},
    )


def lapse(snapshot: CaseSnapshot, deadline: Deadline, world: World) -> tuple[Change, ...]:
    """She was not reached in time: the line closes, and a supervisor is told."""
    number = alarms.number_of(deadline)
    check = snapshot.check(number)
    if check is None or check.state is not CheckState.OPEN:
        return ()
    role = Role.SAFEGUARDING_SUPERVISOR
    task = f"not-reached/{number}"
    return (
        CheckRecorded(check=check.model_copy(update={"state": CheckState.NOT_REACHED})),
        *tasks.done(snapshot, _task(number)),
        *tasks.ask(snapshot, world, task, TaskKind.TIME_PASSED, role, not_for=check.recorder),
    )


# Opening


def _opened(
    snapshot: CaseSnapshot,
    command: WithdrawConsent,
    number: int,
    referrals: list[Referral],
    world: World,
) -> tuple[Change, ...]:
    asks = referrals[0].organisation
    check = WithdrawalCheck(
        number=number,
        purpose=command.purpose,
        recorder=command.actor.who,
        asks=asks,
        referrals=tuple(r.number for r in referrals),
        consents=_as_they_stood(snapshot, referrals, world),
        opened_at=world.at,
        line_until=world.at + LINE_FOR,
    )
    of_the_service = command.actor.organisation == asks
    role = Role.NGO_SUPERVISOR if of_the_service else Role.NGO_WORKER
    return (
        CheckRecorded(check=check),
        *duties.start(snapshot, world, DUTY, world.at, of=str(number)),
        *tasks.ask(
            snapshot,
            world,
            _task(number),
            TaskKind.WITHDRAWAL_CHECK,
            role,
            organisation=asks,
            not_for=command.actor.who,
            referral=referrals[0].number,
        ),
    )


def _as_they_stood(
    snapshot: CaseSnapshot, referrals: list[Referral], world: World
) -> tuple[WithdrawnConsent, ...]:
    services = dict.fromkeys(referral.service for referral in referrals)
    held = (snapshot.consent(_SUPPORT, service) for service in services)
    return tuple(
        WithdrawnConsent(
            recipient=c.recipient,
            fields=c.fields,
            expires_at=c.expires_at,
            epoch=c.epoch + 1,
        )
        for c in held
        if c is not None and c.expires_at is not None and consents.is_valid(c, world.at)
    )


# Answering


def _not_theirs(
    snapshot: CaseSnapshot, check: WithdrawalCheck | None, actor: Actor
) -> Refused | None:
    if check is None:
        return _unknown()
    is_of_the_service = actor.role in NGO_ROLES and actor.organisation == check.asks
    is_of_the_lead = actor.organisation == snapshot.case.owner
    is_supervisor = actor.role is Role.SAFEGUARDING_SUPERVISOR and is_of_the_lead
    if not is_of_the_service and not is_supervisor:
        asks = f"{check.asks} asks her, or a safeguarding supervisor does."
        return refused("not_your_question", asks) if is_of_the_lead else _unknown()
    if actor.who == check.recorder:
        return refused(
            "second_person", "You recorded the withdrawal: somebody else asks her about it."
        )
    return None


def _too_late(
    snapshot: CaseSnapshot, check: WithdrawalCheck, world: World, *, was_hers: bool
) -> Refused:
    """Nothing is put back any more. That it was not her is reported all the same."""
    known = was_hers or check.state is CheckState.IT_WAS_NOT_HER
    alerts = () if known else _reported(snapshot, check, world)
    way_on = "`consent ask` asks her for a new yes."
    if check.state in _ANSWERED:
        over = refused("answered_already", f"Her answer is on record: {way_on}")
    else:
        over = refused("check_over", f"The 72 hours are over: {way_on}")
    return over.model_copy(update={"alerts": alerts})


def _undone(snapshot: CaseSnapshot, check: WithdrawalCheck, world: World) -> tuple[Change, ...]:
    """Consent is put back, each stopped referral is replaced, and the recorder is reported."""
    put_back = [k for k in check.consents if _is_latest(snapshot, k) and world.at < k.expires_at]
    owed = duties.start(snapshot, world, duties.SUPPORT_REFERRAL, world.at) if put_back else ()
    return (
        *_opened_again(snapshot, world),
        *owed,
        *(change for kept in put_back for change in _restored(snapshot, kept, world)),
        *_replaced(snapshot, check, {kept.recipient for kept in put_back}, world),
        *_reported(snapshot, check, world),
    )


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
            yield sending.referral_task("consent", TaskKind.CONSENT_MISSING, replacement, world)


def _reported(snapshot: CaseSnapshot, check: WithdrawalCheck, world: World) -> tuple[Change, ...]:
    task, kind = f"reported/{check.number}", TaskKind.REPORTED_RECORDER
    return tasks.ask(snapshot, world, task, kind, Role.DPO, not_for=check.recorder)


def _is_latest(snapshot: CaseSnapshot, kept: WithdrawnConsent) -> bool:
    """Whether nothing was said of it since the withdrawal."""
    now = snapshot.consent(_SUPPORT, kept.recipient)
    return now is not None and now.epoch == kept.epoch


def _is_seen_to(snapshot: CaseSnapshot, stopped: Referral) -> bool:
    """Whether a person has gone on with the need since."""
    return any(
        r.replaces == stopped.number or (r.need == stopped.need and r.state not in OVER)
        for r in snapshot.referrals
    )


def _unknown() -> Refused:
    return refused("unknown_check", "Your organisation has no such question to her.")


def _task(number: int) -> str:
    return f"withdrawal-check/{number}"
