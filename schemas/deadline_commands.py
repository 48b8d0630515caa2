"""Commands about a running deadline: a person says that it was met, or why it waits."""

from typing import Literal

from schemas.command_base import Command
from schemas.deadlines import Duration, ExtensionReason, PauseReason
from schemas.verbs import Verb


class MeetDeadline(Command):
    """It was done; `occurred_at` says when."""

    verb: Literal[Verb.MEET_DEADLINE] = Verb.MEET_DEADLINE
    deadline: str


class PauseDeadline(Command):
    """It waits for something that is not ours."""

    verb: Literal[Verb.PAUSE_DEADLINE] = Verb.PAUSE_DEADLINE
    deadline: str
    reason: PauseReason


class ResumeDeadline(Command):
    """It goes on, with the time that was left."""

    verb: Literal[Verb.RESUME_DEADLINE] = Verb.RESUME_DEADLINE
    deadline: str


class ExtendDeadline(Command):
    """It may take longer, by so much."""

    verb: Literal[Verb.EXTEND_DEADLINE] = Verb.EXTEND_DEADLINE
    deadline: str
    by: Duration
    reason: ExtensionReason


class WaiveDeadline(Command):
    """She does not want what it is about."""

    verb: Literal[Verb.WAIVE_DEADLINE] = Verb.WAIVE_DEADLINE
    deadline: str
