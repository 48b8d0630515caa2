"""`safepath referral`: request and recall for the sender; inbox and answers for the service."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

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
    OccurredOption,
    ReferralArgument,
    case_ref,
    decide,
    desk,
    one_of,
    print_reply,
    referral_of,
    said,
)

if TYPE_CHECKING:
    from schemas.commands import Fact

app = typer.Typer(
    help="Ask services for support; and, as a service, read and answer.", no_args_is_help=True
)

NoteOption = Annotated[
    str,
    typer.Option(
        help="A note for your own organisation's eyes, sealed under its key; - reads stdin.",
        show_default=False,
    ),
]


def _of_referral(referral: str, actor: str, occurred_at: str | None, command_id: str | None) -> Any:
    case, number = referral_of(referral)
    return {**said(actor, occurred_at, command_id), "case_ref": case, "referral": number}


@app.command()
@verb
async def request(
    case: CaseArgument,
    need: Annotated[int, typer.Option(help="The need's number.")],
    to: Annotated[
        list[str],
        typer.Option("--to", help="A service she chose; repeat it for further ones, in her order."),
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Refer a need to the services she chose: the first is asked first.

    It is sent when her consent to that service is given, and waits until then. If the service
    declines or does not answer in time, the next one she chose is asked.
    """
    from schemas.referral_commands import RequestReferral

    common = said(actor, occurred_at, command_id)
    command = RequestReferral(**common, case_ref=case_ref(case), need=need, choices=tuple(to))
    await decide(data_dir, actor, command, as_json=as_json, done="Referral requested.")


@app.command()
@verb
async def recall(
    referral: ReferralArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="mistake, duplicate, superseded, no_longer_wanted, "
            "needs_met_elsewhere, tried_safely_no_contact or unsafe_to_try."
        ),
    ],
    version: Annotated[
        int | None,
        typer.Option(help="Only if the referral is still of this version.", show_default=False),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take a referral back, as its sender. The service is told to stop."""
    from schemas.referral_commands import RecallReferral

    from schemas.referral import Reason

    command = RecallReferral(
        **_of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
        expected_version=version,
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Recalled.")


@app.command()
@verb
async def inbox(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List what your services were sent. Personal texts show when you open a referral."""
    from schemas.ids import CaseRef, referral_ref

    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_inbox()
        if as_json:
            print_json(list(lines))
            return
        if not lines:
            out.print("The inbox is empty.")
            return
        table = listing("referral", "item", "service", "state", "priority", "arrived")
        for line in lines:
            name = referral_ref(CaseRef(line.case_ref), line.referral)
            item = "[bold red]STOP[/]" if line.kind == "stop" else "referral"
            arrived = local_short(line.occurred_at)
            table.add_row(name, item, line.service, line.state.value, line.priority.value, arrived)
        out.print(table)


@app.command("open")
@verb
async def open_referral(
    referral: ReferralArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Read a referral: exactly the fields she agreed to. The sender sees that you read it."""
    from schemas.referral_commands import OpenReferral

    command = OpenReferral(**_of_referral(referral, actor, None, command_id))
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply, found = await opened.open_referral(command)
        if found is None or found.packet is None:
            print_reply(reply, as_json=as_json)
            return
        if as_json:
            print_json({"reply": reply, **vars(found)})
            return
        shown = found.packet.model_dump(mode="json", exclude_none=True)
        for field, text in shown.items():
            out.print(f"  {field}: ", end="")
            out.out(str(text))
        for note in found.notes:
            out.print(f"  [dim]own note by {note.by}:[/] ", end="")
            out.out(note.text)


@app.command()
@verb
async def accept(
    referral: ReferralArgument,
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take a referral on."""
    from schemas.referral_commands import AcceptReferral

    fact = AcceptReferral(**_of_referral(referral, actor, occurred_at, command_id))
    await _answer(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Accepted.")


@app.command()
@verb
async def decline(
    referral: ReferralArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="no_capacity, out_of_area, criteria_not_met, language_not_available, "
            "conflict_of_interest, service_closed, no_longer_wanted, needs_met_elsewhere, "
            "tried_safely_no_contact or unsafe_to_try."
        ),
    ],
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that you cannot take a referral on; the next service she chose is asked."""
    from schemas.referral_commands import DeclineReferral

    from schemas.referral import Reason

    fact = DeclineReferral(
        **_of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
    )
    await _answer(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Declined.")


@app.command()
@verb
async def engage(
    referral: ReferralArgument,
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that support has begun."""
    from schemas.referral_commands import EngageReferral

    fact = EngageReferral(**_of_referral(referral, actor, occurred_at, command_id))
    await _answer(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Support began.")


@app.command()
@verb
async def complete(
    referral: ReferralArgument,
    outcome: Annotated[
        str, typer.Option(help="support_given, partly_given or not_needed_any_more.")
    ] = "support_given",
    actor: ActorOption = "",
    note: NoteOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that support is complete, and what came of it."""
    from schemas.referral_commands import CompleteReferral

    from schemas.referral import Outcome

    fact = CompleteReferral(
        **_of_referral(referral, actor, occurred_at, command_id),
        outcome=one_of("--outcome", outcome, Outcome),
    )
    await _answer(fact, actor, note, data_dir=data_dir, as_json=as_json, done="Completed.")


async def _answer(
    fact: "Fact", actor: str, note: str, *, data_dir: Any, as_json: bool, done: str
) -> None:
    from commands.people import checked_text, read_input

    kept = checked_text("--note", read_input("-") if note == "-" else note)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        print_reply(await opened.state(fact, note=kept), as_json=as_json, done=done)
