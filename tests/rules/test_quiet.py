"""After a word of duress, only a supervisor and the data protection officer learn why."""

import pytest

from rules import quiet
from schemas.actor import Actor
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactState,
    WordCheck,
)
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import POLICE, a_task, an_open_case, caseworker, dpo, ngo_intake, supervisor

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


def test_to_everybody_else_the_call_looks_like_any_other() -> None:
    """Neither the result nor the word nor a task tells, on a screen somebody may look at."""
    seen, spoken = quiet.contacts_for(caseworker(), a_quiet_case())
    assert (None, WordCheck.NOT_GIVEN) == (seen.result, seen.word)
    assert SPOKEN == spoken
    assert ["missed/vc-r4-support-referral"] == [
        t.id for t in quiet.tasks_for(caseworker(), a_quiet_case())
    ]


def test_a_service_sees_its_own_contacts_alone() -> None:
    """INV-24: what the police did to reach her is not a service's to read."""
    assert () == quiet.contacts_for(ngo_intake(), a_quiet_case())
