"""The state machine of a referral: every cell of state × event, tested moving or refusing."""

from itertools import product

import pytest

from rules.referral_states import (
    ENDED_WITHOUT_HELP,
    OVER,
    TERMINAL,
    TRANSITIONS,
    WITH_SERVICE,
    Transition,
    move,
    transition,
)
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Role
from schemas.decisions import Refused
from schemas.referral import (
    REASON_GROUPS,
    Reason,
    ReasonGroup,
    Referral,
    ReferralEvent,
    ReferralState,
    reasons_of,
)
from tests.builders import a_referral

S, E, G = ReferralState, ReferralEvent, ReasonGroup
_FAR = [Role.AUDITOR, Role.OPS, Role.PROTOCOL_OWNER]
"""Roles that stand outside every case."""

# Written a second time on purpose: a change of the table is made twice, or it is a mistake.
_BACK = {E.RECALL: S.RECALLED, E.WITHDRAW: S.WITHDRAWN, E.CORRECT: S.ENTERED_IN_ERROR}
_ANSWERS = {E.ACCEPT: S.ACCEPTED, E.DECLINE: S.DECLINED}
_HELPED = {E.COMPLETE: S.COMPLETED, E.END: S.ENDED}
EXPECTED: dict[ReferralState, dict[ReferralEvent, ReferralState]] = {
    S.DRAFT: {E.SUBMIT: S.WAITING, **_BACK},
    S.WAITING: {E.SEND: S.SENT, E.FAIL_DELIVERY: S.UNDELIVERABLE, **_BACK},
    S.SENT: {E.ACKNOWLEDGE: S.RECEIVED, E.EXPIRE: S.EXPIRED, **_BACK},
    S.RECEIVED: {
        E.OPEN: S.OPENED,
        E.WAITLIST: S.WAITLISTED,
        E.EXPIRE: S.EXPIRED,
        **_ANSWERS,
        **_BACK,
    },
    S.OPENED: {
        E.REQUEST_INFO: S.INFO_REQUESTED,
        E.WAITLIST: S.WAITLISTED,
        **_ANSWERS,
        **_BACK,
    },
    S.INFO_REQUESTED: {E.ANSWER_INFO: S.OPENED, **_ANSWERS, **_BACK},
    S.WAITLISTED: {E.WAITLIST: S.WAITLISTED, **_ANSWERS, **_BACK},
    S.ACCEPTED: {E.ENGAGE: S.ACTIVE, **_HELPED, **_BACK},
    S.ACTIVE: {**_HELPED, **_BACK},
    S.UNDELIVERABLE: {E.WITHDRAW: S.WITHDRAWN, E.CORRECT: S.ENTERED_IN_ERROR},
    S.DECLINED: {},
    S.COMPLETED: {},
    S.ENDED: {},
    S.RECALLED: {},
    S.WITHDRAWN: {},
    S.EXPIRED: {},
    S.ENTERED_IN_ERROR: {},
}
CELLS = [
    pytest.param(state, event, EXPECTED[state].get(event), id=f"{event} when {state}")
    for state, event in product(S, E)
]
ROWS = [pytest.param(row, id=f"{row.event} to {row.target}") for row in TRANSITIONS]
NOT_TERMINAL = [pytest.param(state, id=state.value) for state in S if state not in TERMINAL]


def somebody(row: Transition) -> Role:
    return min(row.who)


def a_reason(row: Transition) -> Reason | None:
    return reasons_of(min(row.reason))[0] if row.reason else None


def codes(answer: Referral | Refused) -> set[str]:
    return {r.code for r in answer.reasons} if isinstance(answer, Refused) else set()


@pytest.mark.parametrize(("state", "event", "target"), CELLS)
def test_every_cell_moves_as_the_table_says_or_is_refused(
    state: ReferralState, event: ReferralEvent, target: ReferralState | None
) -> None:
    """A cell of the table moves the referral one version on; a cell without an entry refuses."""
    row = transition(state, event)
    role = somebody(row) if row else Role.CASEWORKER
    answer = move(a_referral(state=state), event, role, a_reason(row) if row else None)
    if target is None:
        assert {"wrong_state"} == codes(answer)
    else:
        assert isinstance(answer, Referral)
        assert (target, 2) == (answer.state, answer.version)


def test_no_cell_has_two_rows() -> None:
    """The table is a function: state and event have one target."""
    cells = [(source, row.event) for row in TRANSITIONS for source in row.sources]
    assert len(set(cells)) == len(cells)


def test_no_state_and_no_event_is_an_orphan() -> None:
    """Every state can be reached from a draft, and every event happens somewhere."""
    reached = {S.DRAFT}
    for _ in S:
        reached |= {row.target for row in TRANSITIONS if row.sources & reached}
    assert set(S) == reached
    assert set(E) == {row.event for row in TRANSITIONS}


def test_terminal_states_have_no_way_out() -> None:
    """What is over stays over; to open it again is a new referral."""
    assert set() == {row.event for row in TRANSITIONS if row.sources & TERMINAL}
    assert set(S) - TERMINAL == {s for row in TRANSITIONS for s in row.sources}


@pytest.mark.parametrize("event", [E.RECALL, E.WITHDRAW, E.CORRECT])
@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_taking_back_what_is_over_is_refused(state: ReferralState, event: ReferralEvent) -> None:
    """A completed or declined referral is never turned into a recalled one."""
    answer = move(a_referral(state=state), event, Role.CASEWORKER, Reason.MISTAKE)
    assert {"wrong_state"} == codes(answer)
    assert isinstance(answer, Refused)
    assert answer.sentences().endswith("is too late.")


def test_a_service_that_answers_after_all_is_told_how_she_is_asked_for_again() -> None:
    """She may still want it: the sender asks anew, and no code stands in the sentence."""
    late = move(a_referral(state=S.EXPIRED), E.REQUEST_INFO, Role.NGO_INTAKE)
    assert isinstance(late, Refused)
    assert "`referral reopen`" in late.sentences()
    assert "_" not in late.sentences()


@pytest.mark.parametrize("state", NOT_TERMINAL)
@pytest.mark.parametrize("role", [r for r in Role if r not in _FAR])
def test_withdrawal_is_open_to_everyone_from_every_state_that_is_not_terminal(
    state: ReferralState, role: Role
) -> None:
    """INV-09: no approval and no state stands in the way of a withdrawal."""
    answer = move(a_referral(state=state), E.WITHDRAW, role, Reason.CONSENT_WITHDRAWN)
    assert isinstance(answer, Referral)
    assert answer.state is S.WITHDRAWN


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("role", _FAR)
def test_auditor_and_operations_move_nothing(row: Transition, role: Role) -> None:
    """They read; no row of the table names them."""
    answer = move(a_referral(state=min(row.sources)), row.event, role, a_reason(row))
    assert {"not_your_role"} == codes(answer)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_is_for_its_roles_only(row: Transition) -> None:
    """Every role outside a row is refused, and every role inside it is not."""
    referral = a_referral(state=min(row.sources))
    answers = {role: codes(move(referral, row.event, role, a_reason(row))) for role in Role}
    assert {role: set() if role in row.who else {"not_your_role"} for role in Role} == answers


@pytest.mark.parametrize("row", ROWS)
def test_reasons_are_demanded_by_group(row: Transition) -> None:
    """A row with a reason group takes its reasons only, and never none at all."""
    referral = a_referral(state=min(row.sources))
    fitting = {r for r in Reason if REASON_GROUPS[r] in row.reason} if row.reason else set(Reason)
    taken = {r for r in Reason if not codes(move(referral, row.event, somebody(row), r))}
    assert fitting == taken
    without = codes(move(referral, row.event, somebody(row)))
    assert ({"reason_missing"} if row.reason else set()) == without


@pytest.mark.parametrize(
    ("event", "groups"),
    [
        pytest.param(E.DECLINE, {G.SERVICE, G.PERSON}, id="a service declines for itself or her"),
        pytest.param(E.RECALL, {G.SENDER, G.PERSON}, id="a sender recalls for itself or her"),
        pytest.param(E.EXPIRE, {G.SYSTEM}, id="expiry is the clockwork's"),
        pytest.param(E.ACCEPT, set(), id="accepting needs no reason"),
        pytest.param(E.COMPLETE, set(), id="completing has an outcome instead"),
    ],
)
def test_whose_reason_an_event_takes(event: ReferralEvent, groups: set[ReasonGroup]) -> None:
    """Whose reason it is follows from whose decision it is."""
    assert groups == {g for row in TRANSITIONS if row.event is event for g in row.reason}


def test_every_reason_has_a_group_and_every_group_a_reason() -> None:
    """No reason is without an owner, and no group empty."""
    assert set(Reason) == set(REASON_GROUPS)
    assert set(Reason) == {reason for group in G for reason in reasons_of(group)}
    assert all(reasons_of(group) for group in G)


def test_the_sets_beside_the_table_agree_with_it() -> None:
    """What is over has no work left, and only what was sent is with a service."""
    assert TERMINAL < OVER
    assert ENDED_WITHOUT_HELP <= OVER
    assert not WITH_SERVICE & OVER
    assert {S.DRAFT, S.WAITING} == set(S) - OVER - WITH_SERVICE


def test_only_the_clockwork_sends_and_only_an_ngo_answers() -> None:
    """People decide and answer; the clockwork carries, and neither does the other's part."""
    who = {row.event: row.who for row in TRANSITIONS}
    carried = (E.SEND, E.ACKNOWLEDGE, E.EXPIRE, E.FAIL_DELIVERY)
    answered = (E.OPEN, E.ACCEPT, E.DECLINE, E.ENGAGE, E.COMPLETE, E.END, E.WAITLIST)
    assert {frozenset({Role.SYSTEM})} == {who[event] for event in carried}
    assert {NGO_ROLES} == {who[event] for event in answered}
    assert {AGENCY_ROLES} == {who[event] for event in (E.RECALL, E.CORRECT, E.ANSWER_INFO)}
