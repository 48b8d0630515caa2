"""The page of the duties: who owes what, by when, and what happens when the time is up."""

from collections.abc import Iterable, Iterator

from commands.duties import facts_of, how_counted, role_words
from docs.tables import page, table, words
from rules.duty_sets.advice import ADVICE
from rules.duty_sets.operational import OPERATIONAL
from rules.duty_sets.risk import RISK
from rules.duty_sets.safe_to_share import SAFE_TO_SHARE
from rules.duty_sets.slavery import SLAVERY
from rules.duty_sets.victims_code import VICTIMS_CODE
from rules.profiles import PROFILES, VICTIMS_CODE_2021
from schemas.deadlines import AtDue, Duty, Pace, Unit

_FAMILIES: tuple[tuple[str, tuple[Duty, ...]], ...] = (
    ("The Victims' Code", VICTIMS_CODE),
    ("Safe to Share", SAFE_TO_SHARE),
    ("Referrals, contact, consent and reviews", OPERATIONAL),
    ("Risk and MARAC", RISK),
    ("Modern slavery", SLAVERY),
    ("Advice", ADVICE),
)
_PACES = {
    Pace.STANDARD: "what every case has at least",
    Pace.ENHANCED: "for enhanced entitlement: of every case, until a person decides otherwise",
    Pace.HIGH_RISK: "while the risk of harm is high, or nobody has assessed it",
}
_PASSING = {
    AtDue.BREACH: "*Late*: it is recorded as late, it stays open, and a person is told.",
    AtDue.WATCH: "*Watched*: it is another agency's to do; a person of ours asks after it.",
    AtDue.OVER: "*Over*: the time had to pass and has passed; a person is told. Nobody is late.",
}


def render_duties() -> str:
    """The page of the duties."""
    return page(
        "# Who owes her what, and by when",
        "A duty is one rule: something starts it, it is due within a time, something meets it. A "
        "case is opened under one profile of duties and keeps it. A timer reminds and tells a "
        "person; it never contacts her, shares anything, or closes a case. "
        "`safepath deadline due` counts any of them from any start. Where a person says that a "
        "duty is met, the verb is `safepath deadline met`; the others the record sees by itself.",
        "Figures say where they come from and how sure that is. What is marked *design choice* is "
        "for each force to set.",
        "## How time is counted",
        "The shortest of the times that apply to a case counts.",
        table(("pace", "applies"), [(words(pace), _PACES[pace]) for pace in Pace]),
        table(
            ("unit", "counted from a start"), [(words(unit), how_counted(unit)) for unit in Unit]
        ),
        "A service that publishes its hours is counted by them.",
        "## When the time is up",
        "\n".join(f"- {_PASSING[passing]}" for passing in AtDue),
        "A supervisor may pause a duty, and what was left of it is given back; or extend it, with "
        "a reason. What is late already stays late. She can waive what is owed to her.",
        *(block for profile in PROFILES.values() for block in _of_profile(profile.id)),
    )


def _of_profile(profile_id: str) -> Iterator[str]:
    profile = PROFILES[profile_id]
    yield f"## {profile.title}"
    if profile is VICTIMS_CODE_2021:
        yield f"Profile `{profile.id}`: {len(profile.duties)} duties."
        for title, duties in _FAMILIES:
            yield f"### {title}"
            yield _overview(duties)
            yield from (block for duty in duties for block in _of_duty(duty))
        return
    yield f"Profile `{profile.id}`. These duties differ from `{VICTIMS_CODE_2021.id}`:"
    yield _overview(duty for duty in profile.duties if duty not in VICTIMS_CODE_2021.duties)


def _overview(duties: Iterable[Duty]) -> str:
    rows = (
        (duty.title, str(duty.within), *_shorter(duty), role_words(duty.reminds), _passing(duty))
        for duty in duties
    )
    head = ("duty", "within", "enhanced", "high risk", "reminded", "when the time is up")
    return table(head, rows)


def _shorter(duty: Duty) -> tuple[str, str]:
    enhanced, high_risk = (duty.term(pace) for pace in (Pace.ENHANCED, Pace.HIGH_RISK))
    return (str(enhanced.within) if enhanced else "–", str(high_risk.within) if high_risk else "–")


def _passing(duty: Duty) -> str:
    what = {AtDue.BREACH: "late", AtDue.WATCH: "watched", AtDue.OVER: "over"}[duty.at_due]
    return f"{what}: {role_words(duty.escalates_to)}"


def _of_duty(duty: Duty) -> tuple[str, str]:
    facts = (("Id", f"`{duty.id}`"), *facts_of(duty))
    return f"#### {duty.title}", "\n".join(f"- **{label}:** {said}" for label, said in facts)
