"""Contacts on the real clockwork: inside her windows, once, and never because a duty is late."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from activities.judging import judge_of
from infra.calendars.load import england_and_wales
from infra.contact_texts import CONTACT_TEXTS
from rules.days import local
from schemas.clockwork_steps import SendContact, SettleContact
from schemas.contact import (
    ContactChannel,
    ContactPurpose,
    ContactState,
    ContactTemplate,
    ContactWindow,
    DeviceShared,
    PlanTerms,
    SuspendReason,
)
from schemas.contact_commands import PlanContact, SetPlan, StartContact, SuspendPlan
from schemas.decisions import Committed, NotDone
from schemas.messages import RECORD_CHANGED
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import the
from tests.workflows.conftest import Opens
from tests.workflows.telling import Journey

A_MINUTE, A_WEEK = timedelta(minutes=1), timedelta(days=7)
OPENS, CLOSES = time(10), time(12)


def terms(**parts: Any) -> PlanTerms:
    """Calls and texts, the day after tomorrow from ten to twelve, on a device of her own."""
    day = local(datetime.now(UTC) + timedelta(days=2), england_and_wales()).weekday()
    facts: dict[str, Any] = {
        "channels": (ContactChannel.VOICE, ContactChannel.SMS),
        "windows": (ContactWindow(weekday=day, opens=OPENS, closes=CLOSES),),
        "device_shared": DeviceShared.NO,
    }
    return PlanTerms.model_validate(facts | parts)


async def with_plan(opens: Opens, **parts: Any) -> Journey:
    journey = await opens()
    assert isinstance(await journey.state(SetPlan, terms=terms(**parts)), Committed)
    return journey


async def planned(journey: Journey, **parts: Any) -> CaseSnapshot:
    voice = ContactChannel.VOICE
    facts = {"purpose": ContactPurpose.CHECK_IN, "channel": voice, "referral": None}
    reply = await journey.state(PlanContact, **(facts | parts))
    assert isinstance(reply, Committed), reply
    return await journey.snapshot()


def a_text(**parts: Any) -> dict[str, Any]:
    return {
        "channel": ContactChannel.SMS,
        "template": ContactTemplate.PLEASE_CALL,
        **parts,
    }


def texts_of(journey: Journey) -> list[dict[str, Any]]:
    """What was sent to her."""
    folder = journey.clockwork.notices_dir / "to-her"
    files = folder.glob(f"{journey.case_ref}--*.json")
    return [json.loads(file.read_text(encoding="utf-8")) for file in files]


async def test_a_call_waits_for_its_window_and_for_the_next_one(opens: Opens) -> None:
    """It opens when that is safe, with a task; if nobody calls then, it opens in the next."""
    journey = await with_plan(opens)
    contact = the((await planned(journey)).contact(1))
    first = contact.safe_at
    assert first is not None
    assert first > datetime.now(UTC)
    await journey.forward(first - A_MINUTE)
    assert ContactState.PLANNED is the((await journey.snapshot()).contact(1)).state
    await journey.forward(first + A_MINUTE)
    open_now = await journey.until(lambda s: the(s.contact(1)).state is ContactState.OPEN)
    assert TaskKind.MAKE_CONTACT in {task.kind for task in open_now.tasks if not task.is_done}
    closes = the(open_now.contact(1)).safe_until
    assert closes is not None
    await journey.forward(closes + A_MINUTE)
    waiting = await journey.until(lambda s: the(s.contact(1)).state is ContactState.PLANNED)
    assert first + A_WEEK == the(waiting.contact(1)).safe_at
    assert TaskKind.MAKE_CONTACT not in {t.kind for t in waiting.tasks if not t.is_done}
    await journey.forward(first + A_WEEK + A_MINUTE)
    again = await journey.until(lambda s: the(s.contact(1)).state is ContactState.OPEN)
    assert TaskKind.MAKE_CONTACT in {task.kind for task in again.tasks if not task.is_done}


async def test_a_call_outside_its_window_cannot_be_started(opens: Opens) -> None:
    """The answer says when the next safe window is, and nothing has changed."""
    journey = await with_plan(opens)
    before = await planned(journey)
    reply = await journey.state(StartContact, contact=1)
    assert isinstance(reply, NotDone)
    assert {"not_safe_now"} == {reason.code for reason in reply.reasons}
    assert "Next safe window" in reply.sentences()
    assert before.contacts == (await journey.snapshot()).contacts


async def test_a_text_is_sent_in_its_window_once_and_says_nothing(opens: Opens) -> None:
    """A whole template, in the window that is open; the record knows that it went."""
    journey = await with_plan(opens)
    contact = the((await planned(journey, **a_text())).contact(1))
    assert contact.safe_at is not None
    await journey.forward(contact.safe_at - A_MINUTE)
    assert [] == texts_of(journey)
    await journey.in_its_window(contact)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.MADE)
    (sent,) = texts_of(journey)
    assert CONTACT_TEXTS[ContactTemplate.PLEASE_CALL] == sent["text"]


async def test_a_text_is_not_sent_once_contact_is_suspended(opens: Opens) -> None:
    """Whoever knows that it is not safe stops it, whatever was planned."""
    journey = await with_plan(opens)
    contact = the((await planned(journey, **a_text())).contact(1))
    await journey.state(SuspendPlan, reason=SuspendReason.UNSAFE)
    await journey.until(lambda s: the(s.contact(1)).state is ContactState.CANCELLED)
    assert contact.safe_at is not None
    await journey.forward(contact.safe_at + A_MINUTE)
    assert [] == texts_of(journey)


async def test_a_text_whose_sending_nobody_can_tell_is_never_sent_again(opens: Opens) -> None:
    """The worker loses the record between saying «sending» and hearing that it went."""
    journey = await with_plan(opens)
    contact = the((await planned(journey, **a_text())).contact(1))
    with journey.clockwork.record.away_for(SettleContact):
        moving = asyncio.create_task(journey.in_its_window(contact))  # time stands still meanwhile
        await journey.until(lambda s: the(s.contact(1)).state is ContactState.SENDING)
        await journey.until_stumbled(SettleContact)
    await moving
    unclear = await journey.until(lambda s: the(s.contact(1)).state is ContactState.UNKNOWN)
    assert TaskKind.CONTACT_UNCLEAR in {task.kind for task in unclear.tasks}
    assert 1 == len(texts_of(journey))


@contextmanager
def no_way_to_her(journey: Journey) -> Iterator[None]:
    """A file stands where the folder of texts should be."""
    folder = journey.clockwork.notices_dir / "to-her"
    kept = folder.rename(folder.with_name("kept")) if folder.exists() else None
    folder.write_text("in the way")
    try:
        yield
    finally:
        folder.unlink()
        if kept:
            kept.rename(folder)


async def test_a_text_that_could_not_leave_is_not_sent_when_it_can(opens: Opens) -> None:
    """Nobody can tell what the gateway did; a person looks, and no machine tries again."""
    journey = await with_plan(opens)
    contact = the((await planned(journey, **a_text())).contact(1))
    with no_way_to_her(journey):
        await journey.in_its_window(contact)
        unclear = await journey.until(lambda s: the(s.contact(1)).state is ContactState.UNKNOWN)
    assert TaskKind.CONTACT_UNCLEAR in {task.kind for task in unclear.tasks}
    await journey.forward(the(contact.safe_at) + A_WEEK + A_MINUTE)
    assert ContactState.UNKNOWN is the((await journey.snapshot()).contact(1)).state
    assert [] == texts_of(journey)


async def test_a_text_that_a_dead_worker_left_goes_to_a_person(opens: Opens) -> None:
    """It wrote down that it was sending, and no more: after a minute a person looks."""
    journey = await with_plan(opens)
    at = the(the((await planned(journey, **a_text())).contact(1)).safe_at)
    sends = SendContact(case_ref=journey.case_ref, contact=1)
    await journey.clockwork.record.change(sends, judge_of(sends, at, england_and_wales()))
    assert ContactState.SENDING is the((await journey.snapshot()).contact(1)).state
    await journey.handle.signal(RECORD_CHANGED)
    await journey.forward(at + 2 * A_MINUTE)
    unclear = await journey.until(lambda s: the(s.contact(1)).state is ContactState.UNKNOWN)
    assert TaskKind.CONTACT_UNCLEAR in {task.kind for task in unclear.tasks}
    assert [] == texts_of(journey)


@pytest.mark.parametrize("late_by", [timedelta(days=20), timedelta(days=60)], ids=str)
async def test_no_duty_that_is_late_ever_contacts_her(opens: Opens, late_by: timedelta) -> None:
    """INV-32: late is better than unsafe; what is late is put before a person and nothing else."""
    journey = await opens(owed=True)
    await journey.state(SetPlan, terms=terms())
    await journey.forward(await journey.now() + late_by)
    snapshot = await journey.until(lambda s: s.tasks and not s.dispatches)
    assert () == snapshot.contacts
    assert [] == texts_of(journey)
