"""Replays every recorded history in a process of its own: `python -m tests.histories.replay`.

Which order sets and their like have is another in each process, unless PYTHONHASHSEED says which.
"""

import asyncio
import json
import sys

from temporalio.client import WorkflowHistory
from temporalio.worker import Replayer

from infra.temporal import safepath_plugin
from tests.histories.fingerprints import HERE, histories
from workflows.journey import VictimJourney
from workflows.referral import SupportReferral


async def main() -> int:
    """Say the order that this process gives a set, then each history that does not replay."""
    sys.stdout.write(f"order {list({'accept', 'decline', 'withdraw', 'recall'})}\n")
    replayer = Replayer(
        workflows=[VictimJourney, SupportReferral], plugins=[safepath_plugin(codec=None)]
    )
    failed = 0
    for file in histories():
        document = json.loads(file.read_text(encoding="utf-8"))
        history = WorkflowHistory.from_json(document["workflowId"], document)
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        if result.replay_failure is not None:
            failed += 1
            sys.stdout.write(f"{file.relative_to(HERE)}: {result.replay_failure}\n")
    sys.stdout.write(f"replayed {len(histories())}, failed {failed}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
