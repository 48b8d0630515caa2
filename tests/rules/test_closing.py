"""Closing and opening again: a review first, two people for lost contact, and never a timer."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rules.apply import apply
from rules.casework import SETTLED_BY
from rules.decide import decide
from rules.outlook import journey_outlook
from rules.referral_states import OVER
from schemas.actor import Actor, Role
from schemas.case import ClosingReason, Stage
from schemas.case_commands import (
    AddNeed,
    AnswerTransfer,
    CloseCase,
    FinishTask,
    OfferTransfer,
    RecordDeath,
    ReopenCase,
)
from schemas.casework import CaseLink, LinkKind, ReopenReason
from schemas.changes import LinkRecorded
from schemas.clockwork_steps import Breach
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactState,
)
from schemas.contact_commands import EndContact, SetPlan, SuspendPlan
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed, Refused
from schemas.referral import NeedState, ReferralState
from schemas.referral_commands import LiftHold, PlaceHold, RequestReferral
from schemas.snapshot import ALARMS, CaseSnapshot, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    IDVA,
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
    her_death,
    kinds_of,
    supervisor,
    the,
    why_not,
)
from tests.rules import clock

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
    assert set() == why_not(grounded(in_review(reason)), confirming(reason))


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


NEVER_TOO_LATE = {
    "withdraw_consent",
    "answer_check",
    "place_hold",
    "lift_hold",
    "record_death",
    "suspend_plan",
    "end_contact",
    "settle_contact",
    "open_referral",
    "finish_task",
    "declare_conflict",
    "link_case",
    "reopen_case",
    "propose_erasure",
    "answer_erasure",
    "erase_case",
    "send_stop",
    "send_notice",
    "remind",
    "breach",
}


@pytest.mark.parametrize("kind", kinds_of().values(), ids=kinds_of())
def test_a_closed_case_takes_what_protects_her_and_no_new_work(kind: type[Command]) -> None:
    """INV-09: a closed case is still hers to withdraw from; what begins something is refused."""
    case = an_open_case(
        stage=Stage.CLOSED,
        consents=[given()],
        referrals=[a_referral(state=ReferralState.COMPLETED)],
    )
    verb = kind.model_fields["verb"].default
    assert ("case_closed" in why_not(case, a_command(kind))) == (verb not in NEVER_TOO_LATE)


def test_a_withdrawal_leaves_a_closed_case_closed() -> None:
    """It is recorded, and opens nothing."""
    case = after(an_open_case(stage=Stage.CLOSED, consents=[given()]), a_command(WithdrawConsent))
    assert case.case.stage is Stage.CLOSED
    assert case.consent_state(Purpose.SUPPORT_REFERRAL, IDVA) is ConsentState.WITHDRAWN


def grounded(case: CaseSnapshot) -> CaseSnapshot:
    """With what some reasons rest on: a death on record, a duplicate that is linked."""
    twin = CaseLink(other="tivog-ranel-r", link=LinkKind.DUPLICATE, linked_by=caseworker().who)
    case = apply(case, [LinkRecorded(link=twin)])
    return case.model_copy(update={"case": case.case.model_copy(update={"died_at": AT})})


@pytest.mark.parametrize(
    ("reason", "refusal"),
    [
        pytest.param(ClosingReason.DECEASED, "death_not_recorded", id="deceased"),
        pytest.param(ClosingReason.DUPLICATE, "no_duplicate", id="duplicate"),
    ],
)
def test_some_reasons_rest_on_what_is_on_record(reason: ClosingReason, refusal: str) -> None:
    """In the review and at its end; a link of another kind is no duplicate."""
    incident = CaseLink(other="tivog-ranel-r", link=LinkKind.SAME_INCIDENT, linked_by="x:y")
    for case, command in (
        (an_open_case(), a_command(CloseCase, reason=reason)),
        (in_review(reason), confirming(reason)),
    ):
        assert {refusal} == why_not(apply(case, [LinkRecorded(link=incident)]), command)
        assert set() == why_not(grounded(case), command)


def test_a_case_is_not_closed_as_deceased_on_one_person_s_word() -> None:
    """The way on is named; and who reported it does not end it by closing as something else."""
    reason = ClosingReason.DECEASED
    case = after(in_review(), a_command(RecordDeath))
    for command in (a_command(CloseCase, reason=reason), confirming(reason, supervisor())):
        answer = decide(case, command, a_world())
        assert isinstance(answer, Refused)
        assert ["death_not_recorded"] == [refusal.code for refusal in answer.reasons]
        assert "`case died --confirm`" in answer.sentences()
    case = after(case, confirming())
    assert ["confirm-death"] == [task.id for task in case.tasks if not task.is_done]
    case = after(case, her_death()[1])
    assert (AT, Stage.CLOSED) == (case.case.died_at, case.case.stage)


def test_a_case_that_is_offered_to_another_agency_is_not_closed() -> None:
    """Their answer, or taking the offer back, comes first."""
    case = after(in_review(), a_command(OfferTransfer))
    assert {"transfer_open"} == why_not(case, confirming())
    case = after(case, a_command(AnswerTransfer, accepts=False))
    assert set() == why_not(case, confirming())


def a_contact(state: ContactState) -> Contact:
    return Contact(
        number=1,
        organisation=caseworker().organisation,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.VOICE,
        state=state,
        planned_by=caseworker().who,
    )


def test_a_case_is_not_closed_in_the_middle_of_a_contact() -> None:
    """Somebody is talking with her: what came of it is said first, and how is named."""
    case = in_review().model_copy(update={"contacts": (a_contact(ContactState.STARTED),)})
    refusal = decide(case, confirming(), a_world())
    assert isinstance(refusal, Refused)
    assert ["contact_open"] == [reason.code for reason in refusal.reasons]
    assert "`contact end`" in refusal.sentences()
    ends = a_command(EndContact, contact=1, result=ContactResult.NO_ANSWER)
    assert set() == why_not(after(case, ends), confirming())


@pytest.mark.parametrize("state", [s for s in ContactState if s is not ContactState.STARTED])
def test_closing_calls_off_contacts_that_have_not_begun(state: ContactState) -> None:
    """INV-32: nobody rings her after her case is closed; what went out is settled."""
    case = in_review().model_copy(update={"contacts": (a_contact(state),)})
    case = after(case, confirming())
    waits = state in (ContactState.PLANNED, ContactState.OPEN)
    assert (ContactState.CANCELLED if waits else state) is the(case.contact(1)).state


def being_asked(**parts: Any) -> CaseSnapshot:
    """A case in review, in which she is being asked whether the withdrawal was hers."""
    check = WithdrawalCheck(
        number=1,
        purpose=Purpose.SUPPORT_REFERRAL,
        recorder=caseworker().who,
        asks="harbour-house",
        referrals=(1,),
        opened_at=AT,
        line_until=AT + timedelta(hours=72),
    )
    deadline = a_deadline("withdrawal-check").model_copy(update={"id": "withdrawal-check/1"})
    case = in_review(
        referrals=[a_referral(state=ReferralState.WITHDRAWN)],
        deadlines=[deadline, a_deadline()],
        tasks=[a_task("withdrawal-check/1", TaskKind.WITHDRAWAL_CHECK), a_task("unmet/1")],
        **parts,
    )
    return case.model_copy(update={"checks": (check,)})


def test_closing_waits_for_the_question_whether_a_withdrawal_was_hers() -> None:
    """Whoever took her consent back in her name cannot hide that by closing her case."""
    case = being_asked()
    assert {"withdrawal_being_checked"} == why_not(case, confirming())
    due_at = the(case.deadline("withdrawal-check/1")).due_at
    case = after(case, a_command(Breach, deadline="withdrawal-check/1"), at=due_at)
    assert CheckState.NOT_REACHED is the(case.check(1)).state
    assert set() == why_not(case, confirming(), due_at)


OUTLIVES = {
    *ALARMS,
    TaskKind.DEFECTIVE_CONSENT,
    TaskKind.BEST_INTERESTS,
    TaskKind.TIME_PASSED,
    TaskKind.REVIEW_CASE,
    TaskKind.CONFIRM_DEATH,
    TaskKind.REVIEW_HOLD,
    TaskKind.BEREAVED_FAMILY,
}


@pytest.mark.parametrize("kind", sorted(TaskKind))
def test_closing_settles_no_supervisor_s_task_that_protects_somebody(kind: TaskKind) -> None:
    """Who closes does not tick off what others were to look at; it can be finished afterwards."""
    case = after(in_review(tasks=[a_task("kept", kind), a_task()]), confirming())
    kept = {task.id for task in case.tasks if not task.is_done}
    assert ({"kept"} if kind in OUTLIVES else set()) == kept
    if kept and kind not in SETTLED_BY:
        finish = a_command(FinishTask, task="kept", actor=supervisor())
        assert the(after(case, finish).task("kept")).is_done


@pytest.mark.parametrize("kind", [TaskKind.TIME_PASSED, TaskKind.REVIEW_CASE])
def test_closing_settles_what_those_who_close_were_to_look_at(kind: TaskKind) -> None:
    """There is nothing left for them to look at."""
    own = a_task("own", kind).model_copy(update={"for_role": Role.CASEWORKER})
    assert the(after(in_review(tasks=[own]), confirming()).task("own")).is_done


def test_closing_ends_pauses_and_leaves_a_service_s_private_deadline_to_it() -> None:
    """Nothing of an adviser's deadline depends on an agency, and its end is not a sign either."""
    paused = a_deadline(state=DeadlineState.PAUSED).model_copy(update={"paused_at": AT})
    private = a_deadline("leave-1-permission", 1)
    private = private.model_copy(update={"private_to": "harbour-house"})
    case = after(in_review(deadlines=[paused, private]), confirming())
    assert [private.id] == [d.id for d in case.running_deadlines()]
    assert the(case.deadline(paused.id)).paused_at is None


# Again


def closed(**parts: Any) -> CaseSnapshot:
    return after(in_review(**parts), confirming())


@pytest.mark.parametrize("reason", list(ReopenReason))
def test_a_closed_case_is_opened_again_with_what_it_held(reason: ReopenReason) -> None:
    """And a caseworker looks at it: what was closed as settled may not be."""
    case = after(closed(), a_command(ReopenCase, reason=reason))
    assert (Stage.OPEN, None, None) == (
        case.case.stage,
        case.case.closing_reason,
        case.case.closing_asked_by,
    )
    assert [TaskKind.REVIEW_CASE] == [t.kind for t in case.tasks if not t.is_done]
    assert [1] == [need.number for need in case.needs]


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage is not Stage.CLOSED])
def test_only_a_closed_case_is_opened_again(stage: Stage) -> None:
    """Every other one is open already."""
    assert {"not_closed"} == why_not(an_open_case(stage=stage), a_command(ReopenCase))


@pytest.mark.parametrize(
    ("state", "is_owed"),
    [
        pytest.param(DeadlineState.RUNNING, True, id="not met when it was closed"),
        pytest.param(DeadlineState.BREACHED, True, id="missed when it was closed"),
        pytest.param(DeadlineState.MET, False, id="met"),
        pytest.param(DeadlineState.MET_LATE, False, id="met late"),
        pytest.param(DeadlineState.WAIVED, False, id="waived by her"),
    ],
)
def test_what_was_owed_and_not_done_is_owed_anew(state: DeadlineState, *, is_owed: bool) -> None:
    """The link to somebody outside the police begins again, if there never was one."""
    link = a_deadline("s2s-r1-link", state=state)
    later = AT + timedelta(days=200)
    case = after(closed(deadlines=[link]), a_command(ReopenCase), at=later)
    now = the(case.deadline("s2s-r1-link"))
    assert is_owed == (now.state is DeadlineState.RUNNING)
    assert (later if is_owed else AT) == now.started_at


def test_a_case_that_is_opened_again_is_watched_again() -> None:
    """Its quiet time counts from then."""
    later = AT + timedelta(days=200)
    case = after(closed(deadlines=[a_deadline("close-review")]), a_command(ReopenCase), at=later)
    review = the(case.deadline("close-review"))
    assert (DeadlineState.RUNNING, later) == (review.state, review.started_at)


SERVICE_HELPED = a_referral(state=ReferralState.COMPLETED)


def held_on(at: datetime = AT) -> CaseSnapshot:
    """A case that closed a day later, with a yes, a plan and a hold that all still stand."""
    consented = after(an_open_case(referrals=[SERVICE_HELPED]), a_command(AskConsent), at=at)
    case = after(
        consented,
        a_command(GiveConsent),
        a_command(SetPlan),
        a_command(PlaceHold, actor=supervisor(), referral=None),
        at=at,
    )
    return after(
        case,
        a_command(CloseCase),
        a_command(CloseCase, confirmed=True),
        at=at + timedelta(days=1),
    )


STANDS = {f"consent-renewal/{IDVA}", "plan-review", "hold-review/1"}


def test_what_stands_is_watched_again_from_when_it_began() -> None:
    """Her yes, her plan and a hold outlived the closing, and so does the time each is good for."""
    case = held_on()
    assert not STANDS & {d.id for d in case.running_deadlines()}
    later = AT + timedelta(days=10)
    case = after(case, a_command(ReopenCase), at=later)
    again = {d.id: d.started_at for d in case.running_deadlines() if d.id in STANDS}
    assert dict.fromkeys(STANDS, AT) == again


def test_what_ran_out_while_the_case_was_closed_is_seen_to_at_once() -> None:
    """A month on the plan and the hold are looked at; half a year on, she is asked again too."""
    for days, due in ((31, STANDS - {f"consent-renewal/{IDVA}"}), (200, STANDS)):
        at = AT + timedelta(days=days)
        case = after(held_on(), a_command(ReopenCase), at=at)
        rings = {alarm.deadline for alarm in journey_outlook(case).alarms if alarm.at <= at}
        assert due == rings & STANDS
        for deadline in sorted(due):
            case = after(case, a_command(Breach, deadline=deadline), at=at)
        asked = {task.kind for task in case.tasks if not task.is_done}
        assert {TaskKind.PLAN_STALE, TaskKind.REVIEW_HOLD} <= asked
        has_run_out = f"consent-renewal/{IDVA}" in due
        assert has_run_out is (TaskKind.RENEW_CONSENT in asked)
        state = case.consent_state(Purpose.SUPPORT_REFERRAL, IDVA)
        assert (ConsentState.EXPIRED if has_run_out else ConsentState.GIVEN) is state


def test_a_month_after_it_was_opened_again_all_that_stands_has_been_looked_at() -> None:
    """Played by the clock alone, in an open case as if it had never been closed."""
    at = AT + timedelta(days=2)
    case = after(held_on(), a_command(ReopenCase), at=at)
    while at < AT + timedelta(days=33):
        at += timedelta(hours=6)
        for step in clock.due(case, at):
            decision = decide(case, step, a_world(at))
            case = apply(case, decision.changes) if isinstance(decision, Changed) else case
    asked = {task.kind for task in case.tasks if not task.is_done}
    assert {TaskKind.PLAN_STALE, TaskKind.REVIEW_HOLD} <= asked
    assert {"hold-review/1", f"consent-renewal/{IDVA}"} <= {d.id for d in case.running_deadlines()}


def test_what_no_longer_stands_is_not_watched_again() -> None:
    """Taken back, suspended and lifted in the closed case."""
    case = after(
        held_on(),
        a_command(WithdrawConsent, recipient=None),
        a_command(SuspendPlan),
        a_command(LiftHold, actor=supervisor(), hold=1),
        a_command(ReopenCase),
        at=AT + timedelta(days=3),
    )
    assert not STANDS & {d.id for d in case.running_deadlines()}


def test_after_her_death_only_the_hold_is_watched_again() -> None:
    """Nobody asks her anything any more; what others may be told of her still matters."""
    at = AT + timedelta(days=3)
    case = after(held_on(), *her_death(), a_command(ReopenCase), at=at)
    assert {"hold-review/1"} == STANDS & {d.id for d in case.running_deadlines()}
