"""`safepath protocol`: the sharing protocol as anybody may read, apply, prove and compare it.

These verbs work on the files that are shipped, without any server. What changes the protocol of a
force, and what looks at a real case, is in the modules beside this one.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands import protocol_case, protocol_report, protocol_results, protocol_show
from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    err,
    listing,
    out,
    print_json,
    verb,
)
from commands.people import ActorOption
from commands.protocol_files import (
    all_facts,
    lines,
    recorded,
    shipped,
    with_baseline,
    with_files,
)
from schemas.errors import BadInputError, SafepathError

if TYPE_CHECKING:
    from rules.protocol.evaluation import Protocol
    from schemas.protocol import Evaluation

_UNREADABLE, _DISPROVED = 2, 1

app = typer.Typer(
    help="The sharing protocol: its versions, what they say to given facts, and the proof that "
    "none of them can lift the safeguards.",
    no_args_is_help=True,
)

VersionArgument = Annotated[
    str, typer.Argument(help="A version, such as p1-npcc-2018, or a file of one.")
]
FactsOption = Annotated[
    str,
    typer.Option(
        "--facts",
        help="A JSON object of facts, or JSON Lines with one a line; - reads standard input.",
        show_default=False,
    ),
]


@app.command("list")
@verb
def list_versions(as_json: JsonOption = False) -> None:
    """List the versions that are shipped. None is active until two people sign it."""
    from rules.protocol.evaluation import content_hash
    from rules.protocol.words import adds

    protocol = shipped()
    versions = sorted(protocol.versions.values(), key=lambda version: version.id)
    if as_json:
        print_json([{**v.content(), "content_hash": content_hash(v)} for v in versions])
        return
    table = listing("version", "title", "adds", "hash")
    for version in versions:
        title = f"{version.title} [dim](to look back with)[/]" if version.historical else None
        extra = "stands alone" if version.historical else adds(version, protocol.baseline)
        table.add_row(version.id, title or version.title, extra, content_hash(version)[:12])
    out.print(table)
    out.print("Where none is active, p0-closed holds: nothing is shared.")


@app.command()
@verb
def show(
    version: VersionArgument,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print it as a page of Markdown.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show a version as a decision table: when it says no, when it waits, why, and its source."""
    protocol, (wanted,) = with_files(shipped(), [version])
    shown = protocol.versions[wanted]
    if as_json:
        print_json({"version": shown.content(), "baseline": protocol.baseline.model_dump()})
    elif markdown:
        sys.stdout.write(protocol_show.version_page(shown))
    else:
        protocol_show.print_version(shown, protocol.baseline)


@app.command()
@verb
async def evaluate(
    version: Annotated[
        str | None,
        typer.Option("--version", help="The version that is active.", show_default=False),
    ] = None,
    facts: FactsOption = "",
    case: Annotated[
        str,
        typer.Option(
            "--case",
            help="Instead of facts: a case, with the facts that were said of it and our records.",
            show_default=False,
        ),
    ] = "",
    fields: Annotated[
        str, typer.Option(help="With --case: the fields asked for, with commas between.")
    ] = "",
    actor: ActorOption = "",
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    as_json: JsonOption = False,
) -> None:
    """Say what a version and all that was told make of facts: deny, needs facts, or eligible.

    Exit 0 whatever the outcome. Facts that cannot be read end it with exit 2 and one line on
    standard error; results of lines before it have been printed. That you asked of a case is kept.
    """
    if case:
        await protocol_case.evaluate_case(
            case, version=version, fields=fields, actor=actor, data_dir=data_dir, as_json=as_json
        )
        return
    try:
        if version is None or not facts:
            raise BadInputError("--version and --facts", "give both, or a --case")
        protocol, (wanted,) = with_files(shipped(), [version])
        if protocol.versions[wanted].historical:
            raise BadInputError(
                "--version", f"{wanted} is there to look back with: see `protocol backtest`"
            )
        for number, read in enumerate(all_facts(facts)):
            said = protocol.evaluate(wanted, read)
            if as_json:
                sys.stdout.write(f"{said.model_dump_json()}\n")
                sys.stdout.flush()
            else:
                _print_evaluation(said, is_first=number == 0)
    except SafepathError as error:
        _one_line(error)
        raise typer.Exit(_UNREADABLE) from None


@app.command()
@verb
def prove(
    versions: Annotated[
        list[str] | None,
        typer.Argument(help="Versions or files; all that are shipped, if none is named."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(help="Prove with this baseline instead of the shipped one."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove, over all facts there could be, that no version and no pair breaks the safeguards.

    Exit 1 with a counterexample where one does. A file is proved against every version that is
    shipped: as the one that is active, and as the one that was told.
    """
    from rules.protocol.proof import prove as prove_all
    from rules.protocol.shipped import shipped_versions

    try:
        protocol = shipped() if baseline is None else with_baseline(baseline)
        told = [version.id for version in shipped_versions()]
        protocol, wanted = with_files(protocol, versions or told)
        _refuse_historical(protocol, wanted)
    except SafepathError as error:
        _one_line(error)
        raise typer.Exit(_UNREADABLE) from None
    if not as_json:
        err.print(f"Looking through all facts there could be, for {', '.join(wanted)} …")
    proof = prove_all(protocol, wanted, dict.fromkeys([*told, *wanted]))
    if as_json:
        print_json(proof)
    else:
        protocol_results.print_proof(proof)
    if not proof.holds:
        raise typer.Exit(_DISPROVED)


@app.command()
@verb
def diff(
    before: VersionArgument,
    after: VersionArgument,
    as_json: JsonOption = False,
) -> None:
    """Say in words what changes for whom, when one version follows another."""
    from rules.protocol.comparing import difference

    protocol, (one, other) = with_files(shipped(), [before, after])
    found = difference(protocol, one, other)
    if as_json:
        print_json(protocol_results.difference_json(found, one, other))
    else:
        protocol_results.print_difference(found, one, other)


@app.command()
@verb
def compare(
    cohort: Annotated[
        str,
        typer.Option(help="`synthetic`, or a file of JSON Lines with one set of facts a line."),
    ] = "synthetic",
    size: Annotated[int, typer.Option(min=1, max=100_000, help="How many, if synthetic.")] = 1_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same cohort.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Judge the same fictional requests under every version, side by side."""
    from rules.protocol.rejudging import compare as compare_all
    from rules.protocol.rejudging import fictional_cohort
    from rules.protocol.shipped import shipped_versions

    is_made = cohort == "synthetic"
    requests = list(fictional_cohort(size, seed) if is_made else all_facts(cohort))
    versions = [version.id for version in shipped_versions()]
    judged = compare_all(shipped(), versions, requests, is_fiction=is_made)
    if as_json:
        print_json({"requests": len(requests), "versions": judged})
        return
    kind = f"fictional requests (seed {seed})" if is_made else "requests"
    out.print(f"{len(requests)} {kind}, the same for each version:")
    protocol_results.print_compared(judged)


@app.command()
@verb
def backtest(
    file: Annotated[
        str,
        typer.Argument(
            help="JSON Lines: {facts, version, outcome} a line; outcome may be left out."
        ),
    ],
    version: Annotated[
        list[str] | None,
        typer.Option(help="Judge under this version or file; all, if none is named."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge recorded decisions anew, and say what would change, by rule.

    Counts below five are not shown: they could point at a person.
    """
    from rules.protocol.rejudging import backtest as judge_anew
    from rules.protocol.shipped import shipped_versions
    from schemas.facts import FactError

    names = version or [one.id for one in shipped_versions()]
    protocol, wanted = with_files(shipped(), names)
    decisions = list(recorded(lines(file), protocol))
    try:
        moved = judge_anew(protocol, wanted, decisions)
    except FactError as error:
        raise BadInputError(file, str(error)) from None
    if as_json:
        print_json(list(moved))
    else:
        protocol_results.print_moved(moved)


def _refuse_historical(protocol: "Protocol", names: list[str]) -> None:
    for name in names:
        if protocol.versions[name].historical:
            raise BadInputError(name, "can never be activated or told: there is nothing to prove")


def _one_line(error: SafepathError) -> None:
    sys.stderr.write(f"safepath: {' '.join(str(error).split())}\n")


def _print_evaluation(said: "Evaluation", *, is_first: bool) -> None:
    if not is_first:
        out.print()
    protocol_results.print_evaluation(said)


for name, function in (
    ("fact", protocol_case.fact),
    ("facts", protocol_case.facts),
    ("report", protocol_report.report),
    ("verify", protocol_report.verify),
):
    app.command(name)(function)
