"""Cases brought to a point, on any record: the real one, or the fake.

Names of services are those of the fictional directory. Nothing here decides: every step is a
command, judged by the rules.
"""

import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime, time, timedelta
from typing import Any, cast

from activities.journey_steps import services_of
from activities.judging import judge_of
from activities.ports import Beside, Record, Written
from infra.calendars.load import england_and_wales
from rules.outbox import packet_key
from rules.told import TOLD
from schemas.actor import Actor
from schemas.case import (
    Answer,
    CaseOpening,
    Channel,
    PersonalField,
    PersonalPart,
    SafetyCheck,
    Subject,
    Told,
)
from schemas.case_commands import AddNeed
from schemas.changes import PacketPlaced
from schemas.clockwork_steps import Breach, Deliver, ExpireReferral, QueueDelivery, Remind, Step
from schemas.command_base import Command
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.contact import ContactChannel, ContactPurpose, ContactResult
from schemas.contact_commands import EndContact, PlanContact, SetPlan, StartContact
from schemas.decisions import Committed, NotDone
from schemas.ids import CaseRef, new_case_ref
from schemas.referral_commands import RequestReferral
from schemas.snapshot import CaseSnapshot
from tests.builders import AT, a_command, caseworker, the

IDVA = "idva-service"
HOUSING = "safe-housing-advice"
HARBOUR, TERNSTONE = "harbour-house", "ternstone-housing"
NAME = "Zuleika Dobson"
CONTACT = "text only, weekdays after ten, from the blue phone"
CIRCUMSTANCES = "he follows her to work"
PERSONAL = PersonalPart(
    name=NAME, safe_contact=CONTACT, circumstances=CIRCUMSTANCES, year_of_birth="1991"
)
FIELDS = (PersonalField.NAME, PersonalField.SAFE_CONTACT)
TOLD_VERSION = "told-2026-1"
TOLD_TEXT = TOLD[TOLD_VERSION]["en"]

RecordFor = Callable[[Actor | None], Awaitable[Record]]
"""The record in somebody's hands; None is the worker."""


def an_opening(*, is_safe: bool = True, is_restricted: bool = False, **parts: Any) -> CaseOpening:
    """A disclosure at the front counter, told first."""
    facts: dict[str, Any] = {
        "subject": Subject.VICTIM,
        "channel": Channel.FRONT_COUNTER,
        "occurred_at": AT - timedelta(hours=1),
        "told": Told(version=TOLD_VERSION, at=AT - timedelta(hours=1)),
        "first_question_at": AT - timedelta(minutes=55),
        "perpetrator_works_here": Answer.YES if is_restricted else Answer.NO,
        "safety": SafetyCheck(safe_to_talk=is_safe, immediate_danger=False),
        "personal": PERSONAL,
    }
    return CaseOpening.model_validate(facts | parts)


async def opened(record_for: RecordFor, actor: Actor | None = None, **parts: Any) -> CaseRef:
    """A fresh case after its safety check."""
    actor = actor or caseworker()
    case_ref = new_case_ref()
    await (await record_for(actor)).open_case(case_ref, an_opening(**parts), TOLD_TEXT, actor)
    return case_ref


def about(case_ref: CaseRef, kind: type[Command], **parts: Any) -> Any:
    """A command about a case, under an id of its own; the usual service is the IDVA's."""
    usual = {"recipient": IDVA, "choices": (IDVA,), "fields": FIELDS}
    mine = {name: value for name, value in usual.items() if name in kind.model_fields}
    fresh = {"command_id": uuid.uuid4().hex, "case_ref": case_ref}
    return a_command(kind, **(fresh | mine | parts))


async def given(
    record_for: RecordFor,
    command: Command,
    *,
    at: datetime = AT,
    wakes: bool = False,
    note: str = "",
    beside: Beside | None = None,
    by_worker: bool = False,
) -> Written:
    """Give a command to the record of whoever gives it, or, as a journey does, of the worker."""
    is_workers = by_worker or isinstance(command, Step)
    record = await record_for(None if is_workers else command.actor)
    judge = judge_of(command, at, england_and_wales(), wakes=wakes)
    return await record.change(
        command, judge, services=services_of(command), beside=beside or Beside(note=note)
    )


async def done(record_for: RecordFor, command: Command, **how: Any) -> Written:
    """The same, where it must not be refused."""
    written = await given(record_for, command, **how)
    assert isinstance(written.reply, Committed), written.reply
    return written


async def refused(record_for: RecordFor, command: Command, **how: Any) -> Written:
    """The same, where it must be."""
    written = await given(record_for, command, **how)
    assert isinstance(written.reply, NotDone), written.reply
    return written


def moment(snapshot: CaseSnapshot, command: Command) -> datetime:
    """When a command is given: a timer's at its own time, everything else on a Monday morning."""
    if isinstance(command, ExpireReferral):
        mine = (d for d in snapshot.deadlines if d.referral == command.referral and d.lapse_at)
        return max(the(deadline.lapse_at) for deadline in mine)
    if not isinstance(command, Remind | Breach):
        return AT
    deadline = the(snapshot.deadline(command.deadline))
    return deadline.remind_at if isinstance(command, Remind) else deadline.due_at


def any_time(case_ref: CaseRef, by: Actor) -> SetPlan:
    """A plan by which she may be called at this very moment."""
    whole_day = [{"weekday": n, "opens": time.min, "closes": time.max} for n in range(7)]
    terms = {"channels": (ContactChannel.VOICE,), "windows": whole_day}
    return cast("SetPlan", about(case_ref, SetPlan, terms=terms, actor=by))


async def reached(record_for: RecordFor, case_ref: CaseRef, by: Actor, at: datetime) -> int:
    """A service spoke with her, inside her plan, to ask whether a withdrawal was hers."""
    purpose, channel = ContactPurpose.WITHDRAWAL_CHECK, ContactChannel.VOICE
    for command in (
        about(case_ref, PlanContact, actor=by, purpose=purpose, channel=channel),
        about(case_ref, StartContact, actor=by),
        about(case_ref, EndContact, actor=by, result=ContactResult.SPOKE),
    ):
        await done(record_for, command, at=at)
    return 1


async def missed(record_for: RecordFor, case_ref: CaseRef, deadline: str) -> Written:
    """Let a deadline's time come."""
    step = about(case_ref, Breach, deadline=deadline)
    snapshot = await (await record_for(None)).read(case_ref)
    return await done(record_for, step, at=moment(snapshot, step))


async def queued(
    record_for: RecordFor,
    *,
    case_ref: CaseRef | None = None,
    service: str = IDVA,
    fields: tuple[PersonalField, ...] = FIELDS,
    actor: Actor | None = None,
    at: datetime = AT,
    **parts: Any,
) -> CaseRef:
    """A case with a consented packet in the outbox: the first referral, or one more."""
    actor = actor or caseworker()
    case_ref = case_ref or await opened(record_for, actor, **parts)
    said = {"actor": actor, "recipient": service, "fields": fields}
    needed = await done(record_for, about(case_ref, AddNeed, actor=actor), at=at)
    need = len(needed.snapshot.needs)
    for command in (
        about(case_ref, AskConsent, **said),
        about(case_ref, GiveConsent, **said),
        about(case_ref, RequestReferral, need=need, choices=(service,), actor=actor),
        about(case_ref, QueueDelivery, referral=need),
    ):
        await done(record_for, command, at=at)
    return case_ref


async def delivered(
    record_for: RecordFor,
    *,
    case_ref: CaseRef | None = None,
    referral: int = 1,
    at: datetime = AT,
    **parts: Any,
) -> CaseRef:
    """A case whose packet lies in the service's inbox."""
    case_ref = await queued(record_for, case_ref=case_ref, at=at, **parts)
    await done(record_for, delivery(case_ref, referral), at=at)
    return case_ref


def a_placement(
    key: str, epoch: int = 2, field: PersonalField = PersonalField.NAME
) -> PacketPlaced:
    """A packet of referral 1 that somebody wants in the inbox."""
    return PacketPlaced(
        key=key,
        referral=1,
        service=IDVA,
        organisation=HARBOUR,
        fields=(field,),
        consent_epoch=epoch,
    )


def delivery(case_ref: CaseRef, referral: int = 1, epoch: int = 2) -> Deliver:
    """The step that places a packet; a yes that was asked for first has epoch 2."""
    step = about(case_ref, Deliver, referral=referral, key=packet_key(referral, epoch))
    assert isinstance(step, Deliver)
    return step
