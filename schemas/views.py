"""What people are shown: lines of lists, and a case as one page."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

from schemas.actor import Actor, Role
from schemas.case import CaseHeader, Channel, PersonalField, Stage, Subject
from schemas.casework import CaseLink, Conflict, NamedPerson, Transfer
from schemas.consent import Consent
from schemas.contact import Contact, ContactPlan
from schemas.deadlines import Deadline, DeadlineState
from schemas.decisions import Permitted
from schemas.erasure import Erasure
from schemas.holds import Hold
from schemas.lanes import Marac, Nrm, RiskAssessment
from schemas.protocol import CLOSED
from schemas.referral import InfoAnswer, Need, Priority, Referral, ReferralState
from schemas.snapshot import Task, TaskKind
from schemas.troubles import Trouble
from schemas.verbs import Verb
from schemas.withdrawal import WithdrawalCheck


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class CaseLine(_View):
    """A case in a list."""

    case_ref: str
    stage: Stage
    subject: Subject
    channel: Channel
    version: int
    assigned_to: str | None = None
    occurred_at: datetime
    recorded_at: datetime
    next_due: datetime | None
    open_tasks: int
    open_referrals: int
    erased_at: datetime | None = None


class CasePage(_View):
    """A case, whole, for those who lead it; personal texts only where they were asked for."""

    case: CaseHeader
    consents: tuple[Consent, ...]
    needs: tuple[Need, ...]
    referrals: tuple[Referral, ...]
    deadlines: tuple[Deadline, ...]
    tasks: tuple[Task, ...]
    shares: tuple["ShareLine", ...]
    plan: ContactPlan | None = None
    pending_plan: ContactPlan | None = None
    contacts: tuple[Contact, ...] = ()
    holds: tuple[Hold, ...] = ()
    checks: tuple[WithdrawalCheck, ...] = ()
    told: "ToldLine | None" = None
    risk: RiskAssessment | None = None
    marac: Marac | None = None
    nrm: Nrm | None = None
    links: tuple[CaseLink, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    named: tuple[NamedPerson, ...] = ()
    transfer: Transfer | None = None
    erasure: Erasure | None = None
    is_paused: bool = False
    stuck: tuple[Trouble, ...] = ()
    actions: tuple[Permitted, ...]
    personal: dict[PersonalField, str] | None = None
    notes: tuple["Note", ...] | None = None

    @field_validator("referrals")
    @classmethod
    def _leave_out_whose_work_it_is(cls, referrals: tuple[Referral, ...]) -> tuple[Referral, ...]:
        """Who at a service works on a referral is its own affair."""
        return tuple(r.model_copy(update={"claimed_by": None}) for r in referrals)


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


class TaskLine(_View):
    """An open task in a list."""

    case_ref: str
    id: str
    kind: TaskKind
    for_role: Role
    organisation: str | None
    for_person: str | None
    not_for: str | None
    referral: int | None
    raised_at: datetime


class AlarmLine(_View):
    """An open alarm of a restricted case, to somebody who does not see the case."""

    case_ref: str
    id: str
    kind: TaskKind


class ContactPage(_View):
    """How she may be reached, for whoever is about to. Both details are personal."""

    case_ref: str
    plan: ContactPlan | None
    pending_plan: ContactPlan | None = None
    is_suspended: bool = Field(default=False, description="Nobody may contact her for now.")
    next_opens: datetime | None = Field(default=None, description="The next safe window.")
    next_closes: datetime | None = None
    contacts: tuple[Contact, ...] = ()
    details: str | None = Field(default=None, description="Of the plan in force.")
    proposed_details: str | None = Field(default=None, description="Of the one that waits.")


class LeftBehind(_View):
    """Something that still rests on a person who has left."""

    person: str
    what: str
    case_ref: str
    referral: int | None = None
    task: str | None = None


class MisuseLine(_View):
    """Counts that a data protection officer looks at: none of them is a proof."""

    who: str = Field(description="organisation:person")
    reads: int
    reads_without_task: int
    cases_read: int
    plan_changes: int
    withdrawals: int
    withdrawals_not_hers: int
    contacts_outside_plan: int
    cases_not_theirs: int = Field(description="Cases asked for that they may not see.")


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
    claimed_by: str | None = None
    info_answer: InfoAnswer | None = None
    erased_at: datetime | None = Field(default=None, description="When the case was erased.")


class ToldLine(_View):
    """What she was told about sharing, when, and under which version of the protocol."""

    told_version: str
    told_language: str
    told_at: datetime
    told_protocol: str = CLOSED

    @field_validator("told_protocol", mode="before")
    @classmethod
    def _closed_before(cls, value: object) -> object:
        """Older cases were opened before any version could be active."""
        return CLOSED if value is None else value


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
