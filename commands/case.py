"""`safepath case`: open and look at cases.

What happens to a case is in `commands.case_course`, who works on it in `commands.case_people`, and
its end in `commands.case_erase`.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import case_course, case_erase, case_people
from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    local_short,
    out,
    print_json,
    verb,
)
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    case_ref,
    desk,
    new_command_id,
    parse_json,
    print_actions,
    read_input,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.case import CaseOpening

app = typer.Typer(help="Open, look at, steer and close cases.", no_args_is_help=True)

EXAMPLE = """{
  "subject": "victim",
  "age": "adult",
  "channel": "police_101",
  "occurred_at": "2026-11-20T10:00:00+00:00",
  "told": {"version": "told-2026-1", "language": "en", "at": "2026-11-20T10:02:00+00:00"},
  "first_question_at": "2026-11-20T10:05:00+00:00",
  "perpetrator_works_here": "no",
  "safety": {"safe_to_talk": true, "immediate_danger": false},
  "personal": {
    "name": "Example Person",
    "safe_contact": "only through the library, weekdays before noon",
    "language": "en",
    "circumstances": "what happened, in as few words as the service needs"
  },
  "own_notes": "for your own organisation's eyes"
}
"""


@app.command("open")
@verb
async def open_case(
    file: Annotated[str, typer.Argument(help="The opening file (JSON), or - for stdin.")] = "",
    actor: ActorOption = "",
    example: Annotated[
        bool, typer.Option("--example", help="Print an opening file to start from, and stop.")
    ] = False,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Open a case from a file: `safepath case open --example > opening.json` makes one.

    Nothing is sent to anybody. The file holds no nationality and no immigration status; a file
    that tries is refused. Answer yes or unsure to perpetrator_works_here to restrict the case to
    you and the named_people, one colleague at least, so that it is not lost when you leave.
    """
    if example:
        out.out(EXAMPLE, end="")
        return
    if not file:
        raise BadInputError("FILE", "name the opening file, or - for stdin (see --example)")
    opening = parse_opening(parse_json(read_input(file)))
    async with desk(data_dir, actor, as_json=as_json) as opened:
        answer = await opened.open_case(opening, new_command_id(command_id))
        if as_json:
            print_json({"case": answer.case, "journey_started": answer.journey_started})
            return
        out.print(f"[bold green]Opened.[/] Case [bold]{answer.case.case_ref}[/]")
        if answer.case.is_restricted:
            out.print("  It is restricted: only you and the named people can see it, by its name.")
        if not answer.case.safety_confirmed:
            out.print("  Safety is not confirmed yet: `safepath case safety` comes first.")
        if not answer.journey_started:
            out.print("  Temporal is away: the worker starts the journey when it is back.")


def parse_opening(document: Any) -> "CaseOpening":
    """The opening in a JSON document.

    Raises:
        BadInputError: the first field that is wrong, and why. What the field holds is not said.
    """
    from pydantic import ValidationError

    from schemas.case import CaseOpening

    try:
        return CaseOpening.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False)
        first = min(found, key=lambda one: one["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in first["loc"]) or "file"
        reason = first["msg"].removeprefix("Value error, ")
        if first["type"] == "extra_forbidden":
            reason = "the opening has no such field; what it has, `case open --example` shows"
        raise BadInputError(field, reason) from None


@app.command()
@verb
async def show(
    case: CaseArgument,
    actor: ActorOption = "",
    personal: Annotated[
        bool,
        typer.Option("--personal", help="Show personal texts. It is recorded that you read them."),
    ] = False,
    notes: Annotated[
        bool, typer.Option("--notes", help="Show your own organisation's notes. Recorded too.")
    ] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show a case: where it stands, who works on it, what is open, what you may do now.

    Who is not named in a restricted case is told that there is no such case.
    """
    async with desk(data_dir, actor, as_json=as_json) as opened:
        page = await opened.show_case(case_ref(case), personal=personal, notes=notes)
        if as_json:
            print_json(page)
            return
        from commands.case_page import page_lines

        for line in page_lines(page):
            out.print(line)
        texts = {field.value: text for field, text in (page.personal or {}).items()}
        notes_by = ((f"note by {note.by}", note.text) for note in page.notes or ())
        for field, text in (*texts.items(), *notes_by):
            out.print(f"  {field}: ", end="")
            out.out(text)
        print_actions(page.actions)


@app.command("list")
@verb
async def list_cases(
    actor: ActorOption = "",
    closed_too: Annotated[bool, typer.Option("--all", help="Closed cases too.")] = False,
    mine: Annotated[bool, typer.Option("--mine", help="Only those assigned to you.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List your organisation's cases, what is due first at the top. Restricted ones are absent.

    Tasks and referrals are counted while they are open; `with` is who works on the case.
    """
    async with desk(data_dir, actor, as_json=as_json) as opened:
        found = await opened.list_cases(closed_too=closed_too)
        lines = [one for one in found if not mine or one.assigned_to == opened.actor.person]
        if as_json:
            print_json(lines)
            return
        if not lines:
            none = "None is assigned to you." if mine else "No cases. `case open` opens one."
            out.print(none)
            return
        table = listing("case", "stage", "with", "next due", "tasks", "referrals", "opened")
        for line in lines:
            due = local_short(line.next_due) if line.next_due else "–"
            opened_at = f"{line.recorded_at:%d %b %Y}"
            counts = (str(line.open_tasks), str(line.open_referrals))
            who = line.assigned_to or "nobody"
            stage = "erased" if line.erased_at else line.stage.value
            table.add_row(line.case_ref, stage, who, due, *counts, opened_at)
        out.print(table)


@app.command()
@verb
async def timeline(
    case: CaseArgument,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show what happened in a case, by whom, oldest first. No personal text."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        from commands.wording import timeline_text

        lines = await opened.show_timeline(case_ref(case))
        if as_json:
            print_json(list(lines))
            return
        for line in lines:
            out.print(timeline_text(line))


for name, function in (
    ("safety", case_course.safety),
    ("entitlement", case_course.entitlement),
    ("event", case_course.event),
    ("link", case_course.link),
    ("died", case_course.died),
    ("close", case_course.close),
    ("reopen", case_course.reopen),
    ("erase", case_erase.erase),
    ("handover", case_people.handover),
    ("transfer", case_people.transfer),
    ("take", case_people.take),
    ("decline", case_people.decline),
    ("conflict", case_people.conflict),
    ("name", case_people.name),
):
    app.command(name)(function)
