"""A case as the record holds it at one moment, without any personal text.

This is what rules read. The repository builds it under the case's lock, so nothing moves
between reading and writing.
"""

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from schemas.actor import Role
from schemas.case import CaseHeader
from schemas.casework import CaseLink, Conflict, NamedPerson, Transfer
from schemas.consent import Consent, ConsentState, Purpose
from schemas.contact import Contact, ContactPlan, PlanState
from schemas.deadlines import OPEN_DEADLINE, Deadline
from schemas.directory import ServiceStatus
from schemas.erasure import Erasure, ErasureState
from schemas.holds import Hold
from schemas.hours import OpeningHours
from schemas.lanes import Marac, Nrm, RiskAssessment
from schemas.referral import Need, Referral
from schemas.withdrawal import WithdrawalCheck


class TaskKind(StrEnum):
    """Why a person is asked to look."""

    DEADLINE_MISSED = "deadline_missed"
    UNMET_NEED = "unmet_need"
    UNDELIVERABLE = "undeliverable"
    UNANSWERED = "unanswered"
    CONSENT_MISSING = "consent_missing"
    INFO_REQUESTED = "info_requested"
    ASK_AGAIN = "ask_again"
    RENEW_CONSENT = "renew_consent"
    DEFECTIVE_CONSENT = "defective_consent"
    BEST_INTERESTS = "best_interests"
    AGE_IN_QUESTION = "age_in_question"
    WITHDRAWAL_CHECK = "withdrawal_check"
    REPORTED_RECORDER = "reported_recorder"
    MAKE_CONTACT = "make_contact"
    CONTACT_UNCLEAR = "contact_unclear"
    DURESS = "duress"
    WORD_WRONG = "word_wrong"
    CONFIRM_PLAN = "confirm_plan"
    NO_TIME_LEFT = "no_time_left"
    """A change of her plan that waits leaves no time at which she could be asked about it."""
    PLAN_STALE = "plan_stale"
    WELFARE = "welfare"
    REVIEW_HOLD = "review_hold"
    REVIEW_RISK = "review_risk"
    ASSESS_AGAIN = "assess_again"
    OTHER_AGENCY_LATE = "other_agency_late"
    TIME_PASSED = "time_passed"
    REVIEW_CASE = "review_case"
    CONFIRM_DEATH = "confirm_death"
    BEREAVED_FAMILY = "bereaved_family"
    CONFLICT = "conflict"
    CONFIRM_ERASURE = "confirm_erasure"


ALARMS = frozenset(
    {TaskKind.DURESS, TaskKind.WORD_WRONG, TaskKind.WELFARE, TaskKind.REPORTED_RECORDER}
)
"""Tasks that say she may be in danger now, or by whom."""


KEPT_FROM_SOME = frozenset({TaskKind.DURESS, TaskKind.WORD_WRONG, TaskKind.REPORTED_RECORDER})
"""Tasks that are not shown to everybody who sees the case."""


class Task(BaseModel):
    """Something a person must decide. Escalation ends in one of these, never in silence."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    kind: TaskKind
    for_role: Role
    organisation: str | None = Field(
        default=None, description="Whose staff; None: the organisation that leads the case."
    )
    for_person: str | None = Field(default=None, description="organisation:person, if one.")
    not_for: str | None = Field(default=None, description="organisation:person who must not.")
    private_to: str | None = Field(default=None, description="The one organisation to see it.")
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
    INBOX_CHANGE = "inbox_change"
    TASK = "task"
    REMINDER = "reminder"
    ESCALATION = "escalation"
    STUCK = "stuck"
    OVERSIGHT = "oversight"
    AGREEMENT = "agreement"


class Dispatch(BaseModel):
    """One row of the outbox. Its key makes it visible at most once."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    key: str
    kind: DispatchKind
    referral: int | None = None
    to_organisation: str
    template: NoticeTemplate | None = None
    state: DispatchState = DispatchState.QUEUED
    private_to: str | None = Field(default=None, description="The one organisation to see it.")


class ListedService(BaseModel):
    """What a decision needs to know of a service."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    organisation: str
    status: ServiceStatus
    hours: OpeningHours | None = None


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
    gave_contact: bool | None = Field(
        default=None,
        description="Whether she gave a contact when she disclosed; None: the reader cannot see.",
    )
    plans: tuple[ContactPlan, ...] = ()
    contacts: tuple[Contact, ...] = ()
    holds: tuple[Hold, ...] = ()
    checks: tuple[WithdrawalCheck, ...] = ()
    risks: tuple[RiskAssessment, ...] = ()
    maracs: tuple[Marac, ...] = ()
    nrms: tuple[Nrm, ...] = ()
    links: tuple[CaseLink, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    named: tuple[NamedPerson, ...] = Field(default=(), description="Of a restricted case.")
    transfers: tuple[Transfer, ...] = ()
    is_paused: bool = Field(
        default=False, description="Operations hold back packets and texts to her; never a stop."
    )
    erasures: tuple[Erasure, ...] = ()
    is_open_elsewhere: bool = Field(
        default=False,
        description="Something is open that another organisation keeps to itself; told to those "
        "who may erase a case, and to nobody else.",
    )

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
        """Deadlines that nothing has ended yet, paused and breached ones included."""
        return tuple(d for d in self.deadlines if d.state in OPEN_DEADLINE)

    def is_named(self, who: str) -> bool:
        """Whether a person is named for the case, which is restricted."""
        named = any(person.who == who and person.is_named for person in self.named)
        return self.case.is_restricted and named

    @property
    def plan(self) -> ContactPlan | None:
        """The contact plan in force, whether or not it has gone stale."""
        return next((p for p in self.plans if p.state is PlanState.IN_FORCE), None)

    @property
    def pending_plan(self) -> ContactPlan | None:
        """A change of the plan that is not confirmed yet."""
        return next((p for p in self.plans if p.state is PlanState.PENDING), None)

    @property
    def death_report(self) -> Task | None:
        """The report of her death that waits for a second person; its `not_for` made it."""
        asked = (t for t in self.tasks if t.kind is TaskKind.CONFIRM_DEATH)
        return next((task for task in asked if not task.is_done), None)

    def contact(self, number: int) -> Contact | None:
        """The contact of that number."""
        return next((c for c in self.contacts if c.number == number), None)

    def check(self, number: int) -> WithdrawalCheck | None:
        """The withdrawal check of that number."""
        return next((c for c in self.checks if c.number == number), None)

    def hold(self, number: int) -> Hold | None:
        """The hold of that number."""
        return next((h for h in self.holds if h.number == number), None)

    @property
    def risk(self) -> RiskAssessment | None:
        """The newest risk assessment."""
        return max(self.risks, key=lambda one: one.number, default=None)

    @property
    def marac(self) -> Marac | None:
        """The newest passage through MARAC."""
        return max(self.maracs, key=lambda one: one.number, default=None)

    @property
    def nrm(self) -> Nrm | None:
        """The lane of modern slavery, where there is one."""
        return max(self.nrms, key=lambda one: one.number, default=None)

    @property
    def transfer(self) -> Transfer | None:
        """The newest offer to another agency."""
        return max(self.transfers, key=lambda one: one.number, default=None)

    @property
    def erasure(self) -> Erasure | None:
        """The newest proposal to erase the case, and what became of it."""
        return max(self.erasures, key=lambda one: one.number, default=None)

    @property
    def is_erased(self) -> bool:
        """Whether its key and its texts are gone."""
        return self.erasure is not None and self.erasure.state is ErasureState.ERASED

    @property
    def is_over_for_good(self) -> bool:
        """Whether two people decided to erase it: nothing of it changes or runs any more."""
        confirmed = self.erasure is not None and self.erasure.state is ErasureState.CONFIRMED
        return confirmed or self.is_erased
