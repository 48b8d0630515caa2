"""What one organisation keeps to itself, seen from what is written: no rule has to say it.

A decision is private when every change it writes is. One that also writes what others see is
theirs to see too: that a service stopped, or stepped back, may not be missing from a timeline
because something of its own ended with it. Such a decision's detail says nothing of that.
"""

from schemas.actor import NGO_ROLES, Actor, Role
from schemas.changes import (
    Change,
    DeadlineRecorded,
    DispatchRecorded,
    ServiceReasonKept,
    TaskRecorded,
)
from schemas.decisions import Decision, Refused
from schemas.snapshot import KEPT_FROM_SOME, DispatchKind
from schemas.verbs import PRIVATE, Verb


def private_to(actor: Actor, verb: Verb, decision: Decision) -> str | None:
    """The one organisation that may know of a decision; None where others see what it did."""
    if verb in PRIVATE:
        return actor.organisation
    if isinstance(decision, Refused):
        return refused_in_private(actor, verb)
    owners = {_owner(change) for change in decision.changes}
    return owners.pop() if len(owners) == 1 else None


def is_hidden(actor: Actor, verb: Verb, decision: Decision) -> bool:
    """Whether not everybody who sees the case may know of a decision.

    It is private; or it only sees to a task that is kept from some, or to a notice, which may be of
    such a task. What all see of the case, such as its version, then stays as it is.
    """
    kept = decision.written and all(map(_is_kept, decision.written))
    return bool(kept) or private_to(actor, verb, decision) is not None


def refused_in_private(actor: Actor, verb: Verb) -> str | None:
    """The organisation a refusal stays with: it writes nothing that could tell whose it is.

    That an adviser was told no says that there is something to advise on; so does a task of a
    service's that somebody there may not finish.
    """
    advises = actor.role is Role.IMMIGRATION_ADVISER or verb in PRIVATE
    own_task = verb is Verb.FINISH_TASK and actor.role in NGO_ROLES
    return actor.organisation if advises or own_task else None


def known_as(actor: Actor, organisation: str) -> Actor:
    """Who somebody is to an organisation: another's immigration adviser is a worker there.

    That one has opened her referral says what she is advised on.
    """
    if actor.role is not Role.IMMIGRATION_ADVISER or actor.organisation == organisation:
        return actor
    return actor.model_copy(update={"role": Role.NGO_WORKER})


def _is_kept(change: Change) -> bool:
    match change:
        case TaskRecorded(task=task):
            return task.kind in KEPT_FROM_SOME
        case DispatchRecorded(dispatch=dispatch):
            return dispatch.kind is DispatchKind.NOTICE
        case _:
            return False


def _owner(change: Change) -> str | None:
    match change:
        case DeadlineRecorded(deadline=deadline):
            return deadline.private_to
        case TaskRecorded(task=task):
            return task.private_to
        case DispatchRecorded(dispatch=dispatch):
            return dispatch.private_to
        case ServiceReasonKept():
            return change.organisation
        case _:
            return None
