"""What operations staff see of a workflow: enums and dates, in search attributes and details."""

from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributeUpdate

with workflow.unsafe.imports_passed_through():
    from enum import StrEnum

    from schemas.messages import Alarm, Awaiting
    from schemas.operations import OperationsText, Said, operations_text

UNIT = SearchAttributeKey.for_keyword("OwningUnit")
STAGE = SearchAttributeKey.for_keyword("JourneyStage")
AWAITING = SearchAttributeKey.for_keyword("Awaiting")
NEXT_DUE = SearchAttributeKey.for_datetime("NextDue")
OVERDUE = SearchAttributeKey.for_bool("Overdue")


class Progress:
    """Publishes where a workflow stands, when that has changed and not otherwise."""

    def __init__(self) -> None:
        self._shown: tuple[object, ...] = ()
        self._owner: str | None = None

    def show(
        self,
        stage: StrEnum,
        awaiting: Awaiting,
        alarms: tuple[Alarm, ...],
        *,
        is_overdue: bool,
        owner: str | None = None,
    ) -> None:
        """Publish the stage, whose move it is, and the next due time.

        Whose case it is was published when it was opened, and is again when another leads it.
        """
        next_due = alarms[0].at if alarms else None
        has_moved = None not in (self._owner, owner) and self._owner != owner
        self._owner = owner or self._owner
        now_shown = (stage, awaiting, next_due, is_overdue)
        if now_shown == self._shown and not has_moved:
            return
        self._shown = now_shown
        workflow.set_current_details(_details(stage, awaiting, alarms))
        updates: list[SearchAttributeUpdate[Any]] = [
            STAGE.value_set(stage.value),
            AWAITING.value_set(awaiting.value),
            OVERDUE.value_set(is_overdue),
            NEXT_DUE.value_set(next_due) if next_due else NEXT_DUE.value_unset(),
        ]
        if has_moved:
            updates.append(UNIT.value_set(owner or ""))
        workflow.upsert_search_attributes(updates)


def alarm_text(alarm: Alarm) -> OperationsText:
    """A timer's summary."""
    return operations_text(alarm.kind, alarm.at)


def _details(stage: StrEnum, awaiting: Awaiting, alarms: tuple[Alarm, ...]) -> OperationsText:
    parts: list[StrEnum | datetime] = [stage, Said.WAITS_FOR, awaiting]
    if alarms:
        parts += [Said.NEXT, alarms[0].kind, alarms[0].at]
    return operations_text(*parts)
