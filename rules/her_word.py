"""Whether it was she who spoke in a contact: what only she can say rests on one in which it was."""

from datetime import datetime

from schemas.contact import (
    SPOKEN_CHANNELS,
    Contact,
    ContactResult,
    InterpreterKind,
    PlanState,
    WordCheck,
)
from schemas.snapshot import CaseSnapshot

_INDEPENDENT = frozenset({InterpreterKind.NONE, InterpreterKind.INDEPENDENT})
_AGREED = frozenset({PlanState.IN_FORCE, PlanState.SUSPENDED})
"""Plans whose safe word was agreed with her; a suspension does not lift it."""


def was_she(snapshot: CaseSnapshot, contact: Contact) -> bool:
    """She spoke herself, as her plan allows, through no relative or friend, and gave her safe word.

    The word where one was agreed; a wrong one never counts.
    """
    has_word = any(p.words_of is not None for p in snapshot.plans if p.state in _AGREED)
    accepted = {WordCheck.SAFE} if has_word else {WordCheck.SAFE, WordCheck.NOT_GIVEN}
    return (
        contact.result is ContactResult.SPOKE
        and contact.channel in SPOKEN_CHANNELS
        and not contact.is_outside_plan
        and contact.interpreted_by in _INDEPENDENT
        and contact.word in accepted
    )


def is_heard_by_others(contact: Contact, person: str) -> bool:
    """Whether neither who began it nor who said what came of it is that person; unknown is no."""
    heard_by = (contact.made_by, contact.ended_by)
    return None not in heard_by and person not in heard_by


def began_since(contact: Contact, since: datetime) -> bool:
    """Whether it began at that moment or later: before, there was nothing to ask her about."""
    return contact.started_at is not None and contact.started_at >= since
