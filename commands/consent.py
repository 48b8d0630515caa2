"""`safepath consent`: ask, and record what she said."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, out, print_json, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    decide,
    desk,
    moment,
    numbered,
    one_of,
    print_reply,
    said,
    several,
    state,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.case import PersonalField
    from schemas.consent import AskedHow, Purpose

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
_HOW_NOT_SAID = (
    "How she was asked is not on record, so a yes cannot be taken as hers. Say it: --present, "
    "--at-safe-time, --told-not-a-condition."
)


@app.command()
@verb
async def ask(
    case: CaseArgument,
    fields: FieldsOption,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    present: Annotated[
        list[str] | None,
        typer.Option(
            help="Who was there besides you, repeated or with commas between: nobody, "
            "interpreter, support_worker, children, family, perpetrator or not_known.",
            show_default="not_known",
        ),
    ] = None,
    at_safe_time: Annotated[
        bool,
        typer.Option(
            "--at-safe-time/--not-at-safe-time", help="Whether it was safe for her to talk then."
        ),
    ] = False,
    told: Annotated[
        bool,
        typer.Option(
            "--told-not-a-condition/--not-told",
            help="Whether she was told that help does not depend on her answer.",
        ),
    ] = False,
    interpreter: Annotated[
        str,
        typer.Option(
            help="Who interpreted: none, independent, staff, family_or_friend or community."
        ),
    ] = "none",
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she was asked whether somebody may get these fields, and how she was asked.

    What you leave out counts as not known: the question is on record, and no yes can rest on it.
    A free setting is: --present nobody --at-safe-time --told-not-a-condition.
    """
    from schemas.consent_commands import AskConsent

    how = _asked_how(present, interpreter, at_safe_time=at_safe_time, told=told)
    command = AskConsent(
        **_about(case, purpose, actor, occurred_at, command_id),
        recipient=_recipient(purpose, recipient),
        fields=_fields(fields),
        asked=how,
    )
    then = "" if present else _HOW_NOT_SAID
    await decide(data_dir, actor, command, as_json=as_json, done="Asked.", then=then)


@app.command()
@verb
async def give(
    case: CaseArgument,
    fields: FieldsOption,
    recipient: RecipientOption = "",
    purpose: PurposeOption = SUPPORT,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record her yes, for these fields and no others. She must have been asked, and freely."""
    from schemas.consent_commands import GiveConsent

    command = GiveConsent(
        **_about(case, purpose, actor, occurred_at, command_id),
        recipient=_recipient(purpose, recipient),
        fields=_fields(fields),
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

    With --ask-again somebody is reminded then to ask her; without, she comes back herself.
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


@app.command()
@verb
async def withdraw(
    case: CaseArgument,
    recipient: Annotated[
        str | None,
        typer.Option(
            "--to", help="From one recipient only; left out, from all.", show_default=False
        ),
    ] = None,
    purpose: PurposeOption = SUPPORT,
    said_by: Annotated[
        str,
        typer.Option(
            help="Who said so: victim, adviser, service, officer, trusted_person or not_known. "
            "Nobody has to prove it."
        ),
    ] = "not_known",
    via: Annotated[
        str | None,
        typer.Option(
            help="How it was said, if known: voice, sms, email, via_ngo, via_trusted_person, "
            "in_person or she_contacts_us.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take consent back, for her. Never refused, and it stops every open referral at once.

    Anybody may, of any case whose reference they know; who has no part in it is told only that it
    was passed on. Without --to it is taken back from every recipient. It is written before
    anything else and works while Temporal is down. No service can read what it was sent any more;
    one that supports her keeps how to reach her for 72 hours, and somebody other than you asks
    her whether it was really her.
    """
    from schemas.consent_commands import WithdrawConsent
    from schemas.contact import ContactChannel
    from schemas.withdrawal import SaidBy

    command = WithdrawConsent(
        **_about(case, purpose, actor, occurred_at, command_id),
        recipient=recipient,
        said_by=one_of("--said-by", said_by, SaidBy),
        via=one_of("--via", via, ContactChannel) if via else None,
    )
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.withdraw(command)
        if reply is not None:
            print_reply(reply, as_json=as_json, done="Consent withdrawn.")
        elif as_json:
            print_json({"outcome": "passed_on"})
        else:
            out.print("[bold green]Passed on:[/] it is carried out wherever such a case is.")


@app.command()
@verb
async def check(
    check: Annotated[str, typer.Argument(help="The check, such as bafod-kisut-n/1.")],
    it_was_her: Annotated[
        bool | None,
        typer.Option(
            "--it-was-her/--it-was-not-her",
            help="What she answered when she was asked safely.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record what she answered to: was it you who took consent back?

    Somebody other than who recorded the withdrawal asks her, inside her safe-contact plan. If it
    was not her, her consents stand as before, what was stopped is asked for anew, and who
    recorded the withdrawal is reported.
    """
    from schemas.consent_commands import AnswerCheck
    from schemas.withdrawal import CheckAnswer

    if it_was_her is None:
        raise BadInputError("answer", "say --it-was-her or --it-was-not-her")
    answer = CheckAnswer.IT_WAS_HER if it_was_her else CheckAnswer.IT_WAS_NOT_HER
    case, number = numbered("check", check)
    about = {**said(actor, occurred_at, command_id), "case_ref": case}
    fact = AnswerCheck(**about, check=number, answer=answer)
    await state(data_dir, actor, fact, as_json=as_json, done="Answer recorded.")


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
    return named


def _fields(text: str) -> "tuple[PersonalField, ...]":
    from schemas.case import PersonalField

    return several("--fields", text, PersonalField)


def _asked_how(
    present: list[str] | None, interpreter: str, *, at_safe_time: bool, told: bool
) -> "AskedHow":
    """How she was asked, as it was said; what was not said is not known, and never free."""
    from schemas.consent import AskedHow, Presence
    from schemas.contact import InterpreterKind

    return AskedHow(
        at_safe_time=at_safe_time,
        present=several("--present", ",".join(present or ()), Presence) or (Presence.NOT_KNOWN,),
        interpreter=one_of("--interpreter", interpreter, InterpreterKind),
        told_help_does_not_depend=told,
    )
