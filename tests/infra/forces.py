"""A fictional force with two protocol owners, and a hand that changes rows it may not change."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.database import Pool, Scope
from infra.protocol_changes import ProtocolChanges
from infra.protocols import Protocols
from infra.signing import Signer
from infra.stack.secrets import Role as DatabaseRole
from rules.protocol.shipped import shipped_protocol
from schemas.actor import Actor, Role
from schemas.adoption import Offer
from schemas.protocol import Version
from tests.conftest import Servers
from web.protocol import baseline_content

_numbers = itertools.count(1)
DPIA, AGREEMENT = "DPIA-1", "ISA-1"


def shipped(name: str = "p1-npcc-2018", **changes: object) -> Version:
    """A version that is shipped, or one that differs from it."""
    return shipped_protocol().versions[name].model_copy(update=changes)


def an_offer(version: Version | None = None, **parts: Any) -> Offer:
    """An offer in order."""
    usual: dict[str, Any] = {
        "version": version or shipped(),
        "dpia_id": DPIA,
        "reason": "adopted by the force",
    }
    return Offer(**(usual | parts))


@dataclass(frozen=True)
class Force:
    """A force; its name is its own, so that no test meets the protocol of another."""

    pool: Pool
    baseline: Mapping[str, Any] = field(default_factory=baseline_content)
    name: str = field(default_factory=lambda: f"fictional-{next(_numbers)}-police")
    keys: dict[str, Ed25519PrivateKey] = field(
        default_factory=lambda: {who: Ed25519PrivateKey.generate() for who in ("cora", "iain")}
    )

    def actor(self, person: str, role: Role = Role.PROTOCOL_OWNER) -> Actor:
        """A person of it."""
        return Actor(role=role, organisation=self.name, person=person)

    def protocols(self, *, without: str = "", baseline: Any = None) -> Protocols:
        """What is read of its protocol, with the public keys of its owners."""
        owners = {f"{self.name}:{p}": k.public_key() for p, k in self.keys.items() if p != without}
        scope = Scope(self.actor("cora"))
        return Protocols(self.pool, scope, owners, baseline or self.baseline)

    def changes(self, person: str, role: Role = Role.PROTOCOL_OWNER) -> ProtocolChanges:
        """What a person of it changes."""
        return ProtocolChanges(self.pool, self.actor(person, role), self.protocols())

    async def propose(
        self,
        offer: Offer | None = None,
        since: datetime | None = None,
        *,
        by: str = "cora",
        role: Role = Role.PROTOCOL_OWNER,
    ) -> None:
        """Cora signs, or somebody else."""
        offer, at = offer or an_offer(), datetime.now(UTC)
        changes = self.changes(by, role)
        async with changes.signing(at) as moment:
            await changes.propose(moment, offer, Signer(self.keys[by]).sign, since or at)

    async def adopt(self, offer: Offer | None = None, since: datetime | None = None) -> datetime:
        """Cora and Iain sign; returns from when on it is in force."""
        await self.propose(offer, since)
        return await self.second(since)

    async def withdraw(self) -> None:
        """Cora takes back what she signed."""
        changes = self.changes("cora")
        async with changes.signing(datetime.now(UTC)) as moment:
            assert moment.proposal is not None
            await changes.withdraw(moment, moment.proposal)

    async def second(self, since: datetime | None = None, *, by: str = "iain") -> datetime:
        """Iain signs what waits, or somebody else."""
        at, changes = datetime.now(UTC), self.changes(by)
        async with changes.signing(at) as moment:
            assert moment.proposal is not None
            sign = Signer(self.keys[by]).sign
            return await changes.adopt(moment, moment.proposal, sign, since or at)

    async def papers(self, review_by: date, expires_on: date) -> None:
        """Assessment and agreement are recorded."""
        dee, sol = self.changes("dee", Role.DPO), self.changes("sol", Role.INFO_SHARING_SPOC)
        await dee.record_assessment(DPIA, "Sharing, assessed", review_by)
        parties = (self.name, "immigration-enforcement")
        await sol.record_agreement(AGREEMENT, parties, date(2026, 1, 1), expires_on)


async def tamper(servers: Servers, table: str, change: str, *values: object) -> None:
    """Change a row as only the superuser could, past the trigger that refuses it."""
    connection = await asyncpg.connect(servers.dsn(DatabaseRole.POSTGRES), ssl=False)
    try:
        await connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        done = await connection.execute(f"UPDATE {table} SET {change}", *values)  # noqa: S608 - a test's own
        assert done.split()[-1] != "0", "nothing was changed"
        await connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    finally:
        await connection.close()


SOON = timedelta(days=1)
