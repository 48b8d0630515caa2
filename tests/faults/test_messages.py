"""Messages against each other on the real stack: at once, too early, twice, and not the same."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from schemas.case_commands import AddNeed, CloseCase
from schemas.command_base import Command
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.decisions import Committed, NotDone, Reply
from schemas.errors import SafepathError
from schemas.ids import CaseRef
from schemas.referral import NeedCategory, ReferralState
from schemas.referral_commands import (
    AcceptReferral,
    CompleteReferral,
    DeclineReferral,
    RequestReferral,
)
from tests.builders import a_command, the
from tests.faults.driving import Driver, a_driver
from tests.faults.seeds import chance, sampled
from tests.faults.stage import Stage
from tests.workflows.telling import IDVA

ROUNDS = 3
"""How often those who cross each other do so: chance decides who is first."""
_ITEMS = "SELECT kind, recorded_at FROM record.inbox_item WHERE case_ref = $1"
_WITHDRAWN_AT = """
SELECT recorded_at FROM audit.entry WHERE case_ref = $1 AND verb = 'withdraw_consent'
"""
_IS_IN_STATE = "SELECT 1 FROM record.referral WHERE case_ref = $1 AND state = $2"


@pytest.fixture
async def driver(stage: Stage) -> AsyncIterator[Driver]:
    """People at their desks."""
    async with a_driver(stage.stack.installation, stage.superuser) as found:
        yield found


async def _says(driver: Driver, case_ref: CaseRef, kind: type[Command], **parts: Any) -> Reply:
    about = {
        "case_ref": case_ref,
        "command_id": f"{case_ref}-{kind.__name__}",
        "recipient": IDVA,
        "choices": (IDVA,),
    }
    return await driver.say(a_command(kind, **(about | parts)))


async def _consented(driver: Driver, name: str) -> CaseRef:
    case_ref = await driver.open(name)
    for kind in (AddNeed, AskConsent, GiveConsent):
        assert isinstance(await _says(driver, case_ref, kind), Committed)
    return case_ref


async def _received(driver: Driver, name: str) -> CaseRef:
    case_ref = await _consented(driver, name)
    assert isinstance(await _says(driver, case_ref, RequestReferral), Committed)
    await driver.until(_IS_IN_STATE, case_ref, ReferralState.RECEIVED)
    return case_ref


@pytest.mark.parametrize("nth", sampled(range(ROUNDS), 1, "rounds"))
async def test_of_a_yes_and_a_no_at_once_one_is_heard(driver: Driver, nth: int) -> None:
    """The other is told what stands."""
    case_ref = await _received(driver, f"yes-and-no-{nth}")
    kinds: list[type[Command]] = [AcceptReferral, DeclineReferral]
    chance(f"yes-and-no-{nth}").shuffle(kinds)
    replies = await asyncio.gather(*(_says(driver, case_ref, kind) for kind in kinds))
    assert {Committed, NotDone} == {type(reply) for reply in replies}
    heard = kinds[[type(reply) for reply in replies].index(Committed)]
    state = ReferralState.ACCEPTED if heard is AcceptReferral else ReferralState.DECLINED
    await driver.until(_IS_IN_STATE, case_ref, state)


@pytest.mark.parametrize("nth", sampled(range(ROUNDS), 1, "rounds"))
async def test_nothing_is_delivered_once_a_withdrawal_that_raced_it_is_written(
    driver: Driver, nth: int
) -> None:
    """Either the packet came first and a stop follows it, or nothing ever comes."""
    case_ref = await _consented(driver, f"race-{nth}")
    requested, withdrawn = await asyncio.gather(
        _says(driver, case_ref, RequestReferral), _says(driver, case_ref, WithdrawConsent)
    )
    assert isinstance(withdrawn, Committed)
    if isinstance(requested, Committed):
        await driver.until(_SETTLED, case_ref)
    rows = await driver.superuser.fetch(_ITEMS, case_ref)
    kinds = sorted(row["kind"] for row in rows)
    assert kinds in ([], ["referral", "stop"])
    at = await driver.superuser.fetchval(_WITHDRAWN_AT, case_ref)
    assert all(row["recorded_at"] < at for row in rows if row["kind"] == "referral")


_SETTLED = """
SELECT 1 FROM record.case_file WHERE case_ref = $1 AND NOT EXISTS
    (SELECT FROM record.outbox WHERE case_ref = $1 AND state = 'queued')
"""


async def test_completed_before_accepted_is_refused_and_afterwards_it_is_done(
    driver: Driver,
) -> None:
    """A service's messages overtook each other: the early one changes nothing."""
    case_ref = await _received(driver, "overtaken")
    early = await _says(driver, case_ref, CompleteReferral)
    assert isinstance(early, NotDone)
    assert isinstance(await _says(driver, case_ref, AcceptReferral), Committed)
    again = await _says(driver, case_ref, CompleteReferral, command_id=f"{case_ref}-again")
    assert isinstance(again, Committed)
    assert early == await _says(driver, case_ref, CompleteReferral)


async def test_an_id_given_twice_for_two_things_does_the_first_only(driver: Driver) -> None:
    """The same again is answered the same; something else under the same id is refused."""
    case_ref = await driver.open("same-id")
    first = await _says(driver, case_ref, AddNeed, command_id=f"{case_ref}-1")
    assert first == await _says(driver, case_ref, AddNeed, command_id=f"{case_ref}-1")
    other = {"command_id": f"{case_ref}-1", "category": NeedCategory.HOUSING}
    with pytest.raises(SafepathError, match="another command"):
        await _says(driver, case_ref, AddNeed, **other)
    needs = (await driver.agency.show_case(case_ref)).needs
    assert [NeedCategory.ADVOCACY] == [need.category for need in needs]


@pytest.mark.parametrize("nth", sampled(range(ROUNDS), 1, "rounds"))
async def test_a_closing_that_races_a_withdrawal_leaves_both_done(driver: Driver, nth: int) -> None:
    """Whichever came first: she has taken it back, and the case is closed."""
    case_ref = await _consented(driver, f"closing-{nth}")
    assert isinstance(await _says(driver, case_ref, CloseCase), Committed)
    closing = {"confirmed": True, "command_id": f"{case_ref}-confirmed"}
    closed, withdrawn = await asyncio.gather(
        _says(driver, case_ref, CloseCase, **closing), _says(driver, case_ref, WithdrawConsent)
    )
    assert isinstance(closed, Committed)
    assert isinstance(withdrawn, Committed)
    page = await driver.agency.show_case(case_ref)
    assert page.case.stage == "closed"
    assert the(page.consents[-1]).state == "withdrawn"
