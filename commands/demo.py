"""`safepath demo`: four journeys on a throw-away stack, told live."""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.console import JsonOption, err, out, print_json, verb

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from commands.story_steps import People, Story
    from infra.audit import ChainReport

_LOOK_EVERY = 0.2
_ROWS_AT_ONCE = 1_000


@verb
async def demo(
    as_json: JsonOption = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the data directory, to look at it with `up`.")
    ] = False,
) -> None:
    """Show four journeys in a minute, on a throw-away stack, with fictional people.

    (a) a referral is accepted and a person closes the case; (b) a witness's first service stays
    silent and the next one accepts; (c) consent is withdrawn and everything stops; (d) a service
    is full, a call waits until it is safe, and the case changes hands. Duties take seconds
    instead of days. Exits 0 only if every story ended as told and the audit is intact.
    """
    folder = Path(tempfile.mkdtemp(prefix="safepath-demo-"))
    try:
        stories, report = await _play(folder, quiet=as_json)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)
    if as_json:
        print_json(_summary(stories, report))
    else:
        _print_summary(stories, report)
        if keep:
            out.print(f"Kept: safepath up --data-dir {folder}")
    if not report.is_intact or not all(story.went_as_told for story in stories):
        raise typer.Exit(1)


async def _play(folder: Path, *, quiet: bool) -> "tuple[list[Story], ChainReport]":
    from commands.stories import STORIES
    from commands.story_steps import people
    from infra.demo.files import demo_directory_text
    from infra.settings import find_installation
    from infra.stack.stack import running_stack

    def say(line: str) -> None:
        (err if quiet else out).print(f"[dim]{line}[/]")

    async with AsyncExitStack() as opened:
        await opened.enter_async_context(running_stack(folder, with_workers=True, say=say))
        installation = find_installation(folder)
        who = await opened.enter_async_context(people(installation, demo_directory_text()))
        narrator = asyncio.create_task(_narrate(who, quiet=quiet))
        try:
            stories = [await _tell(play, who, quiet=quiet) for play in STORIES]
        finally:  # Ctrl-C too: nobody narrates a stack that is being stopped
            narrator.cancel()
            await asyncio.gather(narrator, return_exceptions=True)
        return stories, await who.auditor.verify_audit(None)


async def _tell(
    play: "Callable[[Story, People], Awaitable[None]]", who: "People", *, quiet: bool
) -> "Story":
    """Play one story to its end; one that breaks is told as broken."""
    from commands.story_steps import Story
    from schemas.errors import SafepathError

    story = Story(title=(play.__doc__ or "").strip())
    if not quiet:
        out.print(f"\n[bold]{story.title}[/]")
    try:
        await play(story, who)
    except SafepathError as error:
        story.claims[str(error)] = False
    await asyncio.sleep(2 * _LOOK_EVERY)  # let the narrator finish its sentence
    return story


async def _narrate(who: "People", *, quiet: bool) -> None:
    """Print rows of the audit as they come."""
    from commands.wording import timeline_text
    from schemas.verbs import LOOKS

    told = 0
    while not quiet:
        for line in await who.auditor.show_audit(None, None, _ROWS_AT_ONCE):
            if line.seq > told and line.verb not in LOOKS:
                out.print(f"  {timeline_text(line)}")
            told = max(told, line.seq)
        await asyncio.sleep(_LOOK_EVERY)


def _print_summary(stories: "list[Story]", report: "ChainReport") -> None:
    out.print()
    for story in stories:
        mark = "[green]as told[/]" if story.went_as_told else "[bold red]NOT as told[/]"
        out.print(f"{mark}  {story.title}")
        for claim, came_true in story.claims.items():
            out.print(f"    {'[green]yes[/]' if came_true else '[bold red]no [/]'} {claim}")
    intact = "[green]intact[/]" if report.is_intact else f"[bold red]{report.fault}[/]"
    out.print(f"audit: {intact}, {report.entries} rows, head {report.head[:16]}…")


def _summary(stories: "list[Story]", report: "ChainReport") -> dict[str, object]:
    return {
        "stories": [
            {
                "title": story.title,
                "case_ref": story.case_ref,
                "as_told": story.went_as_told,
                "claims": story.claims,
            }
            for story in stories
        ],
        "audit": {
            "is_intact": report.is_intact,
            "entries": report.entries,
            "head": report.head,
        },
    }
