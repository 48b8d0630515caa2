"""The desk of the sharing protocol: what a force uses, and what its owners and officers change."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from infra.database import Pool, Scope, open_pool
from infra.protocol_changes import ProtocolChanges, hash_of
from infra.protocols import Protocols, content_of
from infra.settings import Installation
from infra.signing import Owners, Signer, read_owners
from infra.stack.secrets import Role
from infra.telemetry import log
from rules.protocol.activation import (
    Grounds,
    changed_version,
    not_proved,
    nothing_waits,
    objection,
    proof_of,
    second_objection,
    withdrawal_objection,
)
from rules.protocol.evaluation import Protocol
from rules.protocol.shipped import shipped_baseline, shipped_protocol
from schemas.adoption import Fault, Offer, Proposal, ProtocolStatus, start_of
from schemas.decisions import Refused, refused
from schemas.errors import SettingsError
from schemas.verbs import Verb
from web.counter import Counter
from web.looking import now

Say = Callable[[str], None]


class Step(StrEnum):
    """How far a signature took a version."""

    PROPOSED = "proposed"
    """It waits for a second person."""
    ADOPTED = "adopted"
    """Two have signed: it is in force from the moment that is said."""


@dataclass(frozen=True)
class Signed:
    """The answer to a signature."""

    step: Step
    version: str
    since: datetime
    """From when on it holds, or would if the second person signed now."""
    proposal: Proposal | None = None
    """What the first person had signed, where this was the second."""


class ProtocolDesk:
    """What one person may look at and change, each verb by its right."""

    def __init__(self, counter: Counter, pool: Pool, protocols: Protocols) -> None:
        self._counter = counter
        self._protocols = protocols
        self._changes = ProtocolChanges(pool, counter.actor, protocols)

    @property
    def organisation(self) -> str:
        """Whose protocol this person changes."""
        return self._counter.actor.organisation

    async def status(self, organisation: str | None = None) -> ProtocolStatus:
        """What an organisation uses now; the person's own, if none is named."""
        await self._counter.require(Verb.SHOW_PROTOCOL)
        return await self._protocols.status(organisation or self.organisation, now())

    async def known_to_sign(self) -> Protocol:
        """Every version there is, for whoever may sign one.

        Raises:
            NotAllowed: the role may not.
        """
        await self._counter.require(Verb.SIGN_PROTOCOL)
        return await known_protocol(self._protocols)

    async def activate(self, offer: Offer, signer: Signer, say: Say) -> Signed:
        """Sign a version: the first signature proposes it, one by somebody else adopts it.

        Raises:
            NotAllowed: the role may not, or something speaks against it.
        """
        await self._counter.require(Verb.SIGN_PROTOCOL)
        known = await known_protocol(self._protocols)
        status = await self._protocols.status(self.organisation, now())
        await self._check(self._not_theirs(signer))
        await self._check(objection(offer, Grounds(status.assessments, known), now()))
        say(f"Proving {offer.version.id} against every version there is …")
        await self._check(not_proved(proof_of(known, offer.version)))
        say("It holds, whatever a person was told.")
        return await self._sign(offer, signer)

    async def withdraw(self) -> Proposal:
        """Take back what one signed alone.

        Raises:
            NotAllowed: nothing waits, or somebody else signed it.
        """
        await self._counter.require(Verb.SIGN_PROTOCOL)
        async with self._changes.signing(now()) as moment:
            if moment.proposal is None:
                await self._counter.turn_down(Verb.SIGN_PROTOCOL, nothing_waits())
            await self._check(withdrawal_objection(moment.proposal, self._counter.actor))
            await self._changes.withdraw(moment, moment.proposal)
        return moment.proposal

    async def await_version(self, version: str, title: str, expected: date, owner: str) -> None:
        """Note that a version is expected."""
        await self._counter.require(Verb.AWAIT_PROTOCOL)
        await self._changes.await_version(version, title, expected, owner)

    async def drop_awaited(self, version: str) -> bool:
        """Note that it is awaited no more; False: it was not."""
        await self._counter.require(Verb.AWAIT_PROTOCOL)
        return await self._changes.drop_awaited(version)

    async def record_assessment(self, paper_id: str, title: str, review_by: date) -> None:
        """Record an impact assessment."""
        await self._counter.require(Verb.RECORD_ASSESSMENT)
        await self._changes.record_assessment(paper_id, title, review_by)

    async def record_agreement(
        self, paper_id: str, parties: tuple[str, ...], signed_on: date, expires_on: date
    ) -> None:
        """Record an agreement of the person's own organisation."""
        await self._counter.require(Verb.RECORD_AGREEMENT)
        await self._changes.record_agreement(paper_id, parties, signed_on, expires_on)

    async def _check(self, found: Refused | None) -> None:
        if found is not None:
            await self._counter.turn_down(Verb.SIGN_PROTOCOL, found)

    def _not_theirs(self, signer: Signer) -> Refused | None:
        who = self._counter.actor.who
        public = self._protocols.owners.get(who)
        if public is None:
            return refused(
                "not_an_owner", f"The file of protocol owners has no public key of {who}."
            )
        if not signer.holds(public):
            return refused(
                "other_key", f"This key is not the one that the file of owners has of {who}."
            )
        return None

    async def _sign(self, offer: Offer, signer: Signer) -> Signed:
        at = now()
        since = max(at, start_of(offer.version.effective_from))
        async with self._changes.signing(at) as moment:
            # Once more under the lock: another force may have adopted it meanwhile.
            held = await self._changes.held_hash(moment, offer.version.id)
            if held not in (None, hash_of(content_of(offer.version))):
                await self._check(changed_version(offer.version.id))
            first = moment.proposal
            if first is None or not first.is_open:
                await self._changes.propose(moment, offer, signer.sign, since)
                return Signed(Step.PROPOSED, offer.version.id, since)
            await self._check(second_objection(first, offer, self._counter.actor))
            begins = await self._changes.adopt(moment, first, signer.sign, since)
        return Signed(Step.ADOPTED, offer.version.id, begins, first)


async def known_protocol(protocols: Protocols) -> Protocol:
    """Every version that is shipped or held. What was adopted stays as it was adopted."""
    shipped = shipped_protocol()
    return Protocol(shipped.baseline, {**shipped.versions, **await protocols.held()})


async def faults(installation: Installation) -> dict[str, Fault]:
    """The organisations whose latest adoption does not count, and why.

    Raises:
        SettingsError: the file of owners cannot be read.
        UnreachableError: PostgreSQL does not answer.
    """
    owners, at = read_owners(installation.protocol_owners_file), now()
    pool = await open_pool(installation.dsn(Role.WEB), most=1)
    try:
        protocols = protocols_of(pool, Scope(), owners)
        found = {one: await protocols.status(one, at) for one in await protocols.adopters()}
    finally:
        await pool.close()
    return {one: status.fault for one, status in found.items() if status.fault}


def protocols_of(pool: Pool, scope: Scope, owners: Owners) -> Protocols:
    """The protocols of all forces, checked against the baseline that is shipped."""
    return Protocols(pool, scope, owners, baseline_content())


def baseline_content() -> Mapping[str, Any]:
    """The baseline in use, as it is signed."""
    return shipped_baseline().model_dump(mode="json", exclude_none=True)


def protocols_without_waiting(pool: Pool, scope: Scope, installation: Installation) -> Protocols:
    """The same for whoever gives support, which never waits for a file of owners.

    Where that cannot be read, nobody has signed, and every protocol is closed.
    """
    try:
        owners = read_owners(installation.protocol_owners_file)
    except SettingsError as error:
        log().error("protocol_closed", code=error.code)
        owners = {}
    return protocols_of(pool, scope, owners)
