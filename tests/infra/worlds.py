"""The record in anybody's hands, and its books: on PostgreSQL, and on the fake."""

from dataclasses import dataclass
from typing import Protocol

import asyncpg

from activities.ports import Judge, Record, Verdict
from infra.audit import AuditReader
from rules.apply import apply
from rules.packets import project, shown
from schemas.actor import Actor, Role
from schemas.case_commands import AddNeed
from schemas.changes import Change
from schemas.clockwork_steps import RouteOnward
from schemas.command_base import Command
from schemas.decisions import Changed, Committed, NotDone, Refusal, Refused
from schemas.errors import BadInputError
from schemas.ids import CaseRef
from schemas.packet import ReferralPacket
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb
from schemas.views import ShareLine
from tests.builders import AT, caseworker, ngo_intake
from tests.conftest import People
from tests.fakes import FakeRecord
from tests.infra.cases import about

AuditLine = tuple[Verb, str, tuple[str, ...]]


class World(Protocol):
    """A record in anybody's hands, and its books, seen from outside."""

    async def record_for(self, actor: Actor | None) -> Record:
        """None is the worker."""
        ...

    async def audit(self, case_ref: CaseRef) -> list[AuditLine]:
        """Verb, outcome and reasons, oldest first."""
        ...

    async def shares(self, case_ref: CaseRef) -> list[ShareLine]:
        """The sharing ledger."""
        ...

    async def packet(self, case_ref: CaseRef, referral: int = 1) -> ReferralPacket | None:
        """What lies in the inbox of Harbour House."""
        ...

    async def wakes(self, case_ref: CaseRef) -> list[str]:
        """Workflows to be told."""
        ...

    async def notes(self, case_ref: CaseRef, of: Actor) -> list[str]:
        """An organisation's own notes."""
        ...


@dataclass
class FakeWorld:
    """On the fake."""

    record: FakeRecord

    async def record_for(self, actor: Actor | None) -> Record:
        """The same record for everybody."""
        assert actor is None or actor.person
        return self.record

    async def audit(self, case_ref: CaseRef) -> list[AuditLine]:
        """As remembered."""
        return [(r.verb, r.outcome, r.reasons) for r in self.record.audit if r.case_ref == case_ref]

    async def shares(self, case_ref: CaseRef) -> list[ShareLine]:
        """As remembered."""
        mine = self.record.shares.items()
        return [share for (case, _, _), share in mine if case == case_ref]

    async def packet(self, case_ref: CaseRef, referral: int = 1) -> ReferralPacket | None:
        """As remembered."""
        mine = (p for (case, _), p in self.record.packets.items() if case == case_ref)
        return next((packet for packet in mine if packet.referral == referral), None)

    async def wakes(self, case_ref: CaseRef) -> list[str]:
        """As remembered."""
        return [workflow_id for case, workflow_id in self.record.wakes if case == case_ref]

    async def notes(self, case_ref: CaseRef, of: Actor) -> list[str]:
        """As remembered."""
        return self.record.notes[case_ref, of.organisation]


@dataclass
class PostgresWorld:
    """On PostgreSQL: people as sp_web, the worker as sp_journeys."""

    people: People
    superuser: asyncpg.Connection
    auditor: AuditReader

    async def record_for(self, actor: Actor | None) -> Record:
        """Under the role and the settings of whoever holds it."""
        return await self.people.record_for(actor)

    async def audit(self, case_ref: CaseRef) -> list[AuditLine]:
        """As the auditor reads it, without the rows of our own looking."""
        lines = await self.auditor.read(case_ref, None, 1_000)
        looked = Verb.READ_PERSONAL
        return [(r.verb, r.outcome, r.reasons) for r in lines if r.verb is not looked]

    async def shares(self, case_ref: CaseRef) -> list[ShareLine]:
        """As the force that leads the case reads it."""
        reader = await self.people.reader_for(caseworker())
        return list(await reader.read_shares(case_ref))

    async def packet(self, case_ref: CaseRef, referral: int = 1) -> ReferralPacket | None:
        """As the service reads it."""
        reader = await self.people.reader_for(ngo_intake())
        try:
            return (await reader.read_packet(case_ref, referral, ngo_intake(), shown(AT))).packet
        except BadInputError:
            return None

    async def wakes(self, case_ref: CaseRef) -> list[str]:
        """Straight from the table."""
        rows = await self.superuser.fetch(
            "SELECT workflow_id FROM record.wake WHERE case_ref = $1 ORDER BY id", case_ref
        )
        return [row["workflow_id"] for row in rows]

    async def notes(self, case_ref: CaseRef, of: Actor) -> list[str]:
        """As their owner reads them."""
        reader = await self.people.reader_for(of)
        return [note.text for note in await reader.read_notes(case_ref, of)]


def as_it_stands(snapshot: CaseSnapshot) -> CaseSnapshot:
    """Without the order of rows, the directory, and what not every reader can see."""
    return snapshot.model_copy(
        update={
            "consents": tuple(sorted(snapshot.consents, key=lambda c: c.recipient)),
            "deadlines": tuple(sorted(snapshot.deadlines, key=lambda d: d.id)),
            "tasks": tuple(sorted(snapshot.tasks, key=lambda t: t.id)),
            "dispatches": tuple(sorted(snapshot.dispatches, key=lambda d: d.key)),
            "services": (),
            "gave_contact": None,
        }
    )


def judging(command: Command, *changes: Change) -> Judge:
    """A judge who says yes to these changes, whatever the rules would say."""

    def judge(snapshot: CaseSnapshot) -> Verdict:
        by_person = command.actor.role is not Role.SYSTEM
        after = apply(snapshot, changes, acted_at=AT if by_person else None)
        return Verdict(
            decision=Changed(changes=changes),
            reply=Committed(case_ref=command.case_ref, version=after.case.version),
            after=after,
            at=AT,
            packet=lambda texts: project(after, 1, texts, tuple(texts)),
        )

    return judge


async def read(world: World, case_ref: CaseRef) -> CaseSnapshot:
    """The case, as the worker reads it."""
    return await (await world.record_for(None)).read(case_ref)


def refusing(command: Command, *alerts: Change) -> Judge:
    """A judge who says no, and that somebody hears of it."""
    reasons = (Refusal(code="no", sentence="No."),)

    def judge(snapshot: CaseSnapshot) -> Verdict:
        return Verdict(
            decision=Refused(reasons=reasons, alerts=alerts),
            reply=NotDone(case_ref=command.case_ref, reasons=reasons),
            after=apply(snapshot, alerts, acted_at=AT) if alerts else snapshot,
            at=AT,
        )

    return judge


class Hands(Protocol):
    """Whoever gives the record into somebody's hands."""

    async def record_for(self, actor: Actor | None) -> Record:
        """None is the worker."""
        ...


async def write(
    hands: Hands, case_ref: CaseRef, who: Actor | None, *changes: Change
) -> CaseSnapshot:
    """Have changes written by a person or the worker, whatever the rules would say."""
    command = about(case_ref, AddNeed, actor=who) if who else about(case_ref, RouteOnward)
    record = await hands.record_for(who)
    return (await record.change(command, judging(command, *changes))).snapshot
