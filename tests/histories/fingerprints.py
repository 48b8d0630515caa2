"""What each recorded workflow told Temporal to do, as a text that a reviewer can read."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FINGERPRINTS = HERE / "fingerprints.txt"


def histories() -> list[Path]:
    """Every recorded history."""
    return sorted(HERE.glob("*/v*/*.json"))


def all_fingerprints() -> str:
    """The fingerprints of all histories, one after the other."""
    texts = (
        f"{file.relative_to(HERE).as_posix()}\n"
        + "".join(f"  {line}\n" for line in commands(json.loads(file.read_text("utf-8"))))
        for file in histories()
    )
    return "\n".join(texts)


def commands(history: dict[str, Any]) -> Iterator[str]:
    """The commands of a history, in order, by what they are about."""
    for event in history["events"]:
        kind = event["eventType"].removeprefix("EVENT_TYPE_")
        attributes = next((v for k, v in event.items() if k.endswith("EventAttributes")), {})
        match kind:
            case "ACTIVITY_TASK_SCHEDULED":
                yield f"activity {attributes['activityType']['name']}"
            case "MARKER_RECORDED":
                yield f"local activity {_local_activity(attributes)}"
            case "TIMER_STARTED":
                yield "timer"
            case "TIMER_CANCELED":
                yield "timer cancelled"
            case "START_CHILD_WORKFLOW_EXECUTION_INITIATED":
                yield f"child {attributes['workflowType']['name']}"
            case "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED":
                yield f"signal {attributes['signalName']}"
            case "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES":
                names = sorted(attributes["searchAttributes"]["indexedFields"])
                yield f"search attributes {', '.join(names)}"
            case "WORKFLOW_EXECUTION_UPDATE_ACCEPTED":
                yield f"update {attributes['acceptedRequest']['input']['name']}"
            case "WORKFLOW_EXECUTION_COMPLETED" | "WORKFLOW_EXECUTION_CONTINUED_AS_NEW":
                yield kind.removeprefix("WORKFLOW_EXECUTION_").replace("_", " ").lower()


def _local_activity(attributes: dict[str, Any]) -> str:
    payload = attributes["details"]["data"]["payloads"][0]
    name: str = json.loads(base64.b64decode(payload["data"]))["activity_type"]
    return name
