"""What a service says to a referral, and what of it the sender hears."""

from datetime import UTC, date, datetime, timedelta

import pytest

from rules.decide import decide
from schemas.actor import Role
from schemas.case import PersonalField
from schemas.changes import ServiceReasonKept
from schemas.clockwork_steps import Breach, ExpireReferral
from schemas.command_base import Command
from schemas.consent_commands import WithdrawConsent
from schemas.deadlines import DeadlineState
from schemas.decisions import Refused
from schemas.referral import (
    REASON_GROUPS,
    REVEALING,
    Clock,
    Delivery,
    InfoAnswer,
    InfoTopic,
    NeedState,
    Outcome,
    Reason,
    ReasonGroup,
    Referral,
    ReferralState,
)
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EndReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestInfo,
    WaitlistReferral,
)
from schemas.snapshot import CaseSnapshot, NoticeTemplate, TaskKind
from tests.builders import (
    AT,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    a_task,
    a_world,
    after,
    an_acknowledgement,
    an_open_case,
    done,
    ngo_intake,
    only,
    the,
    why_not,
)
from tests.rules.at_service import received, told

S, G = ReferralState, ReasonGroup
LATER = AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "state", "target"),
    [
        pytest.param(OpenReferral, S.RECEIVED, S.OPENED, id="opens"),
        pytest.param(AcceptReferral, S.RECEIVED, S.ACCEPTED, id="accepts unopened"),
        pytest.param(AcceptReferral, S.OPENED, S.ACCEPTED, id="accepts"),
        pytest.param(DeclineReferral, S.OPENED, S.DECLINED, id="declines"),
        pytest.param(EngageReferral, S.ACCEPTED, S.ACTIVE, id="engages"),
        pytest.param(CompleteReferral, S.ACTIVE, S.COMPLETED, id="completes"),
        pytest.param(EndReferral, S.ACTIVE, S.ENDED, id="ends"),
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


ANSWERS: tuple[type[Command], ...] = (
    OpenReferral,
    RequestInfo,
    WaitlistReferral,
    AcceptReferral,
    DeclineReferral,
    EngageReferral,
    CompleteReferral,
    EndReferral,
)


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


# what the duties of a service are met by

WAITS = a_deadline("ref-wait", 1)
CONTACTS = a_deadline("ref-contact", 1)


def running(case: CaseSnapshot) -> set[str]:
    return {deadline.duty for deadline in case.running_deadlines()}


@pytest.mark.parametrize(
    ("kind", "state", "runs"),
    [
        pytest.param(OpenReferral, S.RECEIVED, {"ref-wait", "ref-contact"}, id="opening"),
        pytest.param(AcceptReferral, S.WAITLISTED, {"ref-contact"}, id="accepting"),
        pytest.param(EngageReferral, S.ACCEPTED, {"ref-wait"}, id="engaging"),
        pytest.param(DeclineReferral, S.WAITLISTED, set(), id="declining"),
        pytest.param(CompleteReferral, S.ACTIVE, set(), id="completing"),
        pytest.param(EndReferral, S.ACTIVE, set(), id="ending"),
    ],
)
def test_what_an_answer_leaves_running(
    kind: type[Command], state: ReferralState, runs: set[str]
) -> None:
    """An answer meets its own duty, and an end leaves nothing to be late with."""
    owed = [an_acknowledgement(), WAITS, CONTACTS]
    command = a_command(kind, **({"place_hold": False} if kind is AcceptReferral else {}))
    case = after(received(state, deadlines=owed), command)
    assert runs == running(case)
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.MET


def test_what_was_not_done_before_an_end_is_void_and_not_met() -> None:
    """Support that ended before the first attempt was not in time: it is owed no more."""
    case = after(received(S.ACCEPTED, deadlines=[CONTACTS]), a_command(EndReferral))
    assert the(case.deadline("ref-contact/1")).state is DeadlineState.VOID


def test_accepting_starts_the_duty_to_reach_her() -> None:
    """The first attempt is owed from the moment the service takes her on."""
    case = after(received(), a_command(AcceptReferral), at=LATER)
    assert the(case.deadline("ref-contact/1")).started_at == LATER


# a waiting list

FULL = a_command(WaitlistReferral)
TODAY = AT.date()


def test_a_waiting_list_says_until_when_and_its_time_runs() -> None:
    """A person is told when the longest time has passed; nothing ends by itself."""
    case = after(received(), FULL)
    referral = the(case.referral(1))
    facts = (referral.state, referral.clock, referral.expected_by, referral.reason)
    assert facts == (S.WAITLISTED, Clock.RUNNING, FULL.expected_by, Reason.NO_CAPACITY)
    assert {"ref-wait"} == running(case)
    assert the(case.deadline("ref-wait/1")).started_at == AT
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.MET
    assert {"wrong_state"} == why_not(case, a_command(ExpireReferral))


@pytest.mark.parametrize(
    ("parts", "refusal"),
    [
        pytest.param({"expected_by": TODAY + timedelta(days=1)}, set(), id="not tomorrow"),
        pytest.param({"expected_by": TODAY}, {"in_the_past"}, id="today"),
        pytest.param({"expected_by": TODAY - timedelta(days=1)}, {"in_the_past"}, id="yesterday"),
        pytest.param({"reason": Reason.MOVED_AWAY}, {"reason_missing"}, id="a reason of hers"),
        pytest.param({"reason": Reason.MISTAKE}, {"reason_missing"}, id="a sender's reason"),
    ],
)
def test_a_waiting_list_is_refused(parts: dict[str, object], refusal: set[str]) -> None:
    """It has a day to come, and a reason of the service."""
    assert refusal == why_not(received(), a_command(WaitlistReferral, **parts))


def a_day_later() -> WaitlistReferral:
    """The service says another day."""
    return a_command(WaitlistReferral, expected_by=FULL.expected_by + timedelta(days=1))


def test_the_expected_day_of_a_waiting_list_can_be_moved_and_its_ceiling_cannot() -> None:
    """She is told what is true now; the longest wait stays, and so does what it has asked for."""
    case = after(received(), FULL)
    ceiling = the(case.deadline("ref-wait/1"))
    late = ceiling.due_at + timedelta(minutes=1)
    missed = after(case, a_command(Breach, deadline=ceiling.id), at=late)
    moved = after(missed, a_day_later(), at=late)
    referral = the(moved.referral(1))
    assert (S.WAITLISTED, a_day_later().expected_by) == (referral.state, referral.expected_by)
    assert Clock.BREACHED is referral.clock
    assert missed.deadlines == moved.deadlines
    assert missed.tasks == moved.tasks
    assert {"in_the_past"} == why_not(case, a_command(WaitlistReferral, expected_by=TODAY))


def test_a_ceiling_that_was_waived_does_not_begin_again_with_another_day() -> None:
    """Only a new waiting list has one."""
    case = after(received(), FULL)
    waived = the(case.deadline("ref-wait/1")).model_copy(update={"state": DeadlineState.WAIVED})
    others = tuple(deadline for deadline in case.deadlines if deadline.id != waived.id)
    case = case.model_copy(update={"deadlines": (*others, waived)})
    assert waived == the(after(case, a_day_later()).deadline(waived.id))


@pytest.mark.parametrize(("days", "is_past"), [(0, False), (1, True)])
def test_a_day_after_the_longest_wait_is_remarked_on(days: int, *, is_past: bool) -> None:
    """It is taken as said, and the service reads that somebody will be asked before."""
    case = after(received(), FULL)
    ceiling = the(case.deadline("ref-wait/1")).due_at.date()
    moved = a_command(WaitlistReferral, expected_by=ceiling + timedelta(days=days))
    for asked in (received(), case):
        remark = done(asked, moved).detail["past_ceiling"]
        assert (f"{ceiling}" if is_past else None) == remark


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(a_command(AcceptReferral), id="accepted"),
        pytest.param(a_command(DeclineReferral), id="declined"),
        pytest.param(a_command(RecallReferral), id="recalled"),
        pytest.param(a_command(WithdrawConsent), id="withdrawn"),
    ],
)
def test_no_day_is_expected_any_more_once_the_waiting_is_over(command: Command) -> None:
    """Nobody reads a day that means nothing."""
    assert the(after(received(), FULL).referral(1)).expected_by
    assert the(after(received(), FULL, command).referral(1)).expected_by is None


def test_the_day_of_a_waiting_list_is_counted_in_london() -> None:
    """Late in the evening of a summer day it is tomorrow there already."""
    evening = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    case = received(occurred_at=evening, recorded_at=evening)
    tomorrow = a_command(WaitlistReferral, expected_by=date(2026, 7, 2))
    assert {"in_the_past"} == why_not(case, tomorrow, at=evening)


# asking back

ASKS = a_command(RequestInfo, fields=(PersonalField.LANGUAGE,), topics=(InfoTopic.URGENCY,))


def test_asking_back_is_in_front_of_the_senders_caseworker() -> None:
    """What is asked stands on the referral; no duty of the service runs meanwhile."""
    case = after(received(S.OPENED), ASKS, at=LATER)
    referral = the(case.referral(1))
    assert (S.INFO_REQUESTED, Reason.INFORMATION_MISSING) == (referral.state, referral.reason)
    assert ((PersonalField.LANGUAGE,), (InfoTopic.URGENCY,)) == (
        referral.asked_fields,
        referral.asked_topics,
    )
    task = the(case.task("info/1"))
    assert (task.kind, task.for_role, task.organisation, task.referral) == (
        TaskKind.INFO_REQUESTED,
        Role.CASEWORKER,
        None,
        1,
    )
    assert [(d.to_organisation, d.template) for d in case.dispatches] == [
        (POLICE, NoticeTemplate.TASK)
    ]
    assert set() == running(case)
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.MET
    assert referral.clock is Clock.STOPPED


@pytest.mark.parametrize(
    ("case", "parts", "refusal"),
    [
        pytest.param(received(S.OPENED), {}, set(), id="not a topic"),
        pytest.param(
            received(S.OPENED),
            {"topics": (), "fields": (PersonalField.LANGUAGE,)},
            set(),
            id="not a field",
        ),
        pytest.param(received(S.OPENED), {"topics": ()}, {"nothing_asked"}, id="nothing at all"),
        pytest.param(
            received(S.OPENED),
            {"fields": (PersonalField.LANGUAGE, PersonalField.NAME)},
            {"already_shared"},
            id="among others a field it has",
        ),
        pytest.param(received(), {}, {"wrong_state"}, id="before it was read"),
        pytest.param(received(S.ACCEPTED), {}, {"wrong_state"}, id="after it was taken on"),
    ],
)
def test_asking_back_is_refused(
    case: CaseSnapshot, parts: dict[str, object], refusal: set[str]
) -> None:
    """A service asks for something, and for what it does not have."""
    assert refusal == why_not(case, a_command(RequestInfo, **({"fields": ()} | parts)))


@pytest.mark.parametrize("kind", [AcceptReferral, DeclineReferral])
def test_a_service_that_decides_without_an_answer_needs_none(kind: type[Command]) -> None:
    """The caseworker is no longer asked."""
    case = after(received(S.OPENED), ASKS, a_command(kind))
    assert the(case.task("info/1")).is_done


def test_a_service_may_ask_twice() -> None:
    """A second question stands alone, and is asked of a person again."""
    answered = a_referral(
        state=S.OPENED, asked_fields=(PersonalField.NAME,), info_answer=InfoAnswer.NOT_KNOWN
    )
    earlier = a_task("info/1", TaskKind.INFO_REQUESTED, 1).model_copy(update={"is_done": True})
    case = after(received(referrals=[answered], tasks=[earlier]), ASKS)
    referral = the(case.referral(1))
    assert ((PersonalField.LANGUAGE,), None) == (referral.asked_fields, referral.info_answer)
    assert not the(case.task("info/1")).is_done


# two layers of reasons

GIVES_REASONS = [
    pytest.param(DeclineReferral, S.OPENED, id="declining"),
    pytest.param(EndReferral, S.ACTIVE, id="ending"),
    pytest.param(WaitlistReferral, S.OPENED, id="putting her on a list"),
]


@pytest.mark.parametrize(("kind", "state"), GIVES_REASONS)
@pytest.mark.parametrize("reason", sorted(REVEALING))
def test_a_reason_that_would_reveal_status_never_reaches_the_sender(
    kind: type[Command], state: ReferralState, reason: Reason
) -> None:
    """INV-24: nothing the sender reads differs from criteria that are not met."""

    def read_by_sender(said: Reason) -> str:
        decided = done(received(state), a_command(kind, reason=said))
        written = [c for c in decided.changes if not isinstance(c, ServiceReasonKept)]
        return decided.model_copy(update={"changes": tuple(written)}).model_dump_json()

    assert read_by_sender(Reason.CRITERIA_NOT_MET) == read_by_sender(reason)
    assert reason not in read_by_sender(reason)


@pytest.mark.parametrize(("kind", "state"), GIVES_REASONS[:2])
@pytest.mark.parametrize("reason", [*sorted(REVEALING), Reason.NO_CAPACITY])
def test_a_service_keeps_its_own_reason_for_its_no(
    kind: type[Command], state: ReferralState, reason: Reason
) -> None:
    """Every reason is kept, so that one being kept tells nothing."""
    kept = only(ServiceReasonKept, done(received(state), a_command(kind, reason=reason)))
    assert [(k.referral, k.organisation, k.reason) for k in kept] == [(1, "harbour-house", reason)]


@pytest.mark.parametrize(("kind", "state"), GIVES_REASONS)
def test_a_refusal_tells_nothing_of_the_reason_either(
    kind: type[Command], state: ReferralState
) -> None:
    """Refusals are on the record too: a revealing reason is refused where, and as, any other is."""
    claimed = received(referrals=[a_referral(state=state, claimed_by="harbour-house:bo")])
    answers = {
        decide(claimed, a_command(kind, reason=reason), a_world())
        for reason in (Reason.CRITERIA_NOT_MET, *REVEALING)
    }
    assert [{"claimed"}] == [{r.code for r in a.reasons} for a in answers if isinstance(a, Refused)]


# an end before it is complete


@pytest.mark.parametrize("reason", [r for r in Reason if REASON_GROUPS[r] in (G.SERVICE, G.PERSON)])
def test_support_that_ends_early_is_never_silent(reason: Reason) -> None:
    """Unless she needs it no more, a supervisor looks who helps her now."""
    case = after(received(S.ACTIVE), a_command(EndReferral, reason=reason))
    gone = {Reason.NO_LONGER_WANTED, Reason.NEEDS_MET_ELSEWHERE, Reason.DECEASED}
    task = case.task("unmet/1")
    if reason in gone:
        assert task is None
    else:
        assert (TaskKind.UNMET_NEED, Role.SAFEGUARDING_SUPERVISOR) == (
            the(task).kind,
            the(task).for_role,
        )
        assert the(case.need(1)).state is NeedState.UNMET
        assert (POLICE, NoticeTemplate.ESCALATION, 1) in told(case)


@pytest.mark.parametrize("reason", [r for r in Reason if REASON_GROUPS[r] in (G.SENDER, G.SYSTEM)])
def test_support_is_not_ended_for_a_senders_or_a_machines_reason(reason: Reason) -> None:
    """A service ends for itself, or for her."""
    assert {"reason_missing"} == why_not(received(S.ACTIVE), a_command(EndReferral, reason=reason))
