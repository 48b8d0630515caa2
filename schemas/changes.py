"""Changes: what a yes writes, one type for each thing that can come to be or move."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.case import ClosingReason, PersonalField, Stage
from schemas.casework import CaseLink, Conflict, Entitlement, NamedPerson, Transfer
from schemas.consent import Consent
from schemas.contact import Contact, ContactPlan
from schemas.deadlines import Deadline
from schemas.erasure import Erasure
from schemas.holds import Hold
from schemas.lanes import AnonymousNotification, Marac, Nrm, RiskAssessment
from schemas.referral import Need, Reason, Referral
from schemas.snapshot import Dispatch, Task
from schemas.withdrawal import WithdrawalCheck


class _Change(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class StageMoved(_Change):
    """The journey reached another stage."""

    kind: Literal["stage_moved"] = "stage_moved"
    stage: Stage
    closing_reason: ClosingReason | None = None
    closing_asked_by: str | None = None


class SafetyRecorded(_Change):
    """What the safety check found."""

    kind: Literal["safety_recorded"] = "safety_recorded"
    confirmed: bool


class ConsentRecorded(_Change):
    """A new entry of the consent ledger."""

    kind: Literal["consent_recorded"] = "consent_recorded"
    consent: Consent


class NeedRecorded(_Change):
    """A need, new or changed."""

    kind: Literal["need_recorded"] = "need_recorded"
    need: Need


class ReferralRecorded(_Change):
    """A referral, new or changed, on any of its axes."""

    kind: Literal["referral_recorded"] = "referral_recorded"
    referral: Referral


class DeadlineRecorded(_Change):
    """A deadline, new or changed."""

    kind: Literal["deadline_recorded"] = "deadline_recorded"
    deadline: Deadline


class TaskRecorded(_Change):
    """A task for a person, new or done."""

    kind: Literal["task_recorded"] = "task_recorded"
    task: Task


class DispatchRecorded(_Change):
    """A row of the outbox, queued, done or cancelled."""

    kind: Literal["dispatch_recorded"] = "dispatch_recorded"
    dispatch: Dispatch


class PacketPlaced(_Change):
    """A packet with these fields goes into a service's inbox: the one share of a referral."""

    kind: Literal["packet_placed"] = "packet_placed"
    key: str
    referral: int
    service: str
    organisation: str
    fields: tuple[PersonalField, ...]
    consent_epoch: int


class StopPlaced(_Change):
    """A stop notice goes into a service's inbox."""

    kind: Literal["stop_placed"] = "stop_placed"
    key: str
    referral: int
    service: str
    organisation: str


class CaseChanged(_Change):
    """Something of the case's header; what is None stays as it is."""

    kind: Literal["case_changed"] = "case_changed"
    entitlement: Entitlement | None = None
    assigned_to: str | None = None
    owner: str | None = None
    died_at: datetime | None = None


class PlanRecorded(_Change):
    """A contact plan, new or changed. Details and words lie beside the command."""

    kind: Literal["plan_recorded"] = "plan_recorded"
    plan: ContactPlan


class ContactRecorded(_Change):
    """A contact, new or changed."""

    kind: Literal["contact_recorded"] = "contact_recorded"
    contact: Contact


class HoldRecorded(_Change):
    """A hold, placed or lifted."""

    kind: Literal["hold_recorded"] = "hold_recorded"
    hold: Hold


class CheckRecorded(_Change):
    """The question after a withdrawal that staff recorded."""

    kind: Literal["check_recorded"] = "check_recorded"
    check: WithdrawalCheck


class RiskRecorded(_Change):
    """A risk assessment, new or reviewed."""

    kind: Literal["risk_recorded"] = "risk_recorded"
    risk: RiskAssessment


class MaracRecorded(_Change):
    """A passage through MARAC, one step on."""

    kind: Literal["marac_recorded"] = "marac_recorded"
    marac: Marac


class NrmRecorded(_Change):
    """The lane of modern slavery, one step on."""

    kind: Literal["nrm_recorded"] = "nrm_recorded"
    nrm: Nrm


class NotificationKept(_Change):
    """What an anonymous notification says. It is kept apart from every case (s.52(3))."""

    kind: Literal["notification_kept"] = "notification_kept"
    notification: AnonymousNotification


class LinkRecorded(_Change):
    """That the case belongs with another; the other one is told so too."""

    kind: Literal["link_recorded"] = "link_recorded"
    link: CaseLink


class ConflictRecorded(_Change):
    """A declared conflict of interest."""

    kind: Literal["conflict_recorded"] = "conflict_recorded"
    conflict: Conflict


class NamedRecorded(_Change):
    """Somebody proposed or named for a restricted case."""

    kind: Literal["named_recorded"] = "named_recorded"
    named: NamedPerson


class TransferRecorded(_Change):
    """An offer to another agency, made or answered. Accepted, it leads the case from now on."""

    kind: Literal["transfer_recorded"] = "transfer_recorded"
    transfer: Transfer


class ErasureRecorded(_Change):
    """A proposal to erase the case, made or answered. Erased, its key and its texts are gone."""

    kind: Literal["erasure_recorded"] = "erasure_recorded"
    erasure: Erasure


class ServiceReasonKept(_Change):
    """A service's own reason for its no, for its own eyes: the sender hears less."""

    kind: Literal["service_reason_kept"] = "service_reason_kept"
    referral: int
    organisation: str
    reason: Reason


Change = Annotated[
    StageMoved
    | SafetyRecorded
    | ConsentRecorded
    | NeedRecorded
    | ReferralRecorded
    | DeadlineRecorded
    | TaskRecorded
    | DispatchRecorded
    | PacketPlaced
    | StopPlaced
    | CaseChanged
    | PlanRecorded
    | ContactRecorded
    | HoldRecorded
    | CheckRecorded
    | RiskRecorded
    | MaracRecorded
    | NrmRecorded
    | NotificationKept
    | LinkRecorded
    | ConflictRecorded
    | NamedRecorded
    | TransferRecorded
    | ErasureRecorded
    | ServiceReasonKept,
    Field(discriminator="kind"),
]
