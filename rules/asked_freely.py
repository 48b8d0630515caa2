"""Whether she was free to say yes: asked at a safe time, without anybody who could make her.

A yes said otherwise is defective, and none is taken; help is never a condition (design choice,
after the practice of releases that are informed and free: NNEDV).
"""

from schemas.consent import NOT_FREE, AskedHow, Presence
from schemas.contact import InterpreterKind
from schemas.decisions import Refusal, Refused, refused

_INDEPENDENT = frozenset({InterpreterKind.NONE, InterpreterKind.INDEPENDENT})


def unsaid(asked: AskedHow | None) -> Refused | None:
    """What is missing of how she was asked. It is never assumed."""
    if asked is None:
        return refused(
            "how_not_said",
            "Say how she was asked when she answered: who was there (`--present`), whether it was "
            "a safe time (`--at-safe-time` or `--not-at-safe-time`), and whether she was told that "
            "help does not depend on her answer (`--told-not-a-condition` or `--not-told`).",
        )
    if Presence.INTERPRETER in asked.present and asked.interpreter is InterpreterKind.NONE:
        return refused("how_not_said", "Say who interpreted, such as `--interpreter independent`.")
    return None


def objection(asked: AskedHow | None) -> Refused | None:
    """Every ground on which a yes would not be hers. None where nothing speaks against it."""
    if asked is None:
        return unsaid(asked)
    there = sorted(set(asked.present) & NOT_FREE)
    grounds = (
        (not asked.at_safe_time, "not_safe_time", "Ask her again at a safe time."),
        (
            bool(there),
            "not_alone",
            f"A yes is not taken as hers with {_words(there)} there: ask her alone.",
        ),
        (
            asked.interpreter not in _INDEPENDENT,
            "interpreter_not_independent",
            "Ask her again with an interpreter independent of her family, her community and us.",
        ),
        (
            not asked.told_help_does_not_depend,
            "told_first",
            "Tell her that help does not depend on her answer, and ask again.",
        ),
    )
    found = tuple(
        Refusal(code=code, sentence=sentence) for holds, code, sentence in grounds if holds
    )
    return Refused(reasons=found) if found else None


def _words(present: list[Presence]) -> str:
    return " and ".join(one.replace("_", " ") for one in present)
