"""The page of a referral's state machine: axes, states with their FHIR words, moves, reasons."""

from collections.abc import Iterable

from docs.tables import codes, page, roles, table
from rules.referral_states import TERMINAL, TRANSITIONS, WITH_SERVICE, Transition
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Role
from schemas.consent import ConsentState
from schemas.referral import (
    Clock,
    Delivery,
    Outcome,
    Priority,
    ReasonGroup,
    ReferralState,
    reasons_of,
)

_FHIR: dict[ReferralState, tuple[str, str, str]] = {
    ReferralState.DRAFT: ("draft", "draft", "being written"),
    ReferralState.WAITING: ("draft", "on-hold", "written, and waiting for her consent"),
    ReferralState.SENT: ("requested", "active", "on its way"),
    ReferralState.RECEIVED: ("received", "active", "in the inbox of the service"),
    ReferralState.OPENED: ("received", "active", "read by a person"),
    ReferralState.INFO_REQUESTED: ("on-hold", "on-hold", "the service asked something back"),
    ReferralState.WAITLISTED: ("on-hold", "on-hold", "on the waiting list of the service"),
    ReferralState.ACCEPTED: ("accepted", "active", "taken on"),
    ReferralState.ACTIVE: ("in-progress", "active", "support has begun"),
    ReferralState.DECLINED: ("rejected", "revoked", "the service cannot take it on"),
    ReferralState.COMPLETED: ("completed", "completed", "support is complete"),
    ReferralState.ENDED: ("failed", "revoked", "stopped after it was taken on"),
    ReferralState.RECALLED: ("cancelled", "revoked", "taken back by the sender"),
    ReferralState.WITHDRAWN: ("cancelled", "revoked", "she took her consent back"),
    ReferralState.EXPIRED: ("failed", "revoked", "nobody answered in time"),
    ReferralState.UNDELIVERABLE: ("failed", "active", "the inbox could not be reached"),
    ReferralState.ENTERED_IN_ERROR: ("entered-in-error", "entered-in-error", "a mistake"),
}
"""Our state as FHIR R4 Task.status and ServiceRequest.status, and in plain words."""

_AXES: tuple[tuple[str, str, Iterable[str]], ...] = (
    ("state", "Where does the request stand between the two organisations?", ReferralState),
    ("delivery", "Did the packet reach the inbox of the service?", Delivery),
    ("consent", "What did she say about this service?", ConsentState),
    ("clock", "How does its own deadline run?", Clock),
    ("outcome", "What became of it for her? Known only once it is over.", Outcome),
    ("priority", "How soon is it needed?", Priority),
)


def render_states() -> str:
    """The page of the state machine: axes, states with their FHIR words, moves, reasons."""
    axes = [(f"`{name}`", asks, codes(values)) for name, asks, values in _AXES]
    states = [
        (f"`{state}`", plain, _kind(state), f"`{task}`", f"`{request}`")
        for state, (task, request, plain) in ((s, _FHIR[s]) for s in ReferralState)
    ]
    reasons = [(f"`{group}`", codes(reasons_of(group))) for group in ReasonGroup]
    return page(
        "# The states of a referral",
        "A referral is a request for support to one service. Six questions about it have six "
        "fields; one status for all of them would lie about most.",
        table(("field", "question", "values"), axes),
        "## States, and their words in FHIR",
        "The two right-hand columns are the nearest codes of FHIR R4. They are for exchange "
        "only: several of our states share a code, so the way back is not unique.",
        table(("state", "meaning", "kind", "Task.status", "ServiceRequest.status"), states),
        "## What can happen",
        "A cell that is not here is refused. Nothing leads out of an end, and a withdrawal is "
        "possible from every state that is not one.",
        table(("event", "from", "to", "by", "reason"), [_move(row) for row in TRANSITIONS]),
        "## Reasons",
        "Grouped by whose reason it is. *Tried safely* and *unsafe to try* are two reasons, "
        "never one.",
        table(("whose", "reasons"), reasons),
    )


def _move(row: Transition) -> tuple[str, ...]:
    ordered = (state for state in ReferralState if state in row.sources)
    whose = " or ".join(group for group in ReasonGroup if group in row.reason)
    return (f"`{row.event}`", codes(ordered), f"`{row.target}`", _who(row.who), whose or "–")


def _who(these: frozenset[Role]) -> str:
    named = {
        NGO_ROLES: "the service",
        AGENCY_ROLES: "the sender",
        frozenset({Role.SYSTEM}): "the clockwork",
        AGENCY_ROLES | {Role.SYSTEM}: "the sender or the clockwork",
        frozenset(Role) - {Role.AUDITOR, Role.OPS}: "anyone but auditor and operations",
    }
    return named.get(these) or roles(these)


def _kind(state: ReferralState) -> str:
    if state in TERMINAL:
        return "end"
    return "with the service" if state in WITH_SERVICE else "with the sender"
