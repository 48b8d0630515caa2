"""Tasks: something a person must look at. Escalation ends in one of these, never in silence."""

from rules.referral_states import OVER
from rules.world import World
from schemas.actor import Role
from schemas.changes import Change, DispatchRecorded, TaskRecorded
from schemas.snapshot import (
    CaseSnapshot,
    Dispatch,
    DispatchKind,
    NoticeTemplate,
    Task,
    TaskKind,
)

_NOTICE = "task"

_ABOUT_A_REFERRAL = {
    TaskKind.CONSENT_MISSING: "consent",
    TaskKind.UNANSWERED: "unanswered",
    TaskKind.UNDELIVERABLE: "undeliverable",
    TaskKind.INFO_REQUESTED: "info",
}
"""What a caseworker is asked about a referral, and how the id of the task begins."""


def ask(
    snapshot: CaseSnapshot,
    world: World,
    task_id: str,
    kind: TaskKind,
    for_role: Role,
    *,
    organisation: str | None = None,
    for_person: str | None = None,
    not_for: str | None = None,
    referral: int | None = None,
    is_private: bool = False,
    template: NoticeTemplate = NoticeTemplate.TASK,
) -> tuple[Change, ...]:
    """Ask a person to look, with a notice to their organisation; one that is open stays as it is.

    Args:
        snapshot: the case.
        world: when.
        task_id: what it is about; the same thing is asked once.
        kind: why.
        for_role: who is asked.
        organisation: whose staff; None for those who lead the case.
        for_person: `organisation:person`, where one person is meant.
        not_for: `organisation:person` who must not do it.
        referral: the referral it is about.
        is_private: whether nobody outside `organisation` may know of it.
        template: what the notice says.
    """
    earlier = snapshot.task(task_id)
    if earlier is not None and not earlier.is_done:
        return ()
    task = Task(
        id=task_id,
        kind=kind,
        for_role=for_role,
        organisation=organisation,
        for_person=for_person,
        not_for=not_for,
        private_to=organisation if is_private else None,
        referral=referral,
        raised_at=world.at,
    )
    notice = Dispatch(
        key=f"{_NOTICE}/{task_id}/{world.at:%Y%m%dT%H%M%S}",
        kind=DispatchKind.NOTICE,
        referral=_at_work(snapshot, referral),
        to_organisation=organisation or snapshot.case.owner,
        template=template,
        private_to=organisation if is_private else None,
    )
    return (TaskRecorded(task=task), DispatchRecorded(dispatch=notice))


def _at_work(snapshot: CaseSnapshot, referral: int | None) -> int | None:
    """The referral whose clockwork posts the notice; of one that is over the journey does."""
    known = snapshot.referral(referral) if referral is not None else None
    return None if known is not None and known.state in OVER else referral


def of_notice(snapshot: CaseSnapshot, key: str) -> Task | None:
    """The task that a notice of that key tells of; None where it tells of something else."""
    what, _, rest = key.partition("/")
    task_id, _, _ = rest.rpartition("/")
    return snapshot.task(task_id) if what == _NOTICE else None


def ask_about(
    snapshot: CaseSnapshot, world: World, kind: TaskKind, referral: int
) -> tuple[Change, ...]:
    """Ask the caseworker about a referral; each kind of question is open once."""
    task_id = id_about(kind, referral)
    return ask(snapshot, world, task_id, kind, Role.CASEWORKER, referral=referral)


def id_about(kind: TaskKind, referral: int) -> str:
    """The id of the task that asks about a referral."""
    return f"{_ABOUT_A_REFERRAL[kind]}/{referral}"


def done_about(snapshot: CaseSnapshot, referral: int) -> tuple[Change, ...]:
    """Whatever was asked about a referral is done."""
    return done(snapshot, *(id_about(kind, referral) for kind in _ABOUT_A_REFERRAL))


def done(snapshot: CaseSnapshot, *task_ids: str) -> tuple[Change, ...]:
    """These tasks are done, as far as they exist and are open."""
    known = (snapshot.task(task_id) for task_id in task_ids)
    return tuple(
        TaskRecorded(task=task.model_copy(update={"is_done": True}))
        for task in known
        if task is not None and not task.is_done
    )
