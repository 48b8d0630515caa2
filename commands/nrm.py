"""`safepath nrm`: the lane of modern slavery and the National Referral Mechanism.

One verb for each event of the table in `docs/lanes.md`, under the event's own name; the decisions
on reasonable and on conclusive grounds are one verb each.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from commands.console import DEFAULT_DATA_DIR, DataDirOption, JsonOption, verb
from commands.people import (
    ActorOption,
    CaseArgument,
    CommandIdOption,
    OccurredOption,
    case_ref,
    one_of,
    said,
    state,
)

app = typer.Typer(
    help="Signs of modern slavery, and the National Referral Mechanism (NRM). An adult is asked "
    "first; for a child, or who may be one, the council comes first. Nothing here is sent by "
    "itself, and none of it moves support.",
    no_args_is_help=True,
)

PositiveOption = Annotated[bool, typer.Option("--positive/--negative", help="What was decided.")]


@app.command()
@verb
async def indicate(
    case: CaseArgument,
    age: Annotated[
        str, typer.Option(help="adult, child or uncertain; in doubt she is treated as a child.")
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say that there are signs of slavery or trafficking. Again, to put her age right."""
    from schemas.lanes import AgeGroup

    about = said(actor, occurred_at, command_id)
    group = one_of("--age", age, AgeGroup)
    await _move(data_dir, about, case, "indicate", as_json=as_json, age=group)


@app.command("inform-council")
@verb
async def inform_council(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that the council knows, which comes first for a child. Never of an adult."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "inform_council", as_json=as_json)


@app.command("ask-consent")
@verb
async def ask_consent(
    case: CaseArgument,
    answer: Annotated[
        str | None,
        typer.Option(help="yes or no; left out while she thinks about it.", show_default=False),
    ] = None,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that an adult was asked, and what she said.

    Her yes is put on the consent ledger as well: `consent give`, of the purpose nrm.
    """
    from schemas.lanes import NrmAnswer

    about = said(actor, occurred_at, command_id)
    her_answer = one_of("--answer", answer, NrmAnswer) if answer else None
    await _move(data_dir, about, case, "ask_consent", as_json=as_json, answer=her_answer)


@app.command()
@verb
async def submit(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that the referral was submitted: with her consent, or after the council for a child.

    The form itself goes another way; nothing is sent from here.
    """
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "submit", as_json=as_json)


@app.command("notify-anonymously")
@verb
async def notify_anonymously(
    case: CaseArgument,
    exploitation: Annotated[
        str, typer.Option(help="labour, sexual, criminal, domestic or not_known.")
    ],
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Meet the duty to notify for an adult who said no (Modern Slavery Act 2015, s.52).

    It says the kind of exploitation, the force and the quarter of the year, and nothing else: no
    name, age, place or day. It is kept apart from her case.
    """
    from schemas.lanes import Exploitation

    about = said(actor, occurred_at, command_id)
    kind = one_of("--exploitation", exploitation, Exploitation)
    await _move(data_dir, about, case, "notify_anonymously", as_json=as_json, exploitation=kind)


@app.command("reasonable-grounds")
@verb
async def reasonable_grounds(
    case: CaseArgument,
    positive: PositiveOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record the decision on reasonable grounds. Positive, the recovery period begins."""
    about = said(actor, occurred_at, command_id)
    event = f"reasonable_grounds_{_outcome(positive=positive)}"
    await _move(data_dir, about, case, event, as_json=as_json)


@app.command("conclusive-grounds")
@verb
async def conclusive_grounds(
    case: CaseArgument,
    positive: PositiveOption,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record the decision on conclusive grounds. Negative, it can be reconsidered in time."""
    about = said(actor, occurred_at, command_id)
    event = f"conclusive_grounds_{_outcome(positive=positive)}"
    await _move(data_dir, about, case, event, as_json=as_json)


@app.command()
@verb
async def disqualify(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that she was disqualified, which ends the recovery period. Her support goes on."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "disqualify", as_json=as_json)


@app.command()
@verb
async def reconsider(
    case: CaseArgument,
    actor: ActorOption = "",
    occurred_at: OccurredOption = None,
    command_id: CommandIdOption = None,
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Record that a negative decision is looked at again."""
    about = said(actor, occurred_at, command_id)
    await _move(data_dir, about, case, "reconsider", as_json=as_json)


def _outcome(*, positive: bool) -> str:
    return "positive" if positive else "negative"


async def _move(
    data_dir: Path, about: dict[str, Any], case: str, event: str, *, as_json: bool, **parts: Any
) -> None:
    from schemas.lane_commands import MoveNrm
    from schemas.lanes import NrmEvent

    fact = MoveNrm(**about, case_ref=case_ref(case), event=NrmEvent(event), **parts)
    await state(data_dir, str(fact.actor), fact, as_json=as_json, done="Recorded.")
