"""`safepath protocol dpia` and `… agreement`: the papers that a force's protocol rests on."""

from typing import Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, out, print_json, verb
from commands.people import ActorOption, day, staff_code
from commands.protocol import app
from commands.protocol_changes import checked, protocol_desk
from commands.protocol_status import (
    agreement_json,
    agreement_lines,
    assessment_json,
    assessment_lines,
)
from schemas.errors import BadInputError

dpia = typer.Typer(help="Data protection impact assessments.", no_args_is_help=True)
agreement = typer.Typer(
    help="The written agreement between a force and whom it may share with.", no_args_is_help=True
)
app.add_typer(dpia, name="dpia")
app.add_typer(agreement, name="agreement")

_LEAST_PARTIES = 2

PaperArgument = Annotated[str, typer.Argument(help="Its id, such as DPIA-2026-14.")]


@dpia.command("record")
@verb
async def record_assessment(
    paper: PaperArgument,
    title: Annotated[str, typer.Option(help="What was assessed.")] = "",
    review_by: Annotated[str, typer.Option(help="The last day it counts: 2027-11-30.")] = "",
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record an assessment, or anew under the same id once it was reviewed."""
    from schemas.adoption import PaperId, Title

    name, words = checked("ID", paper, PaperId), checked("--title", title, Title)
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        await opened.record_assessment(name, words, day("--review-by", review_by))
    _say(as_json, name)


@dpia.command("list")
@verb
async def list_assessments(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the assessments of your organisation, as they were recorded last."""
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        found = await opened.status()
    if as_json:
        print_json([assessment_json(one, found.at) for one in found.assessments])
        return
    for line in assessment_lines(found.assessments, found.at):
        out.print(line)


@agreement.command("record")
@verb
async def record_agreement(
    paper: PaperArgument,
    party: Annotated[
        list[str] | None, typer.Option(help="A party's code; your own organisation is one.")
    ] = None,
    signed_on: Annotated[str, typer.Option(help="The day it was signed: 2026-11-01.")] = "",
    expires: Annotated[str, typer.Option(help="Its last day: 2027-10-31.")] = "",
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record an agreement, or anew under the same id once it was prolonged.

    You are reminded 90, 30 and 7 days before its last day, and on that day. Once it is over,
    nothing may be shared.
    """
    from schemas.adoption import PaperId

    name = checked("ID", paper, PaperId)
    parties = tuple(dict.fromkeys(staff_code("--party", one) for one in party or ()))
    signed, last = day("--signed-on", signed_on), day("--expires", expires)
    if len(parties) < _LEAST_PARTIES:
        raise BadInputError("--party", "an agreement has two parties at least: name each")
    if last <= signed:
        raise BadInputError("--expires", "it ends after it was signed")
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        if opened.organisation not in parties:
            raise BadInputError("--party", f"{opened.organisation} is not among them")
        await opened.record_agreement(name, parties, signed, last)
    _say(as_json, name)


@agreement.command("list")
@verb
async def list_agreements(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List the agreements of your organisation, with the days they have left."""
    async with protocol_desk(data_dir, actor, as_json=as_json) as opened:
        found = await opened.status()
    if as_json:
        print_json([agreement_json(one, found.at) for one in found.agreements])
        return
    for line in agreement_lines(found.agreements, found.at):
        out.print(line)


def _say(as_json: bool, name: str) -> None:
    if as_json:
        print_json({"recorded": name})
        return
    out.print(f"[bold green]Recorded.[/] {name}")
