"""What keeps failing is put before somebody within a minute, and a verb mends it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from commands.case_page import page_lines
from infra.stack.state import read_state
from infra.stack.temporal import connect
from infra.troubles import OPERATIONS
from safepath import build
from schemas.case_commands import AddNeed
from schemas.consent_commands import AskConsent, GiveConsent, WithdrawConsent
from schemas.ids import CaseRef, journey_workflow_id, referral_workflow_id
from schemas.referral import NeedCategory, ReferralState
from schemas.referral_commands import RequestReferral
from schemas.verbs import Verb
from schemas.views import CasePage
from tests.builders import auditor, caseworker, ngo_intake
from tests.faults import poison
from tests.journeys.standing import Stack, a_stack
from tests.workflows.telling import IDVA

KIT = "ops@platform:kit"
_REFUSE = "ALTER TABLE record.inbox_item ADD CONSTRAINT refuse CHECK (false) NOT VALID"
_TAKE = "ALTER TABLE record.inbox_item DROP CONSTRAINT refuse"
_OPEN = "SELECT 1 FROM record.trouble WHERE workflow_id = $1 AND step = $2 AND settled_at IS NULL"

Ops = Callable[..., Awaitable[Result]]


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack in which things fail."""
    async with a_stack(tmp_path_factory.mktemp("repair") / "data") as found:
        yield found


@pytest.fixture
def ops(stack: Stack) -> Ops:
    """`safepath ops` as Kit types it; must end as said."""

    async def run(*words: str, by: str = KIT, ends: int = 0) -> Result:
        place = ("--data-dir", str(stack.paths.data_dir), "--as", by)
        answer = await asyncio.to_thread(CliRunner().invoke, build(), ("ops", *words, *place))
        assert ends == answer.exit_code, answer.output
        return answer

    return run


async def _agreed(stack: Stack) -> CaseRef:
    """A case in which she has said yes to one service, and nothing was requested yet."""
    case_ref = await stack.open_case(caseworker())
    for kind in (AddNeed, AskConsent, GiveConsent):
        await stack.decide(case_ref, kind, recipient=IDVA)
    return case_ref


def _is(page: CasePage, state: ReferralState) -> bool:
    return any(referral.state is state for referral in page.referrals)


async def _inbox(stack: Stack, case_ref: CaseRef) -> list[str]:
    rows = await stack.superuser.fetch(
        "SELECT kind FROM record.inbox_item WHERE case_ref = $1", case_ref
    )
    return [row["kind"] for row in rows]


async def _audited(stack: Stack, verb: Verb, case_ref: CaseRef) -> dict[str, Any]:
    """The detail of the one audit row of a verb in a case."""
    rows = await stack.superuser.fetch(
        "SELECT body FROM audit.entry WHERE body::jsonb ->> 'verb' = $1 "
        "AND body::jsonb ->> 'case_ref' = $2",
        verb,
        case_ref,
    )
    (body,) = [json.loads(row["body"]) for row in rows]
    assert str(body["actor"]["person"]) == "kit"
    detail: dict[str, Any] = body["detail"]
    return detail


async def test_a_delivery_that_keeps_failing_is_seen_retried_and_done_once(
    stack: Stack, ops: Ops
) -> None:
    """It holds up nobody meanwhile; when its cause is mended, a retry delivers it at once."""
    assert "Nothing is stuck" in (await ops("stuck")).output
    case_ref = await _agreed(stack)
    workflow_id = referral_workflow_id(case_ref, 1)
    await stack.superuser.execute(_REFUSE)
    await stack.decide(case_ref, RequestReferral, choices=(IDVA,))
    await stack.until_rows(_OPEN, workflow_id, Verb.DELIVER)
    await stack.until_rows(
        "SELECT 1 FROM record.trouble WHERE workflow_id = $1 AND alerted_at < since + '60 s'",
        workflow_id,
    )
    notices = [f.read_text() for f in stack.installation.notices_dir.glob(f"{case_ref}--*.json")]
    assert any(f'"{OPERATIONS}"' in notice for notice in notices)
    await stack.decide(case_ref, AddNeed, category=NeedCategory.HOUSING)  # in nobody's way
    shown = await stack.page(case_ref)
    assert ["deliver"] == [one.step for one in shown.stuck]
    assert any("deliver keeps failing" in line for line in page_lines(shown))
    (line,) = json.loads((await ops("stuck", "--json")).output)["troubles"]
    assert (workflow_id, "deliver", "record_refused") == (
        line["workflow_id"],
        line["step"],
        line["code"],
    )
    assert f"{case_ref}/referral/1" in (await ops("stuck")).output
    await stack.superuser.execute(_TAKE)
    await ops("retry", f"{case_ref}/1", "--reason", "fault_mended", "--ticket", "OPS-7")
    await stack.until_page(case_ref, lambda page: _is(page, ReferralState.RECEIVED))
    assert ["referral"] == await _inbox(stack, case_ref)
    await stack.until_rows("SELECT 1 WHERE NOT EXISTS (" + _OPEN + ")", workflow_id, Verb.DELIVER)
    assert {"why": "fault_mended", "ticket": "OPS-7", "workflow": workflow_id} == await _audited(
        stack, Verb.RETRY_WORK, case_ref
    )


async def test_a_journey_with_poison_in_its_history_is_begun_anew(stack: Stack, ops: Ops) -> None:
    """Everything decided is still there, and what had gone out does not go out again."""
    case_ref = await _agreed(stack)
    await stack.decide(case_ref, RequestReferral, choices=(IDVA,))
    await stack.until_page(case_ref, lambda page: _is(page, ReferralState.RECEIVED))
    state = read_state(stack.paths.data_dir)
    assert state is not None
    temporal = await connect(state.ports)
    workflow_id = journey_workflow_id(case_ref)
    handle = temporal.get_workflow_handle(workflow_id)
    first_run = (await handle.describe()).run_id
    await poison.signal(temporal, workflow_id, poison.CLEAR["no JSON"])
    await stack.until_rows(_OPEN, workflow_id, "payload")
    refused = await ops("retry", str(case_ref), "--reason", "fault_mended", ends=2)
    assert "ops redrive" in refused.output
    await ops("redrive", str(case_ref), "--reason", "incident")
    await stack.until_rows("SELECT 1 WHERE NOT EXISTS (" + _OPEN + ")", workflow_id, "payload")
    assert first_run != (await handle.describe()).run_id
    await stack.decide(case_ref, AddNeed, category=NeedCategory.HOUSING)
    assert ["referral"] == await _inbox(stack, case_ref)
    assert "redriven" not in (await ops("stuck")).output
    await _audited(stack, Verb.REDRIVE_WORK, case_ref)


async def test_what_is_paused_sends_nothing_and_stops_everything(stack: Stack, ops: Ops) -> None:
    """A packet waits; her withdrawal does not; what goes on after is judged anew."""
    waiting, withdrawn = await _agreed(stack), await _agreed(stack)
    await stack.decide(withdrawn, RequestReferral, choices=(IDVA,))
    await stack.until_page(withdrawn, lambda page: _is(page, ReferralState.RECEIVED))
    for case_ref in (waiting, withdrawn):
        await ops("pause", str(case_ref), "--reason", "incident", "--ticket", "INC-3")
    again = await ops("pause", str(waiting), "--reason", "incident")
    assert "already" in again.output
    assert "INC-3" in (await ops("stuck")).output
    await stack.decide(waiting, RequestReferral, choices=(IDVA,))
    await stack.state(withdrawn, WithdrawConsent, actor=ngo_intake(), recipient=IDVA)
    await stack.until_rows(
        "SELECT 1 FROM record.inbox_item WHERE case_ref = $1 AND kind = 'stop'", withdrawn
    )
    await stack.until_rows(
        "SELECT 1 FROM record.outbox WHERE case_ref = $1 AND kind = 'packet' AND state = 'queued'",
        waiting,
    )
    assert [] == await _inbox(stack, waiting)
    assert any("held back" in line for line in page_lines(await stack.page(waiting)))
    await ops("resume", str(waiting), "--reason", "outage_over")
    await stack.until_page(waiting, lambda page: _is(page, ReferralState.RECEIVED))
    assert ["referral"] == await _inbox(stack, waiting)
    assert {"why": "outage_over"} == await _audited(stack, Verb.RESUME_CASE, waiting)


@pytest.mark.parametrize(
    ("words", "by", "ends", "said"),
    [
        (("stuck",), "caseworker@northmarch-police:ann", 3, "may"),
        (("pause", "bafod-kisut-n", "--reason", "incident"), KIT, 1, "no such case"),
        (("pause", "bafod-kisut-n", "--reason", "her mother rang"), KIT, 2, "--reason"),
        (("retry", "bafod-kisut-n", "--reason", "incident"), KIT, 2, "nothing is stuck"),
        (("redrive", "case/x/y", "--reason", "incident"), KIT, 2, "workflow"),
        (
            ("retry", "bafod-kisut-n", "--reason", "incident", "--ticket", "see Ann"),
            KIT,
            2,
            "--ticket",
        ),
    ],
    ids=[
        "a caseworker",
        "no such case",
        "a reason in words",
        "nothing stuck",
        "no workflow",
        "a ticket in words",
    ],
)
async def test_bad_input_is_answered_with_what_to_do(
    ops: Ops, words: tuple[str, ...], by: str, ends: int, said: str
) -> None:
    """And nothing is done."""
    assert said in (await ops(*words, by=by, ends=ends)).output


async def test_the_audit_of_repairs_is_intact(stack: Stack, ops: Ops) -> None:
    """Repairs are acts like any other."""
    from web.entrance import open_desk

    assert (await ops("stuck")).output
    async with open_desk(stack.installation, auditor()) as desk:
        assert (await desk.verify_audit(None)).is_intact
