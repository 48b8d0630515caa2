"""The audit in plain words: one phrase for each verb, filled with codes."""

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rich.markup import escape

from schemas.actor import Role
from schemas.verbs import Verb

if TYPE_CHECKING:
    from schemas.views import AuditLine

PHRASES: dict[Verb, str] = {
    Verb.OPEN_CASE: "opened the case: {subject}, by {channel}, told {told}",
    Verb.SHOW_CASE: "looked at the case",
    Verb.READ_PERSONAL: "read personal texts ({what}): {fields}",
    Verb.LIST_CASES: "listed cases",
    Verb.SHOW_TIMELINE: "looked at the timeline",
    Verb.CONFIRM_SAFETY: "did the safety check: confirmed {confirmed}",
    Verb.ASK_CONSENT: "asked whether {recipient} may get {fields}",
    Verb.GIVE_CONSENT: "recorded her yes to {recipient}: {fields}",
    Verb.REFUSE_CONSENT: "recorded her no to {recipient}",
    Verb.WITHDRAW_CONSENT: "withdrew consent from {recipients}; stopped referrals: {referrals}",
    Verb.ADD_NEED: "added need {need}: {category}",
    Verb.REQUEST_REFERRAL: "requested referral {referral} of need {need} to {service}",
    Verb.RECALL_REFERRAL: "recalled referral {referral}: {reason}",
    Verb.LIST_INBOX: "looked at the inbox",
    Verb.OPEN_REFERRAL: "opened referral {referral}",
    Verb.ACCEPT_REFERRAL: "accepted referral {referral}",
    Verb.DECLINE_REFERRAL: "declined referral {referral}: {reason}",
    Verb.ENGAGE_REFERRAL: "began support on referral {referral}",
    Verb.COMPLETE_REFERRAL: "completed referral {referral}",
    Verb.CLOSE_CASE: "closing, as {reason}: {step}",
    Verb.LIST_DEADLINES: "listed deadlines",
    Verb.LOAD_DIRECTORY: "loaded the directory: {new} new services",
    Verb.LIST_DIRECTORY: "listed the directory",
    Verb.SHOW_AUDIT: "looked at the audit",
    Verb.VERIFY_AUDIT: "verified the audit",
    Verb.QUEUE_DELIVERY: "queued referral {referral}",
    Verb.DELIVER: "sent referral {referral} to {service}: {fields}",
    Verb.FAIL_DELIVERY: "gave up sending referral {referral}: a person is asked to look",
    Verb.SEND_STOP: "stopped referral {referral} at {service}",
    Verb.SEND_NOTICE: "posted a notice to {to}: {notice}",
    Verb.REMIND: "reminded of {deadline}",
    Verb.BREACH: "{deadline} is late: a person is asked to look",
    Verb.EXPIRE_REFERRAL: "nobody answered referral {referral} in time",
    Verb.ROUTE_ONWARD: "after referral {referral}: the next she chose is {next}",
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
    return escape(PHRASES[line.verb].format_map(codes))


def _spaced(codes: str) -> str:
    return codes.replace(",", ", ")
