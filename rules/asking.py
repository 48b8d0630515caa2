"""What she is asked, and what she answers: yes, no, not yet, or that she cannot decide it now.

A yes counts only if she was free to give it; one that was not is no yes, and a supervisor hears
of it. While a yes holds she may be asked for more: it stands meanwhile, and whatever she answers
to that, other than yes, leaves it as it was. To take it back is to withdraw it.
"""

from datetime import datetime

from rules import asked_freely, consents, duties, tasks
from rules.consents import Says
from rules.world import World
from schemas.actor import Role
from schemas.case import PersonalField
from schemas.changes import Change
from schemas.consent import (
    COMPETENT_AUTHORITY,
    MARAC_CONFERENCE,
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
)
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.snapshot import CaseSnapshot, TaskKind

_RECIPIENTS = {Purpose.MARAC: MARAC_CONFERENCE, Purpose.NRM: COMPETENT_AUTHORITY}
"""Purposes that have one recipient, which is no service of the directory."""


def ask(snapshot: CaseSnapshot, command: AskConsent, world: World) -> Decision:
    """Record that she was asked, for exactly these fields. A yes that holds stands meanwhile."""
    objection = (
        _not_safe_yet(snapshot)
        or _wrong_recipient(snapshot, command)
        or _no_fields(command.fields)
        or _given_already(snapshot, command, world)
        or asked_freely.unsaid(command.asked)
    )
    if objection:
        return objection
    not_free = asked_freely.objection(command.asked)
    if not_free:
        return _alerted(snapshot, command, not_free, world)
    return Changed(
        changes=(
            *consents.undecided(
                snapshot, command, ConsentState.ASKED, world, command.fields, command.asked
            ),
            *_nobody_need_ask(snapshot, command),
        ),
        detail=_detail(command, command.fields),
    )


def give(snapshot: CaseSnapshot, command: GiveConsent, world: World) -> Decision:
    """Record her yes: only after asking, freely given, and for no field she was not asked about.

    It stands in place of every yes before it, but for what she was not asked about again: that
    stands as it did, and for no longer.
    """
    question = consents.held(snapshot, command)
    if question is None or not consents.open_question(question):
        return refused(
            "not_asked", f"Nobody asked her about {command.recipient} yet: use `consent ask` first."
        )
    since = command.occurred_at or world.at
    asked = command.asked or question.asked
    objection = (
        _no_fields(command.fields)
        or _beyond(command, question)
        or _before_asking(since, question)
        or _spoilt(snapshot, command)
        or asked_freely.unsaid(asked)
    )
    if objection:
        return objection
    not_free = asked_freely.objection(asked)
    if not_free:
        return _alerted(snapshot, command, not_free, world)
    return Changed(
        changes=(
            *consents.given(snapshot, command, asked, world),
            *_nobody_need_ask(snapshot, command),
            *(_for_support(snapshot, command, since, world) if _is_support(command) else ()),
        ),
        detail=_detail(command, command.fields),
    )


def refuse(snapshot: CaseSnapshot, command: RefuseConsent, world: World) -> Decision:
    """Record her no. A yes already given is taken back by withdrawing it."""
    return (
        _wrong_recipient(snapshot, command)
        or _said_yes(snapshot, command, world)
        or Changed(
            changes=(
                *consents.undecided(snapshot, command, ConsentState.REFUSED, world),
                *_nobody_need_ask(snapshot, command),
            ),
            detail=_detail(command),
        )
    )


def reflect(snapshot: CaseSnapshot, command: ReflectConsent, world: World) -> Decision:
    """She wants time: that is no yes, and nobody presses her. A person asks when she said.

    How she was asked is not kept with it: her answer comes in another talk, and says it anew.
    """
    question = consents.held(snapshot, command)
    fields = consents.open_question(question)
    if question is None or not fields:
        return refused("not_asked", "No question to her is open: use `consent ask` first.")
    again = command.ask_again_at
    if again is not None and again <= world.at:
        return refused("in_the_past", "A time to ask again lies in the future.")
    state, task = ConsentState.REFLECTING, _task("ask-again", command)
    return Changed(
        changes=(
            *consents.undecided(snapshot, command, state, world, fields, again=again),
            *tasks.ask(snapshot, world, task, TaskKind.ASK_AGAIN, Role.CASEWORKER),
        ),
        detail=_detail(command) | {"ask_again": f"{again:%Y-%m-%d %H:%M}" if again else None},
    )


def mark_not_capable(snapshot: CaseSnapshot, command: MarkNotCapable, world: World) -> Decision:
    """She cannot decide this now: nothing is shared, and a supervisor looks after her interests."""
    kind, role = TaskKind.BEST_INTERESTS, Role.SAFEGUARDING_SUPERVISOR
    return (
        _wrong_recipient(snapshot, command)
        or _said_yes(snapshot, command, world)
        or Changed(
            changes=(
                *consents.undecided(snapshot, command, ConsentState.NOT_CAPABLE, world),
                *tasks.ask(snapshot, world, _task("best-interests", command), kind, role),
            ),
            detail=_detail(command),
        )
    )


# What follows from it


def _for_support(
    snapshot: CaseSnapshot, command: GiveConsent, since: datetime, world: World
) -> tuple[Change, ...]:
    """What a yes to a service sets going: the duty to refer, and referrals that waited for it."""
    waiting = consents.waiting_for(snapshot, command.recipient)
    return (
        *duties.start(snapshot, world, duties.SUPPORT_REFERRAL, since),
        *tasks.done(
            snapshot, *(tasks.id_about(TaskKind.CONSENT_MISSING, r.number) for r in waiting)
        ),
        *(consents.with_consent(r, ConsentState.GIVEN) for r in waiting),
    )


def _nobody_need_ask(snapshot: CaseSnapshot, command: Says) -> tuple[Change, ...]:
    """Who was to ask her, again or anew, has nothing left to do."""
    asks = (_task(what, command) for what in ("ask-again", "renew"))
    return tasks.done(snapshot, *asks)


def _alerted(snapshot: CaseSnapshot, command: Says, not_free: Refused, world: World) -> Refused:
    """No yes is taken that she was not free to give, and a supervisor hears that it was tried."""
    alerts = tasks.ask(
        snapshot,
        world,
        _defective(snapshot, command),
        TaskKind.DEFECTIVE_CONSENT,
        Role.SAFEGUARDING_SUPERVISOR,
        not_for=command.actor.who,
    )
    return not_free.model_copy(update={"alerts": alerts})


def _detail(command: Says, fields: tuple[PersonalField, ...] = ()) -> dict[str, str | int | None]:
    purpose = None if _is_support(command) else command.purpose
    named = ",".join(consents.in_order(fields))
    return {"recipient": command.recipient, "fields": named, "purpose": purpose}


# What speaks against it


def _not_safe_yet(snapshot: CaseSnapshot) -> Refused | None:
    if snapshot.case.safety_confirmed:
        return None
    return refused(
        "safety_first", "The safety check is not confirmed yet: use `case safety` first."
    )


def _wrong_recipient(snapshot: CaseSnapshot, command: Says) -> Refused | None:
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
        "The directory has no such service: see `directory list`.",
    )


def _no_fields(fields: tuple[PersonalField, ...]) -> Refused | None:
    return None if fields else refused("no_fields", "Name at least one field she is asked about.")


def _given_already(snapshot: CaseSnapshot, command: AskConsent, world: World) -> Refused | None:
    """A yes that holds is asked for again when the time for that has come, and not before."""
    yes = consents.standing(snapshot, command, world)
    if yes is None or not set(command.fields) <= set(yes.fields):
        return None
    if consents.may_be_renewed(snapshot, yes, world.at):
        return None
    return refused("already_given", f"Consent for {command.recipient} is already given.")


def _said_yes(
    snapshot: CaseSnapshot, command: RefuseConsent | MarkNotCapable, world: World
) -> Refused | None:
    """What she agreed to is taken back by withdrawing: a no here would stop nothing of it.

    So it is too where she is asked whether she still agrees. A no to more is no such thing.
    """
    yes = consents.standing(snapshot, command, world)
    if yes is None or set(yes.also_asked) - set(yes.fields):
        return None
    return refused("already_given", "She had said yes: use `consent withdraw`.")


def _beyond(command: GiveConsent, question: Consent) -> Refused | None:
    beyond = consents.in_order(set(command.fields) - set(consents.open_question(question)))
    if not beyond:
        return None
    return refused("beyond_asked", f"She was not asked about: {', '.join(beyond)}.")


def _before_asking(since: datetime, question: Consent) -> Refused | None:
    if since >= question.occurred_at:
        return None
    return refused("before_asking", "She cannot have said yes before she was asked.")


def _spoilt(snapshot: CaseSnapshot, command: GiveConsent) -> Refused | None:
    """A yes that was not free is not told again as one that was: she is asked anew."""
    if snapshot.task(_defective(snapshot, command)) is None:
        return None
    return refused(
        "ask_anew",
        "Her answer to this question was not free: use `consent ask` at a safe time, alone.",
    )


# What it is about


def _is_support(command: Says) -> bool:
    return command.purpose is Purpose.SUPPORT_REFERRAL


def _task(what: str, command: Says) -> str:
    return consents.about(what, command.purpose, command.recipient)


def _defective(snapshot: CaseSnapshot, command: Says) -> str:
    """The task about a yes that was not free: one for each question."""
    held = consents.held(snapshot, command)
    return f"{_task('defective', command)}/{held.epoch if held else 0}"
