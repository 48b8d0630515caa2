"""The desk: everything a person can ask for, as typed verbs. The single door to the workflows.

Each verb asks first whether the role has the right at all; a no is a value with its reasons, and
an audit row. Decisions then go to the case's journey as updates. Facts that must never wait for
a worker (a withdrawal, what a service answers) are written to the record first, and the
workflows are told after.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import uuid4

from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety
from schemas.command_base import Command
from schemas.consent_commands import AskConsent, GiveConsent, RefuseConsent
from schemas.referral_commands import OpenReferral, RecallReferral, RequestReferral
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.journey_steps import services_of
from activities.judging import judge_of
from infra.audit import AuditReader, ChainReport
from infra.calendars.load import england_and_wales
from infra.database import Pool, Scope, is_embedded, open_pool
from infra.hsds import read_directory
from infra.keys import FileKeyProvider, Keyring
from infra.reading import OpenedPacket, PostgresReader
from infra.record import PostgresRecord
from infra.settings import Installation
from infra.stack.secrets import Role as DatabaseRole
from infra.telemetry import span
from infra.temporal import connect_temporal
from infra.wakes import send_wakes, wake
from rules.actions import permitted
from rules.decide import missing_right
from rules.packets import may_be_read
from rules.profiles import PROFILES
from rules.told import TOLD, told_text
from rules.world import World
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor, Role
from schemas.case import CaseHeader, CaseOpening, Stage
from schemas.commands import Fact
from schemas.decisions import Committed, NotDone, Refusal, Refused, Reply
from schemas.directory import Service
from schemas.errors import (
    BadInputError,
    RecordError,
    SafepathError,
    SettingsError,
    UnreachableError,
)
from schemas.ids import CaseRef, journey_workflow_id, new_case_ref
from schemas.verbs import Verb
from schemas.views import (
    AuditLine,
    CaseLine,
    CasePage,
    DeadlineLine,
    DirectoryLoaded,
    InboxLine,
)
from workflows.journey import VictimJourney

_ASK_AGAIN = 0.2
_CLOCKS_DIFFER = timedelta(minutes=5)
_AUDIT_ROLES = (Role.AUDITOR, Role.DPO, Role.OPS)
ANSWER_WITHIN = timedelta(seconds=20)
"""How long a person waits for a worker before being told what to do."""

_UPDATES: dict[type[Command], Any] = {
    ConfirmSafety: VictimJourney.confirm_safety,
    AskConsent: VictimJourney.ask_consent,
    GiveConsent: VictimJourney.give_consent,
    RefuseConsent: VictimJourney.refuse_consent,
    AddNeed: VictimJourney.add_need,
    RequestReferral: VictimJourney.request_referral,
    RecallReferral: VictimJourney.recall_referral,
    CloseCase: VictimJourney.close_case,
}


class NotAllowed(Exception):  # noqa: N818 - carries a value; never leaves this module's callers
    """A verb refused before it had an answer of its own; `refused` says why."""

    def __init__(self, refused: NotDone) -> None:
        super().__init__(", ".join(reason.code for reason in refused.reasons))
        self.refused = refused


@dataclass(frozen=True)
class OpenedCase:
    """The answer to opening a case."""

    case: CaseHeader
    journey_started: bool
    """False: Temporal was away; the worker starts the journey when it is back."""


class Desk:
    """What one person may ask for. Made by `open_desk`."""

    def __init__(
        self,
        actor: Actor,
        pool: Pool,
        record: PostgresRecord,
        reader: PostgresReader,
        audit: AuditReader | None,
        connect: Callable[[], Awaitable[Client]],
    ) -> None:
        self.actor = actor
        self._pool = pool
        self._record = record
        self._reader = reader
        self._audit = audit
        self._connect = connect
        self._client: Client | None = None

    # Cases

    async def open_case(self, opening: CaseOpening, command_id: str | None = None) -> OpenedCase:
        """Open a case and start its journey; the same command id opens one case.

        Raises:
            NotAllowed: the role may not.
            BadInputError: a version or profile nobody knows.
        """
        await self._require(Verb.OPEN_CASE)
        text = told_text(opening.told.version, opening.told.language)
        if text is None:
            known = ", ".join(f"{v} ({'/'.join(texts)})" for v, texts in TOLD.items())
            raise BadInputError("told.version", f"no such text; known are: {known}")
        if opening.profile not in PROFILES:
            raise BadInputError("profile", f"no such profile; known are: {', '.join(PROFILES)}")
        _check_times(opening)
        chance = Random(f"{self.actor}/{command_id or uuid4()}")  # noqa: S311 - an id, no secret
        case_ref = new_case_ref(chance.choice)
        header = await self._opened_before(case_ref)
        if header is None:
            header = await self._record.open_case(case_ref, opening, text, self.actor)
        return OpenedCase(case=header, journey_started=await self._told_workflows(case_ref))

    async def _opened_before(self, case_ref: CaseRef) -> CaseHeader | None:
        try:
            return (await self._record.read(case_ref)).case
        except BadInputError:
            return None

    async def show_case(
        self, case_ref: CaseRef, *, personal: bool = False, notes: bool = False
    ) -> CasePage:
        """A case; its personal texts only when asked for, and then with a row that says so."""
        await self._require(Verb.READ_PERSONAL if personal or notes else Verb.SHOW_CASE, case_ref)
        async with self._noting(Verb.SHOW_CASE, case_ref):
            snapshot = await self._record.read(case_ref)
        world = World(datetime.now(UTC), PROFILES[snapshot.case.profile], england_and_wales())
        return CasePage(
            case=snapshot.case,
            consents=snapshot.consents,
            needs=snapshot.needs,
            referrals=snapshot.referrals,
            deadlines=snapshot.deadlines,
            tasks=snapshot.tasks,
            shares=await self._reader.read_shares(case_ref),
            actions=permitted(snapshot, self.actor, world),
            personal=await self._reader.read_personal(case_ref, self.actor) if personal else None,
            notes=await self._reader.read_notes(case_ref, self.actor) if notes else None,
        )

    async def list_cases(self, *, closed_too: bool = False) -> tuple[CaseLine, ...]:
        """Cases of the person's organisation. Restricted ones are in no list."""
        await self._require(Verb.LIST_CASES)
        return await self._reader.list_cases(closed_too=closed_too)

    async def show_timeline(self, case_ref: CaseRef) -> tuple[AuditLine, ...]:
        """What happened in a case, by whom.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        await self._require(Verb.SHOW_TIMELINE, case_ref)
        async with self._noting(Verb.SHOW_TIMELINE, case_ref):
            await self._record.read(case_ref)
        return await self._reader.read_timeline(case_ref)

    async def decide(self, command: Command) -> Reply:
        """Have the journey decide a command; the answer is what was committed.

        Raises:
            BadInputError: there is no such case, or not for this person.
            UnreachableError: no worker answered; the same command may be given again.
        """
        refused = await self._refused(command.verb, command.case_ref)
        if refused:
            return refused
        with span("desk.decide", verb=command.verb):
            async with self._noting(command.verb, command.case_ref):
                snapshot = await self._record.read(command.case_ref)
            if snapshot.case.stage is Stage.CLOSED:
                return await self._record_here(command)
            return await self._update(command)

    async def state(self, fact: Fact, *, note: str = "") -> Reply:
        """Write a fact to the record, then tell the workflows.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        refused = await self._refused(fact.verb, fact.case_ref)
        if refused:
            return refused
        with span("desk.state", verb=fact.verb):
            async with self._noting(fact.verb, fact.case_ref):
                reply = await self._record_here(fact, note=note)
            if isinstance(reply, Committed):
                await self._told_workflows(fact.case_ref)
        return reply

    # Referrals, as a service sees them

    async def list_inbox(self) -> tuple[InboxLine, ...]:
        """What the person's organisation was sent."""
        await self._require(Verb.LIST_INBOX)
        return await self._reader.list_inbox(self.actor.organisation)

    async def open_referral(self, command: OpenReferral) -> tuple[Reply, OpenedPacket | None]:
        """Read a referral. Reading it says so to the sender; what was stopped is closed."""
        refused = await self._refused(command.verb, command.case_ref)
        if refused:
            return refused, None
        async with self._noting(command.verb, command.case_ref):
            found = await self._reader.read_packet(
                command.case_ref, command.referral, self.actor, may_be_read
            )
        if found.packet is None:
            return await self._closed_packet(command, found), found
        return await self.state(command), found

    # Deadlines, directory, audit

    async def list_deadlines(self, *, overdue_only: bool = False) -> tuple[DeadlineLine, ...]:
        """Open deadlines of the organisation's cases."""
        await self._require(Verb.LIST_DEADLINES)
        return await self._reader.list_deadlines(datetime.now(UTC), overdue_only=overdue_only)

    async def load_directory(self, text: str) -> DirectoryLoaded:
        """Import a directory feed.

        Raises:
            BadInputError: it is not a feed that can be read.
        """
        await self._require(Verb.LOAD_DIRECTORY)
        load = read_directory(text)
        done = await self._reader.load_services(load.services, self.actor)
        return done.model_copy(update={"left_out": load.left_out})

    async def list_services(self) -> tuple[Service, ...]:
        """The directory."""
        await self._require(Verb.LIST_DIRECTORY)
        return await self._reader.list_services()

    async def show_audit(
        self, case_ref: CaseRef | None, verb: Verb | None, most: int
    ) -> tuple[AuditLine, ...]:
        """Rows of the audit."""
        await self._require(Verb.SHOW_AUDIT)
        return await self._audit.read(case_ref, verb, most) if self._audit else ()

    async def verify_audit(self, anchor: tuple[int, str] | None) -> ChainReport:
        """Recompute the audit chain."""
        await self._require(Verb.VERIFY_AUDIT)
        if self._audit is None:
            raise SettingsError("This desk has no connection to the audit.")
        return await self._audit.verify(anchor)

    # How it is done

    async def _refused(self, verb: Verb, case_ref: CaseRef | None = None) -> NotDone | None:
        refusal: Refused | None = missing_right(verb, self.actor.role)
        if refusal is None:
            return None
        codes = tuple(reason.code for reason in refusal.reasons)
        await self._record.note_refusal(self.actor, verb, case_ref, codes)
        return NotDone(case_ref=case_ref or "", reasons=refusal.reasons)

    @asynccontextmanager
    async def _noting(self, verb: Verb, case_ref: CaseRef) -> AsyncIterator[None]:
        """Whoever asks for a case she may not see leaves a row; her answer does not say so."""
        try:
            yield
        except BadInputError:
            await self._record.note_refusal(self.actor, verb, case_ref, ("not_visible",))
            raise

    async def _closed_packet(self, command: OpenReferral, found: OpenedPacket) -> NotDone:
        code = "packet_closed"
        await self._record.note_refusal(self.actor, command.verb, command.case_ref, (code,))
        sentence = (
            f"Referral {command.referral} is {found.state}: its content is closed to you. "
            "Do not use what you know from it any more."
        )
        reason = Refusal(code=code, sentence=sentence)
        return NotDone(case_ref=command.case_ref, reasons=(reason,))

    async def _require(self, verb: Verb, case_ref: CaseRef | None = None) -> None:
        refused = await self._refused(verb, case_ref)
        if refused:
            raise NotAllowed(refused)

    async def _record_here(self, command: Command, *, note: str = "") -> Reply:
        judge = judge_of(command, datetime.now(UTC), england_and_wales(), wakes=True)
        written = await self._record.change(
            command, judge, services=services_of(command), note=note
        )
        return written.reply

    async def _update(self, command: Command) -> Reply:
        """Ask the journey, and ask again while Temporal stumbles: the command's id makes it once.

        Raises:
            UnreachableError: nobody answered in time.
        """
        client = await self._temporal()
        clock = asyncio.get_running_loop().time
        give_up = clock() + ANSWER_WITHIN.total_seconds()
        while True:
            try:
                return await asyncio.wait_for(_answered(client, command), give_up - clock())
            except (TimeoutError, RPCError, WorkflowUpdateRPCTimeoutOrCancelledError):
                reply = await self._reply_without_journey(client, command)
            if reply is not None:
                return reply
            if clock() >= give_up:
                raise _no_answer(command)
            await asyncio.sleep(_ASK_AGAIN)

    async def _reply_without_journey(self, client: Client, command: Command) -> Reply | None:
        """What the record already answers; a journey that does not run is started."""
        reply = await self._record.find_reply(command)
        if reply is not None:
            return reply
        case = (await self._record.read(command.case_ref)).case
        if case.stage is Stage.CLOSED:
            return await self._record_here(command)  # it closed while this was on its way
        await wake(client, journey_workflow_id(command.case_ref), case.owner)
        return None

    async def _told_workflows(self, case_ref: CaseRef) -> bool:
        """Tell the workflows at once; what cannot be told now, the worker's relay tells."""
        try:
            client = await self._temporal()
            await send_wakes(self._pool, client, Scope(self.actor), case_ref=case_ref)
        except SafepathError:
            return False
        return True

    async def _temporal(self) -> Client:
        if self._client is None:
            self._client = await self._connect()
        return self._client


def _check_times(opening: CaseOpening) -> None:
    """What is told of a disclosure lies in the past, and in the calendar."""
    first = datetime.combine(england_and_wales().first_day, time(), UTC)
    times = {
        "occurred_at": opening.occurred_at,
        "told.at": opening.told.at,
        "first_question_at": opening.first_question_at,
    }
    for field, at in times.items():
        if at > datetime.now(UTC) + _CLOCKS_DIFFER:
            raise BadInputError(field, "it lies in the future")
        if at < first:
            raise BadInputError(field, f"it lies before {first:%Y}, further back than is counted")


def _update_id(command: Command) -> str:
    """One for each command, person and verb: an id given twice for two things is two updates.

    Hashed, because Temporal keeps update ids in clear and need not know who asked.
    """
    verb = command.verb
    parts = (verb, command.actor.organisation, command.actor.person, command.command_id)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _our_error(error: WorkflowUpdateFailedError) -> SafepathError:
    cause = error.cause
    if isinstance(cause, ApplicationError):
        if cause.type == "command_taken":
            return BadInputError("--command-id", "it was given for another command; use a new one")
        return RecordError(cause.type or "refused", cause.message)
    return RecordError("refused", "The journey could not carry this out.")


def _no_answer(command: Command) -> SafepathError:
    return UnreachableError(
        "No worker answered in time. What you asked may still be done: give it again with "
        f"--command-id {command.command_id}, and it is done once."
    )


async def _answered(client: Client, command: Command) -> Reply:
    """What the case's journey answers.

    Raises:
        RecordError: the journey could not carry it out, and never will.
    """
    handle = client.get_workflow_handle_for(
        VictimJourney.run, journey_workflow_id(command.case_ref)
    )
    update = _UPDATES[type(command)]
    try:
        reply: Reply = await handle.execute_update(update, command, id=_update_id(command))
    except WorkflowUpdateFailedError as error:
        raise _our_error(error) from None
    return reply


@asynccontextmanager
async def open_desk(installation: Installation, actor: Actor) -> AsyncIterator[Desk]:
    """A desk for a person who is taken at her word, which only an embedded stack does.

    Raises:
        SettingsError: this database was not made by `safepath up`.
        BadInputError: role and organisation do not go together.
        UnreachableError: PostgreSQL does not answer.
    """
    scope = Scope(actor)
    async with AsyncExitStack() as opened:
        pool = await _opened_pool(opened, installation.dsn(DatabaseRole.WEB))
        if not await is_embedded(pool):
            raise SettingsError(
                "--as works only on a database that `safepath up` made: this one needs a sign-in, "
                "which this version does not offer yet."
            )
        keyring = Keyring(pool, FileKeyProvider(installation.kek_file), scope)
        reader = PostgresReader(pool, keyring, scope)
        await _check_organisation(reader, actor)
        audit = None
        if actor.role in _AUDIT_ROLES:
            audit = AuditReader(await _opened_pool(opened, installation.dsn(DatabaseRole.AUDIT)))
        record = PostgresRecord(pool, keyring, scope)
        yield Desk(
            actor, pool, record, reader, audit, lambda: connect_temporal(installation, keyring)
        )


async def _opened_pool(opened: AsyncExitStack, dsn: str) -> Pool:
    pool = await open_pool(dsn, most=4)
    opened.push_async_callback(pool.close)
    return pool


async def _check_organisation(reader: PostgresReader, actor: Actor) -> None:
    """An NGO's staff stand in an organisation of the directory, an agency's do not."""
    listed = await reader.is_in_directory(actor.organisation)
    if actor.role in NGO_ROLES and not listed:
        raise BadInputError(
            "--as",
            f"the directory has no organisation {actor.organisation!r}: see `directory list`",
        )
    if actor.role in AGENCY_ROLES | {Role.DPO} and listed:
        raise BadInputError(
            "--as", f"{actor.organisation} is an NGO of the directory: a {actor.role} is not its"
        )
