"""Lengths of time as the duties are written with: `working_days(5)`."""

from schemas.deadlines import Duration, Unit


def working_days(count: int) -> Duration:
    """Working days, each to its end."""
    return Duration(count=count, unit=Unit.WORKING_DAYS)


def days(count: int) -> Duration:
    """Calendar days, each to its end."""
    return Duration(count=count, unit=Unit.DAYS)


def months(count: int) -> Duration:
    """Calendar months."""
    return Duration(count=count, unit=Unit.MONTHS)


def hours(count: int) -> Duration:
    """Elapsed hours, by day and night."""
    return Duration(count=count, unit=Unit.HOURS)


def service_hours(count: int) -> Duration:
    """Hours in which the service is open."""
    return Duration(count=count, unit=Unit.SERVICE_HOURS)


def seconds(count: int) -> Duration:
    """Elapsed seconds."""
    return Duration(count=count, unit=Unit.SECONDS)


THAT_AFTERNOON = hours(8)
"""A lead of hours, not of a working day: the afternoon of the due day, while somebody can act."""
