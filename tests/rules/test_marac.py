"""MARAC: every row of the table is taken, every other cell is refused, and what each row needs."""

from datetime import date, timedelta
from typing import Any

import pytest

from rules.marac import MARAC_TRANSITIONS
from schemas.actor import Actor, Role
from schemas.consent import MARAC_CONFERENCE, Consent, ConsentState, Purpose
from schemas.deadlines import DeadlineState
from schemas.lane_commands import MoveMarac
from schemas.lanes import (
    Marac,
    MaracAgency,
    MaracBasis,
    MaracCriterion,
    MaracDecline,
    MaracEvent,
    MaracState,
    SharedWithoutConsent,
)
from schemas.referral import ReferralState
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    a_command,
    a_consent,
    a_deadline,
    a_referral,
    after,
    an_actor,
    an_open_case,
    caseworker,
    done,
    idva,
    the,
    why_not,
)

S, E = MaracState, MaracEvent
DAY = timedelta(days=1)
TODAY = date(2026, 11, 23)
TOMORROW = TODAY + DAY
WATCH, LISTING = "marac-5-repeat-watch", "marac-3-listing"
COORDINATOR = an_actor(Role.MARAC_COORDINATOR, person="mae")
WITHOUT = {
    "basis": MaracBasis.WITHOUT_CONSENT,
    "without_consent_because": SharedWithoutConsent.NOT_SAFE_TO_ASK,
}
AGENCIES = (MaracAgency.POLICE, MaracAgency.IDVA_SERVICE)

SAID: dict[MaracEvent, dict[str, Any]] = {
    E.INDICATE: {"criterion": MaracCriterion.PROFESSIONAL_JUDGEMENT},
    E.REFER: {**WITHOUT, "agencies": AGENCIES},
    E.DECLINE: {"declined_because": MaracDecline.THRESHOLD_NOT_MET},
    E.LIST: {"meeting_on": TOMORROW},
    E.CALL_EMERGENCY: {"meeting_on": TODAY},
    E.SET_ACTIONS: {"actions_due_on": TOMORROW},
}
"""What each event needs, as it is usually said."""

BY_COORDINATOR = {E.DECLINE, E.LIST, E.HEAR, E.SET_ACTIONS}


def a_move(event: MaracEvent, actor: Actor | None = None, **parts: Any) -> MoveMarac:
    """An event by the one whose it is, with what it needs."""
    usual = COORDINATOR if event in BY_COORDINATOR else caseworker()
    said = SAID.get(event, {}) | parts
    return a_command(MoveMarac, event=event, actor=actor or usual, **said)


def standing(state: MaracState | None, **parts: Any) -> CaseSnapshot:
    """A case whose passage stands there, on a ground without consent; a meeting was today."""
    usual: dict[str, Any] = {
        "number": 1,
        "state": state,
        "criterion": MaracCriterion.ESCALATION,
        "basis": MaracBasis.WITHOUT_CONSENT,
        "meeting_on": TODAY,
    }
    maracs = (Marac.model_validate(usual | parts),) if state else ()
    over = a_deadline(WATCH, since=AT - 366 * DAY)
    service = a_referral(state=ReferralState.ACCEPTED)
    case = an_open_case(deadlines=[over], referrals=[service], occurred_at=AT - 400 * DAY)
    return case.model_copy(update={"maracs": maracs})


def agreed(state: ConsentState = ConsentState.GIVEN) -> Consent:
    """What she said to the conference."""
    consent = a_consent(state, MARAC_CONFERENCE)
    return consent.model_copy(update={"purpose": Purpose.MARAC})


def with_consent(case: CaseSnapshot, consent: Consent) -> CaseSnapshot:
    """The case with what she said to the conference in it."""
    return case.model_copy(update={"consents": (consent,)})


def states_of(case: CaseSnapshot, duty: str) -> list[DeadlineState]:
    """How each run of a duty stands."""
    return [deadline.state for deadline in case.deadlines if deadline.duty == duty]


ROWS = [(source, row) for row in MARAC_TRANSITIONS for source in sorted(row.sources, key=str)]
CELLS = {(source, row.event) for source, row in ROWS}


@pytest.mark.parametrize(("source", "row"), ROWS, ids=lambda x: getattr(x, "event", x))
def test_each_row_of_the_table_is_taken(source: MaracState | None, row: Any) -> None:
    """With what it needs, by somebody who may."""
    case = after(standing(source), a_move(row.event))
    assert row.target == the(case.marac).state


@pytest.mark.parametrize("state", [None, *S])
@pytest.mark.parametrize("event", list(E))
def test_what_the_table_does_not_have_is_refused(
    state: MaracState | None, event: MaracEvent
) -> None:
    """Every cell of state and event: those of the table are taken, all others denied."""
    expected = set() if (state, event) in CELLS else {"wrong_state"}
    assert expected == why_not(standing(state), a_move(event))


@pytest.mark.parametrize("row", MARAC_TRANSITIONS, ids=lambda row: row.event)
@pytest.mark.parametrize(
    "actor",
    [
        pytest.param(caseworker(), id="the agency"),
        pytest.param(COORDINATOR, id="the coordinator"),
        pytest.param(idva(), id="the idva"),
    ],
)
def test_each_event_has_its_people(row: Any, actor: Actor) -> None:
    """The coordinator refers and appeals nothing; nobody else lists, hears or declines."""
    source = next(iter(row.sources))
    expected = set() if actor.role in row.who else {"not_your_role"}
    assert expected == why_not(standing(source), a_move(row.event, actor=actor))


@pytest.mark.parametrize("row", [r for r in MARAC_TRANSITIONS if r.needs], ids=lambda r: r.event)
def test_what_an_event_needs_must_be_said(row: Any) -> None:
    """Each needed part by itself."""
    said = SAID[row.event]
    for part in row.needs:
        rest = {name: value for name, value in said.items() if name != part}
        actor = COORDINATOR if row.event in BY_COORDINATOR else caseworker()
        move = a_command(MoveMarac, event=row.event, actor=actor, **rest)
        assert {"incomplete"} == why_not(standing(next(iter(row.sources))), move)


def test_nothing_is_said_that_an_event_does_not_need() -> None:
    """An agency named at an appeal would widen who hears of it, unseen."""
    move = a_move(E.APPEAL, agencies=(MaracAgency.HOUSING,))
    assert {"beyond_event"} == why_not(standing(S.DECLINED), move)


@pytest.mark.parametrize("state", list(ConsentState))
def test_a_referral_on_consent_needs_a_valid_one_for_the_conference(state: ConsentState) -> None:
    """Only a yes is a yes, and only one that was given for this."""
    case = with_consent(standing(S.INDICATED), agreed(state))
    refer = a_move(E.REFER, basis=MaracBasis.CONSENT, without_consent_because=None)
    expected = set() if state is ConsentState.GIVEN else {"consent_missing"}
    assert expected == why_not(case, refer)


def test_consent_to_a_service_is_no_consent_to_the_conference() -> None:
    """Another purpose and another recipient."""
    case = with_consent(standing(S.INDICATED), a_consent(ConsentState.GIVEN))
    refer = a_move(E.REFER, basis=MaracBasis.CONSENT, without_consent_because=None)
    assert {"consent_missing"} == why_not(case, refer)


@pytest.mark.parametrize(
    ("basis", "because"),
    [
        pytest.param(MaracBasis.WITHOUT_CONSENT, None, id="without consent, and no reason"),
        pytest.param(
            MaracBasis.CONSENT, SharedWithoutConsent.CHILD_AT_RISK, id="a reason beside consent"
        ),
    ],
)
def test_sharing_without_consent_has_its_reason_and_nothing_else_has_one(
    basis: MaracBasis, because: SharedWithoutConsent | None
) -> None:
    """The written record of sharing without consent is required."""
    case = with_consent(standing(S.INDICATED), agreed())
    refer = a_move(E.REFER, basis=basis, without_consent_because=because)
    assert {"unclear_basis"} == why_not(case, refer)


def test_the_reason_for_sharing_without_consent_is_kept() -> None:
    """On the passage and in the audit's detail."""
    changed = done(standing(S.INDICATED), a_move(E.REFER))
    marac = the(after(standing(S.INDICATED), a_move(E.REFER)).marac)
    assert SharedWithoutConsent.NOT_SAFE_TO_ASK == marac.without_consent_because
    assert AGENCIES == marac.agencies
    assert "without_consent,not_safe_to_ask" == changed.detail["ground"]


@pytest.mark.parametrize(
    ("state", "event"),
    [
        pytest.param(S.REFERRED, E.LIST, id="listing"),
        pytest.param(S.REFERRED, E.CALL_EMERGENCY, id="an emergency meeting"),
        pytest.param(S.LISTED, E.HEAR, id="the hearing"),
        pytest.param(S.DECLINED, E.APPEAL, id="an appeal"),
    ],
)
def test_what_rests_on_consent_goes_no_further_once_she_took_it_back(
    state: MaracState, event: MaracEvent
) -> None:
    """The coordinator can still decline it, or somebody refers it on another ground."""
    case = standing(state, basis=MaracBasis.CONSENT)
    assert set() == why_not(with_consent(case, agreed()), a_move(event))
    case = with_consent(case, agreed(ConsentState.WITHDRAWN))
    assert {"consent_missing"} == why_not(case, a_move(event))
    if state is not S.DECLINED:
        assert set() == why_not(case, a_move(E.REFER))
        gone = a_move(E.DECLINE, declined_because=MaracDecline.CONSENT_WITHDRAWN)
        assert S.DECLINED == the(after(case, gone).marac).state


@pytest.mark.parametrize(
    ("state", "event", "part", "day", "is_taken"),
    [
        pytest.param(S.REFERRED, E.LIST, "meeting_on", TODAY, False, id="list today"),
        pytest.param(S.REFERRED, E.LIST, "meeting_on", TOMORROW, True, id="list tomorrow"),
        pytest.param(S.REFERRED, E.CALL_EMERGENCY, "meeting_on", TODAY, True, id="emergency today"),
        pytest.param(
            S.REFERRED, E.CALL_EMERGENCY, "meeting_on", TODAY - DAY, False, id="emergency before"
        ),
        pytest.param(S.HEARD, E.SET_ACTIONS, "actions_due_on", TODAY, True, id="actions today"),
        pytest.param(
            S.HEARD, E.SET_ACTIONS, "actions_due_on", TODAY - DAY, False, id="actions before"
        ),
    ],
)
def test_days_that_are_named_are_still_to_come(
    state: MaracState, event: MaracEvent, part: str, day: date, is_taken: bool
) -> None:
    """An emergency does not wait until tomorrow."""
    expected = set() if is_taken else {"not_ahead"}
    said: dict[str, Any] = {part: day}
    assert expected == why_not(standing(state), a_move(event, **said))


def test_an_emergency_meeting_is_marked_as_one() -> None:
    """It is listed at once."""
    marac = the(after(standing(S.REFERRED), a_move(E.CALL_EMERGENCY)).marac)
    assert (S.LISTED, True, TODAY) == (marac.state, marac.is_emergency, marac.meeting_on)


def test_it_is_not_heard_before_its_meeting() -> None:
    """A hearing is on the day of the meeting or after it."""
    case = standing(S.LISTED, meeting_on=TOMORROW)
    assert {"not_met_yet"} == why_not(case, a_move(E.HEAR))
    assert AT + DAY == the(after(case, a_move(E.HEAR), at=AT + DAY).marac).heard_at


def test_an_appeal_takes_a_no_back_to_the_coordinator() -> None:
    """By the IDVA as by the agency; it is to be listed again."""
    case = after(standing(S.REFERRED), a_move(E.DECLINE))
    assert MaracDecline.THRESHOLD_NOT_MET == the(case.marac).declined_because
    case = after(case, a_move(E.APPEAL, actor=idva()))
    assert (S.REFERRED, None) == (the(case.marac).state, the(case.marac).declined_because)
    assert [DeadlineState.RUNNING] == states_of(case, LISTING)


def test_the_duties_of_a_whole_passage() -> None:
    """Each is started and met by the step that says so in the table."""
    case = standing(None).model_copy(update={"deadlines": ()})
    steps = {
        E.INDICATE: {"marac-1-referral": "running"},
        E.REFER: {"marac-1-referral": "met", LISTING: "running"},
        E.CALL_EMERGENCY: {"marac-1-referral": "met", LISTING: "met"},
        E.HEAR: {"marac-1-referral": "met", LISTING: "met", WATCH: "running"},
        E.SET_ACTIONS: {
            "marac-1-referral": "met",
            LISTING: "met",
            WATCH: "running",
            "marac-4-actions": "running",
        },
        E.FINISH_ACTIONS: {
            "marac-1-referral": "met",
            LISTING: "met",
            WATCH: "running",
            "marac-4-actions": "met",
        },
    }
    for event, expected in steps.items():
        case = after(case, a_move(event))
        assert expected == {d.duty: d.state.value for d in case.deadlines}, event
    assert S.REPEAT_WATCH == the(case.marac).state


def test_referring_again_or_listing_anew_does_not_run_a_duty_twice() -> None:
    """Another ground, or another day, is no second wait for the coordinator."""
    case = after(standing(S.INDICATED), a_move(E.REFER), a_move(E.REFER))
    assert [DeadlineState.RUNNING] == states_of(case, LISTING)
    case = after(case, a_move(E.LIST), a_move(E.LIST, meeting_on=TOMORROW + DAY))
    assert [DeadlineState.MET] == states_of(case, LISTING)
    assert TOMORROW + DAY == the(case.marac).meeting_on


def test_the_watch_is_ended_by_a_person_and_not_before_its_time() -> None:
    """Twelve months after the hearing, also where the duty itself ended otherwise."""
    case = standing(S.REPEAT_WATCH)
    for state in (DeadlineState.RUNNING, DeadlineState.VOID):
        watched = case.model_copy(update={"deadlines": (a_deadline(WATCH, state=state),)})
        assert {"still_watched"} == why_not(watched, a_move(E.END_WATCH), at=AT + 300 * DAY)
        assert set() == why_not(watched, a_move(E.END_WATCH), at=AT + 367 * DAY)
    never = case.model_copy(update={"deadlines": ()})
    assert {"still_watched"} == why_not(never, a_move(E.END_WATCH))


def test_indicating_it_during_the_watch_ends_the_watch() -> None:
    """It goes back to MARAC: a second passage, with a number of its own."""
    case = standing(S.REPEAT_WATCH).model_copy(update={"deadlines": (a_deadline(WATCH),)})
    case = after(case, a_move(E.INDICATE, criterion=MaracCriterion.REPEAT))
    expected = [(1, S.ENDED), (2, S.INDICATED)]
    assert expected == [(marac.number, marac.state) for marac in case.maracs]
    assert [DeadlineState.MET] == states_of(case, WATCH)


def test_immigration_enforcement_sits_at_no_conference() -> None:
    """By type: the agencies are these, and a command cannot name another."""
    expected = {
        "police", "council", "health", "probation", "housing", "childrens_services",
        "idva_service", "specialist_service",
    }  # fmt: skip
    assert expected == {agency.value for agency in MaracAgency}
    with pytest.raises(ValueError, match="immigration_enforcement"):
        a_move(E.REFER, agencies=("immigration_enforcement",))
