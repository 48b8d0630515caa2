"""Risk, MARAC, NRM and events: no lane feeds a gate, and none changes support.

Support is owed whatever the lanes say (INV-15), and what they hold leaves for nobody.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from datetime import date, timedelta
from enum import StrEnum
from itertools import zip_longest

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

import schemas
from rules.apply import apply
from rules.decide import decide
from rules.events import STARTS
from rules.referral_states import WITH_SERVICE
from schemas.case_commands import RecordEvent, SetEntitlement
from schemas.casework import CaseEvent, Entitlement, EntitlementReason
from schemas.changes import DispatchRecorded, PacketPlaced, StopPlaced
from schemas.command_base import Command
from schemas.consent import COMPETENT_AUTHORITY, MARAC_CONFERENCE, Purpose
from schemas.contact import (
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactState,
    PlanState,
)
from schemas.decisions import Changed
from schemas.lane_commands import ReviewRisk
from schemas.lanes import (
    AgeGroup,
    Marac,
    MaracBasis,
    MaracCriterion,
    MaracEvent,
    MaracState,
    Nrm,
    NrmAnswer,
    NrmEvent,
    NrmState,
    RiskGrade,
)
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind
from tests.builders import (
    AT,
    COUNSELLING,
    IDVA,
    MEADOWLIGHT,
    POLICE,
    TERNSTONE,
    a_command,
    a_deadline,
    a_need,
    a_referral,
    a_world,
    after,
    an_open_case,
    caseworker,
    given,
    idva,
    only,
    supervisor,
)
from tests.house.source import HOUSE, imports, tree
from tests.rules import test_marac, test_nrm, test_risk

LANES = (
    "rules/risk.py",
    "rules/marac.py",
    "rules/marac_grounds.py",
    "rules/nrm.py",
    "rules/events.py",
    "rules/lane_table.py",
    "rules/lane_words.py",
    "schemas/lanes.py",
    "schemas/lane_commands.py",
)
GATE_WORDS = ("gate", "notification", "protocol", "hold", "share", "packet", "sending", "outbox")
ENFORCEMENT = ("enforcement", "home_office", "nccu", "ukvi", "border", "immigration")
SUPPORT_SIDE = {"immigration_adviser", "immigration_advice"}
"""Her own adviser, and her need for one: on the side of support, and nobody's recipient."""


@pytest.mark.parametrize("path", LANES)
def test_a_lane_imports_nothing_through_which_data_leaves(path: str) -> None:
    """Neither a gate nor what sends packets: a lane has no door."""
    for name in imports(tree(HOUSE / path)):
        assert not [word for word in GATE_WORDS if word in name.split(".")[-1]], name


def test_the_check_above_sees_what_sends() -> None:
    """It would find the door that referrals have."""
    sends = imports(tree(HOUSE / "rules/decide.py"))
    assert [name for name in sends if name.split(".")[-1] in GATE_WORDS]


def _enums() -> list[type[StrEnum]]:
    names = [module.name for module in pkgutil.iter_modules(schemas.__path__)]
    modules = [importlib.import_module(f"schemas.{name}") for name in names]
    found = {v for module in modules for v in vars(module).values() if _is_enum(v)}
    return sorted(found, key=lambda kind: kind.__name__)


def _is_enum(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, StrEnum) and value is not StrEnum


@pytest.mark.parametrize("kind", _enums(), ids=lambda kind: kind.__name__)
def test_no_word_names_immigration_enforcement(kind: type[StrEnum]) -> None:
    """No recipient, agency, purpose, role or channel is one: it cannot be written down."""
    for member in kind:
        for text in (member.name.lower(), member.value.lower()):
            named = [word for word in ENFORCEMENT if word in text]
            assert not named or text in SUPPORT_SIDE, f"{kind.__name__}.{member.name}"


def test_consent_has_these_recipients_besides_services() -> None:
    """The conference, and the authority that decides on the National Referral Mechanism."""
    assert {"support_referral", "marac", "nrm"} == {purpose.value for purpose in Purpose}
    assert ("marac-conference", "competent-authority") == (MARAC_CONFERENCE, COMPETENT_AUTHORITY)


def _a_full_case() -> CaseSnapshot:
    """Support in every shape, and consent to the conference."""
    services = (IDVA, COUNSELLING, MEADOWLIGHT, TERNSTONE)
    states = (
        ReferralState.ACTIVE, ReferralState.SENT, ReferralState.WAITING, ReferralState.WAITLISTED,
    )  # fmt: skip
    referrals = [
        a_referral(number, state, service)
        for number, (state, service) in enumerate(zip(states, services, strict=True), start=1)
    ]
    case = an_open_case(
        age=AgeGroup.ADULT,
        needs=[a_need(1), a_need(2)],
        referrals=referrals,
        consents=[
            *(given(service) for service in services if service != MEADOWLIGHT),
            given(MARAC_CONFERENCE).model_copy(update={"purpose": Purpose.MARAC}),
        ],
        deadlines=[
            a_deadline(),
            a_deadline("marac-5-repeat-watch", since=AT - timedelta(days=366)),
            *(a_deadline("ref-ack", r.number) for r in referrals if r.state in WITH_SERVICE),
        ],
    )
    plan = ContactPlan(
        number=1,
        state=PlanState.IN_FORCE,
        channels=(ContactChannel.VOICE,),
        set_by=caseworker().who,
    )
    contact = Contact(
        number=1,
        organisation=POLICE,
        purpose=ContactPurpose.CHECK_IN,
        channel=ContactChannel.VOICE,
        state=ContactState.PLANNED,
        planned_by=caseworker().who,
    )
    return case.model_copy(update={"plans": (plan,), "contacts": (contact,)})


FULL = _a_full_case()
SUPPORT_DUTIES = ("vc-r4-support-referral", "ref-")


def support_of(case: CaseSnapshot) -> dict[str, object]:
    """All of a case that is support, and how it stands."""
    return {
        "stage": case.case.stage,
        "needs": case.needs,
        "referrals": case.referrals,
        "consents": [c for c in case.consents if c.purpose is Purpose.SUPPORT_REFERRAL],
        "plans": case.plans,
        "contacts": case.contacts,
        "duties": [d for d in case.deadlines if d.duty.startswith(SUPPORT_DUTIES)],
        "packets": [d for d in case.dispatches if d.kind is not DispatchKind.NOTICE],
    }


MOVES: tuple[Command, ...] = (
    *(test_marac.a_move(event) for event in MaracEvent),
    test_marac.a_move(MaracEvent.APPEAL, actor=idva()),
    *(test_nrm.a_move(event) for event in NrmEvent),
    *(test_nrm.a_move(NrmEvent.INDICATE, age=age) for age in AgeGroup),
    *(test_nrm.a_move(NrmEvent.ASK_CONSENT, answer=answer) for answer in NrmAnswer),
    *(
        test_risk.an_assessment(actor=actor, grade=grade, happened_again=True)
        for actor in (supervisor(), idva())
        for grade in RiskGrade
    ),
    *(a_command(ReviewRisk, actor=supervisor(), agrees=agrees) for agrees in (True, False)),
    *(a_command(RecordEvent, event=event) for event in CaseEvent),
    *(
        a_command(SetEntitlement, entitlement=entitlement, reason=reason)
        for entitlement in Entitlement
        for reason in EntitlementReason
    ),
)
"""What can be said in a lane."""


def standing(
    marac: MaracState | None, nrm: NrmState | None, age: AgeGroup = AgeGroup.ADULT
) -> CaseSnapshot:
    """The full case with its lanes somewhere in their tables."""
    said = {"basis": MaracBasis.WITHOUT_CONSENT, "meeting_on": date(2026, 11, 23)}
    passage = {"number": 1, "state": marac, "criterion": MaracCriterion.ESCALATION, **said}
    lane = {"number": 1, "state": nrm, "age": age, "answer": NrmAnswer.NO}
    return FULL.model_copy(
        update={
            "maracs": (Marac.model_validate(passage),) if marac else (),
            "nrms": (Nrm.model_validate(lane),) if nrm else (),
        }
    )


Story = list[tuple[Command, int]]
stories = st.lists(st.tuples(st.sampled_from(MOVES), st.integers(0, 96)), max_size=20)
"""Moves, and how many hours pass before each."""


def _told(case: CaseSnapshot, story: Story) -> Iterator[tuple[Changed, CaseSnapshot]]:
    """What each move that is not refused changes, and the case after it."""
    at = AT
    for move, hours in story:
        at += timedelta(hours=hours)
        decision = decide(case, move, a_world(at))
        if isinstance(decision, Changed):
            case = apply(case, decision.changes)
            yield decision, case


def _is_beside_support(decision: Changed, now: CaseSnapshot) -> None:
    """Support is as it was, and what goes out are notices to the case's own organisation."""
    assert support_of(FULL) == support_of(now), decision.detail
    sent = [change.dispatch for change in only(DispatchRecorded, decision)]
    assert {(POLICE, DispatchKind.NOTICE)} >= {(d.to_organisation, d.kind) for d in sent}
    assert not only(PacketPlaced, decision)
    assert not only(StopPlaced, decision)


STATES = list(zip_longest([None, *MaracState], [None, *NrmState]))


@pytest.mark.parametrize("age", list(AgeGroup))
@pytest.mark.parametrize(("marac", "nrm"), STATES)
def test_no_step_changes_support_or_leaves(
    marac: MaracState | None, nrm: NrmState | None, age: AgeGroup
) -> None:
    """From every state of the tables, everything that can be said."""
    for move in MOVES:
        for decision, now in _told(standing(marac, nrm, age), [(move, 0)]):
            _is_beside_support(decision, now)


@for_all(st.sampled_from(STATES), stories)
def test_nothing_in_a_lane_changes_support_or_leaves(
    states: tuple[MaracState | None, NrmState | None], story: Story
) -> None:
    """Whatever is said in which order, and however long after."""
    for decision, now in _told(standing(*states), story):
        _is_beside_support(decision, now)


def test_leaving_the_prosecution_leaves_every_duty_as_it_is() -> None:
    """Support goes on, and so does what she is owed of the investigation."""
    events = (a_command(RecordEvent, event=event) for event in STARTS)
    case = after(FULL, *events)
    left = after(case, a_command(RecordEvent, event=CaseEvent.VICTIM_LEFT_PROSECUTION))
    assert case.model_copy(update={"case": left.case}) == left
