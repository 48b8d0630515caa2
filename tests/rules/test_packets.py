"""What an NGO may see: a list, so that whatever is not on it stays home."""

import pytest

from rules.packets import may_be_read, project
from schemas.case import CaseHeader, PersonalField, PersonalPart
from schemas.consent import ConsentState
from schemas.packet import ReferralPacket
from schemas.referral import NeedCategory, Priority, ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import CASE, a_need, a_referral, an_open_case

STRUCTURAL = {"case_ref", "referral", "need", "priority"}
CASE_WITH_ONE = an_open_case(needs=[a_need(1)], referrals=[a_referral(1)])
TEXTS = PersonalPart(
    name="A Name",
    year_of_birth="1990",
    safe_contact="by text, mornings",
    language="ur",
    interpreter="a woman",
    accessibility="step-free",
    circumstances="Something she said.",
).texts()


def test_every_field_of_a_packet_is_structural_or_consented_to() -> None:
    """INV-23: a new field of a packet is a personal field, or this test says what it is."""
    assert STRUCTURAL | {field.value for field in PersonalField} == set(ReferralPacket.model_fields)
    assert set(PersonalPart.model_fields) == {field.value for field in PersonalField}


def test_no_field_of_a_packet_holds_nationality_or_status() -> None:
    """INV-02: support never depends on either, so neither can travel with it."""
    words = ("national", "status", "immigration", "ethnic", "visa")
    names = [*ReferralPacket.model_fields, *CaseHeader.model_fields]
    assert not [name for name in names if any(word in name for word in words)]


@pytest.mark.parametrize("field", list(PersonalField))
def test_a_field_goes_only_with_consent_to_it(field: PersonalField) -> None:
    """INV-10: one field consented to is one field sent."""
    packet = project(CASE_WITH_ONE, 1, TEXTS, (field,))
    assert TEXTS[field] == getattr(packet, field.value)
    others = [f for f in PersonalField if f is not field]
    assert [None] * len(others) == [getattr(packet, f.value) for f in others]


def test_without_consent_to_any_field_nothing_personal_goes() -> None:
    """What is left says which need of which case, and how soon."""
    packet = project(CASE_WITH_ONE, 1, TEXTS, ())
    assert (
        packet.case_ref,
        packet.referral,
        packet.need,
        packet.priority,
    ) == (CASE, 1, NeedCategory.ADVOCACY, Priority.ROUTINE)
    assert packet.model_dump(exclude_none=True).keys() == STRUCTURAL


def test_a_field_consented_to_and_never_filled_in_is_left_out() -> None:
    """Consent to a field does not make it known."""
    packet = project(CASE_WITH_ONE, 1, {}, tuple(PersonalField))
    assert packet.model_dump(exclude_none=True).keys() == STRUCTURAL


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(an_open_case(), id="no referral"),
        pytest.param(an_open_case(needs=(), referrals=[a_referral()]), id="no need"),
    ],
)
def test_a_packet_of_what_is_not_there_is_an_error(case: CaseSnapshot) -> None:
    """There is no packet without a referral of a need."""
    with pytest.raises(KeyError):
        project(case, 1, TEXTS, tuple(PersonalField))


@pytest.mark.parametrize(
    "closed", ["declined", "expired", "recalled", "withdrawn", "ended", "entered_in_error"]
)
def test_a_stop_or_a_no_closes_the_packet(closed: str) -> None:
    """A service that does not help, or was told to stop, needs no data of hers."""
    assert not may_be_read(ReferralState(closed), ConsentState.GIVEN)


@pytest.mark.parametrize("serving", ["received", "opened", "accepted", "active", "completed"])
def test_a_packet_can_be_read_while_it_serves(serving: str) -> None:
    """The service reads what she agreed to for as long as it helps, and has helped."""
    assert may_be_read(ReferralState(serving), ConsentState.GIVEN)
    assert not may_be_read(ReferralState(serving), ConsentState.WITHDRAWN)
