"""The fold: a snapshot after changes, with nothing lost and nothing doubled."""

from typing import Any, TypeVar, get_args

import pytest
from pydantic import BaseModel

from rules.apply import apply
from schemas.case import ClosingReason, Stage
from schemas.casework import (
    CaseLink,
    Conflict,
    ConflictKind,
    Entitlement,
    LinkKind,
    NamedPerson,
    Transfer,
    TransferState,
)
from schemas.changes import (
    CaseChanged,
    Change,
    CheckRecorded,
    ConflictRecorded,
    ConsentRecorded,
    ContactRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    ErasureRecorded,
    HoldRecorded,
    LinkRecorded,
    MaracRecorded,
    NamedRecorded,
    NeedRecorded,
    NotificationKept,
    NrmRecorded,
    PacketPlaced,
    PlanRecorded,
    ReferralRecorded,
    RiskRecorded,
    SafetyRecorded,
    ServiceReasonKept,
    StageMoved,
    StopPlaced,
    TaskRecorded,
    TransferRecorded,
)
from schemas.consent import Purpose
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactState,
    PlanState,
)
from schemas.deadlines import DeadlineState
from schemas.erasure import Erasure, ErasureReason, ErasureState
from schemas.holds import Hold
from schemas.lanes import (
    AgeGroup,
    AnonymousNotification,
    Exploitation,
    Marac,
    MaracCriterion,
    MaracState,
    Nrm,
    NrmState,
    RiskAssessment,
    RiskGrade,
    RiskTool,
)
from schemas.referral import NeedState, Reason, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchState
from schemas.withdrawal import CheckState, WithdrawalCheck
from tests.builders import (
    AT,
    COUNSELLING,
    FIELDS,
    IDVA,
    MEADOWLIGHT,
    POLICE,
    a_case,
    a_consent,
    a_deadline,
    a_need,
    a_packet,
    a_referral,
    a_stop,
    a_task,
    an_open_case,
    caseworker,
    given,
    supervisor,
    the,
)

_E = TypeVar("_E", bound=BaseModel)

PLAN = ContactPlan(
    number=1,
    state=PlanState.IN_FORCE,
    channels=(ContactChannel.VOICE,),
    set_by=caseworker().who,
    verified_at=AT,
    expires_at=AT,
)
CONTACT = Contact(
    number=1,
    organisation=POLICE,
    purpose=ContactPurpose.CHECK_IN,
    channel=ContactChannel.VOICE,
    state=ContactState.PLANNED,
    planned_by=caseworker().who,
)
HOLD = Hold(number=1, organisation="harbour-house", placed_by="harbour-house:ivy", placed_at=AT)
CHECK = WithdrawalCheck(
    number=1,
    purpose=Purpose.SUPPORT_REFERRAL,
    recorder=caseworker().who,
    asks="harbour-house",
    referrals=(1,),
    opened_at=AT,
    line_until=AT,
)
RISK = RiskAssessment(
    number=1,
    tool=RiskTool.JUDGEMENT,
    grade=RiskGrade.MEDIUM,
    assessed_by=caseworker().who,
    assessed_at=AT,
)
MARAC = Marac(number=1, state=MaracState.INDICATED, criterion=MaracCriterion.ESCALATION)
NRM = Nrm(number=1, state=NrmState.INDICATED, age=AgeGroup.ADULT)
LINK = CaseLink(other="tivog-ranel-r", link=LinkKind.SAME_INCIDENT, linked_by=caseworker().who)
CONFLICT = Conflict(who=caseworker().who, conflict=ConflictKind.KNOWS_VICTIM, declared_at=AT)
NAMED = NamedPerson(who=supervisor().who, is_named=False)
ERASURE = Erasure(
    number=1, reason=ErasureReason.HER_REQUEST, proposed_by="northmarch-police:dee", proposed_at=AT
)
TRANSFER = Transfer(
    number=1, to_organisation="saltmere-council", offered_by=caseworker().who, offered_at=AT
)

FULL = an_open_case(
    consents=[a_consent(), given(MEADOWLIGHT)],
    needs=[a_need(1), a_need(2)],
    referrals=[a_referral(1), a_referral(2)],
    deadlines=[a_deadline()],
    tasks=[a_task()],
    dispatches=[a_packet(1), a_packet(2)],
).model_copy(
    update={
        "plans": (PLAN,),
        "contacts": (CONTACT,),
        "holds": (HOLD,),
        "checks": (CHECK,),
        "risks": (RISK,),
        "maracs": (MARAC,),
        "nrms": (NRM,),
        "links": (LINK,),
        "conflicts": (CONFLICT,),
        "named": (NAMED,),
        "transfers": (TRANSFER,),
        "erasures": (ERASURE,),
    }
)
DONE = {"state": DispatchState.DONE}
CANCELLED = {"state": DispatchState.CANCELLED}
PLACED: dict[str, Any] = {"referral": 1, "service": IDVA, "organisation": "harbour-house"}


def _changed(entity: _E, **update: Any) -> _E:
    return entity.model_copy(update=update)


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
    CaseChanged(entitlement=Entitlement.STANDARD, assigned_to="bea"),
    PlanRecorded(plan=_changed(PLAN, state=PlanState.REPLACED)),
    ContactRecorded(contact=_changed(CONTACT, state=ContactState.OPEN)),
    HoldRecorded(hold=_changed(HOLD, lifted_at=AT, lifted_by="harbour-house:ivy")),
    CheckRecorded(check=_changed(CHECK, state=CheckState.IT_WAS_HER)),
    RiskRecorded(risk=_changed(RISK, agreed=True, reviewed_by=supervisor().who)),
    MaracRecorded(marac=_changed(MARAC, state=MaracState.REFERRED)),
    NrmRecorded(nrm=_changed(NRM, state=NrmState.CONSENT_ASKED)),
    LinkRecorded(link=_changed(LINK, link=LinkKind.DUPLICATE)),
    ConflictRecorded(conflict=_changed(CONFLICT, conflict=ConflictKind.IS_INVOLVED)),
    NamedRecorded(named=_changed(NAMED, is_named=True)),
    TransferRecorded(transfer=_changed(TRANSFER, state=TransferState.DECLINED)),
    ErasureRecorded(erasure=_changed(ERASURE, state=ErasureState.DECLINED, answered_by="b:sue")),
    ServiceReasonKept(referral=1, organisation="harbour-house", reason=Reason.NOT_ELIGIBLE),
    NotificationKept(
        notification=AnonymousNotification(
            exploitation=Exploitation.LABOUR, force=POLICE, quarter="2026-Q4"
        )
    ),
]
OUTSIDE = (PacketPlaced, StopPlaced, ServiceReasonKept, NotificationKept)
"""They lie in an inbox, with a service, or apart from every case: no decision rests on them."""


def sizes(snapshot: CaseSnapshot) -> dict[str, int]:
    parts = ((name, getattr(snapshot, name)) for name in CaseSnapshot.model_fields)
    return {name: len(part) for name, part in parts if isinstance(part, tuple)} | {"dispatches": 0}


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
