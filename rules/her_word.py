"""Whether it was she who spoke in a contact: what only she can say rests on one in which it was."""

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
