"""How she was asked: the options by which it is said, wholly or not at all."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.people import one_of, several
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.consent import AskedHow

SAY_HOW = (
    "say how she was asked, all three: --present nobody (or whoever was there), --at-safe-time or "
    "--not-at-safe-time, --told-not-a-condition or --not-told"
)
PresentOption = Annotated[
    list[str] | None,
    typer.Option(
        help="Who was there besides you, repeated or with commas between: nobody, interpreter, "
        "support_worker, children, family, perpetrator or not_known.",
        show_default=False,
    ),
]
SafeTimeOption = Annotated[
    bool | None,
    typer.Option(
        "--at-safe-time/--not-at-safe-time",
        help="Whether it was safe for her to talk then.",
        show_default=False,
    ),
]
ToldOption = Annotated[
    bool | None,
    typer.Option(
        "--told-not-a-condition/--not-told",
        help="Whether she was told that help does not depend on her answer.",
        show_default=False,
    ),
]
InterpreterOption = Annotated[
    str,
    typer.Option(help="Who interpreted: none, independent, staff, family_or_friend or community."),
]


def asked_how(
    present: list[str] | None, at_safe_time: bool | None, told: bool | None, interpreter: str
) -> "AskedHow | None":
    """How she was asked, wholly said; None where nothing was.

    Raises:
        BadInputError: only a part of it was said, and the rest is not assumed.
    """
    from schemas.consent import AskedHow, Presence
    from schemas.contact import InterpreterKind

    if (present, at_safe_time, told, interpreter) == (None, None, None, "none"):
        return None
    there = several("--present", ",".join(present or ()), Presence)
    if not there or at_safe_time is None or told is None:
        raise BadInputError("--present", SAY_HOW)
    return AskedHow(
        at_safe_time=at_safe_time,
        present=there,
        interpreter=one_of("--interpreter", interpreter, InterpreterKind),
        told_help_does_not_depend=told,
    )
