"""What a service was sent, and who there works on it: verbs of `safepath referral`."""

from typing import TYPE_CHECKING

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    listing,
    local_short,
    out,
    print_json,
    verb,
)
from commands.people import (
    ActorOption,
    CommandIdOption,
    ReferralArgument,
    desk,
    of_referral,
    print_reply,
    referral_of,
    state,
)

if TYPE_CHECKING:
    from infra.reading import OpenedPacket

_LINE_ONLY = (
    "[bold red]STOP.[/] Consent was taken back. Until she was asked whether that was her, you "
    "keep how to reach her safely, for that one question. Use nothing else that you know."
)


@verb
async def inbox(
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """List what your services were sent. Personal texts show when you open a referral."""
    from schemas.ids import CaseRef, referral_ref

    async with desk(data_dir, actor, as_json=as_json) as opened:
        lines = await opened.list_inbox()
        if as_json:
            print_json(list(lines))
            return
        if not lines:
            out.print("The inbox is empty.")
            return
        table = listing("referral", "item", "service", "state", "priority", "with", "arrived")
        for line in lines:
            name = referral_ref(CaseRef(line.case_ref), line.referral)
            item = "[bold red]STOP[/]" if line.kind == "stop" else "referral"
            arrived = local_short(line.occurred_at)
            state_now = "erased" if line.erased_at else line.state.value.replace("_", " ")
            if line.info_answer is not None:
                state_now += f"; answered: {line.info_answer.value.replace('_', ' ')}"
            worker = (line.claimed_by or "").rpartition(":")[2] or "–"
            row = (name, item, line.service, state_now, line.priority.value, worker, arrived)
            table.add_row(*row)
        out.print(table)


@verb
async def open_referral(
    referral: ReferralArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Read a referral: exactly the fields she agreed to. The sender sees that you read it.

    What was stopped is closed. Where support had begun and somebody recorded that she took her
    consent back, how to reach her stays for 72 hours, to ask her whether it was really her.
    """
    from schemas.referral_commands import OpenReferral

    command = OpenReferral(**of_referral(referral, actor, None, command_id))
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply, found = await opened.open_referral(command)
        if found is None or found.packet is None:
            print_reply(reply, as_json=as_json)
        elif as_json:
            print_json({"reply": reply, **vars(found)})
        else:
            _print_packet(found)


@verb
async def claim(
    referral: ReferralArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Take a referral on as your own work; your colleagues then leave it to you.

    Neither the sender's page of the case nor its timeline shows it; the audit does. `referral
    release` gives it back.
    """
    from schemas.referral_commands import ClaimReferral

    fact = ClaimReferral(**of_referral(referral, actor, None, command_id))
    await state(data_dir, actor, fact, as_json=as_json, done="Yours.")


@verb
async def release(
    referral: ReferralArgument,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Give a referral back to your colleagues; a supervisor does it for whoever is away."""
    from schemas.referral_commands import ReleaseReferral

    fact = ReleaseReferral(**of_referral(referral, actor, None, command_id))
    await state(data_dir, actor, fact, as_json=as_json, done="Given back.")


@verb
async def reason(
    referral: ReferralArgument,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show the reason your own service gave for a no, where the sender was told less."""
    case, number = referral_of(referral)
    async with desk(data_dir, actor, as_json=as_json) as opened:
        kept = await opened.own_reason(case, number)
        if as_json:
            print_json({"reason": kept})
        else:
            out.print(kept.value if kept else "Your service gave no reason for a no on it.")


def _print_packet(found: "OpenedPacket") -> None:
    from schemas.referral import ReferralState

    if found.packet is None:
        return
    if found.state is ReferralState.WITHDRAWN:
        out.print(_LINE_ONLY)
    for field, text in found.packet.model_dump(mode="json", exclude_none=True).items():
        out.print(f"  {field}: ", end="")
        out.out(str(text))
    for note in found.notes:
        out.print(f"  [dim]own note by {note.by}:[/] ", end="")
        out.out(note.text)
