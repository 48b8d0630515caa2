"""A referral from request to answer: nothing is sent without consent, no end is silent."""

from datetime import timedelta
from typing import Any

import pytest
from schemas.changes import DispatchRecorded, PacketPlaced, ReferralRecorded, StopPlaced
from schemas.clockwork_steps import (
    Deliver,
    ExpireReferral,
    FailDelivery,
    QueueDelivery,
    RouteOnward,
    SendNotice,
    SendStop,
)
from schemas.command_base import Command
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestReferral,
)

from rules.consents import VALID_FOR
from rules.referral_states import OVER
from schemas.actor import Role
from schemas.case import PersonalField
from schemas.consent import Consent, ConsentState
from schemas.deadlines import DeadlineState
from schemas.directory import ServiceStatus
from schemas.referral import (
    Clock,
    Delivery,
    NeedState,
    Outcome,
    Reason,
    Referral,
    ReferralState,
)
from schemas.snapshot import CaseSnapshot, DispatchState, NoticeTemplate, TaskKind
from tests.builders import (
    AT,
    COUNSELLING,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    POLICE,
    SERVICES,
    SHUT,
    TERNSTONE,
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
    a_task,
    after,
    an_acknowledgement,
    an_open_case,
    done,
    expired,
    given,
    ngo_intake,
    only,
    said_no,
    the,
    why_not,
    withdrawn,
)

S = ReferralState
LATER = AT + timedelta(hours=1)


def queued(**parts: Any) -> CaseSnapshot:
    """A case whose one referral has its packet in the outbox, on a consent that holds."""
    lawful: dict[str, Any] = {
        "consents": [given()],
        "referrals": [a_referral(delivery=Delivery.QUEUED, consent=ConsentState.GIVEN)],
        "dispatches": [a_packet()],
        "deadlines": [a_deadline()],
    }
    return an_open_case(**(lawful | parts))


def received(state: ReferralState = S.RECEIVED, **parts: Any) -> CaseSnapshot:
    """A case whose one referral reached the service."""
    lawful: dict[str, Any] = {
        "consents": [given()],
        "referrals": [a_referral(state=state)],
        "deadlines": [an_acknowledgement()],
    }
    return an_open_case(**(lawful | parts))


# requesting


@pytest.mark.parametrize(
    ("choices", "refusal"),
    [
        pytest.param((IDVA,), set(), id="a service that is open"),
        pytest.param((IDVA, MEADOWLIGHT), set(), id="two of them"),
        pytest.param((SHUT,), {"unknown_service"}, id="a service that is closed"),
        pytest.param((IDVA, SHUT), {"unknown_service"}, id="a closed one second"),
        pytest.param(("nobody-knows",), {"unknown_service"}, id="a service nobody knows"),
        pytest.param((IDVA, IDVA), {"repeated_choice"}, id="the same one twice"),
        pytest.param((COUNSELLING,), {"she_said_no"}, id="one she refused"),
        pytest.param((IDVA, TERNSTONE), {"she_said_no"}, id="one she took back, second"),
    ],
)
def test_what_may_be_chosen(choices: tuple[str, ...], refusal: set[str]) -> None:
    """A referral goes to open services that she did not say no to."""
    case = an_open_case(consents=[said_no(COUNSELLING), withdrawn(TERNSTONE)])
    assert refusal == why_not(case, a_command(RequestReferral, choices=choices))


def test_a_service_she_refused_can_be_chosen_once_she_was_asked_again() -> None:
    """Her no is hers to change."""
    case = after(an_open_case(consents=[said_no()]), a_command(AskConsent))
    assert set() == why_not(case, a_command(RequestReferral))


def test_a_referral_is_for_a_need_of_the_case() -> None:
    """No need, no referral."""
    assert {"unknown_need"} == why_not(an_open_case(needs=()), a_command(RequestReferral))


@pytest.mark.parametrize("state", list(S))
def test_a_need_is_with_one_service_at_a_time(state: ReferralState) -> None:
    """A second referral of the same need waits until the first is over, undeliverable included."""
    case = an_open_case(referrals=[a_referral(state=state)])
    expected = set() if state in OVER else {"already_referred"}
    assert expected == why_not(case, a_command(RequestReferral, choices=(MEADOWLIGHT,)))


@pytest.mark.parametrize(
    ("consent", "state"),
    [
        pytest.param((), ConsentState.NOT_ASKED, id="never asked"),
        pytest.param((a_consent(),), ConsentState.ASKED, id="asked"),
        pytest.param((expired(),), ConsentState.EXPIRED, id="expired"),
    ],
)
def test_without_consent_a_referral_waits_and_a_person_is_told(
    consent: tuple[Consent, ...], state: ConsentState
) -> None:
    """INV-08: nothing is queued; a task says that she has to be asked."""
    case = after(an_open_case(consents=consent), a_command(RequestReferral))
    assert a_referral(consent=state, version=2) == case.referral(1)
    assert the(case.task("consent/1")).kind is TaskKind.CONSENT_MISSING
    assert case.dispatches == ()
    assert {"no_consent"} == why_not(case, a_command(QueueDelivery))


def test_with_consent_a_referral_waits_for_the_clockwork_only() -> None:
    """The further choices stay in her order."""
    command = a_command(RequestReferral, choices=(IDVA, MEADOWLIGHT, TERNSTONE))
    case = after(an_open_case(consents=[given()]), command)
    assert case.tasks == ()
    assert the(case.referral(1)).next_choices == (MEADOWLIGHT, TERNSTONE)
    assert set() == why_not(case, a_command(QueueDelivery))


def test_referring_an_unmet_need_again_settles_its_task() -> None:
    """The need is open once more, and nobody is asked to look after it twice."""
    case = an_open_case(needs=[a_need(state=NeedState.UNMET)], tasks=[a_task("unmet/1")])
    case = after(case, a_command(RequestReferral))
    assert the(case.need(1)).state is NeedState.OPEN
    assert the(case.task("unmet/1")).is_done


# sending


def test_a_packet_is_queued_once() -> None:
    """A step that is repeated finds that it was overtaken."""
    case = an_open_case(consents=[given()], referrals=[a_referral()])
    case = after(case, a_command(QueueDelivery))
    assert (a_packet(),) == case.dispatches
    assert the(case.referral(1)).delivery is Delivery.QUEUED
    assert {"overtaken"} == why_not(case, a_command(QueueDelivery))


@pytest.mark.parametrize(
    "state", [pytest.param(s, id=s.value) for s in S if s is not ReferralState.WAITING]
)
def test_only_a_waiting_referral_is_queued_and_sent(state: ReferralState) -> None:
    """INV-28: what is sent or over is never sent again."""
    case = queued(referrals=[a_referral(state=state)])
    assert {"overtaken"} == why_not(case, a_command(QueueDelivery))
    assert {"overtaken"} == why_not(case, a_command(Deliver))


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
    assert an_acknowledgement(since=LATER) == case.deadline("ref-ack/1")
    referral = the(case.referral(1))
    axes = (referral.state, referral.delivery, referral.clock)
    assert axes == (S.RECEIVED, Delivery.ACKED, Clock.RUNNING)
    assert (a_notice(),) == case.dispatches


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
    assert case.dispatches == ()
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
    assert (a_packet(epoch=3),) == case.dispatches


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
    assert case.dispatches == ()
    assert {"wrong_state"} == why_not(case, a_command(FailDelivery))
    assert {"overtaken"} == why_not(an_open_case(), a_command(FailDelivery))


# answering


@pytest.mark.parametrize(
    ("kind", "state", "target"),
    [
        pytest.param(OpenReferral, S.RECEIVED, S.OPENED, id="opens"),
        pytest.param(AcceptReferral, S.RECEIVED, S.ACCEPTED, id="accepts unopened"),
        pytest.param(AcceptReferral, S.OPENED, S.ACCEPTED, id="accepts"),
        pytest.param(DeclineReferral, S.OPENED, S.DECLINED, id="declines"),
        pytest.param(EngageReferral, S.ACCEPTED, S.ACTIVE, id="engages"),
        pytest.param(CompleteReferral, S.ACTIVE, S.COMPLETED, id="completes"),
    ],
)
def test_any_answer_acknowledges_and_stops_the_clock(
    kind: type[Command], state: ReferralState, target: ReferralState
) -> None:
    """Whatever the service says, it has answered."""
    tasks = [a_task("unanswered/1", TaskKind.UNANSWERED, 1)]
    case = after(received(state, tasks=tasks), a_command(kind), at=LATER)
    referral = the(case.referral(1))
    assert (target, Clock.STOPPED) == (referral.state, referral.clock)
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.MET
    assert the(case.task("unanswered/1")).is_done


def test_a_late_answer_is_said_to_be_late() -> None:
    """INV-37: late is late, and what the breach had raised is settled."""
    breached = an_acknowledgement(state=DeadlineState.BREACHED)
    case = received(deadlines=[breached], tasks=[a_task("missed/ref-ack/1", referral=1)])
    case = after(case, a_command(AcceptReferral), at=breached.due_at + timedelta(seconds=1))
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.MET_LATE
    assert the(case.task("missed/ref-ack/1")).is_done


def test_an_answer_that_comes_again_changes_nothing() -> None:
    """Opening twice is no mistake; accepting twice is refused with the reason."""
    assert done(received(S.OPENED), a_command(OpenReferral)).changes == ()
    assert {"wrong_state"} == why_not(received(S.ACCEPTED), a_command(AcceptReferral))


def test_a_decline_needs_a_reason_of_the_service_or_of_her() -> None:
    """A sender's or a machine's reason is no reason to decline."""
    for reason, refusal in (
        (Reason.NO_CAPACITY, set()),
        (Reason.UNSAFE_TO_TRY, set()),
        (Reason.MISTAKE, {"reason_missing"}),
        (Reason.NO_ANSWER, {"reason_missing"}),
    ):
        assert refusal == why_not(received(), a_command(DeclineReferral, reason=reason))


ANSWERS = (OpenReferral, AcceptReferral, DeclineReferral, EngageReferral, CompleteReferral)


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_answer_of_a_foreign_organisation_is_refused(kind: type[Command]) -> None:
    """Another NGO learns no more than from a referral that does not exist."""
    stranger = a_command(kind, actor=ngo_intake("meadowlight"))
    assert {"not_yours"} == why_not(received(), stranger)
    assert {"not_yours"} == why_not(an_open_case(), stranger)


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize(
    "referral",
    [
        pytest.param(a_referral(), id="waiting"),
        pytest.param(a_referral(delivery=Delivery.QUEUED), id="queued"),
        pytest.param(a_referral(state=S.UNDELIVERABLE), id="undeliverable"),
        pytest.param(a_referral(state=S.WITHDRAWN), id="withdrawn before it was sent"),
    ],
)
def test_a_service_does_not_learn_of_a_referral_that_never_reached_it(
    kind: type[Command], referral: Referral
) -> None:
    """INV-08: that she might be referred is itself hers to tell."""
    assert {"not_yours"} == why_not(an_open_case(referrals=[referral]), a_command(kind))


@pytest.mark.parametrize("outcome", list(Outcome))
def test_completing_says_what_became_of_it_and_meets_the_need(outcome: Outcome) -> None:
    """The outcome is known only at the end, on an axis of its own."""
    command = a_command(CompleteReferral, outcome=outcome)
    case = after(received(S.ACTIVE), command)
    assert the(case.referral(1)).outcome is outcome
    assert the(case.need(1)).state is NeedState.MET


# recalling


def test_a_recall_stops_the_referral_and_tells_the_service() -> None:
    """The sender may take back what is with a service; her consent stays as it was."""
    case = after(received(), a_command(RecallReferral))
    referral = the(case.referral(1))
    axes = (referral.state, referral.consent, referral.clock, referral.reason)
    assert axes == (S.RECALLED, ConsentState.GIVEN, Clock.STOPPED, Reason.MISTAKE)
    assert {"stop/1", "stop-notice/1"} == {d.key for d in case.dispatches}
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.VOID


def test_a_recall_before_sending_tells_nobody() -> None:
    """A service that got nothing hears nothing."""
    case = after(queued(), a_command(RecallReferral))
    assert case.dispatches == ()
    assert the(case.referral(1)).delivery is Delivery.CANCELLED


@pytest.mark.parametrize(
    ("case", "parts", "refusal"),
    [
        pytest.param(received(), {}, set(), id="not an open one"),
        pytest.param(received(), {"expected_version": 1}, set(), id="not the version seen"),
        pytest.param(received(), {"expected_version": 7}, {"stale"}, id="another version"),
        pytest.param(received(), {"referral": 2}, {"unknown_referral"}, id="an unknown one"),
        pytest.param(received(S.COMPLETED), {}, {"wrong_state"}, id="a completed one"),
        pytest.param(
            received(), {"reason": Reason.NO_CAPACITY}, {"reason_missing"}, id="a service's reason"
        ),
        pytest.param(
            received(), {"reason": Reason.CONSENT_WITHDRAWN}, {"not_a_recall"}, id="a withdrawal"
        ),
    ],
)
def test_a_recall_is_refused(
    case: CaseSnapshot, parts: dict[str, object], refusal: set[str]
) -> None:
    """A withdrawal is never recorded as a recall: that would leave her yes standing."""
    assert refusal == why_not(case, a_command(RecallReferral, **parts))


# no answer, and what follows


@pytest.mark.parametrize("state", [S.RECEIVED, S.WAITLISTED])
def test_what_nobody_answers_expires(state: ReferralState) -> None:
    """No answer is an end with a reason, and its duty is void."""
    case = after(received(state), a_command(ExpireReferral))
    referral = the(case.referral(1))
    axes = (referral.state, referral.reason, referral.clock)
    assert axes == (S.EXPIRED, Reason.NO_ANSWER, Clock.STOPPED)
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.VOID


def test_what_somebody_read_and_did_not_answer_becomes_a_task() -> None:
    """A person read it, so a person decides; nothing is taken from the service."""
    answer = done(received(S.OPENED), a_command(ExpireReferral))
    assert not only(ReferralRecorded, answer)
    task = the(after(received(S.OPENED), a_command(ExpireReferral)).task("unanswered/1"))
    assert (task.kind, task.for_role) == (TaskKind.UNANSWERED, Role.CASEWORKER)


@pytest.mark.parametrize("state", [S.WAITING, S.ACCEPTED, S.ACTIVE, S.DECLINED, S.WITHDRAWN])
def test_what_was_answered_or_not_sent_does_not_expire(state: ReferralState) -> None:
    """Expiry is for silence only."""
    assert {"wrong_state"} == why_not(received(state), a_command(ExpireReferral))
    assert {"overtaken"} == why_not(an_open_case(), a_command(ExpireReferral))


def ended(state: ReferralState = S.DECLINED, /, **parts: Any) -> CaseSnapshot:
    choices = parts.pop("next_choices", (SHUT, COUNSELLING, TERNSTONE, MEADOWLIGHT))
    referral = a_referral(state=state, next_choices=choices)
    return an_open_case(**({"referrals": [referral]} | parts))


@pytest.mark.parametrize("state", [S.DECLINED, S.EXPIRED, S.UNDELIVERABLE])
def test_the_next_service_she_chose_is_asked(state: ReferralState) -> None:
    """Closed services and those she said no to are skipped; her order is kept."""
    case = ended(state, consents=[said_no(COUNSELLING), given(TERNSTONE)])
    case = after(case, a_command(RouteOnward))
    following = the(case.referral(2))
    facts = (following.service, following.follows, following.next_choices, following.state)
    assert facts == (TERNSTONE, 1, (MEADOWLIGHT,), S.WAITING)
    assert the(case.referral(1)).was_followed
    assert case.task("consent/2") is None


def test_the_next_service_is_not_sent_anything_without_consent_of_its_own() -> None:
    """INV-10: onward sharing needs its own yes; until then it waits, and a person is told."""
    case = after(ended(consents=[given()], next_choices=(MEADOWLIGHT,)), a_command(RouteOnward))
    assert the(case.referral(2)).consent is ConsentState.NOT_ASKED
    assert the(case.task("consent/2")).kind is TaskKind.CONSENT_MISSING
    assert {"no_consent"} == why_not(case, a_command(QueueDelivery, referral=2))


@pytest.mark.parametrize(
    ("choices", "consents"),
    [
        pytest.param((), (), id="she chose no other"),
        pytest.param((SHUT,), (), id="the other is closed"),
        pytest.param((MEADOWLIGHT,), (said_no(MEADOWLIGHT),), id="she refused the other"),
        pytest.param((MEADOWLIGHT,), (withdrawn(MEADOWLIGHT),), id="she took the other back"),
    ],
)
def test_an_unmet_need_is_never_silent(
    choices: tuple[str, ...], consents: tuple[Consent, ...]
) -> None:
    """Where no choice is left a supervisor gets a task, and the force a content-free notice."""
    case = after(ended(next_choices=choices, consents=consents), a_command(RouteOnward))
    task = the(case.task("unmet/1"))
    assert (task.kind, task.for_role) == (TaskKind.UNMET_NEED, Role.SAFEGUARDING_SUPERVISOR)
    assert the(case.need(1)).state is NeedState.UNMET
    assert [(d.to_organisation, d.template) for d in case.dispatches] == [
        (POLICE, NoticeTemplate.ESCALATION)
    ]
    assert {"overtaken"} == why_not(case, a_command(RouteOnward))


@pytest.mark.parametrize("state", [s for s in S if s not in (S.DECLINED, S.EXPIRED)])
def test_nothing_follows_what_a_person_ended_or_what_goes_on(state: ReferralState) -> None:
    """A recall, a withdrawal or a completed referral asks nobody else."""
    refusal = set() if state is S.UNDELIVERABLE else {"overtaken"}
    assert refusal == why_not(ended(state), a_command(RouteOnward))


@pytest.mark.parametrize(
    "taken_up",
    [
        pytest.param({"needs": [a_need(state=NeedState.MET)]}, id="the need is met"),
        pytest.param(
            {
                "referrals": [
                    a_referral(1, S.DECLINED, next_choices=(MEADOWLIGHT,)),
                    a_referral(2, service=TERNSTONE),
                ]
            },
            id="a caseworker referred it again",
        ),
    ],
)
def test_nothing_follows_by_itself_where_a_person_took_the_need_up(
    taken_up: dict[str, Any],
) -> None:
    """A need is with one service at a time, also when a person was quicker than the clockwork."""
    before = ended(**taken_up)
    case = after(before, a_command(RouteOnward))
    assert len(before.referrals) == len(case.referrals)
    assert before.needs == case.needs
    assert the(case.referral(1)).was_followed


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
