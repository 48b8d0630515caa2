"""Verbs: everything anyone can ask of the desk, and every step of the clockwork.

Rights are verb × role; the audit, the timeline and the pages name what was done by its verb.
"""

from enum import StrEnum


class Verb(StrEnum):
    """Everything anyone can ask of the desk. Rights are verb × role."""

    # A case
    OPEN_CASE = "open_case"
    SHOW_CASE = "show_case"
    READ_PERSONAL = "read_personal"
    LIST_CASES = "list_cases"
    SHOW_TIMELINE = "show_timeline"
    CONFIRM_SAFETY = "confirm_safety"
    SET_ENTITLEMENT = "set_entitlement"
    RECORD_EVENT = "record_event"
    LINK_CASE = "link_case"
    RECORD_DEATH = "record_death"
    FINISH_TASK = "finish_task"
    CLOSE_CASE = "close_case"
    REOPEN_CASE = "reopen_case"
    PROPOSE_ERASURE = "propose_erasure"
    ANSWER_ERASURE = "answer_erasure"
    ERASE_CASE = "erase_case"
    # Who works on it
    HAND_OVER = "hand_over"
    OFFER_TRANSFER = "offer_transfer"
    ANSWER_TRANSFER = "answer_transfer"
    DECLARE_CONFLICT = "declare_conflict"
    PROPOSE_NAMED = "propose_named"
    CONFIRM_NAMED = "confirm_named"
    MARK_LEFT = "mark_left"
    LIST_LEAVERS = "list_leavers"
    # Consent
    ASK_CONSENT = "ask_consent"
    GIVE_CONSENT = "give_consent"
    REFUSE_CONSENT = "refuse_consent"
    REFLECT_CONSENT = "reflect_consent"
    MARK_NOT_CAPABLE = "mark_not_capable"
    WITHDRAW_CONSENT = "withdraw_consent"
    RELAY_WITHDRAWAL = "relay_withdrawal"
    ANSWER_CHECK = "answer_check"
    # Needs and referrals, as the sender sees them
    ADD_NEED = "add_need"
    REQUEST_REFERRAL = "request_referral"
    REOPEN_REFERRAL = "reopen_referral"
    SET_PRIORITY = "set_priority"
    ANSWER_INFO = "answer_info"
    RECALL_REFERRAL = "recall_referral"
    CORRECT_REFERRAL = "correct_referral"
    # Referrals, as the service sees them
    LIST_INBOX = "list_inbox"
    OPEN_REFERRAL = "open_referral"
    CLAIM_REFERRAL = "claim_referral"
    RELEASE_REFERRAL = "release_referral"
    REQUEST_INFO = "request_info"
    WAITLIST_REFERRAL = "waitlist_referral"
    ACCEPT_REFERRAL = "accept_referral"
    DECLINE_REFERRAL = "decline_referral"
    ENGAGE_REFERRAL = "engage_referral"
    COMPLETE_REFERRAL = "complete_referral"
    END_REFERRAL = "end_referral"
    START_ADVICE = "start_advice"
    # Holds
    PLACE_HOLD = "place_hold"
    LIFT_HOLD = "lift_hold"
    # Safe contact
    SHOW_CONTACT = "show_contact"
    SET_PLAN = "set_plan"
    CONFIRM_PLAN = "confirm_plan"
    RENEW_PLAN = "renew_plan"
    SUSPEND_PLAN = "suspend_plan"
    PLAN_CONTACT = "plan_contact"
    START_CONTACT = "start_contact"
    END_CONTACT = "end_contact"
    CANCEL_CONTACT = "cancel_contact"
    # Lanes
    ASSESS_RISK = "assess_risk"
    REVIEW_RISK = "review_risk"
    MOVE_MARAC = "move_marac"
    MOVE_NRM = "move_nrm"
    # Deadlines
    LIST_DEADLINES = "list_deadlines"
    MEET_DEADLINE = "meet_deadline"
    PAUSE_DEADLINE = "pause_deadline"
    RESUME_DEADLINE = "resume_deadline"
    EXTEND_DEADLINE = "extend_deadline"
    WAIVE_DEADLINE = "waive_deadline"
    # Directory and audit
    LOAD_DIRECTORY = "load_directory"
    LIST_DIRECTORY = "list_directory"
    SHOW_CHOICE = "show_choice"
    PUBLISH_CAPACITY = "publish_capacity"
    SHOW_AUDIT = "show_audit"
    VERIFY_AUDIT = "verify_audit"
    SHOW_MISUSE = "show_misuse"
    # The sharing protocol
    SHOW_PROTOCOL = "show_protocol"
    SIGN_PROTOCOL = "sign_protocol"
    AWAIT_PROTOCOL = "await_protocol"
    RECORD_ASSESSMENT = "record_assessment"
    RECORD_AGREEMENT = "record_agreement"
    ASSERT_FACT = "assert_fact"
    EVALUATE_CASE = "evaluate_case"
    REPORT_SHARING = "report_sharing"
    # Repair
    LIST_STUCK = "list_stuck"
    RETRY_WORK = "retry_work"
    REDRIVE_WORK = "redrive_work"
    PAUSE_CASE = "pause_case"
    RESUME_CASE = "resume_case"
    # The clockwork
    QUEUE_DELIVERY = "queue_delivery"
    DELIVER = "deliver"
    FAIL_DELIVERY = "fail_delivery"
    SEND_STOP = "send_stop"
    SEND_NOTICE = "send_notice"
    REMIND = "remind"
    BREACH = "breach"
    EXPIRE_REFERRAL = "expire_referral"
    ROUTE_ONWARD = "route_onward"
    OPEN_WINDOW = "open_window"
    CLOSE_WINDOW = "close_window"
    SEND_CONTACT = "send_contact"
    SETTLE_CONTACT = "settle_contact"


LOOKS = frozenset({Verb.SHOW_CASE, Verb.SHOW_TIMELINE, Verb.SHOW_CONTACT})
"""Verbs that look at the pages of a case: in the audit, and left out of what is told as done."""

PRIVATE = frozenset({Verb.START_ADVICE})
"""Verbs of which nobody hears but the actor's own organisation, and the auditors."""
