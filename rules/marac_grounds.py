"""What may speak against a move of MARAC besides its table: her consent, and the day."""

from collections.abc import Callable, Mapping
from datetime import date, datetime

from rules import consents
from rules.days import local
from rules.world import World
from schemas.consent import MARAC_CONFERENCE, Purpose
from schemas.decisions import Refused, refused
from schemas.lane_commands import MoveMarac
from schemas.lanes import Marac, MaracBasis, MaracEvent, MaracState
from schemas.snapshot import CaseSnapshot

S, E = MaracState, MaracEvent

WATCH = "marac-5-repeat-watch"


def _unclear_basis(_: CaseSnapshot, __: Marac, command: MoveMarac, ___: World) -> Refused | None:
    """What is shared without consent needs its reason on record; what she agreed to has none."""
    is_without = command.basis is MaracBasis.WITHOUT_CONSENT
    if is_without is (command.without_consent_because is not None):
        return None
    return refused(
        "unclear_basis",
        "Say with `--because` why it is shared without her consent: that record is required."
        if is_without
        else "She agreed, so leave out `--because`: it is for sharing without her consent.",
    )


def _no_consent(
    snapshot: CaseSnapshot, marac: Marac, command: MoveMarac, world: World
) -> Refused | None:
    """What rests on her consent goes no further once she has taken it back."""
    basis = command.basis or marac.basis
    consent = snapshot.consent(Purpose.MARAC, MARAC_CONFERENCE)
    if basis is MaracBasis.WITHOUT_CONSENT or consents.is_valid(consent, world.at):
        return None
    return refused(
        "consent_missing",
        "She has not agreed, or no longer does: ask her (`consent ask --purpose marac`), or go on "
        f"without her consent and say why ({_without_consent(marac)}).",
    )


def _without_consent(marac: Marac) -> str:
    is_declined = marac.state is S.DECLINED
    return "`marac indicate`, then `marac refer`" if is_declined else "`marac refer`"


def _not_ahead(_: CaseSnapshot, __: Marac, command: MoveMarac, world: World) -> Refused | None:
    """A meeting is on a later day; an emergency one may be today, and so may actions be due."""
    day, today = command.meeting_on or command.actions_due_on, _today(world.at, world)
    if day and (day > today or (day == today and command.event is not E.LIST)):
        return None
    sooner = " A meeting today is `marac call-emergency`." if command.event is E.LIST else ""
    return refused("not_ahead", f"Name a day that is still to come; today is {today}.{sooner}")


def _not_met_yet(_: CaseSnapshot, marac: Marac, command: MoveMarac, world: World) -> Refused | None:
    held_on = _today(command.occurred_at or world.at, world)
    if marac.meeting_on and marac.meeting_on <= held_on:
        return None
    return refused(
        "not_met_yet",
        f"The meeting is on {marac.meeting_on}: use `marac hear` from that day on, or put another "
        "day with `marac list` or `marac call-emergency`.",
    )


def _still_watched(snapshot: CaseSnapshot, _: Marac, __: MoveMarac, world: World) -> Refused | None:
    ends = [d.due_at for d in snapshot.deadlines if d.duty == WATCH]
    if ends and max(ends) <= world.at:
        return None
    until = f" until {max(ends):%Y-%m-%d}" if ends else ""
    return refused(
        "still_watched",
        f"The watch after the hearing goes on{until}: use `marac end-watch` after it, or "
        "`marac indicate` if it happens again.",
    )


def _today(moment: datetime, world: World) -> date:
    return local(moment, world.calendar).date()


_Ground = Callable[[CaseSnapshot, Marac, MoveMarac, World], Refused | None]

GROUNDS: Mapping[MaracEvent, tuple[_Ground, ...]] = {
    E.REFER: (_unclear_basis, _no_consent),
    E.DECLINE: (),
    E.APPEAL: (_no_consent,),
    E.LIST: (_not_ahead, _no_consent),
    E.CALL_EMERGENCY: (_not_ahead, _no_consent),
    E.HEAR: (_not_met_yet, _no_consent),
    E.SET_ACTIONS: (_not_ahead,),
    E.FINISH_ACTIONS: (),
    E.END_WATCH: (_still_watched,),
}
"""What may speak against each event, besides the table."""
