"""Erasing a case takes two people and a closed case in which nothing is open."""

from datetime import timedelta
from typing import Any

import pytest

from rules.outlook import journey_outlook, referral_outlook
from schemas.actor import Actor
from schemas.case import Stage
from schemas.case_commands import (
    AnswerErasure,
    EraseCase,
    ProposeErasure,
    RecordDeath,
    ReopenCase,
)
from schemas.casework import Transfer
from schemas.changes import ErasureRecorded
from schemas.command_base import Command
from schemas.consent import Purpose
from schemas.consent_commands import WithdrawConsent
from schemas.contact import Contact, ContactChannel, ContactPurpose, ContactState
from schemas.erasure import Erasure, ErasureReason, ErasureState
from schemas.holds import Hold
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot, Dispatch, DispatchKind, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    a_task,
    after,
    an_open_case,
    caseworker,
    done,
    dpo,
    given,
    kinds_of,
    ngo_intake,
    only,
    supervisor,
    the,
    why_not,
)

DEE, SUE, DAN = dpo(), supervisor(), dpo(person="dan")
PROPOSED = a_command(ProposeErasure, actor=DEE, reason=ErasureReason.HER_REQUEST)


def closed(**parts: Any) -> CaseSnapshot:
    """A case a person closed, with everything in it over."""
    over = [a_referral(state=ReferralState.COMPLETED)]
    return an_open_case(stage=Stage.CLOSED, referrals=over, consents=[given()], **parts)


def proposed(case: CaseSnapshot | None = None) -> CaseSnapshot:
    """The same, with the proposal to erase it, of which the supervisor was told."""
    found = after(case or closed(), PROPOSED)
    return found.model_copy(update={"dispatches": ()})


def answer(*, confirms: bool = True, actor: Actor = SUE) -> AnswerErasure:
    """What a second person says."""
    return a_command(AnswerErasure, confirms=confirms, actor=actor)


def confirmed() -> CaseSnapshot:
    """The same, confirmed."""
    return after(proposed(), answer())


def erased() -> CaseSnapshot:
    """And gone."""
    return after(confirmed(), a_command(EraseCase, actor=SUE))


def state_of(case: CaseSnapshot) -> ErasureState:
    """Where the newest proposal stands."""
    return the(case.erasure).state


def test_an_officer_proposes_it_and_a_supervisor_is_asked() -> None:
    """Whoever proposed it is not the one who is asked."""
    case = proposed()
    assert (ErasureState.PROPOSED, DEE.who) == (state_of(case), the(case.erasure).proposed_by)
    (task,) = [t for t in case.tasks if t.kind is TaskKind.CONFIRM_ERASURE]
    assert (False, DEE.who) == (task.is_done, task.not_for)


@pytest.mark.parametrize("by", [SUE, DAN], ids=["the supervisor", "another officer"])
def test_somebody_else_confirms_it(by: Actor) -> None:
    """And the question to a second person is settled by it."""
    case = after(proposed(), answer(actor=by))
    assert (ErasureState.CONFIRMED, by.who) == (state_of(case), the(case.erasure).answered_by)
    assert [] == [task.id for task in case.tasks if not task.is_done]


def test_nobody_confirms_what_they_proposed() -> None:
    """Not under another role either: a person with two roles is one person."""
    as_supervisor = supervisor(person=DEE.person)
    assert {"second_person"} == why_not(proposed(), answer(actor=DEE))
    assert {"second_person"} == why_not(proposed(), answer(actor=as_supervisor))


@pytest.mark.parametrize("by", [DEE, SUE], ids=["who proposed it", "who was asked"])
def test_either_of_them_ends_the_proposal(by: Actor) -> None:
    """And another may be made."""
    case = after(proposed(), answer(confirms=False, actor=by))
    assert ErasureState.DECLINED is state_of(case)
    assert {"not_proposed"} == why_not(case, answer())
    again = after(case, PROPOSED)
    assert (2, ErasureState.PROPOSED) == (the(again.erasure).number, state_of(again))


def test_one_proposal_stands_at_a_time() -> None:
    """The second is told who made the first."""
    assert {"already_proposed"} == why_not(proposed(), PROPOSED)


@pytest.mark.parametrize("stage", [s for s in Stage if s is not Stage.CLOSED])
def test_only_a_closed_case_is_erased(stage: Stage) -> None:
    """While somebody may still help her, nothing of her is destroyed."""
    assert {"not_closed"} == why_not(an_open_case(stage=stage), PROPOSED)


def test_a_case_that_is_opened_again_ends_the_proposal() -> None:
    """She came back: nobody confirms the end of a case that goes on."""
    case = after(proposed(), a_command(ReopenCase))
    assert (Stage.OPEN, ErasureState.LAPSED) == (case.case.stage, state_of(case))
    assert {"not_proposed"} == why_not(case, answer())
    assert [] == [t for t in case.tasks if t.kind is TaskKind.CONFIRM_ERASURE and not t.is_done]


HOLD = Hold(number=1, organisation="harbour-house", placed_by="harbour-house:ida", placed_at=AT)
CHECK = WithdrawalCheck(
    number=1,
    purpose=Purpose.SUPPORT_REFERRAL,
    recorder=caseworker().who,
    asks="harbour-house",
    referrals=(1,),
    consents=(),
    opened_at=AT,
    line_until=AT + timedelta(hours=72),
)
OFFER = Transfer(number=1, to_organisation="saltmere-council", offered_by=POLICE, offered_at=AT)
NOTICE = Dispatch(key="n", kind=DispatchKind.NOTICE, to_organisation=POLICE)
CALL = Contact(
    number=1,
    organisation=POLICE,
    purpose=ContactPurpose.CHECK_IN,
    channel=ContactChannel.VOICE,
    state=ContactState.STARTED,
    planned_by=caseworker().who,
)
OPEN: dict[str, dict[str, Any]] = {
    "duty_open": {"deadlines": (a_deadline(),)},
    "task_open": {"tasks": (a_task("welfare", TaskKind.WELFARE),)},
    "hold_open": {"holds": (HOLD,)},
    "withdrawal_being_checked": {"checks": (CHECK,)},
    "transfer_open": {"transfers": (OFFER,)},
    "contact_open": {"contacts": (CALL,)},
    "being_sent": {"dispatches": (NOTICE,)},
    "open_elsewhere": {"is_open_elsewhere": True},
}


@pytest.mark.parametrize(("code", "found"), OPEN.items(), ids=OPEN)
def test_what_is_open_in_it_speaks_against_it(code: str, found: dict[str, Any]) -> None:
    """Both when it is proposed, and when it is confirmed, which may be days later."""
    assert {code} == why_not(closed().model_copy(update=found), PROPOSED)
    waiting = proposed()
    beside = {
        name: (*getattr(waiting, name), *value) if isinstance(value, tuple) else value
        for name, value in found.items()
    }
    assert {code} == why_not(waiting.model_copy(update=beside), answer())


def test_a_hold_that_was_lifted_and_a_question_that_was_answered_do_not() -> None:
    """What is over is over."""
    lifted = HOLD.model_copy(update={"lifted_at": AT, "lifted_by": "harbour-house:ida"})
    answered = CHECK.model_copy(update={"state": CheckState.IT_WAS_HER})
    over = {"holds": (lifted,), "checks": (answered,)}
    assert set() == why_not(closed().model_copy(update=over), PROPOSED)


def test_it_is_erased_after_it_was_confirmed_and_not_before() -> None:
    """Whoever may erase decides nothing by it."""
    for case in (closed(), proposed()):
        assert {"not_confirmed"} == why_not(case, a_command(EraseCase, actor=SUE))
    (change,) = only(ErasureRecorded, done(confirmed(), a_command(EraseCase, actor=SUE)))
    assert (ErasureState.ERASED, AT) == (change.erasure.state, change.erasure.erased_at)


def test_a_confirmation_that_was_cut_off_is_given_again() -> None:
    """It changes nothing more, and whoever gives it goes on from there."""
    assert () == done(confirmed(), answer(actor=DAN)).changes


GOES_ON = {"answer_erasure", "erase_case"}


@pytest.mark.parametrize("kind", kinds_of().values(), ids=kinds_of())
def test_a_case_that_is_to_be_erased_takes_nothing_else(kind: type[Command]) -> None:
    """No command of a person and no step of the clockwork."""
    command = a_command(kind)
    expected = set() if command.verb.value in GOES_ON else {"being_erased"}
    found = why_not(confirmed(), command) & {"being_erased"}
    assert expected == found


@pytest.mark.parametrize("kind", kinds_of().values(), ids=kinds_of())
def test_an_erased_case_takes_nothing_at_all(kind: type[Command]) -> None:
    """A withdrawal neither: what it would stop is gone."""
    assert {"case_erased"} == why_not(erased(), a_command(kind))


def test_a_withdrawal_is_heard_until_the_erasure_is_decided() -> None:
    """A proposal alone keeps nobody from anything."""
    case = proposed()
    assert set() == why_not(case, a_command(WithdrawConsent))
    assert set() == why_not(case, a_command(RecordDeath))


def test_the_clockwork_has_nothing_to_do_in_a_case_that_is_to_be_erased() -> None:
    """Or a workflow would run whose every step is refused."""
    left = {"deadlines": (a_deadline(),), "dispatches": (NOTICE,)}
    case = confirmed().model_copy(update=left)
    outlook = journey_outlook(case)
    assert ((), (), (), ()) == (
        outlook.referrals,
        outlook.to_route,
        outlook.to_dispatch,
        outlook.alarms,
    )
    assert (Stage.CLOSED, True) == (outlook.stage, referral_outlook(case, 1, AT).is_over)


def test_a_service_hears_of_it_only_where_a_referral_reached_it() -> None:
    """To everybody else there is no such case."""
    stranger = ngo_intake("kitebrook-families")
    assert {"not_yours"} == why_not(
        erased(),
        a_command(kinds_of()["accept_referral"], actor=stranger),  # type: ignore[index]
    )


def test_a_reason_is_a_code() -> None:
    """Nobody writes a sentence about her into what outlives her record."""
    reasons = {reason.value for reason in ErasureReason}
    assert {"retention_over", "her_request", "opened_by_mistake", "court_order"} == reasons
    assert "reason" in Erasure.model_fields
