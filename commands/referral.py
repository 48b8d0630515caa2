"""`safepath referral`: what a sender asks for and takes back; and, as a service, read and answer.

The service's verbs are in `commands.inbox` and `commands.service`.
"""

from typing import Annotated

import typer

from commands import inbox, service
from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    ReferralArgument,
    case_ref,
    code,
    decide,
    of_referral,
    one_of,
    said,
    words,
)

app = typer.Typer(
    help="Ask services for support; and, as a service, read and answer.", no_args_is_help=True
)

VersionOption = Annotated[
    int | None,
    typer.Option(
        "--expected-version",
        help="Only if the referral is still of this version.",
        show_default=False,
    ),
]


@app.command()
@verb
async def request(
    case: CaseArgument,
    need: Annotated[int, typer.Option(help="The need's number.")],
    to: Annotated[
        list[str],
        typer.Option("--to", help="A service she chose; repeat it for further ones, in her order."),
    ],
    offered: Annotated[
        str,
        typer.Option(
            help="All services she was offered, with commas between, in the order shown to her.",
            show_default=False,
        ),
    ] = "",
    chosen_by: Annotated[str, typer.Option(help="Who chose: victim or caseworker.")] = "victim",
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Refer a need to the services she chose: the first is asked first.

    It is sent when her consent to that service is given, and waits until then. If the service
    declines or does not answer in time, the next one she chose is asked. `directory choose` shows
    which services suit; who chose, and among which, stays on the record.
    """
    from schemas.referral import ChosenBy
    from schemas.referral_commands import RequestReferral

    command = RequestReferral(
        **said(actor, occurred_at, command_id),
        case_ref=case_ref(case),
        need=need,
        choices=tuple(code("--to", one) for one in to),
        offered=tuple(code("--offered", one) for one in words(offered)),
        chosen_by=one_of("--chosen-by", chosen_by, ChosenBy),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Referral requested.")


@app.command()
@verb
async def reopen(
    referral: ReferralArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Ask the service of a referral that is over once more, by a new one that stands for it.

    What is over stays over. The new referral waits for her consent, as every other does.
    """
    from schemas.referral_commands import ReopenReferral

    command = ReopenReferral(**of_referral(referral, actor, occurred_at, command_id))
    await decide(data_dir, actor, command, as_json=as_json, done="Referral requested again.")


@app.command()
@verb
async def priority(
    referral: ReferralArgument,
    to: Annotated[str, typer.Argument(help="routine, soon or urgent.", metavar="PRIORITY")],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that it is needed sooner, or later. The service is told; no deadline moves."""
    from schemas.referral import Priority
    from schemas.referral_commands import SetPriority

    command = SetPriority(
        **of_referral(referral, actor, occurred_at, command_id),
        priority=one_of("PRIORITY", to, Priority),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Priority changed.")


@app.command()
@verb
async def answer(
    referral: ReferralArgument,
    what: Annotated[
        str,
        typer.Argument(
            help="passed_on (the fields go, as far as she agreed to them), ask_her (the service "
            "asks her itself), not_known or she_keeps_it.",
            metavar="ANSWER",
        ),
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Answer what a service asked back. No field is passed on without her yes to that field.

    Where she was not asked about a field yet, `consent ask` comes first.
    """
    from schemas.referral import InfoAnswer
    from schemas.referral_commands import AnswerInfo

    command = AnswerInfo(
        **of_referral(referral, actor, occurred_at, command_id),
        answer=one_of("ANSWER", what, InfoAnswer),
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Answered.")


@app.command()
@verb
async def recall(
    referral: ReferralArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="mistake, duplicate, superseded, no_longer_wanted, needs_met_elsewhere, "
            "tried_safely_no_contact, unsafe_to_try, moved_away or deceased."
        ),
    ],
    expected_version: VersionOption = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take a referral back, as its sender. The service is told to stop.

    With --expected-version it is refused if the service has answered meanwhile.
    """
    from schemas.referral import Reason
    from schemas.referral_commands import RecallReferral

    command = RecallReferral(
        **of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
        expected_version=expected_version,
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Recalled.")


@app.command()
@verb
async def correct(
    referral: ReferralArgument,
    reason: Annotated[str, typer.Option(help="mistake or duplicate.")] = "mistake",
    expected_version: VersionOption = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that a referral should never have been: its packet is closed, and the service is told.

    What the service has read already, nobody can fetch back.
    """
    from schemas.referral import Reason
    from schemas.referral_commands import CorrectReferral

    command = CorrectReferral(
        **of_referral(referral, actor, occurred_at, command_id),
        reason=one_of("--reason", reason, Reason),
        expected_version=expected_version,
    )
    await decide(data_dir, actor, command, as_json=as_json, done="Entered in error.")


for name, function in (
    ("inbox", inbox.inbox),
    ("open", inbox.open_referral),
    ("claim", inbox.claim),
    ("release", inbox.release),
    ("ask", service.ask),
    ("waitlist", service.waitlist),
    ("accept", service.accept),
    ("decline", service.decline),
    ("reason", inbox.reason),
    ("engage", service.engage),
    ("complete", service.complete),
    ("end", service.end),
    ("advice", service.advice),
):
    app.command(name)(function)
