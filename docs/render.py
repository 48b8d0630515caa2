"""Render the pages that are data: docs/rights.md and docs/referral-states.md.

`uv run python docs/render.py` writes them; `--check` writes nothing, names each page that is
stale, and exits 1 if one is.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from rules.referral_states import TERMINAL, TRANSITIONS, WITH_SERVICE, Transition
from rules.rights import RIGHTS, may
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
from schemas.verbs import Verb

DOCS = Path(__file__).parent
_MADE_BY = "<!-- Made by `uv run python docs/render.py`; change the rules, not this page. -->"

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


def render_rights() -> str:
    """The page of the rights: a table of marks, then each allowed cell with its source."""
    marks = [(_words(verb), *("yes" if may(verb, role) else "–" for role in Role)) for verb in Verb]
    sources = [
        (_words(verb), _roles(roles), source)
        for verb in Verb
        for source, roles in _by_source(verb).items()
    ]
    return _page(
        "# Who may do what",
        "One table, verb × role. What is not marked is refused, and the refusal names the roles "
        "that have the verb. A right holds only for the cases and referrals of one's own "
        "organisation. `system` is the clockwork: it shares no verb with people.",
        _table(("verb", *(role.value for role in Role)), marks),
        "## Why",
        "Each marked cell with its source; *design choice* where no source prescribes it.",
        _table(("verb", "roles", "source"), sources),
    )


def render_states() -> str:
    """The page of the state machine: axes, states with their FHIR words, moves, reasons."""
    axes = [(f"`{name}`", asks, _codes(values)) for name, asks, values in _AXES]
    states = [
        (f"`{state}`", plain, _kind(state), f"`{task}`", f"`{request}`")
        for state, (task, request, plain) in ((s, _FHIR[s]) for s in ReferralState)
    ]
    reasons = [(f"`{group}`", _codes(reasons_of(group))) for group in ReasonGroup]
    return _page(
        "# The states of a referral",
        "A referral is a request for support to one service. Six questions about it have six "
        "fields; one status for all of them would lie about most.",
        _table(("field", "question", "values"), axes),
        "## States, and their words in FHIR",
        "The two right-hand columns are the nearest codes of FHIR R4. They are for exchange "
        "only: several of our states share a code, so the way back is not unique.",
        _table(("state", "meaning", "kind", "Task.status", "ServiceRequest.status"), states),
        "## What can happen",
        "A cell that is not here is refused. Nothing leads out of an end, and a withdrawal is "
        "possible from every state that is not one.",
        _table(("event", "from", "to", "by", "reason"), [_move(row) for row in TRANSITIONS]),
        "## Reasons",
        "Grouped by whose reason it is. *Tried safely* and *unsafe to try* are two reasons, "
        "never one.",
        _table(("whose", "reasons"), reasons),
    )


PAGES: dict[str, Callable[[], str]] = {
    "rights.md": render_rights,
    "referral-states.md": render_states,
}


def main(arguments: Sequence[str]) -> int:
    """Write the pages, or with `--check` name the stale ones; the exit code."""
    if arguments not in ([], ["--check"]):
        sys.stderr.write("usage: docs/render.py [--check]\n")
        return 2
    stale = [name for name, render in PAGES.items() if _on_disk(name) != render()]
    for name in stale:
        if arguments:
            sys.stderr.write(f"docs/{name} is stale: run `uv run python docs/render.py`\n")
        else:
            (DOCS / name).write_text(PAGES[name](), encoding="utf-8")
    return 1 if arguments and stale else 0


def _on_disk(name: str) -> str | None:
    path = DOCS / name
    return path.read_text(encoding="utf-8") if path.exists() else None


def _page(*blocks: str) -> str:
    title, *rest = blocks
    return "\n\n".join((title, _MADE_BY, *rest)) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_source(verb: Verb) -> dict[str, list[Role]]:
    cells: dict[str, list[Role]] = {}
    for role in Role:
        if may(verb, role):
            cells.setdefault(RIGHTS[verb, role], []).append(role)
    return cells


def _move(row: Transition) -> tuple[str, ...]:
    ordered = (state for state in ReferralState if state in row.sources)
    whose = " or ".join(group for group in ReasonGroup if group in row.reason)
    return (f"`{row.event}`", _codes(ordered), f"`{row.target}`", _who(row.who), whose or "–")


def _who(roles: frozenset[Role]) -> str:
    named = {
        NGO_ROLES: "the service",
        AGENCY_ROLES: "the sender",
        frozenset({Role.SYSTEM}): "the clockwork",
        AGENCY_ROLES | {Role.SYSTEM}: "the sender or the clockwork",
        frozenset(Role) - {Role.AUDITOR, Role.OPS}: "anyone but auditor and operations",
    }
    return named.get(roles) or _roles([role for role in Role if role in roles])


def _kind(state: ReferralState) -> str:
    if state in TERMINAL:
        return "end"
    return "with the service" if state in WITH_SERVICE else "with the sender"


def _codes(values: Iterable[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _roles(roles: Iterable[Role]) -> str:
    return ", ".join(roles)


def _words(verb: Verb) -> str:
    return verb.replace("_", " ")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
