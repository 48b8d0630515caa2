"""Duties, profiles, calendars and running deadlines.

A duty is one deadline rule; a profile is a versioned set of duties; a deadline is one duty
running in one case.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.actor import Role


class Unit(StrEnum):
    """What a duration is counted in."""

    WORKING_DAYS = "working_days"
    HOURS = "hours"
    SECONDS = "seconds"


class Duration(BaseModel):
    """A length of time as a rule states it: `2 working_days`, `4 hours`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(ge=0)
    unit: Unit


class Duty(BaseModel):
    """One deadline rule, with the source it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    source: str = Field(description="Clause, guidance, or 'design choice'.")
    within: Duration
    remind_before: Duration = Field(description="How long before the due time a reminder goes.")
    lapse_within: Duration | None = Field(
        default=None, description="When an unanswered referral expires, counted from the start."
    )
    reminds: Role
    escalates_to: Role


class Profile(BaseModel):
    """A versioned set of duties that a case is opened under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    duties: tuple[Duty, ...]

    def duty(self, duty_id: str) -> Duty:
        """The duty of that id.

        Raises:
            KeyError: the profile has none.
        """
        for duty in self.duties:
            if duty.id == duty_id:
                return duty
        raise KeyError(duty_id)


class Holiday(BaseModel):
    """One bank holiday."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    title: str


class Calendar(BaseModel):
    """Working days of a place: Monday to Friday without its bank holidays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    zone: str
    source: str
    first_day: date
    last_day: date = Field(description="Days after this one are not known; asking is an error.")
    holidays: tuple[Holiday, ...]


class SkippedDay(BaseModel):
    """A day that was not counted, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    why: str = Field(description="weekend, or the bank holiday's title")


class DueDate(BaseModel):
    """When a duty is due, and how that was counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    duty: str
    due_at: datetime = Field(description="With the offset of the calendar's zone on that day.")
    due_date: date
    remind_at: datetime
    lapse_at: datetime | None = None
    skipped: tuple[SkippedDay, ...] = ()
    calendar: str


class DeadlineState(StrEnum):
    """Outcome axis of a deadline. Breach never closes it; late is said to be late."""

    RUNNING = "running"
    BREACHED = "breached"
    MET = "met"
    MET_LATE = "met_late"
    VOID = "void"


class Deadline(BaseModel):
    """One duty running in one case. All times are aware."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    id: str = Field(description="<duty> of the case, or <duty>/<referral number>")
    duty: str
    referral: int | None
    started_at: datetime
    due_at: datetime
    remind_at: datetime
    lapse_at: datetime | None
    calendar: str
    state: DeadlineState
    reminded_at: datetime | None = None
    ended_at: datetime | None = None
