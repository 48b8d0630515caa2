"""Sending a referral: queued, placed in an inbox, stopped; and what it says in notices."""

from rules import consents, duties, outbox, tasks
from rules.referral_states import WITH_SERVICE, move
from rules.world import World
from schemas.actor import SYSTEM
from schemas.changes import (
    Change,
    PacketPlaced,
    ReferralRecorded,
    StopPlaced,
)
from schemas.clockwork_steps import (
    Deliver,
    FailDelivery,
    QueueDelivery,
    SendNotice,
    SendStop,
)
from schemas.consent import Consent, ConsentState, Purpose
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.directory import ServiceStatus
from schemas.referral import (
    Clock,
    Delivery,
    NeedCategory,
    Reason,
    Referral,
    ReferralEvent,
    ReferralState,
)
from schemas.snapshot import (
    KEPT_FROM_SOME,
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    TaskKind,
)

_LINK = "s2s-r1-link"
_ADVISER = "adv-1-adviser-link"


_READS_ON = WITH_SERVICE - {ReferralState.SENT, ReferralState.RECEIVED}
"""The service has read the first packet, and still works with what it is told."""


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
    return Changed(
        changes=(ReferralRecorded(referral=queued), outbox.packet(referral, consent)),
        detail={"referral": referral.number},
    )


def deliver(snapshot: CaseSnapshot, step: Deliver, world: World) -> Decision:
    """Send the packet, if at this very moment it is still queued and consented to.

    The first one brings the referral to the service. A service that asked back gets another, under
    the yes that she gave since; where the referral stands, it stays.
    """
    referral = snapshot.referral(step.referral)
    dispatch = outbox.queued(snapshot, step.key, DispatchKind.PACKET, step.referral)
    if referral is None or dispatch is None:
        return refused("overtaken", "The packet is no longer queued.")
    if snapshot.is_paused:
        return refused("paused", "Operations hold back what goes out of this case.")
    is_first = referral.state is ReferralState.WAITING
    if not is_first and referral.state not in _READS_ON:
        return refused("overtaken", "The service no longer waits for the packet.")
    consent = snapshot.consent(Purpose.SUPPORT_REFERRAL, referral.service)
    if consent is None or not consents.is_valid(consent, world.at):
        return _kept_back(snapshot, referral, dispatch, world)
    if not is_open(snapshot, referral.service):
        return refused("service_closed", "The service is closed or no longer in the directory.")
    arrived = _arrived(referral) if is_first else _told_more(referral)
    if isinstance(arrived, Refused):
        return arrived
    arrived = arrived.model_copy(update={"shared_fields": consent.fields})
    return Changed(
        changes=(
            _placed(step.key, referral, consent),
            outbox.done(dispatch),
            ReferralRecorded(referral=arrived),
            *(_first_arrival(snapshot, referral, world) if is_first else ()),
        ),
        detail={
            "referral": referral.number,
            "service": referral.service,
            "fields": ",".join(consent.fields),
        },
    )


def _arrived(referral: Referral) -> Referral | Refused:
    sent = move(referral, ReferralEvent.SEND, SYSTEM.role)
    if isinstance(sent, Refused):
        return sent
    received = move(sent, ReferralEvent.ACKNOWLEDGE, SYSTEM.role)
    if isinstance(received, Refused):
        return received
    return received.model_copy(update={"delivery": Delivery.ACKED, "clock": Clock.RUNNING})


def _told_more(referral: Referral) -> Referral:
    return referral.model_copy(update={"version": referral.version + 1})


def _placed(key: str, referral: Referral, consent: Consent) -> PacketPlaced:
    return PacketPlaced(
        key=key,
        referral=referral.number,
        service=referral.service,
        organisation=referral.organisation,
        fields=consent.fields,
        consent_epoch=consent.epoch,
    )


def _first_arrival(snapshot: CaseSnapshot, referral: Referral, world: World) -> tuple[Change, ...]:
    """Sending meets what we owe her, and starts what the service owes."""
    need = snapshot.need(referral.need)
    is_advice = need is not None and need.category is NeedCategory.LEGAL_ADVICE
    met = (duties.SUPPORT_REFERRAL, _LINK, *((_ADVISER,) if is_advice else ()))
    return (
        outbox.item_notice(referral),
        *(change for duty in met for change in duties.meet(snapshot, duty, world.at)),
        *duties.start(snapshot, world, duties.ACKNOWLEDGE, world.at, referral.number),
    )


def fail_delivery(snapshot: CaseSnapshot, step: FailDelivery, world: World) -> Decision:
    """Give up delivering, aloud: a task for a person, and the next choice is asked.

    Where it is a further packet, the referral stays with the service, which has the first one.
    """
    referral = snapshot.referral(step.referral)
    if referral is None:
        return refused("overtaken", "There is no such referral.")
    cancelled = outbox.cancelled_packets(snapshot, referral.number)
    asked = tasks.ask_about(snapshot, world, TaskKind.UNDELIVERABLE, referral.number)
    said = (*asked, *cancelled)
    detail: dict[str, str | int | None] = {"referral": referral.number}
    if cancelled and referral.state in _READS_ON:
        return Changed(changes=said, detail=detail)
    moved = move(referral, ReferralEvent.FAIL_DELIVERY, SYSTEM.role, Reason.UNDELIVERABLE)
    if isinstance(moved, Refused):
        return moved
    if not cancelled:
        return refused("overtaken", "The packet is no longer queued.")
    failed = moved.model_copy(update={"delivery": Delivery.FAILED})
    return Changed(changes=(ReferralRecorded(referral=failed), *said), detail=detail)


def send_stop(snapshot: CaseSnapshot, step: SendStop, world: World) -> Decision:
    """Place the stop notice in the service's inbox.

    What of its deadlines whoever stopped it could not see, because they are the service's own,
    ends with it now.
    """
    referral = snapshot.referral(step.referral)
    dispatch = outbox.queued(snapshot, step.key, DispatchKind.STOP, step.referral)
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
            outbox.done(dispatch),
            *duties.void_of_referral(snapshot, referral.number, world.at),
        ),
        detail={"referral": referral.number, "service": referral.service},
    )


def send_notice(snapshot: CaseSnapshot, step: SendNotice, _: World) -> Decision:
    """Record that a content-free notice went out.

    The row says of which task, where that is not shown to everybody: nor is the row then.
    """
    dispatch = outbox.queued(snapshot, step.key, DispatchKind.NOTICE)
    if dispatch is None:
        return refused("overtaken", "The notice is not queued.")
    task = tasks.of_notice(snapshot, step.key)
    kept = task.kind if task is not None and task.kind in KEPT_FROM_SOME else None
    return Changed(
        changes=(outbox.done(dispatch),),
        detail={
            "notice": dispatch.template,
            "to": dispatch.to_organisation,
            "task": kept,
        },
    )


def _kept_back(
    snapshot: CaseSnapshot, referral: Referral, dispatch: Dispatch, world: World
) -> Changed:
    """Consent ended while the packet was queued: it stays here, and waits for a new yes."""
    state = consents.state_for(snapshot, referral.service, world.at)
    axes = {"delivery": Delivery.NOT_QUEUED, "consent": state, "version": referral.version + 1}
    waits = referral.state is ReferralState.WAITING
    waiting = (ReferralRecorded(referral=referral.model_copy(update=axes)),) if waits else ()
    return Changed(
        changes=(
            *waiting,
            outbox.cancelled(dispatch),
            *tasks.ask_about(snapshot, world, TaskKind.CONSENT_MISSING, referral.number),
        ),
        detail={"referral": referral.number, "kept_back": state},
    )


def is_open(snapshot: CaseSnapshot, code: str) -> bool:
    """Whether the directory has the service, and it takes referrals."""
    service = snapshot.service(code)
    return service is not None and service.status is ServiceStatus.ACTIVE
