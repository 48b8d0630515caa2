"""What the record gives of a case: as it is now, and no more than it knows."""

from typing import Any

import pytest

from rules.protocol.recorded import case_state, records_of
from rules.protocol.standing import facts_at
from schemas.case import ClosingReason, Stage, Subject
from schemas.erasure import Erasure, ErasureReason, ErasureState
from schemas.holds import Hold
from schemas.lanes import AgeGroup, Nrm, NrmState
from schemas.protocol import CLOSED
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import AT, a_case, a_task


def reads(case: CaseSnapshot, fact: str, **parts: Any) -> Any:
    """How a fact of which nobody said anything reads."""
    records = records_of(case, **({"told": None, "fields": ()} | parts))
    return facts_at((), records, AT).values[fact]


ENDS = {
    "it is open": (a_case(stage=Stage.OPEN), "open"),
    "safety was not checked": (a_case(), "unknown"),
    "nobody has heard of her for long": (a_case(stage=Stage.DORMANT), "unknown"),
    "it is about to be closed": (a_case(stage=Stage.CLOSING_REVIEW), "unknown"),
    "it is closed": (
        a_case(stage=Stage.CLOSED, closing_reason=ClosingReason.SUPPORT_COMPLETED),
        "closed",
    ),
    "it was a mistake": (
        a_case(stage=Stage.CLOSED, closing_reason=ClosingReason.ENTERED_IN_ERROR),
        "entered_in_error",
    ),
    "it is another's twice": (
        a_case(stage=Stage.CLOSED, closing_reason=ClosingReason.DUPLICATE),
        "entered_in_error",
    ),
    "she has died": (a_case(stage=Stage.OPEN, died_at=AT), "deceased"),
    "it is said that she has died": (
        a_case(stage=Stage.OPEN, tasks=[a_task(kind=TaskKind.CONFIRM_DEATH)]),
        "unknown",
    ),
}


@pytest.mark.parametrize(("case", "state"), ENDS.values(), ids=list(ENDS))
def test_a_case_is_open_only_where_nothing_speaks_against_it(
    case: CaseSnapshot, state: str
) -> None:
    """Every other stage waits or denies."""
    assert state == case_state(case) == reads(case, "case_state")


def test_an_erased_case_is_disposed_of() -> None:
    """From the confirmation on."""
    erasure = Erasure(
        number=1,
        reason=ErasureReason.RETENTION_OVER,
        state=ErasureState.CONFIRMED,
        proposed_by="northmarch-police:dee",
        proposed_at=AT,
        answered_by="northmarch-police:sue",
    )
    case = a_case(stage=Stage.OPEN).model_copy(update={"erasures": (erasure,)})
    assert "disposed" == case_state(case)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("reason", [None, *ClosingReason])
def test_no_stage_but_open_reads_as_open(stage: Stage, reason: ClosingReason | None) -> None:
    """A new stage is no yes."""
    state = case_state(a_case(stage=stage, closing_reason=reason))
    assert (state == "open") is (stage is Stage.OPEN)


def test_a_hold_is_active_while_any_is() -> None:
    """Of several, one is enough."""
    lifted = Hold(
        number=1,
        organisation="harbour-house",
        placed_by="harbour-house:ida",
        placed_at=AT,
        lifted_at=AT,
        lifted_by="harbour-house:ida",
    )
    standing = lifted.model_copy(update={"number": 2, "lifted_at": None, "lifted_by": None})
    case = a_case(stage=Stage.OPEN)
    for holds, reading in (((), "none"), ((lifted,), "none"), ((lifted, standing), "active")):
        assert reading == reads(case.model_copy(update={"holds": holds}), "support_hold")


@pytest.mark.parametrize("state", NrmState)
def test_a_lane_of_modern_slavery_never_reads_as_no_indicators(state: NrmState) -> None:
    """Whatever became of it: there were some."""
    nrm = Nrm(number=1, state=state, age=AgeGroup.ADULT)
    case = a_case(stage=Stage.OPEN).model_copy(update={"nrms": (nrm,)})
    assert reads(case, "nrm_state") not in ("no_indicators", "unknown")
    assert "unknown" == reads(a_case(stage=Stage.OPEN), "nrm_state")


@pytest.mark.parametrize(
    ("age", "reading"),
    [(AgeGroup.CHILD, "child"), (AgeGroup.ADULT, "uncertain"), (AgeGroup.UNCERTAIN, "uncertain")],
)
def test_an_opening_says_that_she_is_a_child_and_never_that_she_is_an_adult(
    age: AgeGroup, reading: str
) -> None:
    """An adult's age needs somebody's evidence."""
    assert reading == reads(a_case(age=age), "age_band")


@pytest.mark.parametrize("subject", Subject)
def test_what_she_is_in_the_case_is_what_the_opening_said(subject: Subject) -> None:
    """Bereaved family is none of what a protocol knows."""
    reading = "unknown" if subject is Subject.BEREAVED else subject.value
    assert reading == reads(a_case(subject=subject), "subject_role")


def test_what_nobody_recorded_that_she_was_told_reads_as_closed() -> None:
    """Then nothing is shared."""
    assert (CLOSED,) == reads(a_case(), "told_versions")
    assert ("p1-npcc-2018",) == reads(a_case(), "told_versions", told="p1-npcc-2018")


def test_consent_that_is_asked_for_nowhere_is_no_consent() -> None:
    """And whether she objects is unknown, so a request waits at least."""
    case = a_case(stage=Stage.OPEN)
    assert ["not_asked", "unknown", "unknown"] == [
        reads(case, fact) for fact in ("consent_state", "objection", "prior_denial_same_facts")
    ]
    assert ("name",) == reads(case, "requested_fields", fields=("name",))
    assert "none" == reads(case, "agreement_and_dpia", agreement="none")
