"""The journey: safety first, needs, and a closing that only people make."""

from typing import Any

import pytest
from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety
from schemas.command_base import Command
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.referral_commands import RequestReferral

from rules.decide import decide
from rules.referral_states import OVER
from schemas.actor import Actor, Role
from schemas.case import ClosingReason, SafetyCheck, Stage
from schemas.consent import ConsentState, Purpose
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed, Refused
from schemas.referral import NeedCategory, NeedState, ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    IDVA,
    a_case,
    a_command,
    a_consent,
    a_deadline,
    a_need,
    a_referral,
    a_task,
    a_world,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    given,
    kinds_of,
    supervisor,
    the,
    why_not,
)

SAFE = SafetyCheck(safe_to_talk=True, immediate_danger=False)
LOST = ClosingReason.CONTACT_NOT_SAFE_OR_LOST


def in_review(
    reason: ClosingReason = ClosingReason.SUPPORT_COMPLETED,
    by: Actor | None = None,
    **parts: Any,
) -> CaseSnapshot:
    return an_open_case(
        stage=Stage.CLOSING_REVIEW,
        closing_reason=reason,
        closing_asked_by=str(by or caseworker()),
        **parts,
    )


def confirming(
    reason: ClosingReason = ClosingReason.SUPPORT_COMPLETED, by: Actor | None = None
) -> CloseCase:
    return a_command(CloseCase, reason=reason, confirmed=True, actor=by or caseworker())


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


def test_closing_begins_with_a_review_that_names_needs_not_met() -> None:
    """INV-40: asking to close closes nothing."""
    case = an_open_case(needs=[a_need(), a_need(2, NeedState.MET), a_need(3, NeedState.UNMET)])
    assert "1,3" in done(case, a_command(CloseCase)).detail.values()
    case = after(case, a_command(CloseCase))
    assert case.case.stage is Stage.CLOSING_REVIEW
    assert str(caseworker()) == case.case.closing_asked_by


def test_a_case_is_closed_by_a_person_after_the_review() -> None:
    """INV-40: a review first, then the same reason, then closed with nothing left running."""
    assert {"review_first"} == why_not(an_open_case(), confirming())
    case = in_review(
        deadlines=[a_deadline(state=DeadlineState.BREACHED)], tasks=[a_task(), a_task("unmet/1")]
    )
    assert {"other_reason"} == why_not(case, confirming(ClosingReason.ENTERED_IN_ERROR))
    case = after(case, confirming())
    assert case.case.stage is Stage.CLOSED
    assert case.case.closing_reason is ClosingReason.SUPPORT_COMPLETED
    assert {DeadlineState.VOID} == {d.state for d in case.deadlines}
    assert all(task.is_done for task in case.tasks)


@pytest.mark.parametrize("state", list(ReferralState))
def test_closing_is_refused_while_a_referral_is_open(state: ReferralState) -> None:
    """Work that is still open speaks against closing, in the review and at its end."""
    referrals = [a_referral(state=state)]
    expected = set() if state in OVER else {"referral_open"}
    assert expected == why_not(an_open_case(referrals=referrals), a_command(CloseCase))
    assert expected == why_not(in_review(referrals=referrals), confirming())


def test_closing_is_refused_on_every_ground_at_once() -> None:
    """Each open referral is named, so that nobody closes by trial."""
    case = an_open_case(referrals=[a_referral(1), a_referral(2, ReferralState.ACTIVE)])
    answer = decide(case, a_command(CloseCase), a_world())
    assert isinstance(answer, Refused)
    assert len(case.referrals) == len(answer.reasons)


@pytest.mark.parametrize(
    ("second", "refusal"),
    [
        pytest.param(caseworker(), {"second_person"}, id="the same person"),
        pytest.param(
            an_actor(Role.SAFEGUARDING_SUPERVISOR, person="ann"),
            {"second_person"},
            id="the same person in another role",
        ),
        pytest.param(supervisor(), set(), id="a supervisor"),
        pytest.param(caseworker(person="bea"), set(), id="another caseworker"),
    ],
)
def test_losing_contact_needs_a_second_person(second: Actor, refusal: set[str]) -> None:
    """Contact lost or not safe is never one person's own call, whatever roles they hold."""
    assert refusal == why_not(in_review(LOST), confirming(LOST, second))


@pytest.mark.parametrize("reason", [r for r in ClosingReason if r is not LOST])
def test_other_reasons_need_one_person(reason: ClosingReason) -> None:
    """Who asked for the review may end it."""
    assert set() == why_not(in_review(reason), confirming(reason))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(a_command(AddNeed), id="a need"),
        pytest.param(a_command(RequestReferral), id="a referral"),
        pytest.param(a_command(AskConsent), id="a question"),
        pytest.param(a_command(GiveConsent), id="a yes"),
    ],
)
def test_new_work_in_the_closing_review_reopens_the_case(command: Command) -> None:
    """A review that new work overtook is over, reason and all."""
    case = after(in_review(consents=[a_consent()]), command)
    facts = (case.case.stage, case.case.closing_reason, case.case.closing_asked_by)
    assert facts == (Stage.OPEN, None, None)


def test_what_is_refused_in_the_closing_review_does_not_reopen_the_case() -> None:
    """A refusal changes nothing."""
    assert {"unknown_need"} == why_not(in_review(), a_command(RequestReferral, need=7))


@pytest.mark.parametrize("kind", kinds_of().values(), ids=kinds_of())
def test_a_closed_case_takes_nothing_but_a_withdrawal_and_the_telling_of_it(
    kind: type[Command],
) -> None:
    """INV-09: a closed case is still hers to withdraw from; everything else is refused."""
    case = an_open_case(stage=Stage.CLOSED, consents=[given()])
    refusal = why_not(case, a_command(kind))
    told = {"withdraw_consent", "send_stop", "send_notice", "open_referral"}
    verb = kind.model_fields["verb"].default
    assert ("case_closed" in refusal) == (verb not in told)


def test_a_withdrawal_leaves_a_closed_case_closed() -> None:
    """It is recorded, and opens nothing."""
    case = after(an_open_case(stage=Stage.CLOSED, consents=[given()]), a_command(WithdrawConsent))
    assert case.case.stage is Stage.CLOSED
    assert case.consent_state(Purpose.SUPPORT_REFERRAL, IDVA) is ConsentState.WITHDRAWN


def test_whatever_is_decided_counts_the_case_one_version_on() -> None:
    """The version tells a reader whether the case moved since they looked."""
    case = an_open_case()
    assert isinstance(decide(case, a_command(AddNeed), a_world(AT)), Changed)
    assert case.case.version + 1 == after(case, a_command(AddNeed)).case.version
