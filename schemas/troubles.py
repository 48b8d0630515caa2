"""Work that keeps failing and somebody has to repair: codes, references and times only."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from schemas.ids import CaseRef


class Place(StrEnum):
    """Where something fails that is no step of a workflow. A step is named by its own verb."""

    WORKFLOW_TASK = "workflow_task"
    """Temporal cannot go on with the workflow: its code or its history is broken."""
    WORKFLOW = "workflow"
    """The workflow ended, or is missing, while its case has work left."""
    PAYLOAD = "payload"
    """A message or a part of a history could not be opened, and was put aside."""
    WAKE = "wake"
    """A workflow could not be told that the record changed."""
    WITHDRAWAL_POST = "withdrawal_post"
    """A withdrawal that somebody passed on could not be carried out."""


class TroubleCode(StrEnum):
    """What is wrong where no error of ours says it."""

    TASK_FAILS = "task_fails"
    ENDED_BADLY = "ended_badly"
    NO_CLOCK = "no_clock"


class Trouble(BaseModel):
    """One step of a workflow that keeps failing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    workflow_id: str
    case_ref: CaseRef
    step: str
    code: str
    attempts: int
    since: datetime
    seen_at: datetime
    is_paused: bool = False


class Pause(BaseModel):
    """A case of which nothing goes out by itself for now."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    case_ref: CaseRef
    paused_by: str
    reason: str
    ticket: str | None = None
    paused_at: datetime


class StuckPage(BaseModel):
    """Everything that waits for a repair."""

    model_config = ConfigDict(frozen=True)

    troubles: tuple[Trouble, ...]
    pauses: tuple[Pause, ...]


class Repair(StrEnum):
    """What a worker is asked to do about a workflow."""

    RETRY = "retry"
    """Try what fails again now."""
    REDRIVE = "redrive"
    """Begin anew from the record."""


class RepairReason(StrEnum):
    """Why somebody repairs or pauses. A list, so that nothing about a person is typed here."""

    OUTAGE_OVER = "outage_over"
    FAULT_MENDED = "fault_mended"
    KEY_RESTORED = "key_restored"
    RESTORED_FROM_BACKUP = "restored_from_backup"
    ASKED_BY_A_SERVICE = "asked_by_a_service"
    ASKED_BY_THE_LEAD = "asked_by_the_lead"
    INCIDENT = "incident"
    EXERCISE = "exercise"


class Why(BaseModel):
    """Why somebody repairs something."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: RepairReason
    ticket: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{1,32}$")] | None = None
    """The number of a ticket or an incident elsewhere."""
