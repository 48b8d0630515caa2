"""A case in other hands: everything open goes along, and nothing stays with whoever left it."""

from typing import Any

import pytest

from rules.quiet import tasks_for
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.case_commands import AddNeed, AnswerTransfer, HandOver, OfferTransfer
from schemas.casework import Conflict, ConflictKind, NamedPerson, TransferState
from schemas.changes import DispatchRecorded, TaskRecorded
from schemas.clockwork_steps import SettleContact
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactState,
    ContactTemplate,
)
from schemas.contact_commands import EndContact
from schemas.deadlines import DeadlineState
from schemas.referral import ReferralState
from schemas.referral_commands import LiftHold, PlaceHold
from schemas.snapshot import CaseSnapshot, Task, TaskKind
from tests.builders import (
    AT,
    MEADOWLIGHT,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    a_task,
    after,
    an_open_case,
    caseworker,
    done,
    ngo_intake,
    only,
    supervisor,
    the,
    why_not,
)

ANN, BEA = caseworker(), caseworker(person="bea")
COUNCIL = "saltmere-council"
COLE = caseworker(COUNCIL, "cole")
OTHERS = caseworker("gulland-police", "gil")


def a_contact(number: int, by: Actor = ANN, state: ContactState = ContactState.PLANNED) -> Contact:
    return Contact(
        number=number,
        organisation=by.organisation,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.VOICE,
        state=state,
        planned_by=by.who,
    )


def a_task_for(who: Actor, task_id: str, **facts: Any) -> Task:
    task = a_task(task_id, TaskKind.MAKE_CONTACT)
    return task.model_copy(update={"for_person": who.who, **facts})


def anns_case(**parts: Any) -> CaseSnapshot:
    """A case that Ann works on, with much open in it."""
    case = an_open_case(
        **(
            {
                "assigned_to": ANN.person,
                "referrals": [
                    a_referral(1, ReferralState.ACCEPTED),
                    a_referral(2, ReferralState.WAITING, MEADOWLIGHT),
                    a_referral(3, ReferralState.DECLINED),
                ],
                "deadlines": [
                    a_deadline(),
                    a_deadline("ref-contact", 1, state=DeadlineState.BREACHED),
                    a_deadline("s2s-r1-link", state=DeadlineState.MET),
                ],
                "tasks": [
                    a_task_for(ANN, "contact/1"),
                    a_task_for(ngo_intake(), "contact/3", organisation="harbour-house"),
                    a_task("unmet/1"),
                    a_task_for(ANN, "contact/0", is_done=True),
                ],
            }
            | parts
        )
    )
    contacts = (
        a_contact(1),
        a_contact(2, BEA),
        a_contact(3, ngo_intake()),
        a_contact(4, ANN, ContactState.MADE),
    )
    return case.model_copy(update={"contacts": contacts})


def whose(case: CaseSnapshot) -> tuple[dict[str, str | None], dict[int, str]]:
    return (
        {task.id: task.for_person for task in case.tasks},
        {contact.number: contact.planned_by for contact in case.contacts},
    )


# To a colleague


def test_a_hand_over_takes_everything_open_along() -> None:
    """Her tasks and planned contacts go to the colleague; what is others' or done stays."""
    case = after(anns_case(), a_command(HandOver))
    assert "bea" == case.case.assigned_to
    tasks, contacts = whose(case)
    assert {
        "contact/1": BEA.who,
        "contact/3": ngo_intake().who,
        "unmet/1": None,
        "contact/0": ANN.who,
    } == tasks
    assert {1: BEA.who, 2: BEA.who, 3: ngo_intake().who, 4: ANN.who} == contacts


def test_a_hand_over_says_how_much_is_open() -> None:
    """Numbers for the timeline: deadlines that run or are late, tasks of the agency, referrals."""
    private = a_deadline("leave-1-permission", 1)
    private = private.model_copy(update={"private_to": "harbour-house"})
    case = anns_case()
    case = case.model_copy(update={"deadlines": (*case.deadlines, private)})
    detail = done(case, a_command(HandOver)).detail
    assert {"to": "bea", "deadlines": 2, "tasks": 2, "referrals": 2} == detail


def test_deadlines_and_referrals_are_untouched_by_it() -> None:
    """They belong to the case, whoever works on it."""
    case = anns_case()
    moved = after(case, a_command(HandOver))
    assert (case.deadlines, case.referrals) == (moved.deadlines, moved.referrals)


def test_a_task_that_the_colleague_must_not_do_goes_to_nobody_in_particular() -> None:
    """A second person stays a second person."""
    case = anns_case(tasks=[a_task_for(ANN, "check", not_for=BEA.who)])
    assert the(after(case, a_command(HandOver)).task("check")).for_person is None


def test_who_cannot_take_a_case() -> None:
    """Whoever has it, whoever declared a conflict, and whoever may not see it."""
    assert {"already_theirs"} == why_not(anns_case(), a_command(HandOver, to_person="ann"))
    close = Conflict(who=BEA.who, conflict=ConflictKind.KNOWS_VICTIM, declared_at=AT)
    conflicted = anns_case().model_copy(update={"conflicts": (close,)})
    assert {"conflict_declared"} == why_not(conflicted, a_command(HandOver))


@pytest.mark.parametrize(
    ("is_named", "refusal"),
    [
        pytest.param(None, {"name_first"}, id="not named"),
        pytest.param(False, {"name_first"}, id="proposed only"),
        pytest.param(True, set(), id="named"),
    ],
)
def test_a_restricted_case_goes_to_a_named_person(is_named: bool | None, refusal: set[str]) -> None:
    """Handing over is no way around the two people it takes to widen it."""
    case = anns_case(is_restricted=True)
    if is_named is not None:
        bea = NamedPerson(who=BEA.who, proposed_by=ANN.who, is_named=is_named)
        case = case.model_copy(update={"named": (bea,)})
    assert refusal == why_not(case, a_command(HandOver))


# To another agency


def offered(**parts: Any) -> CaseSnapshot:
    return after(anns_case(**parts), a_command(OfferTransfer))


def test_an_offer_changes_nothing_and_is_heard_of_by_the_other_agency() -> None:
    """By a task and a notice without content; it leads nothing yet."""
    answer = done(anns_case(), a_command(OfferTransfer))
    (task,) = (change.task for change in only(TaskRecorded, answer))
    (notice,) = (change.dispatch for change in only(DispatchRecorded, answer))
    assert (COUNCIL, COUNCIL) == (task.organisation, notice.to_organisation)
    case = offered()
    assert POLICE == case.case.owner
    assert {"not_your_case"} == why_not(case, a_command(AddNeed, actor=COLE))


def test_one_offer_at_a_time_and_never_to_oneself() -> None:
    """A restricted case is offered to nobody: its people are named."""
    same = a_command(OfferTransfer, to_organisation=POLICE)
    assert {"same_organisation"} == why_not(anns_case(), same)
    assert {"already_offered"} == why_not(offered(), a_command(OfferTransfer))
    assert {"restricted"} == why_not(anns_case(is_restricted=True), a_command(OfferTransfer))


def test_a_yes_takes_the_case_with_everything_open_in_it() -> None:
    """Whoever says yes works on it; nothing rests with the staff of the agency before."""
    bob = supervisor(person="bob")
    case = offered(
        tasks=[a_task_for(ANN, "contact/1"), a_task_for(bob, "other"), a_task("unmet/1")]
    )
    case = after(case, a_command(AnswerTransfer, actor=COLE))
    assert (COUNCIL, "cole") == (case.case.owner, case.case.assigned_to)
    tasks, contacts = whose(case)
    assert {"contact/1": COLE.who, "other": None, "unmet/1": None, "transfer/1": None} == tasks
    assert {1: COLE.who, 2: COLE.who, 3: ngo_intake().who, 4: ANN.who} == contacts
    organisations = {c.number: c.organisation for c in case.contacts}
    assert {1: COUNCIL, 2: COUNCIL, 3: "harbour-house", 4: POLICE} == organisations
    assert the(case.task("transfer/1")).is_done
    assert TransferState.ACCEPTED is the(case.transfer).state
    assert {"not_your_case"} == why_not(case, a_command(AddNeed, actor=ANN))
    assert set() == why_not(case, a_command(AddNeed, actor=COLE))


def test_what_the_agency_before_was_asked_is_asked_of_the_one_that_leads_now() -> None:
    """A task that named it by its name would be seen by nobody; a service keeps its own."""
    by_name = {"organisation": POLICE, "for_role": Role.CASEWORKER}
    theirs = a_task_for(ngo_intake(), "contact/3", organisation="harbour-house")
    case = offered(
        tasks=[
            a_task_for(ANN, "contact/1", **by_name),
            a_task_for(BEA, "contact-unclear/2", **by_name),
            a_task_for(BEA, "contact/0", is_done=True, **by_name),
            theirs,
        ]
    )
    case = after(case, a_command(AnswerTransfer, actor=COLE))
    asked = {t.id: (t.organisation, t.for_person) for t in case.tasks if not t.is_done}
    expected = {
        "contact/1": (None, COLE.who),
        "contact-unclear/2": (None, None),
        "contact/3": ("harbour-house", ngo_intake().who),
    }
    assert expected == asked
    seen = {task.id for task in tasks_for(COLE, case) if not task.is_done}
    assert {"contact/1", "contact-unclear/2"} == seen


@pytest.mark.parametrize("state", [ContactState.STARTED, ContactState.SENDING])
def test_a_contact_that_has_begun_stays_with_whoever_began_it(state: ContactState) -> None:
    """Ann is on the telephone; with a colleague nothing changes, with an agency whose it is."""
    case = anns_case()
    begun = a_contact(1, ANN, state)
    case = case.model_copy(update={"contacts": (begun,)})
    assert (begun,) == after(case, a_command(HandOver, to_person="bea")).contacts
    moved = after(case, a_command(OfferTransfer), a_command(AnswerTransfer, actor=COLE))
    (theirs,) = moved.contacts
    assert (COUNCIL, ANN.who) == (theirs.organisation, theirs.planned_by)


def test_a_call_that_had_begun_is_ended_by_the_agency_that_leads_now() -> None:
    """Ann cannot any more; that it was she who made it stays on the record."""
    case = anns_case()
    call = a_contact(1, ANN, ContactState.STARTED).model_copy(update={"made_by": ANN.who})
    case = case.model_copy(update={"contacts": (call,)})
    case = after(case, a_command(OfferTransfer), a_command(AnswerTransfer, actor=COLE))
    ends = a_command(EndContact, contact=1, result=ContactResult.SPOKE)
    assert {"not_your_case"} == why_not(case, ends.model_copy(update={"actor": ANN}))
    ended = the(after(case, ends.model_copy(update={"actor": COLE})).contact(1))
    assert (ContactState.MADE, ANN.who, COLE.who) == (ended.state, ended.made_by, ended.ended_by)
    assert not ended.is_outside_plan


def test_a_text_that_nobody_can_tell_of_is_asked_of_the_agency_that_leads_now() -> None:
    """Of no person in particular: whoever planned it has nothing to do with the case any more."""
    text = {"channel": ContactChannel.SMS, "template": ContactTemplate.PLEASE_CALL}
    case = anns_case()
    sending = a_contact(1, ANN, ContactState.SENDING).model_copy(update=text)
    case = case.model_copy(update={"contacts": (sending,)})
    case = after(case, a_command(OfferTransfer), a_command(AnswerTransfer, actor=COLE))
    asked = the(after(case, a_command(SettleContact)).task("contact-unclear/1"))
    assert (Role.CASEWORKER, None, None) == (asked.for_role, asked.organisation, asked.for_person)


def test_a_hold_of_those_who_led_is_one_of_those_who_lead_now() -> None:
    """It stands as it stood, and who placed it stays on record; a service keeps its own."""
    case = after(
        anns_case(),
        a_command(PlaceHold, actor=supervisor(), referral=None),
        a_command(PlaceHold, actor=ngo_intake()),
        a_command(OfferTransfer),
        a_command(AnswerTransfer, actor=COLE),
    )
    holds = [(h.organisation, h.placed_by, h.lifted_at) for h in case.holds]
    assert [(COUNCIL, supervisor().who, None), ("harbour-house", ngo_intake().who, None)] == holds
    theirs = a_command(LiftHold, hold=1, actor=supervisor(COUNCIL))
    assert set() == why_not(case, theirs)
    assert {"not_your_hold"} == why_not(case, theirs.model_copy(update={"hold": 2}))


def test_a_hold_that_was_lifted_stays_what_it_was() -> None:
    """Who lifted it was of the agency whose it was."""
    case = after(
        anns_case(),
        a_command(PlaceHold, actor=supervisor(), referral=None),
        a_command(LiftHold, actor=supervisor(), hold=1),
        a_command(OfferTransfer),
        a_command(AnswerTransfer, actor=COLE),
    )
    assert [POLICE] == [hold.organisation for hold in case.holds]


def test_deadlines_run_on_with_the_agency_that_leads_now() -> None:
    """No due time is lost or won by it."""
    case = anns_case()
    moved = after(case, a_command(OfferTransfer), a_command(AnswerTransfer, actor=COLE))
    assert case.deadlines == moved.deadlines


def test_a_closing_review_ends_with_the_lead() -> None:
    """The agency that leads now has not asked whether it can be closed."""
    case = offered(
        stage=Stage.CLOSING_REVIEW, closing_reason="support_completed", closing_asked_by=str(ANN)
    )
    case = after(case, a_command(AnswerTransfer, actor=COLE))
    assert (Stage.OPEN, None) == (case.case.stage, case.case.closing_asked_by)


@pytest.mark.parametrize(
    "by", [pytest.param(COLE, id="the other agency"), pytest.param(ANN, id="taken back")]
)
def test_a_no_leaves_the_case_where_it_is_and_free_to_be_offered(by: Actor) -> None:
    """The other agency declines, or whoever leads it takes the offer back."""
    case = after(offered(), a_command(AnswerTransfer, accepts=False, actor=by))
    assert (POLICE, "ann") == (case.case.owner, case.case.assigned_to)
    assert (TransferState.DECLINED, by.who) == (
        the(case.transfer).state,
        case.transfers[0].answered_by,
    )
    again = after(case, a_command(OfferTransfer))
    assert 2 == the(again.transfer).number


def test_nobody_else_answers_an_offer() -> None:
    """Nor does whoever leads the case say yes in the other's name."""
    assert {"no_offer"} == why_not(anns_case(), a_command(AnswerTransfer))
    assert {"not_offered_to_you"} == why_not(offered(), a_command(AnswerTransfer))
    assert {"not_your_case"} == why_not(offered(), a_command(AnswerTransfer, actor=OTHERS))
    answered = after(offered(), a_command(AnswerTransfer, accepts=False))
    assert {"not_your_case"} == why_not(answered, a_command(AnswerTransfer, actor=COLE))


def test_a_case_is_offered_only_if_she_agreed() -> None:
    """Nothing leaves by default: her whole record would go. After her death nobody can ask her."""
    without = a_command(OfferTransfer, she_agreed=False)
    assert {"not_agreed"} == why_not(anns_case(), without)
    assert "she agreed" == done(anns_case(), a_command(OfferTransfer)).detail["agreed"]
    assert "she has died" == done(anns_case(died_at=AT), without).detail["agreed"]
