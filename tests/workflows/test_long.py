"""Weeks and months on the real clockwork: what comes of a time that has passed, and what does not.

Run with its memory alone: what these journeys do is the same twice, and the calendar is long.
"""

from datetime import date, timedelta
from functools import partial

from schemas.actor import Role
from schemas.case import Stage
from schemas.case_commands import AddNeed, RecordEvent
from schemas.casework import CaseEvent
from schemas.consent import ConsentState
from schemas.contact_commands import SetPlan
from schemas.deadline_commands import PauseDeadline, ResumeDeadline
from schemas.deadlines import Deadline, DeadlineState
from schemas.lane_commands import AssessRisk, MoveMarac
from schemas.lanes import (
    MaracAgency,
    MaracBasis,
    MaracCriterion,
    MaracEvent,
    SharedWithoutConsent,
)
from schemas.referral import ReferralState
from schemas.referral_commands import StartAdvice
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import adviser, an_actor, caseworker, supervisor, the
from tests.workflows.conftest import ONCE, Opens
from tests.workflows.telling import IDVA, Journey

pytestmark = ONCE

A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)


def duty_of(snapshot: CaseSnapshot, duty: str) -> Deadline:
    return next(d for d in snapshot.deadlines if d.duty == duty)


async def moved_past(journey: Journey, deadline: Deadline) -> None:
    await journey.forward(deadline.due_at + A_MINUTE)


async def test_a_plan_goes_stale_after_thirty_days(opens: Opens) -> None:
    """A person is asked to check it with her; nobody is called meanwhile."""
    journey = await opens()
    await journey.state(SetPlan)
    await moved_past(journey, duty_of(await journey.snapshot(), "plan-review"))
    stale = await journey.until(lambda s: s.tasks and not s.dispatches)
    assert TaskKind.PLAN_STALE in {task.kind for task in stale.tasks}
    assert () == stale.contacts


async def test_a_yes_is_asked_again_after_half_a_year(opens: Opens) -> None:
    """A reminder two weeks before, then it has run out, and a person is asked to ask her."""
    journey = await opens()
    await journey.consents(IDVA)
    renewal = duty_of(await journey.snapshot(), "consent-renewal")
    await journey.forward(renewal.remind_at + A_MINUTE)
    await journey.until(lambda s: duty_of(s, "consent-renewal").reminded_at)
    assert ConsentState.GIVEN is (await journey.snapshot()).consents[0].state
    await moved_past(journey, renewal)
    after = await journey.until(lambda s: s.consents[0].state is ConsentState.EXPIRED)
    assert TaskKind.RENEW_CONSENT in {task.kind for task in after.tasks}


async def test_a_quiet_case_falls_dormant_and_wakes_with_new_work(opens: Opens) -> None:
    """After ninety days a person is asked to review it. It is not closed."""
    journey = await opens(owed=True)
    await moved_past(journey, duty_of(await journey.snapshot(), "close-review"))
    quiet = await journey.until(lambda s: s.case.stage is Stage.DORMANT)
    assert TaskKind.REVIEW_CASE in {task.kind for task in quiet.tasks}
    await journey.decide(AddNeed)
    assert Stage.OPEN is (await journey.snapshot()).case.stage


async def test_whatever_somebody_does_begins_the_ninety_days_anew(opens: Opens) -> None:
    """At the old time nobody is asked and nothing falls dormant; at the new one they are."""
    journey = await opens(owed=True)
    first = duty_of(await journey.snapshot(), "close-review")
    await journey.forward(first.due_at - 30 * A_DAY)
    await journey.decide(AddNeed)
    await moved_past(journey, first)
    later = await journey.until(lambda s: duty_of(s, "close-review").due_at > first.due_at)
    assert Stage.OPEN is later.case.stage
    assert TaskKind.REVIEW_CASE not in {task.kind for task in later.tasks}
    again = duty_of(later, "close-review")
    assert timedelta(days=59) < again.due_at - first.due_at < timedelta(days=62)
    await moved_past(journey, again)
    await journey.until(lambda s: s.case.stage is Stage.DORMANT)


async def test_a_repeat_is_watched_for_twelve_months(opens: Opens) -> None:
    """From the hearing, over every month's end; then a person ends the watch, not the time."""
    journey = await opens()
    await journey.decide(MoveMarac, event=MaracEvent.INDICATE, criterion=MaracCriterion.ESCALATION)
    await journey.decide(
        MoveMarac,
        event=MaracEvent.REFER,
        basis=MaracBasis.WITHOUT_CONSENT,
        without_consent_because=SharedWithoutConsent.RISK_OF_SERIOUS_HARM,
        agencies=(MaracAgency.POLICE, MaracAgency.IDVA_SERVICE),
    )
    today = (await journey.now()).date()
    emergency = MaracEvent.CALL_EMERGENCY  # it cannot wait, and meets today
    coordinator = an_actor(Role.MARAC_COORDINATOR)
    await journey.decide(MoveMarac, event=emergency, meeting_on=today, actor=coordinator)
    await journey.decide(MoveMarac, event=MaracEvent.HEAR, actor=coordinator)
    watch = duty_of(await journey.snapshot(), "marac-5-repeat-watch")
    assert _twelve_months_on(watch.started_at.date()) == watch.due_at.date()
    await journey.forward(watch.due_at - A_DAY)
    assert DeadlineState.RUNNING is duty_of(await journey.snapshot(), "marac-5-repeat-watch").state
    await moved_past(journey, watch)
    over = await journey.until(
        lambda s: duty_of(s, "marac-5-repeat-watch").state is DeadlineState.MET
    )
    assert TaskKind.TIME_PASSED in {task.kind for task in over.tasks}
    assert the(over.marac).state != "ended"


def _twelve_months_on(day: date) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)


async def test_a_paused_duty_rings_nothing_and_goes_on_with_what_was_left(opens: Opens) -> None:
    """INV-37: what waits for an interpreter is not late; afterwards it has its time again."""
    journey = await opens()
    await journey.decide(RecordEvent, event=CaseEvent.SUSPECT_ARRESTED)
    arrest = duty_of(await journey.snapshot(), "vc-r6-arrest")
    await journey.decide(PauseDeadline, deadline=arrest.id, actor=supervisor())
    await journey.forward(arrest.due_at + 10 * A_DAY)
    paused = await journey.snapshot()
    assert DeadlineState.PAUSED is duty_of(paused, "vc-r6-arrest").state
    assert () == paused.tasks
    await journey.decide(ResumeDeadline, deadline=arrest.id, actor=supervisor())
    running = duty_of(await journey.snapshot(), "vc-r6-arrest")
    assert DeadlineState.RUNNING is running.state
    assert running.due_at > await journey.now()
    await moved_past(journey, running)
    await journey.until(lambda s: duty_of(s, "vc-r6-arrest").state is DeadlineState.BREACHED)


async def test_an_adviser_is_warned_of_her_permission_and_nobody_else_is(opens: Opens) -> None:
    """Six, three and one week before: to the adviser's service, and nothing the force can see."""
    journey = await opens()
    await journey.decide(AssessRisk)
    await journey.sent_to(IDVA)
    await journey.accepted(IDVA)
    clock = journey.referral()
    granted = (await journey.now(clock)).date()
    await journey.answers(StartAdvice, IDVA, actor=adviser(), granted_on=granted)
    permission = duty_of(await journey.snapshot(), "leave-1-permission")
    warnings = (permission.remind_at, *permission.remind_again_at)
    assert [permission.due_at.date() - at.date() for at in warnings] == [
        timedelta(weeks=weeks) for weeks in (6, 3, 1)
    ]
    for number, at in enumerate(warnings, start=1):
        await journey.forward(at + A_MINUTE, clock)
        await journey.until(partial(_is_warned, journey, number))
    assert {"harbour-house"} == set(_warnings(journey).values())
    assert ReferralState.ACCEPTED is (await journey.snapshot()).referrals[0].state
    seen = await (await journey.people.record_for(caseworker())).read(journey.case_ref)
    assert not [d for d in seen.deadlines if d.duty == permission.duty]


def _is_warned(journey: Journey, times: int, _: CaseSnapshot) -> bool:
    return times <= len(_warnings(journey))


def _warnings(journey: Journey) -> dict[str, str]:
    return {k: to for k, to in journey.notices().items() if "leave-1-permission" in k}
