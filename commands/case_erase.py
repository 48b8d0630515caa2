"""The end of a case: its key is destroyed, and its texts with it. `safepath case erase`."""

from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    case_ref,
    desk,
    one_of,
    print_reply,
    said,
    state,
)
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from schemas.case_commands import ProposeErasure

_PROPOSED = "Somebody else confirms it (`case erase {case} --confirm`), or ends it (--decline)."
_ERASED = (
    "Backups hold the wrapped key until they expire, and each service what it copied: "
    "docs/operations.md."
)


@verb
async def erase(
    case: CaseArgument,
    reason: Annotated[
        str,
        typer.Option(
            help="Propose it: retention_over, her_request, opened_by_mistake or court_order.",
            show_default=False,
        ),
    ] = "",
    confirms: Annotated[
        bool | None,
        typer.Option(
            "--confirm/--decline",
            help="Answer what somebody else proposed; whoever proposed it can decline it too.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Erase a closed case for good. It takes two people, and nothing brings it back.

    A data protection officer proposes it with --reason, and somebody else confirms. What is still
    open in the case speaks against it: a duty, a task, a hold, a question to her.

    Then its key is destroyed, and every personal text, contact detail, agreed word, packet and note
    of it is gone, at services too. What stays are codes and times, and the audit: that there was a
    case, what was done in it, and by whom.
    """
    if bool(reason) is (confirms is not None):
        raise BadInputError("--reason", "say one of --reason, --confirm and --decline")
    if confirms is None:
        proposal = _proposal(actor, command_id, case, reason)
        then = _PROPOSED.format(case=proposal.case_ref)
        await state(data_dir, actor, proposal, as_json=as_json, done="Proposed.", then=then)
        return
    from schemas.case_commands import AnswerErasure

    answer = AnswerErasure(
        **said(actor, None, command_id), case_ref=case_ref(case), confirms=confirms
    )
    async with desk(data_dir, actor, as_json=as_json) as opened:
        reply = await opened.erase_case(answer)
        done, then = ("Erased.", _ERASED) if confirms else ("Declined: the case stays.", "")
        print_reply(reply, as_json=as_json, done=done, then=then)


def _proposal(actor: str, command_id: str | None, case: str, reason: str) -> "ProposeErasure":
    from schemas.case_commands import ProposeErasure
    from schemas.erasure import ErasureReason

    return ProposeErasure(
        **said(actor, None, command_id),
        case_ref=case_ref(case),
        reason=one_of("--reason", reason, ErasureReason),
    )
