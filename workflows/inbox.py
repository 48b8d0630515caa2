"""The inbox of a workflow: handlers put commands in and wait; only `run` takes them out.

So there is one place that acts, whatever order messages come in, and what a caller is told is
what was committed (ADR-0003).
"""

from collections import deque
from dataclasses import dataclass

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from schemas.commands import CaseCommand
    from schemas.decisions import Reply


@dataclass
class Letter:
    """A command, and in time its answer or the reason there is none."""

    command: CaseCommand
    reply: Reply | None = None
    failure: ApplicationError | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the handler may go on."""
        return self.reply is not None or self.failure is not None


class Inbox:
    """Commands in the order they came."""

    def __init__(self) -> None:
        self._letters: deque[Letter] = deque()

    @property
    def has_mail(self) -> bool:
        """Whether a command waits to be carried out."""
        return bool(self._letters)

    async def put(self, command: CaseCommand) -> Reply:
        """Put a command in and wait for what was committed.

        Raises:
            ApplicationError: it could not be carried out, and never will be.
        """
        letter = Letter(command)
        self._letters.append(letter)
        await workflow.wait_condition(lambda: letter.is_answered)
        if letter.reply is None:
            raise letter.failure or ApplicationError("no answer", non_retryable=True)
        return letter.reply

    def take(self) -> Letter:
        """The oldest command."""
        return self._letters.popleft()

    def put_back(self, letter: Letter) -> None:
        """It could not be carried out yet, and stays the first."""
        self._letters.appendleft(letter)
