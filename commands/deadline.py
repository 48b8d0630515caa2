"""`safepath deadline`: when a duty is due, and how that was counted."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    local,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, desk

if TYPE_CHECKING:
    from datetime import date, datetime

    from schemas.deadlines import DueDate, Duration, Duty

app = typer.Typer(help="Deadlines: when a duty is due, and how it was counted.")


@app.callback()
def deadline() -> None:
    """Deadlines: when a duty is due, and how it was counted."""


@app.command()
@verb
def due(
    start: Annotated[
        str,
        typer.Option(
            help="When the duty starts, such as 2026-12-24T16:00; local time unless it says more."
        ),
    ],
    duty: Annotated[str, typer.Option(help="Id of the duty, such as vc-r4-support-referral.")],
    profile: Annotated[
        str, typer.Option(help="Id of the profile the duty is in.")
    ] = "victims-code-2021",
    as_json: JsonOption = False,
) -> None:
    """Say when a duty is due that starts at a given time. Needs no running stack."""
    from infra.calendars.load import england_and_wales
    from rules import deadlines

    chosen = _duty_of(profile, duty)
    calendar = england_and_wales()
    started_at = deadlines.local_moment(start, calendar)
    answer = deadlines.due(chosen, started_at, calendar)
    if as_json:
        print_json(_document(answer))
        return
    for line in _lines(chosen, started_at, answer):
        out.print(line, markup=False)


@app.command("list")
@verb
async def list_deadlines(
    actor: ActorOption = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="Only those that are late.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the open deadlines of your cases, soonest first. Restricted cases are absent."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_deadlines(overdue_only=overdue)
    if as_json:
        print_json(list(lines))
        return
    if not lines:
        out.print("Nothing is late." if overdue else "No open deadlines.")
        return
    table = listing("case", "deadline", "due", "state")
    for line in lines:
        state = "[bold red]late[/]" if line.is_overdue else line.state.value
        table.add_row(line.case_ref, line.id, local(line.due_at), state)
    out.print(table)


def _duty_of(profile_id: str, duty_id: str) -> "Duty":
    from rules.profiles import PROFILES
    from schemas.errors import BadInputError

    if profile_id not in PROFILES:
        known = ", ".join(PROFILES)
        raise BadInputError("profile", f"no profile of that id; profiles are {known}")
    profile = PROFILES[profile_id]
    try:
        return profile.duty(duty_id)
    except KeyError:
        known = ", ".join(duty.id for duty in profile.duties)
        raise BadInputError("duty", f"{profile_id} has no such duty; duties are {known}") from None


def _document(answer: "DueDate") -> dict[str, Any]:
    return {
        "due_at": answer.due_at.isoformat(),
        "due_date": answer.due_date.isoformat(),
        "duty": answer.duty,
        "skipped": [{"date": day.date.isoformat(), "why": day.why} for day in answer.skipped],
    }


def _lines(duty: "Duty", started_at: "datetime", answer: "DueDate") -> list[str]:
    due_at = answer.due_at
    start = f"{_in_words(started_at)}, {started_at:%H:%M:%S}"
    lines = [
        f"{duty.title} ({duty.id})",
        f"Due:     {_in_words(answer.due_date)}, {due_at:%H:%M:%S} (UTC{due_at.isoformat()[-6:]})",
        f"Counted: {_length(duty.within)} from {start}{_how(duty.within)}",
    ]
    if answer.skipped:
        days = "; ".join(f"{_in_words(day.date)} ({day.why})" for day in answer.skipped)
        lines.append(f"Skipped: {days}")
    return [*lines, f"Source:  {duty.source}"]


def _in_words(day: "date") -> str:
    return f"{day:%A} {day.day} {day:%B %Y}"


def _length(length: "Duration") -> str:
    unit = length.unit.replace("_", " ")
    return f"{length.count} {unit.removesuffix('s') if length.count == 1 else unit}"


def _how(length: "Duration") -> str:
    from schemas.deadlines import Unit

    return ", that day not counted" if length.unit is Unit.WORKING_DAYS else ", elapsed time"
