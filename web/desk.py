"""The desk: everything a person can ask for, as typed verbs. The single door to the workflows.

Each verb asks first whether the role has the right at all; a no is a value with its reasons, and
an audit row. Decisions then go to the case's journey as updates. Facts that must never wait for
a worker (a withdrawal, what a service answers) are written to the record first, and the
workflows are told after.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from activities.journey_steps import services_of
from activities.judging import judge_of, starts_at
from activities.ports import NOTHING, Beside
from infra.audit import AuditReader, ChainReport
from infra.calendars.load import england_and_wales
from infra.database import Pool, Scope
from infra.hsds import read_directory
from infra.reading import OpenedPacket, PostgresReader
from infra.record import PostgresRecord, unknown_case
from infra.staff import StaffRegister
from infra.telemetry import span
from infra.withdrawal_post import post_withdrawal
from rules import packets, quiet, safe_contact, windows
from rules.actions import permitted
from rules.choice import suggest
from rules.profiles import PROFILES
from rules.told import TOLD, told_text
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import CaseHeader, CaseOpening, Stage
from schemas.case_commands import LinkCase
from schemas.command_base import Command
from schemas.commands import Fact
from schemas.consent_commands import WithdrawConsent
from schemas.contact_commands import EndContact
from schemas.decisions import Committed, Refusal, Reply
from schemas.directory import Capacity, Service, Suggestion, Wish
from schemas.errors import BadInputError, SettingsError
from schemas.ids import CaseRef, new_case_ref
from schemas.referral import Reason
from schemas.referral_commands import OpenReferral
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from schemas.views import (
    AuditLine,
    CaseLine,
    CasePage,
    ContactPage,
    DeadlineLine,
    DirectoryLoaded,
    InboxLine,
    LeftBehind,
    MisuseLine,
    TaskLine,
)
from web.asking import Journeys
from web.counter import Counter

_NAMING = frozenset({Verb.PROPOSE_NAMED, Verb.CONFIRM_NAMED})
"""What somebody may help with in a case they do not see."""
_CLOCKS_DIFFER = timedelta(minutes=5)
_MOST_LINES = 500


@dataclass(frozen=True)
class OpenedCase:
    """The answer to opening a case."""

    case: CaseHeader
    journey_started: bool
    """False: Temporal was away; the worker starts the journey when it is back."""


class Desk:
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
    ) -> None:
        self.actor = actor
        self._pool = pool
        self._record = record
        self._reader = reader
        self._staff = staff
        self._journeys = journeys
        self._audit = audit
        self._counter = Counter(actor, record)

    # Cases

    async def open_case(self, opening: CaseOpening, command_id: str | None = None) -> OpenedCase:
        """Open a case and start its journey; the same command id opens one case.

        Raises:
            NotAllowed: the role may not.
            BadInputError: a version or profile nobody knows, a time that cannot be, or a
                restricted case that only one person would see.
        """
        await self._counter.require(Verb.OPEN_CASE)
        text = told_text(opening.told.version, opening.told.language)
        if text is None:
            known = ", ".join(f"{v} ({'/'.join(texts)})" for v, texts in TOLD.items())
            raise BadInputError("told.version", f"no such text; known are: {known}")
        if opening.profile not in PROFILES:
            raise BadInputError("profile", f"no such profile; known are: {', '.join(PROFILES)}")
        _check_times(opening)
        _check_named(opening, self.actor)
        chance = Random(f"{self.actor}/{command_id or uuid4()}")  # noqa: S311 - an id, no secret
        case_ref = new_case_ref(chance.choice)
        header = await self._opened_before(case_ref)
        if header is None:
            starts = starts_at(_now(), england_and_wales())
            header = await self._record.open_case(case_ref, opening, text, self.actor, starts)
        return OpenedCase(case=header, journey_started=await self._journeys.tell(case_ref))

    async def show_case(
        self, case_ref: CaseRef, *, personal: bool = False, notes: bool = False
    ) -> CasePage:
        """A case; its personal texts only when asked for, and then with a row that says so."""
        verb = Verb.READ_PERSONAL if personal or notes else Verb.SHOW_CASE
        await self._counter.require(verb, case_ref)
        snapshot = await self._own_case(Verb.SHOW_CASE, case_ref)
        world = World(_now(), PROFILES[snapshot.case.profile], england_and_wales())
        return _page(
            snapshot,
            self.actor,
            shares=await self._reader.read_shares(case_ref),
            actions=permitted(snapshot, self.actor, world),
            personal=await self._reader.read_personal(case_ref, self.actor) if personal else None,
            notes=await self._reader.read_notes(case_ref, self.actor) if notes else None,
        )

    async def list_cases(self, *, closed_too: bool = False) -> tuple[CaseLine, ...]:
        """Cases of the person's organisation. Restricted ones are in no list."""
        await self._counter.require(Verb.LIST_CASES)
        return await self._reader.list_cases(closed_too=closed_too)

    async def show_timeline(self, case_ref: CaseRef) -> tuple[AuditLine, ...]:
        """What happened in a case, by whom.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        await self._counter.require(Verb.SHOW_TIMELINE, case_ref)
        snapshot = await self._own_case(Verb.SHOW_TIMELINE, case_ref)
        return quiet.timeline_for(self.actor, snapshot, await self._reader.read_timeline(case_ref))

    async def decide(self, command: Command) -> Reply:
        """Have the journey decide a command; the answer is what was committed.

        Raises:
            BadInputError: there is no such case, or not for this person.
            UnreachableError: no worker answered; the same command may be given again.
        """
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused
        with span("desk.decide", verb=command.verb):
            async with self._counter.noting(command.verb, command.case_ref):
                try:
                    snapshot = await self._record.read(command.case_ref)
                except BadInputError as unseen:
                    if command.verb in _NAMING and await self._record.stands_in(command.case_ref):
                        return await self._journeys.ask(command, self._record_here)
                    return await self._answered_before(command, unseen)
                if isinstance(command, LinkCase):
                    await self._record.read(command.other)  # one must see both to link them
            if snapshot.case.stage is Stage.CLOSED:
                return await self._record_here(command)
            return await self._journeys.ask(command, self._record_here)

    async def state(self, fact: Fact, *, beside: Beside = NOTHING) -> Reply:
        """Write a fact to the record, then tell the workflows.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        refused = await self._counter.refused(fact.verb, fact.case_ref)
        if refused:
            return refused
        with span("desk.state", verb=fact.verb):
            async with self._counter.noting(fact.verb, fact.case_ref):
                try:
                    reply = await self._record_here(fact, beside=beside)
                except BadInputError as unseen:
                    return await self._answered_before(fact, unseen)
            if isinstance(reply, Committed):
                await self._journeys.tell(fact.case_ref)
        return reply

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

    async def end_contact(self, command: EndContact, word: str) -> Reply:
        """Record what came of a contact; the word she said is checked and forgotten."""
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused
        async with self._counter.noting(command.verb, command.case_ref):
            checked = await self._reader.check_word(command.case_ref, word)
        return await self.state(command.model_copy(update={"word": checked}))

    async def show_contact(self, case_ref: CaseRef, *, details: bool = False) -> ContactPage:
        """How and when it is safe to reach her. `details` are personal, and reading is recorded.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        await self._counter.require(Verb.SHOW_CONTACT, case_ref)
        async with self._counter.noting(Verb.SHOW_CONTACT, case_ref):
            snapshot = await self._record.read(case_ref)
            if not self._may_know_contact(snapshot):
                raise unknown_case()
        opens = self._next_window(snapshot)
        return ContactPage(
            case_ref=case_ref,
            plan=snapshot.plan,
            pending_plan=snapshot.pending_plan,
            is_suspended=safe_contact.is_suspended(snapshot),
            next_opens=opens[0] if opens else None,
            next_closes=opens[1] if opens else None,
            contacts=quiet.contacts_for(self.actor, snapshot),
            details=await self._reader.read_plan_details(case_ref, self.actor) if details else None,
        )

    # Referrals, as a service sees them

    async def list_inbox(self) -> tuple[InboxLine, ...]:
        """What the person's organisation was sent."""
        await self._counter.require(Verb.LIST_INBOX)
        return await self._reader.list_inbox(self.actor.organisation)

    async def open_referral(self, command: OpenReferral) -> tuple[Reply, OpenedPacket | None]:
        """Read a referral. Reading it says so to the sender; what was stopped is closed."""
        refused = await self._counter.refused(command.verb, command.case_ref)
        if refused:
            return refused, None
        async with self._counter.noting(command.verb, command.case_ref):
            found = await self._reader.read_packet(
                command.case_ref, command.referral, self.actor, packets.shown(_now())
            )
        if found.packet is None:
            refusal = Refusal(
                code="packet_closed",
                sentence=f"Referral {command.referral} is {found.state}: its content is closed to "
                "you. Do not use what you know from it any more.",
            )
            return await self._counter.close(command.verb, command.case_ref, refusal), found
        return await self.state(command), found

    async def own_reason(self, case_ref: CaseRef, referral: int) -> Reason | None:
        """The reason of one's own service for a no, where the sender was told less."""
        asked = "see the reason that a service keeps for itself (`referral reason`)"
        await self._counter.require(Verb.LIST_INBOX, case_ref, asked)
        return await self._reader.read_service_reason(case_ref, referral)

    # Deadlines and tasks

    async def list_deadlines(self, *, overdue_only: bool = False) -> tuple[DeadlineLine, ...]:
        """Open deadlines of the organisation's cases, or of the referrals a service holds."""
        await self._counter.require(Verb.LIST_DEADLINES)
        if self.actor.role in NGO_ROLES:
            listing = self._reader.list_deadlines_of_service
        else:
            listing = self._reader.list_deadlines
        return await listing(_now(), overdue_only=overdue_only)

    async def list_tasks(self, *, mine_only: bool = False) -> tuple[TaskLine, ...]:
        """Open tasks of the organisation; with `mine_only`, those for this person or role."""
        await self._counter.require(Verb.FINISH_TASK)
        lines = await self._reader.list_tasks(self.actor.organisation)
        seen = (line for line in lines if quiet.may_see(self.actor, line.kind))
        return tuple(line for line in seen if not mine_only or self._is_mine(line))

    # Directory

    async def load_directory(self, text: str) -> DirectoryLoaded:
        """Import a directory feed.

        Raises:
            BadInputError: it is not a feed that can be read.
        """
        await self._counter.require(Verb.LOAD_DIRECTORY)
        load = read_directory(text)
        done = await self._reader.load_services(load.services, self.actor)
        return done.model_copy(update={"left_out": load.left_out})

    async def list_services(self) -> tuple[Service, ...]:
        """The directory."""
        await self._counter.require(Verb.LIST_DIRECTORY)
        return await self._reader.list_services()

    async def suggest_services(self, wish: Wish) -> tuple[Suggestion, ...]:
        """The directory ranked by what she asks for, each with its reasons. Nothing is kept."""
        await self._counter.require(Verb.SHOW_CHOICE)
        return suggest(await self._reader.list_services(), wish, _today())

    async def publish_capacity(
        self, code: str, capacity: Capacity, expected_wait_days: int | None
    ) -> None:
        """Say what room one's own service has.

        Raises:
            BadInputError: it is not a service of the person's organisation.
        """
        await self._counter.require(Verb.PUBLISH_CAPACITY)
        await self._reader.publish_capacity(
            code, capacity, expected_wait_days, _today(), self.actor
        )

    # Staff and audit

    async def mark_left(self, person: str) -> None:
        """Note that somebody of the person's organisation has left."""
        await self._counter.require(Verb.MARK_LEFT)
        await self._staff.mark_left(person, self.actor)

    async def list_leavers(self) -> tuple[LeftBehind, ...]:
        """What still rests on people who have left."""
        await self._counter.require(Verb.LIST_LEAVERS)
        return await self._staff.left_behind()

    async def show_audit(
        self, case_ref: CaseRef | None, verb: Verb | None, most: int
    ) -> tuple[AuditLine, ...]:
        """Rows of the audit; a data protection officer sees those of their own organisation."""
        await self._counter.require(Verb.SHOW_AUDIT)
        whose = self._audited()
        return await self._audit.read(case_ref, verb, most, whose=whose) if self._audit else ()

    async def show_misuse(self, since: datetime, until: datetime) -> tuple[MisuseLine, ...]:
        """Counts per person; a data protection officer sees those of their own organisation."""
        await self._counter.require(Verb.SHOW_MISUSE)
        whose = self._audited()
        return (
            await self._audit.count_misuse(since, until, whose, _MOST_LINES) if self._audit else ()
        )

    async def verify_audit(self, anchor: tuple[int, str] | None) -> ChainReport:
        """Recompute the audit chain."""
        await self._counter.require(Verb.VERIFY_AUDIT)
        if self._audit is None:
            raise SettingsError("This desk has no connection to the audit.")
        return await self._audit.verify(anchor)

    # How it is done

    def _audited(self) -> str | None:
        """Whose acts may be looked into: one's own organisation's; an auditor, everybody's."""
        return self.actor.organisation if self.actor.role is Role.DPO else None

    async def _own_case(self, verb: Verb, case_ref: CaseRef) -> CaseSnapshot:
        """The case, for those who lead it; an agency it was only offered to sees nothing yet."""
        async with self._counter.noting(verb, case_ref):
            snapshot = await self._record.read(case_ref)
            if snapshot.case.owner != self.actor.organisation:
                raise unknown_case()
            return snapshot

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
        judge = judge_of(command, _now(), england_and_wales(), wakes=True)
        written = await self._record.change(
            command, judge, services=services_of(command), beside=beside
        )
        return written.reply

    def _may_know_contact(self, snapshot: CaseSnapshot) -> bool:
        organisation = self.actor.organisation
        if self.actor.role in NGO_ROLES:
            return safe_contact.may_know(snapshot, organisation, _now())
        return snapshot.case.owner == organisation

    def _next_window(self, snapshot: CaseSnapshot) -> windows.Spell | None:
        terms = safe_contact.terms_at(snapshot, _now())
        return windows.next_window(terms, _now(), england_and_wales()) if terms else None

    def _is_mine(self, line: TaskLine) -> bool:
        if line.for_person is not None:
            return line.for_person == self.actor.who
        return line.for_role is self.actor.role and line.not_for != self.actor.who


def _page(snapshot: CaseSnapshot, actor: Actor, **read: Any) -> CasePage:
    """A case as its own organisation sees it: not the tasks of others."""
    return CasePage(
        case=snapshot.case,
        consents=snapshot.consents,
        needs=snapshot.needs,
        referrals=snapshot.referrals,
        deadlines=snapshot.deadlines,
        tasks=quiet.tasks_for(actor, snapshot),
        plan=snapshot.plan,
        pending_plan=snapshot.pending_plan,
        contacts=quiet.contacts_for(actor, snapshot),
        holds=snapshot.holds,
        checks=snapshot.checks,
        risk=snapshot.risk,
        marac=snapshot.marac,
        nrm=snapshot.nrm,
        links=snapshot.links,
        conflicts=snapshot.conflicts,
        named=snapshot.named,
        transfer=snapshot.transfer,
        **read,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _today() -> date:
    return datetime.now(ZoneInfo(england_and_wales().zone)).date()


def _check_named(opening: CaseOpening, actor: Actor) -> None:
    """Two people at least see a restricted case, so that one who leaves takes it from nobody."""
    if opening.is_restricted and not set(opening.named_people) - {actor.person}:
        raise BadInputError(
            "named_people",
            "name somebody besides yourself, whom she trusts with it: a restricted case that "
            "one person alone can see is lost when they leave",
        )


def _check_times(opening: CaseOpening) -> None:
    """What is told of a disclosure lies in the past, and in the calendar."""
    first = datetime.combine(england_and_wales().first_day, time(), UTC)
    times = {
        "occurred_at": opening.occurred_at,
        "told.at": opening.told.at,
        "first_question_at": opening.first_question_at,
    }
    for field, at in times.items():
        if at > _now() + _CLOCKS_DIFFER:
            raise BadInputError(field, "it lies in the future")
        if at < first:
            raise BadInputError(field, f"it lies before {first:%Y}, further back than is counted")
