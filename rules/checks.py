"""After a withdrawal that staff recorded: the service that knew her asks whether it was she.

For 72 hours it keeps how to reach her, and has one task for somebody who is not the recorder.
"""

from collections.abc import Iterable
from datetime import timedelta

from rules import duties, tasks
from rules.consents import RENEWAL, is_valid, renewal_of
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import PersonalField
from schemas.changes import Change, CheckRecorded, ConsentRecorded, ReferralRecorded
from schemas.consent import Consent, ConsentState, Purpose
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.deadlines import Deadline
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import Clock, Delivery, Referral, ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.withdrawal import CheckAnswer, CheckState, WithdrawalCheck, WithdrawnConsent

LINE_FOR = timedelta(hours=72)
"""How long an engaged service keeps how to reach her (design choice)."""

DUTY = "withdrawal-check"

_ENGAGED = frozenset({ReferralState.ACCEPTED, ReferralState.ACTIVE})


def opened(
    snapshot: CaseSnapshot, command: WithdrawConsent, stopped: Iterable[Referral], world: World
) -> tuple[Change, ...]:
    """One check for each organisation whose engaged referrals were stopped."""
    engaged: dict[str, list[Referral]] = {}
    for referral in stopped:
        if referral.state in _ENGAGED:
            engaged.setdefault(referral.organisation, []).append(referral)
    first = max((check.number for check in snapshot.checks), default=0) + 1
    return tuple(
        change
        for number, referrals in enumerate(engaged.values(), start=first)
        for change in _opened(snapshot, command, number, referrals, world)
    )


def answer_check(snapshot: CaseSnapshot, command: AnswerCheck, world: World) -> Decision:
    """What she answered. Whoever recorded the withdrawal cannot be the one who asked her."""
    check = snapshot.check(command.check)
    objection = _objection(snapshot, check, command, world)
    if objection or check is None:
        return objection or refused("unknown_check", "There is no such question to her.")
    was_hers = command.answer is CheckAnswer.IT_WAS_HER
    state = CheckState.IT_WAS_HER if was_hers else CheckState.IT_WAS_NOT_HER
    answered = check.model_copy(update={"state": state, "answered_by": command.actor.who})
    undone = () if was_hers else _undone(snapshot, check, world)
    return Changed(
        changes=(
            CheckRecorded(check=answered),
            *duties.meet(snapshot, DUTY, world.at, of=str(check.number)),
            *tasks.done(snapshot, _task(check.number)),
            *undone,
        ),
        detail={"check": check.number, "answer": command.answer},
    )


def lapse(snapshot: CaseSnapshot, deadline: Deadline, world: World) -> tuple[Change, ...]:
    """She was not reached in time: the line closes, and a supervisor is told."""
    number = int(deadline.id.partition("/")[2])
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
    held = (snapshot.consent(Purpose.SUPPORT_REFERRAL, service) for service in services)
    return tuple(
        WithdrawnConsent(recipient=c.recipient, fields=c.fields, expires_at=c.expires_at)
        for c in held
        if c is not None and c.expires_at is not None and is_valid(c, world.at)
    )


def _objection(
    snapshot: CaseSnapshot, check: WithdrawalCheck | None, command: AnswerCheck, world: World
) -> Refused | None:
    if check is None or not _may_answer(snapshot, check, command.actor):
        return refused("unknown_check", "Your organisation has no such question to her.")
    if check.state is not CheckState.OPEN or world.at >= check.line_until:
        return refused("check_over", "The 72 hours are over: `consent ask` asks her for a new yes.")
    if command.actor.who == check.recorder:
        return refused(
            "second_person", "You recorded the withdrawal: somebody else asks her about it."
        )
    return None


def _may_answer(snapshot: CaseSnapshot, check: WithdrawalCheck, actor: Actor) -> bool:
    if actor.role in NGO_ROLES:
        return actor.organisation == check.asks
    is_supervisor = actor.role is Role.SAFEGUARDING_SUPERVISOR
    return is_supervisor and actor.organisation == snapshot.case.owner


def _undone(snapshot: CaseSnapshot, check: WithdrawalCheck, world: World) -> tuple[Change, ...]:
    """Consent is put back, each stopped referral is replaced, and the recorder is reported."""
    restored = tuple(_restored(snapshot, kept, world) for kept in check.consents)
    services = {consent.recipient for consent in restored}
    first = max((r.number for r in snapshot.referrals), default=0) + 1
    stopped = [r for r in snapshot.referrals if r.number in check.referrals]
    kind = TaskKind.REPORTED_RECORDER
    return (
        *(ConsentRecorded(consent=consent) for consent in restored),
        *(
            change
            for consent in restored
            for change in duties.start(
                snapshot,
                world,
                RENEWAL,
                consent.occurred_at,
                of=renewal_of(consent.purpose, consent.recipient),
            )
        ),
        *(
            ReferralRecorded(referral=_replacement(referral, number, services))
            for number, referral in enumerate(stopped, start=first)
        ),
        *tasks.ask(
            snapshot,
            world,
            f"reported/{check.number}",
            kind,
            Role.DPO,
            not_for=check.recorder,
        ),
    )


def _restored(snapshot: CaseSnapshot, kept: WithdrawnConsent, world: World) -> Consent:
    now = snapshot.consent(Purpose.SUPPORT_REFERRAL, kept.recipient)
    return Consent(
        purpose=Purpose.SUPPORT_REFERRAL,
        recipient=kept.recipient,
        epoch=(now.epoch if now else 0) + 1,
        state=ConsentState.GIVEN,
        fields=tuple(PersonalField(field) for field in kept.fields),
        occurred_at=world.at,
        expires_at=kept.expires_at,
    )


def _replacement(stopped: Referral, number: int, services: set[str]) -> Referral:
    """A new referral in its place, which the clockwork sends as soon as consent is back."""
    is_given = stopped.service in services
    return Referral(
        number=number,
        need=stopped.need,
        service=stopped.service,
        organisation=stopped.organisation,
        state=ReferralState.WAITING,
        delivery=Delivery.NOT_QUEUED,
        consent=ConsentState.GIVEN if is_given else ConsentState.NOT_ASKED,
        clock=Clock.NOT_STARTED,
        priority=stopped.priority,
        replaces=stopped.number,
        next_choices=stopped.next_choices,
    )


def _task(number: int) -> str:
    return f"withdrawal-check/{number}"
