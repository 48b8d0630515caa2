"""What every verb shares: the options, how answers and errors are printed, exit codes.

Exit codes: 0 done, 1 broken, 2 bad input, 3 refused, 4 stack not reachable.
"""

import asyncio
import functools
import inspect
import json
import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from typer.core import TyperGroup

from schemas.errors import SafepathError

REFUSED = 3
_MISUSED = 2
_UsageError: Any = typer.BadParameter.__base__
"""Typer has its own copy of click, and no public name for this."""

out = Console(highlight=False, emoji=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)

JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document instead of text.")
]
DataDirOption = Annotated[
    Path,
    typer.Option(
        "--data-dir",
        envvar="SAFEPATH_DATA_DIR",
        help="Where the embedded stack keeps its data, and where verbs look for it.",
    ),
]
DEFAULT_DATA_DIR = Path(".safepath")


def verb(function: Callable[..., Any]) -> Callable[..., None]:
    """Make a function, async or not, a verb: run it and turn our errors into sentences.

    An error prints one sentence on stderr (or `{"error": …}` on stdout with --json) and exits
    with the error's own code.
    """

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            answer = function(*args, **kwargs)
            if inspect.iscoroutine(answer):
                asyncio.run(answer)
        except SafepathError as error:
            print_error(error, as_json=bool(kwargs.get("as_json")))
            raise typer.Exit(error.exit_code) from None
        except (typer.Exit, typer.Abort, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 - a bug's text may quote what the person gave
            print_error(BugError(error), as_json=bool(kwargs.get("as_json")))
            raise typer.Exit(BugError.exit_code) from None

    return run


class QuietGroup(TyperGroup):
    """The command line; what was typed wrongly is named by its place, and never repeated.

    A name that went into the wrong place would otherwise stand on screens, and in whatever
    gathers the output of scripts.
    """

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, and exit."""
        try:
            code = super().main(*args, **{**kwargs, "standalone_mode": False})
        except _UsageError as error:
            if not getattr(error, "message", ""):  # nothing was typed, and the help was shown
                raise SystemExit(_MISUSED) from None
            context, where = getattr(error, "ctx", None), getattr(error, "param", None)
            path = context.command_path if context else "safepath"
            place = f" Look at: {where.name}." if where is not None else ""
            err.print(f"[bold red]{path}:[/] this is not how it is called.{place} See --help.")
            raise SystemExit(_MISUSED) from None
        except typer.Abort:
            err.print("Aborted.")
            raise SystemExit(BugError.exit_code) from None
        raise SystemExit(code or 0)


class BugError(SafepathError):
    """Something nobody foresaw: its kind and its place, never its text."""

    code = "bug"

    def __init__(self, error: Exception) -> None:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        super().__init__(
            f"A bug: {type(error).__name__} at {where}. Nothing of what you gave is shown here; "
            "please report kind and place."
        )


def listing(*columns: str) -> Table:
    """A plain table that cuts nothing, and whose first column is not broken: people copy it."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(columns[0], no_wrap=True)
    for column in columns[1:]:
        table.add_column(column, overflow="fold")
    return table


def local(at: datetime) -> str:
    """A time as people here read it, with its zone: `Tue 24 Nov 2026 23:59 GMT`."""
    return f"{at.astimezone(ZoneInfo('Europe/London')):%a %d %b %Y %H:%M %Z}"


def local_short(at: datetime) -> str:
    """The same for a column: `24 Nov 23:59`."""
    return f"{at.astimezone(ZoneInfo('Europe/London')):%d %b %H:%M}"


def print_error(error: SafepathError, *, as_json: bool) -> None:
    """Say what went wrong: JSON on stdout, or a sentence on stderr."""
    if as_json:
        field = getattr(error, "field", None)
        body = {"code": error.code, "message": str(error), **({"field": field} if field else {})}
        print_json({"error": body})
    else:
        err.print(f"[bold red]safepath:[/] {escape(str(error))}")


def print_json(document: Any) -> None:
    """One JSON document on stdout; pydantic models, dates and enums welcome."""
    sys.stdout.write(json.dumps(document, default=_plain, indent=2, ensure_ascii=False) + "\n")


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return str(value)
