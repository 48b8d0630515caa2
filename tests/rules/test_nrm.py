"""Modern slavery: a child's path and an adult's, and a notification that identifies nobody."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from rules.nrm import ADULTS, NRM_TRANSITIONS, NrmStep
from schemas.actor import Actor, Role
from schemas.case import Stage
from schemas.case_commands import FinishTask
from schemas.changes import NotificationKept
from schemas.consent import COMPETENT_AUTHORITY, Consent, ConsentState, Purpose
from schemas.deadlines import DeadlineState
from schemas.ids import parse_case_ref
from schemas.lane_commands import MoveNrm
from schemas.lanes import (
    CHILDREN,
    AgeGroup,
    AnonymousNotification,
    Exploitation,
    Nrm,
    NrmAnswer,
    NrmEvent,
    NrmState,
)
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import (
    AT,
    POLICE,
    a_case,
    a_command,
    a_consent,
    a_deadline,
    after,
    an_actor,
    an_open_case,
    done,
    idva,
    only,
    supervisor,
    the,
    why_not,
)

S, E = NrmState, NrmEvent
DAY = timedelta(days=1)
NRM_OFFICER = an_actor(Role.NRM_FIRST_RESPONDER, person="nia")
SAID: dict[NrmEvent, dict[str, Any]] = {
    E.INDICATE: {"age": AgeGroup.ADULT},
    E.NOTIFY_ANONYMOUSLY: {"exploitation": Exploitation.LABOUR},
}


def a_move(event: NrmEvent, actor: Actor = NRM_OFFICER, **parts: Any) -> MoveNrm:
    """An event with what it needs."""
    return a_command(MoveNrm, event=event, actor=actor, **(SAID.get(event, {}) | parts))


def agreed(state: ConsentState = ConsentState.GIVEN) -> Consent:
    """What she said to being referred."""
    consent = a_consent(state, COMPETENT_AUTHORITY)
    return consent.model_copy(update={"purpose": Purpose.NRM})


def standing(
    state: NrmState | None,
    age: AgeGroup = AgeGroup.ADULT,
    consent: ConsentState = ConsentState.NOT_ASKED,
    **parts: Any,
) -> CaseSnapshot:
    """A case whose lane stands there."""
    nrms = (Nrm(number=1, state=state, age=age, **parts),) if state else ()
    case = an_open_case(consents=[agreed(consent)])
    return case.model_copy(update={"nrms": nrms})


def ready_for(row: NrmStep, source: NrmState | None) -> CaseSnapshot:
    """A case in which the row may be taken."""
    says_no = row.event is E.NOTIFY_ANONYMOUSLY
    concludes = row.event.value.startswith("conclusive")
    return standing(
        source,
        AgeGroup.ADULT if row.ages & ADULTS else AgeGroup.CHILD,
        ConsentState.REFUSED if says_no else ConsentState.GIVEN,
        answer=NrmAnswer.NO if says_no else NrmAnswer.YES,
        recovery_until=AT if concludes else None,
    )


def states_of(case: CaseSnapshot, duty: str) -> list[DeadlineState]:
    """How each run of a duty stands."""
    return [deadline.state for deadline in case.deadlines if deadline.duty == duty]


ROWS = [(source, row) for row in NRM_TRANSITIONS for source in sorted(row.sources, key=str)]
CELLS = {(source, row.event, age) for source, row in ROWS for age in row.ages}


@pytest.mark.parametrize(("source", "row"), ROWS, ids=lambda x: getattr(x, "event", x))
def test_each_row_of_the_table_is_taken(source: NrmState | None, row: NrmStep) -> None:
    """With what it needs, on the path it belongs to."""
    case = after(ready_for(row, source), a_move(row.event))
    assert row.target == the(case.nrm).state


@pytest.mark.parametrize(
    ("state", "event", "age"),
    [cell for cell in product([None, *S], E, AgeGroup) if cell not in CELLS],
)
def test_what_the_table_does_not_have_is_refused(
    state: NrmState | None, event: NrmEvent, age: AgeGroup
) -> None:
    """Every other cell of state, event and age, whatever she said."""
    case = standing(state, age, ConsentState.GIVEN, answer=NrmAnswer.YES, recovery_until=AT)
    denied = why_not(case, a_move(event))
    assert denied in ({"wrong_state"}, {"path_of_a_child"}, {"path_of_an_adult"})


def test_signs_need_an_age() -> None:
    """Both paths begin with it, and doubt is an answer."""
    assert {"incomplete"} == why_not(an_open_case(), a_move(E.INDICATE, age=None))


@pytest.mark.parametrize("age", sorted(CHILDREN))
def test_a_child_is_referred_without_being_asked_and_the_council_knows_first(
    age: AgeGroup,
) -> None:
    """Somebody whose age is in doubt is a child here (Modern Slavery Act 2015, s.51)."""
    case = after(an_open_case(), a_move(E.INDICATE, age=age))
    assert {"wrong_state"} == why_not(case, a_move(E.SUBMIT))
    case = after(case, a_move(E.INFORM_COUNCIL), a_move(E.SUBMIT))
    assert (S.SUBMITTED, AT) == (the(case.nrm).state, the(case.nrm).submitted_at)
    assert ConsentState.NOT_ASKED == case.consent_state(Purpose.NRM, COMPETENT_AUTHORITY)


@pytest.mark.parametrize("age", sorted(CHILDREN))
@pytest.mark.parametrize("event", [E.ASK_CONSENT, E.NOTIFY_ANONYMOUSLY])
@pytest.mark.parametrize("state", list(S))
def test_a_child_is_neither_asked_nor_notified_of_anonymously(
    state: NrmState, event: NrmEvent, age: AgeGroup
) -> None:
    """In no state."""
    case = standing(state, age, answer=NrmAnswer.NO)
    assert {"path_of_a_child"} == why_not(case, a_move(event))


def test_a_child_of_the_case_is_no_adult_of_the_lane() -> None:
    """Nobody becomes of age by being typed in again; doubt may still make an adult a child."""
    child = an_open_case(age=AgeGroup.CHILD)
    assert {"known_child"} == why_not(child, a_move(E.INDICATE, age=AgeGroup.ADULT))
    adult = an_open_case(age=AgeGroup.ADULT)
    assert set() == why_not(adult, a_move(E.INDICATE, age=AgeGroup.UNCERTAIN))


def test_an_age_that_was_wrong_is_put_right_before_anything_leaves() -> None:
    """The same passage and the same duty; her answer no longer counts."""
    case = after(
        an_open_case(),
        a_move(E.INDICATE),
        a_move(E.ASK_CONSENT, answer=NrmAnswer.NO),
        a_move(E.INDICATE, age=AgeGroup.CHILD),
    )
    nrm = the(case.nrm)
    assert (1, S.INDICATED, None) == (nrm.number, nrm.state, nrm.answer)
    assert [DeadlineState.RUNNING] == states_of(case, "nrm-2-duty-to-notify")
    assert {"path_of_a_child"} == why_not(case, a_move(E.NOTIFY_ANONYMOUSLY))


@pytest.mark.parametrize("age", sorted(CHILDREN))
def test_a_no_is_not_got_round_by_one_person_who_makes_her_younger(age: AgeGroup) -> None:
    """A supervisor looks at her age first; then she is referred as a child is."""
    case = after(declined(), a_move(E.INDICATE, age=age), a_move(E.INFORM_COUNCIL))
    task = the(case.task("nrm-age/1"))
    assert (TaskKind.AGE_IN_QUESTION, NRM_OFFICER.who) == (task.kind, task.not_for)
    assert {"second_person"} == why_not(case, a_move(E.SUBMIT))
    case = after(case, a_command(FinishTask, actor=supervisor(), task=task.id))
    assert S.SUBMITTED is the(after(case, a_move(E.SUBMIT)).nrm).state


def test_her_answer_and_her_age_are_on_the_record() -> None:
    """Whoever looks later sees what was taken down, and when it was changed."""
    asked = done(standing(S.INDICATED), a_move(E.ASK_CONSENT, answer=NrmAnswer.NO))
    assert NrmAnswer.NO == asked.detail["answer"]
    aged = done(declined(), a_move(E.INDICATE, age=AgeGroup.UNCERTAIN))
    assert AgeGroup.UNCERTAIN == aged.detail["age"]


def test_an_adult_who_agrees_is_referred() -> None:
    """Her yes, and a valid consent for this purpose and this recipient."""
    case = after(standing(None, consent=ConsentState.GIVEN), a_move(E.INDICATE))
    case = after(case, a_move(E.ASK_CONSENT), a_move(E.ASK_CONSENT, answer=NrmAnswer.YES))
    case = after(case, a_move(E.SUBMIT))
    assert [DeadlineState.MET] == states_of(case, "nrm-2-duty-to-notify")
    assert [DeadlineState.RUNNING] == states_of(case, "nrm-4-reasonable-grounds")


@pytest.mark.parametrize("answer", [None, *NrmAnswer])
@pytest.mark.parametrize("consent", list(ConsentState))
def test_identified_data_of_an_adult_goes_only_on_her_yes(
    answer: NrmAnswer | None, consent: ConsentState
) -> None:
    """Silence is none, and neither is an answer without consent in the ledger (INV-13)."""
    case = standing(S.CONSENT_ASKED, consent=consent, answer=answer)
    is_agreed = answer is NrmAnswer.YES and consent is ConsentState.GIVEN
    assert is_agreed is (set() == why_not(case, a_move(E.SUBMIT)))


@pytest.mark.parametrize("answer", [None, *NrmAnswer])
@pytest.mark.parametrize("consent", list(ConsentState))
def test_the_anonymous_notification_follows_her_no_and_nothing_else(
    answer: NrmAnswer | None, consent: ConsentState
) -> None:
    """Nobody who agreed, and nobody who was not asked, is notified of behind her back."""
    case = standing(S.CONSENT_ASKED, consent=consent, answer=answer)
    has_declined = answer is NrmAnswer.NO and consent is not ConsentState.GIVEN
    assert has_declined is (set() == why_not(case, a_move(E.NOTIFY_ANONYMOUSLY)))


def test_nobody_is_asked_before_it_is_safe() -> None:
    """The safety check comes first, as with every question."""
    case = a_case(stage=Stage.SAFETY_CHECK)
    case = after(case, a_move(E.INDICATE))
    assert {"safety_first"} == why_not(case, a_move(E.ASK_CONSENT))


def a_notification(case: CaseSnapshot, **parts: Any) -> NotificationKept:
    """What is kept of an anonymous notification."""
    (kept,) = only(NotificationKept, done(case, a_move(E.NOTIFY_ANONYMOUSLY, **parts)))
    return kept


def declined(**header: Any) -> CaseSnapshot:
    """An adult who said no, in some case."""
    case = an_open_case(deadlines=[a_deadline("nrm-2-duty-to-notify")], **header)
    nrm = Nrm(number=1, state=S.CONSENT_ASKED, age=AgeGroup.ADULT, answer=NrmAnswer.NO)
    return case.model_copy(update={"nrms": (nrm,)})


def test_a_notification_has_no_place_for_what_identifies() -> None:
    """By type: three coarse fields, and what is not one of them is an error (s.52(3))."""
    assert {"exploitation", "force", "quarter"} == set(AnonymousNotification.model_fields)
    assert {"kind", "notification"} == set(NotificationKept.model_fields)
    with pytest.raises(ValueError, match="case_ref"):
        AnonymousNotification.model_validate(
            {
                "exploitation": "labour",
                "force": POLICE,
                "quarter": "2026-Q4",
                "case_ref": "bafod-kisut-n",
            }
        )


def test_two_people_with_the_same_three_facts_cannot_be_told_apart() -> None:
    """Another case, another day, another officer: the same notification."""
    other = {"case_ref": parse_case_ref("tivog-ranel-r"), "occurred_at": AT - 3 * DAY}
    first = a_notification(declined())
    second = a_notification(
        declined(**other), occurred_at=AT - 2 * DAY, actor=an_actor(Role.OIC, person="olu")
    )
    assert first == second
    assert first.model_dump_json() == second.model_dump_json()


@pytest.mark.parametrize(
    ("moment", "quarter"),
    [
        pytest.param(datetime(2026, 3, 31, 22, 30, tzinfo=UTC), "2026-Q1", id="before midnight"),
        pytest.param(datetime(2026, 3, 31, 23, 30, tzinfo=UTC), "2026-Q2", id="in London, after"),
        pytest.param(datetime(2026, 12, 31, 12, tzinfo=UTC), "2026-Q4", id="the last of a year"),
    ],
)
def test_a_notification_knows_a_quarter_and_no_day(moment: datetime, quarter: str) -> None:
    """The quarter of a clock in London."""
    case = declined(occurred_at=moment - DAY)
    decided = done(case, a_move(E.NOTIFY_ANONYMOUSLY), at=moment)
    (kept,) = only(NotificationKept, decided)
    assert quarter == kept.notification.quarter


def test_the_record_of_the_case_does_not_say_what_the_notification_says() -> None:
    """Neither the lane nor the audit repeats it: they would point from her to it."""
    changed = done(declined(), a_move(E.NOTIFY_ANONYMOUSLY))
    rest = [c.model_dump_json() for c in changed.changes if not isinstance(c, NotificationKept)]
    assert Exploitation.LABOUR not in "".join([*rest, str(changed.detail)])
    assert {"nrm": 1, "event": "notify_anonymously", "state": "notified_anonymously"} == (
        changed.detail
    )
    case = after(declined(), a_move(E.NOTIFY_ANONYMOUSLY))
    assert [DeadlineState.MET] == states_of(case, "nrm-2-duty-to-notify")


@pytest.mark.parametrize("event", [e for e in E if e is not E.NOTIFY_ANONYMOUSLY])
def test_the_kind_of_exploitation_is_said_with_a_notification_alone(event: NrmEvent) -> None:
    """Said with anything else it would be kept beside her."""
    row = next(row for row in NRM_TRANSITIONS if row.event is event)
    case = ready_for(row, next(iter(row.sources)))
    said = a_move(event, exploitation=Exploitation.SEXUAL)
    assert {"beyond_event"} == why_not(case, said)


def test_after_a_no_she_may_change_her_mind() -> None:
    """A new passage, with a duty of its own."""
    case = after(declined(), a_move(E.NOTIFY_ANONYMOUSLY), a_move(E.INDICATE))
    assert (2, S.INDICATED) == (the(case.nrm).number, the(case.nrm).state)
    expected = [DeadlineState.MET, DeadlineState.RUNNING]
    assert expected == states_of(case, "nrm-2-duty-to-notify")


def submitted() -> CaseSnapshot:
    """A child's referral, with the Home Office."""
    signs = a_move(E.INDICATE, age=AgeGroup.CHILD)
    return after(an_open_case(), signs, a_move(E.INFORM_COUNCIL), a_move(E.SUBMIT))


def test_a_positive_decision_begins_her_recovery() -> None:
    """At least thirty days, and until the next decision if that is later."""
    case = after(submitted(), a_move(E.REASONABLE_GROUNDS_POSITIVE), at=AT + DAY)
    assert [DeadlineState.MET] == states_of(case, "nrm-4-reasonable-grounds")
    (recovery,) = (d for d in case.deadlines if d.duty == "nrm-5-recovery")
    assert recovery.due_at == the(case.nrm).recovery_until
    assert recovery.due_at >= AT + 31 * DAY
    case = after(case, a_move(E.CONCLUSIVE_GROUNDS_POSITIVE), at=AT + 2 * DAY)
    assert [DeadlineState.RUNNING] == states_of(case, "nrm-5-recovery")


def test_disqualification_ends_her_recovery() -> None:
    """The duty is void, and nothing says that a period still runs."""
    case = after(submitted(), a_move(E.REASONABLE_GROUNDS_POSITIVE), a_move(E.DISQUALIFY))
    assert [DeadlineState.VOID] == states_of(case, "nrm-5-recovery")
    assert the(case.nrm).recovery_until is None


@pytest.mark.parametrize(
    "decisions",
    [
        pytest.param((E.REASONABLE_GROUNDS_NEGATIVE,), id="reasonable grounds"),
        pytest.param(
            (E.REASONABLE_GROUNDS_POSITIVE, E.CONCLUSIVE_GROUNDS_NEGATIVE), id="conclusive grounds"
        ),
    ],
)
def test_a_negative_decision_may_be_reconsidered_and_is_then_taken_again(
    decisions: tuple[NrmEvent, ...],
) -> None:
    """Her time to ask for it runs; what is taken again is that decision and no other."""
    case = after(submitted(), *(a_move(event) for event in decisions))
    assert [DeadlineState.RUNNING] == states_of(case, "nrm-7-reconsideration")
    case = after(case, a_move(E.RECONSIDER))
    assert [DeadlineState.MET] == states_of(case, "nrm-7-reconsideration")
    taken = {event for event in E if event is not E.INDICATE and not why_not(case, a_move(event))}
    grounds = decisions[-1].value.removesuffix("negative")
    assert {f"{grounds}positive", f"{grounds}negative"} == taken


@pytest.mark.parametrize(
    ("actor", "is_allowed"),
    [
        pytest.param(an_actor(Role.OIC), True, id="the officer in the case"),
        pytest.param(an_actor(Role.CASEWORKER), True, id="a caseworker"),
        pytest.param(NRM_OFFICER, True, id="an NRM first responder"),
        pytest.param(idva(), False, id="an idva"),
        pytest.param(an_actor(Role.MARAC_COORDINATOR), False, id="a MARAC coordinator"),
    ],
)
def test_only_the_agency_moves_the_lane(actor: Actor, is_allowed: bool) -> None:
    """First responders of the National Referral Mechanism are named by the Home Office."""
    expected = set() if is_allowed else {"no_right"}
    assert expected == why_not(an_open_case(), a_move(E.INDICATE, actor=actor))
