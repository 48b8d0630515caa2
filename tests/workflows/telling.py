"""Telling a journey: people act through the desk, time is moved, and the record is read."""

import asyncio
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.update.v1 import UpdateRef
from temporalio.api.workflowservice.v1 import PollWorkflowExecutionUpdateRequest
from temporalio.client import WorkflowExecutionStatus, WorkflowHandle
from temporalio.common import SearchAttributeKey
from temporalio.service import RPCError, RPCStatusCode
from temporalio.worker import Replayer

from activities.judging import judge_of, starts_at
from infra.calendars.load import england_and_wales
from infra.database import Scope
from infra.stack.secrets import Role
from infra.staff import StaffRegister
from infra.temporal import safepath_plugin
from infra.wakes import send_wakes
from rules.told import told_text
from schemas.actor import Actor
from schemas.case import (
    Answer,
    CaseOpening,
    Channel,
    ClosingReason,
    PersonalPart,
    SafetyCheck,
    Subject,
    Told,
)
from schemas.case_commands import AddNeed, CloseCase
from schemas.command_base import Command
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.contact import Contact
from schemas.decisions import Committed, NotDone, Reply
from schemas.errors import UnreachableError
from schemas.ids import CaseRef, journey_workflow_id, new_case_ref, referral_workflow_id
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral, RequestReferral
from schemas.snapshot import CaseSnapshot
from tests.builders import a_command, caseworker, ngo_intake
from tests.conftest import People
from tests.workflows.clockwork import Clockwork
from web.asking import Journeys
from web.desk import Desk
from workflows.journey import VictimJourney
from workflows.referral import SupportReferral

IDVA, COUNSELLING = "idva-service", "counselling"
MEADOWLIGHT, HOUSING = "meadowlight-support", "safe-housing-advice"
SHUT = "childrens-group-work"
"""Services of the fictional directory; the last one is closed for now."""

NGO = {
    IDVA: ngo_intake(),
    COUNSELLING: ngo_intake(),
    MEADOWLIGHT: ngo_intake("meadowlight"),
    HOUSING: ngo_intake("ternstone-housing"),
}
"""Whoever takes referrals in at each of them."""

WITHIN = 20.0
"""Seconds that a real machine may take for what the clockwork does at once."""

_REPLY: Any = Reply
_C = TypeVar("_C", bound=Command)
_numbers = itertools.count(1)


def an_opening(**parts: Any) -> CaseOpening:
    """A safe disclosure at a front counter this morning, by a person who does not exist."""
    at = datetime.now(UTC) - timedelta(hours=1)
    facts: dict[str, Any] = {
        "subject": Subject.VICTIM,
        "channel": Channel.FRONT_COUNTER,
        "occurred_at": at,
        "told": Told(version="told-2026-1", at=at),
        "first_question_at": at,
        "perpetrator_works_here": Answer.NO,
        "safety": SafetyCheck(safe_to_talk=True, immediate_danger=False),
        "personal": PersonalPart(name="Wren Fictional", safe_contact="the library, Tuesdays"),
    }
    return CaseOpening.model_validate(facts | parts)


@dataclass
class Journey:
    """One case under way."""

    case_ref: CaseRef
    clockwork: Clockwork
    people: People
    said: dict[str, Reply] = field(default_factory=dict)

    # Reading

    @property
    def handle(self) -> "WorkflowHandle[VictimJourney, None]":
        """The journey's workflow."""
        return self.clockwork.client.get_workflow_handle_for(
            VictimJourney.run, journey_workflow_id(self.case_ref)
        )

    def referral(self, number: int = 1) -> "WorkflowHandle[SupportReferral, Any]":
        """A referral's workflow."""
        return self.clockwork.client.get_workflow_handle_for(
            SupportReferral.run, referral_workflow_id(self.case_ref, number)
        )

    async def snapshot(self) -> CaseSnapshot:
        """The case as it stands."""
        return await self.clockwork.record.read(self.case_ref)

    async def until(
        self, holds: Callable[[CaseSnapshot], object], within: float = WITHIN
    ) -> CaseSnapshot:
        """The case once something holds of it; fails with the case where it never does."""
        end = asyncio.get_running_loop().time() + within
        while not holds(snapshot := await self.snapshot()):
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"never within {within:g} s: {snapshot!r}")
            await asyncio.sleep(0.02)
        return snapshot

    async def until_run_after(self, run_id: str | None, handle: "WorkflowHandle[Any, Any]") -> None:
        """Wait until a workflow has begun a new history."""
        end = asyncio.get_running_loop().time() + WITHIN
        while (await handle.describe()).run_id == run_id:
            assert asyncio.get_running_loop().time() < end, "it goes on as it was"
            await asyncio.sleep(0.02)

    async def until_referral(
        self, number: int, *states: ReferralState, quiet: bool = True
    ) -> CaseSnapshot:
        """The case once a referral is in one of these states, and nothing waits to be sent."""
        return await self.until(
            lambda s: (
                (r := s.referral(number)) and r.state in states and not (quiet and s.dispatches)
            )
        )

    async def rows(self, query: str) -> list[dict[str, Any]]:
        """Rows about this case, whoever may see them; `$1` is the case."""
        pool = await self.people.pool_of(Role.POSTGRES)
        return [dict(row) for row in await pool.fetch(query, self.case_ref)]

    async def inbox(self) -> list[tuple[str, str, int]]:
        """What services were sent: organisation, kind and referral, in the order it came."""
        rows = await self.rows(
            "SELECT organisation, kind, referral FROM record.inbox_item "
            "WHERE case_ref = $1 ORDER BY recorded_at"
        )
        return [(row["organisation"], row["kind"], row["referral"]) for row in rows]

    def notices(self) -> dict[str, str]:
        """Notices that were posted: key and organisation."""
        found = {}
        for file in self.clockwork.notices_dir.glob(f"{self.case_ref}--*.json"):
            key = self.clockwork.notices.keys[file.stem]
            found[key] = json.loads(file.read_text(encoding="utf-8"))["to"]
        return found

    async def state_of(self, handle: "WorkflowHandle[Any, Any]") -> WorkflowExecutionStatus | None:
        """Whether a workflow runs."""
        return (await handle.describe()).status

    async def until_shown(self, key: SearchAttributeKey[Any], value: Any) -> None:
        """Wait until operations see a value of the journey."""
        end = asyncio.get_running_loop().time() + WITHIN
        while (await self.handle.describe()).typed_search_attributes.get(key) != value:
            assert asyncio.get_running_loop().time() < end, f"never shown: {value}"
            await asyncio.sleep(0.02)

    async def until_woken(self) -> None:
        """Wait until no workflow of the case is left to be told."""
        left = "SELECT 1 FROM record.wake WHERE case_ref = $1 AND done_at IS NULL"
        end = asyncio.get_running_loop().time() + WITHIN
        while await self.rows(left):
            assert asyncio.get_running_loop().time() < end, "nobody told them"
            await asyncio.sleep(0.02)

    # Acting

    async def desk(self, actor: Actor) -> Desk:
        """A person's desk."""
        record = await self.people.record_for(actor)
        reader = await self.people.reader_for(actor)
        pool = await self.people.pool_of(Role.WEB)

        async def connect() -> Any:
            return self.clockwork.client

        scope = Scope(actor)
        journeys = Journeys(pool, record, scope, connect)
        return Desk(actor, pool, record, reader, StaffRegister(pool, scope), journeys, None)

    def command(self, kind: type[_C], **parts: Any) -> _C:
        """A command about this case, with an id of its own unless one is given."""
        fresh = {"case_ref": self.case_ref, "command_id": f"{self.case_ref}-{next(_numbers)}"}
        return a_command(kind, **(fresh | parts))

    async def ask(self, kind: type[_C], **parts: Any) -> Reply:
        """Have the journey decide; the answer.

        Where no worker remembers anything, who is told that none answered asks once more.
        """
        command = self.command(kind, **parts)
        desk = await self.desk(command.actor)
        try:
            return await desk.decide(command)
        except UnreachableError:
            if self.clockwork.cached:
                raise
            return await desk.decide(command)

    async def update_anew(self, command: Command) -> Reply:
        """Send the same command as another update: Temporal cannot know that it is the same."""
        return await self._update(command, f"{next(_numbers)}-{command.command_id}")

    async def begin_update(self, command: Command) -> "asyncio.Task[Reply]":
        """Send a command as an update; Temporal has it, whether or not a worker is there."""
        update_id = f"{next(_numbers)}-{command.command_id}"
        answer = asyncio.create_task(self._update(command, update_id))
        execution = WorkflowExecution(workflow_id=self.handle.id)
        asked = PollWorkflowExecutionUpdateRequest(
            namespace=self.clockwork.client.namespace,
            update_ref=UpdateRef(workflow_execution=execution, update_id=update_id),
        )
        end = asyncio.get_running_loop().time() + WITHIN
        while True:
            try:
                service = self.clockwork.client.workflow_service
                await service.poll_workflow_execution_update(asked)
            except RPCError as error:
                late = asyncio.get_running_loop().time() > end
                if late or error.status is not RPCStatusCode.NOT_FOUND:
                    raise
                await asyncio.sleep(0.02)
            else:
                return answer

    async def _update(self, command: Command, update_id: str) -> Reply:
        reply: Reply = await self.handle.execute_update(
            command.verb.value, command, id=update_id, result_type=_REPLY
        )
        return reply

    async def decide(self, kind: type[_C], **parts: Any) -> Committed:
        """Have the journey decide; it must say yes."""
        reply = await self.ask(kind, **parts)
        assert isinstance(reply, Committed), reply
        return reply

    async def refused(self, kind: type[_C], **parts: Any) -> set[str]:
        """Have the journey decide; it must say no, and why."""
        reply = await self.ask(kind, **parts)
        assert isinstance(reply, NotDone), reply
        return {reason.code for reason in reply.reasons}

    async def state(
        self, kind: type[_C], *, at: datetime | None = None, tell: bool = True, **parts: Any
    ) -> Reply:
        """State a fact as the desk does: written first, told after.

        Args:
            kind: what is stated.
            at: when; now, if not given.
            tell: whether the workflows are told, or the desk died before it could.
            parts: what is said.
        """
        command = self.command(kind, **parts)
        judge = judge_of(command, at or datetime.now(UTC), england_and_wales(), wakes=True)
        record = await self.people.record_for(command.actor)
        written = await record.change(command, judge)
        if tell:
            await self.tell(command.actor)
        return written.reply

    async def tell(self, actor: Actor) -> int:
        """Send what wakes are left of this case."""
        pool = await self.people.pool_of(Role.WEB)
        return await send_wakes(pool, self.clockwork.client, Scope(actor), case_ref=self.case_ref)

    # The usual steps

    async def consents(self, *services: str) -> None:
        """She is asked about each service, and says yes."""
        for service in services:
            await self.decide(AskConsent, recipient=service)
            await self.decide(GiveConsent, recipient=service)

    async def refers(self, *choices: str, need: bool = True) -> None:
        """A need of hers is referred to her choices."""
        if need:
            await self.decide(AddNeed)
        needs = (await self.snapshot()).needs
        await self.decide(RequestReferral, need=needs[-1].number, choices=choices)

    async def sent_to(self, *choices: str) -> CaseSnapshot:
        """Consented, referred, and in the inbox of the first of her choices."""
        await self.consents(*choices)
        await self.refers(*choices)
        return await self.until_referral(1, ReferralState.RECEIVED)

    async def answers(self, kind: type[_C], service: str, number: int = 1, **parts: Any) -> Reply:
        """What a service says to a referral, at the time of the referral's own clock."""
        at = await self.clockwork.env.get_current_time(self.referral(number))
        says = {"actor": NGO[service], "referral": number, **parts}
        reply = await self.state(kind, at=at, **says)
        assert isinstance(reply, Committed), reply
        return reply

    async def accepted(self, service: str, number: int = 1) -> CaseSnapshot:
        """The service takes it on."""
        await self.answers(AcceptReferral, service, number)
        return await self.until_referral(number, ReferralState.ACCEPTED)

    async def closes(self, reason: ClosingReason = ClosingReason.SUPPORT_COMPLETED) -> None:
        """The closing review, and then the closing."""
        await self.decide(CloseCase, reason=reason)
        await self.decide(CloseCase, reason=reason, confirmed=True)

    async def ends(self) -> None:
        """Wait for the journey's end."""
        await asyncio.wait_for(self.handle.result(), WITHIN)

    async def referral_ends(self, number: int = 1) -> ReferralState:
        """Wait for a referral's end."""
        over = await asyncio.wait_for(self.referral(number).result(), WITHIN)
        state: ReferralState = over.state
        return state

    # Time

    async def now(self, handle: "WorkflowHandle[Any, Any] | None" = None) -> datetime:
        """The time of a workflow; of the journey, if none is named."""
        return await self.clockwork.env.get_current_time(handle or self.handle)

    async def forward(self, to: datetime, handle: "WorkflowHandle[Any, Any] | None" = None) -> None:
        """Move a workflow's clock; the journey's, if none is named.

        Temporal does not move a journey's clock while a referral of it runs.
        """
        handle = handle or self.handle
        ahead = to - await self.now(handle)
        assert ahead > timedelta(0), "clocks go forward"
        await asyncio.wait_for(self.clockwork.env.fast_forward(handle, ahead), WITHIN)

    async def in_its_window(self, contact: Contact) -> None:
        """Move the journey's clock into a contact's window, where the wall clock is too.

        A text is judged at the wall clock's time when it is later than the journey's: a window
        that lies ahead of the wall clock is reached by the journey's own.
        """
        assert contact.safe_at is not None
        await self.forward(contact.safe_at + timedelta(minutes=1))

    async def until_stumbled(self, kind: type[Command]) -> None:
        """Wait until the outage was met, so that the fault did fire."""
        end = asyncio.get_running_loop().time() + WITHIN
        while not any(isinstance(c, kind) for c in self.clockwork.record.stumbled):
            assert asyncio.get_running_loop().time() < end, f"no {kind.__name__} met the outage"
            await asyncio.sleep(0.02)

    async def replays(self) -> None:
        """Every workflow of the case replays from its history."""
        replayer = Replayer(
            workflows=[VictimJourney, SupportReferral],
            plugins=[safepath_plugin(self.clockwork.codec)],
        )
        numbers = [r.number for r in (await self.snapshot()).referrals]
        ids = [self.handle.id, *(self.referral(number).id for number in numbers)]
        for workflow_id in ids:
            handle = self.clockwork.client.get_workflow_handle(workflow_id)
            try:
                history = await handle.fetch_history()
            except RPCError:
                continue  # it was never started
            await replayer.replay_workflow(history)


async def open_journey(
    clockwork: Clockwork, people: People, *, tell: bool = True, owed: bool = False, **opening: Any
) -> Journey:
    """A case opened at the desk, and its journey started.

    Args:
        clockwork: what it runs on.
        people: whose record it is.
        tell: whether the journey is started at once.
        owed: whether the duties begin that everybody is owed; left out, a test sees its own alone.
        opening: what the opening file says.
    """
    actor = caseworker()
    journey = Journey(new_case_ref(), clockwork, people)
    text = told_text("told-2026-1", "en")
    assert text is not None
    record = await people.record_for(actor)
    starts = starts_at(datetime.now(UTC), england_and_wales()) if owed else None
    await record.open_case(journey.case_ref, an_opening(**opening), text, actor, starts)
    if tell:
        await journey.tell(actor)
    return journey
