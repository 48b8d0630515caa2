# ruff: noqa: D102 - the name of a step is its sentence
"""Stories nobody wrote: random people, timers and mistakes in any order, time moving forward.

After each step the promises that hold in every story are checked again. A counterexample is
printed as a short program; paste it into a test of its own.
"""

from datetime import datetime, timedelta
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rules import consents
from rules.actions import permitted
from rules.apply import apply
from rules.decide import decide
from rules.duties import missed_task_id
from rules.outlook import journey_outlook, referral_outlook
from rules.referral_states import OVER, TERMINAL, WITH_SERVICE
from schemas.actor import SYSTEM, Actor
from schemas.case import ClosingReason, PersonalField, SafetyCheck, Stage
from schemas.case_commands import AddNeed, CloseCase, ConfirmSafety
from schemas.changes import Change, PacketPlaced, StageMoved
from schemas.clockwork_steps import (
    Breach,
    Deliver,
    ExpireReferral,
    FailDelivery,
    QueueDelivery,
    Remind,
    RouteOnward,
    SendNotice,
    SendStop,
)
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.consent_commands import AskConsent, GiveConsent, RefuseConsent, WithdrawConsent
from schemas.deadlines import DeadlineState
from schemas.decisions import Changed
from schemas.directory import ServiceStatus
from schemas.messages import Alarm, AlarmKind, Queued
from schemas.referral import Reason, ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    EngageReferral,
    OpenReferral,
    RecallReferral,
    RequestReferral,
)
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    COUNSELLING,
    IDVA,
    MEADOWLIGHT,
    ORGANISATIONS,
    SHUT,
    TERNSTONE,
    a_case,
    a_command,
    a_world,
    caseworker,
    dpo,
    everyone,
    ngo_intake,
    supervisor,
    the,
)

settings.register_profile(
    "stories", max_examples=80, stateful_step_count=30, derandomize=True, deadline=None
)

SERVICES = st.sampled_from([IDVA, IDVA, COUNSELLING, MEADOWLIGHT, TERNSTONE, SHUT])
FIELDS = st.lists(st.sampled_from(list(PersonalField)), max_size=4, unique=True).map(tuple)
PEOPLE = st.sampled_from([caseworker(), caseworker(person="bea"), supervisor()])
NEARLY = consents.VALID_FOR - timedelta(hours=20)
AGO = st.sampled_from([timedelta(), NEARLY, consents.VALID_FOR])
LAST_YEAR = 2034  # the calendar ends with 2035
CLOSERS = st.one_of(PEOPLE, PEOPLE, st.just(SYSTEM))
NUMBERS = st.integers(min_value=0, max_value=5)
RARELY = st.sampled_from([False] * 7 + [True])
NGO_VERBS: tuple[type[Command], ...] = (
    OpenReferral,
    AcceptReferral,
    DeclineReferral,
    EngageReferral,
    CompleteReferral,
)
CARRIED: tuple[type[Command], ...] = (Deliver, SendStop)
STEPS = (QueueDelivery, FailDelivery, ExpireReferral, RouteOnward)
LEAPS = st.sampled_from([timedelta(hours=hours) for hours in (0.1, 24, 96, 200 * 24)])

_T = TypeVar("_T", bound=Change)


class Story(RuleBasedStateMachine):
    """One case, told by everyone who may touch it and by the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.at: datetime = AT
        self.case: CaseSnapshot = a_case()
        self.placed: list[PacketPlaced] = []
        self.asked: dict[str, set[PersonalField]] = {}
        self.yes: dict[str, tuple[set[PersonalField], datetime]] = {}

    # what happens to the case

    def tell(self, command: Command) -> None:
        """Carry out a command, and check what one step may and may not do."""
        before = self.case
        decision = decide(before, command, a_world(self.at))
        if not isinstance(decision, Changed):
            return
        self.case = apply(before, decision.changes)
        self._hear(command)
        self._placed_lawfully(before, _only(PacketPlaced, decision))
        self._closed_by_people(before, command, decision)
        if isinstance(command, Breach | Remind):
            assert _states(before) == _states(self.case)
        for was in before.referrals:
            now = the(self.case.referral(was.number))
            assert was.state not in TERMINAL or was.state is now.state
            assert was.version <= now.version

    def referral(self, number: int) -> int:
        """The number of a referral that is there, where one is."""
        return _one_of(len(self.case.referrals), number)

    def _hear(self, command: Command) -> None:
        """Keep what she said in a ledger of our own, so that the rules do not vouch for theirs."""
        match command:
            case AskConsent():
                self.asked[command.recipient] = set(command.fields)
            case GiveConsent():
                assert set(command.fields) <= self.asked.pop(command.recipient)
                until = (command.occurred_at or self.at) + consents.VALID_FOR
                self.yes[command.recipient] = (set(command.fields), until)
            case RefuseConsent():
                self.asked.pop(command.recipient, None)
            case WithdrawConsent():
                for recipient in [command.recipient] if command.recipient else ORGANISATIONS:
                    self.asked.pop(recipient, None)
                    self.yes.pop(recipient, None)

    def _placed_lawfully(self, before: CaseSnapshot, placed: list[PacketPlaced]) -> None:
        for packet in placed:
            fields, until = self.yes[packet.service]
            assert self.at < until
            assert set(packet.fields) <= fields
            assert packet.organisation == ORGANISATIONS[packet.service]
            referral = the(before.referral(packet.referral))
            assert (packet.service, ReferralState.WAITING) == (referral.service, referral.state)
        self.placed += placed

    def _closed_by_people(self, before: CaseSnapshot, command: Command, decision: Changed) -> None:
        closed = [move for move in _only(StageMoved, decision) if move.stage is Stage.CLOSED]
        if closed:
            assert isinstance(command, CloseCase)
            assert command.actor != SYSTEM
            lost = command.reason is ClosingReason.CONTACT_NOT_SAFE_OR_LOST
            assert not lost or before.case.closing_asked_by != str(command.actor)

    @initialize(
        trouble=RARELY,
        asked=st.lists(SERVICES, min_size=1, max_size=3, unique=True),
        is_down=st.booleans(),
        ago=AGO,
    )
    def she_discloses(self, trouble: bool, asked: list[str], is_down: bool, ago: timedelta) -> None:
        """Most stories begin well, so that they get somewhere."""
        safety = SafetyCheck(safe_to_talk=True, immediate_danger=trouble)
        self.tell(a_command(ConfirmSafety, safety=safety))
        self.tell(a_command(AddNeed))
        for service in asked:
            self.she_says_yes_to_what_she_is_asked(service, ago)
        self.tell(a_command(RequestReferral, choices=tuple(asked)))
        if is_down:
            self.packets_are_queued()
        else:
            self.the_clockwork_carries()

    @precondition(lambda self: self.at.year < LAST_YEAR)
    @rule(leap=LEAPS)
    def time_passes(self, leap: timedelta) -> None:
        self.the_clockwork_carries()
        self.at += leap
        self.alarms_ring()

    @precondition(lambda self: self.at.year < LAST_YEAR)
    @rule(leap=LEAPS)
    def time_passes_while_the_inbox_is_down(self, leap: timedelta) -> None:
        self.packets_are_queued()
        self.at += leap

    @rule(code=SERVICES, status=st.sampled_from(ServiceStatus))
    def the_directory_changes(self, code: str, status: ServiceStatus) -> None:
        services = tuple(
            s.model_copy(update={"status": status}) if s.code == code else s
            for s in self.case.services
        )
        self.case = self.case.model_copy(update={"services": services})

    # what people do

    @rule(trouble=RARELY, who=PEOPLE)
    def safety_is_checked(self, trouble: bool, who: Actor) -> None:
        safety = SafetyCheck(safe_to_talk=not trouble, immediate_danger=trouble)
        self.tell(a_command(ConfirmSafety, safety=safety, actor=who))

    @rule(recipient=SERVICES, fields=FIELDS)
    def she_is_asked(self, recipient: str, fields: tuple[PersonalField, ...]) -> None:
        self.tell(a_command(AskConsent, recipient=recipient, fields=fields))

    @rule(recipient=SERVICES, fields=FIELDS, ago=AGO)
    def she_says_yes(
        self, recipient: str, fields: tuple[PersonalField, ...], ago: timedelta
    ) -> None:
        said_at = self.at - ago
        given = a_command(GiveConsent, recipient=recipient, fields=fields, occurred_at=said_at)
        self.tell(given)

    @rule(recipient=SERVICES, ago=AGO)
    def she_says_yes_to_what_she_is_asked(self, recipient: str, ago: timedelta) -> None:
        self.tell(a_command(AskConsent, recipient=recipient))
        self.tell(a_command(GiveConsent, recipient=recipient, occurred_at=self.at - ago))

    @rule(recipient=SERVICES)
    def she_says_no(self, recipient: str) -> None:
        self.tell(a_command(RefuseConsent, recipient=recipient))

    @rule(
        recipient=st.one_of(SERVICES, SERVICES, st.none()),
        who=st.sampled_from([caseworker(), dpo(), ngo_intake()]),
    )
    def she_takes_it_back(self, recipient: str | None, who: Actor) -> None:
        self.tell(a_command(WithdrawConsent, recipient=recipient, actor=who))
        for referral in self.case.referrals:
            assert recipient not in (None, referral.service) or referral.state in OVER

    @rule()
    def she_needs_something_more(self) -> None:
        self.tell(a_command(AddNeed))

    @rule(need=NUMBERS, choices=st.lists(SERVICES, min_size=1, max_size=3, unique=True))
    def she_is_referred(self, need: int, choices: list[str]) -> None:
        number = _one_of(len(self.case.needs), need)
        self.tell(a_command(RequestReferral, need=number, choices=tuple(choices)))

    @rule(number=NUMBERS, reason=st.sampled_from(Reason))
    def it_is_recalled(self, number: int, reason: Reason) -> None:
        self.tell(a_command(RecallReferral, referral=self.referral(number), reason=reason))

    @rule(
        reason=st.sampled_from(ClosingReason), people=st.tuples(PEOPLE, CLOSERS), sure=st.booleans()
    )
    def it_is_closed(self, reason: ClosingReason, people: tuple[Actor, Actor], sure: bool) -> None:
        first, second = people
        self.tell(a_command(CloseCase, reason=reason, actor=first))
        if sure:
            self.tell(a_command(CloseCase, reason=reason, actor=second, confirmed=True))

    @precondition(lambda self: self.case.referrals)
    @rule(kinds=st.lists(st.sampled_from(NGO_VERBS), min_size=1), number=NUMBERS, stranger=RARELY)
    def a_service_answers(
        self,
        kinds: list[type[Command]],
        number: int,
        stranger: bool,
    ) -> None:
        arrived = [r for r in self.case.referrals if r.state in WITH_SERVICE]
        referral = the(self.case.referral(self.referral(number))) if not arrived else arrived[-1]
        organisation = "meadowlight" if stranger else referral.organisation
        for kind in kinds:
            self.tell(a_command(kind, referral=referral.number, actor=ngo_intake(organisation)))

    # what the clockwork does, when it is well and when it is not

    @rule()
    def packets_are_queued(self) -> None:
        for number in journey_outlook(self.case).referrals:
            self.tell(a_command(QueueDelivery, referral=number))

    @rule()
    def the_clockwork_carries(self) -> None:
        for number in journey_outlook(self.case).referrals:
            if referral_outlook(self.case, number, self.at).may_be_queued:
                self.tell(a_command(QueueDelivery, referral=number))
            for queued in referral_outlook(self.case, number, self.at).to_dispatch:
                self.tell(_leaving(queued, number))
        for queued in journey_outlook(self.case).to_dispatch:
            self.tell(a_command(SendNotice, key=queued.key))
        for number in journey_outlook(self.case).to_route:
            self.tell(a_command(RouteOnward, referral=number))

    @rule()
    def alarms_ring(self) -> None:
        one = [referral_outlook(self.case, r.number, self.at) for r in self.case.referrals]
        alarms = [alarm for outlook in one for alarm in outlook.alarms]
        for alarm in (*journey_outlook(self.case).alarms, *alarms):
            if alarm.at <= self.at:
                self.tell(_ringing(alarm))

    @rule(kind=st.sampled_from(STEPS), number=NUMBERS)
    def a_step_strays(self, kind: type[Command], number: int) -> None:
        self.tell(a_command(kind, referral=self.referral(number)))

    @precondition(lambda self: self.case.dispatches)
    @rule(data=st.data(), number=NUMBERS)
    def a_dispatch_strays(self, data: st.DataObject, number: int) -> None:
        key = data.draw(st.sampled_from([d.key for d in self.case.dispatches]))
        kind = data.draw(st.sampled_from(CARRIED))
        self.tell(a_command(kind, referral=self.referral(number), key=key))

    @precondition(lambda self: self.case.deadlines)
    @rule(data=st.data(), kind=st.sampled_from([Remind, Breach]))
    def a_timer_strays(self, data: st.DataObject, kind: type[Command]) -> None:
        deadline = data.draw(st.sampled_from([d.id for d in self.case.deadlines]))
        self.tell(a_command(kind, deadline=deadline))

    # what holds in every story

    @invariant()
    def a_referral_is_placed_at_most_once(self) -> None:
        """INV-28."""
        numbers = [packet.referral for packet in self.placed]
        assert len(set(numbers)) == len(numbers)

    @invariant()
    def what_was_withdrawn_from_is_not_open(self) -> None:
        """INV-09."""
        for referral in self.case.referrals:
            state = self.case.consent_state(Purpose.SUPPORT_REFERRAL, referral.service)
            assert state is not ConsentState.WITHDRAWN or referral.state in OVER

    @invariant()
    def a_service_that_got_nothing_does_not_hold_a_referral(self) -> None:
        """INV-24."""
        placed = {packet.referral for packet in self.placed}
        before = {ReferralState.DRAFT, ReferralState.WAITING, ReferralState.UNDELIVERABLE}
        after = {ReferralState.RECALLED, ReferralState.WITHDRAWN}
        assert all(r.number in placed or r.state in before | after for r in self.case.referrals)

    @invariant()
    def a_missed_duty_is_in_front_of_a_person(self) -> None:
        """INV-37: every breached deadline that runs has an open task."""
        for deadline in self.case.running_deadlines():
            if deadline.state is DeadlineState.BREACHED:
                assert not the(self.case.task(missed_task_id(deadline.id))).is_done

    @invariant()
    def what_is_over_has_nothing_running_and_no_packet(self) -> None:
        """A referral that is over holds no deadline open and has nothing left to send."""
        over = {r.number for r in self.case.referrals if r.state in OVER}
        assert not [d.id for d in self.case.running_deadlines() if d.referral in over]
        assert not [
            d.key for d in self.case.dispatches if d.referral in over and d.kind == "packet"
        ]

    @invariant()
    def a_need_is_with_one_service_at_a_time(self) -> None:
        """However people and clockwork cross each other."""
        open_needs = [r.need for r in self.case.referrals if r.state not in OVER]
        assert len(set(open_needs)) == len(open_needs)

    @invariant()
    def a_closed_case_rests(self) -> None:
        """No alarm, nothing to route, and nothing to send but stops and notices."""
        if self.case.case.stage is not Stage.CLOSED:
            return
        journey = journey_outlook(self.case)
        one = [referral_outlook(self.case, r.number, self.at) for r in self.case.referrals]
        assert (journey.alarms, journey.to_route) == ((), ())
        assert not [alarm for outlook in one for alarm in outlook.alarms]
        leaving = [*journey.to_dispatch, *(q for outlook in one for q in outlook.to_dispatch)]
        assert {queued.kind for queued in leaving} <= {"stop", "notice"}

    @invariant()
    def what_is_offered_can_be_told_to_everyone(self) -> None:
        """Asking what may be done next never fails, whatever the case is like."""
        for actor in everyone():
            permitted(self.case, actor, a_world(self.at))


def _one_of(count: int, number: int) -> int:
    """A number from 1 to count, or 1 where there is none."""
    return number % max(count, 1) + 1


def _only(kind: type[_T], decision: Changed) -> list[_T]:
    return [change for change in decision.changes if isinstance(change, kind)]


def _states(case: CaseSnapshot) -> tuple[Stage, list[ReferralState]]:
    return case.case.stage, [referral.state for referral in case.referrals]


def _leaving(queued: Queued, number: int) -> Command:
    if queued.kind == "notice":
        return a_command(SendNotice, key=queued.key)
    if queued.kind == "stop":
        return a_command(SendStop, referral=number, key=queued.key)
    return a_command(Deliver, referral=number, key=queued.key)


def _ringing(alarm: Alarm) -> Command:
    if alarm.kind is AlarmKind.EXPIRE:
        return a_command(ExpireReferral, referral=int(alarm.deadline.rpartition("/")[2]))
    if alarm.kind is AlarmKind.REMIND:
        return a_command(Remind, deadline=alarm.deadline)
    return a_command(Breach, deadline=alarm.deadline)


TestStories = Story.TestCase
TestStories.settings = settings.get_profile("stories")
