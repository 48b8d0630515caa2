"""What she is asked, and what she answers: a yes counts only if she was free to give it."""

from datetime import timedelta

import pytest

from rules import consents
from rules.decide import decide
from rules.duties import SUPPORT_REFERRAL
from schemas.case import PersonalField
from schemas.changes import DeadlineRecorded, DispatchRecorded, PacketPlaced, TaskRecorded
from schemas.clockwork_steps import Deliver
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
from schemas.contact import InterpreterKind
from schemas.decisions import Refused
from schemas.referral import Delivery
from schemas.snapshot import CaseSnapshot, Task, TaskKind
from tests.builders import (
    AT,
    COUNSELLING,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    a_case,
    a_command,
    a_consent,
    a_need,
    a_packet,
    a_referral,
    a_task,
    a_world,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    expired,
    given,
    only,
    said_no,
    the,
    why_not,
    withdrawn,
)

LATER = AT + timedelta(hours=1)
SUPPORT = Purpose.SUPPORT_REFERRAL
MORE = (*FIELDS, PersonalField.CIRCUMSTANCES)
WHEN_SHE_SAID = AT + timedelta(days=2)
ALONE = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)


def asked(**differently: object) -> AskedHow:
    """Asked as she should be, but for what is said."""
    return AskedHow.model_validate(ALONE.model_dump() | differently)


def of(case: CaseSnapshot, purpose: Purpose = SUPPORT, recipient: str = IDVA) -> Consent:
    """The newest entry."""
    return the(case.consent(purpose, recipient))


def open_tasks(case: CaseSnapshot) -> list[Task]:
    """What somebody is still to do."""
    return [task for task in case.tasks if not task.is_done]


def test_nobody_is_asked_before_she_is_safe() -> None:
    """Safety first: help is spoken of once she can talk safely."""
    assert {"safety_first"} == why_not(a_case(), a_command(AskConsent))
    assert set() == why_not(an_open_case(), a_command(AskConsent))


def test_she_is_asked_about_named_services_and_named_fields() -> None:
    """INV-10: a consent is for one recipient and a set of fields."""
    case = an_open_case()
    assert {"unknown_service"} == why_not(case, a_command(AskConsent, recipient="nobody-knows"))
    assert {"no_fields"} == why_not(case, a_command(AskConsent, fields=()))
    case = after(case, a_command(AskConsent, fields=(*FIELDS, *FIELDS)))
    assert a_consent().model_copy(update={"asked": ALONE}) == of(case)


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
    renew, refer = first.deadlines
    assert (SUPPORT_REFERRAL, AT) == (refer.id, refer.started_at)
    assert (f"{consents.RENEWAL}/{IDVA}", AT) == (renew.id, renew.started_at)
    second = done(first, a_command(GiveConsent, recipient=MEADOWLIGHT), at=LATER)
    started = [change.deadline.id for change in only(DeadlineRecorded, second)]
    assert [f"{consents.RENEWAL}/{MEADOWLIGHT}"] == started


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


def test_nothing_is_recorded_as_having_happened_later_than_now() -> None:
    """A time in the future is a mistake, whoever makes it."""
    command = a_command(AskConsent, occurred_at=AT + timedelta(seconds=1))
    assert {"in_the_future"} == why_not(an_open_case(), command)
    assert set() == why_not(an_open_case(), a_command(AskConsent, occurred_at=AT))


def test_another_force_cannot_ask_in_our_case() -> None:
    """A case is its owner's; a caseworker elsewhere is refused."""
    stranger = an_actor(caseworker().role, "saltmere-police")
    assert {"not_your_case"} == why_not(an_open_case(), a_command(AskConsent, actor=stranger))


# Freely


NOT_FREELY = [
    pytest.param({"at_safe_time": False}, {"not_safe_time"}, id="not at a safe time"),
    pytest.param({"present": ("perpetrator",)}, {"not_alone"}, id="with the perpetrator"),
    pytest.param({"present": ("children", "family")}, {"not_alone"}, id="with her family"),
    pytest.param({"present": ("not_known",)}, {"not_alone"}, id="nobody knows with whom"),
    pytest.param({"present": ("nobody", "family")}, {"not_alone"}, id="alone, and not alone"),
    *(
        pytest.param(
            {"present": ("interpreter",), "interpreter": kind},
            {"interpreter_not_independent"},
            id=f"interpreted by {kind}",
        )
        for kind in InterpreterKind
        if kind not in (InterpreterKind.NONE, InterpreterKind.INDEPENDENT)
    ),
    pytest.param({"told_help_does_not_depend": False}, {"told_first"}, id="not told it is free"),
    pytest.param(
        {
            "at_safe_time": False,
            "present": ("perpetrator",),
            "interpreter": "family_or_friend",
            "told_help_does_not_depend": False,
        },
        {"not_safe_time", "not_alone", "interpreter_not_independent", "told_first"},
        id="everything at once",
    ),
]


@pytest.mark.parametrize(("differently", "codes"), NOT_FREELY)
@pytest.mark.parametrize("kind", [AskConsent, GiveConsent])
def test_a_yes_she_was_not_free_to_give_is_no_yes_and_a_supervisor_hears_of_it(
    kind: type[AskConsent | GiveConsent], differently: dict[str, object], codes: set[str]
) -> None:
    """INV-10: every ground is named, and exactly one task asks somebody else to look at it."""
    case = an_open_case(consents=[a_consent()], referrals=[a_referral()])
    fields = MORE if kind is AskConsent else FIELDS
    command = a_command(kind, fields=fields, asked=asked(**differently))
    answer = decide(case, command, a_world())
    assert isinstance(answer, Refused)
    assert codes == {reason.code for reason in answer.reasons}
    raised = [change.task for change in answer.alerts if isinstance(change, TaskRecorded)]
    assert [(TaskKind.DEFECTIVE_CONSENT, caseworker().who)] == [(t.kind, t.not_for) for t in raised]
    notices = [c.dispatch for c in answer.alerts if isinstance(c, DispatchRecorded)]
    assert [None] == [notice.referral for notice in notices]
    assert len(answer.alerts) == 2


@pytest.mark.parametrize(
    "how",
    [
        ALONE,
        asked(present=("support_worker",)),
        asked(present=("children",)),
        asked(present=("interpreter",), interpreter="independent"),
    ],
    ids=["alone", "with her support worker", "with small children", "well interpreted"],
)
def test_a_yes_she_was_free_to_give_is_taken(how: AskedHow) -> None:
    """Nobody is kept from help because somebody of hers was with her."""
    case = after(an_open_case(), a_command(AskConsent, asked=how), a_command(GiveConsent))
    assert consents.is_valid(of(case), AT)
    assert not open_tasks(case)


def test_it_is_tried_twice_and_told_once() -> None:
    """One question spoilt is one task, however often it is tried."""
    bad = a_command(GiveConsent, asked=asked(at_safe_time=False))
    case = an_open_case(consents=[a_consent()])
    first = decide(case, bad, a_world())
    case = after_refusal(case, first)
    again = decide(case, bad, a_world(LATER))
    assert isinstance(again, Refused)
    assert ({"ask_anew"}, ()) == ({r.code for r in again.reasons}, again.alerts)


def after_refusal(case: CaseSnapshot, answer: object) -> CaseSnapshot:
    """The case with the tasks that a refusal left."""
    assert isinstance(answer, Refused)
    raised = (change.task for change in answer.alerts if isinstance(change, TaskRecorded))
    return case.model_copy(update={"tasks": (*case.tasks, *raised)})


def test_a_yes_that_was_not_free_is_not_told_again_as_one_that_was() -> None:
    """It takes a new question, asked freely; then her yes counts, whoever has looked meanwhile."""
    case = an_open_case(consents=[a_consent()])
    refusal = decide(case, a_command(GiveConsent, asked=asked(present=("family",))), a_world())
    case = after_refusal(case, refusal)
    assert {"ask_anew"} == why_not(case, a_command(GiveConsent, asked=ALONE))
    case = after(case, a_command(AskConsent), a_command(GiveConsent), at=LATER)
    assert consents.is_valid(of(case), LATER)


def test_nothing_is_sent_on_a_yes_that_was_not_free() -> None:
    """INV-08: the packet that waits for it stays here."""
    case = an_open_case(
        consents=[a_consent()],
        needs=[a_need()],
        referrals=[a_referral(delivery=Delivery.QUEUED)],
        dispatches=[a_packet()],
    )
    refusal = decide(case, a_command(GiveConsent, asked=asked(at_safe_time=False)), a_world())
    case = after_refusal(case, refusal)
    assert not consents.is_valid(of(case), AT)
    assert not only(PacketPlaced, done(case, a_command(Deliver)))


def test_how_she_was_asked_is_never_assumed() -> None:
    """What was not said is no ground for alarm, and no yes either."""
    case = an_open_case(consents=[a_consent()])
    nothing_said = a_command(GiveConsent, asked=None)
    who_interpreted = a_command(AskConsent, fields=MORE, asked=asked(present=("interpreter",)))
    for command in (nothing_said, who_interpreted, a_command(AskConsent, fields=MORE, asked=None)):
        answer = decide(case, command, a_world())
        assert isinstance(answer, Refused)
        assert ("how_not_said",) == tuple(reason.code for reason in answer.reasons)
        assert () == answer.alerts


def test_her_yes_stands_on_how_she_was_asked_unless_it_was_another_time() -> None:
    """She may answer in the same talk, or later with others there."""
    case = after(an_open_case(), a_command(AskConsent, asked=asked(present=("support_worker",))))
    assert asked(present=("support_worker",)) == of(case).asked
    assert asked(present=("support_worker",)) == of(after(case, a_yes_as_asked())).asked
    assert {"not_alone"} == why_not(
        case, a_command(GiveConsent, asked=asked(present=("perpetrator",)))
    )


def a_yes_as_asked() -> GiveConsent:
    """A yes in the talk in which she was asked."""
    return a_command(GiveConsent, asked=None)


# Time to think, and no yes


def test_she_may_take_her_time_and_is_asked_when_she_said() -> None:
    """Thinking is no yes: the referral waits and says so, and a person has it in mind."""
    case = an_open_case(referrals=[a_referral()])
    case = after(case, a_command(AskConsent))
    case = after(case, a_command(ReflectConsent, ask_again_at=WHEN_SHE_SAID))
    entry = of(case)
    assert (ConsentState.REFLECTING, FIELDS) == (entry.state, entry.fields)
    assert WHEN_SHE_SAID == entry.ask_again_at
    assert ConsentState.REFLECTING is the(case.referral(1)).consent
    assert [TaskKind.ASK_AGAIN] == [task.kind for task in open_tasks(case)]
    answered = after(case, a_command(GiveConsent), at=LATER)
    assert consents.is_valid(of(answered), LATER)
    assert [] == open_tasks(answered)


@pytest.mark.parametrize("beside", [(), (given(),)], ids=["no yes yet", "beside a yes"])
def test_a_yes_after_time_to_think_says_anew_how_she_was_asked(beside: tuple[Consent, ...]) -> None:
    """It is another talk: who was there at the first one says nothing of who is there now."""
    thinks = (a_command(AskConsent, fields=MORE), a_command(ReflectConsent))
    case = after(an_open_case(consents=beside), *thinks)
    refusal = decide(case, a_yes_as_asked(), a_world(LATER))
    assert isinstance(refusal, Refused)
    assert ("how_not_said",) == tuple(reason.code for reason in refusal.reasons)
    for option in ("--present", "--at-safe-time", "--told-not-a-condition"):
        assert option in refusal.sentences()
    assert set() == why_not(case, a_command(GiveConsent), LATER)
    asked_again = after(case, a_command(AskConsent, fields=MORE), at=LATER)
    assert set() == why_not(asked_again, a_yes_as_asked(), LATER)


@pytest.mark.parametrize(
    "before",
    [(), (given(),), (said_no(),), (withdrawn(),)],
    ids=["never asked", "given", "refused", "withdrawn"],
)
def test_there_is_nothing_to_think_about_where_nothing_was_asked(
    before: tuple[Consent, ...],
) -> None:
    """A question comes first."""
    assert {"not_asked"} == why_not(an_open_case(consents=before), a_command(ReflectConsent))


def test_a_time_to_ask_again_lies_ahead() -> None:
    """Nobody is asked again in the past."""
    case = an_open_case(consents=[a_consent()])
    assert {"in_the_past"} == why_not(case, a_command(ReflectConsent, ask_again_at=AT))


def test_who_cannot_decide_now_has_said_nothing_and_a_supervisor_looks_after_her() -> None:
    """Nothing is shared; whoever recorded it cannot turn it into a yes without asking her."""
    case = an_open_case(consents=[a_consent()], referrals=[a_referral()])
    case = after(case, a_command(MarkNotCapable))
    assert ConsentState.NOT_CAPABLE is of(case).state
    assert ConsentState.NOT_CAPABLE is the(case.referral(1)).consent
    assert [TaskKind.BEST_INTERESTS] == [task.kind for task in open_tasks(case)]
    assert {"not_asked"} == why_not(case, a_command(GiveConsent))
    assert {"already_given"} == why_not(an_open_case(consents=[given()]), a_command(MarkNotCapable))


@pytest.mark.parametrize("kind", [RefuseConsent, GiveConsent, WithdrawConsent])
def test_what_was_to_be_asked_again_is_settled_by_her_answer(kind: type) -> None:
    """Nobody presses her with a task from before she spoke."""
    tasks = [
        a_task(f"ask-again/support_referral/{IDVA}", TaskKind.ASK_AGAIN),
        a_task(f"renew/support_referral/{IDVA}", TaskKind.RENEW_CONSENT),
    ]
    case = an_open_case(consents=[a_consent()], tasks=tasks)
    assert [] == open_tasks(after(case, a_command(kind)))


# More


@pytest.fixture
def asked_for_more() -> CaseSnapshot:
    """She agreed to her name and safe contact, and is asked for her circumstances too."""
    case = an_open_case(referrals=[a_referral(2, service=MEADOWLIGHT)])
    case = after(case, a_command(AskConsent), a_command(GiveConsent))
    return after(case, a_command(AskConsent, fields=MORE), at=LATER)


def test_a_yes_stands_while_she_is_asked_for_more(asked_for_more: CaseSnapshot) -> None:
    """Her word holds as long as she said, and no further: what is only asked goes nowhere."""
    entry = of(asked_for_more)
    assert consents.is_valid(entry, LATER)
    assert (FIELDS, tuple(sorted(MORE))) == (entry.fields, entry.also_asked)
    assert AT + consents.VALID_FOR == entry.expires_at
    assert not consents.is_valid(entry, AT + consents.VALID_FOR)


@pytest.mark.parametrize("kind", [RefuseConsent, ReflectConsent, MarkNotCapable])
def test_whatever_but_yes_to_more_leaves_what_she_had_agreed_to(
    asked_for_more: CaseSnapshot, kind: type
) -> None:
    """A no to more is no withdrawal, and none of them widens it."""
    case = after(asked_for_more, a_command(kind), at=LATER)
    entry = of(case)
    assert (ConsentState.GIVEN, FIELDS) == (entry.state, entry.fields)
    assert AT + consents.VALID_FOR == entry.expires_at
    thinks = tuple(sorted(MORE)) if kind is ReflectConsent else ()
    assert thinks == entry.also_asked
    assert (set() if thinks else {"not_asked"}) == why_not(
        case, a_command(GiveConsent, fields=MORE), LATER
    )


def test_a_yes_to_more_stands_in_place_of_the_one_before(asked_for_more: CaseSnapshot) -> None:
    """It is for the fields she names now, and holds from now."""
    only_more = (PersonalField.CIRCUMSTANCES,)
    case = after(asked_for_more, a_command(GiveConsent, fields=only_more), at=LATER)
    entry = of(case)
    assert (only_more, ()) == (entry.fields, entry.also_asked)
    assert LATER + consents.VALID_FOR == entry.expires_at


def test_of_what_she_agreed_to_she_is_not_asked_again_and_a_no_to_it_is_a_withdrawal(
    asked_for_more: CaseSnapshot,
) -> None:
    """The way on is named: `consent withdraw`."""
    assert {"already_given"} == why_not(asked_for_more, a_command(AskConsent), LATER)
    answered = after(asked_for_more, a_command(RefuseConsent), at=LATER)
    assert {"already_given"} == why_not(answered, a_command(RefuseConsent), LATER)


def test_a_no_after_her_yes_has_run_out_is_a_no(asked_for_more: CaseSnapshot) -> None:
    """A yes that no longer holds is not put back by her answer to another question."""
    over = AT + consents.VALID_FOR
    case = after(asked_for_more, a_command(RefuseConsent), at=over)
    entry = of(case)
    assert (ConsentState.REFUSED, (), None) == (entry.state, entry.fields, entry.expires_at)


def test_a_withdrawal_takes_back_what_stands_and_closes_the_question(
    asked_for_more: CaseSnapshot,
) -> None:
    """Nothing is left to say yes to."""
    case = after(asked_for_more, a_command(WithdrawConsent), at=LATER)
    entry = of(case)
    assert (ConsentState.WITHDRAWN, (), ()) == (entry.state, entry.fields, entry.also_asked)
    assert {"not_asked"} == why_not(case, a_command(GiveConsent), LATER)


def test_a_second_yes_runs_out_by_itself_like_the_first(asked_for_more: CaseSnapshot) -> None:
    """One renewal runs for each recipient, from the newest yes: none is left beside it."""
    case = after(asked_for_more, a_command(GiveConsent, fields=MORE), at=LATER)
    renewals = [d for d in case.running_deadlines() if d.duty == consents.RENEWAL]
    assert [(f"consent-renewal/{IDVA}", LATER)] == [(d.id, d.started_at) for d in renewals]


# Other recipients


@pytest.mark.parametrize(
    ("purpose", "recipient"),
    [(Purpose.MARAC, MARAC_CONFERENCE), (Purpose.NRM, COMPETENT_AUTHORITY)],
)
def test_a_conference_and_an_authority_are_asked_about_by_name_and_no_referral_moves(
    purpose: Purpose, recipient: str
) -> None:
    """Each has its one recipient; a yes to it starts no duty to refer to support."""
    case = an_open_case(consents=[a_consent()], referrals=[a_referral()])
    about = {"purpose": purpose, "recipient": recipient}
    for other in (IDVA, MARAC_CONFERENCE, COMPETENT_AUTHORITY, "nobody-knows"):
        if other != recipient:
            wrong = a_command(AskConsent, purpose=purpose, recipient=other)
            assert {"wrong_recipient"} == why_not(case, wrong)
    assert {"unknown_service"} == why_not(case, a_command(AskConsent, recipient=recipient))
    before = case.referrals, case.consent(SUPPORT, IDVA)
    for kind in (AskConsent, ReflectConsent, GiveConsent):
        case = after(case, a_command(kind, **about))
    assert consents.is_valid(of(case, purpose, recipient), AT)
    assert {consents.RENEWAL} == {deadline.duty for deadline in case.deadlines}
    for no in (WithdrawConsent, RefuseConsent, MarkNotCapable):
        case = after(case, a_command(no, **about))
        assert not consents.is_valid(of(case, purpose, recipient), AT)
    assert before == (case.referrals, case.consent(SUPPORT, IDVA))
