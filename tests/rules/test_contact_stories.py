# ruff: noqa: D102 - the name of a step is its sentence
"""Contact stories nobody wrote: whatever anybody does, nobody reaches her outside her plan.

The promise is checked by an oracle of our own that goes from the moment to the clock on the wall,
so that the rules do not vouch for themselves. Clocks change in the middle of every story.
"""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rules import plans
from rules.apply import apply
from rules.days import bank_holiday
from rules.decide import decide
from rules.outlook import journey_outlook
from schemas.actor import Actor
from schemas.case import Channel
from schemas.clockwork_steps import CloseWindow, OpenWindow, SendContact, SettleContact
from schemas.command_base import Command
from schemas.contact import (
    CONTACT_OVER,
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactResult,
    ContactState,
    ContactTemplate,
    ContactWindow,
    DeviceShared,
    InterpreterGender,
    InterpreterNeed,
    PlanConfirmation,
    PlanState,
    PlanTerms,
    SuspendReason,
    WordCheck,
)
from schemas.contact_commands import (
    CancelContact,
    ConfirmPlan,
    EndContact,
    PlanContact,
    RenewPlan,
    SetPlan,
    StartContact,
    SuspendPlan,
)
from schemas.decisions import Changed
from schemas.messages import Alarm, AlarmKind
from schemas.referral import Delivery, ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    a_command,
    a_deadline,
    a_referral,
    a_world,
    an_open_case,
    caseworker,
    idva,
    ngo_intake,
    supervisor,
    the,
)
from tests.rules.test_windows import CALENDAR, LONDON

C, S = ContactChannel, ContactState
BEGINS = datetime(2026, 10, 19, 8, tzinfo=UTC)
"""A Monday; on the Sunday after, the clocks go back."""

CAME_BY = {
    Channel.POLICE_999: C.VOICE,
    Channel.POLICE_101: C.VOICE,
    Channel.NGO: C.VIA_NGO,
    Channel.FRONT_COUNTER: C.IN_PERSON,
    Channel.THIRD_PARTY_CENTRE: C.IN_PERSON,
    Channel.HEALTH: C.IN_PERSON,
    Channel.SCHOOL: C.IN_PERSON,
}
BEGUN = {S.STARTED, S.SENDING}
SPOKEN = {C.VOICE, C.IN_PERSON}
TEXTS = {C.SMS, C.EMAIL}
Try = tuple[Actor, str | None, int, str]
"""Who tries, through which interpreter, over which of the channels, and what comes between."""

STEPS: dict[AlarmKind, type[Command]] = {
    AlarmKind.OPEN_WINDOW: OpenWindow,
    AlarmKind.CLOSE_WINDOW: CloseWindow,
    AlarmKind.SEND_CONTACT: SendContact,
    AlarmKind.SETTLE_CONTACT: SettleContact,
}

PEOPLE = st.sampled_from([caseworker(), supervisor(), ngo_intake(), idva()])
USUAL = st.sampled_from([C.VOICE, C.VOICE, C.SMS, C.SMS, *C])
CODES = st.sampled_from([None, "int-1", "int-2"])
RARELY = st.sampled_from([False] * 5 + [True])
NUMBERS = st.integers(1, 6)
HOURS = st.sampled_from([0, 1, 2, 9, 10, 16, 22])
BETWEEN = st.sampled_from(
    ["nothing"] * 3
    + ["time", "five weeks", "a suspension", "another plan", "the end of the referral"]
)
TRIES = st.tuples(PEOPLE, CODES, NUMBERS, BETWEEN)
LEAPS = st.sampled_from([timedelta(hours=h) for h in (0.3, 1, 5, 24, 24 * 6.5)])


@st.composite
def some_windows(draw: st.DrawFn) -> ContactWindow:
    """Slots on a few days, some of them at the hours that the clocks repeat."""
    opens = draw(HOURS)
    closes = time(opens + draw(st.integers(0, 1)), 45)
    return ContactWindow(
        weekday=draw(st.sampled_from([0, 1, 4, 6])), opens=time(opens, 15), closes=closes
    )


@st.composite
def some_terms(draw: st.DrawFn) -> PlanTerms:
    """Terms that mostly allow something."""
    need = InterpreterNeed(
        needed=draw(RARELY),
        gender=draw(st.sampled_from(InterpreterGender)),
        excluded=draw(st.sampled_from([(), ("int-1",)])),
    )
    return PlanTerms(
        channels=tuple(draw(st.lists(USUAL, min_size=1, max_size=3, unique=True))),
        windows=tuple(draw(st.lists(some_windows(), min_size=1, max_size=5))),
        device_shared=draw(
            st.sampled_from([DeviceShared.NO, DeviceShared.NO, DeviceShared.UNKNOWN])
        ),
        interpreter=need,
    )


class ContactStory(RuleBasedStateMachine):
    """One case, and everything that can be done about reaching her."""

    def __init__(self) -> None:
        super().__init__()
        self.at: datetime = BEGINS
        self.case: CaseSnapshot = an_open_case()
        self.sent: list[int] = []

    def tell(self, command: Command) -> None:
        """Carry out a command, and look at whoever was reached by it."""
        before = self.case
        decision = decide(before, command, a_world(self.at))
        if not isinstance(decision, Changed):
            return
        self.case = apply(before, decision.changes)
        for contact in self.case.contacts:
            was = before.contact(contact.number)
            if contact.state in BEGUN and (was is None or was.state is not contact.state):
                assert isinstance(command, StartContact | SendContact)
                self._is_safe(before, contact)
                self.sent += [contact.number] if contact.state is S.SENDING else []
            if was is not None and was.state in CONTACT_OVER:
                assert contact.state in CONTACT_OVER

    def _is_safe(self, before: CaseSnapshot, contact: Contact) -> None:
        """By the plan in force at this moment; and where there is none, by the way she came."""
        assert not [plan for plan in before.plans if plan.state is PlanState.SUSPENDED]
        plan = before.plan
        channel = contact.channel
        assert (contact.template is not None) is (channel in TEXTS)
        assert (contact.state is S.SENDING) is (channel in TEXTS)
        self._is_of_somebody_who_knows_her(before, contact)
        if plan is None:
            self._is_in_office_hours()
        else:
            assert channel in set(plan.channels) - {C.SHE_CONTACTS_US}
            assert any(self._is_in(window) for window in plan.windows)
            self._is_understood(plan, contact)
        if plan is None or self.at >= the(plan.expires_at):
            assert CAME_BY[before.case.channel] is channel
            assert channel not in TEXTS

    def _is_of_somebody_who_knows_her(self, before: CaseSnapshot, contact: Contact) -> None:
        if contact.organisation != before.case.owner:
            referral = the(before.referral(the(contact.referral)))
            assert referral.state in {ReferralState.ACCEPTED, ReferralState.ACTIVE}
            assert referral.organisation == contact.organisation

    def _is_in_office_hours(self) -> None:
        wall = self.at.astimezone(LONDON)
        assert wall.weekday() < 5
        assert 9 <= wall.hour < 17
        assert bank_holiday(wall.date(), CALENDAR) is None

    def _is_in(self, window: ContactWindow) -> bool:
        wall = self.at.astimezone(LONDON)
        in_hours = window.opens <= wall.time().replace(fold=0) < window.closes
        return in_hours and wall.weekday() == window.weekday

    def _is_understood(self, plan: ContactPlan, contact: Contact) -> None:
        assert contact.interpreter not in plan.interpreter.excluded
        if plan.interpreter.needed and contact.channel in SPOKEN:
            assert contact.interpreter is not None
        assert contact.channel not in TEXTS or plan.device_shared is DeviceShared.NO

    def contact(self, number: int) -> int:
        """The number of a contact that is there, where one is; one not yet over before others."""
        going = [c.number for c in self.case.contacts if c.state not in CONTACT_OVER]
        return going[number % len(going)] if going else number

    @initialize(channel=st.sampled_from(Channel), terms=st.none() | some_terms())
    def she_discloses(self, channel: Channel, terms: PlanTerms | None) -> None:
        self.case = an_open_case(
            channel=channel,
            occurred_at=BEGINS - timedelta(hours=1),
            referrals=[a_referral(state=ReferralState.ACCEPTED)],
        )
        if terms:
            self.tell(a_command(SetPlan, terms=terms, has_words=True))

    # time

    @rule(leap=LEAPS)
    def time_passes(self, leap: timedelta) -> None:
        self.at += leap

    @rule(passes=RARELY)
    def a_month_passes(self, passes: bool) -> None:
        self.at += timedelta(days=31 if passes else 0)

    @rule(leap=LEAPS)
    def time_passes_and_alarms_ring(self, leap: timedelta) -> None:
        self.at += leap
        self.alarms_ring()

    @precondition(lambda self: bool(self._alarms()))
    @rule()
    def the_next_alarm_rings(self) -> None:
        self.at = max(self.at, self._alarms()[0].at)
        self.alarms_ring()

    @rule()
    def alarms_ring(self) -> None:
        for alarm in self._alarms():
            if alarm.at <= self.at:
                self.tell(a_command(STEPS[alarm.kind], contact=alarm.contact))

    @rule()
    def the_plan_is_looked_at_by_the_clockwork(self) -> None:
        stale = plans.stale(self.case, a_deadline(plans.REVIEW), a_world(self.at))
        self.case = apply(self.case, stale)

    @rule(kind=st.sampled_from(list(STEPS.values())), number=NUMBERS)
    def a_step_strays(self, kind: type[Command], number: int) -> None:
        self.tell(a_command(kind, contact=self.contact(number)))

    def _alarms(self) -> list[Alarm]:
        return [a for a in journey_outlook(self.case).alarms if a.contact is not None]

    # the plan

    @rule(terms=some_terms(), who=PEOPLE, details=RARELY, words=RARELY)
    def a_plan_is_set(self, terms: PlanTerms, who: Actor, details: bool, words: bool) -> None:
        self.tell(a_command(SetPlan, terms=terms, actor=who, has_details=details, has_words=words))

    @rule(who=PEOPLE, how=st.sampled_from(PlanConfirmation), number=NUMBERS)
    def a_change_is_confirmed(self, who: Actor, how: PlanConfirmation, number: int) -> None:
        before = self.case.plan
        pending = [plan.number for plan in self.case.plans if plan.state is PlanState.PENDING]
        for plan in pending:
            self.tell(a_command(ConfirmPlan, plan=plan, how=how, contact=number, actor=who))
            if self.case.plan != before:
                assert the(self.case.plan).set_by != who.who

    @rule(who=PEOPLE)
    def it_is_as_it_was(self, who: Actor) -> None:
        self.tell(a_command(RenewPlan, actor=who))

    @rule(who=PEOPLE, reason=st.sampled_from(SuspendReason), sure=RARELY)
    def contact_is_suspended(self, who: Actor, reason: SuspendReason, sure: bool) -> None:
        if sure:  # rarely: most of what may happen afterwards is nothing
            self.tell(a_command(SuspendPlan, actor=who, reason=reason))

    @rule()
    def she_is_safe_again(self) -> None:
        self.the_referral_moves(ReferralState.ACTIVE)
        self.tell(a_command(RenewPlan))
        for plan in self.case.plans:
            if plan.state is PlanState.SUSPENDED:
                terms = PlanTerms.model_validate(
                    plan.model_dump(include=set(PlanTerms.model_fields))
                )
                self.tell(a_command(SetPlan, terms=terms))
                how = PlanConfirmation.NGO_THAT_KNOWS_HER
                self.a_change_is_confirmed(idva(), how, number=1)
                assert self.case.plan is not None

    @rule(state=st.sampled_from([ReferralState.ACTIVE, ReferralState.WITHDRAWN]))
    def the_referral_moves(self, state: ReferralState) -> None:
        moved = a_referral(state=state, delivery=Delivery.ACKED)
        self.case = self.case.model_copy(update={"referrals": (moved,)})

    # contacts

    @rule(channel=USUAL, who=PEOPLE, code=CODES, purpose=st.sampled_from(ContactPurpose))
    def a_contact_is_planned(
        self, channel: ContactChannel, who: Actor, code: str | None, purpose: ContactPurpose
    ) -> None:
        template = ContactTemplate.PLEASE_CALL if channel in TEXTS else None
        said: dict[str, Any] = {"channel": channel, "template": template, "interpreter": code}
        self.tell(a_command(PlanContact, actor=who, purpose=purpose, referral=None, **said))

    @rule(tries=st.lists(TRIES, min_size=2, max_size=6), terms=some_terms(), leap=LEAPS)
    def somebody_tries_and_something_comes_between(
        self, tries: list[Try], terms: PlanTerms, leap: timedelta
    ) -> None:
        for who, code, nth, between in tries:
            self.she_is_safe_again()
            plan = self.case.plan
            known = plan.channels if plan else (CAME_BY.get(self.case.case.channel, C.VOICE),)
            channel = known[nth % len(known)]
            self.a_contact_is_planned(channel, who, code, ContactPurpose.UPDATE)
            number = len(self.case.contacts)
            contact = self.case.contact(number)
            if contact is not None and contact.safe_at is not None:
                self.at = max(self.at, contact.safe_at)
            self._comes_between(between, terms, leap)
            self.tell(a_command(StartContact, contact=number, actor=who))
            self.tell(a_command(SendContact, contact=number))

    def _comes_between(self, between: str, terms: PlanTerms, leap: timedelta) -> None:
        match between:
            case "a suspension":
                self.tell(a_command(SuspendPlan))
            case "another plan":
                self.tell(a_command(SetPlan, terms=terms))
            case "the end of the referral":
                self.the_referral_moves(ReferralState.WITHDRAWN)
            case "time":
                self.at += leap
            case "five weeks":  # the same hour and weekday, and the plan is old
                self.at += timedelta(weeks=5)

    @rule(number=NUMBERS, who=PEOPLE)
    def a_contact_is_started(self, number: int, who: Actor) -> None:
        self.tell(a_command(StartContact, contact=self.contact(number), actor=who))

    @rule(
        number=NUMBERS,
        who=PEOPLE,
        result=st.sampled_from(ContactResult),
        word=st.sampled_from([WordCheck.SAFE] * 4 + list(WordCheck)),
    )
    def a_contact_ends(
        self, number: int, who: Actor, result: ContactResult, word: WordCheck
    ) -> None:
        contact = self.contact(number)
        self.tell(a_command(EndContact, contact=contact, actor=who, result=result, word=word))

    @rule(number=NUMBERS, who=PEOPLE)
    def a_contact_is_called_off(self, number: int, who: Actor) -> None:
        self.tell(a_command(CancelContact, contact=self.contact(number), actor=who))

    # what holds in every story

    @invariant()
    def no_text_goes_out_twice(self) -> None:
        """Nor a second time after nobody could tell."""
        assert len(set(self.sent)) == len(self.sent)

    @invariant()
    def at_most_one_plan_holds(self) -> None:
        """In force or suspended, and at most one more waits."""
        states = [plan.state for plan in self.case.plans]
        assert states.count(PlanState.IN_FORCE) + states.count(PlanState.SUSPENDED) <= 1
        assert states.count(PlanState.PENDING) <= 1

    @invariant()
    def a_suspended_case_has_no_contact_waiting(self) -> None:
        """Nothing is left that a timer could begin."""
        if any(plan.state is PlanState.SUSPENDED for plan in self.case.plans):
            assert not {S.PLANNED, S.OPEN} & {contact.state for contact in self.case.contacts}

    @invariant()
    def an_open_contact_is_in_front_of_a_person(self) -> None:
        """And a person is asked no longer than it is open or being made."""
        for contact in self.case.contacts:
            task = self.case.task(f"contact/{contact.number}")
            if contact.state is S.OPEN:
                assert not the(task).is_done
            if contact.state in {S.PLANNED, *CONTACT_OVER}:
                assert task is None or task.is_done

    @invariant()
    def a_contact_that_waits_for_nothing_is_in_front_of_a_person(self) -> None:
        """Where no window is known, somebody is asked to look."""
        stuck = [c for c in self.case.contacts if c.state is S.PLANNED and c.safe_at is None]
        asked = [t for t in self.case.tasks if t.kind == "plan_stale" and not t.is_done]
        assert asked or not stuck


TestContactStories = ContactStory.TestCase
TestContactStories.settings = settings(
    max_examples=250, stateful_step_count=30, derandomize=True, deadline=None
)
