"""Who may do what: one table, verb × role, each cell with its source.

`docs/rights.md` is rendered from it. What a role may do, it may do only for its own
organisation's cases or referrals; `rules.decide` and row-level security see to that.
"""

from collections.abc import Mapping

from schemas.actor import Role
from schemas.commands import Verb

DESIGN = "design choice"

_R, _V = Role, Verb
_LINE: Mapping[Role, str] = {
    _R.FIRST_RESPONDER: "First responders open cases, record safety and ask consent to referral",
    _R.CASEWORKER: DESIGN,
    _R.SAFEGUARDING_SUPERVISOR: "Supervisors deny, override clocks with reason and review closures",
    _R.DPO: "The DPO advises and may read all",
    _R.NGO_INTAKE: "NGO staff accept, decline and close referrals sent to their service",
    _R.NGO_WORKER: "NGO staff accept, decline and close referrals sent to their service",
    _R.NGO_SUPERVISOR: "NGO staff accept, decline and close referrals sent to their service",
    _R.AUDITOR: "Auditors read the audit, denials included, and edit nothing",
    _R.OPS: "Operations see type, state and clock health, and no personal data",
    _R.SYSTEM: "A person decides: the clockwork only sends what was consented to, and reminds",
}
_WITHDRAWAL = "Withdrawal is accepted from the victim, her adviser, an NGO or any officer"

_AGENCY = (_R.FIRST_RESPONDER, _R.CASEWORKER, _R.SAFEGUARDING_SUPERVISOR)
_NGO = (_R.NGO_INTAKE, _R.NGO_WORKER, _R.NGO_SUPERVISOR)
_STEER = (_R.CASEWORKER, _R.SAFEGUARDING_SUPERVISOR)

_WHO: Mapping[Verb, tuple[Role, ...]] = {
    _V.OPEN_CASE: _AGENCY,
    _V.SHOW_CASE: (*_AGENCY, _R.DPO),
    _V.READ_PERSONAL: (*_AGENCY, _R.DPO),
    _V.LIST_CASES: (*_AGENCY, _R.DPO),
    _V.SHOW_TIMELINE: (*_AGENCY, _R.DPO),
    _V.CONFIRM_SAFETY: _AGENCY,
    _V.ASK_CONSENT: _AGENCY,
    _V.GIVE_CONSENT: _AGENCY,
    _V.REFUSE_CONSENT: _AGENCY,
    _V.WITHDRAW_CONSENT: (*_AGENCY, _R.DPO, *_NGO),
    _V.ADD_NEED: _AGENCY,
    _V.REQUEST_REFERRAL: _STEER,
    _V.RECALL_REFERRAL: _STEER,
    _V.LIST_INBOX: _NGO,
    _V.OPEN_REFERRAL: _NGO,
    _V.ACCEPT_REFERRAL: _NGO,
    _V.DECLINE_REFERRAL: _NGO,
    _V.ENGAGE_REFERRAL: _NGO,
    _V.COMPLETE_REFERRAL: _NGO,
    _V.CLOSE_CASE: _STEER,
    _V.LIST_DEADLINES: (*_AGENCY, _R.DPO),
    _V.LOAD_DIRECTORY: (_R.OPS,),
    _V.LIST_DIRECTORY: tuple(role for role in Role if role is not _R.SYSTEM),
    _V.SHOW_AUDIT: (_R.AUDITOR, _R.DPO),
    _V.VERIFY_AUDIT: (_R.AUDITOR, _R.DPO, _R.OPS),
    _V.QUEUE_DELIVERY: (_R.SYSTEM,),
    _V.DELIVER: (_R.SYSTEM,),
    _V.FAIL_DELIVERY: (_R.SYSTEM,),
    _V.SEND_STOP: (_R.SYSTEM,),
    _V.SEND_NOTICE: (_R.SYSTEM,),
    _V.REMIND: (_R.SYSTEM,),
    _V.BREACH: (_R.SYSTEM,),
    _V.EXPIRE_REFERRAL: (_R.SYSTEM,),
    _V.ROUTE_ONWARD: (_R.SYSTEM,),
}


def _source(verb: Verb, role: Role) -> str:
    if verb is _V.WITHDRAW_CONSENT:
        return _WITHDRAWAL
    if verb in (_V.LOAD_DIRECTORY, _V.LIST_DIRECTORY):
        return DESIGN
    return _LINE[role]


RIGHTS: Mapping[tuple[Verb, Role], str] = {
    (verb, role): _source(verb, role) for verb, roles in _WHO.items() for role in roles
}
"""Allowed cells and their source. A cell that is not here is refused."""


def may(verb: Verb, role: Role) -> bool:
    """Whether the role has the verb at all."""
    return (verb, role) in RIGHTS


def roles_with(verb: Verb) -> tuple[Role, ...]:
    """The roles that have the verb, for a sentence that says whom to ask."""
    return tuple(role for role in Role if may(verb, role) and role is not _R.SYSTEM)
