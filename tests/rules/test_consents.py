"""The consent ledger: silence never means yes, and a yes ends by itself."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from rules import consents
from rules.apply import apply
from rules.decide import decide
from rules.outlook import journey_outlook, referral_outlook
from rules.safe_contact import may_know
from schemas.actor import SYSTEM
from schemas.case import PersonalField
from schemas.case_commands import AddNeed
from schemas.changes import (
    Change,
    ConsentRecorded,
    DispatchRecorded,
    PacketPlaced,
    ReferralRecorded,
)
from schemas.clockwork_steps import Breach, QueueDelivery, Remind
from schemas.command_base import Command
from schemas.consent import (
    COMPETENT_AUTHORITY,
    MARAC_CONFERENCE,
    AskedHow,
    Consent,
    ConsentState,
    Presence,
    Purpose,
)
from schemas.consent_commands import (
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.decisions import Changed
from schemas.messages import AlarmKind
from schemas.referral import InfoAnswer, ReferralState
from schemas.referral_commands import AnswerInfo, RequestReferral
from schemas.snapshot import CaseSnapshot, DispatchKind, TaskKind
from tests.builders import (
    AT,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    a_command,
    a_consent,
    a_referral,
    a_world,
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


def test_every_change_of_a_consent_counts_its_epoch_up() -> None:
    """INV-10: an old epoch proves nothing."""
    commands = (AskConsent, GiveConsent, WithdrawConsent, AskConsent, RefuseConsent)
    case, epochs = an_open_case(), []
    for kind in commands:
        case = after(case, a_command(kind))
        epochs.append(the(case.consent(SUPPORT, IDVA)).epoch)
    assert list(range(1, 6)) == epochs


def test_nobody_who_enforces_immigration_rules_is_a_purpose_or_a_recipient() -> None:
    """INV-01: consent to support, MARAC or NRM cannot be meant for Immigration Enforcement."""
    words = ("immigration", "enforcement", "home", "border", "ice", "status")
    names = [*Purpose, *Presence, MARAC_CONFERENCE, COMPETENT_AUTHORITY]
    parts = [part for name in names for part in name.replace("-", "_").split("_")]
    assert not [part for part in parts if part in words]
    assert {"support_referral", "marac", "nrm"} == {purpose.value for purpose in Purpose}


# A yes runs out


def ran_out(case: CaseSnapshot) -> tuple[Changed, datetime]:
    """What the timer does to the yes to the first service, and when."""
    renewal = the(case.deadline(f"{consents.RENEWAL}/{IDVA}"))
    step = a_command(Breach, deadline=renewal.id)
    return done(case, step, at=renewal.due_at), renewal.due_at


@pytest.fixture
def supported() -> CaseSnapshot:
    """A service supports her, and another need of hers waits for the same service."""
    case = after(an_open_case(), a_command(AskConsent), a_command(GiveConsent))
    at_work = a_referral(1, ReferralState.ACTIVE)
    waiting = a_referral(2, consent=ConsentState.GIVEN)
    return case.model_copy(update={"referrals": (at_work, waiting)})


def test_a_yes_that_ran_out_leaves_support_running_and_is_asked_for_again(
    supported: CaseSnapshot,
) -> None:
    """A timer ends no help: the service goes on, nothing new goes out, a person asks."""
    answer, at = ran_out(supported)
    case = apply(supported, answer.changes)
    assert the(supported.referral(1)) == the(case.referral(1))
    assert ConsentState.EXPIRED is the(case.referral(2)).consent
    assert ConsentState.EXPIRED is the(case.consent(SUPPORT, IDVA)).state
    assert [TaskKind.RENEW_CONSENT] == [task.kind for task in case.tasks if not task.is_done]
    assert not only(PacketPlaced, answer)
    sent = {change.dispatch.kind for change in only(DispatchRecorded, answer)}
    assert {DispatchKind.NOTICE} == sent
    refusal = decide(case, a_command(QueueDelivery, referral=2), a_world(at))
    assert not isinstance(refusal, Changed)


def test_a_yes_that_ran_out_leaves_the_service_that_helps_how_to_reach_her(
    supported: CaseSnapshot,
) -> None:
    """A timer does not cut her off from the people who know her; a new question to her does."""
    answer, at = ran_out(supported)
    case = apply(supported, answer.changes)
    assert [True, True] == [may_know(each, "harbour-house", at) for each in (supported, case)]
    assert FIELDS == the(case.consent(SUPPORT, IDVA)).fields
    asked = after(case, a_command(AskConsent), at=at)
    assert not may_know(asked, "harbour-house", at)
    waiting = case.model_copy(update={"referrals": case.referrals[1:]})
    assert not may_know(waiting, "harbour-house", at)


def test_what_a_yes_that_ran_out_was_for_is_neither_agreed_nor_asked(
    supported: CaseSnapshot,
) -> None:
    """Nothing rests on it: she is asked anew, and her new yes is to what she was asked alone."""
    answer, at = ran_out(supported)
    case = apply(supported, answer.changes)
    entry = the(case.consent(SUPPORT, IDVA))
    assert (False, ()) == (consents.is_valid(entry, at), consents.open_question(entry))
    assert {"not_asked"} == why_not(case, a_command(GiveConsent), at)
    assert {"not_asked"} == why_not(case, a_command(ReflectConsent), at)
    name = (PersonalField.NAME,)
    again = after(case, a_command(AskConsent, fields=name), at=at)
    again = after(again, a_command(GiveConsent, fields=name), at=at)
    assert name == the(again.consent(SUPPORT, IDVA)).fields
    asked_back = a_referral(3, ReferralState.INFO_REQUESTED, asked_fields=name)
    case = case.model_copy(update={"referrals": (*case.referrals, asked_back)})
    passes_on = a_command(AnswerInfo, referral=3, answer=InfoAnswer.PASSED_ON)
    assert {"not_agreed"} == why_not(case, passes_on, at)
    requested = after(case, a_command(AddNeed), a_command(RequestReferral, need=2), at=at)
    assert ConsentState.EXPIRED is requested.referrals[-1].consent
    assert not referral_outlook(requested, requested.referrals[-1].number, at).may_be_queued


def test_a_question_for_more_ends_with_the_yes_beside_which_it_was_put(
    supported: CaseSnapshot,
) -> None:
    """What ran out is asked for anew, whole."""
    case = after(supported, a_command(AskConsent, fields=tuple(PersonalField)))
    case = apply(case, ran_out(case)[0].changes)
    assert () == consents.open_question(case.consent(SUPPORT, IDVA))


def test_a_yes_to_a_conference_runs_out_by_itself_and_touches_no_referral(
    supported: CaseSnapshot,
) -> None:
    """Each recipient has its own renewal."""
    about = {"purpose": Purpose.MARAC, "recipient": MARAC_CONFERENCE}
    case = after(supported, a_command(AskConsent, **about), a_command(GiveConsent, **about))
    renewal = the(case.deadline(f"{consents.RENEWAL}/marac:{MARAC_CONFERENCE}"))
    answer = done(case, a_command(Breach, deadline=renewal.id), at=renewal.due_at)
    entries = [change.consent for change in only(ConsentRecorded, answer)]
    assert [(Purpose.MARAC, ConsentState.EXPIRED)] == [(c.purpose, c.state) for c in entries]
    assert not only(ReferralRecorded, answer)


@pytest.mark.parametrize("kind", [WithdrawConsent, GiveConsent])
def test_a_renewal_that_was_overtaken_ends_nothing(supported: CaseSnapshot, kind: type) -> None:
    """What she said since stands; a renewed yes runs from when she gave it."""
    later = AT + timedelta(days=100)
    case = after(supported, a_command(AskConsent, fields=tuple(PersonalField)), at=later)
    case = after(case, a_command(kind), at=later)
    state = case.consent_state(SUPPORT, IDVA)
    was_due = the(supported.deadline(f"{consents.RENEWAL}/{IDVA}")).due_at
    case = _after_timers(case, was_due)
    assert state is case.consent_state(SUPPORT, IDVA)


# Silence


_ALONE = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)
_WATCHED = _ALONE.model_copy(update={"present": (Presence.PERPETRATOR,)})

_fields = st.lists(st.sampled_from(list(PersonalField)), min_size=1, unique=True).map(tuple)
_recipients = st.sampled_from([IDVA, MEADOWLIGHT])


def _saying(kind: type[Command], **parts: st.SearchStrategy[object]) -> st.SearchStrategy[Command]:
    said = st.fixed_dictionaries({"recipient": _recipients, **parts})
    return said.map(lambda parts: a_command(kind, **parts))


def _next_timer(case: CaseSnapshot, at: datetime) -> Command | None:
    for alarm in journey_outlook(case).alarms:
        if alarm.at <= at and alarm.kind is AlarmKind.REMIND:
            return a_command(Remind, deadline=alarm.deadline)
        if alarm.at <= at and alarm.kind is AlarmKind.BREACH:
            return a_command(Breach, deadline=alarm.deadline)
    return None


_ASKS = _saying(AskConsent, fields=_fields, asked=st.sampled_from([_ALONE, _WATCHED]))
_NO_YES = st.one_of(
    _ASKS,
    _saying(ReflectConsent),
    _saying(RefuseConsent),
    _saying(MarkNotCapable),
    _saying(WithdrawConsent),
    _saying(GiveConsent, fields=_fields, asked=st.just(_WATCHED)),
)
_YES = _saying(GiveConsent, fields=_fields, asked=st.sampled_from([_ALONE, None]))
_days = st.integers(min_value=0, max_value=120)


def _told(
    case: CaseSnapshot, command: Command, at: datetime
) -> tuple[CaseSnapshot, Changed | None]:
    decision = decide(case, command, a_world(at))
    changes: tuple[Change, ...] = decision.written
    return apply(case, changes), decision if isinstance(decision, Changed) else None


def _after_timers(case: CaseSnapshot, at: datetime) -> CaseSnapshot:
    while step := _next_timer(case, at):
        case, answer = _told(case, step, at)
        assert answer is not None
        assert step.actor == SYSTEM
    return case


@given_any(st.lists(st.tuples(_NO_YES, _days), max_size=12))
def test_silence_never_becomes_a_yes(story: list[tuple[Command, int]]) -> None:
    """INV-08: asked, thinking, no, not capable, a yes under watch, time: none of it is a yes."""
    case, at = an_open_case(), AT
    for command, days in story:
        at += timedelta(days=days)
        case = _after_timers(case, at)
        case, _ = _told(case, command, at)
        assert not any(consents.is_valid(consent, at) for consent in case.consents)


@given_any(st.lists(st.tuples(st.one_of(_ASKS, _YES, _NO_YES), _days), max_size=16))
def test_a_yes_holds_for_what_she_said_freely_and_for_six_months(
    story: list[tuple[Command, int]],
) -> None:
    """A ledger of our own: fields never grow without her yes, and only she takes it back early."""
    case, at = an_open_case(), AT
    yes: dict[str, tuple[tuple[PersonalField, ...], datetime]] = {}
    for command, days in story:
        at += timedelta(days=days)
        case = _after_timers(case, at)
        case, answer = _told(case, command, at)
        if answer and isinstance(command, GiveConsent):
            yes[command.recipient] = tuple(sorted(command.fields)), at + consents.VALID_FOR
        if isinstance(command, WithdrawConsent) and command.recipient:
            yes.pop(command.recipient, None)
        for entry in case.consents:
            fields, until = yes.get(entry.recipient, ((), at))
            if consents.is_valid(entry, at):
                assert (fields, until) == (entry.fields, entry.expires_at)
            else:
                # the duty counts in calendar months, and may ring a few days before the end
                assert until <= at + timedelta(days=3)
