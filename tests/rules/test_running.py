"""A running deadline in people's hands: met, paused, resumed, extended, waived."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.calendars.load import england_and_wales
from rules.apply import apply
from rules.outlook import journey_outlook
from rules.profiles import VICTIMS_CODE_2021
from rules.running import extend, meet, pause, resume, waive
from schemas.clockwork_steps import Breach
from schemas.command_base import Command
from schemas.deadline_commands import (
    ExtendDeadline,
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    WaiveDeadline,
)
from schemas.deadlines import (
    AtDue,
    Deadline,
    DeadlineState,
    Duration,
    Duty,
    ExtensionReason,
    MetBy,
    PauseReason,
    Unit,
)
from schemas.decisions import Refused
from schemas.private import private_to
from schemas.snapshot import CaseSnapshot, TaskKind
from tests.builders import (
    AT,
    a_command,
    a_deadline,
    a_task,
    a_world,
    adviser,
    after,
    an_open_case,
    done,
    supervisor,
    the,
    why_not,
)

NEWS = "vc-r6-arrest"
DUTIES = [pytest.param(duty, id=duty.id) for duty in VICTIMS_CODE_2021.duties]
COMMANDS = [MeetDeadline, PauseDeadline, ResumeDeadline, ExtendDeadline, WaiveDeadline]
RULES: dict[type[Command], Any] = {
    MeetDeadline: meet,
    PauseDeadline: pause,
    ResumeDeadline: resume,
    ExtendDeadline: extend,
    WaiveDeadline: waive,
}
A_DAY = timedelta(days=1)
OVER = (DeadlineState.MET, DeadlineState.MET_LATE, DeadlineState.WAIVED, DeadlineState.VOID)


def running(duty: str = NEWS, state: DeadlineState = DeadlineState.RUNNING) -> CaseSnapshot:
    deadline = a_deadline(duty, state=state)
    if state is DeadlineState.PAUSED:
        deadline = deadline.model_copy(update={"paused_at": AT})
    return an_open_case(deadlines=[deadline])


def of(kind: type[Command], deadline: str = NEWS, **parts: Any) -> Command:
    return a_command(kind, deadline=deadline, **parts)


def now(case: CaseSnapshot, deadline: str = NEWS) -> Deadline:
    return the(case.deadline(deadline))


# Whose, and whether still


@pytest.mark.parametrize("kind", COMMANDS)
def test_only_a_deadline_of_the_case_that_is_still_open_is_changed(kind: type[Command]) -> None:
    """An outcome is never rewritten."""
    assert {"unknown_deadline"} == why_not(an_open_case(), of(kind))
    for state in OVER:
        assert {"deadline_over"} == why_not(running(state=state), of(kind))


@pytest.mark.parametrize("kind", COMMANDS)
def test_an_agency_hears_nothing_of_a_private_deadline(kind: type[Command]) -> None:
    """It is answered as if there were none; the adviser's own service speaks of it."""
    private = a_deadline("leave-1-permission", 1)
    private = private.model_copy(update={"private_to": "harbour-house"})
    case = an_open_case(deadlines=[private])
    assert why_not(an_open_case(), of(kind)) == why_not(case, of(kind, private.id))
    own = RULES[kind](case, of(kind, private.id, actor=adviser()), a_world())
    other = RULES[kind](case, of(kind, private.id, actor=adviser("meadowlight")), a_world())
    assert isinstance(other, Refused)
    assert ["unknown_deadline"] == [reason.code for reason in other.reasons]
    assert not isinstance(own, Refused) or own.reasons != other.reasons


def test_her_adviser_says_when_a_permission_need_not_be_watched_any_more() -> None:
    """And the row of the audit is private to the service too."""
    private = a_deadline("leave-1-permission", 1)
    private = private.model_copy(update={"private_to": "harbour-house"})
    case = an_open_case(deadlines=[private])
    command = a_command(MeetDeadline, deadline=private.id, actor=adviser())
    answer = meet(case, command, a_world())
    assert not isinstance(answer, Refused)
    assert "harbour-house" == private_to(command.actor, command.verb, answer)
    assert DeadlineState.MET is now(apply(case, answer.changes), private.id).state


# Met


@pytest.mark.parametrize("duty", DUTIES)
def test_what_the_record_sees_by_itself_nobody_need_say(duty: Duty) -> None:
    """A person says that something was done only where nothing else shows it."""
    expected = {"met_by_record"} if duty.met_by is MetBy.RECORD else set()
    case = running(duty.id)
    assert (expected or set()) == why_not(case, of(MeetDeadline, duty.id))


def test_what_is_said_to_be_done_was_done_when_it_is_said() -> None:
    """Met in time though it was noted late, and the task of its breach is done."""
    case = after(running(), of(Breach), at=now(running()).due_at)
    late = now(case).due_at + A_DAY
    in_time = after(case, of(MeetDeadline, occurred_at=now(case).due_at - A_DAY), at=late)
    assert (DeadlineState.MET, True) == (
        now(in_time).state,
        the(in_time.task(f"missed/{NEWS}")).is_done,
    )
    assert DeadlineState.MET_LATE is now(after(case, of(MeetDeadline), at=late)).state


def test_nothing_is_met_before_it_began() -> None:
    """A time before its start is a slip of the pen."""
    case = running()
    early = of(MeetDeadline, occurred_at=AT - timedelta(minutes=10))
    assert {"before_it_began"} == why_not(case, early)


def test_she_is_told_how_things_stand_again_and_again() -> None:
    """Right 6: each update starts the next, and none of the earlier ones is lost."""
    case = running("vc-r6-update")
    case = after(case, of(MeetDeadline, "vc-r6-update"), at=AT + A_DAY)
    assert {"vc-r6-update": DeadlineState.MET, "vc-r6-update+2": DeadlineState.RUNNING} == {
        d.id: d.state for d in case.deadlines
    }
    assert AT + A_DAY == now(case, "vc-r6-update+2").started_at


# Paused, and on again


@pytest.mark.parametrize("reason", list(PauseReason))
def test_a_paused_deadline_rings_nothing_until_it_goes_on(reason: PauseReason) -> None:
    """With its reason on record; what was left when it was paused is given again."""
    case = after(running(), of(PauseDeadline, reason=reason, actor=supervisor()))
    paused = now(case)
    assert (DeadlineState.PAUSED, AT, reason) == (
        paused.state,
        paused.paused_at,
        paused.pause_reason,
    )
    assert () == journey_outlook(case).alarms
    case = after(case, of(ResumeDeadline, actor=supervisor()), at=AT + 7 * A_DAY)
    resumed = now(case)
    assert (DeadlineState.RUNNING, None) == (resumed.state, resumed.paused_at)
    assert paused.due_at + 7 * A_DAY == resumed.due_at
    assert journey_outlook(case).alarms


def test_only_what_is_paused_goes_on_and_only_what_runs_is_paused() -> None:
    """Twice the same is a misunderstanding, and is said to be one."""
    assert {"not_paused"} == why_not(running(), of(ResumeDeadline))
    paused = running(state=DeadlineState.PAUSED)
    assert {"paused_already"} == why_not(paused, of(PauseDeadline))


@pytest.mark.parametrize("kind", [PauseDeadline, ExtendDeadline])
def test_what_is_late_stays_late(kind: type[Command]) -> None:
    """INV-37: neither a pause nor an extension makes a missed duty one in time."""
    assert {"late"} == why_not(running(state=DeadlineState.BREACHED), of(kind))
    unseen = now(running()).due_at + timedelta(seconds=1)
    assert {"late"} == why_not(running(), of(kind), unseen)
    assert set() == why_not(running(), of(kind), now(running()).due_at)


@pytest.mark.parametrize("duty", DUTIES)
@pytest.mark.parametrize("kind", [PauseDeadline, ExtendDeadline])
def test_nobody_holds_up_a_time_that_passes_by_itself(kind: type[Command], duty: Duty) -> None:
    """INV-08: her yes ends when it ends, and so do her own windows of time."""
    expected = {"passes_by_itself"} if duty.at_due is AtDue.OVER else set()
    assert expected == why_not(running(duty.id), of(kind, duty.id))


# Extended


@pytest.mark.parametrize("reason", list(ExtensionReason))
def test_an_extension_moves_the_due_time_and_keeps_its_reason(reason: ExtensionReason) -> None:
    """Two working days over a weekend."""
    two = Duration(count=2, unit=Unit.WORKING_DAYS)
    case = after(running(), of(ExtendDeadline, by=two, reason=reason))
    assert datetime(2026, 12, 2, 23, 59, 59, tzinfo=UTC) == now(case).due_at
    assert (reason, DeadlineState.RUNNING) == (now(case).extension_reason, now(case).state)


def test_a_paused_deadline_is_extended_and_stays_paused() -> None:
    """What is agreed with her while it waits holds when it goes on."""
    case = after(running(state=DeadlineState.PAUSED), of(ExtendDeadline))
    assert (DeadlineState.PAUSED, AT) == (now(case).state, now(case).paused_at)
    assert now(case).due_at > now(running()).due_at


def test_an_extension_by_nothing_or_beyond_what_is_known_is_none() -> None:
    """Nobody knows the bank holidays of a day beyond the calendar."""
    none = Duration(count=0, unit=Unit.DAYS)
    assert {"no_longer"} == why_not(running(), of(ExtendDeadline, by=none))
    years = england_and_wales().last_day.year - AT.year + 1
    long = Duration(count=12 * years, unit=Unit.MONTHS)
    assert {"beyond_calendar"} == why_not(running(), of(ExtendDeadline, by=long))


# Waived


@pytest.mark.parametrize("duty", DUTIES)
def test_she_waives_what_is_owed_to_her_and_nothing_else(duty: Duty) -> None:
    """The Code, the link and advice are hers to do without; risk, services and crimes are not."""
    hers = duty.id.startswith(("vc-", "s2s-", "adv-")) and duty.id != "vc-r2-record-crime"
    expected = set() if hers else {"not_hers_to_waive"}
    assert expected == why_not(running(duty.id), of(WaiveDeadline, duty.id))


def test_a_waived_duty_ends_with_its_task() -> None:
    """Also when it was late already: it is said to be waived, not met."""
    missed = a_task(f"missed/{NEWS}", TaskKind.DEADLINE_MISSED)
    deadline = a_deadline(NEWS, state=DeadlineState.BREACHED)
    case = after(an_open_case(deadlines=[deadline], tasks=[missed]), of(WaiveDeadline))
    assert (DeadlineState.WAIVED, AT) == (now(case).state, now(case).ended_at)
    assert the(case.task(missed.id)).is_done


def test_the_timeline_tells_which_deadline_and_why() -> None:
    """Codes and dates, and nobody's words."""
    answer = done(running(), of(ExtendDeadline, reason=ExtensionReason.COMPLEX))
    assert {"deadline": NEWS, "reason": "complex", "due": "2026-12-02"} == answer.detail
