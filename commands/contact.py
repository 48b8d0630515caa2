"""`safepath contact`: how and when she can be reached safely, and each attempt to.

Attempts are in `commands.attempts`.
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import attempts
from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
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
    checked_text,
    desk,
    one_of,
    parse_json,
    read_input,
    said,
    state,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from activities.ports import Beside
    from schemas.contact import PlanTerms

app = typer.Typer(
    help="How and when she can be reached safely: her plan, and each attempt to reach her.",
    no_args_is_help=True,
)

EXAMPLE = """{
  "channels": ["voice", "she_contacts_us"],
  "windows": [
    {"weekday": 1, "opens": "10:00", "closes": "12:00"},
    {"weekday": 3, "opens": "10:00", "closes": "12:00", "valid_until": "2027-03-31"}
  ],
  "voicemail": "never",
  "caller_identity": "cover_name",
  "dropped_call": "wait",
  "do_not_post": true,
  "device_shared": "unknown",
  "interpreter": {"needed": false, "gender": "any", "excluded": []},
  "details": "the number, the cover name, whom to ask for: only what she agreed to",
  "safe_word": "a word she says when she can talk",
  "duress_word": "another word, for when somebody listens"
}
"""
_BESIDE = ("details", "safe_word", "duress_word")


@app.command()
@verb
async def plan(
    case: CaseArgument = "",
    file: Annotated[str, typer.Argument(help="The plan (JSON), or - for stdin.")] = "",
    example: Annotated[
        bool, typer.Option("--example", help="Print a plan to start from, and stop.")
    ] = False,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Set what she agreed to, from a file: `safepath contact plan --example > plan.json`.

    What is narrower than before holds at once. A new number, address or trusted person, a further
    channel, other times, a message or a letter, a name shown to whoever answers, another
    interpreter or other words wait until a second person confirms them (`contact confirm`); until
    then the old plan holds, less the times that the new one takes away. A first plan holds at once,
    unless its details would replace a contact that she gave when she disclosed: then they wait too,
    but for the very first act of whoever opened the case. Weekday 0 is Monday, times are London's.
    The details are sealed, of the words only a hash is kept, and none of them is ever shown with
    this. Give the file as - to leave none behind.
    """
    from schemas.contact_commands import SetPlan

    if example:
        out.out(EXAMPLE, end="")
        return
    if not case or not file:
        raise BadInputError("FILE", "name the case and the plan's file, or - for stdin")
    terms, beside = parse_plan(parse_json(read_input(file)))
    fact = SetPlan(
        **_about(case, actor, occurred_at, command_id),
        terms=terms,
        has_details=bool(beside.details),
        has_words=beside.has_words,
    )
    await state(data_dir, actor, fact, as_json=as_json, done="Plan recorded.", beside=beside)


@app.command()
@verb
async def show(
    case: CaseArgument,
    details: Annotated[
        bool,
        typer.Option(
            "--details",
            help="Show number and the like, as they hold and as somebody proposed them. It is "
            "recorded that you read.",
        ),
    ] = False,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show her plan in words, the next safe window, and the contacts planned and made."""
    async with desk(data_dir, actor, as_json=as_json) as opened:
        page = await opened.show_contact(case_ref(case), details=details)
        if as_json:
            print_json(page)
            return
        from commands.contact_words import details_lines, page_lines

        for line in page_lines(page):
            out.print(line)
        for of_what, text in details_lines(page) if details else ():
            out.print(f"  {of_what}: ", end="")
            out.out(text)


@app.command()
@verb
async def confirm(
    case: CaseArgument,
    number: Annotated[int, typer.Option("--plan", help="The plan that waits, by its number.")],
    how: Annotated[
        str,
        typer.Option(
            help="old_channel (name the contact), ngo_that_knows_her, or, where no way is left to "
            "ask her, told_in_person by a supervisor who saw her."
        ),
    ],
    contact: Annotated[
        int | None,
        typer.Option(
            help="The contact over the old channel in which she said so.", show_default=False
        ),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Confirm a change of her plan, as somebody other than who set it.

    Read first what it says (`contact show CASE --details`): it is that which you confirm.
    Never over a new number: over a channel of the plan in force, before the first plan over the
    one she used, or by an NGO that supports her or has spoken with her, and did not set it itself.
    """
    from schemas.contact import PlanConfirmation
    from schemas.contact_commands import ConfirmPlan

    fact = ConfirmPlan(
        **_about(case, actor, occurred_at, command_id),
        plan=number,
        how=one_of("--how", how, PlanConfirmation),
        contact=contact,
    )
    await state(data_dir, actor, fact, as_json=as_json, done="Confirmed: the new plan holds.")


@app.command()
@verb
async def renew(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she was asked, and everything is as it was. A plan is relied on for 30 days."""
    from schemas.contact_commands import RenewPlan

    fact = RenewPlan(**_about(case, actor, occurred_at, command_id))
    await state(data_dir, actor, fact, as_json=as_json, done="Renewed.")


@app.command()
@verb
async def suspend(
    case: CaseArgument,
    reason: Annotated[str, typer.Option(help="duress, unsafe or at_her_request.")],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Stop every contact with her for now. Never refused, whoever knows that it is not safe.

    What is planned is called off. A new plan, confirmed by a second person, opens the way again.
    That she has died is for `case died`, and stops contact too.
    """
    from schemas.contact import SuspendReason
    from schemas.contact_commands import SuspendPlan

    fact = SuspendPlan(
        **_about(case, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, SuspendReason),
    )
    await state(data_dir, actor, fact, as_json=as_json, done="Nobody contacts her for now.")


def parse_plan(document: Any) -> "tuple[PlanTerms, Beside]":
    """The terms of a plan in a JSON document, and what goes to the record beside them.

    Raises:
        BadInputError: the first field that is wrong, and why. What the field holds is not said.
    """
    from pydantic import ValidationError

    from activities.ports import Beside
    from schemas.contact import PlanTerms

    if not isinstance(document, dict):
        raise BadInputError("FILE", "a plan is an object: see `contact plan --example`")
    texts = {name: _text(name, document.get(name)) for name in _BESIDE}
    codes = {name: value for name, value in document.items() if name not in _BESIDE}
    if texts["safe_word"] and _tidy(texts["safe_word"]) == _tidy(texts["duress_word"]):
        raise BadInputError("duress_word", "agree two different words")
    try:
        return PlanTerms.model_validate(codes), Beside(**texts)
    except ValidationError as error:
        raise _first_fault(error) from None


def _text(name: str, value: Any) -> str:
    if value is not None and not isinstance(value, str):
        raise BadInputError(name, "write words, in quotation marks")
    return checked_text(name, (value or "").strip())


def _tidy(word: str) -> str:
    return " ".join(word.casefold().split())


def _first_fault(error: Any) -> BadInputError:
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    if first["type"] == "extra_forbidden":
        return BadInputError("FILE", "it has a field no plan has: see `contact plan --example`")
    field = ".".join(str(part) for part in first["loc"]) or "FILE"
    return BadInputError(field, first["msg"].removeprefix("Value error, "))


def _about(case: str, actor: str, occurred_at: str | None, command_id: str | None) -> Any:
    return {**said(actor, occurred_at, command_id), "case_ref": case_ref(case)}


app.command()(attempts.make)
app.command()(attempts.start)
app.command()(attempts.end)
app.command()(attempts.cancel)
