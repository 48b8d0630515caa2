"""Commands about the case itself and about who works on it."""

from typing import Literal

from pydantic import Field

from schemas.case import ClosingReason, SafetyCheck, StaffId
from schemas.casework import (
    CaseEvent,
    ConflictKind,
    DeathAnswer,
    Entitlement,
    EntitlementReason,
    LinkKind,
    ReopenReason,
)
from schemas.command_base import Command
from schemas.erasure import ErasureReason
from schemas.ids import CaseRefField
from schemas.referral import NeedCategory, Priority
from schemas.verbs import Verb


class ConfirmSafety(Command):
    """She can, or cannot, talk safely."""

    verb: Literal[Verb.CONFIRM_SAFETY] = Verb.CONFIRM_SAFETY
    safety: SafetyCheck


class AddNeed(Command):
    """Something she needs help with."""

    verb: Literal[Verb.ADD_NEED] = Verb.ADD_NEED
    category: NeedCategory
    priority: Priority


class CloseCase(Command):
    """Ask for the closing review, or, with `confirmed`, close."""

    verb: Literal[Verb.CLOSE_CASE] = Verb.CLOSE_CASE
    reason: ClosingReason
    confirmed: bool = False


class ReopenCase(Command):
    """Open a closed case again: everything it held is as it was."""

    verb: Literal[Verb.REOPEN_CASE] = Verb.REOPEN_CASE
    reason: ReopenReason


class ProposeErasure(Command):
    """Propose that a closed case be erased."""

    verb: Literal[Verb.PROPOSE_ERASURE] = Verb.PROPOSE_ERASURE
    reason: ErasureReason


class AnswerErasure(Command):
    """Confirm, as a second person, that a case is erased; or end the proposal."""

    verb: Literal[Verb.ANSWER_ERASURE] = Verb.ANSWER_ERASURE
    confirms: bool


class EraseCase(Command):
    """Destroy the key of a case whose erasure two people decided, and every text of it."""

    verb: Literal[Verb.ERASE_CASE] = Verb.ERASE_CASE


class SetEntitlement(Command):
    """A person decides which entitlement she has; it holds for duties that start from then on."""

    verb: Literal[Verb.SET_ENTITLEMENT] = Verb.SET_ENTITLEMENT
    entitlement: Entitlement
    reason: EntitlementReason


class RecordEvent(Command):
    """Something happened outside the case that starts or ends duties."""

    verb: Literal[Verb.RECORD_EVENT] = Verb.RECORD_EVENT
    event: CaseEvent


class LinkCase(Command):
    """This case belongs with another one of the same organisation. No data is joined."""

    verb: Literal[Verb.LINK_CASE] = Verb.LINK_CASE
    other: CaseRefField
    link: LinkKind


class RecordDeath(Command):
    """Report that she has died, or, as a second person, answer such a report."""

    verb: Literal[Verb.RECORD_DEATH] = Verb.RECORD_DEATH
    answer: DeathAnswer | None = Field(default=None, description="None: the first word of it.")


class FinishTask(Command):
    """Somebody did what a task asked for."""

    verb: Literal[Verb.FINISH_TASK] = Verb.FINISH_TASK
    task: str


class HandOver(Command):
    """Give the case, with everything open in it, to another person of the organisation."""

    verb: Literal[Verb.HAND_OVER] = Verb.HAND_OVER
    to_person: StaffId


class OfferTransfer(Command):
    """Offer another agency to lead the case from now on, with all that is in it."""

    verb: Literal[Verb.OFFER_TRANSFER] = Verb.OFFER_TRANSFER
    to_organisation: StaffId
    she_agreed: bool = Field(
        default=False, description="She was asked whether they may lead it, and said yes."
    )


class AnswerTransfer(Command):
    """The other agency takes the case, or does not."""

    verb: Literal[Verb.ANSWER_TRANSFER] = Verb.ANSWER_TRANSFER
    accepts: bool


class DeclareConflict(Command):
    """Whoever says it is too close to somebody in the case, and does nothing more in it."""

    verb: Literal[Verb.DECLARE_CONFLICT] = Verb.DECLARE_CONFLICT
    conflict: ConflictKind


class ProposeNamed(Command):
    """Propose that one more person may see a restricted case."""

    verb: Literal[Verb.PROPOSE_NAMED] = Verb.PROPOSE_NAMED
    person: StaffId


class ConfirmNamed(Command):
    """A second named person agrees."""

    verb: Literal[Verb.CONFIRM_NAMED] = Verb.CONFIRM_NAMED
    person: StaffId
