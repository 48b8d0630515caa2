"""Holds: only their placer lifts them, time never does, and support does not know of them."""

from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from rules.apply import apply
from rules.decide import decide
from rules.duties import deadline_id
from rules.sending import is_with
from schemas.actor import Actor
from schemas.case import Stage
from schemas.changes import HoldRecorded, ReferralRecorded
from schemas.clockwork_steps import Breach
from schemas.command_base import Command
from schemas.consent_commands import WithdrawConsent
from schemas.deadlines import DeadlineState
from schemas.decisions import Decision, Refused
from schemas.holds import Hold
from schemas.referral import ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    ClaimReferral,
    CompleteReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    LiftHold,
    OpenReferral,
    PlaceHold,
    RecallReferral,
    ReopenReferral,
    SetPriority,
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    MEADOWLIGHT,
    a_command,
    a_need,
    a_referral,
    a_world,
    after,
    an_open_case,
    caseworker,
    done,
    idva,
    ngo_intake,
    only,
    supervisor,
    the,
    why_not,
)
from tests.rules.at_service import received

S = ReferralState
ELSEWHERE = ngo_intake("meadowlight")


def reached_two(**parts: Any) -> CaseSnapshot:
    """Two services have a referral each."""
    second = a_referral(2, S.ACCEPTED, MEADOWLIGHT, need=2)
    lawful: dict[str, Any] = {
        "needs": [a_need(), a_need(2)],
        "referrals": [*received(S.ACCEPTED).referrals, second],
    }
    return received(**(lawful | parts))


def standing(case: CaseSnapshot) -> list[tuple[int, str]]:
    return [(h.number, h.organisation) for h in case.holds if h.lifted_at is None]


# at acceptance


@pytest.mark.parametrize(("wanted", "expected"), [(True, [(1, "harbour-house")]), (False, [])])
def test_a_service_that_accepts_places_a_hold_unless_it_says_no(
    wanted: bool, expected: list[tuple[int, str]]
) -> None:
    """It is asked once, and the usual answer is yes."""
    assert AcceptReferral.model_fields["place_hold"].default is True
    case = after(received(), a_command(AcceptReferral, place_hold=wanted))
    assert expected == standing(case)


def test_a_hold_says_who_placed_it_when_and_at_which_acceptance() -> None:
    """It is theirs to lift, and is looked at again after its time."""
    case = after(received(), a_command(AcceptReferral))
    assert case.holds == (
        Hold(
            number=1,
            organisation="harbour-house",
            placed_by="harbour-house:ida",
            referral=1,
            placed_at=AT,
        ),
    )
    assert the(case.deadline("hold-review/1")).state is DeadlineState.RUNNING


def test_an_organisation_has_one_hold_however_many_referrals_it_accepts() -> None:
    """A second acceptance, and a second person, find that it stands."""
    case = after(received(), a_command(PlaceHold))
    assert not only(HoldRecorded, done(case, a_command(AcceptReferral)))
    assert done(case, a_command(PlaceHold, actor=idva())).changes == ()
    case = after(
        reached_two(), a_command(PlaceHold), a_command(PlaceHold, actor=ELSEWHERE, referral=2)
    )
    assert standing(case) == [(1, "harbour-house"), (2, "meadowlight")]


# by hand


@pytest.mark.parametrize(
    ("actor", "referral", "refusal"),
    [
        pytest.param(ngo_intake(), None, set(), id="a service that a referral reached"),
        pytest.param(idva(), 1, set(), id="its advocate, about that referral"),
        pytest.param(supervisor(), None, set(), id="a supervisor of the force that leads"),
        pytest.param(ngo_intake("meadowlight"), None, {"not_yours"}, id="another service"),
        pytest.param(ngo_intake(), 2, {"not_yours"}, id="about a referral there is not"),
        pytest.param(supervisor(), 1, {"not_yours"}, id="a supervisor, about a service's referral"),
        pytest.param(supervisor("saltmere-council"), None, {"not_your_case"}, id="another force"),
        pytest.param(caseworker(), None, {"no_right"}, id="a caseworker"),
    ],
)
def test_who_may_place_a_hold(actor: Actor, referral: int | None, refusal: set[str]) -> None:
    """Whoever supports her, and a supervisor of those who lead the case."""
    assert refusal == why_not(received(), a_command(PlaceHold, actor=actor, referral=referral))


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        pytest.param(ngo_intake(), set(), id="who placed it"),
        pytest.param(idva(), set(), id="a colleague"),
        pytest.param(ELSEWHERE, {"not_your_hold"}, id="another service"),
        pytest.param(supervisor(), {"not_your_hold"}, id="a supervisor of the force"),
    ],
)
def test_only_the_organisation_that_placed_a_hold_lifts_it(actor: Actor, refusal: set[str]) -> None:
    """INV-14: there is no override; the refusal names whom to ask."""
    case = after(reached_two(), a_command(PlaceHold))
    command = a_command(LiftHold, actor=actor, hold=1)
    assert refusal == why_not(case, command)
    answer = decide(case, command, a_world())
    if isinstance(answer, Refused):
        assert "harbour-house" in answer.sentences()
    else:
        hold = the(after(case, command).hold(1))
        assert (AT, actor.who) == (hold.lifted_at, hold.lifted_by)


def test_a_hold_that_was_lifted_is_followed_by_a_new_one_and_not_revived() -> None:
    """Each has a number and a review of its own; lifting twice changes nothing."""
    lift = a_command(LiftHold, hold=1)
    case = after(received(), a_command(PlaceHold), lift)
    assert the(case.deadline("hold-review/1")).state is DeadlineState.MET
    assert done(case, lift).changes == ()
    case = after(case, a_command(PlaceHold))
    assert standing(case) == [(2, "harbour-house")]
    assert the(case.deadline("hold-review/2")).state is DeadlineState.RUNNING
    assert {"unknown_hold"} == why_not(case, a_command(LiftHold, hold=3))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(a_command(WithdrawConsent), id="she takes her consent back"),
        pytest.param(a_command(RecallReferral), id="the sender recalls"),
        pytest.param(a_command(CompleteReferral), id="support is complete"),
        pytest.param(a_command(EndReferral), id="support ends"),
    ],
)
def test_no_end_of_support_lifts_a_hold(command: Command) -> None:
    """INV-14: and its organisation can lift it afterwards as before."""
    case = after(received(S.ACTIVE), a_command(PlaceHold), command)
    assert standing(case) == [(1, "harbour-house")]
    assert set() == why_not(case, a_command(LiftHold, hold=1))


def test_time_lifts_no_hold() -> None:
    """INV-14: when its time has passed a person is asked to look, and it stands."""
    case = after(received(), a_command(PlaceHold))
    review = the(case.deadline("hold-review/1"))
    case = after(case, a_command(Breach, deadline=review.id), at=review.due_at)
    assert standing(case) == [(1, "harbour-house")]


def test_a_closed_case_takes_holds_still() -> None:
    """What protects her outlives the case."""
    case = reached_two(stage=Stage.CLOSED)
    assert set() == why_not(case, a_command(PlaceHold))


# a hold never touches support

SUPPORT: tuple[type[Command], ...] = (
    OpenReferral,
    ClaimReferral,
    WaitlistReferral,
    AcceptReferral,
    EngageReferral,
    CompleteReferral,
    DeclineReferral,
    EndReferral,
    RecallReferral,
    ReopenReferral,
    SetPriority,
    WithdrawConsent,
)
HOLDS: tuple[type[Command], ...] = (PlaceHold, LiftHold)


def support_of(case: CaseSnapshot) -> dict[str, object]:
    """Everything of the case but the holds and their reviews."""
    told = case.model_dump(exclude={"holds", "deadlines", "case"})
    reviews = deadline_id("hold-review", of="")
    told["deadlines"] = [d for d in case.deadlines if not d.id.startswith(reviews)]
    return told


def heard(decision: Decision) -> object:
    """What support hears of a decision: its changes but holds and reviews, or the refusal."""
    if isinstance(decision, Refused):
        return decision
    return decision.detail, only(ReferralRecorded, decision)


@settings(max_examples=150, deadline=None, derandomize=True)
@over(st.lists(st.sampled_from((*SUPPORT, *HOLDS)), max_size=12))
def test_support_runs_alike_with_and_without_holds(kinds: list[type[Command]]) -> None:
    """INV-15: holds move no referral, no consent, no need and no deadline of support."""
    held, free = received(), received()
    for kind in kinds:
        command = a_command(kind)
        answer = decide(held, command, a_world())
        held = held if isinstance(answer, Refused) else apply(held, answer.changes)
        if kind in HOLDS:
            continue
        without = command.model_copy(update={"place_hold": False})
        other = decide(free, without if kind is AcceptReferral else command, a_world())
        free = free if isinstance(other, Refused) else apply(free, other.changes)
        assert heard(other) == heard(answer)
    assert support_of(free) == support_of(held)
    assert not free.holds


def test_a_service_that_holds_nothing_of_hers_places_no_hold() -> None:
    """INV-08: a referral that waits is nobody's yet."""
    waiting = a_referral()
    assert not is_with(waiting, "harbour-house")
    assert {"not_yours"} == why_not(an_open_case(referrals=[waiting]), a_command(PlaceHold))
