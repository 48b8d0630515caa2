"""Each attempt to reach her: verbs of the group `safepath contact`."""

from typing import Annotated, Any

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    desk,
    moment,
    numbered,
    one_of,
    print_reply,
    said,
    staff_code,
    state,
)
from schemas.errors import BadInputError

ContactArgument = Annotated[str, typer.Argument(help="The contact, such as bafod-kisut-n/2.")]
_BY_PLAN = "It is safe by her plan now."
_BY_NO_PLAN = (
    "[yellow]No checked plan is in force.[/] This rests on the way she came to us, and on times at "
    "which nobody has lately asked her whether it is safe."
)
_END_CALL = (
    "[bold red]End the call now, as agreed.[/] A safeguarding supervisor of the agency that leads "
    "her case is told."
)


@verb
async def make(
    case: CaseArgument,
    purpose: Annotated[
        str,
        typer.Option(
            help="first_contact, appointment, update, question, check_in, plan_check, or "
            "withdrawal_check: your service asks her, by voice or in person, whether a "
            "withdrawal was hers."
        ),
    ],
    channel: Annotated[
        str,
        typer.Option(help="voice, sms, email, via_ngo, via_trusted_person or in_person."),
    ],
    template: Annotated[
        str | None,
        typer.Option(
            help="The text, for sms and email only: please_call, appointment_stands, "
            "appointment_moved or thinking_of_you. None has anything to fill in.",
            show_default=False,
        ),
    ] = None,
    referral: Annotated[
        int | None, typer.Option(help="The referral it is about.", show_default=False)
    ] = None,
    interpreter: Annotated[
        str | None,
        typer.Option(help="The code of an independent interpreter.", show_default=False),
    ] = None,
    not_before: Annotated[
        str | None, typer.Option(help="Not before then: 2026-12-24T16:00.", show_default=False)
    ] = None,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Plan a contact for the next safe window. Nothing goes out before it.

    When the window opens, a text is sent by itself, and for everything else you are asked to make
    it: `contact start`, then `contact end`. What her plan does not allow is refused.
    """
    from infra.contact_texts import CONTACT_TEXTS
    from schemas.contact import ContactChannel, ContactPurpose, ContactTemplate
    from schemas.contact_commands import PlanContact

    fact = PlanContact(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        purpose=one_of("--purpose", purpose, ContactPurpose),
        channel=one_of("--channel", channel, ContactChannel),
        template=one_of("--template", template, ContactTemplate) if template else None,
        referral=referral,
        interpreter=staff_code("--interpreter", interpreter) if interpreter else None,
        not_before=moment(not_before, "--not-before"),
    )
    then = f'The text: "{CONTACT_TEXTS[fact.template]}"' if fact.template else ""
    await state(data_dir, actor, fact, as_json=as_json, done="Planned.", then=then)


@verb
async def start(
    contact: ContactArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Ask, right before you call or meet her, whether it is safe now. A no names the next window.

    Then see how: `contact show CASE --details`.
    """
    from schemas.contact_commands import StartContact

    fact = StartContact(**_of_contact(contact, actor, None, command_id))
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.state(fact)
        plan = reply.detail.get("plan") if reply.outcome == "committed" else None
        print_reply(reply, as_json=as_json, done="Started.", then=rests_on(plan))


@verb
async def end(
    contact: ContactArgument,
    result: Annotated[
        str,
        typer.Option(help="spoke, no_answer, someone_else_answered, dropped or duress."),
    ],
    ask_word: Annotated[
        bool, typer.Option("--ask-word", help="Be asked for the word she said, unseen.")
    ] = False,
    word_stdin: Annotated[
        bool, typer.Option("--word-stdin", help="Read the word she said from stdin.")
    ] = False,
    interpreted_by: Annotated[
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
    """Say what came of a contact, one outside the plan too: a fact is never refused for that.

    The word she said is compared with what was agreed and kept nowhere. If you are told to end
    the call, end it as agreed and say nothing of it.
    """
    from schemas.contact import ContactResult, InterpreterKind
    from schemas.contact_commands import EndContact

    command = EndContact(
        **_of_contact(contact, actor, occurred_at, command_id),
        result=one_of("--result", result, ContactResult),
        interpreted_by=one_of("--interpreted-by", interpreted_by, InterpreterKind),
    )
    word = _word(is_asked=ask_word, is_piped=word_stdin)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.end_contact(command, word)
        hang_up = reply.outcome == "committed" and reply.detail.get("end_call")
        then = _END_CALL if hang_up else ""
        print_reply(reply, as_json=as_json, done="Recorded.", then=then)


@verb
async def cancel(
    contact: ContactArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Call off a contact that has not begun."""
    from schemas.contact_commands import CancelContact

    fact = CancelContact(**_of_contact(contact, actor, None, command_id))
    await state(data_dir, actor, fact, as_json=as_json, done="Called off.")


def rests_on(plan: str | int | None) -> str:
    """What a contact that was begun rests on: a plan by its number, or no plan (rich markup)."""
    return f"{_BY_NO_PLAN if plan is None else _BY_PLAN} Say what came of it: `contact end`."


def _of_contact(contact: str, actor: str, occurred_at: str | None, command_id: str | None) -> Any:
    case, number = numbered("contact", contact)
    return {**said(actor, occurred_at, command_id), "case_ref": case, "contact": number}


def _word(*, is_asked: bool, is_piped: bool) -> str:
    """The word she said; empty where none was. It is in no argument, so in no shell's history."""
    import sys

    if is_asked and is_piped:
        raise BadInputError("--ask-word", "say one of --ask-word and --word-stdin")
    if is_piped:
        return sys.stdin.readline().strip()
    if not is_asked:
        return ""
    prompt = "The word she said (empty: none)"
    return str(typer.prompt(prompt, default="", show_default=False, hide_input=True, err=True))
