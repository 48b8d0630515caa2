"""Who may do what: one table, verb × role, each cell with its source.

`docs/rights.md` is rendered from it. What a role may do, it may do only for its own
organisation's cases or referrals; `rules.decide` and row-level security see to that.
"""

from collections.abc import Mapping

from schemas.actor import Role
from schemas.commands import Verb

DESIGN = "design choice"

_R, _V = Role, Verb
_OPENS = "first_responder may: open case"
_SAFETY = "first_responder may: record immediate risk"
_ASKS = "first_responder may: ask consent to referral"
_READS_ALL = "dpo may: read all"
_ANSWERS = "ngo_intake, ngo_caseworker, ngo_supervisor may: accept/decline/waitlist"
_CONTACT = "ngo_intake, ngo_caseworker, ngo_supervisor may: contact outcome"
_CLOSES = "ngo_intake, ngo_caseworker, ngo_supervisor may: close"
_AUDITS = "auditor may: read audit incl. denials"
_WITHDRAWAL = "withdrawal accepted from victim, adviser, NGO, any officer, any channel"

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


_LINES: Mapping[tuple[Verb, Role], str] = {
    (_V.OPEN_CASE, _R.FIRST_RESPONDER): _OPENS,
    (_V.CONFIRM_SAFETY, _R.FIRST_RESPONDER): _SAFETY,
    (_V.ASK_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.GIVE_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.REFUSE_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.SHOW_CASE, _R.DPO): _READS_ALL,
    (_V.READ_PERSONAL, _R.DPO): _READS_ALL,
    (_V.LIST_CASES, _R.DPO): _READS_ALL,
    (_V.SHOW_TIMELINE, _R.DPO): _READS_ALL,
    (_V.LIST_DEADLINES, _R.DPO): _READS_ALL,
    (_V.SHOW_AUDIT, _R.DPO): _READS_ALL,
    (_V.SHOW_AUDIT, _R.AUDITOR): _AUDITS,
    **{(_V.WITHDRAW_CONSENT, role): _WITHDRAWAL for role in _WHO[_V.WITHDRAW_CONSENT]},
    **{(_V.ACCEPT_REFERRAL, role): _ANSWERS for role in _NGO},
    **{(_V.DECLINE_REFERRAL, role): _ANSWERS for role in _NGO},
    **{(_V.ENGAGE_REFERRAL, role): _CONTACT for role in _NGO},
    **{(_V.COMPLETE_REFERRAL, role): _CLOSES for role in _NGO},
}
"""Cells that follow from the rights of a role as agreed (roles and decision rights, §5)."""

RIGHTS: Mapping[tuple[Verb, Role], str] = {
    (verb, role): _LINES.get((verb, role), DESIGN) for verb, roles in _WHO.items() for role in roles
}
"""Allowed cells and their source. A cell that is not here is refused."""


def may(verb: Verb, role: Role) -> bool:
    """Whether the role has the verb at all."""
    return (verb, role) in RIGHTS


def roles_with(verb: Verb) -> tuple[Role, ...]:
    """The roles that have the verb, for a sentence that says whom to ask."""
    return tuple(role for role in Role if may(verb, role) and role is not _R.SYSTEM)
