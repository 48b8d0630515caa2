"""What is shown to whom after a word of duress: whoever must act on it learns why, and nobody else.

Whoever harms her may stand beside the telephone, or look over a shoulder at the screen. So a call
that ended on a word of duress looks like any other in which she spoke, but to a supervisor and to
the data protection officer; and so does one in which the word was wrong. In a restricted case,
which those do not see, the people named for it are who learns. What stays to be seen is that
contact is suspended, of which the timeline then says nothing.

A report about somebody is quiet in another way: they alone are not shown it.
"""

from collections.abc import Iterable

from schemas.actor import NGO_ROLES, Actor, Role
from schemas.contact import Contact, ContactResult, SuspendReason, WordCheck
from schemas.snapshot import CaseSnapshot, Task, TaskKind
from schemas.verbs import Verb
from schemas.views import AuditLine, TaskLine

_LEARN_WHY = frozenset({Role.SAFEGUARDING_SUPERVISOR, Role.DPO})
_QUIET_TASKS = frozenset({TaskKind.DURESS, TaskKind.WORD_WRONG})


def contacts_for(actor: Actor, snapshot: CaseSnapshot) -> tuple[Contact, ...]:
    """The contacts an actor may see: a service its own, and none with what was said in duress."""
    theirs = (
        contact
        for contact in snapshot.contacts
        if actor.role not in NGO_ROLES or contact.organisation == actor.organisation
    )
    return tuple(theirs) if _learns_why(actor, snapshot) else tuple(map(as_if_safe, theirs))


def tasks_for(actor: Actor, snapshot: CaseSnapshot) -> tuple[Task, ...]:
    """The tasks of the actor's organisation, without those that are kept from the actor."""
    return tuple(
        task
        for task in snapshot.tasks
        if task.organisation in (None, actor.organisation) and may_see(actor, snapshot, task)
    )


def may_see(actor: Actor, snapshot: CaseSnapshot, task: Task) -> bool:
    """Whether a task of the case may be shown to the actor."""
    return _is_shown(actor, task, learns=_learns_why(actor, snapshot))


def may_list(actor: Actor, line: TaskLine) -> bool:
    """The same of a list, which no restricted case is in."""
    return _is_shown(actor, line, learns=actor.role in _LEARN_WHY)


def kept_from(actor: Actor) -> frozenset[TaskKind]:
    """The kinds of tasks that no list may count for the actor."""
    return frozenset() if actor.role in _LEARN_WHY else _QUIET_TASKS


def timeline_for(
    actor: Actor, snapshot: CaseSnapshot, lines: Iterable[AuditLine]
) -> tuple[AuditLine, ...]:
    """The timeline, with each call as its contact is shown, and no row of a task that is not."""
    kept = {task.kind for task in snapshot.tasks if not may_see(actor, snapshot, task)}
    shown = tuple(line for line in lines if line.detail.get("task") not in kept)
    if _learns_why(actor, snapshot):
        return shown
    return tuple(_told(snapshot, line) for line in shown)


def as_if_safe(contact: Contact) -> Contact:
    """The contact as if she had spoken, and the word had been right."""
    in_duress = contact.result is ContactResult.DURESS
    not_hers = contact.word in (WordCheck.DURESS, WordCheck.WRONG)
    return contact.model_copy(
        update={
            "result": ContactResult.SPOKE if in_duress else contact.result,
            "word": WordCheck.SAFE if not_hers else contact.word,
        }
    )


def _learns_why(actor: Actor, snapshot: CaseSnapshot) -> bool:
    if snapshot.case.is_restricted:
        return snapshot.is_named(actor.who)
    return actor.role in _LEARN_WHY


def _is_shown(actor: Actor, task: Task | TaskLine, *, learns: bool) -> bool:
    if task.kind is TaskKind.REPORTED_RECORDER:
        return task.not_for != actor.who
    return learns or task.kind not in _QUIET_TASKS


def _told(snapshot: CaseSnapshot, line: AuditLine) -> AuditLine:
    detail = dict(line.detail)
    if line.verb is Verb.END_CONTACT and detail.pop("end_call", None) is not None:
        contact = snapshot.contact(int(detail["contact"] or 0))
        seen = as_if_safe(contact) if contact else None
        shown = {"referral": seen.referral, "result": seen.result} if seen else {}
        detail |= {name: value for name, value in shown.items() if value is not None}
    if line.verb is Verb.SUSPEND_PLAN and detail.get("reason") == SuspendReason.DURESS:
        detail["reason"] = SuspendReason.UNSAFE
    return line.model_copy(update={"detail": detail})
