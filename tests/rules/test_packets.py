"""What an NGO may see: a list, so that whatever is not on it stays home."""

from datetime import datetime, timedelta

import pytest

from rules.packets import access, contact_line, project, shown
from schemas.case import CaseHeader, PersonalField, PersonalPart
from schemas.consent import ConsentState
from schemas.packet import Access, ReferralPacket
from schemas.referral import NeedCategory, Priority, ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import AT, CASE, a_need, a_referral, an_open_case, the

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


CLOSES = AT + timedelta(hours=72)
WHOLE = project(CASE_WITH_ONE, 1, TEXTS, tuple(PersonalField))
SERVING = {"sent", "received", "opened", "info_requested", "waitlisted", "accepted", "active"}


@pytest.mark.parametrize("state", ReferralState)
@pytest.mark.parametrize("consent", ConsentState)
def test_a_packet_is_read_while_it_serves_and_after_help_and_never_else(
    state: ReferralState, consent: ConsentState
) -> None:
    """A service that does not help, was told to stop, or has no yes, needs no data of hers."""
    serves = state in SERVING | {"completed"} and consent is ConsentState.GIVEN
    assert (Access.WHOLE if serves else Access.CLOSED) is access(state, consent, None, AT)


@pytest.mark.parametrize("state", ReferralState)
@pytest.mark.parametrize("consent", [c for c in ConsentState if c is not ConsentState.GIVEN])
def test_the_line_is_kept_of_a_withdrawn_referral_alone(
    state: ReferralState, consent: ConsentState
) -> None:
    """Whatever else closed a packet, no check opens it."""
    kept = Access.CONTACT_LINE if state is ReferralState.WITHDRAWN else Access.CLOSED
    assert kept is access(state, consent, CLOSES, AT)


@pytest.mark.parametrize(
    ("at", "kept"),
    [
        pytest.param(AT, Access.CONTACT_LINE, id="at once"),
        pytest.param(CLOSES - timedelta(seconds=1), Access.CONTACT_LINE, id="its last second"),
        pytest.param(CLOSES, Access.CLOSED, id="the moment it closes"),
    ],
)
def test_the_line_closes_by_itself(at: datetime, kept: Access) -> None:
    """After 72 hours nothing is left, whether or not a timer has said so."""
    assert kept is access(ReferralState.WITHDRAWN, ConsentState.WITHDRAWN, CLOSES, at)


def test_the_line_is_how_to_reach_her_and_what_it_was_about() -> None:
    """Of all she agreed to, her safe contact alone; and that only if she had agreed to it."""
    line = contact_line(WHOLE)
    assert STRUCTURAL | {"safe_contact"} == line.model_dump(exclude_none=True).keys()
    assert WHOLE.safe_contact == line.safe_contact
    without = project(CASE_WITH_ONE, 1, TEXTS, (PersonalField.NAME,))
    assert STRUCTURAL == contact_line(without).model_dump(exclude_none=True).keys()


def test_what_is_shown_of_a_packet_follows_from_its_referral() -> None:
    """All of it, the line, or nothing."""
    part = shown(AT)
    whole = part(ReferralState.ACTIVE, ConsentState.GIVEN, None)
    line = part(ReferralState.WITHDRAWN, ConsentState.WITHDRAWN, CLOSES)
    assert WHOLE == the(whole)(WHOLE)
    assert contact_line(WHOLE) == the(line)(WHOLE)
    assert part(ReferralState.WITHDRAWN, ConsentState.WITHDRAWN, None) is None
