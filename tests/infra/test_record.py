"""The record of cases: one suite, held by the fake and by PostgreSQL."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from activities.ports import Verdict
from rules.duties import ACKNOWLEDGE, SUPPORT_REFERRAL, deadline_id
from schemas.actor import Actor
from schemas.case import PersonalField, PersonalPart, Stage
from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety, RecordDeath
from schemas.casework import DeathAnswer
from schemas.changes import ConsentRecorded
from schemas.clockwork_steps import (
    Breach,
    Deliver,
    ExpireReferral,
    FailDelivery,
    QueueDelivery,
    Remind,
    RouteOnward,
    SendNotice,
    SendStop,
    Step,
)
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.decisions import Committed, NotDone
from schemas.errors import BadInputError, RecordError
from schemas.ids import CaseRef, journey_workflow_id, new_case_ref, referral_workflow_id
from schemas.referral import Delivery, NeedCategory, ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestReferral,
    StartAdvice,
)
from schemas.snapshot import CaseSnapshot, DispatchState
from schemas.verbs import Verb
from tests.builders import AT, a_consent, adviser, caseworker, ngo_intake, supervisor, the
from tests.infra.cases import (
    CIRCUMSTANCES,
    CONTACT,
    HARBOUR,
    HOUSING,
    IDVA,
    NAME,
    PERSONAL,
    TOLD_TEXT,
    a_placement,
    about,
    an_opening,
    delivered,
    delivery,
    done,
    given,
    moment,
    opened,
    queued,
    refused,
)
from tests.infra.worlds import World, as_it_stands, judging, read

NOT_SO, CONFIRMED = DeathAnswer.NOT_SO, DeathAnswer.CONFIRMED


def unasked(_: CaseSnapshot) -> Verdict:
    """A judge that nobody may call."""
    raise AssertionError("judged again")


# Opening and reading


async def test_a_case_that_was_opened_can_be_read(world: World) -> None:
    """The header is what the opening said; the journey is to be woken; the audit has the row."""
    case_ref = new_case_ref()
    record = await world.record_for(caseworker())
    header = await record.open_case(case_ref, an_opening(), TOLD_TEXT, caseworker())
    assert header == (await record.read(case_ref)).case
    assert (header.version, header.stage, header.safety_confirmed) == (1, Stage.OPEN, True)
    assert caseworker().organisation == header.owner
    assert [journey_workflow_id(case_ref)] == await world.wakes(case_ref)
    assert await world.audit(case_ref) == [(Verb.OPEN_CASE, "done", ())]


async def test_a_case_without_its_safety_check_is_not_open(world: World) -> None:
    """Safety comes before any question about help."""
    case_ref = await opened(world.record_for, is_safe=False)
    header = (await read(world, case_ref)).case
    assert (header.stage, header.safety_confirmed) == (Stage.SAFETY_CHECK, False)


async def test_a_restricted_case_can_be_opened_and_read_by_whoever_opened_it(world: World) -> None:
    """Whoever opens it is named without being named."""
    case_ref = await opened(world.record_for, is_restricted=True)
    record = await world.record_for(caseworker())
    assert (await record.read(case_ref)).case.is_restricted


async def test_a_case_holds_nothing_where_nothing_was_said(world: World) -> None:
    """Nobody has to give a name to be helped."""
    case_ref = await opened(world.record_for, personal=None)
    snapshot = await read(world, case_ref)
    assert snapshot.consents + snapshot.needs + snapshot.referrals == ()


@pytest.mark.parametrize(
    ("personal", "expected"),
    [
        pytest.param(PERSONAL, True, id="a contact"),
        pytest.param(PersonalPart(name="Ada Example"), False, id="no contact"),
        pytest.param(None, False, id="nothing"),
    ],
)
async def test_a_case_says_whether_she_gave_a_contact_and_not_which(
    world: World, personal: PersonalPart | None, expected: bool
) -> None:
    """A first plan must not replace unseen what she gave; worker and lead both know."""
    case_ref = await opened(world.record_for, personal=personal)
    for who in (None, caseworker()):
        snapshot = await (await world.record_for(who)).read(case_ref)
        assert expected is snapshot.gave_contact
        assert CONTACT not in f"{snapshot}"


async def test_a_reference_that_is_taken_opens_nothing(world: World) -> None:
    """A second case under it would be two people in one file."""
    case_ref = await opened(world.record_for)
    before = await read(world, case_ref)
    record = await world.record_for(caseworker("saltmere-police"))
    with pytest.raises(RecordError):
        await record.open_case(
            case_ref, an_opening(is_safe=False), TOLD_TEXT, caseworker("saltmere-police")
        )
    assert before == await read(world, case_ref)
    assert len(await world.audit(case_ref)) == 1


@pytest.mark.parametrize("who", [caseworker(), None], ids=["a person", "the worker"])
async def test_a_case_that_does_not_exist_is_bad_input(world: World, who: Actor | None) -> None:
    """It is said in the same words as of a case that is not for the caller."""
    record, case_ref = await world.record_for(who), new_case_ref()
    with pytest.raises(BadInputError, match="no such case that you may see"):
        await record.read(case_ref)
    with pytest.raises(BadInputError, match="no such case that you may see"):
        await record.change(about(case_ref, AddNeed), unasked)
    assert await record.read_dispatch(case_ref, "packet/1/2") is None
    assert await world.audit(case_ref) == []


# Changing


async def test_a_change_is_written_and_raises_the_version(world: World) -> None:
    """What the caller is told is what is there."""
    case_ref = await opened(world.record_for)
    written = await done(world.record_for, about(case_ref, AddNeed))
    after = await read(world, case_ref)
    assert isinstance(written.reply, Committed)
    assert 2 == after.case.version == written.reply.version
    assert [need.number for need in after.needs] == [1]
    assert (await world.audit(case_ref))[-1] == (Verb.ADD_NEED, "done", ())


async def test_every_step_of_a_long_story_is_stored_as_it_was_judged(world: World) -> None:
    """The fold of the rules and the tables agree on every field, after every kind of change."""
    case_ref = await opened(world.record_for, is_safe=False)
    of_ngo = {"actor": ngo_intake(), "referral": 1}
    acknowledge = deadline_id(ACKNOWLEDGE, 1)
    story = [
        about(case_ref, ConfirmSafety, safety={"safe_to_talk": True, "immediate_danger": False}),
        about(case_ref, AddNeed),
        about(case_ref, AskConsent),
        about(case_ref, RequestReferral),
        about(case_ref, GiveConsent),
        about(case_ref, Remind, deadline=SUPPORT_REFERRAL),
        about(case_ref, Breach, deadline=SUPPORT_REFERRAL),
        about(case_ref, QueueDelivery, referral=1),
        delivery(case_ref),
        about(case_ref, SendNotice, key="notice/1"),
        about(case_ref, Remind, deadline=acknowledge),
        about(case_ref, Breach, deadline=acknowledge),
        about(case_ref, OpenReferral, **of_ngo),
        about(case_ref, AcceptReferral, **of_ngo),
        about(case_ref, EngageReferral, **of_ngo),
        about(case_ref, CompleteReferral, **of_ngo),
        about(case_ref, CloseCase),
        about(case_ref, AddNeed),
        about(case_ref, CloseCase),
        about(case_ref, CloseCase, confirmed=True, actor=supervisor()),
        about(case_ref, WithdrawConsent, recipient=None),
    ]
    await told(world, case_ref, story)


async def test_a_story_of_mishaps_is_stored_as_it_was_judged(world: World) -> None:
    """Nobody answers, nothing arrives, the next is asked, a need stays unmet twice."""
    case_ref = await opened(world.record_for)
    both = {"choices": (IDVA, HOUSING)}
    story = [
        about(case_ref, AddNeed),
        about(case_ref, AskConsent),
        about(case_ref, GiveConsent),
        about(case_ref, RequestReferral, **both),
        about(case_ref, QueueDelivery, referral=1),
        about(case_ref, FailDelivery, referral=1),
        about(case_ref, RouteOnward, referral=1),
        about(case_ref, AskConsent, recipient=HOUSING),
        about(case_ref, GiveConsent, recipient=HOUSING),
        about(case_ref, QueueDelivery, referral=2),
        delivery(case_ref, 2),
        about(case_ref, ExpireReferral, referral=2),
        about(case_ref, RouteOnward, referral=2),
        about(case_ref, RequestReferral),
        about(case_ref, QueueDelivery, referral=3),
        delivery(case_ref, 3),
        about(case_ref, OpenReferral, referral=3, actor=ngo_intake()),
        about(case_ref, ExpireReferral, referral=3),
        about(case_ref, DeclineReferral, referral=3, actor=ngo_intake()),
        about(case_ref, RouteOnward, referral=3),
        about(case_ref, RequestReferral),
        about(case_ref, QueueDelivery, referral=4),
        delivery(case_ref, 4),
        about(case_ref, WithdrawConsent, recipient=None),
        about(case_ref, SendStop, referral=4, key="stop/4"),
    ]
    await told(world, case_ref, story)
    assert sorted((s.referral for s in await world.shares(case_ref)), reverse=True) == [4, 3, 2]


async def told(world: World, case_ref: CaseRef, story: list[Command]) -> None:
    """Tell a story; after each sentence the record holds what the judge said."""
    version = 1
    for command in story:
        version += not isinstance(command, SendNotice)  # that a notice went out changes nothing
        at = moment(await read(world, case_ref), command)
        written = await given(world.record_for, command, at=at)
        assert isinstance(written.reply, Committed), (command, written.reply)
        assert as_it_stands(written.snapshot) == as_it_stands(await read(world, case_ref)), command
        assert version == written.snapshot.case.version
    verbs = [Verb.OPEN_CASE, *(command.model_dump()["verb"] for command in story)]
    assert [(verb, "done", ()) for verb in verbs] == await world.audit(case_ref)


async def test_a_refused_command_writes_nothing_but_its_answer_and_the_audit_row(
    world: World,
) -> None:
    """A refusal is a value; that somebody tried is remembered with the reason."""
    case_ref = await opened(world.record_for, is_safe=False)
    before = await read(world, case_ref)
    command = about(case_ref, AddNeed)
    written = await given(world.record_for, command, wakes=True, note="not to be kept")
    assert isinstance(written.reply, NotDone)
    assert before == await read(world, case_ref)
    assert (await world.audit(case_ref))[-1] == (Verb.ADD_NEED, "refused", ("safety_first",))
    assert [journey_workflow_id(case_ref)] == await world.wakes(case_ref)
    assert await world.notes(case_ref, caseworker()) == []
    again = await (await world.record_for(caseworker())).change(command, unasked)
    assert written.reply == again.reply


async def test_a_repeated_command_gets_its_first_answer_and_is_not_judged_again(
    world: World,
) -> None:
    """An answer that was lost may be asked for again, also when the world has moved on."""
    case_ref = await opened(world.record_for)
    command = about(case_ref, AddNeed)
    first = await done(world.record_for, command)
    await done(world.record_for, about(case_ref, AddNeed))
    before = await read(world, case_ref), await world.audit(case_ref)
    again = await (await world.record_for(caseworker())).change(command, unasked)
    assert first.reply == again.reply
    assert (first.is_repeat, again.is_repeat) == (False, True)
    assert again.snapshot.case.version == 3
    assert before == (await read(world, case_ref), await world.audit(case_ref))


async def test_an_id_that_answered_another_case_answers_nothing_here(world: World) -> None:
    """One case's answer never leaks into another."""
    first, second = await opened(world.record_for), await opened(world.record_for)
    command = about(first, AddNeed)
    await done(world.record_for, command)
    stolen = about(second, AddNeed, command_id=command.command_id)
    with pytest.raises(RecordError) as caught:
        await given(world.record_for, stolen)
    assert caught.value.code == "command_taken"
    assert (await read(world, second)).needs == ()


@pytest.mark.parametrize(
    "other",
    [
        {"kind": WithdrawConsent},
        {"kind": AddNeed, "actor": supervisor()},
        {"kind": AddNeed, "category": NeedCategory.CHILDREN},
        {"kind": AddNeed, "occurred_at": AT},
    ],
    ids=["another verb", "another person", "something else", "another time"],
)
async def test_an_id_that_answered_something_else_is_refused_aloud(
    world: World, other: dict[str, Any]
) -> None:
    """A withdrawal under an old id must never be answered with an old yes and dropped."""
    case_ref = await opened(world.record_for)
    command = about(case_ref, AddNeed)
    await done(world.record_for, command)
    before = await read(world, case_ref)
    with pytest.raises(RecordError) as caught:
        await given(world.record_for, about(case_ref, command_id=command.command_id, **other))
    assert caught.value.code == "command_taken"
    assert before == await read(world, case_ref)


async def test_changes_at_once_to_one_case_come_one_after_the_other(world: World) -> None:
    """Ten people add a need at once: ten numbers, ten rows, nothing lost."""
    case_ref = await opened(world.record_for)
    commands = [about(case_ref, AddNeed) for _ in range(10)]
    written = await asyncio.gather(*(done(world.record_for, c) for c in commands))
    after = await read(world, case_ref)
    assert list(range(1, 11)) == [need.number for need in after.needs]
    assert set(range(2, 12)) == {w.snapshot.case.version for w in written}
    assert after.case.version == 11
    assert len(await world.audit(case_ref)) == 11


async def test_one_command_given_twice_at_once_is_done_once(world: World) -> None:
    """Both are told the same, and one of them that it was done before."""
    case_ref = await opened(world.record_for)
    command = about(case_ref, AddNeed)
    one, two = await asyncio.gather(*(done(world.record_for, command) for _ in range(2)))
    assert one.reply == two.reply
    assert sorted([one.is_repeat, two.is_repeat]) == [False, True]
    assert len((await read(world, case_ref)).needs) == 1


async def test_a_private_act_moves_nothing_of_the_case_that_others_see(world: World) -> None:
    """Neither its version nor when somebody last acted: both would tell that there was one."""
    case_ref = await delivered(world.record_for)
    await done(world.record_for, about(case_ref, AcceptReferral, actor=ngo_intake()))
    before = (await read(world, case_ref)).case
    written = await done(
        world.record_for, about(case_ref, StartAdvice, actor=adviser()), at=AT + timedelta(days=1)
    )
    after = await read(world, case_ref)
    assert "leave-1-permission/1" in {deadline.id for deadline in after.deadlines}
    assert before == after.case == written.snapshot.case


async def test_a_withdrawal_tells_the_workflows_through_the_record(world: World) -> None:
    """The wake is kept with the change, so it outlives whoever wrote it."""
    case_ref = await delivered(world.record_for)
    before = await world.wakes(case_ref)
    await given(world.record_for, about(case_ref, WithdrawConsent), wakes=True)
    told_now = (await world.wakes(case_ref))[len(before) :]
    assert [referral_workflow_id(case_ref, 1), journey_workflow_id(case_ref)] == told_now


async def test_who_reported_her_death_last_is_who_must_not_answer(world: World) -> None:
    """The report was not so, and is made again by whoever said that: the first may answer now."""
    case_ref, hands = await opened(world.record_for), world.record_for
    for answer, who in ((None, caseworker()), (NOT_SO, supervisor()), (None, supervisor())):
        await done(hands, about(case_ref, RecordDeath, answer=answer, actor=who))
    report = the((await read(world, case_ref)).death_report)
    assert (supervisor().who, AT) == (report.not_for, report.raised_at)
    await refused(hands, about(case_ref, RecordDeath, answer=CONFIRMED, actor=supervisor()))
    await done(hands, about(case_ref, RecordDeath, answer=CONFIRMED))
    after = await read(world, case_ref)
    assert (None, AT) == (after.death_report, after.case.died_at)


async def test_a_note_is_kept_for_the_organisation_that_wrote_it(world: World) -> None:
    """With a yes, and for its own eyes."""
    case_ref = await delivered(world.record_for)
    answer = about(case_ref, AcceptReferral, actor=ngo_intake())
    await given(world.record_for, answer, note="her sister may ring")
    assert await world.notes(case_ref, ngo_intake()) == ["her sister may ring"]
    assert await world.notes(case_ref, caseworker()) == []


async def test_a_refusal_that_touched_no_case_has_its_row(world: World) -> None:
    """Whoever may not even ask is remembered too."""
    case_ref = await opened(world.record_for)
    record = await world.record_for(ngo_intake())
    await record.note_refusal(ngo_intake(), Verb.ADD_NEED, case_ref, ("no_right",))
    assert (await world.audit(case_ref))[-1] == (Verb.ADD_NEED, "refused", ("no_right",))


async def test_consent_that_moved_meanwhile_is_not_overwritten(world: World) -> None:
    """The ledger takes each epoch once; a judge that was wrong about it changes nothing."""
    case_ref = await queued(world.record_for)
    before = await read(world, case_ref)
    command = about(case_ref, GiveConsent)
    stale = ConsentRecorded(consent=a_consent(ConsentState.GIVEN, IDVA, epoch=2))
    record = await world.record_for(caseworker())
    with pytest.raises(RecordError) as caught:
        await record.change(command, judging(command, stale))
    assert caught.value.code == "consent_moved"
    assert before == await read(world, case_ref)


# What the clockwork does


@pytest.mark.parametrize(
    "late",
    [
        (QueueDelivery, {"referral": 1}),
        (Deliver, {"referral": 1, "key": "packet/1/2"}),
        (FailDelivery, {"referral": 1}),
        (SendStop, {"referral": 1, "key": "stop/1"}),
        (SendNotice, {"key": "notice/2"}),
        (Remind, {"deadline": SUPPORT_REFERRAL}),
        (Breach, {"deadline": SUPPORT_REFERRAL}),
        (ExpireReferral, {"referral": 9}),
        (RouteOnward, {"referral": 1}),
    ],
    ids=lambda step: step[0].__name__,
)
async def test_a_step_that_came_too_late_leaves_no_trace(
    world: World, late: tuple[type[Step], dict[str, Any]]
) -> None:
    """Nothing happened that anybody did: no row, no version, not even in the audit."""
    kind, parts = late
    case_ref = await delivered(world.record_for)
    before = await read(world, case_ref), await world.audit(case_ref)
    written = await given(world.record_for, about(case_ref, kind, **parts), wakes=True)
    assert isinstance(written.reply, NotDone)
    assert before == (await read(world, case_ref), await world.audit(case_ref))


async def test_a_step_is_safe_to_repeat_though_all_steps_have_one_id(world: World) -> None:
    """What it finds says whether it is done, not its id."""
    case_ref = await delivered(world.record_for)
    await done(world.record_for, about(case_ref, SendNotice, key="notice/1"))
    again = await given(world.record_for, about(case_ref, SendNotice, key="notice/1"))
    assert isinstance(again.reply, NotDone)


async def test_a_dispatch_can_be_read_in_every_state(world: World) -> None:
    """Whoever retries sees that it went."""
    record = await world.record_for(None)
    case_ref = await queued(world.record_for)
    assert DispatchState.QUEUED is the(await record.read_dispatch(case_ref, "packet/1/2")).state
    await done(world.record_for, delivery(case_ref))
    assert DispatchState.DONE is the(await record.read_dispatch(case_ref, "packet/1/2")).state
    assert the(await record.read_dispatch(case_ref, "notice/1")).to_organisation == HARBOUR
    assert await record.read_dispatch(case_ref, "packet/1/3") is None


# Sharing


async def test_a_packet_holds_what_was_consented_to_and_no_more(world: World) -> None:
    """She said yes to a name and a way to reach her; what he does to her stays home."""
    case_ref = await delivered(world.record_for)
    packet = the(await world.packet(case_ref))
    assert (
        packet.name,
        packet.safe_contact,
        packet.circumstances,
        packet.year_of_birth,
    ) == (NAME, CONTACT, None, None)
    assert CIRCUMSTANCES not in packet.model_dump_json()


async def test_the_sharing_ledger_lists_what_went_and_on_which_consent(world: World) -> None:
    """A field that was consented to and is empty was not shared, and is not listed."""
    asked_for = (PersonalField.NAME, PersonalField.INTERPRETER)
    case_ref = await delivered(world.record_for, fields=asked_for)
    shares = await world.shares(case_ref)
    assert [
        (s.referral, s.service, s.organisation, s.purpose, s.fields, s.consent_epoch, s.occurred_at)
        for s in shares
    ] == [(1, IDVA, HARBOUR, Purpose.SUPPORT_REFERRAL, (PersonalField.NAME,), 2, AT)]


@pytest.mark.parametrize(
    ("key", "code"),
    [("packet/1/2", "already_delivered"), ("packet/1/3", "already_shared")],
    ids=["the same packet", "another packet of the same referral"],
)
async def test_a_packet_is_placed_once_whatever_a_judge_says(
    world: World, key: str, code: str
) -> None:
    """Two constraints stand behind the rules: one row in the inbox, one share of a referral."""
    case_ref = await delivered(world.record_for)
    before = await read(world, case_ref), await world.audit(case_ref)
    step = delivery(case_ref).model_copy(update={"key": key})
    record = await world.record_for(None)
    with pytest.raises(RecordError) as caught:
        await record.change(step, judging(step, a_placement(key)))
    assert code == caught.value.code
    assert len(await world.shares(case_ref)) == 1
    assert before == (await read(world, case_ref), await world.audit(case_ref))


async def test_deliveries_at_once_place_one_packet(world: World) -> None:
    """Two workers with the same step: one places it, the other comes too late."""
    case_ref = await queued(world.record_for)
    written = await asyncio.gather(*(given(world.record_for, delivery(case_ref)) for _ in range(5)))
    assert sum(isinstance(w.reply, Committed) for w in written) == 1
    assert len(await world.shares(case_ref)) == 1


async def test_nothing_leaves_when_consent_is_withdrawn_while_a_packet_is_queued(
    world: World,
) -> None:
    """The withdrawal cancels what is queued, and a delivery on its way finds nothing."""
    case_ref = await queued(world.record_for)
    await done(world.record_for, about(case_ref, WithdrawConsent))
    late = await given(world.record_for, delivery(case_ref))
    assert isinstance(late.reply, NotDone)
    assert await world.packet(case_ref) is None
    assert await world.shares(case_ref) == []
    record = await world.record_for(None)
    assert DispatchState.CANCELLED is the(await record.read_dispatch(case_ref, "packet/1/2")).state
    referral = the((await record.read(case_ref)).referral(1))
    assert (referral.state, referral.delivery) == (ReferralState.WITHDRAWN, Delivery.CANCELLED)


async def test_a_withdrawal_and_a_delivery_at_once_never_end_in_a_share_without_a_stop(
    world: World,
) -> None:
    """Whichever comes first: nothing left, or the service is told to stop."""
    for _ in range(8):
        case_ref = await queued(world.record_for)
        await asyncio.gather(
            given(world.record_for, delivery(case_ref)),
            done(world.record_for, about(case_ref, WithdrawConsent)),
        )
        after = await read(world, case_ref)
        is_shared = bool(await world.shares(case_ref))
        assert is_shared == (after.dispatch("stop/1") is not None)
        assert ReferralState.WITHDRAWN is the(after.referral(1)).state


async def test_nothing_leaves_when_consent_ran_out_while_a_packet_was_queued(world: World) -> None:
    """It is asked at the moment of sending, not of queueing."""
    case_ref = await queued(world.record_for)
    step = delivery(case_ref)
    kept_back = await given(world.record_for, step, at=AT + timedelta(days=200))
    assert isinstance(kept_back.reply, Committed)
    assert await world.shares(case_ref) == []
    assert as_it_stands(kept_back.snapshot) == as_it_stands(await read(world, case_ref))


async def test_what_queued_a_recalled_referral_never_leaves(world: World) -> None:
    """The sender took it back before it went."""
    case_ref = await queued(world.record_for)
    await done(world.record_for, about(case_ref, RecallReferral))
    assert isinstance((await given(world.record_for, delivery(case_ref))).reply, NotDone)
    assert await world.shares(case_ref) == []
