"""`safepath ops`: what keeps failing, and its repair. Shows references and codes alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from commands.people import ActorOption, CaseArgument, case_ref, entered, one_of
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.troubles import Trouble, Why
    from web.repair import RepairDesk

app = typer.Typer(
    help="For operations staff: what keeps failing, and how it is repaired. "
    "Each verb has its page in docs/runbooks/.",
    no_args_is_help=True,
)

WorkflowArgument = Annotated[
    str,
    typer.Argument(
        help="What is stuck, as `ops stuck` names it: bafod-kisut-n for a journey, bafod-kisut-n/1 "
        "for a referral, or the workflow's whole id."
    ),
]
ReasonOption = Annotated[
    str,
    typer.Option(
        help="outage_over, fault_mended, key_restored, restored_from_backup, asked_by_a_service, "
        "asked_by_the_lead, incident or exercise. It goes into the audit."
    ),
]
TicketOption = Annotated[
    str | None,
    typer.Option(
        help="The number of a ticket elsewhere, such as OPS-1042: capitals, digits, hyphens.",
        show_default=False,
    ),
]
_HINTS = {
    "payload": "ops redrive",
    "workflow_task": "ops redrive",
    "workflow": "started again by itself; ops redrive if it ends again",
}
_HINT = "mend the cause, then ops retry"


@app.command()
@verb
async def stuck(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List what keeps failing, oldest first, and the cases that are paused.

    A step is here once it has failed for ten seconds, and leaves by itself when it works again.
    """
    async with _desk(data_dir, actor, as_json=as_json) as opened:
        page = await opened.list_stuck()
    if as_json:
        print_json(page)
        return
    if not page.troubles:
        out.print("Nothing is stuck.")
    else:
        table = listing("what", "step", "code", "tried", "since", "for", "what to do")
        for one in page.troubles:
            table.add_row(*_cells(one))
        out.print(table)
    for pause in page.pauses:
        ticket = f", {pause.ticket}" if pause.ticket else ""
        since = local_short(pause.paused_at)
        out.print(
            f"Paused: {pause.case_ref} since {since} by {pause.paused_by} ({pause.reason}{ticket})"
        )


@app.command()
@verb
async def retry(
    workflow: WorkflowArgument,
    reason: ReasonOption,
    ticket: TicketOption = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Have what fails in a workflow tried again now, instead of when its rest is over."""
    named, why = workflow_id(workflow), _why(reason, ticket)
    async with _desk(data_dir, actor, as_json=as_json) as opened:
        await opened.retry(named, why)
        _say(
            as_json,
            "Asked.",
            f"{named} tries again now; `ops stuck` shows what still fails.",
            named,
        )


@app.command()
@verb
async def redrive(
    workflow: WorkflowArgument,
    reason: ReasonOption,
    ticket: TicketOption = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Begin a stuck workflow anew from the record: for broken histories and messages put aside.

    The run there was is ended. Nothing is lost with it, because what was decided is in the record,
    and what has gone out does not go out again.
    """
    named, why = workflow_id(workflow), _why(reason, ticket)
    async with _desk(data_dir, actor, as_json=as_json) as opened:
        await opened.redrive(named, why)
        _say(
            as_json,
            "Asked.",
            f"{named} begins anew from the record as soon as a worker is there.",
            named,
        )


@app.command()
@verb
async def pause(
    case: CaseArgument,
    reason: ReasonOption,
    ticket: TicketOption = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Hold back what goes out of a case by itself: packets to services, texts to her.

    What people do goes on, and so does every withdrawal, stop and deadline.
    """
    ref, why = case_ref(case), _why(reason, ticket)
    async with _desk(data_dir, actor, as_json=as_json) as opened:
        is_new = await opened.pause(ref, why)
        _say(as_json, "Paused." if is_new else "It was paused already.", _UNTIL_RESUMED, ref)


@app.command()
@verb
async def resume(
    case: CaseArgument,
    reason: ReasonOption,
    ticket: TicketOption = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Let go out again what was held back; each of it is judged anew, at this moment."""
    ref, why = case_ref(case), _why(reason, ticket)
    async with _desk(data_dir, actor, as_json=as_json) as opened:
        was_paused = await opened.resume(ref, why)
        _say(as_json, "Resumed." if was_paused else "It was not paused.", "", ref)


_UNTIL_RESUMED = "No packet and no text to her goes out by itself until `ops resume`."


@asynccontextmanager
async def _desk(data_dir: Path, actor: str, *, as_json: bool) -> "AsyncIterator[RepairDesk]":
    """The repair desk for whoever is named by --as."""
    from web.entrance import open_repair_desk

    async with entered(open_repair_desk, data_dir, actor, as_json=as_json) as opened:
        yield opened


def workflow_id(text: str) -> str:
    """The id of a journey's or a referral's workflow, however it was named.

    Raises:
        BadInputError: it names none of ours.
    """
    from schemas.ids import (
        case_of_workflow,
        journey_workflow_id,
        parse_case_ref,
        parse_referral_ref,
        referral_of_workflow,
        referral_workflow_id,
    )

    whole = text if text.startswith("case/") else f"case/{text}"
    case = case_of_workflow(whole)
    if case is not None and (whole == journey_workflow_id(case) or referral_of_workflow(whole)):
        return whole
    try:
        if "/" in text:
            return referral_workflow_id(*parse_referral_ref(text))
        return journey_workflow_id(parse_case_ref(text))
    except ValueError as error:
        raise BadInputError("workflow", str(error)) from None


def _why(reason: str, ticket: str | None) -> "Why":
    from pydantic import ValidationError

    from schemas.troubles import RepairReason, Why

    code = one_of("--reason", reason, RepairReason)
    try:
        return Why(reason=code, ticket=ticket)
    except ValidationError:
        raise BadInputError(
            "--ticket", "write its number alone, such as OPS-1042: capitals, digits, hyphens"
        ) from None


def _cells(one: "Trouble") -> tuple[str, ...]:
    lasting = datetime.now(UTC) - one.since
    minutes, seconds = divmod(int(lasting.total_seconds()), 60)
    paused = " (paused)" if one.is_paused else ""
    return (
        one.workflow_id.removeprefix("case/") + paused,
        one.step,
        one.code,
        str(one.attempts),
        local_short(one.since),
        f"{minutes} min {seconds} s",
        _HINTS.get(one.step, _HINT),
    )


def _say(as_json: bool, done: str, then: str, what: str) -> None:
    if as_json:
        print_json({"outcome": done.rstrip(".").lower().replace(" ", "_"), "what": what})
        return
    out.print(f"[bold green]{done}[/] {what}")
    if then:
        out.print(f"  {then}")
