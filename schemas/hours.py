"""When a service is open: weekly hours and days it is closed, as it publishes them."""

from datetime import date, time

from pydantic import BaseModel, ConfigDict, Field, model_validator


class OpenSlot(BaseModel):
    """Open on one weekday, from and until a local time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    weekday: int = Field(ge=0, le=6, description="Monday is 0.")
    opens: time
    closes: time

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> "OpenSlot":
        if self.opens >= self.closes:
            raise ValueError("a slot opens before it closes; write two for a night")
        return self


class OpeningHours(BaseModel):
    """Published hours, in the zone of the calendar they are counted with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    slots: tuple[OpenSlot, ...] = ()
    closed_on: tuple[date, ...] = Field(default=(), description="Closing days, besides holidays.")
    open_on_holidays: bool = False
