"""Facts from outside the case: which duties each starts, meets or voids, as data.

They mirror what happens to the crime and in court, without content. None of them moves support:
it is owed whether or not she reports, and after she has left a prosecution (Victims' Code).
"""

from collections.abc import Mapping
from types import MappingProxyType

from rules import death, duties
from rules.world import World
from schemas.case_commands import RecordEvent, SetEntitlement
from schemas.casework import CaseEvent, Entitlement, EntitlementReason
from schemas.changes import CaseChanged
from schemas.decisions import Changed, Decision, refused
from schemas.lanes import AgeGroup
from schemas.snapshot import CaseSnapshot

E = CaseEvent

STARTS: Mapping[CaseEvent, tuple[str, ...]] = MappingProxyType(
    {
        E.INTERPRETER_NEEDED: ("vc-r1-language",),
        E.ADVISER_WISHED: ("adv-1-adviser-link",),
        E.INVESTIGATION_OPENED: ("vc-r6-update",),
        E.NOT_INVESTIGATED: ("vc-r6-no-investigation",),
        E.SUSPECT_ARRESTED: ("vc-r6-arrest",),
        E.SUSPECT_INTERVIEWED: ("vc-r6-interview",),
        E.SUSPECT_RELEASED: ("vc-r6-release",),
        E.SUSPECT_BAILED: ("vc-r6-bail",),
        E.BAIL_CHANGED: ("vc-r6-bail-change",),
        E.NO_FURTHER_ACTION: ("vc-r6-no-further-action",),
        E.SUSPECT_CHARGED: ("vc-r6-charge",),
        E.SUSPECT_NOT_CHARGED: ("vc-r6-no-charge",),
        E.CHARGE_CHANGED: ("vc-r6-charge-change",),
        E.STATEMENT_TAKEN: ("vc-r7-statement-offer",),
        E.HEARING_SET: ("vc-r8-hearing",),
        E.TRIAL_ENDED: ("vc-r9-outcome",),
        E.SENTENCE_OVER_A_YEAR: ("vc-r11-contact-scheme",),
        E.COMPLAINT_RECEIVED: ("vc-r12-complaint-acknowledged", "vc-r12-complaint-answered"),
    }
)
"""Event → duties it starts."""

ENDS: Mapping[CaseEvent, tuple[str, ...]] = MappingProxyType(
    {
        E.CRIME_RECORDED: ("vc-r2-record-crime",),
        E.NEEDS_ASSESSED: ("vc-r4-needs-assessment",),
    }
)
"""Event → duties it meets."""

VOIDS: Mapping[CaseEvent, tuple[str, ...]] = MappingProxyType(
    {E.INVESTIGATION_ENDED: ("vc-r6-update",)}
)
"""Event → duties that no longer apply after it."""

MOVES_NO_DUTY = frozenset({E.VICTIM_LEFT_PROSECUTION})
"""Events that are only put on record."""


def record_event(snapshot: CaseSnapshot, command: RecordEvent, world: World) -> Decision:
    """Put an event on record, and with it the duties of the tables above.

    After her death none of them begins: a person sees to her family, whom the news is for now.
    """
    event, since = command.event, command.occurred_at or world.at
    running = snapshot.running_deadlines()
    met = (run for run in running if run.duty in ENDS.get(event, ()))
    over = (run for run in running if run.duty in VOIDS.get(event, ()))
    begun = STARTS.get(event, ())
    is_for_family = bool(begun) and snapshot.case.died_at is not None
    return Changed(
        changes=(
            *(change for run in met for change in duties.meet_run(snapshot, run, since)),
            *duties.void(snapshot, over, since),
            *(change for duty in begun for change in duties.start(snapshot, world, duty, since)),
            *(death.family_seen_to(snapshot, world) if is_for_family else ()),
        ),
        detail={"event": event},
    )


def set_entitlement(snapshot: CaseSnapshot, command: SetEntitlement, _: World) -> Decision:
    """A person decides, on a ground; it holds for duties that start from then on."""
    is_enhanced = command.entitlement is Entitlement.ENHANCED
    has_ground = command.reason is not EntitlementReason.NO_GROUND_FOUND
    if is_enhanced and not has_ground:
        return refused("ground_missing", "Enhanced entitlement rests on a ground: name it.")
    if not is_enhanced and has_ground:
        return refused(
            "ground_found",
            f"{command.reason} is a ground for enhanced entitlement: record that, or, where no "
            "ground was found, give that as the reason.",
        )
    if not is_enhanced and snapshot.case.age is not AgeGroup.ADULT:
        return refused(
            "child", "Everybody under 18 has enhanced entitlement, and so has she in doubt."
        )
    return Changed(
        changes=(CaseChanged(entitlement=command.entitlement),),
        detail={"entitlement": command.entitlement, "reason": command.reason},
    )
