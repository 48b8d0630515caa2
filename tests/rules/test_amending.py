"""What a sender does with a referral under way: take back, correct, hasten, answer."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rules.decide import decide
from rules.outbox import packet_key
from rules.outlook import referral_outlook
from rules.packets import access
from rules.referral_states import ENGAGED, OVER, TERMINAL, WITH_SERVICE
from schemas.case import PersonalField
from schemas.case_commands import FinishTask
from schemas.changes import PacketPlaced
from schemas.clockwork_steps import Deliver, ExpireReferral
from schemas.command_base import Command
from schemas.consent import Consent, ConsentState
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.deadline_commands import PauseDeadline
from schemas.deadlines import Deadline, DeadlineState
from schemas.decisions import Refused
from schemas.messages import AlarmKind
from schemas.packet import Access
from schemas.referral import (
    Clock,
    Delivery,
    InfoAnswer,
    InfoTopic,
    Priority,
    Reason,
    ReferralState,
)
from schemas.referral_commands import (
    AcceptReferral,
    AnswerInfo,
    CorrectReferral,
    OpenReferral,
    RecallReferral,
    RequestInfo,
    SetPriority,
)
from schemas.snapshot import CaseSnapshot, DispatchKind, NoticeTemplate, TaskKind
from tests.builders import (
    AT,
    FIELDS,
    MEADOWLIGHT,
    a_command,
    a_consent,
    a_deadline,
    a_packet,
    a_world,
    after,
    an_acknowledgement,
    an_open_case,
    done,
    expired,
    given,
    only,
    supervisor,
    the,
    why_not,
)
from tests.rules.at_service import queued, received

S = ReferralState


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


# correcting

ERROR = a_command(CorrectReferral)


@pytest.mark.parametrize("state", [pytest.param(s, id=s.value) for s in S])
def test_every_open_referral_can_be_entered_in_error(state: ReferralState) -> None:
    """A service that has it is told to stop; its packet is closed, and nothing runs on."""
    owed = [a_deadline(duty, 1) for duty in ("ref-ack", "ref-wait", "ref-contact")]
    case = received(state, deadlines=owed)
    if state in TERMINAL:
        assert {"wrong_state"} == why_not(case, ERROR)
        return
    case = after(case, ERROR)
    referral = the(case.referral(1))
    assert (S.ENTERED_IN_ERROR, Reason.MISTAKE) == (referral.state, referral.reason)
    assert access(referral.state, referral.consent, None, AT) is Access.CLOSED
    told = {"stop/1", "stop-notice/1"} if state in WITH_SERVICE else set()
    asks = {"withdrawal-check"} if state in ENGAGED else set()
    assert told == {d.key for d in case.dispatches if not d.key.startswith("task/")}
    assert asks == {d.duty for d in case.running_deadlines()}


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        pytest.param({"reason": Reason.DUPLICATE}, set(), id="not a duplicate"),
        pytest.param({"expected_version": 1}, set(), id="not the version seen"),
        pytest.param({"expected_version": 2}, {"stale"}, id="another version"),
        pytest.param({"referral": 2}, {"unknown_referral"}, id="an unknown one"),
        pytest.param({"reason": Reason.SUPERSEDED}, {"not_an_error"}, id="another reason"),
        pytest.param({"reason": Reason.CONSENT_WITHDRAWN}, {"not_an_error"}, id="a withdrawal"),
        pytest.param({"reason": Reason.MOVED_AWAY}, {"not_an_error"}, id="a reason of hers"),
    ],
)
def test_a_correction_is_refused(parts: dict[str, object], refusal: set[str]) -> None:
    """Only a mistake or a duplicate should never have been."""
    assert refusal == why_not(received(), a_command(CorrectReferral, **parts))


@pytest.mark.parametrize("kind", [RecallReferral, CorrectReferral])
def test_what_the_service_did_since_makes_a_look_stale(kind: type[Command]) -> None:
    """Whoever takes it back has seen that it was accepted meanwhile."""
    case = after(received(), a_command(AcceptReferral))
    seen = {"expected_version": the(received().referral(1)).version}
    assert {"stale"} == why_not(case, a_command(kind, **seen))
    now = {"expected_version": the(case.referral(1)).version}
    assert set() == why_not(case, a_command(kind, **now))


@pytest.mark.parametrize("kind", [RecallReferral, CorrectReferral, WithdrawConsent])
def test_what_is_taken_back_needs_no_answer_any_more(kind: type[Command]) -> None:
    """The question of the service is settled with it."""
    assert the(after(asked(), a_command(kind)).task("info/1")).is_done


# priority

URGENT = a_command(SetPriority, priority=Priority.URGENT)


@pytest.mark.parametrize("state", [pytest.param(s, id=s.value) for s in S])
def test_a_priority_changes_while_a_referral_is_open(state: ReferralState) -> None:
    """The axis moves alone, one version on; a service that has it gets a content-free notice."""
    before = received(state)
    if state in OVER:
        assert {"wrong_state"} == why_not(before, URGENT)
        return
    case = after(before, URGENT)
    moved = {"priority": Priority.URGENT, "version": 2}
    assert the(before.referral(1)).model_copy(update=moved) == the(case.referral(1))
    assert before.deadlines == case.deadlines
    told = [("harbour-house", NoticeTemplate.INBOX_CHANGE)] if state in WITH_SERVICE else []
    assert told == [(d.to_organisation, d.template) for d in case.dispatches]


def test_a_priority_that_it_has_already_changes_nothing() -> None:
    """Nobody is told twice; each change has a notice of its own."""
    case = after(received(), URGENT)
    assert done(case, URGENT).changes == ()
    case = after(case, a_command(SetPriority, priority=Priority.SOON), URGENT)
    assert len({d.key for d in case.dispatches}) == 3
    assert {"unknown_referral"} == why_not(an_open_case(), URGENT)


# answering what a service asked back

LANGUAGE = PersonalField.LANGUAGE
WIDER = (*FIELDS, LANGUAGE)
PASSES_ON = a_command(AnswerInfo, answer=InfoAnswer.PASSED_ON)


def asked(**parts: Any) -> CaseSnapshot:
    """The service asked which language she speaks, and how urgent it is."""
    question = a_command(RequestInfo, fields=(LANGUAGE,), topics=(InfoTopic.URGENCY,))
    return after(received(S.OPENED, **parts), question)


def notices(case: CaseSnapshot) -> list[tuple[str, NoticeTemplate | None]]:
    return [(d.to_organisation, d.template) for d in case.dispatches if d.kind == "notice"]


@pytest.mark.parametrize("answer", [a for a in InfoAnswer if a is not InfoAnswer.PASSED_ON])
def test_an_answer_without_data_moves_the_state_and_tells_the_service(answer: InfoAnswer) -> None:
    """It is the service's turn again; nothing of her goes anywhere."""
    case = after(asked(), a_command(AnswerInfo, answer=answer))
    referral = the(case.referral(1))
    assert (S.OPENED, answer) == (referral.state, referral.info_answer)
    assert the(case.task("info/1")).is_done
    assert ("harbour-house", NoticeTemplate.INBOX_CHANGE) in notices(case)
    assert not [d for d in case.dispatches if d.kind is DispatchKind.PACKET]


@pytest.mark.parametrize(
    "consent",
    [
        pytest.param(given(), id="she agreed to other fields"),
        pytest.param(a_consent(fields=WIDER), id="she was asked, and has not answered"),
        pytest.param(expired(fields=WIDER), id="her yes is too old"),
        pytest.param(given(MEADOWLIGHT, fields=WIDER), id="she agreed for another service"),
    ],
)
def test_nothing_is_passed_on_that_she_has_not_agreed_to(consent: Consent) -> None:
    """INV-10: the refusal says what to ask her; the question stays open meanwhile."""
    case = asked(consents=[consent])
    answer = decide(case, PASSES_ON, a_world())
    assert isinstance(answer, Refused)
    assert [r.code for r in answer.reasons] == ["not_agreed"]
    assert "`consent ask` for language, name, safe_contact" in answer.sentences()
    assert not the(case.task("info/1")).is_done


def test_what_she_agreed_to_since_reaches_the_service_once() -> None:
    """Asked back, asked her, answered, delivered: one packet for each yes."""
    agreed = given(fields=WIDER, epoch=3)
    case = after(asked(consents=[agreed]), PASSES_ON)
    assert [a_packet(epoch=3)] == [d for d in case.dispatches if d.kind is DispatchKind.PACKET]
    assert ("harbour-house", NoticeTemplate.INBOX_CHANGE) in notices(case)
    deliver = a_command(Deliver, key=packet_key(1, 3))
    placed = only(PacketPlaced, done(case, deliver))
    assert [(set(WIDER), 3)] == [(set(p.fields), p.consent_epoch) for p in placed]
    case = after(case, deliver)
    referral = the(case.referral(1))
    assert (S.OPENED, InfoAnswer.PASSED_ON) == (referral.state, referral.info_answer)
    again = a_command(RequestInfo, fields=(LANGUAGE,))
    assert {"already_shared"} == why_not(case, again)


def test_the_way_that_the_refusal_shows_leads_on() -> None:
    """Asked back, she is asked, she agrees to more, and it is passed on."""
    asks = a_command(AskConsent, fields=WIDER)
    case = after(asked(), asks)
    assert {"not_agreed"} == why_not(case, PASSES_ON)
    case = after(case, a_command(GiveConsent, fields=WIDER), PASSES_ON)
    [packet] = [d for d in case.dispatches if d.kind is DispatchKind.PACKET]
    [placed] = only(PacketPlaced, done(case, a_command(Deliver, key=packet.key)))
    assert set(WIDER) == set(placed.fields)


def test_what_is_no_field_is_passed_on_without_a_packet() -> None:
    """How urgent it is needs no consent, and no packet."""
    topics = a_command(RequestInfo, fields=(), topics=(InfoTopic.URGENCY,))
    case = after(received(S.OPENED, consents=[]), topics, PASSES_ON)
    assert the(case.referral(1)).state is S.OPENED
    assert not [d for d in case.dispatches if d.kind is DispatchKind.PACKET]


@pytest.mark.parametrize("answer", list(InfoAnswer))
def test_only_what_was_asked_is_answered(answer: InfoAnswer) -> None:
    """Without a question there is nothing to answer, and no way to send more."""
    command = a_command(AnswerInfo, answer=answer)
    assert {"wrong_state"} == why_not(received(S.OPENED), command)
    assert {"unknown_referral"} == why_not(an_open_case(), command)


# Whose move it is


def ack(case: CaseSnapshot) -> Deadline:
    """The service's duty to acknowledge."""
    return the(case.deadline("ref-ack/1"))


def expiries(case: CaseSnapshot, at: datetime) -> list[datetime]:
    """When silence ends it, or is told."""
    alarms = referral_outlook(case, 1, at).alarms
    return [alarm.at for alarm in alarms if alarm.kind is AlarmKind.EXPIRE]


LATE = the(an_acknowledgement().lapse_at) + timedelta(days=3)
"""Long after the service would have been passed over."""
ASKS = a_command(RequestInfo, fields=())
ASKS_BACK = (a_command(OpenReferral), ASKS)
ANSWERS = a_command(AnswerInfo, answer=InfoAnswer.NOT_KNOWN)


def test_a_service_whose_question_was_answered_late_has_its_time_from_the_answer() -> None:
    """The sender took days; it is not the service that was silent meanwhile."""
    asked = after(received(), *ASKS_BACK)
    case = after(asked, ANSWERS, at=LATE)
    fresh = the(an_acknowledgement(since=LATE).lapse_at)
    assert [fresh] == expiries(case, LATE)
    expire = a_command(ExpireReferral)
    assert {"overtaken"} == why_not(case, expire, fresh - timedelta(seconds=1))
    assert TaskKind.UNANSWERED is the(after(case, expire, at=fresh).task("unanswered/1")).kind
    assert (ack(asked).state, ack(asked).due_at) == (ack(case).state, ack(case).due_at)


def test_an_answer_in_time_takes_no_time_from_the_service() -> None:
    """Silence counts from the last move, and from no earlier one."""
    case = after(received(), *ASKS_BACK)
    soon = AT + timedelta(hours=30)
    fresh = the(an_acknowledgement(since=soon).lapse_at)
    assert [fresh] == expiries(after(case, ANSWERS, at=soon), soon)
    longer = ack(case).model_copy(update={"lapse_at": fresh + timedelta(days=9)})
    case = case.model_copy(update={"deadlines": (longer,)})
    assert [longer.lapse_at] == expiries(after(case, ANSWERS, at=soon), soon)


def test_a_service_that_falls_silent_again_is_told_of_again() -> None:
    """Once for each time that it was to move; what somebody has seen to is not rung for."""
    expire = a_command(ExpireReferral)
    case = after(received(S.OPENED), expire, at=LATE)
    assert [] == expiries(case, LATE)
    case = after(case, ASKS, ANSWERS, at=LATE)
    (again,) = expiries(case, LATE)
    case = after(case, expire, at=again)
    assert (again, False) == (
        the(case.task("unanswered/1")).raised_at,
        the(case.task("unanswered/1")).is_done,
    )
    seen_to = after(case, a_command(FinishTask, task="unanswered/1"), at=again)
    assert [] == expiries(case, again) == expiries(seen_to, again)
    assert {"overtaken"} == why_not(seen_to, expire, again)


def test_what_is_read_while_its_time_stands_still_is_not_silent_at_once() -> None:
    """A pause holds up the time to answer; reading ends the pause, and the time goes on."""
    held_up = a_command(PauseDeadline, deadline="ref-ack/1", actor=supervisor())
    case = after(after(received(), held_up), a_command(OpenReferral), at=LATE)
    assert [the(an_acknowledgement(since=LATE).lapse_at)] == expiries(case, LATE)
