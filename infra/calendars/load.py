"""The calendars that come with the package."""

import functools
from importlib.resources import files

from schemas.deadlines import Calendar


@functools.cache
def england_and_wales() -> Calendar:
    """Working days of England and Wales; the file's `source` says which years are confirmed."""
    packaged = files("infra.calendars").joinpath("england-and-wales.json")
    return Calendar.model_validate_json(packaged.read_text(encoding="utf-8"))
