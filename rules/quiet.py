"""What is shown to whom after a word of duress: the supervisor learns why, and nobody else.

Whoever harms her may stand beside the telephone, or look over a shoulder at the screen. So a call
that ended on a word of duress looks like any other that was made, but to a supervisor and to the
data protection officer.
"""

from schemas.actor import NGO_ROLES, Actor, Role
from schemas.contact import Contact, ContactResult, WordCheck
from schemas.snapshot import CaseSnapshot, Task, TaskKind

_LEARN_WHY = frozenset({Role.SAFEGUARDING_SUPERVISOR, Role.DPO})
_QUIET_TASKS = frozenset({TaskKind.DURESS, TaskKind.WORD_WRONG})


def contacts_for(actor: Actor, snapshot: CaseSnapshot) -> tuple[Contact, ...]:
    """The contacts an actor may see: a service its own, and none with what was said in duress."""
    theirs = (
        contact
        for contact in snapshot.contacts
        if actor.role not in NGO_ROLES or contact.organisation == actor.organisation
    )
    return tuple(_as_seen(actor, contact) for contact in theirs)


def tasks_for(actor: Actor, snapshot: CaseSnapshot) -> tuple[Task, ...]:
    """The tasks of the actor's organisation, without those that would tell of duress."""
    return tuple(
        task
        for task in snapshot.tasks
        if task.organisation in (None, actor.organisation) and may_see(actor, task.kind)
    )


def may_see(actor: Actor, kind: TaskKind) -> bool:
    """Whether a task of that kind may be shown to the actor."""
    return kind not in _QUIET_TASKS or actor.role in _LEARN_WHY


def _as_seen(actor: Actor, contact: Contact) -> Contact:
    tells = contact.result is ContactResult.DURESS or contact.word in (
        WordCheck.DURESS,
        WordCheck.WRONG,
    )
    if not tells or actor.role in _LEARN_WHY:
        return contact
    return contact.model_copy(update={"result": None, "word": WordCheck.NOT_GIVEN})
