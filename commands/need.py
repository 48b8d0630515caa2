"""`safepath need`: what she needs help with."""

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

app = typer.Typer(help="Record what she needs help with.", no_args_is_help=True)


@app.callback()
def needs() -> None:
    """Record what she needs help with."""


@app.command()
@verb
async def add(
    case: CaseArgument,
    category: Annotated[
        str,
        typer.Option(
            help="advocacy, housing, counselling, legal_advice, health, money, children or other."
        ),
    ],
    priority: Annotated[str, typer.Option(help="routine, soon or urgent.")] = "routine",
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Add a need to a case; a referral then asks services to meet it."""
    from schemas.case_commands import AddNeed
    from schemas.referral import NeedCategory, Priority

    command = AddNeed(
        **said(actor, occurred_at, command_id),
        case_ref=case_ref(case),
        category=one_of("--category", category, NeedCategory),
        priority=one_of("--priority", priority, Priority),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Need added.")
