"""Commands about referrals: the sender's, then the service's, then holds."""

from datetime import date
from typing import Literal

from pydantic import Field

from schemas.case import PersonalField
from schemas.command_base import Command
from schemas.referral import ChosenBy, InfoAnswer, InfoTopic, Outcome, Priority, Reason
from schemas.verbs import Verb


class RequestReferral(Command):
    """Refer a need to the services she chose, in her order: the first is asked first."""

    verb: Literal[Verb.REQUEST_REFERRAL] = Verb.REQUEST_REFERRAL
    need: int
    choices: tuple[str, ...] = Field(min_length=1)
    offered: tuple[str, ...] = Field(
        default=(), description="Services she was offered, in the order shown to her."
    )
    chosen_by: ChosenBy = ChosenBy.VICTIM


class ReopenReferral(Command):
    """Ask the same service again, by a new referral that stands for one that is over."""

    verb: Literal[Verb.REOPEN_REFERRAL] = Verb.REOPEN_REFERRAL
    referral: int


class SetPriority(Command):
    """It is needed sooner, or later, than was said."""

    verb: Literal[Verb.SET_PRIORITY] = Verb.SET_PRIORITY
    referral: int
    priority: Priority


class AnswerInfo(Command):
    """Answer what the service asked back."""

    verb: Literal[Verb.ANSWER_INFO] = Verb.ANSWER_INFO
    referral: int
    answer: InfoAnswer


class RecallReferral(Command):
    """The sender takes a referral back."""

    verb: Literal[Verb.RECALL_REFERRAL] = Verb.RECALL_REFERRAL
    referral: int
    reason: Reason
    expected_version: int | None = None


class CorrectReferral(Command):
    """It should never have been: entered in error."""

    verb: Literal[Verb.CORRECT_REFERRAL] = Verb.CORRECT_REFERRAL
    referral: int
    reason: Reason
    expected_version: int | None = None


class OpenReferral(Command):
    """A person at the service has read it."""

    verb: Literal[Verb.OPEN_REFERRAL] = Verb.OPEN_REFERRAL
    referral: int


class ClaimReferral(Command):
    """Somebody at the service works on it; the others leave it to them."""

    verb: Literal[Verb.CLAIM_REFERRAL] = Verb.CLAIM_REFERRAL
    referral: int


class ReleaseReferral(Command):
    """Whoever claimed it gives it back to the service."""

    verb: Literal[Verb.RELEASE_REFERRAL] = Verb.RELEASE_REFERRAL
    referral: int


class RequestInfo(Command):
    """The service asks something back before it answers."""

    verb: Literal[Verb.REQUEST_INFO] = Verb.REQUEST_INFO
    referral: int
    fields: tuple[PersonalField, ...] = ()
    topics: tuple[InfoTopic, ...] = ()


class WaitlistReferral(Command):
    """The service is full now, and says when it expects to have a place."""

    verb: Literal[Verb.WAITLIST_REFERRAL] = Verb.WAITLIST_REFERRAL
    referral: int
    reason: Reason
    expected_by: date


class AcceptReferral(Command):
    """The service takes it on."""

    verb: Literal[Verb.ACCEPT_REFERRAL] = Verb.ACCEPT_REFERRAL
    referral: int
    place_hold: bool = Field(
        default=True, description="A standing hold on any sharing with Immigration Enforcement."
    )


class DeclineReferral(Command):
    """The service cannot take it on."""

    verb: Literal[Verb.DECLINE_REFERRAL] = Verb.DECLINE_REFERRAL
    referral: int
    reason: Reason


class EngageReferral(Command):
    """Support has begun."""

    verb: Literal[Verb.ENGAGE_REFERRAL] = Verb.ENGAGE_REFERRAL
    referral: int


class CompleteReferral(Command):
    """Support is complete."""

    verb: Literal[Verb.COMPLETE_REFERRAL] = Verb.COMPLETE_REFERRAL
    referral: int
    outcome: Outcome


class EndReferral(Command):
    """Support stops before it is complete."""

    verb: Literal[Verb.END_REFERRAL] = Verb.END_REFERRAL
    referral: int
    reason: Reason


class StartAdvice(Command):
    """A regulated adviser starts the victim's own permission deadline. No agency sees it."""

    verb: Literal[Verb.START_ADVICE] = Verb.START_ADVICE
    referral: int
    granted_on: date


class PlaceHold(Command):
    """Stop any sharing with Immigration Enforcement until whoever places it lifts it."""

    verb: Literal[Verb.PLACE_HOLD] = Verb.PLACE_HOLD
    referral: int | None = None


class LiftHold(Command):
    """Its own organisation lifts a hold."""

    verb: Literal[Verb.LIFT_HOLD] = Verb.LIFT_HOLD
    hold: int
