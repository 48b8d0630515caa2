"""`safepath deadline due` and `deadline duties`: the duties, and how they are counted.

Neither needs a running stack.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import JsonOption, out, print_json, verb
from commands.people import one_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from schemas.actor import Role
    from schemas.deadlines import DueDate, Duty, Pace, Profile, Unit

ProfileOption = Annotated[str, typer.Option(help="Id of the profile of duties.")]


@verb
def due(
    start: Annotated[
        str,
        typer.Option(
            help="When the duty starts, such as 2026-12-24T16:00; local time unless it says more."
        ),
    ],
    duty: Annotated[str, typer.Option(help="Id of the duty, such as vc-r4-support-referral.")],
    profile: ProfileOption = "victims-code-2021",
    pace: Annotated[
        str,
        typer.Option(
            help="standard; enhanced, as every case is counted until a person decides otherwise; "
            "or high_risk, which is enhanced too, as while risk is high or unknown. Of the terms "
            "that apply, the one that is due first counts."
        ),
    ] = "enhanced",
    as_json: JsonOption = False,
) -> None:
    """Say when a duty is due that starts at a given time. Needs no running stack."""
    from infra.calendars.load import england_and_wales
    from rules import deadlines
    from schemas.deadlines import Pace

    chosen = _duty_of(_profile_of(profile), duty)
    paces = _paces(one_of("pace", pace, Pace))
    calendar = england_and_wales()
    started_at = deadlines.local_moment(start, calendar)
    answer = deadlines.due(chosen, started_at, calendar, paces=paces)
    if as_json:
        print_json(_document(answer))
        return
    for line in _due_lines(chosen, started_at, answer, paces):
        out.print(line, markup=False)


@verb
def list_duties(profile: ProfileOption = "victims-code-2021", as_json: JsonOption = False) -> None:
    """List every duty: how long it has, what starts and ends it, who is told, and the source."""
    chosen = _profile_of(profile)
    if as_json:
        print_json(chosen)
        return
    out.print(f"{chosen.title} ({chosen.id}): {len(chosen.duties)} duties", markup=False)
    for duty in chosen.duties:
        out.print("", *_duty_lines(duty), sep="\n", markup=False)


def _profile_of(profile_id: str) -> "Profile":
    from rules.profiles import PROFILES
    from schemas.errors import BadInputError

    if profile_id not in PROFILES:
        known = ", ".join(PROFILES)
        raise BadInputError("profile", f"no profile of that id; profiles are {known}")
    return PROFILES[profile_id]


def _duty_of(profile: "Profile", duty_id: str) -> "Duty":
    from schemas.errors import BadInputError

    try:
        return profile.duty(duty_id)
    except KeyError:
        known = ", ".join(duty.id for duty in profile.duties)
        raise BadInputError("duty", f"{profile.id} has no such duty; duties are {known}") from None


def _paces(slowest: "Pace") -> "frozenset[Pace]":
    """A pace and every slower one: a case at high risk has enhanced rights too."""
    from schemas.deadlines import Pace

    in_order = list(Pace)
    return frozenset(in_order[: in_order.index(slowest) + 1])


def _document(answer: "DueDate") -> dict[str, Any]:
    return {
        "due_at": answer.due_at.isoformat(),
        "due_date": answer.due_date.isoformat(),
        "duty": answer.duty,
        "skipped": [{"date": day.date.isoformat(), "why": day.why} for day in answer.skipped],
    }


def _due_lines(
    duty: "Duty", started_at: "datetime", answer: "DueDate", paces: "frozenset[Pace]"
) -> list[str]:
    due_at, term = answer.due_at, duty.term(answer.pace)
    start = f"{_in_words(started_at)}, {started_at:%H:%M:%S}"
    lines = [f"{duty.title} ({duty.id})"]
    lines += [
        f"Due:     {_in_words(answer.due_date)}, {due_at:%H:%M:%S} (UTC{due_at.isoformat()[-6:]})"
    ]
    if term is not None:
        lines += [f"Counted: {term.within} from {start}, {how_counted(term.within.unit)}"]
    lines += [f"Pace:    {_of_which(duty, answer.pace, paces)}"]
    if answer.skipped:
        days = "; ".join(f"{_in_words(day.date)} ({day.why})" for day in answer.skipped)
        lines += [f"Skipped: {days}"]
    return [*lines, f"Source:  {duty.source}"]


def _of_which(duty: "Duty", counted: "Pace", paces: "frozenset[Pace]") -> str:
    others = [_plain(pace) for pace in sorted(paces) if pace is not counted and duty.term(pace)]
    if not others:
        return f"{_plain(counted)}, the only one of this duty that applies"
    return f"{_plain(counted)}, due no later than {' and '.join(others)}"


def how_counted(unit: "Unit") -> str:
    """How a length in this unit is counted from a start."""
    from schemas.deadlines import Unit

    return {
        Unit.WORKING_DAYS: "that day not counted",
        Unit.DAYS: "to the end of the last day",
        Unit.MONTHS: "to the end of that day of the month",
        Unit.SERVICE_HOURS: "while a service is open (Monday to Friday, 09:00 to 17:00)",
        Unit.HOURS: "elapsed time",
        Unit.SECONDS: "elapsed time",
    }[unit]


def _duty_lines(duty: "Duty") -> list[str]:
    facts = (f"  {label + ':':<10}{text}" for label, text in facts_of(duty))
    return [f"{duty.id}: {duty.title}", *facts]


def facts_of(duty: "Duty") -> list[tuple[str, str]]:
    """What a duty asks of whom, as pairs of a label and words; the page of duties has them too."""
    from schemas.deadlines import MetBy

    anew = " Each time anew." if duty.repeats else ""
    by_whom = " A person says so." if duty.met_by is MetBy.PERSON else ""
    leads = ", ".join(str(lead) for lead in (duty.remind_before, *duty.remind_again))
    seen = [("Seen", "by the service that runs it alone")] if duty.is_private else []
    return [
        ("Starts", f"{duty.starts_with}{anew}"),
        ("Within", _terms(duty)),
        ("Met", f"{duty.ends_with}{by_whom}"),
        ("Reminds", f"the {role_words(duty.reminds)}, {leads} before"),
        ("At due", _at_due(duty)),
        *seen,
        ("Source", duty.source),
    ]


def _terms(duty: "Duty") -> str:
    from schemas.deadlines import Pace

    shorter = ((pace, duty.term(pace)) for pace in Pace if pace is not Pace.STANDARD)
    further = [f"{_plain(pace)}: {term.within}" for pace, term in shorter if term]
    lapse = [f"unanswered, it lapses after {duty.lapse_within}"] if duty.lapse_within else []
    return "; ".join([str(duty.within), *further, *lapse])


def _at_due(duty: "Duty") -> str:
    from schemas.deadlines import AtDue

    whom = f"the {role_words(duty.escalates_to)}"
    return {
        AtDue.BREACH: f"it is late, and stays open; {whom} is told",
        AtDue.WATCH: f"it is somebody else's to do, and stays open; {whom} asks after it",
        AtDue.OVER: f"the time is over, which is nobody's breach; {whom} is told",
    }[duty.at_due]


_SHORT = {
    "dpo": "data protection officer",
    "oic": "officer in the case",
    "ops": "operations",
    "system": "clockwork",
    "ppu": "public protection",
    "ngo": "NGO",
    "idva": "IDVA",
    "isva": "ISVA",
    "marac": "MARAC",
    "nrm": "NRM",
    "info": "information",
    "spoc": "single point of contact",
}


def role_words(role: "Role") -> str:
    """A role as people call it: `officer in the case`."""
    return " ".join(_SHORT.get(word, word) for word in role.value.split("_"))


def _plain(pace: "Pace") -> str:
    return pace.value.replace("_", " ")


def _in_words(day: "date") -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"
