"""Who at a service works on a referral: one person at a time, and others leave it to them."""

import pytest

from rules.decide import decide
from rules.referral_states import OVER, TERMINAL
from schemas.actor import Actor, Role
from schemas.command_base import Command
from schemas.consent_commands import WithdrawConsent
from schemas.decisions import Refused
from schemas.referral import ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    ClaimReferral,
    CompleteReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    ReleaseReferral,
    RequestInfo,
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    a_command,
    a_referral,
    a_world,
    after,
    an_actor,
    done,
    ngo_intake,
    the,
    why_not,
)
from tests.rules.at_service import received

S = ReferralState
BO = ngo_intake(person="bo")
SAME_PERSON = an_actor(Role.IDVA, "harbour-house", "bo")
COLLEAGUE = ngo_intake(person="ida")
BOSS = an_actor(Role.NGO_SUPERVISOR, "harbour-house", "nora")
STRANGER = ngo_intake("meadowlight", person="bo")


def claimed(state: ReferralState = S.RECEIVED) -> CaseSnapshot:
    """Bo of Harbour House works on it."""
    return received(referrals=[a_referral(state=state, claimed_by=BO.who)])


@pytest.mark.parametrize(
    ("kind", "case", "who", "refusal", "holder"),
    [
        (ClaimReferral, received(), BO, set(), BO.who),
        (ClaimReferral, claimed(), BO, set(), BO.who),
        (ClaimReferral, claimed(), SAME_PERSON, set(), BO.who),
        (ClaimReferral, claimed(), COLLEAGUE, {"claimed"}, BO.who),
        (ClaimReferral, claimed(), BOSS, {"claimed"}, BO.who),
        (ClaimReferral, claimed(), STRANGER, {"not_yours"}, BO.who),
        (ReleaseReferral, received(), BO, set(), None),
        (ReleaseReferral, claimed(), BO, set(), None),
        (ReleaseReferral, claimed(), SAME_PERSON, set(), None),
        (ReleaseReferral, claimed(), COLLEAGUE, {"claimed"}, BO.who),
        (ReleaseReferral, claimed(), BOSS, set(), None),
        (ReleaseReferral, claimed(), STRANGER, {"not_yours"}, BO.who),
    ],
)
def test_who_may_claim_and_release(
    kind: type[Command], case: CaseSnapshot, who: Actor, refusal: set[str], holder: str | None
) -> None:
    """A claim is of a person, whatever their role; a supervisor gives back what lies idle."""
    command = a_command(kind, actor=who)
    assert refusal == why_not(case, command)
    now = case if refusal else after(case, command)
    assert holder == the(now.referral(1)).claimed_by


def test_a_claim_that_is_refused_names_a_colleague_by_staff_id_alone() -> None:
    """Whom to ask is said, and nothing else."""
    answer = decide(claimed(), a_command(ClaimReferral, actor=COLLEAGUE), a_world())
    assert isinstance(answer, Refused)
    assert answer.sentences().startswith("bo works on it.")
    assert "harbour-house" not in answer.sentences()


def test_a_claim_is_no_answer_and_no_news_for_the_sender() -> None:
    """State, clock, duty and version stay: a sender's recall is not stale because of it."""
    before = received()
    case = after(before, a_command(ClaimReferral, actor=BO))
    assert the(before.referral(1)) == the(case.referral(1)).model_copy(update={"claimed_by": None})
    assert before.deadlines == case.deadlines
    assert set() == why_not(case, a_command(RecallReferral, expected_version=1))


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_what_is_over_is_not_claimed(state: ReferralState) -> None:
    """There is no work left on it."""
    reached = state not in (S.RECALLED, S.WITHDRAWN, S.ENTERED_IN_ERROR)
    expected = {"wrong_state"} if reached else {"not_yours"}
    assert state in OVER
    assert expected == why_not(received(state), a_command(ClaimReferral))


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (RequestInfo, S.OPENED),
        (WaitlistReferral, S.OPENED),
        (AcceptReferral, S.OPENED),
        (DeclineReferral, S.WAITLISTED),
        (EngageReferral, S.ACCEPTED),
        (CompleteReferral, S.ACTIVE),
        (EndReferral, S.ACTIVE),
    ],
)
def test_what_somebody_claimed_others_do_not_answer(
    kind: type[Command], state: ReferralState
) -> None:
    """She deals with one person; only a supervisor steps in."""
    case = claimed(state)
    refusals = {
        who.person: why_not(case, a_command(kind, actor=who)) for who in (BO, COLLEAGUE, BOSS)
    }
    assert refusals == {"bo": set(), "ida": {"claimed"}, "nora": set()}


def test_a_claim_stands_in_nobodys_way_to_read_it_or_to_take_consent_back() -> None:
    """INV-09: whoever she tells will do."""
    opened = after(claimed(), a_command(OpenReferral, actor=COLLEAGUE))
    assert the(opened.referral(1)).state is S.OPENED
    stopped = after(claimed(), a_command(WithdrawConsent, actor=COLLEAGUE))
    assert the(stopped.referral(1)).state is S.WITHDRAWN


def test_what_was_given_back_is_free_for_the_next() -> None:
    """Nothing is left of the first claim."""
    case = after(claimed(), a_command(ReleaseReferral, actor=BOSS))
    assert done(case, a_command(AcceptReferral, actor=COLLEAGUE))
    case = after(case, a_command(ClaimReferral, actor=COLLEAGUE))
    assert COLLEAGUE.who == the(case.referral(1)).claimed_by
