"""Every duty of the profile, from its start until its time has come, as the outlook rings it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from infra.calendars.load import england_and_wales
from rules import alarms, duties
from rules.apply import apply
from rules.clockwork import FOLLOWS
from rules.deadlines import local_moment
from rules.outlook import journey_outlook, referral_outlook
from rules.profiles import VICTIMS_CODE_2021
from schemas.case import Stage
from schemas.changes import (
    Change,
    ContactRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    HoldRecorded,
    NeedRecorded,
    PacketPlaced,
    ReferralRecorded,
    StageMoved,
    StopPlaced,
)
from schemas.clockwork_steps import Breach, Remind
from schemas.consent import ConsentState, Purpose
from schemas.contact import (
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactState,
    PlanState,
)
from schemas.contact_commands import PlanContact
from schemas.deadlines import AtDue, DeadlineState, Duty
from schemas.holds import Hold
from schemas.messages import Alarm, AlarmKind
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    IDVA,
    POLICE,
    a_command,
    a_referral,
    a_world,
    after,
    an_open_case,
    caseworker,
    done,
    given,
    ngo_intake,
    the,
)
from tests.rules.test_windows import TUESDAY

DUTIES = [pytest.param(duty, id=duty.id) for duty in VICTIMS_CODE_2021.duties]
ABOUT: dict[str, dict[str, Any]] = {
    "consent-renewal": {"of": IDVA},
    "withdrawal-check": {"of": "1"},
    "hold-review": {"of": "1"},
    "leave-1-permission": {"referral": 1, "private_to": "harbour-house"},
}
"""What some duties are about; those of a service are about referral 1."""


def a_full_case(started_at: datetime = AT) -> CaseSnapshot:
    """A case in which every duty has something to be about."""
    case = an_open_case(
        consents=[given(at=started_at)],
        referrals=[a_referral(state=ReferralState.ACCEPTED)],
        recorded_at=started_at,
    )
    plan = ContactPlan(
        number=1,
        state=PlanState.IN_FORCE,
        channels=(ContactChannel.VOICE,),
        windows=(TUESDAY,),
        set_by=caseworker().who,
        verified_at=started_at,
        expires_at=started_at + timedelta(days=30),
    )
    hold = Hold(
        number=1,
        organisation="harbour-house",
        placed_by=ngo_intake().who,
        placed_at=started_at,
    )
    check = WithdrawalCheck(
        number=1,
        purpose=Purpose.SUPPORT_REFERRAL,
        recorder=caseworker().who,
        asks="harbour-house",
        referrals=(1,),
        opened_at=started_at,
        line_until=started_at + timedelta(hours=72),
    )
    return case.model_copy(update={"plans": (plan,), "holds": (hold,), "checks": (check,)})


def begun(duty: str, started_at: datetime = AT) -> tuple[CaseSnapshot, str]:
    """A full case with one duty running, and the id of its deadline."""
    case = a_full_case(started_at)
    about = ABOUT.get(duty) or ({"referral": 1} if duty.startswith("ref-") else {})
    changes = duties.start(case, a_world(started_at), duty, started_at, **about)
    (deadline,) = (c.deadline for c in changes if isinstance(c, DeadlineRecorded))
    return apply(case, changes), deadline.id


def alarms_of(case: CaseSnapshot, deadline: str) -> tuple[Alarm, ...]:
    every = (*journey_outlook(case).alarms, *referral_outlook(case, 1, AT).alarms)
    kinds = (AlarmKind.REMIND, AlarmKind.BREACH)
    return tuple(a for a in every if a.deadline == deadline and a.kind in kinds)


def rung(case: CaseSnapshot, deadline: str) -> tuple[CaseSnapshot, list[AlarmKind], list[Change]]:
    """The case once every alarm until its due time has rung, each at its moment."""
    kinds: list[AlarmKind] = []
    changes: list[Change] = []
    while AlarmKind.BREACH not in kinds:
        alarm = alarms_of(case, deadline)[0]
        kind = Remind if alarm.kind is AlarmKind.REMIND else Breach
        decided = done(case, a_command(kind, deadline=deadline), alarm.at).changes
        kinds.append(alarm.kind)
        changes.extend(decided)
        case = apply(case, decided)
    return case, kinds, changes


@pytest.mark.parametrize("duty", DUTIES)
def test_every_duty_reminds_and_then_comes_due(duty: Duty) -> None:
    """Each reminder of its rule once, in order, and its due time last."""
    case, deadline = begun(duty.id)
    _, kinds, _ = rung(case, deadline)
    reminders = [AlarmKind.REMIND] * (1 + len(duty.remind_again))
    assert [*reminders, AlarmKind.BREACH] == kinds


_ASKED = {
    AtDue.BREACH: ("missed/{}", TaskKind.DEADLINE_MISSED),
    AtDue.WATCH: ("missed/{}", TaskKind.OTHER_AGENCY_LATE),
    AtDue.OVER: ("over/{}", TaskKind.TIME_PASSED),
}


@pytest.mark.parametrize("duty", DUTIES)
def test_every_due_time_means_what_its_duty_says(duty: Duty) -> None:
    """Missed and late stay open; what only had to pass ends. A person is told in each case."""
    case, deadline = begun(duty.id)
    case, _, changes = rung(case, deadline)
    first = next(
        c.deadline
        for c in changes
        if isinstance(c, DeadlineRecorded) and c.deadline.state is not DeadlineState.RUNNING
    )
    is_over = duty.at_due is AtDue.OVER
    assert (is_over, is_over) == (first.state is DeadlineState.MET, first.ended_at is not None)
    assert is_over or first.state is DeadlineState.BREACHED
    told = [t for t in case.tasks if not t.is_done]
    assert told, "nobody was told"
    if duty.id not in FOLLOWS or duty.at_due is not AtDue.OVER:
        name, kind = _ASKED[duty.at_due]
        task = the(case.task(name.format(deadline)))
        assert (kind, duty.escalates_to) == (task.kind, task.for_role)
        assert (duty.is_private) == (task.private_to is not None)


@pytest.mark.parametrize("duty", DUTIES)
def test_no_due_time_closes_contacts_or_shares(duty: Duty) -> None:
    """INV-37, INV-32: dormant is the one stage a timer knows, and only notices go out."""
    case, deadline = begun(duty.id)
    contact = a_command(PlanContact, purpose=ContactPurpose.CHECK_IN, channel=ContactChannel.VOICE)
    case = after(case, contact)
    _, _, changes = rung(case, deadline)
    stages = [c.stage for c in changes if isinstance(c, StageMoved)]
    assert ([Stage.DORMANT] if duty.id == "close-review" else []) == stages
    shares = (PacketPlaced, StopPlaced, HoldRecorded, NeedRecorded)
    assert not [change for change in changes if isinstance(change, shares)]
    notices = [c.dispatch.kind for c in changes if isinstance(c, DispatchRecorded)]
    assert {DispatchKind.NOTICE} == set(notices)
    contacts = [c.contact.state for c in changes if isinstance(c, ContactRecorded)]
    assert {ContactState.PLANNED} >= set(contacts)
    referrals = [c.referral for c in changes if isinstance(c, ReferralRecorded)]
    assert {ReferralState.ACCEPTED} >= {referral.state for referral in referrals}


# When months end


@pytest.mark.parametrize(
    ("duty", "started", "due_on"),
    [
        pytest.param("vc-r6-update", "2027-01-31", date(2027, 2, 28), id="31 January"),
        pytest.param("vc-r6-update", "2028-01-31", date(2028, 2, 29), id="31 January, leap year"),
        pytest.param("vc-r6-update", "2027-03-31", date(2027, 4, 30), id="31 March, over a change"),
        pytest.param("nrm-2-duty-to-notify", "2026-12-31", date(2027, 1, 31), id="31 December"),
        pytest.param("leave-1-permission", "2026-11-30", date(2027, 2, 28), id="3 months"),
        pytest.param("marac-5-repeat-watch", "2026-11-30", date(2027, 11, 30), id="12 months"),
        pytest.param("marac-5-repeat-watch", "2028-02-29", date(2029, 2, 28), id="12 from a leap"),
    ],
)
def test_months_end_on_the_last_day_there_is(duty: str, started: str, due_on: date) -> None:
    """And the timer of that end rings at its very end, in London, not a month later."""
    calendar = england_and_wales()
    case, deadline = begun(duty, local_moment(f"{started}T10:00", calendar))
    ends = [a.at for a in alarms_of(case, deadline) if a.kind is AlarmKind.BREACH]
    assert [local_moment(f"{due_on}T23:59:59", calendar)] == ends
    case, _, _ = rung(case, deadline)
    assert the(case.deadline(deadline)).state is not DeadlineState.RUNNING


def test_her_permission_is_reminded_of_at_six_three_and_one_weeks() -> None:
    """To her adviser's service alone, each with a notice of its own."""
    case, deadline = begun("leave-1-permission")
    due_on = the(case.deadline(deadline)).due_at.date()
    _, _, changes = rung(case, deadline)
    sent = [c.dispatch for c in changes if isinstance(c, DispatchRecorded)]
    reminders = [d for d in sent if d.key.startswith("reminder/")]
    assert {(d.to_organisation, d.private_to) for d in sent} == {("harbour-house",) * 2}
    assert 3 == len({d.key for d in reminders})
    moments = [c.deadline.reminded_at for c in changes if isinstance(c, DeadlineRecorded)][:3]
    assert [42, 21, 7] == [(due_on - the(at).date()).days for at in moments]


def test_a_reminder_that_came_too_late_is_not_made_up_for() -> None:
    """After an outage one reminder goes, and the next at its own time."""
    case, deadline = begun("leave-1-permission")
    second = the(case.deadline(deadline)).remind_again_at[0]
    case = after(case, a_command(Remind, deadline=deadline), at=second)
    assert the(case.deadline(deadline)).remind_again_at[1] == alarms_of(case, deadline)[0].at


# What follows for some


def test_a_hold_stands_and_its_placer_is_asked_again_and_again() -> None:
    """INV-14: 28 days on somebody looks at it; the hold stays whatever they do."""
    case, deadline = begun("hold-review")
    first = the(case.deadline(deadline)).due_at
    for round_of in range(2):
        case, _, _ = rung(case, deadline)
        task = the(case.task("hold/1"))
        asked = (task.kind, task.organisation, task.is_done)
        assert (TaskKind.REVIEW_HOLD, "harbour-house", False) == asked, round_of
        again = the(case.deadline(deadline))
        assert (DeadlineState.RUNNING, first) == (again.state, again.started_at)
        first = again.due_at
    assert the(case.hold(1)).lifted_at is None


def test_a_lifted_hold_is_not_asked_about() -> None:
    """Its review ends with it."""
    case, deadline = begun("hold-review")
    lifted = the(case.hold(1)).model_copy(update={"lifted_at": AT, "lifted_by": "x"})
    case = apply(case, [HoldRecorded(hold=lifted)])
    case, _, _ = rung(case, deadline)
    assert case.task("hold/1") is None
    assert the(case.deadline(deadline)).state is DeadlineState.MET


def test_a_yes_that_ran_out_is_no_yes_any_more() -> None:
    """INV-08: silence does not renew it, and support that was taken up goes on."""
    case, deadline = begun("consent-renewal")
    case, _, _ = rung(case, deadline)
    assert ConsentState.EXPIRED is case.consent_state(Purpose.SUPPORT_REFERRAL, IDVA)
    assert the(case.referral(1)).state is ReferralState.ACCEPTED


def test_a_question_to_her_ends_with_its_72_hours() -> None:
    """The line closes; a supervisor who did not record the withdrawal hears of it."""
    case, deadline = begun("withdrawal-check")
    case, _, _ = rung(case, deadline)
    assert the(case.check(1)).state is CheckState.NOT_REACHED
    told = [t for t in case.tasks if t.kind is TaskKind.TIME_PASSED]
    assert [caseworker().who] == [task.not_for for task in told]


def test_a_plan_that_nobody_checked_is_missed_and_somebody_is_asked() -> None:
    """Late is better than unsafe: the plan is not relied on, and that is in front of a person."""
    case, deadline = begun("plan-review")
    late = the(case.deadline(deadline)).due_at + timedelta(days=1)
    case = after(case, a_command(Breach, deadline=deadline), at=late)
    kinds = {task.kind for task in case.tasks if not task.is_done}
    assert {TaskKind.DEADLINE_MISSED, TaskKind.PLAN_STALE} == kinds


def test_who_is_told_of_a_service_s_own_lateness() -> None:
    """A service's supervisor of a late first attempt; nobody is asked by the wrong organisation."""
    case, deadline = begun("ref-contact")
    case, _, changes = rung(case, deadline)
    told = {c.dispatch.to_organisation for c in changes if isinstance(c, DispatchRecorded)}
    assert {"harbour-house"} == told
    assert "harbour-house" == the(case.task(f"missed/{deadline}")).organisation
    case, deadline = begun("ref-ack")
    case, _, changes = rung(case, deadline)
    told = {c.dispatch.to_organisation for c in changes if isinstance(c, DispatchRecorded)}
    assert {"harbour-house", POLICE} == told


def test_a_paused_deadline_rings_nothing() -> None:
    """Nobody is reminded of what waits for something that is not theirs."""
    case, deadline = begun("vc-r6-arrest")
    paused = the(case.deadline(deadline)).model_copy(
        update={"state": DeadlineState.PAUSED, "paused_at": AT}
    )
    assert () == alarms_of(apply(case, [DeadlineRecorded(deadline=paused)]), deadline)
    assert alarms.next_reminder(paused) is None
