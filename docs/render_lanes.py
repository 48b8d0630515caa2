"""The page of the lanes: risk, MARAC, modern slavery, and the events that begin and end duties."""

from collections.abc import Iterable, Mapping, Sequence

from docs.tables import codes, page, roles, table, words
from rules import marac, risk
from rules.events import ENDS, MOVES_NO_DUTY, STARTS, VOIDS
from rules.lane_table import Step
from rules.lane_words import verb_of
from rules.marac import MARAC_TRANSITIONS
from rules.nrm import NRM_TRANSITIONS, NrmStep
from rules.profiles import VICTIMS_CODE_2021
from rules.rights import roles_with
from schemas.casework import CaseEvent
from schemas.lanes import AgeGroup, MaracEvent, MaracState, NrmState, RiskGrade
from schemas.verbs import Verb

_HEAD = ("verb", "from", "to", "by", "say", "meets the duty", "begins the duty")
_SAID: Mapping[str, str] = {
    "criterion": "the criterion",
    "basis": "on what ground, consent or not",
    "without_consent_because": "why without her consent",
    "agencies": "who is to sit there",
    "declined_because": "why",
    "meeting_on": "the day of the meeting",
    "actions_due_on": "by which day",
    "age": "whether she is adult, a child, or perhaps one",
    "answer": "her answer",
    "exploitation": "the kind of exploitation",
}
"""What an event needs to be said, in words."""


def render_lanes() -> str:
    """The page of the lanes."""
    return page(
        "# Risk, MARAC, modern slavery, and what happens in the case",
        "Lanes run beside support: they never begin, delay or end it, and nothing in them leaves "
        "for anybody by itself. Times and sources of the duties named here are in "
        "[duties.md](duties.md); every row is a verb, such as `safepath marac refer`. What is not "
        "in a table is refused.",
        "## Risk",
        *_risk(),
        "## MARAC",
        "The multi-agency risk assessment conference. She does not attend; an IDVA speaks for "
        "her. Immigration Enforcement is never one of its agencies.",
        f"States: {_states(MaracState)}. Anybody here is: {roles(roles_with(Verb.MOVE_MARAC))}.",
        table(_HEAD, [_step(Verb.MOVE_MARAC, row) for row in MARAC_TRANSITIONS]),
        "## Modern slavery (NRM)",
        "The National Referral Mechanism. An adult is asked, and referred only if she agrees; "
        "otherwise a notification without identifiers is made (Modern Slavery Act 2015, s.52). A "
        "child, or somebody who may be one, is referred without being asked, and the council "
        "knows first. The decisions on grounds are the Home Office's.",
        f"States: {_states(NrmState)}. Anybody here is: {roles(roles_with(Verb.MOVE_NRM))}.",
        table(
            (*_HEAD, "path"), [(*_step(Verb.MOVE_NRM, row), _path(row)) for row in NRM_TRANSITIONS]
        ),
        "## Events",
        "Put on record by `safepath case event`, by "
        f"{roles(roles_with(Verb.RECORD_EVENT))}. Duties count from when it happened.",
        table(
            ("event", "begins the duty", "meets the duty", "ends the duty unmet"),
            [_event(event) for event in CaseEvent],
        ),
        f"Only put on record: {codes(event for event in CaseEvent if event in MOVES_NO_DUTY)}.",
    )


def _risk() -> Iterable[str]:
    grades = ", ".join(words(grade) for grade in RiskGrade)
    yield (
        f"A person grades ({grades}); until then the risk counts as high for every deadline. "
        "Somebody else reviews each grade, and it is made again in time. Judgement may raise what "
        "a DASH form says, and never lowers it."
    )
    rows = [
        (f"from {risk.MEDIUM} ticks of a DASH form", "medium at least"),
        (f"from {marac.VISIBLE_HIGH_RISK} ticks", "high: the MARAC criterion visible high risk"),
        ("high without so many ticks", "the criterion professional judgement"),
        (f"{marac.ESCALATION} reports to the police in 12 months", "the criterion escalation"),
        ("it happened again in the 12 months after a hearing", "the criterion repeat"),
    ]
    yield table(("found", "means"), rows)
    yield "Thresholds are local; these are what forms in use say, and were not confirmed."


def _step(verb: Verb, row: Step[MaracState, MaracEvent] | NrmStep) -> Sequence[str]:
    return (
        f"`{verb_of(verb, row.event)}`",
        ", ".join(_from(row)),
        words(row.target),
        _who(verb, row),
        _said(row),
        _duties(row.meets),
        _duties(row.starts),
    )


def _who(verb: Verb, row: Step[MaracState, MaracEvent] | NrmStep) -> str:
    others = frozenset(roles_with(verb)) - row.who
    if len(others) > 1:
        return roles(row.who)
    return f"anybody but the {roles(others)}" if others else "anybody"


def _duties(ids: Iterable[str]) -> str:
    return "; ".join(f"{VICTIMS_CODE_2021.duty(one).title} (`{one}`)" for one in ids) or "–"


def _from(row: Step[MaracState, MaracEvent] | NrmStep) -> Iterable[str]:
    if None in row.sources:
        yield "nothing yet"
    yield from (words(state) for state in type(row.target) if state in row.sources)


def _said(row: Step[MaracState, MaracEvent] | NrmStep) -> str:
    needed = [_SAID[name] for name in row.needs]
    return "; ".join((*needed, *(f"where it applies, {_SAID[name]}" for name in row.takes))) or "–"


def _path(row: NrmStep) -> str:
    if row.ages == frozenset(AgeGroup):
        return "any"
    return "adult" if AgeGroup.ADULT in row.ages else "child, or perhaps one"


def _event(event: CaseEvent) -> Sequence[str]:
    return (f"`{event}`", *(_duties(moved.get(event, ())) for moved in (STARTS, ENDS, VOIDS)))


def _states(kind: type[MaracState] | type[NrmState]) -> str:
    return ", ".join(words(state) for state in kind)
