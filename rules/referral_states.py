"""The state machine of a referral, as data: state × event → state, who, whose reason.

Workflow, desk, documentation and tests all read this one table. Vocabulary: FHIR Task, BSeR and
the public referral services, mapped in docs/referral-states.md.

A draft and what is sent are passed through in one step, so no case rests there. A waiting list
never ends by itself: its time passes in front of a person, who decides. Its expected day can be
said anew, and means nothing once she waits no more.
"""

from dataclasses import dataclass

from schemas.actor import AGENCY_ROLES, NGO_ROLES, Role
from schemas.decisions import Refused, refused
from schemas.referral import (
    REASON_GROUPS,
    Reason,
    ReasonGroup,
    Referral,
    ReferralEvent,
    ReferralState,
)

S, E, G = ReferralState, ReferralEvent, ReasonGroup

_CLOCKWORK = frozenset({Role.SYSTEM})
_NGO = NGO_ROLES
_SENDER = AGENCY_ROLES
_ANYONE = frozenset(Role) - {Role.AUDITOR, Role.OPS, Role.PROTOCOL_OWNER}

TERMINAL = frozenset(
    {S.DECLINED, S.COMPLETED, S.ENDED, S.RECALLED, S.WITHDRAWN, S.EXPIRED, S.ENTERED_IN_ERROR}
)
OVER = TERMINAL | {S.UNDELIVERABLE}
"""Nothing more happens by itself. An undeliverable referral can still be withdrawn."""

ENDED_WITHOUT_HELP = frozenset({S.DECLINED, S.EXPIRED, S.UNDELIVERABLE})
"""Ends after which the next service the victim chose is asked."""

WITH_SERVICE = frozenset(
    {S.SENT, S.RECEIVED, S.OPENED, S.INFO_REQUESTED, S.WAITLISTED, S.ACCEPTED, S.ACTIVE}
)
"""The service holds data of the victim and must hear of a stop."""

ENGAGED = frozenset({S.ACCEPTED, S.ACTIVE})
"""The service has taken her on: it knows her and may reach her."""

_OPEN = frozenset(S) - TERMINAL
_ANSWERABLE = frozenset({S.RECEIVED, S.OPENED, S.INFO_REQUESTED, S.WAITLISTED})


@dataclass(frozen=True)
class Transition:
    """One row of the table."""

    sources: frozenset[ReferralState]
    event: ReferralEvent
    target: ReferralState
    who: frozenset[Role]
    reason: frozenset[ReasonGroup] = frozenset()


def _row(
    sources: frozenset[ReferralState] | set[ReferralState],
    event: ReferralEvent,
    target: ReferralState,
    who: frozenset[Role],
    *reason: ReasonGroup,
) -> Transition:
    return Transition(frozenset(sources), event, target, who, frozenset(reason))


TRANSITIONS: tuple[Transition, ...] = (
    _row({S.DRAFT}, E.SUBMIT, S.WAITING, _SENDER | _CLOCKWORK),
    _row({S.WAITING}, E.SEND, S.SENT, _CLOCKWORK),
    _row({S.SENT}, E.ACKNOWLEDGE, S.RECEIVED, _CLOCKWORK),
    _row({S.RECEIVED}, E.OPEN, S.OPENED, _NGO),
    _row({S.OPENED}, E.REQUEST_INFO, S.INFO_REQUESTED, _NGO, G.SERVICE),
    _row({S.INFO_REQUESTED}, E.ANSWER_INFO, S.OPENED, _SENDER),
    _row({S.RECEIVED, S.OPENED, S.WAITLISTED}, E.WAITLIST, S.WAITLISTED, _NGO, G.SERVICE),
    _row(_ANSWERABLE, E.ACCEPT, S.ACCEPTED, _NGO),
    _row(_ANSWERABLE, E.DECLINE, S.DECLINED, _NGO, G.SERVICE, G.PERSON),
    _row({S.ACCEPTED}, E.ENGAGE, S.ACTIVE, _NGO),
    _row(ENGAGED, E.COMPLETE, S.COMPLETED, _NGO),
    _row(ENGAGED, E.END, S.ENDED, _NGO, G.SERVICE, G.PERSON),
    _row({S.DRAFT, S.WAITING} | WITH_SERVICE, E.RECALL, S.RECALLED, _SENDER, G.SENDER, G.PERSON),
    _row(_OPEN, E.WITHDRAW, S.WITHDRAWN, _ANYONE, G.SENDER),
    _row({S.SENT, S.RECEIVED}, E.EXPIRE, S.EXPIRED, _CLOCKWORK, G.SYSTEM),
    _row({S.WAITING}, E.FAIL_DELIVERY, S.UNDELIVERABLE, _CLOCKWORK, G.SYSTEM),
    _row(_OPEN, E.CORRECT, S.ENTERED_IN_ERROR, _SENDER, G.SENDER),
)

_BY_CELL = {(source, row.event): row for row in TRANSITIONS for source in row.sources}


def transition(state: ReferralState, event: ReferralEvent) -> Transition | None:
    """The row for a state and an event; None where the table has none."""
    return _BY_CELL.get((state, event))


def move(
    referral: Referral, event: ReferralEvent, role: Role, reason: Reason | None = None
) -> Referral | Refused:
    """The referral after an event, one version on; or why the table does not have it so."""
    row = transition(referral.state, event)
    if row is None:
        return refused("wrong_state", _out_of_place(referral, event, role))
    if role not in row.who:
        return refused("not_your_role", f"A {role} may not {event} a referral.")
    if row.reason and (reason is None or REASON_GROUPS[reason] not in row.reason):
        groups = " or ".join(sorted(row.reason))
        return refused("reason_missing", f"To {event}, give a reason of the group {groups}.")
    moved = {"state": row.target, "reason": reason, "version": referral.version + 1}
    waits = {} if row.target is S.WAITLISTED else {"expected_by": None}
    return referral.model_copy(update=moved | waits)


def _out_of_place(referral: Referral, event: ReferralEvent, role: Role) -> str:
    what = event.replace("_", " ")
    where = f"Referral {referral.number} is {referral.state.replace('_', ' ')}"
    if referral.state not in TERMINAL:
        return f"{where}: {what} does not apply to that."
    late = f"{where}: {what} is too late."
    if referral.state is not S.EXPIRED or role not in _NGO:
        return late
    return f"{late} If you can help after all, tell its sender, who asks anew (`referral reopen`)."
