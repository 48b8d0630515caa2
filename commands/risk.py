"""`safepath risk`: how great the risk of harm is, as a person graded it."""

from typing import Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    decide,
    one_of,
    said,
)

app = typer.Typer(
    help="Grade the risk of harm, and review a grade. Support waits for neither.",
    no_args_is_help=True,
)


@app.command()
@verb
async def assess(
    case: CaseArgument,
    tool: Annotated[str, typer.Option(help="dash, dara or judgement.")],
    grade: Annotated[str, typer.Option(help="standard, medium or high. A person grades.")],
    ticks: Annotated[
        int | None,
        typer.Option(help="Of a DASH form: how many were ticked.", min=0, show_default=False),
    ] = None,
    reports: Annotated[
        int, typer.Option(help="Reports to the police in the last twelve months.", min=0)
    ] = 0,
    again: Annotated[
        bool, typer.Option("--again", help="It happened again since a MARAC heard the case.")
    ] = False,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record an assessment; the newest one counts. Until there is one, risk counts as high.

    Judgement may raise what a form says, and never lowers it. Somebody else reviews the grade
    (`risk review`), it is made again in time, and one that meets a MARAC criterion begins a MARAC.
    """
    from schemas.lane_commands import AssessRisk
    from schemas.lanes import RiskGrade, RiskTool

    command = AssessRisk(
        **said(actor, occurred_at, command_id),
        case_ref=case_ref(case),
        tool=one_of("--tool", tool, RiskTool),
        grade=one_of("--grade", grade, RiskGrade),
        ticks=ticks,
        reports_in_a_year=reports,
        happened_again=again,
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Assessed.")


@app.command()
@verb
async def review(
    case: CaseArgument,
    agrees: Annotated[
        bool, typer.Option("--agrees/--disagrees", help="Who disagrees has it assessed again.")
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Review the newest assessment, as a supervisor who did not make it. The grade stays."""
    from schemas.lane_commands import ReviewRisk

    command = ReviewRisk(
        **said(actor, occurred_at, command_id), case_ref=case_ref(case), agrees=agrees
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Reviewed.")
