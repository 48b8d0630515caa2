"""The protocol of a force as it may be relied on: every signature is checked when it is read.

A version counts where two owners of an organisation signed it, with the public keys of this
deployment, over the baseline that is in use. What anybody changed in the database does not count,
and nothing older counts instead of it: then the protocol is closed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import asyncpg
import rfc8785

from infra.database import Connection, Pool, Scope, transaction
from infra.signing import Owners, is_signed
from infra.statements import statements
from schemas.adoption import (
    Adoption,
    Agreement,
    Assessment,
    Awaited,
    Fault,
    Offer,
    Paperwork,
    Proposal,
    ProtocolStatus,
    Signature,
)
from schemas.protocol import CLOSED, Version

_SQL = statements("protocol")
_NO_JSON = (ValueError, RecursionError)
"""What is no version, no JSON, or has no canonical form."""


def content_of(version: Version) -> str:
    """A version as it is stored: the RFC 8785 form of what it says."""
    return rfc8785.dumps(version.content()).decode("utf-8")


class Protocols:
    """What forces use and used, as anybody may read it."""

    def __init__(
        self, pool: Pool, scope: Scope, owners: Owners, baseline: Mapping[str, Any]
    ) -> None:
        """Read through `pool`.

        Args:
            pool: of the role `sp_web`.
            scope: whose transactions they are.
            owners: the public keys of this deployment.
            baseline: what is in use of it, as JSON; signatures are over it too.
        """
        self._pool = pool
        self._scope = scope
        self.owners = owners
        self.baseline = rfc8785.dumps(dict(baseline)).decode("utf-8")

    async def active(self, organisation: str, at: datetime) -> Adoption | None:
        """The adoption that counts at a time; None: closed, and nothing may be shared."""
        return counting(await self.adoptions(organisation), at)

    async def active_id(self, organisation: str, at: datetime) -> str:
        """The version whose rules hold for an organisation at a time."""
        found = await self.active(organisation, at)
        return CLOSED if found is None else found.version.id

    async def adoptions(self, organisation: str) -> tuple[Adoption, ...]:
        """Every adoption of an organisation, the oldest first, with the faults they have."""
        async with transaction(self._pool, self._scope) as connection:
            return await self._adoptions(connection, organisation)

    async def adopters(self) -> tuple[str, ...]:
        """The organisations that ever adopted a version."""
        async with transaction(self._pool, self._scope) as connection:
            rows = await connection.fetch(_SQL["list_adopters"])
        return tuple(row["organisation"] for row in rows)

    async def held(self) -> dict[str, Version]:
        """Every version that was ever adopted here and is what was signed then, by id.

        One whose content was changed is left out: to whoever was told it, it reads as closed. One
        that was signed over an older baseline is what it was, and stays.
        """
        async with transaction(self._pool, self._scope) as connection:
            adoptions = await self._adoptions(connection, None)
        genuine = (one for one in adoptions if one.fault in (None, Fault.OTHER_BASELINE))
        return {one.version.id: one.version for one in genuine}

    async def paperwork(self, organisation: str, at: datetime) -> Paperwork:
        """Whether agreement and impact assessment are there at a time (fact agreement_and_dpia)."""
        return (await self.status(organisation, at)).paperwork

    async def status(self, organisation: str, at: datetime) -> ProtocolStatus:
        """What an organisation uses at a time, what waits, and the papers it rests on."""
        async with transaction(self._pool, self._scope) as connection:
            history = await self._adoptions(connection, organisation)
            proposal = await self.open_proposal(connection, organisation, at)
            awaited = await connection.fetch(_SQL["list_awaited"], organisation)
            assessments = await list_assessments(connection, organisation)
            agreements = await list_agreements(connection, organisation)
        latest, adoption = latest_of(history, at), counting(history, at)
        return ProtocolStatus(
            organisation=organisation,
            at=at,
            adoption=adoption,
            fault=latest.fault if latest else None,
            history=history,
            proposal=proposal,
            owners=tuple(sorted(who for who in self.owners if _is_of(who, organisation))),
            awaited=tuple(Awaited.model_validate(dict(row)) for row in awaited),
            assessments=assessments,
            agreements=agreements,
            paperwork=paperwork_of(adoption, assessments, agreements, at),
        )

    async def open_proposal(
        self, connection: Connection, organisation: str, at: datetime
    ) -> Proposal | None:
        """What one person signed, and what has neither ended nor lapsed."""
        row = await connection.fetchrow(_SQL["read_proposal"], organisation)
        if row is None:
            return None
        version, is_whole = _version(row["version"], row)
        read = Proposal.model_construct(
            number=row["number"],
            organisation=organisation,
            version=version,
            dpia_id=row["dpia_id"],
            reason=row["reason"],
            departs_from=tuple(row["departs_from"]),
            first=_signature(row, "first"),
            proposed_at=row["proposed_at"],
            fault=None,
        )
        if at >= read.lapses_at:
            return None
        deployment = str(await connection.fetchval(_SQL["read_deployment"]))
        return read.model_copy(update={"fault": self._fault(deployment, row, read, is_whole)})

    async def _adoptions(
        self, connection: Connection, organisation: str | None
    ) -> tuple[Adoption, ...]:
        deployment = str(await connection.fetchval(_SQL["read_deployment"]))
        rows = await connection.fetch(_SQL["list_adoptions"], organisation)
        return tuple(self._adoption(deployment, row) for row in rows)

    def _adoption(self, deployment: str, row: asyncpg.Record) -> Adoption:
        version, is_whole = _version(row["version"], row)
        read = Adoption.model_construct(
            number=row["number"],
            organisation=row["organisation"],
            version=version,
            dpia_id=row["dpia_id"],
            reason=row["reason"],
            departs_from=tuple(row["departs_from"]),
            first=_signature(row, "first"),
            second=_signature(row, "second"),
            fault=None,
        )
        return read.model_copy(update={"fault": self._fault(deployment, row, read, is_whole)})

    def _fault(
        self, deployment: str, row: asyncpg.Record, read: Proposal | Adoption, is_whole: bool
    ) -> Fault | None:
        """Why what is written down does not count; None: it was signed here, just so."""
        if not is_whole:
            return Fault.CHANGED_CONTENT
        signatures = (read.first, read.second) if isinstance(read, Adoption) else (read.first,)
        signers = {one.by for one in signatures}
        own = all(_is_of(who, read.organisation) for who in signers)
        if not own or len(signers) < len(signatures):
            return Fault.ONE_SIGNER
        if not signers <= set(self.owners):
            return Fault.UNKNOWN_KEY
        if not all(self._is_good(deployment, row["baseline"], read, one) for one in signatures):
            return Fault.BAD_SIGNATURE
        if isinstance(read, Adoption) and read.is_late:
            return Fault.LAPSED
        return None if row["baseline"] == self.baseline else Fault.OTHER_BASELINE

    def _is_good(
        self, deployment: str, baseline: str, read: Proposal | Adoption, signature: Signature
    ) -> bool:
        try:
            said = statement(deployment, read.organisation, baseline, read, signature.since)
            return is_signed(self.owners[signature.by], signature.value, said)
        except _NO_JSON:
            return False


def statement(
    deployment: str, organisation: str, baseline: str, offer: Offer, since: datetime
) -> dict[str, Any]:
    """What a person signs who wants an offer to hold from `since` on.

    Raises:
        ValueError: the baseline is not JSON.
    """
    return {
        "deployment": deployment,
        "organisation": organisation,
        "baseline": json.loads(baseline),
        "version": offer.version.content(),
        "dpia_id": offer.dpia_id,
        "since": since.astimezone(UTC).isoformat(),
        "reason": offer.reason,
        "departs_from": list(offer.departs_from),
    }


def latest_of(history: Sequence[Adoption], at: datetime) -> Adoption | None:
    """The latest adoption that has begun; one that does not count goes before all that is older.

    Of a row that was changed not even its time can be believed: it counts as begun.
    """
    good = (one for one in history if one.fault is None and one.since <= at)
    latest = max(good, key=lambda one: (one.since, one.number), default=None)
    number = latest.number if latest else 0
    bad = [one for one in history if one.fault is not None and one.number > number]
    return bad[-1] if bad else latest


def counting(history: Sequence[Adoption], at: datetime) -> Adoption | None:
    """The adoption that counts at a time. Nothing older stands in for one that does not."""
    latest = latest_of(history, at)
    return latest if latest is not None and latest.counts(at) else None


def paperwork_of(
    adoption: Adoption | None,
    assessments: Sequence[Assessment],
    agreements: Sequence[Agreement],
    at: datetime,
) -> Paperwork:
    """Whether the papers behind an adoption are in force: its own assessment, and an agreement."""
    dpia_id = adoption.dpia_id if adoption else None
    is_assessed = any(one.id == dpia_id and one.is_in_force(at) for one in assessments)
    is_agreed = any(one.is_in_force(at) and one.is_with_enforcement for one in agreements)
    return Paperwork.IN_FORCE if is_assessed and is_agreed else Paperwork.NONE


async def list_assessments(connection: Connection, organisation: str) -> tuple[Assessment, ...]:
    """The impact assessments of an organisation, as they were recorded last."""
    rows = await connection.fetch(_SQL["list_assessments"], organisation)
    return tuple(Assessment.model_validate(dict(row)) for row in rows)


async def list_agreements(connection: Connection, organisation: str) -> tuple[Agreement, ...]:
    """The agreements of an organisation, as they were recorded last."""
    rows = await connection.fetch(_SQL["list_agreements"], organisation)
    return tuple(Agreement.model_validate(dict(row)) for row in rows)


def _is_of(who: str, organisation: str) -> bool:
    return who.startswith(f"{organisation}:")


def _signature(row: asyncpg.Record, which: str) -> Signature:
    return Signature(
        by=row[f"{which}_by"], since=row[f"{which}_since"], value=row[f"{which}_value"]
    )


def _version(name: str, row: asyncpg.Record) -> tuple[Version, bool]:
    """A version as it is written down, and whether it is what its id and hash say."""
    text = row["content"]
    try:
        version = Version.model_validate(json.loads(text))
        is_canonical = content_of(version) == text
    except _NO_JSON:
        return _unreadable(name), False
    is_hashed = hashlib.sha256(text.encode("utf-8")).hexdigest() == row["content_hash"]
    return version, is_canonical and is_hashed and version.id == name


def _unreadable(name: str) -> Version:
    """What stands in a list for a content that nobody can read: no rule of it can be applied."""
    nothing: dict[str, Any] = dict.fromkeys(Version.model_fields)
    return Version.model_construct(**nothing | {"id": name, "title": "unreadable", "rules": ()})
