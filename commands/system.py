"""The verbs of the machine: `up` runs everything here, `doctor` says what is wrong with it."""

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import (
    DEFAULT_DATA_DIR,
    DataDirOption,
    JsonOption,
    err,
    out,
    print_json,
    verb,
)
from schemas.errors import SafepathError, SettingsError, UnreachableError

if TYPE_CHECKING:
    from infra.settings import Settings
    from infra.stack.finding import Finding
    from infra.stack.state import StackState

_EXIT_CODES = {"ok": 0, "broken": 1, "down": 4}
_COLOURS = {"ok": "green", "warn": "yellow", "down": "yellow", "fail": "bold red"}
_SUMMARIES = {
    "ok": "All is well.",
    "down": "Nothing is broken; the stack is not running: start it with safepath up",
    "broken": "Something is broken: see what to do above.",
}
_NO_LOGIN = (
    "The embedded Temporal has no login: it shows the wall between the namespaces journeys and "
    "gate, it does not enforce it."
)


def _port(server: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(
        help=f"The port of {server}; 0 takes the one used last, or a free one."
    )
    return option


@verb
async def up(
    data_dir: DataDirOption = DEFAULT_DATA_DIR,
    postgres_port: Annotated[int, _port("PostgreSQL")] = 0,
    temporal_port: Annotated[int, _port("Temporal")] = 0,
    ui_port: Annotated[int, _port("Temporal's web pages")] = 0,
    codec_port: Annotated[int, _port("the codec endpoint")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Run everything on this machine: PostgreSQL, Temporal and the journeys worker.

    Stops in order with Ctrl-C, and goes on where it was when started again. With --json, one
    document with the addresses is printed when everything is ready.
    """
    from infra.settings import load_settings
    from infra.stack.layout import StackPaths
    from infra.stack.serving import serve
    from infra.stack.stack import EmbeddedStack, StackPlan
    from infra.stack.state import Ports

    _refuse_other_servers(_named_servers(load_settings()))
    paths = StackPaths.at(data_dir)
    ports = Ports(postgres=postgres_port, temporal=temporal_port, ui=ui_port, codec=codec_port)
    say = _say_aside if as_json else _say
    show = print_json if as_json else partial(_print_addresses, str(paths.data_dir))
    say(f"starting in {paths.data_dir}")
    stack = EmbeddedStack(StackPlan(paths=paths, ports=ports), say)
    await serve(stack, say, show)
    say("stopped; nothing is left running")


@verb
async def doctor(data_dir: DataDirOption = DEFAULT_DATA_DIR, as_json: JsonOption = False) -> None:
    """Say what is wrong with the stack on this machine, and what to do.

    Exits with 0 if all is well, 1 if something is broken, 4 if the stack is not running.
    """
    from infra.stack.examine import examine
    from infra.stack.finding import verdict_on

    findings = [_settings_finding(), *await examine(data_dir), *await _protocol_findings(data_dir)]
    verdict = verdict_on(findings)
    if as_json:
        print_json({"verdict": verdict, "findings": findings})
    else:
        _print_findings(findings)
        out.print(_SUMMARIES[verdict])
    raise typer.Exit(_EXIT_CODES[verdict])


def _named_servers(settings: "Settings") -> list[str]:
    """The settings that name a PostgreSQL other than the embedded one."""
    fields = (name for name, value in settings if name.startswith("dsn_") and value)
    return [f"SAFEPATH_{name.upper()}" for name in fields]


def _refuse_other_servers(named: list[str]) -> None:
    if named:
        raise SettingsError(
            f"safepath up runs a PostgreSQL of its own, but {', '.join(named)} names another, "
            "which every other command would use: unset it first."
        )


def _settings_finding() -> "Finding":
    from infra.settings import load_settings
    from infra.stack.finding import fail, ok, warn

    try:
        named = _named_servers(load_settings())
    except SettingsError as error:
        return fail("settings", str(error), "unset or correct it; docs/operations.md lists them")
    if named:
        found = f"{', '.join(named)} names a PostgreSQL, which commands use instead of this stack"
        return warn("settings", found, "unset it to use the stack described here")
    return ok("settings", "nothing contradicts the embedded stack")


async def _protocol_findings(data_dir: Path) -> "list[Finding]":
    """Whether what forces adopted counts; nothing is said where nothing runs."""
    from infra.settings import find_installation
    from infra.stack.finding import fail, ok
    from web.protocol import faults

    try:
        found = await faults(find_installation(data_dir))
    except UnreachableError:
        return []
    except SafepathError as error:
        return [fail("sharing protocol", str(error), "until then it is closed everywhere")]
    if not found:
        return [ok("sharing protocol", "every adoption that is in use is signed as it should be")]
    whose = ", ".join(f"{organisation} ({fault})" for organisation, fault in found.items())
    advice = "it is closed there: `protocol status` says more; find out who changed what"
    return [fail("sharing protocol", f"an adoption does not count: {whose}", advice)]


def _say(line: str) -> None:
    # A closed pipe (rich exits on one) must not cut an ordered stop short.
    with suppress(OSError, SystemExit):
        out.print(line, markup=False)


def _say_aside(line: str) -> None:
    """The same beside a document on stdout."""
    with suppress(OSError, SystemExit):
        err.print(line, markup=False)


def _print_addresses(data_dir: str, state: "StackState") -> None:
    from rich.table import Table

    table = Table("", "address")
    table.add_row("Temporal's web pages", state.temporal_ui)
    table.add_row("Temporal", state.temporal_address)
    table.add_row("PostgreSQL", state.postgres_address)
    table.add_row("codec endpoint", state.codec_endpoint)
    table.add_row("the worker's metrics", state.metrics)
    table.add_row("data, secrets, logs", data_dir)
    with suppress(OSError, SystemExit):
        out.print(table)
    _say(_NO_LOGIN)
    _say("ready: Ctrl-C stops everything")


def _print_findings(findings: "list[Finding]") -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("", "what")
    advised = any(finding.advice for finding in findings)
    for heading in ("found", "what to do")[: 2 if advised else 1]:
        table.add_column(heading, overflow="fold")
    for finding in findings:
        level = Text(finding.level, style=_COLOURS[finding.level])
        advice = [Text(finding.advice)] if advised else []
        table.add_row(level, finding.name, Text(finding.found), *advice)
    out.print(table)
