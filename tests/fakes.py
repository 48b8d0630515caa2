"""Ports by hand: they remember, and keep the promises of the real ones.

`tests/infra/test_record.py` holds the fake record and the real one to the same suite.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from activities.ports import NOTHING, Beside, Judge, Starts, Verdict, Written
from rules.apply import apply
from schemas.actor import Actor, Role
from schemas.case import CaseHeader, CaseOpening, PersonalField, Stage
from schemas.casework import CaseLink, NamedPerson
from schemas.changes import (
    ConsentRecorded,
    DispatchRecorded,
    LinkRecorded,
    PacketPlaced,
    StopPlaced,
)
from schemas.command_base import Command
from schemas.consent import Purpose
from schemas.decisions import Changed, Refused, Reply
from schemas.errors import BadInputError, RecordError
from schemas.ids import CaseRef, journey_workflow_id
from schemas.packet import ReferralPacket
from schemas.private import is_hidden, private_to, refused_in_private
from schemas.protocol import CLOSED
from schemas.snapshot import CaseSnapshot, Dispatch, DispatchState, ListedService
from schemas.verbs import Verb
from schemas.views import ShareLine


@dataclass(frozen=True)
class AuditRow:
    """What the audit remembers of one thing that was asked."""

    actor: Actor
    verb: Verb
    case_ref: str | None
    outcome: str
    reasons: tuple[str, ...] = ()
    private_to: str | None = None


@dataclass(frozen=True)
class _Kept:
    command: Command
    reply: Reply


@dataclass
class FakeRecord:
    """`activities.ports.Record` in memory."""

    services: tuple[ListedService, ...] = ()
    cases: dict[str, CaseSnapshot] = field(default_factory=dict)
    texts: dict[str, Mapping[PersonalField, str]] = field(default_factory=dict)
    outbox: dict[tuple[str, str], Dispatch] = field(default_factory=dict)
    packets: dict[tuple[str, str], ReferralPacket] = field(default_factory=dict)
    stops: set[tuple[str, str]] = field(default_factory=set)
    shares: dict[tuple[str, int, int], ShareLine] = field(default_factory=dict)
    notes: defaultdict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )
    wakes: list[tuple[str, str]] = field(default_factory=list)
    audit: list[AuditRow] = field(default_factory=list)
    _replies: dict[str, _Kept] = field(default_factory=dict)
    _epochs: set[tuple[str, str, str, int]] = field(default_factory=set)

    async def open_case(
        self,
        case_ref: CaseRef,
        opening: CaseOpening,
        told_text: str,
        actor: Actor,
        starts: Starts | None = None,
        *,
        told_protocol: str = CLOSED,
    ) -> CaseHeader:
        """Remember a case and what it holds."""
        assert told_text
        assert told_protocol
        if case_ref in self.cases:
            raise RecordError("case_exists", "There is a case of that reference already.")
        confirmed = opening.safety is not None and opening.safety.is_confirmed
        header = CaseHeader(
            case_ref=case_ref,
            version=1,
            stage=Stage.OPEN if confirmed else Stage.SAFETY_CHECK,
            subject=opening.subject,
            channel=opening.channel,
            is_restricted=opening.is_restricted,
            owner=actor.organisation,
            profile=opening.profile,
            safety_confirmed=confirmed,
            occurred_at=opening.occurred_at,
            recorded_at=datetime.now(UTC),
            age=opening.age,
            assigned_to=actor.person,
        )
        people = sorted({actor.person, *opening.named_people}) if opening.is_restricted else ()
        named = (NamedPerson(who=f"{actor.organisation}:{p}", is_named=True) for p in people)
        texts = opening.personal.texts() if opening.personal else {}
        gave_contact = PersonalField.SAFE_CONTACT in texts
        snapshot = CaseSnapshot(case=header, named=tuple(named), gave_contact=gave_contact)
        self.cases[case_ref] = snapshot if starts is None else starts(snapshot).after
        self.texts[case_ref] = texts
        if opening.own_notes:
            self.notes[case_ref, actor.organisation].append(opening.own_notes)
        self.wakes.append((case_ref, journey_workflow_id(case_ref)))
        self.audit.append(AuditRow(actor, Verb.OPEN_CASE, case_ref, "done"))
        return header

    async def read(self, case_ref: CaseRef) -> CaseSnapshot:
        """The case as remembered."""
        return self._case(case_ref)

    async def change(
        self,
        command: Command,
        judge: Judge,
        *,
        services: tuple[str, ...] = (),
        beside: Beside = NOTHING,
    ) -> Written:
        """Judge and remember; a broken promise leaves everything as it was."""
        snapshot = self._case(command.case_ref, services)
        verb = command.verb
        kept = self._kept_reply(command)
        if kept is not None:
            return Written(reply=kept, snapshot=snapshot, is_repeat=True)
        verdict = judge(snapshot)
        by_clockwork = command.actor.role is Role.SYSTEM
        decision = verdict.decision
        if isinstance(decision, Refused) and by_clockwork:
            return Written(reply=verdict.reply, snapshot=verdict.after)
        if isinstance(decision, Changed):
            self._write(command, decision, verdict, beside.note)
        elif decision.alerts:
            self._write(command, Changed(changes=decision.alerts), verdict, "")
        if not by_clockwork:
            self._replies[command.command_id] = _Kept(command, verdict.reply)
        self.audit.append(_row(command, verb, decision))
        return Written(reply=verdict.reply, snapshot=verdict.after)

    async def read_dispatch(self, case_ref: CaseRef, key: str) -> Dispatch | None:
        """A row of the outbox, whatever its state."""
        return self.outbox.get((case_ref, key))

    async def note_refusal(
        self, actor: Actor, verb: Verb, case_ref: CaseRef | None, codes: tuple[str, ...]
    ) -> None:
        """Remember a refusal that touched no case."""
        private = refused_in_private(actor, verb)
        self.audit.append(AuditRow(actor, verb, case_ref, "refused", codes, private))

    def _case(self, case_ref: str, named: tuple[str, ...] = ()) -> CaseSnapshot:
        """The case with the directory entries that it, or the caller, names; no others."""
        case = self.cases.get(case_ref)
        if case is None:
            raise BadInputError("case", "there is no such case that you may see")
        known = {*named, *(consent.recipient for consent in case.consents)}
        known |= {code for r in case.referrals for code in (r.service, *r.next_choices)}
        entries = tuple(service for service in self.services if service.code in known)
        return case.model_copy(update={"services": entries})

    def _kept_reply(self, command: Command) -> Reply | None:
        kept = self._replies.get(command.command_id)
        if kept is None or command.actor.role is Role.SYSTEM:
            return None
        if kept.command != command:
            raise RecordError("command_taken", "The command's id belongs to another command.")
        return kept.reply

    def _write(self, command: Command, decision: Changed, verdict: Verdict, note: str) -> None:
        case_ref = command.case_ref
        packet = self._packet(case_ref, decision, verdict)
        epochs = self._new_epochs(case_ref, decision)
        for change in decision.changes:
            if isinstance(change, DispatchRecorded):
                self._remember_dispatch(case_ref, change.dispatch)
            if isinstance(change, StopPlaced):
                self.stops.add((case_ref, change.key))
            if isinstance(change, LinkRecorded):
                self._mirror(case_ref, change.link)
            if isinstance(change, PacketPlaced) and packet is not None:
                self.packets[case_ref, change.key] = packet
                self.shares[case_ref, change.referral, change.consent_epoch] = _share(
                    change, packet, command, verdict
                )
        self._epochs |= epochs
        by_person = command.actor.role is not Role.SYSTEM
        acted_at = verdict.at if by_person else None
        hidden = is_hidden(command.actor, command.verb, verdict.decision)
        self.cases[case_ref] = apply(
            self.cases[case_ref], decision.changes, acted_at, is_hidden=hidden
        )
        if note:
            self.notes[case_ref, command.actor.organisation].append(note)
        self.wakes.extend((case_ref, workflow_id) for workflow_id in verdict.wakes)

    def _packet(self, case_ref: str, decision: Changed, verdict: Verdict) -> ReferralPacket | None:
        for change in decision.changes:
            if not isinstance(change, PacketPlaced):
                continue
            if (case_ref, change.key) in self.packets:
                raise RecordError("already_delivered", "The packet is in the inbox already.")
            if (case_ref, change.referral, change.consent_epoch) in self.shares:
                raise RecordError("already_shared", "The referral's packet was shared already.")
            if verdict.packet is None:
                raise ValueError("a packet is placed by a verdict that can make it")
            held = self.texts[case_ref]
            return verdict.packet({f: held[f] for f in change.fields if f in held})
        return None

    def _new_epochs(self, case_ref: str, decision: Changed) -> set[tuple[str, str, str, int]]:
        new = {
            (case_ref, c.consent.purpose.value, c.consent.recipient, c.consent.epoch)
            for c in decision.changes
            if isinstance(c, ConsentRecorded)
        }
        if new & self._epochs:
            raise RecordError("consent_moved", "The consent was changed by somebody else.")
        return new

    def _mirror(self, case_ref: str, link: CaseLink) -> None:
        other = self.cases[link.other]
        if all(known.other != case_ref for known in other.links):
            mirrored = (*other.links, link.model_copy(update={"other": case_ref}))
            self.cases[link.other] = other.model_copy(update={"links": mirrored})

    def _remember_dispatch(self, case_ref: str, dispatch: Dispatch) -> None:
        known = self.outbox.get((case_ref, dispatch.key))
        if known is None or known.state is DispatchState.QUEUED:
            self.outbox[case_ref, dispatch.key] = dispatch


@dataclass
class FakeNotices:
    """`activities.ports.Notices` in memory: what was shown, each once."""

    shown: dict[tuple[str, str], Dispatch] = field(default_factory=dict)
    times_posted: int = 0

    async def post(self, case_ref: CaseRef, dispatch: Dispatch) -> None:
        """Show a notice, once."""
        self.times_posted += 1
        self.shown.setdefault((case_ref, dispatch.key), dispatch)


def listed(services: Iterable[tuple[str, str, str]]) -> tuple[ListedService, ...]:
    """A directory, from codes, organisations and statuses."""
    return tuple(
        ListedService.model_validate({"code": code, "organisation": whose, "status": status})
        for code, whose, status in services
    )


def _row(command: Command, verb: Verb, decision: Changed | Refused) -> AuditRow:
    private = private_to(command.actor, verb, decision)
    if isinstance(decision, Changed):
        return AuditRow(command.actor, verb, command.case_ref, "done", private_to=private)
    codes = tuple(reason.code for reason in decision.reasons)
    return AuditRow(command.actor, verb, command.case_ref, "refused", codes, private)


def _share(
    change: PacketPlaced, packet: ReferralPacket, command: Command, verdict: Verdict
) -> ShareLine:
    went = packet.model_dump(exclude_none=True)
    return ShareLine(
        referral=change.referral,
        service=change.service,
        organisation=change.organisation,
        purpose=Purpose.SUPPORT_REFERRAL.value,
        fields=tuple(f for f in PersonalField if f.value in went),
        consent_epoch=change.consent_epoch,
        occurred_at=command.occurred_at or verdict.at,
    )
