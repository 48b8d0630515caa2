"""Writing what was decided: one change, one row or two, in the transaction of the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.changes import (
    Change,
    ConsentRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    NeedRecorded,
    PacketPlaced,
    ReferralRecorded,
    SafetyRecorded,
    StageMoved,
    StopPlaced,
    TaskRecorded,
)

from activities.ports import Verdict
from infra.database import Connection, to_json
from infra.keys import Keyring
from infra.personal import open_texts, packet_place
from infra.sealing import seal
from infra.statements import statements
from schemas.case import PersonalField
from schemas.consent import Purpose

_SQL = statements("record")


@dataclass(frozen=True)
class ChangeWriter:
    """Writes the changes of one verdict."""

    connection: Connection
    keys: Keyring
    verdict: Verdict
    at: datetime
    """When it happened, in the world."""

    @property
    def case_ref(self) -> str:
        """The case that is changed."""
        return self.verdict.after.case.case_ref

    async def write(self, change: Change) -> None:
        """Write one change."""
        match change:
            case StageMoved():
                reason, asked_by = change.closing_reason, change.closing_asked_by
                await self._execute("put_stage", self.case_ref, change.stage, reason, asked_by)
            case SafetyRecorded():
                await self._execute("put_safety", self.case_ref, change.confirmed)
            case PacketPlaced():
                await self._place_packet(change)
            case StopPlaced():
                await self._place(change, "stop", (), None)
            case _:
                statement, row = _row_of(change)
                stamps = {"case_ref": self.case_ref, "occurred_at": self.at.isoformat()}
                await self._execute(statement, to_json({**stamps, **row}))

    async def _place_packet(self, change: PacketPlaced) -> None:
        """Open the fields consented to, project, seal for the inbox, and note the share."""
        if self.verdict.packet is None:
            raise ValueError("a packet is placed by a verdict that can make it")
        texts = await self._texts(change.fields)
        packet = self.verdict.packet(texts).model_dump_json(exclude_none=True)
        key = await self.keys.case_key(self.case_ref, connection=self.connection)
        where = packet_place(self.case_ref, change.referral)
        sealed = seal(key.key, key.version, where, packet.encode())
        fields = tuple(field.value for field in texts)
        await self._execute("put_party", self.case_ref, change.organisation, "recipient")
        await self._place(change, "referral", fields, sealed)
        await self._execute(
            "put_share",
            self.case_ref,
            change.referral,
            change.service,
            change.organisation,
            Purpose.SUPPORT_REFERRAL,
            fields,
            change.consent_epoch,
            self.at,
        )

    async def _texts(self, fields: tuple[PersonalField, ...]) -> Mapping[PersonalField, str]:
        rows = await self.connection.fetch(_SQL["read_texts"], self.case_ref, fields)
        return await open_texts(self.keys, self.connection, self.case_ref, rows)

    async def _place(
        self,
        change: PacketPlaced | StopPlaced,
        kind: str,
        fields: tuple[str, ...],
        sealed: bytes | None,
    ) -> None:
        await self._execute(
            "put_inbox_item",
            self.case_ref,
            change.key,
            kind,
            change.referral,
            change.service,
            change.organisation,
            self.verdict.after.case.is_restricted,
            fields,
            sealed,
            self.at,
        )

    async def _execute(self, statement: str, *values: object) -> None:
        await self.connection.execute(_SQL[statement], *values)


def _row_of(change: Change) -> tuple[str, dict[str, Any]]:
    match change:
        case ConsentRecorded(consent=consent):
            return "put_consent", consent.model_dump(mode="json")
        case NeedRecorded(need=need):
            return "put_need", need.model_dump(mode="json")
        case ReferralRecorded(referral=referral):
            return "put_referral", referral.model_dump(mode="json")
        case DeadlineRecorded(deadline=deadline):
            return "put_deadline", deadline.model_dump(mode="json")
        case TaskRecorded(task=task):
            return "put_task", task.model_dump(mode="json")
        case DispatchRecorded(dispatch=dispatch):
            return "put_dispatch", dispatch.model_dump(mode="json")
        case _:
            raise TypeError(f"no row for {change.kind}")
