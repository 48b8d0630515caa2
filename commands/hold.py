"""`safepath hold`: stop any sharing with Immigration Enforcement. Support never notices."""

from typing import Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    case_ref,
    numbered,
    said,
    state,
)

app = typer.Typer(
    help="Stop any sharing with Immigration Enforcement. A hold never touches support.",
    no_args_is_help=True,
)


@app.command()
@verb
async def place(
    case: CaseArgument,
    referral: Annotated[
        int | None,
        typer.Option(help="The referral through which you know her, if one.", show_default=False),
    ] = None,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Place a hold, as a service or a supervisor. Nobody has to agree, and no reason is asked.

    It stands until your own organisation lifts it; time never does. One for each organisation.
    """
    from schemas.referral_commands import PlaceHold

    about = {**said(actor, None, command_id), "case_ref": case_ref(case)}
    fact = PlaceHold(**about, referral=referral)
    then = "Only your organisation lifts it (`hold lift`), and it never touches support."
    await state(data_dir, actor, fact, as_json=as_json, done="On hold.", then=then)


@app.command()
@verb
async def lift(
    hold: Annotated[str, typer.Argument(help="The hold, such as bafod-kisut-n/1.")],
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Lift a hold that your own organisation placed. Holds of others stand as they are."""
    from schemas.referral_commands import LiftHold

    case, number = numbered("hold", hold)
    fact = LiftHold(**said(actor, None, command_id), case_ref=case, hold=number)
    await state(data_dir, actor, fact, as_json=as_json, done="Lifted.")
