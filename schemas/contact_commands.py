"""Commands of safe contact: the plan, and each attempt to reach her."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.case import StaffId
from schemas.command_base import Command
from schemas.contact import (
    ContactChannel,
    ContactPurpose,
    ContactResult,
    ContactTemplate,
    InterpreterKind,
    PlanConfirmation,
    PlanTerms,
    SuspendReason,
    WordCheck,
)
from schemas.verbs import Verb


class SetPlan(Command):
    """What she agreed to. What narrows it holds at once; what changes it dangerously, does not.

    Number, address, trusted person and words go to the record beside the command, sealed or
    hashed; here it is only said that they came.
    """

    verb: Literal[Verb.SET_PLAN] = Verb.SET_PLAN
    terms: PlanTerms
    has_details: bool = False
    has_words: bool = False


class ConfirmPlan(Command):
    """A second person says how it was made sure that the change is hers."""

    verb: Literal[Verb.CONFIRM_PLAN] = Verb.CONFIRM_PLAN
    plan: int
    how: PlanConfirmation
    contact: int | None = Field(
        default=None, description="The contact over the old channel in which she said so."
    )


class RenewPlan(Command):
    """She said that everything is as it was."""

    verb: Literal[Verb.RENEW_PLAN] = Verb.RENEW_PLAN


class SuspendPlan(Command):
    """Nobody may contact her for now. Never refused, but for a death: that takes two people."""

    verb: Literal[Verb.SUSPEND_PLAN] = Verb.SUSPEND_PLAN
    reason: SuspendReason


class PlanContact(Command):
    """Contact her in the next safe window."""

    verb: Literal[Verb.PLAN_CONTACT] = Verb.PLAN_CONTACT
    purpose: ContactPurpose
    channel: ContactChannel
    template: ContactTemplate | None = None
    referral: int | None = None
    interpreter: StaffId | None = None
    not_before: AwareDatetime | None = None


class StartContact(Command):
    """Somebody is about to contact her; refused where that is not safe at this moment."""

    verb: Literal[Verb.START_CONTACT] = Verb.START_CONTACT
    contact: int


class EndContact(Command):
    """What came of a contact. A fact is never refused, whatever it says of whoever made it."""

    verb: Literal[Verb.END_CONTACT] = Verb.END_CONTACT
    contact: int
    result: ContactResult
    word: WordCheck = WordCheck.NOT_GIVEN
    interpreted_by: InterpreterKind = InterpreterKind.NONE


class CancelContact(Command):
    """A planned contact is not needed any more."""

    verb: Literal[Verb.CANCEL_CONTACT] = Verb.CANCEL_CONTACT
    contact: int
