"""Steps: what the clockwork does by itself, on time.

It may send what was consented to, remind and escalate; it never consents, approves or closes.
"""

from typing import Annotated, Literal

from pydantic import Field

from schemas.actor import SYSTEM, Actor
from schemas.command_base import Command
from schemas.contact import ContactResult
from schemas.verbs import Verb


class Step(Command):
    """What every step carries."""

    command_id: str = "clockwork"
    actor: Actor = SYSTEM


class QueueDelivery(Step):
    """Put a referral whose consent is valid into the outbox."""

    verb: Literal[Verb.QUEUE_DELIVERY] = Verb.QUEUE_DELIVERY
    referral: int


class Deliver(Step):
    """Place a queued packet in the service's inbox."""

    verb: Literal[Verb.DELIVER] = Verb.DELIVER
    referral: int
    key: str


class FailDelivery(Step):
    """The inbox could not be reached, for good."""

    verb: Literal[Verb.FAIL_DELIVERY] = Verb.FAIL_DELIVERY
    referral: int


class SendStop(Step):
    """Place a stop notice in the service's inbox."""

    verb: Literal[Verb.SEND_STOP] = Verb.SEND_STOP
    referral: int
    key: str


class SendNotice(Step):
    """Record that a content-free notice went out."""

    verb: Literal[Verb.SEND_NOTICE] = Verb.SEND_NOTICE
    key: str


class Remind(Step):
    """A deadline's reminder is due."""

    verb: Literal[Verb.REMIND] = Verb.REMIND
    deadline: str


class Breach(Step):
    """A deadline's time has come: what that means, its duty says. A missed one stays open."""

    verb: Literal[Verb.BREACH] = Verb.BREACH
    deadline: str


class ExpireReferral(Step):
    """Nobody answered in time."""

    verb: Literal[Verb.EXPIRE_REFERRAL] = Verb.EXPIRE_REFERRAL
    referral: int


class RouteOnward(Step):
    """Arrange what follows a referral that ended without help."""

    verb: Literal[Verb.ROUTE_ONWARD] = Verb.ROUTE_ONWARD
    referral: int


class OpenWindow(Step):
    """It is safe now: ask the person who makes the contact to make it."""

    verb: Literal[Verb.OPEN_WINDOW] = Verb.OPEN_WINDOW
    contact: int


class CloseWindow(Step):
    """The safe window is over, and nobody has made the contact: it waits for the next."""

    verb: Literal[Verb.CLOSE_WINDOW] = Verb.CLOSE_WINDOW
    contact: int


class SendContact(Step):
    """Send a text to her, if at this very moment that is safe."""

    verb: Literal[Verb.SEND_CONTACT] = Verb.SEND_CONTACT
    contact: int


class SettleContact(Step):
    """The text went out; or, without `result`, nobody can tell, and it is never sent again."""

    verb: Literal[Verb.SETTLE_CONTACT] = Verb.SETTLE_CONTACT
    contact: int
    result: ContactResult | None = None


ClockworkStep = Annotated[
    QueueDelivery
    | FailDelivery
    | SendStop
    | SendNotice
    | Remind
    | Breach
    | ExpireReferral
    | RouteOnward
    | OpenWindow
    | CloseWindow
    | SettleContact,
    Field(discriminator="verb"),
]
