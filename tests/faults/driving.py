"""Many journeys at once, as people would steer them: each message sent up to three times.

A driver remembers what it was told. Whatever was answered with `Committed` must be in the record
afterwards, whoever was killed meanwhile.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import time
from enum import StrEnum
from random import Random
from typing import Any, TypeVar

import asyncpg

from infra.database import Pool
from infra.settings import Installation
from schemas.case_commands import AddNeed, CloseCase
from schemas.command_base import Command
from schemas.commands import Fact
from schemas.consent_commands import AnswerCheck, AskConsent, GiveConsent, WithdrawConsent
from schemas.contact import (
    CONTACT_OVER,
    ContactChannel,
    ContactPurpose,
    ContactTemplate,
    ContactWindow,
    DeviceShared,
    PlanTerms,
)
from schemas.contact_commands import PlanContact, SetPlan
from schemas.decisions import Committed, Reply
from schemas.errors import UnreachableError
from schemas.ids import CaseRef
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral, CompleteReferral, RequestReferral
from schemas.withdrawal import CheckAnswer
from tests.builders import a_command, caseworker, ngo_intake
from tests.faults.seeds import chance
from tests.workflows.telling import IDVA, an_opening
from web.desk import Desk
from web.entrance import open_desk

GIVE_UP_AFTER = 120.0
"""Seconds after which what somebody tries again and again is lost."""
_TRY_AGAIN = 0.1
_LOOK_EVERY = 0.2
_LOOKED_WITHIN = 5.0
_BEING_KILLED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)
"""What asking PostgreSQL ends in while it is killed."""
_MOST_TIMES = 3
_TEXTED = 0.2
"""The share of journeys in which she is sent a text."""
_IS_IN_STATE = "SELECT 1 FROM record.referral WHERE case_ref = $1 AND number = 1 AND state = $2"
_ALL_IS_SENT = """
SELECT 1 WHERE NOT EXISTS
    (SELECT FROM record.outbox WHERE state = 'queued' AND case_ref = ANY ($1))
"""
_IS_SETTLED = "SELECT 1 FROM record.contact WHERE case_ref = $1 AND state = ANY ($2)"

ALWAYS = PlanTerms(
    channels=(ContactChannel.SMS,),
    windows=tuple(
        ContactWindow(weekday=day, opens=time(0), closes=time(23, 59, 59)) for day in range(7)
    ),
    device_shared=DeviceShared.NO,
)
"""A plan in which a text may go out at once."""

_T = TypeVar("_T")
_C = TypeVar("_C", bound=Command)


class Turn(StrEnum):
    """Where she takes her consent back, if she does."""

    REQUESTED = "as soon as it is requested"
    RECEIVED = "when it is in the inbox"
    ACCEPTED = "when it is accepted"
    NEVER = "never"


@dataclass
class Seen:
    """What drivers were told."""

    opened: list[CaseRef] = field(default_factory=list)
    closed: list[CaseRef] = field(default_factory=list)
    withdrawn: set[CaseRef] = field(default_factory=set)
    committed: list[tuple[Command, Committed]] = field(default_factory=list)
    unreachable: int = 0
    """How often somebody was told that a server does not answer."""


@dataclass
class Driver:
    """Two people at their desks, for as long as the run takes."""

    agency: Desk
    service: Desk
    superuser: Pool
    seen: Seen = field(default_factory=Seen)

    async def journey(self, name: str, *, is_whole: bool = False) -> None:
        """The reference story from opening to closing; some texts, some withdrawals.

        Args:
            name: of the journey: the seed's choices hang on it.
            is_whole: whether it takes every step there is, a text and a withdrawal included.
        """
        dice = chance(name)
        turn = dice.choice((*Turn, Turn.NEVER, Turn.NEVER))
        is_texted = dice.random() < _TEXTED
        story = Story(self, await self.open(name), dice)
        if is_whole:
            turn, is_texted = Turn.ACCEPTED, True
        await story.told(turn, is_texted=is_texted)
        self.seen.closed.append(story.case_ref)

    async def open(self, command_id: str) -> CaseRef:
        """Open a case under an id."""
        opening = an_opening()
        opened = await self.insist(lambda: self.agency.open_case(opening, command_id))
        case_ref = CaseRef(opened.case.case_ref)
        self.seen.opened.append(case_ref)
        return case_ref

    async def say(self, command: Command) -> Reply:
        """Say something until it is answered, and remember what was committed."""
        desk = self.service if command.actor == self.service.actor else self.agency
        reply = await self.insist(lambda: said_at(desk, command))
        if isinstance(reply, Committed):
            self.seen.committed.append((command, reply))
        return reply

    async def insist(self, ask: Callable[[], Awaitable[_T]]) -> _T:
        """Ask again, as a person does who is told that a server does not answer."""
        clock = asyncio.get_running_loop().time
        end = clock() + GIVE_UP_AFTER
        while True:
            try:
                async with asyncio.timeout(end - clock()):  # wait_for can swallow a cancellation
                    return await ask()
            except UnreachableError:
                self.seen.unreachable += 1
                if clock() > end:
                    raise
            await asyncio.sleep(_TRY_AGAIN)

    async def until(self, question: str, *args: object) -> None:
        """Wait until a query finds something."""
        end = asyncio.get_running_loop().time() + GIVE_UP_AFTER
        while not await self._found(question, *args):
            assert asyncio.get_running_loop().time() < end, f"lost: {question} {args}"
            await asyncio.sleep(_LOOK_EVERY)

    async def _found(self, question: str, *args: object) -> bool:
        try:
            return bool(await self.superuser.fetchrow(question, *args, timeout=_LOOKED_WITHIN))
        except _BEING_KILLED:
            return False


async def said_at(desk: Desk, command: Command) -> Reply:
    said: Any = command
    return await (desk.state(said) if isinstance(command, Fact) else desk.decide(said))


@dataclass
class Story:
    """One journey under way."""

    driver: Driver
    case_ref: CaseRef
    chance: Random
    said: int = 0

    async def told(self, turn: Turn, *, is_texted: bool) -> None:
        """From her first need to the closing of the case."""
        await self._says(AddNeed)
        if is_texted:
            await self._texts()
        await self._says(AskConsent, recipient=IDVA)
        await self._says(GiveConsent, recipient=IDVA)
        await self._says(RequestReferral, choices=(IDVA,))
        await self._goes_on(turn)
        if is_texted:
            await self.driver.until(_IS_SETTLED, self.case_ref, sorted(CONTACT_OVER))
        await self._says(CloseCase)
        await self._says(CloseCase, confirmed=True)

    async def _goes_on(self, turn: Turn) -> None:
        if turn is Turn.REQUESTED:
            return await self._withdraws()
        await self._until_it_is(ReferralState.RECEIVED)
        if turn is Turn.RECEIVED:
            return await self._withdraws()
        await self._says(AcceptReferral, actor=ngo_intake())
        if turn is Turn.ACCEPTED:
            await self._withdraws()
            return await self._says(AnswerCheck, actor=ngo_intake(), answer=CheckAnswer.IT_WAS_HER)
        await self._says(CompleteReferral, actor=ngo_intake())
        return None

    async def _texts(self) -> None:
        await self._says(SetPlan, terms=ALWAYS)
        await self._says(
            PlanContact,
            purpose=ContactPurpose.CHECK_IN,
            channel=ContactChannel.SMS,
            template=ContactTemplate.PLEASE_CALL,
            referral=None,
        )

    async def _withdraws(self) -> None:
        await self._says(WithdrawConsent, recipient=IDVA)
        self.driver.seen.withdrawn.add(self.case_ref)
        await self._until_it_is(ReferralState.WITHDRAWN)

    async def _says(self, kind: type[_C], **parts: Any) -> None:
        """One message, up to three times, one after the other or all at once: one answer."""
        self.said += 1
        about = {"case_ref": self.case_ref, "command_id": f"{self.case_ref}-{self.said}"}
        command = a_command(kind, **({"actor": caseworker()} | about | parts))
        times = self.chance.randint(1, _MOST_TIMES)
        if self.chance.random() < 0.5:
            replies = await asyncio.gather(*(self.driver.say(command) for _ in range(times)))
        else:
            replies = [await self.driver.say(command) for _ in range(times)]
        assert isinstance(replies[0], Committed), (kind.__name__, replies[0])
        assert all(reply == replies[0] for reply in replies), (kind.__name__, replies)

    async def _until_it_is(self, state: ReferralState) -> None:
        await self.driver.until(_IS_IN_STATE, self.case_ref, state)


@asynccontextmanager
async def a_driver(installation: Installation, superuser: Pool) -> AsyncIterator[Driver]:
    """Desks that stay open through whatever happens to the servers."""
    at_agency = open_desk(installation, caseworker())
    async with at_agency as agency, open_desk(installation, ngo_intake()) as service:
        yield Driver(agency, service, superuser)


async def drive(driver: Driver, name: str, journeys: int, at_once: int) -> None:
    """Tell so many journeys, some of them at a time."""
    waiting = iter(range(journeys))

    async def one_after_the_other() -> None:
        for nth in waiting:
            await driver.journey(f"{name}-{nth}", is_whole=nth == 0)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(one_after_the_other())
    await driver.until(_ALL_IS_SENT, driver.seen.closed)
