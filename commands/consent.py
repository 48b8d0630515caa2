"""`safepath consent`: ask, and record what she said."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    decide,
    desk,
    one_of,
    print_reply,
    said,
)

if TYPE_CHECKING:
    from schemas.case import PersonalField

app = typer.Typer(
    help="Ask for consent, and record what she said: for one service and named fields each time.",
    no_args_is_help=True,
)

ServiceOption = Annotated[
    str, typer.Option("--to", help="The service's code, as in `safepath directory list`.")
]
FieldsOption = Annotated[
    str,
    typer.Option(
        help="What may be passed on, with commas between: name, year_of_birth, safe_contact, "
        "language, interpreter, accessibility, circumstances."
    ),
]


def _fields(text: str) -> "tuple[PersonalField, ...]":
    from schemas.case import PersonalField

    names = [name.strip() for name in text.split(",") if name.strip()]
    return tuple(one_of("--fields", name, PersonalField) for name in names)


def _common(case: str, actor: str, occurred_at: str | None, command_id: str | None) -> Any:
    from schemas.consent import Purpose

    about = {"case_ref": case_ref(case), "purpose": Purpose.SUPPORT_REFERRAL}
    return {**said(actor, occurred_at, command_id), **about}


@app.command()
@verb
async def ask(
    case: CaseArgument,
    service: ServiceOption,
    fields: FieldsOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she was asked whether a service may get these fields."""
    from schemas.consent_commands import AskConsent

    common = _common(case, actor, occurred_at, command_id)
    command = AskConsent(**common, recipient=service, fields=_fields(fields))
    await decide(data_dir, actor, command, as_json=as_json, done="Asked.")


@app.command()
@verb
async def give(
    case: CaseArgument,
    service: ServiceOption,
    fields: FieldsOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record her yes, for these fields and no others. She must have been asked."""
    from schemas.consent_commands import GiveConsent

    common = _common(case, actor, occurred_at, command_id)
    command = GiveConsent(**common, recipient=service, fields=_fields(fields))
    await decide(data_dir, actor, command, as_json=as_json, done="Consent given.")


@app.command()
@verb
async def refuse(
    case: CaseArgument,
    service: ServiceOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record her no. Help never depends on it."""
    from schemas.consent_commands import RefuseConsent

    common = _common(case, actor, occurred_at, command_id)
    command = RefuseConsent(**common, recipient=service)
    await decide(data_dir, actor, command, as_json=as_json, done="Consent refused.")


@app.command()
@verb
async def withdraw(
    case: CaseArgument,
    service: Annotated[
        str | None,
        typer.Option("--to", help="From one service only; left out, from all.", show_default=False),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take consent back, for her. Never refused, and it stops every open referral at once.

    Without --to it is taken back from every service. It is written before anything else and works
    while Temporal is down; services that an open referral is with are sent a stop notice as soon
    as a worker is up, and no service can read what it was sent any more.
    """
    from schemas.consent_commands import WithdrawConsent

    common = _common(case, actor, occurred_at, command_id)
    command = WithdrawConsent(**common, recipient=service)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        print_reply(await opened.state(command), as_json=as_json, done="Consent withdrawn.")
