"""After a word of duress, only a supervisor and the data protection officer learn why."""

from datetime import timedelta
from typing import Any

import pytest

from rules import quiet
from schemas.actor import Actor, Role
from schemas.case_commands import FinishTask
from schemas.casework import NamedPerson
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactState,
    SuspendReason,
    WordCheck,
)
from schemas.contact_commands import EndContact, PlanContact, StartContact, SuspendPlan
from schemas.decisions import Changed
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.verbs import Verb
from schemas.views import AuditLine
from tests.builders import (
    AT,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    a_task,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    dpo,
    idva,
    ngo_intake,
    supervisor,
    the,
    why_not,
)
from tests.rules.test_plans import set_to

ENDED_IN_DURESS = Contact(
    number=1,
    organisation=POLICE,
    purpose=ContactPurpose.CHECK_IN,
    channel=ContactChannel.VOICE,
    state=ContactState.MADE,
    result=ContactResult.DURESS,
    word=WordCheck.DURESS,
    planned_by=caseworker().who,
)
SPOKEN = ENDED_IN_DURESS.model_copy(
    update={"number": 2, "result": ContactResult.SPOKE, "word": WordCheck.SAFE}
)
QUIET = [a_task("duress/1", TaskKind.DURESS), a_task("word-wrong/2", TaskKind.WORD_WRONG)]


def a_quiet_case() -> CaseSnapshot:
    case = an_open_case(tasks=[*QUIET, a_task()])
    return case.model_copy(update={"contacts": (ENDED_IN_DURESS, SPOKEN)})


@pytest.mark.parametrize("actor", [supervisor(), dpo()], ids=lambda a: a.role)
def test_whoever_must_act_on_duress_sees_it(actor: Actor) -> None:
    """The alert is silent, not lost."""
    assert (ENDED_IN_DURESS, SPOKEN) == quiet.contacts_for(actor, a_quiet_case())
    assert {t.id for t in a_quiet_case().tasks} == {
        t.id for t in quiet.tasks_for(actor, a_quiet_case())
    }


def restricted(*people: str, **parts: Any) -> CaseSnapshot:
    """A quiet case that these people of the force alone see."""
    case = a_quiet_case()
    named = tuple(NamedPerson(who=f"{POLICE}:{person}", is_named=True) for person in people)
    header = case.case.model_copy(update={"is_restricted": True})
    return case.model_copy(update={"case": header, "named": named, **parts})


def test_of_a_restricted_case_its_named_people_learn_of_duress() -> None:
    """The supervisor is not there: an alarm that only she may hear would reach nobody."""
    case, ann = restricted("ann"), caseworker()
    assert (ENDED_IN_DURESS, SPOKEN) == quiet.contacts_for(ann, case)
    assert case.tasks == quiet.tasks_for(ann, case)
    finish = a_command(FinishTask, task="duress/1", actor=ann)
    assert the(after(case, finish).task("duress/1")).is_done


def test_of_a_restricted_case_nobody_else_learns_of_duress() -> None:
    """Neither a service's supervisor who may see her contacts, nor whoever was only proposed."""
    case = restricted("bea")
    boss = an_actor(Role.NGO_SUPERVISOR, ENDED_IN_DURESS.organisation)
    for actor in (caseworker(), supervisor(), boss):
        assert SPOKEN.result is quiet.contacts_for(actor, case)[0].result
        assert why_not(case, a_command(FinishTask, task="duress/1", actor=actor))
    bea = NamedPerson(who=caseworker().who, is_named=False, proposed_by=f"{POLICE}:bea")
    proposed = case.model_copy(update={"named": (*case.named, bea)})
    assert {t.id for t in QUIET}.isdisjoint(t.id for t in quiet.tasks_for(caseworker(), proposed))


@pytest.mark.parametrize("is_restricted", [False, True], ids=["plain", "restricted"])
def test_a_report_is_shown_to_nobody_it_is_about(is_restricted: bool) -> None:
    """In whatever role: who knows that they were reported goes and asks her why."""
    report = a_task("not-hers/1", TaskKind.REPORTED_RECORDER)
    report = report.model_copy(update={"not_for": caseworker().who})
    case = (
        restricted("ann", "bea", tasks=(report,)) if is_restricted else an_open_case(tasks=[report])
    )
    bea = caseworker(person="bea") if is_restricted else supervisor(person="bea")
    for role in (Role.CASEWORKER, Role.SAFEGUARDING_SUPERVISOR, Role.DPO):
        recorder = an_actor(role)
        guessed = a_command(FinishTask, task=report.id, actor=recorder)
        assert () == quiet.tasks_for(recorder, case)
        assert {"unknown_task"} == why_not(case, guessed)
    assert (report,) == quiet.tasks_for(bea, case)
    assert set() == why_not(case, a_command(FinishTask, task=report.id, actor=bea))


def test_to_everybody_else_the_call_looks_like_any_other() -> None:
    """Neither the result nor the word nor a task tells, on a screen somebody may look at."""
    seen, spoken = quiet.contacts_for(caseworker(), a_quiet_case())
    assert SPOKEN == spoken
    assert SPOKEN == seen.model_copy(update={"number": 2})
    assert ["missed/vc-r4-support-referral"] == [
        t.id for t in quiet.tasks_for(caseworker(), a_quiet_case())
    ]


def test_a_service_sees_its_own_contacts_alone() -> None:
    """INV-24: what the police did to reach her is not a service's to read."""
    assert () == quiet.contacts_for(ngo_intake(), a_quiet_case())


# a call of duress beside an ordinary one

IN_TIME = AT + timedelta(days=1, hours=1)
SPOKE = a_command(EndContact, result=ContactResult.SPOKE, word=WordCheck.SAFE)
SPOKE_IN_DURESS = SPOKE.model_copy(update={"word": WordCheck.DURESS})
IT_WAS_DURESS = SPOKE.model_copy(update={"result": ContactResult.DURESS})


def on_the_line(actor: Actor) -> CaseSnapshot:
    """A call that has begun, after one that failed, with everything a call can meet running."""
    taken = a_referral(state=ReferralState.ACCEPTED)
    duties = [a_deadline("marac-2-idva-contact"), a_deadline("ref-contact", 1)]
    case = an_open_case(referrals=[taken], deadlines=duties)
    case = after(case, set_to(ContactChannel.VOICE, has_words=True))
    call, begins = a_command(PlanContact, actor=actor), a_command(StartContact, actor=actor)
    missed = a_command(EndContact, actor=actor, result=ContactResult.NO_ANSWER)
    case = after(case, call, begins, missed, call, at=IN_TIME)
    return after(case, begins.model_copy(update={"contact": 2}), at=IN_TIME)


def ended(actor: Actor, how: EndContact) -> tuple[CaseSnapshot, AuditLine]:
    """The case once the second call was ended so, and the row that tells of it."""
    case = on_the_line(actor)
    said = how.model_copy(update={"contact": 2, "actor": actor})
    decision = done(case, said, IN_TIME)
    return after(case, said, at=IN_TIME), a_row(said.verb, actor, decision)


def a_row(verb: Verb, actor: Actor, decision: Changed) -> AuditLine:
    return AuditLine(
        seq=1,
        recorded_at=IN_TIME,
        occurred_at=IN_TIME,
        actor=actor,
        verb=verb,
        case_ref=None,
        outcome="done",
        reasons=(),
        detail={key: value for key, value in decision.detail.items() if value is not None},
    )


@pytest.mark.parametrize("actor", [caseworker(), idva()], ids=lambda actor: actor.role)
@pytest.mark.parametrize("how", [SPOKE_IN_DURESS, IT_WAS_DURESS], ids=["her word", "was seen"])
def test_a_call_of_duress_leaves_what_an_ordinary_call_leaves_but_for_the_suspension(
    actor: Actor, how: EndContact
) -> None:
    """Contacts, duties, tasks and the timeline, as a caseworker and a service see them."""
    case, row = ended(actor, how)
    usual, usual_row = ended(actor, SPOKE)
    usual = after(usual, a_command(SuspendPlan), at=IN_TIME)
    for sees in (caseworker(), actor):
        assert quiet.contacts_for(sees, usual) == quiet.contacts_for(sees, case)
        shown = (usual_row,), (row,)
        assert quiet.timeline_for(sees, usual, shown[0]) == quiet.timeline_for(sees, case, shown[1])
        told_of_suspension = TaskKind.WELFARE
        tasks = [t for t in quiet.tasks_for(sees, usual) if t.kind is not told_of_suspension]
        assert tasks == list(quiet.tasks_for(sees, case))
    assert usual.deadlines == case.deadlines
    assert usual.referrals == case.referrals
    assert [plan.state for plan in usual.plans] == [plan.state for plan in case.plans]


def test_the_audit_and_the_supervisor_s_timeline_tell_that_the_call_was_to_end() -> None:
    """What is shown to others is quiet; what is kept is not."""
    case, row = ended(caseworker(), SPOKE_IN_DURESS)
    assert "yes" == row.detail["end_call"]
    assert (row,) == quiet.timeline_for(supervisor(), case, (row,))


def test_a_wrong_word_looks_like_the_right_one() -> None:
    """Whoever gave it may look over a shoulder, and try the next."""
    case, row = ended(caseworker(), SPOKE.model_copy(update={"word": WordCheck.WRONG}))
    usual, usual_row = ended(caseworker(), SPOKE)
    assert quiet.contacts_for(caseworker(), usual) == quiet.contacts_for(caseworker(), case)
    assert (usual_row,) == quiet.timeline_for(caseworker(), case, (row,))


def test_a_suspension_for_duress_is_shown_as_one_for_safety() -> None:
    """Also where somebody says so by hand."""
    rows = {
        reason: a_row(
            Verb.SUSPEND_PLAN,
            supervisor(),
            done(an_open_case(), a_command(SuspendPlan, reason=reason)),
        )
        for reason in (SuspendReason.DURESS, SuspendReason.UNSAFE, SuspendReason.AT_HER_REQUEST)
    }
    case = an_open_case()
    unsafe, by_her = rows[SuspendReason.UNSAFE], rows[SuspendReason.AT_HER_REQUEST]
    (shown,) = quiet.timeline_for(caseworker(), case, (rows[SuspendReason.DURESS],))
    assert unsafe == shown
    assert (by_her,) == quiet.timeline_for(caseworker(), case, (by_her,))


def test_a_task_that_would_tell_is_unknown_to_whoever_asks_for_it() -> None:
    """A guessed name gets the answer of one that does not exist."""
    case = a_quiet_case()
    guessed = a_command(FinishTask, task="duress/1", actor=caseworker())
    assert {"unknown_task"} == why_not(case, guessed)
    assert set() == why_not(case, guessed.model_copy(update={"actor": supervisor()}))
