"""Asking again: in time, while her yes still holds, and never after a timer has ended it early."""

from datetime import datetime, timedelta

import pytest

from rules import consents
from schemas.case import PersonalField
from schemas.clockwork_steps import Breach
from schemas.consent import AskedHow, ConsentState, Presence, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent
from schemas.deadlines import Deadline, DeadlineState
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    FIELDS,
    IDVA,
    a_command,
    after,
    an_open_case,
    the,
    why_not,
)

ALONE = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)
SECOND = timedelta(seconds=1)
ASK = a_command(AskConsent, asked=ALONE)
YES = a_command(GiveConsent, asked=ALONE)


def said_yes(at: datetime = AT) -> CaseSnapshot:
    """She was asked, and said yes."""
    return after(an_open_case(), ASK, YES, at=at)


def renewal(case: CaseSnapshot) -> Deadline:
    """The duty to ask her again."""
    return the(case.deadline(f"consent-renewal/{IDVA}"))


def state(case: CaseSnapshot) -> ConsentState:
    """What the ledger says."""
    return case.consent_state(Purpose.SUPPORT_REFERRAL, IDVA)


def test_she_is_asked_again_from_the_reminder_on_and_not_before() -> None:
    """A reminder to ask her is one that can be followed."""
    case = said_yes()
    time_to_ask = renewal(case).remind_at
    assert {"already_given"} == why_not(case, ASK, time_to_ask - SECOND)
    assert set() == why_not(case, ASK, time_to_ask)


def test_her_yes_stands_while_she_is_asked_whether_it_still_does() -> None:
    """Asking costs her nothing; only her answer, or the end of the time, ends it."""
    case = said_yes()
    at = renewal(case).remind_at
    case = after(case, ASK, at=at)
    consent = the(case.consent(Purpose.SUPPORT_REFERRAL, IDVA))
    assert (FIELDS, AT + consents.VALID_FOR) == (consent.fields, consent.expires_at)
    assert consents.is_valid(consent, at)


def test_that_she_no_longer_agrees_is_a_withdrawal() -> None:
    """A no to what she had agreed to stops what rests on it, and never only the question."""
    case = said_yes()
    at = renewal(case).remind_at
    case = after(case, ASK, at=at)
    assert {"already_given"} == why_not(case, a_command(RefuseConsent), at)
    case = after(case, a_command(WithdrawConsent), at=at)
    assert ConsentState.WITHDRAWN is state(case)


def test_a_new_yes_counts_from_when_she_said_it() -> None:
    """The duty to ask begins again under the same name, and the old one ends nothing."""
    case = said_yes()
    first = renewal(case)
    case = after(case, ASK, YES, at=first.remind_at)
    consent = the(case.consent(Purpose.SUPPORT_REFERRAL, IDVA))
    assert first.remind_at + consents.VALID_FOR == consent.expires_at
    assert (DeadlineState.RUNNING, first.remind_at) == (
        renewal(case).state,
        renewal(case).started_at,
    )
    breach = a_command(Breach, deadline=first.id)
    assert {"overtaken"} == why_not(case, breach, first.due_at)


def test_a_new_yes_may_be_to_less() -> None:
    """What she keeps back this time stays with her from now on."""
    case = said_yes()
    at = renewal(case).remind_at
    less = (PersonalField.NAME,)
    case = after(case, ASK, a_command(GiveConsent, asked=ALONE, fields=less), at=at)
    assert less == the(case.consent(Purpose.SUPPORT_REFERRAL, IDVA)).fields


@pytest.mark.parametrize("days", range(0, 366, 13))
def test_no_timer_ends_a_yes_before_its_time(days: int) -> None:
    """On whatever day she said it: when the duty rings, the yes has run out, that day."""
    at = AT + timedelta(days=days)
    case = said_yes(at)
    runs_out = the(the(case.consent(Purpose.SUPPORT_REFERRAL, IDVA)).expires_at)
    rings = renewal(case)
    assert runs_out <= rings.due_at < runs_out + timedelta(days=1)
    case = after(case, a_command(Breach, deadline=rings.id), at=rings.due_at)
    assert ConsentState.EXPIRED is state(case)
