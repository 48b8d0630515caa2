"""What the stories of the demo are made of: people at their desks, and the steps they take."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

from infra.settings import Installation
from schemas.actor import Actor, parse_actor
from schemas.case import (
    Answer,
    CaseOpening,
    Channel,
    ClosingReason,
    PersonalField,
    PersonalPart,
    SafetyCheck,
    Subject,
    Told,
)
from schemas.case_commands import AddNeed, CloseCase
from schemas.consent import AskedHow, Presence, Purpose
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.decisions import NotDone, Reply
from schemas.errors import SafepathError
from schemas.ids import CaseRef
from schemas.referral import NeedCategory, Priority, ReferralState
from schemas.referral_commands import (
    RequestReferral,
)
from schemas.views import CasePage, InboxLine
from web.desk import Desk
from web.entrance import open_desk

T = TypeVar("T")
CASEWORKER = parse_actor("caseworker@essex-police:ann")
HARBOUR = parse_actor("ngo_intake@harbour-house:mia")
MEADOWLIGHT = parse_actor("ngo_intake@meadowlight:joy")
SALTMERE = parse_actor("ngo_intake@saltmere-refuge:pat")
COLLEAGUE = parse_actor("caseworker@essex-police:bea")
OPS = parse_actor("ops@safepath:kit")
AUDITOR = parse_actor("auditor@inspectorate:lee")

IDVA, MEADOW, REFUGE = "idva-service", "meadowlight-support", "saltmere-refuge-advocacy"
FIELDS = (PersonalField.NAME, PersonalField.SAFE_CONTACT, PersonalField.LANGUAGE)
_EVENT_WITHIN = 20.0
_LOOK_EVERY = 0.1


class StoryError(SafepathError):
    """A story did not go as told."""

    code = "story_went_wrong"


@dataclass
class Story:
    """A journey, and whether each thing it claims came true."""

    title: str
    case_ref: CaseRef | None = None
    claims: dict[str, bool] = field(default_factory=dict)

    @property
    def went_as_told(self) -> bool:
        """Whether it claimed something, and all of it came true."""
        return bool(self.claims) and all(self.claims.values())


@dataclass(frozen=True)
class People:
    """The desks of everyone in the demo."""

    caseworker: Desk
    harbour: Desk
    meadowlight: Desk
    saltmere: Desk
    colleague: Desk
    ops: Desk
    auditor: Desk


@asynccontextmanager
async def people(installation: Installation, load_directory: str) -> AsyncIterator[People]:
    """Open everyone's desk, on a directory that is loaded first."""
    async with open_desk(installation, OPS) as ops:
        await ops.load_directory(load_directory)
        async with (
            open_desk(installation, CASEWORKER) as caseworker,
            open_desk(installation, HARBOUR) as harbour,
            open_desk(installation, MEADOWLIGHT) as meadowlight,
            open_desk(installation, SALTMERE) as saltmere,
            open_desk(installation, COLLEAGUE) as colleague,
            open_desk(installation, AUDITOR) as auditor,
        ):
            yield People(caseworker, harbour, meadowlight, saltmere, colleague, ops, auditor)


async def opens(story: Story, desk: Desk, subject: Subject, name: str) -> CaseRef:
    """Open a case for a fictional person, told first and safe to talk."""
    now = datetime.now(UTC)
    opening = CaseOpening(
        subject=subject,
        channel=Channel.POLICE_101,
        occurred_at=now,
        told=Told(version="told-2026-1", at=now),
        first_question_at=now,
        perpetrator_works_here=Answer.NO,
        safety=SafetyCheck(safe_to_talk=True, immediate_danger=False),
        personal=PersonalPart(
            name=name,
            safe_contact="through the library desk, weekday mornings",
            language="en",
            circumstances="a fictional account, for the demo",
        ),
        profile="demo-seconds",
    )
    opened = await desk.open_case(opening)
    story.case_ref = CaseRef(opened.case.case_ref)
    return story.case_ref


async def consents(desk: Desk, case: CaseRef, service: str) -> None:
    """She is asked about a service, and says yes."""
    about: Any = {"purpose": Purpose.SUPPORT_REFERRAL, "recipient": service, "fields": FIELDS}
    alone = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)
    committed(await desk.decide(AskConsent(**said_by(CASEWORKER, case), **about, asked=alone)))
    committed(await desk.decide(GiveConsent(**said_by(CASEWORKER, case), **about)))


async def needs(desk: Desk, case: CaseRef, category: NeedCategory) -> int:
    """A need of hers; its number."""
    command = AddNeed(**said_by(CASEWORKER, case), category=category, priority=Priority.SOON)
    return int(committed(await desk.decide(command))["need"] or 0)


async def requests(desk: Desk, case: CaseRef, need: int, choices: tuple[str, ...]) -> None:
    """Refer a need to her choices."""
    committed(
        await desk.decide(RequestReferral(**said_by(CASEWORKER, case), need=need, choices=choices))
    )


async def closes(desk: Desk, case: CaseRef) -> None:
    """The closing review, and the closing."""
    for confirmed in (False, True):
        command = CloseCase(
            **said_by(CASEWORKER, case),
            reason=ClosingReason.SUPPORT_COMPLETED,
            confirmed=confirmed,
        )
        committed(await desk.decide(command))


async def arrived(desk: Desk, case: CaseRef, number: int, kind: str = "referral") -> InboxLine:
    """Wait until something lies in the inbox of a service."""

    async def look() -> InboxLine | None:
        lines = await desk.list_inbox()
        wanted = (case, number, kind)
        found = (line for line in lines if (line.case_ref, line.referral, line.kind) == wanted)
        return next(found, None)

    return await until(look, f"{kind} {number} in the inbox")


async def until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
    """What `look` finds, as soon as it does.

    Raises:
        StoryError: it did not in time.
    """
    try:
        async with asyncio.timeout(_EVENT_WITHIN):
            while (found := await look()) is None:  # noqa: ASYNC110 - an inbox sends no event
                await asyncio.sleep(_LOOK_EVERY)
    except TimeoutError:
        raise StoryError(f"waited in vain for {what}") from None
    return found


def said_by(actor: Actor, case: CaseRef) -> Any:
    """What every command carries."""
    return {"command_id": uuid4().hex, "actor": actor, "case_ref": case}


def committed(reply: Reply) -> dict[str, str | int | None]:
    """What a reply says of a decision, which must be a yes.

    Raises:
        StoryError: it was refused.
    """
    if isinstance(reply, NotDone):
        raise StoryError(f"refused: {reply.sentences()}")
    return reply.detail


def states(page: CasePage) -> list[ReferralState]:
    """Where the referrals of a case stand."""
    return [referral.state for referral in page.referrals]
