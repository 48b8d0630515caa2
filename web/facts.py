"""The desk for facts of a case: somebody says one. They see nothing of what others have said.

Nothing here writes outside the gate's own room: who asks for what is not theirs, is noted there.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from infra.facts import FactBook
from rules.decide import missing_right, stepped_back
from rules.protocol.authority import FROM_RECORDS
from rules.protocol.standing import left_out_alone
from schemas.actor import Actor
from schemas.assertions import Assertion, Ground, SourceKind, read_value
from schemas.decisions import NotDone, Refusal
from schemas.errors import BadInputError, SteppedBackError
from schemas.facts import FactError
from schemas.ids import CaseRef
from schemas.verbs import Verb
from web.counter import NotAllowed
from web.looking import now


class GateCounter:
    """Asks for the right to a verb; refusals are noted in the gate's own book."""

    def __init__(self, actor: Actor, book: FactBook) -> None:
        self.actor = actor
        self._book = book

    async def require(self, verb: Verb, case_ref: CaseRef | None = None) -> None:
        """Go on only with the right.

        Raises:
            NotAllowed: the role has it not.
        """
        refused = missing_right(verb, self.actor.role)
        if refused is not None:
            raise await self._refused(verb, case_ref, refused.reasons)

    @asynccontextmanager
    async def noting(self, verb: Verb, case_ref: CaseRef) -> AsyncIterator[None]:
        """Whoever asks for a case that is not theirs leaves a row; their answer does not say so.

        Raises:
            NotAllowed: they declared a conflict of interest in it, and know it.
        """
        try:
            yield
        except SteppedBackError:
            raise await self._refused(verb, case_ref, stepped_back().reasons) from None
        except BadInputError:
            await self._book.note_refusal(verb, case_ref, ("not_visible",))
            raise

    async def _refused(
        self, verb: Verb, case_ref: CaseRef | None, reasons: tuple[Refusal, ...]
    ) -> NotAllowed:
        await self._book.note_refusal(verb, case_ref, tuple(reason.code for reason in reasons))
        return NotAllowed(NotDone(case_ref=case_ref or "", reasons=reasons))


@dataclass(frozen=True)
class Kept:
    """The answer to what somebody said."""

    id: UUID
    reads_unknown_because: Ground | None
    """Why it does not supply the fact by itself, whatever others say; None where it does."""


class FactDesk:
    """What one person may say of facts."""

    def __init__(self, counter: GateCounter, book: FactBook) -> None:
        self._counter = counter
        self._book = book

    async def assert_fact(  # what somebody says, whole
        self,
        case_ref: CaseRef,
        fact: str,
        value: Any,
        source: SourceKind,
        *,
        evidence: str | None = None,
        until: datetime | None = None,
        supersedes: UUID | None = None,
    ) -> Kept:
        """Keep what somebody says of a fact.

        From a role whose word on the fact does not count it is kept too, and reads as unknown.

        Raises:
            NotAllowed: the role may say nothing of any fact.
            BadInputError: no such fact, no such value, a fact that our records give, or no such
                case for this person.
        """
        await self._counter.require(Verb.ASSERT_FACT, case_ref)
        check_said(fact, value)
        async with self._counter.noting(Verb.ASSERT_FACT, case_ref):
            kept = await self._book.assert_fact(
                case_ref,
                fact,
                value,
                source,
                evidence=evidence,
                until=until,
                supersedes=supersedes,
            )
        said = Assertion(
            id=kept,
            fact=fact,
            value=value,
            by=self._counter.actor,
            source=source,
            evidence=evidence,
            at=now(),
        )
        return Kept(kept, left_out_alone(said))


def check_said(fact: str, value: object) -> None:
    """That people can say this of a fact.

    Raises:
        BadInputError: there is no such fact or value, or nobody types it.
    """
    try:
        read_value(fact, value)
    except FactError as error:
        raise BadInputError(error.fact, error.reason) from None
    if fact in FROM_RECORDS:
        raise BadInputError(fact, "comes from our own records, as they are now: nobody types it")
