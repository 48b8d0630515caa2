"""safepath's reference journey, walked through the desks that people use.

Open a case, ask for consent and record her yes, add a need, refer it; the service gets the
referral, accepts it and completes it; review the case and close it. Codec, pydantic, audit and
row security are as in any installation.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import asyncpg
from temporalio.client import Client

from bench.arrivals import Arrivals
from bench.histories import Count, counted, ended, settled
from bench.walks import Pause, Walk
from commands.story_steps import CASEWORKER, HARBOUR, IDVA, OPS, committed, said_by
from infra.demo.files import demo_directory_text
from infra.settings import find_installation
from infra.stack.secrets import Role
from infra.temporal import JOURNEYS
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
from schemas.ids import CaseRef, journey_workflow_id, referral_workflow_id
from schemas.referral import NeedCategory, Outcome, Priority
from schemas.referral_commands import AcceptReferral, CompleteReferral, RequestReferral
from web.desk import Desk
from web.entrance import open_desk

_ARRIVED = "SELECT case_ref FROM record.inbox_item WHERE case_ref = ANY ($1)"
_CONSENT: Any = {
    "purpose": Purpose.SUPPORT_REFERRAL,
    "recipient": IDVA,
    "fields": (PersonalField.NAME, PersonalField.SAFE_CONTACT, PersonalField.LANGUAGE),
}
_ALONE = AskedHow(at_safe_time=True, present=(Presence.NOBODY,), told_help_does_not_depend=True)


@dataclass(frozen=True)
class Reference:
    """Two people at their desks, and whoever sees packets arrive and workflows end."""

    caseworker: Desk
    service: Desk
    arrivals: Arrivals
    temporal: Client

    async def walk(self, pause: Pause) -> Walk:
        """One journey, from opening to the end of its workflows."""
        began = perf_counter()
        case = CaseRef(await self.open())
        opened = perf_counter()
        workflows = (journey_workflow_id(case), referral_workflow_id(case, 1))
        await self._refer(case, partial(pause, workflows))
        await self._support(case, partial(pause, workflows))
        await ended(self.temporal, workflows[1])
        await self._close(case, partial(pause, workflows))
        closed = perf_counter()
        await ended(self.temporal, workflows[0])
        return Walk(
            seconds=closed - began,
            start_seconds=opened - began,
            workflows=workflows,
        )

    async def count(self) -> Count:
        """The histories of a journey whose messages each met it at rest."""
        walk = await self.walk(partial(settled, self.temporal))
        return await counted(self.temporal, walk.workflows)

    async def open(self) -> str:
        """A case of a fictional person, told first and safe to talk, under the real duties."""
        now = datetime.now(UTC)
        opening = CaseOpening(
            subject=Subject.VICTIM,
            channel=Channel.FRONT_COUNTER,
            occurred_at=now,
            told=Told(version="told-2026-1", at=now),
            first_question_at=now,
            perpetrator_works_here=Answer.NO,
            safety=SafetyCheck(safe_to_talk=True, immediate_danger=False),
            personal=PersonalPart(
                name="Wren Fictional",
                safe_contact="the library, Tuesdays",
                language="en",
                circumstances="a fictional account, for a measurement",
            ),
        )
        return (await self.caseworker.open_case(opening)).case.case_ref

    async def close(self, opened: str) -> None:
        """Review and close a case in which nothing was asked for."""
        for confirmed in (False, True):
            await self._decide(
                CloseCase,
                CaseRef(opened),
                reason=ClosingReason.AT_VICTIM_REQUEST,
                confirmed=confirmed,
            )

    async def _refer(self, case: CaseRef, pause: Any) -> None:
        await pause()
        await self._decide(AskConsent, case, **_CONSENT, asked=_ALONE)
        await pause()
        await self._decide(GiveConsent, case, **_CONSENT)
        await pause()
        await self._decide(AddNeed, case, category=NeedCategory.ADVOCACY, priority=Priority.SOON)
        await pause()
        await self._decide(RequestReferral, case, need=1, choices=(IDVA,))
        await self.arrivals.of(case)

    async def _support(self, case: CaseRef, pause: Any) -> None:
        await pause()
        accept = AcceptReferral(**said_by(HARBOUR, case), referral=1)
        committed(await self.service.state(accept))
        await pause()
        given = Outcome.SUPPORT_GIVEN
        complete = CompleteReferral(**said_by(HARBOUR, case), referral=1, outcome=given)
        committed(await self.service.state(complete))

    async def _close(self, case: CaseRef, pause: Any) -> None:
        for confirmed in (False, True):
            await pause()
            reason = ClosingReason.SUPPORT_COMPLETED
            await self._decide(CloseCase, case, reason=reason, confirmed=confirmed)

    async def _decide(self, command: Any, case: CaseRef, **parts: Any) -> None:
        committed(await self.caseworker.decide(command(**said_by(CASEWORKER, case), **parts)))


@asynccontextmanager
async def opened(data_dir: Path) -> AsyncIterator[Reference]:
    """The desks of a stack that runs, its directory loaded."""
    installation = find_installation(data_dir)
    async with AsyncExitStack() as stack:
        ops = await stack.enter_async_context(open_desk(installation, OPS))
        await ops.load_directory(demo_directory_text())
        watching = await asyncpg.connect(installation.dsn(Role.POSTGRES), ssl=False)
        stack.push_async_callback(watching.close)
        yield Reference(
            caseworker=await stack.enter_async_context(open_desk(installation, CASEWORKER)),
            service=await stack.enter_async_context(open_desk(installation, HARBOUR)),
            arrivals=Arrivals(watching, _ARRIVED),
            temporal=await Client.connect(str(installation.temporal_address), namespace=JOURNEYS),
        )
