"""The counter of a desk: who stands at it, and what is answered before a verb begins."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

from infra.record import PostgresRecord
from rules.decide import missing_right, stepped_back
from schemas.actor import Actor
from schemas.decisions import NotDone, Refusal, Refused
from schemas.errors import BadInputError, SteppedBackError
from schemas.ids import CaseRef
from schemas.verbs import Verb


class NotAllowed(Exception):  # noqa: N818 - carries a value; never leaves this module's callers
    """A verb refused before it had an answer of its own; `refused` says why."""

    def __init__(self, refused: NotDone) -> None:
        super().__init__(", ".join(reason.code for reason in refused.reasons))
        self.refused = refused


class Counter:
    """Asks for the right to a verb, and notes who asked for what was not theirs."""

    def __init__(self, actor: Actor, record: PostgresRecord) -> None:
        self.actor = actor
        self._record = record

    async def refused(
        self, verb: Verb, case_ref: CaseRef | None = None, asked: str = ""
    ) -> NotDone | None:
        """Why the role may not use the verb, with an audit row; None where it may.

        `asked` says in words what was asked for, where that has no verb of its own.
        """
        refusal: Refused | None = missing_right(verb, self.actor.role, asked)
        return await self._noted(verb, case_ref, refusal.reasons) if refusal else None

    async def require(self, verb: Verb, case_ref: CaseRef | None = None, asked: str = "") -> None:
        """Go on only with the right.

        Raises:
            NotAllowed: the role has it not.
        """
        refused = await self.refused(verb, case_ref, asked)
        if refused:
            raise NotAllowed(refused)

    async def turn_down(self, verb: Verb, refused: Refused) -> NoReturn:
        """Refuse what is about no case, with its audit row.

        Raises:
            NotAllowed: always.
        """
        raise NotAllowed(await self._noted(verb, None, refused.reasons))

    async def close(self, verb: Verb, case_ref: CaseRef, refusal: Refusal) -> NotDone:
        """A refusal that touches no case, with its audit row."""
        return await self._noted(verb, case_ref, (refusal,))

    @asynccontextmanager
    async def noting(self, verb: Verb, case_ref: CaseRef) -> AsyncIterator[None]:
        """Whoever asks for a case she may not see leaves a row; her answer does not say so.

        Raises:
            NotAllowed: she declared a conflict of interest in it, and knows it.
        """
        try:
            yield
        except SteppedBackError:
            raise NotAllowed(await self._noted(verb, case_ref, stepped_back().reasons)) from None
        except BadInputError:
            await self._record.note_refusal(self.actor, verb, case_ref, ("not_visible",))
            raise

    async def _noted(
        self, verb: Verb, case_ref: CaseRef | None, reasons: tuple[Refusal, ...]
    ) -> NotDone:
        codes = tuple(reason.code for reason in reasons)
        await self._record.note_refusal(self.actor, verb, case_ref, codes)
        return NotDone(case_ref=case_ref or "", reasons=reasons)
