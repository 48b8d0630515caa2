"""A referral from request to what follows it: nothing waits unseen, no end is silent."""

from datetime import timedelta
from typing import Any

import pytest

from rules.apply import apply
from rules.referral_states import OVER
from rules.requests import NEEDED_NO_MORE
from schemas.actor import Role
from schemas.changes import ReferralRecorded
from schemas.clockwork_steps import (
    ExpireReferral,
    QueueDelivery,
    RouteOnward,
)
from schemas.consent import Consent, ConsentState
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.deadlines import DeadlineState
from schemas.referral import (
    REASON_GROUPS,
    ChosenBy,
    Clock,
    NeedState,
    Priority,
    Reason,
    ReasonGroup,
    ReferralState,
)
from schemas.referral_commands import RecallReferral, ReopenReferral, RequestReferral
from schemas.snapshot import CaseSnapshot, NoticeTemplate, TaskKind
from tests.builders import (
    COUNSELLING,
    IDVA,
    MEADOWLIGHT,
    POLICE,
    SHUT,
    TERNSTONE,
    a_command,
    a_consent,
    a_need,
    a_referral,
    a_task,
    after,
    an_acknowledgement,
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
from tests.rules.at_service import received, told

S = ReferralState
LAPSED = the(an_acknowledgement().lapse_at)


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


@pytest.mark.parametrize(
    ("offered", "refusal"),
    [
        pytest.param((), set(), id="not said"),
        pytest.param((MEADOWLIGHT, IDVA), set(), id="what she chose, and another"),
        pytest.param((IDVA, SHUT), set(), id="one that is closed: she was told so"),
        pytest.param((IDVA, "nowhere"), {"unknown_service"}, id="a service nobody knows"),
        pytest.param((MEADOWLIGHT,), {"not_offered"}, id="not what she chose"),
    ],
)
def test_what_she_was_offered_is_in_the_directory_and_holds_what_she_chose(
    offered: tuple[str, ...], refusal: set[str]
) -> None:
    """Whether she had a choice is read from it later."""
    assert refusal == why_not(an_open_case(), a_command(RequestReferral, offered=offered))


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
    assert [(POLICE, NoticeTemplate.TASK, 1)] == told(case)
    assert len(case.dispatches) == 1
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


def test_who_chose_and_what_was_offered_is_kept() -> None:
    """Her choice, or that it was not hers, and the order in which the services were shown."""
    said = {"offered": (MEADOWLIGHT, IDVA), "chosen_by": ChosenBy.CASEWORKER}
    referral = the(after(an_open_case(), a_command(RequestReferral, **said)).referral(1))
    assert said == {"offered": referral.offered, "chosen_by": referral.chosen_by}


# asking the same service again

AGAIN = a_command(ReopenReferral)
HOW: dict[str, Any] = {
    "priority": Priority.URGENT,
    "offered": (MEADOWLIGHT, IDVA),
    "chosen_by": ChosenBy.CASEWORKER,
}


def over(state: ReferralState = S.DECLINED, **parts: Any) -> CaseSnapshot:
    """A case whose one referral is over, on a consent that holds."""
    referral = a_referral(state=state, next_choices=(MEADOWLIGHT, TERNSTONE), **HOW)
    return an_open_case(**({"referrals": [referral], "consents": [given()]} | parts))


@pytest.mark.parametrize("state", [pytest.param(s, id=s.value) for s in S])
def test_what_is_over_can_be_asked_again(state: ReferralState) -> None:
    """Not what is open, and not what should never have been."""
    errors = {S.ENTERED_IN_ERROR: {"entered_in_error"}}
    expected = errors.get(state, set()) if state in OVER else {"not_over"}
    assert expected == why_not(over(state), AGAIN)


@pytest.mark.parametrize("state", sorted(OVER - {S.ENTERED_IN_ERROR}))
def test_asking_again_is_a_new_referral_that_stands_for_the_old_one(state: ReferralState) -> None:
    """What is over stays over; how it was chosen, and who is left to ask, go on."""
    before = over(state)
    case = after(before, AGAIN)
    old, new = the(case.referral(1)), the(case.referral(2))
    assert the(before.referral(1)).model_copy(update={"was_followed": True}) == old
    assert (IDVA, S.WAITING, 1, None) == (new.service, new.state, new.replaces, new.follows)
    assert (MEADOWLIGHT, TERNSTONE) == new.next_choices
    assert {name: getattr(new, name) for name in HOW} == HOW
    assert set() == why_not(case, a_command(QueueDelivery, referral=2))
    assert {"overtaken"} == why_not(case, a_command(RouteOnward))


def test_who_was_asked_for_the_need_meanwhile_is_not_asked_by_itself() -> None:
    """The next choice has had its turn."""
    tried = a_referral(2, S.DECLINED, MEADOWLIGHT, follows=1)
    case = after(over(referrals=[*over().referrals, tried]), AGAIN)
    assert (TERNSTONE,) == the(case.referral(3)).next_choices


@pytest.mark.parametrize(
    ("case", "refusal"),
    [
        pytest.param(an_open_case(), {"unknown_referral"}, id="there is none"),
        pytest.param(after(over(), AGAIN), {"replaced_already"}, id="the new one is open"),
        pytest.param(
            after(over(), AGAIN, a_command(RecallReferral, referral=2)),
            {"replaced_already"},
            id="the new one is over too",
        ),
        pytest.param(
            over(referrals=[*over().referrals, a_referral(2, service=MEADOWLIGHT)]),
            {"already_referred"},
            id="another service has the need",
        ),
        pytest.param(over(services=[]), {"unknown_service"}, id="the service is gone"),
        pytest.param(over(consents=[said_no()]), {"she_said_no"}, id="she said no since"),
    ],
)
def test_asking_again_is_refused(case: CaseSnapshot, refusal: set[str]) -> None:
    """One referral stands for one, and a need is with one service at a time."""
    assert refusal == why_not(case, AGAIN)


def test_what_she_withdrew_is_asked_again_on_a_new_yes_only() -> None:
    """INV-09: first she is asked; then it waits; her yes sends it, and nothing before."""
    case = after(received(), a_command(WithdrawConsent))
    assert {"she_said_no"} == why_not(case, AGAIN)
    case = after(case, a_command(AskConsent), AGAIN)
    assert the(case.task("consent/2")).kind is TaskKind.CONSENT_MISSING
    assert {"no_consent"} == why_not(case, a_command(QueueDelivery, referral=2))
    case = after(case, a_command(GiveConsent))
    assert set() == why_not(case, a_command(QueueDelivery, referral=2))


@pytest.mark.parametrize("state", [S.UNDELIVERABLE, S.EXPIRED])
def test_asking_again_settles_what_people_were_asked_to_see_to(state: ReferralState) -> None:
    """The need is open once more, and nobody looks for what is on its way."""
    asked = [a_task("unmet/1"), a_task("undeliverable/1")]
    case = after(over(state, needs=[a_need(state=NeedState.UNMET)], tasks=asked), AGAIN)
    assert the(case.need(1)).state is NeedState.OPEN
    assert all(task.is_done for task in case.tasks)


# no answer, and what follows


def test_what_nobody_answers_expires() -> None:
    """No answer is an end with a reason, and its duty is void."""
    case = after(received(), a_command(ExpireReferral), at=LAPSED)
    referral = the(case.referral(1))
    axes = (referral.state, referral.reason, referral.clock)
    assert axes == (S.EXPIRED, Reason.NO_ANSWER, Clock.STOPPED)
    assert the(case.deadline("ref-ack/1")).state is DeadlineState.VOID


def test_what_somebody_read_and_did_not_answer_becomes_a_task() -> None:
    """A person read it, so a person decides; nothing is taken from the service."""
    answer = done(received(S.OPENED), a_command(ExpireReferral), LAPSED)
    assert not only(ReferralRecorded, answer)
    case = apply(received(S.OPENED), answer.changes)
    task = the(case.task("unanswered/1"))
    assert (task.kind, task.for_role) == (TaskKind.UNANSWERED, Role.CASEWORKER)
    assert [(POLICE, NoticeTemplate.TASK, 1)] == told(case)


@pytest.mark.parametrize(
    "state", [S.WAITING, S.WAITLISTED, S.ACCEPTED, S.ACTIVE, S.DECLINED, S.WITHDRAWN]
)
def test_what_was_answered_or_not_sent_does_not_expire(state: ReferralState) -> None:
    """Expiry is for silence only."""
    assert {"wrong_state"} == why_not(received(state), a_command(ExpireReferral))
    assert {"overtaken"} == why_not(an_open_case(), a_command(ExpireReferral))


@pytest.mark.parametrize("state", [S.RECEIVED, S.OPENED])
def test_a_service_that_still_has_time_is_not_passed_over(state: ReferralState) -> None:
    """A timer knows only the time it was set for; a pause or an extension moved it since."""
    expire, early = a_command(ExpireReferral), LAPSED - timedelta(seconds=1)
    assert {"overtaken"} == why_not(received(state), expire, early)
    paused = an_acknowledgement(state=DeadlineState.PAUSED)
    held_up = received(state).model_copy(update={"deadlines": (paused,)})
    assert {"overtaken"} == why_not(held_up, expire, LAPSED)


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


SAID_OF_HER = sorted(r for r, group in REASON_GROUPS.items() if group is ReasonGroup.PERSON)


@pytest.mark.parametrize("reason", SAID_OF_HER)
def test_nothing_goes_to_the_next_service_where_the_no_was_about_her(reason: Reason) -> None:
    """She wants no more, it is not safe, she has died: a person finds out first."""
    referral = a_referral(state=S.DECLINED, next_choices=(MEADOWLIGHT,), reason=reason)
    case = an_open_case(referrals=[referral], consents=[given(MEADOWLIGHT)], needs=[a_need()])
    case = after(case, a_command(RouteOnward))
    assert [1] == [r.number for r in case.referrals]
    assert the(case.referral(1)).was_followed
    assert TaskKind.REVIEW_CASE is the(case.task("said-of-her/1")).kind
    is_needed = reason not in NEEDED_NO_MORE
    assert (NeedState.UNMET if is_needed else NeedState.OPEN) is case.needs[0].state
    assert is_needed is (case.task("unmet/1") is not None)


def test_what_follows_is_as_urgent_as_what_ended() -> None:
    """A priority that was raised, and how she chose, are not lost on the way."""
    following = the(after(over(S.EXPIRED), a_command(RouteOnward)).referral(2))
    assert {name: getattr(following, name) for name in HOW} == HOW


def test_the_next_service_is_not_sent_anything_without_consent_of_its_own() -> None:
    """INV-10: onward sharing needs its own yes; until then it waits, and a person is told."""
    case = after(ended(consents=[given()], next_choices=(MEADOWLIGHT,)), a_command(RouteOnward))
    assert the(case.referral(2)).consent is ConsentState.NOT_ASKED
    assert the(case.task("consent/2")).kind is TaskKind.CONSENT_MISSING
    assert [(POLICE, NoticeTemplate.TASK, 2)] == told(case)
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
    assert [(POLICE, NoticeTemplate.ESCALATION, None)] == told(case)
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
