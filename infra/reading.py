"""Reading the record for people: lists, inbox, timeline, and personal text with its row first."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import chain, count
from typing import Any

import asyncpg

from infra import audit
from infra.database import Connection, Pool, Scope, to_json, transaction
from infra.keys import Keyring
from infra.personal import note_place, packet_place, plan_details, texts_of
from infra.record import unknown_case
from infra.sealing import key_version_of, unseal
from infra.statements import statements
from infra.words import is_word
from schemas.actor import Actor
from schemas.case import PersonalField
from schemas.consent import ConsentState
from schemas.contact import PlanState, WordCheck
from schemas.directory import Capacity, Service
from schemas.errors import BadInputError
from schemas.hours import OpeningHours
from schemas.ids import CaseRef
from schemas.packet import ReferralPacket
from schemas.referral import Reason, ReferralState
from schemas.snapshot import TaskKind
from schemas.troubles import Trouble
from schemas.verbs import Verb
from schemas.views import (
    AlarmLine,
    AuditLine,
    CaseLine,
    DeadlineLine,
    DirectoryLoaded,
    InboxLine,
    Note,
    ShareLine,
    TaskLine,
    ToldLine,
)

_SQL = statements("reading")
_RECORD = statements("record")
MOST = 500
"""Lines of a list; more than a person reads."""


Shown = Callable[
    [ReferralState, ConsentState, datetime | None],
    Callable[[ReferralPacket], ReferralPacket] | None,
]
"""From state, consent and the end of an open safe-contact line to what of a packet is shown."""


@dataclass(frozen=True)
class OpenedPacket:
    """A referral, opened by the service it was sent to."""

    state: ReferralState
    packet: ReferralPacket | None
    """None: the referral was stopped, or answered with a no, and its content is closed."""
    notes: tuple[Note, ...] = ()
    """The reader's organisation's own notes on the case."""
    erased_at: datetime | None = None
    """When the case was erased, and its packets with it."""


class PostgresReader:
    """What one scope may read."""

    def __init__(self, pool: Pool, keyring: Keyring, scope: Scope) -> None:
        self._pool = pool
        self._keys = keyring
        self._scope = scope

    async def list_cases(
        self, *, closed_too: bool, uncounted: Iterable[TaskKind] = ()
    ) -> tuple[CaseLine, ...]:
        """Cases by their next due time. Restricted ones are in no list.

        Args:
            closed_too: whether closed ones are listed.
            uncounted: tasks that are kept from the reader, and so from the count of open ones.
        """
        rows = await self._fetch("list_cases", closed_too, MOST, list(uncounted))
        return tuple(CaseLine.model_validate(dict(row)) for row in rows)

    async def list_deadlines(
        self, now: datetime, *, overdue_only: bool
    ) -> tuple[DeadlineLine, ...]:
        """Open deadlines by due time."""
        rows = await self._fetch("list_deadlines", overdue_only, now, MOST)
        return tuple(_deadline_line(row, now) for row in rows)

    async def list_deadlines_of_service(
        self, now: datetime, *, overdue_only: bool
    ) -> tuple[DeadlineLine, ...]:
        """Open deadlines of the referrals a service holds, its own private ones among them."""
        rows = await self._fetch("list_deadlines_of_service", overdue_only, now, MOST)
        return tuple(_deadline_line(row, now) for row in rows)

    async def list_tasks(self, organisation: str) -> tuple[TaskLine, ...]:
        """Open tasks of an organisation, oldest first. Those of restricted cases are absent."""
        rows = await self._fetch("list_tasks", organisation, MOST)
        return tuple(TaskLine.model_validate(dict(row)) for row in rows)

    async def list_alarms(self) -> tuple[AlarmLine, ...]:
        """Open alarms of restricted cases for the reader's role, oldest first."""
        rows = await self._fetch("list_alarms", MOST)
        return tuple(AlarmLine.model_validate(dict(row)) for row in rows)

    async def check_word(self, case_ref: CaseRef, word: str) -> WordCheck:
        """Whether a word she said is the agreed one. It is compared and forgotten."""
        if not word:
            return WordCheck.NOT_GIVEN
        async with transaction(self._pool, self._scope, case_ref) as connection:
            row = await connection.fetchrow(_SQL["read_words"], case_ref)
        if row is None:
            return WordCheck.NOT_GIVEN
        if is_word(word, row["duress_hash"]):
            return WordCheck.DURESS
        return WordCheck.SAFE if is_word(word, row["safe_hash"]) else WordCheck.WRONG

    async def read_plan_details(self, case_ref: CaseRef, actor: Actor) -> dict[PlanState, str]:
        """How to reach her, in words: as it holds, and as it is proposed and not confirmed.

        The consultation row of each is committed before they are returned.
        """
        read = {}
        async with transaction(self._pool, self._scope, case_ref) as connection:
            for state in (PlanState.IN_FORCE, PlanState.PENDING):
                details = await plan_details(self._keys, connection, case_ref, state)
                if details is not None:
                    what, fields = f"plan/{details.plan}", [PersonalField.SAFE_CONTACT.value]
                    await self._note_reading(connection, case_ref, actor, what, fields)
                    read[state] = details.text
        return read

    async def read_service_reason(self, case_ref: CaseRef, referral: int) -> Reason | None:
        """The reason of one's own service for its no, where the sender was told less."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            kept = await connection.fetchval(_SQL["read_service_reason"], case_ref, referral)
        return Reason(kept) if kept else None

    async def list_inbox(self, organisation: str) -> tuple[InboxLine, ...]:
        """What services of an organisation have been sent, without any personal text."""
        rows = await self._fetch("list_inbox", organisation, MOST)
        return tuple(InboxLine.model_validate(dict(row)) for row in rows)

    async def list_services(self) -> tuple[Service, ...]:
        """The directory."""
        rows = await self._fetch("list_services")
        return tuple(_service(row) for row in rows)

    async def is_in_directory(self, organisation: str) -> bool:
        """Whether an organisation offers a service in the directory."""
        rows = await self._fetch("find_organisation", organisation)
        return bool(rows[0][0])

    async def note_look(self, case_ref: CaseRef, actor: Actor, verb: Verb) -> None:
        """Write that somebody looked at a case: before it is shown, and counted like a reading."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            await self._note_reading(connection, case_ref, actor, "page", [], verb)

    async def read_timeline(self, case_ref: CaseRef) -> tuple[AuditLine, ...]:
        """What happened in a case, by whom, oldest first."""
        return audit.lines(await self._fetch("read_timeline", case_ref))

    async def read_shares(self, case_ref: CaseRef) -> tuple[ShareLine, ...]:
        """The sharing ledger of a case."""
        rows = await self._fetch("read_shares", case_ref)
        return tuple(ShareLine.model_validate(dict(row)) for row in rows)

    async def read_told(self, case_ref: CaseRef) -> ToldLine | None:
        """What she was told about sharing, and under which protocol; None: not for this caller."""
        rows = await self._fetch("read_told", case_ref)
        return ToldLine.model_validate(dict(rows[0])) if rows else None

    async def read_stuck(self, case_ref: CaseRef) -> tuple[Trouble, ...]:
        """What keeps failing in a case, for those who lead it."""
        rows = await self._fetch("read_stuck", case_ref)
        return tuple(Trouble.model_validate(dict(row)) for row in rows)

    async def read_personal(self, case_ref: CaseRef, actor: Actor) -> dict[PersonalField, str]:
        """A case's personal texts. The consultation row is committed before they are returned.

        Raises:
            BadInputError: there is no such case, or not for this caller.
        """
        async with transaction(self._pool, self._scope, case_ref) as connection:
            if await connection.fetchrow(_SQL["read_told"], case_ref) is None:
                raise unknown_case()
            texts = await texts_of(self._keys, connection, case_ref, PersonalField)
            await self._note_reading(connection, case_ref, actor, "case", list(texts))
            return texts

    async def read_packet(
        self,
        case_ref: CaseRef,
        referral: int,
        actor: Actor,
        shown: Shown,
    ) -> OpenedPacket:
        """A referral's packet. The consultation row is committed before it is returned.

        A referral that may not be read any more comes without it, and without a row. `shown`
        says what of the newest packet the service still sees.

        Raises:
            BadInputError: the caller's organisation was sent no such referral.
        """
        async with transaction(self._pool, self._scope, case_ref) as connection:
            row = await connection.fetchrow(_SQL["read_packet"], case_ref, referral)
            if row is None:
                raise BadInputError("referral", "your inbox has no such referral")
            state = ReferralState(row["state"])
            if row["erased_at"] is not None:
                return OpenedPacket(state=state, packet=None, erased_at=row["erased_at"])
            line_until = await connection.fetchval(_SQL["read_check_line"], case_ref, referral)
            narrowed = shown(state, ConsentState(row["consent"]), line_until)
            packet = None
            if narrowed is not None:
                sealed = row["sealed_packet"]
                key = await self._keys.case_key(case_ref, key_version_of(sealed), connection)
                text = unseal(key.key, packet_place(case_ref, referral), sealed)
                packet = narrowed(ReferralPacket.model_validate_json(text))
                fields = [f for f in row["fields"] if getattr(packet, f) is not None]
                await self._note_reading(connection, case_ref, actor, f"packet/{referral}", fields)
        notes = await self.read_notes(case_ref, actor) if packet else ()
        return OpenedPacket(state=state, packet=packet, notes=notes)

    async def read_notes(self, case_ref: CaseRef, actor: Actor) -> tuple[Note, ...]:
        """The caller's organisation's own notes on a case."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            rows = await connection.fetch(_RECORD["read_notes"], case_ref)
            if not rows:
                return ()
            await self._note_reading(connection, case_ref, actor, "notes", [])
            key = await self._keys.organisation_key(connection, actor.organisation)
        return tuple(_note(row, key.key, actor.organisation) for row in rows)

    async def load_services(self, services: Iterable[Service], actor: Actor) -> DirectoryLoaded:
        """Put services into the directory; a known one is brought up to date.

        What it said itself of its capacity stays, unless the feed has a word of a later day.
        """
        new = known = 0
        async with transaction(self._pool, self._scope) as connection:
            rows = await connection.fetch(_SQL["list_codes"])
            taken = {row["code"]: row["source_id"] for row in rows}
            for service in services:
                code = _free_code(service, taken)
                taken[code] = service.source_id
                row = to_json({**service.model_dump(mode="json"), "code": code})
                is_new = await connection.fetchval(_SQL["put_service"], row)
                if not is_new:
                    await connection.execute(_SQL["hear_capacity"], row)
                new, known = new + bool(is_new), known + (not is_new)
            detail = {"new": new, "known": known}
            await audit.append_act(connection, actor, Verb.LOAD_DIRECTORY, detail)
        return DirectoryLoaded(new=new, updated=known)

    async def publish_capacity(
        self,
        service: str,
        capacity: Capacity,
        expected_wait_days: int | None,
        on: date,
        actor: Actor,
    ) -> None:
        """Say whether a service of the actor's own organisation can take somebody on.

        Args:
            service: its code.
            capacity: what it can do now.
            expected_wait_days: how long somebody waits, in days; None where it is not known.
            on: the day this is said.
            actor: somebody of its organisation.

        Raises:
            BadInputError: the actor's organisation offers no such service.
        """
        async with transaction(self._pool, self._scope) as connection:
            found = await connection.fetchval(
                _SQL["put_capacity"], service, actor.organisation, capacity, expected_wait_days, on
            )
            if found is None:
                raise BadInputError(
                    "service",
                    "your organisation offers no service of that code: see `directory list`",
                )
            detail = {"service": service, "capacity": capacity, "wait_days": expected_wait_days}
            await audit.append_act(connection, actor, Verb.PUBLISH_CAPACITY, detail)

    async def _fetch(self, statement: str, *args: Any) -> list[asyncpg.Record]:
        async with transaction(self._pool, self._scope) as connection:
            rows: list[asyncpg.Record] = await connection.fetch(_SQL[statement], *args)
        return rows

    async def _note_reading(
        self,
        connection: Connection,
        case_ref: CaseRef,
        actor: Actor,
        what: str,
        fields: list[str],
        verb: Verb = Verb.READ_PERSONAL,
    ) -> None:
        now = datetime.now(UTC)
        await connection.execute(
            _RECORD["put_consultation"],
            case_ref,
            actor.organisation,
            actor.role,
            actor.person,
            what,
            fields,
            now,
        )
        body = audit.audit_body(
            actor,
            verb,
            case_ref=case_ref,
            outcome="done",
            occurred_at=now,
            detail={"what": what, "fields": ",".join(fields)},
        )
        await audit.append(connection, body)


def _service(row: asyncpg.Record) -> Service:
    hours = row["hours"] and OpeningHours.model_validate_json(row["hours"])
    return Service.model_validate({**row, "hours": hours})


def _free_code(service: Service, taken: Mapping[str, str]) -> str:
    """The service's code, or, where another feed's service has that, one made longer."""
    longer = f"{service.code}-{service.organisation}"
    numbered = (f"{longer}-{number}" for number in count(2))
    codes = chain((service.code, longer), numbered)
    return next(code for code in codes if taken.get(code, service.source_id) == service.source_id)


def _deadline_line(row: asyncpg.Record, now: datetime) -> DeadlineLine:
    return DeadlineLine.model_validate({**row, "is_overdue": row["due_at"] < now})


def _note(row: asyncpg.Record, key: bytes, organisation: str) -> Note:
    where = note_place(organisation, row["id"])
    return Note(
        by=f"{row['role']}:{row['person']}",
        referral=row["referral"],
        text=unseal(key, where, row["sealed"]).decode(),
        occurred_at=row["occurred_at"],
    )
