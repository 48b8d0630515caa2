"""The lanes in sentences: where a case stands in one, and what is typed to go on."""

from collections.abc import Iterable, Mapping

from schemas.actor import Role
from schemas.lanes import CHILDREN, MaracState, Nrm, NrmState
from schemas.verbs import Verb

_MARAC: Mapping[MaracState, str] = {
    MaracState.INDICATED: "The case meets a criterion of MARAC and was not referred yet",
    MaracState.REFERRED: "The case was referred to MARAC and has no meeting yet",
    MaracState.DECLINED: "The coordinator did not take the case",
    MaracState.LISTED: "The case is listed for a meeting",
    MaracState.HEARD: "The meeting has heard the case",
    MaracState.ACTIONS_OPEN: "Actions of the meeting are still open",
    MaracState.REPEAT_WATCH: "The meeting is over, and the case is watched for a repeat",
    MaracState.ENDED: "The watch after the meeting is over",
}

_NRM: Mapping[NrmState, str] = {
    NrmState.COUNCIL_INFORMED: "The council knows, and nothing was submitted yet",
    NrmState.CONSENT_ASKED: "She was asked, and nothing was submitted yet",
    NrmState.SUBMITTED: "The referral was submitted, and nothing was decided yet",
    NrmState.NOTIFIED_ANONYMOUSLY: "She said no, and the notification without her name was made",
    NrmState.POSITIVE_REASONABLE_GROUNDS: "The decision on reasonable grounds was positive",
    NrmState.NEGATIVE_REASONABLE_GROUNDS: "The decision on reasonable grounds was negative",
    NrmState.POSITIVE_CONCLUSIVE_GROUNDS: "The decision on conclusive grounds was positive",
    NrmState.NEGATIVE_CONCLUSIVE_GROUNDS: "The decision on conclusive grounds was negative",
    NrmState.DISQUALIFIED: "She was disqualified, and her recovery period is over",
    NrmState.RECONSIDERED: "The negative decision is looked at again",
}

_OPTIONS: Mapping[str, str] = {
    "criterion": "--criterion",
    "basis": "--basis",
    "agencies": "--agencies",
    "without_consent_because": "--because",
    "declined_because": "--reason",
    "meeting_on": "--on",
    "actions_due_on": "--due",
    "age": "--age",
    "answer": "--answer",
    "exploitation": "--exploitation",
}
"""As what each part of a move is typed."""


def marac_stands(state: MaracState | None) -> str:
    """Where a case stands with MARAC."""
    return _MARAC[state] if state else "No criterion of MARAC is on record yet"


def nrm_stands(nrm: Nrm | None) -> str:
    """Where a case stands in the lane of modern slavery."""
    if nrm is None:
        return "No signs of slavery or trafficking are on record yet"
    if nrm.state is not NrmState.INDICATED:
        return _NRM[nrm.state]
    asks = "the council does not know yet" if nrm.age in CHILDREN else "she was not asked yet"
    return f"Signs are on record, and {asks}"


def verb_of(verb: Verb, event: str) -> str:
    """What an event of a lane is typed as."""
    named = event.replace("_", "-")
    for answer in ("positive", "negative"):
        named = named.replace(f"-{answer}", f" --{answer}")
    return f"{verb.removeprefix('move_')} {named}"


def options(parts: Iterable[str]) -> str:
    """What parts of a move are typed as, in a sentence."""
    return " and ".join(f"`{_OPTIONS[part]}`" for part in parts)


def either(verbs: Iterable[str]) -> str:
    """Verbs of which one is typed, in a sentence."""
    *rest, last = (f"`{verb}`" for verb in verbs)
    return f"{', '.join(rest)} or {last}" if rest else last


def people(roles: Iterable[Role]) -> str:
    """Roles in a sentence."""
    return ", ".join(sorted(role.replace("_", " ") for role in roles))
