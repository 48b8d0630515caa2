"""Holds: a stop of sharing with Immigration Enforcement. A hold never touches support.

A service or a supervisor places one by hand, and a service is asked at acceptance. Nobody lifts it
but the organisation that placed it, and time never does: after a while its placer is asked to look.
One of the agency that leads the case goes along with the lead: nobody else could lift it then.
"""

from rules import duties
from rules.sending import is_with
from rules.world import World
from schemas.actor import Actor
from schemas.changes import Change, HoldRecorded
from schemas.decisions import Changed, Decision, refused
from schemas.holds import Hold
from schemas.referral_commands import LiftHold, PlaceHold
from schemas.snapshot import CaseSnapshot

REVIEW = "hold-review"
"""The duty of a placer to look at a hold again."""


def place(snapshot: CaseSnapshot, command: PlaceHold, world: World) -> Decision:
    """Place one; an organisation that has one already needs no second, and is told so."""
    actor, number = command.actor, command.referral
    referral = snapshot.referral(number) if number is not None else None
    if number is not None and (referral is None or not is_with(referral, actor.organisation)):
        return refused("not_yours", "Your organisation has no such referral.")
    stands = _active_of(snapshot, actor.organisation)
    if stands is not None:
        return Changed(changes=(), detail={"hold": stands.number})
    return Changed(
        changes=placed(snapshot, actor, number, world), detail={"hold": _next_number(snapshot)}
    )


def placed(
    snapshot: CaseSnapshot, actor: Actor, referral: int | None, world: World
) -> tuple[Change, ...]:
    """A hold of the actor's organisation, where it has none that stands."""
    if _active_of(snapshot, actor.organisation) is not None:
        return ()
    hold = Hold(
        number=_next_number(snapshot),
        organisation=actor.organisation,
        placed_by=actor.who,
        referral=referral,
        placed_at=world.at,
    )
    review = duties.start(snapshot, world, REVIEW, world.at, of=str(hold.number))
    return (HoldRecorded(hold=hold), *review)


def lift(snapshot: CaseSnapshot, command: LiftHold, world: World) -> Decision:
    """Lift a hold of one's own organisation, and of no other."""
    hold = snapshot.hold(command.hold)
    if hold is None:
        return refused("unknown_hold", f"The case has no hold {command.hold}: use `case show`.")
    if hold.organisation != command.actor.organisation:
        return refused(
            "not_your_hold", f"{hold.organisation} placed hold {hold.number}: only they lift it."
        )
    if hold.lifted_at is not None:
        return Changed(changes=(), detail={"hold": hold.number})
    lifted = hold.model_copy(update={"lifted_at": world.at, "lifted_by": command.actor.who})
    reviewed = duties.meet(snapshot, REVIEW, world.at, of=str(hold.number))
    return Changed(changes=(HoldRecorded(hold=lifted), *reviewed), detail={"hold": hold.number})


def reviewed(snapshot: CaseSnapshot, hold: Hold, world: World) -> tuple[Change, ...]:
    """The duty to look at a hold that stands, from its last review on; one that runs stays."""
    of = str(hold.number)
    last = snapshot.deadline(duties.deadline_id(REVIEW, of=of))
    since = last.started_at if last else hold.placed_at
    return duties.start(snapshot, world, REVIEW, since, of=of)


def _active_of(snapshot: CaseSnapshot, organisation: str) -> Hold | None:
    standing = (h for h in snapshot.holds if h.lifted_at is None)
    return next((h for h in standing if h.organisation == organisation), None)


def _next_number(snapshot: CaseSnapshot) -> int:
    return max((h.number for h in snapshot.holds), default=0) + 1
