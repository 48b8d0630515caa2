"""What of a feed's text may come in: tidied, and never an address or a way to reach a place.

The patterns err towards leaving out. A description too few is a nuisance; the address of a
refuge is a danger.
"""

import hashlib
import re
import unicodedata

_LONGEST = 300
_LONGEST_SLUG = 64
_STREETS = "street|road|lane|avenue|close|drive|crescent|terrace|gardens|grove|mews|walk|way|court"
_PRIVATE = re.compile(
    r"\b[a-z]{1,2}\d[a-z\d]?\s*\d[a-z]{2}\b"  # a UK postcode
    r"|(?<!\w)(?:\+\d{1,3}|\(?0)(?:[\s().\-/\u2010-\u2015]*\d){7,}"  # a telephone number
    r"|[^\s@]@[^\s@]"  # an e-mail address
    rf"|\b\d+[a-z]?,?(?:\s+[\w'\u2019.]+){{1,3}}\s+(?:{_STREETS}|st|rd|ave)\b",  # a house
    re.IGNORECASE,
)
# "Mill Lane" as a part of its own; "Street" and "Chester-le-Street" are towns.
_STREET = re.compile(rf"\s(?:{_STREETS}|st|rd|ave)\b\.?\s*(?:,|$)", re.IGNORECASE)
_LANGUAGE = re.compile(r"[a-z]{2,8}(?:-[a-z\d]{1,8})*|[^\d@]{2,60}", re.IGNORECASE)


def tidy(value: object) -> str:
    """The text in one line, without characters nobody can see; empty if it is no text."""
    if not isinstance(value, str):
        return ""
    one_line = " ".join(unicodedata.normalize("NFKC", value).split())
    return "".join(character for character in one_line if character.isprintable())


def shortened(text: str) -> str:
    """At most 300 characters of it, ending at a word where that is possible."""
    if len(text) <= _LONGEST:
        return text
    head, _, _ = text[:_LONGEST].rpartition(" ")
    return (head or text[: _LONGEST - 1])[: _LONGEST - 1] + "…"


def is_private(text: str) -> bool:
    """Whether it seems to hold a postcode, a street address, a telephone number or an e-mail."""
    return bool(_PRIVATE.search(text))


def is_place(text: str) -> bool:
    """Whether it can be the name of an area: no digit, no street, no e-mail address."""
    has_digit = any(character.isdigit() for character in text)
    return bool(text) and not (has_digit or is_private(text) or _STREET.search(text))


def is_language(text: str) -> bool:
    """Whether it can be a BCP 47 code or the name of a language."""
    return bool(_LANGUAGE.fullmatch(text))


def slug(text: str, otherwise: str) -> str:
    """Lower-case letters, digits and hyphens; a text with none of these gets a stable number."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    if words:
        return words[:_LONGEST_SLUG].rstrip("-")
    return f"{otherwise}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
