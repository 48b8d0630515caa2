"""Who may work on a case: conflicts, named people, links with others, and tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from rules.actions import permitted
from rules.casework import SETTLED_BY, is_proposed
from rules.decide import decide
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import ClosingReason
from schemas.case_commands import (
    AddNeed,
    CloseCase,
    ConfirmNamed,
    DeclareConflict,
    FinishTask,
    LinkCase,
    ProposeNamed,
)
from schemas.casework import ConflictKind, LinkKind, NamedPerson
from schemas.contact import Contact, ContactChannel, ContactPurpose, ContactState
from schemas.deadlines import DeadlineState
from schemas.decisions import Refused
from schemas.ids import parse_case_ref
from schemas.referral import ReferralState
from schemas.snapshot import ALARMS, CaseSnapshot, Task, TaskKind
from tests.builders import (
    CASE,
    POLICE,
    a_command,
    a_deadline,
    a_referral,
    a_task,
    a_world,
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

ANN, BEA, CAL = (caseworker(person=person) for person in ("ann", "bea", "cal"))
OTHER = parse_case_ref("tivog-ranel-r")


# Links


@pytest.mark.parametrize("kind", list(LinkKind))
def test_a_link_says_that_two_cases_belong_together_and_joins_nothing(kind: LinkKind) -> None:
    """Once; saying it again changes nothing."""
    case = after(an_open_case(), a_command(LinkCase, link=kind))
    assert [(OTHER, kind, ANN.who)] == [(it.other, it.link, it.linked_by) for it in case.links]
    assert () == done(case, a_command(LinkCase, link=kind)).changes


def test_a_case_is_linked_with_another_and_in_one_way() -> None:
    """Two kinds of belonging together would be two answers to one question."""
    assert {"same_case"} == why_not(an_open_case(), a_command(LinkCase, other=CASE))
    case = after(an_open_case(), a_command(LinkCase, link=LinkKind.SAME_INCIDENT))
    assert {"already_linked"} == why_not(case, a_command(LinkCase, link=LinkKind.DUPLICATE))


def test_a_duplicate_can_be_closed_as_one() -> None:
    """The other case goes on; a link of another kind is no reason."""
    closing = a_command(CloseCase, reason=ClosingReason.DUPLICATE)
    case = after(an_open_case(), a_command(LinkCase, link=LinkKind.DUPLICATE))
    assert set() == why_not(case, closing)


# Tasks


def with_task(kind: TaskKind = TaskKind.UNMET_NEED, **facts: Any) -> CaseSnapshot:
    task = a_task("a-task", kind)
    task = task.model_copy(update={"for_role": Role.CASEWORKER, **facts})
    referral = a_referral(state=ReferralState.ACCEPTED)
    return an_open_case(tasks=[task], referrals=[referral])


def finished(actor: Actor = ANN) -> FinishTask:
    return a_command(FinishTask, task="a-task", actor=actor)


def the_task(case: CaseSnapshot) -> Task:
    return the(case.task("a-task"))


@pytest.mark.parametrize("kind", list(TaskKind))
def test_what_an_act_settles_is_not_finished_by_saying_so(kind: TaskKind) -> None:
    """The refusal names the verb that does it; everything else a person says is done."""
    case, by = with_task(kind), supervisor()
    if kind in SETTLED_BY:
        assert {"settled_by_act"} == why_not(case, finished(by))
    else:
        assert the_task(after(case, finished(by))).is_done


@pytest.mark.parametrize(
    ("deadline", "says"),
    [
        pytest.param("ref-ack/1", "It ends when the duty is met", id="met by the record"),
        pytest.param("vc-r3-acknowledgement", "`deadline met`", id="met by a person's word"),
    ],
)
def test_a_missed_duty_is_not_talked_away(deadline: str, says: str) -> None:
    """Its task goes with the duty, and the refusal leads to what can be done, not in a circle."""
    missed = a_task(f"missed/{deadline}", TaskKind.DEADLINE_MISSED)
    duty, _, referral = deadline.partition("/")
    late = a_deadline(duty, int(referral) if referral else None, state=DeadlineState.BREACHED)
    case = an_open_case(tasks=[missed], deadlines=[late])
    finish = a_command(FinishTask, task=missed.id, actor=supervisor())
    decision = decide(case, finish, a_world())
    assert isinstance(decision, Refused)
    assert says in decision.sentences()


def test_a_task_is_finished_once_and_by_the_organisation_it_is_for() -> None:
    """To anybody else it is as if there were none."""
    case = with_task()
    assert {"unknown_task"} == why_not(an_open_case(), finished())
    assert {"unknown_task"} == why_not(after(case, finished()), finished())
    assert {"unknown_task"} == why_not(case, finished(ngo_intake()))
    ours = with_task(organisation="harbour-house", for_role=Role.NGO_WORKER)
    assert {"unknown_task"} == why_not(ours, finished())
    assert set() == why_not(ours, finished(ngo_intake()))


def test_whoever_must_not_do_it_does_not_whatever_their_role() -> None:
    """Two people means two people."""
    case = with_task(not_for=ANN.who)
    both = (ANN, an_actor(Role.SAFEGUARDING_SUPERVISOR, person="ann"))
    assert [{"second_person"}] * 2 == [why_not(case, finished(actor)) for actor in both]
    assert set() == why_not(case, finished(BEA))


@pytest.mark.parametrize(
    ("for_role", "who"),
    [
        pytest.param(Role.SAFEGUARDING_SUPERVISOR, ANN, id="a supervisor's by a caseworker"),
        pytest.param(Role.DPO, ANN, id="a data protection officer's by a caseworker"),
        pytest.param(Role.DPO, supervisor(), id="a data protection officer's by a supervisor"),
    ],
)
def test_some_tasks_are_for_one_role(for_role: Role, who: Actor) -> None:
    """What was escalated is not settled by those it was escalated over."""
    case = with_task(for_role=for_role)
    assert {"not_your_role"} == why_not(case, finished(who))
    assert set() == why_not(case, finished(supervisor() if for_role is not Role.DPO else dpo()))


@pytest.mark.parametrize("kind", sorted(ALARMS))
def test_an_alarm_of_a_restricted_case_is_for_its_named_people(kind: TaskKind) -> None:
    """They are who is there; one that is for somebody else than them stays so."""
    task = a_task("a-task", kind)
    case = restricted("ann", "bea").model_copy(update={"tasks": (task,)})
    assert set() == why_not(case, finished())
    for other in ({"for_role": Role.DPO}, {"not_for": ANN.who}):
        changed = case.model_copy(update={"tasks": (task.model_copy(update=other),)})
        assert set() != why_not(changed, finished())
    ours = an_open_case(tasks=[task.model_copy(update={"kind": TaskKind.UNMET_NEED})])
    assert {"not_your_role"} == why_not(ours, finished())


# Conflicts of interest


def a_contact(by: Actor, state: ContactState = ContactState.PLANNED) -> Contact:
    return Contact(
        number=1,
        organisation=by.organisation,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.VOICE,
        state=state,
        planned_by=by.who,
    )


def declaring(actor: Actor = ANN, kind: ConflictKind = ConflictKind.KNOWS_PERPETRATOR) -> Any:
    return a_command(DeclareConflict, conflict=kind, actor=actor)


@pytest.mark.parametrize("kind", list(ConflictKind))
def test_whoever_is_too_close_does_nothing_more_in_the_case(kind: ConflictKind) -> None:
    """In no role; saying it again changes nothing."""
    case = after(an_open_case(), declaring(kind=kind))
    assert [(ANN.who, kind)] == [(one.who, one.conflict) for one in case.conflicts]
    for actor in (ANN, an_actor(Role.SAFEGUARDING_SUPERVISOR, person="ann")):
        assert {"conflict_declared"} == why_not(case, a_command(AddNeed, actor=actor))
    assert set() == why_not(case, a_command(AddNeed, actor=BEA))
    assert () == done(case, declaring(kind=kind)).changes


def test_what_was_theirs_is_given_back_and_a_supervisor_gives_it_to_somebody_else() -> None:
    """A case without hands is in front of a person, who is not the one who left it."""
    own = a_task("contact/1", TaskKind.MAKE_CONTACT).model_copy(update={"for_person": ANN.who})
    case = after(an_open_case(assigned_to="ann", tasks=[own]), declaring())
    task = the(case.task(f"conflict/{ANN.who}"))
    facts = (task.kind, task.for_role, task.not_for, task.organisation)
    assert (TaskKind.CONFLICT, Role.SAFEGUARDING_SUPERVISOR, ANN.who, None) == facts
    assert (None, ANN.who) == (the(case.task(own.id)).for_person, the(case.task(own.id)).not_for)


def test_a_conflict_of_somebody_on_whom_nothing_rests_asks_nobody() -> None:
    """It is on record, and that is all."""
    assert () == after(an_open_case(assigned_to="bea"), declaring()).tasks


def test_a_service_s_worker_gives_their_referrals_back_to_the_service() -> None:
    """Their own supervisor hears of it."""
    referrals = [
        a_referral(1, ReferralState.ACTIVE, claimed_by=idva().who),
        a_referral(2, ReferralState.ACTIVE, claimed_by=ngo_intake().who),
    ]
    case = after(an_open_case(referrals=referrals), declaring(idva()))
    assert [None, ngo_intake().who] == [referral.claimed_by for referral in case.referrals]
    (task,) = case.tasks
    assert (Role.NGO_SUPERVISOR, "harbour-house") == (task.for_role, task.organisation)
    assert task.for_role in NGO_ROLES


@pytest.mark.parametrize("state", list(ContactState))
def test_they_do_not_ring_her_any_more(state: ContactState) -> None:
    """INV-32: a contact they had planned is called off, and somebody else plans another."""
    case = an_open_case().model_copy(update={"contacts": (a_contact(ANN, state),)})
    case = after(case, declaring())
    waits = state in (ContactState.PLANNED, ContactState.OPEN)
    assert (ContactState.CANCELLED if waits else state) is the(case.contact(1)).state
    assert waits is any(task.kind is TaskKind.CONFLICT for task in case.tasks)


@pytest.mark.parametrize("others", [("bea",), ()], ids=["somebody is left", "nobody is left"])
def test_they_see_a_restricted_case_no_longer(others: tuple[str, ...]) -> None:
    """Whoever is too close must not; that others can is the supervisors' to see to."""
    case = after(restricted("ann", *others), declaring())
    assert named_in(case) == {f"{POLICE}:{person}" for person in others}


# Named people


def restricted(*people: str) -> CaseSnapshot:
    named = tuple(NamedPerson(who=f"{POLICE}:{person}", is_named=True) for person in people)
    case = an_open_case(is_restricted=True)
    return case.model_copy(update={"named": named})


def proposing(actor: Actor = ANN, person: str = "cal") -> ProposeNamed:
    return a_command(ProposeNamed, actor=actor, person=person)


def confirming(actor: Actor = BEA, person: str = "cal") -> ConfirmNamed:
    return a_command(ConfirmNamed, actor=actor, person=person)


def named_in(case: CaseSnapshot) -> set[str]:
    return {person.who for person in case.named if person.is_named}


def test_widening_a_restricted_case_takes_two_of_its_people() -> None:
    """Proposing widens nothing; the second is another person, in whatever role."""
    case = after(restricted("ann", "bea"), proposing())
    assert {ANN.who, BEA.who} == named_in(case)
    again = an_actor(Role.SAFEGUARDING_SUPERVISOR, person="ann")
    assert {"second_person"} == why_not(case, confirming(again))
    case = after(case, confirming())
    assert {ANN.who, BEA.who, CAL.who} == named_in(case)
    assert (ANN.who, BEA.who) == next(
        (n.proposed_by, n.confirmed_by) for n in case.named if n.who == CAL.who
    )


def test_nobody_widens_what_they_may_not_see() -> None:
    """Neither somebody who is not named nor somebody who was only proposed."""
    case = restricted("ann", "bea")
    assert {"not_named"} == why_not(case, proposing(caseworker(person="dan")))
    proposed = after(case, proposing())
    assert {"not_named"} == why_not(proposed, confirming(CAL))


def gone(case: CaseSnapshot, *people: str) -> CaseSnapshot:
    """These people have left the force."""
    who = {f"{POLICE}:{person}" for person in people}
    named = tuple(n.model_copy(update={"has_left": n.who in who}) for n in case.named)
    return case.model_copy(update={"named": named})


def test_a_supervisor_stands_in_for_the_second_person_where_one_is_left() -> None:
    """Otherwise the one who is left could never share the case, and it would leave with them."""
    case = after(gone(restricted("ann", "bea"), "bea"), proposing())
    assert {"not_named"} == why_not(case, confirming(caseworker(person="dan")))
    case = after(case, confirming(supervisor()))
    assert CAL.who in named_in(case)
    assert {"not_named"} == why_not(case, proposing(supervisor(), person="eve"))


def test_two_supervisors_name_somebody_where_nobody_is_left() -> None:
    """One alone does not, and neither sees the case by it."""
    case = after(gone(restricted("ann", "bea"), "ann", "bea"), proposing(supervisor()))
    assert {"second_person"} == why_not(case, confirming(supervisor()))
    second = supervisor(person="sam")
    assert CAL.who in named_in(after(case, confirming(second)))


def test_a_supervisor_does_not_stand_in_while_two_are_there() -> None:
    """Nor one who is too close herself."""
    case = restricted("ann", "bea")
    assert {"not_named"} == why_not(case, proposing(supervisor()))
    left = after(gone(case, "bea"), a_command(DeclareConflict, actor=supervisor()))
    assert {"conflict_declared"} == why_not(left, proposing(supervisor()))


def test_who_stands_outside_a_restricted_case_is_told_nothing_that_could_be_done_in_it() -> None:
    """The answer to a supervisor who helps to name somebody says nothing of her."""
    case = restricted("ann")
    world = a_world()
    assert () == permitted(case, supervisor(), world)
    assert () != permitted(case, ANN, world)


@pytest.mark.parametrize(
    "goes",
    [
        pytest.param(lambda case: after(case, declaring(ANN)), id="who proposed steps back"),
        pytest.param(lambda case: after(case, declaring(CAL)), id="who was proposed steps back"),
        pytest.param(lambda case: gone(case, "ann"), id="who proposed leaves"),
        pytest.param(lambda case: gone(case, "cal"), id="who was proposed leaves"),
    ],
)
def test_a_proposal_ends_with_whoever_it_rests_on(
    goes: Callable[[CaseSnapshot], CaseSnapshot],
) -> None:
    """Nobody agrees to it then, and it is not shown as one that waits."""
    case = after(restricted("ann", "bea"), proposing())
    assert [CAL.who] == waiting_in(case)
    assert [] == waiting_in(goes(case))
    assert why_not(goes(case), confirming()) & {"not_proposed", "conflict_declared"}


def test_who_was_named_and_stepped_back_is_not_proposed() -> None:
    """They had been proposed once."""
    case = after(restricted("ann", "bea"), proposing(), confirming(), declaring(CAL))
    assert [] == waiting_in(case)


def waiting_in(case: CaseSnapshot) -> list[str]:
    """Whom a second person may agree to."""
    return [n.who for n in case.named if is_proposed(n, case.named, case.conflicts)]


def test_what_is_no_widening_is_refused() -> None:
    """An open case has nobody to name; nobody is named twice, unproposed, or in conflict."""
    assert {"not_restricted"} == why_not(an_open_case(), proposing())
    assert {"not_restricted"} == why_not(an_open_case(), confirming())
    case = restricted("ann", "bea")
    assert {"already_named"} == why_not(case, proposing(person="bea"))
    assert {"not_proposed"} == why_not(case, confirming())
    left = after(restricted("ann", "bea", "cal"), declaring(CAL))
    assert {"conflict_declared"} == why_not(left, proposing())
