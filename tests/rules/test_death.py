"""She has died: nothing more is sent or asked about her, and her family are victims themselves."""

from datetime import timedelta

import pytest

from rules.duties import STILL_OWED
from rules.profiles import VICTIMS_CODE_2021
from rules.referral_states import OVER, WITH_SERVICE
from schemas.actor import Role
from schemas.case import Stage
from schemas.case_commands import RecordDeath
from schemas.changes import DispatchRecorded, PacketPlaced, StageMoved
from schemas.consent import Purpose
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactState,
    PlanState,
    SuspendReason,
)
from schemas.deadlines import DeadlineState
from schemas.referral import NeedState, Reason, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    a_command,
    a_deadline,
    a_need,
    a_referral,
    a_task,
    after,
    an_acknowledgement,
    an_open_case,
    caseworker,
    done,
    only,
    the,
    why_not,
)

S = ReferralState


def bereft(case: CaseSnapshot) -> CaseSnapshot:
    return after(case, a_command(RecordDeath))


def test_her_death_has_the_time_it_happened_and_is_recorded_once() -> None:
    """When is said by whoever records it; and the case is not closed by it."""
    when = AT - timedelta(minutes=30)
    case = after(an_open_case(), a_command(RecordDeath, occurred_at=when))
    assert (when, Stage.OPEN) == (case.case.died_at, case.case.stage)
    assert AT == bereft(an_open_case()).case.died_at
    assert {"already_recorded"} == why_not(case, a_command(RecordDeath))


@pytest.mark.parametrize("state", list(S))
def test_every_open_referral_is_recalled_and_each_service_that_knows_of_her_is_told(
    state: ReferralState,
) -> None:
    """Nothing more is sent about her; a service that holds data stops."""
    case = an_open_case(referrals=[a_referral(state=state)])
    answer = done(case, a_command(RecordDeath))
    stops = [d for d in only(DispatchRecorded, answer) if d.dispatch.kind is DispatchKind.STOP]
    assert (state in WITH_SERVICE) is bool(stops)
    assert not only(PacketPlaced, answer)
    referral = the(bereft(case).referral(1))
    if state in OVER:
        assert state is referral.state
    else:
        assert (S.RECALLED, Reason.DECEASED) == (referral.state, referral.reason)


def test_nobody_contacts_her_any_more() -> None:
    """INV-32: her plan is suspended and every contact that has not begun is called off."""
    contact = Contact(
        number=1,
        organisation=caseworker().organisation,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.VOICE,
        state=ContactState.OPEN,
        planned_by=caseworker().who,
    )
    case = bereft(an_open_case().model_copy(update={"contacts": (contact,)}))
    assert ContactState.CANCELLED is the(case.contact(1)).state
    assert case.plan is None
    assert [(PlanState.SUSPENDED, SuspendReason.DECEASED)] == [
        (plan.state, plan.suspended_for) for plan in case.plans
    ]


@pytest.mark.parametrize("duty", [duty.id for duty in VICTIMS_CODE_2021.duties])
@pytest.mark.parametrize(
    "state", [DeadlineState.RUNNING, DeadlineState.PAUSED, DeadlineState.BREACHED]
)
def test_what_was_owed_to_her_is_void(state: DeadlineState, duty: str) -> None:
    """What others at risk rest on goes on, and so do the reviews of the case."""
    deadline = a_deadline(duty, state=state).model_copy(update={"id": f"{duty}/1"})
    case = bereft(an_open_case(deadlines=[deadline]))
    expected = state if duty in STILL_OWED else DeadlineState.VOID
    assert expected is the(case.deadline(deadline.id)).state


def test_a_service_s_private_deadline_is_its_own_to_end() -> None:
    """An agency neither sees nor ends it."""
    private = a_deadline("leave-1-permission", 1)
    private = private.model_copy(update={"private_to": "harbour-house"})
    case = bereft(an_open_case(deadlines=[private, an_acknowledgement()]))
    assert [private.id] == [d.id for d in case.running_deadlines()]


def test_a_question_that_she_can_no_longer_answer_is_over() -> None:
    """Nobody rings her number to ask whether the withdrawal was hers; a supervisor hears of it."""
    check = WithdrawalCheck(
        number=1,
        purpose=Purpose.SUPPORT_REFERRAL,
        recorder=caseworker(person="bea").who,
        asks="harbour-house",
        referrals=(1,),
        opened_at=AT,
        line_until=AT + timedelta(hours=72),
    )
    deadline = a_deadline("withdrawal-check").model_copy(update={"id": "withdrawal-check/1"})
    task = a_task("withdrawal-check/1", TaskKind.WITHDRAWAL_CHECK)
    case = an_open_case(deadlines=[deadline], tasks=[task])
    case = bereft(case.model_copy(update={"checks": (check,)}))
    assert (CheckState.NOT_REACHED, True) == (
        the(case.check(1)).state,
        the(case.task(task.id)).is_done,
    )
    assert DeadlineState.VOID is the(case.deadline(deadline.id)).state


@pytest.mark.parametrize("kind", list(TaskKind))
def test_no_task_to_ask_her_something_is_left(kind: TaskKind) -> None:
    """Her family does not answer a call that was meant for her; everything else stays."""
    meant_her = {
        TaskKind.ASK_AGAIN,
        TaskKind.RENEW_CONSENT,
        TaskKind.CONSENT_MISSING,
        TaskKind.INFO_REQUESTED,
        TaskKind.BEST_INTERESTS,
        TaskKind.PLAN_STALE,
        TaskKind.CONFIRM_PLAN,
        TaskKind.WELFARE,
        TaskKind.UNMET_NEED,
    }
    case = bereft(an_open_case(tasks=[a_task("asked", kind)]))
    assert (kind in meant_her) is the(case.task("asked")).is_done


def test_her_family_and_the_case_are_in_front_of_people() -> None:
    """Close family get cases of their own; a supervisor reviews what happened. Nothing closes."""
    answer = done(an_open_case(), a_command(RecordDeath))
    assert not only(StageMoved, answer)
    case = bereft(an_open_case(needs=[a_need(), a_need(2, NeedState.MET)]))
    assert {
        (TaskKind.BEREAVED_FAMILY, Role.CASEWORKER),
        (TaskKind.REVIEW_CASE, Role.SAFEGUARDING_SUPERVISOR),
    } == {(task.kind, task.for_role) for task in case.tasks}
    assert [NeedState.OPEN, NeedState.MET] == [need.state for need in case.needs]
