"""Projection: from what the case holds to what one service may see."""

from collections.abc import Callable, Mapping
from datetime import datetime

from rules.referral_states import WITH_SERVICE
from schemas.case import PersonalField
from schemas.consent import ConsentState
from schemas.packet import Access, ReferralPacket
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot

_Part = Callable[[ReferralPacket], ReferralPacket]


def access(
    state: ReferralState, consent: ConsentState, line_until: datetime | None, at: datetime
) -> Access:
    """How much of the packet the service may read: all, while it is with it and after its help.

    A stop closes it, and so do an answer of no and consent taken back after help was complete:
    who does not help needs no data of hers. Only while she is asked whether a withdrawal was hers
    does the service that knew her keep how to reach her.

    Args:
        state: of the referral.
        consent: as the referral shows it.
        line_until: until when the line is open; None where no check about the referral is.
        at: the moment.
    """
    helps = state in WITH_SERVICE or state is ReferralState.COMPLETED
    if helps and consent is ConsentState.GIVEN:
        return Access.WHOLE
    is_withdrawn = state is ReferralState.WITHDRAWN
    if is_withdrawn and line_until is not None and at < line_until:
        return Access.CONTACT_LINE
    return Access.CLOSED


def contact_line(packet: ReferralPacket) -> ReferralPacket:
    """Of a packet, how to reach her and what the request was about."""
    return ReferralPacket(
        case_ref=packet.case_ref,
        referral=packet.referral,
        need=packet.need,
        priority=packet.priority,
        safe_contact=packet.safe_contact,
    )


def shown(at: datetime) -> Callable[[ReferralState, ConsentState, datetime | None], _Part | None]:
    """What of a packet is shown at a moment, from what the record says of its referral."""

    def part(
        state: ReferralState, consent: ConsentState, line_until: datetime | None
    ) -> _Part | None:
        match access(state, consent, line_until, at):
            case Access.WHOLE:
                return _all_of_it
            case Access.CONTACT_LINE:
                return contact_line
            case Access.CLOSED:
                return None

    return part


def _all_of_it(packet: ReferralPacket) -> ReferralPacket:
    return packet


def project(
    snapshot: CaseSnapshot,
    referral_number: int,
    personal: Mapping[PersonalField, str],
    fields: tuple[PersonalField, ...],
) -> ReferralPacket:
    """The packet of a referral, with the personal `fields` consented to and no other.

    Raises:
        KeyError: the case has no such referral, or the referral no need.
    """
    referral = snapshot.referral(referral_number)
    need = snapshot.need(referral.need) if referral else None
    if referral is None or need is None:
        raise KeyError(referral_number)
    consented = {field.value: personal[field] for field in fields if field in personal}
    return ReferralPacket(
        case_ref=snapshot.case.case_ref,
        referral=referral.number,
        need=need.category,
        priority=referral.priority,
        **consented,
    )
