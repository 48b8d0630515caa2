"""Events from outside: which duties each moves, and that none moves support."""

from datetime import timedelta
from itertools import chain
from typing import Any

import pytest

from rules.duties import SUPPORT_REFERRAL
from rules.duty_sets.victims_code import VICTIMS_CODE
from rules.events import ENDS, MOVES_NO_DUTY, STARTS, VOIDS
from rules.profiles import PROFILES
from schemas.actor import Role
from schemas.case_commands import FinishTask, RecordEvent, SetEntitlement
from schemas.casework import CaseEvent, Entitlement, EntitlementReason
from schemas.changes import DeadlineRecorded
from schemas.deadlines import DeadlineState
from schemas.lanes import AgeGroup
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import (
    AT,
    a_command,
    a_deadline,
    after,
    an_open_case,
    done,
    her_death,
    only,
    the,
    why_not,
)

HOUR = timedelta(hours=1)
AT_OPENING = {"vc-r2-record-crime", "vc-r3-acknowledgement", "vc-r4-needs-assessment"}
"""Started when the case is opened."""

TABLES = (STARTS, ENDS, VOIDS)


def an_event(event: CaseEvent, **parts: Any) -> RecordEvent:
    """Somebody puts it on record."""
    return a_command(RecordEvent, event=event, **parts)


def states_of(case: CaseSnapshot, duty: str) -> list[DeadlineState]:
    """How each run of a duty stands."""
    return [deadline.state for deadline in case.deadlines if deadline.duty == duty]


@pytest.mark.parametrize("event", list(CaseEvent))
def test_every_event_is_in_one_table_or_is_said_to_move_nothing(event: CaseEvent) -> None:
    """An event that nobody thought of would be recorded and forgotten."""
    assert 1 == sum(event in table for table in (*TABLES, MOVES_NO_DUTY))


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_duty_of_the_tables_is_in_every_profile(profile: Any) -> None:
    """A case of any profile can take any event."""
    named = set(chain.from_iterable(chain.from_iterable(table.values() for table in TABLES)))
    assert named <= {duty.id for duty in profile.duties}


@pytest.mark.parametrize("duty", VICTIMS_CODE, ids=lambda duty: duty.id)
def test_every_duty_of_the_code_is_started_by_something(duty: Any) -> None:
    """By an event, by the opening of the case, or by her yes to a referral."""
    by_event = set(chain.from_iterable(STARTS.values()))
    assert duty.id in by_event | AT_OPENING | {SUPPORT_REFERRAL}


@pytest.mark.parametrize(("event", "duties"), STARTS.items(), ids=str)
def test_an_event_starts_its_duties_from_when_it_happened(
    event: CaseEvent, duties: tuple[str, ...]
) -> None:
    """Also where it is recorded later."""
    changed = done(an_open_case(), an_event(event, occurred_at=AT), at=AT + HOUR)
    started = [change.deadline for change in only(DeadlineRecorded, changed)]
    assert list(duties) == [deadline.duty for deadline in started]
    assert {AT} == {deadline.started_at for deadline in started}
    assert {"event": event} == changed.detail


@pytest.mark.parametrize("event", list(CaseEvent))
def test_after_her_death_no_event_starts_a_duty_to_her(event: CaseEvent) -> None:
    """Nobody is to tell her; what is news is for her family, and a person sees to it."""
    case = after(an_open_case(), *her_death())
    told = [task.id for task in case.tasks if task.kind is TaskKind.BEREAVED_FAMILY]
    case = after(case, a_command(FinishTask, task=the(next(iter(told), None))))
    later = after(case, an_event(event), at=AT + HOUR)
    assert case.deadlines == later.deadlines
    family = the(later.task("bereaved-family"))
    assert (event in STARTS) is not family.is_done
    assert Role.CASEWORKER is family.for_role


@pytest.mark.parametrize("event", list(STARTS))
def test_what_happens_twice_is_told_twice(event: CaseEvent) -> None:
    """Each arrest, hearing and complaint has a deadline of its own."""
    case = after(after(an_open_case(), an_event(event)), an_event(event), at=AT + HOUR)
    assert 2 * len(STARTS[event]) == len(case.running_deadlines())


@pytest.mark.parametrize(("event", "duties"), ENDS.items(), ids=str)
def test_an_event_meets_its_duties(event: CaseEvent, duties: tuple[str, ...]) -> None:
    """At the time when it happened, and every run that is open."""
    runs = [a_deadline(duty) for duty in duties]
    runs += [run.model_copy(update={"id": f"{run.id}+2"}) for run in runs]
    case = after(an_open_case(deadlines=runs), an_event(event, occurred_at=AT), at=AT + HOUR)
    for duty in duties:
        assert [DeadlineState.MET] * 2 == states_of(case, duty)
    assert {AT} == {run.ended_at for run in case.deadlines}


def test_updates_are_no_longer_owed_when_the_investigation_has_ended() -> None:
    """Other duties of the investigation stay: she still hears of what happened in it."""
    running = [a_deadline("vc-r6-update"), a_deadline("vc-r6-arrest")]
    case = after(an_open_case(deadlines=running), an_event(CaseEvent.INVESTIGATION_ENDED))
    assert [DeadlineState.VOID] == states_of(case, "vc-r6-update")
    assert [DeadlineState.RUNNING] == states_of(case, "vc-r6-arrest")


def test_leaving_a_prosecution_changes_nothing() -> None:
    """Support is owed after it as before it: no referral, consent, plan or duty moves."""
    changed = done(an_open_case(), an_event(CaseEvent.VICTIM_LEFT_PROSECUTION))
    assert () == changed.changes
    assert {"event": "victim_left_prosecution"} == changed.detail


@pytest.mark.parametrize("reason", list(EntitlementReason))
@pytest.mark.parametrize("entitlement", list(Entitlement))
def test_an_entitlement_is_decided_on_its_ground(
    entitlement: Entitlement, reason: EntitlementReason
) -> None:
    """Standard only where no ground was found, enhanced only where one was."""
    is_found = reason is not EntitlementReason.NO_GROUND_FOUND
    fits = is_found is (entitlement is Entitlement.ENHANCED)
    case = an_open_case(age=AgeGroup.ADULT)
    decision = a_command(SetEntitlement, entitlement=entitlement, reason=reason)
    assert fits is (set() == why_not(case, decision))
    if fits:
        assert entitlement is after(case, decision).case.entitlement


@pytest.mark.parametrize("age", list(AgeGroup))
def test_a_child_keeps_enhanced_entitlement(age: AgeGroup) -> None:
    """Everybody under 18 has it, and who may be a child is treated as one."""
    decision = a_command(
        SetEntitlement,
        entitlement=Entitlement.STANDARD,
        reason=EntitlementReason.NO_GROUND_FOUND,
    )
    expected = set() if age is AgeGroup.ADULT else {"child"}
    assert expected == why_not(an_open_case(age=age), decision)
