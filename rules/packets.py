"""Projection: from what the case holds to what one service may see."""

from collections.abc import Mapping

from rules.referral_states import WITH_SERVICE
from schemas.case import PersonalField
from schemas.consent import ConsentState
from schemas.packet import ReferralPacket
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot


def may_be_read(state: ReferralState, consent: ConsentState) -> bool:
    """Whether the service may still read the packet: while the request is with it, and after help.

    A stop closes it, and so do an answer of no and consent taken back after help was complete:
    who does not help needs no data of hers.
    """
    if consent is not ConsentState.GIVEN:
        return False
    return state in WITH_SERVICE or state is ReferralState.COMPLETED


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
