"""A running deadline in people's hands: met, paused, resumed, extended, waived.

Pausing, extending and waiving take a coded reason or her own word, and are on the record. What is
late stays late, whatever is said afterwards; what the record sees by itself nobody need say.
"""

from rules import duties
from rules.deadlines import extended, is_overdue, resumed
from rules.duties import service_hours
from rules.world import World
from schemas.actor import NGO_ROLES, Actor
from schemas.changes import Change, DeadlineRecorded
from schemas.deadline_commands import (
    ExtendDeadline,
    MeetDeadline,
    PauseDeadline,
    ResumeDeadline,
    WaiveDeadline,
)
from schemas.deadlines import OPEN_DEADLINE, AtDue, Deadline, DeadlineState, MetBy
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.errors import BadInputError
from schemas.snapshot import CaseSnapshot

_OWED_TO_HER = ("vc-", "s2s-", "adv-")
"""Duties she can do without if she says so. What agencies and services owe each other stays."""

_OWED_ANYWAY = "vc-r2-record-crime"
"""A crime she told of is recorded whether or not she wants anything more of it."""

_CADENCE = "vc-r6-update"
"""The duty that begins again with each update, for as long as the investigation is open."""

_Says = MeetDeadline | PauseDeadline | ResumeDeadline | ExtendDeadline | WaiveDeadline


def meet(snapshot: CaseSnapshot, command: MeetDeadline, world: World) -> Decision:
    """Somebody says that it was done, and when."""
    deadline = _open(snapshot, command)
    if isinstance(deadline, Refused):
        return deadline
    duty = world.profile.duty(deadline.duty)
    if duty.met_by is MetBy.RECORD:
        return refused("met_by_record", f"It is met by itself: {duty.ends_with}")
    at = command.occurred_at or world.at
    if at < deadline.started_at:
        return refused("before_it_began", "It cannot have been met before it began.")
    again = duties.start(snapshot, world, _CADENCE, at) if deadline.duty == _CADENCE else ()
    return _done(deadline, (*duties.meet_run(snapshot, deadline, at), *again))


def pause(snapshot: CaseSnapshot, command: PauseDeadline, world: World) -> Decision:
    """It waits for something that is not ours; it rings nothing meanwhile."""
    deadline = _open(snapshot, command)
    if isinstance(deadline, Refused):
        return deadline
    if deadline.state is DeadlineState.PAUSED:
        return refused("paused_already", "It is paused already.")
    if deadline.state is DeadlineState.BREACHED or is_overdue(deadline.due_at, world.at):
        return refused("late", "It is late: what is late cannot be paused. Meet it, or say when.")
    passes = _passes(deadline, world)
    if passes:
        return passes
    paused = {
        "state": DeadlineState.PAUSED,
        "paused_at": world.at,
        "pause_reason": command.reason,
    }
    changed = DeadlineRecorded(deadline=deadline.model_copy(update=paused))
    return _done(deadline, (changed,), reason=command.reason)


def resume(snapshot: CaseSnapshot, command: ResumeDeadline, world: World) -> Decision:
    """It goes on, with the time that was left when it was paused."""
    deadline = _open(snapshot, command)
    if isinstance(deadline, Refused):
        return deadline
    if deadline.state is not DeadlineState.PAUSED:
        return refused("not_paused", "It is not paused.")
    duty = world.profile.duty(deadline.duty)
    hours = service_hours(snapshot, deadline.referral)
    running = resumed(deadline, duty, world.at, world.calendar, hours)
    return _done(deadline, (DeadlineRecorded(deadline=running),), due=_day(running))


def extend(snapshot: CaseSnapshot, command: ExtendDeadline, world: World) -> Decision:
    """It may take longer by so much, for a reason. What is late already stays late."""
    deadline = _open(snapshot, command)
    if isinstance(deadline, Refused):
        return deadline
    if deadline.state is DeadlineState.BREACHED or is_overdue(deadline.due_at, world.at):
        return refused("late", "It is late already: an extension is agreed before the due time.")
    if command.by.count == 0:
        return refused("no_longer", "Say by how much, such as `2 working_days`.")
    passes = _passes(deadline, world)
    if passes:
        return passes
    duty = world.profile.duty(deadline.duty)
    hours = service_hours(snapshot, deadline.referral)
    try:
        longer = extended(deadline, duty, command.by, world.calendar, hours)
    except BadInputError:
        return refused("beyond_calendar", "Nobody knows the bank holidays of that day yet.")
    changed = longer.model_copy(update={"extension_reason": command.reason})
    return _done(
        deadline,
        (DeadlineRecorded(deadline=changed),),
        reason=command.reason,
        due=_day(changed),
    )


def waive(snapshot: CaseSnapshot, command: WaiveDeadline, world: World) -> Decision:
    """She does not want what it is about. Only what is owed to her can be waived."""
    deadline = _open(snapshot, command)
    if isinstance(deadline, Refused):
        return deadline
    if not deadline.duty.startswith(_OWED_TO_HER) or deadline.duty == _OWED_ANYWAY:
        return refused("not_hers_to_waive", "It is owed between agencies and services, not to her.")
    return _done(deadline, duties.waive(snapshot, deadline, world.at))


def _open(snapshot: CaseSnapshot, command: _Says) -> Deadline | Refused:
    """The deadline, if it is open and theirs to speak of."""
    deadline = snapshot.deadline(command.deadline)
    if deadline is None or not _is_theirs(deadline, command.actor):
        return refused("unknown_deadline", "The case has no such deadline: see `case show`.")
    if deadline.state not in OPEN_DEADLINE:
        return refused("deadline_over", f"It is {deadline.state} already.".replace("_", " "))
    return deadline


def _is_theirs(deadline: Deadline, actor: Actor) -> bool:
    """A service speaks of the deadlines that it alone sees; the agency of all others."""
    mine = actor.organisation if actor.role in NGO_ROLES else None
    return deadline.private_to == mine


def _passes(deadline: Deadline, world: World) -> Refused | None:
    if world.profile.duty(deadline.duty).at_due is not AtDue.OVER:
        return None
    return refused("passes_by_itself", "It is a time that passes by itself: nobody holds it up.")


def _day(deadline: Deadline) -> str:
    return f"{deadline.due_at:%Y-%m-%d}"


def _done(deadline: Deadline, changes: tuple[Change, ...], **said: str | None) -> Changed:
    return Changed(changes=changes, detail={"deadline": deadline.id, **said})
