"""`safepath consent`: ask, and record what she said."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import withdrawal
from commands.asked import (
    SAY_HOW,
    InterpreterOption,
    PresentOption,
    SafeTimeOption,
    ToldOption,
    asked_how,
)
from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    code,
    decide,
    moment,
    one_of,
    said,
    several,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.case import PersonalField
    from schemas.consent import Purpose

app = typer.Typer(
    help="Ask for consent, and record what she said: for one recipient and named fields each time.",
    no_args_is_help=True,
)

RecipientOption = Annotated[
    str,
    typer.Option(
        "--to",
        help="The service's code, as in `safepath directory list`. Left out for marac and nrm: "
        "each has one recipient.",
        show_default=False,
    ),
]
PurposeOption = Annotated[str, typer.Option(help="support_referral, marac or nrm.")]
FieldsOption = Annotated[
    str,
    typer.Option(
        help="What may be passed on, with commas between: name, year_of_birth, safe_contact, "
        "language, interpreter, accessibility, circumstances."
    ),
]
SUPPORT = "support_referral"


@app.command()
@verb
async def ask(
    case: CaseArgument,
    fields: FieldsOption,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    present: PresentOption = None,
    at_safe_time: SafeTimeOption = None,
    told: ToldOption = None,
    interpreter: InterpreterOption = "none",
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she was asked whether somebody may get these fields, and how she was asked.

    How is never assumed, so say all three: who was there, whether it was a safe time, and whether
    she was told that help does not depend on her answer. Where she was not free to answer, no
    question is recorded; a supervisor is told, and you ask her again.
    """
    from schemas.consent_commands import AskConsent

    how = asked_how(present, at_safe_time, told, interpreter)
    if how is None:
        raise BadInputError("--present", SAY_HOW)
    command = AskConsent(
        **_about(case, purpose, actor, occurred_at, command_id),
        recipient=_recipient(purpose, recipient),
        fields=_fields(fields),
        asked=how,
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Asked.")


@app.command()
@verb
async def give(
    case: CaseArgument,
    fields: FieldsOption,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    present: PresentOption = None,
    at_safe_time: SafeTimeOption = None,
    told: ToldOption = None,
    interpreter: InterpreterOption = "none",
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record her yes, for these fields and no others. She must have been asked.

    If she answered at another time, or with others there than when she was asked, say how:
    --present, --at-safe-time and --told-not-a-condition, as with `consent ask`. After she took time
    to think, this is never left out.
    """
    from schemas.consent_commands import GiveConsent

    command = GiveConsent(
        **_about(case, purpose, actor, occurred_at, command_id),
        recipient=_recipient(purpose, recipient),
        fields=_fields(fields),
        asked=asked_how(present, at_safe_time, told, interpreter),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Consent given.")


@app.command()
@verb
async def refuse(
    case: CaseArgument,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record her no. Help never depends on it."""
    from schemas.consent_commands import RefuseConsent

    about = _about(case, purpose, actor, occurred_at, command_id)
    command = RefuseConsent(**about, recipient=_recipient(purpose, recipient))
    await decide(data_dir, actor, command, as_json=as_json, done="Consent refused.")


@app.command()
@verb
async def reflect(
    case: CaseArgument,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    ask_again: Annotated[
        str | None,
        typer.Option(
            help="When she wants to be asked again, if she said so: 2026-12-24T10:00.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she wants time to think. That is no yes, and nobody presses her.

    A task to ask her again is opened at once; --ask-again says in it when she wishes that.
    """
    from schemas.consent_commands import ReflectConsent

    command = ReflectConsent(
        **_about(case, purpose, actor, occurred_at, command_id),
        recipient=_recipient(purpose, recipient),
        ask_again_at=moment(ask_again, "--ask-again"),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="She is thinking about it.")


@app.command("not-capable")
@verb
async def not_capable(
    case: CaseArgument,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she cannot decide this now. Nothing is shared on it.

    A person is asked to decide in her best interests. Once she can decide, ask her.
    """
    from schemas.consent_commands import MarkNotCapable

    about = _about(case, purpose, actor, occurred_at, command_id)
    command = MarkNotCapable(**about, recipient=_recipient(purpose, recipient))
    await decide(data_dir, actor, command, as_json=as_json, done="She cannot decide this now.")


app.command()(withdrawal.withdraw)
app.command()(withdrawal.check)


def _about(
    case: str, purpose: str, actor: str, occurred_at: str | None, command_id: str | None
) -> Any:
    about = {"case_ref": case_ref(case), "purpose": _purpose(purpose)}
    return {**said(actor, occurred_at, command_id), **about}


def _purpose(text: str) -> "Purpose":
    from schemas.consent import Purpose

    purpose: Purpose = one_of("--purpose", text, Purpose)
    return purpose


def _recipient(purpose: str, recipient: str) -> str:
    """Who would get it: a conference and an authority are the only ones of their purpose."""
    from schemas.consent import COMPETENT_AUTHORITY, MARAC_CONFERENCE, Purpose

    only = {Purpose.MARAC: MARAC_CONFERENCE, Purpose.NRM: COMPETENT_AUTHORITY}
    named = recipient or only.get(_purpose(purpose), "")
    if not named:
        raise BadInputError("--to", "name the service: see `safepath directory list`")
    return code("--to", named)


def _fields(text: str) -> "tuple[PersonalField, ...]":
    from schemas.case import PersonalField

    return several("--fields", text, PersonalField)
