"""Commands of the consent ledger: what she was asked, and what she said."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.case import PersonalField
from schemas.command_base import Command
from schemas.consent import AskedHow, Purpose
from schemas.contact import ContactChannel
from schemas.verbs import Verb
from schemas.withdrawal import CheckAnswer, SaidBy


class AskConsent(Command):
    """She was asked for one purpose and recipient."""

    verb: Literal[Verb.ASK_CONSENT] = Verb.ASK_CONSENT
    purpose: Purpose
    recipient: str
    fields: tuple[PersonalField, ...]
    asked: AskedHow | None = Field(default=None, description="None: in old histories only.")


class GiveConsent(Command):
    """She said yes, to these fields."""

    verb: Literal[Verb.GIVE_CONSENT] = Verb.GIVE_CONSENT
    purpose: Purpose
    recipient: str
    fields: tuple[PersonalField, ...]
    asked: AskedHow | None = Field(
        default=None, description="How she was asked, where that differs from the question's."
    )


class RefuseConsent(Command):
    """She said no."""

    verb: Literal[Verb.REFUSE_CONSENT] = Verb.REFUSE_CONSENT
    purpose: Purpose
    recipient: str


class ReflectConsent(Command):
    """She wants time to think, and may have said when to ask again. That is no yes."""

    verb: Literal[Verb.REFLECT_CONSENT] = Verb.REFLECT_CONSENT
    purpose: Purpose
    recipient: str
    ask_again_at: AwareDatetime | None = None


class MarkNotCapable(Command):
    """She cannot decide this now: nothing is shared, and a person decides in her interests."""

    verb: Literal[Verb.MARK_NOT_CAPABLE] = Verb.MARK_NOT_CAPABLE
    purpose: Purpose
    recipient: str


class WithdrawConsent(Command):
    """She, or anyone on her behalf, takes consent back. Never refused."""

    verb: Literal[Verb.WITHDRAW_CONSENT] = Verb.WITHDRAW_CONSENT
    purpose: Purpose
    recipient: str | None = Field(default=None, description="None: from every recipient.")
    said_by: SaidBy = SaidBy.NOT_KNOWN
    via: ContactChannel | None = Field(default=None, description="How it was said, if known.")


class AnswerCheck(Command):
    """She was asked whether a withdrawal was hers; somebody else than its recorder says so."""

    verb: Literal[Verb.ANSWER_CHECK] = Verb.ANSWER_CHECK
    check: int
    answer: CheckAnswer
    contact: int | None = Field(
        default=None, description="The contact in which she said so; that it was not her needs one."
    )
    asked: AskedHow | None = Field(
        default=None, description="How she was asked; what puts a yes back needs what a yes needs."
    )
