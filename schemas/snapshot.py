"""A case as the record holds it at one moment, without any personal text.

This is what rules read. The repository builds it under the case's lock, so nothing moves
between reading and writing.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.actor import Role
from schemas.case import CaseHeader
from schemas.consent import Consent, ConsentState, Purpose
from schemas.deadlines import Deadline, DeadlineState
from schemas.directory import ServiceStatus
from schemas.referral import Need, Referral


class TaskKind(StrEnum):
    """Why a person is asked to look."""

    DEADLINE_MISSED = "deadline_missed"
    UNMET_NEED = "unmet_need"
    UNDELIVERABLE = "undeliverable"
    UNANSWERED = "unanswered"
    CONSENT_MISSING = "consent_missing"


class Task(BaseModel):
    """Something a person must decide. Escalation ends in one of these, never in silence."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: TaskKind
    for_role: Role
    referral: int | None = None
    raised_at: datetime
    is_done: bool = False


class DispatchKind(StrEnum):
    """What waits in the outbox."""

    PACKET = "packet"
    STOP = "stop"
    NOTICE = "notice"


class DispatchState(StrEnum):
    """Whether it has left."""

    QUEUED = "queued"
    DONE = "done"
    CANCELLED = "cancelled"


class NoticeTemplate(StrEnum):
    """The texts a notice can have. None has a place for a personal field."""

    INBOX_ITEM = "inbox_item"
    INBOX_STOP = "inbox_stop"
    REMINDER = "reminder"
    ESCALATION = "escalation"


class Dispatch(BaseModel):
    """One row of the outbox. Its key makes it visible at most once."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    kind: DispatchKind
    referral: int | None = None
    to_organisation: str
    template: NoticeTemplate | None = None
    state: DispatchState = DispatchState.QUEUED


class ListedService(BaseModel):
    """What a decision needs to know of a service."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    organisation: str
    status: ServiceStatus


class CaseSnapshot(BaseModel):
    """Everything of one case that a decision may depend on."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    case: CaseHeader
    consents: tuple[Consent, ...] = ()
    needs: tuple[Need, ...] = ()
    referrals: tuple[Referral, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    tasks: tuple[Task, ...] = Field(default=(), description="Done ones too.")
    dispatches: tuple[Dispatch, ...] = Field(default=(), description="Queued ones.")
    services: tuple[ListedService, ...] = ()

    def referral(self, number: int) -> Referral | None:
        """The referral of that number."""
        return next((r for r in self.referrals if r.number == number), None)

    def need(self, number: int) -> Need | None:
        """The need of that number."""
        return next((n for n in self.needs if n.number == number), None)

    def deadline(self, deadline_id: str) -> Deadline | None:
        """The deadline of that id."""
        return next((d for d in self.deadlines if d.id == deadline_id), None)

    def task(self, task_id: str) -> Task | None:
        """The task of that id, done or not."""
        return next((t for t in self.tasks if t.id == task_id), None)

    def dispatch(self, key: str) -> Dispatch | None:
        """The queued dispatch of that key."""
        return next((d for d in self.dispatches if d.key == key), None)

    def service(self, code: str) -> ListedService | None:
        """The service of that code."""
        return next((s for s in self.services if s.code == code), None)

    def consent(self, purpose: Purpose, recipient: str) -> Consent | None:
        """The current consent for a purpose and recipient."""
        return next(
            (c for c in self.consents if (c.purpose, c.recipient) == (purpose, recipient)), None
        )

    def consent_state(self, purpose: Purpose, recipient: str) -> ConsentState:
        """Its state; never asked is a state too."""
        consent = self.consent(purpose, recipient)
        return consent.state if consent else ConsentState.NOT_ASKED

    def running_deadlines(self) -> tuple[Deadline, ...]:
        """Deadlines that nothing has ended yet, breached ones included."""
        open_states = (DeadlineState.RUNNING, DeadlineState.BREACHED)
        return tuple(d for d in self.deadlines if d.state in open_states)
