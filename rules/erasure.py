"""Erasing a case: closed, with nothing open in it, decided by two people, and never taken back.

One person proposes it with a reason, another confirms. From the confirmation on nothing of the
case changes or runs any more, so that its key can be destroyed with nobody in the middle of it.
What a proposal was about is the case as it is closed: opening it again ends the proposal.
"""

from collections.abc import Iterator

from rules import tasks
from rules.world import World
from schemas.actor import Role
from schemas.case import Stage
from schemas.case_commands import AnswerErasure, EraseCase, ProposeErasure
from schemas.casework import TransferState
from schemas.changes import Change, ErasureRecorded
from schemas.contact import ContactState
from schemas.decisions import Changed, Decision, Refusal, Refused, refused
from schemas.erasure import Erasure, ErasureState
from schemas.snapshot import CaseSnapshot, TaskKind
from schemas.verbs import Verb
from schemas.withdrawal import CheckState

_TASK = "confirm-erasure"
_GOES_ON = frozenset({Verb.ANSWER_ERASURE, Verb.ERASE_CASE})
"""What a case still takes whose erasure was confirmed: to be erased."""

_UNSETTLED = frozenset({ContactState.STARTED, ContactState.SENDING})


def propose(snapshot: CaseSnapshot, command: ProposeErasure, world: World) -> Decision:
    """Propose that a closed case be erased, and ask a second person."""
    earlier = snapshot.erasure
    if earlier is not None and earlier.state is ErasureState.PROPOSED:
        return refused("already_proposed", f"{earlier.proposed_by} has proposed it: {_HOW}.")
    grounds = _not_yet(snapshot)
    if grounds:
        return Refused(reasons=grounds)
    proposer = command.actor.who
    proposed = Erasure(
        number=len(snapshot.erasures) + 1,
        reason=command.reason,
        proposed_by=proposer,
        proposed_at=world.at,
    )
    kind, supervisor = TaskKind.CONFIRM_ERASURE, Role.SAFEGUARDING_SUPERVISOR
    return Changed(
        changes=(
            ErasureRecorded(erasure=proposed),
            *tasks.ask(snapshot, world, _TASK, kind, supervisor, not_for=proposer),
        ),
        detail={"reason": command.reason},
    )


def answer(snapshot: CaseSnapshot, command: AnswerErasure, _: World) -> Decision:
    """Confirm the proposal as somebody other than who made it, or end it."""
    proposed = snapshot.erasure
    if snapshot.is_over_for_good and command.confirms:
        return Changed(changes=(), detail={"answer": ErasureState.CONFIRMED})
    if proposed is None or proposed.state is not ErasureState.PROPOSED:
        return refused("not_proposed", "No proposal to erase it is open: `case erase --reason`.")
    if not command.confirms:
        return _answered(snapshot, proposed, command, ErasureState.DECLINED)
    if proposed.proposed_by == command.actor.who:
        return refused(
            "second_person",
            "You proposed it, and nobody erases a case alone: somebody else confirms it.",
        )
    grounds = _not_yet(snapshot)
    if grounds:
        return Refused(reasons=grounds)
    return _answered(snapshot, proposed, command, ErasureState.CONFIRMED)


def erase(snapshot: CaseSnapshot, _: EraseCase, world: World) -> Decision:
    """Destroy the key and the texts of a case whose erasure was confirmed."""
    confirmed = snapshot.erasure
    if confirmed is None or not snapshot.is_over_for_good:
        return refused("not_confirmed", "Two people decide it first: `case erase --reason`.")
    erased = confirmed.model_copy(update={"state": ErasureState.ERASED, "erased_at": world.at})
    return Changed(
        changes=(ErasureRecorded(erasure=erased),),
        detail={
            "reason": erased.reason,
            "proposed_by": erased.proposed_by,
            "confirmed_by": erased.answered_by,
        },
    )


def objection(snapshot: CaseSnapshot, verb: Verb) -> Refused | None:
    """What speaks against every verb in a case that two people decided to erase."""
    if snapshot.is_erased:
        return refused("case_erased", ERASED)
    if snapshot.is_over_for_good and verb not in _GOES_ON:
        return refused("being_erased", "Two people decided to erase it: nothing changes any more.")
    return None


def lapsed(snapshot: CaseSnapshot) -> tuple[Change, ...]:
    """The end of a proposal with the closing it rested on."""
    proposed = snapshot.erasure
    if proposed is None or proposed.state is not ErasureState.PROPOSED:
        return ()
    over = proposed.model_copy(update={"state": ErasureState.LAPSED})
    return (*tasks.done(snapshot, _TASK), ErasureRecorded(erasure=over))


ERASED = "The case was erased: what was known of her is gone, and nothing of it can be done."
"""What everybody is told of it."""

_HOW = "somebody else confirms it (`case erase --confirm`), or ends it (`case erase --decline`)"


def _answered(
    snapshot: CaseSnapshot, proposed: Erasure, command: AnswerErasure, state: ErasureState
) -> Changed:
    by = {"state": state, "answered_by": command.actor.who}
    return Changed(
        changes=(
            *tasks.done(snapshot, _TASK),
            ErasureRecorded(erasure=proposed.model_copy(update=by)),  # last: then it is guarded
        ),
        detail={"answer": state},
    )


def _not_yet(snapshot: CaseSnapshot) -> tuple[Refusal, ...]:
    """What speaks against it now. Each of these protects her, or somebody waits for it."""
    if snapshot.case.stage is not Stage.CLOSED:
        stage = snapshot.case.stage
        return (Refusal(code="not_closed", sentence=f"It is {stage}: `case close` comes first."),)
    found = (*_asked_of_people(snapshot), *_with_others(snapshot))
    return tuple(Refusal(code=code, sentence=sentence) for code, sentence in found)


def _asked_of_people(snapshot: CaseSnapshot) -> Iterator[tuple[str, str]]:
    for deadline in snapshot.running_deadlines():
        yield "duty_open", f"The duty {deadline.duty} runs: it has to end first."
    for task in snapshot.tasks:
        if not task.is_done and task.id != _TASK:
            yield "task_open", f"Somebody is asked to look ({task.kind}): see `task list`."
    for check in snapshot.checks:
        if check.state is CheckState.OPEN:
            yield "withdrawal_being_checked", "She is being asked whether a withdrawal was hers."
    for contact in snapshot.contacts:
        if contact.state in _UNSETTLED:
            yield "contact_open", f"Contact {contact.number} has begun: what came of it?"


def _with_others(snapshot: CaseSnapshot) -> Iterator[tuple[str, str]]:
    for hold in snapshot.holds:
        if hold.lifted_at is None:
            yield "hold_open", f"Hold {hold.number} stands: {hold.organisation} lifts it first."
    offer = snapshot.transfer
    if offer is not None and offer.state is TransferState.OFFERED:
        yield "transfer_open", f"The case is offered to {offer.to_organisation}."
    if snapshot.dispatches:
        yield "being_sent", "Something is still being sent: again in a minute, please."
    if snapshot.is_open_elsewhere:
        yield "open_elsewhere", "Something is open in it that a service keeps to itself: wait."
