"""Sending a referral: queued, placed in an inbox, stopped; and what it says in notices."""

from rules import consents, duties
from rules.referral_states import move
from rules.world import World
from schemas.actor import SYSTEM, Role
from schemas.changes import (
    DispatchRecorded,
    PacketPlaced,
    ReferralRecorded,
    StopPlaced,
    TaskRecorded,
)
from schemas.clockwork_steps import (
    Deliver,
    FailDelivery,
    QueueDelivery,
    SendNotice,
    SendStop,
)
from schemas.consent import ConsentState, Purpose
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.directory import ServiceStatus
from schemas.referral import (
    Clock,
    Delivery,
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


def packet_key(referral: int, epoch: int) -> str:
    """The outbox key of a referral's packet under one epoch of consent."""
    return f"packet/{referral}/{epoch}"


def is_with(referral: Referral, organisation: str) -> bool:
    """Whether it reached that organisation: until then it is as if there were none."""
    return referral.organisation == organisation and referral.delivery is Delivery.ACKED


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
    if not is_open(snapshot, referral.service):
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
    task = referral_task("undeliverable", TaskKind.UNDELIVERABLE, referral, world)
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


def send_stop(snapshot: CaseSnapshot, step: SendStop, _: World) -> Decision:
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


def send_notice(snapshot: CaseSnapshot, step: SendNotice, _: World) -> Decision:
    """Record that a content-free notice went out."""
    dispatch = _queued(snapshot, step.key, DispatchKind.NOTICE)
    if dispatch is None:
        return refused("overtaken", "The notice is not queued.")
    return Changed(
        changes=(DispatchRecorded(dispatch=_settled(dispatch)),),
        detail={"notice": dispatch.template, "to": dispatch.to_organisation},
    )


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
            referral_task("consent", TaskKind.CONSENT_MISSING, referral, world),
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


def is_open(snapshot: CaseSnapshot, code: str) -> bool:
    """Whether the directory has the service, and it takes referrals."""
    service = snapshot.service(code)
    return service is not None and service.status is ServiceStatus.ACTIVE


def referral_task(what: str, kind: TaskKind, referral: Referral, world: World) -> TaskRecorded:
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
