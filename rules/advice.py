"""Advice: the victim's own permission deadline, kept by her adviser and seen by nobody else.

Nothing of it reaches an agency: the deadline and the row of the audit are private to the adviser's
organisation, and no state, duty or task of anybody else depends on it.
"""

from datetime import time

from rules import duties
from rules.days import at_time
from rules.referral_states import ENGAGED
from rules.sending import is_with
from rules.world import World
from schemas.decisions import Changed, Decision, refused
from schemas.referral_commands import StartAdvice
from schemas.snapshot import CaseSnapshot

_PERMISSION = "leave-1-permission"


def start(snapshot: CaseSnapshot, command: StartAdvice, world: World) -> Decision:
    """Start the deadline at the beginning of the day that the permission was granted on."""
    organisation = command.actor.organisation
    referral = snapshot.referral(command.referral)
    if referral is None or not is_with(referral, organisation):
        return refused("not_yours", "Your organisation has no such referral.")
    if referral.state not in ENGAGED:
        return refused("not_taken_on", "Take the referral on first: `referral accept`.")
    since = at_time(command.granted_on, time(), world.calendar)
    if since > world.at:
        return refused("in_the_future", "It cannot have been granted later than today.")
    return Changed(
        changes=duties.start(
            snapshot, world, _PERMISSION, since, referral.number, private_to=organisation
        ),
        detail={"referral": referral.number},
    )
