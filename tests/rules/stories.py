"""A story under way: a case, what was said of it, and what each step may and may not do.

What she agreed to, who helped her and whether she may be reached is kept here a second time, so
that the rules do not vouch for themselves.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TypeVar

from rules.apply import apply
from rules.decide import decide
from rules.referral_states import OVER, TERMINAL
from schemas.actor import SYSTEM, Actor
from schemas.case import ClosingReason, Stage
from schemas.case_commands import CloseCase, RecordDeath
from schemas.casework import DeathAnswer
from schemas.changes import Change, ConsentRecorded, PacketPlaced, StageMoved
from schemas.clockwork_steps import (
    Breach,
    CloseWindow,
    Deliver,
    FailDelivery,
    Remind,
    SendContact,
    SendNotice,
    SendStop,
    SettleContact,
    Step,
)
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import (
    AnswerCheck,
    WithdrawConsent,
)
from schemas.contact import ContactResult, ContactState
from schemas.contact_commands import ConfirmPlan, EndContact, SuspendPlan
from schemas.decisions import Changed, Decision
from schemas.private import is_hidden
from schemas.referral import Referral, ReferralState
from schemas.snapshot import CaseSnapshot, DispatchKind
from schemas.withdrawal import CheckAnswer
from tests.builders import a_world, the
from tests.rules.clock import alarms, due
from tests.rules.keeping import tells_no_agency
from tests.rules.ledger import Ledger
from tests.rules.moments import HELPING
from tests.rules.reaching import is_reached_safely
from tests.rules.twins import same_for_her

A_MOMENT = timedelta(microseconds=1)
A_FEW = 3
"""How often a step may come at one moment: a duty that begins anew may be late at once."""

_T = TypeVar("_T", bound=Change)


class Telling:
    """One case, told by everyone who may touch it and by the clock."""

    def __init__(self, case: CaseSnapshot, at: datetime, *, has_strangers: bool = True) -> None:
        self.case = case
        self.at = at
        self.has_strangers = has_strangers
        self.said: list[tuple[Command, bool]] = []
        self.given: list[Step] = []
        self.placed: dict[str, tuple[PacketPlaced, int]] = {}
        self.ledger = Ledger()
        self.helps: set[int] = set()
        self.is_suspended = False
        self.reported_by: str | None = None
        self.has_died = False

    # Telling

    def tell(self, command: Command) -> Decision:
        """Carry out a command, and check what one step may and may not do."""
        before, world = self.case, a_world(self.at)
        is_due = not isinstance(command, Step) or self._is_called_for(command)
        decision = decide(as_seen_by(command.actor, before), command, world)
        after = _written(before, command, decision, self.at)
        assert is_due or _as_it_was(before, after), f"nothing calls for {command.verb}"
        self.case = after
        self.said.append((command, isinstance(decision, Changed)))
        self._what_no_step_does(before, command, decision)
        if isinstance(decision, Changed):
            self._listen(before, command)
            self._placed_lawfully(before, decision)
        same_for_her(before, after, decision, command, world, len(self.said))
        return decision

    def catch_up(self, *, carries: bool = True) -> None:
        """Everything the clockwork would do now. It comes to an end."""
        done: list[Step] = []
        while steps := [s for s in due(self.case, self.at) if carries or not _leaves(s)]:
            step = steps[0]
            assert done.count(step) < A_FEW, f"{step.verb} would be done for ever"
            done.append(step)
            self.given.append(step)
            self._take(step)

    def pass_time(self, until: datetime) -> None:
        """Alarms ring when they are due, one after the other."""
        self.catch_up()
        while (soon := min((alarm.at for alarm in alarms(self.case)), default=until)) < until:
            self.at = max(self.at, soon)
            self.catch_up()
        self.at = until
        self.catch_up()

    def _take(self, step: Step) -> None:
        decision = self.tell(step)
        if isinstance(step, Deliver) and not isinstance(decision, Changed):
            self.tell(FailDelivery(case_ref=step.case_ref, referral=step.referral))
        if isinstance(step, SendContact) and len(self.said) % 4:  # else the worker died of it
            sent = ContactResult.SENT
            self.tell(SettleContact(case_ref=step.case_ref, contact=step.contact, result=sent))

    def _is_called_for(self, step: Step) -> bool:
        """Some steps are called for by what happened besides, and closing looks again early."""
        match step:
            case FailDelivery():
                kinds = {d.kind for d in self.case.dispatches if d.referral == step.referral}
                return DispatchKind.PACKET in kinds
            case SettleContact() | CloseWindow():
                contact = self.case.contact(step.contact)
                is_known = isinstance(step, SettleContact) and step.result is not None
                late = {ContactState.UNKNOWN} if is_known else set()
                going = {ContactState.SENDING, ContactState.OPEN} | late
                return contact is not None and contact.state in going
            case _:
                return step in due(self.case, self.at)

    # What is kept here a second time

    def _listen(self, before: CaseSnapshot, command: Command) -> None:
        self.ledger.hear(command, self.at, len(self.said))
        match command:
            case WithdrawConsent():
                self._stops_everything(before, command)
            case AnswerCheck() if command.answer is CheckAnswer.IT_WAS_NOT_HER:
                contact = the(before.contact(the(command.contact)))
                for recipient in _given(self.case) - _given(before):
                    self.ledger.it_was_not_her(recipient, self.at, command, contact)
            case SuspendPlan():
                self.is_suspended = True
            case EndContact():
                self.is_suspended |= _said_duress(command)
            case ConfirmPlan():
                self.is_suspended = False
            case RecordDeath():
                self._somebody_says_she_has_died(before, command)
        assert self.has_died is (self.case.case.died_at is not None)
        self.helps = {r.number for r in self.case.referrals if r.state in HELPING}

    def _somebody_says_she_has_died(self, before: CaseSnapshot, command: RecordDeath) -> None:
        """One person's word stops contact and nothing else; it takes another one's to count."""
        if command.answer is DeathAnswer.CONFIRMED:
            assert self.reported_by not in (None, command.actor.who)
            self.is_suspended = self.has_died = True
        else:
            assert _goes_on(before) == _goes_on(self.case)
            assert command.answer is None or self.reported_by != command.actor.who
            self.is_suspended |= command.answer is None
        asked = command.answer is None
        self.reported_by = (self.reported_by or command.actor.who) if asked else None

    def _stops_everything(self, before: CaseSnapshot, command: WithdrawConsent) -> None:
        """No referral of theirs is left, and nothing queued but stops and notices (INV-09)."""
        if command.purpose is not Purpose.SUPPORT_REFERRAL:
            assert before.referrals == self.case.referrals
            return
        theirs = [r for r in self.case.referrals if command.recipient in (None, r.service)]
        assert [r for r in theirs if r.state not in OVER] == []
        numbers = {r.number for r in theirs}
        left = {d.kind for d in self.case.dispatches if d.referral in numbers}
        assert left <= {DispatchKind.STOP, DispatchKind.NOTICE}
        opened = self.case.checks[len(before.checks) :]
        asked_about = {number for check in opened for number in check.referrals}
        assert self.helps & numbers == asked_about
        for check in opened:
            assert check.recorder == command.actor.who
            task = the(self.case.task(f"withdrawal-check/{check.number}"))
            assert (task.not_for, task.organisation) == (command.actor.who, check.asks)

    def _placed_lawfully(self, before: CaseSnapshot, decision: Changed) -> None:
        for packet in _only(PacketPlaced, decision):
            about = (Purpose.SUPPORT_REFERRAL, packet.service)
            referral = the(before.referral(packet.referral))
            assert packet.fields
            assert self.ledger.covers(about, packet.fields, self.at + A_MOMENT)
            assert not self.has_died
            assert referral.service == packet.service
            assert referral.organisation == packet.organisation
            assert packet.key not in self.placed
            self._is_in_its_place(packet, referral, self.ledger.newest[about])
            self.placed[packet.key] = (packet, len(self.said))

    def _is_in_its_place(self, packet: PacketPlaced, referral: Referral, newest_yes: int) -> None:
        """The first brings the referral; a further one what was asked back, under a newer yes."""
        earlier = [nth for one, nth in self.placed.values() if one.referral == packet.referral]
        if not earlier:
            assert referral.state is ReferralState.WAITING
            return
        assert newest_yes > max(earlier)
        assert set(referral.asked_fields) <= set(packet.fields)
        assert referral.state in _READS_ON

    # What no step does

    def _what_no_step_does(
        self, before: CaseSnapshot, command: Command, decision: Decision
    ) -> None:
        stages = [move.stage for move in _only(StageMoved, decision)]
        if isinstance(command, Step):
            assert set(stages) <= {Stage.DORMANT}
            consents = {c.consent.state for c in _only(ConsentRecorded, decision)}
            assert consents <= {ConsentState.EXPIRED}
        if Stage.CLOSED in stages:
            assert isinstance(command, CloseCase)
            assert self.has_died or command.reason is not ClosingReason.DECEASED
            lost = command.reason is ClosingReason.CONTACT_NOT_SAFE_OR_LOST
            asked_by = (before.case.closing_asked_by or "").partition("@")[2]
            assert not lost or asked_by != command.actor.who
        if isinstance(command, Breach | Remind):
            assert _states(before) == _states(self.case)
        for was in before.referrals:
            now = the(self.case.referral(was.number))
            assert was.state not in TERMINAL or was.state is now.state
            assert was.version <= now.version
        self._is_reached_safely(before, command)
        tells_no_agency(before, self.case, command, decision)

    def _is_reached_safely(self, before: CaseSnapshot, command: Command) -> None:
        for contact in self.case.contacts:
            was = before.contact(contact.number)
            begun = contact.state in (ContactState.STARTED, ContactState.SENDING)
            if begun and (was is None or was.state is not contact.state):
                assert not self.is_suspended
                assert not self.has_died
                is_reached_safely(before, contact, command, self.at)


_READS_ON = {
    ReferralState.OPENED,
    ReferralState.INFO_REQUESTED,
    ReferralState.WAITLISTED,
    ReferralState.ACCEPTED,
    ReferralState.ACTIVE,
}


def as_seen_by(actor: Actor, case: CaseSnapshot) -> CaseSnapshot:
    """The case as the record shows it to somebody: what is private, to its organisation alone."""
    if actor == SYSTEM:
        return case
    mine = (None, actor.organisation)
    return case.model_copy(
        update={
            "deadlines": tuple(d for d in case.deadlines if d.private_to in mine),
            "tasks": tuple(t for t in case.tasks if t.private_to in mine),
            "dispatches": tuple(d for d in case.dispatches if d.private_to in mine),
        }
    )


def _leaves(step: Step) -> bool:
    return isinstance(step, Deliver | SendStop | SendNotice)


def _written(
    before: CaseSnapshot, command: Command, decision: Decision, at: datetime
) -> CaseSnapshot:
    """As the record writes it."""
    if not isinstance(decision, Changed) and not decision.alerts:
        return before
    by_person = None if isinstance(command, Step) else at
    hidden = is_hidden(command.actor, command.verb, decision)
    return apply(before, decision.written, acted_at=by_person, is_hidden=hidden)


def _as_it_was(before: CaseSnapshot, after: CaseSnapshot) -> bool:
    version = {"version": before.case.version}
    return before == after.model_copy(update={"case": after.case.model_copy(update=version)})


def _goes_on(case: CaseSnapshot) -> tuple[object, ...]:
    """What no first word of a death touches."""
    running = [d for d in case.running_deadlines() if d.duty != "plan-review"]
    return case.case.stage, case.needs, case.referrals, case.consents, case.checks, running


def _said_duress(command: EndContact) -> bool:
    return "duress" in (command.result, command.word)


def _given(case: CaseSnapshot) -> set[str]:
    support = (c for c in case.consents if c.purpose is Purpose.SUPPORT_REFERRAL)
    return {c.recipient for c in support if c.state is ConsentState.GIVEN}


def _only(kind: type[_T], decision: Decision) -> list[_T]:
    written: Iterable[Change] = decision.written
    return [change for change in written if isinstance(change, kind)]


def _states(case: CaseSnapshot) -> list[ReferralState]:
    return [referral.state for referral in case.referrals]
