"""How alike cases are treated: tables in which no number can point at a person."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class _Figures(BaseModel):
    model_config = ConfigDict(frozen=True)


class Cell(_Figures):
    """What was done in some of a group's cases."""

    label: str
    cases: int | None = Field(description="None: too few to be shown, or it would give one away.")
    share: float | None = Field(description="Of the group's cases, in per cent.")
    differs: float | None = Field(
        description="From the median of the groups, in percentage points; None: nothing to compare."
    )


class Group(_Figures):
    """The cases that the people of one role in one organisation asked about."""

    organisation: str
    role: str
    cases: int | None = Field(description="None: too few to be shown; then it has no cells.")
    cells: tuple[Cell, ...]


class Table(_Figures):
    """One question, and how each group's cases answer it."""

    code: str
    title: str
    groups: tuple[Group, ...]


class Report(_Figures):
    """Both halves of how alike cases were treated, between two moments."""

    since: datetime
    until: datetime
    is_empty: bool
    cases: int | None = Field(description="None: too few to be shown.")
    alerts: int | None = Field(
        description="People who asked of one case more often than is usual. None: few, not none."
    )
    approach: tuple[Table, ...]
    content: tuple[Table, ...]
