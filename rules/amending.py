"""What the sender does with a referral that is under way: answer, hasten, take back, correct."""

from rules import checks, consents, duties, outbox, tasks
from rules.referral_states import OVER, WITH_SERVICE, move
from rules.withdrawals import stop
from rules.world import World
from schemas.changes import Change, ReferralRecorded
from schemas.consent import Consent, Purpose
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import InfoAnswer, Reason, Referral, ReferralEvent
from schemas.referral_commands import AnswerInfo, CorrectReferral, RecallReferral, SetPriority
from schemas.snapshot import CaseSnapshot, TaskKind

_ERRORS = frozenset({Reason.MISTAKE, Reason.DUPLICATE})


def recall(snapshot: CaseSnapshot, command: RecallReferral, world: World) -> Decision:
    """The sender takes it back; what is queued stays, and the service is told.

    One that has taken her on asks her whether she wanted that, as after a withdrawal: otherwise
    whoever means her harm would take the help back instead.
    """
    if command.reason is Reason.CONSENT_WITHDRAWN:
        return refused("not_a_recall", "If she took her consent back, use `consent withdraw`.")
    return _taken_back(snapshot, command, ReferralEvent.RECALL, world)


def correct(snapshot: CaseSnapshot, command: CorrectReferral, world: World) -> Decision:
    """It should never have been: the packet is closed, and a service that has it is told."""
    if command.reason not in _ERRORS:
        return refused(
            "not_an_error",
            "An error is a mistake or a duplicate. For every other reason use `referral recall`; "
            "if she took her consent back, `consent withdraw`.",
        )
    return _taken_back(snapshot, command, ReferralEvent.CORRECT, world)


def set_priority(snapshot: CaseSnapshot, command: SetPriority, _: World) -> Decision:
    """It is needed sooner or later than was said. No deadline moves: people do, who are told."""
    referral = snapshot.referral(command.referral)
    if referral is None:
        return _unknown(command.referral)
    if referral.state in OVER:
        return refused(
            "wrong_state",
            f"Referral {referral.number} is {referral.state}: `referral reopen` asks once more.",
        )
    if referral.priority is command.priority:
        return Changed(changes=(), detail={"referral": referral.number})
    changed = referral.model_copy(
        update={"priority": command.priority, "version": referral.version + 1}
    )
    told = (outbox.change_notice("priority", changed),) if referral.state in WITH_SERVICE else ()
    return Changed(
        changes=(ReferralRecorded(referral=changed), *told),
        detail={"referral": referral.number, "priority": command.priority},
    )


def answer_info(snapshot: CaseSnapshot, command: AnswerInfo, world: World) -> Decision:
    """Answer what the service asked back. Nothing of her is passed on without her yes to it.

    It is the service's move again, and its time to answer counts from now.
    """
    referral = snapshot.referral(command.referral)
    if referral is None:
        return _unknown(command.referral)
    moved = move(referral, ReferralEvent.ANSWER_INFO, command.actor.role)
    if isinstance(moved, Refused):
        return moved
    passed_on: tuple[Change, ...] = ()
    if command.answer is InfoAnswer.PASSED_ON and referral.asked_fields:
        consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, referral.service)
        if consent is None or not _covers(consent, referral, world):
            return _not_agreed(referral, consent, world)
        passed_on = (outbox.packet(referral, consent),)
    answered = moved.model_copy(update={"info_answer": command.answer})
    return Changed(
        changes=(
            ReferralRecorded(referral=answered),
            *duties.silence_anew(snapshot, world, duties.ACKNOWLEDGE, referral.number),
            *tasks.done(snapshot, tasks.id_about(TaskKind.INFO_REQUESTED, referral.number)),
            *passed_on,
            outbox.change_notice("answer", answered),
        ),
        detail={"referral": referral.number, "state": answered.state, "answer": command.answer},
    )


def _covers(consent: Consent, referral: Referral, world: World) -> bool:
    return consents.is_valid(consent, world.at) and set(referral.asked_fields) <= set(
        consent.fields
    )


def _not_agreed(referral: Referral, consent: Consent | None, world: World) -> Refused:
    """Name what is missing, and what to ask her: a new yes stands in place of the old one."""
    agreed = consent.fields if consent and consents.is_valid(consent, world.at) else ()
    missing = sorted(set(referral.asked_fields) - set(agreed))
    whole = sorted({*referral.asked_fields, *referral.shared_fields})
    return refused(
        "not_agreed",
        f"She has not agreed that {referral.service} gets {', '.join(missing)}: use `consent ask` "
        f"for {', '.join(whole)}, or answer that she keeps it.",
    )


def _taken_back(
    snapshot: CaseSnapshot,
    command: RecallReferral | CorrectReferral,
    event: ReferralEvent,
    world: World,
) -> Decision:
    referral = snapshot.referral(command.referral)
    if referral is None:
        return _unknown(command.referral)
    if command.expected_version not in (None, referral.version):
        return refused(
            "stale", f"Referral {referral.number} has changed since: look again, then decide."
        )
    role, reason = command.actor.role, command.reason
    moved = move(referral, event, role, reason)
    if isinstance(moved, Refused):
        return moved
    return Changed(
        changes=(
            *stop(snapshot, referral, event, role, reason, world.at),
            *checks.opened(snapshot, command.actor, (referral,), world, withdrawn=False),
        ),
        detail={"referral": referral.number, "reason": reason},
    )


def _unknown(number: int) -> Refused:
    return refused("unknown_referral", f"The case has no referral {number}: use `case show`.")
