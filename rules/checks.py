"""After staff ended help she had, in her name: the service that knew her asks whether it was she.

They recorded a withdrawal, or took back a referral that a service had taken on already.

For 72 hours it keeps how to reach her, and has one task for somebody who is not the recorder.
"""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from rules import alarms, asked_freely, consents, duties, tasks, undoing
from rules.contacts_waiting import called_off
from rules.her_word import began_since, is_heard_by_others, was_she
from rules.referral_states import ENGAGED
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.changes import Change, CheckRecorded
from schemas.consent import Purpose
from schemas.consent_commands import AnswerCheck, WithdrawConsent
from schemas.contact import Contact, ContactPurpose
from schemas.deadlines import Deadline
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import Referral
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.withdrawal import (
    CheckAnswer,
    CheckState,
    WithdrawalCheck,
    WithdrawnConsent,
)

LINE_FOR = timedelta(hours=72)
"""How long an engaged service keeps how to reach her (design choice)."""

DUTY = "withdrawal-check"

_ANSWERED = frozenset({CheckState.IT_WAS_HER, CheckState.IT_WAS_NOT_HER})
_SUPPORT = Purpose.SUPPORT_REFERRAL


def opened(
    snapshot: CaseSnapshot,
    recorder: Actor,
    stopped: Iterable[Referral],
    world: World,
    *,
    withdrawn: bool = True,
) -> tuple[Change, ...]:
    """One check for each organisation whose engaged referrals were stopped.

    Args:
        snapshot: the case before.
        recorder: who recorded it, and cannot be who asks her.
        stopped: the referrals that ended with it, as they stood.
        world: when.
        withdrawn: whether her consent ended too, and would be put back.
    """
    engaged: dict[str, list[Referral]] = {}
    for referral in stopped:
        if referral.state in ENGAGED:
            engaged.setdefault(referral.organisation, []).append(referral)
    first = max((check.number for check in snapshot.checks), default=0) + 1
    return tuple(
        change
        for number, referrals in enumerate(engaged.values(), start=first)
        for change in _opened(
            snapshot,
            recorder,
            number,
            referrals,
            _as_they_stood(snapshot, referrals, world) if withdrawn else (),
            world,
        )
    )


def told_again(
    snapshot: CaseSnapshot, command: WithdrawConsent, recipients: tuple[str, ...]
) -> Iterator[Change]:
    """The same recorder's same withdrawal again is still the one she is asked about.

    Also where they write that she said it to them: it is their word that is in question. Anybody
    else's stands by itself, and is not undone by what she says of the first.
    """
    if command.purpose is not _SUPPORT:
        return
    for check in snapshot.checks:
        if check.state is not CheckState.OPEN or check.recorder != command.actor.who:
            continue
        again = tuple(
            kept.model_copy(update={"epoch": kept.epoch + 1})
            if kept.recipient in recipients and undoing.is_latest(snapshot, kept)
            else kept
            for kept in check.consents
        )
        if again != check.consents:
            yield CheckRecorded(check=check.model_copy(update={"consents": again}))


def answer_check(snapshot: CaseSnapshot, command: AnswerCheck, world: World) -> Decision:
    """What she answered. Whoever recorded the withdrawal cannot be the one who asked her.

    That it was not her gives her back to a service: it is taken only of a contact on record in
    which it was she who spoke, and as freely as a yes is. That it was her needs such a contact too,
    but where the service that knew her says so of what another agency recorded.
    """
    check = snapshot.check(command.check)
    objection = _not_theirs(snapshot, check, command.actor)
    if objection or check is None:
        return objection or _unknown()
    was_hers = command.answer is CheckAnswer.IT_WAS_HER
    if check.state is not CheckState.OPEN or world.at >= check.line_until:
        return _too_late(snapshot, check, world, was_hers=was_hers)
    doubt = _doubt(snapshot, check, command)
    if doubt:
        return doubt
    state = CheckState.IT_WAS_HER if was_hers else CheckState.IT_WAS_NOT_HER
    answered = check.model_copy(update={"state": state, "answered_by": command.actor.who})
    return Changed(
        changes=(
            CheckRecorded(check=answered),
            *duties.meet(snapshot, DUTY, world.at, of=str(check.number)),
            *_nobody_need_ask(snapshot, check),
            *(() if was_hers else undoing.undone(snapshot, check, world)),
        ),
        detail={"check": check.number, "answer": command.answer, "contact": command.contact},
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
        *_nobody_need_ask(snapshot, check),
        *tasks.ask(snapshot, world, task, TaskKind.TIME_PASSED, role, not_for=check.recorder),
    )


# Opening


def _opened(
    snapshot: CaseSnapshot,
    recorder: Actor,
    number: int,
    referrals: list[Referral],
    consents_before: tuple[WithdrawnConsent, ...],
    world: World,
) -> tuple[Change, ...]:
    asks = referrals[0].organisation
    check = WithdrawalCheck(
        number=number,
        purpose=_SUPPORT,
        recorder=recorder.who,
        asks=asks,
        referrals=tuple(r.number for r in referrals),
        consents=consents_before,
        opened_at=world.at,
        line_until=world.at + LINE_FOR,
    )
    of_the_service = recorder.organisation == asks
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
            not_for=recorder.who,
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


def _doubt(snapshot: CaseSnapshot, check: WithdrawalCheck, command: AnswerCheck) -> Refused | None:
    """Why her answer is not known yet."""
    was_hers = command.answer is CheckAnswer.IT_WAS_HER
    if was_hers and command.actor.organisation == check.asks and not _is_of(check.recorder, check):
        return None
    contact = snapshot.contact(command.contact) if command.contact is not None else None
    if contact is None or not _was_asked_in(snapshot, check, contact, command.actor):
        return refused(
            "not_heard",
            "Her answer is taken of a contact on record: name it (`--contact`). Your "
            "organisation made it by voice or in person, after the withdrawal and as her plan "
            "allows, and whoever recorded the withdrawal neither began nor ended it; in it she "
            "spoke, through no relative or friend, and gave her safe word if one was agreed.",
        )
    if was_hers:
        return None
    return asked_freely.unsaid(command.asked) or asked_freely.objection(command.asked)


def _is_of(who: str, check: WithdrawalCheck) -> bool:
    """Whether somebody is of the service that is asked."""
    return who.startswith(f"{check.asks}:")


def _was_asked_in(
    snapshot: CaseSnapshot, check: WithdrawalCheck, contact: Contact, actor: Actor
) -> bool:
    """Whether she can have said so in it: to this organisation, and not to the recorder."""
    is_theirs = contact.organisation == actor.organisation
    is_by_others = is_heard_by_others(contact, check.recorder)
    is_since = began_since(contact, check.opened_at)
    return is_theirs and is_by_others and is_since and was_she(snapshot, contact)


def _nobody_need_ask(snapshot: CaseSnapshot, check: WithdrawalCheck) -> tuple[Change, ...]:
    """The task to ask her is done, and no contact waits to be made for it."""
    waiting = (
        contact
        for contact in snapshot.contacts
        if contact.purpose is ContactPurpose.WITHDRAWAL_CHECK
        and contact.organisation == check.asks
        and contact.referral in check.referrals
    )
    return (*tasks.done(snapshot, _task(check.number)), *called_off(snapshot, waiting))


def _too_late(
    snapshot: CaseSnapshot, check: WithdrawalCheck, world: World, *, was_hers: bool
) -> Refused:
    """Nothing is put back any more. That it was not her is reported all the same."""
    known = was_hers or check.state is CheckState.IT_WAS_NOT_HER
    alerts = () if known else undoing.reported(snapshot, check, world)
    way_on = "`consent ask` asks her for a new yes."
    if check.state in _ANSWERED:
        over = refused("answered_already", f"Her answer is on record: {way_on}")
    else:
        over = refused("check_over", f"The 72 hours are over: {way_on}")
    return over.model_copy(update={"alerts": alerts})


def _unknown() -> Refused:
    return refused("unknown_check", "Your organisation has no such question to her.")


def _task(number: int) -> str:
    return f"withdrawal-check/{number}"
