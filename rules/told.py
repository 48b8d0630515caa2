"""What victims are told about sharing before the first question, by version.

Texts are never edited, only followed by new versions: the record keeps the exact words each
victim heard, and no later version may be looser than what she was told (INV-11).
"""

from collections.abc import Mapping

TOLD: Mapping[str, Mapping[str, str]] = {
    "told-2026-1": {
        "en": (
            "You decide what we do with what you tell us. We will not ask about your immigration "
            "status, and we do not need it to help you. We pass on what you tell us to a support "
            "service only if you say yes to that service, and you can change your mind at any "
            "time: tell any of us, in any way. Nothing is sent to Immigration Enforcement unless "
            "we have told you first and you have had a real chance to say no; if you say no, it "
            "is not sent."
        ),
    },
}


def told_text(version: str, language: str) -> str | None:
    """The exact words of a version in a language; None where there are none."""
    return TOLD.get(version, {}).get(language)
