"""What each recorded workflow told Temporal to do, as a text that a reviewer can read."""

import base64
import json
from collections.abc import Callable, Iterator
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
        said = _SAID.get(event["eventType"].removeprefix("EVENT_TYPE_"))
        if said is not None:
            attributes: dict[str, Any] = next(
                (v for k, v in event.items() if k.endswith("EventAttributes")), {}
            )
            yield said(attributes)


def _local_activity(attributes: dict[str, Any]) -> str:
    payload = attributes["details"]["data"]["payloads"][0]
    name: str = json.loads(base64.b64decode(payload["data"]))["activity_type"]
    return f"local activity {name}"


def _search_attributes(attributes: dict[str, Any]) -> str:
    return f"search attributes {', '.join(sorted(attributes['searchAttributes']['indexedFields']))}"


_SAID: dict[str, Callable[[dict[str, Any]], str]] = {
    "ACTIVITY_TASK_SCHEDULED": lambda a: f"activity {a['activityType']['name']}",
    "MARKER_RECORDED": _local_activity,
    "TIMER_STARTED": lambda _: "timer",
    "TIMER_CANCELED": lambda _: "timer cancelled",
    "START_CHILD_WORKFLOW_EXECUTION_INITIATED": lambda a: f"child {a['workflowType']['name']}",
    "SIGNAL_EXTERNAL_WORKFLOW_EXECUTION_INITIATED": lambda a: f"signal {a['signalName']}",
    "UPSERT_WORKFLOW_SEARCH_ATTRIBUTES": _search_attributes,
    "WORKFLOW_EXECUTION_UPDATE_ACCEPTED": lambda a: (
        f"update {a['acceptedRequest']['input']['name']}"
    ),
    "WORKFLOW_EXECUTION_COMPLETED": lambda _: "completed",
    "WORKFLOW_EXECUTION_CONTINUED_AS_NEW": lambda _: "continued as new",
}
