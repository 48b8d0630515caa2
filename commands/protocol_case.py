"""`safepath protocol fact, facts` and `evaluate --case`: a case through the sharing protocol.

Facts are said by those who know them, each in their own name. Nothing here decides or sends.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer
from rich.markup import escape

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    local_short,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption, CaseArgument, case_ref, entered, moment, one_of, words
from schemas.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.assertions import Assertion, Standing
    from web.gate import CaseEvaluation

_FIELD_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
_LONGEST_FIELD = 40

SourceOption = Annotated[
    str,
    typer.Option(
        "--source-kind",
        help="How you know: conversation, document, assessment, own_records, observation, "
        "legal_advice or agreement.",
    ),
]


@verb
async def fact(
    case: CaseArgument,
    name: Annotated[str, typer.Option("--fact", help="Its name, such as harm_from_sharing.")],
    value: Annotated[
        str,
        typer.Option(
            help="What you say of it: one value; several of a list with commas; the items of an "
            "object as item=value with commas."
        ),
    ],
    source_kind: SourceOption,
    evidence: Annotated[
        str | None,
        typer.Option(
            help="Where the evidence lies, by its reference alone: OCC-1042.", show_default=False
        ),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(
            help="When it ends, if sooner than such a word does: 2026-12-24T16:00.",
            show_default=False,
        ),
    ] = None,
    supersedes: Annotated[
        str | None,
        typer.Option(
            help="The id of an earlier word of your own organisation that this one replaces.",
            show_default=False,
        ),
    ] = None,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say a fact of a case, in your own name. You see nothing of what others have said.

    A word counts only from a role that may say it, and for as long as such a word lives; from
    anybody else it is kept, and reads as unknown. Nothing is shared by it, and support goes on.
    """
    from schemas.assertions import SourceKind
    from web.entrance import open_fact_desk

    ref, kind = case_ref(case), one_of("--source-kind", source_kind, SourceKind)
    ends, replaced = _ending(until), _id(supersedes)
    async with entered(open_fact_desk, data_dir, actor, as_json=as_json) as desk:
        kept = await desk.assert_fact(
            ref,
            name,
            _typed(name, value),
            kind,
            evidence=_reference(evidence),
            until=ends,
            supersedes=replaced,
        )
    because = kept.reads_unknown_because
    if as_json:
        answer = {"outcome": "kept", "id": kept.id, "fact": name}
        print_json({**answer, "reads_unknown_because": because})
        return
    out.print(f"[bold green]Kept.[/] {name} as {kept.id}")
    if because is not None:
        out.print(f"  By itself it reads as unknown: {_GROUNDS[because]}.")
    out.print("  Give that id with --supersedes to say something else later.")


@verb
async def facts(
    case: CaseArgument,
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Show how every fact of a case reads, why, until when, and who may supply it.

    It is recorded that you looked. What the rules make of the facts, `protocol evaluate --case`
    says.
    """
    from web.entrance import open_gate_desk

    ref = case_ref(case)
    async with entered(open_gate_desk, data_dir, actor, as_json=as_json) as desk:
        standing = await desk.show_facts(ref)
    if as_json:
        print_json(list(standing))
        return
    for one in standing:
        until = f" [dim]until {local_short(one.until)}[/]" if one.until else ""
        out.print(f"[bold]{one.fact}[/]: {escape(_shown(one.value))}{until}")
        out.print(f"  {escape(_why(one))}")
        if one.may_supply:
            out.print(f"  [dim]may come from: {_roles(one)}[/]")


async def evaluate_case(  # the options of its verb
    case: str,
    *,
    version: str | None,
    fields: str,
    actor: str,
    data_dir: Path,
    as_json: bool,
) -> None:
    """Say what the protocol makes of a case as it stands, and keep that it was asked.

    Args:
        case: as it was typed.
        version: the one to judge by; None: the one that is active, or p0-closed where none is.
        fields: what is asked for, with commas between.
        actor: who asks, as ROLE@ORG:NAME.
        data_dir: where the embedded stack keeps its data.
        as_json: print one JSON document.

    Raises:
        BadInputError: an argument that cannot be read, or no such case for this person.
    """
    from web.entrance import open_gate_desk

    ref, wanted = case_ref(case), _field_names(fields)
    async with entered(open_gate_desk, data_dir, actor, as_json=as_json) as desk:
        found = await desk.evaluate(ref, version, wanted)
    if as_json:
        print_json({**found.said.model_dump(mode="json"), "may_supply": _who_supplies(found)})
        return
    from commands.protocol_results import print_evaluation

    print_evaluation(found.said)
    if found.is_unusual:
        out.print("  You have asked of this case more often than is usual. Your data protection")
        out.print("  officer has been told.")


def _who_supplies(found: "CaseEvaluation") -> dict[str, list[str]]:
    by_fact = {one.fact: one for one in found.standing}
    return {name: [role.value for role in by_fact[name].may_supply] for name in found.said.needs}


def _typed(name: str, text: str) -> Any:
    """What was typed, in the shape of the fact; whether it is a value of it, the desk says."""
    from schemas.fact_table import FACTS, Shape

    known = FACTS.get(name)
    if known is None or known.shape is Shape.ONE:
        return text
    if known.shape is not Shape.ITEMS:
        return list(words(text))
    pairs = [word.partition("=") for word in words(text)]
    if not all(equals for _, equals, _ in pairs):
        raise BadInputError(name, "write its items as item=value, with commas between")
    return {item: value for item, _, value in pairs}


def _ending(text: str | None) -> datetime | None:
    from datetime import UTC

    ends = moment(text, "--until")
    if ends is not None and ends <= datetime.now(UTC):
        raise BadInputError("--until", "lies in the past")
    return ends


def _id(text: str | None) -> UUID | None:
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise BadInputError("--supersedes", "write the id that `protocol fact` gave") from None


def _reference(text: str | None) -> str | None:
    from pydantic import TypeAdapter, ValidationError

    from schemas.assertions import EvidenceRef

    try:
        return None if text is None else TypeAdapter(EvidenceRef).validate_python(text)
    except ValidationError:
        raise BadInputError(
            "--evidence", "write its reference alone, such as OCC-1042: capitals, digits, / and -"
        ) from None


def _field_names(text: str) -> tuple[str, ...]:
    """Names of fields; what is no name may be personal, and is kept nowhere."""
    names = words(text)
    if any(len(name) > _LONGEST_FIELD or not _FIELD_CHARACTERS.issuperset(name) for name in names):
        raise BadInputError(
            "--fields", "write names of fields with commas between: name,date_of_birth"
        )
    return names


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{item}={said}" for item, said in value.items()) or "–"
    return ", ".join(value) or "–" if isinstance(value, list) else str(value)


_READINGS = {
    "from_records": "our own records say so",
    "asserted": "said by {counted}",
    "contradicted": "people differ: nearest to a no, said by {counted}",
    "inherited": "first raised so: {counted}",
    "run_out": "what was said has run out",
    "nobody_says": "nobody has said anything that counts",
}
_GROUNDS = {
    "not_their_fact": "not theirs to say",
    "no_evidence": "without an evidence reference",
    "needs_another": "it takes a second person",
    "only_raises": "only where nearer to a no",
    "expired": "run out",
    "replaced": "replaced",
    "taken_back": "taken back",
    "says_unknown": "says unknown",
    "outweighed": "another is nearer to a no",
}


def _why(one: "Standing") -> str:
    text = _READINGS[one.reading].format(counted=_who(one.counted))
    left = (f"not counted: {_who([o.assertion])} ({_GROUNDS[o.ground]})" for o in one.left_out)
    return "; ".join([text, *left])


def _who(assertions: "Iterable[Assertion]") -> str:
    said = (f"{a.by} on {local_short(a.at)}" for a in assertions)
    return ", ".join(said)


def _roles(one: "Standing") -> str:
    from commands.duties import role_words

    return ", ".join(role_words(role) for role in one.may_supply)
