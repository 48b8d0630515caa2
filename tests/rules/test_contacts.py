"""Contacts: inside the plan in force or not at all, however late a duty is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from rules import contacts, duties
from rules.apply import apply
from rules.contact_results import FIRST_CONTACT, IDVA_CONTACT, SILENCE
from rules.decide import decide
from rules.outlook import journey_outlook
from schemas.actor import Actor, Role
from schemas.case import Channel, Stage
from schemas.clockwork_steps import CloseWindow, OpenWindow, SendContact, SettleContact
from schemas.command_base import Command
from schemas.consent import Purpose
from schemas.contact import (
    TEXT_CHANNELS,
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactState,
    ContactTemplate,
    DeviceShared,
    InterpreterNeed,
    PlanState,
    PlanTerms,
    SuspendReason,
    WordCheck,
)
from schemas.contact_commands import (
    CancelContact,
    EndContact,
    PlanContact,
    SetPlan,
    StartContact,
    SuspendPlan,
)
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed, Refused
from schemas.messages import AlarmKind
from schemas.referral import Delivery, ReferralState
from schemas.snapshot import CaseSnapshot, Task, TaskKind
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    MEADOWLIGHT,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    a_world,
    after,
    an_open_case,
    caseworker,
    done,
    idva,
    ngo_intake,
    the,
    why_not,
)
from tests.rules.test_windows import LONDON, TUESDAY, window

C, P, R, S, W = ContactChannel, ContactPurpose, ContactResult, ContactState, WordCheck
INSIDE = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CLOSES = datetime(2026, 11, 24, 12, tzinfo=UTC)
NEXT = datetime(2026, 12, 1, 10, tzinfo=UTC)
BEA = caseworker(person="bea")


def a_safe_case(*channels: ContactChannel, **parts: Any) -> CaseSnapshot:
    """A case with an engaged service, and a plan by which she is called on Tuesdays, 10 to 12."""
    said: dict[str, Any] = {"channels": channels or (C.VOICE,), "windows": (TUESDAY,)}
    names = set(PlanTerms.model_fields)
    said |= {name: parts.pop(name) for name in list(parts) if name in names}
    case = an_open_case(**({"referrals": [a_referral(state=ReferralState.ACCEPTED)]} | parts))
    return after(case, a_command(SetPlan, terms=PlanTerms.model_validate(said)))


def plan(channel: ContactChannel = C.VOICE, **parts: Any) -> PlanContact:
    """A caseworker plans a contact about nothing in particular."""
    return a_command(PlanContact, **({"channel": channel, "referral": None} | parts))


def a_text(channel: ContactChannel = C.SMS, **parts: Any) -> PlanContact:
    """A caseworker plans a text."""
    return plan(channel, **({"template": ContactTemplate.PLEASE_CALL} | parts))


def planned(command: PlanContact | None = None, **parts: Any) -> CaseSnapshot:
    """A case in which contact 1 is planned."""
    return after(a_safe_case(**parts), command or plan())


def opened(**parts: Any) -> CaseSnapshot:
    """A case in which it is Tuesday, and contact 1 is to be made."""
    return after(planned(**parts), a_command(OpenWindow), at=INSIDE)


def started(*, by: Actor | None = None, **parts: Any) -> CaseSnapshot:
    """A case in which somebody is on the telephone."""
    actor = by or caseworker()
    case = planned(plan(actor=actor), **parts)
    return after(case, a_command(StartContact, actor=actor), at=INSIDE)


def first(case: CaseSnapshot) -> Contact:
    """Contact 1."""
    return the(case.contact(1))


def tasks_of(case: CaseSnapshot, *kinds: TaskKind) -> list[Task]:
    """What a person is asked, by kind, whether or not it is done."""
    return [task for task in case.tasks if task.kind in kinds]


def sentence(case: CaseSnapshot, command: StartContact, at: datetime) -> str:
    """What somebody reads who is refused."""
    decision = decide(case, command, a_world(at))
    assert isinstance(decision, Refused)
    return decision.sentences()


# planning


def test_a_contact_is_planned_for_the_next_safe_window() -> None:
    """And nothing happens until then."""
    contact = first(planned())
    assert (S.PLANNED, POLICE, caseworker().who) == (
        contact.state,
        contact.organisation,
        contact.planned_by,
    )
    assert (INSIDE.replace(minute=0), CLOSES) == (contact.safe_at, contact.safe_until)


def test_a_contact_waits_until_she_wished() -> None:
    """Not before a moment of hers; inside a window from that moment on."""
    wished = INSIDE + timedelta(days=7)
    contact = first(planned(plan(not_before=wished)))
    assert (wished, wished.replace(hour=12, minute=0)) == (contact.safe_at, contact.safe_until)


@pytest.mark.parametrize(
    ("command", "refusal"),
    [
        pytest.param(plan(), None, id="as she said"),
        pytest.param(plan(C.IN_PERSON), "not_in_plan", id="a channel she did not name"),
        pytest.param(plan(C.SHE_CONTACTS_US), "not_in_plan", id="the one that is hers"),
        pytest.param(plan(template=ContactTemplate.PLEASE_CALL), "template", id="a text in a call"),
        pytest.param(plan(C.SMS), "template", id="a text without a template"),
        pytest.param(a_text(), None, id="a text with one"),
        pytest.param(a_text(C.EMAIL), "not_in_plan", id="a letter she did not name"),
        pytest.param(plan(interpreter="int-1"), "interpreter_excluded", id="whom she cannot trust"),
        pytest.param(plan(interpreter="int-2"), None, id="another interpreter"),
        pytest.param(plan(referral=7), "no_referral", id="a referral nobody made"),
        pytest.param(
            plan(not_before=AT + timedelta(days=40)), "no_safe_window", id="when the plan is old"
        ),
    ],
)
def test_only_what_the_plan_allows_can_be_planned(
    command: PlanContact, refusal: str | None
) -> None:
    """By each of its terms; the refusal says the way on."""
    need = InterpreterNeed(excluded=("int-1",))
    case = a_safe_case(
        C.VOICE, C.SMS, C.SHE_CONTACTS_US, device_shared=DeviceShared.NO, interpreter=need
    )
    assert ({refusal} if refusal else set()) == why_not(case, command)


def test_a_plan_without_times_allows_none() -> None:
    """A window must be stated; no time is not any time."""
    assert why_not(a_safe_case(windows=()), plan()) == {"no_safe_window"}
    ended = window(1, "10:00", "12:00", date(2026, 11, 23))
    assert why_not(a_safe_case(windows=(ended,)), plan()) == {"no_safe_window"}


@pytest.mark.parametrize("device", list(DeviceShared))
def test_no_text_goes_to_a_device_that_others_may_see(device: DeviceShared) -> None:
    """Not known counts as yes, even where she named the channel."""
    case = a_safe_case(C.SMS, device_shared=device)
    allowed = device is DeviceShared.NO
    assert (set() if allowed else {"device_shared"}) == why_not(case, a_text())


@pytest.mark.parametrize(
    ("channel", "refusal"),
    [(C.VOICE, "interpreter_needed"), (C.IN_PERSON, "interpreter_needed"), (C.VIA_NGO, None)],
)
def test_who_needs_an_interpreter_is_not_spoken_to_without_one(
    channel: ContactChannel, refusal: str | None
) -> None:
    """Where somebody else speaks with her, it is theirs to see to."""
    case = a_safe_case(channel, interpreter=InterpreterNeed(needed=True))
    assert ({refusal} if refusal else set()) == why_not(case, plan(channel))
    assert why_not(case, plan(channel, interpreter="int-2")) == set()


@pytest.mark.parametrize("state", list(ReferralState))
def test_a_service_contacts_her_only_while_it_has_taken_her_on(state: ReferralState) -> None:
    """On the referral it names, or on the one it has."""
    case = a_safe_case(referrals=[a_referral(state=state)])
    knows_her = state in (ReferralState.ACCEPTED, ReferralState.ACTIVE)
    for referral in (None, 1):
        command = plan(actor=ngo_intake(), referral=referral)
        assert knows_her is not bool(why_not(case, command))
    if knows_her:
        assert first(after(case, plan(actor=ngo_intake()))).referral == 1


def a_check(**parts: Any) -> WithdrawalCheck:
    """She is to be asked whether the withdrawal was hers; the service keeps its line."""
    facts: dict[str, Any] = {
        "number": 1,
        "purpose": Purpose.SUPPORT_REFERRAL,
        "recorder": caseworker().who,
        "asks": "harbour-house",
        "referrals": (1,),
        "opened_at": AT,
        "line_until": AT + timedelta(hours=72),
    }
    return WithdrawalCheck.model_validate(facts | parts)


def a_stopped_case(check: WithdrawalCheck, *channels: ContactChannel, **parts: Any) -> CaseSnapshot:
    """A case whose one referral was stopped by a withdrawal."""
    referrals = [a_referral(state=ReferralState.WITHDRAWN, delivery=Delivery.ACKED)]
    case = a_safe_case(*channels, **({"referrals": referrals} | parts))
    return case.model_copy(update={"checks": (check,)})


@pytest.mark.parametrize(
    ("check", "purpose", "at", "refusal"),
    [
        pytest.param(a_check(), P.WITHDRAWAL_CHECK, AT, None, id="to ask her"),
        *(
            pytest.param(a_check(), purpose, AT, "not_engaged", id=f"for {purpose}")
            for purpose in ContactPurpose
            if purpose is not ContactPurpose.WITHDRAWAL_CHECK
        ),
        pytest.param(
            a_check(), P.WITHDRAWAL_CHECK, AT + timedelta(hours=72), "no_open_check", id="too late"
        ),
        pytest.param(
            a_check(state=CheckState.IT_WAS_HER),
            P.WITHDRAWAL_CHECK,
            AT,
            "no_open_check",
            id="answered",
        ),
        pytest.param(
            a_check(asks="meadowlight"), P.WITHDRAWAL_CHECK, AT, "no_open_check", id="not its own"
        ),
        pytest.param(
            a_check(referrals=(2,)), P.WITHDRAWAL_CHECK, AT, "no_open_check", id="another referral"
        ),
    ],
)
def test_after_a_withdrawal_the_service_keeps_its_line_to_ask_was_it_you(
    check: WithdrawalCheck, purpose: ContactPurpose, at: datetime, refusal: str | None
) -> None:
    """For 72 hours, for that question, inside her plan as ever."""
    command = plan(actor=ngo_intake(), purpose=purpose, referral=1)
    assert ({refusal} if refusal else set()) == why_not(a_stopped_case(check), command, at)


@pytest.mark.parametrize("channel", [c for c in ContactChannel if c is not C.SHE_CONTACTS_US])
def test_she_is_asked_was_it_you_by_voice_or_in_person_and_never_by_a_text(
    channel: ContactChannel,
) -> None:
    """Whoever holds her telephone could read a text, and answer it."""
    case = a_stopped_case(a_check(), *ContactChannel, device_shared=DeviceShared.NO)
    template = ContactTemplate.PLEASE_CALL if channel in TEXT_CHANNELS else None
    command = plan(channel, actor=ngo_intake(), purpose=P.WITHDRAWAL_CHECK, template=template)
    is_spoken = channel in (C.VOICE, C.IN_PERSON)
    assert (set() if is_spoken else {"not_spoken"}) == why_not(case, command)


@pytest.mark.parametrize(
    "actor",
    [caseworker(), ngo_intake(), ngo_intake("meadowlight")],
    ids=["the agency that leads", "a service that has taken her on", "another service"],
)
def test_nobody_else_plans_to_ask_was_it_you(actor: Actor) -> None:
    """It is the one question of the one service that has it open."""
    engaged = a_safe_case(
        referrals=[
            a_referral(state=ReferralState.ACTIVE),
            a_referral(2, ReferralState.OPENED, MEADOWLIGHT),
        ]
    )
    assert {"no_open_check"} == why_not(engaged, plan(actor=actor, purpose=P.WITHDRAWAL_CHECK))


def test_a_call_to_ask_was_it_you_is_not_begun_once_she_has_answered() -> None:
    """Its moment comes, and the question is closed."""
    asks = plan(actor=ngo_intake(), purpose=P.WITHDRAWAL_CHECK)
    case = after(a_stopped_case(a_check(line_until=INSIDE)), asks)
    assert S.CANCELLED is first(after(case, a_command(OpenWindow), at=INSIDE)).state


# without a plan


@pytest.mark.parametrize(
    ("came_by", "way_back"),
    [
        (Channel.POLICE_999, C.VOICE),
        (Channel.POLICE_101, C.VOICE),
        (Channel.NGO, C.VIA_NGO),
        (Channel.FRONT_COUNTER, C.IN_PERSON),
        (Channel.THIRD_PARTY_CENTRE, C.IN_PERSON),
        (Channel.HEALTH, C.IN_PERSON),
        (Channel.SCHOOL, C.IN_PERSON),
        (Channel.ONLINE, None),
        (Channel.ANONYMOUS, None),
    ],
)
def test_without_a_plan_only_the_way_she_came_is_left_and_only_for_people(
    came_by: Channel, way_back: ContactChannel | None
) -> None:
    """INV-32: what is unknown is no permission."""
    case = an_open_case(channel=came_by)
    for channel in C:
        text = channel in (C.SMS, C.EMAIL)
        command = plan(channel, template=ContactTemplate.PLEASE_CALL if text else None)
        assert (set() if channel is way_back else {"plan_unknown"}) == why_not(case, command)


@pytest.mark.parametrize(
    ("at", "is_safe"),
    [
        pytest.param("2026-11-23T09:00", True, id="as offices open"),
        pytest.param("2026-11-23T08:59", False, id="before"),
        pytest.param("2026-11-23T17:00", False, id="as they close"),
        pytest.param("2026-11-28T11:00", False, id="on a Saturday"),
        pytest.param("2026-12-25T11:00", False, id="on Christmas Day, a Friday"),
    ],
)
def test_without_a_plan_she_is_called_only_while_offices_are_open(
    at: str, *, is_safe: bool
) -> None:
    """In the evening, at weekends and on bank holidays he is more often beside her."""
    now = datetime.fromisoformat(at).replace(tzinfo=LONDON)
    case = after(an_open_case(channel=Channel.POLICE_101), plan(), at=now)
    refusals = set() if is_safe else {"not_safe_now"}
    assert refusals == why_not(case, a_command(StartContact), at=now)


@pytest.mark.parametrize(
    ("came_by", "channels", "refusal"),
    [
        pytest.param(Channel.POLICE_101, (C.VOICE,), None, id="the way she came, and named"),
        pytest.param(Channel.POLICE_101, (C.VIA_NGO,), "plan_unknown", id="she had ruled it out"),
        pytest.param(Channel.FRONT_COUNTER, (C.VOICE,), "plan_unknown", id="not the way she came"),
    ],
)
def test_a_plan_that_grew_old_opens_nothing_and_still_narrows(
    came_by: Channel, channels: tuple[ContactChannel, ...], refusal: str | None
) -> None:
    """After 30 days it is as if there were none, but for what she had ruled out."""
    old = INSIDE + timedelta(days=35)
    case = a_safe_case(*channels, channel=came_by)
    assert ({refusal} if refusal else set()) == why_not(case, plan(), at=old)
    if refusal is None:
        waits = after(case, plan(), at=old)
        assert the(first(waits).safe_at).weekday() == 1


NINE_NEXT_DAY = datetime(2026, 11, 25, 9, tzinfo=UTC)


def called(*, result: ContactResult, case: CaseSnapshot | None = None, **said: Any) -> CaseSnapshot:
    """A case without a plan in which she was called, and a second call was planned."""
    case = case or an_open_case(channel=Channel.POLICE_101)
    case = after(case, plan(), plan(), a_command(StartContact), at=INSIDE)
    return after(case, end(result, **said), at=INSIDE)


@pytest.mark.parametrize("result", [R.SOMEONE_ELSE_ANSWERED, R.DROPPED], ids=str)
def test_without_a_plan_nobody_tries_again_on_a_day_on_which_somebody_else_was_there(
    result: ContactResult,
) -> None:
    """Whoever answered may ask her who it was; a supervisor looks whether she is well."""
    case = called(result=result)
    assert NINE_NEXT_DAY == the(case.contact(2)).safe_at
    second = a_command(StartContact, contact=2)
    assert {"not_safe_now"} == why_not(case, second, at=INSIDE + timedelta(seconds=17))
    assert set() == why_not(case, second, at=NINE_NEXT_DAY)
    (task,) = tasks_of(case, TaskKind.WELFARE)
    assert Role.SAFEGUARDING_SUPERVISOR is task.for_role


@pytest.mark.parametrize("result", [R.SPOKE, R.NO_ANSWER], ids=str)
def test_without_a_plan_a_call_that_nobody_else_answered_is_no_reason_to_wait(
    result: ContactResult,
) -> None:
    """Support does not wait for a day."""
    case = called(result=result)
    assert set() == why_not(case, a_command(StartContact, contact=2), at=INSIDE)
    assert [] == tasks_of(case, TaskKind.WELFARE)


def test_a_wrong_word_by_a_plan_that_grew_old_ends_the_day_without_saying_why() -> None:
    """It was not she; whoever looks at the screen sees a time, and no task beside the usual."""
    old = INSIDE + timedelta(days=35)
    case = after(a_safe_case(channel=Channel.POLICE_101), plan(), plan(), at=old)
    case = after(case, a_command(StartContact), end(R.SPOKE, W.WRONG), at=old)
    assert old.date() + timedelta(days=7) == the(the(case.contact(2)).safe_at).date()
    assert [] == tasks_of(case, TaskKind.WELFARE)


def test_what_she_said_since_says_when_to_try_again() -> None:
    """A plan that is checked with her is what there is to go by."""
    case = called(result=R.SOMEONE_ELSE_ANSWERED)
    terms = PlanTerms(channels=(C.VOICE,), windows=(TUESDAY,))
    told = after(case, a_command(SetPlan, terms=terms), at=INSIDE)
    assert set() == why_not(told, a_command(StartContact, contact=2), at=INSIDE)


@pytest.mark.parametrize(
    ("channel", "rests_on"), [(C.VOICE, 1), (None, None)], ids=["a plan", "no plan"]
)
def test_a_start_says_which_plan_it_rests_on_if_any(
    channel: ContactChannel | None, rests_on: int | None
) -> None:
    """Whoever is about to call knows whether she was ever asked."""
    case = a_safe_case(channel) if channel else an_open_case(channel=Channel.POLICE_101)
    case = after(case, plan(), at=INSIDE)
    assert rests_on == done(case, a_command(StartContact), INSIDE).detail["plan"]


def test_after_a_death_nobody_contacts_her() -> None:
    """Plan or no plan."""
    for case in (an_open_case(), a_safe_case()):
        died = case.model_copy(update={"case": case.case.model_copy(update={"died_at": AT})})
        assert why_not(died, plan(C.VOICE)) == {"deceased"}


# making it


def test_a_contact_is_started_only_inside_a_window_of_the_plan() -> None:
    """Refused, and told when it will be safe; nothing has changed."""
    case = planned()
    assert why_not(case, a_command(StartContact)) == {"not_safe_now"}
    said = sentence(case, a_command(StartContact), AT)
    assert "Next safe window: Tue 24 Nov 10:00–12:00." in said
    begun = first(after(case, a_command(StartContact, actor=BEA), at=INSIDE))
    assert (S.STARTED, INSIDE, BEA.who) == (begun.state, begun.started_at, begun.made_by)
    assert why_not(case, a_command(StartContact), at=CLOSES) == {"not_safe_now"}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(a_command(SuspendPlan), id="contact was suspended"),
        pytest.param(
            a_command(SetPlan, terms=PlanTerms(channels=(C.SHE_CONTACTS_US,), windows=(TUESDAY,))),
            id="only she calls now",
        ),
        pytest.param(
            a_command(SetPlan, terms=PlanTerms(channels=(C.VOICE,))), id="no time is safe now"
        ),
        pytest.param(
            a_command(
                SetPlan,
                terms=PlanTerms(
                    channels=(C.VOICE,),
                    windows=(TUESDAY,),
                    interpreter=InterpreterNeed(excluded=("int-9",)),
                ),
            ),
            id="whom she cannot trust would interpret",
        ),
    ],
)
def test_the_plan_of_this_moment_counts_not_that_of_the_planning(
    change: SetPlan | SuspendPlan,
) -> None:
    """What was safe when it was planned may not be now."""
    case = planned(plan(interpreter="int-9"))
    assert why_not(case, a_command(StartContact), at=INSIDE) == set()
    case = after(case, change)
    assert why_not(case, a_command(StartContact), at=INSIDE) & {"not_safe_now", "already"}


@pytest.mark.parametrize("actor", [caseworker(), BEA, ngo_intake()], ids=["they", "bea", "ngo"])
def test_a_contact_belongs_to_the_organisation_that_planned_it(actor: Actor) -> None:
    """Colleagues may make it, end it and call it off; nobody else."""
    case = planned()
    expected = {"not_yours"} if actor.organisation != POLICE else set()
    for verb in (StartContact, EndContact, CancelContact):
        assert expected == why_not(case, a_command(verb, actor=actor), at=INSIDE)


def test_a_service_that_lost_the_referral_makes_no_contact_any_more() -> None:
    """Consent taken back between planning and calling: the contact is called off."""
    case = planned(plan(actor=idva()))
    stopped = (a_referral(state=ReferralState.WITHDRAWN, delivery=Delivery.ACKED),)
    case = case.model_copy(update={"referrals": stopped})
    assert why_not(case, a_command(StartContact, actor=idva()), at=INSIDE) == {"not_safe_now"}
    assert first(after(case, a_command(OpenWindow), at=INSIDE)).state is S.CANCELLED


@pytest.mark.parametrize("state", list(S))
def test_each_thing_is_done_to_a_contact_where_it_stands(state: ContactState) -> None:
    """Begun once, called off before it began; what is over is over."""
    case = planned()
    case = case.model_copy(update={"contacts": (first(case).model_copy(update={"state": state}),)})
    waits = state in (S.PLANNED, S.OPEN)
    for verb in (StartContact, CancelContact):
        assert (set() if waits else {"already"}) == why_not(case, a_command(verb), at=INSIDE)
    may_be_told = state in (S.PLANNED, S.OPEN, S.STARTED, S.CANCELLED)
    assert (set() if may_be_told else {"already"}) == why_not(case, a_command(EndContact))


@pytest.mark.parametrize("verb", [StartContact, CancelContact])
def test_what_somebody_has_begun_is_ended_and_not_called_off(verb: type[Command]) -> None:
    """The way on is to say what came of it; of one that is over, to plan another."""
    case = after(planned(), a_command(StartContact), at=INSIDE)
    assert "`contact end`" in _sentence(case, a_command(verb))
    case = after(case, end(R.NO_ANSWER), at=INSIDE)
    assert "`contact make`" in _sentence(case, a_command(verb))


def _sentence(case: CaseSnapshot, command: Command) -> str:
    answer = decide(case, command, a_world(INSIDE))
    assert isinstance(answer, Refused)
    return answer.sentences()


def test_people_do_not_make_texts() -> None:
    """The clockwork sends them, and says what came of them."""
    case = planned(a_text(), channels=(C.SMS,), device_shared=DeviceShared.NO)
    for verb in (StartContact, EndContact):
        assert why_not(case, a_command(verb), at=INSIDE) == {"sent_by_clockwork"}
    assert why_not(started(), a_command(EndContact, result=R.SENT)) == {"sent_by_clockwork"}


# what came of it


def end(result: ContactResult = R.SPOKE, word: WordCheck = W.NOT_GIVEN, **parts: Any) -> EndContact:
    """Somebody says what came of contact 1."""
    return a_command(EndContact, result=result, word=word, **parts)


@pytest.mark.parametrize(
    "result", [R.SPOKE, R.NO_ANSWER, R.SOMEONE_ELSE_ANSWERED, R.DROPPED], ids=str
)
def test_what_came_of_it_is_kept(result: ContactResult) -> None:
    """With who made it, when, and whether her word was right; the word itself is nowhere."""
    case = after(started(), end(result, W.SAFE), at=INSIDE + timedelta(minutes=5))
    contact = first(case)
    assert (S.MADE, result, W.SAFE) == (contact.state, contact.result, contact.word)
    assert INSIDE + timedelta(minutes=5) == contact.ended_at
    assert not contact.is_outside_plan
    assert tasks_of(case, TaskKind.WELFARE) == []


def test_who_made_a_contact_and_who_said_what_came_of_it_are_both_kept() -> None:
    """Whoever only says it was not on the line; both answer for what it is taken to show."""
    begun = after(planned(), a_command(StartContact, actor=BEA), at=INSIDE)
    ended = first(after(begun, end(actor=caseworker()), at=INSIDE))
    assert (BEA.who, caseworker().who) == (ended.made_by, ended.ended_by)
    outside = first(after(planned(), end(actor=BEA)))
    assert (BEA.who, BEA.who) == (outside.made_by, outside.ended_by)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(planned(), id="not begun"),
        pytest.param(opened(), id="open"),
        pytest.param(after(planned(), a_command(CancelContact)), id="called off"),
        pytest.param(after(planned(), a_command(SuspendPlan)), id="suspended"),
    ],
)
def test_a_contact_made_outside_the_plan_is_a_fact_and_a_supervisor_hears_of_it(
    case: CaseSnapshot,
) -> None:
    """Nobody hides it because it was not allowed."""
    decision = done(case, end())
    assert decision.detail["outside_plan"] == "yes"
    told = after(case, end())
    assert first(told).is_outside_plan
    task = the(told.task("outside-plan/1"))
    assert (TaskKind.WELFARE, Role.SAFEGUARDING_SUPERVISOR) == (task.kind, task.for_role)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(end(R.DURESS), id="it was duress"),
        pytest.param(end(R.SPOKE, W.DURESS), id="the word of duress"),
        pytest.param(end(R.NO_ANSWER, W.DURESS), id="the word, whatever else is said"),
    ],
)
@pytest.mark.parametrize("make", [started, planned], ids=["as planned", "outside the plan"])
def test_duress_stops_every_contact_and_calls_a_supervisor_silently(
    make: Callable[[], CaseSnapshot], command: EndContact
) -> None:
    """Whoever is on the line reads no more than that the call ends; misuse is counted here too."""
    case = after(make(), plan(), plan())
    decision = done(case, command)
    outside = {"outside_plan": "yes"} if make is planned else {}
    assert decision.detail == {"contact": 1, "end_call": "yes", **outside}
    stopped = after(case, command)
    assert (S.MADE, R.DURESS) == (first(stopped).state, first(stopped).result)
    assert [S.CANCELLED, S.CANCELLED] == [c.state for c in stopped.contacts[1:]]
    assert [PlanState.SUSPENDED] == [p.state for p in stopped.plans]
    assert SuspendReason.DURESS is stopped.plans[0].suspended_for
    (task,) = tasks_of(stopped, TaskKind.DURESS)
    assert (task.for_role, task.organisation) == (Role.SAFEGUARDING_SUPERVISOR, None)
    assert why_not(stopped, plan()) == {"contact_suspended"}


def test_a_wrong_word_ends_the_call_and_is_not_her() -> None:
    """The answer is the one that duress has; the plan stays, and a supervisor looks."""
    case = after(started(), end(R.NO_ANSWER), plan(), at=INSIDE)
    case = after(case, a_command(StartContact, contact=2), at=INSIDE)
    command = end(R.SPOKE, W.WRONG, contact=2)
    assert done(case, command, INSIDE).detail == {"contact": 2, "end_call": "yes"}
    after_it = after(case, command, at=INSIDE)
    assert [Role.SAFEGUARDING_SUPERVISOR] == [
        task.for_role for task in tasks_of(after_it, TaskKind.WORD_WRONG)
    ]
    assert after_it.plan == case.plan
    assert silence(after_it) == [DeadlineState.RUNNING]


# duties


def silence(case: CaseSnapshot) -> list[DeadlineState]:
    """How the time without safe contact runs."""
    return [deadline.state for deadline in case.deadlines if deadline.duty == SILENCE]


@pytest.mark.parametrize("result", [R.NO_ANSWER, R.SOMEONE_ELSE_ANSWERED, R.DROPPED], ids=str)
def test_silence_begins_with_the_first_attempt_and_ends_when_she_was_reached(
    result: ContactResult,
) -> None:
    """Once; a second attempt does not begin it anew."""
    case = after(started(), end(result), plan(), at=INSIDE)
    case = after(case, a_command(StartContact, contact=2), end(result, contact=2), at=INSIDE)
    assert silence(case) == [DeadlineState.RUNNING]
    case = after(case, plan(), a_command(StartContact, contact=3), at=INSIDE)
    assert silence(after(case, end(contact=3), at=INSIDE)) == [DeadlineState.MET]


def test_in_a_closed_case_nothing_begins_to_run() -> None:
    """A call that was going on when it was closed is a fact, and no more."""
    case = started()
    closed = case.model_copy(update={"case": case.case.model_copy(update={"stage": Stage.CLOSED})})
    decision = contacts.end(closed, end(R.NO_ANSWER), a_world(INSIDE))
    assert isinstance(decision, Changed)
    assert silence(apply(closed, decision.changes)) == []


@pytest.mark.parametrize(
    ("actor", "make", "met"),
    [
        pytest.param(ngo_intake(), True, True, id="by the service"),
        pytest.param(ngo_intake(), False, False, id="by the service, outside the plan"),
        pytest.param(None, True, False, id="by the agency"),
    ],
)
def test_an_attempt_as_she_allowed_meets_the_duty_to_try(
    actor: Actor | None, *, make: bool, met: bool
) -> None:
    """Whoever answered. One outside her plan is none."""
    who = actor or caseworker()
    duty = [a_deadline(FIRST_CONTACT, 1)]
    case = planned(plan(actor=who, referral=1), deadlines=duty)
    if make:
        case = after(case, a_command(StartContact, actor=who), at=INSIDE)
    case = after(case, end(R.NO_ANSWER, actor=who), at=INSIDE)
    deadline = the(case.deadline(duties.deadline_id(FIRST_CONTACT, 1)))
    assert (DeadlineState.MET if met else DeadlineState.RUNNING) is deadline.state


@pytest.mark.parametrize(("actor", "met"), [(idva(), True), (ngo_intake(), False)])
def test_the_idvas_own_attempt_meets_hers(actor: Actor, *, met: bool) -> None:
    """Somebody else of her organisation does not."""
    duty = [a_deadline(IDVA_CONTACT)]
    case = after(started(by=actor, deadlines=duty), end(actor=actor), at=INSIDE)
    state = the(case.deadline(IDVA_CONTACT)).state
    assert (DeadlineState.MET if met else DeadlineState.RUNNING) is state


# the clockwork


@pytest.mark.parametrize(
    ("actor", "role", "organisation"),
    [
        (caseworker(), Role.CASEWORKER, None),
        (ngo_intake(), Role.NGO_WORKER, "harbour-house"),
    ],
    ids=["agency", "service"],
)
def test_when_it_is_safe_whoever_planned_it_is_asked_to_make_it(
    actor: Actor, role: Role, organisation: str | None
) -> None:
    """With a task that ends when the contact does; an agency's goes along with the lead."""
    case = after(planned(plan(actor=actor)), a_command(OpenWindow), at=INSIDE)
    task = the(case.task("contact/1"))
    assert (S.OPEN, CLOSES) == (first(case).state, first(case).safe_until)
    assert (TaskKind.MAKE_CONTACT, role) == (task.kind, task.for_role)
    assert (organisation, actor.who) == (task.organisation, task.for_person)
    begun = after(case, a_command(StartContact, actor=actor), at=INSIDE)
    assert not the(begun.task("contact/1")).is_done
    assert the(after(begun, end(actor=actor), at=INSIDE).task("contact/1")).is_done
    assert the(after(case, a_command(CancelContact, actor=actor)).task("contact/1")).is_done


def test_a_window_that_is_not_safe_any_more_is_not_opened() -> None:
    """Nobody is asked; the contact waits for the next."""
    case = after(planned(), a_command(OpenWindow), at=CLOSES)
    assert (S.PLANNED, NEXT) == (first(case).state, first(case).safe_at)
    assert tasks_of(case, TaskKind.MAKE_CONTACT) == []


def test_a_contact_nobody_made_waits_for_the_next_window() -> None:
    """And its task is done until then, when it is asked anew."""
    case = after(opened(), a_command(CloseWindow), at=CLOSES)
    assert (S.PLANNED, NEXT) == (first(case).state, first(case).safe_at)
    assert the(case.task("contact/1")).is_done
    again = after(case, a_command(OpenWindow), at=NEXT)
    assert not the(again.task("contact/1")).is_done


def test_a_window_ends_with_the_plan_and_a_person_is_asked() -> None:
    """Where no window is known, the contact waits and does not vanish."""
    expires = INSIDE + timedelta(days=7)
    case = planned()
    shorter = the(case.plan).model_copy(update={"expires_at": expires})
    case = case.model_copy(update={"plans": (shorter,)})
    case = after(case, a_command(OpenWindow), at=expires - timedelta(minutes=1))
    assert first(case).safe_until == expires
    case = after(case, a_command(CloseWindow), at=expires)
    assert (S.PLANNED, None) == (first(case).state, first(case).safe_at)
    assert [False] == [task.is_done for task in tasks_of(case, TaskKind.PLAN_STALE)]


def texting(**parts: Any) -> CaseSnapshot:
    """A case in which a text is planned."""
    return planned(a_text(**parts), channels=(C.SMS,), device_shared=DeviceShared.NO)


def test_a_text_goes_out_once_and_only_inside_its_window() -> None:
    """Not safe at the very moment: it waits, and is not sent."""
    early = done(texting(), a_command(SendContact), CLOSES)
    assert early.detail == {"contact": 1, "refused": "unsafe"}
    waits = after(texting(), a_command(SendContact), at=CLOSES)
    assert (S.PLANNED, NEXT) == (first(waits).state, first(waits).safe_at)
    sending = after(texting(), a_command(SendContact), at=INSIDE)
    assert (S.SENDING, INSIDE) == (first(sending).state, first(sending).started_at)
    assert why_not(sending, a_command(SendContact), at=INSIDE) == {"overtaken"}
    sent = after(sending, a_command(SettleContact, result=R.SENT), at=INSIDE)
    assert (S.MADE, R.SENT) == (first(sent).state, first(sent).result)


def test_no_text_goes_out_of_a_case_that_operations_hold_back() -> None:
    """It is judged when it goes; the clock waits for no moment of it; a call is a person's."""
    paused = texting().model_copy(update={"is_paused": True})
    assert why_not(paused, a_command(SendContact), at=INSIDE) == {"paused"}
    assert AlarmKind.SEND_CONTACT in {a.kind for a in journey_outlook(texting()).alarms}
    assert AlarmKind.SEND_CONTACT not in {a.kind for a in journey_outlook(paused).alarms}
    calling = planned().model_copy(update={"is_paused": True})
    assert AlarmKind.OPEN_WINDOW in {a.kind for a in journey_outlook(calling).alarms}
    after(calling, a_command(OpenWindow), at=INSIDE)


def test_a_text_of_which_nobody_knows_is_never_sent_again() -> None:
    """A person is asked; that it went out may still be said."""
    sending = after(texting(), a_command(SendContact), at=INSIDE)
    lost = after(sending, a_command(SettleContact), at=INSIDE)
    assert first(lost).state is S.UNKNOWN
    (task,) = tasks_of(lost, TaskKind.CONTACT_UNCLEAR)
    assert (task.for_role, task.for_person) == (Role.CASEWORKER, caseworker().who)
    for step in (SendContact, SettleContact, OpenWindow, CloseWindow):
        assert why_not(lost, a_command(step), at=INSIDE) == {"overtaken"}
    late = after(lost, a_command(SettleContact, result=R.SENT), at=INSIDE)
    assert first(late).state is S.MADE
    assert all(task.is_done for task in late.tasks)


@pytest.mark.parametrize(
    ("case", "step"),
    [
        pytest.param(texting(), OpenWindow, id="a text has no window to be made in"),
        pytest.param(planned(), SendContact, id="a call is not sent"),
        pytest.param(planned(), CloseWindow, id="what is not open does not close"),
        pytest.param(started(), CloseWindow, id="nor what somebody has begun"),
        pytest.param(started(), OpenWindow, id="which is not opened again"),
        pytest.param(planned(), SettleContact, id="what was not sent is not settled"),
        pytest.param(an_open_case(), OpenWindow, id="no contact: not opened"),
        pytest.param(an_open_case(), CloseWindow, id="no contact: not closed"),
        pytest.param(an_open_case(), SendContact, id="no contact: not sent"),
        pytest.param(an_open_case(), SettleContact, id="no contact: not settled"),
    ],
)
def test_a_step_that_was_overtaken_changes_nothing(case: CaseSnapshot, step: Any) -> None:
    """Timers come late, and twice."""
    assert why_not(case, a_command(step), at=INSIDE) == {"overtaken"}
