"""Every kind of change is stored and read back as it was judged, on the fake and on PostgreSQL."""

from typing import get_args

import pytest

from infra.stack.secrets import Role as DatabaseRole
from schemas.actor import Actor
from schemas.case import ClosingReason, Stage
from schemas.case_commands import AddNeed, LinkCase
from schemas.casework import CaseLink, Entitlement, LinkKind
from schemas.changes import (
    CaseChanged,
    Change,
    CheckRecorded,
    ConflictRecorded,
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
    RiskRecorded,
    SafetyRecorded,
    ServiceReasonKept,
    StageMoved,
    StopPlaced,
    TaskRecorded,
    TransferRecorded,
)
from schemas.contact import PlanState
from schemas.decisions import NotDone
from schemas.errors import RecordError
from schemas.lanes import AnonymousNotification, NrmState
from schemas.verbs import Verb
from tests.builders import AT, a_need, caseworker, supervisor
from tests.conftest import People
from tests.infra.cases import about, done, opened
from tests.infra.samples import ANN, DI, NOTIFICATION, NRM, SAMPLES, SUE, TASK, Sample
from tests.infra.worlds import World, as_it_stands, judging, read, refusing, write

_TOLD_ELSEWHERE = {
    PacketPlaced: "test_record: what is shared",
    StopPlaced: "test_record: a story of mishaps",
    StageMoved: "below",
    SafetyRecorded: "below",
    CaseChanged: "below",
    LinkRecorded: "below, in both cases",
    NotificationKept: "below, without a case",
    ServiceReasonKept: "test_private: for the service alone",
    ErasureRecorded: "test_erasure: in a closed case, by two people",
}
"""Changes without a sample, and where they are tested."""

_BY_PEOPLE_ALONE = {HoldRecorded, NrmRecorded, ConflictRecorded}
_BY_THE_WORKER_ALONE = {NamedRecorded, RiskRecorded, MaracRecorded, TransferRecorded, CheckRecorded}
"""A check is put by one person and answered by another: test_withdrawals."""
PERSON, WORKER = caseworker(), None


def _cells() -> list[tuple[str, Actor | None]]:
    """Each sample, in each of the hands that may write it."""
    return [
        (name, who)
        for name, sample in SAMPLES.items()
        for who, not_theirs in ((PERSON, _BY_THE_WORKER_ALONE), (WORKER, _BY_PEOPLE_ALONE))
        if sample.change not in not_theirs
    ]


_OF_OTHER_ROWS = {
    "private_to": "private rows are tried in test_private",
    "has_left": "it is read from who has left: test_case_verbs",
}
"""Fields that a sample need not fill, and where they are tried."""


def test_every_kind_of_change_is_tried() -> None:
    """A new one needs a sample, or says here where it is tested."""
    kinds = set(get_args(get_args(Change)[0]))
    assert kinds == {sample.change for sample in SAMPLES.values()} | set(_TOLD_ELSEWHERE)


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))
def test_a_sample_says_something_in_every_field(sample: Sample) -> None:
    """A field that nobody filled would prove nothing of its column."""
    assert sample.silent() <= set(_OF_OTHER_ROWS)


@pytest.mark.parametrize(
    ("name", "who"), _cells(), ids=[f"{name}, by {who or 'the worker'}" for name, who in _cells()]
)
async def test_what_was_judged_is_what_is_read(world: World, name: str, who: Actor | None) -> None:
    """New, and moved on: no field is lost on the way in, nor by an update."""
    case_ref = await opened(world.record_for)
    need = NeedRecorded(need=a_need())
    for change in SAMPLES[name].changes():
        written = await write(world, case_ref, who, need, change)
        assert as_it_stands(written) == as_it_stands(await read(world, case_ref))


@pytest.mark.parametrize("who", [PERSON, WORKER], ids=["a person", "the worker"])
@pytest.mark.parametrize(
    "change",
    [
        StageMoved(
            stage=Stage.CLOSING_REVIEW,
            closing_reason=ClosingReason.CONTACT_NOT_SAFE_OR_LOST,
            closing_asked_by=supervisor().who,
        ),
        SafetyRecorded(confirmed=False),
        CaseChanged(entitlement=Entitlement.STANDARD, assigned_to="bea", died_at=AT),
        CaseChanged(assigned_to="bea"),
    ],
    ids=["its stage", "her safety", "all that may change", "one thing, and the rest stays"],
)
async def test_the_header_is_changed_as_it_was_judged(
    world: World, change: Change, who: Actor | None
) -> None:
    """The case's own row; when a person last acted is a person's doing alone."""
    case_ref = await opened(world.record_for)
    written = await write(world, case_ref, who, change)
    assert written.case == (await read(world, case_ref)).case
    assert (AT if who else None) == written.case.last_acted_at


async def test_a_link_is_written_in_both_cases(world: World) -> None:
    """Each says the other; nothing else of one is in the other."""
    one, other = await opened(world.record_for), await opened(world.record_for)
    before = await read(world, other)
    made = CaseLink(other=other, link=LinkKind.SAME_INCIDENT, linked_by=PERSON.who)
    await write(world, one, WORKER, LinkRecorded(link=made))
    mirrored = made.model_copy(update={"other": one})
    assert (await read(world, one)).links == (made,)
    assert (await read(world, other)) == before.model_copy(update={"links": (mirrored,)})


async def test_cases_are_linked_by_a_person_where_no_worker_looks_after_them(
    people: People,
) -> None:
    """A closed case has no journey, and may still turn out to be a duplicate."""
    hands = people.record_for
    one, other = await opened(hands), await opened(hands)
    await done(hands, about(one, LinkCase, other=other, link=LinkKind.DUPLICATE))
    record = await people.record_for(PERSON)
    assert [link.other for link in (await record.read(other)).links] == [one]


async def test_an_anonymous_notification_has_no_case_and_no_time(
    people: People,
) -> None:
    """What it says is all there is: nothing leads from it to anybody (s.52(3))."""
    case_ref = await opened(people.record_for)
    said = NOTIFICATION.model_copy(update={"force": f"force-{case_ref}"})
    record = await people.record_for(PERSON)
    command = about(case_ref, AddNeed)
    await record.change(command, judging(command, NotificationKept(notification=said)))
    pool = await people.pool_of(DatabaseRole.AUDIT)
    (row,) = await pool.fetch(
        "SELECT * FROM record.anonymous_notification WHERE force = $1", said.force
    )
    assert {"id", *AnonymousNotification.model_fields} == set(row.keys())
    assert said == AnonymousNotification(**{k: v for k, v in row.items() if k != "id"})


# What a refusal leaves


async def test_a_refusal_leaves_the_alerts_it_names_and_nothing_else(world: World) -> None:
    """Nobody got what was asked, and somebody hears that it was asked."""
    case_ref = await opened(world.record_for)
    before = await read(world, case_ref)
    command = about(case_ref, AddNeed)
    record = await world.record_for(PERSON)
    alert = TaskRecorded(task=TASK.model_copy(update={"referral": None}))
    written = await record.change(command, refusing(command, alert))
    assert isinstance(written.reply, NotDone)
    after = await read(world, case_ref)
    assert (before.tasks, after.tasks) == ((), (alert.task,))
    assert (before.needs, before.case.version + 1) == (after.needs, after.case.version)
    assert (await world.audit(case_ref))[-1] == (Verb.ADD_NEED, "refused", ("no",))


# What stands behind the rules

_AGAIN = {
    "a second plan in force": (
        "a plan",
        {
            "number": 2,
            "state": PlanState.IN_FORCE,
            "changes": (),
            "verified_at": AT,
            "expires_at": AT,
        },
        "plan_moved",
    ),
    "a change that nobody confirmed": (
        "a plan",
        {"state": PlanState.IN_FORCE, "verified_at": AT, "expires_at": AT},
        "second_person",
    ),
    "a second hold of one organisation": ("a hold", {"number": 2}, "already_held"),
    "a change confirmed by its author": ("a plan", {"confirmed_by": SUE}, "second_person"),
    "a check answered by the recorder": ("a check", {"answered_by": ANN}, "second_person"),
    "a hold lifted by another": ("a hold", {"lifted_at": AT, "lifted_by": DI}, "not_your_hold"),
    "a risk reviewed by its assessor": ("a risk", {"reviewed_by": ANN}, "second_person"),
    "somebody named by one alone": ("a named person", {"confirmed_by": ANN}, "second_person"),
}


@pytest.mark.parametrize(("name", "parts", "code"), _AGAIN.values(), ids=list(_AGAIN))
async def test_the_record_refuses_what_no_rule_may_ask(
    people: People, name: str, parts: dict[str, object], code: str
) -> None:
    """A rule that was wrong about two people, or about one of a kind, changes nothing."""
    sample = SAMPLES[name]
    who = WORKER if sample.change in _BY_THE_WORKER_ALONE | {PlanRecorded} else PERSON
    case_ref = await opened(people.record_for)
    changes = sample.changes() if name == "a plan" else sample.changes()[:1]
    for change in changes:
        await write(people, case_ref, who, change)
    wrong = sample.first.model_copy(update=parts)
    with pytest.raises(RecordError) as caught:
        await write(people, case_ref, who, sample.change(**{sample.part: wrong}))
    assert code == caught.value.code


async def test_nobody_notifies_of_a_child_without_naming_her(people: People) -> None:
    """In doubt she is a child, and children are referred (s.51)."""
    case_ref = await opened(people.record_for)
    silent = NRM.model_copy(update={"state": NrmState.NOTIFIED_ANONYMOUSLY})
    with pytest.raises(RecordError):
        await write(people, case_ref, PERSON, NrmRecorded(nrm=silent))
