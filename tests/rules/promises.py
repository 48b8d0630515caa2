"""What holds of every case at every moment, whatever was said and whichever timer rang."""

from collections.abc import Callable
from datetime import datetime

from rules.apply import apply
from rules.decide import decide
from rules.duties import missed_task_id
from rules.referral_states import OVER, TERMINAL
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import WithdrawConsent
from schemas.contact import ContactState, PlanState
from schemas.deadlines import AtDue, DeadlineState
from schemas.decisions import Changed
from schemas.referral import Delivery, ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import a_command, a_world, an_actor, the
from tests.rules.clock import due
from tests.rules.keeping import PRIVATE

Promise = Callable[[CaseSnapshot, datetime], None]

OUTLIVES_A_CASE = ("hold-review", PRIVATE)
"""Duties that run on in a closed case, or may begin there: what protects her, and a service's."""


def she_can_always_take_it_back(case: CaseSnapshot, at: datetime) -> None:
    """Withdrawn is reached from every state that is not final, by whoever says it (INV-09)."""
    everybody: tuple[Actor, ...] = (
        an_actor(Role.OIC, "saltmere-council"),
        an_actor(Role.DPO),
        an_actor(Role.NGO_WORKER, "meadowlight"),
    )
    withdrawal = a_command(
        WithdrawConsent, recipient=None, actor=everybody[case.case.version % len(everybody)]
    )
    decision = decide(case, withdrawal, a_world(at))
    assert isinstance(decision, Changed)
    after = apply(case, decision.changes)
    for was in case.referrals:
        now = the(after.referral(was.number)).state
        ended_before = was.state in TERMINAL
        assert now is (was.state if ended_before else ReferralState.WITHDRAWN)


def what_was_withdrawn_from_is_not_open(case: CaseSnapshot, _: datetime) -> None:
    """INV-09. One put in place of a stopped one, since it was not she, waits for her word."""
    for referral in case.referrals:
        state = case.consent_state(Purpose.SUPPORT_REFERRAL, referral.service)
        waits = referral.state is ReferralState.WAITING and referral.replaces is not None
        is_queued = referral.delivery is Delivery.QUEUED
        if state is ConsentState.WITHDRAWN:
            assert referral.state in OVER or (waits and not is_queued)


def a_missed_duty_is_in_front_of_a_person(case: CaseSnapshot, at: datetime) -> None:
    """INV-37: every breached deadline that runs has an open task."""
    profile = a_world(at).profile
    for deadline in case.running_deadlines():
        ours = profile.duty(deadline.duty).at_due is AtDue.BREACH
        if ours and deadline.state is DeadlineState.BREACHED:
            assert not the(case.task(missed_task_id(deadline.id))).is_done


def what_is_over_has_nothing_running_and_no_packet(case: CaseSnapshot, _: datetime) -> None:
    """A referral that is over holds no deadline open and has nothing left to send."""
    over = {r.number for r in case.referrals if r.state in OVER}
    running = [d for d in case.running_deadlines() if d.private_to is None]
    assert not [d.id for d in running if d.referral in over]
    assert not [d.key for d in case.dispatches if d.referral in over and d.kind == "packet"]


def a_need_is_with_one_service_at_a_time(case: CaseSnapshot, _: datetime) -> None:
    """However people and clockwork cross each other."""
    open_needs = [r.need for r in case.referrals if r.state not in OVER]
    assert len(set(open_needs)) == len(open_needs)


def a_closed_case_rests(case: CaseSnapshot, at: datetime) -> None:
    """Nothing to route, no packet to send, and no alarm but those that outlive a case."""
    if case.case.stage is not Stage.CLOSED:
        return
    steps = due(case, at)
    assert not {step.verb for step in steps} & {"deliver", "queue_delivery", "route_onward"}
    assert not [c for c in case.contacts if c.state in (ContactState.PLANNED, ContactState.OPEN)]
    running = [d.duty for d in case.running_deadlines()]
    assert [duty for duty in running if not duty.startswith(OUTLIVES_A_CASE)] == []


def at_most_one_plan_holds(case: CaseSnapshot, _: datetime) -> None:
    """In force or suspended; and while it is suspended, no contact waits for a timer."""
    states = [plan.state for plan in case.plans]
    assert states.count(PlanState.IN_FORCE) + states.count(PlanState.SUSPENDED) <= 1
    if PlanState.SUSPENDED in states:
        waiting = {ContactState.PLANNED, ContactState.OPEN}
        assert not waiting & {contact.state for contact in case.contacts}


def the_dead_are_asked_and_sent_nothing(case: CaseSnapshot, _: datetime) -> None:
    """No referral of hers is open, no plan in force, and no duty to her runs."""
    if case.case.died_at is not None:
        owed = {d.duty for d in case.running_deadlines() if d.private_to is None}
        assert owed <= {"vc-r2-record-crime", "marac-4-actions", "hold-review", "close-review"}
        assert [r for r in case.referrals if r.state not in OVER] == []
        assert case.plan is None


def what_is_private_is_in_no_row_of_an_agency(case: CaseSnapshot, _: datetime) -> None:
    """Her own permission deadline, its tasks and notices are a service's alone."""
    known = (
        *(d.id for d in case.deadlines if d.private_to is None),
        *(t.id for t in case.tasks if t.private_to is None),
        *(d.key for d in case.dispatches if d.private_to is None),
    )
    assert [key for key in known if PRIVATE in key] == []


PROMISES: tuple[Promise, ...] = (
    she_can_always_take_it_back,
    what_was_withdrawn_from_is_not_open,
    a_missed_duty_is_in_front_of_a_person,
    what_is_over_has_nothing_running_and_no_packet,
    a_need_is_with_one_service_at_a_time,
    a_closed_case_rests,
    at_most_one_plan_holds,
    the_dead_are_asked_and_sent_nothing,
    what_is_private_is_in_no_row_of_an_agency,
)
