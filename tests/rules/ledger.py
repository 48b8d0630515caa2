"""What she was asked and said, kept a second time: the rules do not vouch for themselves."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.case import PersonalField
from schemas.command_base import Command
from schemas.consent import NOT_FREE, AskedHow, Purpose
from schemas.consent_commands import (
    AnswerCheck,
    AskConsent,
    GiveConsent,
    MarkNotCapable,
    ReflectConsent,
    RefuseConsent,
    WithdrawConsent,
)
from schemas.contact import Contact, ContactResult, InterpreterKind, WordCheck

HALF_A_YEAR = timedelta(days=182)
LINE_FOR = timedelta(hours=72)

_About = tuple[Purpose, str]
_Until = dict[PersonalField, datetime]


@dataclass(frozen=True)
class TakenBack:
    """What somebody took back, when, and who recorded that."""

    yes: _Until
    at: datetime
    recorder: str


class Ledger:
    """What she was asked and said, field by field, kept without the rules."""

    def __init__(self) -> None:
        self.asked: dict[_About, tuple[set[PersonalField], AskedHow | None]] = {}
        self.yes: dict[_About, _Until] = {}
        self.newest: dict[_About, int] = {}
        self.taken_back: dict[_About, TakenBack] = {}

    def hear(self, command: Command, at: datetime, nth: int) -> None:
        """One thing more, which was accepted; the nth that was told."""
        match command:
            case AskConsent():
                self.asked[_about(command)] = (set(command.fields), command.asked)
                self.taken_back.pop(_about(command), None)
            case GiveConsent():
                self._agreed(command, at)
                self.newest[_about(command)] = nth
            case RefuseConsent() | MarkNotCapable():
                self.asked.pop(_about(command), None)
                self.taken_back.pop(_about(command), None)
            case ReflectConsent():
                self.asked[_about(command)] = (self.asked[_about(command)][0], None)
            case WithdrawConsent():
                self._withdrawn(command, at)

    def covers(self, about: _About, fields: Iterable[PersonalField], until: datetime) -> bool:
        """Whether she said yes to each of the fields, and for so long."""
        yes = self.yes.get(about, {})
        return all(field in yes and until <= yes[field] for field in fields)

    def it_was_not_her(
        self, recipient: str, at: datetime, command: AnswerCheck, contact: Contact
    ) -> None:
        """A yes that was put back: in time, said as freely as any, and not to the recorder."""
        about = (Purpose.SUPPORT_REFERRAL, recipient)
        taken = self.taken_back.pop(about)
        assert command.actor.who != taken.recorder
        assert at < taken.at + LINE_FOR
        assert _is_free(command.asked)
        assert contact.organisation == command.actor.organisation
        assert taken.recorder not in (contact.made_by, contact.ended_by)
        assert contact.started_at is not None
        assert taken.at <= contact.started_at
        assert (contact.result, contact.is_outside_plan) == (ContactResult.SPOKE, False)
        assert contact.word in (WordCheck.SAFE, WordCheck.NOT_GIVEN)
        self.yes[about] = taken.yes

    def _agreed(self, command: GiveConsent, at: datetime) -> None:
        """What she was asked about, she has decided on anew; anything else stands as it did."""
        fields, how = self.asked.pop(_about(command))
        assert set(command.fields) <= fields
        assert _is_free(command.asked or how)
        until = (command.occurred_at or at) + HALF_A_YEAR
        before = self.yes.get(_about(command), {})
        kept = {field: end for field, end in before.items() if field not in fields}
        self.yes[_about(command)] = kept | dict.fromkeys(command.fields, until)
        self.taken_back.pop(_about(command), None)

    def _withdrawn(self, command: WithdrawConsent, at: datetime) -> None:
        known = {about for about in {*self.asked, *self.yes} if about[0] is command.purpose}
        for about in {(command.purpose, command.recipient)} if command.recipient else known:
            self.asked.pop(about, None)
            yes, earlier = self.yes.pop(about, None), self.taken_back.get(about)
            if yes is not None:
                self.taken_back[about] = TakenBack(yes, at, command.actor.who)
            elif earlier is not None and earlier.recorder != command.actor.who:
                del self.taken_back[about]


def _about(command: Any) -> _About:
    return command.purpose, command.recipient


def _is_free(how: AskedHow | None) -> bool:
    independent = {InterpreterKind.NONE, InterpreterKind.INDEPENDENT}
    return (
        how is not None
        and how.at_safe_time
        and not NOT_FREE & set(how.present)
        and how.interpreter in independent
        and how.told_help_does_not_depend
    )
