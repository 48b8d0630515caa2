"""Two people say that she has died: then nothing more is sent or asked about her.

Her family are victims themselves.
"""

from datetime import timedelta
from typing import Any

import pytest

from rules.duties import STILL_OWED
from rules.profiles import VICTIMS_CODE_2021
from rules.referral_states import OVER, WITH_SERVICE
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.case_commands import AddNeed, FinishTask, RecordDeath
from schemas.casework import DeathAnswer
from schemas.changes import DispatchRecorded, PacketPlaced, StageMoved
from schemas.consent import Purpose
from schemas.consent_commands import AskConsent
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactState,
    PlanConfirmation,
    PlanState,
    SuspendReason,
)
from schemas.contact_commands import ConfirmPlan, SetPlan
from schemas.deadlines import DeadlineState
from schemas.referral import NeedState, Reason, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    MEADOWLIGHT,
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
    her_death,
    only,
    supervisor,
    the,
    why_not,
)
from tests.builders import given as yes

S = ReferralState
ANN, SUE = caseworker(), supervisor()
IT_IS_SO, NOT_SO = DeathAnswer.CONFIRMED, DeathAnswer.NOT_SO
LATER = AT + timedelta(hours=3)
OTHER_TASKS = [kind for kind in TaskKind if kind is not TaskKind.CONFIRM_DEATH]


def a_word(answer: DeathAnswer | None = None, by: Actor = SUE, **parts: Any) -> RecordDeath:
    return a_command(RecordDeath, answer=answer, actor=by, **parts)


def reported(case: CaseSnapshot | None = None) -> CaseSnapshot:
    return after(case or an_open_case(), a_word(by=ANN))


def bereft(case: CaseSnapshot) -> CaseSnapshot:
    return after(case, *her_death())


A_CHECK = WithdrawalCheck(
    number=1,
    purpose=Purpose.SUPPORT_REFERRAL,
    recorder=caseworker().who,
    asks="harbour-house",
    referrals=(1,),
    opened_at=AT,
    line_until=AT + timedelta(hours=72),
)


def in_full() -> CaseSnapshot:
    """A case with a yes, a plan, help under way, duties, tasks and an open question to her."""
    deadlines = (*(a_deadline(d.id) for d in VICTIMS_CODE_2021.duties), an_acknowledgement(2))
    open_case = an_open_case(
        consents=[yes()],
        referrals=[a_referral(state=S.ACTIVE), a_referral(2)],
        deadlines=deadlines,
        tasks=[a_task(kind, kind) for kind in OTHER_TASKS],
    )
    case = after(open_case, a_command(SetPlan))
    return case.model_copy(update={"checks": (A_CHECK,)})


# The first word of it


@pytest.mark.parametrize("by", [ANN, SUE], ids=str)
def test_one_person_s_word_of_her_death_stops_contact_and_ends_no_help(by: Actor) -> None:
    """Nobody rings and finds her family; whoever harms her takes nothing from her by a word."""
    before = in_full()
    case = after(before, a_word(by=by), at=LATER)
    assert (None, None) == (case.case.died_at, case.plan)
    assert [SuspendReason.DECEASED] == [plan.suspended_for for plan in case.plans]
    for part in ("consents", "needs", "referrals", "checks"):
        assert getattr(before, part) == getattr(case, part)
    running = {d.id for d in case.running_deadlines()}
    assert {d.id for d in before.running_deadlines()} - {"plan-review"} == running
    assert {t.id for t in before.tasks if t.is_done} == {t.id for t in case.tasks if t.is_done}
    asks = a_command(AskConsent, recipient=MEADOWLIGHT, actor=SUE)
    assert set() == why_not(case, asks, at=LATER)


def test_a_second_person_is_asked_whether_she_has_died() -> None:
    """A supervisor, and never whoever said so."""
    task = the(reported().task("confirm-death"))
    assert (TaskKind.CONFIRM_DEATH, Role.SAFEGUARDING_SUPERVISOR) == (task.kind, task.for_role)
    assert (ANN.who, False) == (task.not_for, task.is_done)
    for by in (ANN, SUE):
        assert why_not(reported(), a_command(FinishTask, task=task.id, actor=by))


@pytest.mark.parametrize("by", [ANN, SUE], ids=str)
def test_a_second_report_changes_nothing_and_says_so(by: Actor) -> None:
    """Neither does it count as the second word."""
    answer = done(reported(), a_word(by=by))
    assert ((), {"step": "reported_already"}) == (answer.changes, answer.detail)


def test_a_second_report_stops_contact_that_began_again() -> None:
    """She was heard of since, and somebody else says that she has died: nobody rings meanwhile."""
    planned = after(reported(), a_command(SetPlan))
    seen = {"plan": 2, "how": PlanConfirmation.TOLD_IN_PERSON}
    case = after(planned, a_command(ConfirmPlan, actor=SUE, **seen))
    assert case.plan is not None
    assert after(case, a_word(by=caseworker(person="bea"))).plan is None


# What a second person says to it


@pytest.mark.parametrize("answer", list(DeathAnswer))
@pytest.mark.parametrize(
    "same",
    [
        pytest.param(ANN, id="the same person"),
        pytest.param(supervisor(person="ann"), id="the same person in another role"),
    ],
)
def test_nobody_answers_their_own_report(answer: DeathAnswer, same: Actor) -> None:
    """Neither way: a person with two roles is still one person."""
    assert {"second_person"} == why_not(reported(), a_word(answer, by=same))
    for other in (SUE, caseworker(person="bea"), caseworker(person="bea")):
        assert set() == why_not(reported(), a_word(answer, by=other))


@pytest.mark.parametrize("answer", list(DeathAnswer))
def test_what_nobody_reported_is_not_answered(answer: DeathAnswer) -> None:
    """And each report is answered once."""
    assert {"not_reported"} == why_not(an_open_case(), a_word(answer))
    case = after(reported(), a_word(NOT_SO))
    assert {"not_reported"} == why_not(case, a_word(answer))


@pytest.mark.parametrize("stage", list(Stage))
def test_her_death_is_confirmed_in_every_stage(stage: Stage) -> None:
    """It is never too late, also in a closed case."""
    case = bereft(an_open_case(stage=stage))
    assert (AT, stage) == (case.case.died_at, case.case.stage)
    assert the(case.task("confirm-death")).is_done


def test_her_death_has_the_time_it_happened_and_is_recorded_once() -> None:
    """Said by whoever confirms it, and else it is when it was reported; no case closes by it."""
    when = AT - timedelta(minutes=30)
    case = after(reported(), a_word(IT_IS_SO, occurred_at=when), at=LATER)
    assert (when, Stage.OPEN) == (case.case.died_at, case.case.stage)
    assert AT == after(reported(), a_word(IT_IS_SO), at=LATER).case.died_at
    for answer in (None, *DeathAnswer):
        assert {"already_recorded"} == why_not(case, a_word(answer), at=LATER)


def test_where_it_is_not_so_contact_waits_for_a_plan_of_two_people() -> None:
    """Nobody opens the way to her alone; a supervisor looks after her, and not the reporter."""
    case = after(reported(in_full()), a_word(NOT_SO, by=caseworker(person="bea")), at=LATER)
    assert (None, None) == (case.case.died_at, case.plan)
    assert the(case.task("confirm-death")).is_done
    looks = the(case.task("not-died"))
    assert (TaskKind.WELFARE, ANN.who, False) == (looks.kind, looks.not_for, looks.is_done)
    assert Role.SAFEGUARDING_SUPERVISOR is looks.for_role
    assert Role.DPO not in {t.for_role for t in case.tasks if t.raised_at == LATER}
    case = after(case, a_command(SetPlan, actor=SUE), at=LATER)
    assert PlanState.PENDING is the(case.pending_plan).state


def test_what_is_not_so_leaves_a_plan_that_two_people_opened_since() -> None:
    """She was seen: there is nothing to look after."""
    planned = after(reported(), a_command(SetPlan))
    seen = {"plan": 2, "how": PlanConfirmation.TOLD_IN_PERSON}
    in_force = after(planned, a_command(ConfirmPlan, actor=SUE, **seen))
    case = after(in_force, a_word(NOT_SO))
    assert (in_force.plan, None) == (case.plan, case.task("not-died"))


def test_who_said_it_wrongly_and_says_it_again_answers_it_no_more_than_before() -> None:
    """Each report asks anew, and whoever made that one is who must not answer."""
    case = after(reported(), a_word(NOT_SO), a_word(by=SUE))
    assert {"second_person"} == why_not(case, a_word(IT_IS_SO))
    assert set() == why_not(case, a_word(IT_IS_SO, by=ANN))


@pytest.mark.parametrize("step", [None, *DeathAnswer])
def test_the_row_of_the_audit_tells_what_was_said(step: DeathAnswer | None) -> None:
    """A report that was not so is found there."""
    case = an_open_case() if step is None else reported()
    assert (step or "reported") == done(case, a_word(step)).detail["step"]


# What follows, once it is certain


@pytest.mark.parametrize("state", list(S))
def test_every_open_referral_is_recalled_and_each_service_that_knows_of_her_is_told(
    state: ReferralState,
) -> None:
    """Nothing more is sent about her; a service that holds data stops."""
    case = an_open_case(referrals=[a_referral(state=state)])
    answer = done(reported(case), a_word(IT_IS_SO))
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
    deadline = a_deadline("withdrawal-check").model_copy(update={"id": "withdrawal-check/1"})
    task = a_task("withdrawal-check/1", TaskKind.WITHDRAWAL_CHECK)
    case = an_open_case(deadlines=[deadline], tasks=[task])
    case = bereft(case.model_copy(update={"checks": (A_CHECK,)}))
    assert (CheckState.NOT_REACHED, True) == (
        the(case.check(1)).state,
        the(case.task(task.id)).is_done,
    )
    assert DeadlineState.VOID is the(case.deadline(deadline.id)).state


@pytest.mark.parametrize("kind", OTHER_TASKS)
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
    answer = done(reported(), a_word(IT_IS_SO))
    assert not only(StageMoved, answer)
    case = bereft(an_open_case(needs=[a_need(), a_need(2, NeedState.MET)]))
    assert {
        (TaskKind.BEREAVED_FAMILY, Role.CASEWORKER),
        (TaskKind.REVIEW_CASE, Role.SAFEGUARDING_SUPERVISOR),
    } == {(task.kind, task.for_role) for task in case.tasks if not task.is_done}
    assert [NeedState.OPEN, NeedState.MET] == [need.state for need in case.needs]


def test_nothing_more_is_needed_for_her() -> None:
    """What her family needs is for cases of their own."""
    assert set() == why_not(an_open_case(), a_command(AddNeed))
    assert {"deceased"} == why_not(bereft(an_open_case()), a_command(AddNeed))
