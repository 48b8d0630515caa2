"""Changing the protocol of a force: signatures and papers, each with its audit row and an event.

What may be signed is decided by rules; here it is written, one change of an organisation at a time.
"""

import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from infra import audit
from infra.database import Connection, Pool, Scope, transaction
from infra.protocols import Protocols, content_of, statement
from infra.statements import statements
from schemas.actor import Actor
from schemas.adoption import Offer, Proposal, Signature
from schemas.verbs import Verb

_SQL = statements("protocol")
_NO_ROW = " 0"
_ADOPTED, _WITHDRAWN = "adopted", "withdrawn"

Sign = Callable[[dict[str, Any]], bytes]
"""Signs a statement with the private key of whoever acts."""


@dataclass(frozen=True)
class Signing:
    """The moment of signing: nobody else changes this organisation's protocol until it is over."""

    connection: Connection
    proposal: Proposal | None
    """What one person signed, and another has yet to sign."""


class ProtocolChanges:
    """What one person changes in the protocol of their organisation."""

    def __init__(self, pool: Pool, actor: Actor, protocols: Protocols) -> None:
        self._pool = pool
        self._actor = actor
        self._scope = Scope(actor)
        self._protocols = protocols

    @asynccontextmanager
    async def signing(self, at: datetime) -> AsyncIterator[Signing]:
        """Hold the organisation's protocol still, until what is written in the block is kept."""
        async with self._changing() as connection:
            organisation = self._actor.organisation
            yield Signing(
                connection, await self._protocols.open_proposal(connection, organisation, at)
            )

    async def held_hash(self, now: Signing, version_id: str) -> str | None:
        """The hash of the version that is held under an id; None: none is."""
        held: str | None = await now.connection.fetchval(_SQL["read_hash"], version_id)
        return held

    async def propose(self, now: Signing, offer: Offer, sign: Sign, since: datetime) -> None:
        """Keep an offer with the signature of the first person."""
        first = await self._signed(now.connection, offer, sign, since)
        content = content_of(offer.version)
        await now.connection.execute(
            _SQL["put_proposal"],
            self._actor.organisation,
            offer.version.id,
            content,
            hash_of(content),
            self._protocols.baseline,
            *_grounds(offer),
            *_as_row(first),
        )
        await self._note_signing(now.connection, offer, "proposed")

    async def adopt(
        self, now: Signing, proposal: Proposal, sign: Sign, since: datetime
    ) -> datetime:
        """Keep the second signature, which puts it in force; returns from when on it is."""
        offer, connection = proposal.offer, now.connection
        second = await self._signed(connection, offer, sign, since)
        content = content_of(offer.version)
        await connection.execute(_SQL["put_version"], offer.version.id, content, hash_of(content))
        await connection.execute(_SQL["end_proposal"], proposal.number, _ADOPTED, self._actor.who)
        await connection.execute(
            _SQL["put_adoption"],
            proposal.number,
            self._actor.organisation,
            offer.version.id,
            self._protocols.baseline,
            *_grounds(offer),
            *_as_row(proposal.first),
            *_as_row(second),
        )
        await self._note_signing(connection, offer, _ADOPTED)
        return max(proposal.first.since, second.since)

    async def withdraw(self, now: Signing, proposal: Proposal) -> None:
        """Take back what one signed oneself and nobody else has signed yet."""
        await now.connection.execute(
            _SQL["end_proposal"], proposal.number, _WITHDRAWN, self._actor.who
        )
        await self._note_signing(now.connection, proposal, _WITHDRAWN)

    async def await_version(self, version: str, title: str, expected: date, owner: str) -> None:
        """Note that a version is expected; the one in use stays."""
        values = (version, title, expected, owner)
        detail = {"version": version, "expected": expected.isoformat(), "owner": owner}
        await self._put("put_awaited", values, Verb.AWAIT_PROTOCOL, "awaited", version, detail)

    async def drop_awaited(self, version: str) -> bool:
        """Note that it is awaited no more; False: it was not awaited."""
        detail = {"version": version, "dropped": "yes"}
        return await self._put(
            "drop_awaited", (version,), Verb.AWAIT_PROTOCOL, "dropped", version, detail
        )

    async def record_assessment(self, paper_id: str, title: str, review_by: date) -> None:
        """Record an impact assessment, or anew under the same id."""
        detail = {"dpia": paper_id, "review_by": review_by.isoformat()}
        values = (paper_id, title, review_by)
        await self._put(
            "put_assessment", values, Verb.RECORD_ASSESSMENT, "assessed", paper_id, detail
        )

    async def record_agreement(
        self, paper_id: str, parties: tuple[str, ...], signed_on: date, expires_on: date
    ) -> None:
        """Record an agreement of one's own organisation, or anew under the same id."""
        detail = {
            "agreement": paper_id,
            "parties": ",".join(parties),
            "expires": expires_on.isoformat(),
        }
        values = (paper_id, list(parties), signed_on, expires_on)
        await self._put("put_agreement", values, Verb.RECORD_AGREEMENT, "agreed", paper_id, detail)

    async def _put(
        self,
        statement: str,
        values: tuple[Any, ...],
        verb: Verb,
        event: str,
        about: str,
        detail: dict[str, str],
    ) -> bool:
        async with self._changing() as connection:
            organisation = self._actor.organisation
            done = await connection.execute(_SQL[statement], organisation, *values, self._actor.who)
            if str(done).endswith(_NO_ROW):
                return False
            await self._note(connection, verb, event, about, detail)
        return True

    @asynccontextmanager
    async def _changing(self) -> AsyncIterator[Connection]:
        async with transaction(self._pool, self._scope) as connection:
            await connection.execute(_SQL["hold_changes"], self._actor.organisation)
            yield connection

    async def _signed(
        self, connection: Connection, offer: Offer, sign: Sign, since: datetime
    ) -> Signature:
        deployment = str(await connection.fetchval(_SQL["read_deployment"]))
        baseline, organisation = self._protocols.baseline, self._actor.organisation
        said = statement(deployment, organisation, baseline, offer, since)
        return Signature(by=self._actor.who, since=since, value=sign(said))

    async def _note_signing(self, connection: Connection, offer: Offer, event: str) -> None:
        detail = {
            "version": offer.version.id,
            "content": hash_of(content_of(offer.version)),
            "dpia": offer.dpia_id,
            "act": event,
        }
        await self._note(connection, Verb.SIGN_PROTOCOL, event, offer.version.id, detail)

    async def _note(
        self, connection: Connection, verb: Verb, event: str, about: str, detail: dict[str, str]
    ) -> None:
        """The event, and the audit row, which comes last: it holds the chain's head."""
        told = json.dumps({"event": event, "id": about}, separators=(",", ":"))
        await connection.execute(_SQL["tell"], told)
        await audit.append_act(connection, self._actor, verb, detail)


def hash_of(content: str) -> str:
    """SHA-256 of a version's content, in hexadecimal."""
    return hashlib.sha256(content.encode("utf-8")).hexdigest()


def _grounds(offer: Offer) -> tuple[str, str, list[str]]:
    return offer.dpia_id, offer.reason, list(offer.departs_from)


def _as_row(signature: Signature) -> tuple[str, datetime, bytes]:
    return signature.by, signature.since, signature.value
