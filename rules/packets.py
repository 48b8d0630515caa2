"""What an NGO may see of a case: one class that lists it, so that a new field stays home."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from schemas.case import PersonalField
from schemas.referral import NeedCategory, Priority
from schemas.snapshot import CaseSnapshot


class ReferralPacket(BaseModel):
    """All that goes to a service. A personal field she did not consent to is None."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    case_ref: str
    referral: int
    need: NeedCategory
    priority: Priority
    name: str | None = None
    year_of_birth: str | None = None
    safe_contact: str | None = None
    language: str | None = None
    interpreter: str | None = None
    accessibility: str | None = None
    circumstances: str | None = None


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
