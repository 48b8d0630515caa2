"""The timeline as one reader may see it: what is quiet, hidden or another's secret is not in it."""

import pytest

from rules import timeline
from schemas.actor import Actor, Role
from schemas.case_commands import FinishTask, HandOver, LinkCase
from schemas.clockwork_steps import SendNotice
from schemas.contact import ContactResult, SuspendReason, WordCheck
from schemas.contact_commands import EndContact, SuspendPlan
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.verbs import Verb
from tests.builders import (
    a_command,
    a_task,
    adviser,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    dpo,
    idva,
    supervisor,
)
from tests.rules.test_quiet import IN_TIME, a_row, on_the_line

SPOKE_IN_DURESS = a_command(
    EndContact, contact=2, result=ContactResult.SPOKE, word=WordCheck.DURESS
)
GUARDED = [TaskKind.DURESS, TaskKind.WORD_WRONG, TaskKind.REPORTED_RECORDER]


def noticed(case: CaseSnapshot, kind: TaskKind) -> SendNotice:
    """The step that posts the notice of the task of that kind."""
    task = next(task for task in case.tasks if task.kind is kind)
    key = next(d.key for d in case.dispatches if d.key.startswith(f"task/{task.id}/"))
    return a_command(SendNotice, key=key)


def test_a_notice_of_a_word_of_duress_is_shown_to_whoever_learns_of_it_alone() -> None:
    """A row of its own, right after a call in which she spoke, would tell."""
    case = after(on_the_line(caseworker()), SPOKE_IN_DURESS, at=IN_TIME)
    decision = done(case, noticed(case, TaskKind.DURESS), IN_TIME)
    row = a_row(Verb.SEND_NOTICE, SPOKE_IN_DURESS.actor, decision)
    assert TaskKind.DURESS == row.detail["task"]
    assert () == timeline.shown_to(caseworker(), case, [row])
    assert (row,) == timeline.shown_to(supervisor(), case, [row])


def test_a_notice_of_any_other_task_says_no_more_than_that_it_went() -> None:
    """What a service is asked is its own."""
    case = after(an_open_case(), a_command(SuspendPlan, reason=SuspendReason.UNSAFE))
    row = a_row(Verb.SEND_NOTICE, caseworker(), done(case, noticed(case, TaskKind.WELFARE)))
    assert {"notice", "to"} == set(row.detail)
    assert (row,) == timeline.shown_to(caseworker(), case, [row])


@pytest.mark.parametrize("kind", GUARDED)
def test_that_a_task_was_done_is_shown_where_the_task_is(kind: TaskKind) -> None:
    """The row names its kind."""
    task = a_task("a-task", kind).model_copy(update={"not_for": caseworker().who})
    case = an_open_case(tasks=[task])
    finish = a_command(FinishTask, task=task.id, actor=supervisor())
    row = a_row(Verb.FINISH_TASK, supervisor(), done(case, finish))
    assert () == timeline.shown_to(caseworker(), after(case, finish), [row])
    assert (row,) == timeline.shown_to(supervisor(), after(case, finish), [row])


@pytest.mark.parametrize("kind", GUARDED)
def test_a_case_in_other_hands_counts_no_task_that_is_kept_from_some(kind: TaskKind) -> None:
    """Everybody reads the count."""
    case = an_open_case(tasks=[a_task(), a_task("a-task", kind)], assigned_to="ann")
    assert 1 == done(case, a_command(HandOver)).detail["tasks"]


@pytest.mark.parametrize("reader", [caseworker(), supervisor(), dpo()], ids=lambda a: a.role)
def test_an_adviser_is_a_worker_of_their_service_to_everybody_else(reader: Actor) -> None:
    """That somebody of that role works for her says what she is advised on."""
    row = a_row(Verb.OPEN_REFERRAL, adviser(), done(an_open_case(), a_command(LinkCase)))
    (shown,) = timeline.shown_to(reader, an_open_case(), [row])
    assert an_actor(Role.NGO_WORKER, adviser().organisation, adviser().person) == shown.actor
    for other in (idva(), caseworker()):
        row = row.model_copy(update={"actor": other})
        assert other == timeline.shown_to(reader, an_open_case(), [row])[0].actor


def test_a_link_with_a_case_that_the_reader_may_not_see_names_no_reference() -> None:
    """It may be restricted; that there is a link is told."""
    link = a_command(LinkCase)
    row = a_row(Verb.LINK_CASE, caseworker(), done(an_open_case(), link))
    linked = after(an_open_case(), link)
    assert (row,) == timeline.shown_to(caseworker(), linked, [row])
    (shown,) = timeline.shown_to(caseworker(), an_open_case(), [row])
    assert {"link": row.detail["link"]} == shown.detail
