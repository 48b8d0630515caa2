"""Every cell of the referral's table driven by the verb that people or the clockwork have for it.

`test_referral_states` reads the table; here each cell goes through the one entrance, and all six
axes are looked at: state, delivery, consent, clock, outcome and priority.
"""

from itertools import product
from typing import Any

import pytest

from rules.apply import apply
from rules.decide import decide
from rules.referral_states import TERMINAL, TRANSITIONS, transition
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor
from schemas.clockwork_steps import Deliver, ExpireReferral, FailDelivery
from schemas.command_base import Command
from schemas.consent import ConsentState
from schemas.consent_commands import WithdrawConsent
from schemas.decisions import Refused
from schemas.referral import (
    Clock,
    Delivery,
    InfoAnswer,
    Outcome,
    Priority,
    Referral,
    ReferralEvent,
    ReferralState,
)
from schemas.referral_commands import (
    AcceptReferral,
    AnswerInfo,
    CompleteReferral,
    CorrectReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestInfo,
    RequestReferral,
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    a_command,
    a_packet,
    a_referral,
    a_world,
    after,
    an_acknowledgement,
    an_open_case,
    everyone,
    given,
    the,
)

S, E = ReferralState, ReferralEvent

VERBS: dict[ReferralEvent, Command] = {
    E.SEND: a_command(Deliver),
    E.OPEN: a_command(OpenReferral),
    E.REQUEST_INFO: a_command(RequestInfo),
    E.ANSWER_INFO: a_command(AnswerInfo, answer=InfoAnswer.NOT_KNOWN),
    E.WAITLIST: a_command(WaitlistReferral),
    E.ACCEPT: a_command(AcceptReferral),
    E.DECLINE: a_command(DeclineReferral),
    E.ENGAGE: a_command(EngageReferral),
    E.COMPLETE: a_command(CompleteReferral, outcome=Outcome.PARTLY_GIVEN),
    E.END: a_command(EndReferral),
    E.RECALL: a_command(RecallReferral),
    E.WITHDRAW: a_command(WithdrawConsent),
    E.EXPIRE: a_command(ExpireReferral),
    E.FAIL_DELIVERY: a_command(FailDelivery),
    E.CORRECT: a_command(CorrectReferral),
}
PASSED_THROUGH = {E.SUBMIT, E.ACKNOWLEDGE}
"""No verb stops between these and the event beside them: request submits, delivery acknowledges."""

UNSEEN = {S.DRAFT, S.WAITING, S.UNDELIVERABLE, S.RECALLED, S.WITHDRAWN, S.ENTERED_IN_ERROR}
"""States in which no service ever had it, as the builders have them."""
READS_ON = {S.OPENED, S.INFO_REQUESTED, S.WAITLISTED, S.ACCEPTED, S.ACTIVE}

HARMLESS = {
    *((state, E.OPEN) for state in set(S) - UNSEEN - {S.RECEIVED}),  # it was read once more
    *((state, E.WITHDRAW) for state in TERMINAL),  # a withdrawal is never refused
    (S.OPENED, E.EXPIRE),  # somebody read it: a person is asked
    *product(READS_ON, (E.SEND, E.FAIL_DELIVERY)),  # a further packet, or that it failed
}
"""Cells that the table does not have, and that are heard without moving the state."""


def standing(state: ReferralState) -> CaseSnapshot:
    """A case whose one urgent referral is in that state, with a packet in the outbox."""
    waits = {"delivery": Delivery.QUEUED, "consent": ConsentState.GIVEN}
    axes: dict[str, Any] = waits if state is S.WAITING else {}
    return an_open_case(
        consents=[given()],
        referrals=[a_referral(state=state, priority=Priority.URGENT, **axes)],
        dispatches=[a_packet()],
        deadlines=[an_acknowledgement()],
    )


MOVES: dict[ReferralEvent, dict[str, object]] = {
    E.SEND: {"delivery": Delivery.ACKED, "clock": Clock.RUNNING},
    E.WAITLIST: {"clock": Clock.RUNNING},
    E.COMPLETE: {"clock": Clock.STOPPED, "outcome": Outcome.PARTLY_GIVEN},
    E.ANSWER_INFO: {},
    E.FAIL_DELIVERY: {"delivery": Delivery.FAILED},
}


def six_axes(referral: Referral) -> dict[str, object]:
    axes = ("state", "delivery", "consent", "clock", "outcome", "priority")
    return {axis: getattr(referral, axis) for axis in axes}


def moved_axes(event: ReferralEvent, before: Referral) -> dict[str, object]:
    """What an event moves besides the state. No event moves the priority."""
    if event in (E.RECALL, E.CORRECT):
        return _taken_back(before)
    if event is E.WITHDRAW:
        return _taken_back(before) | {"consent": ConsentState.WITHDRAWN}
    if event is E.WAITLIST and before.state is S.WAITLISTED:
        return {}  # another day is said; the wait goes on
    return MOVES.get(event, {"clock": Clock.STOPPED})


def _taken_back(before: Referral) -> dict[str, object]:
    """A clock that never started cannot stop, and what is delivered cannot be cancelled."""
    taken_back: dict[str, object] = {}
    if before.clock is not Clock.NOT_STARTED:
        taken_back["clock"] = Clock.STOPPED
    if before.delivery is Delivery.QUEUED:
        taken_back["delivery"] = Delivery.CANCELLED
    return taken_back


def target_of(state: ReferralState, event: ReferralEvent) -> ReferralState | None:
    """Where the verb of an event leads from a state; None where the table has no such cell."""
    row = transition(state, event)
    if row is not None and event is E.SEND:
        row = transition(row.target, E.ACKNOWLEDGE)
    return row.target if row else None


CELLS = [
    pytest.param(state, event, id=f"{event} when {state}") for state, event in product(S, VERBS)
]


@pytest.mark.parametrize(("state", "event"), CELLS)
def test_every_cell_is_driven_by_its_verb_or_refused(
    state: ReferralState, event: ReferralEvent
) -> None:
    """A cell of the table moves the axes it says and no other; any other cell moves none."""
    case, target = standing(state), target_of(state, event)
    at = the(an_acknowledgement().lapse_at) if event is E.EXPIRE else AT
    before = the(case.referral(1))
    answer = decide(case, VERBS[event], a_world(at))
    if isinstance(answer, Refused):
        assert target is None
        assert (state, event) not in HARMLESS
        return
    now = the(apply(case, answer.changes).referral(1))
    if target is None:
        assert (state, event) in HARMLESS
        assert state is now.state
    else:
        moved = {"state": target, **moved_axes(event, before)}
        assert six_axes(before) | moved == six_axes(now)
        assert now.version > before.version


def test_every_event_of_the_table_has_a_verb() -> None:
    """None is in the table only; the two others happen within the step before them."""
    assert {row.event for row in TRANSITIONS} == set(VERBS) | PASSED_THROUGH


def test_a_draft_is_submitted_by_asking_for_it() -> None:
    """The table's first row: no case rests in a draft."""
    referral = the(after(an_open_case(), a_command(RequestReferral)).referral(1))
    assert six_axes(referral) == {
        "state": S.WAITING,
        "delivery": Delivery.NOT_QUEUED,
        "consent": ConsentState.NOT_ASKED,
        "clock": Clock.NOT_STARTED,
        "outcome": None,
        "priority": Priority.ROUTINE,
    }


@pytest.mark.parametrize("state", [pytest.param(s, id=s.value) for s in S if s not in TERMINAL])
@pytest.mark.parametrize(
    "who",
    [
        pytest.param(actor, id=actor.role.value)
        for actor in everyone()
        if actor.role in AGENCY_ROLES | NGO_ROLES
    ],
)
def test_whoever_she_tells_withdraws_it_from_every_state_that_is_not_terminal(
    state: ReferralState, who: Actor
) -> None:
    """INV-09: by any role of an agency or a service, whatever was claimed or is queued."""
    case = standing(state)
    claimed = the(case.referral(1)).model_copy(update={"claimed_by": "harbour-house:bo"})
    case = case.model_copy(update={"referrals": (claimed,)})
    withdrawn = after(case, a_command(WithdrawConsent, actor=who))
    assert the(withdrawn.referral(1)).state is S.WITHDRAWN
