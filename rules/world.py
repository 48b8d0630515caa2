"""What a decision is given besides the case: the moment, the duties and the calendar."""

from dataclasses import dataclass
from datetime import datetime

from schemas.deadlines import Calendar, Profile


@dataclass(frozen=True)
class World:
    """Time, duties and calendar come in; rules never look for them."""

    at: datetime
    profile: Profile
    calendar: Calendar
