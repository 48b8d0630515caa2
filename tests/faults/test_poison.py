"""What nobody can read is put aside: no workflow fails for ever, and somebody is told."""

from collections.abc import AsyncIterator

import pytest
from temporalio.client import Client, WorkflowExecutionStatus, WorkflowHandle
from temporalio.service import RPCError

from infra.stack.state import read_state
from infra.stack.temporal import connect
from infra.troubles import OPERATIONS
from schemas.case_commands import AddNeed
from schemas.ids import CaseRef, journey_workflow_id
from schemas.referral import NeedCategory
from schemas.troubles import Place, TroubleCode
from tests.builders import caseworker
from tests.faults import poison
from tests.journeys.standing import Stack, a_stack

_SEALED = (
    "another case's",
    "sealed by another key",
    "sealed, and no JSON",
    "cut short",
    "altered",
)
_OPEN = "SELECT 1 FROM record.trouble WHERE workflow_id = $1 AND step = $2 AND settled_at IS NULL"


@pytest.fixture(scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """A stack whose Temporal is open to whoever reaches its port."""
    async with a_stack(tmp_path_factory.mktemp("poison") / "data") as found:
        yield found


@pytest.fixture(scope="module")
async def temporal(stack: Stack) -> Client:
    """A client without a codec, as an intruder has it."""
    state = read_state(stack.paths.data_dir)
    assert state is not None
    return await connect(state.ports)


async def _signals(handle: "WorkflowHandle[object, object]") -> int:
    """Signals in the history of a workflow's present run."""
    events = [event async for event in handle.fetch_history_events()]
    return sum(event.HasField("workflow_execution_signaled_event_attributes") for event in events)


async def _goes_on(stack: Stack, temporal: Client, case_ref: CaseRef) -> None:
    """A person's command is carried out, and no task of the workflow is failing."""
    done = await stack.decide(case_ref, AddNeed, category=NeedCategory.HOUSING)
    assert done.detail["need"]
    described = await temporal.get_workflow_handle(journey_workflow_id(case_ref)).describe()
    assert WorkflowExecutionStatus.RUNNING is described.status
    assert described.raw_description.pending_workflow_task.attempt <= 1


@pytest.mark.parametrize("kind", [*poison.CLEAR, *_SEALED])
async def test_a_message_that_nobody_can_read_is_put_aside_and_noted(
    stack: Stack, temporal: Client, kind: str
) -> None:
    """The journey goes on, and what was put aside stands among what is stuck."""
    case_ref = await stack.open_case(caseworker())
    other = await stack.open_case(caseworker())
    mixed = {**poison.CLEAR, **await poison.sealed(stack.installation, case_ref, other)}
    workflow_id = journey_workflow_id(case_ref)
    await stack.decide(case_ref, AddNeed)
    before = await _signals(temporal.get_workflow_handle(workflow_id))
    await poison.signal(temporal, workflow_id, mixed[kind])
    assert before + 1 == await _signals(temporal.get_workflow_handle(workflow_id))
    await _goes_on(stack, temporal, case_ref)
    await stack.until_rows(_OPEN, workflow_id, Place.PAYLOAD)
    assert [(Place.PAYLOAD, "damaged_text")] == await poison.noted(stack.superuser, workflow_id)


@pytest.mark.parametrize("kind", poison.HARMLESS)
async def test_a_message_that_means_nothing_is_dropped(
    stack: Stack, temporal: Client, kind: str
) -> None:
    """It can be opened and says nothing that the journey knows."""
    case_ref = await stack.open_case(caseworker())
    await stack.decide(case_ref, AddNeed)
    handle = temporal.get_workflow_handle(journey_workflow_id(case_ref))
    before = await _signals(handle)
    meaningless = await poison.harmless(stack.installation, case_ref)
    await poison.signal(temporal, handle.id, meaningless[kind])
    assert before + 1 == await _signals(handle)
    await _goes_on(stack, temporal, case_ref)
    assert [] == await poison.noted(stack.superuser, handle.id)


async def test_what_is_too_large_is_refused_at_temporals_door(
    stack: Stack, temporal: Client
) -> None:
    """It never reaches the journey."""
    case_ref = await stack.open_case(caseworker())
    await stack.decide(case_ref, AddNeed)
    handle = temporal.get_workflow_handle(journey_workflow_id(case_ref))
    before = await _signals(handle)
    with pytest.raises(RPCError, match=r"BadSignalInputSize|exceeds"):
        await poison.signal(temporal, handle.id, poison.too_large())
    assert before == await _signals(handle)
    await _goes_on(stack, temporal, case_ref)


@pytest.mark.parametrize("kind", ["no JSON", "deep", "a schema version of the future"])
async def test_a_decision_that_nobody_can_read_is_refused(
    stack: Stack, temporal: Client, kind: str
) -> None:
    """Whoever sent it is told; the next person is served."""
    case_ref = await stack.open_case(caseworker())
    workflow_id = journey_workflow_id(case_ref)
    await stack.decide(case_ref, AddNeed)
    outcome = await poison.update(temporal, workflow_id, poison.CLEAR[kind])
    assert outcome.HasField("failure")
    await _goes_on(stack, temporal, case_ref)


async def test_a_journey_begun_with_poison_ends_and_begins_anew_from_the_record(
    stack: Stack, temporal: Client
) -> None:
    """It fails once and not for ever; operations hear of it within a minute."""
    case_ref = await stack.open_case(caseworker())
    await stack.decide(case_ref, AddNeed)
    handle = temporal.get_workflow_handle(journey_workflow_id(case_ref))
    await handle.terminate(reason="test")
    run_id = await poison.start(temporal, handle.id, poison.CLEAR["no JSON"])
    poisoned = temporal.get_workflow_handle(handle.id, run_id=run_id)
    ended = WorkflowExecutionStatus.FAILED
    while (status := (await poisoned.describe()).status) is WorkflowExecutionStatus.RUNNING:
        await stack.until_rows("SELECT 1")
    assert ended is status
    await stack.until_rows(
        "SELECT 1 FROM record.trouble WHERE workflow_id = $1 AND step = $2 AND code = $3",
        handle.id,
        Place.WORKFLOW,
        TroubleCode.ENDED_BADLY,
    )
    await stack.until_rows(
        "SELECT 1 FROM record.trouble WHERE workflow_id = $1 AND alerted_at < since + '60 s'",
        handle.id,
    )
    notices = stack.installation.notices_dir.glob(f"{case_ref}--*.json")
    assert any(f'"{OPERATIONS}"' in file.read_text() for file in notices)
    await _goes_on(stack, temporal, case_ref)
