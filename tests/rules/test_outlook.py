"""What there is to do next, read off the record: every timer comes from here."""

from datetime import timedelta
from typing import Any

import pytest

from rules.outlook import journey_outlook, referral_outlook
from rules.referral_states import OVER
from schemas.case import Stage
from schemas.consent import Consent, ConsentState
from schemas.contact import Contact, ContactChannel, ContactPurpose, ContactState
from schemas.deadlines import Deadline, DeadlineState
from schemas.messages import AlarmKind, Awaiting, JourneyOutlook
from schemas.referral import Delivery, Referral, ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    POLICE,
    a_case,
    a_deadline,
    a_notice,
    a_packet,
    a_referral,
    a_stop,
    a_task,
    an_acknowledgement,
    an_open_case,
    expired,
    given,
    withdrawn,
)

S, K, C, X = ReferralState, AlarmKind, ContactChannel, ContactState
DUE = a_deadline()
ACK = an_acknowledgement()


def reminded(deadline: Deadline) -> Deadline:
    return deadline.model_copy(update={"reminded_at": deadline.remind_at})


def test_a_new_case_has_nothing_to_wait_for() -> None:
    """Until a duty runs no timer does; the next move is the caseworker's."""
    outlook = journey_outlook(a_case())
    assert (
        outlook.alarms,
        outlook.referrals,
        outlook.to_route,
        outlook.to_dispatch,
    ) == ((), (), (), ())
    assert outlook.awaiting is Awaiting.CASEWORKER
    assert not outlook.is_overdue


@pytest.mark.parametrize(
    ("deadline", "alarms"),
    [
        pytest.param(DUE, [K.REMIND, K.BREACH], id="running"),
        pytest.param(reminded(DUE), [K.BREACH], id="reminded"),
        pytest.param(a_deadline(state=DeadlineState.PAUSED), [], id="paused"),
        pytest.param(a_deadline(state=DeadlineState.BREACHED), [], id="breached"),
        pytest.param(a_deadline(state=DeadlineState.MET), [], id="met"),
        pytest.param(a_deadline(state=DeadlineState.MET_LATE), [], id="met late"),
        pytest.param(a_deadline(state=DeadlineState.VOID), [], id="void"),
    ],
)
def test_a_running_duty_has_its_alarms_soonest_first(
    deadline: Deadline, alarms: list[AlarmKind]
) -> None:
    """Each alarm once, at the stored times; what has ended has none."""
    outlook = journey_outlook(an_open_case(deadlines=[deadline]))
    assert alarms == [alarm.kind for alarm in outlook.alarms]
    assert {K.REMIND: DUE.remind_at, K.BREACH: DUE.due_at}.items() >= {
        alarm.kind: alarm.at for alarm in outlook.alarms
    }.items()
    assert outlook.is_overdue is (deadline.state is DeadlineState.BREACHED)


def test_the_journey_keeps_its_own_deadlines_and_dispatches_and_leaves_the_rest() -> None:
    """A referral's deadlines and packets are the referral's own work."""
    escalation = a_notice().model_copy(update={"key": "unmet/1/1", "referral": None})
    case = an_open_case(
        referrals=[a_referral(state=S.RECEIVED)],
        deadlines=[DUE, ACK],
        dispatches=[a_notice(), escalation],
    )
    journey, referral = journey_outlook(case), referral_outlook(case, 1, AT)
    assert {DUE.id} == {alarm.deadline for alarm in journey.alarms}
    assert {ACK.id} == {alarm.deadline for alarm in referral.alarms}
    assert {"unmet/1/1"} == {q.key for q in journey.to_dispatch}
    assert {"notice/1"} == {q.key for q in referral.to_dispatch}
    assert journey.referrals == (1,)


@pytest.mark.parametrize("state", list(S))
def test_what_outlives_its_referral_rings_in_the_journey(state: ReferralState) -> None:
    """The workflow of a referral that is over has ended: no deadline is lost with it."""
    private = a_deadline("leave-1-permission", 1)
    case = an_open_case(referrals=[a_referral(state=state)], deadlines=[private])
    rings = [bool(o.alarms) for o in (journey_outlook(case), referral_outlook(case, 1, AT))]
    assert [state in OVER, state not in OVER] == rings


@pytest.mark.parametrize("state", list(S))
def test_a_referral_has_work_until_it_is_over_and_its_outbox_is_empty(
    state: ReferralState,
) -> None:
    """A stop still leaves after the referral itself is over."""
    case = an_open_case(referrals=[a_referral(state=state)])
    assert (() if state in OVER else (1,)) == journey_outlook(case).referrals
    assert (state in OVER) is referral_outlook(case, 1, AT).is_over
    case = case.model_copy(update={"dispatches": (a_stop(),)})
    assert journey_outlook(case).referrals == (1,)


@pytest.mark.parametrize("state", list(S))
def test_an_end_without_help_is_followed_once(state: ReferralState) -> None:
    """Declined, expired or undeliverable: what follows is arranged once, and not after closing."""
    case = an_open_case(referrals=[a_referral(state=state)])
    expected = (1,) if state in (S.DECLINED, S.EXPIRED, S.UNDELIVERABLE) else ()
    assert expected == journey_outlook(case).to_route
    followed = an_open_case(referrals=[a_referral(state=state, was_followed=True)])
    assert journey_outlook(followed).to_route == ()


@pytest.mark.parametrize(
    ("state", "kinds"),
    [
        pytest.param(S.RECEIVED, [K.REMIND, K.BREACH, K.EXPIRE], id="received"),
        pytest.param(S.OPENED, [K.REMIND, K.BREACH, K.EXPIRE], id="opened and not answered"),
        pytest.param(S.ACCEPTED, [K.REMIND, K.BREACH], id="accepted"),
    ],
)
def test_only_silence_expires(state: ReferralState, kinds: list[AlarmKind]) -> None:
    """An answered referral has no expiry ahead of it."""
    case = an_open_case(referrals=[a_referral(state=state)], deadlines=[ACK])
    alarms = referral_outlook(case, 1, AT).alarms
    assert kinds == [alarm.kind for alarm in alarms]
    assert sorted(alarm.at for alarm in alarms) == [alarm.at for alarm in alarms]


@pytest.mark.parametrize("state", [DeadlineState.BREACHED, DeadlineState.MET])
def test_silence_after_the_duty_is_over_still_expires(state: DeadlineState) -> None:
    """Opening meets the duty to acknowledge; no answer for good is another matter."""
    case = an_open_case(
        referrals=[a_referral(state=S.OPENED)], deadlines=[an_acknowledgement(state=state)]
    )
    assert [alarm.kind for alarm in referral_outlook(case, 1, AT).alarms] == [K.EXPIRE]
    told = case.model_copy(update={"tasks": (a_task("unanswered/1"),)})
    assert referral_outlook(told, 1, AT).alarms == ()


def test_a_paused_duty_of_a_service_rings_nothing() -> None:
    """Silence does not count while what it is about waits for something else."""
    paused = an_acknowledgement(state=DeadlineState.PAUSED)
    case = an_open_case(referrals=[a_referral(state=S.RECEIVED)], deadlines=[paused])
    assert () == referral_outlook(case, 1, AT).alarms


@pytest.mark.parametrize(
    ("referral", "consents", "may_be_queued"),
    [
        pytest.param(a_referral(), (given(),), True, id="waiting with consent"),
        pytest.param(a_referral(), (), False, id="waiting without"),
        pytest.param(a_referral(), (expired(),), False, id="waiting, consent expired"),
        pytest.param(a_referral(), (withdrawn(),), False, id="waiting, consent withdrawn"),
        pytest.param(a_referral(delivery=Delivery.QUEUED), (given(),), False, id="queued already"),
        pytest.param(a_referral(state=S.RECEIVED), (given(),), False, id="received already"),
    ],
)
def test_a_packet_may_be_queued_only_while_waiting_with_consent(
    referral: Referral, consents: tuple[Consent, ...], *, may_be_queued: bool
) -> None:
    """INV-08: the outlook offers no step that the rules would refuse."""
    case = an_open_case(referrals=[referral], consents=consents)
    assert may_be_queued is referral_outlook(case, 1, AT).may_be_queued


def test_what_is_queued_is_offered_for_dispatch_a_stop_first() -> None:
    """With its kind, so that each leaves by its own door; a stop goes before everything."""
    case = an_open_case(
        referrals=[a_referral(delivery=Delivery.QUEUED)], dispatches=[a_packet(), a_stop()]
    )
    queued = referral_outlook(case, 1, AT).to_dispatch
    assert [("stop/1", "stop"), (a_packet().key, "packet")] == [(q.key, q.kind) for q in queued]


@pytest.mark.parametrize(
    ("referral", "awaiting"),
    [
        pytest.param(a_referral(), Awaiting.VICTIM, id="consent is hers to give"),
        pytest.param(
            a_referral(consent=ConsentState.GIVEN), Awaiting.CLOCKWORK, id="sending is ours"
        ),
        pytest.param(a_referral(state=S.RECEIVED), Awaiting.NGO, id="answering is the service's"),
        pytest.param(a_referral(state=S.WITHDRAWN), Awaiting.NOBODY, id="what is over is nobody's"),
    ],
)
def test_whose_move_a_referral_is(referral: Referral, awaiting: Awaiting) -> None:
    """A role or the clockwork, never a person."""
    assert awaiting is referral_outlook(an_open_case(referrals=[referral]), 1, AT).awaiting


@pytest.mark.parametrize(
    ("case", "awaiting"),
    [
        pytest.param(an_open_case(), Awaiting.CASEWORKER, id="nothing was begun"),
        pytest.param(
            an_open_case(referrals=[a_referral(state=S.RECEIVED)]),
            Awaiting.NGO,
            id="with a service",
        ),
        pytest.param(
            an_open_case(referrals=[a_referral(state=S.RECEIVED)], tasks=[a_task()]),
            Awaiting.CASEWORKER,
            id="with a service, and a task",
        ),
        pytest.param(
            an_open_case(referrals=[a_referral(state=S.COMPLETED)]),
            Awaiting.CASEWORKER,
            id="all is over",
        ),
        pytest.param(
            an_open_case(stage=Stage.CLOSED, tasks=[a_task()]), Awaiting.NOBODY, id="closed"
        ),
    ],
)
def test_whose_move_a_journey_is(case: CaseSnapshot, awaiting: Awaiting) -> None:
    """A task for a person goes before waiting for anybody else."""
    assert awaiting is journey_outlook(case).awaiting


def a_contact(state: ContactState, channel: ContactChannel = C.VOICE, **parts: Any) -> Contact:
    """Contact 3, with a window from the day's second hour to its fourth."""
    window = {"safe_at": AT + timedelta(hours=2), "safe_until": AT + timedelta(hours=4)}
    return Contact(
        number=3,
        organisation="northmarch-police",
        purpose=ContactPurpose.UPDATE,
        channel=channel,
        state=state,
        planned_by="northmarch-police:ann",
        **(window | parts),
    )


@pytest.mark.parametrize(
    ("contact", "alarm"),
    [
        pytest.param(a_contact(X.PLANNED), (K.OPEN_WINDOW, 2), id="a call that waits"),
        pytest.param(a_contact(X.PLANNED, C.EMAIL), (K.SEND_CONTACT, 2), id="a text that waits"),
        pytest.param(a_contact(X.PLANNED, safe_at=None), None, id="for no window that is known"),
        pytest.param(a_contact(X.OPEN), (K.CLOSE_WINDOW, 4), id="a call to be made now"),
        pytest.param(a_contact(X.STARTED), None, id="one that somebody is making"),
        pytest.param(
            a_contact(X.SENDING, C.SMS, started_at=AT),
            (K.SETTLE_CONTACT, 1 / 60),
            id="a text that is on its way",
        ),
        pytest.param(a_contact(X.MADE), None, id="made"),
        pytest.param(a_contact(X.UNKNOWN, C.SMS), None, id="of which nobody knows"),
        pytest.param(a_contact(X.CANCELLED), None, id="called off"),
    ],
)
def test_a_contact_has_the_one_alarm_that_its_state_waits_for(
    contact: Contact, alarm: tuple[AlarmKind, float] | None
) -> None:
    """By number. In a closed case nobody is contacted; what went out is still settled."""
    case = an_open_case().model_copy(update={"contacts": (contact,)})
    expected = [(alarm[0], 3, AT + timedelta(hours=alarm[1]))] if alarm else []
    assert expected == [(a.kind, a.contact, a.at) for a in journey_outlook(case).alarms]
    closed = an_open_case(stage=Stage.CLOSED).model_copy(update={"contacts": (contact,)})
    settled = [alarm for alarm in expected if alarm[0] is K.SETTLE_CONTACT]
    assert settled == [(a.kind, a.contact, a.at) for a in journey_outlook(closed).alarms]


def test_contacts_and_deadlines_ring_in_one_order() -> None:
    """Soonest first, whatever rings."""
    contacts = (a_contact(X.PLANNED), a_contact(X.OPEN).model_copy(update={"number": 4}))
    case = an_open_case(deadlines=[DUE]).model_copy(update={"contacts": contacts})
    alarms = journey_outlook(case).alarms
    assert [K.OPEN_WINDOW, K.CLOSE_WINDOW, K.REMIND, K.BREACH] == [alarm.kind for alarm in alarms]


def test_an_outlook_says_who_leads_and_an_old_one_need_not() -> None:
    """Histories hold outlooks from before there were contacts or a leading organisation."""
    assert journey_outlook(an_open_case()).owner == POLICE
    old = {"stage": "open", "alarms": [{"kind": "breach", "deadline": "d", "duty": "d", "at": AT}]}
    outlook = JourneyOutlook.model_validate(old)
    assert (outlook.owner, outlook.alarms[0].contact) == (None, None)


def test_a_closed_case_routes_nothing() -> None:
    """What a person closed, the clockwork does not take up again."""
    case = an_open_case(stage=Stage.CLOSED, referrals=[a_referral(state=S.DECLINED)])
    assert journey_outlook(case).to_route == ()


def test_nobody_is_asked_to_help_somebody_who_has_died() -> None:
    """What had ended before her death is followed by nothing."""
    case = an_open_case(died_at=AT, referrals=[a_referral(state=S.DECLINED)])
    assert journey_outlook(case).to_route == ()


def test_a_referral_the_case_does_not_have_is_an_error() -> None:
    """Asking for it is a bug of the caller, not a state of the case."""
    with pytest.raises(KeyError):
        referral_outlook(an_open_case(), 1, AT + timedelta(days=1))
