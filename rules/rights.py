"""Who may do what: one table, verb × role, each cell with its source.

`docs/rights.md` is rendered from it. What a role may do, it may do only for its own
organisation's cases or referrals; `rules.decide` and row-level security see to that.
"""

from collections.abc import Mapping

from schemas.actor import Role
from schemas.verbs import Verb

DESIGN = "design choice"

_R, _V = Role, Verb
_OPENS = "first_responder may: open case"
_SAFETY = "first_responder may: record immediate risk, safe contact"
_ASKS = "first_responder may: ask consent to referral"
_OIC = "officer in the case may: investigation events, victim updates, MARAC referral, NRM form"
_PPU = "public protection officer may: risk grading, safety plan"
_SUPERVISES = "safeguarding_supervisor may: override deadlines with reason"
_COORDINATES = "marac_coordinator may: list, minutes, actions"
_NRM = "nrm_first_responder may: NRM and duty-to-notify lanes"
_READS_ALL = "dpo may: read all"
_ANSWERS = "ngo_intake, ngo_caseworker, ngo_supervisor may: accept/decline/waitlist"
_CONTACT = "ngo_intake, ngo_caseworker, ngo_supervisor may: contact outcome"
_CLOSES = "ngo_intake, ngo_caseworker, ngo_supervisor may: close"
_HOLDS = "idva, isva and NGO staff may place a hold; a supervisor places and lifts a police hold"
_REPRESENTS = "idva, isva may: represent the victim"
_ADVISES = "immigration_adviser may: record advice given, her own permission deadlines"
_AUDITS = "auditor may: read audit incl. denials"
_WITHDRAWAL = "withdrawal accepted from victim, adviser, NGO, any officer, any channel"
_OWNS = "protocol_owner ×2 may: activate a signed protocol version; never alone"
_AGREES = "info_sharing_spoc may: maintain agreements"
_ASSESSES = "dpo may: advise; read all"
_SUSPENDS = "contact that is not safe is stopped by whoever knows it (design choice)"

_FRONT = (_R.FIRST_RESPONDER, _R.CASEWORKER, _R.OIC, _R.PPU_OFFICER)
_AGENCY = (*_FRONT, _R.SAFEGUARDING_SUPERVISOR)
_LANES = (_R.MARAC_COORDINATOR, _R.NRM_FIRST_RESPONDER)
_LOOKS = (*_AGENCY, *_LANES)
_INTAKE = (_R.NGO_INTAKE, _R.NGO_WORKER, _R.NGO_SUPERVISOR)
_ADVOCATES = (_R.IDVA, _R.ISVA)
_NGO = (*_INTAKE, *_ADVOCATES, _R.IMMIGRATION_ADVISER)
_OFFICE = (_R.DPO, _R.SENIOR_AUTHORISER, _R.INFO_SHARING_SPOC)
_STEER = (_R.CASEWORKER, _R.SAFEGUARDING_SUPERVISOR)
_SUPERVISORS = (_R.SAFEGUARDING_SUPERVISOR,)
_ANYBODY = tuple(role for role in Role if role is not _R.SYSTEM)
_CLOCKWORK = (_R.SYSTEM,)

_WHO: Mapping[Verb, tuple[Role, ...]] = {
    _V.OPEN_CASE: _AGENCY,
    _V.SHOW_CASE: (*_LOOKS, _R.DPO),
    _V.READ_PERSONAL: (*_AGENCY, _R.DPO),
    _V.LIST_CASES: (*_LOOKS, _R.DPO),
    _V.SHOW_TIMELINE: (*_LOOKS, _R.DPO),
    _V.CONFIRM_SAFETY: _AGENCY,
    _V.SET_ENTITLEMENT: _STEER,
    _V.RECORD_EVENT: _AGENCY,
    _V.LINK_CASE: _STEER,
    _V.RECORD_DEATH: _STEER,
    _V.FINISH_TASK: (*_LOOKS, _R.DPO, *_NGO),
    _V.CLOSE_CASE: _STEER,
    _V.REOPEN_CASE: _STEER,
    _V.PROPOSE_ERASURE: (_R.DPO,),
    _V.ANSWER_ERASURE: (*_SUPERVISORS, _R.DPO),
    _V.ERASE_CASE: (*_SUPERVISORS, _R.DPO),
    _V.HAND_OVER: _STEER,
    _V.OFFER_TRANSFER: _STEER,
    _V.ANSWER_TRANSFER: _STEER,
    _V.DECLARE_CONFLICT: (*_LOOKS, _R.DPO, *_NGO),
    _V.PROPOSE_NAMED: _AGENCY,
    _V.CONFIRM_NAMED: _AGENCY,
    _V.MARK_LEFT: (*_SUPERVISORS, _R.NGO_SUPERVISOR),
    _V.LIST_LEAVERS: (*_STEER, _R.DPO, _R.NGO_SUPERVISOR),
    _V.ASK_CONSENT: _AGENCY,
    _V.GIVE_CONSENT: _AGENCY,
    _V.REFUSE_CONSENT: _AGENCY,
    _V.REFLECT_CONSENT: _AGENCY,
    _V.MARK_NOT_CAPABLE: _STEER,
    _V.WITHDRAW_CONSENT: (*_LOOKS, *_OFFICE, *_NGO),
    _V.RELAY_WITHDRAWAL: (*_LOOKS, *_OFFICE, *_NGO),
    _V.ANSWER_CHECK: (*_AGENCY, *_NGO),
    _V.ADD_NEED: _AGENCY,
    _V.REQUEST_REFERRAL: _STEER,
    _V.REOPEN_REFERRAL: _STEER,
    _V.SET_PRIORITY: _STEER,
    _V.ANSWER_INFO: _STEER,
    _V.RECALL_REFERRAL: _STEER,
    _V.CORRECT_REFERRAL: _STEER,
    _V.LIST_INBOX: _NGO,
    _V.OPEN_REFERRAL: _NGO,
    _V.CLAIM_REFERRAL: _NGO,
    _V.RELEASE_REFERRAL: _NGO,
    _V.REQUEST_INFO: _NGO,
    _V.WAITLIST_REFERRAL: _INTAKE,
    _V.ACCEPT_REFERRAL: _NGO,
    _V.DECLINE_REFERRAL: _NGO,
    _V.ENGAGE_REFERRAL: _NGO,
    _V.COMPLETE_REFERRAL: _NGO,
    _V.END_REFERRAL: _NGO,
    _V.START_ADVICE: (_R.IMMIGRATION_ADVISER,),
    _V.PLACE_HOLD: (*_NGO, *_SUPERVISORS),
    _V.LIFT_HOLD: (*_NGO, *_SUPERVISORS),
    _V.SHOW_CONTACT: (*_AGENCY, *_NGO),
    _V.SET_PLAN: (*_AGENCY, *_NGO),
    _V.CONFIRM_PLAN: (*_AGENCY, *_NGO),
    _V.RENEW_PLAN: (*_AGENCY, *_NGO),
    _V.SUSPEND_PLAN: (*_LOOKS, *_NGO),
    _V.PLAN_CONTACT: (*_AGENCY, *_NGO),
    _V.START_CONTACT: (*_AGENCY, *_NGO),
    _V.END_CONTACT: (*_AGENCY, *_NGO),
    _V.CANCEL_CONTACT: (*_AGENCY, *_NGO),
    _V.ASSESS_RISK: (*_AGENCY, *_ADVOCATES),
    _V.REVIEW_RISK: _SUPERVISORS,
    _V.MOVE_MARAC: (*_AGENCY, _R.MARAC_COORDINATOR, *_ADVOCATES),
    _V.MOVE_NRM: (*_AGENCY, _R.NRM_FIRST_RESPONDER),
    _V.LIST_DEADLINES: (*_LOOKS, _R.DPO, *_NGO),
    _V.MEET_DEADLINE: (*_AGENCY, *_LANES, _R.IMMIGRATION_ADVISER),
    _V.PAUSE_DEADLINE: _SUPERVISORS,
    _V.RESUME_DEADLINE: _SUPERVISORS,
    _V.EXTEND_DEADLINE: _SUPERVISORS,
    _V.WAIVE_DEADLINE: _STEER,
    _V.SHOW_PROTOCOL: _ANYBODY,
    _V.SIGN_PROTOCOL: (_R.PROTOCOL_OWNER,),
    _V.AWAIT_PROTOCOL: (_R.PROTOCOL_OWNER,),
    _V.RECORD_ASSESSMENT: (_R.DPO,),
    _V.RECORD_AGREEMENT: (_R.INFO_SHARING_SPOC,),
    _V.ASSERT_FACT: (
        _R.OIC,
        _R.PPU_OFFICER,
        _R.SAFEGUARDING_SUPERVISOR,
        _R.INFO_SHARING_SPOC,
        _R.NRM_FIRST_RESPONDER,
        _R.DPO,
        _R.NGO_WORKER,
        _R.NGO_SUPERVISOR,
        *_ADVOCATES,
        _R.IMMIGRATION_ADVISER,
    ),
    _V.EVALUATE_CASE: (
        _R.PPU_OFFICER,
        _R.SAFEGUARDING_SUPERVISOR,
        _R.INFO_SHARING_SPOC,
        _R.DPO,
    ),
    _V.REPORT_SHARING: (_R.AUDITOR, _R.DPO, _R.PROTOCOL_OWNER),
    _V.LIST_STUCK: (_R.OPS,),
    _V.RETRY_WORK: (_R.OPS,),
    _V.REDRIVE_WORK: (_R.OPS,),
    _V.PAUSE_CASE: (_R.OPS,),
    _V.RESUME_CASE: (_R.OPS,),
    _V.LOAD_DIRECTORY: (_R.OPS,),
    _V.LIST_DIRECTORY: _ANYBODY,
    _V.SHOW_CHOICE: (*_LOOKS, *_NGO),
    _V.PUBLISH_CAPACITY: _INTAKE,
    _V.SHOW_AUDIT: (_R.AUDITOR, _R.DPO),
    _V.VERIFY_AUDIT: (_R.AUDITOR, _R.DPO, _R.OPS),
    _V.SHOW_MISUSE: (_R.AUDITOR, _R.DPO),
    _V.QUEUE_DELIVERY: _CLOCKWORK,
    _V.DELIVER: _CLOCKWORK,
    _V.FAIL_DELIVERY: _CLOCKWORK,
    _V.SEND_STOP: _CLOCKWORK,
    _V.SEND_NOTICE: _CLOCKWORK,
    _V.REMIND: _CLOCKWORK,
    _V.BREACH: _CLOCKWORK,
    _V.EXPIRE_REFERRAL: _CLOCKWORK,
    _V.ROUTE_ONWARD: _CLOCKWORK,
    _V.OPEN_WINDOW: _CLOCKWORK,
    _V.CLOSE_WINDOW: _CLOCKWORK,
    _V.SEND_CONTACT: _CLOCKWORK,
    _V.SETTLE_CONTACT: _CLOCKWORK,
}


def _cells(source: str, verb: Verb, roles: tuple[Role, ...]) -> dict[tuple[Verb, Role], str]:
    return {(verb, role): source for role in roles if role in _WHO[verb]}


_LINES: Mapping[tuple[Verb, Role], str] = {
    (_V.OPEN_CASE, _R.FIRST_RESPONDER): _OPENS,
    (_V.CONFIRM_SAFETY, _R.FIRST_RESPONDER): _SAFETY,
    (_V.SET_PLAN, _R.FIRST_RESPONDER): _SAFETY,
    (_V.ASK_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.GIVE_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.REFUSE_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.REFLECT_CONSENT, _R.FIRST_RESPONDER): _ASKS,
    (_V.RECORD_EVENT, _R.OIC): _OIC,
    (_V.MEET_DEADLINE, _R.OIC): _OIC,
    (_V.MOVE_MARAC, _R.OIC): _OIC,
    (_V.MOVE_NRM, _R.OIC): _OIC,
    (_V.ASSESS_RISK, _R.PPU_OFFICER): _PPU,
    (_V.MOVE_MARAC, _R.MARAC_COORDINATOR): _COORDINATES,
    (_V.MOVE_NRM, _R.NRM_FIRST_RESPONDER): _NRM,
    (_V.PAUSE_DEADLINE, _R.SAFEGUARDING_SUPERVISOR): _SUPERVISES,
    (_V.RESUME_DEADLINE, _R.SAFEGUARDING_SUPERVISOR): _SUPERVISES,
    (_V.EXTEND_DEADLINE, _R.SAFEGUARDING_SUPERVISOR): _SUPERVISES,
    (_V.WAIVE_DEADLINE, _R.SAFEGUARDING_SUPERVISOR): _SUPERVISES,
    (_V.START_ADVICE, _R.IMMIGRATION_ADVISER): _ADVISES,
    (_V.MEET_DEADLINE, _R.IMMIGRATION_ADVISER): _ADVISES,
    (_V.SHOW_CASE, _R.DPO): _READS_ALL,
    (_V.READ_PERSONAL, _R.DPO): _READS_ALL,
    (_V.LIST_CASES, _R.DPO): _READS_ALL,
    (_V.SHOW_TIMELINE, _R.DPO): _READS_ALL,
    (_V.LIST_DEADLINES, _R.DPO): _READS_ALL,
    (_V.SHOW_AUDIT, _R.DPO): _READS_ALL,
    (_V.SHOW_MISUSE, _R.DPO): _READS_ALL,
    (_V.SHOW_AUDIT, _R.AUDITOR): _AUDITS,
    (_V.SHOW_MISUSE, _R.AUDITOR): _AUDITS,
    **_cells(_OWNS, _V.SIGN_PROTOCOL, _ANYBODY),
    **_cells(_AGREES, _V.RECORD_AGREEMENT, _ANYBODY),
    **_cells(_ASSESSES, _V.RECORD_ASSESSMENT, _ANYBODY),
    **_cells(_WITHDRAWAL, _V.WITHDRAW_CONSENT, _ANYBODY),
    **_cells(_WITHDRAWAL, _V.RELAY_WITHDRAWAL, _ANYBODY),
    **_cells(_SUSPENDS, _V.SUSPEND_PLAN, _ANYBODY),
    **_cells(_HOLDS, _V.PLACE_HOLD, _ANYBODY),
    **_cells(_HOLDS, _V.LIFT_HOLD, _ANYBODY),
    **_cells(_ANSWERS, _V.ACCEPT_REFERRAL, _INTAKE),
    **_cells(_ANSWERS, _V.DECLINE_REFERRAL, _INTAKE),
    **_cells(_ANSWERS, _V.WAITLIST_REFERRAL, _INTAKE),
    **_cells(_CONTACT, _V.ENGAGE_REFERRAL, _INTAKE),
    **_cells(_CONTACT, _V.END_CONTACT, _INTAKE),
    **_cells(_CLOSES, _V.COMPLETE_REFERRAL, _INTAKE),
    **_cells(_CLOSES, _V.END_REFERRAL, _INTAKE),
    **_cells(_REPRESENTS, _V.ACCEPT_REFERRAL, _ADVOCATES),
    **_cells(_REPRESENTS, _V.ANSWER_CHECK, _ADVOCATES),
    **_cells(_REPRESENTS, _V.MOVE_MARAC, _ADVOCATES),
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
