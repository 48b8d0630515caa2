"""Which services of the directory suit a wish, best first, each with its reasons.

What she asks for comes in as a `Wish`; nothing that is known of her does (INV-02): without a wish
for a language or a community, neither a service's languages nor its communities move it. A
service is never taken out of the list, and the choice and its order stay hers.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from rules.languages import is_same_language, language_name
from schemas.directory import (
    Capacity,
    ChoiceCode,
    ChoiceReason,
    Service,
    ServiceStatus,
    Suggestion,
    Suitability,
    Wish,
)
from schemas.hours import OpeningHours

_ASSURED_FOR = timedelta(days=365)
"""Design choice: after a year somebody should ask whether the service is still what it was."""

_CAPACITY_ORDER = (Capacity.OPEN, Capacity.LIMITED, Capacity.UNKNOWN, Capacity.FULL)
_SUITABILITY_ORDER = tuple(Suitability)
_CAPACITY_CODES = {
    Capacity.OPEN: ChoiceCode.OPEN,
    Capacity.LIMITED: ChoiceCode.LIMITED,
    Capacity.UNKNOWN: ChoiceCode.CAPACITY_NOT_SAID,
    Capacity.FULL: ChoiceCode.FULL,
}
_CAPACITY_WORDS = {
    Capacity.OPEN: "has room",
    Capacity.LIMITED: "has little room",
    Capacity.UNKNOWN: "does not say whether it has room",
    Capacity.FULL: "full",
}
_STATUS_WORDS = {
    ServiceStatus.INACTIVE: "is not active",
    ServiceStatus.DEFUNCT: "has closed for good",
    ServiceStatus.TEMPORARILY_CLOSED: "is closed for now",
}


def suggest(services: Iterable[Service], wish: Wish, on: date) -> tuple[Suggestion, ...]:
    """Every service of the directory, those first that suit the wish best on that day.

    First comes whether it can be asked and helps with the need in her area; then whether it is
    led by and for the community she named, speaks the language she asked for and names her area;
    then its capacity; then its code, so that the order of the directory changes nothing.
    """
    ranked = sorted(services, key=lambda service: _rank(service, wish))
    open_ones = tuple(
        service.code
        for service in ranked
        if service.capacity is Capacity.OPEN and suitability(service, wish) is Suitability.SUITABLE
    )
    return tuple(_suggestion(service, wish, on, open_ones) for service in ranked)


def suitability(service: Service, wish: Wish) -> Suitability:
    """Whether it can be asked, and helps with the need where she wants help."""
    if service.status is not ServiceStatus.ACTIVE:
        return Suitability.CANNOT_BE_ASKED
    if service.needs and wish.need not in service.needs:
        return Suitability.UNSUITABLE
    if wish.area and service.areas and not _covers(service, wish.area):
        return Suitability.UNSUITABLE
    return Suitability.SUITABLE if service.needs else Suitability.UNSURE


def _rank(service: Service, wish: Wish) -> tuple[int, bool, bool, bool, int, str]:
    return (
        _SUITABILITY_ORDER.index(suitability(service, wish)),
        wish.by_and_for is not None and not _is_by_and_for(service, wish.by_and_for),
        wish.language is not None and not _speaks(service, wish.language),
        wish.area is not None and not _covers(service, wish.area),
        _CAPACITY_ORDER.index(service.capacity),
        service.code,
    )


def _suggestion(service: Service, wish: Wish, on: date, open_ones: tuple[str, ...]) -> Suggestion:
    is_full = service.capacity is Capacity.FULL
    return Suggestion(
        service=service,
        suitability=suitability(service, wish),
        reasons=tuple(_reasons(service, wish, on)),
        alternatives=open_ones if is_full else (),
    )


def _reasons(service: Service, wish: Wish, on: date) -> Iterator[ChoiceReason]:
    if service.status is not ServiceStatus.ACTIVE:
        why = _STATUS_WORDS[service.status]
        yield _reason(ChoiceCode.CANNOT_BE_ASKED, f"takes no referrals: it {why}")
    yield _need_reason(service, wish)
    yield from _wished_reasons(service, wish)
    yield _capacity_reason(service)
    if service.hours and _is_closed(service.hours, on):
        yield _reason(ChoiceCode.CLOSED_TODAY, "closed today")
    yield from _assurance_reasons(service, on)


def _need_reason(service: Service, wish: Wish) -> ChoiceReason:
    need = _words(wish.need)
    if wish.need in service.needs:
        return _reason(ChoiceCode.HELPS, f"helps with {need}")
    if service.needs:
        others = ", ".join(_words(other) for other in service.needs)
        return _reason(ChoiceCode.HELPS_WITH_OTHER, f"helps with {others}, not with {need}")
    return _reason(ChoiceCode.HELP_NOT_SAID, f"does not say whether it helps with {need}")


def _wished_reasons(service: Service, wish: Wish) -> Iterator[ChoiceReason]:
    if wish.by_and_for and _is_by_and_for(service, wish.by_and_for):
        yield _reason(ChoiceCode.BY_AND_FOR, "led by and for the community she named")
    elif wish.by_and_for:
        yield _reason(ChoiceCode.NOT_BY_AND_FOR, "not led by and for the community she named")
    if wish.language:
        name = language_name(wish.language)
        if _speaks(service, wish.language):
            yield _reason(ChoiceCode.SPEAKS, f"speaks {name}, as she asked")
        else:
            yield _reason(ChoiceCode.LANGUAGE_NOT_LISTED, f"does not list {name}")
    if wish.area:
        yield _area_reason(service, wish.area)


def _area_reason(service: Service, area: str) -> ChoiceReason:
    if _covers(service, area):
        return _reason(ChoiceCode.COVERS_AREA, f"covers {area}")
    if service.areas:
        return _reason(ChoiceCode.OTHER_AREA, f"covers {', '.join(service.areas)}, not {area}")
    return _reason(ChoiceCode.AREA_NOT_SAID, f"does not say whether it covers {area}")


def _capacity_reason(service: Service) -> ChoiceReason:
    sentence = _CAPACITY_WORDS[service.capacity]
    if service.expected_wait_days is not None:
        days = service.expected_wait_days
        sentence += f": about {days} " + ("day's wait" if days == 1 else "days' wait")
    if service.capacity_on:
        sentence += f" (said on {_written(service.capacity_on)})"
    return _reason(_CAPACITY_CODES[service.capacity], sentence)


def _assurance_reasons(service: Service, on: date) -> Iterator[ChoiceReason]:
    if service.assured_on is None:
        yield _reason(ChoiceCode.NOT_ASSURED, "no word of when it was last assured")
    elif on - service.assured_on > _ASSURED_FOR:
        since = _written(service.assured_on)
        yield _reason(ChoiceCode.ASSURED_LONG_AGO, f"not assured since {since}")


def _is_closed(hours: OpeningHours, on: date) -> bool:
    """Whether its own hours say so; bank holidays are the calendar's matter."""
    weekdays = {slot.weekday for slot in hours.slots}
    return on in hours.closed_on or (bool(weekdays) and on.weekday() not in weekdays)


def _is_by_and_for(service: Service, community: str) -> bool:
    """Whether one of its communities holds every word she used."""
    wished = set(community.casefold().split())
    return any(wished <= set(named.casefold().split()) for named in service.by_and_for)


def _speaks(service: Service, language: str) -> bool:
    return any(is_same_language(language, spoken) for spoken in service.languages)


def _covers(service: Service, area: str) -> bool:
    return area.casefold() in {named.casefold() for named in service.areas}


def _reason(code: ChoiceCode, sentence: str) -> ChoiceReason:
    return ChoiceReason(code=code, sentence=sentence)


def _words(need: str) -> str:
    return need.replace("_", " ")


def _written(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
