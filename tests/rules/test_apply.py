"""The fold: a snapshot after changes, with nothing lost and nothing doubled."""

from typing import Any, get_args

import pytest
from schemas.changes import (
    Change,
    ConsentRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    NeedRecorded,
    PacketPlaced,
    ReferralRecorded,
    SafetyRecorded,
    StageMoved,
    StopPlaced,
    TaskRecorded,
)

from rules.apply import apply
from schemas.case import ClosingReason, Stage
from schemas.consent import Purpose
from schemas.deadlines import DeadlineState
from schemas.referral import NeedState, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchState
from tests.builders import (
    COUNSELLING,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    a_case,
    a_consent,
    a_deadline,
    a_need,
    a_packet,
    a_referral,
    a_stop,
    a_task,
    an_open_case,
    given,
    the,
)

FULL = an_open_case(
    consents=[a_consent(), given(MEADOWLIGHT)],
    needs=[a_need(1), a_need(2)],
    referrals=[a_referral(1), a_referral(2)],
    deadlines=[a_deadline()],
    tasks=[a_task()],
    dispatches=[a_packet(1), a_packet(2)],
)
DONE = {"state": DispatchState.DONE}
CANCELLED = {"state": DispatchState.CANCELLED}
PLACED: dict[str, Any] = {"referral": 1, "service": IDVA, "organisation": "harbour-house"}

CHANGES: list[Change] = [
    StageMoved(stage=Stage.CLOSING_REVIEW, closing_reason=ClosingReason.SUPPORT_COMPLETED),
    SafetyRecorded(confirmed=False),
    ConsentRecorded(consent=given(epoch=2)),
    NeedRecorded(need=a_need(1, NeedState.MET)),
    ReferralRecorded(referral=a_referral(1, ReferralState.RECEIVED)),
    DeadlineRecorded(deadline=a_deadline(state=DeadlineState.BREACHED)),
    TaskRecorded(task=a_task().model_copy(update={"is_done": True})),
    DispatchRecorded(dispatch=a_packet(1).model_copy(update=DONE)),
    PacketPlaced(key=a_packet(1).key, fields=FIELDS, consent_epoch=1, **PLACED),
    StopPlaced(key="stop/1", **PLACED),
]
OUTSIDE = (PacketPlaced, StopPlaced)


def sizes(snapshot: CaseSnapshot) -> list[int]:
    parts = (snapshot.consents, snapshot.needs, snapshot.referrals, snapshot.deadlines)
    return [*(len(part) for part in parts), len(snapshot.tasks)]


def test_the_list_of_changes_here_is_whole() -> None:
    """Every kind of change is folded in the tests below."""
    kinds = get_args(get_args(Change)[0])
    assert set(kinds) == {type(change) for change in CHANGES}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind)
def test_a_change_is_seen_and_replaces_what_it_changes(change: Change) -> None:
    """What is placed in an inbox lies outside the snapshot; all else shows, and nothing doubles."""
    after = apply(FULL, [change])
    assert sizes(FULL) == sizes(after)
    same_version = after.model_copy(update={"case": after.case.model_copy(update={"version": 1})})
    assert isinstance(change, OUTSIDE) == (same_version == FULL)


def test_what_is_new_is_added_at_the_end() -> None:
    """Numbers and order of what was there stay."""
    new = a_consent(recipient=COUNSELLING)
    after = apply(
        FULL,
        [
            ConsentRecorded(consent=new),
            NeedRecorded(need=a_need(3)),
            ReferralRecorded(referral=a_referral(3)),
            TaskRecorded(task=a_task("unmet/3")),
            DispatchRecorded(dispatch=a_stop(1)),
        ],
    )
    assert new == after.consent(Purpose.SUPPORT_REFERRAL, COUNSELLING)
    assert [need.number for need in after.needs] == [1, 2, 3]
    assert [referral.number for referral in after.referrals] == [1, 2, 3]
    assert the(after.task("unmet/3")) == after.tasks[-1]
    assert a_stop(1) == after.dispatches[-1]


@pytest.mark.parametrize("left", [DONE, CANCELLED], ids=["done", "cancelled"])
def test_what_left_the_outbox_is_no_longer_queued(left: dict[str, DispatchState]) -> None:
    """The snapshot holds queued rows only."""
    after = apply(FULL, [DispatchRecorded(dispatch=a_packet(1).model_copy(update=left))])
    assert (a_packet(2),) == after.dispatches


def test_changes_fold_in_order() -> None:
    """The later one wins."""
    met, unmet = (NeedRecorded(need=a_need(1, s)) for s in (NeedState.MET, NeedState.UNMET))
    assert the(apply(FULL, [met, unmet]).need(1)).state is NeedState.UNMET


def test_reopening_forgets_why_the_case_was_to_be_closed() -> None:
    """A stage carries its own reason or none."""
    review = a_case(
        stage=Stage.CLOSING_REVIEW,
        closing_reason=ClosingReason.AT_VICTIM_REQUEST,
        closing_asked_by="caseworker@northmarch-police:ann",
    )
    header = apply(review, [StageMoved(stage=Stage.OPEN)]).case
    assert (header.closing_reason, header.closing_asked_by) == (None, None)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_one_decision_is_one_version(count: int) -> None:
    """However many changes it makes, and if it makes none."""
    assert FULL.case.version + 1 == apply(FULL, CHANGES[:count]).case.version
