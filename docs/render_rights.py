"""The page of the rights: verb × role × whose case it is, each right with its source.

What holds in a case of another organisation is not written down here: the rules are asked.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from commands.duties import role_words
from docs.tables import codes, page, roles, table, words
from rules.decide import objection_to
from rules.rights import RIGHTS, may
from schemas.actor import AGENCY_ROLES, NGO_ROLES, Actor, Role
from schemas.case import CaseHeader, Channel, Stage, Subject
from schemas.casework import Transfer
from schemas.snapshot import CaseSnapshot
from schemas.verbs import Verb

_AT = datetime(2026, 11, 24, 9, tzinfo=UTC)
_OURS, _THEIRS = "our-organisation", "their-organisation"

ABOUT_NO_CASE: Mapping[Verb, str] = {
    Verb.OPEN_CASE: "own: the case is led by the organisation of whoever opens it",
    Verb.LIST_CASES: "own: cases that their organisation leads, restricted ones left out",
    Verb.LIST_INBOX: "own: what services of their organisation were sent",
    Verb.LIST_DEADLINES: "own: of cases they lead, or of referrals their service holds",
    Verb.MARK_LEFT: "own: staff of their organisation",
    Verb.LIST_LEAVERS: "own: staff of their organisation",
    Verb.LIST_STUCK: "all: codes and references of what keeps failing, nothing of the cases",
    Verb.RETRY_WORK: "all: the clockwork, nothing of the cases",
    Verb.REDRIVE_WORK: "all: the clockwork, nothing of the cases",
    Verb.PAUSE_CASE: "all: the clockwork, nothing of the cases",
    Verb.RESUME_CASE: "all: the clockwork, nothing of the cases",
    Verb.LOAD_DIRECTORY: "the directory is everybody's",
    Verb.LIST_DIRECTORY: "the directory is everybody's",
    Verb.SHOW_CHOICE: "the directory is everybody's",
    Verb.PUBLISH_CAPACITY: "own: services of their organisation",
    Verb.SHOW_AUDIT: "all, and the data protection officer their own organisation",
    Verb.VERIFY_AUDIT: "all: the audit is one",
    Verb.SHOW_MISUSE: "all, and the data protection officer their own organisation",
    Verb.SHOW_PROTOCOL: "the protocol is everybody's to read",
    Verb.SIGN_PROTOCOL: "own: of their organisation",
    Verb.AWAIT_PROTOCOL: "own: of their organisation",
    Verb.RECORD_ASSESSMENT: "own: of their organisation",
    Verb.RECORD_AGREEMENT: "own: of their organisation",
    Verb.ASSERT_FACT: "own: cases their organisation has a part in",
    Verb.EVALUATE_CASE: "own: cases of their organisation that they may see",
    Verb.REPORT_SHARING: "counts, none below five; a data protection officer and a protocol owner "
    "their own organisation",
    Verb.RELAY_WITHDRAWAL: "any case, whether or not there is one: it is passed on",
}
"""Verbs that no rule is asked about for one case, and what they reach."""

_GROUPS: tuple[tuple[str, str, frozenset[Role]], ...] = (
    (
        "Police and councils",
        "Their rights hold in cases that their own organisation leads.",
        AGENCY_ROLES,
    ),
    (
        "Services (NGOs)",
        "Their rights hold where a referral of the case has reached their own organisation.",
        NGO_ROLES,
    ),
    (
        "Oversight and operations",
        "A data protection officer has rights in cases of their own organisation alone.",
        frozenset({Role.DPO, Role.AUDITOR, Role.OPS}),
    ),
    (
        "Sharing with Immigration Enforcement",
        "Beside those above, these have a part in the protocol, and lead no case.",
        frozenset({Role.SENIOR_AUTHORISER, Role.INFO_SHARING_SPOC, Role.PROTOCOL_OWNER}),
    ),
)


def render_rights() -> str:
    """The page of the rights."""
    clockwork = (words(verb) for verb in Verb if may(verb, Role.SYSTEM))
    sources = [
        (words(verb), roles(whose), source)
        for verb in Verb
        for source, whose in _by_source(verb).items()
    ]
    return page(
        "# Who may do what",
        "Three questions decide: does the role have the verb, is it a case of one's own "
        "organisation, and did the person declare no conflict of interest? What is not marked is "
        "refused, and the refusal names the roles that have the verb. The last column says what "
        "holds in a case of **another** organisation: *no* nearly everywhere, and a withdrawal of "
        "consent is heard from anybody near her, whosever case it is.",
        "Of the agency that leads it, a restricted case is visible to its named people alone, "
        "whatever their role. Of a service that a referral of it has reached, supervisors alone "
        "see what a service sees of any case: that referral, its packet and, where she agreed, how "
        "to reach her; their colleagues see nothing of it. Its rows in the audit hold codes only, "
        "and are read by the data protection officer and the auditors.",
        *(block for group in _GROUPS for block in _of_group(*group)),
        "## The clockwork",
        f"What is done without a person: {', '.join(clockwork)}. It shares no verb with people: "
        "it cannot consent, refer to a service she did not choose, or close a case.",
        "## Why",
        "Each right with its source; *design choice* where no source prescribes it.",
        table(("verb", "roles", "source"), sources),
    )


def elsewhere(verb: Verb, role: Role) -> str:
    """What holds for somebody with the right in a case of another organisation."""
    if verb in ABOUT_NO_CASE:
        return ABOUT_NO_CASE[verb]
    actor = Actor(role=role, organisation=_OURS, person="ann")
    foreign = _a_case_of(_THEIRS)
    if objection_to(foreign, verb, actor) is None:
        return "yes"
    offer = Transfer(number=1, to_organisation=_OURS, offered_by=f"{_THEIRS}:ben", offered_at=_AT)
    offered = foreign.model_copy(update={"transfers": (offer,)})
    if objection_to(offered, verb, actor) is None:
        return "once the case is offered to their organisation"
    return "no"


def _of_group(title: str, holds: str, these: frozenset[Role]) -> Iterable[str]:
    columns = [role for role in Role if role in these]
    verbs = [verb for verb in Verb if any(may(verb, role) for role in columns)]
    rows = [
        (words(verb), *(_mark(verb, role) for role in columns), _elsewhere_of(verb, columns))
        for verb in verbs
    ]
    named = (f"{role_words(role)} {codes((role,))}" for role in columns)
    head = ("verb", *named, "in another organisation's case")
    return (f"## {title}", holds, table(head, rows))


def _mark(verb: Verb, role: Role) -> str:
    return "yes" if may(verb, role) else "–"


def _elsewhere_of(verb: Verb, columns: Iterable[Role]) -> str:
    return " / ".join(dict.fromkeys(elsewhere(verb, role) for role in columns if may(verb, role)))


def _by_source(verb: Verb) -> dict[str, list[Role]]:
    cells: dict[str, list[Role]] = {}
    for role in Role:
        if may(verb, role):
            cells.setdefault(RIGHTS[verb, role], []).append(role)
    return cells


def _a_case_of(owner: str) -> CaseSnapshot:
    header = CaseHeader(
        case_ref="bafod-kisut-n",
        version=1,
        stage=Stage.OPEN,
        subject=Subject.VICTIM,
        channel=Channel.POLICE_101,
        is_restricted=False,
        owner=owner,
        profile="victims-code-2021",
        safety_confirmed=True,
        occurred_at=_AT,
        recorded_at=_AT,
    )
    return CaseSnapshot(case=header)
