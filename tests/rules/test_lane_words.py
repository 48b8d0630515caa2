"""What the lanes say when they refuse: in words, and with the verb that goes on."""

import re
from itertools import product

import pytest

from rules.decide import decide
from rules.lane_words import verb_of
from schemas.actor import Actor
from schemas.consent import ConsentState
from schemas.decisions import Refused
from schemas.lane_commands import MoveMarac, MoveNrm
from schemas.lanes import (
    AgeGroup,
    MaracBasis,
    MaracEvent,
    MaracState,
    NrmAnswer,
    NrmEvent,
    NrmState,
)
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from tests.builders import AT, a_command, a_world, caseworker
from tests.rules import test_marac, test_nrm

TYPED = {verb_of(Verb.MOVE_MARAC, event) for event in MaracEvent} | {
    verb_of(Verb.MOVE_NRM, event) for event in NrmEvent
}
QUOTED = re.compile(r"`([^`]*)`")


def refusals(case: CaseSnapshot, command: MoveMarac | MoveNrm) -> list[str]:
    """The sentences of a refusal; none where the move is taken."""
    answer = decide(case, command, a_world())
    return [reason.sentence for reason in answer.reasons] if isinstance(answer, Refused) else []


def reads_well(sentence: str, tried: str) -> None:
    """No code stands outside what is typed, and what goes on is named: a verb, or whose it is."""
    quoted = QUOTED.findall(sentence)
    assert "_" not in QUOTED.sub("", sentence), sentence
    assert {q for q in quoted if q.startswith(("marac ", "nrm ")) and "--" not in q} <= TYPED
    assert [q for q in quoted if q != tried] or "is for:" in sentence, sentence


@pytest.mark.parametrize("actor", [caseworker(), test_marac.COORDINATOR], ids=lambda a: a.role)
@pytest.mark.parametrize(("state", "event"), list(product([None, *MaracState], MaracEvent)))
def test_every_refusal_of_marac_is_a_sentence_with_a_way_on(
    state: MaracState | None, event: MaracEvent, actor: Actor
) -> None:
    """Whoever asks, where it stands on her consent or without it, and with nothing said."""
    tried = verb_of(Verb.MOVE_MARAC, event)
    for basis in MaracBasis:
        case = test_marac.standing(state, basis=basis, meeting_on=test_marac.TOMORROW)
        for said in (
            test_marac.a_move(event, actor),
            a_command(MoveMarac, event=event, actor=actor),
        ):
            for sentence in refusals(case, said):
                reads_well(sentence, tried)


@pytest.mark.parametrize("age", list(AgeGroup))
@pytest.mark.parametrize(("state", "event"), list(product([None, *NrmState], NrmEvent)))
def test_every_refusal_of_the_nrm_is_a_sentence_with_a_way_on(
    state: NrmState | None, event: NrmEvent, age: AgeGroup
) -> None:
    """Whatever she said, and whether or not her recovery period had begun."""
    tried = verb_of(Verb.MOVE_NRM, event)
    recovery = (None, AT)
    for answer, consent, until in product([None, *NrmAnswer], ConsentState, recovery):
        case = test_nrm.standing(state, age, consent, answer=answer, recovery_until=until)
        for sentence in refusals(case, test_nrm.a_move(event)):
            reads_well(sentence, tried)


@pytest.mark.parametrize(
    ("state", "age", "event", "said"),
    [
        pytest.param(None, AgeGroup.ADULT, NrmEvent.SUBMIT, "`nrm indicate`", id="no signs yet"),
        pytest.param(
            NrmState.INDICATED, AgeGroup.ADULT, NrmEvent.SUBMIT, "`nrm ask-consent`", id="an adult"
        ),
        pytest.param(
            NrmState.INDICATED,
            AgeGroup.CHILD,
            NrmEvent.SUBMIT,
            "`nrm inform-council`",
            id="a child",
        ),
        pytest.param(
            NrmState.COUNCIL_INFORMED,
            AgeGroup.CHILD,
            NrmEvent.ASK_CONSENT,
            "`nrm submit`",
            id="a child whose council knows",
        ),
    ],
)
def test_the_way_on_is_the_one_of_her_path(
    state: NrmState | None, age: AgeGroup, event: NrmEvent, said: str
) -> None:
    """Nobody is sent to the verb of another path."""
    (sentence,) = refusals(test_nrm.standing(state, age), test_nrm.a_move(event))
    assert said in sentence


def test_a_move_of_others_names_them_and_what_is_not_theirs_names_no_verb_of_theirs() -> None:
    """A caseworker is not sent to list a meeting."""
    case = test_marac.standing(MaracState.REFERRED)
    lists = test_marac.a_move(MaracEvent.LIST, caseworker())
    assert ["`marac list` is for: marac coordinator. You act as caseworker."] == [
        sentence.partition(" Next:")[0] for sentence in refusals(case, lists)
    ]
    (sentence,) = refusals(case, test_marac.a_move(MaracEvent.END_WATCH))
    assert "`marac list`" not in sentence
