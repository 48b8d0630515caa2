"""`safepath case`: open, look, steer and close cases."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    local,
    local_short,
    out,
    print_json,
    verb,
)
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    decide,
    desk,
    new_command_id,
    one_of,
    parse_json,
    print_actions,
    read_input,
    said,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.case import CaseOpening
    from schemas.views import CasePage

app = typer.Typer(help="Open, look at, steer and close cases.", no_args_is_help=True)

EXAMPLE = """{
  "subject": "victim",
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
    you and the named_people.
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
    """Show a case: where it stands, what is open, what you may do now."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        page = await opened.show_case(case_ref(case), personal=personal, notes=notes)
        if as_json:
            print_json(page)
        else:
            _print_page(page)


@app.command("list")
@verb
async def list_cases(
    actor: ActorOption = "",
    closed_too: Annotated[bool, typer.Option("--all", help="Closed cases too.")] = False,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List your organisation's cases, what is due first at the top. Restricted ones are absent."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_cases(closed_too=closed_too)
        if as_json:
            print_json(list(lines))
            return
        if not lines:
            out.print("No cases. `safepath case open` opens one.")
            return
        table = listing("case", "stage", "next due", "open tasks", "open referrals", "opened")
        for line in lines:
            due = local_short(line.next_due) if line.next_due else "–"
            opened_at = f"{line.recorded_at:%d %b %Y}"
            counts = (str(line.open_tasks), str(line.open_referrals))
            table.add_row(line.case_ref, line.stage.value, due, *counts, opened_at)
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


@app.command()
@verb
async def safety(
    case: CaseArgument,
    safe_to_talk: Annotated[
        bool, typer.Option("--safe/--not-safe", help="Can she talk safely now?")
    ],
    actor: ActorOption = "",
    danger: Annotated[bool, typer.Option("--danger", help="She is in immediate danger.")] = False,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record the safety check. Questions about help come only after it is confirmed."""
    from schemas.case_commands import ConfirmSafety

    from schemas.case import SafetyCheck

    command = ConfirmSafety(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        safety=SafetyCheck(safe_to_talk=safe_to_talk, immediate_danger=danger),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Safety check recorded.")


@app.command()
@verb
async def close(
    case: CaseArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="support_completed, at_victim_request, contact_not_safe_or_lost (two people), "
            "or entered_in_error."
        ),
    ],
    actor: ActorOption = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Close, after the closing review.")
    ] = False,
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Close a case: once to ask for the closing review, and with --confirm to close.

    Only a person closes a case. Open referrals speak against it.
    """
    from schemas.case_commands import CloseCase

    from schemas.case import ClosingReason

    command = CloseCase(
        **said(actor, occurred_at, command_id),
        case_ref=case_ref(case),
        reason=one_of("--reason", reason, ClosingReason),
        confirmed=confirm,
    )
    done = "Closed." if confirm else "In closing review; close with --confirm."
    await decide(data_dir, actor, command, as_json=as_json, done=done)


def _print_page(page: "CasePage") -> None:
    case = page.case
    marks = " [red]restricted[/]" if case.is_restricted else ""
    out.print(f"Case [bold]{case.case_ref}[/]{marks}: {case.stage.value}, version {case.version}")
    out.print(f"  {case.subject.value}, by {case.channel.value}, led by {case.owner}")
    for line in (*_help_lines(page), *_clock_lines(page)):
        out.print(f"  {line}")
    texts = {field.value: text for field, text in (page.personal or {}).items()}
    for field, text in [*texts.items(), *((f"note by {n.by}", n.text) for n in page.notes or ())]:
        out.print(f"  {field}: ", end="")
        out.out(text)
    print_actions(page.actions)


def _help_lines(page: "CasePage") -> Iterator[str]:
    for need in page.needs:
        category = need.category.value
        yield f"need {need.number}: {category}, {need.priority.value}, {need.state.value}"
    for consent in page.consents:
        fields = f" for {', '.join(consent.fields)}" if consent.fields else ""
        yield f"consent to {consent.recipient}: {consent.state.value}{fields}"
    for referral in page.referrals:
        why = f" ({referral.reason.value})" if referral.reason else ""
        state = f"[bold]{referral.state.value}[/]{why}"
        yield f"referral {referral.number} to {referral.service}: {state}"


def _clock_lines(page: "CasePage") -> Iterator[str]:
    for deadline in page.deadlines:
        yield f"deadline {deadline.id}: due {local(deadline.due_at)}, {deadline.state.value}"
    for task in page.tasks:
        if not task.is_done:
            yield f"[yellow]task for {task.for_role.value}: {task.kind.value}[/]"
