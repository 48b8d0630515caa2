"""Languages by code and by name, so that `Urdu` and `ur` are one wish.

Only those that directories of support services in England and Wales often name; any other is
compared as it is written.
"""

LANGUAGES = {
    "am": "Amharic",
    "ar": "Arabic",
    "bfi": "British Sign Language",
    "bn": "Bengali",
    "cy": "Welsh",
    "en": "English",
    "es": "Spanish",
    "fa": "Farsi",
    "fr": "French",
    "gu": "Gujarati",
    "hi": "Hindi",
    "hu": "Hungarian",
    "it": "Italian",
    "ku": "Kurdish",
    "lt": "Lithuanian",
    "pa": "Punjabi",
    "pl": "Polish",
    "ps": "Pashto",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "so": "Somali",
    "sq": "Albanian",
    "syl": "Sylheti",
    "ta": "Tamil",
    "ti": "Tigrinya",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "yo": "Yoruba",
    "zh": "Chinese",
}
"""ISO 639 code → English name."""

_CODES = {name.casefold(): code for code, name in LANGUAGES.items()}


def language_name(text: str) -> str:
    """What to call it in a sentence: the name of a known code, or the text itself."""
    return LANGUAGES.get(_code(text), text)


def is_same_language(one: str, other: str) -> bool:
    """Whether two codes or names mean one language; regions (`pt-BR`, `pt`) do not part them."""
    return _code(one) == _code(other)


def _code(text: str) -> str:
    plain = " ".join(text.casefold().split())
    if plain in _CODES:
        return _CODES[plain]
    main = plain.partition("-")[0]
    return main if main in LANGUAGES else plain
