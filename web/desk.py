"""The desk: everything a person can ask for, as typed verbs. The single door to the workflows.

Each verb asks first whether the role has the right at all; a no is a value with its reasons, and
an audit row. Decisions then go to the case's journey as updates. Facts that must never wait for
a worker (a withdrawal, what a service answers) are written to the record first, and the
workflows are told after. What only looks is in `web.looking`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import uuid4

from activities.journey_steps import services_of
from activities.judging import judge_of, starts_at
from activities.ports import NOTHING, Beside
from infra.audit import AuditReader
from infra.calendars.load import england_and_wales
from infra.clocks import record_now
from infra.database import Pool, Scope
from infra.hsds import read_directory
from infra.protocols import Protocols
from infra.reading import OpenedPacket, PostgresReader
from infra.record import PostgresRecord
from infra.staff import StaffRegister
from infra.telemetry import at_desk
from infra.withdrawal_post import post_withdrawal
from rules import erasure, packets
from schemas.actor import Actor
from schemas.case import CaseHeader, CaseOpening, Stage
from schemas.case_commands import AnswerErasure, EraseCase, HandOver, LinkCase
from schemas.command_base import Command
from schemas.commands import Fact
from schemas.consent_commands import WithdrawConsent
from schemas.contact_commands import EndContact
from schemas.decisions import Committed, Refusal, Reply
from schemas.directory import Capacity
from schemas.errors import BadInputError
from schemas.ids import CaseRef, new_case_ref
from schemas.protocol import CLOSED
from schemas.referral_commands import OpenReferral
from schemas.verbs import Verb
from schemas.views import DirectoryLoaded
from web.asking import Journeys
from web.looking import Looking, now, today
from web.opening import checked

_NAMING = frozenset({Verb.PROPOSE_NAMED, Verb.CONFIRM_NAMED})
"""What somebody may help with in a case they do not see."""


@dataclass(frozen=True)
class OpenedCase:
    """The answer to opening a case."""

    case: CaseHeader
    journey_started: bool
    """False: Temporal was away; the worker starts the journey when it is back."""


class Desk(Looking):
    """What one person may ask for. Made by `web.entrance.open_desk`."""

    def __init__(  # the rooms behind the desk
        self,
        actor: Actor,
        pool: Pool,
        record: PostgresRecord,
        reader: PostgresReader,
        staff: StaffRegister,
        journeys: Journeys,
        audit: AuditReader | None,
        protocols: Callable[[], Protocols] | None = None,
    ) -> None:
        super().__init__(actor, record, reader, staff, audit)
        self._pool = pool
        self._journeys = journeys
        self._protocols = protocols

    # Cases

    @at_desk
    async def open_case(self, opening: CaseOpening, command_id: str | None = None) -> OpenedCase:
        """Open a case and start its journey; the same command id opens one case.

        Raises:
            NotAllowed: the role may not.
            BadInputError: a version or profile nobody knows, a time that cannot be, or a
                restricted case that only one person would see.
        """
        await self._counter.require(Verb.OPEN_CASE)
        text = checked(opening, self.actor, now())
        chance = Random(f"{self.actor}/{command_id or uuid4()}")  # noqa: S311 - an id, no secret
        case_ref = new_case_ref(chance.choice)
        header = await self._opened_before(case_ref)
        if header is None:
            starts = starts_at(now(), england_and_wales())
            told = await self._active_at(opening.told.at)
            header = await self._record.open_case(
                case_ref, opening, text, self.actor, starts, told_protocol=told
            )
        return OpenedCase(case=header, journey_started=await self._journeys.tell(case_ref))

    @at_desk
    async def decide(self, command: Command) -> Reply:
        """Have the journey decide a command; the answer is what was committed.

        Raises:
            BadInputError: there is no such case, or not for this person.
            UnreachableError: no worker answered; the same command may be given again.
        """
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused
        if isinstance(command, HandOver):
            await self._check_there(command.to_person)
        async with self._counter.noting(command.verb, command.case_ref):
            try:
                stage = await self._record.stage_of(command.case_ref)
            except BadInputError as unseen:
                if command.verb in _NAMING and await self._record.stands_in(command.case_ref):
                    return await self._journeys.ask(command, self._record_here)
                return await self._answered_before(command, unseen)
            if isinstance(command, LinkCase):
                await self._record.read(command.other)  # one must see both to link them
        if stage is Stage.CLOSED:
            return await self._record_here(command)
        return await self._journeys.ask(command, self._record_here)

    @at_desk
    async def state(self, fact: Fact, *, beside: Beside = NOTHING) -> Reply:
        """Write a fact to the record, then tell the workflows.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        refused = await self._counter.refused(fact.verb, fact.case_ref)
        if refused:
            return refused
        async with self._counter.noting(fact.verb, fact.case_ref):
            try:
                reply = await self._record_here(fact, beside=beside)
            except BadInputError as unseen:
                return await self._answered_before(fact, unseen)
        if isinstance(reply, Committed):
            await self._journeys.tell(fact.case_ref)
        return reply

    @at_desk
    async def withdraw(self, command: WithdrawConsent) -> Reply | None:
        """Take consent back, for whoever says so. None: passed on, and nothing is learnt by it.

        A party to the case is answered with what was stopped. Anybody else's is posted, and the
        worker carries it out, whether or not there is such a case.
        """
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused
        try:
            reply = await self._record_here(command)
        except BadInputError:
            await post_withdrawal(self._pool, Scope(self.actor), command)
            return None
        await self._journeys.tell(command.case_ref)
        return reply

    @at_desk
    async def end_contact(self, command: EndContact, word: str) -> Reply:
        """Record what came of a contact; the word she said is checked and forgotten."""
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused
        async with self._counter.noting(command.verb, command.case_ref):
            checked = await self._reader.check_word(command.case_ref, word)
        return await self.state(command.model_copy(update={"word": checked}))

    async def erase_case(self, command: AnswerErasure) -> Reply:
        """Answer a proposal to erase a case; confirmed, it is erased now.

        First nothing of it changes any more, then no workflow of it runs, then its key and its
        texts go in one transaction. Whoever was interrupted gives the answer again.

        Raises:
            BadInputError: there is no such case, or not for this person.
            UnreachableError: Temporal does not answer, so nobody knows what still runs.
        """
        answered = await self.state(command)
        if not command.confirms or not isinstance(answered, Committed):
            return answered
        referrals = (await self._record.read(command.case_ref)).referrals
        running = await self._journeys.still_running(
            command.case_ref, (referral.number for referral in referrals)
        )
        if running is not None:
            return await self._counter.close(
                Verb.ERASE_CASE, command.case_ref, _still_runs(running)
            )
        return await self.state(
            EraseCase(
                command_id=f"{command.command_id}-end",
                case_ref=command.case_ref,
                actor=command.actor,
            )
        )

    # Referrals, as a service answers them

    @at_desk
    async def open_referral(self, command: OpenReferral) -> tuple[Reply, OpenedPacket | None]:
        """Read a referral. Reading it says so to the sender; what was stopped is closed."""
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused, None
        async with self._counter.noting(command.verb, command.case_ref):
            found = await self._reader.read_packet(
                command.case_ref, command.referral, self.actor, packets.shown(now())
            )
        if found.erased_at is not None:
            refusal = Refusal(code="case_erased", sentence=erasure.ERASED)
            return await self._counter.close(command.verb, command.case_ref, refusal), found
        if found.packet is None:
            refusal = Refusal(
                code="packet_closed",
                sentence=f"Referral {command.referral} is {found.state}: its content is closed to "
                "you. Do not use what you know from it any more.",
            )
            return await self._counter.close(command.verb, command.case_ref, refusal), found
        return await self.state(command), found

    # Directory and staff

    @at_desk
    async def load_directory(self, text: str) -> DirectoryLoaded:
        """Import a directory feed.

        Raises:
            BadInputError: it is not a feed that can be read.
        """
        await self._counter.require(Verb.LOAD_DIRECTORY)
        load = read_directory(text)
        done = await self._reader.load_services(load.services, self.actor)
        return done.model_copy(update={"left_out": load.left_out})

    @at_desk
    async def publish_capacity(
        self, code: str, capacity: Capacity, expected_wait_days: int | None
    ) -> None:
        """Say what room one's own service has.

        Raises:
            BadInputError: it is not a service of the person's organisation.
        """
        await self._counter.require(Verb.PUBLISH_CAPACITY)
        await self._reader.publish_capacity(code, capacity, expected_wait_days, today(), self.actor)

    @at_desk
    async def mark_left(self, person: str) -> None:
        """Note that somebody of the person's organisation has left."""
        await self._counter.require(Verb.MARK_LEFT)
        await self._staff.mark_left(person, self.actor)

    # How it is done

    async def _check_there(self, person: str) -> None:
        """Nothing is handed to somebody who has left, and would never see it."""
        taker = self.actor.model_copy(update={"person": person})
        if await self._staff.has_left(taker):
            raise BadInputError("person", f"{person} has left {self.actor.organisation}")

    async def _active_at(self, at: datetime) -> str:
        """The protocol that was active when she was told: never typed, and closed in doubt."""
        if self._protocols is None:
            return CLOSED
        return await self._protocols().active_id(self.actor.organisation, at)

    async def _opened_before(self, case_ref: CaseRef) -> CaseHeader | None:
        try:
            return (await self._record.read(case_ref)).case
        except BadInputError:
            return None

    async def _answered_before(self, command: Command, unseen: BadInputError) -> Reply:
        """What the same command was answered before; without that, the case stays unseen.

        What somebody did may be what took the case from their sight: the answer is theirs still.
        """
        kept = await self._record.find_reply(command)
        if kept is None:
            raise unseen
        return kept

    async def _record_here(self, command: Command, *, beside: Beside = NOTHING) -> Reply:
        """At the record's own time: whether a window is open is no matter of one desk's clock."""
        at = await record_now(self._pool)
        judge = judge_of(command, at, england_and_wales(), wakes=True)
        written = await self._record.change(
            command, judge, services=services_of(command), beside=beside
        )
        return written.reply


def _still_runs(workflow_id: str) -> Refusal:
    return Refusal(
        code="workflow_runs",
        sentence=f"The erasure is confirmed, and {workflow_id} still runs: see that a worker is up "
        "(`safepath doctor`), and give `case erase --confirm` again.",
    )
