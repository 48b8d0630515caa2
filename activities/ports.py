"""Ports: what the steps of a journey need from the world, as Protocols.

Where the world must not move between deciding and writing, a port takes the decision as a
function: it reads under a lock, calls, writes, commits, and never knows the rules.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from schemas.actor import Actor
from schemas.case import CaseHeader, CaseOpening, PersonalField
from schemas.command_base import Command
from schemas.contact import Contact
from schemas.decisions import Decision, Reply
from schemas.ids import CaseRef
from schemas.packet import ReferralPacket
from schemas.protocol import CLOSED
from schemas.snapshot import CaseSnapshot, Dispatch
from schemas.verbs import Verb


@dataclass(frozen=True)
class Beside:
    """Texts said beside a command: they go to the record, sealed or hashed, and nowhere else."""

    note: str = ""
    """For the actor's own organisation."""
    details: str = ""
    """Number, address, trusted person of a contact plan."""
    safe_word: str = ""
    duress_word: str = ""

    @property
    def has_words(self) -> bool:
        """Whether a word was agreed."""
        return bool(self.safe_word or self.duress_word)


NOTHING = Beside()


@dataclass(frozen=True)
class Verdict:
    """A decision with everything the record needs to write it."""

    decision: Decision
    reply: Reply
    after: CaseSnapshot
    at: datetime
    """When it was decided: the desk's clock, or the workflow's."""
    wakes: tuple[str, ...] = ()
    """Workflows to be told to look again, kept with the change until they were."""
    packet: Callable[[Mapping[PersonalField, str]], ReferralPacket] | None = None
    """Makes the packet of a `PacketPlaced` from the fields consented to."""


@dataclass(frozen=True)
class Written:
    """What was committed, now or when the same command came before."""

    reply: Reply
    snapshot: CaseSnapshot
    is_repeat: bool = False


Judge = Callable[[CaseSnapshot], Verdict]

Starts = Callable[[CaseSnapshot], Verdict]
"""What begins with a case: the duties everybody is owed."""


class Record(Protocol):
    """The record of cases. Each method is one transaction."""

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
        """Create the case with its key, sealed texts and audit row.

        `starts` says what begins with it; it is written in the same transaction. `told_protocol`
        is the version of the sharing protocol that was active when she was told.
        """
        ...

    async def read(self, case_ref: CaseRef) -> CaseSnapshot:
        """The case as it stands.

        Raises:
            BadInputError: there is no such case, or not for this caller.
        """
        ...

    async def change(
        self,
        command: Command,
        judge: Judge,
        *,
        services: tuple[str, ...] = (),
        beside: Beside = NOTHING,
    ) -> Written:
        """Lock the case, have it judged, and write the verdict with its audit row.

        A command id that was answered before gets the same answer, and `judge` is not called.
        `services` names directory entries the judge needs; what was said `beside` is kept if the
        verdict is a yes.

        Raises:
            BadInputError: there is no such case, or not for this caller.
            RecordError: a constraint refused the write.
        """
        ...

    async def read_dispatch(self, case_ref: CaseRef, key: str) -> Dispatch | None:
        """A row of the outbox."""
        ...

    async def note_refusal(
        self, actor: Actor, verb: Verb, case_ref: CaseRef | None, codes: tuple[str, ...]
    ) -> None:
        """An audit row for something that was refused before any case was touched."""
        ...


class Notices(Protocol):
    """Where content-free notices go."""

    async def post(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        """Post a notice; the same key twice is visible once."""
        ...


class Contacts(Protocol):
    """Where texts to her go. Which text is a code; where she is reached, an adapter opens."""

    async def send(self, case_ref: CaseRef, contact: Contact) -> None:
        """Send the contact's template once; the same contact again is not sent twice."""
        ...


class KeyProvider(Protocol):
    """Holds the key-encryption key; data keys come and go wrapped.

    Raises:
        KeyUnavailableError: the store does not answer, or lacks the key.
    """

    @property
    def kek_id(self) -> str:
        """Which key-encryption key wraps now."""
        ...

    async def wrap(self, data_key: bytes) -> bytes:
        """Wrap a data key."""
        ...

    async def unwrap(self, wrapped: bytes, kek_id: str) -> bytes:
        """Unwrap a data key that `kek_id` wrapped."""
        ...
