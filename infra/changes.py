"""Writing what was decided: one change, one row or two, in the transaction of the decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from activities.ports import NOTHING, Beside, Verdict
from infra.database import Connection, to_json
from infra.keys import Keyring
from infra.personal import packet_place, plan_place, texts_of
from infra.sealing import seal
from infra.statements import statements
from infra.words import hashed
from schemas.casework import TransferState
from schemas.changes import (
    CaseChanged,
    Change,
    CheckRecorded,
    ConflictRecorded,
    ConsentRecorded,
    ContactRecorded,
    DeadlineRecorded,
    DispatchRecorded,
    ErasureRecorded,
    HoldRecorded,
    LinkRecorded,
    MaracRecorded,
    NamedRecorded,
    NeedRecorded,
    NotificationKept,
    NrmRecorded,
    PacketPlaced,
    PlanRecorded,
    ReferralRecorded,
    RiskRecorded,
    SafetyRecorded,
    ServiceReasonKept,
    StageMoved,
    StopPlaced,
    TaskRecorded,
    TransferRecorded,
)
from schemas.consent import Purpose
from schemas.erasure import ErasureState

_SQL = statements("record")

_ROWS: Mapping[type[Any], tuple[str, str]] = {
    ConsentRecorded: ("put_consent", "consent"),
    NeedRecorded: ("put_need", "need"),
    ReferralRecorded: ("put_referral", "referral"),
    DeadlineRecorded: ("put_deadline", "deadline"),
    TaskRecorded: ("put_task", "task"),
    DispatchRecorded: ("put_dispatch", "dispatch"),
    PlanRecorded: ("put_plan", "plan"),
    ContactRecorded: ("put_contact", "contact"),
    HoldRecorded: ("put_hold", "hold"),
    CheckRecorded: ("put_check", "check"),
    RiskRecorded: ("put_risk", "risk"),
    MaracRecorded: ("put_marac", "marac"),
    NrmRecorded: ("put_nrm", "nrm"),
    ConflictRecorded: ("put_conflict", "conflict"),
    TransferRecorded: ("put_transfer", "transfer"),
}
"""Change → the statement that writes it, and what of it is the row."""


@dataclass(frozen=True)
class ChangeWriter:
    """Writes the changes of one verdict."""

    connection: Connection
    keys: Keyring
    verdict: Verdict
    at: datetime
    """When it happened, in the world."""
    beside: Beside = NOTHING

    @property
    def case_ref(self) -> str:
        """The case that is changed."""
        return self.verdict.after.case.case_ref

    async def write(self, change: Change) -> None:  # noqa: C901 - a match
        """Write one change: its row, and what else comes with it."""
        if type(change) in _ROWS:
            statement, carried = _ROWS[type(change)]
            await self._put_row(statement, getattr(change, carried))
        match change:
            case StageMoved():
                reason, asked_by = change.closing_reason, change.closing_asked_by
                await self._execute("put_stage", self.case_ref, change.stage, reason, asked_by)
            case SafetyRecorded():
                await self._execute("put_safety", self.case_ref, change.confirmed)
            case CaseChanged():
                header = (change.entitlement, change.assigned_to, change.died_at)
                await self._execute("put_header", self.case_ref, *header)
            case PacketPlaced():
                await self._place_packet(change)
            case StopPlaced():
                await self._place(change, "stop", (), None)
            case PlanRecorded():
                await self._keep_beside(change)
            case TransferRecorded(transfer=transfer):
                if transfer.state is TransferState.ACCEPTED:
                    await self._execute("take_lead", self.case_ref)
            case ErasureRecorded(erasure=erasure) if erasure.state is ErasureState.ERASED:
                await self._execute("erase_case", self.case_ref)
            case ErasureRecorded():
                await self._put_row("put_erasure", change.erasure)
            case LinkRecorded(link=link):
                pair = (self.case_ref, link.other, link.link, link.linked_by, self.at)
                await self._execute("put_link", *pair)
            case NamedRecorded(named=named):
                by = (named.proposed_by, named.confirmed_by, named.is_named)
                await self._execute("put_named", self.case_ref, named.who, *by)
            case ServiceReasonKept():
                kept = (change.referral, change.organisation, change.reason, self.at)
                await self._execute("put_service_reason", self.case_ref, *kept)
            case NotificationKept(notification=said):
                parts = (said.exploitation, said.force, said.quarter)
                await self._execute("put_notification", *parts)
            case _:
                pass  # a row, and written above

    async def _put_row(self, statement: str, carried: BaseModel) -> None:
        row = carried.model_dump(mode="json")
        stamps = {"case_ref": self.case_ref, "occurred_at": self.at.isoformat()}
        await self._execute(statement, to_json({**stamps, **row}))

    async def _keep_beside(self, change: PlanRecorded) -> None:
        """Seal the details and hash the words that came with a new plan."""
        number = change.plan.number
        if self.beside.details and change.plan.details_of == number:
            key = await self.keys.case_key(self.case_ref, connection=self.connection)
            where = plan_place(self.case_ref, number)
            sealed = seal(key.key, key.version, where, self.beside.details.encode())
            await self._execute("put_plan_detail", self.case_ref, number, sealed)
        if self.beside.has_words and change.plan.words_of == number:
            safe, duress = hashed(self.beside.safe_word), hashed(self.beside.duress_word)
            await self._execute("put_plan_word", self.case_ref, number, safe, duress)

    async def _place_packet(self, change: PacketPlaced) -> None:
        """Open the fields consented to, project, seal for the inbox, and note the share."""
        if self.verdict.packet is None:
            raise ValueError("a packet is placed by a verdict that can make it")
        texts = await texts_of(self.keys, self.connection, self.case_ref, change.fields)
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
