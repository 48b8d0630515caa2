"""Cases whose one referral is on its way to a service, or has reached it."""

from typing import Any

from schemas.consent import ConsentState
from schemas.referral import (
    Delivery,
    ReferralState,
)
from schemas.snapshot import CaseSnapshot, DispatchKind, NoticeTemplate
from tests.builders import (
    FIELDS,
    a_deadline,
    a_packet,
    a_referral,
    an_acknowledgement,
    an_open_case,
    given,
)

S = ReferralState


def queued(**parts: Any) -> CaseSnapshot:
    """A case whose one referral has its packet in the outbox, on a consent that holds."""
    lawful: dict[str, Any] = {
        "consents": [given()],
        "referrals": [a_referral(delivery=Delivery.QUEUED, consent=ConsentState.GIVEN)],
        "dispatches": [a_packet()],
        "deadlines": [a_deadline()],
    }
    return an_open_case(**(lawful | parts))


def received(state: ReferralState = S.RECEIVED, **parts: Any) -> CaseSnapshot:
    """A case whose one referral reached the service."""
    lawful: dict[str, Any] = {
        "consents": [given()],
        "referrals": [a_referral(state=state, shared_fields=FIELDS)],
        "deadlines": [an_acknowledgement()],
    }
    return an_open_case(**(lawful | parts))


def told(case: CaseSnapshot) -> list[tuple[str, NoticeTemplate | None, int | None]]:
    """The notices that wait to go out: whose, what they say, of which referral."""
    notices = (d for d in case.dispatches if d.kind is DispatchKind.NOTICE)
    return [(d.to_organisation, d.template, d.referral) for d in notices]
