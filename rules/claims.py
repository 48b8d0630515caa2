"""Who at a service works on a referral: one person at a time, and the others leave it to them."""

from rules.referral_states import OVER
from rules.sending import is_with
from rules.world import World
from schemas.actor import Actor, Role
from schemas.changes import ReferralRecorded
from schemas.decisions import Changed, Decision, Refused, refused
from schemas.referral import Referral
from schemas.referral_commands import ClaimReferral, ReleaseReferral
from schemas.snapshot import CaseSnapshot


def claim(snapshot: CaseSnapshot, command: ClaimReferral, _: World) -> Decision:
    """Take a referral on as one's own work; what a colleague works on stays theirs."""
    referral = of_the_service(snapshot, command.referral, command.actor)
    if isinstance(referral, Refused):
        return referral
    if referral.state in OVER:
        return refused(
            "wrong_state", f"Referral {referral.number} is {referral.state}: no work is left on it."
        )
    if referral.claimed_by == command.actor.who:
        return Changed(changes=(), detail={"referral": referral.number})
    if referral.claimed_by is not None:
        return _somebody_has_it(referral.claimed_by)
    return _held_by(command.actor.who, referral)


def release(snapshot: CaseSnapshot, command: ReleaseReferral, _: World) -> Decision:
    """Give it back to the service; a supervisor does that for somebody who is away."""
    referral = of_the_service(snapshot, command.referral, command.actor)
    if isinstance(referral, Refused):
        return referral
    if referral.claimed_by is None:
        return Changed(changes=(), detail={"referral": referral.number})
    return claimed_by_another(referral, command.actor) or _held_by(None, referral)


def of_the_service(snapshot: CaseSnapshot, number: int, actor: Actor) -> Referral | Refused:
    """The referral, if it reached the actor's organisation; else as if there were none."""
    referral = snapshot.referral(number)
    if referral is None or not is_with(referral, actor.organisation):
        return refused("not_yours", "Your organisation has no such referral.")
    return referral


def claimed_by_another(referral: Referral, actor: Actor) -> Refused | None:
    """Why the actor leaves it to a colleague; a supervisor need not."""
    if referral.claimed_by in (None, actor.who) or actor.role is Role.NGO_SUPERVISOR:
        return None
    return _somebody_has_it(referral.claimed_by or "")


def _somebody_has_it(who: str) -> Refused:
    person = who.rpartition(":")[2]
    return refused(
        "claimed",
        f"{person} works on it. They, or your supervisor, give it back with `referral release`.",
    )


def _held_by(who: str | None, referral: Referral) -> Changed:
    """Who works on it is the service's own matter: the sender's version stays as it was."""
    return Changed(
        changes=(ReferralRecorded(referral=referral.model_copy(update={"claimed_by": who})),),
        detail={"referral": referral.number},
    )
