"""The command line of safepath: it only names the verbs; commands/ holds them.

Imports of ours stay inside functions or load nothing heavy, so that `--help` answers at once.
"""

from typing import Annotated

import typer

_HELP = """Referrals to support for victims of crime: consent first, nothing leaves by default.

Start here: `safepath demo` shows four journeys in a minute; `safepath up` runs everything on this
machine and keeps it. Who acts is named by --as ROLE@ORG:NAME or SAFEPATH_ACTOR.

Exit codes: 0 done, 1 broken, 2 bad input, 3 refused, 4 stack not reachable.
"""


def build() -> typer.Typer:
    """The command line with all its verbs."""
    from commands import (
        audit,
        case,
        consent,
        contact,
        deadline,
        demo,
        directory,
        hold,
        marac,
        need,
        nrm,
        ops,
        protocol,
        protocol_changes,  # noqa: F401 - its verbs register themselves on those of the protocol
        protocol_papers,  # noqa: F401 - the same
        referral,
        risk,
        services,
        staff,
        system,
        task,
    )
    from commands.console import QuietGroup

    app = typer.Typer(
        cls=QuietGroup,
        help=_HELP,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback(invoke_without_command=True)(version)
    app.command()(system.up)
    app.command()(demo.demo)
    app.command()(system.doctor)
    app.command()(services.worker)
    app.command()(services.migrate)
    app.command(hidden=True)(services.codec_endpoint)
    for name, group in (
        ("case", case.app),
        ("consent", consent.app),
        ("need", need.app),
        ("referral", referral.app),
        ("contact", contact.app),
        ("hold", hold.app),
        ("risk", risk.app),
        ("marac", marac.app),
        ("nrm", nrm.app),
        ("deadline", deadline.app),
        ("task", task.app),
        ("staff", staff.app),
        ("directory", directory.app),
        ("protocol", protocol.app),
        ("ops", ops.app),
        ("audit", audit.app),
    ):
        app.add_typer(group, name=name)
    return app


def version(
    show: Annotated[
        bool, typer.Option("--version", is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """Print the version when asked."""
    if show:
        from importlib.metadata import version as installed

        typer.echo(f"safepath {installed('safepath')}")
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    build()()


if __name__ == "__main__":
    main()
