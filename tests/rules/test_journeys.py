"""The journey: safety first, needs, what is owed from the start, and falling dormant."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.apply import apply
from rules.decide import decide
from rules.journeys import CLOSE_REVIEW, opening_duties
from schemas.actor import Role
from schemas.case import Channel, SafetyCheck, Stage, Subject
from schemas.case_commands import AddNeed, ConfirmSafety
from schemas.changes import DeadlineRecorded
from schemas.clockwork_steps import Breach
from schemas.consent_commands import AskConsent
from schemas.deadlines import Deadline, DeadlineState
from schemas.decisions import Changed
from schemas.lanes import AgeGroup
from schemas.referral import NeedCategory, NeedState
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import (
    AT,
    POLICE,
    a_case,
    a_command,
    a_deadline,
    a_world,
    after,
    an_open_case,
    done,
    the,
    why_not,
)

SAFE = SafetyCheck(safe_to_talk=True, immediate_danger=False)


@pytest.mark.parametrize(
    ("can_talk", "in_danger", "stage"),
    [
        pytest.param(True, False, Stage.OPEN, id="safe to talk and in no danger"),
        pytest.param(True, True, Stage.SAFETY_CHECK, id="in danger"),
        pytest.param(False, False, Stage.SAFETY_CHECK, id="not safe to talk"),
        pytest.param(False, True, Stage.SAFETY_CHECK, id="neither"),
    ],
)
def test_only_a_confirmed_safety_check_opens_the_journey(
    can_talk: bool, in_danger: bool, stage: Stage
) -> None:
    """Questions about help wait until she can talk safely."""
    safety = SafetyCheck(safe_to_talk=can_talk, immediate_danger=in_danger)
    case = after(a_case(), a_command(ConfirmSafety, safety=safety))
    assert (stage, stage is Stage.OPEN) == (case.case.stage, case.case.safety_confirmed)


def test_a_later_safety_check_can_take_the_confirmation_back() -> None:
    """What is safe changes; the stage does not, and new questions wait again."""
    case = after(an_open_case(), a_command(ConfirmSafety))
    assert case.case.stage is Stage.OPEN
    assert {"safety_first"} == why_not(case, a_command(AskConsent))
    again = after(case, a_command(ConfirmSafety, safety=SAFE))
    assert set() == why_not(again, a_command(AskConsent))


def test_a_need_waits_for_the_safety_check() -> None:
    """Safety first; then needs are numbered in the case."""
    assert {"safety_first"} == why_not(a_case(), a_command(AddNeed))
    case = after(an_open_case(), a_command(AddNeed, category=NeedCategory.HOUSING))
    assert [need.number for need in case.needs] == [1, 2]
    assert the(case.need(2)).category is NeedCategory.HOUSING
    assert the(case.need(2)).state is NeedState.OPEN


def test_whatever_is_decided_counts_the_case_one_version_on() -> None:
    """The version tells a reader whether the case moved since they looked."""
    case = an_open_case()
    assert isinstance(decide(case, a_command(AddNeed), a_world(AT)), Changed)
    assert case.case.version + 1 == after(case, a_command(AddNeed)).case.version


# What is owed from the start

FROM_THE_START = {"s2s-r1-link", "risk-1-assessment", "close-review"}
OWED_TO_VICTIMS = {"vc-r3-acknowledgement", "vc-r4-needs-assessment"}
TOLD_THE_POLICE = (Channel.POLICE_999, Channel.POLICE_101, Channel.FRONT_COUNTER, Channel.ONLINE)


def owed(case: CaseSnapshot) -> dict[str, Deadline]:
    """The duties of a case that was just opened, by their ids."""
    changes = opening_duties(case, a_world())
    assert all(isinstance(change, DeadlineRecorded) for change in changes)
    return {c.deadline.id: c.deadline for c in changes if isinstance(c, DeadlineRecorded)}


@pytest.mark.parametrize("channel", list(Channel))
@pytest.mark.parametrize("subject", list(Subject))
def test_everybody_is_linked_to_somebody_outside_the_police(
    subject: Subject, channel: Channel
) -> None:
    """Safe to Share, recommendation 1: within 1 working day, for every victim and witness."""
    duties = owed(a_case(subject=subject, channel=channel))
    assert date(2026, 11, 24) == duties["s2s-r1-link"].due_at.date()
    victims = OWED_TO_VICTIMS if subject is not Subject.WITNESS else set()
    crime = {"vc-r2-record-crime"} if channel in TOLD_THE_POLICE else set()
    assert FROM_THE_START | victims | crime == set(duties)


@settings(max_examples=60)
@given(
    age=st.sampled_from(AgeGroup),
    is_restricted=st.booleans(),
    is_safe=st.booleans(),
    assigned_to=st.sampled_from([None, "ann"]),
    owner=st.sampled_from([POLICE, "saltmere-council"]),
    subject=st.sampled_from(Subject),
    channel=st.sampled_from(Channel),
)
def test_what_is_owed_depends_on_whom_it_is_about_and_how_it_came_and_on_nothing_else(
    subject: Subject, channel: Channel, **known: Any
) -> None:
    """INV-02, INV-15: support starts alike, whatever else is known of her."""
    told: dict[str, Any] = {"subject": subject, "channel": channel}
    assert owed(a_case(**told)) == owed(a_case(**told, **known))


def test_what_the_code_owes_counts_from_her_telling() -> None:
    """A case that is opened late says so; what is ours to do counts from the opening."""
    told_at = AT - timedelta(days=7)
    duties = owed(a_case(occurred_at=told_at))
    since = {duty: deadline.started_at for duty, deadline in duties.items()}
    assert dict.fromkeys(FROM_THE_START, AT) == {d: since[d] for d in FROM_THE_START}
    assert {told_at} == {at for duty, at in since.items() if duty not in FROM_THE_START}
    assert duties["vc-r4-needs-assessment"].due_at < AT


# A case in which nothing happens

QUIET = timedelta(days=90)


def left_alone(since: datetime = AT, **parts: Any) -> CaseSnapshot:
    review = a_deadline(CLOSE_REVIEW, since=since)
    case = an_open_case(**({"recorded_at": since} | parts))
    return case.model_copy(update={"deadlines": (review,)})


def reviewed(case: CaseSnapshot) -> CaseSnapshot:
    """The case when its review has come due."""
    at = the(case.deadline(CLOSE_REVIEW)).due_at
    return after(case, a_command(Breach, deadline=CLOSE_REVIEW), at=at)


@pytest.mark.parametrize(
    ("stage", "then"),
    [
        pytest.param(Stage.OPEN, Stage.DORMANT, id="an open one falls dormant"),
        pytest.param(Stage.SAFETY_CHECK, Stage.DORMANT, id="one before its safety check too"),
        pytest.param(Stage.CLOSING_REVIEW, Stage.CLOSING_REVIEW, id="one under review stays there"),
    ],
)
def test_a_case_in_which_nothing_happens_is_looked_at(stage: Stage, then: Stage) -> None:
    """INV-40: nothing is closed by it; a caseworker looks, and it is counted anew."""
    case = reviewed(left_alone(stage=stage))
    assert then is case.case.stage
    (task,) = case.tasks
    assert (TaskKind.REVIEW_CASE, Role.CASEWORKER) == (task.kind, task.for_role)
    again = the(case.deadline(CLOSE_REVIEW))
    assert DeadlineState.RUNNING is again.state
    assert again.started_at == the(left_alone().deadline(CLOSE_REVIEW)).due_at


def test_whatever_somebody_did_moves_the_review_on() -> None:
    """No act of a person has to touch a deadline for that: it is asked when it comes due."""
    acted_at = AT + timedelta(days=60)
    case = left_alone()
    case = apply(case, done(case, a_command(AddNeed), acted_at).changes, acted_at)
    case = reviewed(case)
    again = the(case.deadline(CLOSE_REVIEW))
    assert (Stage.OPEN, ()) == (case.case.stage, case.tasks)
    assert (DeadlineState.RUNNING, acted_at) == (again.state, again.started_at)
    assert Stage.DORMANT is reviewed(case).case.stage


def test_new_work_wakes_a_dormant_case_and_its_review_follows() -> None:
    """Dormant is a word for nobody having acted, and ends when somebody does."""
    case = reviewed(left_alone())
    at = the(case.deadline(CLOSE_REVIEW)).started_at + timedelta(days=30)
    case = apply(case, done(case, a_command(AddNeed), at).changes, at)
    assert Stage.OPEN is case.case.stage
    case = reviewed(case)
    assert (Stage.OPEN, at) == (case.case.stage, the(case.deadline(CLOSE_REVIEW)).started_at)


def test_a_dormant_case_opens_by_its_safety_check() -> None:
    """A case that was left before the check goes on where it stood."""
    case = reviewed(left_alone(stage=Stage.SAFETY_CHECK))
    case = after(case, a_command(ConfirmSafety, safety=SAFE), at=AT + 2 * QUIET)
    assert (Stage.OPEN, True) == (case.case.stage, case.case.safety_confirmed)
