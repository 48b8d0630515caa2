"""Recorded histories replay on today's code: journeys that began earlier go on."""

import json
from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from infra.temporal import safepath_plugin
from tests.histories.fingerprints import FINGERPRINTS, HERE, all_fingerprints, histories
from workflows.journey import VictimJourney
from workflows.referral import SupportReferral

WHAT_TO_DO = """
{what}

Journeys run for months, so those that began under the old code must go on under the new. Either
- put the change behind `workflow.patched("...")`, and these histories replay again; or
- if no journey of that version can be running any more, say so in the changelog, raise VERSION
  in tests/histories/record.py, record (uv run python -m tests.histories.record), and commit the
  new histories and fingerprints together with the change.
"""


@pytest.mark.parametrize("file", histories(), ids=lambda f: f.relative_to(HERE).as_posix())
async def test_every_recorded_history_replays(file: Path) -> None:
    """The same events lead to the same commands."""
    document = json.loads(file.read_text(encoding="utf-8"))
    history = WorkflowHistory.from_json(document["workflowId"], document)
    replayer = Replayer(
        workflows=[VictimJourney, SupportReferral], plugins=[safepath_plugin(codec=None)]
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    failure = result.replay_failure
    assert failure is None, WHAT_TO_DO.format(what=f"{file.name} does not replay: {failure}")


def test_recorded_commands_are_those_that_were_reviewed() -> None:
    """A history that is recorded anew shows in review what it does differently."""
    kept = FINGERPRINTS.read_text(encoding="utf-8")
    assert kept == all_fingerprints(), WHAT_TO_DO.format(what="Recorded commands have changed.")


@pytest.mark.parametrize("workflow", ["VictimJourney", "SupportReferral"])
def test_there_is_a_history_of_every_workflow(workflow: str) -> None:
    """A workflow without one could break unseen."""
    assert [file for file in histories() if file.relative_to(HERE).parts[0] == workflow]


async def test_a_changed_workflow_would_be_noticed() -> None:
    """The replay is no formality: a history with a command too few fails."""
    file = histories()[0]
    document = json.loads(file.read_text(encoding="utf-8"))
    kinds = [event["eventType"] for event in document["events"]]
    started = kinds.index("EVENT_TYPE_TIMER_STARTED")
    document["events"][started]["timerStartedEventAttributes"]["timerId"] = "99"
    history = WorkflowHistory.from_json(document["workflowId"], document)
    replayer = Replayer(
        workflows=[VictimJourney, SupportReferral], plugins=[safepath_plugin(codec=None)]
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    assert result.replay_failure is not None
