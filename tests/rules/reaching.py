"""Whether she may be reached, worked out a second time: from the plan and a clock on the wall."""

from datetime import datetime

from rules.days import bank_holiday
from schemas.case import Channel
from schemas.clockwork_steps import SendContact
from schemas.command_base import Command
from schemas.contact import Contact, ContactChannel, ContactPurpose, ContactState, ContactWindow
from schemas.contact_commands import StartContact
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot
from schemas.withdrawal import CheckState
from tests.builders import the
from tests.rules.test_windows import CALENDAR, LONDON

C = ContactChannel
TEXTS = {C.SMS, C.EMAIL}
CAME_BY = {
    Channel.POLICE_999: C.VOICE,
    Channel.POLICE_101: C.VOICE,
    Channel.NGO: C.VIA_NGO,
    Channel.FRONT_COUNTER: C.IN_PERSON,
    Channel.THIRD_PARTY_CENTRE: C.IN_PERSON,
    Channel.HEALTH: C.IN_PERSON,
    Channel.SCHOOL: C.IN_PERSON,
}


def is_reached_safely(
    before: CaseSnapshot, contact: Contact, command: Command, at: datetime
) -> None:
    """By a step that begins a contact, on a listed channel, in a window, by who may know her."""
    is_text = contact.channel in TEXTS
    assert isinstance(command, SendContact if is_text else StartContact)
    assert (contact.state is ContactState.SENDING) is is_text
    assert contact.channel is not C.SHE_CONTACTS_US
    plan = before.plan
    if plan is None or at >= the(plan.expires_at):
        assert CAME_BY[before.case.channel] is contact.channel
        assert not any(_was_somebody_else(made, at) for made in before.contacts)
    if plan is None:
        assert is_in_office_hours(at)
    else:
        assert contact.channel in plan.channels
        assert any(is_in(window, at) for window in plan.windows)
        assert contact.interpreter not in plan.interpreter.excluded
    is_their_question = contact.purpose is ContactPurpose.WITHDRAWAL_CHECK
    if is_their_question or contact.organisation != before.case.owner:
        assert _is_known_to(before, contact, at)


def is_in(window: ContactWindow, at: datetime) -> bool:
    """Whether a wall clock in London shows a time within it."""
    wall = at.astimezone(LONDON)
    is_valid = window.valid_until is None or wall.date() <= window.valid_until
    in_hours = window.opens <= wall.time().replace(fold=0) < window.closes
    return is_valid and in_hours and wall.weekday() == window.weekday


def is_in_office_hours(at: datetime) -> bool:
    """Whether offices are open."""
    wall = at.astimezone(LONDON)
    is_workday = wall.weekday() < 5 and bank_holiday(wall.date(), CALENDAR) is None
    return is_workday and 9 <= wall.hour < 17


def _was_somebody_else(made: Contact, at: datetime) -> bool:
    """On the same day, by the clock on the wall, somebody else was or may have been there."""
    not_she = made.result in {"someone_else_answered", "dropped"} or made.word == "wrong"
    if made.ended_at is None or made.channel not in {C.VOICE, C.IN_PERSON} or not not_she:
        return False
    return made.ended_at.astimezone(LONDON).date() == at.astimezone(LONDON).date()


def _is_known_to(before: CaseSnapshot, contact: Contact, at: datetime) -> bool:
    """A service that has taken her on, or asks her, aloud, whether a withdrawal was hers."""
    referral = the(before.referral(the(contact.referral)))
    assert referral.organisation == contact.organisation
    if contact.purpose is not ContactPurpose.WITHDRAWAL_CHECK:
        return referral.state in {ReferralState.ACCEPTED, ReferralState.ACTIVE}
    assert contact.channel in {C.VOICE, C.IN_PERSON}
    return any(
        referral.number in check.referrals and check.state is CheckState.OPEN
        for check in before.checks
        if at < check.line_until and check.asks == contact.organisation
    )
