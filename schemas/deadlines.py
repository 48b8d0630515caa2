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
    DAYS = "days"
    MONTHS = "months"
    HOURS = "hours"
    SERVICE_HOURS = "service_hours"
    SECONDS = "seconds"


class Duration(BaseModel):
    """A length of time as a rule states it: `2 working_days`, `4 hours`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int = Field(ge=0)
    unit: Unit

    def __str__(self) -> str:
        unit = self.unit.replace("_", " ")
        return f"{self.count} {unit.removesuffix('s') if self.count == 1 else unit}"


class Pace(StrEnum):
    """Which of its terms a duty is counted by. The shortest that applies counts."""

    STANDARD = "standard"
    ENHANCED = "enhanced"
    HIGH_RISK = "high_risk"


class Term(BaseModel):
    """How long a duty has at one pace."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    within: Duration
    remind_before: Duration = Field(description="How long before the due time a reminder goes.")
    lapse_within: Duration | None = Field(
        default=None, description="When an unanswered referral expires, counted from the start."
    )


class MetBy(StrEnum):
    """What ends a duty in time."""

    RECORD = "record"
    """Something the record sees by itself, such as a delivery or an answer."""
    PERSON = "person"
    """A person says that it was done, and when."""


class AtDue(StrEnum):
    """What passing the due time means."""

    BREACH = "breach"
    """Missed: escalate to a person; the duty stays open."""
    WATCH = "watch"
    """Somebody else's duty, which we watch: a person asks after it; it stays open."""
    OVER = "over"
    """The time that had to pass has passed: it ends, and a person is told."""


class Duty(BaseModel):
    """One deadline rule, with the source it comes from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    source: str = Field(description="Clause, guidance, or 'design choice', and how sure.")
    starts_with: str = Field(description="What starts it, in words.")
    ends_with: str = Field(description="What meets it, in words.")
    within: Duration
    remind_before: Duration = Field(description="How long before the due time a reminder goes.")
    remind_again: tuple[Duration, ...] = Field(
        default=(), description="Further reminders before the due time, the longest first."
    )
    lapse_within: Duration | None = Field(
        default=None, description="When an unanswered referral expires, counted from the start."
    )
    enhanced: Term | None = Field(default=None, description="For enhanced entitlement.")
    high_risk: Term | None = Field(default=None, description="While risk is high, or unknown.")
    met_by: MetBy = MetBy.RECORD
    at_due: AtDue = AtDue.BREACH
    repeats: bool = Field(default=False, description="Each event starts it anew, beside others.")
    is_private: bool = Field(
        default=False, description="Seen by the service that runs it alone, never by an agency."
    )
    reminds: Role
    escalates_to: Role

    def term(self, pace: Pace) -> Term | None:
        """The duty's term at a pace; None where it has none of its own."""
        match pace:
            case Pace.STANDARD:
                return Term(
                    within=self.within,
                    remind_before=self.remind_before,
                    lapse_within=self.lapse_within,
                )
            case Pace.ENHANCED:
                return self.enhanced
            case Pace.HIGH_RISK:
                return self.high_risk


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
    remind_again_at: tuple[datetime, ...] = ()
    lapse_at: datetime | None = None
    pace: Pace = Pace.STANDARD
    skipped: tuple[SkippedDay, ...] = ()
    calendar: str


class DeadlineState(StrEnum):
    """Outcome axis of a deadline. Breach never closes it; late is said to be late."""

    RUNNING = "running"
    PAUSED = "paused"
    BREACHED = "breached"
    MET = "met"
    MET_LATE = "met_late"
    WAIVED = "waived"
    VOID = "void"


OPEN_DEADLINE = frozenset({DeadlineState.RUNNING, DeadlineState.PAUSED, DeadlineState.BREACHED})
"""Not ended by anything yet."""


class PauseReason(StrEnum):
    """Why a duty waits. Ours to explain; never that somebody is busy."""

    NOT_SAFE_TO_CONTACT = "not_safe_to_contact"
    AT_HER_REQUEST = "at_her_request"
    WAITS_FOR_INTERPRETER = "waits_for_interpreter"
    WAITS_FOR_OTHER_AGENCY = "waits_for_other_agency"


class ExtensionReason(StrEnum):
    """Why a duty may take longer."""

    AGREED_WITH_HER = "agreed_with_her"
    COMPLEX = "complex"
    NOT_SAFE_EARLIER = "not_safe_earlier"


class Deadline(BaseModel):
    """One duty running in one case. All times are aware."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: Literal[1] = 1
    id: str = Field(
        description="<duty> of the case, <duty>/<referral number>, or <duty>+<run> from the second"
    )
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
    pace: Pace = Pace.STANDARD
    remind_again_at: tuple[datetime, ...] = ()
    paused_at: datetime | None = None
    pause_reason: PauseReason | None = None
    extension_reason: ExtensionReason | None = None
    private_to: str | None = Field(
        default=None, description="The one organisation that may see it; None: the case's agency."
    )
