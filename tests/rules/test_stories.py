# ruff: noqa: D102 - the name of a step is its sentence
"""Stories nobody wrote: random people, timers and mistakes in any order, time moving forward.

With each step the promises that hold in every story are checked again: what a step may do in
`stories`, what depends on nothing else in `twins`, what holds at every moment in `promises`. A
counterexample is printed as a short program, and as what was said.
"""

from datetime import datetime, timedelta

from hypothesis import note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rules.actions import permitted
from schemas.case import SafetyCheck, Stage
from schemas.case_commands import AddNeed, ConfirmSafety
from schemas.clockwork_steps import (
    Deliver,
    ExpireReferral,
    FailDelivery,
    RouteOnward,
    SendNotice,
    SendStop,
    SettleContact,
    Step,
)
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.contact_commands import (
    ConfirmPlan,
    EndContact,
    PlanContact,
    RenewPlan,
    SetPlan,
    StartContact,
)
from schemas.directory import ServiceStatus
from schemas.referral import ReferralState
from schemas.referral_commands import RequestReferral
from schemas.snapshot import TaskKind
from tests.builders import (
    AT,
    COUNSELLING,
    IDVA,
    MEADOWLIGHT,
    SHUT,
    TERNSTONE,
    a_case,
    a_command,
    a_referral,
    a_task,
    a_world,
    an_acknowledgement,
    an_open_case,
    everyone,
    given,
    kinds_of,
    the,
    why_not,
)
from tests.rules.ledger import HALF_A_YEAR
from tests.rules.plots import PLOTS, Plot, moment
from tests.rules.promises import PROMISES
from tests.rules.sampling import chance_of, sample_runs
from tests.rules.sayings import said
from tests.rules.stories import Telling

settings.register_profile(
    "stories", max_examples=200, stateful_step_count=30, derandomize=True, deadline=None
)

SERVICES = st.sampled_from([IDVA, IDVA, COUNSELLING, MEADOWLIGHT, TERNSTONE, SHUT])
SEEDS = st.integers(min_value=0, max_value=99_999)
"""Chance, as a number: a step that is printed can be repeated."""
NEARLY = HALF_A_YEAR - timedelta(hours=20)
AGO = st.sampled_from([timedelta(), NEARLY])
LAST_YEAR = 2033  # the calendar ends with 2035, and some duties take long
NUMBERS = st.integers(min_value=0, max_value=5)
RARELY = st.sampled_from([False] * 7 + [True])
LEAPS = st.sampled_from([timedelta(hours=hours) for hours in (0.1, 3, 24, 24, 96, 24 * 16)])
LONG_LEAPS = st.sampled_from([timedelta(days=days) for days in (1, 1, 1, 40, 200)])
STEPS = st.sampled_from(list(kinds_of(Step).values()))
MOST_VERBS = 40
"""Of those that people and clockwork have, so many are carried out in the sample at least."""

WITHOUT_A_SERVICE = {
    ReferralState.DRAFT,
    ReferralState.WAITING,
    ReferralState.UNDELIVERABLE,
    ReferralState.RECALLED,
    ReferralState.WITHDRAWN,
    ReferralState.ENTERED_IN_ERROR,
}


class Story(RuleBasedStateMachine):
    """One case, told by everyone who may touch it and by the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.story = Telling(a_case(occurred_at=AT - HALF_A_YEAR), AT)

    def teardown(self) -> None:
        for command, is_done in self.story.said:
            note(f"{'yes' if is_done else 'no '} {command!r}")

    @initialize(
        trouble=RARELY,
        asked=st.lists(SERVICES, min_size=1, max_size=3, unique=True),
        is_down=st.booleans(),
        ago=AGO,
        seed=SEEDS,
    )
    def she_discloses(
        self, trouble: bool, asked: list[str], is_down: bool, ago: timedelta, seed: int
    ) -> None:
        """Most stories begin well, so that they get somewhere."""
        story, chance = self.story, chance_of(seed)
        safety = SafetyCheck(safe_to_talk=True, immediate_danger=trouble)
        story.tell(a_command(ConfirmSafety, safety=safety))
        story.tell(a_command(AddNeed))
        for service in asked:
            said_at = story.at - ago
            story.tell(a_command(AskConsent, recipient=service, occurred_at=said_at))
            story.tell(a_command(GiveConsent, recipient=service, occurred_at=said_at))
        story.tell(a_command(RequestReferral, choices=tuple(asked)))
        if chance.randrange(3):
            story.tell(said(SetPlan, moment(story, chance)))
        story.catch_up(carries=not is_down)

    # what people do

    @rule(plot=st.sampled_from(PLOTS), seed=SEEDS, is_down=RARELY)
    def something_happens(self, plot: Plot, seed: int, is_down: bool) -> None:
        for command in plot(self.story, chance_of(seed)):
            self.story.tell(command)
            self.story.catch_up(carries=not is_down)

    @rule(plots=st.lists(st.sampled_from(PLOTS), min_size=2, max_size=4), seed=SEEDS)
    def one_thing_after_the_other(self, plots: list[Plot], seed: int) -> None:
        for nth, plot in enumerate(plots):
            self.something_happens(plot, seed + nth, is_down=False)

    @rule(plots=st.lists(st.sampled_from(PLOTS), min_size=2, max_size=3), seed=SEEDS)
    def things_cross_each_other(self, plots: list[Plot], seed: int) -> None:
        """Several people speak in turns, before the clockwork has heard of any of it."""
        told = [plot(self.story, chance_of(seed + nth)) for nth, plot in enumerate(plots)]
        while told:
            for one in tuple(told):
                command = next(one, None)
                if command is None:
                    told.remove(one)
                else:
                    self.story.tell(command)
        self.story.catch_up()

    @precondition(lambda self: not self._is_late())
    @rule(seed=SEEDS, tries=st.integers(1, 3), leap=LEAPS)
    def somebody_reaches_her(self, seed: int, tries: int, leap: timedelta) -> None:
        """Planned, and made in its window; or something comes between, or time."""
        chance = chance_of(seed)
        for _ in range(tries):
            known = len(self.story.case.contacts)
            self.story.tell(said(PlanContact, moment(self.story, chance)))
            contact = self.story.case.contact(known + 1)
            if contact is None or contact.safe_at is None:
                continue
            self.story.pass_time(max(self.story.at, contact.safe_at))
            if chance.randrange(4) == 1:
                self.something_happens(chance.choice(PLOTS), seed, is_down=False)
            if chance.randrange(4) == 1:
                self.story.pass_time(self.story.at + leap)
            about = {"contact": contact.number}
            self.story.tell(said(StartContact, moment(self.story, chance), **about))
            self.story.tell(said(EndContact, moment(self.story, chance), **about))

    @rule(code=SERVICES, status=st.sampled_from(ServiceStatus))
    def the_directory_changes(self, code: str, status: ServiceStatus) -> None:
        case = self.story.case
        services = tuple(
            s.model_copy(update={"status": status if s.code == code else ServiceStatus.ACTIVE})
            for s in case.services
        )
        self.story.case = case.model_copy(update={"services": services})

    # what the clock and the clockwork do, when they are well and when they are not

    @precondition(lambda self: not self._is_late())
    @rule(leap=LEAPS)
    def time_passes(self, leap: timedelta) -> None:
        self.story.pass_time(self.story.at + leap)

    @precondition(lambda self: not self._is_late())
    @rule(leap=LONG_LEAPS, is_inbox_alone=st.booleans())
    def time_passes_while_something_is_down(self, leap: timedelta, is_inbox_alone: bool) -> None:
        """The inbox alone, or everything; then alarms ring late, and all at once."""
        if is_inbox_alone:
            self.story.catch_up(carries=False)
        self.story.at += leap
        self.story.catch_up(carries=not is_inbox_alone)

    @precondition(lambda self: self.story.given)
    @rule(number=NUMBERS)
    def a_step_comes_late_and_twice(self, number: int) -> None:
        given = self.story.given[-8:]
        step = given[number % len(given)]
        self.story.tell(step)
        self.story.tell(step)

    @rule(kind=STEPS, seed=SEEDS)
    def a_step_strays(self, kind: type[Step], seed: int) -> None:
        chance = chance_of(seed)
        keys = [dispatch.key for dispatch in self.story.case.dispatches] or ["packet/1/1"]
        parts = {"key": chance.choice(keys)} if kind in (Deliver, SendStop, SendNotice) else {}
        result = {"result": None} if kind is SettleContact else {}
        now = moment(self.story, chance)
        self.story.tell(said(kind, now, command_id="clockwork", **parts, **result))

    # what holds in every story

    @invariant()
    def every_promise_holds(self) -> None:
        for promise in PROMISES:
            promise(self.story.case, self.story.at)

    @invariant()
    def a_service_that_got_nothing_does_not_hold_a_referral(self) -> None:
        """INV-24."""
        placed = {packet.referral for packet, _ in self.story.placed.values()}
        held = [r for r in self.story.case.referrals if r.state not in WITHOUT_A_SERVICE]
        assert [r.number for r in held if r.number not in placed] == []

    @invariant()
    def the_ledger_says_what_she_said(self) -> None:
        """A yes is for what she agreed to and no longer than she did, and no rule adds one."""
        for consent in self.story.case.consents:
            if consent.state == "given" and consent.expires_at:
                about = (consent.purpose, consent.recipient)
                assert self.story.ledger.covers(about, consent.fields, consent.expires_at)

    @invariant()
    def what_is_offered_can_be_told_to_everyone(self) -> None:
        """Asking what may be done next never fails, whatever the case is like."""
        case, people = self.story.case, everyone()
        permitted(case, people[case.case.version % len(people)], a_world(self.story.at))

    def _is_late(self, at: datetime | None = None) -> bool:
        return (at or self.story.at).year >= LAST_YEAR


TestStories = Story.TestCase
TestStories.settings = settings.get_profile("stories")


def test_a_seed_tells_the_same_story_twice_and_every_promise_holds_in_it() -> None:
    """What is played on real servers is a sample of these runs."""
    case = a_case(stage=Stage.OPEN)
    first, again = (sample_runs(20261123, 40, case, AT) for _ in range(2))
    assert [run.said for run in first] == [run.said for run in again]
    verbs = {command.verb for run in first for command, is_done in run.said if is_done}
    assert MOST_VERBS < len(verbs)


# what stories had found


def test_a_delivery_is_given_up_only_while_its_packet_is_queued() -> None:
    """A step whose reason has gone changes nothing: she is asked about it as before."""
    case = an_open_case(referrals=[a_referral()])
    assert {"overtaken"} == why_not(case, a_command(FailDelivery))


def test_one_silence_is_told_once() -> None:
    """Somebody has seen to it; the same step again does not put it before them once more."""
    opened = a_referral(state=ReferralState.OPENED)
    ack = an_acknowledgement()
    told = a_task("unanswered/1", TaskKind.UNANSWERED)
    told = told.model_copy(update={"is_done": True, "raised_at": the(ack.lapse_at)})
    case = an_open_case(referrals=[opened], deadlines=[ack], tasks=[told])
    assert {"overtaken"} == why_not(case, a_command(ExpireReferral), at=AT + HALF_A_YEAR)


def test_after_her_death_no_plan_is_made_and_no_further_service_asked() -> None:
    """Nobody is sent to ring her, and nothing of her goes to her next choice."""
    declined = a_referral(state=ReferralState.DECLINED, next_choices=(MEADOWLIGHT,))
    case = an_open_case(referrals=[declined], consents=[given(MEADOWLIGHT)], died_at=AT)
    for kind in (SetPlan, ConfirmPlan, RenewPlan, RouteOnward):
        assert {"deceased"} == why_not(case, a_command(kind))
