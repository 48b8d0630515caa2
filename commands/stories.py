"""The three journeys of the demo, driven through the desk as people would. Fictional people."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

from schemas.case_commands import AddNeed, CloseCase
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    EngageReferral,
    OpenReferral,
    RequestReferral,
)

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
    Stage,
    Subject,
    Told,
)
from schemas.consent import Purpose
from schemas.decisions import NotDone, Reply
from schemas.errors import SafepathError
from schemas.ids import CaseRef
from schemas.referral import NeedCategory, Outcome, Priority, ReferralState
from schemas.verbs import Verb
from schemas.views import CasePage, InboxLine
from web.desk import Desk
from web.entrance import open_desk

T = TypeVar("T")
CASEWORKER = parse_actor("caseworker@essex-police:ann")
HARBOUR = parse_actor("ngo_intake@harbour-house:mia")
MEADOWLIGHT = parse_actor("ngo_intake@meadowlight:joy")
OPS = parse_actor("ops@safepath:kit")
AUDITOR = parse_actor("auditor@inspectorate:lee")

IDVA, COUNSELLING, MEADOW = "idva-service", "counselling", "meadowlight-support"
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
            open_desk(installation, AUDITOR) as auditor,
        ):
            yield People(caseworker, harbour, meadowlight, ops, auditor)


async def support_engaged(story: Story, who: People) -> None:
    """(a) A referral is accepted, support is given, and a person closes the case."""
    case = await _open(story, who.caseworker, Subject.VICTIM, "Rosa Example")
    await _consent(who.caseworker, case, IDVA)
    need = await _need(who.caseworker, case, NeedCategory.ADVOCACY)
    await _request(who.caseworker, case, need, (IDVA,))
    await _arrived(who.harbour, case, 1)
    reply, packet = await who.harbour.open_referral(OpenReferral(**_by(HARBOUR, case), referral=1))
    _done(reply)
    shown = packet.packet if packet else None
    story.claims["the service saw the name she agreed to"] = bool(shown and shown.name)
    story.claims["and not the circumstances, which she kept"] = bool(
        shown and shown.circumstances is None
    )
    _done(await who.harbour.state(AcceptReferral(**_by(HARBOUR, case), referral=1)))
    _done(await who.harbour.state(EngageReferral(**_by(HARBOUR, case), referral=1)))
    completed = CompleteReferral(**_by(HARBOUR, case), referral=1, outcome=Outcome.SUPPORT_GIVEN)
    _done(await who.harbour.state(completed))
    await _close(who.caseworker, case)
    page = await who.caseworker.show_case(case)
    story.claims["the referral is completed"] = _states(page) == [ReferralState.COMPLETED]
    story.claims["a person closed the case"] = page.case.stage is Stage.CLOSED


async def silent_service(story: Story, who: People) -> None:
    """(b) A witness; the first service stays silent, and the next one she chose accepts."""
    case = await _open(story, who.caseworker, Subject.WITNESS, "Tomas Example")
    await _consent(who.caseworker, case, MEADOW)
    await _consent(who.caseworker, case, IDVA)
    need = await _need(who.caseworker, case, NeedCategory.COUNSELLING)
    await _request(who.caseworker, case, need, (MEADOW, IDVA))
    await _arrived(who.meadowlight, case, 1)
    await _arrived(who.harbour, case, 2)
    _done(await who.harbour.state(AcceptReferral(**_by(HARBOUR, case), referral=2)))
    page = await who.caseworker.show_case(case)
    lines = await who.caseworker.show_timeline(case)
    verbs = [line.verb for line in lines]
    story.claims["the silent service was reminded"] = Verb.REMIND in verbs
    story.claims["a person was told that it was late"] = Verb.BREACH in verbs
    story.claims["its referral expired"] = _states(page)[:1] == [ReferralState.EXPIRED]
    story.claims["the next service she chose accepted"] = _states(page)[1:] == [
        ReferralState.ACCEPTED
    ]


async def consent_withdrawn(story: Story, who: People) -> None:
    """(c) Consent is withdrawn while one referral is accepted and one is sent: both stop."""
    case = await _open(story, who.caseworker, Subject.VICTIM, "Lena Example")
    for number, service in enumerate((IDVA, MEADOW), start=1):
        await _consent(who.caseworker, case, service)
        need = await _need(who.caseworker, case, NeedCategory.ADVOCACY)
        await _request(who.caseworker, case, need, (service,))
        await _arrived(who.harbour if number == 1 else who.meadowlight, case, number)
    _done(await who.harbour.state(AcceptReferral(**_by(HARBOUR, case), referral=1)))
    withdrawal = WithdrawConsent(**_by(CASEWORKER, case), purpose=Purpose.SUPPORT_REFERRAL)
    _done(await who.caseworker.state(withdrawal))
    page = await who.caseworker.show_case(case)
    story.claims["both referrals stopped at once"] = _states(page) == [ReferralState.WITHDRAWN] * 2
    for desk, number, name in ((who.harbour, 1, "first"), (who.meadowlight, 2, "second")):
        stopped = await _arrived(desk, case, number, kind="stop")
        story.claims[f"the {name} service got a stop notice"] = stopped is not None
    verbs = [line.verb for line in await who.caseworker.show_timeline(case)]
    story.claims["the audit shows it"] = (
        Verb.WITHDRAW_CONSENT in verbs and verbs.count(Verb.SEND_STOP) == 2
    )


async def _open(story: Story, desk: Desk, subject: Subject, name: str) -> CaseRef:
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


async def _consent(desk: Desk, case: CaseRef, service: str) -> None:
    about: Any = {"purpose": Purpose.SUPPORT_REFERRAL, "recipient": service, "fields": FIELDS}
    _done(await desk.decide(AskConsent(**_by(CASEWORKER, case), **about)))
    _done(await desk.decide(GiveConsent(**_by(CASEWORKER, case), **about)))


async def _need(desk: Desk, case: CaseRef, category: NeedCategory) -> int:
    command = AddNeed(**_by(CASEWORKER, case), category=category, priority=Priority.SOON)
    return int(_done(await desk.decide(command))["need"] or 0)


async def _request(desk: Desk, case: CaseRef, need: int, choices: tuple[str, ...]) -> None:
    _done(await desk.decide(RequestReferral(**_by(CASEWORKER, case), need=need, choices=choices)))


async def _close(desk: Desk, case: CaseRef) -> None:
    for confirmed in (False, True):
        command = CloseCase(
            **_by(CASEWORKER, case),
            reason=ClosingReason.SUPPORT_COMPLETED,
            confirmed=confirmed,
        )
        _done(await desk.decide(command))


async def _arrived(desk: Desk, case: CaseRef, number: int, kind: str = "referral") -> InboxLine:
    async def look() -> InboxLine | None:
        lines = await desk.list_inbox()
        wanted = (case, number, kind)
        found = (line for line in lines if (line.case_ref, line.referral, line.kind) == wanted)
        return next(found, None)

    return await _until(look, f"{kind} {number} in the inbox")


async def _until(look: Callable[[], Awaitable[T | None]], what: str) -> T:
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


def _by(actor: Actor, case: CaseRef) -> Any:
    """What every command carries."""
    return {"command_id": uuid4().hex, "actor": actor, "case_ref": case}


def _done(reply: Reply) -> dict[str, str | int | None]:
    if isinstance(reply, NotDone):
        raise StoryError(f"refused: {reply.sentences()}")
    return reply.detail


def _states(page: CasePage) -> list[ReferralState]:
    return [referral.state for referral in page.referrals]
