"""Who works on a case: hand-over, transfer, conflicts of interest, named people.

Verbs of `safepath case`.
"""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from commands.console import (
    DEFAULT_DATA_DIR,
    REFUSED,
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
    case_ref,
    decide,
    desk,
    one_of,
    said,
    staff_code,
    state,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.case_commands import AnswerTransfer, HandOver
    from schemas.decisions import Reply
    from web.desk import Desk

PersonArgument = Annotated[
    str, typer.Argument(help="Their staff id in your organisation, such as ben.")
]


@verb
async def handover(
    to: Annotated[str, typer.Option(help="Who works on it from now on: a staff id, such as ben.")],
    case: Annotated[str, typer.Argument(help="The case, such as bafod-kisut-n.")] = "",
    all_of: Annotated[
        str,
        typer.Option(
            help="Instead of CASE: hand over every open case of this person, such as a leaver.",
            show_default=False,
        ),
    ] = "",
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Give a case to a colleague, with everything open in it: deadlines, tasks, referrals.

    With --all-of every open case of a person, one by one: a case that is refused is named, and the
    others go on. Repeat it, and what is left is tried again. Of restricted cases only those that
    you are named for; the taker has to be named first (`case name`).
    """
    taker = staff_code("--to", to)
    if bool(case) is bool(all_of):
        raise BadInputError("CASE", "name one case, or a person with --all-of, and not both")
    if case:
        command = _hand_over(actor, command_id, case, taker)
        await decide(data_dir, actor, command, as_json=as_json, done="Handed over.")
        return
    async with desk(data_dir, actor, as_json=as_json) as opened:
        replies = await _hand_over_all(
            opened, staff_code("--all-of", all_of), taker, command_id, as_json=as_json
        )
    if as_json:
        print_json(replies)
    if any(reply.outcome == "refused" for reply in replies):
        raise typer.Exit(REFUSED)


def _hand_over(actor: str, command_id: str | None, case: str, taker: str) -> "HandOver":
    from schemas.case_commands import HandOver

    return HandOver(**said(actor, None, command_id), case_ref=case_ref(case), to_person=taker)


async def _hand_over_all(
    opened: "Desk", giver: str, taker: str, command_id: str | None, *, as_json: bool
) -> "list[Reply]":
    """Each case by a command of its own, so that one refusal keeps no other back."""
    cases = await _cases_of(opened, giver)
    if not cases and not as_json:
        out.print(f"{giver} has no open case that you can see.")
    replies = []
    for case in cases:
        each = f"{command_id}-{case}" if command_id else None
        reply = await opened.decide(_hand_over(str(opened.actor), each, case, taker))
        replies.append(reply)
        if not as_json:
            out.print(_line(case, reply))
    return replies


async def _cases_of(opened: "Desk", person: str) -> list[str]:
    """Their open cases. Restricted ones stand in no list but that of what a leaver left."""
    listed = (line.case_ref for line in await opened.list_cases() if line.assigned_to == person)
    left = (
        one.case_ref
        for one in await opened.list_leavers()
        if one.person == person and one.what == "case"
    )
    return sorted({*listed, *left})


def _line(case: str, reply: "Reply") -> str:
    from schemas.decisions import NotDone

    if isinstance(reply, NotDone):
        return f"{case}: [bold yellow]refused.[/] {escape(reply.sentences())}"
    moved = ", ".join(f"{what} {reply.detail.get(what, 0)}" for what in _MOVES)
    return f"{case}: [bold green]handed over[/], with {moved}"


_MOVES = ("deadlines", "tasks", "referrals")


@verb
async def transfer(
    case: CaseArgument,
    to: Annotated[
        str, typer.Option(help="The agency that is to lead it, such as northmarch-council.")
    ],
    she_agreed: Annotated[
        bool,
        typer.Option("--she-agreed", help="She was asked whether they may, and said yes."),
    ] = False,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Offer another agency to lead the case from now on, with all that is in it.

    Ask her first: without her yes (--she-agreed), which goes on the record, it stays here. Until
    they take it, you lead it, and they see nothing of it but that it is offered.
    """
    from schemas.case_commands import OfferTransfer

    command = OfferTransfer(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        to_organisation=staff_code("--to", to),
        she_agreed=she_agreed,
    )
    then = f"They take it with `case take {command.case_ref}`, or `case decline` it."
    await decide(data_dir, actor, command, as_json=as_json, done="Offered.", then=then)


@verb
async def take(
    case: CaseArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take a case that another agency offered to yours. You work on it; who led it sees it no more.

    Its deadlines, tasks and referrals come with it.
    """
    fact = _answer(actor, command_id, case, accepts=True)
    await state(data_dir, actor, fact, as_json=as_json, done="Taken: your organisation leads it.")


@verb
async def decline(
    case: CaseArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Leave a case that was offered to your agency where it is."""
    fact = _answer(actor, command_id, case, accepts=False)
    await state(data_dir, actor, fact, as_json=as_json, done="Declined: it stays where it was.")


def _answer(actor: str, command_id: str | None, case: str, *, accepts: bool) -> "AnswerTransfer":
    from schemas.case_commands import AnswerTransfer

    return AnswerTransfer(**said(actor, None, command_id), case_ref=case_ref(case), accepts=accepts)


@verb
async def conflict(
    case: CaseArgument,
    kind: Annotated[str, typer.Option(help="knows_victim, knows_perpetrator or is_involved.")],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that you are too close to somebody in the case. Nobody asks for more than the kind.

    From then on you can do nothing in it, and a supervisor gives your work to somebody else. No
    verb takes it back.
    """
    from schemas.case_commands import DeclareConflict
    from schemas.casework import ConflictKind

    fact = DeclareConflict(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        conflict=one_of("--kind", kind, ConflictKind),
    )
    await state(data_dir, actor, fact, as_json=as_json, done="Declared.")


@verb
async def name(
    case: CaseArgument,
    person: PersonArgument,
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Agree, as a second named person.")
    ] = False,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Let one more person see a restricted case. It takes two: one proposes, another agrees.

    Ask yourself first whether they, or anyone close to them, may know who harmed her.
    """
    from schemas.case_commands import ConfirmNamed, ProposeNamed

    about = {
        **said(actor, None, command_id),
        "case_ref": case_ref(case),
        "person": staff_code("person", person),
    }
    if confirm:
        done = f"{person} may see the case from now on."
        await decide(data_dir, actor, ConfirmNamed(**about), as_json=as_json, done=done)
        return
    then = f"Another named person agrees with `case name {about['case_ref']} {person} --confirm`."
    proposal = ProposeNamed(**about)
    await decide(data_dir, actor, proposal, as_json=as_json, done="Proposed.", then=then)
