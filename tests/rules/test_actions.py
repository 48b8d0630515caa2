"""What an actor could do now: the verbs of the role, each allowed or with the rules' reason."""

import pytest

from rules.actions import permitted
from rules.rights import may
from schemas.actor import Actor, Role
from schemas.case import ClosingReason, SafetyCheck, Stage
from schemas.case_commands import AddNeed, ConfirmSafety, RecordDeath
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.referral import Delivery, Referral, ReferralState
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from tests.builders import (
    MEADOWLIGHT,
    a_case,
    a_command,
    a_consent,
    a_referral,
    a_service,
    a_world,
    after,
    an_actor,
    an_open_case,
    auditor,
    caseworker,
    dpo,
    everyone,
    first_responder,
    given,
    her_death,
    ngo_intake,
    ops,
    said_no,
    supervisor,
)

V, S = Verb, ReferralState
ANSWERS = {V.ACCEPT_REFERRAL, V.DECLINE_REFERRAL, V.CLAIM_REFERRAL}
SAFE = SafetyCheck(safe_to_talk=True, immediate_danger=False)


def allowed(case: CaseSnapshot, actor: Actor) -> set[Verb]:
    return {p.verb for p in permitted(case, actor, a_world()) if p.is_allowed}


def reasons(case: CaseSnapshot, actor: Actor) -> dict[Verb, str]:
    listed = permitted(case, actor, a_world())
    return {p.verb: p.reason for p in listed if p.reason is not None}


CASES = [
    pytest.param(a_case(), id="a new case"),
    pytest.param(an_open_case(), id="an open case"),
    pytest.param(an_open_case(consents=[a_consent()]), id="a case in which she was asked"),
    pytest.param(
        an_open_case(consents=[given()], referrals=[a_referral(state=S.RECEIVED)]),
        id="a case with a referral",
    ),
    pytest.param(an_open_case(stage=Stage.CLOSED), id="a closed case"),
]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("actor", everyone(), ids=lambda a: a.role)
def test_only_verbs_of_the_role_are_listed_each_once_and_none_without_its_reason(
    case: CaseSnapshot, actor: Actor
) -> None:
    """A page offers nobody what their role does not have, and a refusal is never mute."""
    listed = permitted(case, actor, a_world())
    assert all(may(p.verb, actor.role) for p in listed)
    assert len({(p.verb, p.referral) for p in listed}) == len(listed)
    assert all(p.reason is None or p.reason.endswith(".") for p in listed)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("actor", [auditor(), ops()], ids=lambda a: a.role)
def test_auditor_and_operations_are_offered_nothing(case: CaseSnapshot, actor: Actor) -> None:
    """They change no case."""
    assert permitted(case, actor, a_world()) == ()


def test_a_case_becomes_workable_step_by_step() -> None:
    """Safety, question, yes, referral: each step opens the next, and nothing is offered early."""
    ann, case = caseworker(), a_case()
    always = {V.CONFIRM_SAFETY, V.WITHDRAW_CONSENT, V.REFUSE_CONSENT, V.CLOSE_CASE}
    assert always == allowed(case, ann)
    case = after(case, a_command(ConfirmSafety, safety=SAFE))
    assert always | {V.ASK_CONSENT, V.ADD_NEED} == allowed(case, ann)
    case = after(case, a_command(AskConsent))
    assert V.GIVE_CONSENT in allowed(case, ann)
    case = after(case, a_command(GiveConsent))
    assert V.GIVE_CONSENT not in allowed(case, ann)
    assert V.REQUEST_REFERRAL not in allowed(case, ann)
    assert V.REQUEST_REFERRAL in allowed(after(case, a_command(AddNeed)), ann)


@pytest.mark.parametrize(
    ("case", "verb", "words"),
    [
        pytest.param(a_case(), V.ADD_NEED, "safety check", id="safety first"),
        pytest.param(a_case(), V.ASK_CONSENT, "safety check", id="safety before questions"),
        pytest.param(an_open_case(needs=()), V.REQUEST_REFERRAL, "no need", id="no need yet"),
        pytest.param(an_open_case(), V.GIVE_CONSENT, "No question to her", id="not asked"),
        pytest.param(
            an_open_case(referrals=[a_referral()]),
            V.REQUEST_REFERRAL,
            "with a service already",
            id="already referred",
        ),
        pytest.param(
            an_open_case(referrals=[a_referral()]), V.CLOSE_CASE, "is waiting", id="work is open"
        ),
        pytest.param(
            an_open_case(
                stage=Stage.CLOSING_REVIEW,
                closing_reason=ClosingReason.CONTACT_NOT_SAFE_OR_LOST,
                closing_asked_by=str(caseworker()),
            ),
            V.CLOSE_CASE,
            "second person",
            id="a second person must close",
        ),
    ],
)
def test_the_reason_is_the_one_the_rules_give(case: CaseSnapshot, verb: Verb, words: str) -> None:
    """What speaks against a verb is said in the words that using it would bring."""
    assert words in reasons(case, caseworker())[verb]


def test_who_may_close_depends_on_who_asked_to() -> None:
    """The second person is offered what the first is refused."""
    case = an_open_case(
        stage=Stage.CLOSING_REVIEW,
        closing_reason=ClosingReason.CONTACT_NOT_SAFE_OR_LOST,
        closing_asked_by=str(caseworker()),
    )
    assert V.CLOSE_CASE in allowed(case, supervisor())


def test_a_report_of_her_death_is_put_before_whoever_may_answer_it() -> None:
    """Not before who made it, nor in a case in which there is none."""
    case = after(an_open_case(), a_command(RecordDeath))
    assert V.RECORD_DEATH in allowed(case, supervisor())
    assert "You reported it" in reasons(case, caseworker())[V.RECORD_DEATH]
    for quiet in (an_open_case(), after(case, her_death()[1])):
        assert V.RECORD_DEATH not in {p.verb for p in permitted(quiet, supervisor(), a_world())}


def test_what_the_case_does_not_speak_of_can_still_be_asked() -> None:
    """A snapshot names only its own services: the rest of the directory is there to be asked."""
    for case in (an_open_case(services=()), an_open_case(consents=[given()])):
        assert V.ASK_CONSENT in allowed(case, caseworker())
    no_to_all = an_open_case(services=[a_service()], consents=[said_no()])
    assert V.REQUEST_REFERRAL in allowed(no_to_all, caseworker())


def test_of_a_closed_case_the_withdrawal_is_left_and_opening_it_again() -> None:
    """INV-09: every other verb is listed with the one reason, which says the way on."""
    case = an_open_case(stage=Stage.CLOSED, consents=[a_consent()])
    assert {V.WITHDRAW_CONSENT, V.REOPEN_CASE} == allowed(case, caseworker())
    closed = {"The case is closed: `case reopen` opens it again."}
    assert closed == set(reasons(case, caseworker()).values())


def test_staff_of_another_force_are_told_whose_case_it_is() -> None:
    """Each verb of the role is listed, and refused on that ground; a withdrawal is heard."""
    case = an_open_case(consents=[a_consent()])
    assert {V.WITHDRAW_CONSENT} == allowed(case, caseworker("saltmere-police"))
    told = set(reasons(case, caseworker("saltmere-police")).values())
    assert {"The case is led by northmarch-police."} == told


def test_a_first_responder_does_not_refer_or_close_and_a_dpo_only_withdraws() -> None:
    """The list follows the table of rights."""
    case = an_open_case(referrals=[a_referral(state=S.RECEIVED)])
    listed = {p.verb for p in permitted(case, first_responder(), a_world())}
    assert not listed & {V.REQUEST_REFERRAL, V.RECALL_REFERRAL, V.CLOSE_CASE}
    assert {V.WITHDRAW_CONSENT} == {p.verb for p in permitted(case, dpo(), a_world())}


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        pytest.param(S.RECEIVED, {V.OPEN_REFERRAL, V.WAITLIST_REFERRAL, *ANSWERS}, id="received"),
        pytest.param(S.OPENED, {V.REQUEST_INFO, V.WAITLIST_REFERRAL, *ANSWERS}, id="opened"),
        pytest.param(S.INFO_REQUESTED, ANSWERS, id="asked back"),
        pytest.param(S.WAITLISTED, {V.WAITLIST_REFERRAL, *ANSWERS}, id="on the waiting list"),
        pytest.param(
            S.ACCEPTED,
            {V.ENGAGE_REFERRAL, V.COMPLETE_REFERRAL, V.END_REFERRAL, V.CLAIM_REFERRAL},
            id="accepted",
        ),
        pytest.param(
            S.ACTIVE, {V.COMPLETE_REFERRAL, V.END_REFERRAL, V.CLAIM_REFERRAL}, id="active"
        ),
        pytest.param(S.COMPLETED, set(), id="completed"),
        pytest.param(S.DECLINED, set(), id="declined"),
    ],
)
def test_an_ngo_is_offered_what_the_table_has_for_its_referral(
    state: ReferralState, verbs: set[Verb]
) -> None:
    """A verb that would change nothing, such as opening twice, is not offered."""
    case = an_open_case(referrals=[a_referral(state=state)])
    assert verbs | {V.WITHDRAW_CONSENT} == allowed(case, ngo_intake())


def test_an_ngo_sees_why_a_step_is_too_early() -> None:
    """Engaging before accepting is listed with its reason."""
    case = an_open_case(referrals=[a_referral(state=S.RECEIVED)])
    too_early = {V.ENGAGE_REFERRAL, V.COMPLETE_REFERRAL, V.END_REFERRAL, V.REQUEST_INFO}
    assert too_early == set(reasons(case, ngo_intake()))


@pytest.mark.parametrize(
    "referral",
    [
        pytest.param(a_referral(state=S.RECEIVED, service=MEADOWLIGHT), id="of another NGO"),
        pytest.param(a_referral(), id="that waits for consent"),
        pytest.param(a_referral(delivery=Delivery.QUEUED), id="that is queued"),
        pytest.param(a_referral(state=S.UNDELIVERABLE), id="that could not be delivered"),
    ],
)
def test_an_ngo_sees_no_referral_that_did_not_reach_it(referral: Referral) -> None:
    """INV-24: not even that it is there."""
    case = an_open_case(referrals=[referral])
    for role in (Role.NGO_INTAKE, Role.NGO_WORKER, Role.NGO_SUPERVISOR):
        listed = permitted(case, an_actor(role, "harbour-house"), a_world())
        assert [(p.verb, p.referral) for p in listed] == [(V.WITHDRAW_CONSENT, None)]


def test_a_caseworker_may_recall_each_open_referral() -> None:
    """What is over for good is not listed; what was not delivered is, with its reason."""
    states = (S.WAITING, S.RECEIVED, S.COMPLETED, S.UNDELIVERABLE)
    referrals = [a_referral(n, state) for n, state in enumerate(states, start=1)]
    listed = permitted(an_open_case(referrals=referrals), caseworker(), a_world())
    recalls = {p.referral: p.is_allowed for p in listed if p.verb is V.RECALL_REFERRAL}
    assert recalls == {1: True, 2: True, 4: False}
