"""Text for operations staff, made of enums, dates and numbers only.

It is sealed with the operations key, not the case's, so that Temporal's pages can show where a
journey stands without showing anything of the case. The type is what the codec goes by: a plain
`str` is sealed with the case key.
"""

from datetime import datetime
from enum import StrEnum


class Said(StrEnum):
    """The words between the codes."""

    OPENED = "opened"
    REFERRAL = "referral"
    REQUESTED = "requested"
    WAITS_FOR = "waits for"
    NEXT = "next"


class OperationsText(str):
    """A sentence fit for operations staff. Made by `operations_text` alone."""

    __slots__ = ()


def operations_text(*parts: StrEnum | datetime | int) -> OperationsText:
    """The parts in words, one after the other: `open waits for ngo`.

    Anything but enums, dates and numbers is a bug.

    Raises:
        TypeError: a part could hold text of a person.
    """
    return OperationsText(" ".join(_word(part) for part in parts))


def _word(part: object) -> str:
    if isinstance(part, StrEnum):
        return part.value.replace("_", " ")
    if isinstance(part, datetime):
        return part.strftime("%a %d %b %H:%M UTC")
    if isinstance(part, int):
        return str(part)
    raise TypeError("operations text is made of enums, dates and numbers")
