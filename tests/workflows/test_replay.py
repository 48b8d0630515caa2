"""Recorded histories replay on today's code: journeys that began earlier go on."""

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

import workflows
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


def read(file: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


async def why_not(document: dict[str, Any]) -> Exception | None:
    """Why a history does not replay; None where it does."""
    history = WorkflowHistory.from_json(document["workflowId"], document)
    replayer = Replayer(
        workflows=[VictimJourney, SupportReferral], plugins=[safepath_plugin(codec=None)]
    )
    result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
    return result.replay_failure


@pytest.mark.parametrize("file", histories(), ids=lambda f: f.relative_to(HERE).as_posix())
async def test_every_recorded_history_replays(file: Path) -> None:
    """The same events lead to the same commands."""
    failure = await why_not(read(file))
    assert failure is None, WHAT_TO_DO.format(what=f"{file.name} does not replay: {failure}")


def test_recorded_commands_are_those_that_were_reviewed() -> None:
    """A history that is recorded anew shows in review what it does differently."""
    kept = FINGERPRINTS.read_text(encoding="utf-8")
    assert kept == all_fingerprints(), WHAT_TO_DO.format(what="Recorded commands have changed.")


def names_of_workflows() -> set[str]:
    """Every workflow that is defined in workflows/, by its name in Temporal."""
    modules = (
        import_module(f"workflows.{found.name}")
        for found in pkgutil.iter_modules(workflows.__path__)
    )
    defined = (
        getattr(one, "__temporal_workflow_definition", None)
        for module in modules
        for one in vars(module).values()
    )
    return {found.name for found in defined if found is not None}


def test_there_is_a_history_of_every_workflow() -> None:
    """A workflow without one could break unseen."""
    recorded = {file.relative_to(HERE).parts[0] for file in histories()}
    assert recorded == names_of_workflows()


async def test_a_changed_workflow_would_be_noticed() -> None:
    """The replay is no formality: a history of another activity fails."""
    document = read(next(file for file in histories() if "SupportReferral" in file.parts))
    kinds = [event["eventType"] for event in document["events"]]
    event = document["events"][kinds.index("EVENT_TYPE_ACTIVITY_TASK_SCHEDULED")]
    event["activityTaskScheduledEventAttributes"]["activityType"]["name"] = "another"
    assert "another" in str(await why_not(document))
