"""Advice: her own permission deadline is the adviser's to keep, and no agency's to see."""

from datetime import date, datetime, timedelta

import pytest

from rules.apply import apply
from schemas.actor import Actor
from schemas.changes import DeadlineRecorded
from schemas.decisions import Changed
from schemas.private import private_to
from schemas.referral import Delivery, ReferralState
from schemas.referral_commands import StartAdvice
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    a_command,
    a_referral,
    adviser,
    an_open_case,
    caseworker,
    done,
    idva,
    the,
    why_not,
)
from tests.rules.at_service import received

S = ReferralState
START = a_command(StartAdvice)


@pytest.mark.parametrize("state", [S.ACCEPTED, S.ACTIVE])
def test_the_deadline_is_private_and_begins_with_the_day(state: ReferralState) -> None:
    """LEAVE-1: three months from the start of the day in London, seen by one organisation."""
    case = received(state)
    deadline = the(apply(case, done(case, START).changes).deadline("leave-1-permission/1"))
    assert (1, "harbour-house") == (deadline.referral, deadline.private_to)
    assert datetime.fromisoformat("2026-11-23T00:00+00:00") == deadline.started_at
    assert date(2027, 2, 23) == deadline.due_at.date()


def test_the_day_begins_in_london() -> None:
    """In summer it begins an hour before it does in UTC."""
    case = received(S.ACTIVE)
    summer = a_command(StartAdvice, granted_on=date(2026, 7, 1))
    [change] = [c for c in done(case, summer).changes if isinstance(c, DeadlineRecorded)]
    assert datetime.fromisoformat("2026-06-30T23:00+00:00") == change.deadline.started_at


def test_the_decision_holds_nothing_that_an_agency_could_read() -> None:
    """LEAVE-3: one private deadline, no date in the audit, and no other change."""
    decided = done(received(S.ACTIVE), START)
    assert isinstance(decided, Changed)
    assert "harbour-house" == private_to(START.actor, START.verb, decided)
    assert {"referral": 1} == decided.detail
    assert ["deadline_recorded"] == [change.kind for change in decided.changes]


@pytest.mark.parametrize(
    ("case", "actor", "refusal"),
    [
        pytest.param(received(S.ACTIVE), adviser(), set(), id="not an adviser who took her on"),
        pytest.param(received(S.OPENED), adviser(), {"not_taken_on"}, id="before accepting"),
        pytest.param(received(S.COMPLETED), adviser(), {"not_taken_on"}, id="after the end"),
        pytest.param(received(S.ACTIVE), adviser("meadowlight"), {"not_yours"}, id="another's"),
        pytest.param(received(S.ACTIVE), idva(), {"no_right"}, id="an advocate"),
        pytest.param(received(S.ACTIVE), caseworker(), {"no_right"}, id="an agency"),
        pytest.param(
            an_open_case(referrals=[a_referral(state=S.ACTIVE, delivery=Delivery.NOT_QUEUED)]),
            adviser(),
            {"not_yours"},
            id="one that never reached the service",
        ),
    ],
)
def test_who_may_start_it(case: CaseSnapshot, actor: Actor, refusal: set[str]) -> None:
    """A regulated adviser of the service that took her on, and nobody else."""
    assert refusal == why_not(case, a_command(StartAdvice, actor=actor))


def test_what_was_not_granted_yet_does_not_begin() -> None:
    """Tomorrow is too late by a day; long ago is the adviser's to know."""
    tomorrow = AT.date() + timedelta(days=1)
    case = received(S.ACTIVE)
    assert {"in_the_future"} == why_not(case, a_command(StartAdvice, granted_on=tomorrow))
    assert set() == why_not(case, a_command(StartAdvice, granted_on=date(2026, 9, 1)))
