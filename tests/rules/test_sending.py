"""Sending a referral: nothing goes without consent, and nothing twice."""

from datetime import timedelta
from typing import Any

import pytest

from rules.consents import VALID_FOR
from schemas.case import PersonalField
from schemas.changes import DispatchRecorded, PacketPlaced, StopPlaced
from schemas.clockwork_steps import (
    Deliver,
    FailDelivery,
    QueueDelivery,
    SendNotice,
    SendStop,
)
from schemas.command_base import Command
from schemas.consent import Consent, ConsentState
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.deadlines import DeadlineState
from schemas.directory import ServiceStatus
from schemas.referral import (
    Clock,
    Delivery,
    NeedCategory,
    Reason,
    ReferralState,
)
from schemas.referral_commands import CorrectReferral, DeclineReferral, RecallReferral
from schemas.snapshot import (
    CaseSnapshot,
    DispatchKind,
    DispatchState,
    NoticeTemplate,
    TaskKind,
)
from tests.builders import (
    AT,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    POLICE,
    SERVICES,
    a_case,
    a_command,
    a_consent,
    a_deadline,
    a_need,
    a_notice,
    a_packet,
    a_referral,
    a_service,
    a_stop,
    after,
    an_open_case,
    done,
    expired,
    given,
    only,
    said_no,
    the,
    why_not,
    withdrawn,
)
from tests.rules.at_service import queued, received, told

S = ReferralState
LOOK = [(POLICE, NoticeTemplate.TASK, 1)]
"""A notice to whoever leads the case: there is something to look at."""

LATER = AT + timedelta(hours=1)


def test_a_packet_is_queued_once() -> None:
    """A step that is repeated finds that it was overtaken."""
    case = an_open_case(consents=[given()], referrals=[a_referral()])
    case = after(case, a_command(QueueDelivery))
    assert (a_packet(),) == case.dispatches
    assert the(case.referral(1)).delivery is Delivery.QUEUED
    assert {"overtaken"} == why_not(case, a_command(QueueDelivery))


READS_ON = (S.OPENED, S.INFO_REQUESTED, S.WAITLISTED, S.ACCEPTED, S.ACTIVE)
NOT_WAITING = [pytest.param(s, id=s.value) for s in S if s is not S.WAITING]


@pytest.mark.parametrize("state", NOT_WAITING)
def test_only_a_waiting_referral_is_queued(state: ReferralState) -> None:
    """What is sent or over does not begin again."""
    case = queued(referrals=[a_referral(state=state)])
    assert {"overtaken"} == why_not(case, a_command(QueueDelivery))


@pytest.mark.parametrize("state", NOT_WAITING)
def test_a_packet_is_for_who_waits_for_it_or_has_read_the_first(state: ReferralState) -> None:
    """INV-28: a stray packet of what is over, or lies unread in an inbox, goes nowhere."""
    case = queued(referrals=[a_referral(state=state)])
    expected = set() if state in READS_ON else {"overtaken"}
    assert expected == why_not(case, a_command(Deliver))


def test_a_delivery_places_the_consented_fields_and_no_other() -> None:
    """INV-10: the packet names the fields and the epoch of the consent it rests on."""
    consent = given(fields=(PersonalField.SAFE_CONTACT,), epoch=4)
    placed = only(PacketPlaced, done(queued(consents=[consent]), a_command(Deliver)))
    assert [(p.fields, p.consent_epoch, p.service, p.organisation) for p in placed] == [
        ((PersonalField.SAFE_CONTACT,), 4, IDVA, "harbour-house")
    ]


def test_a_delivery_meets_the_duty_to_refer_and_starts_the_one_to_answer() -> None:
    """Victims' Code Right 4 is met by sending; the service then has its own day."""
    case = after(queued(), a_command(Deliver), at=LATER)
    assert the(case.deadline("vc-r4-support-referral")).state is DeadlineState.MET
    assert the(case.deadline("ref-ack/1")).started_at == LATER
    referral = the(case.referral(1))
    axes = (referral.state, referral.delivery, referral.clock)
    assert axes == (S.RECEIVED, Delivery.ACKED, Clock.RUNNING)
    assert (a_notice(),) == case.dispatches


@pytest.mark.parametrize("category", list(NeedCategory))
def test_what_a_delivery_meets_besides(category: NeedCategory) -> None:
    """It links her to somebody outside the police; to an adviser, where that is what she needs."""
    need = a_need().model_copy(update={"category": category})
    owed = [a_deadline(duty) for duty in ("s2s-r1-link", "adv-1-adviser-link")]
    case = after(queued(needs=[need], deadlines=owed), a_command(Deliver))
    is_advice = category is NeedCategory.LEGAL_ADVICE
    states = {d.duty: d.state for d in case.deadlines if d.referral is None}
    assert states == {
        "s2s-r1-link": DeadlineState.MET,
        "adv-1-adviser-link": DeadlineState.MET if is_advice else DeadlineState.RUNNING,
    }


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        pytest.param(queued(), set(), id="not where all is lawful"),
        pytest.param(
            queued(services=[a_service(status=ServiceStatus.DEFUNCT)]),
            {"service_closed"},
            id="the service closed",
        ),
        pytest.param(queued(services=[]), {"service_closed"}, id="the directory lost the service"),
        pytest.param(queued(dispatches=[]), {"overtaken"}, id="nothing is queued"),
        pytest.param(queued(referrals=[]), {"overtaken"}, id="there is no such referral"),
        pytest.param(
            queued(dispatches=[a_stop().model_copy(update={"key": a_packet().key})]),
            {"overtaken"},
            id="what is queued is a stop",
        ),
        pytest.param(
            queued(dispatches=[a_packet(2).model_copy(update={"key": a_packet().key})]),
            {"overtaken"},
            id="what is queued is of another referral",
        ),
    ],
)
def test_a_delivery_is_denied(case: CaseSnapshot, refusal: set[str]) -> None:
    """INV-22: every ground denies at the very moment of sending."""
    assert refusal == why_not(case, a_command(Deliver))


@pytest.mark.parametrize(
    ("consents", "state"),
    [
        pytest.param((), ConsentState.NOT_ASKED, id="never asked"),
        pytest.param((a_consent(),), ConsentState.ASKED, id="asked and silent"),
        pytest.param((said_no(),), ConsentState.REFUSED, id="refused"),
        pytest.param((withdrawn(),), ConsentState.WITHDRAWN, id="withdrawn while queued"),
        pytest.param((expired(),), ConsentState.EXPIRED, id="expired while queued"),
        pytest.param((given(MEADOWLIGHT),), ConsentState.NOT_ASKED, id="given for another service"),
    ],
)
def test_a_packet_whose_consent_ended_is_kept_back(
    consents: tuple[Consent, ...], state: ConsentState
) -> None:
    """INV-08: nothing is placed, the packet leaves the outbox, and a person is told."""
    case = queued(consents=consents)
    assert not only(PacketPlaced, done(case, a_command(Deliver)))
    case = after(case, a_command(Deliver))
    assert [d.kind for d in case.dispatches] == [DispatchKind.NOTICE]
    assert told(case) == LOOK
    referral = the(case.referral(1))
    axes = (referral.state, referral.delivery, referral.consent)
    assert (S.WAITING, Delivery.NOT_QUEUED, state) == axes
    assert the(case.task("consent/1")).kind is TaskKind.CONSENT_MISSING


def test_a_packet_is_kept_back_from_the_moment_consent_expires() -> None:
    """The last second still counts, the next one does not, and a new yes starts a new packet."""
    end = AT + VALID_FOR
    last = done(queued(), a_command(Deliver), at=end - timedelta(seconds=1))
    assert only(PacketPlaced, last)
    case = after(queued(), a_command(Deliver), at=end)
    again = (a_command(AskConsent), a_command(GiveConsent), a_command(QueueDelivery))
    case = after(case, *again, at=end)
    assert the(case.task("consent/1")).is_done
    assert a_packet(epoch=3) in case.dispatches


def test_a_withdrawal_while_queued_leaves_nothing_to_deliver() -> None:
    """INV-09: the packet is cancelled in the same decision, and new consent does not revive it."""
    case = after(queued(), a_command(WithdrawConsent))
    assert {"overtaken"} == why_not(case, a_command(Deliver))
    case = after(case, a_command(AskConsent), a_command(GiveConsent))
    assert {"overtaken"} == why_not(case, a_command(Deliver))
    assert {"overtaken"} == why_not(case, a_command(QueueDelivery))


def test_a_failed_delivery_is_said_aloud() -> None:
    """A task, a cancelled packet, and a state that says so."""
    case = after(queued(), a_command(FailDelivery))
    referral = the(case.referral(1))
    axes = (referral.state, referral.delivery, referral.reason)
    assert axes == (S.UNDELIVERABLE, Delivery.FAILED, Reason.UNDELIVERABLE)
    assert the(case.task("undeliverable/1")).kind is TaskKind.UNDELIVERABLE
    assert [d.kind for d in case.dispatches] == [DispatchKind.NOTICE]
    assert told(case) == LOOK
    assert {"wrong_state"} == why_not(case, a_command(FailDelivery))
    assert {"overtaken"} == why_not(an_open_case(), a_command(FailDelivery))


# a further packet, for a service that asked back

WIDER = (*FIELDS, PersonalField.LANGUAGE)


def asked_back(state: ReferralState = S.OPENED, **parts: Any) -> CaseSnapshot:
    """She agreed to more than the service got, and the packet waits in the outbox."""
    lawful: dict[str, Any] = {
        "consents": [given(fields=WIDER, epoch=3)],
        "referrals": [a_referral(state=state, shared_fields=FIELDS)],
        "dispatches": [a_packet(epoch=3)],
    }
    return an_open_case(**(lawful | parts))


FURTHER = a_command(Deliver, key="packet/1/3")


@pytest.mark.parametrize("state", READS_ON)
def test_a_further_packet_is_placed_and_moves_nothing(state: ReferralState) -> None:
    """It has the fields of the newer yes, under its epoch; the referral stays where it is."""
    case = asked_back(state)
    placed = only(PacketPlaced, done(case, FURTHER))
    assert [(set(p.fields), p.consent_epoch) for p in placed] == [(set(WIDER), 3)]
    before, now = the(case.referral(1)), the(after(case, FURTHER).referral(1))
    shared = {"shared_fields": placed[0].fields, "version": 2}
    assert before.model_copy(update=shared) == now
    assert {"overtaken"} == why_not(after(case, FURTHER), FURTHER)


@pytest.mark.parametrize(
    "consent",
    [
        pytest.param(a_consent(fields=WIDER, epoch=4), id="asked once more"),
        pytest.param(said_no(epoch=4), id="refused meanwhile"),
        pytest.param(expired(fields=WIDER, epoch=3), id="expired meanwhile"),
    ],
)
def test_a_further_packet_is_kept_back_without_a_yes_that_holds(consent: Consent) -> None:
    """INV-08: and the service keeps the referral it has."""
    case = asked_back(consents=[consent])
    assert not only(PacketPlaced, done(case, FURTHER))
    kept = after(case, FURTHER)
    assert told(kept) == LOOK
    assert len(kept.dispatches) == 1
    assert case.referrals == kept.referrals
    assert the(kept.task("consent/1")).kind is TaskKind.CONSENT_MISSING


def test_a_further_packet_that_cannot_be_delivered_leaves_the_referral_where_it_is() -> None:
    """The service has the first one; a person is told of the other."""
    case = after(asked_back(), a_command(FailDelivery))
    assert case.referrals == asked_back().referrals
    assert told(case) == LOOK
    assert len(case.dispatches) == 1
    assert the(case.task("undeliverable/1")).kind is TaskKind.UNDELIVERABLE
    assert {"wrong_state"} == why_not(case, a_command(FailDelivery))


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(a_command(DeclineReferral), id="the service declines"),
        pytest.param(a_command(RecallReferral), id="the sender recalls"),
        pytest.param(a_command(CorrectReferral), id="the sender corrects"),
        pytest.param(a_command(WithdrawConsent), id="she takes it back"),
    ],
)
def test_nothing_more_goes_to_a_service_once_it_is_over(command: Command) -> None:
    """INV-09: what still lay in the outbox is cancelled with the end."""
    case = after(asked_back(), command)
    assert not [d for d in case.dispatches if d.kind is DispatchKind.PACKET]
    assert {"overtaken"} == why_not(case, FURTHER)


# stops and notices


def test_a_stop_is_placed_once() -> None:
    """INV-28: the key makes it visible at most once."""
    case = received(S.WITHDRAWN, dispatches=[a_stop()])
    command = a_command(SendStop, key="stop/1")
    assert [(p.referral, p.service) for p in only(StopPlaced, done(case, command))] == [(1, IDVA)]
    assert {"overtaken"} == why_not(after(case, command), command)


def test_a_notice_is_sent_once() -> None:
    """It leaves the outbox, and says nothing of the case in the audit but its template."""
    case = received(dispatches=[a_notice()])
    command = a_command(SendNotice, key="notice/1")
    row = only(DispatchRecorded, done(case, command))
    assert [change.dispatch.state for change in row] == [DispatchState.DONE]
    assert {"overtaken"} == why_not(after(case, command), command)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(a_command(SendStop), id="as a stop"),
        pytest.param(a_command(SendNotice), id="as a notice"),
    ],
)
def test_a_packet_is_never_ticked_off_as_something_else(command: Command) -> None:
    """A packet leaves the outbox by its own door, where consent is asked."""
    assert {"overtaken"} == why_not(queued(), command)


def test_no_packet_before_the_safety_check() -> None:
    """There is no way from an unsafe case to a packet: no question, no yes, no sending."""
    assert {"no_consent"} == why_not(a_case(referrals=[a_referral()]), a_command(QueueDelivery))
    assert (IDVA, *FIELDS) == (SERVICES[0].code, *a_consent().fields)
