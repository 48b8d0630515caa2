"""A referral from the sender's side: who is asked, in her order, and what follows an end."""

from collections.abc import Iterator
from datetime import datetime

from rules import alarms, consents, duties, tasks
from rules.referral_states import ENDED_WITHOUT_HELP, OVER, move
from rules.sending import is_open
from rules.world import World
from schemas.actor import SYSTEM, Actor, Role
from schemas.changes import (
    Change,
    NeedRecorded,
    ReferralRecorded,
)
from schemas.clockwork_steps import (
    ExpireReferral,
    RouteOnward,
)
from schemas.consent import ConsentState
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import (
    REASON_GROUPS,
    Clock,
    Need,
    NeedState,
    Reason,
    ReasonGroup,
    Referral,
    ReferralEvent,
    ReferralState,
)
from schemas.referral_commands import (
    ReopenReferral,
    RequestReferral,
)
from schemas.snapshot import (
    CaseSnapshot,
    NoticeTemplate,
    TaskKind,
)

NEEDED_NO_MORE = frozenset({Reason.NO_LONGER_WANTED, Reason.NEEDS_MET_ELSEWHERE, Reason.DECEASED})
"""What a service says of her after which nobody looks for another."""


def request(snapshot: CaseSnapshot, command: RequestReferral, world: World) -> Decision:
    """Open a referral to her first choice. Without consent it waits; it is never sent."""
    need = snapshot.need(command.need)
    if need is None:
        return refused("unknown_need", f"The case has no need {command.need}: use `need add`.")
    objection = (
        _is_taken(snapshot, need)
        or _no_choice(snapshot, command.choices, world)
        or _no_offer(snapshot, command)
    )
    if objection:
        return objection
    first, rest = command.choices[0], command.choices[1:]
    chosen = {"next_choices": rest, "offered": command.offered, "chosen_by": command.chosen_by}
    draft = _draft(snapshot, need, first, world).model_copy(update=chosen)
    return Changed(
        changes=(*_taken_up(snapshot, need), *_submitted(snapshot, draft, world, command.actor)),
        detail={"referral": draft.number, "service": first, "need": need.number},
    )


def reopen(snapshot: CaseSnapshot, command: ReopenReferral, world: World) -> Decision:
    """Ask the service of a referral that is over again, by a new one that stands for it.

    What is over stays over. The new referral waits for consent as every other does: where she took
    hers back, or said no, she is asked first.
    """
    over = snapshot.referral(command.referral)
    need = snapshot.need(over.need) if over else None
    if over is None or need is None:
        return refused("unknown_referral", f"The case has no referral {command.referral}.")
    objection = (
        _cannot_be_replaced(snapshot, over)
        or _is_taken(snapshot, need)
        or _no_choice(snapshot, (over.service,), world)
    )
    if objection:
        return objection
    draft = _draft(snapshot, need, over.service, world)
    draft = draft.model_copy(update=_same_again(snapshot, over) | {"replaces": over.number})
    return Changed(
        changes=(
            ReferralRecorded(referral=over.model_copy(update={"was_followed": True})),
            *tasks.done(snapshot, tasks.id_about(TaskKind.UNDELIVERABLE, over.number)),
            *_taken_up(snapshot, need),
            *_submitted(snapshot, draft, world, command.actor),
        ),
        detail={"referral": draft.number, "service": over.service, "replaces": over.number},
    )


def expire(snapshot: CaseSnapshot, step: ExpireReferral, world: World) -> Decision:
    """Nobody answered in time. If somebody had read it, a person decides what to do."""
    referral = snapshot.referral(step.referral)
    if referral is None:
        return refused("overtaken", "There is no such referral.")
    moved = move(referral, ReferralEvent.EXPIRE, SYSTEM.role, Reason.NO_ANSWER)
    if isinstance(moved, Refused) and referral.state is not ReferralState.OPENED:
        return moved
    since = _silent_since(snapshot, referral, world.at)
    if since is None:
        return refused("overtaken", "The service still has time to answer.")
    if isinstance(moved, Refused):
        if alarms.is_told_of_silence(snapshot, referral.number, since):
            return refused("overtaken", "Somebody was told already that it is not answered.")
        asked = tasks.ask_about(snapshot, world, TaskKind.UNANSWERED, referral.number)
        return Changed(changes=asked, detail={"referral": referral.number})
    return Changed(
        changes=(
            ReferralRecorded(referral=moved.model_copy(update={"clock": Clock.STOPPED})),
            *duties.void_of_referral(snapshot, referral.number, world.at),
        ),
        detail={"referral": referral.number, "state": moved.state},
    )


def _silent_since(snapshot: CaseSnapshot, referral: Referral, at: datetime) -> datetime | None:
    """When the time passed after which no answer is an answer. A pause holds it up."""
    mine = (alarms.lapses_at(d) for d in snapshot.deadlines if d.referral == referral.number)
    return max((lapse_at for lapse_at in mine if lapse_at and lapse_at <= at), default=None)


def route_onward(snapshot: CaseSnapshot, step: RouteOnward, world: World) -> Decision:
    """Ask the next service she chose; where none is left, say so to a person.

    Nothing goes on by itself where the service's no was about her, such as that she wants no help
    or that it is not safe: a person finds out first what she wants.
    """
    referral = snapshot.referral(step.referral)
    if referral is None or referral.state not in ENDED_WITHOUT_HELP or referral.was_followed:
        return refused("overtaken", "What follows is arranged already.")
    need = snapshot.need(referral.need)
    followed = ReferralRecorded(referral=referral.model_copy(update={"was_followed": True}))
    if referral.reason is not None and REASON_GROUPS[referral.reason] is ReasonGroup.PERSON:
        return Changed(
            changes=(followed, *_ask_her_first(snapshot, referral, referral.reason, world)),
            detail={"referral": referral.number, "next": None},
        )
    if need is not None and _was_taken_up(snapshot, referral, need):
        return Changed(changes=(followed,), detail={"referral": referral.number, "next": None})
    choices = [code for code in referral.next_choices if _may_be_asked(snapshot, code, world)]
    if need is None or not choices:
        return Changed(
            changes=(followed, *left_unmet(snapshot, referral, world)),
            detail={"referral": referral.number, "next": None},
        )
    left = {"next_choices": tuple(choices[1:]), "follows": referral.number}
    draft = _draft(snapshot, need, choices[0], world)
    draft = draft.model_copy(update=_same_again(snapshot, referral) | left)
    return Changed(
        changes=(followed, *_submitted(snapshot, draft, world, step.actor)),
        detail={"referral": referral.number, "next": choices[0]},
    )


def _ask_her_first(
    snapshot: CaseSnapshot, referral: Referral, reason: Reason, world: World
) -> tuple[Change, ...]:
    """A caseworker looks; where she may still need help the need is unmet, for a supervisor too."""
    task, kind = f"said-of-her/{referral.number}", TaskKind.REVIEW_CASE
    return (
        *tasks.ask(snapshot, world, task, kind, Role.CASEWORKER),
        *(() if reason in NEEDED_NO_MORE else left_unmet(snapshot, referral, world)),
    )


def left_unmet(snapshot: CaseSnapshot, referral: Referral, world: World) -> tuple[Change, ...]:
    """Nobody meets the need any more: what now is for a supervisor to see to, and never silent."""
    need = snapshot.need(referral.need)
    unmet = {"state": NeedState.UNMET}
    return (
        *((NeedRecorded(need=need.model_copy(update=unmet)),) if need else ()),
        *tasks.ask(
            snapshot,
            world,
            _unmet_task_id(referral.need),
            TaskKind.UNMET_NEED,
            Role.SAFEGUARDING_SUPERVISOR,
            referral=referral.number,
            template=NoticeTemplate.ESCALATION,
        ),
    )


def _unmet_task_id(need: int) -> str:
    return f"unmet/{need}"


def _draft(snapshot: CaseSnapshot, need: Need, service: str, world: World) -> Referral:
    listed = snapshot.service(service)
    return Referral(
        number=max((r.number for r in snapshot.referrals), default=0) + 1,
        need=need.number,
        service=service,
        organisation=listed.organisation if listed else "",
        state=ReferralState.DRAFT,
        consent=consents.state_for(snapshot, service, world.at),
        priority=need.priority,
    )


def _same_again(snapshot: CaseSnapshot, before: Referral) -> dict[str, object]:
    """What a referral takes over from the one before it: how it was chosen, and who is left."""
    asked = {r.service for r in snapshot.referrals if r.need == before.need}
    return {
        "priority": before.priority,
        "offered": before.offered,
        "chosen_by": before.chosen_by,
        "next_choices": tuple(code for code in before.next_choices if code not in asked),
    }


def _submitted(
    snapshot: CaseSnapshot, draft: Referral, world: World, actor: Actor
) -> Iterator[Change]:
    submitted = move(draft, ReferralEvent.SUBMIT, actor.role)
    if isinstance(submitted, Refused):
        return
    yield ReferralRecorded(referral=submitted)
    if draft.consent is not ConsentState.GIVEN:
        yield from tasks.ask_about(snapshot, world, TaskKind.CONSENT_MISSING, submitted.number)


def _taken_up(snapshot: CaseSnapshot, need: Need) -> tuple[Change, ...]:
    """The need is open once more, and nobody has to look after it besides."""
    is_open_again = NeedRecorded(need=need.model_copy(update={"state": NeedState.OPEN}))
    return (is_open_again, *tasks.done(snapshot, _unmet_task_id(need.number)))


def _is_taken(snapshot: CaseSnapshot, need: Need) -> Refused | None:
    if any(r.need == need.number and r.state not in OVER for r in snapshot.referrals):
        return refused(
            "already_referred", f"Need {need.number} is with a service already: recall that first."
        )
    return None


def _no_choice(snapshot: CaseSnapshot, choices: tuple[str, ...], world: World) -> Refused | None:
    unusable = [code for code in choices if not is_open(snapshot, code)]
    if unusable:
        return refused(
            "unknown_service",
            f"Not in the directory, or closed: {', '.join(unusable)}. See `directory list`.",
        )
    unwanted = [code for code in choices if not _may_be_asked(snapshot, code, world)]
    if unwanted:
        return refused(
            "she_said_no",
            f"She said no to: {', '.join(unwanted)}. Use `consent ask` first if she thinks again.",
        )
    if len(set(choices)) != len(choices):
        return refused("repeated_choice", "A service is named twice; name each once.")
    return None


def _no_offer(snapshot: CaseSnapshot, command: RequestReferral) -> Refused | None:
    """Where an offer is said, it can have been one. What is closed may be in it: she was told."""
    unknown = [code for code in command.offered if snapshot.service(code) is None]
    if unknown:
        return refused(
            "unknown_service",
            f"Offered, but not in the directory: {', '.join(unknown)}. See `directory list`.",
        )
    beyond = [code for code in command.choices if code not in command.offered]
    if command.offered and beyond:
        return refused(
            "not_offered",
            f"Chosen, but not among what she was offered: {', '.join(beyond)}. Name all of that.",
        )
    return None


def _cannot_be_replaced(snapshot: CaseSnapshot, over: Referral) -> Refused | None:
    if over.state not in OVER:
        return refused(
            "not_over",
            f"Referral {over.number} is {over.state}: what is open is not opened again.",
        )
    if over.state is ReferralState.ENTERED_IN_ERROR:
        return refused(
            "entered_in_error",
            f"Referral {over.number} should never have been: use `referral request`.",
        )
    later = next((r.number for r in snapshot.referrals if r.replaces == over.number), None)
    if later is not None:
        return refused("replaced_already", f"Referral {later} stands for it already.")
    return None


def _may_be_asked(snapshot: CaseSnapshot, code: str, world: World) -> bool:
    said_no = (ConsentState.REFUSED, ConsentState.WITHDRAWN)
    return is_open(snapshot, code) and consents.state_for(snapshot, code, world.at) not in said_no


def _was_taken_up(snapshot: CaseSnapshot, ended: Referral, need: Need) -> bool:
    """Whether a person has gone on with the need since: then nothing follows by itself."""
    later = (r for r in snapshot.referrals if r.need == need.number and r.number > ended.number)
    return need.state is NeedState.MET or any(later)
