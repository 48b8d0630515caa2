"""Taking consent back: at once, by anyone, and never refused."""

from datetime import datetime, timedelta

import pytest

from rules import consents
from rules.outlook import journey_outlook, referral_outlook
from rules.referral_states import OVER, TERMINAL
from rules.rights import may
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import Stage
from schemas.casework import Conflict, ConflictKind
from schemas.changes import ConsentRecorded, DispatchRecorded, TaskRecorded
from schemas.clockwork_steps import RouteOnward
from schemas.consent import MARAC_CONFERENCE, ConsentState, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactState,
    ContactTemplate,
)
from schemas.deadlines import DeadlineState
from schemas.referral import Clock, Delivery, Reason, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchState, TaskKind
from schemas.verbs import Verb
from schemas.withdrawal import SaidBy
from tests.builders import (
    AT,
    COUNSELLING,
    IDVA,
    MEADOWLIGHT,
    POLICE,
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
    given,
    only,
    said_no,
    the,
    withdrawn,
)

S = ReferralState
LATER = AT + timedelta(hours=1)
SUPPORT = Purpose.SUPPORT_REFERRAL


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


def a_contact(number: int, referral: int | None, state: ContactState) -> Contact:
    """A text to her, on a referral or on none."""
    return Contact(
        number=number,
        referral=referral,
        organisation="harbour-house" if referral else POLICE,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.SMS,
        template=ContactTemplate.PLEASE_CALL,
        state=state,
        planned_by="harbour-house:ida" if referral else caseworker().who,
    )


@pytest.mark.parametrize("state", list(ContactState))
def test_a_withdrawal_calls_off_every_contact_on_what_it_stops(state: ContactState) -> None:
    """A text planned before it does not go out after it; one that is on its way is past recall."""
    contacts = (a_contact(1, 1, state), a_contact(2, 2, state), a_contact(3, None, state))
    case = an_open_case(
        consents=[given(), given(MEADOWLIGHT)],
        referrals=[a_referral(1, S.ACTIVE), a_referral(2, S.ACTIVE, MEADOWLIGHT)],
        tasks=[a_task("contact/1", TaskKind.MAKE_CONTACT)],
    ).model_copy(update={"contacts": contacts})
    case = after(case, a_command(WithdrawConsent))
    is_stopped = state in (ContactState.PLANNED, ContactState.OPEN)
    on_it = ContactState.CANCELLED if is_stopped else state
    assert [on_it, state, state] == [contact.state for contact in case.contacts]
    assert is_stopped is the(case.task("contact/1")).is_done


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


# Never refused


def _everywhere() -> list[Actor]:
    """Everybody who has the verb: of the lead or the service, of others, and close to somebody."""
    roles = [role for role in Role if may(Verb.WITHDRAW_CONSENT, role)]
    return [
        an_actor(role, organisation)
        for role in roles
        for organisation in (
            *(("harbour-house", "meadowlight") if role in NGO_ROLES else (POLICE,)),
            "nobody-of-the-case",
        )
    ]


_CASES = [
    pytest.param(a_case(), id="before the safety check"),
    pytest.param(an_open_case(), id="never asked"),
    pytest.param(an_open_case(consents=[a_consent()]), id="asked"),
    pytest.param(an_open_case(consents=[said_no()]), id="refused"),
    pytest.param(an_open_case(consents=[withdrawn()]), id="withdrawn already"),
    pytest.param(an_open_case(services=()), id="a service the directory lost"),
    pytest.param(a_case(stage=Stage.DORMANT, consents=[given()]), id="a dormant case"),
    pytest.param(a_case(stage=Stage.CLOSING_REVIEW, consents=[given()]), id="under review"),
    pytest.param(a_case(stage=Stage.CLOSED, consents=[given()]), id="a closed case"),
    pytest.param(
        a_case(stage=Stage.OPEN, consents=[given()], is_restricted=True), id="a restricted case"
    ),
]


@pytest.mark.parametrize("case", _CASES)
@pytest.mark.parametrize("actor", _everywhere(), ids=str)
def test_a_withdrawal_is_never_refused(case: CaseSnapshot, actor: Actor) -> None:
    """INV-09: any officer or NGO of whatever organisation, at any stage, with nothing to prove."""
    answer = done(case, a_command(WithdrawConsent, actor=actor))
    entries = [change.consent for change in only(ConsentRecorded, answer)]
    assert [(IDVA, ConsentState.WITHDRAWN)] == [(c.recipient, c.state) for c in entries]


def test_who_declared_a_conflict_can_still_pass_on_what_she_says() -> None:
    """It is her word, and not theirs."""
    conflict = Conflict(who=caseworker().who, conflict=next(iter(ConflictKind)), declared_at=AT)
    case = an_open_case(consents=[given()]).model_copy(update={"conflicts": (conflict,)})
    case = after(case, a_command(WithdrawConsent))
    assert ConsentState.WITHDRAWN is case.consent_state(SUPPORT, IDVA)


@pytest.mark.parametrize(
    ("typed", "counts"),
    [
        pytest.param(AT - timedelta(minutes=5), AT - timedelta(minutes=5), id="a while ago"),
        pytest.param(AT + timedelta(days=300), AT, id="a year mistyped"),
        pytest.param(AT - timedelta(days=300), AT - timedelta(days=300), id="before the case"),
    ],
)
def test_a_withdrawal_counts_whatever_time_was_typed(typed: datetime, counts: datetime) -> None:
    """A slip of whoever writes it down costs her nothing; it never counts from later than now."""
    case = after(an_open_case(consents=[given()]), a_command(WithdrawConsent, occurred_at=typed))
    entry = the(case.consent(SUPPORT, IDVA))
    assert (ConsentState.WITHDRAWN, counts) == (entry.state, entry.occurred_at)


@pytest.mark.parametrize("said_by", SaidBy)
def test_whoever_brought_it_is_noted_and_no_ground(said_by: SaidBy) -> None:
    """Her adviser, her sister, nobody knows who: it is stopped all the same."""
    case = an_open_case(consents=[given()], referrals=[a_referral(1, S.OPENED)])
    answer = done(case, a_command(WithdrawConsent, said_by=said_by))
    assert said_by == answer.detail["said_by"]
    assert "1" == answer.detail["referrals"]


# Everything stops


def test_after_a_withdrawal_from_everyone_nothing_is_left_to_send_but_stops() -> None:
    """INV-09: in one decision, and the clockwork finds nothing to begin."""
    case = after(three_referrals(), a_command(WithdrawConsent, recipient=None))
    queued = {dispatch.key for dispatch in case.dispatches}
    assert {"stop/1", "stop/3", "stop-notice/1", "stop-notice/3"} == queued
    assert {r.state for r in case.referrals} <= OVER
    assert not any(consents.is_valid(consent, AT) for consent in case.consents)
    assert not any(referral_outlook(case, r.number, AT).may_be_queued for r in case.referrals)
    assert not [a for a in journey_outlook(case).alarms if a.duty == consents.RENEWAL]


def test_the_next_service_is_not_asked_in_the_place_of_one_that_ended_before() -> None:
    """Every recipient is every one that would be asked without a further word of hers."""
    ended = a_referral(state=S.DECLINED, next_choices=(MEADOWLIGHT,))
    case = an_open_case(consents=[given()], referrals=[ended])
    case = after(case, a_command(WithdrawConsent, recipient=None), a_command(RouteOnward))
    assert [1] == [referral.number for referral in case.referrals]


def test_a_withdrawal_ends_the_renewal_and_whoever_was_to_ask_her_again() -> None:
    """Nobody comes back to her about what she has taken back."""
    case = after(an_open_case(), a_command(AskConsent), a_command(GiveConsent))
    tasks = (
        a_task(f"ask-again/{SUPPORT}/{IDVA}", TaskKind.ASK_AGAIN),
        a_task(f"renew/{SUPPORT}/{IDVA}", TaskKind.RENEW_CONSENT),
    )
    case = case.model_copy(update={"tasks": tasks})
    case = after(case, a_command(WithdrawConsent))
    assert DeadlineState.VOID is the(case.deadline(f"{consents.RENEWAL}/{IDVA}")).state
    assert all(task.is_done for task in case.tasks)


def test_consent_to_a_conference_is_taken_back_by_itself() -> None:
    """A purpose is withdrawn without the others: support goes on, and nobody is asked about it."""
    marac = given(MARAC_CONFERENCE).model_copy(update={"purpose": Purpose.MARAC})
    case = an_open_case(consents=[given(), marac], referrals=[a_referral(1, S.ACTIVE)])
    case = after(case, a_command(WithdrawConsent, purpose=Purpose.MARAC, recipient=None))
    assert ConsentState.WITHDRAWN is case.consent_state(Purpose.MARAC, MARAC_CONFERENCE)
    assert ConsentState.GIVEN is case.consent_state(SUPPORT, IDVA)
    assert (S.ACTIVE, ()) == (the(case.referral(1)).state, case.checks)
