"""A referral from the sender's side: who is asked, in her order, and what follows an end."""

from collections.abc import Iterator

from rules import consents, duties, tasks
from rules.referral_states import ENDED_WITHOUT_HELP, OVER, move
from rules.sending import is_open, referral_task
from rules.withdrawals import stop
from rules.world import World
from schemas.actor import SYSTEM, Actor, Role
from schemas.changes import (
    Change,
    DispatchRecorded,
    NeedRecorded,
    ReferralRecorded,
    TaskRecorded,
)
from schemas.clockwork_steps import (
    ExpireReferral,
    RouteOnward,
)
from schemas.consent import ConsentState
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import (
    Clock,
    Need,
    NeedState,
    Reason,
    Referral,
    ReferralEvent,
    ReferralState,
)
from schemas.referral_commands import (
    AnswerInfo,
    CorrectReferral,
    RecallReferral,
    ReopenReferral,
    RequestReferral,
    SetPriority,
)
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    NoticeTemplate,
    Task,
    TaskKind,
)


def request(snapshot: CaseSnapshot, command: RequestReferral, world: World) -> Decision:
    """Open a referral to her first choice. Without consent it waits; it is never sent."""
    need = snapshot.need(command.need)
    if need is None:
        return refused("unknown_need", f"The case has no need {command.need}: use `need add`.")
    if any(r.need == need.number and r.state not in OVER for r in snapshot.referrals):
        return refused(
            "already_referred", f"Need {need.number} is with a service already: recall that first."
        )
    unusable = [code for code in command.choices if not is_open(snapshot, code)]
    if unusable:
        return refused(
            "unknown_service",
            f"Not in the directory, or closed: {', '.join(unusable)}. See `directory list`.",
        )
    unwanted = [code for code in command.choices if not _may_be_asked(snapshot, code, world)]
    if unwanted:
        return refused(
            "she_said_no",
            f"She said no to: {', '.join(unwanted)}. Use `consent ask` first if she thinks again.",
        )
    if len(set(command.choices)) != len(command.choices):
        return refused("repeated_choice", "A service is named twice; name each once.")
    first, rest = command.choices[0], command.choices[1:]
    created = _create(snapshot, need, first, rest, world, command.actor)
    solved = tasks.done(snapshot, f"unmet/{need.number}")
    reopened = NeedRecorded(need=need.model_copy(update={"state": NeedState.OPEN}))
    number = _next_number(snapshot)
    return Changed(
        changes=(reopened, *solved, *created),
        detail={"referral": number, "service": first, "need": need.number},
    )


def recall(snapshot: CaseSnapshot, command: RecallReferral, world: World) -> Decision:
    """The sender takes it back; what is queued stays, and the service is told."""
    referral = snapshot.referral(command.referral)
    if referral is None:
        return refused("unknown_referral", f"The case has no referral {command.referral}.")
    if command.expected_version not in (None, referral.version):
        return refused(
            "stale", f"Referral {referral.number} has changed since: look again, then recall."
        )
    if command.reason is Reason.CONSENT_WITHDRAWN:
        return refused("not_a_recall", "If she took her consent back, use `consent withdraw`.")
    moved = move(referral, ReferralEvent.RECALL, command.actor.role, command.reason)
    if isinstance(moved, Refused):
        return moved
    return Changed(
        changes=stop(
            snapshot,
            referral,
            ReferralEvent.RECALL,
            command.actor.role,
            command.reason,
            world.at,
        ),
        detail={"referral": referral.number, "reason": command.reason},
    )


def expire(snapshot: CaseSnapshot, step: ExpireReferral, world: World) -> Decision:
    """Nobody answered in time. If somebody had read it, a person decides what to do."""
    referral = snapshot.referral(step.referral)
    if referral is None:
        return refused("overtaken", "There is no such referral.")
    if referral.state is ReferralState.OPENED:
        task = referral_task("unanswered", TaskKind.UNANSWERED, referral, world)
        return Changed(changes=(task,), detail={"referral": referral.number})
    moved = move(referral, ReferralEvent.EXPIRE, SYSTEM.role, Reason.NO_ANSWER)
    if isinstance(moved, Refused):
        return moved
    return Changed(
        changes=(
            ReferralRecorded(referral=moved.model_copy(update={"clock": Clock.STOPPED})),
            *duties.void_of_referral(snapshot, referral.number, world.at),
        ),
        detail={"referral": referral.number, "state": moved.state},
    )


def route_onward(snapshot: CaseSnapshot, step: RouteOnward, world: World) -> Decision:
    """Ask the next service she chose; where none is left, say so to a person."""
    referral = snapshot.referral(step.referral)
    if referral is None or referral.state not in ENDED_WITHOUT_HELP or referral.was_followed:
        return refused("overtaken", "What follows is arranged already.")
    need = snapshot.need(referral.need)
    followed = ReferralRecorded(referral=referral.model_copy(update={"was_followed": True}))
    if need is not None and _was_taken_up(snapshot, referral, need):
        return Changed(changes=(followed,), detail={"referral": referral.number, "next": None})
    choices = [code for code in referral.next_choices if _may_be_asked(snapshot, code, world)]
    if need is None or not choices:
        return Changed(
            changes=(followed, *_unmet(snapshot, referral, need, world)),
            detail={"referral": referral.number, "next": None},
        )
    created = _create(
        snapshot, need, choices[0], tuple(choices[1:]), world, step.actor, follows=referral.number
    )
    return Changed(
        changes=(followed, *created),
        detail={"referral": referral.number, "next": choices[0]},
    )


def _create(
    snapshot: CaseSnapshot,
    need: Need,
    service: str,
    rest: tuple[str, ...],
    world: World,
    actor: Actor,
    follows: int | None = None,
) -> Iterator[Change]:
    listed = snapshot.service(service)
    state = consents.state_for(snapshot, service, world.at)
    draft = Referral(
        number=_next_number(snapshot),
        need=need.number,
        service=service,
        organisation=listed.organisation if listed else "",
        state=ReferralState.DRAFT,
        consent=state,
        priority=need.priority,
        next_choices=rest,
        follows=follows,
    )
    submitted = move(draft, ReferralEvent.SUBMIT, actor.role)
    if isinstance(submitted, Refused):
        return
    yield ReferralRecorded(referral=submitted)
    if state is not ConsentState.GIVEN:
        yield referral_task("consent", TaskKind.CONSENT_MISSING, submitted, world)


def _unmet(
    snapshot: CaseSnapshot, referral: Referral, need: Need | None, world: World
) -> Iterator[Change]:
    if need is not None:
        yield NeedRecorded(need=need.model_copy(update={"state": NeedState.UNMET}))
    yield TaskRecorded(
        task=Task(
            id=f"unmet/{referral.need}",
            kind=TaskKind.UNMET_NEED,
            for_role=Role.SAFEGUARDING_SUPERVISOR,
            referral=referral.number,
            raised_at=world.at,
        )
    )
    yield DispatchRecorded(
        dispatch=Dispatch(
            key=f"unmet/{referral.need}/{referral.number}",
            kind=DispatchKind.NOTICE,
            to_organisation=snapshot.case.owner,
            template=NoticeTemplate.ESCALATION,
        )
    )


def _next_number(snapshot: CaseSnapshot) -> int:
    return max((r.number for r in snapshot.referrals), default=0) + 1


def _may_be_asked(snapshot: CaseSnapshot, code: str, world: World) -> bool:
    said_no = (ConsentState.REFUSED, ConsentState.WITHDRAWN)
    return is_open(snapshot, code) and consents.state_for(snapshot, code, world.at) not in said_no


def _was_taken_up(snapshot: CaseSnapshot, ended: Referral, need: Need) -> bool:
    """Whether a person has gone on with the need since: then nothing follows by itself."""
    later = (r for r in snapshot.referrals if r.need == need.number and r.number > ended.number)
    return need.state is NeedState.MET or any(later)


def reopen(snapshot: CaseSnapshot, command: ReopenReferral, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def set_priority(snapshot: CaseSnapshot, command: SetPriority, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def answer_info(snapshot: CaseSnapshot, command: AnswerInfo, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError


def correct(snapshot: CaseSnapshot, command: CorrectReferral, world: World) -> Decision:
    """Stub."""
    raise NotImplementedError
