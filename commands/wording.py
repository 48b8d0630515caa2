"""The audit in plain words: one phrase for each verb, filled with codes.

What stands in square brackets is said only where its code is known.
"""

import re
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.markup import escape

from schemas.actor import Role
from schemas.verbs import Verb

if TYPE_CHECKING:
    from schemas.views import AuditLine

_PLACE = re.compile(r"\{(\w+)\}")
_OPTIONAL = re.compile(r"\[([^\]]*)\]")

PHRASES: dict[Verb, str] = {
    Verb.OPEN_CASE: "opened the case: {subject}, by {channel}, told {told}",
    Verb.SHOW_CASE: "looked at the case",
    Verb.READ_PERSONAL: "read personal texts ({what}): {fields}",
    Verb.LIST_CASES: "listed cases",
    Verb.SHOW_TIMELINE: "looked at the timeline",
    Verb.CONFIRM_SAFETY: "did the safety check: confirmed {confirmed}",
    Verb.SET_ENTITLEMENT: "set her entitlement: {entitlement} ({reason})",
    Verb.RECORD_EVENT: "recorded: {event}",
    Verb.LINK_CASE: "linked the case[ with {other}]: {link}",
    Verb.RECORD_DEATH: "her death[: {step}][; stopped referrals: {referrals}]",
    Verb.FINISH_TASK: "did what a task asked for: {task}[ (referral {referral})]",
    Verb.CLOSE_CASE: "closing, as {reason}: {step}",
    Verb.REOPEN_CASE: "opened the case again: {reason}",
    Verb.PROPOSE_ERASURE: "proposed to erase the case: {reason}",
    Verb.ANSWER_ERASURE: "answered the proposal to erase the case: {answer}",
    Verb.ERASE_CASE: "erased the case: {reason}, proposed by {proposed_by}, confirmed by "
    "{confirmed_by}",
    Verb.HAND_OVER: "handed the case over to {to}, with what is open: deadlines {deadlines}, "
    "tasks {tasks}, referrals {referrals}",
    Verb.OFFER_TRANSFER: "offered the case to {to}[: {agreed}]",
    Verb.ANSWER_TRANSFER: "answered the offer of the case: {answer}",
    Verb.DECLARE_CONFLICT: "declared a conflict of interest: {conflict}",
    Verb.PROPOSE_NAMED: "proposed that {person} may see the case",
    Verb.CONFIRM_NAMED: "agreed that {person} may see the case",
    Verb.MARK_LEFT: "noted that {person} has left",
    Verb.LIST_LEAVERS: "looked at what rests on people who have left",
    Verb.ASK_CONSENT: "asked whether {recipient} may get {fields}",
    Verb.GIVE_CONSENT: "recorded her yes to {recipient}: {fields}",
    Verb.REFUSE_CONSENT: "recorded her no to {recipient}",
    Verb.REFLECT_CONSENT: "recorded that she thinks about {recipient}[; ask again {ask_again}]",
    Verb.MARK_NOT_CAPABLE: "recorded that she cannot decide about {recipient} now",
    Verb.WITHDRAW_CONSENT: "withdrew consent from {recipients}; stopped referrals: {referrals}",
    Verb.RELAY_WITHDRAWAL: "passed on a withdrawal of consent",
    Verb.ANSWER_CHECK: "recorded her answer to check {check}, whether it was her: {answer}"
    "[, in contact {contact}]",
    Verb.ADD_NEED: "added need {need}: {category}",
    Verb.REQUEST_REFERRAL: "requested referral {referral} of need {need} to {service}",
    Verb.REOPEN_REFERRAL: "requested referral {referral} to {service} in place of {replaces}",
    Verb.SET_PRIORITY: "set the priority of referral {referral}: {priority}",
    Verb.ANSWER_INFO: "answered what was asked on referral {referral}: {answer}",
    Verb.RECALL_REFERRAL: "recalled referral {referral}: {reason}",
    Verb.CORRECT_REFERRAL: "said that referral {referral} was entered in error: {reason}",
    Verb.LIST_INBOX: "looked at the inbox",
    Verb.OPEN_REFERRAL: "opened referral {referral}",
    Verb.CLAIM_REFERRAL: "took referral {referral} on as own work",
    Verb.RELEASE_REFERRAL: "gave referral {referral} back to colleagues",
    Verb.REQUEST_INFO: "asked back on referral {referral}",
    Verb.WAITLIST_REFERRAL: "put referral {referral} on the waiting list: {reason}"
    "[; expected by {expected_by}][, after the longest wait, which ends on {past_ceiling}]",
    Verb.ACCEPT_REFERRAL: "accepted referral {referral}",
    Verb.DECLINE_REFERRAL: "declined referral {referral}: {reason}",
    Verb.ENGAGE_REFERRAL: "began support on referral {referral}",
    Verb.COMPLETE_REFERRAL: "completed referral {referral}",
    Verb.END_REFERRAL: "ended referral {referral} early: {reason}",
    Verb.START_ADVICE: "started a deadline of her adviser on referral {referral}",
    Verb.PLACE_HOLD: "placed hold {hold} on sharing with Immigration Enforcement",
    Verb.LIFT_HOLD: "lifted hold {hold}",
    Verb.SHOW_CONTACT: "looked at how she can be reached",
    Verb.SET_PLAN: "set contact plan {plan}: {state}[; to be confirmed: {changes}]",
    Verb.CONFIRM_PLAN: "confirmed contact plan {plan}: {how}[ in contact {contact}]",
    Verb.RENEW_PLAN: "checked contact plan {plan} with her: as it was",
    Verb.SUSPEND_PLAN: "suspended contact with her: {reason}",
    Verb.PLAN_CONTACT: "planned contact {contact} by {channel}, safe at {safe_at}",
    Verb.START_CONTACT: "started contact {contact}[, by plan {plan}]",
    Verb.END_CONTACT: "ended contact {contact}[: {result}][; outside the plan: {outside_plan}]",
    Verb.CANCEL_CONTACT: "called off contact {contact}",
    Verb.ASSESS_RISK: "assessed the risk ({risk}): {grade}[; for MARAC: {criteria}]",
    Verb.REVIEW_RISK: "reviewed assessment {risk}: agreed {agreed}",
    Verb.MOVE_MARAC: "MARAC {marac}, {event}: {state}[; {ground}][; with {agencies}]",
    Verb.MOVE_NRM: "NRM {nrm}, {event}: {state}",
    Verb.LIST_DEADLINES: "listed deadlines",
    Verb.MEET_DEADLINE: "said that {deadline} is met",
    Verb.PAUSE_DEADLINE: "paused {deadline}: {reason}",
    Verb.RESUME_DEADLINE: "let {deadline} go on[ until {due}]",
    Verb.EXTEND_DEADLINE: "extended {deadline}[ until {due}]: {reason}",
    Verb.WAIVE_DEADLINE: "waived {deadline}, as she does not want it",
    Verb.LIST_STUCK: "looked at what is stuck",
    Verb.RETRY_WORK: "had {workflow} tried again: {why}",
    Verb.REDRIVE_WORK: "began {workflow} anew: {why}",
    Verb.PAUSE_CASE: "held back what goes out of the case: {why}",
    Verb.RESUME_CASE: "let go out again what was held back: {why}",
    Verb.LOAD_DIRECTORY: "loaded the directory: {new} new services",
    Verb.LIST_DIRECTORY: "listed the directory",
    Verb.SHOW_CHOICE: "looked for services that suit",
    Verb.PUBLISH_CAPACITY: "published the capacity of {service}: {capacity}[, {wait_days} days]",
    Verb.SHOW_AUDIT: "looked at the audit",
    Verb.VERIFY_AUDIT: "verified the audit",
    Verb.SHOW_MISUSE: "looked at the counts per person",
    Verb.SHOW_PROTOCOL: "looked at the sharing protocol in use",
    Verb.SIGN_PROTOCOL: "signed for the sharing protocol {version}: {act}, under DPIA {dpia}",
    Verb.AWAIT_PROTOCOL: "awaits protocol {version}[, expected {expected}][; dropped: {dropped}]",
    Verb.RECORD_ASSESSMENT: "recorded the impact assessment {dpia}: review by {review_by}",
    Verb.RECORD_AGREEMENT: "recorded the agreement {agreement} of {parties}, until {expires}",
    Verb.ASSERT_FACT: "asserted a fact",
    Verb.EVALUATE_CASE: "evaluated the sharing protocol",
    Verb.REPORT_SHARING: "looked at the report on consistency",
    Verb.QUEUE_DELIVERY: "queued referral {referral}",
    Verb.DELIVER: "sent referral {referral} to {service}: {fields}",
    Verb.FAIL_DELIVERY: "gave up sending referral {referral}: a person is asked to look",
    Verb.SEND_STOP: "stopped referral {referral} at {service}",
    Verb.SEND_NOTICE: "posted a notice to {to}: {notice}[ ({task})]",
    Verb.REMIND: "reminded of {deadline}",
    Verb.BREACH: "{deadline} is late: a person is asked to look",
    Verb.EXPIRE_REFERRAL: "nobody answered referral {referral} in time",
    Verb.ROUTE_ONWARD: "went on after referral {referral}[: the next she chose is {next}]",
    Verb.OPEN_WINDOW: "the time of contact {contact} came[: {refused}, so it waits]",
    Verb.CLOSE_WINDOW: "the safe window of contact {contact} is over: it waits for the next",
    Verb.SEND_CONTACT: "the time of the text of contact {contact} came[: {refused}, so it waits]",
    Verb.SETTLE_CONTACT: "settled the text of contact {contact}: {result}",
}


class _Codes(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def timeline_text(line: "AuditLine") -> str:
    """One row of the audit, to be read by a person (rich markup)."""
    who = "safepath" if line.actor.role is Role.SYSTEM else str(line.actor)
    at = f"{line.recorded_at.astimezone(ZoneInfo('Europe/London')):%d %b %H:%M:%S}"
    return f"[dim]{at}[/] {who:<32} {_what(line)}"


def _what(line: "AuditLine") -> str:
    if line.outcome == "refused":
        reasons = ", ".join(line.reasons)
        return f"[yellow]was refused: {line.verb} ({reasons})[/]".replace("_", " ")
    codes = _Codes((key, _spaced(str(value))) for key, value in line.detail.items())
    phrase = _OPTIONAL.sub(lambda part: _if_known(part[1], codes), PHRASES[line.verb])
    return escape(phrase.format_map(codes))


def _if_known(part: str, codes: dict[str, str]) -> str:
    return part if all(name in codes for name in _PLACE.findall(part)) else ""


def _spaced(codes: str) -> str:
    return codes.replace(",", ", ")
