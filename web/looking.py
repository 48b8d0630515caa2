"""What a person may look at: cases, an inbox, lists, the directory, and the audit.

Each verb asks first whether the role has the right at all, and each look at a personal text leaves
its row before the text is shown. Nothing is changed here.
"""

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from infra.audit import AuditReader, ChainReport
from infra.calendars.load import england_and_wales
from infra.reading import PostgresReader
from infra.record import PostgresRecord, unknown_case
from infra.staff import StaffRegister
from infra.telemetry import at_desk
from rules import quiet, safe_contact, timeline, windows
from rules.actions import permitted
from rules.choice import suggest
from rules.profiles import PROFILES
from rules.world import World
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.contact import PlanState
from schemas.directory import Service, Suggestion, Wish
from schemas.errors import SettingsError
from schemas.ids import CaseRef
from schemas.referral import Reason
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from schemas.views import (
    AlarmLine,
    AuditLine,
    CaseLine,
    CasePage,
    ContactPage,
    DeadlineLine,
    InboxLine,
    LeftBehind,
    MisuseLine,
    TaskLine,
)
from web.counter import Counter

_MOST_LINES = 500


class Looking:
    """What one person may look at: the half of the desk that changes nothing."""

    def __init__(
        self,
        actor: Actor,
        record: PostgresRecord,
        reader: PostgresReader,
        staff: StaffRegister,
        audit: AuditReader | None,
    ) -> None:
        self.actor = actor
        self._record = record
        self._reader = reader
        self._staff = staff
        self._audit = audit
        self._counter = Counter(actor, record)

    # Cases

    @at_desk
    async def show_case(
        self, case_ref: CaseRef, *, personal: bool = False, notes: bool = False
    ) -> CasePage:
        """A case; its personal texts only when asked for, and then with a row that says so."""
        verb = Verb.READ_PERSONAL if personal or notes else Verb.SHOW_CASE
        await self._counter.require(verb, case_ref)
        snapshot = await self._own_case(Verb.SHOW_CASE, case_ref)
        world = World(now(), PROFILES[snapshot.case.profile], england_and_wales())
        return _page(
            snapshot,
            self.actor,
            shares=await self._reader.read_shares(case_ref),
            stuck=await self._reader.read_stuck(case_ref),
            told=await self._reader.read_told(case_ref),
            actions=permitted(snapshot, self.actor, world),
            personal=await self._reader.read_personal(case_ref, self.actor) if personal else None,
            notes=await self._reader.read_notes(case_ref, self.actor) if notes else None,
        )

    @at_desk
    async def list_cases(self, *, closed_too: bool = False) -> tuple[CaseLine, ...]:
        """Cases of the person's organisation. Restricted ones are in no list."""
        await self._counter.require(Verb.LIST_CASES)
        uncounted = quiet.kept_from(self.actor)
        return await self._reader.list_cases(closed_too=closed_too, uncounted=uncounted)

    @at_desk
    async def show_timeline(self, case_ref: CaseRef) -> tuple[AuditLine, ...]:
        """What happened in a case, by whom.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        await self._counter.require(Verb.SHOW_TIMELINE, case_ref)
        snapshot = await self._own_case(Verb.SHOW_TIMELINE, case_ref)
        return timeline.shown_to(self.actor, snapshot, await self._reader.read_timeline(case_ref))

    @at_desk
    async def show_contact(self, case_ref: CaseRef, *, details: bool = False) -> ContactPage:
        """How and when it is safe to reach her; as it holds, and as somebody proposed it.

        `details` are personal, and reading is recorded.

        Raises:
            BadInputError: there is no such case, or not for this person.
        """
        await self._counter.require(Verb.SHOW_CONTACT, case_ref)
        async with self._counter.noting(Verb.SHOW_CONTACT, case_ref):
            snapshot = await self._record.read(case_ref)
            if not self._may_know_contact(snapshot):
                raise unknown_case()
        await self._reader.note_look(case_ref, self.actor, Verb.SHOW_CONTACT)
        opens = self._next_window(snapshot)
        read = await self._reader.read_plan_details(case_ref, self.actor) if details else {}
        return ContactPage(
            case_ref=case_ref,
            plan=snapshot.plan,
            pending_plan=snapshot.pending_plan,
            is_suspended=safe_contact.is_suspended(snapshot),
            next_opens=opens[0] if opens else None,
            next_closes=opens[1] if opens else None,
            contacts=quiet.contacts_for(self.actor, snapshot),
            details=read.get(PlanState.IN_FORCE),
            proposed_details=read.get(PlanState.PENDING),
        )

    # Referrals, as a service sees them

    @at_desk
    async def list_inbox(self) -> tuple[InboxLine, ...]:
        """What the person's organisation was sent."""
        await self._counter.require(Verb.LIST_INBOX)
        return await self._reader.list_inbox(self.actor.organisation)

    @at_desk
    async def own_reason(self, case_ref: CaseRef, referral: int) -> Reason | None:
        """The reason of one's own service for a no, where the sender was told less."""
        asked = "see the reason that a service keeps for itself (`referral reason`)"
        await self._counter.require(Verb.LIST_INBOX, case_ref, asked)
        return await self._reader.read_service_reason(case_ref, referral)

    # Deadlines and tasks

    @at_desk
    async def list_deadlines(self, *, overdue_only: bool = False) -> tuple[DeadlineLine, ...]:
        """Open deadlines of the organisation's cases, or of the referrals a service holds."""
        await self._counter.require(Verb.LIST_DEADLINES)
        if self.actor.role in NGO_ROLES:
            listing = self._reader.list_deadlines_of_service
        else:
            listing = self._reader.list_deadlines
        return await listing(now(), overdue_only=overdue_only)

    @at_desk
    async def list_tasks(self, *, mine_only: bool = False) -> tuple[TaskLine, ...]:
        """Open tasks of the organisation; with `mine_only`, those for this person or role."""
        await self._counter.require(Verb.FINISH_TASK)
        lines = await self._reader.list_tasks(self.actor.organisation)
        seen = (line for line in lines if quiet.may_list(self.actor, line))
        return tuple(line for line in seen if not mine_only or self._is_mine(line))

    @at_desk
    async def list_alarms(self) -> tuple[AlarmLine, ...]:
        """Alarms of restricted cases that a supervisor or data protection officer does not see.

        By reference and kind, each for whoever would have to act on it; the people named for the
        case can.
        """
        await self._counter.require(Verb.FINISH_TASK)
        return await self._reader.list_alarms()

    # Directory

    @at_desk
    async def list_services(self) -> tuple[Service, ...]:
        """The directory."""
        await self._counter.require(Verb.LIST_DIRECTORY)
        return await self._reader.list_services()

    @at_desk
    async def suggest_services(self, wish: Wish) -> tuple[Suggestion, ...]:
        """The directory ranked by what she asks for, each with its reasons. Nothing is kept."""
        await self._counter.require(Verb.SHOW_CHOICE)
        return suggest(await self._reader.list_services(), wish, today())

    # Staff and audit

    @at_desk
    async def list_leavers(self) -> tuple[LeftBehind, ...]:
        """What still rests on people who have left."""
        await self._counter.require(Verb.LIST_LEAVERS)
        return await self._staff.left_behind()

    @at_desk
    async def show_audit(
        self, case_ref: CaseRef | None, verb: Verb | None, most: int
    ) -> tuple[AuditLine, ...]:
        """Rows of the audit; a data protection officer sees those of their own organisation."""
        await self._counter.require(Verb.SHOW_AUDIT)
        whose = self._audited()
        lines = await self._audit.read(case_ref, verb, most, whose=whose) if self._audit else ()
        return tuple(timeline.seen_by(whose, line) for line in lines) if whose else lines

    @at_desk
    async def show_misuse(self, since: datetime, until: datetime) -> tuple[MisuseLine, ...]:
        """Counts per person; a data protection officer sees those of their own organisation."""
        await self._counter.require(Verb.SHOW_MISUSE)
        whose = self._audited()
        return (
            await self._audit.count_misuse(since, until, whose, _MOST_LINES) if self._audit else ()
        )

    @at_desk
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
        await self._reader.note_look(case_ref, self.actor, verb)
        return snapshot

    def _may_know_contact(self, snapshot: CaseSnapshot) -> bool:
        organisation = self.actor.organisation
        if self.actor.role in NGO_ROLES:
            return safe_contact.may_know(snapshot, organisation, now())
        return snapshot.case.owner == organisation

    def _next_window(self, snapshot: CaseSnapshot) -> windows.Spell | None:
        world = World(now(), PROFILES[snapshot.case.profile], england_and_wales())
        return safe_contact.next_safe(snapshot, world)

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
        erasure=snapshot.erasure,
        is_paused=snapshot.is_paused,
        **read,
    )


def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def today() -> date:
    """The day it is where cases are worked on."""
    return datetime.now(ZoneInfo(england_and_wales().zone)).date()
