"""The record of cases in PostgreSQL: reads under a lock, has it judged, writes, commits.

It stores decisions and never makes one.
"""

import json
import uuid
from datetime import UTC, datetime

from pydantic import TypeAdapter

from activities.ports import NOTHING, Beside, Judge, Starts, Verdict, Written
from infra import audit
from infra.changes import ChangeWriter
from infra.database import CONSTRAINT_ERRORS, Connection, Pool, Scope, transaction
from infra.keys import Keyring
from infra.personal import FIRST, note_place
from infra.sealing import seal
from infra.statements import statements
from infra.telemetry import span
from schemas.actor import Actor, Role
from schemas.case import CaseHeader, CaseOpening, Stage
from schemas.command_base import Command
from schemas.decisions import Changed, Refused, Reply
from schemas.errors import BadInputError, RecordError, SteppedBackError
from schemas.ids import CaseRef, journey_workflow_id
from schemas.private import is_hidden, private_to, refused_in_private
from schemas.protocol import CLOSED
from schemas.snapshot import CaseSnapshot, Dispatch
from schemas.verbs import Verb

_SQL = statements("record")
_REPLY: TypeAdapter[Reply] = TypeAdapter(Reply)


class PostgresRecord:
    """`activities.ports.Record` on PostgreSQL, in one scope."""

    def __init__(self, pool: Pool, keyring: Keyring, scope: Scope) -> None:
        self._pool = pool
        self._keys = keyring
        self._scope = scope

    async def open_case(
        self,
        case_ref: CaseRef,
        opening: CaseOpening,
        told_text: str,
        actor: Actor,
        starts: Starts | None = None,
        *,
        told_protocol: str = CLOSED,
    ) -> CaseHeader:
        """Create the case: party, key, header, sealed texts, wake and audit row, or nothing."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            await connection.execute(_SQL["put_party"], case_ref, actor.organisation, "lead")
            if opening.is_restricted:
                for person in sorted({actor.person, *opening.named_people}):
                    await connection.execute(
                        _SQL["put_person"], case_ref, actor.organisation, person
                    )
            key = await self._keys.create_case_key(connection, case_ref)
            await connection.execute(
                _SQL["put_case"], *_case_row(case_ref, opening, told_text, actor), told_protocol
            )
            for field, text in (opening.personal.texts() if opening.personal else {}).items():
                where = (case_ref, field.value, FIRST)
                sealed = seal(key.key, key.version, where, text.encode())
                await connection.execute(
                    _SQL["put_text"], case_ref, field.value, FIRST, sealed, opening.occurred_at
                )
            if opening.own_notes:
                await self._keep_note(
                    connection, case_ref, actor, opening.own_notes, None, opening.occurred_at
                )
            await connection.execute(_SQL["put_wake"], case_ref, journey_workflow_id(case_ref))
            snapshot = await self._snapshot(connection, case_ref)
            if starts is not None:
                await self._write_changes(connection, starts(snapshot), opening.occurred_at)
            await audit.append(connection, _opening_body(case_ref, opening, actor, told_protocol))
            return snapshot.case

    async def read(self, case_ref: CaseRef) -> CaseSnapshot:
        """The case as it stands."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            return await self._snapshot(connection, case_ref)

    async def change(
        self,
        command: Command,
        judge: Judge,
        *,
        services: tuple[str, ...] = (),
        beside: Beside = NOTHING,
    ) -> Written:
        """Lock, judge, write, commit; a repeated command id gets its first answer."""
        with span("record.change", verb=command.verb):
            return await self._change(command, judge, services, beside)

    async def _change(
        self, command: Command, judge: Judge, services: tuple[str, ...], beside: Beside
    ) -> Written:
        case_ref = command.case_ref
        async with transaction(self._pool, self._scope, case_ref) as connection:
            if command.verb is Verb.ANSWER_TRANSFER:
                await connection.execute(_SQL["enter_offer"], case_ref)
            locked = await connection.fetchval(_SQL["lock_case"], case_ref)
            kept = await self._kept_reply(connection, command)
            snapshot = await self._snapshot(connection, case_ref, services)
            if locked is None:
                raise unknown_case()
            if kept is not None:
                return Written(reply=kept, snapshot=snapshot, is_repeat=True)
            verdict = judge(snapshot)
            await self._write(connection, command, verdict, beside)
            return Written(reply=verdict.reply, snapshot=verdict.after)

    async def stage_of(self, case_ref: CaseRef) -> Stage:
        """How far the case is, without reading the rest of it.

        Raises:
            BadInputError: there is no such case, or not for this caller.
        """
        async with transaction(self._pool, self._scope, case_ref) as connection:
            row = await connection.fetchrow(_SQL["read_stage"], case_ref)
        if row is None or row["stage"] is None:
            raise SteppedBackError if row and row["is_too_close"] else unknown_case()
        return Stage(row["stage"])

    async def stands_in(self, case_ref: CaseRef) -> bool:
        """Whether this person helps to name people for a restricted case they do not see."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            return bool(await connection.fetchval(_SQL["stands_in"], case_ref))

    async def read_dispatch(self, case_ref: CaseRef, key: str) -> Dispatch | None:
        """A row of the outbox."""
        async with transaction(self._pool, self._scope, case_ref) as connection:
            row = await connection.fetchrow(_SQL["read_dispatch"], case_ref, key)
        return Dispatch.model_validate(dict(row)) if row else None

    async def note_refusal(
        self, actor: Actor, verb: Verb, case_ref: CaseRef | None, codes: tuple[str, ...]
    ) -> None:
        """An audit row for a refusal that touched no case."""
        body = audit.audit_body(
            actor,
            verb,
            case_ref=case_ref,
            outcome="refused",
            occurred_at=datetime.now(UTC),
            reasons=codes,
            private_to=refused_in_private(actor, verb),
        )
        async with transaction(self._pool, self._scope) as connection:
            await audit.append(connection, body)

    async def find_reply(self, command: Command) -> Reply | None:
        """The answer this command was given before; None where it was not carried out.

        Raises:
            RecordError: its id answered another command.
        """
        async with transaction(self._pool, self._scope, command.case_ref) as connection:
            return await self._kept_reply(connection, command)

    async def _kept_reply(self, connection: Connection, command: Command) -> Reply | None:
        if command.actor.role is Role.SYSTEM:
            return None  # a step is safe to repeat by what it finds, not by its id
        kept = await connection.fetchrow(_SQL["find_reply"], command.command_id, command.case_ref)
        if kept is None:
            return None
        asked = (command.verb.value, str(command.actor), command.fingerprint)
        if asked != (kept["verb"], kept["actor"], kept["fingerprint"] or command.fingerprint):
            raise RecordError(*CONSTRAINT_ERRORS["command_log_pk"])
        return _REPLY.validate_json(kept["reply"])

    async def _snapshot(
        self, connection: Connection, case_ref: str, services: tuple[str, ...] = ()
    ) -> CaseSnapshot:
        raw = json.loads(await connection.fetchval(_SQL["read_snapshot"], case_ref, services))
        if raw["case"] is None:
            raise SteppedBackError if raw["conflicts"] else unknown_case()
        return CaseSnapshot.model_validate({k: v for k, v in raw.items() if v is not None})

    async def _write(
        self, connection: Connection, command: Command, verdict: Verdict, beside: Beside
    ) -> None:
        """The decision's changes, the answer under the command's id, and the audit row, last."""
        decision = verdict.decision
        by_clockwork = command.actor.role is Role.SYSTEM
        if isinstance(decision, Refused) and by_clockwork:
            return  # somebody was faster; nothing happened that anyone did
        at = command.occurred_at or verdict.at
        is_yes = isinstance(decision, Changed)
        if is_yes or decision.written:
            await self._write_changes(connection, verdict, at, beside)
            if not is_hidden(command.actor, command.verb, decision):
                acted_at = None if by_clockwork else verdict.at
                await connection.execute(_SQL["raise_version"], command.case_ref, acted_at)
            if beside.note and is_yes:
                number = getattr(command, "referral", None)
                where = (command.case_ref, command.actor, beside.note, number, at)
                await self._keep_note(connection, *where)
            for workflow_id in verdict.wakes:
                await connection.execute(_SQL["put_wake"], command.case_ref, workflow_id)
        verb = command.verb
        if not by_clockwork:
            await connection.execute(
                _SQL["keep_reply"],
                command.command_id,
                command.case_ref,
                verb.value,
                str(command.actor),
                verdict.reply.model_dump_json(),
                command.fingerprint,
            )
        await audit.append(connection, _decision_body(command, verb, decision, at))

    async def _write_changes(
        self,
        connection: Connection,
        verdict: Verdict,
        at: datetime,
        beside: Beside = NOTHING,
    ) -> None:
        writer = ChangeWriter(connection, self._keys, verdict, at, beside)
        for change in verdict.decision.written:
            await writer.write(change)

    async def _keep_note(
        self,
        connection: Connection,
        case_ref: str,
        actor: Actor,
        note: str,
        referral: int | None,
        at: datetime,
    ) -> None:
        note_id = uuid.uuid4()
        key = await self._keys.organisation_key(connection, actor.organisation, create=True)
        where = note_place(actor.organisation, note_id)
        sealed = seal(key.key, key.version, where, note.encode())
        await connection.execute(
            _SQL["put_note"],
            note_id,
            case_ref,
            actor.organisation,
            actor.person,
            actor.role,
            referral,
            sealed,
            at,
        )


def unknown_case() -> BadInputError:
    """The same words whether there is no such case or it is not for this caller."""
    return BadInputError("case", "there is no such case that you may see")


def _case_row(
    case_ref: str, opening: CaseOpening, told_text: str, actor: Actor
) -> tuple[object, ...]:
    confirmed = opening.safety is not None and opening.safety.is_confirmed
    return (
        case_ref,
        Stage.OPEN if confirmed else Stage.SAFETY_CHECK,
        opening.subject,
        opening.channel,
        opening.is_restricted,
        actor.organisation,
        opening.profile,
        opening.told.version,
        opening.told.language,
        told_text,
        opening.told.at,
        opening.first_question_at,
        confirmed,
        opening.occurred_at,
        opening.age,
        actor.person,
    )


def _opening_body(case_ref: str, opening: CaseOpening, actor: Actor, told_protocol: str) -> str:
    held = sorted(opening.personal.texts()) if opening.personal else []
    return audit.audit_body(
        actor,
        Verb.OPEN_CASE,
        case_ref=case_ref,
        outcome="done",
        occurred_at=opening.occurred_at,
        detail={
            "subject": opening.subject,
            "channel": opening.channel,
            "told": opening.told.version,
            "protocol": told_protocol,
            "restricted": "yes" if opening.is_restricted else None,
            "age": opening.age,
            "fields": ",".join(held),
        },
    )


def _decision_body(command: Command, verb: Verb, decision: Changed | Refused, at: datetime) -> str:
    changed = isinstance(decision, Changed)
    return audit.audit_body(
        command.actor,
        verb,
        case_ref=command.case_ref,
        outcome="done" if changed else "refused",
        occurred_at=at,
        detail=decision.detail if isinstance(decision, Changed) else None,
        reasons=() if isinstance(decision, Changed) else tuple(r.code for r in decision.reasons),
        command_id=None if command.actor.role is Role.SYSTEM else command.command_id,
        private_to=private_to(command.actor, verb, decision),
    )
