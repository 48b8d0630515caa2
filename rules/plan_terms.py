"""Terms of a safe-contact plan compared: what is looser than before, and what holds meanwhile.

An hour nobody agreed to, a message left, a letter, a name given to whoever answers: each reaches
her where he may be. So what is looser waits, and what is narrower holds at once.
"""

from collections.abc import Iterable, Iterator

from schemas.contact import (
    TEXT_CHANNELS,
    CallerIdentity,
    ContactChannel,
    ContactWindow,
    DeviceShared,
    DroppedCall,
    InterpreterGender,
    InterpreterNeed,
    PlanPart,
    PlanTerms,
    Voicemail,
)

_LOUDER = (Voicemail.NEVER, Voicemail.VAGUE_ONLY, Voicemail.AGREED_SCRIPT)
"""What may be left where nobody answers, the least first."""


def loosened(old: PlanTerms, new: PlanTerms) -> frozenset[PlanPart]:
    """The parts in which the new terms allow what the old ones did not."""
    is_looser = {
        PlanPart.CHANNELS: bool(_open(new) - _open(old)),
        PlanPart.WINDOWS: any(not _lies_within(w, old.windows) for w in new.windows),
        PlanPart.VOICEMAIL: _LOUDER.index(new.voicemail) > _LOUDER.index(old.voicemail),
        PlanPart.CALLER_IDENTITY: _shows_name(new) and not _shows_name(old),
        PlanPart.DROPPED_CALL: _calls_back(new) and _if_dropped(new) != _if_dropped(old),
        PlanPart.POST: old.do_not_post and not new.do_not_post,
        PlanPart.DEVICE: not _others_see(new) and _others_see(old),
        PlanPart.INTERPRETER: _admits_others(old.interpreter, new.interpreter),
    }
    return frozenset(part for part, is_so in is_looser.items() if is_so)


def until_confirmed(held: PlanTerms, waits: PlanTerms | None) -> PlanTerms:
    """What holds while a change waits: where it narrows times, device or interpreters, it counts.

    The old channels stay open, because she is asked over them whether the change is hers.
    """
    if waits is None:
        return held
    excluded = dict.fromkeys((*held.interpreter.excluded, *waits.interpreter.excluded))
    return held.model_copy(
        update={
            "windows": tuple(_common(held.windows, waits.windows)),
            "device_shared": (waits if _others_see(waits) else held).device_shared,
            "interpreter": held.interpreter.model_copy(update={"excluded": tuple(excluded)}),
        }
    )


def _shows_name(terms: PlanTerms) -> bool:
    return terms.caller_identity is not CallerIdentity.WITHHELD


def _calls_back(terms: PlanTerms) -> bool:
    return terms.dropped_call is not DroppedCall.WAIT


def _if_dropped(terms: PlanTerms) -> tuple[DroppedCall, int | None]:
    """What was agreed, and for when: an earlier call back and a later one are both another."""
    return terms.dropped_call, terms.call_back_after_minutes


def _others_see(terms: PlanTerms) -> bool:
    """Unknown counts as yes."""
    return terms.device_shared is not DeviceShared.NO


def _open(terms: PlanTerms) -> set[ContactChannel]:
    """The channels that reach her: on a device that others may see, no text does."""
    shut = {ContactChannel.SHE_CONTACTS_US, *(TEXT_CHANNELS if _others_see(terms) else ())}
    return set(terms.channels) - shut


def _lies_within(window: ContactWindow, agreed: Iterable[ContactWindow]) -> bool:
    """Whether one window that was agreed covers it; two that touch do not, and that is safe."""
    return window in _common((window,), agreed)


def _common(
    some: Iterable[ContactWindow], others: Iterable[ContactWindow]
) -> Iterator[ContactWindow]:
    """The times that lie in windows of both."""
    others = tuple(others)
    for one in some:
        for other in others:
            opens, closes = max(one.opens, other.opens), min(one.closes, other.closes)
            if one.weekday != other.weekday or opens >= closes:
                continue
            ends = [day for day in (one.valid_until, other.valid_until) if day is not None]
            yield ContactWindow(
                weekday=one.weekday,
                opens=opens,
                closes=closes,
                valid_until=min(ends, default=None),
            )


def _admits_others(old: InterpreterNeed, new: InterpreterNeed) -> bool:
    """Excluding one more interpreter, or asking for a woman, protects her at once."""
    asks_for_woman = (old.gender, new.gender) == (InterpreterGender.ANY, InterpreterGender.FEMALE)
    other_gender = new.gender is not old.gender and not asks_for_woman
    readmitted = not set(old.excluded) <= set(new.excluded)
    return new.needed is not old.needed or other_gender or readmitted
