"""Messages that come twice, late, in another order, or against each other: the pure rules.

The story machine (`tests/rules/test_stories.py`) meets them among all others; here nothing else
happens, so that each order of a few is met.
"""

from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.apply import apply
from rules.decide import decide
from rules.referral_states import OVER
from schemas.case import Stage
from schemas.case_commands import AddNeed, CloseCase
from schemas.command_base import Command
from schemas.consent import ConsentState
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.referral import ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    OpenReferral,
    RecallReferral,
    RequestReferral,
)
from schemas.snapshot import CaseSnapshot
from tests.builders import (
    AT,
    IDVA,
    MEADOWLIGHT,
    a_command,
    a_referral,
    a_world,
    after,
    an_acknowledgement,
    an_open_case,
    the,
    why_not,
)
from tests.builders import given as she_agreed
from tests.faults.seeds import chance
from tests.rules.stories import Telling

CROSSING: tuple[Command, ...] = (
    a_command(AskConsent),
    a_command(GiveConsent),
    a_command(RequestReferral),
    a_command(OpenReferral),
    a_command(AcceptReferral),
    a_command(DeclineReferral),
    a_command(CompleteReferral),
    a_command(RecallReferral),
    a_command(WithdrawConsent),
    a_command(CloseCase),
    a_command(CloseCase, confirmed=True),
)
"""What people say of one referral; each may come any number of times, at any moment."""

SOME = settings(max_examples=100, derandomize=True, deadline=None)
MANY = settings(max_examples=5_000, derandomize=False, deadline=None)


def _told(chosen: list[tuple[Command, bool]]) -> None:
    """Tell it; `Telling` looks at each packet, each withdrawal and each step."""
    story = Telling(an_open_case(), AT, has_strangers=False)
    for command, clockwork_comes in chosen:
        story.tell(command)
        if clockwork_comes:
            story.catch_up()
    story.catch_up()
    answers = [packet.key for packet, _ in story.placed.values()]
    assert len(answers) == len(set(answers))
    yeses = sum(isinstance(c, GiveConsent) and was_done for c, was_done in story.said)
    assert len(answers) <= yeses
    if _consent(story.case) is ConsentState.WITHDRAWN:
        assert all(referral.state in OVER for referral in story.case.referrals)


ORDERS = st.lists(st.tuples(st.sampled_from(CROSSING), st.booleans()), min_size=4, max_size=14)


@SOME
@given(ORDERS)
def test_whatever_crosses_there_is_one_packet_for_a_yes_and_none_after_a_no(
    chosen: list[tuple[Command, bool]],
) -> None:
    """Twice, too early, too late and against each other; with the clockwork or before it."""
    _told(chosen)


@pytest.mark.long
@MANY
@given(ORDERS)
def test_whatever_crosses_in_thousands_of_orders(chosen: list[tuple[Command, bool]]) -> None:
    """The same, and never the same orders again."""
    _told(chosen)


@pytest.mark.long
def test_every_order_of_the_usual_messages_is_told() -> None:
    """All 5,040 orders of seven, half of them with the clockwork in between."""
    dice = chance("orders")
    usual = [c for c in CROSSING if not isinstance(c, CloseCase | OpenReferral | RecallReferral)]
    assert len(usual) == 7
    for order in permutations(usual):
        _told([(command, dice.random() < 0.5) for command in order])


def _arrived(number: int = 1, service: str = IDVA, **parts: Any) -> CaseSnapshot:
    referrals = (a_referral(number, ReferralState.RECEIVED, service),)
    return an_open_case(
        referrals=referrals,
        consents=(she_agreed(service),),
        deadlines=(an_acknowledgement(),),
        **parts,
    )


def _consent(case: CaseSnapshot, service: str = IDVA) -> ConsentState | None:
    found = [c.state for c in case.consents if c.recipient == service]
    return found[-1] if found else None


COMMUTE: tuple[tuple[Command, Command], ...] = (
    (a_command(AcceptReferral), a_command(AddNeed)),
    (a_command(AcceptReferral), a_command(AskConsent, recipient=MEADOWLIGHT)),
    (a_command(DeclineReferral), a_command(AskConsent, recipient=MEADOWLIGHT)),
    (a_command(OpenReferral), a_command(AddNeed)),
    (a_command(AddNeed), a_command(AskConsent, recipient=MEADOWLIGHT)),
    (a_command(WithdrawConsent), a_command(AddNeed)),
)
"""Pairs about different matters: neither is a ground for or against the other."""


@pytest.mark.parametrize("pair", COMMUTE, ids=lambda pair: " and ".join(c.verb for c in pair))
def test_what_is_about_different_matters_ends_the_same_in_either_order(
    pair: tuple[Command, Command],
) -> None:
    """Neither person has to know of the other."""
    assert after(_arrived(), *pair) == after(_arrived(), *reversed(pair))


@pytest.mark.parametrize("answer", [AcceptReferral, OpenReferral, DeclineReferral])
def test_a_withdrawal_that_crosses_an_answer_wins_in_either_order(answer: type[Command]) -> None:
    """Whatever a service said, and whenever it came: it is withdrawn, or was over before."""
    said, withdrawal = a_command(answer), a_command(WithdrawConsent)
    first = after(_arrived(), withdrawal)
    assert ReferralState.WITHDRAWN is the(first.referral(1)).state
    decision = decide(first, said, a_world())
    crossed = apply(first, decision.written)
    assert ReferralState.WITHDRAWN is the(crossed.referral(1)).state
    last = after(_arrived(), said, withdrawal)
    assert the(last.referral(1)).state in OVER
    assert ConsentState.WITHDRAWN is _consent(first) is _consent(last)


@pytest.mark.parametrize(
    ("state", "late"),
    [
        (ReferralState.EXPIRED, AcceptReferral),
        (ReferralState.RECALLED, AcceptReferral),
        (ReferralState.WITHDRAWN, AcceptReferral),
        (ReferralState.WITHDRAWN, CompleteReferral),
        (ReferralState.RECEIVED, CompleteReferral),
        (ReferralState.COMPLETED, DeclineReferral),
    ],
)
def test_an_answer_that_comes_too_late_or_too_early_changes_nothing(
    state: ReferralState, late: type[Command]
) -> None:
    """It is refused, with a reason."""
    case = an_open_case(referrals=(a_referral(state=state),), consents=(she_agreed(),))
    assert why_not(case, a_command(late))


def test_a_closing_and_a_withdrawal_end_closed_and_withdrawn_in_either_order() -> None:
    """Closing leaves her word as it is; taking it back is never refused."""
    case = after(an_open_case(consents=(she_agreed(),)), a_command(CloseCase))
    closing, withdrawal = a_command(CloseCase, confirmed=True), a_command(WithdrawConsent)
    for ended in (after(case, closing, withdrawal), after(case, withdrawal, closing)):
        assert (Stage.CLOSED, ConsentState.WITHDRAWN) == (ended.case.stage, _consent(ended))
