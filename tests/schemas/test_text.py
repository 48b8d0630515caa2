"""Text people may type."""

import pytest
from pydantic import ValidationError

from schemas.case import PersonalPart
from schemas.text import plain_text


@pytest.mark.parametrize(
    "text",
    ["plain", "Zoë Ní Bhriain", "two\nlines\tand a tab", "می‌خواهم", "नमस्ते", "smile 😀"],
)
def test_words_of_any_language_are_kept(text: str) -> None:
    """Nobody's name is refused for its letters, joiners included."""
    assert text == plain_text(text)


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("\x1b[31m", id="an escape sequence"),
        pytest.param("\x00", id="NUL"),
        pytest.param("\u202e", id="a direction mark"),
        pytest.param("\ud800", id="a lone surrogate"),
        pytest.param("\x9b", id="a C1 control"),
    ],
)
def test_nothing_that_redraws_a_screen_gets_in(hidden: str) -> None:
    """What one person types must not command another's terminal."""
    with pytest.raises(ValueError, match="control"):
        plain_text(f"a{hidden}b")
    with pytest.raises(ValidationError):
        PersonalPart(name=f"a{hidden}b")
