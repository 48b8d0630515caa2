"""Taking consent back, and asking her whether that was her: verbs of `safepath consent`."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.asked import (
    InterpreterOption,
    PresentOption,
    SafeTimeOption,
    ToldOption,
    asked_how,
)
from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, out, print_json, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    code,
    desk,
    numbered,
    one_of,
    print_reply,
    said,
    state,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.consent_commands import WithdrawConsent
    from schemas.views import CasePage
    from web.desk import Desk


@verb
async def withdraw(
    case: CaseArgument,
    recipient: Annotated[
        str | None,
        typer.Option(
            "--to", help="From one recipient only; left out, from all.", show_default=False
        ),
    ] = None,
    purpose: Annotated[
        str, typer.Option(help="support_referral, marac or nrm.")
    ] = "support_referral",
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
    from schemas.consent import Purpose
    from schemas.consent_commands import WithdrawConsent
    from schemas.contact import ContactChannel
    from schemas.withdrawal import SaidBy

    command = WithdrawConsent(
        **said(actor, occurred_at, command_id),
        case_ref=case_ref(case),
        purpose=one_of("--purpose", purpose, Purpose),
        recipient=code("--to", recipient) if recipient else None,
        said_by=one_of("--said-by", said_by, SaidBy),
        via=one_of("--via", via, ContactChannel) if via else None,
    )
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.withdraw(command)
        if reply is not None:
            then = "" if as_json else await _if_nobody(opened, command)
            print_reply(reply, as_json=as_json, done="Consent withdrawn.", then=then)
        elif as_json:
            print_json({"outcome": "passed_on"})
        else:
            out.print("[bold green]Passed on:[/] it is carried out wherever such a case is.")


async def _if_nobody(opened: "Desk", command: "WithdrawConsent") -> str:
    """What is said where nobody of that name was known: it must not look like a stop.

    Only to those who may see the case; a service is not told who else knows of her.
    """
    from rules.rights import may
    from schemas.verbs import Verb

    if command.recipient is None or not may(Verb.SHOW_CASE, command.actor.role):
        return ""
    try:
        known = _known(await opened.show_case(command.case_ref), command)
    except BadInputError:  # not for this person: what was withdrawn stands all the same
        return ""
    if command.recipient in known:
        return ""
    there = ", ".join(sorted(known)) or "none"
    return f"Nothing of that name was there to stop; known recipients of this case: {there}."


def _known(page: "CasePage", command: "WithdrawConsent") -> set[str]:
    """Who was asked about, said yes to or referred to. A first entry that takes back is none."""
    from schemas.consent import ConsentState, Purpose

    entries = (c for c in page.consents if c.purpose is command.purpose)
    asked = {c.recipient for c in entries if c.epoch > 1 or c.state is not ConsentState.WITHDRAWN}
    if command.purpose is not Purpose.SUPPORT_REFERRAL:
        return asked
    return asked | {code for r in page.referrals for code in (r.service, *r.next_choices)}


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
    contact: Annotated[
        int | None,
        typer.Option(help="The contact in which she said that it was not her.", show_default=False),
    ] = None,
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
    """Record what she answered to: was it you who took consent back?

    Somebody other than who recorded the withdrawal asks her, inside her safe-contact plan, by
    voice or in person: `contact make --purpose withdrawal_check`.

    That it was not her puts a yes of hers back. So name the contact in which she said so, with
    her safe word where one was agreed, and say how she was asked, as with `consent ask`:
    --present, --at-safe-time and --told-not-a-condition. Her consents then stand as before, what
    was stopped is asked for anew, and who recorded the withdrawal is reported to the data
    protection officer and a safeguarding supervisor.
    """
    from schemas.consent_commands import AnswerCheck
    from schemas.withdrawal import CheckAnswer

    if it_was_her is None:
        raise BadInputError("answer", "say --it-was-her or --it-was-not-her")
    answer = CheckAnswer.IT_WAS_HER if it_was_her else CheckAnswer.IT_WAS_NOT_HER
    case, number = numbered("check", check)
    about = {**said(actor, occurred_at, command_id), "case_ref": case}
    how = asked_how(present, at_safe_time, told, interpreter)
    fact = AnswerCheck(**about, check=number, answer=answer, contact=contact, asked=how)
    await state(data_dir, actor, fact, as_json=as_json, done="Answer recorded.")
