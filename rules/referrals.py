"""A referral from request to answer: who is asked, what is sent, what follows an end."""

from collections.abc import Iterator

from rules import consents, duties
from rules.referral_states import ENDED_WITHOUT_HELP, OVER, move
from rules.world import World
from schemas.actor import SYSTEM, Actor, Role
from schemas.commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    Deliver,
    EngageReferral,
    ExpireReferral,
    FailDelivery,
    OpenReferral,
    QueueDelivery,
    RecallReferral,
    RequestReferral,
    RouteOnward,
    SendNotice,
    SendStop,
)
from schemas.consent import ConsentState, Purpose
from schemas.decisions import (
    Change,
    Changed,
    Decision,
    DispatchRecorded,
    NeedRecorded,
    PacketPlaced,
    ReferralRecorded,
    Refused,
    StopPlaced,
    TaskRecorded,
    refused,
)
from schemas.directory import ServiceStatus
from schemas.referral import (
    Clock,
    Delivery,
    Need,
    NeedState,
    Reason,
    Referral,
    ReferralEvent,
    ReferralState,
)
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    DispatchState,
    NoticeTemplate,
    Task,
    TaskKind,
)

Answer = OpenReferral | AcceptReferral | DeclineReferral | EngageReferral | CompleteReferral

_EVENTS = {
    OpenReferral: ReferralEvent.OPEN,
    AcceptReferral: ReferralEvent.ACCEPT,
    DeclineReferral: ReferralEvent.DECLINE,
    EngageReferral: ReferralEvent.ENGAGE,
    CompleteReferral: ReferralEvent.COMPLETE,
}


def packet_key(referral: int, epoch: int) -> str:
    """The outbox key of a referral's packet under one epoch of consent."""
    return f"packet/{referral}/{epoch}"


def is_with(referral: Referral, organisation: str) -> bool:
    """Whether it reached that organisation: until then it is as if there were none."""
    return referral.organisation == organisation and referral.delivery is Delivery.ACKED


def request(snapshot: CaseSnapshot, command: RequestReferral, world: World) -> Decision:
    """Open a referral to her first choice. Without consent it waits; it is never sent."""
    need = snapshot.need(command.need)
    if need is None:
        return refused("unknown_need", f"The case has no need {command.need}: use `need add`.")
    if any(r.need == need.number and r.state not in OVER for r in snapshot.referrals):
        return refused(
            "already_referred", f"Need {need.number} is with a service already: recall that first."
        )
    unusable = [code for code in command.choices if not _is_open(snapshot, code)]
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
    solved = duties.done(snapshot, f"unmet/{need.number}")
    reopened = NeedRecorded(need=need.model_copy(update={"state": NeedState.OPEN}))
    number = _next_number(snapshot)
    return Changed(
        changes=(reopened, *solved, *created),
        detail={"referral": number, "service": first, "need": need.number},
    )


def queue(snapshot: CaseSnapshot, step: QueueDelivery, world: World) -> Decision:
    """Put the packet into the outbox, if her consent is valid now."""
    referral = snapshot.referral(step.referral)
    if referral is None or referral.state is not ReferralState.WAITING:
        return refused("overtaken", "The referral is no longer waiting.")
    if referral.delivery is Delivery.QUEUED:
        return refused("overtaken", "The packet is queued already.")
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, referral.service)
    if consent is None or not consents.is_valid(consent, world.at):
        return refused("no_consent", "There is no valid consent for this service.")
    queued = referral.model_copy(
        update={"delivery": Delivery.QUEUED, "consent": ConsentState.GIVEN}
    )
    packet = Dispatch(
        key=packet_key(referral.number, consent.epoch),
        kind=DispatchKind.PACKET,
        referral=referral.number,
        to_organisation=referral.organisation,
    )
    return Changed(
        changes=(ReferralRecorded(referral=queued), DispatchRecorded(dispatch=packet)),
        detail={"referral": referral.number},
    )


def deliver(snapshot: CaseSnapshot, step: Deliver, world: World) -> Decision:
    """Send the packet, if at this very moment it is still queued and consented to."""
    referral = snapshot.referral(step.referral)
    dispatch = _queued(snapshot, step.key, DispatchKind.PACKET, step.referral)
    if referral is None or dispatch is None or referral.state is not ReferralState.WAITING:
        return refused("overtaken", "The packet is no longer queued.")
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, referral.service)
    if consent is None or not consents.is_valid(consent, world.at):
        return _unqueued(snapshot, referral, dispatch, world)
    if not _is_open(snapshot, referral.service):
        return refused("service_closed", "The service is closed or no longer in the directory.")
    sent = move(referral, ReferralEvent.SEND, SYSTEM.role)
    received = (
        sent if isinstance(sent, Refused) else move(sent, ReferralEvent.ACKNOWLEDGE, SYSTEM.role)
    )
    if isinstance(received, Refused):
        return received
    received = received.model_copy(update={"delivery": Delivery.ACKED, "clock": Clock.RUNNING})
    return Changed(
        changes=(
            PacketPlaced(
                key=step.key,
                referral=referral.number,
                service=referral.service,
                organisation=referral.organisation,
                fields=consent.fields,
                consent_epoch=consent.epoch,
            ),
            DispatchRecorded(dispatch=_settled(dispatch)),
            DispatchRecorded(dispatch=_inbox_notice(referral)),
            ReferralRecorded(referral=received),
            *duties.meet(snapshot, duties.SUPPORT_REFERRAL, world.at),
            *duties.start(snapshot, world, duties.ACKNOWLEDGE, world.at, referral.number),
        ),
        detail={
            "referral": referral.number,
            "service": referral.service,
            "fields": ",".join(consent.fields),
        },
    )


def fail_delivery(snapshot: CaseSnapshot, step: FailDelivery, world: World) -> Decision:
    """Give up delivering, aloud: a task for a person, and the next choice is asked."""
    referral = snapshot.referral(step.referral)
    if referral is None:
        return refused("overtaken", "There is no such referral.")
    moved = move(referral, ReferralEvent.FAIL_DELIVERY, SYSTEM.role, Reason.UNDELIVERABLE)
    if isinstance(moved, Refused):
        return moved
    task = _task("undeliverable", TaskKind.UNDELIVERABLE, referral, world)
    cancelled = (
        DispatchRecorded(dispatch=_cancelled(d))
        for d in snapshot.dispatches
        if d.referral == referral.number and d.kind is DispatchKind.PACKET
    )
    return Changed(
        changes=(
            ReferralRecorded(referral=moved.model_copy(update={"delivery": Delivery.FAILED})),
            task,
            *cancelled,
        ),
        detail={"referral": referral.number},
    )


def answer(snapshot: CaseSnapshot, command: Answer, world: World) -> Decision:
    """What the service says. Whatever it says, it has acknowledged."""
    referral = snapshot.referral(command.referral)
    if referral is None or not is_with(referral, command.actor.organisation):
        return refused("not_yours", "Your organisation has no such referral.")
    if isinstance(command, OpenReferral) and referral.state is not ReferralState.RECEIVED:
        return Changed(changes=(), detail={"referral": referral.number})
    reason = command.reason if isinstance(command, DeclineReferral) else None
    moved = move(referral, _EVENTS[type(command)], command.actor.role, reason)
    if isinstance(moved, Refused):
        return moved
    moved = moved.model_copy(update={"clock": Clock.STOPPED})
    met: tuple[Change, ...] = ()
    if isinstance(command, CompleteReferral):
        moved = moved.model_copy(update={"outcome": command.outcome})
        met = _need_met(snapshot, referral)
    return Changed(
        changes=(
            ReferralRecorded(referral=moved),
            *duties.meet(snapshot, duties.ACKNOWLEDGE, world.at, referral.number),
            *duties.done(snapshot, f"unanswered/{referral.number}"),
            *met,
        ),
        detail={"referral": referral.number, "state": moved.state, "reason": reason},
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
        changes=consents.stop(
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
        task = _task("unanswered", TaskKind.UNANSWERED, referral, world)
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


def send_stop(snapshot: CaseSnapshot, step: SendStop) -> Decision:
    """Place the stop notice in the service's inbox."""
    referral = snapshot.referral(step.referral)
    dispatch = _queued(snapshot, step.key, DispatchKind.STOP, step.referral)
    if referral is None or dispatch is None:
        return refused("overtaken", "The stop notice is not queued.")
    return Changed(
        changes=(
            StopPlaced(
                key=step.key,
                referral=referral.number,
                service=referral.service,
                organisation=referral.organisation,
            ),
            DispatchRecorded(dispatch=_settled(dispatch)),
        ),
        detail={"referral": referral.number, "service": referral.service},
    )


def send_notice(snapshot: CaseSnapshot, step: SendNotice) -> Decision:
    """Record that a content-free notice went out."""
    dispatch = _queued(snapshot, step.key, DispatchKind.NOTICE)
    if dispatch is None:
        return refused("overtaken", "The notice is not queued.")
    return Changed(
        changes=(DispatchRecorded(dispatch=_settled(dispatch)),),
        detail={"notice": dispatch.template, "to": dispatch.to_organisation},
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
        yield _task("consent", TaskKind.CONSENT_MISSING, submitted, world)


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


def _task(what: str, kind: TaskKind, referral: Referral, world: World) -> TaskRecorded:
    """A task about a referral for the caseworker, of which there is one of each kind."""
    return TaskRecorded(
        task=Task(
            id=f"{what}/{referral.number}",
            kind=kind,
            for_role=Role.CASEWORKER,
            referral=referral.number,
            raised_at=world.at,
        )
    )


def _need_met(snapshot: CaseSnapshot, referral: Referral) -> tuple[Change, ...]:
    need = snapshot.need(referral.need)
    if need is None:
        return ()
    return (NeedRecorded(need=need.model_copy(update={"state": NeedState.MET})),)


def _next_number(snapshot: CaseSnapshot) -> int:
    return max((r.number for r in snapshot.referrals), default=0) + 1


def _is_open(snapshot: CaseSnapshot, code: str) -> bool:
    service = snapshot.service(code)
    return service is not None and service.status is ServiceStatus.ACTIVE


def _may_be_asked(snapshot: CaseSnapshot, code: str, world: World) -> bool:
    said_no = (ConsentState.REFUSED, ConsentState.WITHDRAWN)
    return _is_open(snapshot, code) and consents.state_for(snapshot, code, world.at) not in said_no


def _was_taken_up(snapshot: CaseSnapshot, ended: Referral, need: Need) -> bool:
    """Whether a person has gone on with the need since: then nothing follows by itself."""
    later = (r for r in snapshot.referrals if r.need == need.number and r.number > ended.number)
    return need.state is NeedState.MET or any(later)


def _queued(
    snapshot: CaseSnapshot, key: str, kind: DispatchKind, referral: int | None = None
) -> Dispatch | None:
    dispatch = snapshot.dispatch(key)
    if dispatch is None or dispatch.kind is not kind:
        return None
    return dispatch if referral in (None, dispatch.referral) else None


def _unqueued(
    snapshot: CaseSnapshot, referral: Referral, dispatch: Dispatch, world: World
) -> Changed:
    """Consent ended while the packet was queued: it stays here, and waits for a new yes."""
    state = consents.state_for(snapshot, referral.service, world.at)
    waiting = referral.model_copy(
        update={
            "delivery": Delivery.NOT_QUEUED,
            "consent": state,
            "version": referral.version + 1,
        }
    )
    return Changed(
        changes=(
            ReferralRecorded(referral=waiting),
            DispatchRecorded(dispatch=_cancelled(dispatch)),
            _task("consent", TaskKind.CONSENT_MISSING, referral, world),
        ),
        detail={"referral": referral.number, "kept_back": state},
    )


def _cancelled(dispatch: Dispatch) -> Dispatch:
    return dispatch.model_copy(update={"state": DispatchState.CANCELLED})


def _settled(dispatch: Dispatch) -> Dispatch:
    return dispatch.model_copy(update={"state": DispatchState.DONE})


def _inbox_notice(referral: Referral) -> Dispatch:
    return Dispatch(
        key=f"notice/{referral.number}",
        kind=DispatchKind.NOTICE,
        referral=referral.number,
        to_organisation=referral.organisation,
        template=NoticeTemplate.INBOX_ITEM,
    )
