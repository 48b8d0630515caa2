"""Was it you? After a withdrawal that staff recorded, the service that knew her asks."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from rules import checks, consents
from rules.apply import apply
from rules.decide import WOULD_DECIDE_IT, decide, objection_to
from rules.outlook import referral_outlook
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import ClosingReason, PersonalField, Stage
from schemas.case_commands import CloseCase
from schemas.changes import ReferralRecorded, TaskRecorded
from schemas.clockwork_steps import Breach
from schemas.command_base import Command
from schemas.consent import Consent, ConsentState, Presence, Purpose
from schemas.consent_commands import AnswerCheck, AskConsent, GiveConsent, WithdrawConsent
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactResult,
    ContactState,
    InterpreterKind,
    PlanState,
    WordCheck,
)
from schemas.deadlines import DeadlineState
from schemas.decisions import Refused
from schemas.referral import ReferralState
from schemas.referral_commands import (
    CorrectReferral,
    RecallReferral,
    ReopenReferral,
    RequestReferral,
)
from schemas.snapshot import CaseSnapshot, NoticeTemplate, Task, TaskKind
from schemas.verbs import Verb
from schemas.withdrawal import CheckAnswer, CheckState, SaidBy
from tests.builders import (
    AT,
    COUNSELLING,
    IDVA,
    MEADOWLIGHT,
    POLICE,
    a_command,
    a_need,
    a_referral,
    a_world,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    dpo,
    given,
    ngo_intake,
    only,
    supervisor,
    the,
    why_not,
)
from tests.rules.at_service import told

S = ReferralState
SUPPORT = Purpose.SUPPORT_REFERRAL
SOON = AT + timedelta(hours=5)
OVER = AT + checks.LINE_FOR
RECORDER = caseworker()
ASKER = an_actor(Role.NGO_WORKER, "harbour-house", "wyn")
HERS = a_command(AnswerCheck, check=1, actor=ASKER, answer=CheckAnswer.IT_WAS_HER, contact=1)
BEA = caseworker(person="bea")
NOT_HERS = a_command(
    AnswerCheck, check=1, actor=ASKER, answer=CheckAnswer.IT_WAS_NOT_HER, contact=1
)


def supported(*states: ReferralState, services: tuple[str, ...] = (IDVA,)) -> CaseSnapshot:
    """She is supported: one referral, for a need of its own, for each service."""
    states = states or (S.ACTIVE,) * len(services)
    case = an_open_case(needs=[a_need(n) for n in range(1, len(services) + 1)])
    for service in services:
        asks = a_command(AskConsent, recipient=service)
        case = after(case, asks, a_command(GiveConsent, recipient=service))
    referrals = tuple(
        a_referral(number, state, service, need=number)
        for number, (state, service) in enumerate(zip(states, services, strict=True), start=1)
    )
    return case.model_copy(update={"referrals": referrals})


def taken_back(
    case: CaseSnapshot, actor: Actor = RECORDER, at: datetime = AT, **parts: object
) -> CaseSnapshot:
    """Somebody records that she takes her consent back, from everyone."""
    command = a_command(WithdrawConsent, actor=actor, **({"recipient": None} | parts))
    return after(case, command, at=at)


def a_call(number: int = 1, **parts: Any) -> Contact:
    """The service that is to ask her has spoken with her, an hour after the withdrawal."""
    facts: dict[str, Any] = {
        "number": number,
        "referral": 1,
        "organisation": ASKER.organisation,
        "purpose": ContactPurpose.WITHDRAWAL_CHECK,
        "channel": ContactChannel.VOICE,
        "state": ContactState.MADE,
        "result": ContactResult.SPOKE,
        "planned_by": ASKER.who,
        "made_by": ASKER.who,
        "ended_by": ASKER.who,
        "started_at": AT + timedelta(hours=1),
        "ended_at": AT + timedelta(hours=2),
    }
    return Contact.model_validate(facts | parts)


def reached(case: CaseSnapshot, *contacts: Contact) -> CaseSnapshot:
    """She was spoken with meanwhile."""
    return case.model_copy(update={"contacts": contacts or (a_call(),)})


@pytest.fixture
def asked() -> CaseSnapshot:
    """A caseworker recorded a withdrawal; the service was to ask her, and has spoken with her."""
    return reached(taken_back(supported()))


def the_task(case: CaseSnapshot, number: int = 1) -> Task:
    """The task to ask her."""
    return the(case.task(f"withdrawal-check/{number}"))


def reports(case: CaseSnapshot) -> list[Task]:
    """What the data protection officer is told of recorders."""
    kind, dpo_is_told = TaskKind.REPORTED_RECORDER, Role.DPO
    return [t for t in case.tasks if (t.kind, t.for_role) == (kind, dpo_is_told)]


def the_yes(case: CaseSnapshot, service: str = IDVA) -> Consent:
    """The newest entry about a service."""
    return the(case.consent(SUPPORT, service))


# Asked


@pytest.mark.parametrize(
    ("recorder", "asks"),
    [
        pytest.param(RECORDER, Role.NGO_WORKER, id="of the lead"),
        pytest.param(dpo(), Role.NGO_WORKER, id="the lead's data protection officer"),
        pytest.param(ngo_intake("meadowlight"), Role.NGO_WORKER, id="of another service"),
        pytest.param(ASKER, Role.NGO_SUPERVISOR, id="of the service itself"),
    ],
)
def test_the_service_that_supports_her_asks_and_whoever_recorded_it_does_not(
    recorder: Actor, asks: Role
) -> None:
    """One task, for 72 hours, for somebody else; of their own colleague, a supervisor asks."""
    case = taken_back(supported(), actor=recorder)
    (check,) = case.checks
    task = the_task(case)
    assert (asks, "harbour-house", recorder.who) == (task.for_role, task.organisation, task.not_for)
    assert (CheckState.OPEN, recorder.who, (1,)) == (check.state, check.recorder, check.referrals)
    assert OVER == check.line_until == the(case.deadline("withdrawal-check/1")).due_at


@pytest.mark.parametrize("state", [s for s in S if s not in (S.ACCEPTED, S.ACTIVE)])
def test_a_service_that_had_not_taken_her_on_asks_nothing(state: ReferralState) -> None:
    """It has no line to keep: it learns that it is stopped, and no more."""
    assert () == taken_back(supported(state)).checks


def test_each_service_is_asked_about_its_own_and_told_of_no_other() -> None:
    """Two services, two questions; one with two referrals has one."""
    case = taken_back(supported(services=(IDVA, COUNSELLING, MEADOWLIGHT)))
    seen = [(c.asks, c.referrals, {k.recipient for k in c.consents}) for c in case.checks]
    assert [
        ("harbour-house", (1, 2), {IDVA, COUNSELLING}),
        ("meadowlight", (3,), {MEADOWLIGHT}),
    ] == seen
    answered = after(reached(case), HERS, at=SOON)
    assert [CheckState.IT_WAS_HER, CheckState.OPEN] == [c.state for c in answered.checks]


def test_a_withdrawal_from_one_service_asks_that_one_alone() -> None:
    """The other goes on, and is not told."""
    case = taken_back(supported(services=(IDVA, MEADOWLIGHT)), recipient=MEADOWLIGHT)
    assert ["meadowlight"] == [check.asks for check in case.checks]
    assert [S.ACTIVE, S.WITHDRAWN] == [referral.state for referral in case.referrals]


# Answered


def test_it_was_her_and_everything_stays_as_she_wanted_it(asked: CaseSnapshot) -> None:
    """The question is settled; nothing is put back, nobody is reported."""
    answer = done(asked, HERS, at=SOON)
    assert not only(ReferralRecorded, answer)
    case = apply(asked, answer.changes)
    assert (CheckState.IT_WAS_HER, ASKER.who) == (case.checks[0].state, case.checks[0].answered_by)
    assert DeadlineState.MET is the(case.deadline("withdrawal-check/1")).state
    assert the_task(case).is_done
    assert ConsentState.WITHDRAWN is the_yes(case).state
    assert [] == reports(case)


def test_it_was_not_her_and_her_yes_is_put_back_as_it_was(asked: CaseSnapshot) -> None:
    """The same fields, no longer than it would have held, one epoch on; it runs out as before."""
    before, taken = the_yes(supported()), the_yes(asked)
    case = after(asked, NOT_HERS, at=SOON)
    entry = the_yes(case)
    assert consents.is_valid(entry, SOON)
    assert (before.fields, before.expires_at) == (entry.fields, entry.expires_at)
    assert taken.epoch + 1 == entry.epoch
    renewal = f"{consents.RENEWAL}/{IDVA}"
    was, runs = the(supported().deadline(renewal)), the(case.deadline(renewal))
    assert (was.started_at, was.due_at) == (runs.started_at, runs.due_at)
    assert DeadlineState.RUNNING is runs.state


def test_it_was_not_her_and_each_stopped_referral_is_replaced(asked: CaseSnapshot) -> None:
    """What is over stays over; the same service is asked anew, and at once."""
    case = after(asked, NOT_HERS, at=SOON)
    old, new = case.referrals
    assert (S.WITHDRAWN, S.WAITING) == (old.state, new.state)
    assert (1, old.service, old.need, old.priority) == (
        new.replaces,
        new.service,
        new.need,
        new.priority,
    )
    assert (old.next_choices, old.offered, old.chosen_by) == (
        new.next_choices,
        new.offered,
        new.chosen_by,
    )
    assert referral_outlook(case, 2, SOON).may_be_queued


def test_it_was_not_her_and_the_recorder_is_reported_to_somebody_else(
    asked: CaseSnapshot,
) -> None:
    """To the data protection officer and to a safeguarding supervisor, the recorder excepted."""
    case = after(asked, NOT_HERS, at=SOON)
    told = [t for t in case.tasks if t.kind is TaskKind.REPORTED_RECORDER]
    assert [
        (Role.DPO, RECORDER.who, None),
        (Role.SAFEGUARDING_SUPERVISOR, RECORDER.who, None),
    ] == [(task.for_role, task.not_for, task.organisation) for task in told]
    assert {f"task/{task.id}/{SOON:%Y%m%dT%H%M%S}" for task in told} <= {
        dispatch.key for dispatch in case.dispatches
    }
    assert (CheckState.IT_WAS_NOT_HER, True) == (case.checks[0].state, the_task(case).is_done)


def test_a_stop_that_waits_to_leave_still_leaves(asked: CaseSnapshot) -> None:
    """The service closes the old referral; the new one comes beside it."""
    case = after(asked, NOT_HERS, at=SOON)
    assert {"stop/1", "stop-notice/1"} <= {dispatch.key for dispatch in case.dispatches}


@pytest.mark.parametrize("stage", [Stage.DORMANT, Stage.CLOSING_REVIEW, Stage.CLOSED])
def test_there_is_work_for_her_again_whatever_became_of_the_case(stage: Stage) -> None:
    """A case that rests, or was closed before, is open again: what was asked for can be sent."""
    case = reached(taken_back(supported()))
    case = case.model_copy(update={"case": case.case.model_copy(update={"stage": stage})})
    assert stage is case.case.stage
    assert stage is after(case, HERS, at=SOON).case.stage
    case = after(case, NOT_HERS, at=SOON)
    assert (Stage.OPEN, S.WAITING) == (case.case.stage, case.referrals[-1].state)


# Heard


@pytest.mark.parametrize(
    ("parts", "is_hers"),
    [
        pytest.param({}, True, id="in a call to ask her"),
        pytest.param({"purpose": ContactPurpose.UPDATE}, True, id="in a call about another matter"),
        pytest.param({"made_by": "harbour-house:ida"}, True, id="to a colleague"),
        pytest.param({"organisation": "meadowlight"}, False, id="to another service"),
        pytest.param({"organisation": POLICE}, False, id="to the agency that leads"),
        pytest.param({"made_by": RECORDER.who}, False, id="to the recorder"),
        pytest.param({"ended_by": RECORDER.who}, False, id="the recorder said what came of it"),
        pytest.param({"ended_by": None}, False, id="nobody knows who said what came of it"),
        pytest.param({"started_at": AT - timedelta(minutes=1)}, False, id="before the withdrawal"),
        pytest.param({"started_at": None}, False, id="nobody knows when"),
        pytest.param({"is_outside_plan": True}, False, id="outside her plan"),
        pytest.param({"channel": ContactChannel.IN_PERSON}, True, id="face to face"),
        pytest.param(
            {"channel": ContactChannel.VIA_TRUSTED_PERSON}, False, id="to somebody she trusts"
        ),
        pytest.param({"result": ContactResult.NO_ANSWER}, False, id="nobody answered"),
        pytest.param({"result": ContactResult.DURESS}, False, id="under duress"),
        pytest.param({"word": WordCheck.WRONG}, False, id="with a wrong word"),
        pytest.param(
            {"interpreted_by": InterpreterKind.FAMILY_OR_FRIEND}, False, id="through her family"
        ),
        pytest.param(
            {"state": ContactState.STARTED, "result": None}, False, id="the call is not over"
        ),
    ],
)
@pytest.mark.parametrize(
    ("recorder", "answer"),
    [(RECORDER, NOT_HERS), (ngo_intake(), NOT_HERS), (ngo_intake(), HERS)],
    ids=["not hers", "not hers, by a colleague", "hers, by a colleague of the recorder"],
)
def test_her_answer_is_heard_in_a_contact_on_record(
    parts: dict[str, Any], is_hers: bool, recorder: Actor, answer: AnswerCheck
) -> None:
    """What gives her back to a service is on nobody's bare word, nor what ends its line to her."""
    parts = {k: recorder.who if v == RECORDER.who else v for k, v in parts.items()}
    heard = is_hers and parts.get("made_by") != recorder.who
    case = reached(taken_back(supported(), recorder), a_call(**parts))
    assert (set() if heard else {"not_heard"}) == why_not(case, answer, SOON)


def test_a_service_says_by_itself_that_what_another_agency_recorded_was_hers() -> None:
    """She rang them, say; nothing comes back by that."""
    case = taken_back(supported())
    assert set() == why_not(case, HERS.model_copy(update={"contact": None}), SOON)


@pytest.mark.parametrize("contact", [None, 7], ids=["none named", "none there"])
def test_an_answer_names_the_contact(asked: CaseSnapshot, contact: int | None) -> None:
    """Which one it was is on record."""
    command = NOT_HERS.model_copy(update={"contact": contact})
    assert {"not_heard"} == why_not(asked, command, SOON)
    assert 1 == done(asked, NOT_HERS, at=SOON).detail["contact"]


@pytest.mark.parametrize("state", [PlanState.IN_FORCE, PlanState.SUSPENDED])
@pytest.mark.parametrize("word", [WordCheck.SAFE, WordCheck.NOT_GIVEN])
def test_where_a_safe_word_was_agreed_she_gave_it(word: WordCheck, state: PlanState) -> None:
    """Else somebody beside her could say that it was not she."""
    plan = ContactPlan(
        number=1, channels=(ContactChannel.VOICE,), state=state, words_of=1, set_by="x:y"
    )
    case = reached(taken_back(supported()), a_call(word=word))
    case = case.model_copy(update={"plans": (plan,)})
    expected = set() if word is WordCheck.SAFE else {"not_heard"}
    assert expected == why_not(case, NOT_HERS, SOON)


def test_a_supervisor_of_the_lead_hears_it_in_a_contact_of_the_lead() -> None:
    """The recorder's own excepted."""
    says = NOT_HERS.model_copy(update={"actor": supervisor()})
    for made_by, codes in ((supervisor().who, set()), (RECORDER.who, {"not_heard"})):
        call = a_call(organisation=POLICE, made_by=made_by, referral=None)
        assert codes == why_not(reached(taken_back(supported()), call), says, SOON)
    assert {"not_heard"} == why_not(reached(taken_back(supported())), says, SOON)


@pytest.mark.parametrize("answer", [HERS, NOT_HERS], ids=["hers", "not hers"])
def test_nobody_calls_her_to_ask_once_she_has_answered(answer: AnswerCheck) -> None:
    """Another call that was planned for it is called off; so it is when the time is over."""
    waits = a_call(2, state=ContactState.OPEN, result=None, started_at=None)
    case = reached(taken_back(supported()), a_call(), waits)
    for settled in (after(case, answer, at=SOON), lapsed(case)):
        assert ContactState.CANCELLED is the(settled.contact(2)).state


# By whom


@pytest.mark.parametrize(
    ("actor", "codes"),
    [
        pytest.param(ASKER, set(), id="a worker of the service"),
        *(
            pytest.param(an_actor(role, "harbour-house", "wyn"), set(), id=f"its {role}")
            for role in sorted(NGO_ROLES - {Role.NGO_WORKER})
        ),
        pytest.param(supervisor(), set(), id="a supervisor of the lead"),
        pytest.param(RECORDER, {"not_your_question"}, id="a caseworker of the lead"),
        pytest.param(
            an_actor(Role.SAFEGUARDING_SUPERVISOR, person=RECORDER.person),
            {"second_person"},
            id="the recorder, as a supervisor",
        ),
        pytest.param(supervisor("saltmere-police"), {"not_your_case"}, id="a supervisor elsewhere"),
        pytest.param(ngo_intake("kitebrook-families"), {"not_yours"}, id="a foreign service"),
        pytest.param(ngo_intake("meadowlight"), {"unknown_check"}, id="another service of hers"),
    ],
)
def test_the_service_or_a_supervisor_asks_and_never_the_recorder(
    actor: Actor, codes: set[str]
) -> None:
    """Whoever may have made it up does not hear what she says to it."""
    case = supported(S.ACTIVE, S.OPENED, services=(IDVA, MEADOWLIGHT))
    case = reached(taken_back(case), a_call(), a_call(2, organisation=POLICE, referral=None))
    contact = 2 if actor.organisation == POLICE else 1
    for answer in CheckAnswer:
        command = a_command(AnswerCheck, check=1, actor=actor, answer=answer, contact=contact)
        assert codes == why_not(case, command, SOON)


@pytest.mark.parametrize("role", sorted(NGO_ROLES))
def test_a_recorder_of_the_service_does_not_ask_in_any_role(role: Role) -> None:
    """A person is one person, whatever hat they wear."""
    case = taken_back(supported(), actor=ASKER)
    same = an_actor(role, ASKER.organisation, ASKER.person)
    command = a_command(AnswerCheck, check=1, actor=same, answer=CheckAnswer.IT_WAS_HER)
    assert {"second_person"} == why_not(case, command, SOON)


def test_what_nobody_asks_cannot_be_answered(asked: CaseSnapshot) -> None:
    """There is a question, or there is none."""
    assert {"unknown_check"} == why_not(asked, a_command(AnswerCheck, check=2, actor=ASKER))
    assert {"unknown_check"} == why_not(supported(), HERS)


# Too late


def lapsed(case: CaseSnapshot) -> CaseSnapshot:
    """After 72 hours without an answer."""
    return after(case, a_command(Breach, deadline="withdrawal-check/1"), at=OVER)


def test_when_she_was_not_reached_the_line_closes_and_a_person_is_told(
    asked: CaseSnapshot,
) -> None:
    """Silence is no answer: what was taken back stays so, and the recorder is not who looks."""
    case = lapsed(asked)
    assert CheckState.NOT_REACHED is case.checks[0].state
    assert ConsentState.WITHDRAWN is the_yes(case).state
    assert the_task(case).is_done
    (told,) = (task for task in case.tasks if not task.is_done)
    assert (TaskKind.TIME_PASSED, Role.SAFEGUARDING_SUPERVISOR, RECORDER.who) == (
        told.kind,
        told.for_role,
        told.not_for,
    )


def test_a_time_that_passes_after_her_answer_changes_nothing(asked: CaseSnapshot) -> None:
    """Her answer met it."""
    case = after(asked, HERS, at=SOON)
    assert {"overtaken"} == why_not(case, a_command(Breach, deadline="withdrawal-check/1"), OVER)


@pytest.mark.parametrize("is_told", [False, True], ids=["the timer is late", "the timer rang"])
def test_a_late_answer_puts_nothing_back_and_is_still_reported(
    asked: CaseSnapshot, is_told: bool
) -> None:
    """She is asked for a new yes; that somebody made up her word is heard at any time."""
    case = lapsed(asked) if is_told else asked
    hers, not_hers = (decide(case, said, a_world(OVER)) for said in (HERS, NOT_HERS))
    assert isinstance(hers, Refused)
    assert isinstance(not_hers, Refused)
    assert [["check_over"]] * 2 == [[r.code for r in no.reasons] for no in (hers, not_hers)]
    assert () == hers.alerts
    told = [change.task for change in not_hers.alerts if isinstance(change, TaskRecorded)]
    assert [(role, RECORDER.who) for role in (Role.DPO, Role.SAFEGUARDING_SUPERVISOR)] == [
        (task.for_role, task.not_for) for task in told
    ]
    assert not any(isinstance(change, ReferralRecorded) for change in not_hers.alerts)


def test_an_answer_is_given_once_and_its_opposite_is_reported(asked: CaseSnapshot) -> None:
    """Nothing is put back on a second answer; that they differ is looked at."""
    first_hers, first_not = after(asked, HERS, at=SOON), after(asked, NOT_HERS, at=SOON)
    contrary = decide(first_hers, NOT_HERS, a_world(SOON))
    assert isinstance(contrary, Refused)
    assert 2 == len([c for c in contrary.alerts if isinstance(c, TaskRecorded)])
    for case, said in ((first_hers, HERS), (first_not, HERS), (first_not, NOT_HERS)):
        again = decide(case, said, a_world(SOON))
        assert isinstance(again, Refused)
        assert (["answered_already"], ()) == ([r.code for r in again.reasons], again.alerts)


# What happened meanwhile


def test_somebody_elses_withdrawal_since_then_stands(asked: CaseSnapshot) -> None:
    """What she says of the first undoes no other; the service is asked, and she is too."""
    case = taken_back(asked, actor=supervisor(), at=AT + timedelta(hours=1))
    assert asked.checks == case.checks
    case = after(case, NOT_HERS, at=SOON)
    assert ConsentState.WITHDRAWN is the_yes(case).state
    assert (S.WAITING, ConsentState.WITHDRAWN) == (
        case.referrals[-1].state,
        case.referrals[-1].consent,
    )
    assert TaskKind.CONSENT_MISSING is the(case.task("consent/2")).kind
    assert (POLICE, NoticeTemplate.TASK, 2) in told(case)
    assert not referral_outlook(case, 2, SOON).may_be_queued
    assert 1 == len(reports(case))


def test_the_same_withdrawal_told_again_by_the_same_person_is_undone_with_the_first(
    asked: CaseSnapshot,
) -> None:
    """Writing it down twice keeps nobody from putting it right."""
    twice = taken_back(asked, at=AT + timedelta(hours=1))
    case = after(twice, NOT_HERS, at=SOON)
    assert consents.is_valid(the_yes(case), SOON)
    assert the_yes(twice).epoch + 1 == the_yes(case).epoch


@pytest.mark.parametrize("kind", [RecallReferral, CorrectReferral])
def test_help_that_had_begun_is_not_taken_back_without_asking_her(kind: type[Command]) -> None:
    """The service asks whether she wanted that; if not, it goes on, and it is reported."""
    case = after(supported(), a_command(kind))
    (check,) = case.checks
    assert (caseworker().who, "harbour-house", ()) == (check.recorder, check.asks, check.consents)
    not_hers = after(reached(case), NOT_HERS, at=SOON)
    again = the(not_hers.referral(2))
    assert (1, ReferralState.WAITING) == (again.replaces, again.state)
    assert ConsentState.GIVEN is again.consent
    assert TaskKind.REPORTED_RECORDER in {task.kind for task in not_hers.tasks}


def test_that_she_said_it_herself_is_again_the_word_of_who_wrote_the_first(
    asked: CaseSnapshot,
) -> None:
    """Otherwise a second line would keep for him what the first one took."""
    twice = taken_back(asked, at=AT + timedelta(hours=1), said_by=SaidBy.VICTIM)
    case = after(twice, NOT_HERS, at=SOON)
    assert consents.is_valid(the_yes(case), SOON)


def test_what_somebody_else_hears_from_her_stands_by_itself(asked: CaseSnapshot) -> None:
    """The first was not hers; the second is, as far as anybody knows."""
    twice = taken_back(asked, at=AT + timedelta(hours=1), actor=supervisor())
    case = after(twice, NOT_HERS, at=SOON)
    assert ConsentState.WITHDRAWN is the_yes(case).state
    assert ConsentState.WITHDRAWN is case.referrals[-1].consent


@pytest.mark.parametrize("verb", sorted(WOULD_DECIDE_IT))
def test_the_recorder_types_nothing_that_would_decide_it(asked: CaseSnapshot, verb: Verb) -> None:
    """A colleague may; and so may the recorder, once she has answered."""
    recorder, colleague = caseworker(), caseworker(person="bea")
    assert {"being_checked"} == codes(objection_to(asked, verb, recorder))
    assert "being_checked" not in codes(objection_to(asked, verb, colleague))
    answered = after(asked, NOT_HERS, at=SOON)
    assert "being_checked" not in codes(objection_to(answered, verb, recorder))


def codes(refusal: Refused | None) -> set[str]:
    return {reason.code for reason in refusal.reasons} if refusal else set()


def test_a_supervisor_ends_the_line_of_a_service_only_on_a_contact(asked: CaseSnapshot) -> None:
    """A colleague of the recorder could say that it was she before the service has rung her."""
    hers = a_command(AnswerCheck, actor=supervisor(), answer=CheckAnswer.IT_WAS_HER)
    assert {"not_heard"} == why_not(asked, hers, at=SOON)


def test_her_newer_word_is_not_overwritten_by_an_older_one(asked: CaseSnapshot) -> None:
    """She agreed to less since: that stands, and the referral goes on that."""
    less = (PersonalField.NAME,)
    case = after(
        asked,
        a_command(AskConsent, fields=less, actor=BEA),
        a_command(GiveConsent, fields=less, actor=BEA),
        at=SOON,
    )
    word = the_yes(case)
    case = after(case, NOT_HERS, at=SOON)
    assert word == the_yes(case)
    assert (1, ConsentState.GIVEN) == (case.referrals[-1].replaces, case.referrals[-1].consent)


def test_a_question_that_is_open_again_stays_hers_to_answer(asked: CaseSnapshot) -> None:
    """Nobody answers it for her."""
    case = after(asked, a_command(AskConsent, actor=BEA), NOT_HERS, at=SOON)
    assert ConsentState.ASKED is the_yes(case).state
    assert ConsentState.ASKED is case.referrals[-1].consent


def test_a_yes_that_would_have_run_out_is_not_put_back() -> None:
    """It comes back for as long as it would have held, and that is over."""
    case = supported()
    nearly = AT + consents.VALID_FOR - timedelta(hours=1)
    case = reached(taken_back(case, at=nearly), a_call(started_at=nearly + timedelta(hours=1)))
    case = after(case, NOT_HERS, at=nearly + timedelta(hours=2))
    assert ConsentState.WITHDRAWN is the_yes(case).state
    assert TaskKind.CONSENT_MISSING is the(case.task("consent/2")).kind


def test_a_need_that_somebody_has_seen_to_meanwhile_is_not_asked_for_twice(
    asked: CaseSnapshot,
) -> None:
    """One open request for each need; what a person arranged since stays arranged."""
    wanted = a_command(RequestReferral, choices=(MEADOWLIGHT,), actor=BEA)
    arranged = after(asked, wanted, at=SOON)
    case = after(arranged, NOT_HERS, at=SOON)
    assert arranged.referrals == case.referrals
    says = (AskConsent, GiveConsent, ReopenReferral)
    case = after(asked, *(a_command(kind, actor=BEA) for kind in says), at=SOON)
    replaced = after(case, a_command(RecallReferral, referral=2), at=SOON)
    assert replaced.referrals == after(replaced, NOT_HERS, at=SOON).referrals


def test_two_stopped_referrals_of_a_service_are_both_replaced() -> None:
    """Each need has its own again, under a number of its own."""
    case = reached(taken_back(supported(services=(IDVA, COUNSELLING))))
    case = after(case, NOT_HERS, at=SOON)
    new = [(r.number, r.replaces, r.service, r.need) for r in case.referrals if r.replaces]
    assert [(3, 1, IDVA, 1), (4, 2, COUNSELLING, 2)] == new


def test_a_yes_that_had_run_out_while_support_went_on_is_asked_for() -> None:
    """There was no yes to put back: the service is asked anew once she has said so."""
    expired = given(at=AT - consents.VALID_FOR)
    case = an_open_case(consents=[expired], referrals=[a_referral(1, S.ACTIVE)])
    case = reached(taken_back(case))
    assert () == case.checks[0].consents
    case = after(case, NOT_HERS, at=SOON)
    assert not consents.is_valid(the_yes(case), SOON)
    assert TaskKind.CONSENT_MISSING is the(case.task("consent/2")).kind


def test_the_time_to_refer_her_runs_again_where_it_had_ended_with_the_last_yes() -> None:
    """What is owed with a yes is owed again with the one that is put back."""
    case = supported(S.ACTIVE)
    taken = reached(taken_back(case))
    duty = "vc-r4-support-referral"
    states = [the(each.deadline(duty)).state for each in (case, taken)]
    undone = after(taken, NOT_HERS, at=SOON)
    assert [DeadlineState.RUNNING, DeadlineState.VOID] == states
    assert DeadlineState.RUNNING is the(undone.deadline(duty)).state


@pytest.mark.parametrize(
    ("asked_how", "why"),
    [
        (None, "how_not_said"),
        ({"present": (Presence.PERPETRATOR,)}, "not_alone"),
        ({"at_safe_time": False}, "not_safe_time"),
    ],
    ids=["not said how", "with whoever harms her", "at an unsafe time"],
)
def test_a_yes_is_put_back_only_as_freely_as_it_would_be_given(
    asked_how: dict[str, Any] | None, why: str
) -> None:
    """What was not her is believed of an answer she was free to give, and of no other."""
    case = reached(taken_back(supported()))
    usual = NOT_HERS.asked
    assert usual is not None
    how = None if asked_how is None else usual.model_copy(update=asked_how)
    assert {why} == why_not(case, NOT_HERS.model_copy(update={"asked": how}), SOON)
    assert set() == why_not(case, HERS.model_copy(update={"asked": None}), SOON)


@pytest.mark.parametrize("reason", [r for r in ClosingReason if r is not ClosingReason.DECEASED])
def test_no_case_is_closed_while_she_is_asked_whether_a_withdrawal_was_hers(
    reason: ClosingReason,
) -> None:
    """In a closed case nobody calls her: one person could end her support and the question."""
    case = taken_back(supported())
    closing = a_command(CloseCase, reason=reason)
    assert "withdrawal_being_checked" in why_not(case, closing, SOON)
    for settled in (after(case, HERS, at=SOON), lapsed(case)):
        assert "withdrawal_being_checked" not in why_not(settled, closing, OVER)
