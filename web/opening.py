"""What is checked of a disclosure before a case is opened on it."""

from datetime import UTC, datetime, time, timedelta

from infra.calendars.load import england_and_wales
from rules.profiles import PROFILES
from rules.told import TOLD, told_text
from schemas.actor import Actor
from schemas.case import CaseOpening
from schemas.errors import BadInputError

_CLOCKS_DIFFER = timedelta(minutes=5)


def checked(opening: CaseOpening, actor: Actor, now: datetime) -> str:
    """The text she was told, where a case may be opened on what is said of her disclosure.

    Raises:
        BadInputError: a version or profile nobody knows, a time that cannot be, or a restricted
            case that only one person would see.
    """
    text = told_text(opening.told.version, opening.told.language)
    if text is None:
        known = ", ".join(f"{v} ({'/'.join(texts)})" for v, texts in TOLD.items())
        raise BadInputError("told.version", f"no such text; known are: {known}")
    if opening.profile not in PROFILES:
        raise BadInputError("profile", f"no such profile; known are: {', '.join(PROFILES)}")
    _check_times(opening, now)
    _check_named(opening, actor)
    return text


def _check_named(opening: CaseOpening, actor: Actor) -> None:
    """Two people at least see a restricted case, so that one who leaves takes it from nobody."""
    if opening.is_restricted and not set(opening.named_people) - {actor.person}:
        raise BadInputError(
            "named_people",
            "name somebody besides yourself, whom she trusts with it: a restricted case that "
            "one person alone can see is lost when they leave",
        )


def _check_times(opening: CaseOpening, now: datetime) -> None:
    """What is told of a disclosure lies in the past, and in the calendar."""
    first = datetime.combine(england_and_wales().first_day, time(), UTC)
    times = {
        "occurred_at": opening.occurred_at,
        "told.at": opening.told.at,
        "first_question_at": opening.first_question_at,
    }
    for field, at in times.items():
        if at > now + _CLOCKS_DIFFER:
            raise BadInputError(field, "it lies in the future")
        if at < first:
            raise BadInputError(field, f"it lies before {first:%Y}, further back than is counted")
