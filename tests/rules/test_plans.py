"""The safe-contact plan: hers from the first, and changed only when it is surely she who asks."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from rules import plans
from rules.actions import permitted
from rules.apply import apply
from rules.decide import decide
from rules.safe_contact import may_know
from schemas.actor import NGO_ROLES, Actor, Role
from schemas.case import Channel, PersonalField, Stage
from schemas.changes import ContactRecorded, PlanRecorded, TaskRecorded
from schemas.command_base import Command
from schemas.consent import ConsentState, Purpose
from schemas.contact import (
    CallerIdentity,
    Contact,
    ContactChannel,
    ContactPlan,
    ContactPurpose,
    ContactResult,
    ContactState,
    ContactTemplate,
    DeviceShared,
    DroppedCall,
    InterpreterGender,
    InterpreterKind,
    InterpreterNeed,
    PlanConfirmation,
    PlanPart,
    PlanState,
    PlanTerms,
    SuspendReason,
    Voicemail,
    WordCheck,
)
from schemas.contact_commands import ConfirmPlan, PlanContact, RenewPlan, SetPlan, SuspendPlan
from schemas.deadlines import DeadlineState
from schemas.decisions import Refused
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.verbs import Verb
from schemas.withdrawal import WithdrawalCheck, WithdrawnConsent
from tests.builders import (
    AT,
    IDVA,
    MEADOWLIGHT,
    a_command,
    a_consent,
    a_deadline,
    a_referral,
    a_world,
    after,
    an_open_case,
    caseworker,
    done,
    everyone,
    first_responder,
    idva,
    ngo_intake,
    only,
    supervisor,
    the,
    why_not,
)
from tests.rules.test_windows import TUESDAY, window

C, P, W = ContactChannel, PlanPart, WordCheck
LATER = AT + timedelta(days=2)
BEA = caseworker(person="bea")
CONFIRM = Verb.CONFIRM_PLAN


def terms(*channels: ContactChannel, **parts: Any) -> PlanTerms:
    """Her terms: a call on Tuesdays between ten and twelve, and what the test adds."""
    return PlanTerms(channels=channels or (C.VOICE,), **({"windows": (TUESDAY,)} | parts))


def set_to(*channels: ContactChannel, actor: Actor | None = None, **parts: Any) -> SetPlan:
    """Somebody records what she agreed to; what is no term belongs to the command."""
    said = {name: parts.pop(name) for name in ("has_details", "has_words") if name in parts}
    return a_command(SetPlan, terms=terms(*channels, **parts), actor=actor or caseworker(), **said)


def a_case_with_plan(*commands: Command, **parts: Any) -> CaseSnapshot:
    """A case whose first plan was just set, with number, words and a call on Tuesdays."""
    first = set_to(C.VOICE, has_details=True, has_words=True)
    referrals = [a_referral(state=ReferralState.ACTIVE)]
    return after(an_open_case(**({"referrals": referrals} | parts)), first, *commands)


def plan_of(case: CaseSnapshot, number: int) -> ContactPlan:
    """The plan of that number."""
    return the(next((plan for plan in case.plans if plan.number == number), None))


def states(case: CaseSnapshot) -> list[PlanState]:
    """Where each plan stands, in order."""
    return [plan.state for plan in sorted(case.plans, key=lambda plan: plan.number)]


def reviews(case: CaseSnapshot) -> list[DeadlineState]:
    """How the duty to check the plan runs."""
    return [d.state for d in case.deadlines if d.duty == plans.REVIEW]


# setting it


def test_the_first_plan_holds_at_once_for_thirty_days() -> None:
    """She gave no number before; and nobody says that it was confirmed."""
    case = a_case_with_plan()
    plan = the(case.plan)
    assert (plan.confirmed_how, plan.confirmed_by) == (None, None)
    assert (plan.number, plan.details_of, plan.words_of) == (1, 1, 1)
    assert (AT, AT + timedelta(days=30)) == (plan.verified_at, plan.expires_at)
    assert reviews(case) == [DeadlineState.RUNNING]


def test_a_plan_counts_from_when_she_said_it() -> None:
    """Not from when somebody came to record it."""
    case = after(an_open_case(), a_command(SetPlan, occurred_at=AT), at=LATER)
    assert the(case.plan).verified_at == AT


@pytest.mark.parametrize("actor", everyone(), ids=lambda actor: actor.role)
def test_only_those_who_know_her_set_a_plan(actor: Actor) -> None:
    """The agency that leads, and services that have taken her on; not who was merely asked."""
    sent = an_open_case(referrals=[a_referral(state=ReferralState.OPENED)])
    accepted = an_open_case(referrals=[a_referral(state=ReferralState.ACCEPTED)])
    command = set_to(actor=actor)
    if actor.role in NGO_ROLES:
        assert why_not(sent, command) == {"not_engaged"}
    assert why_not(sent, command) >= why_not(accepted, command)


@pytest.mark.parametrize("verb", [SetPlan, ConfirmPlan, RenewPlan])
@pytest.mark.parametrize("state", list(ReferralState))
def test_a_service_speaks_for_her_plan_while_it_has_taken_her_on(
    state: ReferralState, verb: type[Command]
) -> None:
    """Accepted or active; before that it does not know her, and afterwards no more."""
    pending = set_to(C.VOICE, C.VIA_NGO, actor=caseworker())
    case = a_case_with_plan(*((pending,) if verb is ConfirmPlan else ()))
    spoke = a_call(organisation=idva().organisation)
    case = case.model_copy(update={"referrals": (a_referral(state=state),), "contacts": (spoke,)})
    how = {"plan": 2, "how": PlanConfirmation.NGO_THAT_KNOWS_HER}
    command = a_command(verb, actor=idva(), **(how if verb is ConfirmPlan else {}))
    knows_her = state in (ReferralState.ACCEPTED, ReferralState.ACTIVE)
    assert knows_her is not bool(why_not(case, command))


# changing it


INTERPRETED = InterpreterNeed(needed=True)


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        pytest.param(set_to(C.VOICE), [], id="the same again"),
        pytest.param(set_to(C.SHE_CONTACTS_US), [], id="only she calls"),
        pytest.param(set_to(C.VOICE, windows=()), [], id="at no time"),
        pytest.param(
            set_to(C.VOICE, windows=(window(1, "10:30", "11:30"),)), [], id="a shorter time"
        ),
        pytest.param(
            set_to(C.VOICE, windows=(window(2, "10:00", "12:00"),)), [P.WINDOWS], id="another day"
        ),
        pytest.param(
            set_to(C.VOICE, windows=(window(1, "10:00", "12:01"),)), [P.WINDOWS], id="a longer time"
        ),
        pytest.param(
            set_to(C.VOICE, voicemail=Voicemail.VAGUE_ONLY), [P.VOICEMAIL], id="a message is left"
        ),
        pytest.param(
            set_to(C.VOICE, caller_identity=CallerIdentity.COVER_NAME),
            [P.CALLER_IDENTITY],
            id="a name is shown",
        ),
        pytest.param(
            set_to(C.VOICE, dropped_call=DroppedCall.CALL_BACK),
            [P.DROPPED_CALL],
            id="she is called back",
        ),
        pytest.param(set_to(C.VOICE, do_not_post=False), [P.POST], id="letters"),
        pytest.param(set_to(C.VOICE, device_shared=DeviceShared.NO), [P.DEVICE], id="her device"),
        pytest.param(set_to(C.VOICE, device_shared=DeviceShared.YES), [], id="a shared device"),
        pytest.param(set_to(C.VOICE, C.SMS), [], id="a text, on a device that others may see"),
        pytest.param(
            set_to(C.VOICE, C.SMS, device_shared=DeviceShared.NO),
            [P.CHANNELS, P.DEVICE],
            id="a text",
        ),
        pytest.param(set_to(C.VIA_TRUSTED_PERSON), [P.CHANNELS], id="another channel instead"),
        pytest.param(set_to(C.VOICE, has_details=True), [P.DETAILS], id="another number"),
        pytest.param(set_to(C.VOICE, has_words=True), [P.WORDS], id="another word"),
        pytest.param(
            set_to(C.VOICE, interpreter=INTERPRETED), [P.INTERPRETER], id="an interpreter is needed"
        ),
        pytest.param(
            set_to(C.VOICE, interpreter=InterpreterNeed(excluded=("int-1",))),
            [],
            id="one interpreter fewer",
        ),
        pytest.param(
            set_to(C.VOICE, interpreter=InterpreterNeed(gender=InterpreterGender.FEMALE)),
            [],
            id="only a woman interprets",
        ),
        pytest.param(
            set_to(C.VOICE, interpreter=InterpreterNeed(gender=InterpreterGender.MALE)),
            [P.INTERPRETER],
            id="only a man interprets",
        ),
        pytest.param(
            set_to(C.IN_PERSON, has_details=True, has_words=True, interpreter=INTERPRETED),
            [P.DETAILS, P.CHANNELS, P.INTERPRETER, P.WORDS],
            id="several at once",
        ),
    ],
)
def test_what_he_would_change_first_waits_and_what_narrows_holds_at_once(
    command: SetPlan, changes: list[PlanPart]
) -> None:
    """Until a change is confirmed, the old plan holds in every part."""
    before = a_case_with_plan()
    case = after(before, command, at=LATER)
    assert changes == list(plan_of(case, 2).changes)
    if changes:
        assert before.plan == case.plan
        assert plan_of(case, 2).verified_at is None
    else:
        assert states(case) == [PlanState.REPLACED, PlanState.IN_FORCE]
        assert LATER == plan_of(case, 2).verified_at


LOUD: dict[str, Any] = {
    "windows": (TUESDAY, window(3, "10:00", "12:00")),
    "voicemail": Voicemail.AGREED_SCRIPT,
    "caller_identity": CallerIdentity.COVER_NAME,
    "dropped_call": DroppedCall.CALL_BACK,
    "do_not_post": False,
    "device_shared": DeviceShared.NO,
}


@pytest.mark.parametrize(
    "quieter",
    [
        pytest.param({"windows": (TUESDAY,)}, id="times"),
        pytest.param({"windows": (window(1, "10:00", "12:00", date(2026, 12, 31)),)}, id="an end"),
        pytest.param({"voicemail": Voicemail.VAGUE_ONLY}, id="voicemail"),
        pytest.param({"caller_identity": CallerIdentity.WITHHELD}, id="the name shown"),
        pytest.param({"dropped_call": DroppedCall.WAIT}, id="calling back"),
        pytest.param({"do_not_post": True}, id="post"),
        pytest.param({"device_shared": DeviceShared.UNKNOWN}, id="her device"),
    ],
)
def test_what_is_quieter_than_before_holds_at_once(quieter: dict[str, Any]) -> None:
    """It protects her, whoever asked for it."""
    case = after(an_open_case(), set_to(C.VOICE, **LOUD), set_to(C.VOICE, **(LOUD | quieter)))
    assert states(case) == [PlanState.REPLACED, PlanState.IN_FORCE]


def test_while_other_times_wait_only_what_both_plans_allow_is_safe() -> None:
    """She said that Wednesday is safe, and that Tuesday no longer is: only the last holds now."""
    both = (TUESDAY, window(3, "10:00", "12:00"))
    case = after(
        an_open_case(), set_to(C.VOICE, windows=both), a_command(PlanContact, referral=None)
    )
    assert 1 == the(the(case.contact(1)).safe_at).weekday()
    case = after(case, set_to(C.VOICE, windows=(window(2, "09:00", "10:00"), both[1])))
    assert 3 == the(the(case.contact(1)).safe_at).weekday()
    case = after(case, set_to(C.VOICE, windows=(window(2, "09:00", "10:00"),)))
    assert the(case.contact(1)).safe_at is None


def test_while_a_change_waits_who_it_excludes_and_a_shared_device_count_at_once() -> None:
    """A text must not go to a device of which somebody just said that he reads along."""
    case = after(an_open_case(), set_to(C.SMS, C.VOICE, device_shared=DeviceShared.NO))
    watched = set_to(
        C.SMS, C.VOICE, C.IN_PERSON, interpreter=InterpreterNeed(excluded=("int-1",)),
        device_shared=DeviceShared.YES,
    )  # fmt: skip
    case = after(case, watched)
    text = {"channel": C.SMS, "template": ContactTemplate.PLEASE_CALL, "referral": None}
    assert why_not(case, a_command(PlanContact, **text)) == {"device_shared"}
    his = a_command(PlanContact, channel=C.VOICE, interpreter="int-1", referral=None)
    assert why_not(case, his) == {"interpreter_excluded"}


@pytest.mark.parametrize(
    "interpreter",
    [
        pytest.param(InterpreterNeed(needed=True), id="one who was excluded is not any more"),
        pytest.param(
            InterpreterNeed(needed=True, excluded=("int-1",), gender=InterpreterGender.MALE),
            id="a man in place of a woman",
        ),
        pytest.param(
            InterpreterNeed(needed=True, excluded=("int-1",)), id="anybody in place of a woman"
        ),
        pytest.param(InterpreterNeed(excluded=("int-1",)), id="none is needed"),
    ],
)
def test_who_may_interpret_is_widened_only_when_confirmed(interpreter: InterpreterNeed) -> None:
    """Who was kept out may be his."""
    need = InterpreterNeed(needed=True, excluded=("int-1",), gender=InterpreterGender.FEMALE)
    case = after(an_open_case(), set_to(C.VOICE, interpreter=need))
    case = after(case, set_to(C.VOICE, interpreter=interpreter))
    assert plan_of(case, 2).changes == (P.INTERPRETER,)


@pytest.mark.parametrize(
    ("agreed", "asked", "changes"),
    [
        pytest.param(240, 240, (), id="as agreed"),
        pytest.param(240, 1, (P.DROPPED_CALL,), id="sooner"),
        pytest.param(1, 240, (P.DROPPED_CALL,), id="later"),
        pytest.param(240, None, (P.DROPPED_CALL,), id="at no set time"),
        pytest.param(None, 240, (P.DROPPED_CALL,), id="at a time where none was set"),
    ],
)
def test_she_is_called_back_when_she_said_and_at_no_other_time(
    agreed: int | None, asked: int | None, changes: tuple[PlanPart, ...]
) -> None:
    """Four hours on he has gone out; a minute on he still stands there."""
    back: dict[str, Any] = {"dropped_call": DroppedCall.CALL_BACK}
    case = after(an_open_case(), set_to(C.VOICE, **back, call_back_after_minutes=agreed))
    case = after(case, set_to(C.VOICE, **back, call_back_after_minutes=asked))
    assert changes == plan_of(case, 2).changes


def test_a_change_asks_somebody_else_to_confirm_it() -> None:
    """Whoever set it must not be asked."""
    case = after(a_case_with_plan(), set_to(C.VOICE, C.IN_PERSON, actor=BEA))
    task = the(case.task("confirm-plan/2"))
    assert (task.kind, task.for_role) == (TaskKind.CONFIRM_PLAN, Role.CASEWORKER)
    assert task.not_for == BEA.who


def test_details_and_words_stay_where_no_new_ones_came() -> None:
    """A plan says whose sealed details it uses."""
    case = after(a_case_with_plan(), set_to(C.VOICE), set_to(C.VOICE, has_words=True))
    assert [(1, 1), (1, 1), (1, 3)] == [(p.details_of, p.words_of) for p in case.plans]


def test_the_newest_word_counts_and_what_waited_is_dropped() -> None:
    """Otherwise an older change, confirmed later, would bring back what she took away."""
    wider = set_to(C.VOICE, C.IN_PERSON)
    case = after(a_case_with_plan(), wider, wider, set_to(C.SHE_CONTACTS_US))
    gone = [PlanState.REPLACED] * 3
    assert [*gone, PlanState.IN_FORCE] == states(case)
    assert [task.is_done for task in case.tasks if task.kind is TaskKind.CONFIRM_PLAN] == [True] * 2


# the first plan, where she gave a contact before

MALLORY = first_responder(person="mallory")


def she_gave_a_number(**parts: Any) -> CaseSnapshot:
    """A case that Ann opened with a contact, and somebody has acted in since."""
    usual = {"gave_contact": True, "assigned_to": "ann", "last_acted_at": AT}
    return an_open_case(**(usual | parts))


@pytest.mark.parametrize(
    ("parts", "changes"),
    [
        pytest.param({}, (P.DETAILS,), id="she gave one"),
        pytest.param({"gave_contact": None}, (P.DETAILS,), id="who sets it cannot see"),
        pytest.param({"gave_contact": False}, (), id="she gave none"),
        pytest.param({"last_acted_at": None}, (P.DETAILS,), id="a stranger's first act"),
    ],
)
def test_one_person_alone_does_not_replace_the_number_she_gave(
    parts: dict[str, Any], changes: tuple[PlanPart, ...]
) -> None:
    """Forty days on, and whoever it is: until a second person confirms it, no plan is in force."""
    case = she_gave_a_number(**parts)
    case = after(case, set_to(actor=MALLORY, has_details=True), at=AT + timedelta(days=40))
    assert changes == plan_of(case, 1).changes
    assert (case.plan is None) is bool(changes)


def test_whoever_opened_the_case_sets_the_plan_as_the_first_act_of_all() -> None:
    """She is still there; nobody else has had the case in hand."""
    with_details = set_to(has_details=True)
    fresh = she_gave_a_number(last_acted_at=None)
    assert [PlanState.IN_FORCE] == states(after(fresh, with_details))
    assert [PlanState.PENDING] == states(after(she_gave_a_number(), with_details))


def test_a_first_plan_without_details_takes_nothing_away() -> None:
    """She is reached at the number she gave, at the times she says."""
    assert [PlanState.IN_FORCE] == states(after(she_gave_a_number(), set_to(actor=MALLORY)))


@pytest.mark.parametrize(
    ("channel", "call", "command", "refusals"),
    [
        pytest.param(
            Channel.POLICE_101, {"word": W.NOT_GIVEN}, {}, set(), id="over the channel she used"
        ),
        pytest.param(
            Channel.FRONT_COUNTER, {}, {}, {"not_confirmed"}, id="over one she did not use"
        ),
        pytest.param(
            Channel.POLICE_101, {"made_by": MALLORY.who}, {}, {"not_confirmed"}, id="by the setter"
        ),
        pytest.param(
            Channel.ONLINE, {}, {"actor": supervisor(), "how": PlanConfirmation.TOLD_IN_PERSON},
            set(), id="to a supervisor, where no way is left",
        ),
        pytest.param(
            Channel.POLICE_101, {},
            {"actor": supervisor(), "how": PlanConfirmation.TOLD_IN_PERSON},
            {"not_confirmed"}, id="to a supervisor, where she can be rung",
        ),
        pytest.param(
            Channel.NGO, {"channel": C.VIA_NGO, "word": W.NOT_GIVEN}, {}, {"not_confirmed"},
            id="as somebody passed it on",
        ),
        pytest.param(
            Channel.NGO, {}, {"actor": supervisor(), "how": PlanConfirmation.TOLD_IN_PERSON},
            set(), id="to a supervisor, where others pass on what she says",
        ),
    ],
)  # fmt: skip
def test_a_first_plan_is_confirmed_as_any_other_change(
    channel: Channel, call: dict[str, Any], command: dict[str, Any], refusals: set[str]
) -> None:
    """Her old number is the one she came by."""
    case = she_gave_a_number(channel=channel)
    case = after(case, set_to(actor=MALLORY, has_details=True))
    case = case.model_copy(update={"contacts": (a_call(**call),)})
    assert refusals == why_not(case, by_old_channel(**({"plan": 1} | command)), at=LATER)


# confirming a change


def a_call(**parts: Any) -> Contact:
    """Bea rang the old number after the change was set; she spoke and gave her word."""
    facts: dict[str, Any] = {
        "number": 1,
        "organisation": "northmarch-police",
        "purpose": ContactPurpose.PLAN_CHECK,
        "channel": C.VOICE,
        "state": ContactState.MADE,
        "result": ContactResult.SPOKE,
        "word": W.SAFE,
        "planned_by": BEA.who,
        "made_by": BEA.who,
        "ended_by": BEA.who,
        "started_at": LATER,
        "ended_at": LATER,
    }
    return Contact.model_validate(facts | parts)


def a_change(call: Contact | None = None, **parts: Any) -> CaseSnapshot:
    """A case in which Ann has set a further channel."""
    case = after(a_case_with_plan(**parts), set_to(C.VOICE, C.IN_PERSON, has_details=True))
    return case.model_copy(update={"contacts": (call or a_call(),)})


def by_old_channel(actor: Actor = BEA, **parts: Any) -> ConfirmPlan:
    """Somebody says that she confirmed it in contact 1."""
    said = {"plan": 2, "how": PlanConfirmation.OLD_CHANNEL, "contact": 1} | parts
    return a_command(ConfirmPlan, actor=actor, **said)


def by_ngo(actor: Actor | None = None, **parts: Any) -> ConfirmPlan:
    """A service that knows her says that the change is hers."""
    said = {"plan": 2, "how": PlanConfirmation.NGO_THAT_KNOWS_HER} | parts
    return a_command(ConfirmPlan, actor=actor or ngo_intake(), **said)


@pytest.mark.parametrize("command", [by_old_channel(), by_ngo()], ids=["old channel", "ngo"])
def test_a_confirmed_change_holds_and_its_thirty_days_begin(command: ConfirmPlan) -> None:
    """Two people and a way that cannot be his."""
    case = after(a_change(), command, at=LATER)
    plan = the(case.plan)
    assert states(case) == [PlanState.REPLACED, PlanState.IN_FORCE]
    assert (command.how, command.actor.who) == (plan.confirmed_how, plan.confirmed_by)
    assert LATER + timedelta(days=30) == plan.expires_at
    assert (2, 1) == (plan.details_of, plan.words_of)
    assert the(case.task("confirm-plan/2")).is_done


def test_whoever_may_confirm_it_is_told_so() -> None:
    """By the call that showed it is hers, the second person; not who set it."""
    case = a_change()
    told = {
        who: next(p.is_allowed for p in permitted(case, who, a_world(LATER)) if p.verb is CONFIRM)
        for who in (BEA, caseworker(), ngo_intake())
    }
    assert {BEA: True, caseworker(): False, ngo_intake(): True} == told
    unheard = a_change(a_call(result=ContactResult.NO_ANSWER))
    (listed,) = (p for p in permitted(unheard, BEA, a_world(LATER)) if p.verb is CONFIRM)
    assert "over a channel of the plan in force" in the(listed.reason)


def test_the_old_plan_ends_before_the_new_one_begins() -> None:
    """At no moment are two plans in force, in the record either."""
    written = [change.plan.state for change in only(PlanRecorded, done(a_change(), by_ngo()))]
    assert written == [PlanState.REPLACED, PlanState.IN_FORCE]


@pytest.mark.parametrize(
    ("call", "command", "refusal"),
    [
        pytest.param(a_call(), by_old_channel(caseworker()), "second_person", id="the setter"),
        pytest.param(
            a_call(), by_old_channel(supervisor(person="ann")), "second_person",
            id="the setter in another role",
        ),
        pytest.param(a_call(), by_old_channel(supervisor()), None, id="a third person"),
        pytest.param(
            a_call(made_by=caseworker().who), by_old_channel(), "not_confirmed",
            id="in a call that the setter made",
        ),
        pytest.param(
            a_call(ended_by=caseworker().who), by_old_channel(), "not_confirmed",
            id="in a call of which the setter said what came",
        ),
        pytest.param(
            a_call(made_by=None), by_old_channel(), "not_confirmed", id="nobody knows who made it"
        ),
        pytest.param(
            a_call(ended_by=None), by_old_channel(), "not_confirmed", id="nobody knows who ended it"
        ),
        pytest.param(a_call(started_at=AT), by_old_channel(), None, id="as soon as it was set"),
        pytest.param(
            a_call(started_at=AT - timedelta(minutes=1)), by_old_channel(), "not_confirmed",
            id="in a call that began before it",
        ),
        pytest.param(
            a_call(started_at=None), by_old_channel(), "not_confirmed", id="nobody knows when"
        ),
        pytest.param(
            a_call(state=ContactState.STARTED, result=None, ended_at=None, ended_by=None),
            by_old_channel(), "not_confirmed", id="not ended yet",
        ),
        pytest.param(
            a_call(channel=C.IN_PERSON), by_old_channel(), "not_confirmed", id="over the new one"
        ),
        pytest.param(
            a_call(is_outside_plan=True), by_old_channel(), "not_confirmed", id="outside the plan"
        ),
        pytest.param(
            a_call(result=ContactResult.NO_ANSWER), by_old_channel(), "not_confirmed",
            id="nobody answered",
        ),
        pytest.param(
            a_call(result=ContactResult.SOMEONE_ELSE_ANSWERED), by_old_channel(), "not_confirmed",
            id="somebody else answered",
        ),
        pytest.param(
            a_call(word=W.NOT_GIVEN), by_old_channel(), "not_confirmed", id="without her word"
        ),
        pytest.param(a_call(word=W.WRONG), by_old_channel(), "not_confirmed", id="a wrong word"),
        pytest.param(
            a_call(interpreted_by=InterpreterKind.FAMILY_OR_FRIEND), by_old_channel(),
            "not_confirmed", id="through a relative",
        ),
        pytest.param(
            a_call(interpreted_by=InterpreterKind.INDEPENDENT), by_old_channel(), None,
            id="through an interpreter of ours",
        ),
        pytest.param(a_call(), by_old_channel(contact=None), "not_confirmed", id="in no contact"),
        pytest.param(a_call(), by_old_channel(contact=7), "not_confirmed", id="in one nobody made"),
        pytest.param(
            a_call(), by_old_channel(how=PlanConfirmation.TOLD_IN_PERSON), "not_confirmed",
            id="told in person",
        ),
        pytest.param(a_call(), by_old_channel(plan=1), "not_pending", id="the plan in force"),
        pytest.param(a_call(), by_old_channel(plan=9), "not_pending", id="a plan nobody set"),
        pytest.param(a_call(), by_ngo(BEA), "not_confirmed", id="an agency as if it were an NGO"),
    ],
)  # fmt: skip
def test_a_change_is_confirmed_only_by_what_could_not_be_him(
    call: Contact, command: ConfirmPlan, refusal: str | None
) -> None:
    """Each ground by itself; what no rule knows does not confirm."""
    refusals = {refusal} if refusal else set()
    assert refusals == why_not(a_change(call), command, at=LATER)


@pytest.mark.parametrize("channel", sorted(set(C) - {C.VOICE, C.IN_PERSON, C.SHE_CONTACTS_US}))
def test_what_others_pass_on_is_not_her_word(channel: ContactChannel) -> None:
    """Who holds her telephone, or speaks for her, could be he; a supervisor sees her instead."""
    case = after(an_open_case(), set_to(channel), set_to(channel, has_details=True))
    case = case.model_copy(update={"contacts": (a_call(channel=channel, word=W.NOT_GIVEN),)})
    assert {"not_confirmed"} == why_not(case, by_old_channel(), at=LATER)
    saw_her = by_old_channel(supervisor(), how=PlanConfirmation.TOLD_IN_PERSON)
    assert set() == why_not(case, saw_her, at=LATER)


def test_where_no_word_was_agreed_none_is_asked_for() -> None:
    """A wrong one is still wrong."""
    case = a_change(a_call(word=W.NOT_GIVEN))
    unworded = tuple(p.model_copy(update={"words_of": None}) for p in case.plans)
    case = case.model_copy(update={"plans": unworded})
    assert why_not(case, by_old_channel(), at=LATER) == set()
    wrong = case.model_copy(update={"contacts": (a_call(word=W.WRONG),)})
    assert why_not(wrong, by_old_channel(), at=LATER) == {"not_confirmed"}


def test_an_ngo_does_not_confirm_what_it_set_itself() -> None:
    """Nor does a colleague there: it takes somebody elsewhere, or a call in which she says so."""
    set_by_ngo = set_to(C.VOICE, C.VIA_NGO, actor=ngo_intake())
    case = after(a_case_with_plan(), set_by_ngo)
    assert why_not(case, by_ngo()) == {"second_person"}
    assert why_not(case, by_ngo(idva())) == {"not_confirmed"}
    elsewhere = a_referral(2, ReferralState.ACTIVE, MEADOWLIGHT)
    case = case.model_copy(update={"referrals": (*case.referrals, elsewhere)})
    assert why_not(case, by_ngo(ngo_intake("meadowlight"))) == set()
    case = case.model_copy(update={"contacts": (a_call(),)})
    assert why_not(case, by_old_channel(idva()), at=LATER) == set()


@pytest.mark.parametrize(
    ("state", "call", "refusals"),
    [
        pytest.param(ReferralState.ACTIVE, None, set(), id="support has begun"),
        pytest.param(ReferralState.ACCEPTED, None, {"not_confirmed"}, id="only accepted"),
        pytest.param(ReferralState.ACCEPTED, {}, set(), id="it has spoken with her"),
        pytest.param(
            ReferralState.ACCEPTED, {"word": W.NOT_GIVEN}, {"not_confirmed"}, id="with somebody"
        ),
        pytest.param(
            ReferralState.ACCEPTED, {"result": ContactResult.NO_ANSWER}, {"not_confirmed"},
            id="nobody answered it",
        ),
        pytest.param(
            ReferralState.ACCEPTED, {"organisation": "northmarch-police"}, {"not_confirmed"},
            id="others spoke with her",
        ),
        pytest.param(ReferralState.DECLINED, {}, {"not_engaged"}, id="it helps her no more"),
    ],
)  # fmt: skip
def test_an_ngo_knows_her_once_it_supports_her_or_has_spoken_with_her(
    state: ReferralState, call: dict[str, Any] | None, refusals: set[str]
) -> None:
    """A referral accepted a moment ago says nothing of her."""
    case = a_change(a_call(**({"organisation": "harbour-house"} | (call or {}))))
    contacts = case.contacts if call is not None else ()
    case = case.model_copy(update={"referrals": (a_referral(state=state),), "contacts": contacts})
    assert refusals == why_not(case, by_ngo(), at=LATER)


# keeping and ending it


def test_her_word_that_all_is_as_it_was_begins_the_thirty_days_anew() -> None:
    """For a plan that has gone stale, too."""
    month = AT + timedelta(days=40)
    before = a_case_with_plan()
    case = after(before, a_command(RenewPlan), at=month)
    assert states(case) == [PlanState.IN_FORCE]
    assert (month, month + timedelta(days=30)) == (
        the(case.plan).verified_at,
        the(case.plan).expires_at,
    )
    (review,) = [d for d in case.running_deadlines() if d.duty == plans.REVIEW]
    assert (month, DeadlineState.RUNNING) == (review.started_at, review.state)


def test_without_a_plan_there_is_nothing_to_renew() -> None:
    """And while a change waits, not everything is as it was."""
    assert why_not(an_open_case(), a_command(RenewPlan)) == {"no_plan"}
    assert why_not(a_change(), a_command(RenewPlan)) == {"change_waits"}
    halted = a_case_with_plan(a_command(SuspendPlan))
    assert why_not(halted, a_command(RenewPlan)) == {"no_plan"}


BY_HAND = [reason for reason in SuspendReason if reason is not SuspendReason.DECEASED]
"""Why one person suspends contact; that she has died is said with another verb."""


@pytest.mark.parametrize("reason", BY_HAND)
@pytest.mark.parametrize(
    "case",
    [
        pytest.param(an_open_case(), id="no plan"),
        pytest.param(a_case_with_plan(), id="a plan"),
        pytest.param(a_change(), id="a change that waits"),
        pytest.param(a_case_with_plan(a_command(SuspendPlan)), id="suspended already"),
        pytest.param(an_open_case(stage=Stage.CLOSED), id="a closed case"),
    ],
)
def test_suspending_for_her_safety_is_never_refused_and_leaves_no_way_to_her(
    case: CaseSnapshot, reason: SuspendReason
) -> None:
    """Whoever knows that contact is not safe stops it, at once and wholly."""
    halted = after(case, a_command(SuspendPlan, reason=reason))
    (suspended,) = [p for p in halted.plans if p.state is not PlanState.REPLACED]
    assert (suspended.state, suspended.suspended_for) == (PlanState.SUSPENDED, reason)
    open_case = halted.model_copy(
        update={"case": halted.case.model_copy(update={"stage": Stage.OPEN})}
    )
    for channel in (C.VOICE, C.IN_PERSON, C.SHE_CONTACTS_US):
        planned = a_command(PlanContact, channel=channel, referral=None)
        assert why_not(open_case, planned) == {"contact_suspended"}


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        pytest.param(SuspendReason.DURESS, TaskKind.DURESS, id="duress"),
        pytest.param(SuspendReason.UNSAFE, TaskKind.WELFARE, id="unsafe"),
        pytest.param(SuspendReason.AT_HER_REQUEST, TaskKind.WELFARE, id="at her request"),
    ],
)
def test_a_supervisor_looks_when_contact_is_suspended(
    reason: SuspendReason, kind: TaskKind
) -> None:
    """A later and graver reason asks again."""
    unsafe = a_case_with_plan(a_command(SuspendPlan, reason=SuspendReason.AT_HER_REQUEST))
    for case in (a_case_with_plan(), unsafe):
        before = {task.id for task in case.tasks}
        asked = only(TaskRecorded, done(case, a_command(SuspendPlan, reason=reason)))
        new = [change.task for change in asked if change.task.id not in before]
        if reason is SuspendReason.AT_HER_REQUEST and case is unsafe:
            assert new == []
        else:
            assert [kind] == [task.kind for task in new]
            assert all(task.for_role is Role.SAFEGUARDING_SUPERVISOR for task in new)


@pytest.mark.parametrize("stage", [Stage.OPEN, Stage.CLOSED])
@pytest.mark.parametrize("who", [caseworker(), supervisor(), ngo_intake()], ids=str)
def test_nobody_suspends_contact_with_the_word_that_she_has_died(who: Actor, stage: Stage) -> None:
    """Contact would stop with nobody asked to look: the way on is named, for a service too."""
    case = an_open_case(stage=stage, referrals=[a_referral(state=ReferralState.ACTIVE)])
    word = a_command(SuspendPlan, reason=SuspendReason.DECEASED, actor=who)
    answer = decide(case, word, a_world(AT))
    assert isinstance(answer, Refused)
    assert (["death_takes_two"], ()) == ([r.code for r in answer.reasons], answer.alerts)
    assert "`case died`" in answer.sentences()
    assert "as unsafe" in answer.sentences()


def test_a_suspended_plan_is_not_reviewed_and_calls_off_what_was_planned() -> None:
    """What somebody has already begun is for them to end."""
    call = a_call(state=ContactState.PLANNED, result=None, ended_at=None)
    calls = [call.model_copy(update={"number": n, "state": s}) for n, s in enumerate(S_ALL, 1)]
    case = a_case_with_plan().model_copy(update={"contacts": tuple(calls)})
    halted = after(case, a_command(SuspendPlan))
    off = {ContactState.PLANNED, ContactState.OPEN}
    expected = [ContactState.CANCELLED if s in off else s for s in S_ALL]
    assert expected == [contact.state for contact in halted.contacts]
    assert reviews(halted) == [DeadlineState.VOID]


S_ALL = list(ContactState)


def test_a_suspended_plan_comes_back_only_confirmed() -> None:
    """The very same terms count as all new; her old channel is none any more."""
    case = after(a_case_with_plan(a_command(SuspendPlan)), set_to(C.VOICE))
    assert plan_of(case, 2).changes == tuple(PlanPart)
    assert states(case) == [PlanState.SUSPENDED, PlanState.PENDING]
    called = case.model_copy(update={"contacts": (a_call(),)})
    assert why_not(called, by_old_channel(), at=LATER) == {"not_confirmed"}
    back = after(called, by_ngo(), at=LATER)
    assert states(back) == [PlanState.REPLACED, PlanState.IN_FORCE]
    assert (1, 1) == (the(back.plan).details_of, the(back.plan).words_of)


def test_after_a_suspension_a_supervisor_who_saw_her_may_confirm() -> None:
    """Without an NGO that knows her she would stay out of reach for good; a caseworker may not."""
    case = after(a_case_with_plan(a_command(SuspendPlan)), set_to(C.VOICE))
    in_person = by_old_channel(how=PlanConfirmation.TOLD_IN_PERSON)
    seen = in_person.model_copy(update={"actor": supervisor()})
    assert why_not(case, in_person, at=LATER) == {"not_confirmed"}
    assert states(after(case, seen, at=LATER)) == [PlanState.REPLACED, PlanState.IN_FORCE]
    assert why_not(after(a_case_with_plan(), set_to(C.VOICE, C.IN_PERSON)), seen, at=LATER) == {
        "not_confirmed"
    }


# a change that leaves no time

ELSEWHEN = window(6, "02:00", "03:00")


def shut_off(actor: Actor | None = None) -> CaseSnapshot:
    """Her times are changed to a night on which nobody may ring her yet."""
    change = set_to(windows=(ELSEWHEN,), has_details=True, actor=actor or caseworker())
    return after(a_case_with_plan(), change)


def no_time_left(case: CaseSnapshot) -> list[bool]:
    """Whether each supervisor's task of it is done."""
    return [task.is_done for task in case.tasks if task.kind is TaskKind.NO_TIME_LEFT]


def test_whoever_takes_her_times_away_does_not_put_her_out_of_reach() -> None:
    """Else a supervisor could let his number in, and nobody would ask her over the old one."""
    saw_her = by_old_channel(supervisor(), how=PlanConfirmation.TOLD_IN_PERSON)
    assert {"no_safe_window"} == why_not(shut_off(), a_command(PlanContact))
    assert {"not_confirmed"} == why_not(shut_off(), saw_her, at=LATER)


def test_where_her_times_have_run_out_a_supervisor_who_saw_her_confirms() -> None:
    """There is no time at which she could be asked."""
    over = window(1, "10:00", "12:00", AT.date() - timedelta(days=7))
    case = after(an_open_case(), set_to(windows=(over,)), set_to(has_details=True))
    saw_her = by_old_channel(supervisor(), how=PlanConfirmation.TOLD_IN_PERSON)
    assert set() == why_not(case, saw_her, at=LATER)


def test_a_change_that_leaves_no_time_to_ask_her_is_put_before_a_supervisor() -> None:
    """The old times may be the ones at which he is there: a person decides, and not who set it."""
    case = shut_off(supervisor())
    (task,) = (task for task in case.tasks if task.kind is TaskKind.NO_TIME_LEFT)
    assert (Role.SAFEGUARDING_SUPERVISOR, supervisor().who) == (task.for_role, task.not_for)
    narrower = set_to(windows=(window(1, "11:00", "12:00"),), has_details=True)
    assert [] == no_time_left(after(a_case_with_plan(), narrower))
    assert [] == no_time_left(after(an_open_case(), set_to(windows=(ELSEWHEN,))))
    assert [] == no_time_left(after(a_case_with_plan(), set_to(windows=())))


@pytest.mark.parametrize(
    "settles",
    [
        pytest.param(set_to(windows=(TUESDAY, ELSEWHEN), actor=BEA), id="both times, to ask her"),
        pytest.param(set_to(), id="as it was"),
        pytest.param(by_ngo(), id="confirmed"),
        pytest.param(a_command(SuspendPlan), id="nobody contacts her"),
    ],
)
def test_nobody_need_look_once_the_change_that_left_no_time_is_over(settles: Command) -> None:
    """Confirmed, dropped, or replaced by one that leaves a time."""
    assert [True] == no_time_left(after(shut_off(), settles))


def test_set_with_the_old_times_too_the_change_is_confirmed_over_the_old_channel() -> None:
    """A supervisor lets her be asked at a time that was hers; then only the new times are left."""
    both = set_to(windows=(TUESDAY, ELSEWHEN), has_details=True, actor=supervisor())
    case = after(shut_off(), both)
    case = after(case, a_command(PlanContact, purpose=ContactPurpose.PLAN_CHECK, referral=None))
    call = the(case.contact(1))
    assert 1 == the(call.safe_at).weekday()
    case = case.model_copy(update={"contacts": (a_call(),)})
    case = after(case, by_old_channel(plan=3), set_to(windows=(ELSEWHEN,)), at=LATER)
    assert (ELSEWHEN,) == the(case.plan).windows


# going stale


def gone_stale(at: datetime, case: CaseSnapshot) -> CaseSnapshot:
    """The case after its plan was not checked in time."""
    deadline = a_deadline(plans.REVIEW)
    return apply(case, plans.stale(case, deadline, a_world(at)))


def test_a_stale_plan_asks_a_caseworker_and_its_contacts_wait() -> None:
    """It came in at the front counter: there is no other way to ring her now."""
    case = a_case_with_plan(a_command(PlanContact))
    assert the(case.contact(1)).safe_at is not None
    stale = gone_stale(AT + timedelta(days=31), case)
    assert (ContactState.PLANNED, None) == (
        the(stale.contact(1)).state,
        the(stale.contact(1)).safe_at,
    )
    asked = [task for task in stale.tasks if not task.is_done]
    assert [TaskKind.PLAN_STALE] == [task.kind for task in asked]
    assert [Role.CASEWORKER] == [task.for_role for task in asked]


def test_a_plan_checked_again_gives_waiting_contacts_their_window() -> None:
    """And nobody need look any more."""
    month = AT + timedelta(days=31)
    stale = gone_stale(month, a_case_with_plan(a_command(PlanContact)))
    case = after(stale, a_command(RenewPlan), at=month)
    assert the(the(case.contact(1)).safe_at) > month
    assert all(task.is_done for task in case.tasks)


def test_a_plan_that_was_checked_in_time_is_not_stale() -> None:
    """The clockwork may come late; it changes nothing then."""
    assert plans.stale(a_case_with_plan(), a_deadline(plans.REVIEW), a_world(LATER)) == ()
    assert plans.stale(an_open_case(), a_deadline(plans.REVIEW), a_world(LATER)) == ()


def test_a_narrower_plan_moves_what_was_planned_under_the_old_one() -> None:
    """A contact keeps no window that its plan no longer has."""
    case = a_case_with_plan(a_command(PlanContact))
    later = set_to(C.VOICE, windows=(window(1, "11:00", "12:00"),))
    moved = after(case, later)
    assert the(the(moved.contact(1)).safe_at).hour == 11
    changed = done(case, set_to(C.SHE_CONTACTS_US))
    (left,) = only(ContactRecorded, changed)
    assert left.contact.safe_at is None


def test_another_services_referral_does_not_open_the_door() -> None:
    """Being taken on is by organisation."""
    case = a_case_with_plan(referrals=[a_referral(state=ReferralState.ACCEPTED)])
    other = a_referral(2, ReferralState.OPENED, MEADOWLIGHT)
    case = case.model_copy(update={"referrals": (*case.referrals, other)})
    command = a_command(RenewPlan, actor=ngo_intake("meadowlight"))
    assert why_not(case, command) == {"not_engaged"}


@pytest.mark.parametrize(
    ("state", "may"),
    [
        (ConsentState.GIVEN, True),
        (ConsentState.EXPIRED, True),
        (ConsentState.WITHDRAWN, False),
        (ConsentState.ASKED, False),
        (ConsentState.REFLECTING, False),
        (ConsentState.REFUSED, False),
    ],
    ids=str,
)
def test_only_what_she_said_yes_to_lets_a_service_know_how_to_reach_her(
    state: ConsentState, may: bool
) -> None:
    """A question whether the safe contact may be passed on is no yes to it."""
    case = an_open_case(
        consents=[a_consent(state)], referrals=[a_referral(state=ReferralState.ACTIVE)]
    )
    assert may is may_know(case, "harbour-house", AT)


@pytest.mark.parametrize(
    ("asks", "kept", "may"),
    [
        ("harbour-house", PersonalField.SAFE_CONTACT, True),
        ("harbour-house", PersonalField.NAME, False),
        ("meadowlight", PersonalField.SAFE_CONTACT, False),
    ],
    ids=["its own question", "she had not passed that on", "another service's question"],
)
def test_who_is_to_ask_her_was_it_you_keeps_how_to_reach_her(
    asks: str, kept: PersonalField, may: bool
) -> None:
    """For as long as the line is kept, and where she had agreed before."""
    stood = WithdrawnConsent(recipient=IDVA, fields=(kept,), expires_at=LATER, epoch=2)
    check = WithdrawalCheck(
        number=1,
        purpose=Purpose.SUPPORT_REFERRAL,
        recorder=caseworker().who,
        asks=asks,
        referrals=(1,),
        consents=(stood,),
        opened_at=AT,
        line_until=LATER,
    )
    case = an_open_case(referrals=[a_referral(state=ReferralState.WITHDRAWN)])
    case = case.model_copy(update={"checks": (check,)})
    assert [may, False] == [may_know(case, "harbour-house", at) for at in (AT, LATER)]
