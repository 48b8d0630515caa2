"""Somebody else answered her telephone, or may have: nobody knows who is beside her that day.

Where no checked plan says otherwise, she is not tried again on such a day, and a supervisor looks
whether she is well (design choice).
"""

from datetime import datetime, time

from rules.days import ONE_DAY, at_time, local
from schemas.contact import SPOKEN_CHANNELS, Contact, ContactResult, WordCheck
from schemas.deadlines import Calendar
from schemas.snapshot import CaseSnapshot

_NOT_SHE = frozenset({ContactResult.SOMEONE_ELSE_ANSWERED, ContactResult.DROPPED})
"""A call may break off because somebody came in."""


def shows_in(contact: Contact) -> bool:
    """Whether what came of a contact says so to everybody. That a word was wrong does not."""
    return contact.channel in SPOKEN_CHANNELS and contact.result in _NOT_SHE


def day_over(snapshot: CaseSnapshot, calendar: Calendar) -> datetime | None:
    """When the last day on which somebody else was there is over; None where there was none."""
    ended = [c.ended_at for c in snapshot.contacts if c.ended_at and _was_there(c)]
    if not ended:
        return None
    return at_time(local(max(ended), calendar).date() + ONE_DAY, time(0), calendar)


def _was_there(contact: Contact) -> bool:
    is_wrong = contact.channel in SPOKEN_CHANNELS and contact.word is WordCheck.WRONG
    return is_wrong or shows_in(contact)
