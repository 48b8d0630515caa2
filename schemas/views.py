"""What people are shown: lines of lists, and a case as one page."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from schemas.actor import Actor
from schemas.case import CaseHeader, Channel, PersonalField, Stage, Subject
from schemas.consent import Consent
from schemas.deadlines import Deadline, DeadlineState
from schemas.decisions import Permitted
from schemas.referral import Need, Priority, Referral, ReferralState
from schemas.snapshot import Task
from schemas.verbs import Verb


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CaseLine(_View):
    """A case in a list."""

    case_ref: str
    stage: Stage
    subject: Subject
    channel: Channel
    version: int
    occurred_at: datetime
    recorded_at: datetime
    next_due: datetime | None
    open_tasks: int
    open_referrals: int


class CasePage(_View):
    """A case, whole; personal texts only where they were asked for."""

    case: CaseHeader
    consents: tuple[Consent, ...]
    needs: tuple[Need, ...]
    referrals: tuple[Referral, ...]
    deadlines: tuple[Deadline, ...]
    tasks: tuple[Task, ...]
    shares: tuple["ShareLine", ...]
    actions: tuple[Permitted, ...]
    personal: dict[PersonalField, str] | None = None
    notes: tuple["Note", ...] | None = None


class DeadlineLine(_View):
    """An open deadline in a list."""

    case_ref: str
    id: str
    duty: str
    referral: int | None
    started_at: datetime
    due_at: datetime
    state: DeadlineState
    is_overdue: bool


class InboxLine(_View):
    """An item of an organisation's inbox, without personal text."""

    case_ref: str
    key: str
    kind: str
    referral: int
    service: str
    fields: tuple[PersonalField, ...]
    occurred_at: datetime
    state: ReferralState
    priority: Priority
    version: int


class ShareLine(_View):
    """A line of the sharing ledger."""

    referral: int
    service: str
    organisation: str
    purpose: str
    fields: tuple[PersonalField, ...]
    consent_epoch: int
    occurred_at: datetime


class Note(_View):
    """An organisation's own note. `text` is personal."""

    by: str
    referral: int | None
    text: str
    occurred_at: datetime


class AuditLine(_View):
    """A row of the audit: who did what, when, and what came of it."""

    seq: int
    recorded_at: datetime
    occurred_at: datetime
    actor: Actor
    verb: Verb
    case_ref: str | None
    outcome: str
    reasons: tuple[str, ...]
    detail: dict[str, str | int | None]


class DirectoryLoaded(_View):
    """What a directory import did."""

    new: int
    updated: int
    left_out: tuple[str, ...] = ()
