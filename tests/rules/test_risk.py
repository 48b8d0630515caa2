"""Risk: graded, looked at by another, graded again; what is high goes on to MARAC and IDVA."""

from datetime import timedelta
from typing import Any

import pytest

from rules import risk
from schemas.actor import Role
from schemas.changes import DeadlineRecorded, DispatchRecorded, MaracRecorded
from schemas.deadlines import DeadlineState, Pace
from schemas.lane_commands import AssessRisk, ReviewRisk
from schemas.lanes import Marac, MaracCriterion, MaracState, RiskGrade, RiskTool
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import (
    AT,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    after,
    an_actor,
    an_open_case,
    done,
    idva,
    only,
    supervisor,
    the,
    why_not,
)

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HIGH = {"tool": RiskTool.JUDGEMENT, "grade": RiskGrade.HIGH}
STANDARD, MEDIUM = RiskGrade.STANDARD, RiskGrade.MEDIUM
ASSESSOR = an_actor(Role.PPU_OFFICER, person="pat")
WATCH = "marac-5-repeat-watch"


def an_assessment(**parts: Any) -> AssessRisk:
    """By judgement, and standard."""
    usual = {"actor": ASSESSOR, "tool": RiskTool.JUDGEMENT, "grade": STANDARD, "ticks": None}
    return a_command(AssessRisk, **(usual | parts))


def a_dash(ticks: int, grade: RiskGrade, **parts: Any) -> AssessRisk:
    """A DASH form with so many ticks."""
    return an_assessment(tool=RiskTool.DASH, ticks=ticks, grade=grade, **parts)


def a_review(**parts: Any) -> ReviewRisk:
    """A supervisor agrees."""
    return a_command(ReviewRisk, **({"agrees": True, "actor": supervisor()} | parts))


def states_of(case: CaseSnapshot, duty: str) -> list[DeadlineState]:
    """How each run of a duty stands."""
    return [deadline.state for deadline in case.deadlines if deadline.duty == duty]


def with_marac(state: MaracState, **parts: Any) -> CaseSnapshot:
    """A case with a passage through MARAC in that state."""
    marac = Marac(number=1, state=state, criterion=MaracCriterion.ESCALATION)
    return an_open_case(**parts).model_copy(update={"maracs": (marac,)})


def test_the_first_assessment_meets_its_duty_and_starts_the_next_two() -> None:
    """In the first response; then a supervisor looks, and in 28 days it is made again."""
    case = an_open_case(deadlines=[a_deadline("risk-1-assessment")])
    case = after(case, an_assessment(), at=AT + HOUR)
    assessed = the(case.risk)
    assert (1, STANDARD, ASSESSOR.who) == (assessed.number, assessed.grade, assessed.assessed_by)
    assert [DeadlineState.MET] == states_of(case, "risk-1-assessment")
    assert [DeadlineState.RUNNING] == states_of(case, "risk-1-review")
    assert [DeadlineState.RUNNING] == states_of(case, "risk-reassessment")


def test_a_new_assessment_ends_the_wait_for_one_and_begins_another() -> None:
    """Each assessment has a month of its own; the one it replaces is met by it."""
    case = after(an_open_case(), an_assessment())
    case = after(case, an_assessment(), at=AT + 20 * DAY)
    assert 2 == the(case.risk).number
    (running,) = (d for d in case.running_deadlines() if d.duty == "risk-reassessment")
    assert AT + 20 * DAY == running.started_at


def test_the_assessment_counts_from_when_it_was_made() -> None:
    """Recorded in the evening, made in the morning."""
    case = after(an_open_case(), an_assessment(occurred_at=AT), at=AT + 5 * HOUR)
    assert {AT} == {deadline.started_at for deadline in case.deadlines}
    assert AT == the(case.risk).assessed_at


def test_an_assessment_made_before_the_newest_is_not_recorded_after_it() -> None:
    """The newest counts: an old, lower grade must not come back by being typed in late."""
    case = after(an_open_case(), an_assessment(**HIGH))
    earlier = an_assessment(occurred_at=AT - timedelta(minutes=10))
    assert {"not_the_newest"} == why_not(case, earlier, at=AT + HOUR)


@pytest.mark.parametrize(
    ("ticks", "least"),
    [
        pytest.param(0, STANDARD, id="none"),
        pytest.param(9, STANDARD, id="nine"),
        pytest.param(10, MEDIUM, id="ten"),
        pytest.param(13, MEDIUM, id="thirteen"),
        pytest.param(14, RiskGrade.HIGH, id="fourteen"),
        pytest.param(27, RiskGrade.HIGH, id="all"),
    ],
)
@pytest.mark.parametrize("grade", list(RiskGrade))
def test_judgement_may_raise_what_a_form_says_and_never_lower_it(
    ticks: int, least: RiskGrade, grade: RiskGrade
) -> None:
    """Few ticks and much fear may be a high risk; fourteen ticks are one, whatever one thinks."""
    order = list(RiskGrade)
    is_lower = order.index(grade) < order.index(least)
    expected = {"below_the_form"} if is_lower else set()
    assert expected == why_not(an_open_case(), a_dash(ticks, grade))


@pytest.mark.parametrize(
    ("tool", "ticks", "code"),
    [
        pytest.param(RiskTool.DASH, None, "ticks_missing", id="a DASH form without its ticks"),
        pytest.param(RiskTool.DARA, 12, "ticks_of_dash", id="ticks of a DARA form"),
        pytest.param(RiskTool.JUDGEMENT, 0, "ticks_of_dash", id="ticks of nobody's form"),
    ],
)
def test_ticks_are_said_with_the_form_they_are_of(
    tool: RiskTool, ticks: int | None, code: str
) -> None:
    """Otherwise nobody could tell whether the grade fits them."""
    assert {code} == why_not(an_open_case(), an_assessment(tool=tool, ticks=ticks))


def test_a_supervisor_is_asked_to_look_and_the_assessor_is_not() -> None:
    """Two people: the task says who must not do it, and its notice goes to the case's own."""
    changed = done(an_open_case(), an_assessment(actor=supervisor()))
    case = after(an_open_case(), an_assessment(actor=supervisor()))
    task = the(case.task("risk/1/review"))
    expected = (TaskKind.REVIEW_RISK, Role.SAFEGUARDING_SUPERVISOR, supervisor().who, None)
    assert expected == (task.kind, task.for_role, task.not_for, task.organisation)
    assert [POLICE] == [d.dispatch.to_organisation for d in only(DispatchRecorded, changed)]


def test_the_review_meets_its_duty_and_ends_its_task() -> None:
    """The record says who agreed."""
    case = after(after(an_open_case(), an_assessment()), a_review(), at=AT + HOUR)
    reviewed = the(case.risk)
    assert (supervisor().who, True) == (reviewed.reviewed_by, reviewed.agreed)
    assert [DeadlineState.MET] == states_of(case, "risk-1-review")
    assert the(case.task("risk/1/review")).is_done


def test_who_does_not_agree_has_it_assessed_again() -> None:
    """The grade stands until somebody grades anew; then the task is done."""
    case = after(an_open_case(), an_assessment(), a_review(agrees=False))
    again = the(case.task("risk/1/again"))
    assert (TaskKind.ASSESS_AGAIN, False) == (again.kind, again.is_done)
    assert STANDARD == the(case.risk).grade
    assert the(after(case, an_assessment(**HIGH)).task("risk/1/again")).is_done


@pytest.mark.parametrize(
    ("before", "review", "code"),
    [
        pytest.param((), a_review(), "not_assessed", id="nothing to review"),
        pytest.param(
            (an_assessment(), a_review()), a_review(), "already_reviewed", id="reviewed already"
        ),
        pytest.param(
            (an_assessment(actor=supervisor()),), a_review(), "second_person", id="one's own"
        ),
        pytest.param(
            (an_assessment(actor=an_actor(Role.CASEWORKER, person="sue")),),
            a_review(),
            "second_person",
            id="one's own, in another role",
        ),
        pytest.param(
            (an_assessment(),),
            a_review(occurred_at=AT - timedelta(minutes=10)),
            "before_assessing",
            id="before it was made",
        ),
    ],
)
def test_a_review_is_of_the_newest_assessment_by_somebody_else(
    before: tuple[Any, ...], review: ReviewRisk, code: str
) -> None:
    """A person with two roles is still one person."""
    assert {code} == why_not(after(an_open_case(), *before), review)


def test_a_newer_assessment_is_looked_at_instead_of_the_older() -> None:
    """One task is open; the older duty stays open too, until somebody has looked at all."""
    case = after(an_open_case(), an_assessment(), an_assessment())
    assert ["risk/2/review"] == [task.id for task in case.tasks if not task.is_done]
    case = after(case, a_review())
    assert {DeadlineState.MET} == set(states_of(case, "risk-1-review"))


@pytest.mark.parametrize(
    ("assessment", "criterion"),
    [
        pytest.param(
            a_dash(14, RiskGrade.HIGH), MaracCriterion.VISIBLE_HIGH_RISK, id="fourteen ticks"
        ),
        pytest.param(
            an_assessment(**HIGH), MaracCriterion.PROFESSIONAL_JUDGEMENT, id="judgement alone"
        ),
        pytest.param(
            a_dash(3, RiskGrade.HIGH),
            MaracCriterion.PROFESSIONAL_JUDGEMENT,
            id="judgement over few ticks",
        ),
        pytest.param(
            an_assessment(reports_in_a_year=3), MaracCriterion.ESCALATION, id="three reports"
        ),
    ],
)
def test_any_criterion_begins_a_passage_through_marac(
    assessment: AssessRisk, criterion: MaracCriterion
) -> None:
    """It is indicated by the assessment itself, and the duty to refer runs."""
    case = after(an_open_case(), assessment)
    marac = the(case.marac)
    assert (1, MaracState.INDICATED, criterion) == (marac.number, marac.state, marac.criterion)
    assert [DeadlineState.RUNNING] == states_of(case, "marac-1-referral")


@pytest.mark.parametrize(
    "assessment",
    [
        pytest.param(an_assessment(), id="standard"),
        pytest.param(a_dash(13, MEDIUM), id="thirteen ticks"),
        pytest.param(an_assessment(reports_in_a_year=2), id="two reports"),
        pytest.param(an_assessment(happened_again=True), id="again, with no hearing before"),
    ],
)
def test_without_a_criterion_nothing_of_marac_begins(assessment: AssessRisk) -> None:
    """No passage and no duty of it."""
    case = after(an_open_case(), assessment)
    assert () == case.maracs
    assert not [d for d in case.deadlines if d.duty.startswith("marac-")]


@pytest.mark.parametrize(
    "state", [s for s in MaracState if s not in (MaracState.ENDED, MaracState.DECLINED)]
)
def test_a_passage_that_is_under_way_is_not_begun_again(state: MaracState) -> None:
    """Nor does a risk that stays high begin one while a hearing is being watched."""
    changed = done(with_marac(state), an_assessment(**HIGH))
    assert [] == only(MaracRecorded, changed)
    assert "professional_judgement" == changed.detail["criteria"]


@pytest.mark.parametrize("state", [MaracState.ENDED, MaracState.DECLINED])
def test_after_the_end_or_a_no_the_next_criterion_begins_another(state: MaracState) -> None:
    """A coordinator's no was about what was known then."""
    case = after(with_marac(state), an_assessment(**HIGH))
    assert (2, MaracState.INDICATED) == (the(case.marac).number, the(case.marac).state)


@pytest.mark.parametrize(
    ("after_hearing", "begins"),
    [
        pytest.param(300 * DAY, True, id="ten months after the hearing"),
        pytest.param(370 * DAY, False, id="more than a year after it"),
    ],
)
def test_what_happens_again_within_the_watch_is_a_repeat(
    after_hearing: timedelta, begins: bool
) -> None:
    """The passage that was watched ends, and so does its watch."""
    case = with_marac(MaracState.REPEAT_WATCH, deadlines=[a_deadline(WATCH)])
    assessment = an_assessment(grade=MEDIUM, happened_again=True)
    case = after(case, assessment, at=AT + after_hearing)
    states = [marac.state for marac in case.maracs]
    expected = [MaracState.ENDED, MaracState.INDICATED] if begins else [MaracState.REPEAT_WATCH]
    assert expected == states
    if begins:
        assert MaracCriterion.REPEAT == the(case.marac).criterion
        assert [DeadlineState.MET] == states_of(case, WATCH)


def test_a_high_risk_asks_the_idva_at_the_pace_of_a_high_risk() -> None:
    """The shorter time counts from the very assessment that found it."""
    first = after(an_open_case(), an_assessment())
    changed = done(first, an_assessment(**HIGH))
    (contact,) = (
        c.deadline
        for c in only(DeadlineRecorded, changed)
        if c.deadline.duty == "marac-2-idva-contact"
    )
    assert (Pace.HIGH_RISK, AT + 24 * HOUR) == (contact.pace, contact.due_at)


def test_a_risk_that_stays_high_does_not_make_the_contact_a_first_one_again() -> None:
    """It starts when the risk becomes high, and again after it had been lower."""
    case = after(an_open_case(), an_assessment(**HIGH), an_assessment(**HIGH))
    assert 1 == len(states_of(case, "marac-2-idva-contact"))
    case = after(case, an_assessment(), an_assessment(**HIGH))
    assert 2 == len(states_of(case, "marac-2-idva-contact"))


def test_an_idva_may_grade_and_a_service_worker_may_not() -> None:
    """An advocate knows her; whoever takes referrals in does not grade."""
    case = an_open_case(referrals=[a_referral(state=ReferralState.ACCEPTED)])
    assert set() == why_not(case, an_assessment(actor=idva()))
    worker = an_actor(Role.NGO_WORKER, "harbour-house")
    assert {"no_right"} == why_not(case, an_assessment(actor=worker))


def test_the_detail_of_an_assessment_is_codes() -> None:
    """What the audit and the timeline show: which, how high, and what it meets."""
    expected = {
        "risk": 1,
        "grade": "high",
        "criteria": "professional_judgement,escalation",
    }
    assert expected == done(an_open_case(), an_assessment(**HIGH, reports_in_a_year=4)).detail


def test_the_thresholds_are_those_of_the_table() -> None:
    """A changed threshold is a decision, and shows here."""
    grades = [risk.least_grade(ticks) for ticks in range(28)]
    expected = [STANDARD] * 10 + [MEDIUM] * 4 + [RiskGrade.HIGH] * 14
    assert expected == grades
