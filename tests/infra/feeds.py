"""Feeds of one service, and what is read from them on one day."""

import json
from datetime import date
from typing import Any

from infra.hsds import read_directory
from schemas.directory import DirectoryLoad, Service

TODAY = date(2026, 11, 24)
"""A Tuesday."""


def a_service(**changes: Any) -> dict[str, Any]:
    """A service as it stands in a feed; None takes a field away."""
    service = {
        "id": "s-1",
        "name": "Outreach",
        "status": "active",
        "organization": {"id": "o-1", "name": "Rowan Tree"},
    }
    return {key: value for key, value in (service | changes).items() if value is not None}


def load(document: Any) -> DirectoryLoad:
    """What a feed holds."""
    return read_directory(json.dumps(document), TODAY)


def only(document: Any) -> Service:
    """The one service of a feed."""
    (service,) = load(document).services
    return service
