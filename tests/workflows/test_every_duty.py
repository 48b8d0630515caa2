"""One journey that owes everything: each duty of the profile rings when its time has come.

Run with its memory alone: what it does is the same twice, and the calendar is long. A worker that
remembers nothing replays the whole year at each ring, and does not get through it in time.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from activities.ports import Judge, Verdict
from infra.calendars.load import england_and_wales
from rules import duties
from rules.duties import RUNS_AGAIN
from rules.profiles import VICTIMS_CODE_2021
from rules.world import World
from schemas.case import Stage
from schemas.case_commands import AddNeed, RecordEvent
from schemas.casework import CaseEvent
from schemas.changes import Change, CheckRecorded
from schemas.consent import Purpose
from schemas.consent_commands import WithdrawConsent
from schemas.contact_commands import SetPlan
from schemas.deadlines import AtDue, Deadline, DeadlineState
from schemas.decisions import Changed, Committed
from schemas.messages import RECORD_CHANGED
from schemas.referral_commands import PlaceHold
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.withdrawal import WithdrawalCheck
from tests.builders import caseworker, supervisor
from tests.workflows.conftest import REMEMBERING, Opens
from tests.workflows.telling import IDVA, Journey

pytestmark = pytest.mark.parametrize("the_clockwork", [REMEMBERING], ids=[""], indirect=True)

A_DAY = timedelta(days=1)

EVENTS = (
    CaseEvent.INTERPRETER_NEEDED,
    CaseEvent.STATEMENT_TAKEN,
    CaseEvent.ADVISER_WISHED,
    CaseEvent.NOT_INVESTIGATED,
    CaseEvent.SUSPECT_ARRESTED,
    CaseEvent.SUSPECT_INTERVIEWED,
    CaseEvent.SUSPECT_RELEASED,
    CaseEvent.SUSPECT_BAILED,
    CaseEvent.BAIL_CHANGED,
    CaseEvent.NO_FURTHER_ACTION,
    CaseEvent.SUSPECT_CHARGED,
    CaseEvent.SUSPECT_NOT_CHARGED,
    CaseEvent.CHARGE_CHANGED,
    CaseEvent.HEARING_SET,
    CaseEvent.TRIAL_ENDED,
    CaseEvent.SENTENCE_OVER_A_YEAR,
    CaseEvent.COMPLAINT_RECEIVED,
    CaseEvent.INVESTIGATION_OPENED,
)

ASKED_INSTEAD = {
    "consent-renewal": TaskKind.RENEW_CONSENT,
    "withdrawal-check": TaskKind.TIME_PASSED,
    "hold-review": TaskKind.REVIEW_HOLD,
    "close-review": TaskKind.REVIEW_CASE,
}
"""What a person is asked where more follows than that a time is over."""

ABOUT: dict[str, dict[str, Any]] = {
    "withdrawal-check": {"of": "1"},
    "leave-1-permission": {"private_to": "harbour-house"},
}


async def a_withdrawal_is_asked_about(journey: Journey) -> None:
    """Enter a check alone, as if a service that helped her had lost her consent."""
    at = await journey.now()
    check = WithdrawalCheck(
        number=1,
        purpose=Purpose.SUPPORT_REFERRAL,
        recorder=caseworker().who,
        asks="harbour-house",
        referrals=(),
        opened_at=at,
        line_until=at + 3 * A_DAY,
    )
    desk = await journey.people.record_for(caseworker())
    await desk.change(
        journey.command(WithdrawConsent), writes(at, lambda _: (CheckRecorded(check=check),))
    )


async def everything_else_is_owed(journey: Journey) -> None:
    """Begin every duty that does not run yet, as no real case would."""
    at = await journey.now()
    world = World(at=at, profile=VICTIMS_CODE_2021, calendar=england_and_wales())

    def begun(snapshot: CaseSnapshot) -> tuple[Change, ...]:
        running = {d.duty for d in snapshot.deadlines}
        return tuple(
            change
            for duty in VICTIMS_CODE_2021.duties
            if duty.id not in running
            for change in duties.start(snapshot, world, duty.id, at, **ABOUT.get(duty.id, {}))
        )

    await journey.clockwork.record.change(journey.command(AddNeed), writes(at, begun))
    await journey.handle.signal(RECORD_CHANGED)


def writes(at: datetime, changes: Callable[[CaseSnapshot], tuple[Change, ...]]) -> Judge:
    """A judge that asks no rule."""

    def judge(snapshot: CaseSnapshot) -> Verdict:
        said = Committed(case_ref=snapshot.case.case_ref, version=snapshot.case.version)
        return Verdict(
            decision=Changed(changes=changes(snapshot)), reply=said, after=snapshot, at=at
        )

    return judge


def has_asked(snapshot: CaseSnapshot, deadline: Deadline) -> bool:
    """Whether its due time was put before a person."""
    instead = ASKED_INSTEAD.get(deadline.duty)
    if instead is not None:
        return instead in {task.kind for task in snapshot.tasks}
    over = VICTIMS_CODE_2021.duty(deadline.duty).at_due is AtDue.OVER
    return snapshot.task(f"{'over' if over else 'missed'}/{deadline.id}") is not None


def has_ended_or_is_late(deadline: Deadline) -> bool:
    """Late and open where that is what its duty means; over, or begun anew, where time passed."""
    if deadline.duty in RUNS_AGAIN and deadline.state is DeadlineState.RUNNING:
        return True
    at_due = VICTIMS_CODE_2021.duty(deadline.duty).at_due
    expected = DeadlineState.MET if at_due is AtDue.OVER else DeadlineState.BREACHED
    return deadline.state is expected


@pytest.mark.timeout(300)
async def test_every_duty_of_the_profile_rings_at_its_time(opens: Opens) -> None:
    """Hours, days and months: each reminds, each comes due, each is put before a person.

    And nothing else comes of a whole year of them: no contact, no referral, no data, no closing.
    """
    journey = await opens(owed=True)
    for event in EVENTS:
        await journey.decide(RecordEvent, event=event)
    await journey.consents(IDVA)
    await journey.state(SetPlan)
    reply = await journey.state(PlaceHold, actor=supervisor(), referral=None)
    assert isinstance(reply, Committed), reply
    await a_withdrawal_is_asked_about(journey)
    await everything_else_is_owed(journey)
    begun = (await journey.snapshot()).running_deadlines()
    assert {duty.id for duty in VICTIMS_CODE_2021.duties} == {d.duty for d in begun}
    days = sorted({datetime.combine(d.due_at + A_DAY, time(12), UTC) for d in begun})
    for day in (*days[:-1:4], days[-1]):  # in a few steps: each is given its seconds
        await journey.forward(day)
    after = await journey.until(lambda s: not s.dispatches and s.case.stage is Stage.DORMANT)
    assert [] == [d.id for d in begun if not has_asked(after, d)]
    now_as = {d.id: d for d in after.deadlines}
    assert [] == [d.id for d in begun if not has_ended_or_is_late(now_as[d.id])]
    reminded = {key.rpartition("/")[0] for key in journey.notices() if key.startswith("reminder/")}
    assert {f"reminder/{d.id}" for d in begun} == reminded
    assert ((), ()) == (after.contacts, after.referrals)
    assert [] == await journey.inbox()
