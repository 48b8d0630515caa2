"""The worker is killed in the middle of journeys: nothing is lost, nothing is done twice."""

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from schemas.case import Stage
from schemas.case_commands import AddNeed, CloseCase
from schemas.consent_commands import AskConsent, GiveConsent
from schemas.ids import CaseRef
from schemas.referral import ReferralState
from schemas.referral_commands import AcceptReferral, CompleteReferral, RequestReferral
from schemas.views import CasePage
from tests.builders import auditor, caseworker, ngo_intake
from tests.journeys.standing import Stack, a_stack
from tests.workflows.telling import IDVA
from web.entrance import open_desk

NGO = ngo_intake()


@pytest.fixture
async def stack(tmp_path: Path) -> AsyncIterator[Stack]:
    """A stack of its own: what is killed here, nobody else needs."""
    async with a_stack(tmp_path / "data") as found:
        yield found


def _is(page: CasePage, state: ReferralState) -> bool:
    return any(referral.state is state for referral in page.referrals)


async def _inbox(stack: Stack, case_ref: CaseRef) -> list[tuple[str, int]]:
    rows = await stack.superuser.fetch(
        "SELECT kind, referral FROM record.inbox_item WHERE case_ref = $1", case_ref
    )
    return [(row["kind"], row["referral"]) for row in rows]


async def _assert_audit_is_intact(stack: Stack) -> None:
    async with open_desk(stack.installation, auditor()) as desk:
        report = await desk.verify_audit(None)
    assert report.is_intact, report


async def test_a_worker_killed_three_times_loses_nothing_and_doubles_nothing(stack: Stack) -> None:
    """Before her consent, with a packet half delivered, and after acceptance (INV-08, INV-10)."""
    case_ref = await stack.open_case(caseworker())
    await stack.decide(case_ref, AddNeed)
    await stack.kill()
    await stack.decide(case_ref, AskConsent, recipient=IDVA)
    await stack.decide(case_ref, GiveConsent, recipient=IDVA)

    async with stack.superuser.transaction():
        await stack.superuser.execute("LOCK TABLE record.inbox_item IN ACCESS EXCLUSIVE MODE")
        await stack.decide(case_ref, RequestReferral, choices=(IDVA,))
        await stack.until_rows(
            "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'record.inbox_item'::regclass"
        )
        await stack.kill()
    await stack.until_page(case_ref, lambda page: _is(page, ReferralState.RECEIVED))
    assert await _inbox(stack, case_ref) == [("referral", 1)]

    await stack.state(case_ref, AcceptReferral, actor=NGO, referral=1)
    await stack.kill()
    await stack.state(case_ref, CompleteReferral, actor=NGO, referral=1)
    await stack.decide(case_ref, CloseCase)
    await stack.decide(case_ref, CloseCase, confirmed=True)

    page = await stack.page(case_ref)
    assert page.case.stage is Stage.CLOSED
    assert await _inbox(stack, case_ref) == [("referral", 1)]
    assert [share.referral for share in page.shares] == [1]
    assert len(list(stack.installation.notices_dir.glob(f"{case_ref}--*"))) == 1
    assert sum("by SIGKILL" in line for line in stack.said.lines) == 3
    await _assert_audit_is_intact(stack)


@pytest.mark.long
@pytest.mark.timeout(900)
async def test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing(
    stack: Stack,
) -> None:
    """Ten referrals, and a kill at some moment of each; the pause before a restart grows."""
    moments = random.Random(20261123)  # noqa: S311 - which moments is no secret
    cases = []
    for _ in range(10):
        case_ref = await stack.open_case(caseworker())
        cases.append(case_ref)
        for kind in (AddNeed, AskConsent, GiveConsent):
            await stack.decide(case_ref, kind, recipient=IDVA)
        rows = await stack.superuser.fetchval("SELECT count(*) FROM audit.entry")
        await stack.decide(case_ref, RequestReferral, choices=(IDVA,))
        wanted = rows + moments.randint(1, 4)
        await stack.until_rows("SELECT 1 FROM audit.head WHERE seq >= $1", wanted)
        await stack.kill()
    for case_ref in cases:
        await stack.until_page(case_ref, lambda page: _is(page, ReferralState.RECEIVED))
        assert await _inbox(stack, case_ref) == [("referral", 1)]
    await _assert_audit_is_intact(stack)
