"""Text people may type: words, not commands to a terminal."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

_KEPT = frozenset("\n\t")
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINERS = frozenset("\u200c\u200d")  # needed to write Persian, Hindi and others


def plain_text(text: str) -> str:
    """The text, if it holds nothing invisible that could redraw a screen or hide its order.

    Raises:
        ValueError: control characters, direction marks, lone surrogates or unassigned ones.
    """
    for letter in text:
        if unicodedata.category(letter) in _HIDDEN and letter not in _KEPT | _JOINERS:
            raise ValueError("it holds an invisible or control character; remove it")
    return text


PlainText = Annotated[str, AfterValidator(plain_text)]
