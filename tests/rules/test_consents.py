"""The consent ledger: silence never means yes, and a withdrawal is never refused."""

from datetime import datetime, timedelta

import pytest
from schemas.changes import ConsentRecorded, DeadlineRecorded, DispatchRecorded, TaskRecorded
from schemas.consent_commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent

from rules import consents
from rules.referral_states import TERMINAL
from schemas.actor import Actor
from schemas.case import PersonalField, Stage
from schemas.consent import Consent, ConsentState, Purpose
from schemas.deadlines import DeadlineState
from schemas.referral import Clock, Delivery, Reason, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchState, TaskKind
from tests.builders import (
    AT,
    COUNSELLING,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    a_case,
    a_command,
    a_consent,
    a_deadline,
    a_notice,
    a_packet,
    a_referral,
    a_task,
    after,
    an_acknowledgement,
    an_actor,
    an_open_case,
    caseworker,
    done,
    dpo,
    expired,
    first_responder,
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
SUPPORT = Purpose.SUPPORT_REFERRAL


@pytest.mark.parametrize(
    ("consent", "at", "is_valid"),
    [
        pytest.param(None, AT, False, id="never asked"),
        pytest.param(a_consent(), AT, False, id="asked and silent"),
        pytest.param(a_consent(ConsentState.REFLECTING), AT, False, id="thinking it over"),
        pytest.param(said_no(), AT, False, id="refused"),
        pytest.param(withdrawn(), AT, False, id="withdrawn"),
        pytest.param(a_consent(ConsentState.NOT_CAPABLE), AT, False, id="not capable"),
        pytest.param(given(fields=()), AT, False, id="given to no field"),
        pytest.param(given().model_copy(update={"expires_at": None}), AT, False, id="without end"),
        pytest.param(given(), AT, True, id="given"),
        pytest.param(
            given(), AT + consents.VALID_FOR - timedelta(seconds=1), True, id="its last second"
        ),
        pytest.param(given(), AT + consents.VALID_FOR, False, id="the moment it expires"),
    ],
)
def test_data_may_go_only_on_a_consent_given_and_not_expired(
    consent: Consent | None, at: datetime, is_valid: bool
) -> None:
    """INV-08: what is not a yes is a no."""
    assert is_valid is consents.is_valid(consent, at)


def test_nobody_is_asked_before_she_is_safe() -> None:
    """Safety first: help is spoken of once she can talk safely."""
    assert {"safety_first"} == why_not(a_case(), a_command(AskConsent))
    assert set() == why_not(an_open_case(), a_command(AskConsent))


def test_she_is_asked_about_named_services_and_named_fields() -> None:
    """INV-10: a consent is for one recipient and a set of fields."""
    case = an_open_case()
    assert {"unknown_service"} == why_not(case, a_command(AskConsent, recipient="nobody-knows"))
    assert {"no_fields"} == why_not(case, a_command(AskConsent, fields=()))
    asked = after(case, a_command(AskConsent, fields=(*FIELDS, *FIELDS)))
    assert a_consent() == asked.consent(SUPPORT, IDVA)


def test_a_yes_that_holds_is_not_asked_for_again_but_an_expired_one_is() -> None:
    """Consent is asked again after six months."""
    assert {"already_given"} == why_not(an_open_case(consents=[given()]), a_command(AskConsent))
    case = after(an_open_case(consents=[expired()]), a_command(AskConsent))
    assert case.consent_state(SUPPORT, IDVA) is ConsentState.ASKED


@pytest.mark.parametrize(
    "before",
    [
        pytest.param((), id="never asked"),
        pytest.param((a_consent(recipient=COUNSELLING),), id="asked about another service"),
        pytest.param((said_no(),), id="refused"),
        pytest.param((withdrawn(),), id="withdrawn"),
        pytest.param((given(),), id="given already"),
        pytest.param((expired(),), id="expired"),
    ],
)
def test_unasked_consent_cannot_be_given(before: tuple[Consent, ...]) -> None:
    """INV-08, INV-10: a yes needs its own question, each time."""
    assert {"not_asked"} == why_not(an_open_case(consents=before), a_command(GiveConsent))


def test_fields_beyond_those_asked_about_are_refused() -> None:
    """INV-10: a yes covers at most what she was asked about; less is hers to choose."""
    case = an_open_case(consents=[a_consent()])
    beyond = (*FIELDS, PersonalField.CIRCUMSTANCES)
    assert {"beyond_asked"} == why_not(case, a_command(GiveConsent, fields=beyond))
    assert {"no_fields"} == why_not(case, a_command(GiveConsent, fields=()))
    less = after(case, a_command(GiveConsent, fields=(PersonalField.NAME,)))
    assert the(less.consent(SUPPORT, IDVA)).fields == (PersonalField.NAME,)


def test_consent_given_runs_from_when_she_said_so() -> None:
    """Her words count from when she said them, not from when they were typed."""
    case = an_open_case(consents=[a_consent()])
    case = after(case, a_command(GiveConsent, occurred_at=AT), at=LATER)
    consent = the(case.consent(SUPPORT, IDVA))
    assert (consent.occurred_at, consent.expires_at) == (AT, AT + consents.VALID_FOR)
    assert the(case.deadline("vc-r4-support-referral")).started_at == AT


def test_consent_given_starts_the_duty_to_refer_once() -> None:
    """Victims' Code Right 4: the first yes starts it, a second one neither doubles nor moves it."""
    both = [a_consent(), a_consent(recipient=MEADOWLIGHT)]
    first = after(an_open_case(consents=both), a_command(GiveConsent))
    assert (a_deadline(),) == first.deadlines
    second = done(first, a_command(GiveConsent, recipient=MEADOWLIGHT), at=LATER)
    assert not only(DeadlineRecorded, second)


def test_consent_given_frees_the_referral_that_waited_for_it() -> None:
    """The task to ask her is done, and the referral says that she consented."""
    case = an_open_case(
        consents=[a_consent()],
        referrals=[a_referral(), a_referral(2, service=MEADOWLIGHT)],
        tasks=[a_task("consent/1", TaskKind.CONSENT_MISSING, 1)],
    )
    case = after(case, a_command(GiveConsent))
    assert the(case.task("consent/1")).is_done
    assert the(case.referral(1)).consent is ConsentState.GIVEN
    assert the(case.referral(2)).consent is ConsentState.NOT_ASKED


def test_her_no_is_recorded_and_starts_nothing() -> None:
    """INV-15: a no costs her nothing; the referral waits and says why."""
    case = an_open_case(consents=[a_consent()], referrals=[a_referral()])
    answer = done(case, a_command(RefuseConsent))
    assert not only(DeadlineRecorded, answer)
    case = after(case, a_command(RefuseConsent))
    assert said_no(epoch=2) == case.consent(SUPPORT, IDVA)
    assert the(case.referral(1)).consent is ConsentState.REFUSED


def test_a_no_may_come_unasked_but_a_yes_is_taken_back_by_withdrawing() -> None:
    """Refusing after a yes would stop nothing, so it is sent to the verb that does."""
    assert set() == why_not(an_open_case(), a_command(RefuseConsent))
    yes = an_open_case(consents=[given()])
    assert {"already_given"} == why_not(yes, a_command(RefuseConsent))
    nobody = a_command(RefuseConsent, recipient="nobody-knows")
    assert {"unknown_service"} == why_not(an_open_case(), nobody)


def test_every_change_of_a_consent_counts_its_epoch_up() -> None:
    """INV-10: an old epoch proves nothing."""
    commands = (AskConsent, GiveConsent, WithdrawConsent, AskConsent, RefuseConsent)
    case, epochs = an_open_case(), []
    for kind in commands:
        case = after(case, a_command(kind))
        epochs.append(the(case.consent(SUPPORT, IDVA)).epoch)
    assert list(range(1, 6)) == epochs


def three_referrals() -> CaseSnapshot:
    """One with the service, one queued for it, one with another service."""
    return an_open_case(
        consents=[given(), given(MEADOWLIGHT)],
        referrals=[
            a_referral(1, S.RECEIVED),
            a_referral(2, delivery=Delivery.QUEUED, consent=ConsentState.GIVEN),
            a_referral(3, S.RECEIVED, service=MEADOWLIGHT),
        ],
        deadlines=[a_deadline(), *(an_acknowledgement(number) for number in (1, 3))],
        dispatches=[a_notice(1), a_packet(2), a_notice(3, MEADOWLIGHT)],
    )


def test_a_withdrawal_stops_every_open_referral_of_the_recipient_in_one_decision() -> None:
    """INV-09: what rested on the consent stops with it, and what did not goes on."""
    case = after(three_referrals(), a_command(WithdrawConsent), at=LATER)
    assert [r.state for r in case.referrals] == [S.WITHDRAWN, S.WITHDRAWN, S.RECEIVED]
    assert {Reason.CONSENT_WITHDRAWN, None} == {r.reason for r in case.referrals}
    assert the(case.referral(1)).consent is ConsentState.WITHDRAWN
    assert case.consent_state(SUPPORT, IDVA) is ConsentState.WITHDRAWN
    assert case.consent_state(SUPPORT, MEADOWLIGHT) is ConsentState.GIVEN


def test_a_withdrawal_cancels_what_is_queued_and_tells_only_who_holds_data() -> None:
    """INV-09, INV-28: nothing queued leaves; a service that got nothing hears nothing."""
    answer = done(three_referrals(), a_command(WithdrawConsent))
    rows = [change.dispatch for change in only(DispatchRecorded, answer)]
    cancelled = {d.key for d in rows if d.state is DispatchState.CANCELLED}
    queued = {d.key for d in rows if d.state is DispatchState.QUEUED}
    assert {"notice/1", a_packet(2).key} == cancelled
    assert {"stop/1", "stop-notice/1"} == queued
    case = after(three_referrals(), a_command(WithdrawConsent))
    assert {"notice/3", "stop/1", "stop-notice/1"} == {d.key for d in case.dispatches}
    assert the(case.referral(2)).delivery is Delivery.CANCELLED


def test_a_withdrawal_voids_the_deadlines_of_what_it_stops() -> None:
    """INV-37: a duty that no longer applies is void, neither met nor missed."""
    case = after(three_referrals(), a_command(WithdrawConsent), at=LATER)
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.VOID
    assert the(case.deadline("ref-ack/3")).state is DeadlineState.RUNNING
    assert the(case.deadline("vc-r4-support-referral")).state is DeadlineState.RUNNING
    assert the(case.referral(1)).clock is Clock.STOPPED
    assert the(case.referral(2)).clock is Clock.NOT_STARTED


def test_a_withdrawal_settles_the_tasks_about_what_it_stops() -> None:
    """Nobody is asked to look after a referral that is over."""
    ids = ("consent/1", "unanswered/1", "undeliverable/1", "missed/ref-ack/1")
    case = an_open_case(
        consents=[given()],
        referrals=[a_referral(1, S.OPENED)],
        deadlines=[an_acknowledgement(state=DeadlineState.BREACHED)],
        tasks=[*(a_task(i, referral=1) for i in ids), a_task("unanswered/2", referral=2)],
    )
    answer = done(case, a_command(WithdrawConsent))
    assert set(ids) == {change.task.id for change in only(TaskRecorded, answer)}
    assert all(change.task.is_done for change in only(TaskRecorded, answer))


def test_a_withdrawal_from_everyone_leaves_no_consent_and_no_open_referral() -> None:
    """INV-09: without a recipient it is from every recipient, asked or not."""
    case = three_referrals()
    unasked = a_referral(4, service=COUNSELLING)
    case = case.model_copy(update={"referrals": (*case.referrals, unasked)})
    case = after(case, a_command(WithdrawConsent, recipient=None))
    assert {S.WITHDRAWN} == {r.state for r in case.referrals}
    assert {ConsentState.WITHDRAWN} == {c.state for c in case.consents}
    assert {IDVA, MEADOWLIGHT, COUNSELLING} == {c.recipient for c in case.consents}


@pytest.mark.parametrize("state", [s for s in S if s is not S.UNDELIVERABLE])
def test_a_withdrawal_leaves_what_is_over_as_it_was(state: ReferralState) -> None:
    """A terminal referral is history; an open one ends as withdrawn."""
    case = an_open_case(consents=[given()], referrals=[a_referral(state=state)])
    case = after(case, a_command(WithdrawConsent))
    assert (state if state in TERMINAL else S.WITHDRAWN) is the(case.referral(1)).state


def test_a_withdrawal_after_help_closes_what_the_service_was_sent() -> None:
    """The referral stays completed, and its consent axis says that she took it back."""
    case = an_open_case(consents=[given()], referrals=[a_referral(state=S.COMPLETED)])
    referral = the(after(case, a_command(WithdrawConsent)).referral(1))
    assert (referral.state, referral.consent) == (S.COMPLETED, ConsentState.WITHDRAWN)


def test_what_could_not_be_delivered_can_still_be_withdrawn() -> None:
    """It ends as withdrawn, and the service, which got nothing, hears nothing."""
    case = an_open_case(consents=[given()], referrals=[a_referral(state=S.UNDELIVERABLE)])
    case = after(case, a_command(WithdrawConsent))
    assert the(case.referral(1)).state is S.WITHDRAWN
    assert case.dispatches == ()


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(a_case(), id="before the safety check"),
        pytest.param(an_open_case(), id="never asked"),
        pytest.param(an_open_case(consents=[withdrawn()]), id="withdrawn already"),
        pytest.param(an_open_case(services=()), id="a service the directory lost"),
        pytest.param(a_case(stage=Stage.CLOSED, consents=[given()]), id="a closed case"),
    ],
)
@pytest.mark.parametrize(
    "actor", [caseworker(), first_responder(), dpo(), ngo_intake()], ids=lambda a: a.role
)
def test_a_withdrawal_is_never_refused(case: CaseSnapshot, actor: Actor) -> None:
    """INV-09: any officer or NGO, at any stage, with nothing to prove."""
    answer = done(case, a_command(WithdrawConsent, actor=actor))
    entries = [change.consent for change in only(ConsentRecorded, answer)]
    assert [(c.recipient, c.state) for c in entries] == [(IDVA, ConsentState.WITHDRAWN)]


@pytest.mark.parametrize(
    ("consent", "state"),
    [
        pytest.param(a_consent(), ConsentState.ASKED, id="asked"),
        pytest.param(given(), ConsentState.GIVEN, id="given"),
        pytest.param(expired(), ConsentState.EXPIRED, id="expired"),
        pytest.param(said_no(), ConsentState.REFUSED, id="refused"),
        pytest.param(withdrawn(), ConsentState.WITHDRAWN, id="withdrawn"),
    ],
)
def test_the_state_of_a_consent_sees_its_expiry(consent: Consent, state: ConsentState) -> None:
    """A yes that ran out is called expired wherever it is shown."""
    case = an_open_case(consents=[consent])
    assert state is consents.state_for(case, IDVA, AT)
    assert consents.state_for(case, MEADOWLIGHT, AT) is ConsentState.NOT_ASKED


def test_nothing_is_recorded_as_having_happened_later_than_now() -> None:
    """A time in the future is a mistake, whoever makes it."""
    command = a_command(AskConsent, occurred_at=AT + timedelta(seconds=1))
    assert {"in_the_future"} == why_not(an_open_case(), command)
    assert set() == why_not(an_open_case(), a_command(AskConsent, occurred_at=AT))


def test_another_force_cannot_ask_in_our_case() -> None:
    """A case is its owner's; a caseworker elsewhere is refused."""
    stranger = an_actor(caseworker().role, "saltmere-police")
    assert {"not_your_case"} == why_not(an_open_case(), a_command(AskConsent, actor=stranger))


def test_after_the_last_yes_is_taken_back_there_is_nothing_to_be_late_with() -> None:
    """The duty to refer to support ends with the last yes, and begins again with the next."""
    duty = "vc-r4-support-referral"
    case = after(an_open_case(consents=[a_consent()]), a_command(GiveConsent))
    states = [the(case.deadline(duty)).state]
    for command in (WithdrawConsent, AskConsent, GiveConsent):
        case = after(case, a_command(command))
        states.append(the(case.deadline(duty)).state)
    running, void = DeadlineState.RUNNING, DeadlineState.VOID
    assert [running, void, void, running] == states


def test_a_yes_to_another_service_keeps_the_duty_running() -> None:
    """Somebody may still be asked for support, so the time still counts."""
    both = [a_consent(), given(MEADOWLIGHT)]
    case = after(an_open_case(consents=both), a_command(GiveConsent))
    case = after(case, a_command(WithdrawConsent, recipient=IDVA))
    assert DeadlineState.RUNNING is the(case.deadline("vc-r4-support-referral")).state
